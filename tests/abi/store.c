/* A store as ABI 1.0 knew it: its functions end before `watch`. What lies behind must not be looked at, so it is
 * poison. */
#include <pixmill/plugin.h>

static pxm_status head(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    (void)self;
    (void)job;
    (void)key;
    (void)fields;
    (void)error;
    return PXM_OK;
}

static const struct pxm_storage_ops ops = {
    .struct_size = offsetof(struct pxm_storage_ops, watch),
    .head = head,
    .watch = (pxm_status(*)(void *, pxm_job *, const struct pxm_watch *, pxm_value *, pxm_error *))(uintptr_t)0x5a5a5a,
};

static const struct pxm_unit unit = {.struct_size = sizeof unit,
                                     .threads = PXM_THREADS_PARALLEL,
                                     .iface = PXM_IFACE_STORAGE,
                                     .name = "store",
                                     .summary = "holds nothing",
                                     .ops = &ops};
static const struct pxm_unit *const units[] = {&unit, NULL};
static const struct pxm_plugin description = {.struct_size = sizeof description,
                                              .abi = PXM_ABI(1, 0),
                                              .abi_min = PXM_ABI(1, 0),
                                              .name = "store",
                                              .version = "1.2.3",
                                              .license = "Apache-2.0",
                                              .summary = "a plugin for tests",
                                              .units = units};

PXM_PLUGIN(store, description)
