/* The decoders that come with libvips, called by name, never by what libvips makes of the bytes. Any thread. */
#include "loader.h"
#include <string.h>

/* Every loader reads from top to bottom, and takes damage for an error: the default makes up what is missing. */
#define STRICT "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR

static bool any(const struct resize_header *header)
{
    (void)header;
    return true;
}

/* Loads `name`_source with libvips' varargs, and lets go of the source. */
#define LOAD_FROM(request, make_source, name, ...)                                                                     \
    VipsImage *out = NULL;                                                                                             \
    VipsSource *source = make_source((request)->host, (request)->blob);                                                \
    if (source && name(source, &out, STRICT, __VA_ARGS__)) {                                                           \
        g_clear_object(&out);                                                                                          \
    }                                                                                                                  \
    g_clear_object(&source);                                                                                           \
    return out

/* libjpeg halves a picture up to three times for next to nothing, by leaving out coefficients. Its other scales (3/8,
 * 5/8, ...) cost more and look worse. */
static VipsImage *load_jpeg(const struct resize_request *r)
{
    int shrink = r->min_width > 0 && r->min_height > 0 ? 8 : 1;

    while (shrink > 1 && (r->header->width / shrink < r->min_width || r->header->height / shrink < r->min_height)) {
        shrink /= 2;
    }
    LOAD_FROM(r, resize_source_of_blob, vips_jpegload_source, "shrink", shrink, NULL);
}

static VipsImage *load_png(const struct resize_request *r)
{
    if (r->header->skip_chunks) {
        LOAD_FROM(r, resize_source_of_png, vips_pngload_source, NULL);
    }
    LOAD_FROM(r, resize_source_of_blob, vips_pngload_source, NULL);
}

/* The WebP decoder scales a still while it decodes, by averaging. */
static VipsImage *load_webp(const struct resize_request *r)
{
    double scale = 1;

    if (r->min_width > 0 && r->min_height > 0 && !r->header->animated) {
        double x = (double)r->min_width / (double)r->header->width;
        double y = (double)r->min_height / (double)r->header->height;
        scale = x > y ? x : y;
        scale = scale < 1 ? scale : 1;
    }
    LOAD_FROM(r, resize_source_of_blob, vips_webpload_source, "page", (int)r->page, "n", (int)r->frames, "scale", scale,
              NULL);
}

static VipsImage *load_gif(const struct resize_request *r)
{
    LOAD_FROM(r, resize_source_of_blob, vips_gifload_source, "page", (int)r->page, "n", (int)r->frames, NULL);
}

static VipsImage *load_heif(const struct resize_request *r)
{
    LOAD_FROM(r, resize_source_of_blob, vips_heifload_source, NULL);
}

static VipsImage *load_tiff(const struct resize_request *r)
{
    LOAD_FROM(r, resize_source_of_blob, vips_tiffload_source, "page", (int)r->page, NULL);
}

static const struct resize_loader loaders[] = {
    {any, load_jpeg, RESIZE_JPEG}, {any, load_png, RESIZE_PNG},   {any, load_webp, RESIZE_WEBP},
    {any, load_gif, RESIZE_GIF},   {any, load_heif, RESIZE_AVIF}, {any, load_heif, RESIZE_HEIC},
    {any, load_tiff, RESIZE_TIFF},
};

/* A decoder that finds another size than the header walk would escape the limits, which were checked against that. */
static bool is_as_announced(const struct resize_request *r, VipsImage *image)
{
    int64_t width = r->header->width, height = r->header->height;
    int64_t got_height = vips_image_get_page_height(image);

    return image->Xsize <= width && got_height <= height && image->Ysize == got_height * r->frames &&
           (r->min_width > 0 || (image->Xsize == width && got_height == height));
}

static void *find_private(VipsImage *image, const char *name, GValue *value, void *arg)
{
    static const char *const prefixes[] = {"exif-",        "xmp-",        "iptc-",           "photoshop-",
                                           "png-comment-", "gif-comment", "jpeg-thumbnail-", "image-description"};
    GPtrArray *names = arg;

    (void)image;
    (void)value;
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(name, prefixes[i])) {
            g_ptr_array_add(names, g_strdup(name));
        }
    }
    return NULL;
}

/* Drops what says more than how to read the pixels, here, once: no encoder can write it then, and libvips does not copy
 * a hundred camera settings with every operation. */
static void forget_metadata(VipsImage *image)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    vips_image_map(image, find_private, names);
    for (guint i = 0; i < names->len; i++) {
        vips_image_remove(image, names->pdata[i]);
    }
}

pxm_status resize_load(const struct resize_request *r, VipsImage **ret, pxm_error *error)
{
    VIPSBASE_AUTO_IMAGE loaded = NULL;
    VIPSBASE_AUTO_IMAGE marked = NULL;
    size_t i = 0;

    while (loaders[i].kind != r->header->kind || !loaders[i].probe(r->header)) {
        i++; /* the last of each format takes any header */
    }
    loaded = loaders[i].load(r);
    if (!loaded) {
        return vipsbase_fail(r->host, error, PXM_E_BAD_IMAGE, "decode.corrupt", "the picture is damaged");
    }
    if (!is_as_announced(r, loaded)) {
        return r->host->fail(error, PXM_E_BAD_IMAGE, "decode.corrupt",
                             "the picture is %d x %d pixels, though its header says %lld x %lld", loaded->Xsize,
                             loaded->Ysize, (long long)r->header->width, (long long)r->header->height);
    }
    marked = vipsbase_origin_mark(g_steal_pointer(&loaded));
    if (!marked) {
        return vipsbase_fail(r->host, error, PXM_E_INTERNAL, "decode.failed", "open the picture");
    }
    forget_metadata(marked);
    vips_image_set_int(marked, VIPS_META_ORIENTATION, r->header->orientation);
    *ret = g_steal_pointer(&marked);
    return PXM_OK;
}
