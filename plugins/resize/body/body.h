/* What every operation of the body starts from: its instance, and the list that body.c makes of them. */
#ifndef RESIZE_BODY_H
#define RESIZE_BODY_H

#include "options.h"
#include <pixmill/plugin.h>

/* An instance of any operation: nothing but the way back to the engine. */
struct resize_self {
    const struct pxm_host *host;
};
pxm_status resize_self_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error);
void resize_self_destroy(void *self);

extern const struct pxm_unit resize_decode_body;
extern const struct pxm_unit resize_thumbnail_body;
extern const struct pxm_unit resize_encode_body;
extern const struct pxm_unit resize_placeholder_body;
extern const struct pxm_unit resize_metadata_body;
extern const struct pxm_unit resize_inspect_body;
extern const struct pxm_unit resize_compare_body;

/* The parts of struct pxm_unit that every operation of the body has in common. */
#define RESIZE_BODY_UNIT                                                                                               \
    .struct_size = sizeof(struct pxm_unit), .threads = PXM_THREADS_PARALLEL, .iface = PXM_IFACE_TRANSFORM,             \
    .create = resize_self_create, .destroy = resize_self_destroy

#endif
