/* One item: what is read of it, and shown. */
#include "dynamodb.h"

#include <stdlib.h>
#include <string.h>

enum { OWN_TEXT_MAX = DYNAMO_ROWS_MAX * DYNAMO_ROW + 1 };

void dynamo_item_done(const struct dynamo *dynamo, struct dynamo_item *item)
{
    dynamo->host->value_unref(item->shown);
    aws_text_done(&item->raw);
    aws_free_text(item->ops);
    aws_free_text(item->entries);
    aws_free_text(item->seq);
    aws_free_text(item->made);
    *item = (struct dynamo_item){.is_there = false};
}

/* ---- what a reply says ---- */

/* One of the driver's own attributes, of type `type`; NULL where it is not there. False: no memory. */
static bool read_own(struct aws_json attributes, const char *name, const char *type, const char *otherwise, char **ret)
{
    struct aws_json value = aws_json_get(aws_json_get(attributes, name), type);
    struct aws_text text;
    aws_text_init(&text, OWN_TEXT_MAX);
    if (aws_json_kind(value) != AWS_JSON_STRING || !aws_json_text(value, &text)) {
        bool good = !text.failed || text.is_full;
        aws_text_done(&text);
        *ret = aws_copy_text(otherwise);
        return good && (*ret || !otherwise);
    }
    *ret = aws_text_take(&text);
    return *ret != NULL;
}

static bool is_own(const char *name)
{
    return strncmp(name, DYNAMO_OWN, sizeof DYNAMO_OWN - 1) == 0;
}

/* Adds the fields behind the key. */
static bool show_fields(const struct dynamo *dynamo, struct aws_json attributes, pxm_value *shown, bool *ret_bad)
{
    const struct pxm_host *host = dynamo->host;
    struct aws_json_walk walk = aws_json_walk(attributes);
    struct aws_json name, attribute;
    struct aws_text text;
    bool good = true;
    aws_text_init(&text, TABLEBASE_ITEM_MAX);
    while (good && aws_json_next(&walk, &name, &attribute)) {
        aws_text_clear(&text);
        good = aws_json_text(name, &text) && host->utf8_valid(aws_text_get(&text), text.length);
        *ret_bad |= !good && (!text.failed || text.is_full);
        const char *field = aws_text_get(&text);
        if (good && !is_own(field) && strcmp(field, dynamo->config->key) != 0) {
            good = host->value_set(shown, field, dynamo_read_value(host, attribute, ret_bad)) == PXM_OK;
        }
    }
    aws_text_done(&text);
    return good;
}

static bool show(const struct dynamo *dynamo, struct aws_json attributes, pxm_value **ret, bool *ret_bad)
{
    const struct pxm_host *host = dynamo->host;
    pxm_value *shown = host->value_record();
    pxm_value *key = dynamo_read_value(host, aws_json_get(attributes, dynamo->config->key), ret_bad);
    *ret_bad |= key && host->value_type(key) != PXM_TYPE_STRING;
    bool good = host->value_set(shown, dynamo->config->key, key) == PXM_OK &&
                show_fields(dynamo, attributes, shown, ret_bad) && !*ret_bad;
    if (!good) {
        host->value_unref(shown);
        return false;
    }
    *ret = shown;
    return true;
}

pxm_status dynamo_item_take(const struct dynamo *dynamo, struct aws_json attributes, struct dynamo_item *ret,
                            pxm_error *error)
{
    struct dynamo_item item = {.is_there = true};
    bool is_bad = false;
    if (aws_json_kind(attributes) != AWS_JSON_OBJECT) {
        *ret = (struct dynamo_item){.is_there = false};
        return PXM_OK;
    }
    aws_text_init(&item.raw, DYNAMO_REPLY_MAX);
    aws_text_add(&item.raw, attributes.text, attributes.length);
    bool good = read_own(attributes, DYNAMO_SEQ, "N", NULL, &item.seq) &&
                read_own(attributes, DYNAMO_MADE, "S", NULL, &item.made) &&
                read_own(attributes, DYNAMO_OPS, "S", "", &item.ops) &&
                read_own(attributes, DYNAMO_ENTRIES, "S", "", &item.entries) && !item.raw.failed &&
                show(dynamo, attributes, &item.shown, &is_bad);
    if (!good) {
        dynamo_item_done(dynamo, &item);
        return is_bad ? dynamo->host->fail(error, PXM_E_INTERNAL, "table.damaged",
                                           "an item of the table %s has attributes that are none of DynamoDB",
                                           dynamo->config->table)
                      : dynamo_fail_memory(dynamo, error);
    }
    *ret = item;
    return PXM_OK;
}

pxm_status dynamo_item_read(const struct dynamo *dynamo, pxm_job *job, const char *key, struct dynamo_item *ret,
                            pxm_error *error)
{
    struct aws_text body;
    struct dynamo_reply reply;
    dynamo_begin(dynamo, &body);
    dynamo_write_key(dynamo, "Key", key, &body);
    aws_text_puts(&body, ",\"ConsistentRead\":true}");
    pxm_status status = dynamo_call(dynamo, job, "GetItem", &body, &reply)
                            ? dynamo_item_take(dynamo, aws_json_get(reply.json, "Item"), ret, error)
                            : dynamo_fail(dynamo, &reply, "read", key, error);
    dynamo_reply_done(&reply);
    aws_text_done(&body);
    return status;
}

bool dynamo_item_has_op(const struct dynamo_item *item, const char *token)
{
    return item->is_there && strstr(item->ops, token) != NULL;
}
