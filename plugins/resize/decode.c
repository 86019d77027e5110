/* `decode` as the checker and the manual see it. The work is in body/decode.c. */
#include "units.h"

#define OPTION(field, ctype) .offset = PXM_FIELD(struct resize_decode_options, field, ctype)

static const struct pxm_choice frames[] = {
    {"first", RESIZE_FRAMES_FIRST, 0, "One frame, that of `page`."},
    {"all", RESIZE_FRAMES_ALL, 0, "The frames of a GIF or WebP animation from `page` on, within the limits."},
    {NULL, 0, 0, NULL},
};

static const struct pxm_choice verify[] = {
    {"none", RESIZE_VERIFY_NONE, 0,
     "The header is checked now; damage further on shows in the step that reads pixels."},
    {"full", RESIZE_VERIFY_FULL, 0, "Every pixel is decoded once, so that a damaged file fails in this step."},
    {NULL, 0, 0, NULL},
};

static const struct pxm_option options[] = {
    {.name = "frames",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(frames, int32_t),
     .fallback = "first",
     .choices = frames,
     .help = "Which frames of an animation to keep."},
    {.name = "page",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(page, int64_t),
     .fallback = "0",
     .min = 0,
     .max = 99999,
     .help = "The page of a TIFF or frame of an animation to begin with, counted from 0."},
    {.name = "verify",
     .type = PXM_OPT_ENUM,
     OPTION(verify, int32_t),
     .fallback = "none",
     .choices = verify,
     .help = "How much of the file is checked in this step."},
    {.name = NULL},
};

static const struct pxm_field fields[] = {
    [RESIZE_DECODE_WIDTH] = {"width", PXM_TYPE_INT, 0, "Pixels of one upright frame."},
    [RESIZE_DECODE_HEIGHT] = {"height", PXM_TYPE_INT, 0, "Pixels of one upright frame."},
    [RESIZE_DECODE_FORMAT] = {"format", PXM_TYPE_STRING, 0, "jpeg, png, webp, gif, avif, heic or tiff, by content."},
    [RESIZE_DECODE_EXT] = {"ext", PXM_TYPE_STRING, 0, "Usual end of a file name, without the dot: jpg."},
    [RESIZE_DECODE_MEDIA] = {"media", PXM_TYPE_STRING, 0, "Media type by content: image/jpeg."},
    [RESIZE_DECODE_FRAMES] = {"frames", PXM_TYPE_INT, 0, "Frames kept: 1 unless `frames: all` met an animation."},
    [RESIZE_DECODE_PAGES] = {"pages", PXM_TYPE_INT, 0, "Frames or pages in the file."},
    [RESIZE_DECODE_HAS_ALPHA] = {"has_alpha", PXM_TYPE_BOOL, 0, "Whether the file has an alpha channel."},
    [RESIZE_DECODE_ORIENTATION] = {"orientation", PXM_TYPE_INT, 0,
                                   "EXIF orientation of the file, 1 to 8; the picture itself comes upright."},
    [RESIZE_DECODE_SHA256] = {"sha256", PXM_TYPE_STRING, 0, "SHA-256 of the file, in hex."},
    [RESIZE_DECODE_BYTES] = {"bytes", PXM_TYPE_INT, 0, "Length of the file."},
    {NULL, 0, 0, NULL},
};

static const char *const codes[] = {
    "decode.unsupported", "decode.corrupt", "decode.no_page", "limit.bytes", "limit.pixels", "limit.side",
    "limit.frames",       "limit.memory",   "limit.scans",    "limit.time",  NULL,
};

static const struct pxm_signature signature = {
    .struct_size = sizeof(struct pxm_signature),
    .field_size = sizeof(struct pxm_field),
    .in = PXM_TYPE_BLOB,
    .out = PXM_TYPE_IMAGE,
    .fields = fields,
    .codes = codes,
};

const struct pxm_unit resize_decode_unit = {
    RESIZE_UNIT,
    .config_size = sizeof(struct resize_decode_options),
    .name = "decode",
    .summary =
        "Opens a picture: checks its header against the limits and keeps the file, whose pixels are decoded when "
        "a later step asks for them.",
    .options = options,
    .signature = &signature,
};
