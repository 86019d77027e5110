/* Option tables: what they take from YAML, what they say about the rest, what arrives in the config struct, and which tables
 * are refused themselves. */
#include "expr_world.h"

#include "lang/options.h"
#include <math.h>

struct config {
    int32_t flag, fit, color_fit, other;
    int64_t width, bytes, time, pixels, limit;
    double ratio;
    const char *key, *background, *token, *store, *label;
    const pxm_value *tags, *meta, *quality, *any, *numbers;
    pxm_image *image;
    pxm_blob *blob;
};
#define FIELD(name, ctype) .offset = PXM_FIELD(struct config, name, ctype)

static const struct pxm_choice fits[] = {{"inside", 0, 0, "Fits into the box."},
                                         {"cover", 1, 0, "Fills the box."},
                                         {"fill", 2, 0, NULL},
                                         {NULL, 0, 0, NULL}};
static const struct pxm_choice formats[] = {{"jpeg", 0, 0, NULL}, {"webp", 1, 0, NULL}, {NULL, 0, 0, NULL}};

static const struct pxm_option options[] = {
    {.name = "width",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(width, int64_t),
     .min = 1,
     .max = 16383,
     .old_name = "w",
     .help = "Pixels."},
    {.name = "limit", .type = PXM_OPT_INT, FIELD(limit, int64_t), .min = -INFINITY, .max = 10, .help = "A limit."},
    {.name = "ratio",
     .type = PXM_OPT_FLOAT,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(ratio, double),
     .fallback = "1.5",
     .min = 0.1,
     .max = 10,
     .help = "A ratio."},
    {.name = "flag",
     .type = PXM_OPT_BOOL,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(flag, int32_t),
     .fallback = "true",
     .help = "A switch."},
    {.name = "bytes",
     .type = PXM_OPT_SIZE,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(bytes, int64_t),
     .fallback = "4MiB",
     .min = 1024,
     .max = 0x1p30,
     .help = "A size."},
    {.name = "time",
     .type = PXM_OPT_DURATION,
     .flags = PXM_OPT_DYNAMIC | PXM_OPT_ADVANCED,
     FIELD(time, int64_t),
     .min = 100,
     .max = 90000,
     .help = "A time."},
    {.name = "pixels",
     .type = PXM_OPT_PIXELS,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(pixels, int64_t),
     .min = 1,
     .max = 0x1p62,
     .help = "An area."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(key, const char *),
     .min = 2,
     .max = 12,
     .help = "A key."},
    {.name = "label",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DEPRECATED,
     FIELD(label, const char *),
     .help = "Use key."},
    {.name = "background",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_COLOR | PXM_OPT_DYNAMIC,
     FIELD(background, const char *),
     .fallback = "#fff",
     .help = "A color."},
    {.name = "token",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_SECRET,
     FIELD(token, const char *),
     .min = 1,
     .max = 64,
     .help = "A secret."},
    {.name = "store", .type = PXM_OPT_STORE, FIELD(store, const char *), .help = "A store."},
    {.name = "fit",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(fit, int32_t),
     .fallback = "cover",
     .choices = fits,
     .help = "How it fits."},
    {.name = "tags",
     .type = PXM_OPT_LIST,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(tags, const pxm_value *),
     .item = PXM_TYPE_STRING,
     .min = 1,
     .max = 3,
     .fallback = "[a, b]",
     .help = "Words."},
    {.name = "numbers",
     .type = PXM_OPT_LIST,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(numbers, const pxm_value *),
     .item = PXM_TYPE_FLOAT,
     .help = "Numbers."},
    {.name = "meta",
     .type = PXM_OPT_RECORD,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(meta, const pxm_value *),
     .item = PXM_TYPE_STRING | PXM_TYPE_INT,
     .help = "Fields."},
    {.name = "quality",
     .type = PXM_OPT_INT_OR_RECORD,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(quality, const pxm_value *),
     .fallback = "80",
     .min = 1,
     .max = 100,
     .choices = formats,
     .help = "Quality."},
    {.name = "any",
     .type = PXM_OPT_VALUE,
     .flags = PXM_OPT_DYNAMIC,
     FIELD(any, const pxm_value *),
     .help = "Anything."},
    {.name = "image", .type = PXM_OPT_IMAGE, .flags = PXM_OPT_DYNAMIC, FIELD(image, pxm_image *), .help = "A picture."},
    {.name = "blob", .type = PXM_OPT_BLOB, .flags = PXM_OPT_DYNAMIC, FIELD(blob, pxm_blob *), .help = "Bytes."},
    {.name = NULL},
};
static const struct pxm_option_table table = {options, sizeof *options, sizeof(struct config)};
static const char *const step_keys[] = {"when", "retry", NULL};

