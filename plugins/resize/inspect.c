/* `inspect` as the checker and the manual see it. The work is in body/inspect.c. */
#include "units.h"

static const struct pxm_field fields[] = {
    {"format", PXM_TYPE_STRING, 0, "jpeg, png, webp, gif, avif, heic or tiff, by content."},
    {"width", PXM_TYPE_INT, 0, "Pixels of one upright frame."},
    {"height", PXM_TYPE_INT, 0, "Pixels of one upright frame."},
    {"frames", PXM_TYPE_INT, 0, "Frames of an animation, pages of a TIFF; else 1."},
    {"has_alpha", PXM_TYPE_BOOL, 0, "Whether the file has an alpha channel."},
    {"orientation", PXM_TYPE_INT, 0, "EXIF orientation of the file, 1 to 8."},
    {"icc", PXM_TYPE_BOOL, 0, "Whether a colour profile is embedded."},
    {"exif", PXM_TYPE_BOOL, 0, "Whether there is any Exif data."},
    {"gps", PXM_TYPE_BOOL, 0, "Whether that data tells a place."},
    {"average", PXM_TYPE_LIST, 0, "Mean red, green and blue of the first frame, 0 to 255, over white."},
    {"bytes", PXM_TYPE_INT, 0, "Length of the file."},
    {NULL, 0, 0, NULL},
};

static const char *const codes[] = {
    "decode.unsupported", "decode.corrupt", "limit.bytes", "limit.pixels",   "limit.side",
    "limit.memory",       "limit.scans",    "limit.time",  "inspect.failed", NULL,
};

static const struct pxm_signature signature = {
    .struct_size = sizeof(struct pxm_signature),
    .field_size = sizeof(struct pxm_field),
    .in = PXM_TYPE_BLOB,
    .fields = fields,
    .codes = codes,
};

const struct pxm_unit resize_inspect_unit = {
    RESIZE_UNIT,
    .name = "inspect",
    .summary = "Tells all about a picture file, for tests and audits: every pixel is decoded.",
    .signature = &signature,
};
