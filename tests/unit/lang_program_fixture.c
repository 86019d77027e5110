/* The catalog and the temporary projects of lang_program_fixture.h. */
#include "lang_program_fixture.h"

#include "base/error.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- operations ------------------------------------------------------------------------------------------------- */

struct fake_config {
    int64_t a, b;
    double x;
    const char *text, *other;
    const pxm_value *list, *more;
    int32_t choice, another;
    pxm_image *image;
};

static const struct pxm_choice formats[] = {{.name = "jpeg", .value = 0, .help = "JPEG."},
                                            {.name = "webp", .value = 1, .help = "WebP."},
                                            {.name = "avif", .value = 2, .help = "AVIF."},
                                            {.name = "gif", .value = 3, .help = "GIF."},
                                            {.name = NULL}};
static const struct pxm_choice fits[] = {
    {.name = "inside", .value = 0, .help = "Whole."}, {.name = "cover", .value = 1, .help = "Cut."}, {.name = NULL}};
static const struct pxm_choice modes[] = {
    {.name = "over", .value = 0, .help = "Over."}, {.name = "soft-light", .value = 1, .help = "Soft."}, {.name = NULL}};

#define OPTION(name_, type_, field_, ctype_, ...)                                                                      \
    {                                                                                                                  \
        .name = (name_), .type = (type_), .offset = PXM_FIELD(struct fake_config, field_, ctype_), .help = "Test.",    \
        __VA_ARGS__                                                                                                    \
    }

static const struct pxm_option decode_options[] = {
    OPTION("strip", PXM_OPT_LIST, list, const pxm_value *, .item = PXM_TYPE_STRING),
    OPTION("frames", PXM_OPT_INT, a, int64_t, .min = 1, .max = 1000, .fallback = "1"),
    {.name = NULL}};
static const struct pxm_option thumbnail_options[] = {
    OPTION("width", PXM_OPT_INT, a, int64_t, .min = 1, .max = 16383, .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC),
    OPTION("height", PXM_OPT_INT, b, int64_t, .min = 1, .max = 16383, .flags = PXM_OPT_DYNAMIC),
    OPTION("fit", PXM_OPT_ENUM, choice, int32_t, .choices = fits, .fallback = "inside"),
    {.name = NULL}};
static const struct pxm_option encode_options[] = {
    OPTION("format", PXM_OPT_ENUM, choice, int32_t, .choices = formats, .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC),
    OPTION("quality", PXM_OPT_INT_OR_RECORD, list, const pxm_value *, .choices = formats, .min = 1, .max = 100,
           .flags = PXM_OPT_DYNAMIC),
    OPTION("effort", PXM_OPT_INT, a, int64_t, .min = 0, .max = 9, .fallback = "4"),
    {.name = NULL}};
static const struct pxm_option blurhash_options[] = {
    OPTION("x", PXM_OPT_INT, a, int64_t, .min = 1, .max = 9, .fallback = "4"),
    OPTION("y", PXM_OPT_INT, b, int64_t, .min = 1, .max = 9, .fallback = "3"),
    {.name = NULL}};
static const struct pxm_option negotiate_options[] = {
    OPTION("accept", PXM_OPT_STRING, text, const char *, .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC),
    OPTION("still", PXM_OPT_LIST, list, const pxm_value *, .item = PXM_TYPE_STRING),
    OPTION("animated", PXM_OPT_LIST, more, const pxm_value *, .item = PXM_TYPE_STRING),
    {.name = NULL}};
static const struct pxm_option upper_options[] = {
    OPTION("text", PXM_OPT_STRING, text, const char *, .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC),
    OPTION("token", PXM_OPT_STRING, other, const char *, .flags = PXM_OPT_SECRET),
    {.name = NULL}};
static const struct pxm_option facecrop_options[] = {
    OPTION("aspect", PXM_OPT_STRING, text, const char *, .fallback = "1:1"),
    OPTION("min_confidence", PXM_OPT_FLOAT, x, double, .min = 0, .max = 1, .fallback = "0.5"),
    {.name = NULL}};
static const struct pxm_option vips_options[] = {OPTION("sigma", PXM_OPT_FLOAT, x, double, .min = 0, .max = 1000),
                                                 {.name = NULL}};
static const struct pxm_option gamma_options[] = {OPTION("exponent", PXM_OPT_FLOAT, x, double, .min = 0, .max = 1000),
                                                  {.name = NULL}};
