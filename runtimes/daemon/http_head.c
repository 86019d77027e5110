/* Reading the head of a request strictly (RFC 9112, 9110).
 *
 * libmicrohttpd is lenient: it takes a bare LF for the end of a line, a line that begins with NUL for an empty one,
 * cuts values at NUL, joins folded lines, and takes "Content-Length " for a name of its own. A proxy in front that
 * reads any of these otherwise sees other requests on the connection than we do, and so another's request can be
 * smuggled in. So the head is read again where libmicrohttpd has left it: in one piece from the method to the empty
 * line, each CR, LF and colon replaced by a NUL. Every byte of it must be accounted for, and every header must be the
 * very memory that libmicrohttpd goes by. What is not as it should be, or laid out in another way by another version,
 * is refused. */
#include "daemon/http_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reading {
    struct http_exchange *exchange;
    const char *at, *end; /* what is not accounted for yet */
    size_t count;         /* headers */
    struct app_header headers[APP_HEADERS_MAX];
    struct http_refusal refusal;
};

static void refuse(struct reading *reading, int status, const char *code, const char *text)
{
    if (reading->refusal.status == 0) {
        reading->refusal = (struct http_refusal){.status = status, .code = code, .text = text};
    }
}

static void refuse_malformed(struct reading *reading)
{
    refuse(reading, 400, "request.malformed", "the head of the request is malformed");
}

static const char letters_and_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool consists_of(const char *text, const char *more)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (strchr(letters_and_digits, text[i]) == NULL && strchr(more, text[i]) == NULL) {
            return false;
        }
    }
    return text[0] != '\0';
}

static bool is_token(const char *text)
{
    return consists_of(text, "!#$%&'*+-.^_`|~");
}

/* ---- the request line -------------------------------------------------------------------------------------------- */

static bool is_known_method(const char *method)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(method, methods[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* METHOD SP target SP HTTP/1.x CR LF, with one space each. */
static void read_line(struct reading *reading, const char *method, const char *version)
{
    const struct http_exchange *exchange = reading->exchange;
    const char *target = exchange->line_at;
    if (exchange->target == NULL) {
        refuse(reading, 414, "request.target", "the target of the request is too long");
    }
    const size_t target_length = exchange->target != NULL ? strlen(exchange->target) : (size_t)(version - target) - 1;
    if (!is_token(method) || target != method + strlen(method) + 1 || version != target + target_length + 1 ||
        reading->end - version < 10 || version[8] != '\0' || version[9] != '\0') {
        refuse_malformed(reading);
    } else if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) {
        refuse(reading, 505, "request.version", "this version of HTTP is not supported");
    } else if (!is_known_method(method)) {
        refuse(reading, 501, "request.method", "this method is not supported");
    } else {
        reading->at += version + 10 - method;
    }
}

/* ---- headers ----------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Visible characters, blanks, and bytes beyond ASCII. */
static bool is_value(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7F) {
            return false;
        }
    }
    return true;
}

/* NAME NUL blanks VALUE NUL NUL; called for each header that libmicrohttpd has, in their order. */
static enum MHD_Result read_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct reading *reading = arg;
    (void)kind;
    if (reading->count == APP_HEADERS_MAX) {
        refuse(reading, 431, "request.headers", "there are too many headers");
        return MHD_NO;
    }
    if (name != reading->at || value == NULL || !is_token(name)) {
        refuse_malformed(reading);
        return MHD_NO;
    }
    const char *at = name + strlen(name) + 1;
    while (at < value && is_blank(*at)) {
        at++;
    }
    if (value != at || value >= reading->end || !is_value(value)) {
        refuse_malformed(reading);
        return MHD_NO;
    }
    const size_t length = strlen(value);
    if (reading->end - value < (ptrdiff_t)length + 2 || value[length + 1] != '\0') {
        refuse_malformed(reading);
        return MHD_NO;
    }
    reading->headers[reading->count++] = (struct app_header){.name = name, .value = value};
    reading->at = value + length + 2;
    return MHD_YES;
}

static void read_headers(struct reading *reading)
{
    if (reading->end - reading->at > APP_HEADERS_BYTES_MAX) {
        refuse(reading, 431, "request.headers", "the headers are too large");
        return;
    }
    MHD_get_connection_values(reading->exchange->mhd, MHD_HEADER_KIND, read_header, reading);
    if (reading->refusal.status == 0 &&
        (reading->end - reading->at != 2 || reading->at[0] != '\0' || reading->at[1] != '\0')) {
        refuse_malformed(reading);
    }
}

/* Copies a text without the blanks at its end; gives the end of the copy. */
static char *copy_trimmed(char *to, const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && is_blank(text[length - 1])) {
        length--;
    }
    memcpy(to, text, length);
    to[length] = '\0';
    return to + length + 1;
}

