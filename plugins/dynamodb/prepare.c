/* prepare: makes the table and its index, where they are missing, and waits until they can be used. Never done but by
 * an explicit command. */
#include "dynamodb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { POLL_MS = 250, POLLS_WITHOUT = 12 /* until an index that was asked for must be seen */ };

struct preparation {
    struct dynamo *dynamo;
    pxm_job *job;
    struct dynamo_reply reply; /* the last description */
    struct aws_json table;     /* in it; none: there is no table */
    pxm_value *made;           /* list of what was made */
};

static pxm_status describe(struct preparation *preparation, pxm_error *error)
{
    const struct dynamo *dynamo = preparation->dynamo;
    struct aws_text body;
    pxm_status status = PXM_OK;
    dynamo_reply_done(&preparation->reply);
    dynamo_begin(dynamo, &body);
    aws_text_puts(&body, "}");
    bool good = dynamo_call(dynamo, preparation->job, "DescribeTable", &body, &preparation->reply);
    preparation->table = aws_json_get(preparation->reply.json, "Table");
    if (!good) {
        preparation->table = (struct aws_json){0};
        bool is_missing = strcmp(preparation->reply.reply.fault.code, "ResourceNotFoundException") == 0;
        status = is_missing ? PXM_OK : dynamo_fail(dynamo, &preparation->reply, "describe", NULL, error);
    } else if (aws_json_kind(preparation->table) != AWS_JSON_OBJECT) {
        status = dynamo_fail_reply(dynamo, "it describes no table", error);
    }
    aws_text_done(&body);
    return status;
}

static struct aws_json find_index(const struct preparation *preparation)
{
    struct aws_json_walk walk = aws_json_walk(aws_json_get(preparation->table, "GlobalSecondaryIndexes"));
    struct aws_json name, index;
    while (aws_json_next(&walk, &name, &index)) {
        if (aws_json_equals(aws_json_get(index, "IndexName"), preparation->dynamo->config->index)) {
            return index;
        }
    }
    return (struct aws_json){0};
}

/* ---- whether it is what it must be ---- */

/* The attribute that is the key of a type, "HASH" or "RANGE"; none where there is no such key. */
static struct aws_json find_key(struct aws_json schema, const char *type)
{
    struct aws_json_walk walk = aws_json_walk(schema);
    struct aws_json name, element;
    while (aws_json_next(&walk, &name, &element)) {
        if (aws_json_equals(aws_json_get(element, "KeyType"), type)) {
            return aws_json_get(element, "AttributeName");
        }
    }
    return (struct aws_json){0};
}

static bool is_string(struct aws_json table, const char *attribute)
{
    struct aws_json_walk walk = aws_json_walk(aws_json_get(table, "AttributeDefinitions"));
    struct aws_json name, definition;
    while (aws_json_next(&walk, &name, &definition)) {
        if (aws_json_equals(aws_json_get(definition, "AttributeName"), attribute)) {
            return aws_json_equals(aws_json_get(definition, "AttributeType"), "S");
        }
    }
    return false;
}

static pxm_status check_keys(const struct preparation *preparation, pxm_error *error)
{
    const struct pxm_host *host = preparation->dynamo->host;
    const struct dynamo_config *config = preparation->dynamo->config;
    struct aws_json schema = aws_json_get(preparation->table, "KeySchema"), index = find_index(preparation);
    struct aws_json keys = aws_json_get(index, "KeySchema");
    if (!aws_json_equals(find_key(schema, "HASH"), config->key) || find_key(schema, "RANGE").length > 0 ||
        !is_string(preparation->table, config->key)) {
        return host->fail(error, PXM_E_INVALID, "table.unavailable",
                          "the table %s is there, but its key is not the string %s alone; check table and key",
                          config->table, config->key);
    }
    if (index.length > 0 && (!aws_json_equals(find_key(keys, "HASH"), DYNAMO_LIST) ||
                             !aws_json_equals(find_key(keys, "RANGE"), DYNAMO_MADE))) {
        return host->fail(error, PXM_E_INVALID, "table.unavailable",
                          "the index %s of the table %s is there, but its keys are not " DYNAMO_LIST " and " DYNAMO_MADE
                          "; set index to another name",
                          config->index, config->table);
    }
    return PXM_OK;
}

