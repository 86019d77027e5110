/* Exchanges with the runtime API. The handle is set up anew for each, and keeps its connection. */
#include "lambda/runtime_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "lang/yaml/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ERROR_BYTES_MAX = 16 << 10, TRIES = 4 };

static const int64_t pauses_ms[TRIES - 1] = {10, 50, 250};

/* ---- life -------------------------------------------------------------------------------------------------------- */

pxm_status lambda_api_start(pxm_error *error)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
               ? PXM_OK
               : pxm_error_set(error, PXM_E_INTERNAL, "api.failed", "libcurl cannot start");
}

pxm_status lambda_api_new(const char *address, struct lambda_api **ret, pxm_error *error)
{
    struct lambda_api *api = calloc(1, sizeof *api);

    if (!api) {
        return pxm_error_no_memory(error);
    }
    pxm_buf_init(&api->reply, LAMBDA_REPLY_BYTES_MAX);
    int length = snprintf(api->base, sizeof api->base, "http://%s/2018-06-01/runtime/", address);
    if (length < 0 || (size_t)length >= sizeof api->base) {
        lambda_api_free(api);
        return pxm_error_set(error, PXM_E_INTERNAL, "api.failed", "no client of the runtime API can be made");
    }
    *ret = api;
    return PXM_OK;
}

void lambda_api_free(struct lambda_api *api)
{
    if (api) {
        curl_easy_cleanup(api->curl);
        curl_slist_free_all(api->headers);
        pxm_buf_done(&api->reply);
        free(api);
    }
}

/* ---- one exchange ------------------------------------------------------------------------------------------------ */

static size_t on_data(char *data, size_t size, size_t count, void *arg)
{
    struct lambda_api *api = arg;
    struct pxm_buf *to = api->event ? api->event : &api->reply;

    return pxm_buf_add(to, data, size * count) == PXM_OK ? size * count : 0;
}

void lambda_api_header(struct lambda_api *api, const char *line)
{
    struct curl_slist *longer = curl_slist_append(api->headers, line);

    api->no_memory |= longer == NULL;
    api->headers = longer ? longer : api->headers;
}

void lambda_api_prepare(struct lambda_api *api, const char *path)
{
    CURL *curl = api->curl ? api->curl : curl_easy_init();

    api->curl = curl;
    curl_slist_free_all(api->headers);
    api->headers = NULL;
    api->no_memory = curl == NULL;
    api->event = NULL;
    pxm_buf_clear(&api->reply);
    int length = snprintf(api->url, sizeof api->url, "%s%s", api->base, path);
    api->no_memory |= length < 0 || (size_t)length >= sizeof api->url;
    if (api->no_memory) {
        return;
    }
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, api->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 0L); /* in `next` the process may be frozen */
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, api);
}

pxm_status lambda_api_perform(struct lambda_api *api, long *ret_status, pxm_error *error)
{
    if (api->no_memory) {
        return pxm_error_no_memory(error);
    }
    curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, api->headers);
    CURLcode code = curl_easy_perform(api->curl);
    curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, ret_status);
    return code == CURLE_OK ? PXM_OK
                            : pxm_error_set(error, PXM_E_TRANSIENT, "api.failed",
                                            "the runtime API cannot be reached: %s", curl_easy_strerror(code));
}

pxm_status lambda_api_judge(struct lambda_api *api, long status, pxm_error *error)
{
    if (status >= 200 && status < 300) {
        return PXM_OK;
    }
    bool refused = status >= 400 && status < 500;
    return pxm_error_set(error, refused ? PXM_E_INVALID : PXM_E_TRANSIENT, refused ? "api.refused" : "api.failed",
                         "the runtime API says %ld: %.256s", status, api->reply.data);
}

/* ---- next -------------------------------------------------------------------------------------------------------- */

