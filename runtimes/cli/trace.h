/* What `run --trace` tells: each step as it ends, for people on standard error, or gathered for --json. */
#ifndef PXM_CLI_TRACE_H
#define PXM_CLI_TRACE_H

#include "cli.h"
#include "engine/trace.h"
#include <pthread.h>

struct trace {
    const struct cli *cli;
    pthread_mutex_t lock; /* steps end on worker threads */
    pxm_value *steps;     /* a list, with --json */
    size_t lines;
};

void trace_init(struct trace *trace, const struct cli *cli);
void trace_done(struct trace *trace);
struct pxm_trace trace_hooks(struct trace *trace);

#endif
