/* Answers as JSON. */
#include "lambda/http_answer.h"

#include "app/base64.h"
#include "base/blob.h"
#include "base/utf8.h"

#include <string.h>

static void put_text(struct pxm_buf *buf, const char *text)
{
    pxm_buf_json_string(buf, text, strlen(text));
}

static void put_headers(struct pxm_buf *buf, const struct app_response *response, bool as_lists)
{
    pxm_buf_puts(buf, as_lists ? ",\"multiValueHeaders\":{" : ",\"headers\":{");
    for (size_t i = 0; i < response->header_count; i++) {
        pxm_buf_puts(buf, i > 0 ? "," : "");
        put_text(buf, response->headers[i].name);
        pxm_buf_puts(buf, as_lists ? ":[" : ":");
        put_text(buf, response->headers[i].value);
        pxm_buf_puts(buf, as_lists ? "]" : "");
    }
    pxm_buf_putc(buf, '}');
}

/* A load balancer wants the words, too. */
static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return status < 400 ? "OK" : "Error";
}

static bool is_text(const struct app_response *response, const char *bytes, size_t length)
{
    const char *type = app_response_get(response, "Content-Type");
    size_t count = type ? strcspn(type, ";") : 0;
    bool is_json = count >= 4 && (strncmp(type + count - 4, "json", 4) == 0);

    return type && (is_json || strncmp(type, "text/", 5) == 0) && pxm_utf8_valid(bytes, length);
}

/* A HEAD has none, and the gateway says how long it would be. */
static void put_body(struct pxm_buf *buf, const struct app_response *response, bool is_head)
{
    size_t whole = 0;
    const char *bytes = response->body && !is_head ? pxm_blob_data(response->body, &whole) : NULL;
    size_t length = bytes ? (size_t)response->length : 0;

    if (response->body && !is_head && !bytes) {
        buf->status = buf->status == PXM_OK ? PXM_E_NO_MEMORY : buf->status;
        return;
    }
    bytes = bytes ? bytes + response->offset : "";
    bool as_text = length == 0 || is_text(response, bytes, length);
    pxm_buf_printf(buf, ",\"isBase64Encoded\":%s,\"body\":", as_text ? "false" : "true");
    if (as_text) {
        pxm_buf_json_string(buf, bytes, length);
    } else {
        pxm_buf_putc(buf, '"');
        app_base64_encode(bytes, length, buf);
        pxm_buf_putc(buf, '"');
    }
}

pxm_status lambda_answer_write(const struct app_response *response, const struct lambda_request *request,
                               enum lambda_shape shape, struct pxm_buf *ret)
{
    bool is_alb = shape == LAMBDA_HTTP_ALB;

    pxm_buf_printf(ret, "{\"statusCode\":%d", response->status);
    if (is_alb) {
        pxm_buf_printf(ret, ",\"statusDescription\":\"%d %s\"", response->status, reason_of(response->status));
    }
    put_headers(ret, response, is_alb && request->multi);
    put_body(ret, response, strcmp(request->head.method, "HEAD") == 0);
    pxm_buf_putc(ret, '}');
    return ret->status;
}

pxm_status lambda_answer_write_head(const struct app_response *response, struct pxm_buf *ret)
{
    pxm_buf_printf(ret, "{\"statusCode\":%d", response->status);
    put_headers(ret, response, false);
    pxm_buf_puts(ret, ",\"cookies\":[]}");
    return ret->status;
}
