/* `encode` as the checker and the manual see it. The work is in body/encode.c. */
#include "units.h"
#include <string.h>

#define OPTION(field, ctype) .offset = PXM_FIELD(struct resize_encode_options, field, ctype)

static const struct pxm_choice formats[] = {
    {"jpeg", RESIZE_FORMAT_JPEG, 0, "Photos, everywhere; no alpha."},
    {"png", RESIZE_FORMAT_PNG, 0, "Lossless."},
    {"webp", RESIZE_FORMAT_WEBP, 0, "A quarter smaller than JPEG; alpha and animation."},
    {"avif", RESIZE_FORMAT_AVIF, 0, "The smallest, and the slowest to make."},
    {"gif", RESIZE_FORMAT_GIF, 0, "256 colours; animation."},
    {"tiff", RESIZE_FORMAT_TIFF, 0, "Lossless, for archives and print."},
    {NULL, 0, 0, NULL},
};

static const struct pxm_option options[] = {
    {.name = "format",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     OPTION(format, int32_t),
     .choices = formats,
     .help = "What to write. An animation keeps its frames in WebP and GIF, else the first one."},
    {.name = "quality",
     .type = PXM_OPT_INT_OR_RECORD,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(quality, const pxm_value *),
     .min = 1,
     .max = 100,
     .choices = formats,
     .help = "1 to 100, for all formats or each: JPEG and WebP 80, AVIF 50 where nothing is said; lossless ones ignore "
             "it."},
    {.name = "effort",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(effort, int64_t),
     .min = 0,
     .max = 9,
     .help = "How long to look for a smaller file: WebP to 6 (else 2), AVIF to 9 (2), GIF from 1 (7), PNG to 9 (6); "
             "JPEG optimises its tables from 5 on; TIFF has no such choice."},
    {.name = "progressive",
     .type = PXM_OPT_BOOL,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(progressive, int32_t),
     .fallback = "false",
     .help = "Shows a rough picture early, where the format can: JPEG, PNG, GIF."},
    {.name = "lossless",
     .type = PXM_OPT_BOOL,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(lossless, int32_t),
     .fallback = "false",
     .help = "Keeps every pixel exactly: WebP; PNG and TIFF always do."},
    {.name = "background",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC | PXM_OPT_COLOR,
     OPTION(background, const char *),
     .fallback = "#ffffff",
     .help = "Colour behind transparent parts, where the format has no alpha."},
    {.name = "keep",
     .type = PXM_OPT_LIST,
     OPTION(keep, const pxm_value *),
     .item = PXM_TYPE_STRING,
     .help = "Metadata to write: `icc` writes a profile that says sRGB, which the pixels always are. All else, places "
             "above all, is never written."},
    {.name = "max_bytes",
     .type = PXM_OPT_SIZE,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(max_bytes, int64_t),
     .min = 1,
     .max = 9e15,
     .help = "Fails with limit.output when the file comes out larger."},
    {.name = "never_larger",
     .type = PXM_OPT_BOOL,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(never_larger, int32_t),
     .fallback = "false",
     .help = "Gives the original file when the picture is unchanged, of this format already, free of metadata, and not "
             "larger than the new one."},
    {.name = NULL},
};

static const struct pxm_field fields[] = {
    [RESIZE_ENCODE_FORMAT] = {"format", PXM_TYPE_STRING, 0, "The format written."},
    [RESIZE_ENCODE_MEDIA] = {"media", PXM_TYPE_STRING, 0, "Its media type: image/webp."},
    [RESIZE_ENCODE_EXT] = {"ext", PXM_TYPE_STRING, 0, "Usual end of a file name, without the dot: webp."},
    [RESIZE_ENCODE_WIDTH] = {"width", PXM_TYPE_INT, 0, "Pixels of one frame."},
    [RESIZE_ENCODE_HEIGHT] = {"height", PXM_TYPE_INT, 0, "Pixels of one frame."},
    [RESIZE_ENCODE_FRAMES] = {"frames", PXM_TYPE_INT, 0, "Frames written."},
    [RESIZE_ENCODE_BYTES] = {"bytes", PXM_TYPE_INT, 0, "Length of the file."},
    {NULL, 0, 0, NULL},
};

static const char *const codes[] = {
    "encode.bad_options", "encode.failed", "decode.corrupt", "limit.output_side", "limit.output", "limit.time", NULL,
};

static const struct pxm_signature signature = {
    .struct_size = sizeof(struct pxm_signature),
    .field_size = sizeof(struct pxm_field),
    .in = PXM_TYPE_IMAGE,
    .out = PXM_TYPE_BLOB,
    .fields = fields,
    .codes = codes,
};

static pxm_status validate(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct resize_encode_options *o = config;

    if (o->lossless &&
        (o->format == RESIZE_FORMAT_JPEG || o->format == RESIZE_FORMAT_GIF || o->format == RESIZE_FORMAT_AVIF)) {
        return host->fail(error, PXM_E_INVALID, "encode.bad_options", "%s cannot be lossless: take png, webp or tiff",
                          formats[o->format].name);
    }
    for (size_t i = 0; i < host->value_count(o->keep); i++) {
        const char *name = host->value_as_string(host->value_at(o->keep, i), NULL);
        if (strcmp(name, "icc") != 0) {
            return host->fail(error, PXM_E_INVALID, "encode.bad_options", "cannot keep `%s`: only `icc` can be kept",
                              name);
        }
    }
    return PXM_OK;
}

const struct pxm_unit resize_encode_unit = {
    RESIZE_UNIT,          .config_size = sizeof(struct resize_encode_options),
    .name = "encode",     .summary = "Writes a picture as a file, without metadata unless asked.",
    .options = options,   .signature = &signature,
    .validate = validate,
};
