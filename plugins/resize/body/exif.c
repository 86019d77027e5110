/* The directories of a TIFF structure: three of them at most are visited, each once and with a bounded number of
 * entries, so that no offset in a file can make a loop. Any thread. */
#include "exif.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Types of a value (TIFF 6.0 section 2; Exif 4.6.2). */
enum { TYPE_BYTE = 1, TYPE_ASCII = 2, TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_RATIONAL = 5, TYPE_SRATIONAL = 10 };

/* Entries of a directory that are looked at; cameras write some dozens. */
enum { ENTRIES_MAX = 512 };

/* Tags (TIFF 6.0 section 8; Exif 4.6.3 to 4.6.6). */
enum {
    TAG_MAKE = 0x010f,
    TAG_MODEL = 0x0110,
    TAG_ORIENTATION = 0x0112,
    TAG_SOFTWARE = 0x0131,
    TAG_EXIF = 0x8769,
    TAG_GPS = 0x8825,
    TAG_EXPOSURE_TIME = 0x829a,
    TAG_F_NUMBER = 0x829d,
    TAG_ISO = 0x8827,
    TAG_TAKEN_AT = 0x9003,
    TAG_TAKEN_OFFSET = 0x9011,
    TAG_FOCAL_LENGTH = 0x920a,
    TAG_LENS = 0xa434,
    GPS_LATITUDE_REF = 1,
    GPS_LATITUDE = 2,
    GPS_LONGITUDE_REF = 3,
    GPS_LONGITUDE = 4,
    GPS_ALTITUDE_REF = 5,
    GPS_ALTITUDE = 6
};

struct tiff {
    const uint8_t *data;
    size_t length;
    bool big; /* byte order */
};

struct entry {
    uint32_t tag, type, count;
    size_t at, size; /* of its value; inside the data */
};

static uint32_t get16(const struct tiff *tiff, size_t at)
{
    return resize_exif_16(tiff->data, tiff->length, at, tiff->big);
}

static uint32_t get32(const struct tiff *tiff, size_t at)
{
    return resize_exif_32(tiff->data, tiff->length, at, tiff->big);
}

static size_t size_of(uint32_t type)
{
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};

    return type < sizeof(sizes) ? sizes[type] : 0;
}

/* Values of four bytes and less are in the entry itself. false: of no type, or not inside the data. */
static bool read_entry(const struct tiff *tiff, size_t at, struct entry *ret)
{
    struct entry entry = {.tag = get16(tiff, at), .type = get16(tiff, at + 2), .count = get32(tiff, at + 4)};

    if (__builtin_mul_overflow(size_of(entry.type), (size_t)entry.count, &entry.size) || entry.size == 0) {
        return false;
    }
    entry.at = entry.size <= 4 ? at + 8 : get32(tiff, at + 8);
    if (entry.at > tiff->length || tiff->length - entry.at < entry.size) {
        return false;
    }
    *ret = entry;
    return true;
}

static void walk(const struct tiff *tiff, size_t at, void (*visit)(const struct tiff *, const struct entry *, void *),
                 void *arg)
{
    uint32_t count = get16(tiff, at);
    struct entry entry;

    for (uint32_t i = 0; i < count && i < ENTRIES_MAX; i++) {
        size_t entry_at = at + 2 + (size_t)i * 12;

        if (entry_at > tiff->length || tiff->length - entry_at < 12) {
            return;
        }
        if (read_entry(tiff, entry_at, &entry)) {
            visit(tiff, &entry, arg);
        }
    }
}

static int64_t integer_of(const struct tiff *tiff, const struct entry *entry)
{
    switch (entry->type) {
    case TYPE_BYTE:
        return tiff->data[entry->at];
    case TYPE_SHORT:
        return get16(tiff, entry->at);
    case TYPE_LONG:
        return get32(tiff, entry->at);
    default:
        return 0;
    }
}

/* The i-th number of a RATIONAL; NaN where there is none. */
static double rational_of(const struct tiff *tiff, const struct entry *entry, uint32_t i)
{
    uint32_t above, below;

    if ((entry->type != TYPE_RATIONAL && entry->type != TYPE_SRATIONAL) || i >= entry->count) {
        return NAN;
    }
    above = get32(tiff, entry->at + 8 * (size_t)i);
    below = get32(tiff, entry->at + 8 * (size_t)i + 4);
    if (below == 0) {
        return NAN;
    }
    return entry->type == TYPE_SRATIONAL ? (double)(int32_t)above / (int32_t)below : (double)above / below;
}

static double positive(double number)
{
    return number > 0 && isfinite(number) ? number : NAN;
}

static void text_of(const struct tiff *tiff, const struct entry *entry, char *ret)
{
    if (entry->type == TYPE_ASCII) {
        resize_exif_text(tiff->data + entry->at, entry->size, ret);
    }
}

/* Whether the text is that pattern, where 0 stands for any digit. */
static bool matches(const char *text, const char *pattern)
{
    for (; *pattern; text++, pattern++) {
        if (*pattern == '0' ? !isdigit((unsigned char)*text) : *text != *pattern) {
            return false;
        }
    }
    return *text == '\0';
}

/* ---- the directories ---- */

struct found {
    struct resize_exif *exif;
    uint32_t exif_at, gps_at; /* offsets of the other directories; 0: none */
    char taken_at[RESIZE_EXIF_TEXT_MAX], offset[RESIZE_EXIF_TEXT_MAX];
};

