/* The decoders: for each format those that can open it, the one that does least work first. A faster decoder of some
 * pictures goes in front of the general one of its format. */
#ifndef RESIZE_LOADER_H
#define RESIZE_LOADER_H

#include "header.h"
#include "vipsbase/vipsbase.h"

/* What to open. Borrowed for the call; the pictures made keep the blob themselves. */
struct resize_request {
    const struct pxm_host *host;
    pxm_blob *blob;
    const struct resize_header *header;
    int64_t page, frames;          /* the first, and how many */
    int64_t min_width, min_height; /* of a frame as stored; 0: all there is */
};

struct resize_loader {
    /* Whether it can open a picture with this header. */
    bool (*probe)(const struct resize_header *header);
    /* A sequential picture of at least the size asked for, or all there is, not rotated, in the file's own colours.
     * NULL with libvips' error set. */
    VipsImage *(*load)(const struct resize_request *request);
    enum resize_kind kind;
};

/* The picture as its file has it, with the EXIF orientation as metadata. Fails with decode.corrupt. [job] */
pxm_status resize_load(const struct resize_request *request, VipsImage **ret, pxm_error *error);

/* The bytes of a blob for libvips, which holds the blob as long as it needs; NULL with libvips' error set. */
VipsSource *resize_source_of_blob(const struct pxm_host *host, pxm_blob *blob);
/* Those of a PNG, without the chunks that the decoder must not see; nothing is copied. */
VipsSource *resize_source_of_png(const struct pxm_host *host, pxm_blob *blob);

#endif