static struct pxm_bindings *bind(struct world *world, const struct pxm_option_table *bound, const char *yaml)
{
    const struct pxm_node *map = yaml ? world_yaml(world, yaml) : NULL;
    const struct pxm_bind_rules rules = {.resolver = &world->resolver, .owner = "`shrink`", .also = step_keys};
    struct pxm_span span = map ? map->span : (struct pxm_span){.source = NULL};
    return pxm_options_bind(world->arena, bound, map, span, &rules, &world->diags);
}

/* Binds and fills; the config is freed by the caller. */
static struct pxm_config *fill(struct world *world, const char *yaml)
{
    struct pxm_error error = {0};
    struct pxm_config *config = NULL;
    struct pxm_bindings *bindings = bind(world, &table, yaml);
    if (!bindings) {
        fail_msg("%s: %s", yaml, world_first(world));
    }
    if (pxm_config_fill(bindings, &world_scope, &config, &error) != PXM_OK) {
        fail_msg("%s: %s", yaml, error.text);
    }
    return config;
}

static void absent_options_have_their_default_or_are_unset(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    struct pxm_config *filled = fill(&world, NULL);
    const struct config *config = pxm_config_data(filled);
    assert_true(config->width == PXM_UNSET_INT);
    assert_true(config->ratio == 1.5);
    assert_int_equal(config->flag, 1);
    assert_int_equal(config->bytes, 4 << 20);
    assert_true(config->time == PXM_UNSET_INT && config->pixels == PXM_UNSET_INT);
    assert_null(config->key);
    assert_string_equal(config->background, "#fff");
    assert_null(config->token);
    assert_int_equal(config->fit, 1);
    assert_int_equal(pxm_value_count(config->tags), 2);
    assert_null(config->meta);
    assert_int_equal(pxm_value_as_int(config->quality), 80);
    assert_null(config->any);
    assert_null(config->image);
    assert_null(config->blob);
    pxm_config_free(filled);
    world_done(&world);
}

static void unset_kinds_without_a_default(void **state)
{
    static const struct pxm_option few[] = {
        {.name = "ratio", .type = PXM_OPT_FLOAT, FIELD(ratio, double), .help = "x"},
        {.name = "fit", .type = PXM_OPT_ENUM, FIELD(fit, int32_t), .choices = fits, .help = "x"},
        {.name = "flag", .type = PXM_OPT_BOOL, FIELD(flag, int32_t), .help = "x"},
        {.name = NULL},
    };
    static const struct pxm_option_table small = {few, sizeof *few, sizeof(struct config)};
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    struct pxm_bindings *bindings = bind(&world, &small, NULL);
    assert_true(bindings->constant);
    assert_int_equal(pxm_config_fill(bindings, NULL, &filled, &error), PXM_OK);
    const struct config *config = pxm_config_data(filled);
    assert_true(isnan(config->ratio));
    assert_int_equal(config->fit, -1);
    assert_int_equal(config->flag, 0);
    pxm_config_free(filled);
    world_done(&world);
}

static void literals_are_read_by_the_type_of_their_option(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    struct pxm_config *filled = fill(
        &world, "{width: 640, limit: -5, ratio: 2, flag: false, bytes: 500KB, time: 1m30s, pixels: 80MP, key: 1.10,\n"
                " background: \"#a0B1c2\", store: images, fit: fill, tags: [NO, 7], numbers: [1, 2.5],\n"
                " meta: {a: 1, b: x, c: \"2\"}, quality: {jpeg: 82, webp: 78}, any: {x: [1, null]}}");
    const struct config *config = pxm_config_data(filled);
    assert_int_equal(config->width, 640);
    assert_int_equal(config->limit, -5);
    assert_true(config->ratio == 2.0);
    assert_int_equal(config->flag, 0);
    assert_int_equal(config->bytes, 500000);
    assert_int_equal(config->time, 90000);
    assert_int_equal(config->pixels, 80000000);
    assert_string_equal(config->key, "1.10");
    assert_string_equal(config->background, "#a0B1c2");
    assert_string_equal(config->store, "images");
    assert_int_equal(config->fit, 2);
    assert_string_equal(pxm_value_as_string(pxm_value_at(config->tags, 1), NULL), "7");
    assert_true(pxm_value_as_float(pxm_value_at(config->numbers, 1)) == 2.5);
    assert_int_equal(pxm_value_type(pxm_value_get(config->meta, "a")), PXM_TYPE_INT);
    assert_int_equal(pxm_value_type(pxm_value_get(config->meta, "c")), PXM_TYPE_STRING);
    assert_int_equal(pxm_value_as_int(pxm_value_get(config->quality, "webp")), 78);
    assert_int_equal(pxm_value_count(pxm_value_get(config->any, "x")), 2);
    pxm_config_free(filled);
    world_done(&world);
}

