/* A walk over all steps of a project. Recursion ends: blocks nest PXM_BLOCK_DEPTH_MAX deep, and a fallback has none. */
#include "engine/preload.h"

#include "base/error.h"

static pxm_status preload_block(struct pxm_registry *registry, const struct pxm_block *block, pxm_error *error);

static pxm_status preload_step(struct pxm_registry *registry, const struct pxm_step *step, pxm_error *error)
{
    const struct pxm_unit *ready = NULL;
    pxm_status status = PXM_OK;

    if (step->kind != PXM_STEP_OPERATION) {
        status = preload_block(registry, &step->block, error);
    } else if (step->operation->unit) {
        status = pxm_registry_ready(registry, step->operation->unit, &ready, error);
    }
    if (status == PXM_OK && step->fallback) {
        status = preload_step(registry, step->fallback, error);
    }
    return status;
}

static pxm_status preload_block(struct pxm_registry *registry, const struct pxm_block *block, pxm_error *error)
{
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < block->step_count && status == PXM_OK; i++) {
        status = preload_step(registry, block->steps[i], error);
    }
    return status;
}

pxm_status pxm_project_preload(struct pxm_registry *registry, const struct pxm_project *project, pxm_error *error)
{
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < project->program_count && status == PXM_OK; i++) {
        const struct pxm_program *program = project->programs[i];
        status = preload_block(registry, &program->block, error);
        if (status == PXM_OK) {
            status = preload_block(registry, &program->on_failure, error);
        }
    }
    return status;
}
