/* A request of a gateway, from its event to its answer. Whatever is wrong with it is an answer too, and no failure of
 * the function: only what may pass for the gateway's own fault is one. */
#include "app/answer.h"
#include "app/event.h"
#include "app/log.h"
#include "base/log.h"
#include "base/value.h"
#include "lambda/call.h"
#include "lambda/caller.h"
#include "lambda/http_answer.h"

#include <string.h>

enum { KEY_LENGTH_MAX = 255 };

struct exchange {
    const struct lambda_call *call;
    enum lambda_shape shape;
    struct lambda_request request;
    struct app_match match;
    struct app_body body;
    bool has_body;
    pxm_value *user;
    char run_id[PXM_RUN_ID_MAX]; /* "": none was begun */
    struct app_response *response;
    int64_t began_ms;
};

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0;
}

static const char *request_id(const struct exchange *exchange)
{
    return exchange->call->invocation->id;
}

/* ---- the way in -------------------------------------------------------------------------------------------------- */

/* A load balancer asks at whatever path it was told whether anybody is there, and takes no other answer for well. */
static bool is_health_check(const struct exchange *exchange)
{
    static const char who[] = "ELB-HealthChecker/";
    const char *agent = app_head_get(&exchange->request.head, "User-Agent");

    return exchange->shape == LAMBDA_HTTP_ALB && agent && strncmp(agent, who, strlen(who)) == 0;
}

/* PXM_OK with a response: that is the answer. */
static pxm_status find_route(struct exchange *exchange, pxm_error *error)
{
    const struct app_head *head = &exchange->request.head;
    const struct lambda_host *host = exchange->call->host;

    if (!is_safe(head->method) && app_policy_is_foreign(&host->policy, head)) {
        exchange->response =
            app_answer_problem(403, "request.origin", request_id(exchange), "pages of another site may not do this");
        return exchange->response ? PXM_OK : pxm_error_no_memory(error);
    }
    pxm_status status = app_route(host->manifest, head->method, head->path, &exchange->match, error);
    if (status != PXM_OK) {
        return status;
    }
    if (strcmp(head->method, "OPTIONS") == 0) {
        exchange->response = app_policy_preflight(&host->policy, head, exchange->match.allow);
    } else if (exchange->match.kind != APP_MATCH_FOUND && is_health_check(exchange)) {
        exchange->response = app_response_new(200);
    } else if (exchange->match.kind != APP_MATCH_FOUND) {
        exchange->response = app_answer_no_route(&exchange->match, request_id(exchange));
    } else {
        return PXM_OK;
    }
    return exchange->response ? PXM_OK : pxm_error_no_memory(error);
}

static pxm_status take_body(struct exchange *exchange, pxm_error *error)
{
    const struct lambda_request *request = &exchange->request;
    const struct app_intake_options options = {.trigger = exchange->match.trigger,
                                               .content_type = app_head_get(&request->head, "Content-Type"),
                                               .content_length = request->head.content_length,
                                               .bytes_max = exchange->match.trigger->body_max,
                                               .spool = -1}; /* an event is in memory already, and so small */
    struct app_intake *intake = NULL;

    if (request->text_length == 0 || is_safe(request->head.method)) {
        return PXM_OK;
    }
    pxm_status status = app_intake_new(&options, &intake, error);
    if (status == PXM_OK) {
        status = lambda_request_feed(request, intake, error);
    }
    if (status == PXM_OK) {
        status = app_intake_finish(intake, &exchange->body, error);
        exchange->has_body = status == PXM_OK;
    }
    app_intake_free(intake);
    return status;
}

/* A client that repeats itself with the same key gets the same name for what it does: what is there already is found,
 * and nothing is there twice. */
static pxm_status name_run(struct exchange *exchange, pxm_error *error)
{
    const struct app_head *head = &exchange->request.head;
    const char *key = is_safe(head->method) ? NULL : app_head_get(head, "Idempotency-Key");
    const pxm_value *subject = exchange->user ? pxm_value_get(exchange->user, "subject") : NULL;
    const char *who = subject ? pxm_value_as_string(subject, NULL) : "";

    if (!key) {
        return pxm_run_id_make(&pxm_clock_system, exchange->run_id, error);
    }
    if (key[0] == '\0' || strlen(key) > KEY_LENGTH_MAX) {
        return pxm_error_set(error, PXM_E_INVALID, "request.key", "an Idempotency-Key has 1 to %d characters",
                             KEY_LENGTH_MAX);
    }
    const char *const texts[] = {head->method, head->path, who, key, NULL};
    return lambda_run_id_of("key", texts, exchange->run_id, error);
}

/* ---- the run ----------------------------------------------------------------------------------------------------- */

static pxm_status run_pipeline(struct exchange *exchange, pxm_value **ret_output, pxm_error *error)
{
    const struct app_http_event from = {.head = &exchange->request.head,
                                        .match = &exchange->match,
                                        .body = exchange->has_body ? &exchange->body : NULL,
                                        .user = exchange->user};
    pxm_value *event = NULL;

    pxm_status status = app_event_http(&from, &event, error);
    if (status == PXM_OK) {
        const struct lambda_run run = {.trigger = exchange->match.trigger,
                                       .pipeline = exchange->match.trigger->pipeline->name,
                                       .event = event,
                                       .id = exchange->run_id,
                                       .attempt = 1,
                                       .final = true}; /* nobody but the client will try again */
        status = lambda_run(exchange->call, &run, ret_output, error);
    }
    pxm_value_unref(event);
    return status;
}