static void templates_fill_what_they_are_bound_to(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    struct pxm_config *filled =
        fill(&world,
             "width: \"${input.w}\"\nratio: \"${steps.size.size}\"\nflag: \"${input.flag}\"\nbytes: \"${env.LIMIT}\"\n"
             "time: \"${input.w}\"\npixels: \"${input.w}\"\nkey: \"k/${item}\"\nbackground: \"${'#12345678'}\"\n"
             "token: \"${secret.key}\"\nfit: \"${'inside'}\"\ntags: [\"${input.name}\", x]\n"
             "numbers: \"${vars.widths}\"\nmeta: {n: \"${input.w}\", s: \"${run.id}\"}\n"
             "quality: {webp: \"${env.Q}\", jpeg: 82}\nany: {list: \"${input.tags}\", none: \"${input.maybe}\"}\n"
             "image: \"${steps.image}\"\nblob: \"${input.file}\"\n");
    const struct config *config = pxm_config_data(filled);
    assert_int_equal(config->width, 320);
    assert_true(config->ratio == 7.0);
    assert_int_equal(config->flag, 1);
    assert_int_equal(config->bytes, 25 << 20);
    assert_int_equal(config->time, 320);
    assert_int_equal(config->pixels, 320);
    assert_string_equal(config->key, "k/640");
    assert_string_equal(config->background, "#12345678");
    assert_string_equal(config->token, "s3cr3t");
    assert_int_equal(config->fit, 0);
    assert_string_equal(pxm_value_as_string(pxm_value_at(config->tags, 0), NULL), "Ein Bild.JPG");
    assert_int_equal(pxm_value_count(config->numbers), 2);
    assert_int_equal(pxm_value_as_int(pxm_value_get(config->meta, "n")), 320);
    assert_int_equal(pxm_value_as_int(pxm_value_get(config->quality, "webp")), 50);
    assert_int_equal(pxm_value_type(pxm_value_get(config->any, "none")), PXM_TYPE_NULL);
    assert_int_equal(pxm_image_info(config->image)->width, 4);
    assert_int_equal(pxm_blob_length(config->blob), 5);
    pxm_config_free(filled);
    world_done(&world);
}

