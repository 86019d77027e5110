/* Runs on workers and what a host does with them afterwards. A run has ended when its outcome is there, and is
 * released when the worker will not touch it again; between the two its `done` is called. */
#include "engine/run_work.h"

#include "base/blob.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/value.h"
#include "engine/run_start.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { RESULT_BYTES_MAX = 16 << 20 };

/* ---- on the worker ----------------------------------------------------------------------------------------------- */

/* The time limits count from here, the caller's deadline from when it submitted. */
static pxm_job running_job(const struct pxm_run *run)
{
    pxm_job job = run->job;
    int64_t deadline = 0;

    if (!__builtin_add_overflow(job.clock->monotonic_ms(job.clock->arg), run->pipeline->time_ms, &deadline) &&
        deadline < job.deadline_ms) {
        job.deadline_ms = deadline;
    }
    return job;
}

static pxm_status write_json(struct pxm_run *run, const pxm_value *result)
{
    struct pxm_buf buf;

    pxm_buf_init(&buf, RESULT_BYTES_MAX);
    pxm_status status = pxm_json_write(&buf, result, 0, 1, &run->error);
    if (status == PXM_OK && !(run->json = pxm_buf_take(&buf))) {
        status = pxm_error_no_memory(&run->error);
    }
    pxm_buf_done(&buf);
    return status;
}

static void drop_inputs(struct pxm_run *run)
{
    for (size_t i = 0; run->inputs && i < run->pipeline->program->input_count; i++) {
        pxm_value_unref(run->inputs[i]);
    }
    free(run->inputs);
    run->inputs = NULL;
}

static void execute(struct pxm_run *run)
{
    const pxm_job job = running_job(run);
    const struct pxm_activation_start start = {
        .run = run, .pipeline = run->pipeline, .inputs = run->inputs, .job = &job};
    pxm_value *result = NULL;

    pxm_status status = pxm_activation_run(&start, &result, &run->error);
    if (status == PXM_OK) {
        status = write_json(run, result);
    }
    if (status == PXM_OK) {
        run->result = result;
    } else {
        pxm_value_unref(result);
    }
    drop_inputs(run);
}

static void end(struct pxm_run *run)
{
    pthread_mutex_lock(&run->lock);
    run->ended = true;
    pthread_cond_broadcast(&run->change);
    pthread_mutex_unlock(&run->lock);
    if (run->done) {
        run->done(run->done_arg, run);
    }
}

void pxm_run_work(struct pxm_task *task)
{
    struct pxm_run *run = (struct pxm_run *)task;
    const struct pxm_pipeline *pipeline = run->pipeline;
    struct pxm_pool *pool = run->engine->pool;

    execute(run);
    end(run);
    pthread_mutex_lock(&run->lock);
    run->released = true; /* from here on it may be gone */
    pthread_cond_broadcast(&run->change);
    pthread_mutex_unlock(&run->lock);

    pxm_gatekeeper_leave(&pipeline->project->gatekeeper, pipeline->turns, pool);
}

/* ---- in the host ------------------------------------------------------------------------------------------------- */

static struct timespec deadline_in(int64_t timeout_ms)
{
    struct timespec at;
    int64_t ms = timeout_ms < INT32_MAX ? timeout_ms : INT32_MAX;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

int pxm_run_wait(pxm_run *run, int64_t timeout_ms)
{
    struct timespec at = deadline_in(timeout_ms < 0 ? 0 : timeout_ms);
    int failure = 0;

    pthread_mutex_lock(&run->lock);
    while (!run->ended && failure != ETIMEDOUT) {
        if (timeout_ms < 0) {
            pthread_cond_wait(&run->change, &run->lock);
        } else {
            failure = pthread_cond_clockwait(&run->change, &run->lock, CLOCK_MONOTONIC, &at);
        }
    }
    int ended = run->ended;
    pthread_mutex_unlock(&run->lock);
    return ended;
}

void pxm_run_cancel(pxm_run *run)
{
    atomic_store(&run->cancelled, true);
}

pxm_status pxm_run_status(const pxm_run *run)
{
    return run->error.status;
}

const pxm_error *pxm_run_error(const pxm_run *run)
{
    return run->error.status == PXM_OK ? NULL : &run->error;
}

const char *pxm_run_result_json(const pxm_run *run)
{
    return run->json ? run->json : "null";
}

const pxm_value *pxm_run_result(const pxm_run *run)
{
    return run->result;
}

const void *pxm_run_result_data(const pxm_run *run, size_t *ret_length, const char **ret_media)
{
    const pxm_blob *blob = pxm_value_as_blob(run->result);

    if (!blob) {
        return NULL;
    }
    if (ret_media) {
        *ret_media = pxm_blob_media(blob);
    }
    return pxm_blob_data(blob, ret_length);
}

void pxm_run_release_inputs(const struct pxm_run_options *options)
{
    for (size_t i = 0; i < options->input_count; i++) {
        if (options->inputs[i].release) {
            options->inputs[i].release(options->inputs[i].arg);
        }
    }
}

void pxm_run_destroy(struct pxm_run *run)
{
    drop_inputs(run);
    pxm_value_unref(run->info);
    pxm_value_unref(run->result);
    free(run->json);
    pthread_cond_destroy(&run->change);
    pthread_mutex_destroy(&run->lock);
    free(run);
}

void pxm_run_free(pxm_run *run)
{
    if (!run) {
        return;
    }
    pxm_run_cancel(run);
    pthread_mutex_lock(&run->lock);
    while (!run->released) {
        pthread_cond_wait(&run->change, &run->lock);
    }
    pthread_mutex_unlock(&run->lock);
    pxm_run_destroy(run);
}
