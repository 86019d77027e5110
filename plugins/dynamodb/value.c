/* Values as attributes and back. [any] */
#include "dynamodb.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_TEXT_MAX = 256, READ_DEPTH_MAX = 32 };

/* ---- writing ---- */

static pxm_status write_float(const struct pxm_host *host, const pxm_value *value, struct aws_text *to,
                              pxm_error *error)
{
    pxm_blob *json = NULL;
    size_t length = 0;
    double size = fabs(host->value_as_float(value));
    if (size != 0 && !(size >= 1e-130 && size < 1e126)) {
        return host->fail(error, PXM_E_INVALID, "table.bad_record",
                          "DynamoDB keeps no number of that size: it must be within 1e-130 and 1e126");
    }
    pxm_status status = host->value_to_json(value, &json, error);
    if (status == PXM_OK) {
        const char *text = host->blob_data(json, &length);
        aws_text_puts(to, "{\"N\":\"");
        aws_text_add(to, text, length);
        aws_text_puts(to, "\"}");
    }
    host->blob_unref(json);
    return status;
}

/* Recursion ends: what may be stored nests at most PXM_STORED_DEPTH_MAX deep. */
static pxm_status write_members(const struct pxm_host *host, const pxm_value *value, bool is_record,
                                struct aws_text *to, pxm_error *error)
{
    pxm_status status = PXM_OK;
    aws_text_puts(to, is_record ? "{\"M\":{" : "{\"L\":[");
    for (size_t i = 0; status == PXM_OK && i < host->value_count(value); i++) {
        aws_text_puts(to, i > 0 ? "," : "");
        if (is_record) {
            const char *name = host->value_key(value, i);
            aws_json_write(to, name, strlen(name));
            aws_text_puts(to, ":");
        }
        status = dynamo_write_value(host, host->value_at(value, i), to, error);
    }
    aws_text_puts(to, is_record ? "}}" : "]}");
    return status;
}

pxm_status dynamo_write_value(const struct pxm_host *host, const pxm_value *value, struct aws_text *to,
                              pxm_error *error)
{
    size_t length = 0;
    const char *text = host->value_as_string(value, &length);
    switch (host->value_type(value)) {
    case PXM_TYPE_NULL:
        aws_text_puts(to, "{\"NULL\":true}");
        return PXM_OK;
    case PXM_TYPE_BOOL:
        aws_text_printf(to, "{\"BOOL\":%s}", host->value_as_bool(value) ? "true" : "false");
        return PXM_OK;
    case PXM_TYPE_INT:
        aws_text_printf(to, "{\"N\":\"%" PRId64 "\"}", host->value_as_int(value));
        return PXM_OK;
    case PXM_TYPE_FLOAT:
        return write_float(host, value, to, error);
    case PXM_TYPE_STRING:
        aws_text_puts(to, "{\"S\":");
        aws_json_write(to, text, length);
        aws_text_puts(to, "}");
        return PXM_OK;
    case PXM_TYPE_LIST:
        return write_members(host, value, false, to, error);
    case PXM_TYPE_RECORD:
        return write_members(host, value, true, to, error);
    default:
        return host->fail(error, PXM_E_INVALID, "table.bad_record", "a table keeps no pictures and no bytes");
    }
}

/* ---- reading ---- */

static pxm_value *bad(bool *ret_bad)
{
    *ret_bad = true;
    return NULL;
}

static pxm_value *read_text(const struct pxm_host *host, struct aws_json json, bool *ret_bad)
{
    struct aws_text text;
    pxm_value *value = NULL;
    aws_text_init(&text, DYNAMO_REPLY_MAX);
    if (aws_json_text(json, &text)) {
        bool valid = host->utf8_valid(aws_text_get(&text), text.length);
        value = valid ? host->value_string(aws_text_get(&text), text.length) : bad(ret_bad);
    } else {
        *ret_bad = !text.failed || text.is_full;
    }
    aws_text_done(&text);
    return value;
}

