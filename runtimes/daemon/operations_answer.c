/* How the daemon's own routes answer, and how they read what was asked. */
#include "daemon/operations_private.h"

#include "app/answer.h"
#include "app/url.h"
#include "base/blob.h"
#include "base/json.h"
#include "base/value.h"
#include "daemon/supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES_MAX = 16 << 20 };

/* ---- answers ----------------------------------------------------------------------------------------------------- */

void operation_answer_json(struct request *request, int status, pxm_value *value)
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

void operation_answer_error(struct request *request, const pxm_error *error)
{
    request_answer(request, app_answer_error(error, http_request_id(request->exchange), 0));
}

pxm_value *operation_time(int64_t wall_ms)
{
    char text[PXM_TIME_TEXT_MAX];

    if (wall_ms == 0) {
        return pxm_value_null();
    }
    pxm_time_format(wall_ms, text);
    return pxm_value_cstring(text);
}

/* ---- what was asked ---------------------------------------------------------------------------------------------- */

static bool refuse(struct request *request, int status, const char *code, const char *text)
{
    request_answer(request, app_answer_problem(status, code, http_request_id(request->exchange), "%s", text));
    return false;
}

/* That memory ran out is no fault of who asks. */
static bool refuse_unread(struct request *request, pxm_status status, const char *code, const char *text)
{
    pxm_error error = {0};

    if (status != PXM_E_NO_MEMORY) {
        return refuse(request, 400, code, text);
    }
    pxm_error_no_memory(&error);
    operation_answer_error(request, &error);
    return false;
}

/* Where in the request's path that asterisk is; the path fits the pattern, segment by segment. */
static const char *find_segment(const struct request *request, int index, size_t *ret_length)
{
    const char *pattern = request->operation->path + 1, *path = http_head(request->exchange)->path + 1;

    while (*pattern != '*' || index-- > 0) {
        pattern += strcspn(pattern, "/") + 1;
        path += strcspn(path, "/") + 1;
    }
    *ret_length = strcspn(path, "/");
    return path;
}

bool operation_segment(struct request *request, int index, char ret[OPERATION_SEGMENT_MAX])
{
    size_t length = 0;
    const char *segment = find_segment(request, index, &length);
    struct pxm_buf buf;

    pxm_buf_init(&buf, OPERATION_SEGMENT_MAX - 1);
    pxm_status status = app_url_decode(segment, length, false, &buf, NULL);
    bool fine = status == PXM_OK && buf.length > 0;
    if (fine) {
        memcpy(ret, buf.data, buf.length);
        ret[buf.length] = '\0';
    }
    pxm_buf_done(&buf);
    return fine || refuse_unread(request, status, "request.path", "this is no path");
}

bool operation_id(struct request *request, int64_t *ret)
{
    char text[OPERATION_SEGMENT_MAX], *end = NULL;

    if (!operation_segment(request, 0, text)) {
        return false;
    }
    errno = 0;
    *ret = strtoll(text, &end, 10);
    return (text[0] >= '1' && text[0] <= '9' && *end == '\0' && errno == 0) ||
           refuse(request, 404, "job.not_found", "there is no such dead letter");
}

static bool read_limit(const char *text, int64_t *ret)
{
    char *end = NULL;

    *ret = strtol(text, &end, 10);
    return text[0] >= '1' && text[0] <= '9' && *end == '\0' && *ret <= OPERATION_LIST_MAX;
}

bool operation_page(struct request *request, int64_t *ret_limit, struct pxm_buf *cursor)
{
    const char *query = http_head(request->exchange)->query;
    pxm_value *pairs = NULL;

    *ret_limit = OPERATION_LIST_DEFAULT;
    pxm_status status = app_url_pairs(query, strlen(query), &pairs, NULL);
    bool fine = status == PXM_OK;
    const pxm_value *limit = pxm_value_get(pairs, "limit"), *from = pxm_value_get(pairs, "cursor");
    if (fine && limit) {
        fine = read_limit(pxm_value_as_string(limit, NULL), ret_limit);
    }
    if (fine && from) {
        status = pxm_buf_puts(cursor, pxm_value_as_string(from, NULL));
        fine = status == PXM_OK;
    }
    pxm_value_unref(pairs);
    return fine || refuse_unread(request, status, "request.query",
                                 "`limit` is 1 to 500, `cursor` is that of an earlier answer");
}
