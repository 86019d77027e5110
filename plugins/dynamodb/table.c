/* record, lookup and erase. An item is read, the change is decided here, and it is written if nobody has written in
 * between; else all of that is done again. */
#include "dynamodb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 200, CALM_ROUNDS = 2 };

struct change {
    struct dynamo *dynamo;
    pxm_job *job;
    const char *key;
    const struct pxm_record *record;
    char token[DYNAMO_TOKEN + 1];
    char made[DYNAMO_MADE_LENGTH + 1]; /* of an item that is made by this change; "": not decided */
    struct dynamo_item item;           /* as it was read */
    pxm_value *merged;                 /* as it is to be */
    struct dynamo_rows rows;           /* that it needs then */
    char *before;                      /* the rows that it had before the write that was tried last */
    struct aws_text put;               /* rows that were put for it, in this round or an earlier one */
    bool created, applied;
};

/* ---- one round ---- */

/* Whether the item is already as it is to be. */
static bool is_same(const struct change *change)
{
    const struct pxm_host *host = change->dynamo->host;
    size_t count = host->value_count(change->merged);
    const struct dynamo_item *item = &change->item;
    if (!item->is_there || !item->seq || !item->made || count + 1 != host->value_count(item->shown) ||
        strcmp(item->entries, aws_text_get(&change->rows.text)) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const pxm_value *has = host->value_get(item->shown, host->value_key(change->merged, i));
        if (!has || !host->value_equal(has, host->value_at(change->merged, i))) {
            return false;
        }
    }
    return true;
}

static pxm_status check_size(const struct change *change, pxm_error *error)
{
    const struct pxm_host *host = change->dynamo->host;
    pxm_blob *json = NULL;
    pxm_status status = host->value_to_json(change->merged, &json, error);
    size_t length = status == PXM_OK ? host->blob_length(json) : 0;
    host->blob_unref(json);
    if (length > TABLEBASE_ITEM_MAX) {
        return host->fail(error, PXM_E_LIMIT, "table.too_large",
                          "the item \"%s\" would have %zu bytes, more than the %d that a table takes", change->key,
                          length, TABLEBASE_ITEM_MAX);
    }
    return status;
}

/* What the item would become; applied false: it stays. */
static pxm_status decide(struct change *change, pxm_error *error)
{
    struct dynamo *dynamo = change->dynamo;
    const struct pxm_record *record = change->record;
    const struct dynamo_item *item = &change->item;
    if (item->is_there && (record->flags & PXM_RECORD_IF_ABSENT)) {
        return dynamo->host->fail(error, PXM_E_EXISTS, "table.exists", "there is an item \"%s\" in table %s",
                                  record->key, dynamo->config->table);
    }
    pxm_status status = tablebase_expect(&dynamo->base, record->key, item->shown, record->expect, error);
    if (status == PXM_OK) {
        status = tablebase_newer(&dynamo->base, record, item->shown, &change->applied, error);
    }
    if (status != PXM_OK || !change->applied) {
        return status;
    }
    status = tablebase_merge(&dynamo->base, record, item->shown, &change->merged, error);
    if (status == PXM_OK) {
        status = check_size(change, error);
    }
    if (status == PXM_OK) {
        status = dynamo_rows_plan(dynamo, change->merged, item->is_there ? item->entries : "", change->token,
                                  &change->rows, error);
    }
    return status;
}

static const char *made_of(const struct change *change)
{
    return change->item.made ? change->item.made : change->made;
}

/* The attributes that the item keeps as they are, whoever has written them. */
static void write_kept(const struct change *change, struct aws_text *body)
{
    const struct pxm_host *host = change->dynamo->host;
    struct aws_json attributes, name, attribute;
    struct aws_text text;
    if (!change->item.is_there || (change->record->flags & PXM_RECORD_REPLACE) ||
        !aws_json_read(aws_text_get(&change->item.raw), change->item.raw.length, &attributes)) {
        return;
    }
    struct aws_json_walk walk = aws_json_walk(attributes);
    aws_text_init(&text, TABLEBASE_ITEM_MAX);
    while (aws_json_next(&walk, &name, &attribute)) {
        aws_text_clear(&text);
        body->failed |= !aws_json_text(name, &text);
        /* The key, what is set, and the driver's own are written elsewhere; what is in neither was null. */
        if (host->value_get(change->merged, aws_text_get(&text)) &&
            !host->value_get(change->record->set, aws_text_get(&text))) {
            aws_text_puts(body, ",");
            aws_text_add(body, name.text, name.length);
            aws_text_puts(body, ":");
            aws_text_add(body, attribute.text, attribute.length);
        }
    }
    aws_text_done(&text);
}

