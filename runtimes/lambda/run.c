/* Runs and their time. */
#include "lambda/call.h"

#include "app/answer.h"
#include "app/event_complete.h"
#include "app/log.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/value.h"
#include "engine/bind.h"
#include "engine/run_start.h"
#include "lambda/live.h"
#include "lambda/measures.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LAST_MS = 100,  /* for telling that a run did not end */
    END_MS = 200,   /* for telling what came of one that did */
    ID_DIGITS = 24, /* of a digest */
    LEAST_MS = 1,
};

static int64_t now_ms(void)
{
    return pxm_clock_system.monotonic_ms(pxm_clock_system.arg);
}

/* ---- time -------------------------------------------------------------------------------------------------------- */

/* Until Lambda ends the process. */
static int64_t event_left_ms(const struct lambda_call *call)
{
    int64_t deadline_ms = call->invocation->deadline_ms;

    return deadline_ms == INT64_MAX ? INT64_MAX : deadline_ms - pxm_clock_system.wall_ms(pxm_clock_system.arg);
}

int64_t lambda_time_left_ms(const struct lambda_call *call)
{
    int64_t left_ms = event_left_ms(call);

    return left_ms == INT64_MAX ? INT64_MAX : left_ms - call->host->margin_ms;
}

/* ---- one run ----------------------------------------------------------------------------------------------------- */

struct running {
    const struct lambda_call *call;
    const struct lambda_run *run;
    pxm_pipeline *pipeline;
    const struct pxm_trigger *trigger; /* NULL: none */
    pxm_value **inputs;
    pxm_value *meta; /* of what it puts; NULL: none */
    struct pxm_effects effects;
    pxm_error failure;
    pxm_run *handle;
    int64_t began_ms, left_ms;
    pthread_mutex_t lock; /* guards what follows, and what `run` and `call` point at from being left */
    bool is_left_behind;
};

static pxm_status find(struct running *running, pxm_error *error)
{
    const struct lambda_run *run = running->run;

    running->pipeline = pxm_project_pipeline(running->call->host->project, run->pipeline);
    if (!running->pipeline) {
        return pxm_error_set(error, PXM_E_NOT_FOUND, "pipeline.not_found", "this function has no pipeline `%.64s`",
                             run->pipeline);
    }
    if (run->trigger) {
        running->trigger = &pxm_pipeline_program(running->pipeline)->triggers[run->trigger->index];
    }
    return PXM_OK;
}

static pxm_status bind_trigger(struct running *running, pxm_error *error)
{
    pxm_value *event = NULL;
    pxm_job job = {.clock = &pxm_clock_system, .deadline_ms = INT64_MAX, .limits = running->pipeline->limits};

    if (running->left_ms < INT64_MAX - running->began_ms) {
        job.deadline_ms = running->began_ms + running->left_ms;
    }
    snprintf(job.id, sizeof job.id, "%s", running->run->id);
    pxm_status status =
        app_event_complete(running->call->host->project, running->trigger, running->run->event, &job, &event, error);
    if (status == PXM_OK) {
        status = pxm_bind_event(running->pipeline, running->trigger, event, &running->inputs, error);
    }
    pxm_value_unref(event);
    return status;
}

static pxm_status bind_inputs(struct running *running, pxm_error *error)
{
    const struct pxm_program *program = pxm_pipeline_program(running->pipeline);
    const pxm_value *given = running->run->inputs;

    running->inputs = calloc(program->input_count + 1, sizeof *running->inputs);
    if (!running->inputs) {
        return pxm_error_no_memory(error);
    }
    for (size_t i = 0; i < program->input_count; i++) {
        const pxm_value *value = pxm_value_get(given, program->inputs[i].name);
        running->inputs[i] = value ? pxm_value_ref(value) : NULL;
    }
    for (size_t i = 0; i < pxm_value_count(given); i++) {
        size_t k = 0;
        while (k < program->input_count && strcmp(program->inputs[k].name, pxm_value_key(given, i)) != 0) {
            k++;
        }
        if (k == program->input_count) {
            return pxm_error_set(error, PXM_E_INVALID, "input.unknown", "pipeline `%s` has no input `%.64s`",
                                 program->name, pxm_value_key(given, i));
        }
    }
    return PXM_OK;
}

