/* The daemon's metrics, and where they are counted. */
#include "daemon/observe.h"

#include "app/answer.h"
#include "app/log.h"
#include "base/blob.h"
#include "base/error.h"
#include "base/value.h"
#include "daemon/metrics.h"
#include "daemon/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct observer {
    struct supervisor *supervisor;
    struct metrics *metrics;
    struct metrics_family *requests, *request_seconds, *connections;
    struct metrics_family *runs, *run_seconds, *step_seconds, *step_failures;
    struct metrics_family *job_outcomes, *jobs, *job_age, *waiting, *workers, *worker_exits;
    struct journal_op count;
    bool counting;
};

static const double seconds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 0};

#define LABELS(...)                                                                                                    \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

/* ---- families ---------------------------------------------------------------------------------------------------- */

static bool register_requests(struct observer *observer)
{
    static const char *const by_route[] = {"route", "method", "status", NULL};
    static const char *const route[] = {"route", NULL};
    static const struct metrics_description requests = {.kind = METRICS_COUNTER,
                                                        .name = "pixmill_http_requests_total",
                                                        .help = "Requests that were answered.",
                                                        .labels = by_route};
    static const struct metrics_description request_seconds = {.kind = METRICS_HISTOGRAM,
                                                               .name = "pixmill_http_request_seconds",
                                                               .help =
                                                                   "From the request line to the end of the answer.",
                                                               .labels = route,
                                                               .buckets = seconds};
    static const struct metrics_description connections = {
        .kind = METRICS_GAUGE, .name = "pixmill_http_connections", .help = "Connections that are open."};

    observer->requests = metrics_family(observer->metrics, &requests);
    observer->request_seconds = metrics_family(observer->metrics, &request_seconds);
    observer->connections = metrics_family(observer->metrics, &connections);
    return observer->requests && observer->request_seconds && observer->connections;
}

static bool register_runs(struct observer *observer)
{
    static const char *const outcome[] = {"pipeline", "outcome", NULL};
    static const char *const pipeline[] = {"pipeline", NULL};
    static const char *const step[] = {"pipeline", "step", NULL};
    static const char *const failure[] = {"pipeline", "code", NULL};
    static const struct metrics_description runs = {.kind = METRICS_COUNTER,
                                                    .name = "pixmill_runs_total",
                                                    .help = "Runs of pipelines that ended.",
                                                    .labels = outcome};
    static const struct metrics_description run_seconds = {.kind = METRICS_HISTOGRAM,
                                                           .name = "pixmill_run_seconds",
                                                           .help = "How long a run took on its worker.",
                                                           .labels = pipeline,
                                                           .buckets = seconds};
    static const struct metrics_description step_seconds = {.kind = METRICS_HISTOGRAM,
                                                            .name = "pixmill_step_seconds",
                                                            .help = "How long a step took, with its retries.",
                                                            .labels = step,
                                                            .buckets = seconds};
    static const struct metrics_description step_failures = {.kind = METRICS_COUNTER,
                                                             .name = "pixmill_run_failures_total",
                                                             .help = "Runs that failed, by the code of the failure.",
                                                             .labels = failure};

    observer->runs = metrics_family(observer->metrics, &runs);
    observer->run_seconds = metrics_family(observer->metrics, &run_seconds);
    observer->step_seconds = metrics_family(observer->metrics, &step_seconds);
    observer->step_failures = metrics_family(observer->metrics, &step_failures);
    return observer->runs && observer->run_seconds && observer->step_seconds && observer->step_failures;
}

