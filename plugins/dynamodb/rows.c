/* Rows that stand for an item in the list of each value that it has in an indexed field. */
#include "dynamodb.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 8 };

/* ---- which ---- */

struct plan {
    const struct dynamo *dynamo;
    const char *has, *token;
    struct aws_text *text;
};

/* The row of that hash among rows; NULL: none. */
static const char *find_row(const char *rows, const char *hash)
{
    for (size_t length = strlen(rows); length >= DYNAMO_ROW; length -= DYNAMO_ROW, rows += DYNAMO_ROW) {
        if (memcmp(rows, hash, DYNAMO_HASH) == 0) {
            return rows;
        }
    }
    return NULL;
}

static pxm_status plan_value(struct plan *plan, const char *field, const pxm_value *value, pxm_error *error)
{
    struct tablebase_value bytes;
    char hash[DYNAMO_HASH + 1];
    pxm_status status = tablebase_value_of(plan->dynamo->host, value, &bytes, error);
    if (status != PXM_OK || bytes.length == 0) {
        return status;
    }
    if (!dynamo_hash(field, &bytes, hash)) {
        return dynamo_fail_memory(plan->dynamo, error);
    }
    if (find_row(aws_text_get(plan->text), hash)) { /* the same value twice in a list */
        return PXM_OK;
    }
    const char *row = find_row(plan->has, hash);
    aws_text_add(plan->text, hash, DYNAMO_HASH);
    aws_text_add(plan->text, row ? row + DYNAMO_HASH : plan->token, DYNAMO_TOKEN);
    return PXM_OK;
}

static pxm_status plan_field(struct plan *plan, const char *field, const pxm_value *value, pxm_error *error)
{
    const struct pxm_host *host = plan->dynamo->host;
    if (host->value_type(value) != PXM_TYPE_LIST) {
        return plan_value(plan, field, value, error);
    }
    pxm_status status = tablebase_check_members(host, field, value, error);
    for (size_t i = 0; status == PXM_OK && i < host->value_count(value); i++) {
        status = plan_value(plan, field, host->value_at(value, i), error);
    }
    return status;
}

pxm_status dynamo_rows_plan(const struct dynamo *dynamo, const pxm_value *fields, const char *has, const char *token,
                            struct dynamo_rows *ret, pxm_error *error)
{
    const struct pxm_host *host = dynamo->host;
    const pxm_value *indexes = dynamo->config->indexes;
    struct plan plan = {.dynamo = dynamo, .has = has, .token = token, .text = &ret->text};
    pxm_status status = PXM_OK;
    aws_text_init(&ret->text, (size_t)DYNAMO_ROWS_MAX * DYNAMO_ROW);
    for (size_t i = 0; status == PXM_OK && indexes && i < host->value_count(indexes); i++) {
        const char *field = host->value_as_string(host->value_at(indexes, i), NULL);
        const pxm_value *value = host->value_get(fields, field);
        status = value ? plan_field(&plan, field, value, error) : PXM_OK;
    }
    if (status == PXM_OK && ret->text.failed) {
        status = dynamo_fail_memory(dynamo, error);
    }
    if (status != PXM_OK) {
        dynamo_rows_done(ret);
    }
    return status;
}

void dynamo_rows_done(struct dynamo_rows *rows)
{
    aws_text_done(&rows->text);
}

void dynamo_rows_note(struct aws_text *to, const char *rows, const char *token)
{
    for (size_t length = strlen(rows); length >= DYNAMO_ROW; length -= DYNAMO_ROW, rows += DYNAMO_ROW) {
        if (memcmp(rows + DYNAMO_HASH, token, DYNAMO_TOKEN) == 0 && !find_row(aws_text_get(to), rows)) {
            aws_text_add(to, rows, DYNAMO_ROW);
        }
    }
}

/* ---- writing ---- */

/* A batch of requests about rows of one item. */
struct batch {
    const struct dynamo *dynamo;
    pxm_job *job;
    const char *key;
    const char *made; /* puts; NULL: drops */
    struct aws_text body;
    int count;
};

static void begin_batch(struct batch *batch)
{
    const char *table = batch->dynamo->config->table;
    aws_text_init(&batch->body, DYNAMO_REQUEST_MAX);
    aws_text_puts(&batch->body, "{\"RequestItems\":{");
    aws_json_write(&batch->body, table, strlen(table));
    aws_text_puts(&batch->body, ":[");
    batch->count = 0;
}

