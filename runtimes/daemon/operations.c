/* Health, readiness and metrics are answered by the HTTP thread, whatever else goes on; operators' requests by the
 * loop, mostly with what the journal says. */
#include "daemon/operations.h"

#include "app/answer.h"
#include "app/url.h"
#include "base/blob.h"
#include "base/json.h"
#include "base/value.h"
#include "daemon/observe.h"
#include "daemon/supervisor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES_MAX = 16 << 20, DEAD_LIMIT_DEFAULT = 50, DEAD_LIMIT_MAX = 500 };

struct operation {
    const char *method;
    const char *path; /* an asterisk stands for a number */
    bool quick, for_operators;
    void (*start)(struct request *request);
};

/* ---- answers ----------------------------------------------------------------------------------------------------- */

/* Takes over the value. */
static void answer_json(struct request *request, int status, pxm_value *value)
{
    const char *id = http_request_id(request->exchange);
    struct app_response *response = app_response_new(status);
    struct pxm_buf buf;

    pxm_buf_init(&buf, BODY_BYTES_MAX);
    pxm_status written = pxm_value_status(value);
    if (written == PXM_OK) {
        written = pxm_json_write(&buf, value, 0, 0, NULL);
    }
    pxm_value_unref(value);
    size_t length = buf.length;
    char *text = written == PXM_OK ? pxm_buf_take(&buf) : NULL;
    pxm_buf_done(&buf);
    pxm_blob *body = text ? pxm_blob_new(text, length, free, text) : NULL;
    if (!response || !body || !app_response_set(response, "Content-Type", "application/json")) {
        pxm_blob_unref(body);
        app_response_free(response);
        request_answer(request, app_answer_problem(503, "no_memory", id, "out of memory"));
        return;
    }
    app_response_body(response, body);
    request_answer(request, response);
}

static void answer_error(struct request *request, const pxm_error *error)
{
    request_answer(request, app_answer_error(error, http_request_id(request->exchange), 0));
}

/* ---- health, readiness, metrics ---------------------------------------------------------------------------------- */

static void start_health(struct request *request)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "status", pxm_value_cstring("ok"));
    answer_json(request, 200, value);
}

static const char *why_not_ready(struct supervisor *supervisor)
{
    int64_t free_bytes = supervisor_free_bytes(supervisor);

    if (!atomic_load(&supervisor->ready)) {
        return "loading";
    }
    if (atomic_load(&supervisor->draining)) {
        return "stopping";
    }
    if (!atomic_load(&supervisor->journal_is_sound)) {
        return "the journal cannot be written";
    }
    if (free_bytes >= 0 && free_bytes < supervisor->options->free_bytes_min) {
        return "the disk is full";
    }
    return NULL;
}

static void start_ready(struct request *request)
{
    const char *reason = why_not_ready(request->supervisor);
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "status", pxm_value_cstring(reason ? "not ready" : "ready"));
    if (reason) {
        pxm_value_set(value, "reason", pxm_value_cstring(reason));
    }
    answer_json(request, reason ? 503 : 200, value);
}

static void start_metrics(struct request *request)
{
    request_answer(request, observe_answer(request->supervisor));
}

/* ---- what operators ask ------------------------------------------------------------------------------------------ */

static pxm_value *workers_value(const struct edition *edition, enum crew_class which, const char *name)
{
    const struct crew_counts counts = crew_count(edition->crew, which);
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "class", pxm_value_cstring(name));
    pxm_value_set(value, "workers", pxm_value_int(counts.workers));
    pxm_value_set(value, "busy", pxm_value_int(counts.busy));
    pxm_value_set(value, "started", pxm_value_int(counts.started));
    pxm_value_set(value, "crashed", pxm_value_int(counts.crashed));
    pxm_value_set(value, "killed", pxm_value_int(counts.killed));
    pxm_value_set(value, "recycled", pxm_value_int(counts.recycled));
    return value;
}

static void start_status(struct request *request)
{
    struct supervisor *supervisor = request->supervisor;
    const struct edition *edition = supervisor->edition;
    pxm_value *value = pxm_value_record(), *workers = pxm_value_list(), *pipelines = pxm_value_list();
    int64_t now_ms = loop_now_ms(supervisor->loop);

    for (size_t i = 0; edition && i < edition->manifest->pipeline_count; i++) {
        pxm_value_append(pipelines, pxm_value_cstring(edition->manifest->pipelines[i].name));
    }
    if (edition) {
        pxm_value_append(workers, workers_value(edition, CREW_IMAGE, "image"));
        pxm_value_append(workers, workers_value(edition, CREW_LIGHT, "light"));
    }
    pxm_value_set(value, "version", pxm_value_cstring(PXM_VERSION));
    pxm_value_set(value, "uptime_s", pxm_value_int((now_ms - supervisor->started_ms) / 1000));
    pxm_value_set(value, "ready", pxm_value_bool(!why_not_ready(supervisor)));
    pxm_value_set(value, "waiting", pxm_value_int(edition ? work_waiting(edition, WORK_REQUEST) : 0));
    pxm_value_set(value, "connections", pxm_value_int(http_connections(supervisor->http)));
    pxm_value_set(value, "free_bytes", pxm_value_int(supervisor_free_bytes(supervisor)));
    pxm_value_set(value, "workers", workers);
    pxm_value_set(value, "pipelines", pipelines);
    answer_json(request, 200, value);
}

