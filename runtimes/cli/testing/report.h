/* Telling how tests ended: for people or as JSON lines on standard output, and as a JUnit file. Main thread. */
#ifndef PXM_CLI_TESTING_REPORT_H
#define PXM_CLI_TESTING_REPORT_H

#include "cli.h"
#include "problems.h"
#include "testfile.h"

struct report {
    const struct cli *cli;
    size_t passed, failed;
    int64_t ms;
    struct pxm_buf junit; /* its test cases so far */
};
void report_start(struct report *report, const struct cli *cli);
void report_test(struct report *report, const struct test *test, const struct problems *problems, int64_t ms);
/* The summary, and the JUnit file where `junit` names one. False after it told what cannot be written. */
bool report_end(struct report *report, const char *junit);

#endif
