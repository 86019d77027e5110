/* Transforms that do as they are told, for tests of the engine. What they count is shared by all instances. */
#include "engine_fixture.h"

#include "base/blob.h"
#include "base/image.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The table of any instance: they differ in the name that logs show. Instances are made while others run. */
static const struct pxm_host *_Atomic host;

static pxm_status create(const struct pxm_host *given, const void *config, void **ret_self, pxm_error *error)
{
    (void)config;
    (void)error;
    host = given;
    *ret_self = NULL;
    return PXM_OK;
}

/* ---- note -------------------------------------------------------------------------------------------------------- */

struct note {
    const char *text, *fail;
    int32_t transient, reserved;
    int64_t times;
};
static const struct pxm_option note_options[] = {
    {.name = "text",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct note, text, const char *),
     .fallback = "note",
     .help = "A line for the journal."},
    {.name = "fail",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct note, fail, const char *),
     .help = "Fails with this code; `none` does not."},
    {.name = "transient",
     .type = PXM_OPT_BOOL,
     .offset = PXM_FIELD(struct note, transient, int32_t),
     .fallback = "false",
     .help = "The failure may pass."},
    {.name = "times",
     .type = PXM_OPT_INT,
     .offset = PXM_FIELD(struct note, times, int64_t),
     .fallback = "1000000",
     .help = "Fails no more than so many times, all calls since the last journal_clear counted."},
    {.name = NULL},
};
static atomic_int_fast64_t note_failures;

static pxm_status note_apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out,
                             pxm_value *fields, pxm_error *error)
{
    const struct note *note = call->options;
    (void)self;
    (void)job;
    (void)ret_out;

    journal_add("%s", note->text);
    if (note->fail && strcmp(note->fail, "none") != 0 && atomic_fetch_add(&note_failures, 1) < note->times) {
        return host->fail(error, note->transient ? PXM_E_TRANSIENT : PXM_E_INVALID, note->fail, "as told");
    }
    host->value_set(fields, "text", host->value_string(note->text, strlen(note->text)));
    return PXM_OK;
}

static const struct pxm_field note_fields[] = {{.name = "text", .type = PXM_TYPE_STRING, .help = "The line."},
                                               {.name = NULL}};

/* ---- open, shrink, pack, same ------------------------------------------------------------------------------------ */

struct picture {
    pxm_blob *source;
};

static pxm_status picture_pixels(void *self, pxm_job *job, int64_t min_width, int64_t min_height,
                                 struct _VipsImage **ret, pxm_error *error)
{
    (void)self;
    (void)job;
    (void)min_width;
    (void)min_height;
    (void)ret;
    return host->fail(error, PXM_E_BAD_IMAGE, "decode.corrupt", "there are no pixels in it");
}
static void picture_free(void *self)
{
    struct picture *picture = self;

    pxm_blob_unref(picture->source);
    free(picture);
}
static const struct pxm_image_ops picture_ops = {
    .struct_size = sizeof picture_ops, .pixels = picture_pixels, .free = picture_free};

static pxm_value *picture_new(pxm_blob *source, int64_t width)
{
    struct pxm_image_info info = {.struct_size = sizeof info,
                                  .width = width,
                                  .height = width / 2,
                                  .frames = 1,
                                  .orientation = 1,
                                  .format = "fake"};
    struct picture *picture = calloc(1, sizeof *picture);

    if (!picture) {
        return NULL;
    }
    picture->source = pxm_blob_ref(source);
    pxm_image *image = host->image_new(&picture_ops, picture, &info);
    return image ? host->value_image(image) : NULL;
}

static pxm_status give_picture(pxm_value *picture, pxm_value **ret_out, pxm_value *fields, pxm_error *error)
{
    if (!picture) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    const struct pxm_image_info *info = host->image_info(host->value_as_image(picture));
    host->value_set(fields, "width", host->value_int(info->width));
    host->value_set(fields, "height", host->value_int(info->height));
    *ret_out = picture;
    return PXM_OK;
}

static pxm_status open_apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out,
                             pxm_value *fields, pxm_error *error)
{
    pxm_blob *blob = host->value_as_blob(call->in);
    (void)self;

    if ((int64_t)host->blob_length(blob) > host->limits(job)->pixels) {
        return host->fail(error, PXM_E_LIMIT, "limit.pixels", "too large");
    }
    journal_add("open");
    return give_picture(picture_new(blob, 1000), ret_out, fields, error);
}

struct shrink {
    int64_t width;
};
static const struct pxm_option shrink_options[] = {
    {.name = "width",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC | PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct shrink, width, int64_t),
     .min = 1,
     .max = 10000,
     .help = "Of the picture made."},
    {.name = NULL},
};

static void shrink_announce(void *self, pxm_job *job, const struct pxm_call *call)
{
    const struct shrink *options = call->options;
    (void)self;
    (void)job;

    journal_add("announce %d", (int)options->width);
}

