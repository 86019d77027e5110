/* `compare` as the checker and the manual see it. The work is in body/compare.c. */
#include "units.h"

static const struct pxm_option options[] = {
    {.name = "with",
     .type = PXM_OPT_BLOB,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct resize_compare_options, with, pxm_blob *),
     .help = "The picture file that the input should look like."},
    {.name = NULL},
};

static const struct pxm_field fields[] = {
    {"mean_de", PXM_TYPE_FLOAT, 0,
     "Mean colour difference (CIEDE2000): below 1 nobody sees it; lossy formats differ by 1 to 4."},
    {"max_de", PXM_TYPE_FLOAT, 0, "The greatest difference of any pixel."},
    {"dhash", PXM_TYPE_INT, 0,
     "Differing bits of 64-bit difference hashes: to 12 the same scene, about 32 two of them."},
    {"same_size", PXM_TYPE_BOOL, 0,
     "Whether both have the same size; else the input was scaled before it was compared."},
    {"turned", PXM_TYPE_INT, 0,
     "90, 180 or 270 where the input looks alike after turning it so far clockwise; else 0."},
    {NULL, 0, 0, NULL},
};

static const char *const codes[] = {
    "decode.unsupported", "decode.corrupt", "limit.bytes", "limit.pixels",   "limit.side",
    "limit.memory",       "limit.scans",    "limit.time",  "compare.failed", NULL,
};

static const struct pxm_signature signature = {
    .struct_size = sizeof(struct pxm_signature),
    .field_size = sizeof(struct pxm_field),
    .in = PXM_TYPE_BLOB,
    .out = PXM_TYPE_BLOB,
    .fields = fields,
    .codes = codes,
};

const struct pxm_unit resize_compare_unit = {
    RESIZE_UNIT,
    .config_size = sizeof(struct resize_compare_options),
    .name = "compare",
    .summary = "Tells how much two pictures differ to the eye, and shows where, as a PNG that is brighter there.",
    .options = options,
    .signature = &signature,
};
