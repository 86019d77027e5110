/* The host table of plugin.h over core/base. An instance of a unit gets its own copy, so that logs carry its name. */
#ifndef PXM_BASE_HOST_H
#define PXM_BASE_HOST_H

#include "base/clock.h"
#include <pixmill/plugin.h>

struct pxm_host_impl {
    const char *name; /* of the plugin or resource, for logs; lives as long as the table */
    const struct pxm_clock *clock;
};
void pxm_host_init(struct pxm_host *host, struct pxm_host_impl *impl);

#endif
