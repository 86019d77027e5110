/* The light half of the image plugin: what there is, for checking and documentation. Maps no image library; the engine
 * loads the other half, `resize-body`, when a pipeline is about to run. */
#include "units.h"

static const struct pxm_unit *const units[] = {
    &resize_decode_unit,      &resize_thumbnail_unit, &resize_encode_unit,
    &resize_placeholder_unit, &resize_negotiate_unit, &resize_metadata_unit,
    &resize_inspect_unit,     &resize_compare_unit,   NULL,
};

static const struct pxm_plugin plugin = {
    .struct_size = sizeof(struct pxm_plugin),
    .abi = PXM_ABI_CURRENT,
    .abi_min = PXM_ABI(1, 0),
    .name = "resize",
    .version = RESIZE_VERSION,
    .license = "Apache-2.0",
    .summary = "Opens, resizes and saves pictures, over libvips.",
    .units = units,
    .body = "resize-body",
};

PXM_PLUGIN(resize, plugin)
