/* `placeholder` as the checker and the manual see it. The work is in body/placeholder.c. */
#include "units.h"

#define OPTION(field, ctype) .offset = PXM_FIELD(struct resize_placeholder_options, field, ctype)

static const struct pxm_choice kinds[] = {
    {"thumbhash", RESIZE_PLACEHOLDER_THUMBHASH, 0,
     "ThumbHash, about 25 bytes in base64: keeps alpha and aspect ratio."},
    {"blurhash", RESIZE_PLACEHOLDER_BLURHASH, 0, "BlurHash: `x` times `y` components."},
    {"color", RESIZE_PLACEHOLDER_COLOR, 0, "The dominant colour alone, #rrggbb."},
    {NULL, 0, 0, NULL},
};

static const struct pxm_option options[] = {
    {.name = "kind",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(kind, int32_t),
     .fallback = "thumbhash",
     .choices = kinds,
     .help = "What to make."},
    {.name = "x",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(x, int64_t),
     .fallback = "4",
     .min = 1,
     .max = 9,
     .help = "Components of a BlurHash from left to right."},
    {.name = "y",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(y, int64_t),
     .fallback = "3",
     .min = 1,
     .max = 9,
     .help = "Components of a BlurHash from top to bottom."},
    {.name = NULL},
};

static const struct pxm_field fields[] = {
    {"hash", PXM_TYPE_STRING, 0, "The placeholder: base64 of a ThumbHash, a BlurHash, or the colour."},
    {"color", PXM_TYPE_STRING, 0, "The dominant colour, #rrggbb; of a picture without a visible pixel, white."},
    {NULL, 0, 0, NULL},
};

static const char *const codes[] = {"decode.corrupt", "decode.failed", "placeholder.failed",
                                    "limit.memory",   "limit.time",    NULL};

static const struct pxm_signature signature = {
    .struct_size = sizeof(struct pxm_signature),
    .field_size = sizeof(struct pxm_field),
    .in = PXM_TYPE_IMAGE,
    .fields = fields,
    .codes = codes,
};

const struct pxm_unit resize_placeholder_unit = {
    RESIZE_UNIT,
    .config_size = sizeof(struct resize_placeholder_options),
    .name = "placeholder",
    .summary = "Makes a few bytes from which a page can paint a blurred picture until the real one is there.",
    .options = options,
    .signature = &signature,
};