static const struct pxm_option composite2_options[] = {
    OPTION("overlay", PXM_OPT_IMAGE, image, pxm_image *, .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC),
    OPTION("mode", PXM_OPT_ENUM, choice, int32_t, .choices = modes, .fallback = "over"),
    {.name = NULL}};
static const struct pxm_option no_options[] = {{.name = NULL}};

static const struct pxm_field image_fields[] = {
    {.name = "width", .type = PXM_TYPE_INT, .help = "Width."},
    {.name = "height", .type = PXM_TYPE_INT, .help = "Height."},
    {.name = "frames", .type = PXM_TYPE_INT, .help = "Frames."},
    {.name = "sha256", .type = PXM_TYPE_STRING, .help = "Hash."},
    {.name = "ext", .type = PXM_TYPE_STRING, .help = "Extension."},
    {.name = "exif", .type = PXM_TYPE_RECORD | PXM_TYPE_NULL, .help = "What the camera wrote."},
    {.name = NULL}};
static const struct pxm_field size_fields[] = {{.name = "width", .type = PXM_TYPE_INT, .help = "Width."},
                                               {.name = "height", .type = PXM_TYPE_INT, .help = "Height."},
                                               {.name = NULL}};
static const struct pxm_field hash_fields[] = {{.name = "hash", .type = PXM_TYPE_STRING, .help = "Hash."},
                                               {.name = NULL}};
static const struct pxm_field name_fields[] = {{.name = "name", .type = PXM_TYPE_STRING, .help = "Format."},
                                               {.name = NULL}};
static const struct pxm_field out_fields[] = {{.name = "out", .type = PXM_TYPE_FLOAT, .help = "Mean."}, {.name = NULL}};
static const char *const face_codes[] = {"acme.no_face", "acme.too_many", NULL};

#define SIGNATURE(name_, in_, out_, fields_, codes_)                                                                   \
    static const struct pxm_signature name_ = {.struct_size = sizeof(struct pxm_signature),                            \
                                               .field_size = sizeof(struct pxm_field),                                 \
                                               .in = (in_),                                                            \
                                               .out = (out_),                                                          \
                                               .fields = (fields_),                                                    \
                                               .codes = (codes_)}

SIGNATURE(decode_signature, PXM_TYPE_BLOB, PXM_TYPE_IMAGE, image_fields, NULL);
SIGNATURE(thumbnail_signature, PXM_TYPE_IMAGE, PXM_TYPE_IMAGE, size_fields, NULL);
SIGNATURE(encode_signature, PXM_TYPE_IMAGE, PXM_TYPE_BLOB, NULL, NULL);
SIGNATURE(blurhash_signature, PXM_TYPE_IMAGE, 0, hash_fields, NULL);
SIGNATURE(negotiate_signature, PXM_TYPE_IMAGE, 0, name_fields, NULL);
SIGNATURE(upper_signature, 0, PXM_TYPE_STRING, NULL, NULL);
SIGNATURE(facecrop_signature, PXM_TYPE_IMAGE, PXM_TYPE_IMAGE, size_fields, face_codes);
SIGNATURE(vips_signature, PXM_TYPE_IMAGE, PXM_TYPE_IMAGE, NULL, NULL);
SIGNATURE(avg_signature, PXM_TYPE_IMAGE, 0, out_fields, NULL);

static pxm_status validate_facecrop(const struct pxm_host *host, const void *config, pxm_error *error);

#define UNIT(id_, name_, options_, signature_, validate_)                                                              \
    static const struct pxm_unit id_ = {.struct_size = sizeof(struct pxm_unit),                                        \
                                        .config_size = sizeof(struct fake_config),                                     \
                                        .option_size = sizeof(struct pxm_option),                                      \
                                        .iface = PXM_IFACE_TRANSFORM,                                                  \
                                        .name = (name_),                                                               \
                                        .summary = "Test.",                                                            \
                                        .options = (options_),                                                         \
                                        .signature = &(signature_),                                                    \
                                        .validate = (validate_)}

