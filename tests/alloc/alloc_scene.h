/* An operation of a driver with each of its allocations failing in turn. */
#ifndef PXM_TESTS_ALLOC_SCENE_H
#define PXM_TESTS_ALLOC_SCENE_H

#include <pixmill/plugin.h>

typedef pxm_status (*alloc_operation)(void *self, pxm_value *fields, pxm_error *error);

/* Sweeps over making an instance of the unit, which is linked in, and the operation on it; so nothing is kept from one
 * run to the next. It must be done, with all its fields, or fail as one that had no memory. */
void alloc_scene(const char *name, const struct pxm_unit *unit, const void *config, alloc_operation operation);

#endif
