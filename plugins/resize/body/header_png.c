/* Header of a PNG (PNG specification, third edition, sections 5 and 11). Walks over all chunks, so that none which lies
 * about its length, and no compressed text at all, gets to the decoder. */
#include "header.h"

enum { SIGNATURE = 8, CHUNK = 12 /* length, type, CRC */ };
/* A compressed profile larger than this is not one; inflated, the decoder's own bound holds. */
enum { ICC_BYTES_MAX = 4 << 20 };

/* Bytes that a pixel takes in memory as the decoder gives it. */
static int64_t pixel_bytes(unsigned depth, unsigned colour_type)
{
    static const unsigned char channels[] = {1, 0, 3, 4, 2, 0, 4}; /* a palette may have transparent entries */

    return channels[colour_type] * (depth == 16 ? 2 : 1);
}

static bool type_is(const uint8_t *chunk, const char *type)
{
    return chunk[4] == type[0] && chunk[5] == type[1] && chunk[6] == type[2] && chunk[7] == type[3];
}

/* Whether the decoder gets to see a chunk: what makes up the pixels and their colour. Everything else it would parse,
 * inflate and keep for nothing. */
bool resize_png_chunk_is_needed(const uint8_t *chunk, uint32_t length)
{
    static const char *const needed[] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "sBIT"};

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (type_is(chunk, needed[i])) {
            return true;
        }
    }
    return type_is(chunk, "iCCP") && length <= ICC_BYTES_MAX;
}

static pxm_status read_ihdr(const struct resize_walk *w, struct resize_header *ret)
{
    unsigned depth, colour_type;

    if (!resize_walk_is(w, SIGNATURE + 4, "IHDR") || resize_be32(w, SIGNATURE) != 13 || w->length < SIGNATURE + 25) {
        return resize_header_corrupt(w, "PNG header");
    }
    depth = w->data[SIGNATURE + 16];
    colour_type = w->data[SIGNATURE + 17];
    if ((depth != 1 && depth != 2 && depth != 4 && depth != 8 && depth != 16) || colour_type > 6 || colour_type == 1 ||
        colour_type == 5) {
        return resize_header_corrupt(w, "PNG header");
    }
    ret->width = resize_be32(w, SIGNATURE + 8);
    ret->height = resize_be32(w, SIGNATURE + 12);
    ret->has_alpha = colour_type & 4;
    ret->progressive = w->data[SIGNATURE + 20] == 1;
    ret->pixel_bytes = ret->progressive ? pixel_bytes(depth, colour_type) : 0;
    return PXM_OK;
}

static void read_chunk(const struct resize_walk *w, size_t at, uint32_t length, struct resize_header *ret)
{
    const uint8_t *chunk = w->data + at;

    if (!resize_png_chunk_is_needed(chunk, length)) {
        ret->skip_chunks = true;
        /* A physical size and the time of writing say nothing about anybody. */
        ret->metadata = ret->metadata || !(type_is(chunk, "pHYs") || type_is(chunk, "bKGD") || type_is(chunk, "hIST"));
    }
    if (type_is(chunk, "tRNS")) {
        ret->has_alpha = true;
    } else if (type_is(chunk, "eXIf")) {
        ret->orientation = resize_exif_orientation(chunk + 8, length);
    }
}

pxm_status resize_header_png(const struct resize_walk *w, struct resize_header *ret)
{
    size_t at = SIGNATURE;
    pxm_status status = read_ihdr(w, ret);

    if (status) {
        return status;
    }
    while (w->length - at >= CHUNK) {
        uint32_t length = resize_be32(w, at);

        if (length > w->length - at - CHUNK) {
            break;
        }
        if (type_is(w->data + at, "IEND")) {
            return PXM_OK;
        }
        read_chunk(w, at, length, ret);
        at += CHUNK + (size_t)length;
    }
    return resize_header_corrupt(w, "PNG chunk list");
}
