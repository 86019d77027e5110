/* Problem documents (RFC 9457), and which status an error stands for. Constant tables. */
#include "app/answer.h"

#include "base/blob.h"
#include "base/buf.h"
#include "base/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEM_BYTES_MAX = 64 << 10 /* more than a text of PXM_ERROR_TEXT_MAX and any id can become */ };

/* ---- what a code means ------------------------------------------------------------------------------------------- */

/* Of the texts of stores, tables and queues nobody outside is told, as they name folders and hosts: where it helps,
 * `detail` stands for them. */
struct rule {
    const char *code; /* a code; "family." or "family.bad_": what starts so; ".word": what ends so */
    int status;
    const char *detail; /* instead of the text of the error; NULL: that text; "": nothing */
};

static const struct rule exact[] = {
    {"input.media", 415, NULL},
    {"input.poison", 422, NULL},
    {"limit.bytes", 413, NULL},
    {"limit.time", 504, ""},
    {"decode.unsupported", 415, NULL},
    {"request.in_flight", 409, NULL},
    {"request.key_reused", 422, NULL},
    {"request.media", 415, NULL},
    {"request.method", 405, NULL},
    {"request.origin", 403, NULL},
    {"request.timeout", 408, NULL},
    {"request.throttled", 429, NULL},
    {"auth.missing", 401, NULL},
    {"auth.invalid", 401, NULL},
    {"auth.expired", 401, NULL},
    {"store.not_found", 404, "there is no such object"},
    {"store.exists", 409, "the object is there already"},
    {"store.changed", 412, "the object is another one by now"},
    {"store.bad_key", 400, "this cannot be the name of an object"},
    {"store.truncated", 400, "the body is shorter than it should be"},
    {"store.too_large", 413, "the object is too large for its store"},
    {"store.denied", 500, ""},
    {"store.unsupported", 500, ""},
    {"store.full", 507, ""},
    {"table.not_found", 404, "there is no such record"},
    {"table.exists", 409, "the record is there already"},
    {"table.conflict", 409, "the record was changed in the meantime"},
    {"table.bad_key", 400, "this cannot be the name of a record"},
    {"table.too_large", 422, "the record is too large for its table"},
    {"table.denied", 500, ""},
    {"table.full", 507, ""},
    {"queue.too_large", 422, "the message is too large for its queue"},
    {"io.no_space", 507, ""},
    {"worker.crashed", 500, ""},
    {"worker.memory", 500, ""},
    {"worker.lost", 503, ""},
    {"run.cancelled", 503, ""},
    {NULL, 0, NULL},
};

/* What the caller has no part in, whatever its status. */
static const struct rule families_of_the_host[] = {
    {"io.", 500, ""},
    {"json.", 500, ""},
    {"stream.", 500, ""},
    {"plugin.", 500, ""},
    {"project.", 500, ""},
    {"resource.", 500, ""},
    {"secret.", 500, ""},
    {"manifest.", 500, ""},
    {"engine.", 500, ""},
    {"pool.", 500, ""},
    {"pipeline.", 500, ""},
    {"worker.", 500, ""},
    {"crew.", 500, ""},
    {"ipc.", 500, ""},
    {"run.", 500, ""},
    {"output.", 500, ""},
    {"daemon.", 500, ""},
    {"http.", 500, ""},
    {"state.", 500, ""},
    {"static.", 500, ""},
    {"source.", 500, ""},
    {"confine.", 500, ""},
    {"journal.", 500, ""},
    {"queue.not_found", 500, ""},
    /* Settings of a resource that are wrong, as far as it is nothing that passes. */
    {"store.unavailable", 500, ""},
    {"table.unavailable", 500, ""},
    {"queue.unavailable", 500, ""},
    {"table.unsupported", 500, ""},
    {"queue.unsupported", 500, ""},
    {"queue.denied", 500, ""},
    {NULL, 0, NULL},
};

/* Codes of `fail` steps are of families of their own; their endings mean what they say. */
static const struct rule endings[] = {
    {".not_found", 404, NULL}, {".exists", 409, NULL}, {".conflict", 409, NULL},
    {".forbidden", 403, NULL}, {NULL, 0, NULL},
};

static const struct rule families[] = {
    {"input.", 400, NULL},   {"request.", 400, NULL}, {"key.", 400, NULL},    {"store.bad_", 400, ""},
    {"table.bad_", 400, ""}, {"queue.bad_", 400, ""}, {"auth.", 403, NULL},   {"limit.", 422, NULL},
    {"decode.", 422, NULL},  {"encode.", 422, NULL},  {"option.", 422, NULL}, {NULL, 0, NULL},
};

/* Of any other code. */
static const struct {
    pxm_status status;
    int http;
} statuses[] = {
    {PXM_E_INVALID, 422}, {PXM_E_NOT_FOUND, 404}, {PXM_E_EXISTS, 409},    {PXM_E_DENIED, 403},
    {PXM_E_LIMIT, 422},   {PXM_E_BAD_IMAGE, 422}, {PXM_E_CANCELLED, 503},
};

static bool fits(const char *code, const char *pattern)
{
    size_t length = strlen(code), wanted = strlen(pattern);
    if (pattern[0] == '.') {
        return length > wanted && strcmp(code + length - wanted, pattern) == 0;
    }
    if (pattern[wanted - 1] == '.' || pattern[wanted - 1] == '_') {
        return strncmp(code, pattern, wanted) == 0;
    }
    return strcmp(code, pattern) == 0;
}

