/* How much memory the process takes at most while a pipeline runs, as Linux counts it (proc(5): VmRSS, VmHWM,
 * clear_refs). Main thread. */
#ifndef PXM_CLI_TESTING_PEAK_H
#define PXM_CLI_TESTING_PEAK_H

#include <stdbool.h>
#include <stdint.h>

struct peak {
    int64_t before; /* bytes */
};

/* Starts counting anew. False: this system does not tell. */
bool peak_start(struct peak *peak);
/* Bytes by which the process had grown at its peak; -1: not known. */
int64_t peak_growth(const struct peak *peak);

#endif