static void numbers_and_bools_become_text(void **state)
{
    static const struct {
        const char *yaml, *key;
    } cases[] = {{"key: \"${input.w}\"", "320"},
                 {"key: \"${input.flag}\"", "true"},
                 {"key: \"${input.ratio}\"", "1.5"},
                 {"key: \"$${x}\"", "${x}"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        struct pxm_config *filled = fill(&world, cases[i].yaml);
        assert_string_equal(((const struct config *)pxm_config_data(filled))->key, cases[i].key);
        pxm_config_free(filled);
        world_done(&world);
    }
}

static void complaints_name_the_place_and_the_way_out(void **state)
{
    static const char all[] =
        "width, limit, ratio, flag, bytes, pixels, key, background, token, store, fit, tags, numbers, "
        "meta, quality, any, ...";
    static const struct {
        const char *yaml, *complaint;
        bool lists_all;
    } cases[] = {
        {"widht: 1", "E102 [widht] unknown option `widht` for `shrink` | did you mean `width`? (options: %s)", true},
        {"xyz: 1", "E102 [xyz] unknown option `xyz` for `shrink` | options: %s", true},
        {"wehn: 1",
         "E102 [wehn] unknown option `wehn` for `shrink` | `when` is no option of `shrink`; it stands beside it",
         false},
        {"[1]", "E104 [[1]] `shrink` takes a map of options | options: %s", true},
        {"width: x", "E104 [x] `width` takes an int, not `x` | expected a whole number in decimal digits", false},
        {"width: 1.5", "E104 [1.5] `width` takes an int, not `1.5` | expected a whole number in decimal digits", false},
        {"width: 010", "E104 [010] `width` takes an int, not `010` | a number has no leading zero", false},
        {"width: \"640\"",
         "E104 [\"640\"] `width` takes an int, not `640` | quotes make it a string; write it without "
         "them",
         false},
        {"width: [1]", "E104 [[1]] `width` takes an int, not a list", false},
        {"width: 0", "E105 [0] `width` must be 1 to 16383, not 0", false},
        {"limit: 11", "E105 [11] `limit` must be at most 10, not 11", false},
        {"ratio: wide", "E104 [wide] `ratio` takes a number, not `wide` | expected a number such as 12, 0.5 or 1e-3",
         false},
        {"ratio: 0", "E105 [0] `ratio` must be 0.1 to 10, not 0", false},
        {"flag: NO",
         "E104 [NO] `flag` takes true or false, not `NO` | expected true or false; yes, no, on and off are "
         "plain words here",
         false},
        {"flag: \"true\"",
         "E104 [\"true\"] `flag` takes true or false, not `true` | quotes make it a string; write it "
         "without them",
         false},
        {"bytes: 25M",
         "E104 [25M] `bytes` takes a size such as 25MiB, not `25M` | expected a whole number and a unit that "
         "says 1000 or 1024: 25MB or 25MiB",
         false},
        {"bytes: 1B", "E105 [1B] `bytes` must be 1KiB to 1GiB, not 1B", false},
        {"time: 15",
         "E104 [15] `time` takes a duration such as 15s, not `15` | expected whole numbers with units d h m s "
         "ms, the largest first: 15s or 1h30m",
         false},
        {"time: 2m", "E105 [2m] `time` must be 100ms to 90s, not 2m", false},
        {"pixels: 80",
         "E104 [80] `pixels` takes a number of pixels such as 80MP, not `80` | expected a whole number and a "
         "unit, one of P KP MP: 80MP",
         false},
        {"pixels: 0P", "E105 [0P] `pixels` must be at least 1P, not 0P", false},
        {"key: x", "E105 [x] `key` must have 2 to 12 characters, not 1", false},
        {"key: {a: b}", "E104 [{a: b}] `key` takes text, not a map", false},
        {"background: \"#12\"",
         "E104 [\"#12\"] `background` takes a color, not `#12` | write \"#rgb\", \"#rrggbb\" or "
         "\"#rrggbbaa\"",
         false},
        {"background: red",
         "E104 [red] `background` takes a color, not `red` | write \"#rgb\", \"#rrggbb\" or "
         "\"#rrggbbaa\"",
         false},
        {"fit: covr", "E110 [covr] `covr` is not a value of `fit` | did you mean `cover`?", false},
        {"fit: stretch", "E110 [stretch] `stretch` is not a value of `fit` | one of: inside, cover, fill", false},
        {"fit: [cover]", "E104 [[cover]] `fit` takes one of its choices, not a list", false},
        {"tags: a", "E104 [a] `tags` takes a list, not `a` | write it in brackets: [a, b]", false},
        {"tags: {a: b}", "E104 [{a: b}] `tags` takes a list, not a map", false},
        {"tags: []", "E105 [[]] `tags` must have 1 to 3 items, not 0", false},
        {"tags: [[a]]", "E104 [[a]] expected string", false},
        {"numbers: [1, x]", "E104 [x] expected float | expected a number such as 12, 0.5 or 1e-3", false},
        {"meta: x", "E104 [x] `meta` takes a map, not `x` | write it in braces: {a: b}", false},
        {"meta: {a: [1]}", "E104 [[1]] expected int or string", false},
        {"quality: x",
         "E104 [x] `quality` takes an int or a map of ints, not `x` | expected a whole number in decimal "
         "digits",
         false},
        {"quality: 0", "E105 [0] `quality` must be 1 to 100, not 0", false},
        {"quality: {jpg: 80}", "E110 [jpg] `jpg` is not a key of `quality` | did you mean `jpeg`?", false},
        {"quality: {jpeg: 101}", "E105 [101] `quality` must be 1 to 100, not 101", false},
        {"quality: {jpeg: x}", "E104 [x] expected int | expected a whole number in decimal digits", false},
        {"quality: {jpeg: 101, webp: \"${env.Q}\"}", "E105 [101] `quality` must be 1 to 100, not 101", false},
        {"image: x", "E104 [x] `image` takes an image, not `x` | write the step that gives it: \"${steps.ID}\"", false},
        {"blob: [x]", "E104 [[x]] `blob` takes a blob, not a list", false},
        {"w: 5\nwidth: 6", "W310 [w] `w` is now called `width` | rename it", false},
        {"label: x", "W313 [label] `label` is deprecated | Use key.", false},
        {"token: abc", "E108 [abc] `token` takes a secret | declare it under `secrets` and write \"${secret.NAME}\"",
         false},
        {"token: \"${run.id}\"",
         "E108 [\"${run.id}\"] `token` takes a secret | declare it under `secrets` and write "
         "\"${secret.NAME}\"",
         false},
        {"token: \"x${secret.key}\"",
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and "
         "only in an option that takes a secret",
         false},
        {"key: \"${secret.key}\"",
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only "
         "in an option that takes a secret",
         false},
        {"any: \"${secret.key}\"",
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only "
         "in an option that takes a secret",
         false},
        {"store: \"${run.id}\"",
         "E106 [\"${run.id}\"] `store` takes no template | it is fixed when the pipeline is "
         "loaded; templates may stand in: width, ratio, flag, bytes, time, pixels, key, background, "
         "fit, tags, numbers, meta, quality, any, image, blob",
         false},
        {"width: \"${input.name}\"", "E206 [input.name] `width` takes int, but `input.name` is string", false},
        {"width: \"${input.ratio}\"", "E206 [input.ratio] `width` takes int, but `input.ratio` is float", false},
        {"width: \"${input.w}px\"", "E206 [\"${input.w}px\"] `width` takes int, but this is string", false},
        {"width: \"${vars.widths[0]}\"",
         "E205 [vars.widths[0]] `vars.widths[0]` may be null, because the list may be shorter | add a default: "
         "vars.widths[0] ?? 0",
         false},
        {"fit: \"${input.w}\"", "E206 [input.w] `fit` takes string, but `input.w` is int", false},
        {"key: \"${input.tags}\"",
         "E206 [input.tags] `key` takes bool or int or float or string, but `input.tags` is list "
         "of string",
         false},
        {"tags: [\"${input.w}\"]", "E206 [input.w] `tags` takes string, but `input.w` is int", false},
        {"tags: \"${vars.widths}\"", "E206 [vars.widths] `tags` takes list of string, but `vars.widths` is list of int",
         false},
        {"meta: {a: \"${input.flag}\"}", "E206 [input.flag] `meta` takes int or string, but `input.flag` is bool",
         false},
        {"quality: {jpeg: \"${input.name}\"}", "E206 [input.name] `quality` takes int, but `input.name` is string",
         false},
        {"image: \"${input.file}\"", "E206 [input.file] `image` takes image, but `input.file` is blob", false},
        {"any: \"${steps.image}\"", "E206 [steps.image] `any` takes any JSON value, but `steps.image` is image", false},
        {"key: \"${input.maybe}\"", "E205 [input.maybe] `input.maybe` may be null | add a default: input.maybe ?? ''",
         false},
    };
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        char want[1024];
        world_init(&world);
        struct pxm_bindings *bindings = bind(&world, &table, cases[i].yaml);
        const char *hole = strstr(cases[i].complaint, "%s");
        int head = hole ? (int)(hole - cases[i].complaint) : (int)strlen(cases[i].complaint);
        snprintf(want, sizeof want, "%.*s%s%s", head, cases[i].complaint, hole ? all : "", hole ? hole + 2 : "");
        bool sound = cases[i].complaint[0] == 'W' && !strchr(cases[i].yaml, '\n');
        if (strcmp(world_first(&world), want) != 0 || (bindings != NULL) != sound) {
            print_error("%s\n   is: %s\n want: %s\n", cases[i].yaml, world.line, want);
            wrong++;
        }
        world_done(&world);
    }
    assert_int_equal(wrong, 0);
}