/* The value of a header of the reply, whatever the case of its name; "": there is none. */
static const char *header_of(const struct lambda_api *api, const char *name)
{
    struct curl_header *header = NULL;

    return curl_easy_header(api->curl, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : "";
}

static pxm_status read_event(struct lambda_api *api, struct lambda_invocation *ret, pxm_error *error)
{
    const char *id = header_of(api, "Lambda-Runtime-Aws-Request-Id");
    const char *deadline = header_of(api, "Lambda-Runtime-Deadline-Ms");
    const char *trace = header_of(api, "Lambda-Runtime-Trace-Id");

    if (id[0] == '\0' || strlen(id) >= sizeof ret->id || strspn(id, LAMBDA_ID_CHARACTERS) != strlen(id)) {
        return pxm_error_set(error, PXM_E_INVALID, "api.event", "an event without an id that can be");
    }
    snprintf(ret->id, sizeof ret->id, "%s", id);
    snprintf(ret->trace, sizeof ret->trace, "%s", strlen(trace) < sizeof ret->trace ? trace : "");
    if (pxm_scalar_int(deadline, &ret->deadline_ms) || ret->deadline_ms <= 0) {
        ret->deadline_ms = INT64_MAX;
    }
    return PXM_OK;
}

static pxm_status ask(struct lambda_api *api, struct lambda_invocation *ret, pxm_error *error)
{
    long status = 0;

    pxm_buf_clear(&ret->event);
    lambda_api_prepare(api, "invocation/next");
    api->event = &ret->event;
    pxm_status outcome = lambda_api_perform(api, &status, error);
    if (outcome == PXM_OK && status != 200) {
        outcome = pxm_error_set(error, PXM_E_TRANSIENT, "api.failed", "the runtime API says %ld to `next`", status);
    }
    return outcome == PXM_OK ? read_event(api, ret, error) : outcome;
}

pxm_status lambda_api_next(struct lambda_api *api, struct lambda_invocation *ret, pxm_error *error)
{
    pxm_status status = PXM_OK;

    for (int i = 0; i < TRIES; i++) {
        status = ask(api, ret, error);
        if (status != PXM_E_TRANSIENT) {
            return status;
        }
        if (i < TRIES - 1) {
            pxm_log(PXM_LOG_WARN, "lambda", NULL, "%s; asking again", error->text);
            pxm_clock_system.sleep_ms(pxm_clock_system.arg, pauses_ms[i]);
        }
    }
    return status;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

void lambda_error_write(enum lambda_failure failure, const pxm_error *error, struct pxm_buf *ret)
{
    pxm_buf_puts(ret, "{\"errorMessage\":");
    pxm_buf_json_string(ret, error->text, strlen(error->text));
    pxm_buf_puts(ret, ",\"errorType\":");
    const char *name = lambda_failure_name(failure);
    pxm_buf_json_string(ret, name ? name : "", name ? strlen(name) : 0);
    pxm_buf_puts(ret, ",\"code\":");
    pxm_buf_json_string(ret, error->code, strlen(error->code));
    pxm_buf_puts(ret, ",\"stackTrace\":[]}");
}

static pxm_status post(struct lambda_api *api, const char *path, const struct pxm_buf *body, const char *error_type,
                       pxm_error *error)
{
    char line[128];
    long status = 0;

    lambda_api_prepare(api, path);
    lambda_api_header(api, "Expect:");
    lambda_api_header(api, "Content-Type: application/json");
    if (error_type) {
        snprintf(line, sizeof line, "Lambda-Runtime-Function-Error-Type: %s", error_type);
        lambda_api_header(api, line);
    }
    curl_easy_setopt(api->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(api->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->length);
    curl_easy_setopt(api->curl, CURLOPT_POSTFIELDS, body->data);
    pxm_status outcome = lambda_api_perform(api, &status, error);
    return outcome == PXM_OK ? lambda_api_judge(api, status, error) : outcome;
}

static pxm_status post_failure(struct lambda_api *api, const char *path, enum lambda_failure failure,
                               const pxm_error *why, pxm_error *error)
{
    struct pxm_buf body;

    pxm_buf_init(&body, ERROR_BYTES_MAX);
    lambda_error_write(failure, why, &body);
    pxm_status status = body.status == PXM_OK ? post(api, path, &body, lambda_failure_name(failure), error)
                                              : pxm_error_no_memory(error);
    pxm_buf_done(&body);
    return status;
}

pxm_status lambda_api_answer(struct lambda_api *api, const char *id, const struct lambda_outcome *outcome,
                             pxm_error *error)
{
    char path[LAMBDA_ID_MAX + 32];
    bool failed = outcome->failure != LAMBDA_SUCCESS;

    snprintf(path, sizeof path, "invocation/%s/%s", id, failed ? "error" : "response");
    return failed ? post_failure(api, path, outcome->failure, &outcome->error, error)
                  : post(api, path, &outcome->body, NULL, error);
}

pxm_status lambda_api_init_error(struct lambda_api *api, enum lambda_failure failure, const pxm_error *why,
                                 pxm_error *error)
{
    return post_failure(api, "init/error", failure, why, error);
}
