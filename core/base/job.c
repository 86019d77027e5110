/* What a plugin may ask about the run it works for. Read by any thread; only `cancelled` changes meanwhile. */
#include "base/job.h"

#include "base/error.h"

static const struct pxm_limits default_limits = {
    .struct_size = sizeof(struct pxm_limits),
    .bytes = INT64_C(25) << 20,
    .pixels = 50000000,
    .side = 16383,
    .frames = 256,
    .memory = INT64_C(512) << 20,
    .scans = 100,
    .output_side = 8192,
};

static bool is_cancelled(const pxm_job *job)
{
    return job->cancelled != NULL && atomic_load_explicit(job->cancelled, memory_order_relaxed);
}

int64_t pxm_job_remaining_ms(const pxm_job *job)
{
    if (job == NULL) {
        return INT64_MAX;
    }
    if (is_cancelled(job)) {
        return 0;
    }
    if (job->deadline_ms == INT64_MAX) {
        return INT64_MAX;
    }
    int64_t left = 0;
    if (__builtin_sub_overflow(job->deadline_ms, job->clock->monotonic_ms(job->clock->arg), &left)) {
        return job->deadline_ms < 0 ? INT64_MIN : INT64_MAX;
    }
    return left;
}

pxm_status pxm_job_check(const pxm_job *job, pxm_error *error)
{
    if (job != NULL && is_cancelled(job)) {
        return pxm_error_set(error, PXM_E_CANCELLED, "run.cancelled", "the run was cancelled");
    }
    int64_t left = pxm_job_remaining_ms(job);
    if (left <= 0) {
        return pxm_error_set(error, PXM_E_TIMEOUT, "limit.time", "the deadline passed %lld ms ago",
                             -(long long)(left > INT64_MIN ? left : -INT64_MAX));
    }
    return PXM_OK;
}

const struct pxm_limits *pxm_job_limits(const pxm_job *job)
{
    return job != NULL ? &job->limits : &default_limits;
}

void pxm_limits_default(struct pxm_limits *limits)
{
    *limits = default_limits;
}
