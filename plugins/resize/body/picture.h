/* A file that `decode` has taken: its bytes and header, opened anew for everybody who asks for pixels. */
#ifndef RESIZE_PICTURE_H
#define RESIZE_PICTURE_H

#include "loader.h"

/* A new lazy picture of frames [page, page + frames) of the blob, whose header has passed the limits. NULL: no
 * memory. */
pxm_image *resize_picture_new(const struct pxm_host *host, pxm_blob *blob, const struct resize_header *header,
                              int64_t page, int64_t frames);

/* Pixels for somebody who will make them smaller still: at least so many of the upright picture. A picture of ours
 * comes with its orientation and colours as metadata yet to be applied (resize_finish), as that is cheaper afterwards;
 * any other comes as it is. [job] */
pxm_status resize_picture_open(const struct pxm_host *host, pxm_image *image, pxm_job *job, int64_t min_width,
                               int64_t min_height, VipsImage **ret, pxm_error *error);

/* The file that a picture of ours was opened from, borrowed; NULL: not ours, or it was changed since. */
pxm_blob *resize_picture_file(const struct pxm_host *host, pxm_image *image);

#endif
