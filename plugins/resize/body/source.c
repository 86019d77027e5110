/* The bytes of a blob as libvips reads them. Any thread. */
#include "loader.h"
#include <string.h>

struct holder {
    const struct pxm_host *host;
    pxm_blob *blob;
    const uint8_t *data;
    size_t length;
    size_t at, chunk_end; /* PNG: the next byte, and where the chunk or signature that holds it ends */
};

static struct holder *hold(const struct pxm_host *host, pxm_blob *blob)
{
    size_t length;
    const uint8_t *data = host->blob_data(blob, &length);
    struct holder *holder;

    if (!data) {
        vips_error("pixmill", "%s", "the file cannot be read");
        return NULL;
    }
    holder = g_new0(struct holder, 1);
    *holder = (struct holder){.host = host, .blob = host->blob_ref(blob), .data = data, .length = length};
    return holder;
}

static void release(struct holder *holder)
{
    holder->host->blob_unref(holder->blob);
    g_free(holder);
}

static int release_area(void *data, void *area)
{
    (void)data;
    release(((VipsArea *)area)->client);
    return 0;
}

VipsSource *resize_source_of_blob(const struct pxm_host *host, pxm_blob *blob)
{
    struct holder *holder = hold(host, blob);
    VipsBlob *area;
    VipsSource *source;

    if (!holder) {
        return NULL;
    }
    area = vips_blob_new(release_area, holder->data, holder->length);
    VIPS_AREA(area)->client = holder;
    source = vips_source_new_from_blob(area);
    vips_area_unref(VIPS_AREA(area));
    return source;
}

static uint32_t be32(const uint8_t *data)
{
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* Moves to the next chunk that the decoder may see. The header walk has checked that all chunks are whole. */
static void next_chunk(struct holder *h)
{
    while (h->length - h->at >= 12) {
        uint32_t length = be32(h->data + h->at);
        size_t whole = 12 + (size_t)length;

        if (whole > h->length - h->at) {
            break;
        }
        if (resize_png_chunk_is_needed(h->data + h->at, length)) {
            h->chunk_end = h->at + whole;
            return;
        }
        h->at += whole;
    }
    h->at = h->chunk_end = h->length;
}

static gint64 read_png(VipsSourceCustom *source, void *buffer, gint64 length, struct holder *h)
{
    gint64 done = 0;

    (void)source;
    while (done < length && h->at < h->length) {
        size_t part;

        if (h->at == h->chunk_end) {
            next_chunk(h);
        }
        part = h->chunk_end - h->at;
        part = part < (size_t)(length - done) ? part : (size_t)(length - done);
        memcpy((uint8_t *)buffer + done, h->data + h->at, part);
        h->at += part;
        done += (gint64)part;
    }
    return done;
}

static void release_closure(void *holder, GClosure *closure)
{
    (void)closure;
    release(holder);
}

VipsSource *resize_source_of_png(const struct pxm_host *host, pxm_blob *blob)
{
    struct holder *holder = hold(host, blob);
    VipsSourceCustom *source;

    if (!holder) {
        return NULL;
    }
    holder->chunk_end = 8; /* the signature */
    source = vips_source_custom_new();
    if (!source) {
        release(holder);
        return NULL;
    }
    g_signal_connect_data(source, "read", G_CALLBACK(read_png), holder, release_closure, 0);
    return VIPS_SOURCE(source);
}
