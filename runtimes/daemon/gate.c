/* The gate: what a request must be to get in, decided at its headers, before a byte of its body is read. HTTP thread.
 * */
#include "daemon/request.h"

#include "app/answer.h"
#include "base/error.h"
#include "base/utf8.h"
#include "daemon/observe.h"
#include "daemon/operations.h"
#include "daemon/site.h"
#include "daemon/supervisor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FRESH_MS = 5000 /* an upload that takes longer is slow, and keeps no worker waiting */ };

static int64_t now_ms(void)
{
    return pxm_clock_system.monotonic_ms(pxm_clock_system.arg);
}

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0;
}

/* ---- refusing ---------------------------------------------------------------------------------------------------- */

/* A request that is refused goes no further, whether there was memory for the answer or not. Always false. */
static bool turn_away(struct request *request, struct app_response *answer)
{
    request->refused = true;
    request->refusal = answer;
    return false;
}

static bool refuse(struct request *request, int status, const char *code, const char *text, int64_t retry_after_s)
{
    char seconds[24];
    struct app_response *response = app_answer_problem(status, code, http_request_id(request->exchange), "%s", text);

    if (response && retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%" PRId64, retry_after_s);
        app_response_set(response, "Retry-After", seconds);
    }
    return turn_away(request, response);
}

static bool refuse_error(struct request *request, const pxm_error *error, int64_t retry_after_s)
{
    return turn_away(request, app_answer_error(error, http_request_id(request->exchange), retry_after_s));
}

/* ---- room -------------------------------------------------------------------------------------------------------- */

struct crowd { /* the requests that were taken in and are not answered */
    int64_t of_class, of_pipeline, bytes, of_address;
    int64_t coming; /* bytes of bodies that are still to arrive */
};

/* Under the lock. */
static void count(struct crowd *crowd, const struct request *other, const struct request *request, int64_t now)
{
    const struct app_pipeline *pipeline = request->match.trigger->pipeline, *theirs = other->match.trigger->pipeline;

    int64_t coming = other->uploading ? other->bytes - http_outcome(other->exchange).bytes_received : 0;

    crowd->bytes += other->bytes;
    crowd->coming += coming > 0 ? coming : 0;
    crowd->of_address += other->bytes > 0 && strcmp(http_head(other->exchange)->remote_addr,
                                                    http_head(request->exchange)->remote_addr) == 0;
    if (!other->uploading || now - other->begun_ms < FRESH_MS) {
        crowd->of_class += theirs->light == pipeline->light;
        crowd->of_pipeline += theirs == pipeline;
    }
}

/* Under the lock. */
static struct crowd count_crowd(const struct supervisor *supervisor, const struct request *request)
{
    struct crowd crowd = {0};
    int64_t now = now_ms();

    for (const struct request *other = supervisor->requests.open; other; other = other->next_open) {
        if (other->pending && other->match.trigger) {
            count(&crowd, other, request, now);
        }
    }
    return crowd;
}

/* How many of one pipeline may run or wait; INT64_MAX: as many as the host takes. */
static int64_t pipeline_room(const struct app_pipeline *pipeline, int64_t workers)
{
    int64_t room = pipeline->concurrency_max != PXM_UNSET_INT ? pipeline->concurrency_max : workers;

    if (pipeline->waits_when_full || pipeline->queue_max == PXM_UNSET_INT ||
        __builtin_add_overflow(room, pipeline->queue_max, &room)) {
        return INT64_MAX;
    }
    return room;
}

static bool crowd_permits(struct request *request, const struct crowd *crowd)
{
    struct supervisor *supervisor = request->supervisor;
    const struct serve_options *options = supervisor->options;
    const struct app_pipeline *pipeline = request->match.trigger->pipeline;
    int64_t images = request->edition->image_workers;
    int64_t workers = pipeline->light ? options->light_workers : images;

    if (request->bytes > 0 && crowd->of_address >= options->per_address_max) {
        return refuse(request, 429, "request.too_many", "too many uploads at once from one address", 1);
    }
    if (crowd->of_pipeline >= pipeline_room(pipeline, workers)) {
        return refuse(request, 503, "pipeline.full", "too many of these are going on; try again soon",
                      request_retry_after_s(supervisor));
    }
    if (crowd->of_class >= options->queue_max * images + workers ||
        (request->bytes > 0 && crowd->bytes + request->bytes > options->queue_bytes_max)) {
        return refuse(request, 503, "engine.busy", "too much is going on; try again soon",
                      request_retry_after_s(supervisor));
    }
    return true;
}

