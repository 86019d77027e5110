/* What came of one test: how its run ended, and whether that is what was expected. Main thread. */
#ifndef PXM_CLI_TESTING_RESULT_H
#define PXM_CLI_TESTING_RESULT_H

#include "steplog.h"

#include "base/error.h"

struct result { /* of the run */
    pxm_project_handle *handle;
    const struct steplog *log;
    const pxm_value *output; /* NULL after a failure */
    pxm_error error;         /* PXM_OK: it succeeded */
    int64_t peak_bytes;      /* -1: not known */
};

/* Holds it against what the test expects; mismatches go to context->problems. */
void result_check(struct match_context *context, const struct test *test, const struct result *result);
/* The part of it that looks into stores, tables and queues; in result_stored.c. */
void result_check_stored(struct match_context *context, const struct test *test, const struct result *result);

#endif