static pxm_status shrink_apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out,
                               pxm_value *fields, pxm_error *error)
{
    const struct shrink *options = call->options;
    (void)self;
    (void)job;

    journal_add("shrink %d", (int)options->width);
    return give_picture(picture_new(NULL, options->width), ret_out, fields, error);
}

static pxm_status same_apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out,
                             pxm_value *fields, pxm_error *error)
{
    (void)self;
    (void)job;

    journal_add("same");
    return give_picture(host->value_ref(call->in), ret_out, fields, error);
}

static void free_text(void *text)
{
    free(text);
}

/* The bytes are "WIDTHxHEIGHT"; those of a picture whose width is 13 cannot be had. */
static pxm_status pack_apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out,
                             pxm_value *fields, pxm_error *error)
{
    pxm_image *image = host->value_as_image(call->in);
    const struct pxm_image_info *info = host->image_info(image);
    struct _VipsImage *pixels = NULL;
    char text[64];
    (void)self;
    (void)fields;

    if (info->width == 13) {
        return host->image_pixels(image, job, 0, 0, &pixels, error);
    }
    snprintf(text, sizeof text, "%dx%d", (int)info->width, (int)info->height);
    char *copy = strdup(text);
    pxm_blob *blob = copy ? host->blob_new(copy, strlen(copy), free_text, copy) : NULL;
    if (!blob) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    host->blob_set_media(blob, "image/fake");
    *ret_out = host->value_blob(blob);
    return *ret_out ? PXM_OK : host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

static const struct pxm_field picture_fields[] = {{.name = "width", .type = PXM_TYPE_INT, .help = "In pixels."},
                                                  {.name = "height", .type = PXM_TYPE_INT, .help = "In pixels."},
                                                  {.name = NULL}};

/* ---- hang -------------------------------------------------------------------------------------------------------- */

struct hang {
    int64_t advance;
};
static const struct pxm_option hang_options[] = {
    {.name = "advance",
     .type = PXM_OPT_INT,
     .offset = PXM_FIELD(struct hang, advance, int64_t),
     .fallback = "0",
     .help = "Milliseconds that each look at the clock takes."},
    {.name = NULL},
};

static pxm_status hang_apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out,
                             pxm_value *fields, pxm_error *error)
{
    const struct hang *options = call->options;
    (void)self;
    (void)ret_out;
    (void)fields;

    journal_add("hang");
    while (host->remaining_ms(job) > 0) {
        fake_clock_turn(options->advance);
        sched_yield();
    }
    return host->fail(error, PXM_E_TIMEOUT, "limit.time", "was told to stop");
}

/* ---- broken ------------------------------------------------------------------------------------------------------ */

struct broken {
    const char *how;
};
static const struct pxm_option broken_options[] = {
    {.name = "how",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC | PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct broken, how, const char *),
     .help = "What it does wrong."},
    {.name = NULL},
};

static pxm_status broken_apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out,
                               pxm_value *fields, pxm_error *error)
{
    const struct broken *options = call->options;
    (void)self;
    (void)job;
    (void)error;

    if (strcmp(options->how, "status") == 0) {
        return -99;
    }
    if (strcmp(options->how, "silent") == 0) {
        return PXM_E_TRANSIENT;
    }
    if (strcmp(options->how, "nothing") == 0) {
        return PXM_OK;
    }
    *ret_out = strcmp(options->how, "type") == 0 ? host->value_int(1) : host->value_string("x", 1);
    if (strcmp(options->how, "field_type") == 0) {
        host->value_set(fields, "size", host->value_string("large", 5));
    } else if (strcmp(options->how, "field") != 0) {
        host->value_set(fields, "size", host->value_int(1));
    }
    return PXM_OK;
}
static const struct pxm_field broken_fields[] = {{.name = "size", .type = PXM_TYPE_INT, .help = "A number."},
                                                 {.name = NULL}};

/* ---- thread models ----------------------------------------------------------------------------------------------- */

static atomic_int together;
static atomic_int most;

static pxm_status threads_apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out,
                                pxm_value *fields, pxm_error *error)
{
    (void)self;
    (void)job;
    (void)call;
    (void)ret_out;
    (void)error;

    int now = atomic_fetch_add(&together, 1) + 1;
    int before = atomic_load(&most);
    while (now > before && !atomic_compare_exchange_weak(&most, &before, now)) {
    }
    for (int i = 0; i < 50; i++) {
        sched_yield();
    }
    atomic_fetch_sub(&together, 1);
    host->value_set(fields, "most", host->value_int(atomic_load(&most)));
    return PXM_OK;
}
static const struct pxm_field threads_fields[] = {{.name = "most", .type = PXM_TYPE_INT, .help = "At once."},
                                                  {.name = NULL}};

