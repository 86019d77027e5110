/* A picture file as the eye sees it, for operations that measure: its first frame, upright, sRGB, 8 bit, three
 * bands, over white, in memory. */
#ifndef RESIZE_STILL_H
#define RESIZE_STILL_H

#include "header.h"
#include "vipsbase/vipsbase.h"

struct resize_still {
    struct resize_header header;
    bool icc;         /* the file embeds a colour profile */
    VipsImage *image; /* to be unreffed */
};

/* Checks the limits, as `decode` does. [job] */
pxm_status resize_still_open(const struct vipsbase_pull *pull, pxm_blob *blob, struct resize_still *ret,
                             pxm_error *error);

#endif
