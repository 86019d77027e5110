/* What a picture file tells about how it was taken: a bounded reader of Exif, for files of strangers. Needs no image
 * library and changes nothing it reads. Any thread.
 * Exif 2.32 (CIPA DC-008-2019), TIFF 6.0. */
#ifndef RESIZE_EXIF_H
#define RESIZE_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a text with its NUL; longer ones are cut at a character. */
enum { RESIZE_EXIF_TEXT_MAX = 256 };

/* Texts are UTF-8 without control characters, "" where not known. Other unknowns are 0 or NaN, as said. */
struct resize_exif {
    char make[RESIZE_EXIF_TEXT_MAX], model[RESIZE_EXIF_TEXT_MAX], lens[RESIZE_EXIF_TEXT_MAX];
    char software[RESIZE_EXIF_TEXT_MAX];
    char taken_at[40];   /* ISO 8601, "2024-05-01T12:00:00" in local time, with offset where that is known */
    int64_t orientation; /* 1..8; 0: not known                                                             */
    int64_t iso;         /* 0: not known                                                                   */
    double exposure;     /* seconds; NaN: not known, as below                                              */
    double f_number;
    double focal_length;        /* millimetres                                                                    */
    double latitude, longitude; /* degrees, north and east positive; both or none                                 */
    double altitude;            /* metres above sea level                                                         */
};

/* Where the TIFF structure of the Exif data is: in a JPEG's APP1, a PNG's eXIf, a WebP's EXIF chunk, a HEIF or AVIF
 * item, or the file itself when it is a TIFF. false: none. */
bool resize_exif_find(const uint8_t *file, size_t length, const uint8_t **ret, size_t *ret_length);
/* The same in HEIF and AVIF, in exif_heif.c. */
bool resize_exif_find_heif(const uint8_t *file, size_t length, const uint8_t **ret, size_t *ret_length);

/* Reads a TIFF structure. What is damaged counts as not known; the place is read when `gps` says so. */
void resize_exif_read(const uint8_t *tiff, size_t length, bool gps, struct resize_exif *ret);

/* Makes `size` bytes of whatever encoding a text of RESIZE_EXIF_TEXT_MAX: UTF-8 as it is, else taken for Latin-1;
 * control characters dropped, blanks at the ends too. */
void resize_exif_text(const uint8_t *bytes, size_t size, char *ret);

/* Bounded reads: 0 beyond the end. */
static inline uint32_t resize_exif_16(const uint8_t *data, size_t length, size_t at, bool big)
{
    if (at > length || length - at < 2) {
        return 0;
    }
    return big ? (uint32_t)data[at] << 8 | data[at + 1] : (uint32_t)data[at + 1] << 8 | data[at];
}
static inline uint32_t resize_exif_32(const uint8_t *data, size_t length, size_t at, bool big)
{
    uint32_t first, second;

    if (at > length || length - at < 4) {
        return 0;
    }
    first = resize_exif_16(data, length, at, big);
    second = resize_exif_16(data, length, at + 2, big);
    return big ? first << 16 | second : second << 16 | first;
}

#endif
