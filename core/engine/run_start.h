/* Starting a run from inside the core: as pxm_submit, and with what only our own runtimes need. */
#ifndef PXM_ENGINE_RUN_START_H
#define PXM_ENGINE_RUN_START_H

#include "engine/effects.h"
#include "engine/trace.h"
#include <pixmill/pixmill.h>

struct pxm_run_start {
    const struct pxm_run_options *options;
    const pxm_value *const
        *values; /* one for each input of the program, borrowed; NULL entries, and NULL for all of it: taken
                                       from options->inputs. Strings are read as the type of their input says. */
    const struct pxm_trace *trace;     /* copied; NULL: nobody watches */
    const struct pxm_effects *effects; /* borrowed until the run has ended; NULL: nobody is told */
    int64_t attempt;                   /* what expressions see as run.attempt; 0: 1 */
    int64_t end_ms;           /* from now; undo and on_failure are over by then, too; 0: they have their own time */
    int64_t time_ms;          /* wall time that they see as run.time and run.unix_ms; 0: now */
    bool final;               /* nobody will try again, so on_failure sees no error as transient */
    const pxm_error *failure; /* borrowed until the run has ended: an earlier try failed so, and could not say it, since
                                 it took its process with it; no step is run but those of on_failure. NULL: none */
};
/* *ret is there before the run begins, and NULL after a failure. */
pxm_status pxm_run_begin(pxm_pipeline *pipeline, const struct pxm_run_start *start, pxm_run **ret, pxm_error *error);

/* The output, null after a stop; borrowed; NULL after a failure. */
const pxm_value *pxm_run_result(const pxm_run *run);

#endif
