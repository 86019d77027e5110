/* What the engine tells of the steps of one run: how they ended and how often they were tried; and the faults that a
 * test injects. [any]: it locks itself. */
#ifndef PXM_CLI_TESTING_STEPLOG_H
#define PXM_CLI_TESTING_STEPLOG_H

#include "engine/trace.h"
#include "testfile.h"

#include <pthread.h>

struct steplog_entry {
    const char *program, *step; /* the project's */
    int64_t ended[STEP_OUTCOMES];
    int64_t items[STEP_OUTCOMES]; /* of a foreach */
    int64_t attempts;
};
struct steplog {
    pthread_mutex_t lock;
    const struct test *test;
    int64_t *fault_left; /* for each fault of the test */
    size_t count;
    struct steplog_entry *entries;
    bool no_memory;
};

bool steplog_init(struct steplog *log, const struct test *test); /* false: no memory */
void steplog_done(struct steplog *log);
struct pxm_trace steplog_hooks(struct steplog *log);

/* After the run. NULL: the step was never reached. */
const struct steplog_entry *steplog_find(const struct steplog *log, const char *program, const char *step);
/* Whether any step stopped the run. */
bool steplog_stopped(const struct steplog *log);

#endif
