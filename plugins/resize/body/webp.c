/* Takes chunks out of WebP files (RFC 9649, section 2): libvips writes an Exif chunk of its own making even where it
 * is told to write none. */
#include "webp.h"
#include <string.h>

enum { RIFF_HEADER = 12, CHUNK_HEADER = 8, FLAGS_AT = 8, FLAG_XMP = 4, FLAG_EXIF = 8 };

static uint32_t le32(const uint8_t *data)
{
    return (uint32_t)data[3] << 24 | (uint32_t)data[2] << 16 | (uint32_t)data[1] << 8 | data[0];
}

static void put_le32(uint8_t *data, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        data[i] = (uint8_t)(value >> (8 * i));
    }
}

void resize_webp_strip(uint8_t *data, size_t *length)
{
    size_t from = RIFF_HEADER, to = RIFF_HEADER;

    if (*length < RIFF_HEADER || *length > UINT32_MAX || memcmp(data, "RIFF", 4) || memcmp(data + 8, "WEBP", 4)) {
        return;
    }
    while (*length - from >= CHUNK_HEADER) {
        uint8_t *chunk = data + from;
        size_t size = le32(chunk + 4), whole = CHUNK_HEADER + size + size % 2;
        whole = whole < *length - from ? whole : *length - from;
        if (!memcmp(chunk, "VP8X", 4) && whole > FLAGS_AT) {
            chunk[FLAGS_AT] &= (uint8_t) ~(FLAG_XMP | FLAG_EXIF);
        }
        if (memcmp(chunk, "EXIF", 4) && memcmp(chunk, "XMP ", 4)) {
            memmove(data + to, chunk, whole);
            to += whole;
        }
        from += whole;
    }
    *length = to;
    put_le32(data + 4, (uint32_t)(to - CHUNK_HEADER));
}
