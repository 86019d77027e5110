/* `decode`: names the format, checks the header against the limits, and keeps the file as a lazy picture. */
#include "body.h"
#include "hevc.h"
#include "picture.h"

static int discard(VipsRegion *region, VipsRect *area, void *arg)
{
    (void)region;
    (void)area;
    (void)arg;
    return 0;
}

static int decode_all(VipsImage *image, void *arg)
{
    return vips_sink_disc(image, discard, arg);
}

/* Decodes every pixel once and keeps none. */
static pxm_status verify(const struct pxm_host *host, pxm_job *job, pxm_image *image, pxm_error *error)
{
    struct vipsbase_pull pull = {
        .host = host, .job = job, .status = PXM_E_INTERNAL, .code = "decode.corrupt", .what = "decode the picture"};
    VIPSBASE_AUTO_IMAGE pixels = NULL;
    pxm_status status = resize_picture_open(host, image, job, 0, 0, &pixels, error);

    return status ? status : vipsbase_pull(&pull, pixels, decode_all, NULL, error);
}

static pxm_value *text(const struct pxm_host *host, const char *string)
{
    return host->value_string(string, strlen(string));
}

static pxm_status set_sha256(const struct pxm_host *host, pxm_blob *blob, pxm_value *fields, pxm_error *error)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *digest = host->blob_sha256(blob);
    char hex[64];

    if (!digest) {
        return host->fail(error, PXM_E_INTERNAL, "decode.failed", "cannot compute the SHA-256 of the file");
    }
    for (size_t i = 0; i < 32; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    host->value_set(fields, "sha256", host->value_string(hex, sizeof(hex)));
    return PXM_OK;
}

static pxm_status set_fields(const struct pxm_host *host, const struct pxm_call *call, pxm_blob *blob,
                             const struct resize_header *header, const struct pxm_image_info *info, pxm_value *fields,
                             pxm_error *error)
{
    host->value_set(fields, "width", host->value_int(info->width));
    host->value_set(fields, "height", host->value_int(info->height));
    host->value_set(fields, "format", text(host, header->name));
    host->value_set(fields, "ext", text(host, header->ext));
    host->value_set(fields, "media", text(host, header->media));
    host->value_set(fields, "frames", host->value_int(info->frames));
    host->value_set(fields, "pages", host->value_int(header->pages));
    host->value_set(fields, "has_alpha", host->value_bool(header->has_alpha));
    host->value_set(fields, "orientation", host->value_int(header->orientation));
    host->value_set(fields, "bytes", host->value_int((int64_t)host->blob_length(blob)));
    if (call->fields_wanted & UINT64_C(1) << RESIZE_DECODE_SHA256) {
        return set_sha256(host, blob, fields, error);
    }
    return PXM_OK;
}

/* How many frames to keep, from `page` on. */
static pxm_status count_frames(const struct resize_walk *walk, const struct resize_decode_options *options,
                               const struct resize_header *header, int64_t *ret)
{
    if (options->page >= header->pages) {
        return walk->host->fail(walk->error, PXM_E_INVALID, "decode.no_page",
                                "there is no frame %lld: the %s has %lld, counted from 0", (long long)options->page,
                                header->name, (long long)header->pages);
    }
    *ret = header->animated && options->frames == RESIZE_FRAMES_ALL ? header->pages - options->page : 1;
    return PXM_OK;
}

static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *fields,
                        pxm_error *error)
{
    const struct pxm_host *host = ((struct resize_self *)self)->host;
    const struct resize_decode_options *options = call->options;
    const struct pxm_limits *limits = host->limits(job);
    pxm_blob *blob = host->value_as_blob(call->in);
    struct resize_walk walk = {.host = host, .error = error, .page = options->page, .scans_max = limits->scans};
    struct resize_header header;
    int64_t frames = 1;
    pxm_image *image;
    pxm_status status;

    if ((int64_t)host->blob_length(blob) > limits->bytes) {
        return host->fail(error, PXM_E_LIMIT, "limit.bytes", "the file has %zu bytes; %lld are allowed",
                          host->blob_length(blob), (long long)limits->bytes);
    }
    walk.data = host->blob_data(blob, &walk.length);
    if (!walk.data) {
        return host->fail(error, PXM_E_INTERNAL, "io.error", "the file cannot be read");
    }
    status = resize_header_read(&walk, &header);
    status = status ? status : count_frames(&walk, options, &header, &frames);
    status = status ? status : resize_header_allow(&walk, &header, frames, limits);
    status = status ? status : resize_hevc_allow(&walk, &header);
    if (status) {
        return status;
    }
    image = resize_picture_new(host, blob, &header, options->page, frames);
    if (!image) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    status = options->verify == RESIZE_VERIFY_FULL ? verify(host, job, image, error) : PXM_OK;
    status = status ? status : set_fields(host, call, blob, &header, host->image_info(image), fields, error);
    if (status) {
        host->image_unref(image);
        return status;
    }
    *ret_out = host->value_image(image);
    return *ret_out ? PXM_OK : host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

static const struct pxm_transform_ops ops = {.struct_size = sizeof(struct pxm_transform_ops), .apply = apply};

const struct pxm_unit resize_decode_body = {RESIZE_BODY_UNIT, .name = "decode", .ops = &ops};