/* ---- units ------------------------------------------------------------------------------------------------------- */

struct nothing {
    int32_t reserved;
};
static const struct pxm_option no_options[] = {{.name = NULL}};

#define OPS(apply_fn)                                                                                                  \
    {                                                                                                                  \
        .struct_size = sizeof(struct pxm_transform_ops), .apply = (apply_fn)                                           \
    }
static const struct pxm_transform_ops note_ops = OPS(note_apply), open_ops = OPS(open_apply),
                                      same_ops = OPS(same_apply), pack_ops = OPS(pack_apply),
                                      hang_ops = OPS(hang_apply), broken_ops = OPS(broken_apply),
                                      serial_ops = OPS(threads_apply), each_ops = OPS(threads_apply),
                                      parallel_ops = OPS(threads_apply);
static const struct pxm_transform_ops shrink_ops = {
    .struct_size = sizeof shrink_ops, .announce = shrink_announce, .apply = shrink_apply};

#define SIGNATURE(in_types, out_types, field_table)                                                                    \
    {                                                                                                                  \
        .struct_size = sizeof(struct pxm_signature), .field_size = sizeof(struct pxm_field), .in = (in_types),         \
        .out = (out_types), .fields = (field_table)                                                                    \
    }
static const struct pxm_signature note_signature = SIGNATURE(0, 0, note_fields);
static const struct pxm_signature open_signature = SIGNATURE(PXM_TYPE_BLOB, PXM_TYPE_IMAGE, picture_fields);
static const struct pxm_signature image_signature = SIGNATURE(PXM_TYPE_IMAGE, PXM_TYPE_IMAGE, picture_fields);
static const struct pxm_signature pack_signature = SIGNATURE(PXM_TYPE_IMAGE, PXM_TYPE_BLOB, NULL);
static const struct pxm_signature hang_signature = SIGNATURE(0, 0, NULL);
static const struct pxm_signature broken_signature = SIGNATURE(0, PXM_TYPE_STRING, broken_fields);
static const struct pxm_signature threads_signature = SIGNATURE(0, 0, threads_fields);

#define UNIT(id, unit_threads, config, table, sign, unit_ops)                                                          \
    static const struct pxm_unit id##_unit = {.struct_size = sizeof(struct pxm_unit),                                  \
                                              .threads = (unit_threads),                                               \
                                              .config_size = sizeof(config),                                           \
                                              .option_size = sizeof(struct pxm_option),                                \
                                              .iface = PXM_IFACE_TRANSFORM,                                            \
                                              .name = "fake." #id,                                                     \
                                              .summary = "For tests.",                                                 \
                                              .options = (table),                                                      \
                                              .signature = &(sign),                                                    \
                                              .ops = &(unit_ops),                                                      \
                                              .create = create}
UNIT(note, PXM_THREADS_PARALLEL, struct note, note_options, note_signature, note_ops);
UNIT(open, PXM_THREADS_PARALLEL, struct nothing, no_options, open_signature, open_ops);
UNIT(shrink, PXM_THREADS_PARALLEL, struct shrink, shrink_options, image_signature, shrink_ops);
UNIT(same, PXM_THREADS_PARALLEL, struct nothing, no_options, image_signature, same_ops);
UNIT(pack, PXM_THREADS_PARALLEL, struct nothing, no_options, pack_signature, pack_ops);
UNIT(hang, PXM_THREADS_PARALLEL, struct hang, hang_options, hang_signature, hang_ops);
UNIT(broken, PXM_THREADS_PARALLEL, struct broken, broken_options, broken_signature, broken_ops);
UNIT(serial, PXM_THREADS_SERIAL, struct nothing, no_options, threads_signature, serial_ops);
UNIT(each, PXM_THREADS_PER_INSTANCE, struct nothing, no_options, threads_signature, each_ops);
UNIT(parallel, PXM_THREADS_PARALLEL, struct nothing, no_options, threads_signature, parallel_ops);

const struct pxm_plugin *pxm_plugin_fake(void)
{
    static const struct pxm_unit *units[16] = {&note_unit, &open_unit,   &shrink_unit, &same_unit, &pack_unit,
                                               &hang_unit, &broken_unit, &serial_unit, &each_unit, &parallel_unit};
    static const struct pxm_plugin plugin = {.struct_size = sizeof plugin,
                                             .abi = PXM_ABI_CURRENT,
                                             .abi_min = PXM_ABI_CURRENT,
                                             .name = "fake",
                                             .version = "1.0.0",
                                             .license = "Apache-2.0",
                                             .summary = "For tests.",
                                             .units = units};

    for (size_t i = 0; fake_resource_units[i]; i++) {
        units[10 + i] = fake_resource_units[i];
    }
    return &plugin;
}

void fake_failures_reset(void)
{
    atomic_store(&note_failures, 0);
    atomic_store(&most, 0);
}
