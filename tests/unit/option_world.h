/* A config struct with one option of each kind, for the tests of option tables. */
#ifndef PXM_TESTS_OPTION_WORLD_H
#define PXM_TESTS_OPTION_WORLD_H

#include "expr_world.h"

#include "lang/options/options.h"
#include <math.h>

struct config {
    int32_t flag, fit, color_fit, other;
    int64_t width, bytes, time, pixels, limit;
    double ratio;
    const char *key, *background, *token, *store, *label, *folder;
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
    {.name = "folder",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_PATH | PXM_OPT_ADVANCED,
     FIELD(folder, const char *),
     .help = "A folder."},
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
static const char *const step_keys[] = {"when", "retry", "bits", NULL};

static inline struct pxm_bindings *bind(struct world *world, const struct pxm_option_table *bound, const char *yaml)
{
    const struct pxm_node *map = yaml ? world_yaml(world, yaml) : NULL;
    const struct pxm_bind_rules rules = {
        .resolver = &world->resolver, .owner = "`shrink`", .also = step_keys, .base = "/srv/app"};
    struct pxm_span span = map ? map->span : (struct pxm_span){.source = NULL};
    return pxm_options_bind(world->arena, bound, map, span, &rules, &world->diags);
}

#endif
