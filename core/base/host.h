/* The host table of plugin.h over core/base. An instance of a unit gets its own copy, so that logs carry its name. */
#ifndef PXM_BASE_HOST_H
#define PXM_BASE_HOST_H

#include "base/clock.h"
#include <pixmill/plugin.h>

struct pxm_extension { /* what a host offers beyond the table, by a name such as "pixmill.aws/1" */
    const char *id;    /* NULL at the end of a list */
    const void *table; /* the struct that the id stands for */
};

struct pxm_host_impl {
    const char *name; /* of the plugin or resource, for logs; lives as long as the table */
    const struct pxm_clock *clock;
    const struct pxm_extension *extensions; /* ends with a NULL id; lives as long as the table; NULL: none */
};
void pxm_host_init(struct pxm_host *host, struct pxm_host_impl *impl);

#endif
