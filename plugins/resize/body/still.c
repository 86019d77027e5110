/* Opens files for operations that measure. Any thread with a job. */
#include "still.h"
#include "finish.h"
#include "hevc.h"
#include "picture.h"

/* The finished first frame, of one or three bands and perhaps alpha, as three bands over white. */
static int flatten(VipsImage **image)
{
    double white[] = {255};
    VipsArrayDouble *background;
    VipsImage *out;
    int failed;

    if (vips_image_hasalpha(*image)) {
        background = vips_array_double_new(white, 1);
        failed = vips_flatten(*image, &out, "background", background, NULL);
        vips_area_unref(VIPS_AREA(background));
        if (failed || vipsbase_replace(image, out)) {
            return -1;
        }
    }
    if ((*image)->Bands >= 3) {
        return 0;
    }
    return vips_colourspace(*image, &out, VIPS_INTERPRETATION_sRGB, NULL) ? -1 : vipsbase_replace(image, out);
}

static pxm_status open_frame(const struct vipsbase_pull *pull, pxm_blob *blob, struct resize_still *still,
                             VipsImage **ret, pxm_error *error)
{
    const struct pxm_host *host = pull->host;
    pxm_image *image = resize_picture_new(host, blob, &still->header, 0, 1);
    pxm_status status;

    if (!image) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    status = resize_picture_open(host, image, pull->job, 0, 0, ret, error);
    host->image_unref(image);
    if (status) {
        return status;
    }
    still->icc = vips_image_get_typeof(*ret, VIPS_META_ICC_NAME) != 0;
    status = resize_finish(pull, ret, error);
    if (!status && flatten(ret)) {
        status = vipsbase_fail(host, error, pull->status, pull->code, pull->what);
    }
    return status;
}

pxm_status resize_still_open(const struct vipsbase_pull *pull, pxm_blob *blob, struct resize_still *ret,
                             pxm_error *error)
{
    const struct pxm_host *host = pull->host;
    const struct pxm_limits *limits = host->limits(pull->job);
    struct resize_walk walk = {.host = host, .error = error, .scans_max = limits->scans};
    struct resize_still still = {0};
    VIPSBASE_AUTO_IMAGE frame = NULL;
    pxm_status status;

    if ((int64_t)host->blob_length(blob) > limits->bytes) {
        return host->fail(error, PXM_E_LIMIT, "limit.bytes", "the file has %zu bytes; %lld are allowed",
                          host->blob_length(blob), (long long)limits->bytes);
    }
    walk.data = host->blob_data(blob, &walk.length);
    if (!walk.data) {
        return host->fail(error, PXM_E_INTERNAL, "io.error", "the file cannot be read");
    }
    status = resize_header_read(&walk, &still.header);
    status = status ? status : resize_header_allow(&walk, &still.header, 1, limits);
    status = status ? status : resize_hevc_allow(&walk, &still.header);
    status = status ? status : open_frame(pull, blob, &still, &frame, error);
    status = status ? status : vipsbase_pull_to_memory(pull, frame, &still.image, error);
    if (!status) {
        *ret = still;
    }
    return status;
}
