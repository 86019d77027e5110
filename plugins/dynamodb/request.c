/* Requests, and how they fail. */
#include "dynamodb.h"

#include "aws/retry.h"

#include <stdio.h>
#include <string.h>

enum { TOTAL_MS = 30000, PAUSE_MS = 50 };

void dynamo_begin(const struct dynamo *dynamo, struct aws_text *body)
{
    aws_text_init(body, DYNAMO_REQUEST_MAX);
    aws_text_puts(body, "{\"TableName\":");
    aws_json_write(body, dynamo->config->table, strlen(dynamo->config->table));
}

void dynamo_write_text(const char *name, const char *text, size_t length, struct aws_text *body)
{
    aws_json_write(body, name, strlen(name));
    aws_text_puts(body, ":{\"S\":");
    aws_json_write(body, text, length);
    aws_text_puts(body, "}");
}

void dynamo_write_key(const struct dynamo *dynamo, const char *name, const char *key, struct aws_text *body)
{
    aws_text_printf(body, ",\"%s\":{", name);
    dynamo_write_text(dynamo->config->key, key, strlen(key), body);
    aws_text_puts(body, "}");
}

bool dynamo_call(const struct dynamo *dynamo, pxm_job *job, const char *operation, const struct aws_text *body,
                 struct dynamo_reply *reply)
{
    char target[96];
    struct aws_body sent = {.data = aws_text_get(body), .length = body->length};
    struct aws_request request = {
        .method = "POST", .path = "/", .body = &sent, .reply_max = DYNAMO_REPLY_MAX, .total_ms = TOTAL_MS};
    *reply = (struct dynamo_reply){.json = {0}};
    if (body->failed) {
        enum aws_fault_class class = body->is_full ? AWS_FAULT_TOO_LARGE : AWS_FAULT_NO_MEMORY;
        aws_fault_set(&reply->reply.fault, class, AWS_REMEDY_NONE, "the request would be too large");
        return false;
    }
    snprintf(target, sizeof target, "DynamoDB_20120810.%s", operation);
    aws_list_add_header(&request.headers, "content-type", "application/x-amz-json-1.0");
    aws_list_add_header(&request.headers, "x-amz-target", target);
    bool good = aws_call(dynamo->client, job, &request, &reply->reply);
    aws_request_done(&request);
    const struct aws_text *text = &reply->reply.body;
    if (good && (!aws_json_read(aws_text_get(text), text->length, &reply->json) ||
                 aws_json_kind(reply->json) != AWS_JSON_OBJECT)) {
        aws_fault_set(&reply->reply.fault, AWS_FAULT_MALFORMED, AWS_REMEDY_NONE,
                      "the reply is not one of DynamoDB; check endpoint, and is there a proxy that wants a login?");
        good = false;
    }
    return good;
}

void dynamo_reply_done(struct dynamo_reply *reply)
{
    aws_reply_done(&reply->reply);
    reply->json = (struct aws_json){0};
}

/* What the service does not take, for a reason that a setting can change. */
static const struct {
    const char *words, *advice, *code;
    pxm_status status;
} refusals[] = {
    {"size has exceeded", "; an item, with its names, may have 400 KB", "table.too_large", PXM_E_LIMIT},
    {"does not have the specified index", "; check index, or let `pixmill tables create` make it", "table.unavailable",
     PXM_E_INVALID},
    {"does not match the schema",
     "; check key: it must be the table's partition key, a string, and there must be no sort key", "table.unavailable",
     PXM_E_INVALID},
    {"missing the key", "; check key: it must be the table's partition key, a string, and there must be no sort key",
     "table.unavailable", PXM_E_INVALID},
    {"schema violated", "; check index: its keys must be " DYNAMO_LIST " and " DYNAMO_MADE, "table.unavailable",
     PXM_E_INVALID},
    {"Query key condition not supported", "; check index: its keys must be " DYNAMO_LIST " and " DYNAMO_MADE,
     "table.unavailable", PXM_E_INVALID},
    {"", "", "table.bad_record", PXM_E_INVALID},
};

pxm_status dynamo_fail(const struct dynamo *dynamo, const struct dynamo_reply *reply, const char *what, const char *key,
                       pxm_error *error)
{
    char action[TABLEBASE_KEY_MAX + 400];
    const struct pxm_host *host = dynamo->host;
    const struct aws_fault *fault = &reply->reply.fault;
    const char *table = dynamo->config->table;
    snprintf(action, sizeof action, "%s%s%s%s the table %s", what, key ? " \"" : "", key ? key : "", key ? "\" in" : "",
             table);
    pxm_status status = PXM_OK;
    if (strcmp(fault->code, "ResourceNotFoundException") == 0) {
        status = host->fail(error, PXM_E_INVALID, "table.unavailable",
                            "cannot %s: there is no such table; check table, region and endpoint, or let `pixmill "
                            "tables create` make it",
                            action);
    } else if (fault->class == AWS_FAULT_INVALID || fault->class == AWS_FAULT_UNSUPPORTED) {
        size_t i = 0;
        while (!strstr(fault->message, refusals[i].words)) {
            i++;
        }
        status = host->fail(error, refusals[i].status, refusals[i].code, "cannot %s: %s%s%s%s", action, fault->code,
                            fault->code[0] ? ": " : "", fault->message, refusals[i].advice);
    } else if (fault->class == AWS_FAULT_CONDITION || fault->class == AWS_FAULT_NOT_FOUND) {
        status = host->fail(error, PXM_E_TRANSIENT, "table.unavailable", "cannot %s: %s%s%s; check endpoint", action,
                            fault->code, fault->code[0] ? ": " : "", fault->message);
    } else {
        return aws_fault_fail(host, fault, "table", action, error);
    }
    if (fault->request_id[0]) {
        host->fail_note(error, "aws.request_id", fault->request_id);
    }
    return status;
}

pxm_status dynamo_fail_memory(const struct dynamo *dynamo, pxm_error *error)
{
    return dynamo->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

pxm_status dynamo_fail_reply(const struct dynamo *dynamo, const char *what, pxm_error *error)
{
    return dynamo->host->fail(error, PXM_E_TRANSIENT, "table.damaged",
                              "the reply about the table %s is not one of DynamoDB: %s; check endpoint",
                              dynamo->config->table, what);
}

pxm_status dynamo_in_time(const struct dynamo *dynamo, const pxm_job *job, pxm_error *error)
{
    if (dynamo->host->remaining_ms(job) > 0) {
        return PXM_OK;
    }
    return dynamo->host->fail(error, PXM_E_TIMEOUT, "limit.time",
                              "stopped at the table %s: the time is up or the run was cancelled",
                              dynamo->config->table);
}

bool dynamo_pause(const struct dynamo *dynamo, pxm_job *job, int failures)
{
    int64_t delay_ms = aws_retry_delay_ms(failures, false, PAUSE_MS, aws_random(), -1);
    return delay_ms < dynamo->host->remaining_ms(job) && aws_sleep(dynamo->host, job, delay_ms);
}
