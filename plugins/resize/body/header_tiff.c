/* Header of a TIFF (TIFF 6.0, section 2; BigTIFF), and the EXIF orientation that other formats embed in one. */
#include "header.h"

/* Tags, TIFF 6.0 section 8 and 15. */
enum {
    TAG_WIDTH = 256,
    TAG_HEIGHT = 257,
    TAG_BITS = 258,
    TAG_ORIENTATION = 274,
    TAG_SAMPLES = 277,
    TAG_ROWS = 278,
    TAG_TILE_WIDTH = 322,
    TAG_TILE_HEIGHT = 323,
    TAG_EXTRA = 338
};
enum { TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_LONG8 = 16 };

struct tiff {
    const struct resize_walk *w;
    bool big_endian, big_tiff;
};

/* `bytes` of 2, 4 or 8; 0 beyond the end. */
static uint64_t number(const struct tiff *t, uint64_t at, unsigned bytes)
{
    uint64_t value = 0;

    if (at > t->w->length || t->w->length - at < bytes) {
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++) {
        value = value << 8 | t->w->data[at + (t->big_endian ? i : bytes - 1 - i)];
    }
    return value;
}

/* Reads the eight bytes in front. *ret_first is where the first directory is. */
static bool open_tiff(struct tiff *t, uint64_t *ret_first)
{
    uint64_t version;

    t->big_endian = resize_walk_is(t->w, 0, "MM");
    if (!t->big_endian && !resize_walk_is(t->w, 0, "II")) {
        return false;
    }
    version = number(t, 2, 2);
    t->big_tiff = version == 43;
    *ret_first = t->big_tiff ? number(t, 8, 8) : number(t, 4, 4);
    return version == 42 || (t->big_tiff && number(t, 4, 2) == 8);
}

struct directory {
    uint64_t at, entries;
    unsigned entry_bytes;
};

static bool open_directory(const struct tiff *t, uint64_t at, struct directory *ret)
{
    unsigned count_bytes = t->big_tiff ? 8 : 2;

    if (at < 8 || at > t->w->length || t->w->length - at < count_bytes) {
        return false;
    }
    ret->entries = number(t, at, count_bytes);
    ret->at = at + count_bytes;
    ret->entry_bytes = t->big_tiff ? 20 : 12;
    return ret->entries > 0 && ret->entries <= (t->w->length - ret->at) / ret->entry_bytes;
}

static uint64_t next_directory(const struct tiff *t, const struct directory *d)
{
    return number(t, d->at + d->entries * d->entry_bytes, t->big_tiff ? 8 : 4);
}

/* First value of a tag that is held in the entry itself; `fallback` where there is none. *ret_count may be NULL. */
static uint64_t tag_value(const struct tiff *t, const struct directory *d, unsigned tag, uint64_t fallback,
                          uint64_t *ret_count)
{
    for (uint64_t i = 0; i < d->entries; i++) {
        uint64_t entry = d->at + i * d->entry_bytes;
        uint64_t type = number(t, entry + 2, 2), count, bytes, field = entry + (t->big_tiff ? 12 : 8);

        if (number(t, entry, 2) != tag) {
            continue;
        }
        count = number(t, entry + 4, t->big_tiff ? 8 : 4);
        bytes = type == TYPE_SHORT ? 2 : type == TYPE_LONG ? 4 : type == TYPE_LONG8 && t->big_tiff ? 8 : 0;
        if (ret_count) {
            *ret_count = count;
        }
        if (bytes == 0 || count == 0) {
            return fallback;
        }
        if (count > (t->big_tiff ? 8U : 4U) / bytes) { /* several values: elsewhere */
            field = number(t, field, t->big_tiff ? 8 : 4);
        }
        return number(t, field, (unsigned)bytes);
    }
    return fallback;
}

static int orientation_of(const struct tiff *t, const struct directory *d)
{
    uint64_t value = tag_value(t, d, TAG_ORIENTATION, 1, NULL);

    return value >= 1 && value <= 8 ? (int)value : 1;
}

int resize_exif_orientation(const uint8_t *data, size_t length)
{
    struct resize_walk walk = {.data = data, .length = length};
    struct tiff tiff = {.w = &walk};
    struct directory directory;
    uint64_t first;

    return open_tiff(&tiff, &first) && open_directory(&tiff, first, &directory) ? orientation_of(&tiff, &directory) : 1;
}

/* A strip or tile is decoded as a whole, and its size is the file's word: it counts as memory. */
static pxm_status read_page(const struct tiff *t, const struct directory *d, struct resize_header *ret)
{
    uint64_t extra = 0, width = tag_value(t, d, TAG_WIDTH, 0, NULL), height = tag_value(t, d, TAG_HEIGHT, 0, NULL);
    uint64_t rows = tag_value(t, d, TAG_ROWS, height, NULL);
    uint64_t tile_width = tag_value(t, d, TAG_TILE_WIDTH, 0, NULL);
    uint64_t tile_height = tag_value(t, d, TAG_TILE_HEIGHT, 0, NULL);
    uint64_t samples = tag_value(t, d, TAG_SAMPLES, 1, NULL), bits = tag_value(t, d, TAG_BITS, 1, NULL);
    uint64_t piece;

    if (width > INT32_MAX || height > INT32_MAX || tile_width > INT32_MAX || tile_height > INT32_MAX) {
        return resize_header_corrupt(t->w, "TIFF size");
    }
    if (samples < 1 || samples > 5 || bits > 64) {
        return t->w->host->fail(t->w->error, PXM_E_BAD_IMAGE, "decode.unsupported",
                                "the TIFF has %llu samples a pixel of %llu bits; up to 5 of 64 are taken",
                                (unsigned long long)samples, (unsigned long long)bits);
    }
    piece = tile_width && tile_height ? tile_width * tile_height : width * (rows < height ? rows : height);
    ret->width = (int64_t)width;
    ret->height = (int64_t)height;
    tag_value(t, d, TAG_EXTRA, 0, &extra);
    ret->has_alpha = extra > 0;
    ret->orientation = orientation_of(t, d);
    ret->metadata = true; /* TIFF tags are many; none is taken for harmless */
    if (__builtin_mul_overflow(piece, samples * ((bits + 7) / 8), &piece) || piece > INT64_MAX) {
        piece = INT64_MAX;
    }
    ret->fixed_bytes = (int64_t)piece;
    return PXM_OK;
}

pxm_status resize_header_tiff(const struct resize_walk *w, struct resize_header *ret)
{
    struct tiff tiff = {.w = w};
    struct directory directory;
    uint64_t at;
    int64_t pages = 0;
    pxm_status status;

    if (!open_tiff(&tiff, &at)) {
        return resize_header_corrupt(w, "TIFF header");
    }
    for (; open_directory(&tiff, at, &directory); at = next_directory(&tiff, &directory)) {
        if (pages++ == w->page && (status = read_page(&tiff, &directory, ret)) != PXM_OK) {
            return status;
        }
        if (pages > RESIZE_PAGES_MAX) { /* or a loop of directories */
            return w->host->fail(w->error, PXM_E_LIMIT, "limit.frames", "the TIFF has more than %d pages",
                                 (int)RESIZE_PAGES_MAX);
        }
    }
    ret->pages = pages;
    if (pages > 0 && w->page >= pages) {
        return w->host->fail(w->error, PXM_E_INVALID, "decode.no_page", "there is no page %lld: the TIFF has %lld",
                             (long long)w->page, (long long)pages);
    }
    return pages ? PXM_OK : resize_header_corrupt(w, "TIFF directory");
}
