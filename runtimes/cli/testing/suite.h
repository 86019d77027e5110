/* Running tests: each in a project that is opened for it alone, with empty stores and tables. Main thread. */
#ifndef PXM_CLI_TESTING_SUITE_H
#define PXM_CLI_TESTING_SUITE_H

#include "report.h"
#include "testfile.h"

struct suite {
    const struct cli *cli;
    const char *path;    /* of the project, as for pxm_project_parse */
    const char *profile; /* whose resources are stood in for */
    const char *root;    /* folder of the project */
    const char *only;    /* names that match; NULL: all */
    bool bless;
};
/* CLI_OK, CLI_FAILED, or why no test could be run at all. */
int suite_run(const struct suite *suite, const struct tests *tests, struct report *report);

#endif
