/* `metadata` as the checker and the manual see it. The work is in body/metadata.c. */
#include "units.h"

static const struct pxm_option options[] = {
    {.name = "gps",
     .type = PXM_OPT_BOOL,
     .offset = PXM_FIELD(struct resize_metadata_options, gps, int32_t),
     .fallback = "false",
     .help = "Whether to tell where the picture was taken, which its owner may not expect."},
    {.name = NULL},
};

static const struct pxm_field fields[] = {
    [RESIZE_METADATA_MAKE] = {"make", PXM_TYPE_STRING | PXM_TYPE_NULL, 0, "Maker of the camera."},
    [RESIZE_METADATA_MODEL] = {"model", PXM_TYPE_STRING | PXM_TYPE_NULL, 0, "Model of the camera."},
    [RESIZE_METADATA_LENS] = {"lens", PXM_TYPE_STRING | PXM_TYPE_NULL, 0, "Model of the lens."},
    [RESIZE_METADATA_SOFTWARE] = {"software", PXM_TYPE_STRING | PXM_TYPE_NULL, 0, "Program that wrote the file."},
    [RESIZE_METADATA_TAKEN_AT] = {"taken_at", PXM_TYPE_STRING | PXM_TYPE_NULL, 0,
                                  "ISO 8601, in the camera's local time, with its offset where the camera tells it."},
    [RESIZE_METADATA_ORIENTATION] = {"orientation", PXM_TYPE_INT | PXM_TYPE_NULL, 0, "1 to 8, as the file says."},
    [RESIZE_METADATA_EXPOSURE] = {"exposure", PXM_TYPE_FLOAT | PXM_TYPE_NULL, 0, "Seconds."},
    [RESIZE_METADATA_F_NUMBER] = {"f_number", PXM_TYPE_FLOAT | PXM_TYPE_NULL, 0, "Focal length by aperture."},
    [RESIZE_METADATA_ISO] = {"iso", PXM_TYPE_INT | PXM_TYPE_NULL, 0, "Sensitivity."},
    [RESIZE_METADATA_FOCAL_LENGTH] = {"focal_length", PXM_TYPE_FLOAT | PXM_TYPE_NULL, 0, "Millimetres."},
    [RESIZE_METADATA_LATITUDE] = {"latitude", PXM_TYPE_FLOAT | PXM_TYPE_NULL, 0,
                                  "Degrees north; only with `gps: true`."},
    [RESIZE_METADATA_LONGITUDE] = {"longitude", PXM_TYPE_FLOAT | PXM_TYPE_NULL, 0,
                                   "Degrees east; only with `gps: true`."},
    [RESIZE_METADATA_ALTITUDE] = {"altitude", PXM_TYPE_FLOAT | PXM_TYPE_NULL, 0,
                                  "Metres above the sea; only with `gps: true`."},
    [RESIZE_METADATA_EXIF] = {"exif", PXM_TYPE_RECORD, 0, "All of the above that are known, as one record."},
    {NULL, 0, 0, NULL},
};

static const char *const codes[] = {"metadata.no_file", NULL};

static const struct pxm_signature signature = {
    .struct_size = sizeof(struct pxm_signature),
    .field_size = sizeof(struct pxm_field),
    .in = PXM_TYPE_BLOB | PXM_TYPE_IMAGE,
    .fields = fields,
    .codes = codes,
};

const struct pxm_unit resize_metadata_unit = {
    RESIZE_UNIT,        .config_size = sizeof(struct resize_metadata_options),
    .name = "metadata", .summary = "Reads when and with what a photo was taken; the place only when asked.",
    .options = options, .signature = &signature,
};
