/* The life of the runtime: opens the project once, then asks for one event after the other, in as many loops as Lambda
 * says. What is kept between events are caches and connections, nothing of an event. */
#include "app/log.h"
#include "base/blob.h"
#include "base/log.h"
#include "base/stream.h"
#include "lambda/call.h"
#include "lambda/lambda.h"
#include "lambda/live.h"
#include "lambda/runtime_api.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* A pause between two events after which the process may have been frozen, and its connections are dead. */
static const int64_t frozen_ms = 10000;

struct loop {
    struct lambda_host *host;
    struct lambda_api *api;
    pthread_t thread;
    bool has_thread;
    bool is_first;       /* event of the process */
    int64_t answered_ms; /* wall clock; 0: nothing yet */
};

static int64_t wall_ms(void)
{
    return pxm_clock_system.wall_ms(pxm_clock_system.arg);
}

/* ---- one event --------------------------------------------------------------------------------------------------- */

/* Libraries look there; of several events at once none is that of the process. */
static void set_trace(const struct loop *loop, const struct lambda_invocation *invocation)
{
    if (loop->host->settings->loops > 1) {
        return;
    }
    if (invocation->trace[0] != '\0') {
        setenv("_X_AMZN_TRACE_ID", invocation->trace, 1);
    } else {
        unsetenv("_X_AMZN_TRACE_ID");
    }
}

static void wake(struct loop *loop)
{
    bool alone =
        loop->host->settings->loops == 1; /* no run may be going on, and a process with several is not frozen */

    if (alone && loop->answered_ms != 0 && wall_ms() - loop->answered_ms >= frozen_ms) {
        pxm_project_resumed(loop->host->project);
    }
}

static pxm_status send_stream(struct loop *loop, const struct lambda_invocation *invocation,
                              const struct lambda_outcome *outcome, pxm_error *error)
{
    struct app_response *response = outcome->response;
    bool has_body = response->body && response->length > 0 && !outcome->bodiless;
    size_t whole = 0;
    const char *bytes = has_body ? pxm_blob_data(response->body, &whole) : NULL;
    pxm_blob *part = bytes ? pxm_blob_new(bytes + response->offset, (size_t)response->length, NULL, NULL) : NULL;
    pxm_stream *stream = part ? pxm_stream_of_blob(part) : NULL;

    pxm_status status = has_body && !stream
                            ? pxm_error_no_memory(error)
                            : lambda_api_stream(loop->api, invocation->id, &outcome->body, stream, error);
    pxm_stream_close(stream);
    pxm_blob_unref(part);
    return status;
}

static void answer(struct loop *loop, const struct lambda_invocation *invocation, const struct lambda_outcome *outcome)
{
    const struct log_subject subject = {.request = invocation->id};
    pxm_error error = {0};

    if (outcome->failure != LAMBDA_SUCCESS) {
        log_about(&subject, PXM_LOG_ERROR, "lambda", "%s: %s: %s", lambda_failure_name(outcome->failure),
                  outcome->error.code, outcome->error.text);
    }
    pxm_status status = outcome->response ? send_stream(loop, invocation, outcome, &error)
                                          : lambda_api_answer(loop->api, invocation->id, outcome, &error);
    if (status != PXM_OK) {
        log_about(&subject, PXM_LOG_ERROR, "lambda", "the answer was not taken: %s", error.text);
    }
}

static void work(struct loop *loop, struct lambda_invocation *invocation)
{
    struct lambda_outcome outcome;

    invocation->cold = loop->is_first;
    loop->is_first = false;
    wake(loop);
    set_trace(loop, invocation);
    lambda_outcome_init(&outcome);
    lambda_handle(loop->host, invocation, &outcome);
    answer(loop, invocation, &outcome);
    lambda_outcome_done(&outcome);
    loop->answered_ms = wall_ms();
}

/* ---- loops ------------------------------------------------------------------------------------------------------- */

/* A process with a run that does not end is of no more use: Lambda starts another one. */
static void end_if_hung(const struct loop *loop)
{
    if (atomic_load(&loop->host->is_hung)) {
        pxm_log(PXM_LOG_ERROR, "lambda", NULL, "a run did not end in its time; this process ends");
        log_stop();
        _exit(LAMBDA_EXIT_FAILED);
    }
}

