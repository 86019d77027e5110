/* Header of a GIF (GIF89a specification): size, frames, transparency. */
#include "header.h"

enum {
    SCREEN = 13,
    IMAGE_DESCRIPTOR = 10,
    INTRODUCER_EXTENSION = 0x21,
    INTRODUCER_IMAGE = 0x2c,
    TRAILER = 0x3b,
    LABEL_GRAPHIC = 0xf9,
    LABEL_APPLICATION = 0xff
};

/* Bytes of a colour table by the packed field that announces it. */
static size_t table_bytes(unsigned packed)
{
    return packed & 0x80 ? 3 * (size_t)(2 << (packed & 7)) : 0;
}

/* The end of a chain of sub-blocks, each with its length in front; `length` where it is cut short. */
static size_t skip_blocks(const struct resize_walk *w, size_t at)
{
    while (at < w->length && w->data[at] != 0) {
        at += 1 + (size_t)w->data[at];
    }
    return at < w->length ? at + 1 : w->length;
}

/* The decoder takes sizes that are a whole screen's for a bad guess of the writer, and all lets the first frame
 * grow. */
static bool is_bad_guess(int64_t width, int64_t height)
{
    static const int screens[][2] = {{640, 480}, {640, 512}, {800, 600}, {1024, 768}, {1280, 1024}, {1600, 1200}};

    for (size_t i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
        if (width == screens[i][0] && height == screens[i][1]) {
            return true;
        }
    }
    return width == 0 || height == 0 || width > 2048 || height > 2048;
}

static void read_image(const struct resize_walk *w, size_t at, struct resize_header *ret)
{
    int64_t right = (int64_t)resize_le16(w, at + 1) + resize_le16(w, at + 5);
    int64_t bottom = (int64_t)resize_le16(w, at + 3) + resize_le16(w, at + 7);

    if (ret->pages++ == 0) {
        ret->width = right > ret->width ? right : ret->width;
        ret->height = bottom > ret->height ? bottom : ret->height;
    }
}

static void read_extension(const struct resize_walk *w, size_t at, struct resize_header *ret)
{
    unsigned label = resize_walk_has(w, at, 4) ? w->data[at + 1] : 0;

    if (label == LABEL_GRAPHIC) {
        ret->has_alpha = ret->has_alpha || w->data[at + 3] & 1;
    } else if (label != LABEL_APPLICATION || !resize_walk_is(w, at + 3, "NETSCAPE2.0")) {
        ret->metadata = true;
    }
}

pxm_status resize_header_gif(const struct resize_walk *w, struct resize_header *ret)
{
    size_t at = SCREEN;

    if (w->length < SCREEN) {
        return resize_header_corrupt(w, "GIF header");
    }
    ret->pages = 0;
    ret->animated = true;
    ret->width = resize_le16(w, 6);
    ret->height = resize_le16(w, 8);
    if (is_bad_guess(ret->width, ret->height)) {
        ret->width = ret->height = 1;
    }
    at += table_bytes(w->data[10]);
    while (at < w->length && w->data[at] != TRAILER && ret->pages <= RESIZE_PARTS_MAX) {
        if (w->data[at] == INTRODUCER_EXTENSION) {
            read_extension(w, at, ret);
            at = skip_blocks(w, at + 2);
        } else if (w->data[at] == INTRODUCER_IMAGE && resize_walk_has(w, at, IMAGE_DESCRIPTOR + 1)) {
            read_image(w, at, ret);
            at = skip_blocks(w, at + IMAGE_DESCRIPTOR + table_bytes(w->data[at + 9]) + 1);
        } else {
            break; /* the decoder says what it makes of it */
        }
    }
    if (ret->pages > RESIZE_PARTS_MAX) {
        return w->host->fail(w->error, PXM_E_LIMIT, "limit.frames", "the GIF has more than %d frames",
                             (int)RESIZE_PARTS_MAX);
    }
    ret->pixel_bytes = 8; /* the canvas, and the one before it */
    return ret->pages ? PXM_OK : resize_header_corrupt(w, "GIF");
}
