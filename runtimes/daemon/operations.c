/* Which operation a request means, and whether it may be done. */
#include "daemon/operations.h"

#include "app/answer.h"
#include "daemon/operations_private.h"
#include "daemon/supervisor.h"

#include <string.h>

static const struct operation operations[] = {
    {.method = "GET", .path = "/health", .quick = true, .start = operation_health},
    {.method = "GET", .path = "/ready", .quick = true, .start = operation_ready},
    {.method = "GET", .path = "/metrics", .quick = true, .for_operators = true, .start = operation_metrics},
    {.method = "GET", .path = "/admin/status", .for_operators = true, .start = operation_status},
    {.method = "GET", .path = "/admin/jobs", .for_operators = true, .start = operation_jobs},
    {.method = "GET", .path = "/admin/dead", .for_operators = true, .start = operation_dead},
    {.method = "POST", .path = "/admin/dead/*/retry", .for_operators = true, .start = operation_dead_retry},
    {.method = "DELETE", .path = "/admin/dead/*", .for_operators = true, .start = operation_dead_discard},
    {.method = "GET", .path = "/admin/queues", .for_operators = true, .start = operation_queues},
    {.method = "GET", .path = "/admin/queues/*/dead", .for_operators = true, .start = operation_queue_dead},
    {.method = "POST", .path = "/admin/queues/*/dead/*/retry", .for_operators = true, .start = operation_queue_retry},
    {.method = "DELETE", .path = "/admin/queues/*/dead/*", .for_operators = true, .start = operation_queue_discard},
    {.method = "POST", .path = "/admin/reload", .for_operators = true, .start = operation_reload},
};
enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

/* An asterisk of the pattern stands for a segment. */
static bool path_is(const char *pattern, const char *path)
{
    for (; *pattern; pattern++) {
        size_t length = *pattern == '*' ? strcspn(path, "/") : *pattern == *path;
        if (length == 0) {
            return false;
        }
        path += length;
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

    return !operation->for_operators || app_head_bears(head, supervisor->operator_token) ||
           (operation->start == operation_metrics && here && !supervisor->options->trust_proxy &&
            !app_head_get(head, "X-Forwarded-For") && request_is_for_this_machine(head));
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
