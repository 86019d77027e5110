/* Finds the Exif item of HEIF and AVIF files: the boxes meta > iinf > infe name it, meta > iloc tells where it is.
 * ISO/IEC 14496-12 8.11.3 and 8.11.6, ISO/IEC 23008-12 annex A.2.1. Each box is walked once; all offsets are
 * checked. */
#include "exif.h"
#include <string.h>

enum { ITEMS_MAX = 4096 };

/* A part of the file: the content of a box. */
struct part {
    const uint8_t *data;
    size_t length;
};

static uint32_t get16(const struct part *part, size_t at)
{
    return resize_exif_16(part->data, part->length, at, true);
}

static uint32_t get32(const struct part *part, size_t at)
{
    return resize_exif_32(part->data, part->length, at, true);
}

/* A number of `size` bytes: 0, 2, 4 or 8. */
static uint64_t get(const struct part *part, size_t at, size_t size)
{
    switch (size) {
    case 2:
        return get16(part, at);
    case 4:
        return get32(part, at);
    case 8:
        return (uint64_t)get32(part, at) << 32 | get32(part, at + 4);
    default:
        return 0;
    }
}

/* The box at *at, and where the next one is. false: there is none. */
static bool next_box(const struct part *part, size_t *at, const char **ret_type, struct part *ret)
{
    size_t header = 8;
    uint64_t size;

    if (*at >= part->length || part->length - *at < header) {
        return false;
    }
    size = get32(part, *at);
    if (size == 1) { /* 64 bits follow */
        header = 16;
        size = get(part, *at + 8, 8);
    } else if (size == 0) { /* to the end */
        size = part->length - *at;
    }
    if (size < header || size > part->length - *at) {
        return false;
    }
    *ret_type = (const char *)part->data + *at + 4;
    *ret = (struct part){part->data + *at + header, (size_t)size - header};
    *at += (size_t)size;
    return true;
}

static bool find_box(const struct part *part, size_t at, const char *type, struct part *ret)
{
    const char *found;

    while (next_box(part, &at, &found, ret)) {
        if (!memcmp(found, type, 4)) {
            return true;
        }
    }
    return false;
}

/* Number of the first item of type Exif. Item infos before version 2 have no types. */
static bool find_item(const struct part *iinf, uint32_t *ret)
{
    size_t at = iinf->length && iinf->data[0] == 0 ? 6 : 8;
    struct part infe;
    const char *type;

    for (int i = 0; i < ITEMS_MAX && next_box(iinf, &at, &type, &infe); i++) {
        uint8_t version = infe.length ? infe.data[0] : 0;
        size_t number = version == 3 ? 4 : 2, name = 4 + number + 2;

        if (!memcmp(type, "infe", 4) && version >= 2 && infe.length >= name + 4 &&
            !memcmp(infe.data + name, "Exif", 4)) {
            *ret = (uint32_t)get(&infe, 4, number);
            return true;
        }
    }
    return false;
}

/* The layout of an item location box, from its header. */
struct locations {
    struct part box;
    uint8_t version;
    size_t offset, length, base, index; /* bytes of each number */
    size_t number;                      /* bytes of an item's number */
};

/* Steps over the item at *at. *ret is where its only extent is in the file, if that is `item`. */
static bool next_location(const struct locations *all, size_t *at, uint32_t item, bool *ret_found, uint64_t *ret_at,
                          uint64_t *ret_length)
{
    const struct part *box = &all->box;
    uint32_t number = (uint32_t)get(box, *at, all->number);
    size_t method = *at + all->number, base = method + (all->version ? 2 : 0) + 2;
    size_t extents = base + all->base, extent = all->index + all->offset + all->length;
    uint32_t count = get16(box, extents);
    size_t end = extents + 2 + (size_t)count * extent;

    if (end > box->length) {
        return false;
    }
    /* Construction method 0 is an offset in the file; others do not occur for metadata. */
    *ret_found =
        number == item && count == 1 && (!all->version || (get16(box, method) & 15) == 0) &&
        !__builtin_add_overflow(get(box, base, all->base), get(box, extents + 2 + all->index, all->offset), ret_at);
    *ret_length = get(box, extents + 2 + all->index + all->offset, all->length);
    *at = end;
    return true;
}

static bool locate(const struct part *iloc, uint32_t item, uint64_t *ret_at, uint64_t *ret_length)
{
    struct locations all = {.box = *iloc, .version = iloc->length ? iloc->data[0] : 0};
    uint32_t sizes = get16(iloc, 4);
    bool found = false;
    size_t at;
    uint64_t count;

    all.offset = sizes >> 12;
    all.length = sizes >> 8 & 15;
    all.base = sizes >> 4 & 15;
    all.index = all.version ? sizes & 15 : 0;
    all.number = all.version == 2 ? 4 : 2;
    count = get(iloc, 6, all.number);
    at = 6 + all.number;
    for (uint64_t i = 0; i < count && i < ITEMS_MAX && !found; i++) {
        if (!next_location(&all, &at, item, &found, ret_at, ret_length)) {
            return false;
        }
    }
    return found;
}

bool resize_exif_find_heif(const uint8_t *file, size_t length, const uint8_t **ret, size_t *ret_length)
{
    const struct part whole = {file, length};
    struct part meta, iinf, iloc, payload;
    uint64_t at, size;
    uint32_t item, skip;

    /* `meta` begins with version and flags. */
    if (!find_box(&whole, 0, "meta", &meta) || !find_box(&meta, 4, "iinf", &iinf) ||
        !find_box(&meta, 4, "iloc", &iloc) || !find_item(&iinf, &item) || !locate(&iloc, item, &at, &size)) {
        return false;
    }
    if (at > length || length - at < size || size < 4) {
        return false;
    }
    /* The item begins with the distance from there to the TIFF structure. */
    payload = (struct part){file + at, (size_t)size};
    skip = get32(&payload, 0);
    if (skip > payload.length - 4) {
        return false;
    }
    *ret = payload.data + 4 + skip;
    *ret_length = payload.length - 4 - skip;
    return true;
}
