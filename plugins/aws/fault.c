/* Which fault a reply or a failure of the network is, and how it is told. [any] */
#include "aws/fault.h"
#include "aws/json.h"
#include "aws/text.h"
#include "aws/time.h"
#include "aws/xml.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_RUN_MIN = 32, SKEW_MS = 240000, RETRY_AFTER_DIGITS = 9, JSON_TEXT_MAX = 2048 };

struct verdict {
    const char *code;
    enum aws_fault_class class;
    enum aws_remedy remedy;
};

static const struct verdict verdicts[] = {
    {"SlowDown", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"Throttling", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"ThrottlingException", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"ThrottledException", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"RequestThrottled", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"RequestThrottledException", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"TooManyRequestsException", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"RequestLimitExceeded", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"BandwidthLimitExceeded", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"ProvisionedThroughputExceededException", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"InternalError", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"InternalErrors", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"InternalFailure", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"InternalServerError", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"ServiceUnavailable", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"RequestTimeout", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"RequestTimeoutException", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"OperationAborted", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"IDPCommunicationError", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"BadDigest", AWS_FAULT_TRANSIENT, AWS_REMEDY_ONCE},
    {"XAmzContentSHA256Mismatch", AWS_FAULT_INVALID, AWS_REMEDY_NONE},
    {"ConditionalRequestConflict", AWS_FAULT_CONFLICT, AWS_REMEDY_WAIT},
    {"RequestTimeTooSkewed", AWS_FAULT_DENIED, AWS_REMEDY_CLOCK},
    {"RequestExpired", AWS_FAULT_DENIED, AWS_REMEDY_CLOCK},
    {"RequestInTheFuture", AWS_FAULT_DENIED, AWS_REMEDY_CLOCK},
    {"InvalidSignatureException", AWS_FAULT_DENIED, AWS_REMEDY_CLOCK},
    {"SignatureDoesNotMatch", AWS_FAULT_DENIED, AWS_REMEDY_CLOCK},
    {"ExpiredToken", AWS_FAULT_DENIED, AWS_REMEDY_CREDENTIALS},
    {"ExpiredTokenException", AWS_FAULT_DENIED, AWS_REMEDY_CREDENTIALS},
    {"InvalidToken", AWS_FAULT_DENIED, AWS_REMEDY_CREDENTIALS},
    {"TokenRefreshRequired", AWS_FAULT_DENIED, AWS_REMEDY_CREDENTIALS},
    {"UnrecognizedClientException", AWS_FAULT_DENIED, AWS_REMEDY_CREDENTIALS},
    {"AccessDenied", AWS_FAULT_DENIED, AWS_REMEDY_NONE},
    {"AccessDeniedException", AWS_FAULT_DENIED, AWS_REMEDY_NONE},
    {"InvalidAccessKeyId", AWS_FAULT_DENIED, AWS_REMEDY_NONE},
    {"PermanentRedirect", AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},
    {"TemporaryRedirect", AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},
    {"Redirect", AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},
    {"AuthorizationHeaderMalformed", AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},
    {"IllegalLocationConstraintException", AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},
    {"NoSuchBucket", AWS_FAULT_SETTINGS, AWS_REMEDY_NONE},
    {"InvalidBucketName", AWS_FAULT_SETTINGS, AWS_REMEDY_NONE},
    {"NoSuchKey", AWS_FAULT_NOT_FOUND, AWS_REMEDY_NONE},
    {"NoSuchUpload", AWS_FAULT_NOT_FOUND, AWS_REMEDY_NONE},
    {"PreconditionFailed", AWS_FAULT_CONDITION, AWS_REMEDY_NONE},
    {"InvalidRange", AWS_FAULT_RANGE, AWS_REMEDY_NONE},
    {"EntityTooLarge", AWS_FAULT_TOO_LARGE, AWS_REMEDY_NONE},
    {"NotImplemented", AWS_FAULT_UNSUPPORTED, AWS_REMEDY_NONE},
    {"MethodNotAllowed", AWS_FAULT_UNSUPPORTED, AWS_REMEDY_NONE},
    {"QuotaExceeded", AWS_FAULT_FULL, AWS_REMEDY_NONE},
    {"ResourceNotFoundException", AWS_FAULT_SETTINGS, AWS_REMEDY_NONE},
    {"ResourceInUseException", AWS_FAULT_CONFLICT, AWS_REMEDY_NONE},
    {"ConditionalCheckFailedException", AWS_FAULT_CONDITION, AWS_REMEDY_NONE},
    {"TransactionCanceledException", AWS_FAULT_CONFLICT, AWS_REMEDY_NONE},
    {"TransactionConflictException", AWS_FAULT_CONFLICT, AWS_REMEDY_WAIT},
    {"TransactionInProgressException", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {"ReplicatedWriteConflictException", AWS_FAULT_CONFLICT, AWS_REMEDY_WAIT},
    {"LimitExceededException", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    {"ItemCollectionSizeLimitExceededException", AWS_FAULT_FULL, AWS_REMEDY_NONE},
    {"ValidationException", AWS_FAULT_INVALID, AWS_REMEDY_NONE},
    {"SerializationException", AWS_FAULT_INVALID, AWS_REMEDY_NONE},
    {"MissingAuthenticationTokenException", AWS_FAULT_DENIED, AWS_REMEDY_NONE},
    {"IncompleteSignatureException", AWS_FAULT_DENIED, AWS_REMEDY_NONE},
    {"InvalidClientTokenId", AWS_FAULT_DENIED, AWS_REMEDY_NONE},
};

static const struct {
    int status;
    enum aws_fault_class class;
    enum aws_remedy remedy;
} by_status[] = {
    {301, AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},  {302, AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},
    {307, AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},  {308, AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},
    {401, AWS_FAULT_DENIED, AWS_REMEDY_NONE},      {403, AWS_FAULT_DENIED, AWS_REMEDY_NONE},
    {404, AWS_FAULT_NOT_FOUND, AWS_REMEDY_NONE},   {405, AWS_FAULT_UNSUPPORTED, AWS_REMEDY_NONE},
    {408, AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},   {409, AWS_FAULT_CONFLICT, AWS_REMEDY_NONE},
    {412, AWS_FAULT_CONDITION, AWS_REMEDY_NONE},   {413, AWS_FAULT_TOO_LARGE, AWS_REMEDY_NONE},
    {416, AWS_FAULT_RANGE, AWS_REMEDY_NONE},       {417, AWS_FAULT_INVALID, AWS_REMEDY_NO_EXPECT},
    {429, AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},   {500, AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {501, AWS_FAULT_UNSUPPORTED, AWS_REMEDY_NONE}, {502, AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {503, AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},   {504, AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
    {507, AWS_FAULT_FULL, AWS_REMEDY_NONE},        {509, AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
};

/* ---- text of others ---- */

/* A letter, digit or sign of base64: a long run of them may be a key, a token or a signature. */
static bool may_be_secret(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("+/=_-", c);
}

/* Copies what is fit to be shown of `from`, cut to the room there is. */
static void show(char *to, size_t room, const char *from)
{
    size_t at = 0;
    while (*from && at + 6 < room) {
        size_t run = 0;
        while (from[run] && may_be_secret(from[run])) {
            run++;
        }
        if (run >= SECRET_RUN_MIN) {
            memcpy(to + at, "[...]", 5);
            at += 5;
            from += run;
        } else {
            unsigned char c = (unsigned char)*from++;
            to[at++] = c >= 0x20 && c < 0x7f ? (char)c : ' ';
        }
    }
    to[at] = '\0';
}

/* A word without blanks: a code, an id, a region, a host. */
static void take_word(char *to, size_t room, const char *from)
{
    size_t length = strspn(from, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:+/=#");
    if (length < room && from[length] == '\0') {
        memcpy(to, from, length + 1);
    }
}

void aws_fault_set(struct aws_fault *fault, enum aws_fault_class class, enum aws_remedy remedy, const char *format, ...)
{
    va_list args;
    *fault = (struct aws_fault){.class = class, .remedy = remedy, .retry_after_ms = -1};
    va_start(args, format);
    vsnprintf(fault->message, sizeof fault->message, format, args);
    va_end(args);
}

/* ---- replies ---- */

struct reading {
    struct aws_fault *fault;
    bool is_error;
};

static bool take_element(void *arg, const char *path, const char *text)
{
    struct reading *reading = arg;
    struct aws_fault *fault = reading->fault;
    static const char wrapped[] = "ErrorResponse/";
    path += strncmp(path, wrapped, sizeof wrapped - 1) == 0 ? sizeof wrapped - 1 : 0;
    if (strcmp(path, "Error") == 0) {
        reading->is_error = true;
    } else if (strcmp(path, "Error/Code") == 0) {
        take_word(fault->code, sizeof fault->code, text);
    } else if (strcmp(path, "Error/Message") == 0) {
        show(fault->message, sizeof fault->message, text);
    } else if (strcmp(path, "Error/RequestId") == 0 || strcmp(path, "RequestId") == 0) {
        take_word(fault->request_id, sizeof fault->request_id, text);
    } else if (strcmp(path, "Error/HostId") == 0) {
        take_word(fault->host_id, sizeof fault->host_id, text);
    } else if (strcmp(path, "Error/Region") == 0) {
        take_word(fault->region, sizeof fault->region, text);
    } else if (strcmp(path, "Error/Endpoint") == 0) {
        take_word(fault->endpoint, sizeof fault->endpoint, text);
    } else if (strcmp(path, "Error/ServerTime") == 0) {
        aws_time_parse(text, &fault->server_ms);
    }
    return true;
}

/* Whether the body is the XML of an error. */
static bool read_body(struct aws_fault *fault, const char *body, size_t length)
{
    struct aws_fault from_body = *fault;
    struct reading reading = {.fault = &from_body};
    if (length == 0 || aws_xml_read(body, length, take_element, &reading) != AWS_XML_GOOD || !reading.is_error) {
        return false;
    }
    *fault = from_body;
    return true;
}

/* The text of a member as far as it is short; "" where there is none. */
static void read_member(struct aws_json object, const char *name, char *to, size_t room)
{
    struct aws_text text;
    aws_text_init(&text, JSON_TEXT_MAX);
    bool good = aws_json_text(aws_json_get(object, name), &text);
    snprintf(to, room, "%s", good ? aws_text_get(&text) : "");
    aws_text_done(&text);
}

/* Takes what the body tells where it is the JSON of an error: {"__type": "NAMESPACE#CODE", "message": TEXT}. */
static void read_json(struct aws_fault *fault, const char *body, size_t length)
{
    struct aws_json json;
    char type[256], message[JSON_TEXT_MAX + 1];
    if (!aws_json_read(body, length, &json)) {
        return;
    }
    read_member(json, "__type", type, sizeof type);
    read_member(json, "message", message, sizeof message);
    if (!message[0]) {
        read_member(json, "Message", message, sizeof message);
    }
    if (!type[0]) {
        return;
    }
    const char *hash = strrchr(type, '#');
    take_word(fault->code, sizeof fault->code, hash ? hash + 1 : type);
    show(fault->message, sizeof fault->message, message);
}

static void read_headers(struct aws_fault *fault, const struct aws_list *headers)
{
    static const char *const request_ids[] = {"x-amz-request-id", "x-amzn-requestid"};
    for (size_t i = 0; i < sizeof request_ids / sizeof *request_ids; i++) {
        const char *id = aws_list_get(headers, request_ids[i]);
        if (id) {
            take_word(fault->request_id, sizeof fault->request_id, id);
        }
    }
    const char *host_id = aws_list_get(headers, "x-amz-id-2");
    const char *region = aws_list_get(headers, "x-amz-bucket-region");
    const char *date = aws_list_get(headers, "date");
    const char *after = aws_list_get(headers, "x-amz-retry-after");
    take_word(fault->host_id, sizeof fault->host_id, host_id ? host_id : "");
    take_word(fault->region, sizeof fault->region, region ? region : "");
    aws_time_parse(date, &fault->server_ms);
    if (after && *after && strlen(after) <= RETRY_AFTER_DIGITS && strspn(after, "0123456789") == strlen(after)) {
        fault->retry_after_ms = strtoll(after, NULL, 10);
    }
}

static void judge_status(struct aws_fault *fault)
{
    fault->class = fault->http_status >= 500 ? AWS_FAULT_TRANSIENT : AWS_FAULT_INVALID;
    fault->remedy = AWS_REMEDY_NONE;
    for (size_t i = 0; i < sizeof by_status / sizeof *by_status; i++) {
        if (by_status[i].status == fault->http_status) {
            fault->class = by_status[i].class;
            fault->remedy = by_status[i].remedy;
        }
    }
}

static void judge_code(struct aws_fault *fault, int64_t now_ms)
{
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        if (strcmp(verdicts[i].code, fault->code) == 0) {
            fault->class = verdicts[i].class;
            fault->remedy = verdicts[i].remedy;
        }
    }
    if (fault->remedy != AWS_REMEDY_CLOCK) {
        return;
    }
    /* A signature that does not match may well be another mistake than that of the clock. */
    int64_t skew = fault->server_ms - now_ms;
    bool is_skewed = fault->server_ms > 0 && (skew > SKEW_MS || skew < -SKEW_MS);
    if (!is_skewed) {
        fault->remedy = AWS_REMEDY_NONE;
    }
}

void aws_fault_of_reply(struct aws_fault *fault, int status, const struct aws_list *headers, const char *body,
                        size_t length, int64_t now_ms)
{
    *fault = (struct aws_fault){.http_status = status, .retry_after_ms = -1};
    read_headers(fault, headers);
    bool has_error = read_body(fault, body, length);
    if (!has_error && (status < 200 || status >= 300)) {
        read_json(fault, body, length);
    }
    if (status >= 200 && status < 300 && !has_error) {
        fault->class = AWS_FAULT_NONE;
        return;
    }
    if (status >= 200 && status < 300) { /* an error that was found only after the reply had begun */
        fault->class = AWS_FAULT_TRANSIENT;
        fault->remedy = AWS_REMEDY_NONE;
    } else {
        judge_status(fault);
    }
    judge_code(fault, now_ms);
    const char *location = aws_list_get(headers, "location");
    if (fault->remedy == AWS_REMEDY_REGION && location && !fault->endpoint[0]) {
        const char *host = strstr(location, "://");
        char text[sizeof fault->endpoint] = "";
        host = host ? host + 3 : location;
        snprintf(text, sizeof text, "%.*s", (int)strcspn(host, "/?#"), host);
        take_word(fault->endpoint, sizeof fault->endpoint, text);
    }
    if (!fault->message[0]) {
        snprintf(fault->message, sizeof fault->message, "HTTP status %d", status);
    }
}

/* ---- the network ---- */

void aws_fault_of_curl(struct aws_fault *fault, int code, const char *text)
{
    enum aws_fault_class class = AWS_FAULT_TRANSIENT;
    enum aws_remedy remedy = AWS_REMEDY_WAIT;
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        class = AWS_FAULT_SETTINGS;
        remedy = AWS_REMEDY_NONE;
        break;
    case CURLE_OUT_OF_MEMORY:
        class = AWS_FAULT_NO_MEMORY;
        remedy = AWS_REMEDY_NONE;
        break;
    default:
        break;
    }
    aws_fault_set(fault, class, remedy, "%s", "");
    fault->is_timeout = code == CURLE_OPERATION_TIMEDOUT;
    show(fault->message, sizeof fault->message, text && *text ? text : curl_easy_strerror((CURLcode)code));
    if (class == AWS_FAULT_SETTINGS) {
        strncat(fault->message, "; check endpoint and ca_file", sizeof fault->message - strlen(fault->message) - 1);
    }
}

/* ---- telling ---- */

static const struct telling {
    enum aws_fault_class class;
    pxm_status status;
    const char *suffix;
} tellings[] = {
    {AWS_FAULT_NOT_FOUND, PXM_E_NOT_FOUND, "not_found"},
    {AWS_FAULT_CONDITION, PXM_E_EXISTS, "changed"},
    {AWS_FAULT_CONFLICT, PXM_E_TRANSIENT, "unavailable"},
    {AWS_FAULT_RANGE, PXM_E_INVALID, "bad_range"},
    {AWS_FAULT_DENIED, PXM_E_DENIED, "denied"},
    {AWS_FAULT_THROTTLED, PXM_E_THROTTLED, "unavailable"},
    {AWS_FAULT_TRANSIENT, PXM_E_TRANSIENT, "unavailable"},
    {AWS_FAULT_INVALID, PXM_E_INVALID, "unsupported"},
    {AWS_FAULT_SETTINGS, PXM_E_INVALID, "unavailable"},
    {AWS_FAULT_UNSUPPORTED, PXM_E_INVALID, "unsupported"},
    {AWS_FAULT_TOO_LARGE, PXM_E_LIMIT, "too_large"},
    {AWS_FAULT_FULL, PXM_E_NO_SPACE, "full"},
    {AWS_FAULT_MALFORMED, PXM_E_TRANSIENT, "damaged"},
};

static const struct {
    const char *code, *advice;
} advices[] = {
    {"AccessDenied", "; give the user or role of these credentials the permission for this"},
    {"InvalidAccessKeyId", "; check access_key, or AWS_ACCESS_KEY_ID and AWS_PROFILE"},
    {"InvalidClientTokenId", "; check access_key, or AWS_ACCESS_KEY_ID and AWS_PROFILE"},
    {"SignatureDoesNotMatch", "; check secret_key, or AWS_SECRET_ACCESS_KEY, and that no proxy changes requests"},
    {"RequestTimeTooSkewed", "; set the clock of this machine"},
    {"ExpiredToken", "; the credentials are too old, renew them"},
    {"ExpiredTokenException", "; the credentials are too old, renew them"},
    {"AccessDeniedException", "; give the user or role of these credentials the permission for this"},
    {"UnrecognizedClientException", "; check access_key, or AWS_ACCESS_KEY_ID and AWS_PROFILE"},
    {"InvalidSignatureException",
     "; check secret_key, or AWS_SECRET_ACCESS_KEY, the region, and the clock of this machine"},
    {"ProvisionedThroughputExceededException", "; raise the throughput of the table, or let it be on demand"},
    {"NoSuchBucket", "; check bucket, region and endpoint"},
    {"InvalidBucketName", "; check bucket"},
    {"NotImplemented", "; the service cannot do that"},
};

static void write_advice(const struct aws_fault *fault, char *advice, size_t room)
{
    advice[0] = '\0';
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        if (strcmp(advices[i].code, fault->code) == 0) {
            snprintf(advice, room, "%s", advices[i].advice);
        }
    }
    if (fault->remedy == AWS_REMEDY_REGION && fault->region[0]) {
        snprintf(advice, room, "; set region to %s", fault->region);
    } else if (fault->remedy == AWS_REMEDY_REGION) {
        snprintf(advice, room, "; check region and endpoint%s%s", fault->endpoint[0] ? ": it sends us to " : "",
                 fault->endpoint);
    }
}

pxm_status aws_fault_fail(const struct pxm_host *host, const struct aws_fault *fault, const char *family,
                          const char *what, pxm_error *error)
{
    char code[64], advice[400];
    pxm_status status = PXM_E_INTERNAL;
    const char *suffix = "unavailable";
    switch (fault->class) {
    case AWS_FAULT_LATE:
        return host->fail(error, PXM_E_TIMEOUT, "limit.time", "cannot %s: the time is up or the run was cancelled",
                          what);
    case AWS_FAULT_NO_MEMORY:
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    default:
        break;
    }
    for (size_t i = 0; i < sizeof tellings / sizeof *tellings; i++) {
        if (tellings[i].class == fault->class) {
            status = tellings[i].status;
            suffix = tellings[i].suffix;
        }
    }
    snprintf(code, sizeof code, "%s.%s", family, suffix);
    write_advice(fault, advice, sizeof advice);
    host->fail(error, status, code, "cannot %s: %s%s%s%s", what, fault->code, fault->code[0] ? ": " : "",
               fault->message, advice);
    if (fault->request_id[0]) {
        host->fail_note(error, "aws.request_id", fault->request_id);
    }
    if (fault->host_id[0]) {
        host->fail_note(error, "aws.host_id", fault->host_id);
    }
    return status;
}