/* What was let in has its room, though it does not take it yet. */
static bool disk_permits(struct request *request, const struct crowd *crowd)
{
    const struct serve_options *options = request->supervisor->options;
    int64_t free_bytes = supervisor_free_bytes(request->supervisor);

    if (request->bytes > 0 && free_bytes >= 0 &&
        free_bytes - crowd->coming - request->bytes < options->free_bytes_min) {
        return refuse(request, 507, "store.full", "there is no space left for uploads", 30);
    }
    return true;
}

/* ---- permission -------------------------------------------------------------------------------------------------- */

static bool is_signed(struct request *request)
{
    struct supervisor *supervisor = request->supervisor;
    const struct app_head *head = http_head(request->exchange);
    pxm_error error = {0};
    int64_t bytes_max = PXM_UNSET_INT;
    int64_t now_s = pxm_clock_system.wall_ms(pxm_clock_system.arg) / 1000;

    pthread_mutex_lock(&supervisor->lock);
    const struct app_url_keys keys = supervisor->url_keys;
    pthread_mutex_unlock(&supervisor->lock);
    if (app_url_verify(&keys, head, now_s, &bytes_max, &error) != PXM_OK) {
        return refuse_error(request, &error, 0);
    }
    snprintf(request->subject, sizeof request->subject, "signed");
    if (bytes_max != PXM_UNSET_INT && head->content_length > bytes_max) {
        return refuse(request, 413, "limit.bytes", "the body is larger than its URL permits", 0);
    }
    if (bytes_max != PXM_UNSET_INT && bytes_max < request->bytes_max) {
        request->bytes_max = bytes_max; /* one that did not say how long it is is measured */
    }
    return true;
}

/* Who asks goes to request->subject. */
static bool is_permitted(struct request *request)
{
    struct supervisor *supervisor = request->supervisor;
    const struct app_head *head = http_head(request->exchange);
    const char *auth = request->match.trigger->auth;
    pxm_error error = {0};

    if (!auth) {
        return true;
    }
    if (strcmp(auth, "signed") == 0) {
        return is_signed(request);
    }
    if (app_head_bears(head, supervisor->operator_token)) {
        snprintf(request->subject, sizeof request->subject, "operator");
        return true;
    }
    if (strcmp(auth, "token") == 0 && app_head_bears(head, supervisor->upload_token)) {
        snprintf(request->subject, sizeof request->subject, "token");
        return true;
    }
    if (strcmp(auth, "token") == 0 && supervisor->upload_token[0] == '\0') {
        snprintf(request->subject, sizeof request->subject, "local");
        return true;
    }
    bool missing = !app_head_get(head, "Authorization");
    pxm_error_set(&error, PXM_E_DENIED, missing ? "auth.missing" : "auth.invalid",
                  missing ? "this needs a token" : "this token is not accepted here");
    return refuse_error(request, &error, 0);
}

/* ---- routes ------------------------------------------------------------------------------------------------------ */

static struct app_response *answer_without_route(const struct request *request)
{
    struct app_response *response = NULL;

    if (request->match.kind == APP_MATCH_NOT_FOUND) {
        response = site_answer(request->supervisor, http_head(request->exchange));
    }
    return response ? response : app_answer_no_route(&request->match, http_request_id(request->exchange));
}

bool request_is_for_this_machine(const struct app_head *head)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = app_head_get(head, "Host");
    bool found = !host;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++) {
        size_t length = strlen(names[i]);
        found = strncasecmp(host, names[i], length) == 0 && (host[length] == '\0' || host[length] == ':');
    }
    return found;
}

/* Where being on this machine is all that it takes, only names of this machine are served. */
static bool is_known_host(const struct request *request)
{
    const struct supervisor *supervisor = request->supervisor;

    return supervisor->upload_token[0] != '\0' || supervisor->options->trust_proxy ||
           request_is_for_this_machine(http_head(request->exchange));
}