static void add_row(struct batch *batch, const char *row)
{
    const struct dynamo *dynamo = batch->dynamo;
    struct aws_text *body = &batch->body;
    char name[DYNAMO_ROW_KEY_TEXT], list[DYNAMO_LIST_TEXT], hash[DYNAMO_HASH + 1];
    dynamo_row_key(row + DYNAMO_HASH, row, batch->key, name);
    snprintf(hash, sizeof hash, "%.*s", DYNAMO_HASH, row);
    dynamo_list(hash, dynamo_shard(dynamo, batch->key), list);
    aws_text_puts(body, batch->count > 0 ? "," : "");
    aws_text_puts(body, batch->made ? "{\"PutRequest\":{\"Item\":{" : "{\"DeleteRequest\":{\"Key\":{");
    dynamo_write_text(dynamo->config->key, name, strlen(name), body);
    if (batch->made) {
        aws_text_puts(body, ",");
        dynamo_write_text(DYNAMO_LIST, list, strlen(list), body);
        aws_text_puts(body, ",");
        dynamo_write_text(DYNAMO_MADE, batch->made, strlen(batch->made), body);
    }
    aws_text_puts(body, "}}}");
    batch->count++;
}

/* Sends what is in the batch until nothing of it is left undone. */
static pxm_status send_batch(struct batch *batch, pxm_error *error)
{
    const struct dynamo *dynamo = batch->dynamo;
    struct dynamo_reply reply;
    aws_text_puts(&batch->body, "]}}");
    for (int tries = 1;; tries++) {
        if (!dynamo_call(dynamo, batch->job, "BatchWriteItem", &batch->body, &reply)) {
            pxm_status status = dynamo_fail(dynamo, &reply, "index", batch->key, error);
            dynamo_reply_done(&reply);
            return status;
        }
        struct aws_json left = aws_json_get(reply.json, "UnprocessedItems");
        if (left.length <= 2) { /* {} */
            dynamo_reply_done(&reply);
            return PXM_OK;
        }
        aws_text_clear(&batch->body);
        aws_text_puts(&batch->body, "{\"RequestItems\":");
        aws_text_add(&batch->body, left.text, left.length);
        aws_text_puts(&batch->body, "}");
        dynamo_reply_done(&reply);
        if (tries == TRIES || !dynamo_pause(dynamo, batch->job, tries)) {
            return dynamo->host->fail(error, PXM_E_THROTTLED, "table.unavailable",
                                      "cannot index \"%s\": the table %s is too busy; raise its throughput, or let it "
                                      "be on demand",
                                      batch->key, dynamo->config->table);
        }
    }
}

/* Writes those rows that `others` has not, or, where a token is given, those of that token. */
static pxm_status write_rows(struct batch *batch, const char *rows, const char *others, const char *token,
                             pxm_error *error)
{
    pxm_status status = PXM_OK;
    begin_batch(batch);
    for (size_t length = strlen(rows); status == PXM_OK && length >= DYNAMO_ROW; length -= DYNAMO_ROW) {
        const char *same = others ? find_row(others, rows) : NULL;
        bool chosen =
            token ? memcmp(rows + DYNAMO_HASH, token, DYNAMO_TOKEN) == 0 : !same || memcmp(same, rows, DYNAMO_ROW) != 0;
        if (chosen) {
            add_row(batch, rows);
        }
        if (batch->count == DYNAMO_BATCH_WRITE) {
            status = send_batch(batch, error);
            aws_text_done(&batch->body);
            begin_batch(batch);
        }
        rows += DYNAMO_ROW;
    }
    if (status == PXM_OK && batch->count > 0) {
        status = send_batch(batch, error);
    }
    aws_text_done(&batch->body);
    return status;
}

pxm_status dynamo_rows_put(const struct dynamo *dynamo, pxm_job *job, const char *key, const char *made,
                           const char *rows, const char *token, pxm_error *error)
{
    struct batch batch = {.dynamo = dynamo, .job = job, .key = key, .made = made};
    return write_rows(&batch, rows, NULL, token, error);
}

void dynamo_rows_drop(const struct dynamo *dynamo, pxm_job *job, const char *key, const char *rows, const char *kept)
{
    struct batch batch = {.dynamo = dynamo, .job = job, .key = key};
    (void)write_rows(&batch, rows, kept, NULL, NULL);
}