static const struct rule *find_rule(const struct rule *rules, const char *code)
{
    for (size_t i = 0; rules[i].code != NULL; i++) {
        if (fits(code, rules[i].code)) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool is_of_a_resource(const char *code)
{
    return fits(code, "store.") || fits(code, "table.") || fits(code, "queue.");
}

/* What may pass is told apart from what may not before any family is looked at. */
static struct rule rule_of(const pxm_error *error)
{
    const struct rule *rule = find_rule(exact, error->code);
    if (rule != NULL) {
        return *rule;
    }
    if (error->status == PXM_E_NO_SPACE || error->status == PXM_E_TIMEOUT) {
        return (struct rule){.status = error->status == PXM_E_TIMEOUT ? 504 : 507, .detail = ""};
    }
    if (pxm_status_is_transient(error->status)) {
        return (struct rule){.status = 503, .detail = ""};
    }
    rule = find_rule(families_of_the_host, error->code);
    rule = rule != NULL ? rule : find_rule(endings, error->code);
    rule = rule != NULL ? rule : find_rule(families, error->code);
    if (rule != NULL) {
        return *rule;
    }
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].status == error->status) {
            return (struct rule){.status = statuses[i].http, .detail = is_of_a_resource(error->code) ? "" : NULL};
        }
    }
    return (struct rule){.status = 500, .detail = ""};
}

int app_status_of(const pxm_error *error)
{
    return rule_of(error).status;
}

/* ---- documents --------------------------------------------------------------------------------------------------- */

static const char *title_of(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return "Error";
}

static void add_member(struct pxm_buf *buf, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        pxm_buf_printf(buf, ",\"%s\":", name);
        pxm_buf_json_string(buf, value, strlen(value));
    }
}

static pxm_blob *document(int status, const char *code, const char *request_id, const char *detail)
{
    struct pxm_buf buf;
    pxm_buf_init(&buf, PROBLEM_BYTES_MAX);
    pxm_buf_printf(&buf, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d", title_of(status), status);
    add_member(&buf, "detail", detail);
    add_member(&buf, "code", code);
    add_member(&buf, "request", request_id);
    pxm_buf_putc(&buf, '}');
    size_t length = buf.length;
    char *text = pxm_buf_take(&buf);
    pxm_blob *blob = text != NULL ? pxm_blob_new(text, length, free, text) : NULL;
    pxm_buf_done(&buf);
    return blob;
}

/* What a client needs besides the document. */
static bool set_headers(struct app_response *response, const char *code, int64_t retry_after_s)
{
    bool done = app_response_set(response, "Content-Type", "application/problem+json") &&
                app_response_set(response, "Cache-Control", "no-store");
    if (response->status == 401) {
        bool had_one = strcmp(code, "auth.missing") != 0; /* RFC 6750, section 3.1 */
        done = done &&
               app_response_set(response, "WWW-Authenticate", had_one ? "Bearer error=\"invalid_token\"" : "Bearer");
    }
    bool comes_back = response->status == 503 || response->status == 429;
    if (retry_after_s > 0 || comes_back) {
        char seconds[24];
        snprintf(seconds, sizeof seconds, "%lld", (long long)(retry_after_s > 0 ? retry_after_s : 1));
        done = done && app_response_set(response, "Retry-After", seconds);
    }
    return done;
}

static struct app_response *problem(int status, const char *code, const char *request_id, const char *detail,
                                    int64_t retry_after_s)
{
    struct app_response *response = app_response_new(status);
    pxm_blob *body = response != NULL ? document(status, code, request_id, detail) : NULL;
    if (body == NULL || !set_headers(response, code, retry_after_s)) {
        pxm_blob_unref(body);
        app_response_free(response);
        return NULL;
    }
    app_response_body(response, body);
    return response;
}

struct app_response *app_answer_error(const pxm_error *error, const char *request_id, int64_t retry_after_s)
{
    struct rule rule = rule_of(error);
    bool tells = rule.status < 500 && rule.detail == NULL;
    return problem(rule.status, error->code, request_id, tells ? error->text + error->inner : rule.detail,
                   retry_after_s);
}

struct app_response *app_answer_problem(int status, const char *code, const char *request_id, const char *format, ...)
{
    char text[PXM_ERROR_TEXT_MAX] = "";
    if (format != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
    }
    return problem(status, code, request_id, text, 0);
}

struct app_response *app_answer_no_route(const struct app_match *match, const char *request_id)
{
    struct app_response *response = NULL;

    switch (match->kind) {
    case APP_MATCH_METHOD:
        response = app_answer_problem(405, "request.method", request_id, "this path takes %s", match->allow);
        if (response && !app_response_set(response, "Allow", match->allow)) {
            app_response_free(response);
            response = NULL;
        }
        break;
    case APP_MATCH_BAD:
        return app_answer_problem(400, "request.path", request_id, "this is no path");
    case APP_MATCH_NOT_FOUND:
        return app_answer_problem(404, "request.not_found", request_id, "there is nothing here");
    case APP_MATCH_FOUND:
        break;
    }
    return response;
}
