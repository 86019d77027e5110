/* The pixels of `thumbnail`: from a picture and a plan to the result. */
#ifndef RESIZE_SCALE_H
#define RESIZE_SCALE_H

#include "fit.h"
#include "vipsbase/vipsbase.h"

/* *image, of any size, perhaps not yet finished (finish.h), becomes the whole picture at plan->width x plan->height,
 * finished; every frame for itself. Stays a stream where it was one, unless it has to be turned. [job] */
pxm_status resize_scale(const struct vipsbase_pull *pull, VipsImage **image, const struct resize_plan *plan,
                        pxm_error *error);

/* Cuts or pads that to the result. [job] */
pxm_status resize_cut(const struct vipsbase_pull *pull, VipsImage **image, const struct resize_plan *plan,
                      const struct resize_thumbnail_options *options, pxm_error *error);

#endif