/* The exchange may outlive its connection, so it has all of it in memory of its own. */
static void keep(struct reading *reading, const char *method)
{
    struct http_exchange *exchange = reading->exchange;
    const size_t table = reading->count * sizeof(struct app_header);
    size_t bytes = table + strlen(method) + 1;
    for (size_t i = 0; i < reading->count; i++) {
        bytes += strlen(reading->headers[i].name) + strlen(reading->headers[i].value) + 2;
    }
    exchange->text = malloc(bytes);
    if (exchange->text == NULL) {
        refuse(reading, 503, "no_memory", "out of memory");
        return;
    }
    struct app_header *headers = (struct app_header *)(void *)exchange->text;
    char *at = exchange->text + table;
    for (size_t i = 0; i < reading->count; i++) {
        headers[i].name = at;
        at = copy_trimmed(at, reading->headers[i].name);
        headers[i].value = at;
        at = copy_trimmed(at, reading->headers[i].value);
    }
    exchange->head.method = at;
    (void)copy_trimmed(at, method);
    exchange->head.headers = headers;
    exchange->head.header_count = reading->count;
}

/* The only header of that name; NULL: there is none. A second one is a reason to refuse. */
static const char *only(struct reading *reading, const char *name)
{
    const struct app_head *head = &reading->exchange->head;
    const char *value = NULL;
    for (size_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, name) != 0) {
            continue;
        }
        if (value != NULL) {
            refuse(reading, 400, "request.malformed", "a header that may be there once is there twice");
        }
        value = head->headers[i].value;
    }
    return value;
}

static void check_host(struct reading *reading, bool is_1_1)
{
    const char *host = only(reading, "Host");
    if (host == NULL ? is_1_1 : (strlen(host) > 255 || !consists_of(host, "-._~:[]"))) {
        refuse(reading, 400, "request.host", "the request lacks a valid Host header");
    }
}

/* Decimal digits alone; -1: something else, or too many. */
static int64_t read_length(const char *text)
{
    int64_t length = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(length, 10, &length) ||
            __builtin_add_overflow(length, *at - '0', &length)) {
            return -1;
        }
    }
    return text[0] != '\0' ? length : -1;
}

/* libmicrohttpd wants the very word, without a blank behind it; to it anything else is a body without an end. */
static bool is_chunked_to_engine(const struct http_exchange *exchange)
{
    const char *coding = MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, "Transfer-Encoding");
    return coding != NULL && strcasecmp(coding, "chunked") == 0;
}

/* Where the body ends: one length, or chunks, never both. */
static void check_framing(struct reading *reading, bool is_1_1)
{
    struct http_exchange *exchange = reading->exchange;
    const char *length = only(reading, "Content-Length");
    const char *coding = only(reading, "Transfer-Encoding");
    if (coding != NULL) {
        if (length != NULL || !is_1_1) {
            refuse(reading, 400, "request.framing", "the end of the body is told in two ways");
        } else if (!is_chunked_to_engine(exchange)) {
            refuse(reading, 501, "request.coding", "this transfer coding is not supported");
        }
        exchange->is_chunked = exchange->has_body = true;
    } else if (length != NULL) {
        exchange->head.content_length = read_length(length);
        if (exchange->head.content_length < 0) {
            refuse(reading, 400, "request.framing", "the length of the body is no number");
        }
        exchange->has_body = exchange->head.content_length != 0;
    }
}

static void check_expectation(struct reading *reading)
{
    const char *expect = only(reading, "Expect");
    if (expect != NULL && strcasecmp(expect, "100-continue") != 0) {
        refuse(reading, 417, "request.expect", "this expectation is not known");
    }
}

/* ---- the target -------------------------------------------------------------------------------------------------- */

/* A path; "*" of OPTIONS; or a whole URL, whose host must be the one that the Host header names. */
static void read_target(struct reading *reading)
{
    static const char scheme[] = "http://";
    struct http_exchange *exchange = reading->exchange;
    char *target = exchange->target;
    for (const char *at = target; *at != '\0'; at++) {
        if (*at <= ' ' || *at >= 0x7F || *at == '#') {
            refuse(reading, 400, "request.target", "the target of the request is malformed");
            return;
        }
    }
    if (strncasecmp(target, scheme, sizeof scheme - 1) == 0) {
        const char *host = only(reading, "Host");
        char *authority = target + sizeof scheme - 1;
        const size_t length = strcspn(authority, "/?");
        if (host == NULL || length != strlen(host) || strncasecmp(authority, host, length) != 0 ||
            authority[length] != '/') {
            refuse(reading, 400, "request.target", "the target of the request is not of this host");
            return;
        }
        target = authority + length;
    } else if (target[0] != '/' && (strcmp(target, "*") != 0 || strcmp(exchange->head.method, "OPTIONS") != 0)) {
        refuse(reading, 400, "request.target", "the target of the request is no path");
        return;
    }
    char *question = strchr(target, '?');
    if (question != NULL) {
        *question = '\0';
        exchange->head.query = question + 1;
    }
    exchange->head.path = target;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

struct http_refusal http_head_read(struct http_exchange *exchange, const char *method, const char *version)
{
    struct reading reading = {.exchange = exchange, .at = method};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (info == NULL) {
        refuse_malformed(&reading);
        return reading.refusal;
    }
    reading.end = reading.at + info->header_size;
    read_line(&reading, method, version);
    if (reading.refusal.status == 0) {
        read_headers(&reading);
    }
    if (reading.refusal.status == 0) {
        keep(&reading, method);
    }
    if (reading.refusal.status == 0) {
        const bool is_1_1 = strcmp(version, "HTTP/1.1") == 0;
        check_host(&reading, is_1_1);
        check_framing(&reading, is_1_1);
        check_expectation(&reading);
        read_target(&reading);
    }
    return reading.refusal;
}
