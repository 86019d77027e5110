/* The encoders that come with libvips.  Any thread. */
#include "save.h"
#include "webp.h"

/* JPEG keeps a colour for four pixels up to quality 89, as libvips decides, and for each from 90 on. */
static int write_jpeg(VipsImage *image, void *arg)
{
    struct resize_save *s = arg;

    return vips_jpegsave_buffer(image, &s->data, &s->length, "Q", (int)s->quality, "interlace", s->progressive,
                                "optimize_coding", s->effort >= 5, "strip", s->bare, NULL);
}

static int write_png(VipsImage *image, void *arg)
{
    struct resize_save *s = arg;

    return vips_pngsave_buffer(image, &s->data, &s->length, "compression", (int)s->effort, "interlace", s->progressive,
                               "strip", s->bare, NULL);
}

static int write_webp(VipsImage *image, void *arg)
{
    struct resize_save *s = arg;

    if (vips_webpsave_buffer(image, &s->data, &s->length, "Q", (int)s->quality, "effort", (int)s->effort, "lossless",
                             s->lossless, "strip", s->bare, NULL)) {
        return -1;
    }
    resize_webp_strip(s->data, &s->length);
    return 0;
}

static int write_avif(VipsImage *image, void *arg)
{
    struct resize_save *s = arg;

    return vips_heifsave_buffer(image, &s->data, &s->length, "Q", (int)s->quality, "effort", (int)s->effort,
                                "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "bitdepth", 8, "strip", s->bare,
                                NULL);
}

static int write_gif(VipsImage *image, void *arg)
{
    struct resize_save *s = arg;

    return vips_gifsave_buffer(image, &s->data, &s->length, "effort", (int)s->effort, "interlace", s->progressive,
                               "strip", s->bare, NULL);
}

static int write_tiff(VipsImage *image, void *arg)
{
    struct resize_save *s = arg;

    return vips_tiffsave_buffer(image, &s->data, &s->length, "compression", VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE,
                                "predictor", VIPS_FOREIGN_TIFF_PREDICTOR_HORIZONTAL, "strip", s->bare, NULL);
}

static const struct resize_saver savers[] = {
    [RESIZE_FORMAT_JPEG] = {"jpeg", "image/jpeg", "jpg", false, false, false, 80, 0, 0, 9, write_jpeg},
    [RESIZE_FORMAT_PNG] = {"png", "image/png", "png", true, false, true, 0, 6, 0, 9, write_png},
    [RESIZE_FORMAT_WEBP] = {"webp", "image/webp", "webp", true, true, true, 80, 2, 0, 6, write_webp},
    [RESIZE_FORMAT_AVIF] = {"avif", "image/avif", "avif", true, false, false, 50, 2, 0, 9, write_avif},
    [RESIZE_FORMAT_GIF] = {"gif", "image/gif", "gif", true, true, false, 0, 7, 1, 9, write_gif},
    [RESIZE_FORMAT_TIFF] = {"tiff", "image/tiff", "tif", true, false, true, 0, 0, 0, 0, write_tiff},
};

const struct resize_saver *resize_saver_of(int32_t format)
{
    return &savers[format];
}
