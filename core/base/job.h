/* One run of one pipeline as plugins see it: id, deadline, cancellation, limits. The engine embeds it in a run. */
#ifndef PXM_BASE_JOB_H
#define PXM_BASE_JOB_H

#include "base/clock.h"
#include <pixmill/plugin.h>
#include <stdatomic.h>

struct pxm_job {
    char id[40];
    const struct pxm_clock *clock;
    int64_t deadline_ms;          /* monotonic; INT64_MAX: none                                       */
    const atomic_bool *cancelled; /* may be NULL                                                     */
    struct pxm_limits limits;
};

/* <= 0: late or cancelled; INT64_MAX: no deadline, or a NULL job. */
int64_t pxm_job_remaining_ms(const pxm_job *job);
/* PXM_OK, or PXM_E_CANCELLED ("run.cancelled") or PXM_E_TIMEOUT ("limit.time") with the error set. */
pxm_status pxm_job_check(const pxm_job *job, pxm_error *error);
const struct pxm_limits *pxm_job_limits(const pxm_job *job); /* NULL job: the defaults */
/* The defaults of the embedded host: 25 MiB, 50 MP, side 16383, 256 frames, 512 MiB, 100 scans, output side 8192. */
void pxm_limits_default(struct pxm_limits *limits);

#endif