/* ---- making ---- */

static void write_attribute(const char *name, struct aws_text *body)
{
    aws_text_puts(body, "{\"AttributeName\":");
    aws_json_write(body, name, strlen(name));
    aws_text_puts(body, ",\"AttributeType\":\"S\"}");
}

static void write_key(const char *name, const char *type, struct aws_text *body)
{
    aws_text_puts(body, "{\"AttributeName\":");
    aws_json_write(body, name, strlen(name));
    aws_text_printf(body, ",\"KeyType\":\"%s\"}", type);
}

static void write_attributes(const struct dynamo *dynamo, struct aws_text *body)
{
    const char *const names[] = {dynamo->config->key, DYNAMO_LIST, DYNAMO_MADE};
    aws_text_puts(body, ",\"AttributeDefinitions\":[");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        aws_text_puts(body, i > 0 ? "," : "");
        write_attribute(names[i], body);
    }
    aws_text_puts(body, "]");
}

static void write_index(const struct dynamo *dynamo, struct aws_text *body)
{
    const char *index = dynamo->config->index;
    aws_text_puts(body, "\"IndexName\":");
    aws_json_write(body, index, strlen(index));
    aws_text_puts(body, ",\"KeySchema\":[");
    write_key(DYNAMO_LIST, "HASH", body);
    aws_text_puts(body, ",");
    write_key(DYNAMO_MADE, "RANGE", body);
    aws_text_puts(body, "],\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"}");
}

static void write_table(const struct dynamo *dynamo, struct aws_text *body)
{
    dynamo_begin(dynamo, body);
    write_attributes(dynamo, body);
    aws_text_puts(body, ",\"KeySchema\":[");
    write_key(dynamo->config->key, "HASH", body);
    aws_text_puts(body, "],\"BillingMode\":\"PAY_PER_REQUEST\",\"GlobalSecondaryIndexes\":[{");
    write_index(dynamo, body);
    aws_text_puts(body, "}]}");
}

