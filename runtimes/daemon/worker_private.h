/* A worker from the inside. Its main thread reads the socket; the engine's one thread works on the run. */
#ifndef PXM_DAEMON_WORKER_PRIVATE_H
#define PXM_DAEMON_WORKER_PRIVATE_H

#include "base/error.h"
#include "base/job.h"
#include "daemon/worker.h"
#include "engine/effects.h"
#include "engine/project_handle.h"
#include "engine/run_start.h"
#include <pthread.h>

struct worker {
    const struct worker_options *options;
    pxm_engine *engine;
    pxm_project_handle *project;
    int ended;                    /* eventfd: the run has ended */
    struct worker_source *source; /* NULL: it does runs */

    /* of the run; NULL: none */
    pxm_run *run;
    pxm_pipeline *pipeline;
    pxm_value **inputs;
    struct pxm_effects effects;
    pxm_error failure; /* of an earlier try, where the run only tells it */
    int64_t began_ms, began_cpu_ms;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t change;
    pxm_value *steps; /* list */
    bool answered;    /* to the announcement that the run waits for */
    pxm_error answer;
};

/* worker_run.c. Begins what a CREW_RUN says; a failure was told already, as that of a run. */
void worker_begin(struct worker *worker, const pxm_value *message);
/* The run has ended: tells its outcome and frees it. */
void worker_finish(struct worker *worker);
/* The answer to an announcement, a null or an error. */
void worker_answer(struct worker *worker, const pxm_value *answer);
/* Tells what the process holds now, and so that it is free. */
void worker_tell_idle(const struct worker *worker);

int64_t worker_resident_bytes(void);

/* worker_source.c. A worker that is told so becomes a source. */
void worker_source_receive(struct worker *worker, uint32_t type, const pxm_value *message);

#endif
