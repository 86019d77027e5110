/* Finds the Exif data in the formats that are chains of chunks. Every step forward is at least a chunk's own header, so
 * a walk takes no longer than the file is; lengths are checked before they are used. Any thread. */
#include "exif.h"
#include <string.h>

static bool is(const uint8_t *file, size_t length, size_t at, const char *tag)
{
    size_t size = strlen(tag);

    return at <= length && length - at >= size && !memcmp(file + at, tag, size);
}

/* Six bytes in front of the TIFF structure, in JPEG always, in WebP sometimes. */
static const char prefix[] = "Exif\0";
enum { PREFIX_SIZE = 6 };

static bool has_prefix(const uint8_t *file, size_t length, size_t at)
{
    return at <= length && length - at >= PREFIX_SIZE && !memcmp(file + at, prefix, PREFIX_SIZE);
}

/* Exif 4.7.2: marker segments up to the first scan (ITU-T T.81 B.1.1). */
static bool find_jpeg(const uint8_t *file, size_t length, const uint8_t **ret, size_t *ret_length)
{
    size_t at = 2;

    while (at < length && length - at >= 4 && file[at] == 0xff) {
        uint8_t marker = file[at + 1];
        size_t size = resize_exif_16(file, length, at + 2, true);

        if (marker == 0xff) { /* fill byte */
            at++;
            continue;
        }
        if (marker == 0xda || marker == 0xd9 || size < 2 || length - at - 2 < size) {
            return false;
        }
        if (marker == 0xe1 && size >= 2 + PREFIX_SIZE && has_prefix(file, length, at + 4)) {
            *ret = file + at + 4 + PREFIX_SIZE;
            *ret_length = size - 2 - PREFIX_SIZE;
            return true;
        }
        at += 2 + size;
    }
    return false;
}

/* PNG (third edition) 5.3 and 11.3.2.6: length, type, data, CRC. */
static bool find_png(const uint8_t *file, size_t length, const uint8_t **ret, size_t *ret_length)
{
    size_t at = 8;

    while (at < length && length - at >= 12) {
        size_t size = resize_exif_32(file, length, at, true);

        if (length - at - 12 < size) {
            return false;
        }
        if (is(file, length, at + 4, "eXIf")) {
            *ret = file + at + 8;
            *ret_length = size;
            return true;
        }
        at += 12 + size;
    }
    return false;
}

/* RIFF: type, little-endian length, data, one byte of padding after an odd length. WebP container specification,
 * "EXIF". */
static bool find_webp(const uint8_t *file, size_t length, const uint8_t **ret, size_t *ret_length)
{
    size_t at = 12;

    while (at < length && length - at >= 8) {
        size_t size = resize_exif_32(file, length, at + 4, false);

        if (length - at - 8 < size) {
            return false;
        }
        if (is(file, length, at, "EXIF")) {
            size_t skip = size >= PREFIX_SIZE && has_prefix(file, length, at + 8) ? PREFIX_SIZE : 0;

            *ret = file + at + 8 + skip;
            *ret_length = size - skip;
            return true;
        }
        at += 8 + size + (size & 1);
    }
    return false;
}

bool resize_exif_find(const uint8_t *file, size_t length, const uint8_t **ret, size_t *ret_length)
{
    if (is(file, length, 0, "\xff\xd8\xff")) {
        return find_jpeg(file, length, ret, ret_length);
    }
    if (is(file, length, 0, "\x89PNG\r\n\x1a\n")) {
        return find_png(file, length, ret, ret_length);
    }
    if (is(file, length, 0, "RIFF") && is(file, length, 8, "WEBP")) {
        return find_webp(file, length, ret, ret_length);
    }
    if (is(file, length, 4, "ftyp")) {
        return resize_exif_find_heif(file, length, ret, ret_length);
    }
    if (length >= 8 && (!memcmp(file, "II*\0", 4) || !memcmp(file, "MM\0*", 4))) {
        *ret = file;
        *ret_length = length;
        return true;
    }
    return false;
}
