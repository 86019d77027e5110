/* The one form in which pictures leave the body: upright, 8 bit, sRGB or grey, with straight alpha or none. */
#ifndef RESIZE_FINISH_H
#define RESIZE_FINISH_H

#include "vipsbase/vipsbase.h"

/* Brings *image, perhaps still as its file has it, into that form; what is in it already passes at no cost. Rotation by
 * a quarter needs all pixels in memory, so this comes after any shrinking. */
pxm_status resize_finish(const struct vipsbase_pull *pull, VipsImage **image, pxm_error *error);

/* Whether EXIF orientation `o` swaps width and height. */
static inline bool resize_orientation_swaps(int o)
{
    return o >= 5;
}
int resize_orientation_of(VipsImage *image); /* 1..8 */

#endif
