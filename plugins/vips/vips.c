/* The light half of the plugin that makes libvips' operations steps: what there is, for checking and documentation. Its
 * tables are generated when it is built; it maps no image library. The engine loads the other half, `vips-body`, when a
 * pipeline is about to run. */
#include "vop.h"

static const struct pxm_plugin plugin = {
    .struct_size = sizeof(struct pxm_plugin),
    .abi = PXM_ABI_CURRENT,
    .abi_min = PXM_ABI(1, 0),
    .name = "vips",
    .version = VOP_VERSION,
    .license = "Apache-2.0",
    .summary = "The operations of libvips, by name.",
    .units = vop_units,
    .body = "vips-body",
};

PXM_PLUGIN(vips, plugin)
