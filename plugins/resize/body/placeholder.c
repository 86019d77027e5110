/* `placeholder`: shrinks a picture to 100 pixels a side at most and hashes that. */
#include "body.h"
#include "placeholder_hash.h"
#include "vipsbase/vipsbase.h"

/* Size of the small picture: the longer side is RESIZE_HASH_SIDE_MAX where the picture has as much. */
static void small_size(const struct pxm_image_info *info, int *ret_width, int *ret_height)
{
    int64_t longer = MAX(info->width, info->height), side = MIN(longer, RESIZE_HASH_SIDE_MAX);

    *ret_width = (int)MAX(1, (info->width * side + longer / 2) / longer);
    *ret_height = (int)MAX(1, (info->height * side + longer / 2) / longer);
}

/* The first frame, of exactly that size, as RGBA. */
static int shrink(VipsImage **image, int width, int height)
{
    VipsImage *out = NULL;
    int page = vips_image_get_page_height(*image);

    if (page != (*image)->Ysize &&
        (vips_crop(*image, &out, 0, 0, (*image)->Xsize, page, NULL) || vipsbase_replace(image, out))) {
        return -1;
    }
    if (vips_thumbnail_image(*image, &out, width, "height", height, "size", VIPS_SIZE_FORCE, "no_rotate", TRUE, NULL) ||
        vipsbase_replace(image, out) || vips_colourspace(*image, &out, VIPS_INTERPRETATION_sRGB, NULL) ||
        vipsbase_replace(image, out) || vips_cast_uchar(*image, &out, NULL) || vipsbase_replace(image, out)) {
        return -1;
    }
    return vips_image_hasalpha(*image) ? 0 : vips_addalpha(*image, &out, NULL) || vipsbase_replace(image, out) ? -1 : 0;
}

/* false: out of memory. */
static bool hash(const struct resize_rgba *rgba, const struct resize_placeholder_options *options, const char *color,
                 char ret[RESIZE_BLURHASH_MAX])
{
    uint8_t bytes[RESIZE_THUMBHASH_MAX];
    size_t length;

    if (options->kind == RESIZE_PLACEHOLDER_BLURHASH) {
        resize_blurhash(rgba, (int)options->x, (int)options->y, ret);
    } else if (options->kind == RESIZE_PLACEHOLDER_COLOR) {
        g_strlcpy(ret, color, RESIZE_BLURHASH_MAX);
    } else {
        length = resize_thumbhash(rgba, bytes);
        g_autofree char *text = g_base64_encode(bytes, length);
        g_strlcpy(ret, text, RESIZE_BLURHASH_MAX);
        return length > 0;
    }
    return true;
}

static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *fields,
                        pxm_error *error)
{
    const struct pxm_host *host = ((struct resize_self *)self)->host;
    struct vipsbase_pull pull = {
        .host = host, .job = job, .status = PXM_E_INTERNAL, .code = "placeholder.failed", .what = "make a placeholder"};
    pxm_image *in = host->value_as_image(call->in);
    VIPSBASE_AUTO_IMAGE image = NULL;
    VIPSBASE_AUTO_IMAGE memory = NULL;
    char text[RESIZE_BLURHASH_MAX], color[8];
    struct resize_rgba rgba;
    pxm_status status;

    (void)ret_out;
    small_size(host->image_info(in), &rgba.width, &rgba.height);
    status = host->image_pixels(in, job, rgba.width, rgba.height, &image, error);
    if (status) {
        return status;
    }
    if (shrink(&image, rgba.width, rgba.height)) {
        return vipsbase_fail(host, error, pull.status, pull.code, pull.what);
    }
    status = vipsbase_pull_to_memory(&pull, image, &memory, error);
    if (status) {
        return status;
    }
    if (memory->Bands != 4 || memory->Xsize != rgba.width || memory->Ysize != rgba.height) {
        return host->fail(error, PXM_E_INTERNAL, pull.code, "%s: not the picture that was asked for", pull.what);
    }
    rgba.pixels = memory->data;
    resize_dominant_color(&rgba, color);
    if (!hash(&rgba, call->options, color, text)) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    host->value_set(fields, "hash", host->value_string(text, strlen(text)));
    host->value_set(fields, "color", host->value_string(color, strlen(color)));
    return PXM_OK;
}

static const struct pxm_transform_ops ops = {.struct_size = sizeof(struct pxm_transform_ops), .apply = apply};

const struct pxm_unit resize_placeholder_body = {RESIZE_BODY_UNIT, .name = "placeholder", .ops = &ops};