/* What a path takes, for browsers that ask before they send. */
static struct app_response *answer_options(const struct request *request)
{
    const struct app_head *head = http_head(request->exchange);
    struct app_match match = {0};
    pxm_error error = {0};

    if (app_route(request->edition->manifest, head->method, head->path, &match, &error) != PXM_OK) {
        return app_answer_error(&error, http_request_id(request->exchange), 1);
    }
    struct app_response *response = app_policy_preflight(&request->supervisor->policy, head, match.allow);
    app_match_done(&match);
    return response;
}

/* The page of a picture is described by its record, so it is a request for that, answered in another way. */
static pxm_status find_page(struct request *request, pxm_error *error)
{
    const char *name = site_picture_name(request->supervisor, http_head(request->exchange));
    char path[APP_TARGET_BYTES_MAX];

    if (!name || request->match.kind != APP_MATCH_NOT_FOUND ||
        snprintf(path, sizeof path, "/images/%s", name) >= (int)sizeof path) {
        return PXM_OK;
    }
    app_match_done(&request->match);
    pxm_status status = app_route(request->edition->manifest, "GET", path, &request->match, error);
    request->is_page = status == PXM_OK && request->match.kind == APP_MATCH_FOUND;
    return status;
}

static bool find_route(struct request *request)
{
    const struct app_head *head = http_head(request->exchange);
    pxm_error error = {0};

    if (!is_known_host(request)) {
        return refuse(request, 421, "request.host", "this host goes by localhost", 0);
    }
    if (!is_safe(head->method) && app_policy_is_foreign(&request->supervisor->policy, head)) {
        return refuse(request, 403, "request.origin", "pages of another site may not do this", 0);
    }
    if (!request->edition) {
        return refuse(request, 503, "engine.busy", "not ready yet", 1);
    }
    if (strcmp(head->method, "OPTIONS") == 0) {
        return turn_away(request, answer_options(request));
    }
    if (app_route(request->edition->manifest, head->method, head->path, &request->match, &error) != PXM_OK ||
        find_page(request, &error) != PXM_OK) {
        return refuse_error(request, &error, 1);
    }
    if (request->match.kind != APP_MATCH_FOUND) {
        return turn_away(request, answer_without_route(request));
    }
    request->bytes_max = request->match.trigger->body_max;
    pxm_utf8_copy(request->route, sizeof request->route, request->match.trigger->path);
    pxm_utf8_copy(request->pipeline, sizeof request->pipeline, request->match.trigger->pipeline->name);
    return true;
}

/* ---- bodies ------------------------------------------------------------------------------------------------------ */

/* What the body will take on the disk: what it says, or the most that it may be. */
static int64_t body_bytes(const struct request *request)
{
    const struct app_head *head = http_head(request->exchange);
    bool has_body = head->content_length > 0 || app_head_get(head, "Transfer-Encoding");

    if (!has_body || is_safe(head->method)) {
        return 0;
    }
    int64_t most = request->bytes_max;
    return head->content_length >= 0 && head->content_length < most ? head->content_length : most;
}

static bool open_intake(struct request *request, struct app_intake **ret)
{
    const struct app_head *head = http_head(request->exchange);
    const struct app_intake_options options = {.trigger = request->match.trigger,
                                               .content_type = app_head_get(head, "Content-Type"),
                                               .content_length = head->content_length,
                                               .bytes_max = request->bytes_max,
                                               .spool = request->supervisor->spool};
    pxm_error error = {0};

    if (request->bytes > 0 && app_intake_new(&options, ret, &error) != PXM_OK) {
        return refuse_error(request, &error, 0);
    }
    return true;
}

/* ---- the server's calls ------------------------------------------------------------------------------------------ */

static void add_open(struct request *request)
{
    struct requests *requests = &request->supervisor->requests;

    request->next_open = requests->open;
    if (requests->open) {
        requests->open->last_open = request;
    }
    requests->open = request;
}

static void remove_open(struct request *request)
{
    struct supervisor *supervisor = request->supervisor;

    pthread_mutex_lock(&supervisor->lock);
    *(request->last_open ? &request->last_open->next_open : &supervisor->requests.open) = request->next_open;
    if (request->next_open) {
        request->next_open->last_open = request->last_open;
    }
    pthread_mutex_unlock(&supervisor->lock);
}

