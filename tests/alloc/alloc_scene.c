/* Instances and their operations without memory. */
#include "alloc_scene.h"
#include "alloc_sweep.h"
#include "base/value.h"
#include "conformance/harness.h"

struct scene {
    const struct pxm_unit *unit;
    const void *config;
    alloc_operation operation;
    pxm_error *error;
};

static int outcome_of(pxm_status status, const pxm_value *fields)
{
    if (status == PXM_OK) { /* a field that could not be set is told by the record itself */
        return fields && pxm_value_status(fields) == PXM_OK ? ALLOC_SUCCESS : ALLOC_FAILURE;
    }
    return status == PXM_E_NO_MEMORY ? ALLOC_FAILURE : ALLOC_FALSE;
}

static int run_scene(void *arg)
{
    const struct scene *scene = arg;
    const struct pxm_host *host = conformance_host();
    void *self = NULL;
    pxm_value *fields = host->value_record();
    pxm_error_clear(scene->error);
    pxm_status status = fields ? scene->unit->create(host, scene->config, &self, scene->error) : PXM_E_NO_MEMORY;
    if (status == PXM_OK) {
        status = scene->operation(self, fields, scene->error);
        scene->unit->destroy(self);
    }
    int outcome = outcome_of(status, fields);
    host->value_unref(fields);
    return outcome;
}

void alloc_scene(const char *name, const struct pxm_unit *unit, const void *config, alloc_operation operation)
{
    struct scene scene = {.unit = unit, .config = config, .operation = operation, .error = pxm_error_new()};
    alloc_sweep(name, run_scene, &scene);
    pxm_error_free(scene.error);
}