static void what_is_required_must_be_there(void **state)
{
    static const struct pxm_option few[] = {
        {.name = "store", .type = PXM_OPT_STORE, .flags = PXM_OPT_REQUIRED, FIELD(store, const char *), .help = "x"},
        {.name = "key", .type = PXM_OPT_STRING, .flags = PXM_OPT_REQUIRED, FIELD(key, const char *), .help = "x"},
        {.name = NULL},
    };
    static const struct pxm_option_table small = {few, sizeof *few, sizeof(struct config)};
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(bind(&world, &small, "{sotre: x}"));
    assert_int_equal(world.diags.count, 2);
    assert_string_equal(world.diags.items[0]->label, "did you mean `store`? (options: store*, key*)");
    assert_string_equal(world.diags.items[1]->message, "`shrink` needs `store`, `key`");
    assert_string_equal(world.diags.items[1]->label, "`store` takes the name of a store, `key` takes text");
    world_done(&world);
}

static void two_names_of_one_option_clash(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(bind(&world, &table, "{width: 5, w: 6}"));
    assert_string_equal(world_first(&world),
                        "E107 [w] `w` is the former name of `width`, and both are here | delete `w`");
    world_done(&world);
}

static void all_mistakes_are_reported_in_one_pass(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(bind(&world, &table, "{width: 0, fit: x, wdth: 1, flag: maybe, quality: {gif: 0}, key: \"${nope}\"}"));
    assert_int_equal(world.diags.count, 7);
    world_done(&world);
}