static pxm_status work(struct exchange *exchange, pxm_error *error)
{
    const struct lambda_call *call = exchange->call;
    const struct app_trigger *trigger = exchange->match.trigger;
    pxm_value *output = NULL;

    pxm_status status =
        lambda_caller_find(call->host->settings, trigger, &exchange->request.head, call->event, &exchange->user, error);
    if (status == PXM_OK) {
        status = take_body(exchange, error);
    }
    if (status == PXM_OK) {
        status = name_run(exchange, error);
    }
    if (status == PXM_OK) {
        status = run_pipeline(exchange, &output, error);
    }
    if (status == PXM_OK) {
        status = app_answer_output(trigger, &exchange->request.head, output, &exchange->response, error);
    }
    pxm_value_unref(output);
    return status;
}

static pxm_status answer(struct exchange *exchange, pxm_error *error)
{
    const struct lambda_call *call = exchange->call;

    pxm_status status =
        lambda_request_read(&exchange->request, call->event, exchange->shape, call->host->settings->base_path, error);
    if (status == PXM_OK) {
        status = find_route(exchange, error);
    }
    if (status == PXM_OK && !exchange->response) {
        status = work(exchange, error);
    }
    return status;
}

/* ---- the way out ------------------------------------------------------------------------------------------------- */

/* Without memory for an answer the function fails, and the gateway says so. */
static bool dress(struct exchange *exchange, const pxm_error *error)
{
    if (!exchange->response) {
        exchange->response = app_answer_error(error, request_id(exchange), pxm_error_is_transient(error) ? 1 : 0);
    }
    return exchange->response && app_response_set(exchange->response, "X-Request-Id", request_id(exchange)) &&
           app_policy_apply(&exchange->call->host->policy, &exchange->request.head, exchange->response);
}

static pxm_status write_answer(struct exchange *exchange, struct lambda_outcome *outcome)
{
    pxm_status status = lambda_answer_write(exchange->response, &exchange->request, exchange->shape, &outcome->body);
    pxm_error error = {0};

    if (status != PXM_E_LIMIT) {
        return status;
    }
    pxm_error_set(&error, PXM_E_INTERNAL, "output.too_large", "the answer is more than Lambda takes");
    pxm_buf_clear(&outcome->body);
    app_response_free(exchange->response);
    exchange->response = NULL;
    if (!dress(exchange, &error)) {
        return PXM_E_NO_MEMORY;
    }
    return lambda_answer_write(exchange->response, &exchange->request, exchange->shape, &outcome->body);
}

static void log_exchange(const struct exchange *exchange)
{
    const struct app_head *head = &exchange->request.head;
    bool found = exchange->match.kind == APP_MATCH_FOUND && exchange->match.trigger;
    const struct log_exchange line = {.request = request_id(exchange),
                                      .method = head->method,
                                      .path = head->path,
                                      .query = head->query,
                                      .remote = head->remote_addr,
                                      .route = found ? exchange->match.trigger->pipeline->name : NULL,
                                      .agent = app_head_get(head, "User-Agent"),
                                      .run = exchange->run_id[0] ? exchange->run_id : NULL,
                                      .status = exchange->response->status,
                                      .bytes_received = (int64_t)exchange->request.text_length,
                                      .bytes_sent = exchange->response->length,
                                      .ms = pxm_clock_system.monotonic_ms(pxm_clock_system.arg) - exchange->began_ms,
                                      .sent = true};

    log_access(&line);
}

static void finish(struct exchange *exchange, struct lambda_outcome *outcome)
{
    const struct lambda_host *host = exchange->call->host;
    pxm_status status = PXM_OK;

    if (host->settings->streams && exchange->shape != LAMBDA_HTTP_ALB) {
        log_exchange(exchange);
        outcome->bodiless = strcmp(exchange->request.head.method, "HEAD") == 0;
        outcome->response = exchange->response;
        exchange->response = NULL;
        status = lambda_answer_write_head(outcome->response, &outcome->body);
    } else {
        status = write_answer(exchange, outcome);
        if (exchange->response) {
            log_exchange(exchange);
        }
    }
    if (status != PXM_OK) {
        pxm_error error = {0};
        pxm_error_no_memory(&error);
        lambda_outcome_fail(outcome, LAMBDA_FAILED, &error);
    }
}

void lambda_http(const struct lambda_call *call, enum lambda_shape shape, struct lambda_outcome *outcome)
{
    struct exchange exchange = {.call = call,
                                .shape = shape,
                                .match = {.kind = APP_MATCH_NOT_FOUND},
                                .began_ms = pxm_clock_system.monotonic_ms(pxm_clock_system.arg)};
    pxm_error error = {0};

    answer(&exchange, &error);
    if (dress(&exchange, &error)) {
        finish(&exchange, outcome);
    } else {
        pxm_error_no_memory(&error);
        lambda_outcome_fail(outcome, LAMBDA_FAILED, &error);
    }
    app_response_free(exchange.response);
    app_match_done(&exchange.match);
    app_body_done(&exchange.body);
    pxm_value_unref(exchange.user);
    lambda_request_done(&exchange.request);
}
