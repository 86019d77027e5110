/* `inspect`: what a file says about itself, and what it looks like on average. */
#include "body.h"
#include "exif.h"
#include "finish.h"
#include "still.h"
#include <math.h>

static int band_mean(VipsImage *image, int band, double *ret)
{
    VIPSBASE_AUTO_IMAGE one = NULL;

    return vips_extract_band(image, &one, band, NULL) || vips_avg(one, ret, NULL) ? -1 : 0;
}

/* NULL: no memory, or libvips failed. */
static pxm_value *average_of(const struct pxm_host *host, VipsImage *image)
{
    pxm_value *list = host->value_list();
    double mean = 0;

    for (int band = 0; list && band < 3; band++) {
        if (band_mean(image, band, &mean) || host->value_append(list, host->value_int(lround(mean)))) {
            host->value_unref(list);
            return NULL;
        }
    }
    return list;
}

static void set_exif(const struct pxm_host *host, pxm_blob *blob, pxm_value *fields)
{
    const uint8_t *tiff = NULL;
    size_t length, tiff_length = 0;
    const uint8_t *file = host->blob_data(blob, &length);
    struct resize_exif exif;

    resize_exif_find(file, length, &tiff, &tiff_length);
    resize_exif_read(tiff, tiff_length, true, &exif);
    host->value_set(fields, "exif", host->value_bool(tiff_length > 0));
    host->value_set(fields, "gps",
                    host->value_bool(!isnan(exif.latitude) || !isnan(exif.longitude) || !isnan(exif.altitude)));
}

static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *fields,
                        pxm_error *error)
{
    const struct pxm_host *host = ((struct resize_self *)self)->host;
    const struct vipsbase_pull pull = {
        .host = host, .job = job, .status = PXM_E_INTERNAL, .code = "inspect.failed", .what = "inspect the picture"};
    pxm_blob *blob = host->value_as_blob(call->in);
    struct resize_still still;
    pxm_value *average;
    pxm_status status = resize_still_open(&pull, blob, &still, error);

    (void)ret_out;
    if (status) {
        return status;
    }
    average = average_of(host, still.image);
    host->value_set(fields, "format", host->value_string(still.header.name, strlen(still.header.name)));
    host->value_set(fields, "width", host->value_int(still.image->Xsize));
    host->value_set(fields, "height", host->value_int(still.image->Ysize));
    host->value_set(fields, "frames", host->value_int(still.header.pages));
    host->value_set(fields, "has_alpha", host->value_bool(still.header.has_alpha));
    host->value_set(fields, "orientation", host->value_int(still.header.orientation));
    host->value_set(fields, "icc", host->value_bool(still.icc));
    host->value_set(fields, "bytes", host->value_int((int64_t)host->blob_length(blob)));
    set_exif(host, blob, fields);
    g_object_unref(still.image);
    if (!average) {
        return vipsbase_fail(host, error, pull.status, pull.code, pull.what);
    }
    host->value_set(fields, "average", average);
    return PXM_OK;
}

static const struct pxm_transform_ops ops = {.struct_size = sizeof(struct pxm_transform_ops), .apply = apply};

const struct pxm_unit resize_inspect_body = {RESIZE_BODY_UNIT, .name = "inspect", .ops = &ops};
