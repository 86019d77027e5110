/* Watching a run step by step, for `pixmill run --trace` and for tests. A host of the core only; not public. */
#ifndef PXM_ENGINE_TRACE_H
#define PXM_ENGINE_TRACE_H

#include "lang/program/program.h"
#include <pixmill/pixmill.h>

enum pxm_trace_outcome {
    PXM_TRACE_OK,
    PXM_TRACE_SKIPPED,  /* by `when` or `on_error` */
    PXM_TRACE_FALLBACK, /* failed, and its fallback did not; the fallback is told of before */
    PXM_TRACE_STOPPED,  /* failed, and that ended the run with success; also whatever is around it */
    PXM_TRACE_FAILED
};

struct pxm_trace_step { /* lives as long as the call that it is handed to */
    const struct pxm_program *program;
    const struct pxm_step *step;
    int64_t index;  /* of the item, inside a foreach; -1 */
    uint32_t depth; /* of calls: 0 in the pipeline that was submitted */
    int64_t at_ms;  /* since the run was submitted */
    /* Only of a step that ended: */
    enum pxm_trace_outcome outcome;
    uint32_t attempts; /* calls of its operation; 0: skipped before the first */
    int64_t ms;
    const pxm_value *in;     /* primary input; NULL: none */
    const pxm_value *out;    /* primary result; NULL: none */
    const pxm_value *fields; /* record; NULL: none */
    const pxm_error *error;  /* of a step that failed, whatever became of it; NULL: none */
};

/* Called on worker threads, several at once where steps overlap. Must not block. Any may be NULL. */
struct pxm_trace {
    void (*started)(void *arg, const struct pxm_trace_step *step);
    void (*ended)(void *arg, const struct pxm_trace_step *step);
    /* An item of a foreach is done: `step` is the foreach, `index` the item's; skipped is one that `where` left out. */
    void (*item)(void *arg, const struct pxm_trace_step *step);
    /* Asked before each try of a step. PXM_OK goes on; else the try fails so, and nothing is called. */
    pxm_status (*inject)(void *arg, const struct pxm_trace_step *step, pxm_error *error);
    void *arg;
};

#endif
