/* The operations of the light half, one file each, for the list in resize.c. */
#ifndef RESIZE_UNITS_H
#define RESIZE_UNITS_H

#include "options.h"

extern const struct pxm_unit resize_decode_unit;
extern const struct pxm_unit resize_thumbnail_unit;
extern const struct pxm_unit resize_encode_unit;

/* The parts of struct pxm_unit that every operation of this plugin has in common. */
#define RESIZE_UNIT                                                                                                    \
    .struct_size = sizeof(struct pxm_unit), .threads = PXM_THREADS_PARALLEL, .option_size = sizeof(struct pxm_option), \
    .iface = PXM_IFACE_TRANSFORM

#endif
