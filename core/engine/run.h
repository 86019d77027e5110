/* A run from the inside. A run has an activation for the pipeline submitted and one for each `call` in it; an
 * activation has a frame of results for its own steps and one for each item of a `foreach`. Threads that work on a
 * run side by side each have a context, and write results of different steps only. */
#ifndef PXM_ENGINE_RUN_H
#define PXM_ENGINE_RUN_H

#include "base/error.h"
#include "base/job.h"
#include "engine/effects.h"
#include "engine/plan.h"
#include "engine/pool.h"
#include "engine/project_handle.h"
#include "engine/trace.h"
#include "engine/undo.h"
#include <pthread.h>
#include <stdatomic.h>

enum { PXM_CLEANUP_MS = 5000 /* for undo, and again for on_failure */ };

struct pxm_result {
    pxm_value *value;  /* primary; NULL: none, or null */
    pxm_value *fields; /* record; NULL: none, or skipped */
};
void pxm_result_done(struct pxm_result *result);

struct pxm_frame {
    struct pxm_frame *outer; /* around the foreach; NULL: the activation's own */
    struct pxm_result *results;
    uint32_t count;
    const pxm_value *item; /* borrowed */
    pxm_value *index;      /* owned; NULL: no foreach */
};
pxm_status pxm_frame_init(struct pxm_frame *frame, uint32_t slot_count, pxm_error *error);
void pxm_frame_done(struct pxm_frame *frame);

struct pxm_activation {
    struct pxm_run *run;
    const struct pxm_pipeline *pipeline;
    uint32_t depth;         /* of calls */
    pxm_value **inputs;     /* one for each of the program; NULL: null */
    const pxm_value *error; /* in on_failure; borrowed */
    struct pxm_undo_log undo;
};

/* Set by whoever fails or stops among steps that overlap, so that the others begin no further step. */
struct pxm_halt {
    const struct pxm_halt *outer;
    atomic_bool set;
};

struct pxm_context {
    struct pxm_activation *activation;
    struct pxm_frame *frame;
    const struct pxm_halt *halt; /* NULL: nothing overlaps */
    pxm_job job;
    pxm_error *error;
};

enum pxm_flow { PXM_FLOW_NEXT, PXM_FLOW_STOP, PXM_FLOW_FAIL /* the context's error is set */ };

struct pxm_run {
    struct pxm_task task; /* first, so that a task is its run */
    pxm_engine *engine;
    const struct pxm_pipeline *pipeline;
    pxm_job job; /* its deadline until the run begins: the caller's */
    atomic_bool cancelled;
    int64_t submitted_ms;
    int64_t end_ms;  /* monotonic; cleaning up is over by then; INT64_MAX: it has its own time */
    pxm_value *info; /* what expressions see as `run` */
    pxm_value **inputs;
    struct pxm_trace trace;
    const struct pxm_effects *effects; /* borrowed; NULL: none */
    const pxm_error *failure;          /* borrowed; NULL: none */
    bool final;
    void (*done)(void *arg, pxm_run *run);
    void *done_arg;

    pthread_mutex_t lock; /* guards `ended` and `released`; what is below is written before `ended` and then constant */
    pthread_cond_t change;
    bool ended, released;
    pxm_error error;
    pxm_value *result;
    char *json;
};

/* ---- executing, each in its own file ----------------------------------------------------------------------------- */

/* activation.c: the steps of a pipeline, then its output; after a failure undo and on_failure. *ret is a new
 * reference, null after a stop. */
struct pxm_activation_start { /* all borrowed */
    struct pxm_run *run;
    const struct pxm_pipeline *pipeline;
    pxm_value **inputs;
    const pxm_job *job;
    const struct pxm_activation *caller; /* NULL: submitted */
    struct pxm_undo_log *undo;           /* takes what a successful callee created; NULL: submitted */
    const struct pxm_halt *halt;
};
pxm_status pxm_activation_run(const struct pxm_activation_start *start, pxm_value **ret, pxm_error *error);
/* block.c: steps in order. */
enum pxm_flow pxm_block_run(struct pxm_context *context, const struct pxm_plan_block *block);
/* step_run.c: one step with all that its common keys ask for. */
enum pxm_flow pxm_step_run(struct pxm_context *context, const struct pxm_plan_step *plan);
/* foreach.c and parallel.c: one attempt. */
enum pxm_flow pxm_foreach_run(struct pxm_context *context, const struct pxm_plan_step *plan, struct pxm_result *ret);
enum pxm_flow pxm_parallel_run(struct pxm_context *context, const struct pxm_plan_step *plan);
/* announce.c: what the step's `announces` say, after it is done. */
void pxm_announce_run(struct pxm_context *context, const struct pxm_plan_step *plan);

/* Whether the next step may begin: no cancel, no deadline passed, no halt. Sets the error. */
pxm_status pxm_context_check(const struct pxm_context *context);
bool pxm_halt_is_set(const struct pxm_halt *halt);

#endif
