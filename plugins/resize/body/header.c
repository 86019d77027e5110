/* Names the format by its magic bytes, has its header read, and checks the limits. */
#include "header.h"
#include <string.h>

static const struct {
    const char *media, *name, *ext;
    enum resize_kind kind;
    pxm_status (*read)(const struct resize_walk *walk, struct resize_header *ret);
} formats[] = {
    {"image/jpeg", "jpeg", "jpg", RESIZE_JPEG, resize_header_jpeg},
    {"image/png", "png", "png", RESIZE_PNG, resize_header_png},
    {"image/webp", "webp", "webp", RESIZE_WEBP, resize_header_webp},
    {"image/gif", "gif", "gif", RESIZE_GIF, resize_header_gif},
    {"image/avif", "avif", "avif", RESIZE_AVIF, resize_header_heif},
    {"image/heic", "heic", "heic", RESIZE_HEIC, resize_header_heif},
    {"image/heif", "heic", "heic", RESIZE_HEIC, resize_header_heif},
    {"image/tiff", "tiff", "tif", RESIZE_TIFF, resize_header_tiff},
};

bool resize_walk_is(const struct resize_walk *w, size_t at, const char *tag)
{
    size_t length = strlen(tag);

    return resize_walk_has(w, at, length) && memcmp(w->data + at, tag, length) == 0;
}

pxm_status resize_header_corrupt(const struct resize_walk *walk, const char *what)
{
    return walk->host->fail(walk->error, PXM_E_BAD_IMAGE, "decode.corrupt", "the picture's %s is damaged or cut short",
                            what);
}

pxm_status resize_header_read(const struct resize_walk *walk, struct resize_header *ret)
{
    const char *media = walk->host->media_type(walk->data, walk->length);
    struct resize_header header = {.pages = 1, .orientation = 1};
    pxm_status status;

    for (size_t i = 0; media && i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(media, formats[i].media) != 0) {
            continue;
        }
        header.kind = formats[i].kind;
        header.name = formats[i].name;
        header.media = formats[i].media;
        header.ext = formats[i].ext;
        status = formats[i].read(walk, &header);
        if (status) {
            return status;
        }
        if (header.width <= 0 || header.height <= 0) {
            return resize_header_corrupt(walk, "size");
        }
        *ret = header;
        return PXM_OK;
    }
    if (walk->length == 0) {
        return walk->host->fail(walk->error, PXM_E_BAD_IMAGE, "decode.unsupported", "the file is empty");
    }
    return walk->host->fail(walk->error, PXM_E_BAD_IMAGE, "decode.unsupported",
                            "the file is %s; pictures are taken as JPEG, PNG, WebP, GIF, AVIF, HEIC and TIFF",
                            media ? media : "of no known type");
}

/* Estimate of what decoding takes, from above: a decoder's working set, and what it holds of the whole picture. */
static bool memory_needed(const struct resize_header *h, int64_t *ret)
{
    static const int64_t working_set = 30 << 20;
    int64_t pixels;

    return !__builtin_mul_overflow(h->width, h->height, &pixels) &&
           !__builtin_mul_overflow(pixels, h->pixel_bytes, ret) && !__builtin_add_overflow(*ret, h->fixed_bytes, ret) &&
           !__builtin_add_overflow(*ret, working_set, ret);
}

pxm_status resize_header_allow(const struct resize_walk *walk, const struct resize_header *h, int64_t frames,
                               const struct pxm_limits *limits)
{
    int64_t area, pixels, memory;
    int64_t side = h->width > h->height ? h->width : h->height;
    const struct pxm_host *host = walk->host;

    side = h->side_max > side ? h->side_max : side;
    if (side > limits->side) {
        return host->fail(walk->error, PXM_E_LIMIT, "limit.side",
                          "the picture is %lld x %lld pixels; a side may have %lld", (long long)h->width,
                          (long long)h->height, (long long)limits->side);
    }
    if (frames > limits->frames) {
        return host->fail(walk->error, PXM_E_LIMIT, "limit.frames", "the animation has %lld frames; %lld are allowed",
                          (long long)frames, (long long)limits->frames);
    }
    if (__builtin_mul_overflow(h->width, h->height, &area) ||
        __builtin_mul_overflow(h->area_max > area ? h->area_max : area, frames, &pixels) || pixels > limits->pixels) {
        return host->fail(walk->error, PXM_E_LIMIT, "limit.pixels",
                          "the picture is %lld x %lld pixels in %lld frames; %lld pixels are allowed",
                          (long long)h->width, (long long)h->height, (long long)frames, (long long)limits->pixels);
    }
    if (h->scans > limits->scans) {
        return host->fail(walk->error, PXM_E_LIMIT, "limit.scans", "the JPEG has more than the %lld scans allowed",
                          (long long)limits->scans);
    }
    if (!memory_needed(h, &memory) || memory > limits->memory) {
        return host->fail(walk->error, PXM_E_LIMIT, "limit.memory",
                          "decoding the %lld x %lld %s%s would take more than the %lld MiB of memory allowed",
                          (long long)h->width, (long long)h->height, h->progressive ? "progressive " : "", h->name,
                          (long long)(limits->memory >> 20));
    }
    return PXM_OK;
}