UNIT(decode, "decode", decode_options, decode_signature, NULL);
UNIT(thumbnail, "thumbnail", thumbnail_options, thumbnail_signature, NULL);
UNIT(encode, "encode", encode_options, encode_signature, NULL);
UNIT(blurhash, "blurhash", blurhash_options, blurhash_signature, NULL);
UNIT(negotiate, "negotiate", negotiate_options, negotiate_signature, NULL);
UNIT(upper, "upper", upper_options, upper_signature, NULL);
UNIT(facecrop, "acme.facecrop", facecrop_options, facecrop_signature, validate_facecrop);
UNIT(sharpen, "vips.sharpen", vips_options, vips_signature, NULL);
UNIT(gaussblur, "vips.gaussblur", vips_options, vips_signature, NULL);
UNIT(composite2, "vips.composite2", composite2_options, vips_signature, NULL);
UNIT(avg, "vips.avg", no_options, avg_signature, NULL);
UNIT(gamma_unit, "vips.gamma", gamma_options, vips_signature, NULL);

#define OPERATION(unit_, name_, options_, signature_)                                                                  \
    {                                                                                                                  \
        .name = (name_), .summary = "Test.", .unit = &(unit_), .plugin = "fake",                                       \
        .options = {.options = (options_),                                                                             \
                    .option_size = sizeof(struct pxm_option),                                                          \
                    .config_size = sizeof(struct fake_config)},                                                        \
        .signature = &(signature_)                                                                                     \
    }

static const struct pxm_operation operations[] = {
    OPERATION(decode, "decode", decode_options, decode_signature),
    OPERATION(thumbnail, "thumbnail", thumbnail_options, thumbnail_signature),
    OPERATION(encode, "encode", encode_options, encode_signature),
    OPERATION(blurhash, "blurhash", blurhash_options, blurhash_signature),
    OPERATION(negotiate, "negotiate", negotiate_options, negotiate_signature),
    OPERATION(upper, "upper", upper_options, upper_signature),
    OPERATION(facecrop, "acme.facecrop", facecrop_options, facecrop_signature),
    OPERATION(sharpen, "vips.sharpen", vips_options, vips_signature),
    OPERATION(gaussblur, "vips.gaussblur", vips_options, vips_signature),
    OPERATION(composite2, "vips.composite2", composite2_options, vips_signature),
    OPERATION(avg, "vips.avg", no_options, avg_signature),
    OPERATION(gamma_unit, "vips.gamma", gamma_options, vips_signature),
};
enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

/* ---- drivers ---------------------------------------------------------------------------------------------------- */

struct driver_config {
    const char *path, *name, *key;
};

#define DRIVER_OPTION(name_, field_, flags_)                                                                           \
    {                                                                                                                  \
        .name = (name_), .type = PXM_OPT_STRING, .flags = (flags_),                                                    \
        .offset = PXM_FIELD(struct driver_config, field_, const char *), .help = "Test."                               \
    }

static const struct pxm_option path_options[] = {
    DRIVER_OPTION("root", path, PXM_OPT_REQUIRED | PXM_OPT_PATH), DRIVER_OPTION("name", name, 0), {.name = NULL}};
static const struct pxm_option name_options[] = {
    DRIVER_OPTION("name", name, PXM_OPT_REQUIRED), DRIVER_OPTION("prefix", path, 0), {.name = NULL}};
static const struct pxm_option key_options[] = {DRIVER_OPTION("key", key, PXM_OPT_REQUIRED | PXM_OPT_SECRET),
                                                {.name = NULL}};

/* Functions that nobody calls: that they are there is all that counts. */
static pxm_status do_put(void *self, pxm_job *job, const struct pxm_put *put, pxm_value *fields, pxm_error *error)
{
    (void)self, (void)job, (void)put, (void)fields, (void)error;
    return PXM_E_INTERNAL;
}
static pxm_status do_get(void *self, pxm_job *job, const struct pxm_get *get, pxm_stream **ret, pxm_value *fields,
                         pxm_error *error)
{
    (void)self, (void)job, (void)get, (void)ret, (void)fields, (void)error;
    return PXM_E_INTERNAL;
}
static pxm_status do_key(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    (void)self, (void)job, (void)key, (void)fields, (void)error;
    return PXM_E_INTERNAL;
}
static pxm_status do_list(void *self, pxm_job *job, const struct pxm_list *list, pxm_value *fields, pxm_error *error)
{
    (void)self, (void)job, (void)list, (void)fields, (void)error;
    return PXM_E_INTERNAL;
}
static pxm_status do_presign(void *self, pxm_job *job, const struct pxm_presign *presign, pxm_value *fields,
                             pxm_error *error)
{
    (void)self, (void)job, (void)presign, (void)fields, (void)error;
    return PXM_E_INTERNAL;
}

static const struct pxm_storage_ops localfs_ops = {
    .struct_size = sizeof localfs_ops, .put = do_put, .get = do_get, .head = do_key, .remove = do_key, .list = do_list};
