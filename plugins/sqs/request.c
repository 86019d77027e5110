/* Requests, and how they fail. */
#include "sqs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOTAL_MS = 10000 };

void sqs_begin(struct aws_text *body, const char *url)
{
    aws_text_init(body, SQS_REQUEST_MAX);
    aws_text_puts(body, "{\"QueueUrl\":");
    aws_json_write(body, url, strlen(url));
}

void sqs_write_text(struct aws_text *body, const char *name, const char *text, size_t length)
{
    aws_text_printf(body, ",\"%s\":", name);
    aws_json_write(body, text, length);
}

void sqs_write_int(struct aws_text *body, const char *name, int64_t number)
{
    aws_text_printf(body, ",\"%s\":%" PRId64, name, number);
}

bool sqs_call(const struct sqs *sqs, pxm_job *job, const char *operation, struct aws_text *body, int wait_s,
              struct sqs_reply *reply)
{
    char target[96];
    aws_text_puts(body, "}");
    struct aws_body sent = {.data = aws_text_get(body), .length = body->length};
    struct aws_request request = {.method = "POST",
                                  .path = "/",
                                  .body = &sent,
                                  .reply_max = SQS_REPLY_MAX,
                                  .total_ms = TOTAL_MS + (int64_t)wait_s * 1000};
    *reply = (struct sqs_reply){.json = {0}};
    if (body->failed) {
        enum aws_fault_class class = body->is_full ? AWS_FAULT_TOO_LARGE : AWS_FAULT_NO_MEMORY;
        aws_fault_set(&reply->reply.fault, class, AWS_REMEDY_NONE, "the request would be too large");
        aws_text_done(body);
        return false;
    }
    snprintf(target, sizeof target, "AmazonSQS.%s", operation);
    aws_list_add_header(&request.headers, "content-type", "application/x-amz-json-1.0");
    aws_list_add_header(&request.headers, "x-amz-target", target);
    bool good = aws_call(sqs->client, job, &request, &reply->reply);
    aws_request_done(&request);
    aws_text_done(body);
    const struct aws_text *text = &reply->reply.body;
    bool has_json = text->length > 0 && aws_json_read(aws_text_get(text), text->length, &reply->json);
    /* What needs no answer may have an empty one. */
    if (good && text->length > 0 && (!has_json || aws_json_kind(reply->json) != AWS_JSON_OBJECT)) {
        aws_fault_set(&reply->reply.fault, AWS_FAULT_MALFORMED, AWS_REMEDY_NONE,
                      "the reply is not one of SQS; check endpoint, and is there a proxy that wants a login?");
        good = false;
    }
    return good;
}

void sqs_reply_done(struct sqs_reply *reply)
{
    aws_reply_done(&reply->reply);
    reply->json = (struct aws_json){0};
}

bool sqs_has_code(const struct sqs_reply *reply, const char *code)
{
    return strcmp(reply->reply.fault.code, code) == 0;
}

bool sqs_is_missing(const struct sqs_reply *reply)
{
    return sqs_has_code(reply, "QueueDoesNotExist") || sqs_has_code(reply, "AWS.SimpleQueueService.NonExistentQueue");
}

/* ---- failing ---- */

/* What the service does not take. */
static const struct {
    const char *code, *words, *advice, *suffix;
    pxm_status status;
} refusals[] = {
    {"QueueDoesNotExist", "",
     "; check queue, region and endpoint, and that the credentials are of its account, or make it with `pixmill queues "
     "create`",
     "queue.unavailable", PXM_E_INVALID},
    {"AWS.SimpleQueueService.NonExistentQueue", "",
     "; check queue, region and endpoint, or make it with `pixmill queues create`", "queue.unavailable", PXM_E_INVALID},
    {"QueueDeletedRecently", "", "; a minute must pass before it can be made again", "queue.unavailable",
     PXM_E_TRANSIENT},
    {"InvalidAddress", "", "; check queue", "queue.unavailable", PXM_E_INVALID},
    {"UnsupportedOperation", "", "; check queue: one whose name ends in .fifo cannot be used", "queue.unavailable",
     PXM_E_INVALID},
    {"InvalidMessageContents", "", "", "queue.bad_message", PXM_E_INVALID},
    {"MessageTooLong", "", "; see the queue's largest message size", "queue.too_large", PXM_E_LIMIT},
    {"", "must be shorter than", "; see the queue's largest message size", "queue.too_large", PXM_E_LIMIT},
    {"ReceiptHandleIsInvalid", "", "", "queue.lost_lease", PXM_E_NOT_FOUND},
    {"MessageNotInflight", "", "", "queue.lost_lease", PXM_E_NOT_FOUND},
    {"", "not available for visibility timeout change", "", "queue.lost_lease", PXM_E_NOT_FOUND},
    {"", "receipt handle", "", "queue.lost_lease", PXM_E_NOT_FOUND},
    {"OverLimit", "", "; too many messages of the queue are held at once", "queue.unavailable", PXM_E_THROTTLED},
    {"KmsThrottled", "", "", "queue.unavailable", PXM_E_THROTTLED},
    {"KmsAccessDenied", "", "; the credentials need kms:Decrypt and kms:GenerateDataKey for the queue's key",
     "queue.denied", PXM_E_DENIED},
    {"InvalidSecurity", "", "; use an endpoint with https", "queue.unavailable", PXM_E_INVALID},
};

