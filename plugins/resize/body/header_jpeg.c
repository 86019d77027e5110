/* Header of a JPEG (ITU-T T.81, annex B): size, sampling, EXIF orientation, and how many scans the decoder will
 * meet. */
#include "header.h"
#include <string.h>

/* Marker codes, T.81 table B.1. */
enum {
    SOF0 = 0xc0,
    SOF1 = 0xc1,
    SOF2 = 0xc2,
    DHT = 0xc4,
    JPG = 0xc8,
    DAC = 0xcc,
    SOF15 = 0xcf,
    RST0 = 0xd0,
    RST7 = 0xd7,
    EOI = 0xd9,
    SOS = 0xda,
    APP0 = 0xe0,
    APP1 = 0xe1,
    APP2 = 0xe2,
    APP14 = 0xee,
    APP15 = 0xef,
    COM = 0xfe,
    TEM = 0x01
};

struct frame {
    unsigned components;
    int64_t coefficient_bytes; /* a pixel, for a decoder that holds all coefficients: 2 bytes each */
    bool seen;
};

static pxm_status read_frame(const struct resize_walk *w, size_t at, size_t end, unsigned marker, struct frame *frame,
                             struct resize_header *ret)
{
    unsigned samples = 0, most = 1;

    if (frame->seen || end - at < 6 || (frame->components = w->data[at + 5]) == 0 || frame->components > 4 ||
        end - at < 6 + 3 * (size_t)frame->components) {
        return resize_header_corrupt(w, "JPEG frame header");
    }
    if (w->data[at] != 8 || (marker != SOF0 && marker != SOF1 && marker != SOF2)) {
        return w->host->fail(w->error, PXM_E_BAD_IMAGE, "decode.unsupported",
                             "the JPEG is of a kind that browsers do not show either (%u bits, process %u)",
                             (unsigned)w->data[at], marker - SOF0);
    }
    frame->seen = true;
    ret->height = resize_be16(w, at + 1);
    ret->width = resize_be16(w, at + 3);
    ret->progressive = marker == SOF2;
    for (unsigned i = 0; i < frame->components; i++) {
        unsigned h = w->data[at + 7 + 3 * i] >> 4, v = w->data[at + 7 + 3 * i] & 15;
        samples += h * v;
        most = h * v > most ? h * v : most;
    }
    frame->coefficient_bytes = (2 * samples + most - 1) / most;
    return PXM_OK;
}

/* The next marker that ends entropy-coded data: not a stuffed byte, not a restart. `length` if there is none. */
static size_t skip_scan(const struct resize_walk *w, size_t at)
{
    while (at + 1 < w->length) {
        const uint8_t *ff = memchr(w->data + at, 0xff, w->length - 1 - at);
        if (!ff) {
            break;
        }
        at = (size_t)(ff - w->data);
        if (ff[1] != 0 && ff[1] != 0xff && (ff[1] < RST0 || ff[1] > RST7)) {
            return at;
        }
        at += ff[1] == 0xff ? 1 : 2;
    }
    return w->length;
}

static void read_application(const struct resize_walk *w, size_t at, size_t end, unsigned marker,
                             struct resize_header *ret)
{
    if (marker == APP1 && end - at > 6 && memcmp(w->data + at, "Exif\0", 6) == 0 && ret->orientation == 1) {
        ret->orientation = resize_exif_orientation(w->data + at + 6, end - at - 6);
    }
    /* APP0 is JFIF, APP14 Adobe's colour transform; APP2 may be a colour profile or previews of the scene. */
    if (marker != APP0 && marker != APP14 && !(marker == APP2 && resize_walk_is(w, at, "ICC_PROFILE"))) {
        ret->metadata = true;
    }
}

/* Reads a scan header. *last tells that the decoder reads no further: a sequential JPEG with all components in one scan
 * ends with that scan. */
static pxm_status read_scan(const struct resize_walk *w, size_t at, size_t end, const struct frame *frame,
                            struct resize_header *ret, bool *last)
{
    if (!frame->seen || at >= end) {
        return resize_header_corrupt(w, "JPEG scan header");
    }
    ret->scans++;
    *last = !ret->progressive && ret->scans == 1 && w->data[at] == frame->components;
    if (!*last) { /* the decoder holds the coefficients of all the picture */
        ret->pixel_bytes = frame->coefficient_bytes;
    }
    return PXM_OK;
}

pxm_status resize_header_jpeg(const struct resize_walk *w, struct resize_header *ret)
{
    struct frame frame = {0};
    size_t at = 2;
    bool last = false;
    pxm_status status = PXM_OK;

    while (!last && ret->scans <= w->scans_max) {
        unsigned marker;
        size_t end;

        while (at < w->length && w->data[at] != 0xff) { /* what is between segments is skipped, as libjpeg does */
            at++;
        }
        while (at < w->length && w->data[at] == 0xff) {
            at++;
        }
        if (at >= w->length) {
            break;
        }
        marker = w->data[at++];
        if (marker == EOI) {
            break;
        }
        if (marker == 0 || marker == TEM || (marker >= RST0 && marker <= RST7)) {
            continue;
        }
        end = at + resize_be16(w, at);
        if (end < at + 2 || end > w->length) {
            break;
        }
        at += 2;
        if (marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC) {
            status = read_frame(w, at, end, marker, &frame, ret);
        } else if ((marker >= APP0 && marker <= APP15) || marker == COM) {
            read_application(w, at, end, marker, ret);
        } else if (marker == SOS) {
            status = read_scan(w, at, end, &frame, ret, &last);
            end = last ? end : skip_scan(w, end);
        }
        if (status) {
            return status;
        }
        at = end;
    }
    return ret->scans ? PXM_OK : resize_header_corrupt(w, "JPEG header");
}