/* A whole number that an int cannot hold is read as a float. */
static pxm_value *read_number(const struct pxm_host *host, struct aws_json json, bool *ret_bad)
{
    pxm_value *value = NULL;
    char text[NUMBER_TEXT_MAX + sizeof ".0"];
    if (aws_json_kind(json) != AWS_JSON_STRING || json.length - 2 > NUMBER_TEXT_MAX) {
        return bad(ret_bad);
    }
    snprintf(text, sizeof text, "%.*s", (int)json.length - 2, json.text + 1);
    pxm_status status = host->value_from_json(text, strlen(text), &value, NULL);
    if (status != PXM_OK && status != PXM_E_NO_MEMORY && !strpbrk(text, ".eE")) {
        strncat(text, ".0", sizeof text - strlen(text) - 1);
        status = host->value_from_json(text, strlen(text), &value, NULL);
    }
    if (status == PXM_OK && !(host->value_type(value) & (PXM_TYPE_INT | PXM_TYPE_FLOAT))) {
        host->value_unref(value);
        return bad(ret_bad);
    }
    *ret_bad |= status != PXM_OK && status != PXM_E_NO_MEMORY;
    return status == PXM_OK ? value : NULL;
}

static pxm_value *read_attribute(const struct pxm_host *host, struct aws_json attribute, int levels, bool *ret_bad);

/* A member of a set is a string, of whatever type the set is. */
static pxm_value *read_list(const struct pxm_host *host, struct aws_json json, const char *set, int levels,
                            bool *ret_bad)
{
    struct aws_json_walk walk = aws_json_walk(json);
    struct aws_json name, member;
    pxm_value *list = host->value_list();
    bool good = list != NULL;
    while (good && aws_json_next(&walk, &name, &member)) {
        pxm_value *item = !set          ? read_attribute(host, member, levels - 1, ret_bad)
                          : *set == 'N' ? read_number(host, member, ret_bad)
                                        : read_text(host, member, ret_bad);
        good = host->value_append(list, item) == PXM_OK;
    }
    if (!good) {
        host->value_unref(list);
    }
    return good ? list : NULL;
}

static pxm_value *read_record(const struct pxm_host *host, struct aws_json json, int levels, bool *ret_bad)
{
    struct aws_json_walk walk = aws_json_walk(json);
    struct aws_json name, member;
    struct aws_text text;
    pxm_value *record = host->value_record();
    bool good = record != NULL;
    aws_text_init(&text, TABLEBASE_ITEM_MAX);
    while (good && aws_json_next(&walk, &name, &member)) {
        aws_text_clear(&text);
        good = aws_json_text(name, &text) && host->utf8_valid(aws_text_get(&text), text.length);
        *ret_bad |= !good && (!text.failed || text.is_full);
        good = good && host->value_set(record, aws_text_get(&text),
                                       read_attribute(host, member, levels - 1, ret_bad)) == PXM_OK;
    }
    aws_text_done(&text);
    if (!good) {
        host->value_unref(record);
    }
    return good ? record : NULL;
}

/* Recursion that `levels` bounds. */
static pxm_value *read_attribute(const struct pxm_host *host, struct aws_json attribute, int levels, bool *ret_bad)
{
    struct aws_json_walk walk = aws_json_walk(attribute);
    struct aws_json name, value;
    if (levels == 0 || aws_json_kind(attribute) != AWS_JSON_OBJECT || !aws_json_next(&walk, &name, &value)) {
        return bad(ret_bad);
    }
    enum aws_json_kind kind = aws_json_kind(value);
    static const char *const sets[] = {"SS", "NS", "BS"};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        if (aws_json_equals(name, sets[i]) && kind == AWS_JSON_ARRAY) {
            return read_list(host, value, sets[i], levels, ret_bad);
        }
    }
    if (aws_json_equals(name, "S") || aws_json_equals(name, "B")) {
        return read_text(host, value, ret_bad);
    }
    if (aws_json_equals(name, "N")) {
        return read_number(host, value, ret_bad);
    }
    if (aws_json_equals(name, "BOOL") && kind == AWS_JSON_BOOL) {
        return host->value_bool(aws_json_is_true(value));
    }
    if (aws_json_equals(name, "NULL")) {
        return host->value_null();
    }
    if (aws_json_equals(name, "L") && kind == AWS_JSON_ARRAY) {
        return read_list(host, value, NULL, levels, ret_bad);
    }
    if (aws_json_equals(name, "M") && kind == AWS_JSON_OBJECT) {
        return read_record(host, value, levels, ret_bad);
    }
    return bad(ret_bad);
}

pxm_value *dynamo_read_value(const struct pxm_host *host, struct aws_json attribute, bool *ret_bad)
{
    return read_attribute(host, attribute, READ_DEPTH_MAX, ret_bad);
}
