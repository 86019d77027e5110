/* One pipeline over many files: bounded, resumable, and never stopped by one bad file. Main thread. */
#ifndef PXM_CLI_BATCH_H
#define PXM_CLI_BATCH_H

#include "cli.h"

struct batch {
    struct cli *cli;
    const struct args *args;
    pxm_pipeline *pipeline;
    const struct pxm_program *program;
    const struct pxm_project *project; /* whose it is */
    long jobs;
    int64_t deadline_ms; /* of each run; 0: the pipeline's */
};

/* An exit code: CLI_OK, CLI_PARTLY, CLI_FAILED (all failed, or too many), CLI_INTERRUPTED. */
int batch_run(const struct batch *batch);

#endif
