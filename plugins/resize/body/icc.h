/* Whether a colour profile says what sRGB says. */
#ifndef RESIZE_ICC_H
#define RESIZE_ICC_H

#include <stdbool.h>
#include <stddef.h>

/* True only for RGB profiles whose primaries and tone curve are those of sRGB to within what 8 bits show; most cameras
 * and editors embed one, and converting by it costs as much as a small JPEG's decode for no change. [any] */
bool resize_icc_is_srgb(const void *profile, size_t length);

#endif
