/* Header of an AVIF or HEIC (ISO/IEC 14496-12 boxes, ISO/IEC 23008-12 items): size of the primary picture as the
 * decoder gives it, which has crop and rotation applied. */
#include "header.h"

struct box {
    size_t at, end; /* of the content */
};

enum { PROPERTIES_MAX = 64, FULL_BOX = 4 /* version and flags */ };

struct heif {
    const struct resize_walk *w;
    struct resize_header *ret;
    uint32_t primary;
    struct box property[PROPERTIES_MAX]; /* in the order of `ipco`, from 1 on; content, with the type before it */
    size_t properties;
};

/* The box that starts at `at`, within `end`. Its type is at ret->at - 4, or 8 further ahead for the long form. */
static bool open_box(const struct resize_walk *w, size_t at, size_t end, struct box *ret, size_t *ret_type)
{
    uint64_t size = resize_be32(w, at), header = 8;

    if (end - at < header) {
        return false;
    }
    if (size == 1) {
        header = 16;
        size = (uint64_t)resize_be32(w, at + 8) << 32 | resize_be32(w, at + 12);
    } else if (size == 0) {
        size = end - at;
    }
    if (size < header || size > end - at) {
        return false;
    }
    *ret_type = at + 4;
    *ret = (struct box){at + (size_t)header, at + (size_t)size};
    return true;
}

/* Calls `visit` for each box within `parent`; false when one is damaged or there are too many. */
static bool each_box(struct heif *h, const struct box *parent, bool (*visit)(struct heif *, size_t type, struct box))
{
    size_t at = parent->at, type;
    struct box box;

    for (int count = 0; at < parent->end; at = box.end) {
        if (++count > RESIZE_PARTS_MAX || !open_box(h->w, at, parent->end, &box, &type) || !visit(h, type, box)) {
            return false;
        }
    }
    return true;
}

static void note_size(struct heif *h, int64_t width, int64_t height)
{
    int64_t side = width > height ? width : height;
    int64_t area = width <= INT32_MAX && height <= INT32_MAX ? width * height : INT64_MAX;

    h->ret->side_max = side > h->ret->side_max ? side : h->ret->side_max;
    h->ret->area_max = area > h->ret->area_max ? area : h->ret->area_max;
}

static bool contains(const struct resize_walk *w, struct box box, const char *text)
{
    for (; box.at < box.end; box.at++) {
        if (resize_walk_is(w, box.at, text)) {
            return true;
        }
    }
    return false;
}

static bool visit_property(struct heif *h, size_t type, struct box box)
{
    if (h->properties >= PROPERTIES_MAX - 1) {
        return true; /* the primary picture's come first in every writer */
    }
    h->property[++h->properties] = (struct box){type, box.end};
    if (resize_walk_is(h->w, type, "ispe")) {
        note_size(h, resize_be32(h->w, box.at + FULL_BOX), resize_be32(h->w, box.at + FULL_BOX + 4));
    } else if (resize_walk_is(h->w, type, "auxC") && box.end - box.at < 256 &&
               (contains(h->w, box, "auxiliary:alpha") || contains(h->w, box, "auxid:1"))) {
        h->ret->has_alpha = true;
    } else if (resize_walk_is(h->w, type, "hvcC")) {
        h->ret->hevc = true;
    }
    return true;
}

/* Crop, rotation and mirror are applied in the order in which they are associated. */
static void apply_property(struct heif *h, size_t index)
{
    size_t type;

    if (index == 0 || index > h->properties) {
        return;
    }
    type = h->property[index].at;
    if (resize_walk_is(h->w, type, "ispe")) {
        h->ret->width = resize_be32(h->w, type + 8);
        h->ret->height = resize_be32(h->w, type + 12);
    } else if (resize_walk_is(h->w, type, "clap")) {
        uint32_t wd = resize_be32(h->w, type + 8), hd = resize_be32(h->w, type + 16);
        h->ret->width = wd ? resize_be32(h->w, type + 4) / wd : 0;
        h->ret->height = hd ? resize_be32(h->w, type + 12) / hd : 0;
    } else if (resize_walk_is(h->w, type, "irot") && type + 4 < h->w->length && h->w->data[type + 4] & 1) {
        int64_t width = h->ret->width;
        h->ret->width = h->ret->height;
        h->ret->height = width;
    }
}

/* ISO/IEC 23008-12 section 9.3.2: entries of an item id, a count, and that many property numbers. */
static bool read_associations(struct heif *h, struct box box)
{
    const struct resize_walk *w = h->w;
    uint32_t head = resize_be32(w, box.at), entries = resize_be32(w, box.at + FULL_BOX);
    size_t id_bytes = head >> 24 ? 4 : 2, number_bytes = head & 1 ? 2 : 1, at = box.at + FULL_BOX + 4;

    if (entries > RESIZE_PARTS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < entries && at + id_bytes < box.end; i++) {
        uint32_t id = id_bytes == 4 ? resize_be32(w, at) : resize_be16(w, at);
        size_t count = w->data[at + id_bytes];

        at += id_bytes + 1;
        if (at > box.end || count * number_bytes > box.end - at) {
            return false;
        }
        for (size_t j = 0; j < count; j++, at += number_bytes) {
            if (id == h->primary) {
                apply_property(h, number_bytes == 2 ? resize_be16(w, at) & 0x7fff : w->data[at] & 0x7fU);
            }
        }
    }
    return true;
}

static bool visit_iprp(struct heif *h, size_t type, struct box box)
{
    if (resize_walk_is(h->w, type, "ipco")) {
        return each_box(h, &box, visit_property);
    }
    return !resize_walk_is(h->w, type, "ipma") || read_associations(h, box);
}

static bool visit_meta(struct heif *h, size_t type, struct box box)
{
    if (resize_walk_is(h->w, type, "pitm")) {
        bool wide = resize_be32(h->w, box.at) >> 24;
        h->primary = wide ? resize_be32(h->w, box.at + FULL_BOX) : resize_be16(h->w, box.at + FULL_BOX);
    } else if (resize_walk_is(h->w, type, "iinf")) {
        bool wide = resize_be32(h->w, box.at) >> 24;
        return !wide || resize_be32(h->w, box.at + FULL_BOX) <= RESIZE_PARTS_MAX;
    } else if (resize_walk_is(h->w, type, "iprp")) {
        return each_box(h, &box, visit_iprp);
    }
    return true;
}

static bool visit_top(struct heif *h, size_t type, struct box box)
{
    if (!resize_walk_is(h->w, type, "meta") || box.end - box.at < FULL_BOX) {
        return true;
    }
    box.at += FULL_BOX;
    return each_box(h, &box, visit_meta);
}

pxm_status resize_header_heif(const struct resize_walk *w, struct resize_header *ret)
{
    struct heif heif = {.w = w, .ret = ret};
    struct box file = {0, w->length};

    if (w->page > 0) {
        return w->host->fail(w->error, PXM_E_INVALID, "decode.no_page",
                             "of an AVIF or HEIC the primary picture is taken, "
                             "page 0; page %lld was asked for",
                             (long long)w->page);
    }
    ret->metadata = true; /* items of any kind; none is taken for harmless */
    ret->pixel_bytes = 8; /* all planes, and all pixels */
    if (!each_box(&heif, &file, visit_top) || ret->width == 0) {
        return resize_header_corrupt(w, "list of items");
    }
    return PXM_OK;
}
