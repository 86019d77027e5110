/* Who may run now: the bound on all runs of a project, and `concurrency` of a pipeline, whose further runs wait for
 * their turn in the order they came or are refused. [any] */
#ifndef PXM_ENGINE_ADMISSION_H
#define PXM_ENGINE_ADMISSION_H

#include "engine/pool.h"
#include "lang/program/program.h"
#include <pthread.h>

enum { PXM_RUNS_MAX = 100000 /* of one project that have not ended; each holds memory */ };

struct pxm_gatekeeper {   /* of a project */
    pthread_mutex_t lock; /* guards the rest, and the queues of its pipelines */
    pthread_cond_t idle;
    size_t runs; /* that have not ended */
};
struct pxm_turns { /* of a pipeline */
    int64_t running, waiting;
    struct pxm_task *first, *last; /* that wait, linked by `next` */
};

void pxm_gatekeeper_init(struct pxm_gatekeeper *keeper);
void pxm_gatekeeper_done(struct pxm_gatekeeper *keeper);
/* Hands the task to the pool, now or when it is its turn. Codes: engine.busy, pipeline.full (both PXM_E_THROTTLED). */
pxm_status pxm_gatekeeper_enter(struct pxm_gatekeeper *keeper, struct pxm_turns *turns,
                                const struct pxm_program *program, struct pxm_pool *pool, struct pxm_task *task,
                                pxm_error *error);
/* A run of the pipeline has ended: the next one's turn. */
void pxm_gatekeeper_leave(struct pxm_gatekeeper *keeper, struct pxm_turns *turns, struct pxm_pool *pool);
/* Waits until no run is left. */
void pxm_gatekeeper_wait(struct pxm_gatekeeper *keeper);

#endif
