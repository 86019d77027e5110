/* The geometry of `thumbnail`: numbers alone, no pixels. */
#ifndef RESIZE_FIT_H
#define RESIZE_FIT_H

#include "options.h"

/* All of one upright frame, in pixels. */
struct resize_plan {
    int64_t width, height;         /* of the whole picture, scaled                                                  */
    int64_t out_width, out_height; /* of the result: smaller where it is cut, larger where it is padded             */
    int64_t left, top;             /* of the result in the scaled picture; negative: of the picture in the result   */
    int32_t kernel;
};

/* What to do with a picture of width x height. The options have a width or a height. [any] */
struct resize_plan resize_plan_make(const struct resize_thumbnail_options *options, int64_t width, int64_t height);

#endif
