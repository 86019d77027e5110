/* Progress of a batch on standard error: a bar on a terminal, a line every 5 % or 10 s elsewhere. Main thread. */
#ifndef PXM_CLI_PROGRESS_H
#define PXM_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool terminal;
    size_t total, done, failed;
    size_t skipped; /* done by an earlier run; not part of the rate */
    int64_t started_ms, shown_ms;
    int shown_percent;
};

void progress_start(struct progress *progress, size_t total, size_t skipped);
void progress_step(struct progress *progress, bool failed); /* one more is done */
void progress_end(struct progress *progress);               /* clears the bar */
/* Largest resident set of this process so far, in MiB. */
int64_t progress_peak_mib(void);

#endif