static pxm_status write_set(const struct change *change, struct aws_text *body, pxm_error *error)
{
    const struct pxm_host *host = change->dynamo->host;
    const pxm_value *set = change->record->set;
    pxm_status status = PXM_OK;
    for (size_t i = 0; status == PXM_OK && i < host->value_count(set); i++) {
        const char *name = host->value_key(set, i);
        if (host->value_get(change->merged, name)) {
            aws_text_puts(body, ",");
            aws_json_write(body, name, strlen(name));
            aws_text_puts(body, ":");
            status = dynamo_write_value(host, host->value_at(set, i), body, error);
        }
    }
    return status;
}

static void write_own(const struct change *change, struct aws_text *body)
{
    const struct dynamo *dynamo = change->dynamo;
    const struct dynamo_item *item = &change->item;
    char list[DYNAMO_LIST_TEXT], ops[DYNAMO_OPS_KEPT * (DYNAMO_TOKEN + 1) + 1];
    int64_t seq = item->seq ? strtoll(item->seq, NULL, 10) : 0;
    snprintf(ops, sizeof ops, "%s%s%.*s", change->token, item->is_there && *item->ops ? " " : "",
             (DYNAMO_OPS_KEPT - 1) * (DYNAMO_TOKEN + 1) - 1, item->is_there ? item->ops : "");
    dynamo_list(NULL, dynamo_shard(dynamo, change->key), list);
    aws_text_printf(body, ",\"" DYNAMO_SEQ "\":{\"N\":\"%" PRId64 "\"},", seq + 1);
    dynamo_write_text(DYNAMO_OPS, ops, strlen(ops), body);
    aws_text_puts(body, ",");
    dynamo_write_text(DYNAMO_MADE, made_of(change), strlen(made_of(change)), body);
    aws_text_puts(body, ",");
    dynamo_write_text(DYNAMO_LIST, list, strlen(list), body);
    if (change->rows.text.length > 0) {
        aws_text_puts(body, ",");
        dynamo_write_text(DYNAMO_ENTRIES, aws_text_get(&change->rows.text), change->rows.text.length, body);
    }
}

/* Adds that the item must be the one that was read. */
static void write_condition(const struct dynamo *dynamo, const struct dynamo_item *item, struct aws_text *body)
{
    if (item->is_there && item->seq) {
        aws_text_puts(body, ",\"ConditionExpression\":\"#s = :s AND #m = :m\",\"ExpressionAttributeNames\":{"
                            "\"#s\":\"" DYNAMO_SEQ "\",\"#m\":\"" DYNAMO_MADE "\"},\"ExpressionAttributeValues\":{"
                            "\":s\":{\"N\":");
        aws_json_write(body, item->seq, strlen(item->seq));
        aws_text_puts(body, "},");
        dynamo_write_text(":m", item->made ? item->made : "", item->made ? strlen(item->made) : 0, body);
        aws_text_puts(body, "}");
        return;
    }
    aws_text_printf(body, ",\"ConditionExpression\":\"%s\",\"ExpressionAttributeNames\":{\"#k\":",
                    item->is_there ? "attribute_exists(#k) AND attribute_not_exists(#s)" : "attribute_not_exists(#k)");
    aws_json_write(body, dynamo->config->key, strlen(dynamo->config->key));
    aws_text_puts(body, item->is_there ? ",\"#s\":\"" DYNAMO_SEQ "\"}" : "}");
}

static pxm_status write_item(const struct change *change, struct aws_text *body, pxm_error *error)
{
    const struct dynamo *dynamo = change->dynamo;
    dynamo_begin(dynamo, body);
    aws_text_puts(body, ",\"Item\":{");
    dynamo_write_text(dynamo->config->key, change->key, strlen(change->key), body);
    write_own(change, body);
    write_kept(change, body);
    pxm_status status = write_set(change, body, error);
    aws_text_puts(body, "}");
    write_condition(dynamo, &change->item, body);
    aws_text_puts(body, "}");
    return status;
}

/* Puts the rows that are new, and then the item. *ret_again: somebody was faster. */
static pxm_status store(struct change *change, bool *ret_again, pxm_error *error)
{
    struct dynamo *dynamo = change->dynamo;
    struct aws_text body;
    struct dynamo_reply reply = {.json = {0}};
    const char *rows = aws_text_get(&change->rows.text);
    if (!change->item.made && !change->made[0]) {
        dynamo_made(dynamo, change->token, change->made);
    }
    aws_free_text(change->before);
    change->before = aws_copy_text(change->item.is_there ? change->item.entries : "");
    dynamo_rows_note(&change->put, rows, change->token);
    if (!change->before || change->put.failed) {
        return dynamo_fail_memory(dynamo, error);
    }
    pxm_status status = dynamo_rows_put(dynamo, change->job, change->key, made_of(change), rows, change->token, error);
    if (status != PXM_OK) {
        return status;
    }
    status = write_item(change, &body, error);
    if (status == PXM_OK && !dynamo_call(dynamo, change->job, "PutItem", &body, &reply)) {
        *ret_again = reply.reply.fault.class == AWS_FAULT_CONDITION;
        status = *ret_again ? PXM_OK : dynamo_fail(dynamo, &reply, "record", change->key, error);
    }
    dynamo_reply_done(&reply);
    aws_text_done(&body);
    return status;
}