static void the_project_file_may_use_templates_everywhere(void **state)
{
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    const struct pxm_node *map = world_yaml(&world, "{store: \"${env.LIMIT}\"}");
    const struct pxm_bind_rules rules = {.resolver = &world.resolver, .owner = "`fs`", .templates_everywhere = true};
    struct pxm_bindings *bindings = pxm_options_bind(world.arena, &table, map, map->span, &rules, &world.diags);
    assert_non_null(bindings);
    assert_false(bindings->constant);
    assert_int_equal(pxm_config_fill(bindings, &world_scope, &filled, &error), PXM_OK);
    assert_string_equal(((const struct config *)pxm_config_data(filled))->store, "25MiB");
    pxm_config_free(filled);

    const struct pxm_bind_rules none = {.owner = "`fs`"};
    assert_null(pxm_options_bind(world.arena, &table, map, map->span, &none, &world.diags));
    assert_string_equal(world_first(&world),
                        "E106 [\"${env.LIMIT}\"] `store` takes no template | write the value itself");
    world_done(&world);
}

static void an_owner_without_options_says_so(void **state)
{
    static const struct pxm_option_table nothing = {NULL, 0, 0};
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    struct pxm_bindings *bindings = bind(&world, &nothing, "{}");
    assert_int_equal(pxm_config_fill(bindings, NULL, &filled, &error), PXM_OK);
    assert_non_null(pxm_config_data(filled));
    pxm_config_free(filled);
    assert_null(bind(&world, &nothing, "{a: 1}"));
    assert_string_equal(world_first(&world), "E102 [a] unknown option `a` for `shrink` | it has no options");
    world_done(&world);
}

static void values_of_templates_are_checked_when_they_come(void **state)
{
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {"width: \"${steps.row.title ?? 0}\"", "`width` takes an int, not a value of type string"},
        {"width: \"${steps.row.n ?? 0}\"\nbytes: \"${steps.row.n ?? 0}\"", "`bytes` must be 1KiB to 1GiB, not 3B"},
        {"width: \"${min(input.w, 0)}\"", "`width` must be 1 to 16383, not 0"},
        {"ratio: \"${input.w}\"", "`ratio` must be 0.1 to 10, not 320"},
        {"bytes: \"${input.name}\"",
         "`bytes` takes a size such as 25MiB; expected a whole number and a unit, one of B KB MB "
         "GB TB KiB MiB GiB TiB: 25MiB"},
        {"key: \"${input.key}\"", "`key` must have 2 to 12 characters, not 25"},
        {"key: \"${lower(steps.row.n ?? '')}\"",
         "option `key`: `steps.row.n ?? ''` is a value of type int here; lower(string)"},
        {"fit: \"${run.id}\"", "`01J9` is not a value of `fit`; one of: inside, cover, fill"},
        {"background: \"${run.id}\"",
         "`background` takes a color, not `01J9`; write \"#rgb\", \"#rrggbb\" or \"#rrggbbaa\""},
        {"tags: \"${[run.id, run.id, run.id, run.id]}\"", "`tags` must have 1 to 3 items, not 4"},
        {"tags: \"${vars.list}\"", "`tags` takes items of type string, but item 0 is of type int"},
        {"meta: \"${steps.row}\"", "`meta` takes items of type int or string, but item 2 is of type list"},
        {"quality: {jpeg: \"${input.w}\"}", "`quality` must be 1 to 100, not 320"},
        {"quality: \"${input.w}\"", "`quality` must be 1 to 100, not 320"},
        {"image: \"${steps.row.n ?? steps.image}\"", "`image` takes an image, not a value of type int"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        struct pxm_error error = {0};
        struct pxm_config *filled = NULL;
        char yaml[256];
        world_init(&world);
        snprintf(yaml, sizeof yaml, "%s", cases[i].yaml);
        if (!strchr(yaml, '\n')) {
            snprintf(yaml, sizeof yaml, "%s\nflag: true", cases[i].yaml);
        }
        struct pxm_bindings *bindings = bind(&world, &table, yaml);
        if (!bindings) {
            fail_msg("%s: %s", cases[i].yaml, world_first(&world));
        }
        assert_int_equal(pxm_config_fill(bindings, &world_scope, &filled, &error), PXM_E_INVALID);
        assert_null(filled);
        assert_string_equal(error.code, "input.invalid");
        assert_string_equal(error.text, cases[i].message);
        world_done(&world);
    }
}

/* A scope that gives one string, whatever is asked. */
static pxm_value *load_string(void *arg, const struct pxm_ref *ref)
{
    const pxm_value *value = arg;
    (void)ref;
    return pxm_value_ref(value);
}

