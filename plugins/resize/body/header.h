/* What a picture file says about itself, read by our own bounded walk over its bytes before any decoder sees it: enough
 * to check every limit, and to know what the decoder will give. Any thread. */
#ifndef RESIZE_HEADER_H
#define RESIZE_HEADER_H

#include <pixmill/plugin.h>
#include <stdbool.h>

enum resize_kind {
    RESIZE_JPEG,
    RESIZE_PNG,
    RESIZE_WEBP,
    RESIZE_GIF,
    RESIZE_AVIF,
    RESIZE_HEIC,
    RESIZE_TIFF,
    RESIZE_KINDS
};

struct resize_header {
    enum resize_kind kind;
    const char *name, *media, *ext; /* "jpeg", "image/jpeg", "jpg"; static                                          */
    int64_t width, height;          /* pixels of a frame as stored, before orientation                              */
    int64_t side_max, area_max;     /* of any part that a decoder may open, where that is more; else 0              */
    int64_t pages;                  /* frames of an animation, pages of a TIFF; else 1                              */
    bool animated;                  /* the pages are frames                                                         */
    bool has_alpha;
    bool progressive;    /* or interlaced: the decoder holds all of it                                   */
    bool metadata;       /* holds anything beyond pixels and colour: EXIF, XMP, comments                 */
    bool skip_chunks;    /* PNG: has chunks that the decoder must not see                                */
    bool hevc;           /* HEIF: packed by HEVC, which not every libvips decodes                        */
    int orientation;     /* EXIF, 1..8                                                                   */
    int64_t scans;       /* JPEG: SOS markers that the decoder will meet                                 */
    int64_t pixel_bytes; /* memory that decoding takes: a pixel of the whole picture, and ...            */
    int64_t fixed_bytes; /* ... whatever its size                                                        */
};

/* The bytes, and where to report. */
struct resize_walk {
    const struct pxm_host *host;
    pxm_error *error;
    const uint8_t *data;
    size_t length;
    int64_t page;      /* asked for */
    int64_t scans_max; /* stop counting beyond */
};

/* Reads the header of whatever `walk` holds. Fails with decode.unsupported, decode.corrupt, decode.no_page or
 * limit.frames (more parts than a header may have). */
pxm_status resize_header_read(const struct resize_walk *walk, struct resize_header *ret);

/* One for each format, in header_NAME.c; `ret` has kind and names, and the defaults of one upright opaque frame. */
pxm_status resize_header_jpeg(const struct resize_walk *walk, struct resize_header *ret);
pxm_status resize_header_png(const struct resize_walk *walk, struct resize_header *ret);
pxm_status resize_header_webp(const struct resize_walk *walk, struct resize_header *ret);
pxm_status resize_header_gif(const struct resize_walk *walk, struct resize_header *ret);
pxm_status resize_header_heif(const struct resize_walk *walk, struct resize_header *ret);
pxm_status resize_header_tiff(const struct resize_walk *walk, struct resize_header *ret);

/* Whether the decoder gets to see the PNG chunk that starts (with its length) at `chunk`. */
bool resize_png_chunk_is_needed(const uint8_t *chunk, uint32_t length);

/* EXIF orientation of a TIFF structure as JPEG, PNG and WebP embed it; 1 where it says nothing or nonsense. */
int resize_exif_orientation(const uint8_t *data, size_t length);

/* Fails with decode.corrupt and "the WHAT is damaged or cut short". */
pxm_status resize_header_corrupt(const struct resize_walk *walk, const char *what);

/* Whether the limits allow decoding `frames` frames. Fails with limit.side, .pixels, .frames, .scans, .memory. */
pxm_status resize_header_allow(const struct resize_walk *walk, const struct resize_header *header, int64_t frames,
                               const struct pxm_limits *limits);

/* Parts that a header may have (pages, items, chunks of animation): above, counting them is an attack of its own. */
enum { RESIZE_PARTS_MAX = 65536, RESIZE_PAGES_MAX = 4096 };

/* Whether there are `count` bytes from `at` on. */
static inline bool resize_walk_has(const struct resize_walk *w, size_t at, size_t count)
{
    return at <= w->length && w->length - at >= count;
}

/* Bounded reads: 0 beyond the end, which no format takes for a valid size. */
static inline uint32_t resize_be16(const struct resize_walk *w, size_t at)
{
    return resize_walk_has(w, at, 2) ? (uint32_t)w->data[at] << 8 | w->data[at + 1] : 0;
}
static inline uint32_t resize_be32(const struct resize_walk *w, size_t at)
{
    return resize_walk_has(w, at, 4) ? resize_be16(w, at) << 16 | resize_be16(w, at + 2) : 0;
}
static inline uint32_t resize_le16(const struct resize_walk *w, size_t at)
{
    return resize_walk_has(w, at, 2) ? (uint32_t)w->data[at + 1] << 8 | w->data[at] : 0;
}
static inline uint32_t resize_le24(const struct resize_walk *w, size_t at)
{
    return resize_walk_has(w, at, 3) ? resize_le16(w, at) | (uint32_t)w->data[at + 2] << 16 : 0;
}
static inline uint32_t resize_le32(const struct resize_walk *w, size_t at)
{
    return resize_walk_has(w, at, 4) ? resize_le16(w, at) | resize_le16(w, at + 2) << 16 : 0;
}
/* Whether `tag`, as many bytes as it has characters, is there. */
bool resize_walk_is(const struct resize_walk *w, size_t at, const char *tag);

#endif
