/* `metadata`: when and with what a picture was taken, from the Exif data of its file. */
#include "body.h"
#include "exif.h"
#include "picture.h"
#include <math.h>

static const char *const names[] = {
    [RESIZE_METADATA_MAKE] = "make",         [RESIZE_METADATA_MODEL] = "model",
    [RESIZE_METADATA_LENS] = "lens",         [RESIZE_METADATA_SOFTWARE] = "software",
    [RESIZE_METADATA_TAKEN_AT] = "taken_at", [RESIZE_METADATA_ORIENTATION] = "orientation",
    [RESIZE_METADATA_EXPOSURE] = "exposure", [RESIZE_METADATA_F_NUMBER] = "f_number",
    [RESIZE_METADATA_ISO] = "iso",           [RESIZE_METADATA_FOCAL_LENGTH] = "focal_length",
    [RESIZE_METADATA_LATITUDE] = "latitude", [RESIZE_METADATA_LONGITUDE] = "longitude",
    [RESIZE_METADATA_ALTITUDE] = "altitude",
};

/* NULL where nothing is known. */
static pxm_value *value_of(const struct pxm_host *host, const struct resize_exif *exif, int field)
{
    const char *text = NULL;
    double number = NAN;

    switch (field) {
    case RESIZE_METADATA_MAKE:
        text = exif->make;
        break;
    case RESIZE_METADATA_MODEL:
        text = exif->model;
        break;
    case RESIZE_METADATA_LENS:
        text = exif->lens;
        break;
    case RESIZE_METADATA_SOFTWARE:
        text = exif->software;
        break;
    case RESIZE_METADATA_TAKEN_AT:
        text = exif->taken_at;
        break;
    case RESIZE_METADATA_ORIENTATION:
        return exif->orientation ? host->value_int(exif->orientation) : NULL;
    case RESIZE_METADATA_ISO:
        return exif->iso ? host->value_int(exif->iso) : NULL;
    case RESIZE_METADATA_EXPOSURE:
        number = exif->exposure;
        break;
    case RESIZE_METADATA_F_NUMBER:
        number = exif->f_number;
        break;
    case RESIZE_METADATA_FOCAL_LENGTH:
        number = exif->focal_length;
        break;
    case RESIZE_METADATA_LATITUDE:
        number = exif->latitude;
        break;
    case RESIZE_METADATA_LONGITUDE:
        number = exif->longitude;
        break;
    default:
        number = exif->altitude;
        break;
    }
    if (text) {
        return text[0] ? host->value_string(text, strlen(text)) : NULL;
    }
    return isnan(number) ? NULL : host->value_float(number);
}

/* A set that fails is remembered by the record, and the engine looks. */
static void fill(const struct pxm_host *host, const struct resize_exif *exif, pxm_value *record)
{
    pxm_value *known = host->value_record();

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        pxm_value *value = value_of(host, exif, (int)i);

        if (value && known) {
            host->value_set(known, names[i], host->value_ref(value));
        }
        host->value_set(record, names[i], value ? value : host->value_null());
    }
    host->value_set(record, "exif", known);
}

/* The file as a new reference: the input itself, or what the picture was decoded from. */
static pxm_blob *take_file(const struct pxm_host *host, const pxm_value *in)
{
    pxm_image *image = host->value_as_image(in);
    pxm_blob *blob = image ? resize_picture_file(host, image) : host->value_as_blob(in);

    if (blob) {
        return host->blob_ref(blob);
    }
    return host->image_encoded(image, &blob) ? NULL : blob;
}

static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *record,
                        pxm_error *error)
{
    const struct pxm_host *host = ((struct resize_self *)self)->host;
    const struct resize_metadata_options *options = call->options;
    const uint8_t *file, *tiff = NULL;
    size_t length, tiff_length = 0;
    struct resize_exif exif;
    pxm_blob *blob = take_file(host, call->in);

    (void)job;
    (void)ret_out;
    if (!blob) {
        return host->fail(error, PXM_E_INVALID, "metadata.no_file",
                          "this picture was made here and has no file; `in` must be the file, or what `decode` gave");
    }
    file = host->blob_data(blob, &length);
    if (!file && host->blob_length(blob)) {
        host->blob_unref(blob);
        return host->fail(error, PXM_E_INTERNAL, "io.error", "the file cannot be read");
    }
    resize_exif_find(file, length, &tiff, &tiff_length);
    resize_exif_read(tiff, tiff_length, options->gps, &exif);
    host->blob_unref(blob);
    fill(host, &exif, record);
    return PXM_OK;
}

static const struct pxm_transform_ops ops = {.struct_size = sizeof(struct pxm_transform_ops), .apply = apply};

const struct pxm_unit resize_metadata_body = {RESIZE_BODY_UNIT, .name = "metadata", .ops = &ops};