static pxm_value *time_value(int64_t wall_ms)
{
    char text[PXM_TIME_TEXT_MAX];

    if (wall_ms == 0) {
        return pxm_value_null();
    }
    pxm_time_format(wall_ms, text);
    return pxm_value_cstring(text);
}

static struct request *request_of(struct journal_op *op)
{
    return (struct request *)((char *)op - offsetof(struct request, op));
}

static void submit(struct request *request, struct journal_op op)
{
    request->op = op;
    request->op.now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);
    journal_submit(request->supervisor->journal, &request->op);
}

static void on_counted(struct journal_op *op)
{
    struct request *request = request_of(op);
    const struct journal_counts counts = op->counts;
    const pxm_error error = op->error;

    journal_op_done(op);
    if (error.status != PXM_OK) {
        answer_error(request, &error);
        return;
    }
    pxm_value *value = pxm_value_record(), *numbers = pxm_value_record();
    pxm_value_set(numbers, "expected", pxm_value_int(counts.expected));
    pxm_value_set(numbers, "ready", pxm_value_int(counts.ready));
    pxm_value_set(numbers, "delayed", pxm_value_int(counts.delayed));
    pxm_value_set(numbers, "running", pxm_value_int(counts.taken));
    pxm_value_set(numbers, "dead", pxm_value_int(counts.dead));
    pxm_value_set(value, "counts", numbers);
    pxm_value_set(value, "oldest_at", time_value(counts.oldest_ms));
    answer_json(request, 200, value);
}

static void start_jobs(struct request *request)
{
    submit(request, (struct journal_op){.kind = JOURNAL_COUNT, .done = on_counted});
}

static pxm_value *json_value(const char *text)
{
    pxm_value *value = NULL;

    return text && pxm_json_parse(text, strlen(text), &value, NULL) == PXM_OK ? value : pxm_value_null();
}

static pxm_value *letter_value(const struct journal_job *job)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "id", pxm_value_int(job->id));
    pxm_value_set(value, "pipeline", pxm_value_cstring(job->pipeline));
    pxm_value_set(value, "trigger", pxm_value_cstring(job->trigger));
    pxm_value_set(value, "event", json_value(job->event));
    pxm_value_set(value, "attempts", pxm_value_int(job->attempts));
    pxm_value_set(value, "created_at", time_value(job->created_ms));
    pxm_value_set(value, "first_at", time_value(job->first_ms));
    pxm_value_set(value, "last_at", time_value(job->last_ms));
    pxm_value_set(value, "cause", json_value(job->cause));
    return value;
}

static void on_letters(struct journal_op *op)
{
    struct request *request = request_of(op);
    struct journal_op listed = *op;

    if (listed.error.status != PXM_OK) {
        answer_error(request, &listed.error);
        journal_op_done(&listed);
        return;
    }
    pxm_value *value = pxm_value_record(), *items = pxm_value_list(), *cursor = pxm_value_null();
    for (size_t i = 0; i < listed.job_count; i++) {
        pxm_value_append(items, letter_value(&listed.jobs[i]));
    }
    if (listed.job_count > 0 && (int64_t)listed.job_count == listed.limit) {
        pxm_value_unref(cursor);
        cursor = pxm_value_int(listed.jobs[listed.job_count - 1].id);
    }
    journal_op_done(&listed);
    pxm_value_set(value, "items", items);
    pxm_value_set(value, "cursor", cursor);
    answer_json(request, 200, value);
}

/* A number of the query; `fallback` where there is none that makes sense. */
static int64_t query_number(const struct request *request, const char *name, int64_t fallback, int64_t max)
{
    const char *at = http_head(request->exchange)->query;
    size_t length = strlen(name);

    for (; at && *at; at = strchr(at, '&'), at += at != NULL) {
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            char *end = NULL;
            long long number = strtoll(at + length + 1, &end, 10);
            return (*end == '\0' || *end == '&') && number > 0 && number <= max ? number : fallback;
        }
    }
    return fallback;
}

