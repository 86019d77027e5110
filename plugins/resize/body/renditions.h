/* Several sizes from one decode: what `thumbnail` keeps with a picture of which more than one size was announced. */
#ifndef RESIZE_RENDITIONS_H
#define RESIZE_RENDITIONS_H

#include "fit.h"
#include "vipsbase/vipsbase.h"

/* Remembers that this size of `image` will be asked for. Forgets it when memory is out. [job] */
void resize_renditions_announce(const struct pxm_host *host, pxm_image *image, const struct resize_plan *plan);

/* The whole picture at the size of the plan, finished and in memory: made from a larger one where there is one, else
 * from the file. *ret stays untouched where this size was not announced, or nothing else was: then a stream is cheaper.
 * Each announcement is good for one call; pixels that no later one can use are dropped. [job] */
pxm_status resize_renditions_take(const struct vipsbase_pull *pull, pxm_image *image, const struct resize_plan *plan,
                                  VipsImage **ret, pxm_error *error);

/* Opens `image` with enough pixels for the plan, and scales it: a stream where it can be one. [job] */
pxm_status resize_render(const struct vipsbase_pull *pull, pxm_image *image, const struct resize_plan *plan,
                         VipsImage **ret, pxm_error *error);

#endif