static bool register_work(struct observer *observer)
{
    static const char *const outcome[] = {"outcome", NULL};
    static const char *const state[] = {"state", NULL};
    static const char *const which[] = {"class", "state", NULL};
    static const char *const reason[] = {"class", "reason", NULL};
    static const struct metrics_description outcomes = {
        .kind = METRICS_COUNTER, .name = "pixmill_job_tries_total", .help = "Tries of jobs.", .labels = outcome};
    static const struct metrics_description jobs = {
        .kind = METRICS_GAUGE, .name = "pixmill_jobs", .help = "Jobs in the journal.", .labels = state};
    static const struct metrics_description age = {
        .kind = METRICS_GAUGE, .name = "pixmill_job_oldest_seconds", .help = "How long the oldest job has been ready."};
    static const struct metrics_description waiting = {
        .kind = METRICS_GAUGE, .name = "pixmill_requests_waiting", .help = "Requests that wait for a worker."};
    static const struct metrics_description workers = {
        .kind = METRICS_GAUGE, .name = "pixmill_workers", .help = "Worker processes.", .labels = which};
    static const struct metrics_description exits = {.kind = METRICS_COUNTER,
                                                     .name = "pixmill_worker_exits_total",
                                                     .help = "Worker processes that ended.",
                                                     .labels = reason};

    observer->job_outcomes = metrics_family(observer->metrics, &outcomes);
    observer->jobs = metrics_family(observer->metrics, &jobs);
    observer->job_age = metrics_family(observer->metrics, &age);
    observer->waiting = metrics_family(observer->metrics, &waiting);
    observer->workers = metrics_family(observer->metrics, &workers);
    observer->worker_exits = metrics_family(observer->metrics, &exits);
    return observer->job_outcomes && observer->jobs && observer->job_age && observer->waiting && observer->workers &&
           observer->worker_exits;
}

pxm_status observe_new(struct supervisor *supervisor, pxm_error *error)
{
    struct observer *observer = calloc(1, sizeof *observer);

    supervisor->observer = observer;
    if (!observer) {
        return pxm_error_no_memory(error);
    }
    observer->supervisor = supervisor;
    observer->metrics = metrics_new();
    bool fine = observer->metrics && register_requests(observer) && register_runs(observer) &&
                register_work(observer) && metrics_add_process(observer->metrics);
    return fine ? PXM_OK : pxm_error_no_memory(error);
}

void observe_free(struct supervisor *supervisor)
{
    struct observer *observer = supervisor->observer;

    if (observer) {
        metrics_free(observer->metrics);
        free(observer);
    }
}

/* ---- runs and jobs ----------------------------------------------------------------------------------------------- */

static void observe_steps(struct observer *observer, const char *pipeline, const pxm_value *steps)
{
    for (size_t i = 0; i < pxm_value_count(steps); i++) {
        const pxm_value *step = pxm_value_at(steps, i);
        const char *id = pxm_value_as_string(pxm_value_get(step, "step"), NULL);
        metrics_observe(observer->step_seconds, (double)pxm_value_as_int(pxm_value_get(step, "ms")) / 1000,
                        LABELS(pipeline, id));
    }
}

/* Neither the caller nor time can mend it. */
static bool is_for_the_operator(const pxm_error *error)
{
    return app_status_of(error) >= 500 && !pxm_error_is_transient(error);
}

void observe_run(struct supervisor *supervisor, const struct work *work)
{
    struct observer *observer = supervisor->observer;
    const char *pipeline = work->run.trigger->pipeline->name;
    bool fine = work->run.error.status == PXM_OK;

    metrics_add(observer->runs, 1, LABELS(pipeline, fine ? "ok" : "failed"));
    metrics_observe(observer->run_seconds, (double)work->run.ms / 1000, LABELS(pipeline));
    observe_steps(observer, pipeline, work->run.steps);
    if (!fine) {
        const pxm_error *error = &work->run.error;
        const struct log_subject subject = {.run = work->run.id,
                                            .origin = work->origin,
                                            .pipeline = pipeline,
                                            .step = error->step[0] ? error->step : NULL,
                                            .error = error};
        metrics_add(observer->step_failures, 1, LABELS(pipeline, error->code));
        log_about(&subject, is_for_the_operator(error) ? PXM_LOG_WARN : PXM_LOG_INFO, "run", "failed: %s: %s",
                  error->code, error->text);
    }
}

void observe_job(struct supervisor *supervisor, const char *outcome)
{
    metrics_add(supervisor->observer->job_outcomes, 1, LABELS(outcome));
}

/* ---- exchanges --------------------------------------------------------------------------------------------------- */