/* ---- record ---- */

static void forget_round(struct change *change)
{
    dynamo_item_done(change->dynamo, &change->item);
    change->dynamo->host->value_unref(change->merged);
    change->merged = NULL;
    dynamo_rows_done(&change->rows);
}

/* Drops the rows that the item needs no more, and those that were put in vain. */
static void tidy(const struct change *change, const char *needed)
{
    if (change->before) {
        dynamo_rows_drop(change->dynamo, change->job, change->key, change->before, needed);
    }
    dynamo_rows_drop(change->dynamo, change->job, change->key, aws_text_get(&change->put), needed);
}

/* *ret_again: it is to be done once more. */
static pxm_status change_once(struct change *change, int round, bool *ret_again, pxm_error *error)
{
    bool is_new = round == 0 && (change->record->flags & PXM_RECORD_IF_ABSENT);
    pxm_status status =
        is_new ? PXM_OK : dynamo_item_read(change->dynamo, change->job, change->key, &change->item, error);
    if (status != PXM_OK) {
        return status;
    }
    if (round > 0 && dynamo_item_has_op(&change->item, change->token)) { /* our own write, whose reply was lost */
        tidy(change, change->item.entries);
        return PXM_OK;
    }
    status = decide(change, error);
    if (status != PXM_OK || !change->applied || is_same(change)) {
        aws_free_text(change->before);
        change->before = NULL;
        change->created = !change->item.is_there;
        tidy(change, change->item.is_there ? change->item.entries : "");
        return status;
    }
    change->created = !change->item.is_there;
    status = store(change, ret_again, error);
    if (status == PXM_OK && !*ret_again) {
        tidy(change, aws_text_get(&change->rows.text));
    }
    return status;
}

static pxm_status fail_busy(const struct dynamo *dynamo, const char *key, pxm_error *error)
{
    return dynamo->host->fail(error, PXM_E_TRANSIENT, "table.unavailable",
                              "too many write the item \"%s\" of the table %s at once", key, dynamo->config->table);
}

static pxm_status change_item(struct change *change, pxm_error *error)
{
    pxm_status status = PXM_OK;
    bool again = true;
    aws_text_init(&change->put, (size_t)DYNAMO_ROWS_MAX * DYNAMO_ROW);
    for (int round = 0; again && round < ROUNDS_MAX; round++) {
        again = false;
        status = change_once(change, round, &again, error);
        forget_round(change);
        if (again && round >= CALM_ROUNDS && !dynamo_pause(change->dynamo, change->job, 1)) {
            status = dynamo_in_time(change->dynamo, change->job, error);
            break;
        }
    }
    if (status == PXM_OK && again) {
        status = fail_busy(change->dynamo, change->key, error);
    }
    aws_text_done(&change->put);
    aws_free_text(change->before);
    return status;
}

/* The service keeps what it is given under names that start with ours. */
static pxm_status check_names(const struct dynamo *dynamo, const struct pxm_record *record, pxm_error *error)
{
    for (size_t i = 0; i < dynamo->host->value_count(record->set); i++) {
        if (strncmp(dynamo->host->value_key(record->set, i), DYNAMO_OWN, sizeof DYNAMO_OWN - 1) == 0) {
            return dynamo->host->fail(error, PXM_E_INVALID, "table.bad_record",
                                      "the names of fields that start with " DYNAMO_OWN " are the table's own");
        }
    }
    return PXM_OK;
}

pxm_status dynamo_record(void *self, pxm_job *job, const struct pxm_record *record, pxm_value *fields, pxm_error *error)
{
    struct dynamo *dynamo = self;
    const struct pxm_host *host = dynamo->host;
    struct change change = {.dynamo = dynamo, .job = job, .key = record->key, .record = record};
    pxm_status status = tablebase_check_key(host, record->key, error);
    if (status == PXM_OK) {
        status = tablebase_check_set(&dynamo->base, record, error);
    }
    if (status == PXM_OK) {
        status = check_names(dynamo, record, error);
    }
    if (status == PXM_OK) {
        status = dynamo_in_time(dynamo, job, error);
    }
    if (status == PXM_OK && !dynamo_token(change.token)) {
        status = dynamo_fail_memory(dynamo, error);
    }
    if (status == PXM_OK) {
        status = change_item(&change, error);
    }
    if (status == PXM_OK) {
        host->value_set(fields, "key", host->value_string(record->key, strlen(record->key)));
        host->value_set(fields, "created", host->value_bool(change.created));
        host->value_set(fields, "applied", host->value_bool(change.applied));
    }
    return status;
}

