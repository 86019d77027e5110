/* Steps in file order. */
#include "engine/run.h"

enum pxm_flow pxm_block_run(struct pxm_context *context, const struct pxm_plan_block *block)
{
    enum pxm_flow flow = PXM_FLOW_NEXT;

    for (size_t i = 0; i < block->count && flow == PXM_FLOW_NEXT; i++) {
        flow = pxm_step_run(context, &block->steps[i]);
    }
    return flow;
}
