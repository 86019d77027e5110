/* `encode`: pulls the pixels of a picture and writes them as a file. */
#include "body.h"
#include "colour.h"
#include "finish.h"
#include "header.h"
#include "save.h"
#include <string.h>

struct job {
    const struct pxm_host *host;
    const struct resize_encode_options *options;
    const struct resize_saver *saver;
    struct vipsbase_pull pull;
};

static int64_t quality_of(const struct job *j)
{
    const struct pxm_host *host = j->host;
    const pxm_value *quality = j->options->quality;

    if (host->value_type(quality) == PXM_TYPE_RECORD) {
        quality = host->value_get(quality, j->saver->name);
    }
    return host->value_type(quality) == PXM_TYPE_INT ? host->value_as_int(quality) : j->saver->quality;
}

static int64_t effort_of(const struct job *j)
{
    int64_t effort = j->options->effort == PXM_UNSET_INT ? j->saver->effort : j->options->effort;

    return effort < j->saver->effort_min   ? j->saver->effort_min
           : effort > j->saver->effort_max ? j->saver->effort_max
                                           : effort;
}

/* `icc` is the only item that `keep` may have. */
static bool keeps_profile(const struct job *j)
{
    return j->host->value_count(j->options->keep) > 0;
}

/* Puts the background behind transparent parts. */
static pxm_status flatten(const struct job *j, VipsImage **image, pxm_error *error)
{
    double colour[4];
    VipsArrayDouble *background;
    VipsImage *out;
    int result;

    if (!resize_colour_parse(j->options->background, colour)) {
        return j->host->fail(error, PXM_E_INVALID, "encode.bad_options", "`background: %s` is no colour",
                             j->options->background);
    }
    if ((*image)->Bands == 2 && (colour[0] != colour[1] || colour[1] != colour[2]) &&
        (vips_colourspace(*image, &out, VIPS_INTERPRETATION_sRGB, NULL) || vipsbase_replace(image, out))) {
        return vipsbase_fail(j->host, error, PXM_E_INTERNAL, j->pull.code, j->pull.what);
    }
    background = vips_array_double_new(colour, (*image)->Bands - 1);
    result = vips_flatten(*image, &out, "background", background, NULL);
    vips_area_unref(VIPS_AREA(background));
    return result || vipsbase_replace(image, out)
               ? vipsbase_fail(j->host, error, PXM_E_INTERNAL, j->pull.code, j->pull.what)
               : PXM_OK;
}

/* The first frame alone. */
static int keep_first(VipsImage **image)
{
    VipsImage *out;

    if (vips_extract_area(*image, &out, 0, 0, (*image)->Xsize, vips_image_get_page_height(*image), NULL) ||
        vipsbase_replace(image, out)) {
        return -1;
    }
    vips_image_remove(out, VIPS_META_PAGE_HEIGHT);
    vips_image_remove(out, VIPS_META_N_PAGES);
    return 0;
}

/* Names the colours that the pixels have. All other metadata has been dropped when the file was opened. */
static int add_profile(VipsImage **image)
{
    VipsBlob *blob;
    VipsImage *out;
    const void *data;
    size_t length;

    if (vips_copy(*image, &out, NULL) || vipsbase_replace(image, out) || vips_profile_load("srgb", &blob, NULL)) {
        return -1;
    }
    data = vips_blob_get(blob, &length);
    vips_image_set_blob_copy(out, VIPS_META_ICC_NAME, data, length);
    vips_area_unref(VIPS_AREA(blob));
    return 0;
}

/* The pixels as the format can take them. */
static pxm_status open_pixels(const struct job *j, pxm_image *source, VipsImage **ret, pxm_error *error)
{
    VIPSBASE_AUTO_IMAGE image = NULL;
    pxm_status status = j->host->image_pixels(source, j->pull.job, 0, 0, &image, error);

    status = status ? status : resize_finish(&j->pull, &image, error);
    if (status) {
        return status;
    }
    if (image->Bands > 4) {
        return j->host->fail(error, PXM_E_INVALID, "encode.failed", "a picture of %d bands has no file format",
                             image->Bands);
    }
    if (!j->saver->animation && image->Ysize > vips_image_get_page_height(image) && keep_first(&image)) {
        return vipsbase_fail(j->host, error, PXM_E_INTERNAL, j->pull.code, j->pull.what);
    }
    if (!j->saver->alpha && vips_image_hasalpha(image) && (status = flatten(j, &image, error)) != PXM_OK) {
        return status;
    }
    if (keeps_profile(j) && add_profile(&image)) {
        return vipsbase_fail(j->host, error, PXM_E_INTERNAL, j->pull.code, j->pull.what);
    }
    *ret = g_steal_pointer(&image);
    return PXM_OK;
}

static void release_buffer(void *data)
{
    g_free(data);
}