static void visit_main(const struct tiff *tiff, const struct entry *entry, void *arg)
{
    struct found *found = arg;
    int64_t number = integer_of(tiff, entry);

    switch (entry->tag) {
    case TAG_MAKE:
        text_of(tiff, entry, found->exif->make);
        break;
    case TAG_MODEL:
        text_of(tiff, entry, found->exif->model);
        break;
    case TAG_SOFTWARE:
        text_of(tiff, entry, found->exif->software);
        break;
    case TAG_ORIENTATION:
        found->exif->orientation = number >= 1 && number <= 8 ? number : 0;
        break;
    case TAG_EXIF:
        found->exif_at = (uint32_t)number;
        break;
    case TAG_GPS:
        found->gps_at = (uint32_t)number;
        break;
    default:
        break;
    }
}

static void visit_exif(const struct tiff *tiff, const struct entry *entry, void *arg)
{
    struct found *found = arg;

    switch (entry->tag) {
    case TAG_EXPOSURE_TIME:
        found->exif->exposure = positive(rational_of(tiff, entry, 0));
        break;
    case TAG_F_NUMBER:
        found->exif->f_number = positive(rational_of(tiff, entry, 0));
        break;
    case TAG_FOCAL_LENGTH:
        found->exif->focal_length = positive(rational_of(tiff, entry, 0));
        break;
    case TAG_ISO:
        found->exif->iso = integer_of(tiff, entry);
        break;
    case TAG_LENS:
        text_of(tiff, entry, found->exif->lens);
        break;
    case TAG_TAKEN_AT:
        text_of(tiff, entry, found->taken_at);
        break;
    case TAG_TAKEN_OFFSET:
        text_of(tiff, entry, found->offset);
        break;
    default:
        break;
    }
}

/* "2024:05:01 12:00:00" and "+02:00" (Exif 4.6.5) to ISO 8601. */
static void set_taken_at(struct found *found)
{
    const char *at = found->taken_at;
    bool offset = matches(found->offset, "+00:00") || matches(found->offset, "-00:00");

    if (!matches(at, "0000:00:00 00:00:00") || !strncmp(at, "0000", 4)) {
        return;
    }
    snprintf(found->exif->taken_at, sizeof(found->exif->taken_at), "%.4s-%.2s-%.2sT%.8s%.6s", at, at + 5, at + 8,
             at + 11, offset ? found->offset : "");
}

struct place {
    double latitude, longitude, altitude;
    char latitude_ref, longitude_ref;
    bool below_sea;
};

/* Degrees, minutes and seconds; the latter two may be missing. */
static double degrees_of(const struct tiff *tiff, const struct entry *entry)
{
    double minutes = rational_of(tiff, entry, 1), seconds = rational_of(tiff, entry, 2);

    return rational_of(tiff, entry, 0) + (isnan(minutes) ? 0 : minutes / 60) + (isnan(seconds) ? 0 : seconds / 3600);
}

static void visit_gps(const struct tiff *tiff, const struct entry *entry, void *arg)
{
    struct place *place = arg;
    char letter = entry->type == TYPE_ASCII ? (char)tiff->data[entry->at] : '\0';

    switch (entry->tag) {
    case GPS_LATITUDE_REF:
        place->latitude_ref = letter;
        break;
    case GPS_LATITUDE:
        place->latitude = degrees_of(tiff, entry);
        break;
    case GPS_LONGITUDE_REF:
        place->longitude_ref = letter;
        break;
    case GPS_LONGITUDE:
        place->longitude = degrees_of(tiff, entry);
        break;
    case GPS_ALTITUDE_REF:
        place->below_sea = integer_of(tiff, entry) == 1;
        break;
    case GPS_ALTITUDE:
        place->altitude = rational_of(tiff, entry, 0);
        break;
    default:
        break;
    }
}

/* A place that is not on earth, or without its hemispheres, is none. */
static void set_place(const struct place *place, struct resize_exif *exif)
{
    bool north = place->latitude_ref == 'N', south = place->latitude_ref == 'S';
    bool east = place->longitude_ref == 'E', west = place->longitude_ref == 'W';

    if ((north || south) && (east || west) && place->latitude >= 0 && place->latitude <= 90 && place->longitude >= 0 &&
        place->longitude <= 180) {
        exif->latitude = south ? -place->latitude : place->latitude;
        exif->longitude = west ? -place->longitude : place->longitude;
    }
    exif->altitude = place->below_sea ? -place->altitude : place->altitude;
}

void resize_exif_read(const uint8_t *data, size_t length, bool gps, struct resize_exif *ret)
{
    struct tiff tiff = {.data = data, .length = length};
    struct found found = {.exif = ret};
    struct place place = {.latitude = NAN, .longitude = NAN, .altitude = NAN};

    *ret = (struct resize_exif){
        .exposure = NAN, .f_number = NAN, .focal_length = NAN, .latitude = NAN, .longitude = NAN, .altitude = NAN};
    if (length < 8 || (memcmp(data, "II*\0", 4) && memcmp(data, "MM\0*", 4))) {
        return;
    }
    tiff.big = data[0] == 'M';
    walk(&tiff, get32(&tiff, 4), visit_main, &found);
    if (found.exif_at) {
        walk(&tiff, found.exif_at, visit_exif, &found);
        set_taken_at(&found);
    }
    if (gps && found.gps_at) {
        walk(&tiff, found.gps_at, visit_gps, &place);
        set_place(&place, ret);
    }
}
