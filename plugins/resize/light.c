/* The instance of operations that the light half does by itself. */
#include "units.h"
#include <stdlib.h>

pxm_status resize_light_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    struct resize_light *self = calloc(1, sizeof(*self));

    (void)config;
    if (!self) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    self->host = host;
    *ret_self = self;
    return PXM_OK;
}

void resize_light_destroy(void *self)
{
    free(self);
}
