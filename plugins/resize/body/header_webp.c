/* Header of a WebP (RFC 9649): size, alpha, frames, EXIF orientation. */
#include "header.h"

enum { RIFF_HEADER = 12, CHUNK_HEADER = 8 };
enum { FLAG_ANIMATION = 2, FLAG_XMP = 4, FLAG_EXIF = 8, FLAG_ALPHA = 16 };

/* RFC 9649 section 2.5, and RFC 6386 section 9.1: start code, then 14 bits each. */
static bool read_lossy(const struct resize_walk *w, size_t at, struct resize_header *ret)
{
    if (!resize_walk_is(w, at + 3, "\x9d\x01\x2a")) {
        return false;
    }
    ret->width = resize_le16(w, at + 6) & 0x3fff;
    ret->height = resize_le16(w, at + 8) & 0x3fff;
    return true;
}

/* RFC 9649 section 3.4: signature, 14 bits each less one, then whether alpha is used. */
static bool read_lossless(const struct resize_walk *w, size_t at, struct resize_header *ret)
{
    uint32_t bits = resize_le32(w, at + 1);

    if (!resize_walk_is(w, at, "\x2f") || !resize_walk_has(w, at, 5)) {
        return false;
    }
    ret->width = 1 + (bits & 0x3fff);
    ret->height = 1 + (bits >> 14 & 0x3fff);
    ret->has_alpha = bits >> 28 & 1;
    return true;
}

/* RFC 9649 section 2.7. */
static bool read_extended(const struct resize_walk *w, size_t at, struct resize_header *ret)
{
    unsigned flags;

    if (!resize_walk_has(w, at, 10)) {
        return false;
    }
    flags = w->data[at];
    ret->animated = flags & FLAG_ANIMATION;
    ret->has_alpha = flags & FLAG_ALPHA;
    ret->metadata = flags & (FLAG_EXIF | FLAG_XMP);
    ret->width = 1 + (int64_t)resize_le24(w, at + 4);
    ret->height = 1 + (int64_t)resize_le24(w, at + 7);
    ret->pages = ret->animated ? 0 : 1;
    return true;
}

static void read_exif(const struct resize_walk *w, size_t at, size_t length, struct resize_header *ret)
{
    size_t prefix = length >= 6 && resize_walk_is(w, at, "Exif") ? 6 : 0; /* some writers keep JPEG's */

    ret->metadata = true;
    ret->orientation = resize_exif_orientation(w->data + at + prefix, length - prefix);
}

pxm_status resize_header_webp(const struct resize_walk *w, struct resize_header *ret)
{
    size_t at = RIFF_HEADER, left;
    size_t first = RIFF_HEADER + CHUNK_HEADER;
    bool known = (resize_walk_is(w, at, "VP8 ") && read_lossy(w, first, ret)) ||
                 (resize_walk_is(w, at, "VP8L") && read_lossless(w, first, ret)) ||
                 (resize_walk_is(w, at, "VP8X") && read_extended(w, first, ret));

    if (!known) {
        return resize_header_corrupt(w, "WebP header");
    }
    while (at < w->length && (left = w->length - at) >= CHUNK_HEADER) {
        size_t length = resize_le32(w, at + 4);

        if (length > left - CHUNK_HEADER) {
            break; /* cut short: the decoder says where */
        }
        if (ret->animated && resize_walk_is(w, at, "ANMF") && ++ret->pages > RESIZE_PARTS_MAX) {
            break;
        }
        if (resize_walk_is(w, at, "EXIF")) {
            read_exif(w, at + CHUNK_HEADER, length, ret);
        }
        at += CHUNK_HEADER + length + (length & 1);
    }
    if (ret->pages > RESIZE_PARTS_MAX) {
        return w->host->fail(w->error, PXM_E_LIMIT, "limit.frames", "the WebP has more than %d frames",
                             (int)RESIZE_PARTS_MAX);
    }
    ret->pixel_bytes = 8; /* all planes, and all pixels; for an animation the canvas and a frame */
    return ret->pages ? PXM_OK : resize_header_corrupt(w, "WebP animation");
}