void observe_exchange(struct supervisor *supervisor, struct http_exchange *exchange, const char *route,
                      const char *pipeline, const char *run, bool sent)
{
    struct observer *observer = supervisor->observer;
    const struct app_head *head = http_head(exchange);
    const struct http_outcome outcome = http_outcome(exchange);
    const char *label = route ? route : "none";
    const struct log_exchange line = {.request = http_request_id(exchange),
                                      .method = head->method,
                                      .path = head->path,
                                      .query = head->query,
                                      .remote = head->remote_addr,
                                      .route = route ? pipeline : NULL,
                                      .agent = app_head_get(head, "User-Agent"),
                                      .run = run,
                                      .status = outcome.status,
                                      .bytes_received = outcome.bytes_received,
                                      .bytes_sent = outcome.bytes_sent,
                                      .ms = outcome.ms,
                                      .sent = sent};
    char status[12];

    snprintf(status, sizeof status, "%d", outcome.status);
    metrics_add(observer->requests, 1, LABELS(label, route ? head->method : "any", status));
    metrics_observe(observer->request_seconds, (double)outcome.ms / 1000, LABELS(label));
    log_access(&line);
}

/* ---- what changes by itself -------------------------------------------------------------------------------------- */

static void observe_crew(struct observer *observer, const struct crew *crew, enum crew_class which, const char *name)
{
    const struct crew_counts counts = crew_count(crew, which);

    metrics_set(observer->workers, (double)counts.busy, LABELS(name, "busy"));
    metrics_set(observer->workers, (double)(counts.workers - counts.busy), LABELS(name, "idle"));
    metrics_set(observer->worker_exits, (double)counts.crashed, LABELS(name, "crashed"));
    metrics_set(observer->worker_exits, (double)counts.killed, LABELS(name, "killed"));
    metrics_set(observer->worker_exits, (double)counts.recycled, LABELS(name, "recycled"));
}

static void on_counted(struct journal_op *op)
{
    struct observer *observer = (struct observer *)((char *)op - offsetof(struct observer, count));
    const struct journal_counts counts = op->counts;
    int64_t now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);

    observer->counting = false;
    supervisor_note_journal(observer->supervisor, &op->error); /* so one that can be written again is found out */
    if (op->error.status == PXM_OK) {
        metrics_set(observer->jobs, (double)counts.expected, LABELS("expected"));
        metrics_set(observer->jobs, (double)counts.ready, LABELS("ready"));
        metrics_set(observer->jobs, (double)counts.delayed, LABELS("delayed"));
        metrics_set(observer->jobs, (double)counts.taken, LABELS("running"));
        metrics_set(observer->jobs, (double)counts.dead, LABELS("dead"));
        metrics_set(observer->job_age, counts.oldest_ms > 0 ? (double)(now_ms - counts.oldest_ms) / 1000 : 0, NULL);
    }
    journal_op_done(op);
}

void observe_tick(struct supervisor *supervisor)
{
    struct observer *observer = supervisor->observer;
    const struct edition *edition = supervisor->edition;

    if (edition) {
        observe_crew(observer, edition->crew, CREW_IMAGE, "image");
        observe_crew(observer, edition->crew, CREW_LIGHT, "light");
        metrics_set(observer->waiting, (double)work_waiting(edition, WORK_REQUEST), NULL);
    }
    if (supervisor->http) {
        metrics_set(observer->connections, (double)http_connections(supervisor->http), NULL);
    }
    if (!observer->counting && !atomic_load(&supervisor->draining)) {
        observer->counting = true;
        observer->count = (struct journal_op){.kind = JOURNAL_COUNT,
                                              .done = on_counted,
                                              .writes = !atomic_load(&supervisor->journal_is_sound),
                                              .now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg)};
        journal_submit(supervisor->journal, &observer->count);
    }
}

/* ---- telling ----------------------------------------------------------------------------------------------------- */

struct app_response *observe_answer(struct supervisor *supervisor)
{
    struct app_response *response = app_response_new(200);
    struct pxm_buf buf;

    pxm_buf_init(&buf, METRICS_TEXT_BYTES_MAX);
    pxm_status status = metrics_render(supervisor->observer->metrics, &buf);
    size_t length = buf.length;
    char *text = status == PXM_OK ? pxm_buf_take(&buf) : NULL;
    pxm_buf_done(&buf);
    pxm_blob *body = text ? pxm_blob_new(text, length, free, text) : NULL;
    if (!response || !body || !app_response_set(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8")) {
        pxm_blob_unref(body);
        app_response_free(response);
        return NULL;
    }
    app_response_body(response, body);
    return response;
}
