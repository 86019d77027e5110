/* What steps that run side by side share: the first failure or stop among them halts the others before their next
 * step. */
#ifndef PXM_ENGINE_OVERLAP_H
#define PXM_ENGINE_OVERLAP_H

#include "engine/run.h"

struct pxm_overlap {
    struct pxm_halt halt;
    pthread_mutex_t lock; /* guards the rest */
    bool failed, stopped;
    size_t index; /* of the failure that counts: that of the lowest index */
    pxm_error error;
};

void pxm_overlap_init(struct pxm_overlap *overlap, const struct pxm_context *context);
/* A context for one of them, with an error and a job of its own. */
struct pxm_context pxm_overlap_context(struct pxm_overlap *overlap, const struct pxm_context *context,
                                       pxm_error *error);
void pxm_overlap_fail(struct pxm_overlap *overlap, size_t index, const pxm_error *error);
void pxm_overlap_stop(struct pxm_overlap *overlap);
/* When all have ended: what became of them together. A failure counts more than a stop. */
enum pxm_flow pxm_overlap_done(struct pxm_overlap *overlap, const struct pxm_context *context);

#endif
