/* The working half of the image plugin: the list of its operations, and how libvips is started, once a process. */
#include "body.h"
#include "vipsbase/vipsbase.h"
#include <stdlib.h>

static const struct pxm_unit *const units[] = {
    &resize_decode_body,   &resize_thumbnail_body, &resize_encode_body,  &resize_placeholder_body,
    &resize_metadata_body, &resize_inspect_body,   &resize_compare_body, NULL,
};

pxm_status resize_self_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    struct resize_self *self = calloc(1, sizeof(*self));

    (void)config;
    if (!self) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    self->host = host;
    *ret_self = self;
    return PXM_OK;
}

void resize_self_destroy(void *self)
{
    free(self);
}

static const struct pxm_plugin plugin = {
    .struct_size = sizeof(struct pxm_plugin),
    .abi = PXM_ABI_CURRENT,
    .abi_min = PXM_ABI(1, 0),
    .name = "resize-body",
    .version = RESIZE_VERSION,
    .license = "Apache-2.0",
    .summary = "Opens, resizes and saves pictures, over libvips.",
    .units = units,
    .load = vipsbase_start,
};

PXM_PLUGIN(resize_body, plugin)