static pxm_status refuse(const struct sqs *sqs, const struct aws_fault *fault, const char *what, pxm_error *error)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        bool is_code = !refusals[i].code[0] || strcmp(refusals[i].code, fault->code) == 0;
        if (is_code && strstr(fault->message, refusals[i].words)) {
            return sqs->host->fail(error, refusals[i].status, refusals[i].suffix, "cannot %s the queue %s: %s%s%s%s",
                                   what, sqs->config->queue, fault->code, fault->code[0] ? ": " : "", fault->message,
                                   refusals[i].advice);
        }
    }
    return PXM_OK;
}

pxm_status sqs_fail(const struct sqs *sqs, const struct sqs_reply *reply, const char *what, pxm_error *error)
{
    char action[2300];
    const struct aws_fault *fault = &reply->reply.fault;
    bool is_refusal = fault->class == AWS_FAULT_INVALID || fault->class == AWS_FAULT_DENIED ||
                      fault->class == AWS_FAULT_NOT_FOUND || fault->class == AWS_FAULT_UNSUPPORTED;
    pxm_status status = is_refusal ? refuse(sqs, fault, what, error) : PXM_OK;
    if (status != PXM_OK) {
        if (fault->request_id[0]) {
            sqs->host->fail_note(error, "aws.request_id", fault->request_id);
        }
        return status;
    }
    snprintf(action, sizeof action, "%s the queue %s", what, sqs->config->queue);
    struct aws_fault shown = *fault;
    /* The service answers so of nothing: who does is another one. */
    if (shown.class == AWS_FAULT_NOT_FOUND || shown.class == AWS_FAULT_CONDITION) {
        shown.class = AWS_FAULT_SETTINGS;
    }
    return aws_fault_fail(sqs->host, &shown, "queue", action, error);
}

pxm_status sqs_fail_memory(const struct sqs *sqs, pxm_error *error)
{
    return sqs->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

pxm_status sqs_fail_reply(const struct sqs *sqs, const char *what, pxm_error *error)
{
    return sqs->host->fail(error, PXM_E_TRANSIENT, "queue.damaged",
                           "the reply about the queue %s is not one of SQS: %s; check endpoint", sqs->config->queue,
                           what);
}

pxm_status sqs_in_time(const struct sqs *sqs, const pxm_job *job, pxm_error *error)
{
    if (sqs->host->remaining_ms(job) > 0) {
        return PXM_OK;
    }
    return sqs->host->fail(error, PXM_E_TIMEOUT, "limit.time",
                           "stopped at the queue %s: the time is up or the run was cancelled", sqs->config->queue);
}

/* ---- reading ---- */

char *sqs_copy(struct aws_json string, bool *ret_no_memory)
{
    struct aws_text text;
    if (aws_json_kind(string) != AWS_JSON_STRING) {
        return NULL;
    }
    aws_text_init(&text, SQS_REPLY_MAX);
    bool is_text = aws_json_text(string, &text);
    bool failed = text.failed && !text.is_full;
    char *copy = is_text ? aws_text_take(&text) : NULL;
    *ret_no_memory |= failed || (is_text && !copy);
    aws_text_done(&text);
    return copy;
}

int64_t sqs_number(struct aws_json value)
{
    char digits[24];
    bool is_string = aws_json_kind(value) == AWS_JSON_STRING;
    size_t length = is_string ? value.length - 2 : value.length;
    const char *text = is_string ? value.text + 1 : value.text;
    if (!(is_string || aws_json_kind(value) == AWS_JSON_NUMBER) || length == 0 || length > 18) {
        return -1;
    }
    memcpy(digits, text, length);
    digits[length] = '\0';
    return strspn(digits, "0123456789") == length ? strtoll(digits, NULL, 10) : -1;
}
