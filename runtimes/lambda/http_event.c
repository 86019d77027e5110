/* Three gateways say the same in three ways. What is decoded already is encoded again, so that all of them make the
 * request that a server would have got. */
#include "lambda/http_event.h"

#include "app/base64.h"
#include "app/hex.h"
#include "app/media_type.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAMES_BYTES_MAX = 4 * APP_HEADERS_BYTES_MAX, FEED_DIGITS = 64 << 10 };

/* ---- text -------------------------------------------------------------------------------------------------------- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

static void put_escape(struct pxm_buf *buf, char c)
{
    pxm_buf_printf(buf, "%%%02X", (unsigned char)c);
}

static void put_encoded(struct pxm_buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        if (is_plain(*text)) {
            pxm_buf_putc(buf, *text);
        } else {
            put_escape(buf, *text);
        }
    }
}

/* A path or a query as it is in a request: an HTTP API hands some paths over decoded, and those are known by what no
 * request may have in them. */
static void put_target(struct pxm_buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        bool is_escape = *text == '%' && app_hex_digit(text[1]) >= 0 && app_hex_digit(text[2]) >= 0;
        if ((*text == '%' && !is_escape) || *text <= ' ' || *text >= 0x7F || strchr("\"<>\\^`{|}#", *text)) {
            put_escape(buf, *text);
        } else {
            pxm_buf_putc(buf, *text);
        }
    }
}

static pxm_status too_long(const char *what, pxm_error *error)
{
    return pxm_error_set(error, PXM_E_LIMIT, "request.headers", "the %s is too long", what);
}