static const struct pxm_storage_ops s3_ops = {.struct_size = sizeof s3_ops,
                                              .put = do_put,
                                              .get = do_get,
                                              .head = do_key,
                                              .remove = do_key,
                                              .list = do_list,
                                              .presign = do_presign};

#define DRIVER(iface_, name_, options_, ops_)                                                                          \
    {                                                                                                                  \
        .struct_size = sizeof(struct pxm_unit), .config_size = sizeof(struct driver_config),                           \
        .option_size = sizeof(struct pxm_option), .iface = (iface_), .name = (name_), .summary = "Test.",              \
        .options = (options_), .ops = (ops_)                                                                           \
    }

static const struct pxm_unit drivers[] = {
    DRIVER(PXM_IFACE_STORAGE, "localfs", path_options, &localfs_ops),
    DRIVER(PXM_IFACE_STORAGE, "s3", name_options, &s3_ops),
    DRIVER(PXM_IFACE_METADATA, "sqlite", path_options, NULL),
    DRIVER(PXM_IFACE_METADATA, "dynamodb", name_options, NULL),
    DRIVER(PXM_IFACE_QUEUE, "dir", path_options, NULL),
    DRIVER(PXM_IFACE_QUEUE, "sqs", name_options, NULL),
    DRIVER(PXM_IFACE_AUTH, "hmac", key_options, NULL),
};
enum { DRIVER_COUNT = sizeof drivers / sizeof drivers[0] };

/* ---- the catalog ------------------------------------------------------------------------------------------------ */

static const struct pxm_operation *find_operation(void *arg, struct pxm_arena *arena, const char *name,
                                                  struct pxm_missing *ret_missing)
{
    (void)arg, (void)arena;
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            return &operations[i];
        }
    }
    *ret_missing = (struct pxm_missing){.message = "there is no such operation"};
    if (strcmp(name, "acme.broken") == 0) {
        *ret_missing = (struct pxm_missing){.message = "plugin `acme.broken` cannot be loaded",
                                            .note = "it wants plugin ABI 3, this engine speaks ABI 1",
                                            .broken = true};
    }
    return NULL;
}

static const struct pxm_unit *find_driver(void *arg, struct pxm_arena *arena, const char *iface, const char *name,
                                          struct pxm_missing *ret_missing)
{
    (void)arg, (void)arena;
    for (size_t i = 0; i < DRIVER_COUNT; i++) {
        if (strcmp(drivers[i].name, name) == 0 && strcmp(drivers[i].iface, iface) == 0) {
            return &drivers[i];
        }
    }
    *ret_missing = (struct pxm_missing){.message = "there is no such driver"};
    if (strcmp(name, "broken") == 0) {
        *ret_missing = (struct pxm_missing){
            .message = "plugin `broken` cannot be loaded", .note = "broken.so: undefined symbol: x", .broken = true};
    }
    return NULL;
}

static bool require_plugin(void *arg, struct pxm_arena *arena, const char *plugin, const char *version,
                           struct pxm_missing *ret_missing)
{
    (void)arg, (void)arena, (void)version;
    if (strcmp(plugin, "acme.facecrop") == 0) {
        return true;
    }
    find_operation(NULL, arena, "acme.broken", ret_missing);
    return false;
}

static const char *const *operation_names(void *arg, size_t *ret_count)
{
    static const char *names[OPERATION_COUNT];

    (void)arg;
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        names[i] = operations[i].name;
    }
    *ret_count = OPERATION_COUNT;
    return names;
}

static const char *const *driver_names(void *arg, const char *iface, size_t *ret_count)
{
    static const char *names[DRIVER_COUNT];

    (void)arg;
    *ret_count = 0;
    for (size_t i = 0; i < DRIVER_COUNT; i++) {
        if (strcmp(drivers[i].iface, iface) == 0) {
            names[(*ret_count)++] = drivers[i].name;
        }
    }
    return names;
}

static pxm_status validate_facecrop(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct fake_config *options = config;

    (void)host;
    if (strcmp(options->text, "0:0") == 0) {
        return pxm_error_set(error, PXM_E_INVALID, "input.invalid", "`aspect` has no area");
    }
    return PXM_OK;
}

static pxm_status validate(void *arg, const struct pxm_unit *unit, const void *config, pxm_error *error)
{
    (void)arg;
    return unit->validate(NULL, config, error);
}