static void secrets_are_not_shown(void **state)
{
    char text[100];
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    memset(text, 'S', sizeof text);
    pxm_value *secret = pxm_value_string(text, sizeof text);
    const struct pxm_scope scope = {.load = load_string, .arg = secret};
    struct pxm_bindings *bindings = bind(&world, &table, "token: \"${secret.key}\"");
    assert_int_equal(pxm_config_fill(bindings, &scope, &filled, &error), PXM_E_INVALID);
    assert_string_equal(error.text, "`token` must have 1 to 64 characters");
    pxm_value_unref(secret);
    world_done(&world);
}

static void text_with_a_nul_is_refused(void **state)
{
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    pxm_value *value = pxm_value_string("ab\0cd", 5);
    const struct pxm_scope scope = {.load = load_string, .arg = value};
    struct pxm_bindings *bindings = bind(&world, &table, "key: \"${input.name}\"");
    assert_int_equal(pxm_config_fill(bindings, &scope, &filled, &error), PXM_E_INVALID);
    assert_string_equal(error.text, "`key` must not contain a NUL character");
    pxm_value_unref(value);
    world_done(&world);
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

static void tables_of_another_stride_are_read(void **state)
{
    struct wide {
        struct pxm_option option;
        void *later;
    } rows[3] = {{.option = options[0]}, {.option = options[2]}, {.option = {.name = NULL}}};
    const struct pxm_option_table wide = {&rows[0].option, sizeof *rows, sizeof(struct config)};
    /* As a plugin of before `help` would have it. */
    enum { NARROW = offsetof(struct pxm_option, help) };
    unsigned char bytes[3 * NARROW] = {0};
    for (size_t i = 0; i < 2; i++) {
        memcpy(bytes + i * NARROW, &options[i], NARROW);
    }
    const struct pxm_option_table narrow = {(const void *)bytes, NARROW, sizeof(struct config)};
    bool old = true;
    (void)state;
    assert_int_equal(pxm_options_count(&wide), 2);
    assert_string_equal(pxm_options_at(&wide, 1).name, "ratio");
    assert_int_equal(pxm_options_find(&wide, "ratio", &old), 1);
    assert_false(old);
    assert_int_equal(pxm_options_find(&wide, "w", &old), 0);
    assert_true(old);
    assert_int_equal(pxm_options_find(&wide, "nothing", NULL), -1);
    assert_int_equal(pxm_options_count(&narrow), 2);
    assert_string_equal(pxm_options_at(&narrow, 1).name, "limit");
    assert_null(pxm_options_at(&narrow, 1).help);
}

static void unsound_tables_are_refused(void **state)
{
#define SOUND .name = "a", .type = PXM_OPT_INT, .offset = 8, .help = "x"
    static const struct pxm_choice twice[] = {{"a", 0, 0, NULL}, {"a", 1, 0, NULL}, {NULL, 0, 0, NULL}};
    static const struct pxm_choice negative[] = {{"a", -1, 0, NULL}, {NULL, 0, 0, NULL}};
    static const struct pxm_choice none[] = {{NULL, 0, 0, NULL}};
    static const struct {
        struct pxm_option rows[3];
        const char *fault;
    } cases[] = {
        {{{SOUND}}, NULL},
        {{{.name = "Big", .type = PXM_OPT_INT, .help = "x"}}, "option `Big` is no name in snake_case"},
        {{{.name = "a", .type = PXM_OPT_INT}}, "option `a` has no help text"},
        {{{.name = "a", .type = 99, .help = "x"}}, "option `a` has an unknown type"},
        {{{.name = "a", .type = PXM_OPT_STORE, .help = "x"}}, "option `a` has an unknown type"},
        {{{.name = "a", .type = PXM_OPT_INT, .offset = 60, .help = "x"}},
         "option `a` has a field outside the config struct"},
        {{{.name = "a", .type = PXM_OPT_INT, .offset = UINT32_MAX - 3, .help = "x"}},
         "option `a` has a field outside the config struct"},
        {{{.name = "a", .type = PXM_OPT_INT, .offset = 4, .help = "x"}}, "option `a` has a field that is not aligned"},
        {{{SOUND}, {.name = "b", .type = PXM_OPT_BOOL, .offset = 12, .help = "x"}},
         "option `b` has the same field as `a`"},
        {{{SOUND}, {SOUND}}, "option `a` has a name that `a` has too"},
        {{{SOUND}, {.name = "b", .old_name = "a", .type = PXM_OPT_INT, .help = "x"}},
         "option `b` has a name that `a` has too"},
        {{{SOUND, .old_name = "A"}}, "option `a` has an impossible former name"},
        {{{SOUND, .flags = 1u << 30}}, "option `a` has an unknown flag"},
        {{{SOUND, .flags = PXM_OPT_SECRET}}, "option `a` is a secret or color, but no string"},
        {{{.name = "a", .type = PXM_OPT_STRING, .flags = PXM_OPT_SECRET, .fallback = "x", .help = "x"}},
         "option `a` is a secret with a default"},
        {{{SOUND, .flags = PXM_OPT_REQUIRED, .fallback = "1"}}, "option `a` is required and has a default"},
        {{{.name = "a", .type = PXM_OPT_IMAGE, .help = "x"}},
         "option `a` takes an image or blob, which only a template gives, but is not dynamic"},
        {{{SOUND, .choices = fits}}, "option `a` has choices, but is no choice"},
        {{{.name = "a", .type = PXM_OPT_ENUM, .help = "x"}}, "option `a` has no choices"},
        {{{.name = "a", .type = PXM_OPT_ENUM, .choices = none, .help = "x"}}, "option `a` has no choices"},
        {{{.name = "a", .type = PXM_OPT_ENUM, .choices = twice, .help = "x"}}, "option `a` has the choice `a` twice"},
        {{{.name = "a", .type = PXM_OPT_ENUM, .choices = negative, .help = "x"}},
         "option `a` has the choice `a` with a negative value"},
        {{{SOUND, .min = 2, .max = 1}}, "option `a` has an empty range"},
        {{{SOUND, .min = NAN}}, "option `a` has an empty range"},
        {{{.name = "a", .type = PXM_OPT_BOOL, .max = 1, .help = "x"}},
         "option `a` has a range, but nothing to measure"},
        {{{.name = "a", .type = PXM_OPT_LIST, .help = "x"}}, "option `a` does not say what its items are"},
        {{{SOUND, .item = PXM_TYPE_INT}}, "option `a` has items, but is no list or map"},
        {{{SOUND, .fallback = "x"}}, "option `a` has a bad default: `a` takes an int, not `x`"},
        {{{SOUND, .min = 2, .max = 3, .fallback = "1"}}, "option `a` has a bad default: `a` must be 2 to 3, not 1"},
        {{{.name = "a", .type = PXM_OPT_STRING, .fallback = "${item}", .help = "x"}},
         "option `a` has a template as its default"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        const struct pxm_option_table bad = {cases[i].rows, sizeof(struct pxm_option), 64};
        const char *fault = pxm_options_audit(world.arena, &bad);
        if ((fault == NULL) != (cases[i].fault == NULL) || (fault && strcmp(fault, cases[i].fault) != 0)) {
            fail_msg("%zu: %s", i, fault ? fault : "sound");
        }
        world_done(&world);
    }
}

static void a_table_without_an_end_is_refused(void **state)
{
    static struct pxm_option endless[PXM_OPTIONS_MAX + 1];
    struct world world;
    (void)state;
    world_init(&world);
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        endless[i] = options[0];
    }
    const struct pxm_option_table bad = {endless, sizeof *endless, sizeof(struct config)};
    assert_string_equal(pxm_options_audit(world.arena, &bad), "its options have no end, or there are too many");
    const struct pxm_option_table odd = {options, 12, sizeof(struct config)};
    assert_string_equal(pxm_options_audit(world.arena, &odd), "its options have an impossible size");
    world_done(&world);
}

static void the_core_may_use_its_own_types(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(pxm_options_audit_core(world.arena, &table));
    assert_string_equal(pxm_options_audit(world.arena, &table), "option `pixels` has an unknown type");
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_options_have_their_default_or_are_unset),
        cmocka_unit_test(unset_kinds_without_a_default),
        cmocka_unit_test(literals_are_read_by_the_type_of_their_option),
        cmocka_unit_test(templates_fill_what_they_are_bound_to),
        cmocka_unit_test(numbers_and_bools_become_text),
        cmocka_unit_test(complaints_name_the_place_and_the_way_out),
        cmocka_unit_test(what_is_required_must_be_there),
        cmocka_unit_test(two_names_of_one_option_clash),
        cmocka_unit_test(all_mistakes_are_reported_in_one_pass),
        cmocka_unit_test(the_project_file_may_use_templates_everywhere),
        cmocka_unit_test(an_owner_without_options_says_so),
        cmocka_unit_test(values_of_templates_are_checked_when_they_come),
        cmocka_unit_test(secrets_are_not_shown),
        cmocka_unit_test(text_with_a_nul_is_refused),
        cmocka_unit_test(tables_of_another_stride_are_read),
        cmocka_unit_test(unsound_tables_are_refused),
        cmocka_unit_test(a_table_without_an_end_is_refused),
        cmocka_unit_test(the_core_may_use_its_own_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
