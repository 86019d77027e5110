/* Memory for whole pictures, kept for the next ones. The system gives and takes large blocks page by page, which costs
 * more than what is done to a thumbnail after it was decoded; and keeping them in malloc, whose heap would then keep
 * everything, costs several times what is kept here. */
#include "vipsbase/vipsbase.h"
#include <pthread.h>
#include <stdlib.h>

enum {
    BLOCKS_KEPT = 4,
    BYTES_KEPT = 8 << 20,    /* of a process: the sizes that a web page shows */
    BLOCK_LEAST = 128 << 10, /* smaller ones never leave the heap */
    WASTE = 2                /* a block is used for what takes half of it, and not for less */
};

struct block {
    void *data;
    size_t size;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct block kept[BLOCKS_KEPT];                   /* the oldest first */
static size_t kept_count, kept_bytes;

static void drop(size_t index)
{
    kept_bytes -= kept[index].size;
    kept_count--;
    for (size_t i = index; i < kept_count; i++) {
        kept[i] = kept[i + 1];
    }
}

static struct block take(size_t size)
{
    struct block block = {NULL, size};
    size_t best = BLOCKS_KEPT;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < kept_count; i++) {
        if (kept[i].size >= size && kept[i].size / WASTE <= size &&
            (best == BLOCKS_KEPT || kept[i].size < kept[best].size)) {
            best = i;
        }
    }
    if (best < BLOCKS_KEPT) {
        block = kept[best];
        drop(best);
    }
    pthread_mutex_unlock(&lock);
    if (!block.data) {
        block.data = malloc(size);
    }
    return block;
}

static void give_back(struct block block)
{
    void *rest[BLOCKS_KEPT];
    size_t count = 0;

    if (block.size < BLOCK_LEAST || block.size > BYTES_KEPT) {
        free(block.data);
        return;
    }
    pthread_mutex_lock(&lock);
    while (kept_count == BLOCKS_KEPT || kept_bytes + block.size > BYTES_KEPT) {
        rest[count++] = kept[0].data;
        drop(0);
    }
    kept[kept_count++] = block;
    kept_bytes += block.size;
    pthread_mutex_unlock(&lock);
    while (count > 0) {
        free(rest[--count]);
    }
}

static void release(VipsImage *image, struct block *block)
{
    (void)image;
    give_back(*block);
    free(block);
}

VipsImage *vipsbase_pixels_new(const VipsImage *like)
{
    size_t size = (size_t)vipsbase_bytes(like);
    struct block *block = malloc(sizeof(*block));
    VipsImage *image = NULL;

    if (block) {
        *block = take(size);
        if (block->data) {
            image = vips_image_new_from_memory(block->data, size, like->Xsize, like->Ysize, like->Bands, like->BandFmt);
        }
    }
    if (image) {
        g_signal_connect(image, "postclose", G_CALLBACK(release), block);
        return image;
    }
    if (block) {
        free(block->data);
    }
    free(block);
    vips_error("pixmill", "%s", "out of memory");
    return NULL;
}