const struct pxm_catalog fake_catalog = {.operation = find_operation,
                                         .driver = find_driver,
                                         .require = require_plugin,
                                         .operation_names = operation_names,
                                         .driver_names = driver_names,
                                         .validate = validate};

/* ---- projects --------------------------------------------------------------------------------------------------- */

const char fake_project[] =
    "version: 1\n"
    "plugins: {require: {acme.facecrop: \">=1.2\"}}\n"
    "env: {AVIF_Q: {type: int, min: 1, max: 100, default: 50}, HOME_URL: {profiles: [local]}}\n"
    "profiles:\n"
    "  local:\n"
    "    stores: {originals: {localfs: {root: var/originals}}, thumbs: {localfs: {root: var/thumbs}}, rejected: {s3: "
    "{name: bad}}}\n"
    "    tables: {images: {sqlite: {root: var/images.db}}}\n"
    "    queues: {jobs: {dir: {root: var/jobs}}}\n"
    "    auth: {users: {hmac: {key: \"${secret.upload_key}\"}}}\n"
    "    secrets: {upload_key: {env: UPLOAD_KEY}}\n"
    "hosts:\n"
    "  daemon: {profile: local, listen: \"127.0.0.1:8080\", workers: 4, limits: {pixels: 200MP, time: 60s}}\n"
    "  lambda: {profile: local, deadline_margin: 800ms, limits: {pixels: 100MP}}\n";

void world_write(const struct world *world, const char *path, const char *text)
{
    char full[256];
    const char *slash = strchr(path, '/');
    FILE *file;

    if (slash) {
        snprintf(full, sizeof full, "%s/%.*s", world->folder, (int)(slash - path), path);
        assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
    }
    snprintf(full, sizeof full, "%s/%s", world->folder, path);
    file = fopen(full, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void make_folder(struct world *world)
{
    assert_non_null(getcwd(world->back, sizeof world->back));
    snprintf(world->folder, sizeof world->folder, "/tmp/pixmill-program-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    assert_int_equal(chdir(world->folder), 0);
}

void world_parse(struct world *world, const struct pxm_load_options *options)
{
    world->arena = pxm_arena_new(PXM_PROJECT_BYTES_MAX);
    assert_non_null(world->arena);
    pxm_diags_init(&world->diags, world->arena);
    world->project = pxm_project_parse(options, &world->diags);
}

static void open_files(struct world *world, const char *path, const char *first, va_list args)
{
    struct pxm_load_options options = {.path = path, .catalog = &fake_catalog};

    *world = (struct world){0};
    make_folder(world);
    for (const char *name = first; name; name = va_arg(args, const char *)) {
        world_write(world, name, va_arg(args, const char *));
    }
    world_parse(world, &options);
}

void world_open(struct world *world, const char *path, ...)
{
    va_list args;

    va_start(args, path);
    const char *first = va_arg(args, const char *);
    open_files(world, path, first, args);
    va_end(args);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

void world_close(struct world *world)
{
    pxm_arena_free(world->arena);
    assert_int_equal(chdir(world->back), 0);
    assert_int_equal(nftw(world->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *world_text(const struct world *world)
{
    static char text[1 << 16];
    struct pxm_buf buf;

    pxm_buf_init(&buf, sizeof text);
    pxm_diags_render(&world->diags, PXM_DIAG_HUMAN, false, &buf);
    assert_int_equal(buf.status, PXM_OK);
    snprintf(text, sizeof text, "%s", buf.data);
    pxm_buf_done(&buf);
    return text;
}

const char *diagnose_files(const char *path, ...)
{
    struct world world;
    va_list args;

    world = (struct world){0};
    make_folder(&world);
    world_write(&world, "pixmill.yaml", fake_project);
    va_start(args, path);
    for (const char *name = path; name; name = va_arg(args, const char *)) {
        world_write(&world, name, va_arg(args, const char *));
    }
    va_end(args);
    struct pxm_load_options options = {.catalog = &fake_catalog};
    world_parse(&world, &options);
    const char *text = world_text(&world);
    world_close(&world);
    return text;
}

const char *diagnose(const char *pipeline)
{
    return diagnose_files("pipelines/p.yaml", pipeline, NULL);
}

const struct pxm_program *world_program(struct world *world, const char *pipeline)
{
    world_open(world, NULL, "pixmill.yaml", fake_project, "pipelines/p.yaml", pipeline, NULL);
    assert_string_equal(world_text(world), "");
    assert_non_null(world->project);
    return pxm_project_program(world->project, "p");
}