/* An index of a table whose throughput is provisioned gets the same. */
static void write_throughput(const struct preparation *preparation, struct aws_text *body)
{
    struct aws_json throughput = aws_json_get(preparation->table, "ProvisionedThroughput");
    struct aws_json reads = aws_json_get(throughput, "ReadCapacityUnits");
    struct aws_json writes = aws_json_get(throughput, "WriteCapacityUnits");
    struct aws_json mode = aws_json_get(aws_json_get(preparation->table, "BillingModeSummary"), "BillingMode");
    if (aws_json_kind(reads) != AWS_JSON_NUMBER || aws_json_kind(writes) != AWS_JSON_NUMBER || reads.text[0] == '0' ||
        aws_json_equals(mode, "PAY_PER_REQUEST")) {
        return;
    }
    aws_text_puts(body, ",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":");
    aws_text_add(body, reads.text, reads.length);
    aws_text_puts(body, ",\"WriteCapacityUnits\":");
    aws_text_add(body, writes.text, writes.length);
    aws_text_puts(body, "}");
}

static void write_update(const struct preparation *preparation, struct aws_text *body)
{
    dynamo_begin(preparation->dynamo, body);
    write_attributes(preparation->dynamo, body);
    aws_text_puts(body, ",\"GlobalSecondaryIndexUpdates\":[{\"Create\":{");
    write_index(preparation->dynamo, body);
    write_throughput(preparation, body);
    aws_text_puts(body, "}}]}");
}

static pxm_status note(const struct preparation *preparation, const char *what, const char *name, pxm_error *error)
{
    const struct pxm_host *host = preparation->dynamo->host;
    char text[TABLEBASE_NAME_MAX + 16];
    snprintf(text, sizeof text, "%s %s", what, name);
    pxm_status status = host->value_append(preparation->made, host->value_string(text, strlen(text)));
    return status == PXM_OK ? PXM_OK : dynamo_fail_memory(preparation->dynamo, error);
}

/* Makes what is missing; another who does the same at the same time does no harm. */
static pxm_status make(struct preparation *preparation, pxm_error *error)
{
    const struct dynamo *dynamo = preparation->dynamo;
    bool has_table = preparation->table.length > 0;
    struct aws_text body;
    struct dynamo_reply reply;
    if (has_table && find_index(preparation).length > 0) {
        return PXM_OK;
    }
    if (has_table) {
        write_update(preparation, &body);
    } else {
        write_table(dynamo, &body);
    }
    pxm_status status = PXM_OK;
    bool good = dynamo_call(dynamo, preparation->job, has_table ? "UpdateTable" : "CreateTable", &body, &reply);
    if (good && !has_table) {
        status = note(preparation, "table", dynamo->config->table, error);
    }
    if (good && status == PXM_OK) {
        status = note(preparation, "index", dynamo->config->index, error);
    }
    if (!good && strcmp(reply.reply.fault.code, "ResourceInUseException") != 0) {
        status = dynamo_fail(dynamo, &reply, has_table ? "make the index of" : "make", NULL, error);
    }
    dynamo_reply_done(&reply);
    aws_text_done(&body);
    return status;
}

static bool is_ready(const struct preparation *preparation)
{
    struct aws_json index = find_index(preparation);
    return aws_json_equals(aws_json_get(preparation->table, "TableStatus"), "ACTIVE") &&
           aws_json_equals(aws_json_get(index, "IndexStatus"), "ACTIVE");
}

static pxm_status await(struct preparation *preparation, pxm_error *error)
{
    const struct dynamo *dynamo = preparation->dynamo;
    const struct pxm_host *host = dynamo->host;
    const struct dynamo_config *config = dynamo->config;
    int without = 0;
    pxm_status status = describe(preparation, error);
    while (status == PXM_OK && !is_ready(preparation)) {
        without += preparation->table.length > 0 && find_index(preparation).length == 0;
        if (without > POLLS_WITHOUT) {
            return host->fail(error, PXM_E_INVALID, "table.unavailable",
                              "the service has not added the index %s to the table %s, which was there; let it be made "
                              "with a new table, or set index",
                              config->index, config->table);
        }
        if (!aws_sleep(host, preparation->job, POLL_MS)) {
            return host->fail(error, PXM_E_TIMEOUT, "limit.time",
                              "the table %s is being made, but not ready in time; ask again later", config->table);
        }
        status = describe(preparation, error);
    }
    return status;
}

pxm_status dynamo_prepare(void *self, pxm_job *job, pxm_value *fields, pxm_error *error)
{
    struct dynamo *dynamo = self;
    const struct pxm_host *host = dynamo->host;
    struct preparation preparation = {.dynamo = dynamo, .job = job, .made = host->value_list()};
    pxm_status status = preparation.made ? describe(&preparation, error) : dynamo_fail_memory(dynamo, error);
    if (status == PXM_OK && preparation.table.length > 0) {
        status = check_keys(&preparation, error);
    }
    if (status == PXM_OK) {
        status = make(&preparation, error);
    }
    if (status == PXM_OK) {
        status = await(&preparation, error);
    }
    if (status == PXM_OK) {
        status = dynamo_cursor_key(dynamo, job, error);
    }
    dynamo_reply_done(&preparation.reply);
    if (status != PXM_OK) {
        host->value_unref(preparation.made);
        return status;
    }
    host->value_set(fields, "table", host->value_string(dynamo->config->table, strlen(dynamo->config->table)));
    host->value_set(fields, "made", preparation.made);
    return PXM_OK;
}
