/* The operations of the light half, one file each, for the list in resize.c. */
#ifndef RESIZE_UNITS_H
#define RESIZE_UNITS_H

#include "options.h"

extern const struct pxm_unit resize_decode_unit;
extern const struct pxm_unit resize_thumbnail_unit;
extern const struct pxm_unit resize_encode_unit;
extern const struct pxm_unit resize_placeholder_unit;
extern const struct pxm_unit resize_negotiate_unit;
extern const struct pxm_unit resize_metadata_unit;
extern const struct pxm_unit resize_inspect_unit;
extern const struct pxm_unit resize_compare_unit;

/* The parts of struct pxm_unit that every operation of this plugin has in common. */
#define RESIZE_UNIT                                                                                                    \
    .struct_size = sizeof(struct pxm_unit), .threads = PXM_THREADS_PARALLEL, .option_size = sizeof(struct pxm_option), \
    .iface = PXM_IFACE_TRANSFORM

/* An instance of an operation that needs no image library and so is done by the light half itself. */
struct resize_light {
    const struct pxm_host *host;
};
pxm_status resize_light_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error);
void resize_light_destroy(void *self);
#define RESIZE_LIGHT_UNIT RESIZE_UNIT, .create = resize_light_create, .destroy = resize_light_destroy

#endif
