/* Failing and stopping side by side. Used by foreach and parallel, on the threads that run their parts. */
#include "engine/overlap.h"

#include <string.h>

void pxm_overlap_init(struct pxm_overlap *overlap, const struct pxm_context *context)
{
    memset(overlap, 0, sizeof *overlap);
    overlap->halt.outer = context->halt;
    atomic_init(&overlap->halt.set, false);
    pthread_mutex_init(&overlap->lock, NULL);
}

struct pxm_context pxm_overlap_context(struct pxm_overlap *overlap, const struct pxm_context *context, pxm_error *error)
{
    struct pxm_context inner = *context;

    inner.halt = &overlap->halt;
    inner.error = error;
    return inner;
}

/* Those that were halted have nothing to tell; unless it was from further out, then somebody there tells. */
void pxm_overlap_fail(struct pxm_overlap *overlap, size_t index, const pxm_error *error)
{
    bool halted = strcmp(error->code, "run.halted") == 0;

    pthread_mutex_lock(&overlap->lock);
    if (!overlap->failed || (!halted && index < overlap->index)) {
        overlap->failed = true;
        overlap->index = index;
        overlap->error = *error;
    }
    pthread_mutex_unlock(&overlap->lock);
    atomic_store(&overlap->halt.set, true);
}

void pxm_overlap_stop(struct pxm_overlap *overlap)
{
    pthread_mutex_lock(&overlap->lock);
    overlap->stopped = true;
    pthread_mutex_unlock(&overlap->lock);
    atomic_store(&overlap->halt.set, true);
}

enum pxm_flow pxm_overlap_done(struct pxm_overlap *overlap, const struct pxm_context *context)
{
    pthread_mutex_destroy(&overlap->lock);
    bool halted = strcmp(overlap->error.code, "run.halted") == 0;
    if (overlap->failed && !(halted && overlap->stopped)) {
        *context->error = overlap->error;
        return PXM_FLOW_FAIL;
    }
    return overlap->stopped ? PXM_FLOW_STOP : PXM_FLOW_NEXT;
}
