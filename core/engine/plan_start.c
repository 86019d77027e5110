/* Creates the transforms of a pipeline when it is first run: a project of many pipelines pays for those that it runs,
 * and one that lists records never maps a codec. Called by the threads that submit runs. */
#include "engine/plan.h"

#include "base/error.h"
#include "engine/project_handle.h"

static pxm_status start_pipeline(pxm_engine *engine, struct pxm_pipeline *pipeline, pxm_error *error);
static pxm_status start_block(pxm_engine *engine, const struct pxm_plan_block *block, pxm_error *error);

static pxm_status bind_transform(pxm_engine *engine, struct pxm_plan_step *plan, pxm_error *error)
{
    char place[PXM_PLACE_MAX];
    pxm_status status = pxm_engine_transform(engine, plan->step->operation->unit, &plan->transform, error);

    if (status != PXM_OK) {
        pxm_error_context(error, "%s: `%s` cannot be started", pxm_plan_place(plan, place),
                          plan->step->operation->name);
    }
    return status;
}

/* Recursion ends: blocks nest PXM_BLOCK_DEPTH_MAX deep, a fallback has none, and calls do not go in a circle. */
static pxm_status start_step(pxm_engine *engine, struct pxm_plan_step *plan, pxm_error *error)
{
    pxm_status status = PXM_OK;

    if (plan->step->kind != PXM_STEP_OPERATION) {
        status = start_block(engine, &plan->block, error);
    } else if (plan->step->operation->unit && !plan->transform) {
        status = bind_transform(engine, plan, error);
    }
    if (status == PXM_OK && plan->callee) {
        status = start_pipeline(engine, plan->callee, error);
    }
    if (status == PXM_OK && plan->fallback) {
        status = start_step(engine, plan->fallback, error);
    }
    return status;
}

static pxm_status start_block(pxm_engine *engine, const struct pxm_plan_block *block, pxm_error *error)
{
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < block->count && status == PXM_OK; i++) {
        status = start_step(engine, &block->steps[i], error);
    }
    return status;
}

/* A run reads the transforms of a pipeline only after it has seen the flag, so what is bound here is seen, too. */
static pxm_status start_pipeline(pxm_engine *engine, struct pxm_pipeline *pipeline, pxm_error *error)
{
    if (atomic_load(&pipeline->started)) {
        return PXM_OK;
    }
    pxm_status status = start_block(engine, &pipeline->block, error);
    if (status == PXM_OK) {
        status = start_block(engine, &pipeline->on_failure, error);
    }
    if (status == PXM_OK) {
        atomic_store(&pipeline->started, true);
    }
    return status;
}

pxm_status pxm_plan_start(struct pxm_pipeline *pipeline, pxm_error *error)
{
    pxm_engine *engine = pipeline->project->engine;

    if (atomic_load(&pipeline->started)) {
        return PXM_OK;
    }
    pthread_mutex_lock(&engine->load_lock);
    pxm_status status = start_pipeline(engine, pipeline, error);
    pthread_mutex_unlock(&engine->load_lock);
    return status;
}
