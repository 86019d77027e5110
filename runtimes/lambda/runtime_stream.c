/* Answers as streams: chunks as they are read, and trailers where reading fails after the head went out. */
#include "lambda/runtime_private.h"

#include "app/base64.h"
#include "base/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 8 /* NUL bytes between head and body */, ERROR_BYTES_MAX = 4 << 10 };

struct sending {
    const struct pxm_buf *head;
    pxm_stream *body;
    size_t sent; /* of head and gap */
    pxm_error failure;
};

static size_t give_head(struct sending *sending, char *data, size_t room)
{
    size_t count = 0;

    for (; count < room && sending->sent < sending->head->length + GAP; count++, sending->sent++) {
        data[count] = sending->sent < sending->head->length ? sending->head->data[sending->sent] : '\0';
    }
    return count;
}

static size_t on_read(char *data, size_t size, size_t count, void *arg)
{
    struct sending *sending = arg;
    size_t room = size * count, given = give_head(sending, data, room);

    if (given > 0 || !sending->body || sending->failure.status != PXM_OK) {
        return given;
    }
    int64_t got = pxm_stream_read(sending->body, data, room, &sending->failure);
    return got > 0 ? (size_t)got : 0; /* after a failure the stream ends, and its trailers tell */
}

static void add_trailer(struct curl_slist **list, const char *name, const char *value, bool *ret_failed)
{
    char *line = NULL;

    if (asprintf(&line, "%s: %s", name, value) < 0) {
        *ret_failed = true;
        return;
    }
    struct curl_slist *longer = curl_slist_append(*list, line);
    *ret_failed |= longer == NULL;
    *list = longer ? longer : *list;
    free(line);
}

/* The error is in base64, as a header cannot hold everything. */
static int on_trailers(struct curl_slist **list, void *arg)
{
    struct sending *sending = arg;
    struct pxm_buf json, coded;
    bool failed = false;

    if (sending->failure.status == PXM_OK) {
        return CURL_TRAILERFUNC_OK;
    }
    enum lambda_failure failure = lambda_failure_of(&sending->failure);
    pxm_buf_init(&json, ERROR_BYTES_MAX);
    pxm_buf_init(&coded, (size_t)2 * ERROR_BYTES_MAX);
    lambda_error_write(failure, &sending->failure, &json);
    app_base64_encode(json.data, json.length, &coded);
    add_trailer(list, "Lambda-Runtime-Function-Error-Type", lambda_failure_name(failure), &failed);
    add_trailer(list, "Lambda-Runtime-Function-Error-Body", coded.data, &failed);
    failed |= json.status != PXM_OK || coded.status != PXM_OK;
    pxm_buf_done(&json);
    pxm_buf_done(&coded);
    return failed ? CURL_TRAILERFUNC_ABORT : CURL_TRAILERFUNC_OK;
}

/* A handle of libcurl that has sent trailers before writes in front of its buffer when it does so again (7.88), so each
 * stream has one of its own. */
static void renew_handle(struct lambda_api *api)
{
    curl_easy_cleanup(api->curl);
    api->curl = NULL;
}

pxm_status lambda_api_stream(struct lambda_api *api, const char *id, const struct pxm_buf *head, pxm_stream *body,
                             pxm_error *error)
{
    struct sending sending = {.head = head, .body = body};
    char path[LAMBDA_ID_MAX + 32];
    long status = 0;

    snprintf(path, sizeof path, "invocation/%s/response", id);
    lambda_api_prepare(api, path);
    lambda_api_header(api, "Expect:");
    lambda_api_header(api, "Transfer-Encoding: chunked");
    lambda_api_header(api, "Lambda-Runtime-Function-Response-Mode: streaming");
    lambda_api_header(api, "Content-Type: application/vnd.awslambda.http-integration-response");
    lambda_api_header(api, "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body");
    curl_easy_setopt(api->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(api->curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(api->curl, CURLOPT_READDATA, &sending);
    curl_easy_setopt(api->curl, CURLOPT_TRAILERFUNCTION, on_trailers);
    curl_easy_setopt(api->curl, CURLOPT_TRAILERDATA, &sending);
    pxm_status outcome = lambda_api_perform(api, &status, error);
    renew_handle(api);
    return outcome == PXM_OK ? lambda_api_judge(api, status, error) : outcome;
}