static pxm_status check_buf(const struct pxm_buf *buf, const char *what, pxm_error *error)
{
    if (buf->status == PXM_E_LIMIT) {
        return too_long(what, error);
    }
    return buf->status == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

/* ---- path and query ---------------------------------------------------------------------------------------------- */

/* Whether the path is below `prefix`, which has a slash before it or not; *ret: what follows it. */
static bool is_below(const char *path, const char *prefix, const char **ret)
{
    size_t length = 0;

    prefix += prefix[0] == '/';
    length = strlen(prefix);
    length -= length > 0 && prefix[length - 1] == '/';
    if (length == 0 || path[0] != '/' || strncmp(path + 1, prefix, length) != 0 ||
        (path[1 + length] != '/' && path[1 + length] != '\0')) {
        return false;
    }
    *ret = path[1 + length] == '\0' ? "/" : path + 1 + length;
    return true;
}

static pxm_status read_path(struct lambda_request *request, const pxm_value *event, enum lambda_shape shape,
                            const char *base_path, pxm_error *error)
{
    const char *path = lambda_text_at(event, shape == LAMBDA_HTTP_V2 ? "rawPath" : "path");
    const char *stage = shape == LAMBDA_HTTP_V2 ? lambda_text_at(event, "requestContext.stage") : NULL;

    path = path && path[0] != '\0' ? path : "/";
    if (stage && strcmp(stage, "$default") != 0) {
        is_below(path, stage, &path);
    }
    is_below(path, base_path, &path);
    put_target(&request->path, path);
    request->head.path = request->path.data;
    if (request->path.status == PXM_E_LIMIT) {
        return pxm_error_set(error, PXM_E_INVALID, "request.path", "this is no path");
    }
    return check_buf(&request->path, "path", error);
}

/* A load balancer hands names and values over as they came, the others decoded. */
static void put_pair(struct lambda_request *request, const char *name, const pxm_value *value, bool is_raw)
{
    struct pxm_buf *query = &request->query;
    size_t length = 0;
    const char *text = pxm_value_type(value) == PXM_TYPE_STRING ? pxm_value_as_string(value, &length) : "";

    if (query->length > 0) {
        pxm_buf_putc(query, '&');
    }
    (is_raw ? put_target : put_encoded)(query, name);
    pxm_buf_putc(query, '=');
    (is_raw ? put_target : put_encoded)(query, text);
    if (strlen(text) != length) {
        pxm_buf_puts(query, "%00");
    }
}

static void read_pairs(struct lambda_request *request, const pxm_value *map, bool is_raw)
{
    for (size_t i = 0; i < pxm_value_count(map); i++) {
        const pxm_value *value = pxm_value_at(map, i);
        if (pxm_value_type(value) != PXM_TYPE_LIST) {
            put_pair(request, pxm_value_key(map, i), value, is_raw);
            continue;
        }
        for (size_t k = 0; k < pxm_value_count(value); k++) {
            put_pair(request, pxm_value_key(map, i), pxm_value_at(value, k), is_raw);
        }
    }
}

static const pxm_value *record_at(const pxm_value *event, const char *name)
{
    const pxm_value *value = pxm_value_get(event, name);

    return pxm_value_type(value) == PXM_TYPE_RECORD ? value : NULL;
}

static pxm_status read_query(struct lambda_request *request, const pxm_value *event, enum lambda_shape shape,
                             pxm_error *error)
{
    const pxm_value *many = record_at(event, "multiValueQueryStringParameters");
    const pxm_value *map = many ? many : record_at(event, "queryStringParameters");

    if (shape == LAMBDA_HTTP_V2) {
        const char *text = lambda_text_at(event, "rawQueryString");
        put_target(&request->query, text ? text : "");
    } else if (map) {
        read_pairs(request, map, shape == LAMBDA_HTTP_ALB);
    }
    request->head.query = request->query.data;
    return check_buf(&request->query, "query", error);
}

/* ---- headers ----------------------------------------------------------------------------------------------------- */

/* What no server would take is left out. */
static bool is_value(const char *text, size_t length)
{
    bool sound = strlen(text) == length;

    for (size_t i = 0; sound && i < length; i++) {
        sound = ((unsigned char)text[i] >= ' ' || text[i] == '\t') && text[i] != 0x7F;
    }
    return sound;
}

static pxm_status add_header(struct lambda_request *request, const char *name, const pxm_value *value, size_t *bytes,
                             pxm_error *error)
{
    struct app_head *head = &request->head;
    size_t length = 0;
    const char *text = pxm_value_type(value) == PXM_TYPE_STRING ? pxm_value_as_string(value, &length) : NULL;

    if (!text || !app_is_token(name, strlen(name)) || !is_value(text, length)) {
        return PXM_OK;
    }
    *bytes += strlen(name) + length;
    if (head->header_count == APP_HEADERS_MAX || *bytes > APP_HEADERS_BYTES_MAX) {
        return too_long("list of headers", error);
    }
    request->headers[head->header_count++] = (struct app_header){.name = name, .value = text};
    return PXM_OK;
}

static pxm_status read_headers(struct lambda_request *request, const pxm_value *event, pxm_error *error)
{
    const pxm_value *many = record_at(event, "multiValueHeaders");
    const pxm_value *map = many ? many : record_at(event, "headers");
    pxm_status status = PXM_OK;
    size_t bytes = 0;

    request->multi = many != NULL;
    request->head.headers = request->headers;
    for (size_t i = 0; i < pxm_value_count(map) && status == PXM_OK; i++) {
        const pxm_value *value = pxm_value_at(map, i);
        if (pxm_value_type(value) != PXM_TYPE_LIST) {
            status = add_header(request, pxm_value_key(map, i), value, &bytes, error);
            continue;
        }
        for (size_t k = 0; k < pxm_value_count(value) && status == PXM_OK; k++) {
            status = add_header(request, pxm_value_key(map, i), pxm_value_at(value, k), &bytes, error);
        }
    }
    return status;
}

/* ---- whose request it is ----------------------------------------------------------------------------------------- */

/* What comes last in a list is of the load balancer itself, what is before may be anybody's. */
static void put_last(struct pxm_buf *buf, const char *list)
{
    const char *comma = strrchr(list, ',');
    const char *last = comma ? comma + 1 : list;

    pxm_buf_puts(buf, last + strspn(last, " "));
}

static pxm_status read_origin(struct lambda_request *request, const pxm_value *event, enum lambda_shape shape,
                              pxm_error *error)
{
    const char *address = lambda_text_at(event, shape == LAMBDA_HTTP_V2 ? "requestContext.http.sourceIp"
                                                                        : "requestContext.identity.sourceIp");
    const char *forwarded = app_head_get(&request->head, "X-Forwarded-For");
    const char *scheme = app_head_get(&request->head, "X-Forwarded-Proto");

    if (shape == LAMBDA_HTTP_ALB && forwarded) {
        put_last(&request->names, forwarded);
    } else {
        pxm_buf_puts(&request->names, address ? address : "");
    }
    request->head.remote_addr = request->names.data;
    request->head.scheme = scheme && strcmp(scheme, "http") == 0 ? "http" : "https";
    return check_buf(&request->names, "address", error);
}

static pxm_status read_method(struct lambda_request *request, const pxm_value *event, enum lambda_shape shape,
                              pxm_error *error)
{
    const char *method = lambda_text_at(event, shape == LAMBDA_HTTP_V2 ? "requestContext.http.method" : "httpMethod");

    if (!method || !app_is_token(method, strlen(method))) {
        return pxm_error_set(error, PXM_E_INVALID, "request.invalid", "a request without a method");
    }
    request->head.method = method;
    return PXM_OK;
}

static void read_body(struct lambda_request *request, const pxm_value *event)
{
    const pxm_value *body = pxm_value_get(event, "body"), *coded = pxm_value_get(event, "isBase64Encoded");

    if (pxm_value_type(body) == PXM_TYPE_STRING) {
        request->text = pxm_value_as_string(body, &request->text_length);
    }
    request->is_base64 = pxm_value_type(coded) == PXM_TYPE_BOOL && pxm_value_as_bool(coded);
    request->head.content_length = request->text_length == 0 ? 0 : -1;
    if (!request->is_base64) {
        request->head.content_length = (int64_t)request->text_length;
    }
}

pxm_status lambda_request_read(struct lambda_request *request, const pxm_value *event, enum lambda_shape shape,
                               const char *base_path, pxm_error *error)
{
    *request = (struct lambda_request){.text = ""};
    pxm_buf_init(&request->path, APP_TARGET_BYTES_MAX);
    pxm_buf_init(&request->query, APP_TARGET_BYTES_MAX);
    pxm_buf_init(&request->names, NAMES_BYTES_MAX);
    request->head = (struct app_head){.method = "GET", .path = "/", .query = "", .remote_addr = "", .scheme = "https"};
    read_body(request, event);
    pxm_status status = read_headers(request, event, error);
    if (status == PXM_OK) {
        status = read_method(request, event, shape, error);
    }
    if (status == PXM_OK) {
        status = read_path(request, event, shape, base_path, error);
    }
    if (status == PXM_OK) {
        status = read_query(request, event, shape, error);
    }
    return status == PXM_OK ? read_origin(request, event, shape, error) : status;
}

void lambda_request_done(struct lambda_request *request)
{
    pxm_buf_done(&request->path);
    pxm_buf_done(&request->query);
    pxm_buf_done(&request->names);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

static pxm_status bad_base64(size_t at, pxm_error *error)
{
    return pxm_error_set(error, PXM_E_INVALID, "request.body", "the body is no base64, at character %zu", at);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes what stands between digits; false: it may not be here. */
static bool take_other(struct app_base64 *base64, char c)
{
    return is_blank(c) || (c == '=' && app_base64_pad(base64));
}

static pxm_status feed_base64(const struct lambda_request *request, struct app_intake *intake, pxm_error *error)
{
    struct app_base64 base64 = {0};
    uint8_t bytes[FEED_DIGITS / 4 * 3 + 3];
    pxm_status status = PXM_OK;
    size_t count = 0, at = 0;

    while (at < request->text_length && status == PXM_OK) {
        size_t left = request->text_length - at;
        size_t step =
            app_base64_decode(&base64, request->text + at, left < FEED_DIGITS ? left : FEED_DIGITS, bytes, &count);
        at += step;
        status = count > 0 ? app_intake_feed(intake, bytes, count, error) : PXM_OK;
        if (status == PXM_OK && step == 0) {
            status = take_other(&base64, request->text[at]) ? PXM_OK : bad_base64(at, error);
            at++;
        }
    }
    if (status == PXM_OK && !app_base64_finish(&base64, bytes, &count)) {
        return bad_base64(at, error);
    }
    return status == PXM_OK && count > 0 ? app_intake_feed(intake, bytes, count, error) : status;
}

pxm_status lambda_request_feed(const struct lambda_request *request, struct app_intake *intake, pxm_error *error)
{
    return request->is_base64 ? feed_base64(request, intake, error)
                              : app_intake_feed(intake, request->text, request->text_length, error);
}