static void *run_loop(void *arg)
{
    struct loop *loop = arg;
    struct lambda_invocation invocation = {.deadline_ms = INT64_MAX};
    pxm_error error = {0};
    pxm_status status = PXM_OK;

    pxm_buf_init(&invocation.event, LAMBDA_EVENT_BYTES_MAX);
    while (status == PXM_OK || status == PXM_E_INVALID) {
        status = lambda_api_next(loop->api, &invocation, &error);
        if (status == PXM_OK) {
            work(loop, &invocation);
            end_if_hung(loop);
        } else {
            pxm_log(PXM_LOG_ERROR, "lambda", NULL, "no event: %s", error.text);
        }
    }
    pxm_buf_done(&invocation.event);
    return NULL;
}

static pxm_status open_loops(struct lambda_host *host, struct loop *loops, pxm_error *error)
{
    pxm_status status = PXM_OK;

    for (int64_t i = 0; i < host->settings->loops && status == PXM_OK; i++) {
        loops[i].host = host;
        status = lambda_api_new(host->settings->api, &loops[i].api, error);
    }
    return status;
}

static void run_loops(struct loop *loops, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        loops[i].has_thread = pthread_create(&loops[i].thread, NULL, run_loop, &loops[i]) == 0;
        if (!loops[i].has_thread) {
            pxm_log(PXM_LOG_ERROR, "lambda", NULL, "no thread for loop %lld; there are fewer at once", (long long)i);
        }
    }
    run_loop(&loops[0]);
    for (int64_t i = 1; i < count; i++) {
        if (loops[i].has_thread) {
            pthread_join(loops[i].thread, NULL);
        }
    }
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

/* Tells Lambda why there will be no function. */
static void tell_init_error(const struct lambda_settings *settings, enum lambda_failure failure, const pxm_error *why)
{
    struct lambda_api *api = NULL;
    pxm_error error = {0};

    pxm_log(PXM_LOG_ERROR, "lambda", NULL, "the function cannot start: %s: %s", why->code, why->text);
    if (settings->api && lambda_api_new(settings->api, &api, &error) == PXM_OK) {
        lambda_api_init_error(api, failure, why, &error);
    }
    if (error.status != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "lambda", NULL, "Lambda was not told: %s", error.text);
    }
    lambda_api_free(api);
}

static pxm_status prepare(struct lambda_settings *settings, pxm_error *error)
{
    pxm_status status = lambda_settings_read(settings, error);

    const struct log_options options = {.format = LOG_CLOUD,
                                        .fd = STDOUT_FILENO,
                                        .min_level = settings->log_level,
                                        .access = true,
                                        .request_of = lambda_live_request};
    log_start(&options);
    if (status == PXM_OK) {
        status = lambda_api_start(error);
    }
    if (status == PXM_OK && !settings->api) {
        status = pxm_error_set(error, PXM_E_INVALID, "settings.invalid",
                               "environment variable AWS_LAMBDA_RUNTIME_API is not set: this program is a runtime of "
                               "Lambda; see pixmill invoke");
    }
    if (status == PXM_OK && !settings->handler) {
        status = pxm_error_set(error, PXM_E_INVALID, "settings.invalid",
                               "environment variable _HANDLER is not set: it names the function's pipelines");
    }
    return status;
}

static void serve(struct lambda_host *host)
{
    struct loop loops[LAMBDA_LOOPS_MAX] = {{.host = host, .is_first = true}};
    pxm_error error = {0};

    if (open_loops(host, loops, &error) == PXM_OK) {
        run_loops(loops, host->settings->loops);
    } else {
        tell_init_error(host->settings, LAMBDA_INIT_FAILED, &error);
    }
    for (int64_t i = 0; i < host->settings->loops; i++) {
        lambda_api_free(loops[i].api);
    }
}

int lambda_serve(const pxm_plugin_entry_fn *builtins)
{
    static struct lambda_settings settings;
    struct lambda_host *host = NULL;
    enum lambda_failure failure = LAMBDA_INIT_FAILED;
    pxm_error error = {0};

    pxm_status status = prepare(&settings, &error);
    if (status == PXM_OK) {
        status = lambda_host_open(&settings, builtins, &host, &failure, &error);
    }
    if (status == PXM_OK) {
        serve(host); /* comes back only when Lambda gives no more events */
    } else {
        tell_init_error(&settings, failure, &error);
    }
    lambda_host_close(host);
    log_stop();
    return LAMBDA_EXIT_FAILED;
}