/* ---- lookup and erase ---- */

pxm_status dynamo_lookup(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    const struct dynamo *dynamo = self;
    const struct pxm_host *host = dynamo->host;
    struct dynamo_item item = {.is_there = false};
    pxm_status status = tablebase_check_key(host, key, error);
    if (status == PXM_OK) {
        status = dynamo_in_time(dynamo, job, error);
    }
    if (status == PXM_OK) {
        status = dynamo_item_read(dynamo, job, key, &item, error);
    }
    if (status == PXM_OK && !item.is_there) {
        status = host->fail(error, PXM_E_NOT_FOUND, "table.not_found", "no item \"%s\" in table %s", key,
                            dynamo->config->table);
    }
    if (status == PXM_OK) {
        host->value_set(fields, "key", host->value_string(key, strlen(key)));
        host->value_set(fields, "item", host->value_ref(item.shown));
    }
    dynamo_item_done(dynamo, &item);
    return status;
}

struct erasure {
    const struct dynamo *dynamo;
    pxm_job *job;
    const char *key;
    const pxm_value *expect;
    struct dynamo_item item; /* what was there; is_there false: nothing */
    bool may_be_ours;        /* an attempt to erase it got no reply, so it may have been done */
};

static pxm_status drop_item(struct erasure *erasure, bool *ret_again, pxm_error *error)
{
    const struct dynamo *dynamo = erasure->dynamo;
    struct aws_text body;
    struct dynamo_reply reply;
    pxm_status status = PXM_OK;
    dynamo_begin(dynamo, &body);
    dynamo_write_key(dynamo, "Key", erasure->key, &body);
    write_condition(dynamo, &erasure->item, &body);
    aws_text_puts(&body, "}");
    if (!dynamo_call(dynamo, erasure->job, "DeleteItem", &body, &reply)) {
        *ret_again = reply.reply.fault.class == AWS_FAULT_CONDITION;
        erasure->may_be_ours |= reply.reply.attempts > 1;
        status = *ret_again ? PXM_OK : dynamo_fail(dynamo, &reply, "erase", erasure->key, error);
    }
    dynamo_reply_done(&reply);
    aws_text_done(&body);
    return status;
}

static pxm_status erase_once(struct erasure *erasure, bool *ret_again, pxm_error *error)
{
    const struct dynamo *dynamo = erasure->dynamo;
    struct dynamo_item item = {.is_there = false};
    pxm_status status = dynamo_item_read(dynamo, erasure->job, erasure->key, &item, error);
    if (status != PXM_OK) {
        return status;
    }
    if (!item.is_there && erasure->may_be_ours) {
        return PXM_OK;
    }
    dynamo_item_done(dynamo, &erasure->item);
    erasure->item = item;
    erasure->may_be_ours = false;
    status = tablebase_expect(&dynamo->base, erasure->key, item.shown, erasure->expect, error);
    return status == PXM_OK && item.is_there ? drop_item(erasure, ret_again, error) : status;
}

pxm_status dynamo_erase(void *self, pxm_job *job, const char *key, const pxm_value *expect, pxm_value *fields,
                        pxm_error *error)
{
    const struct dynamo *dynamo = self;
    const struct pxm_host *host = dynamo->host;
    struct erasure erasure = {.dynamo = dynamo, .job = job, .key = key, .expect = expect};
    bool again = true;
    pxm_status status = tablebase_check_key(host, key, error);
    if (status == PXM_OK) {
        status = dynamo_in_time(dynamo, job, error);
    }
    for (int round = 0; status == PXM_OK && again && round < ROUNDS_MAX; round++) {
        again = false;
        status = erase_once(&erasure, &again, error);
    }
    if (status == PXM_OK && again) {
        status = fail_busy(dynamo, key, error);
    }
    if (status == PXM_OK) {
        const struct dynamo_item *item = &erasure.item;
        if (item->is_there) {
            dynamo_rows_drop(dynamo, job, key, item->entries, "");
        }
        host->value_set(fields, "erased", host->value_bool(item->is_there));
        host->value_set(fields, "item", item->is_there ? host->value_ref(item->shown) : host->value_null());
    }
    dynamo_item_done(dynamo, &erasure.item);
    return status;
}