static void start_dead(struct request *request)
{
    submit(request, (struct journal_op){.kind = JOURNAL_DEAD,
                                        .done = on_letters,
                                        .cursor = query_number(request, "cursor", 0, INT64_MAX),
                                        .limit = query_number(request, "limit", DEAD_LIMIT_DEFAULT, DEAD_LIMIT_MAX)});
}

/* ---- what operators do ------------------------------------------------------------------------------------------- */

static void on_changed(struct journal_op *op)
{
    struct request *request = request_of(op);
    struct supervisor *supervisor = request->supervisor;
    const pxm_error error = op->error;

    journal_op_done(op);
    if (error.status != PXM_OK) {
        answer_error(request, &error);
    } else {
        request_answer(request, app_response_new(204));
    }
    jobs_look(&supervisor->jobs);
}

/* The number that the asterisk of the operation's path stands for. */
static int64_t path_number(const struct request *request)
{
    const char *star = strchr(request->operation->path, '*');

    return strtoll(http_head(request->exchange)->path + (star - request->operation->path), NULL, 10);
}

static void start_retry(struct request *request)
{
    submit(request, (struct journal_op){.kind = JOURNAL_REDRIVE, .done = on_changed, .id = path_number(request)});
}

static void start_discard(struct request *request)
{
    submit(request, (struct journal_op){.kind = JOURNAL_DISCARD, .done = on_changed, .id = path_number(request)});
}

static void start_reload(struct request *request)
{
    supervisor_reload(request->supervisor);
    request_answer(request, app_response_new(202));
}

/* ---- which ------------------------------------------------------------------------------------------------------- */

static const struct operation operations[] = {
    {.method = "GET", .path = "/health", .quick = true, .start = start_health},
    {.method = "GET", .path = "/ready", .quick = true, .start = start_ready},
    {.method = "GET", .path = "/metrics", .quick = true, .for_operators = true, .start = start_metrics},
    {.method = "GET", .path = "/admin/status", .for_operators = true, .start = start_status},
    {.method = "GET", .path = "/admin/jobs", .for_operators = true, .start = start_jobs},
    {.method = "GET", .path = "/admin/dead", .for_operators = true, .start = start_dead},
    {.method = "POST", .path = "/admin/dead/*/retry", .for_operators = true, .start = start_retry},
    {.method = "DELETE", .path = "/admin/dead/*", .for_operators = true, .start = start_discard},
    {.method = "POST", .path = "/admin/reload", .for_operators = true, .start = start_reload},
};
enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

static bool path_is(const char *pattern, const char *path)
{
    for (; *pattern; pattern++) {
        size_t digits = strspn(path, "0123456789");
        if (*pattern == '*' ? digits == 0 || digits > 18 : *pattern != *path) {
            return false;
        }
        path += *pattern == '*' ? digits : 1;
    }
    return *path == '\0';
}

static bool method_is(const struct operation *operation, const char *method)
{
    return strcmp(operation->method, method) == 0 ||
           (strcmp(operation->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* Metrics may be read from this machine without a token, as those who scrape them expect; not through a proxy, as then
 * everybody comes from this machine. */
static bool is_permitted(const struct supervisor *supervisor, const struct operation *operation,
                         const struct app_head *head)
{
    bool here = strcmp(head->remote_addr, "127.0.0.1") == 0 || strcmp(head->remote_addr, "::1") == 0;

    return !operation->for_operators || request_token_is(head, supervisor->operator_token) ||
           (operation->start == start_metrics && here && !supervisor->options->trust_proxy &&
            !app_head_get(head, "X-Forwarded-For"));
}

const struct operation *operation_find(struct supervisor *supervisor, const struct app_head *head,
                                       const char *request_id, struct app_response **ret_refusal)
{
    const struct operation *other = NULL;
    pxm_error error = {0};

    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        if (!path_is(operations[i].path, head->path)) {
            continue;
        }
        other = &operations[i];
        if (!method_is(other, head->method)) {
            continue;
        }
        if (is_permitted(supervisor, other, head)) {
            return other;
        }
        pxm_error_set(&error, PXM_E_DENIED, app_head_get(head, "Authorization") ? "auth.invalid" : "auth.missing",
                      "this needs the operator's token");
        *ret_refusal = app_answer_error(&error, request_id, 0);
        return NULL;
    }
    if (other && strcmp(head->method, "OPTIONS") != 0) {
        *ret_refusal = app_answer_problem(405, "request.method", request_id, "this path takes %s", other->method);
        if (*ret_refusal) {
            app_response_set(*ret_refusal, "Allow", other->method);
        }
    }
    return NULL;
}

bool operation_is_quick(const struct operation *operation)
{
    return operation->quick;
}

void operation_start(struct request *request)
{
    request->operation->start(request);
}