static pxm_status mark(struct running *running, pxm_error *error)
{
    char text[24];

    if (running->run->generation <= 0) {
        return PXM_OK;
    }
    snprintf(text, sizeof text, "%lld", (long long)running->run->generation);
    running->meta = pxm_value_record();
    pxm_value_set(running->meta, LAMBDA_GENERATION, pxm_value_cstring(text));
    running->effects.meta = running->meta;
    return pxm_value_status(running->meta) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

/* On a thread of the engine. */
static void note_step(void *arg, const struct pxm_trace_step *step)
{
    struct running *running = arg;

    pthread_mutex_lock(&running->lock);
    if (!running->is_left_behind) {
        const struct log_subject subject = {.request = running->call->invocation->id,
                                            .run = running->run->id,
                                            .pipeline = step->program->name,
                                            .step = step->step->id,
                                            .ms = &step->ms,
                                            .is_each = true};
        log_about(&subject, PXM_LOG_DEBUG, "step", "%s", step->outcome == PXM_TRACE_FAILED ? "failed" : "done");
    }
    pthread_mutex_unlock(&running->lock);
}

/* What cleans up after a run has the margin for it, but for what it takes to tell the outcome. */
static int64_t end_ms(const struct running *running)
{
    int64_t left_ms = event_left_ms(running->call);

    if (left_ms == INT64_MAX) {
        return 0;
    }
    return left_ms > END_MS ? left_ms - END_MS : LEAST_MS;
}

static pxm_status begin(struct running *running, pxm_error *error)
{
    const struct pxm_trace trace = {.ended = note_step, .arg = running};
    const struct pxm_run_options options = {.struct_size = sizeof options,
                                            .id = running->run->id,
                                            .deadline_ms = running->left_ms == INT64_MAX ? 0 : running->left_ms};
    const struct pxm_run_start start = {.options = &options,
                                        .values = (const pxm_value *const *)running->inputs,
                                        .trace = &trace,
                                        .effects = &running->effects,
                                        .attempt = running->run->attempt,
                                        .end_ms = end_ms(running),
                                        .failure = running->run->failure ? &running->failure : NULL,
                                        .final = running->run->final};

    return pxm_run_begin(running->pipeline, &start, &running->handle, error);
}

/* Waits as long as Lambda lets it. False: the run goes on, and nobody may touch it any more. */
static bool wait_for(struct running *running)
{
    int64_t left_ms = event_left_ms(running->call);

    if (left_ms == INT64_MAX) {
        return pxm_run_wait(running->handle, -1);
    }
    left_ms -= LAST_MS;
    if (pxm_run_wait(running->handle, left_ms > LEAST_MS ? left_ms : LEAST_MS)) {
        return true;
    }
    pxm_run_cancel(running->handle);
    pthread_mutex_lock(&running->lock);
    running->is_left_behind = true;
    pthread_mutex_unlock(&running->lock);
    atomic_store(&running->call->host->is_hung, true);
    return false;
}

static pxm_status take_outcome(struct running *running, pxm_value **ret_output, pxm_error *error)
{
    const pxm_error *failure = pxm_run_error(running->handle);

    if (failure) {
        *error = *failure;
        return failure->status;
    }
    const pxm_value *output = pxm_run_result(running->handle);
    *ret_output = output ? pxm_value_ref(output) : pxm_value_null();
    return *ret_output ? PXM_OK : pxm_error_no_memory(error);
}

static pxm_status work(struct running *running, pxm_value **ret_output, pxm_error *error)
{
    pxm_status status = find(running, error);

    if (status == PXM_OK && running->left_ms < LEAST_MS) {
        status =
            pxm_error_set(error, PXM_E_TIMEOUT, "limit.time", "the time of this event is over before its run began");
    }
    if (status == PXM_OK) {
        status = running->trigger ? bind_trigger(running, error) : bind_inputs(running, error);
    }
    if (status == PXM_OK) {
        status = mark(running, error);
    }
    if (status == PXM_OK) {
        status = begin(running, error);
    }
    if (status != PXM_OK) {
        return status;
    }
    return wait_for(running)
               ? take_outcome(running, ret_output, error)
               : pxm_error_set(error, PXM_E_TIMEOUT, "limit.time", "the run did not end in the time of its event");
}

static void tell(const struct running *running, const pxm_error *error)
{
    bool failed = error->status != PXM_OK;
    int64_t ms = now_ms() - running->began_ms;
    const char *step = failed && error->step[0] ? error->step : NULL;
    const struct log_subject subject = {.request = running->call->invocation->id,
                                        .run = running->run->id,
                                        .pipeline = running->run->pipeline,
                                        .step = step,
                                        .ms = &ms,
                                        .is_each = true};
    const struct lambda_measure measure = {
        .pipeline = running->run->pipeline, .run = running->run->id, .code = failed ? error->code : NULL, .ms = ms};

    if (failed) {
        log_about(&subject, PXM_LOG_WARN, "run", "failed: %s: %s", error->code, error->text);
    } else {
        log_about(&subject, PXM_LOG_INFO, "run", "done");
    }
    lambda_measure_write(running->call->host->settings, running->call->invocation, &measure);
}

/* What was left behind keeps what it has, until the process ends. */
static void running_free(struct running *running)
{
    if (!running->is_left_behind) {
        pxm_run_free(running->handle);
        if (running->inputs) {
            pxm_bind_free(running->pipeline, running->inputs);
        }
        pxm_value_unref(running->meta);
        pthread_mutex_destroy(&running->lock);
        free(running);
    }
}

pxm_status lambda_run(const struct lambda_call *call, const struct lambda_run *run, pxm_value **ret_output,
                      pxm_error *error)
{
    struct running *running = calloc(1, sizeof *running);
    pxm_error failure = {0};

    if (!running) {
        return pxm_error_no_memory(error);
    }
    running->call = call;
    running->run = run;
    running->failure = run->failure ? *run->failure : failure;
    running->began_ms = now_ms();
    running->left_ms = lambda_time_left_ms(call);
    pthread_mutex_init(&running->lock, NULL);
    lambda_live_add(run->id, call->invocation->id);
    pxm_status status = work(running, ret_output, &failure);
    tell(running, &failure);
    lambda_live_remove(run->id);
    running_free(running);
    if (status != PXM_OK) {
        *error = failure;
    }
    return status;
}

/* ---- names and failures ------------------------------------------------------------------------------------------ */

pxm_status lambda_run_id_of(const char *kind, const char *const *texts, char id[PXM_RUN_ID_MAX], pxm_error *error)
{
    struct pxm_sha256_stream *stream = pxm_sha256_new();
    uint8_t digest[PXM_SHA256_BYTES];
    char hex[2 * PXM_SHA256_BYTES + 1];
    pxm_status status = stream ? PXM_OK : PXM_E_NO_MEMORY;

    for (; *texts && status == PXM_OK; texts++) {
        status = pxm_sha256_update(stream, *texts, strlen(*texts) + 1);
    }
    if (status == PXM_OK) {
        status = pxm_sha256_final(stream, digest);
    }
    pxm_sha256_free(stream);
    if (status != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    pxm_hex(digest, sizeof digest, hex);
    snprintf(id, PXM_RUN_ID_MAX, "%s-%.*s", kind, ID_DIGITS, hex);
    return PXM_OK;
}

bool lambda_is_written_down(const pxm_error *error)
{
    bool found = false;

    for (size_t i = 0; i < error->note_count && !found; i++) {
        found = strcmp(error->notes[i].key, "on_failure") == 0;
    }
    return !found;
}

bool lambda_is_last(const struct lambda_call *call, int64_t attempt)
{
    int64_t most = call->host->settings->attempts_max;

    return most != PXM_UNSET_INT && attempt >= most;
}

bool lambda_comes_again(const struct lambda_call *call, const char *pipeline, const pxm_error *error)
{
    const pxm_pipeline *found = pxm_project_pipeline(call->host->project, pipeline);
    bool is_told = found && pxm_pipeline_program(found)->on_failure.step_count > 0 && lambda_is_written_down(error);
    bool is_its_fault = app_status_of(error) < 500; /* and not that of this host, its settings or what it calls */

    return pxm_error_is_transient(error) || !is_its_fault || !is_told;
}