/* Requests come in on one thread, so nobody takes the place between counting and taking it. */
static bool find_room(struct request *request)
{
    struct supervisor *supervisor = request->supervisor;

    request->bytes = body_bytes(request);
    pthread_mutex_lock(&supervisor->lock);
    const struct crowd crowd = count_crowd(supervisor, request);
    pthread_mutex_unlock(&supervisor->lock);
    return crowd_permits(request, &crowd) && disk_permits(request, &crowd);
}

static bool is_running(struct request *request)
{
    return !atomic_load(&request->supervisor->draining) ||
           refuse(request, 503, "engine.stopping", "this server is about to stop", 5);
}

/* Who answers it: an operation, or a pipeline that has room for it. */
static bool admit(struct request *request, struct app_intake **ret)
{
    struct app_response *refusal = NULL;

    request->operation =
        operation_find(request->supervisor, http_head(request->exchange), http_request_id(request->exchange), &refusal);
    if (refusal) {
        return turn_away(request, refusal);
    }
    return request->operation || (find_route(request) && is_running(request) && is_permitted(request) &&
                                  find_room(request) && open_intake(request, ret));
}

/* Where there is no memory for what is to be said, nothing is said. */
static struct app_response *say_or_cut(struct http_exchange *exchange, struct app_response *answer)
{
    if (!answer) {
        http_cut(exchange);
    }
    return answer;
}

static struct app_intake *on_begin(void *arg, struct http_exchange *exchange, struct app_response **ret_refusal)
{
    struct supervisor *supervisor = arg;
    struct request *request = calloc(1, sizeof *request);
    struct app_intake *intake = NULL;

    if (!request) {
        *ret_refusal =
            say_or_cut(exchange, app_answer_problem(503, "no_memory", http_request_id(exchange), "out of memory"));
        return NULL;
    }
    request->supervisor = supervisor;
    request->exchange = exchange;
    request->begun_ms = now_ms();
    request->edition = edition_current(supervisor);
    http_set_data(exchange, request);
    request->pending = admit(request, &intake);
    request->uploading = intake != NULL;
    pthread_mutex_lock(&supervisor->lock);
    add_open(request);
    pthread_mutex_unlock(&supervisor->lock);
    if (request->refused) {
        *ret_refusal = say_or_cut(exchange, request_dress(supervisor, exchange, request->refusal));
        request->refusal = NULL;
        request_let_go(request);
    }
    return intake;
}

static void on_task(struct loop_task *task)
{
    struct request *request = (struct request *)((char *)task - offsetof(struct request, task));

    if (request->operation) {
        operation_start(request);
    } else {
        request_start(request);
    }
}

static void on_complete(void *arg, struct http_exchange *exchange, struct app_body *body)
{
    struct supervisor *supervisor = arg;
    struct request *request = http_data(exchange);

    if (body) {
        request->body = *body;
        free(body);
    }
    pthread_mutex_lock(&supervisor->lock);
    request->uploading = false;
    pthread_mutex_unlock(&supervisor->lock);
    /* Whether the daemon lives is not to depend on how busy its loop is. */
    if (request->operation && operation_is_quick(request->operation)) {
        operation_start(request);
        return;
    }
    request->task.run = on_task;
    loop_post(supervisor->loop, &request->task);
}

static struct app_response *on_failed(void *arg, struct http_exchange *exchange, const pxm_error *error)
{
    struct supervisor *supervisor = arg;

    return request_dress(supervisor, exchange, app_answer_error(error, http_request_id(exchange), 0));
}

static void on_over(void *arg, struct http_exchange *exchange, bool sent)
{
    struct request *request = http_data(exchange);

    observe_exchange(arg, exchange, request && request->route[0] ? request->route : NULL,
                     request ? request->pipeline : NULL, request && request->id[0] ? request->id : NULL, sent);
    if (!request) {
        return;
    }
    request_let_go(request);
    remove_open(request);
    app_match_done(&request->match);
    free(request);
}

static void on_rejected(void *arg, struct http_exchange *exchange)
{
    observe_exchange(arg, exchange, NULL, NULL, NULL, true);
}

const struct http_handler request_handler = {
    .begin = on_begin, .complete = on_complete, .failed = on_failed, .over = on_over, .rejected = on_rejected};
