/* The two ends of a run's life that run_start.c needs. */
#ifndef PXM_ENGINE_RUN_WORK_H
#define PXM_ENGINE_RUN_WORK_H

#include "engine/run.h"

/* The task: executes the run on a worker and ends it. */
void pxm_run_work(struct pxm_task *task);
/* Frees a run that was never queued, or has been released. */
void pxm_run_destroy(struct pxm_run *run);
/* Calls the release functions of all inputs, of a submission that came to nothing. */
void pxm_run_release_inputs(const struct pxm_run_options *options);

#endif