static pxm_status write_file(const struct job *j, VipsImage *image, pxm_blob **ret, pxm_error *error)
{
    struct resize_save save = {.quality = quality_of(j),
                               .effort = effort_of(j),
                               .progressive = j->options->progressive,
                               .lossless = j->options->lossless,
                               .bare = !keeps_profile(j)};
    pxm_status status = vipsbase_pull(&j->pull, image, j->saver->write, &save, error);
    pxm_blob *blob;

    if (status) {
        g_free(save.data);
        return status;
    }
    blob = j->host->blob_new(save.data, save.length, release_buffer, save.data);
    if (!blob) {
        return j->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    *ret = blob;
    return PXM_OK;
}

struct original {
    const struct pxm_host *host;
    pxm_blob *blob;
};

static void release_original(void *arg)
{
    struct original *original = arg;

    original->host->blob_unref(original->blob);
    g_free(original);
}

/* A blob of the same bytes that nobody else has seen, so that its media type can be set. */
static pxm_blob *view_of(const struct pxm_host *host, pxm_blob *blob)
{
    struct original *original = g_new0(struct original, 1);
    size_t length;
    const void *data = host->blob_data(blob, &length);

    *original = (struct original){host, host->blob_ref(blob)};
    return host->blob_new(data, length, release_original, original);
}

/* Puts the original in the place of *blob where the options want that. It must show the same and tell nothing more: no
 * place, no serial number, no comment. */
static pxm_status prefer_original(const struct job *j, pxm_image *source, pxm_blob **blob, pxm_error *error)
{
    struct resize_walk walk = {.host = j->host, .error = error, .scans_max = INT64_MAX};
    struct resize_header header;
    pxm_blob *original = NULL, *view = NULL;
    pxm_status status = PXM_OK;

    if (!j->options->never_larger || j->host->image_encoded(source, &original)) {
        return PXM_OK;
    }
    walk.data = j->host->blob_data(original, &walk.length);
    if (walk.data && walk.length <= j->host->blob_length(*blob)) {
        status = resize_header_read(&walk, &header);
        if (!status && !header.metadata && strcmp(header.media, j->saver->media) == 0) {
            view = view_of(j->host, original);
            status = view ? PXM_OK : j->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
        }
    }
    if (view) {
        j->host->blob_unref(*blob);
        *blob = view;
    }
    j->host->blob_unref(original);
    return status;
}

static pxm_status check_size(const struct job *j, const struct pxm_image_info *info, pxm_error *error)
{
    int64_t limit = j->host->limits(j->pull.job)->output_side;

    if (info->width > limit || info->height > limit) {
        return j->host->fail(error, PXM_E_LIMIT, "limit.output_side",
                             "the picture is %lld x %lld pixels; a side of one that is written may have %lld",
                             (long long)info->width, (long long)info->height, (long long)limit);
    }
    if (j->options->lossless && !j->saver->lossless) {
        return j->host->fail(error, PXM_E_INVALID, "encode.bad_options",
                             "%s cannot be lossless: take png, webp or tiff", j->saver->name);
    }
    return PXM_OK;
}

static pxm_status make_file(const struct job *j, pxm_image *source, VipsImage *image, pxm_blob **ret, pxm_error *error)
{
    int64_t max = j->options->max_bytes;
    pxm_blob *blob = NULL;
    pxm_status status = write_file(j, image, &blob, error);

    status = status ? status : prefer_original(j, source, &blob, error);
    if (!status && max != PXM_UNSET_INT && (int64_t)j->host->blob_length(blob) > max) {
        status = j->host->fail(error, PXM_E_LIMIT, "limit.output",
                               "the %s has %zu bytes; %lld are allowed: lower the quality or the size", j->saver->name,
                               j->host->blob_length(blob), (long long)max);
    }
    if (status) {
        j->host->blob_unref(blob);
        return status;
    }
    j->host->blob_set_media(blob, j->saver->media);
    *ret = blob;
    return PXM_OK;
}

static pxm_value *text(const struct pxm_host *host, const char *string)
{
    return host->value_string(string, strlen(string));
}

static void set_fields(const struct job *j, VipsImage *image, const pxm_blob *blob, pxm_value *fields)
{
    const struct pxm_host *host = j->host;
    int height = vips_image_get_page_height(image);

    host->value_set(fields, "format", text(host, j->saver->name));
    host->value_set(fields, "media", text(host, j->saver->media));
    host->value_set(fields, "ext", text(host, j->saver->ext));
    host->value_set(fields, "width", host->value_int(image->Xsize));
    host->value_set(fields, "height", host->value_int(height));
    host->value_set(fields, "frames", host->value_int(image->Ysize / height));
    host->value_set(fields, "bytes", host->value_int((int64_t)host->blob_length(blob)));
}

static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *fields,
                        pxm_error *error)
{
    const struct pxm_host *host = ((struct resize_self *)self)->host;
    const struct resize_encode_options *options = call->options;
    const struct resize_saver *saver = resize_saver_of(options->format);
    char what[32];
    struct job j = {
        .host = host,
        .options = options,
        .saver = saver,
        .pull = {.host = host, .job = job, .status = PXM_E_INTERNAL, .code = "encode.failed", .what = what}};
    pxm_image *source = host->value_as_image(call->in);
    VIPSBASE_AUTO_IMAGE image = NULL;
    pxm_blob *blob;
    pxm_status status;

    g_snprintf(what, sizeof(what), "write the %s", saver->name);
    status = check_size(&j, host->image_info(source), error);
    status = status ? status : open_pixels(&j, source, &image, error);
    status = status ? status : make_file(&j, source, image, &blob, error);
    if (status) {
        return status;
    }
    set_fields(&j, image, blob, fields);
    *ret_out = host->value_blob(blob);
    return *ret_out ? PXM_OK : host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

static const struct pxm_transform_ops ops = {.struct_size = sizeof(struct pxm_transform_ops), .apply = apply};

const struct pxm_unit resize_encode_body = {RESIZE_BODY_UNIT, .name = "encode", .ops = &ops};
