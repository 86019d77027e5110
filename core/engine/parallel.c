/* Steps side by side. They cannot see each other, and each writes its own slot of the frame around them. */
#include "engine/overlap.h"
#include "engine/run.h"

struct siblings {
    const struct pxm_context *context;
    const struct pxm_plan_block *block;
    struct pxm_overlap overlap;
};

static void run_one(void *arg, size_t index)
{
    struct siblings *siblings = arg;
    pxm_error error = {0};
    struct pxm_context inner = pxm_overlap_context(&siblings->overlap, siblings->context, &error);

    if (pxm_halt_is_set(inner.halt)) {
        return;
    }
    enum pxm_flow flow = pxm_step_run(&inner, &siblings->block->steps[index]);
    if (flow == PXM_FLOW_FAIL) {
        pxm_overlap_fail(&siblings->overlap, index, &error);
    } else if (flow == PXM_FLOW_STOP) {
        pxm_overlap_stop(&siblings->overlap);
    }
}

enum pxm_flow pxm_parallel_run(struct pxm_context *context, const struct pxm_plan_step *plan)
{
    struct siblings siblings = {.context = context, .block = &plan->block};

    pxm_overlap_init(&siblings.overlap, context);
    pxm_pool_fan(context->activation->run->engine->pool, plan->block.count, plan->block.count, run_one, &siblings);
    return pxm_overlap_done(&siblings.overlap, context);
}
