/* Items as values: what may be written, conditions, and merging. */
#include "tablebase/tablebase.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER = PXM_TYPE_INT | PXM_TYPE_FLOAT };

pxm_status tablebase_check_key(const struct pxm_host *host, const char *key, pxm_error *error)
{
    size_t length = strnlen(key, TABLEBASE_KEY_MAX + 1);
    const char *reason = NULL;
    if (length == 0 || length > TABLEBASE_KEY_MAX) {
        reason = length == 0 ? "it is empty" : "it is longer than 1024 bytes";
    } else if (!host->utf8_valid(key, length)) {
        reason = "it is not UTF-8";
    }
    for (const char *at = key; !reason && *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            reason = "it has a control character";
        }
    }
    return reason ? host->fail(error, PXM_E_INVALID, "table.bad_key", "not a usable key of an item: %s", reason)
                  : PXM_OK;
}

/* Recursion that `levels` bounds. */
bool tablebase_is_deeper(const struct pxm_host *host, const pxm_value *value, int levels)
{
    if (!(host->value_type(value) & (PXM_TYPE_LIST | PXM_TYPE_RECORD))) {
        return false;
    }
    bool deeper = levels == 0;
    for (size_t i = 0; !deeper && i < host->value_count(value); i++) {
        deeper = tablebase_is_deeper(host, host->value_at(value, i), levels - 1);
    }
    return deeper;
}

static bool is_key_field(const struct tablebase *table, const char *name)
{
    return strcmp(name, table->key_field) == 0;
}

pxm_status tablebase_check_indexes(const struct tablebase *table, const pxm_value *indexes, pxm_error *error)
{
    const struct pxm_host *host = table->host;
    for (size_t i = 0; indexes && i < host->value_count(indexes); i++) {
        size_t length = 0;
        const char *field = host->value_as_string(host->value_at(indexes, i), &length);
        if (length == 0 || length > TABLEBASE_NAME_MAX || is_key_field(table, field)) {
            return host->fail(error, PXM_E_INVALID, "option.invalid",
                              "indexes: \"%s\" is not the name of a field that can have an index", field);
        }
        for (size_t other = 0; other < i; other++) {
            if (strcmp(field, host->value_as_string(host->value_at(indexes, other), NULL)) == 0) {
                return host->fail(error, PXM_E_INVALID, "option.invalid", "indexes: %s is there twice", field);
            }
        }
    }
    return PXM_OK;
}

static bool is_text(const struct pxm_host *host, const pxm_value *value, const char *text)
{
    size_t length = 0;
    const char *got = host->value_as_string(value, &length);
    return host->value_type(value) == PXM_TYPE_STRING && length == strlen(text) && memcmp(got, text, length) == 0;
}

static bool is_missing(const struct pxm_host *host, const pxm_value *value)
{
    return !value || host->value_type(value) == PXM_TYPE_NULL;
}

pxm_status tablebase_check_set(const struct tablebase *table, const struct pxm_record *record, pxm_error *error)
{
    const struct pxm_host *host = table->host;
    if (host->value_type(record->set) != PXM_TYPE_RECORD) {
        return host->fail(error, PXM_E_INVALID, "table.bad_record", "what to set must be a record");
    }
    if (tablebase_is_deeper(host, record->set, PXM_STORED_DEPTH_MAX)) {
        return host->fail(error, PXM_E_INVALID, "table.bad_record", "the item \"%s\" nests deeper than %d levels",
                          record->key, PXM_STORED_DEPTH_MAX);
    }
    for (size_t i = 0; i < host->value_count(record->set); i++) {
        const char *name = host->value_key(record->set, i);
        size_t length = strnlen(name, TABLEBASE_NAME_MAX + 1);
        if (length == 0 || length > TABLEBASE_NAME_MAX) {
            return host->fail(error, PXM_E_INVALID, "table.bad_record", "the name of a field must have 1 to %d bytes",
                              TABLEBASE_NAME_MAX);
        }
        if (is_key_field(table, name) && !is_text(host, host->value_at(record->set, i), record->key)) {
            return host->fail(error, PXM_E_INVALID, "table.bad_record",
                              "the field %s of \"%s\" is its key and cannot have another value", name, record->key);
        }
    }
    uint32_t newer = record->newer_by ? host->value_type(host->value_get(record->set, record->newer_by)) : NUMBER;
    if (!(newer & (NUMBER | PXM_TYPE_STRING))) {
        return host->fail(error, PXM_E_INVALID, "table.bad_record",
                          "newer_by says %s, which must be among the fields to set, a number or a string",
                          record->newer_by);
    }
    return PXM_OK;
}

pxm_status tablebase_expect(const struct tablebase *table, const char *key, const pxm_value *item,
                            const pxm_value *expect, pxm_error *error)
{
    const struct pxm_host *host = table->host;
    for (size_t i = 0; expect && i < host->value_count(expect); i++) {
        const char *name = host->value_key(expect, i);
        const pxm_value *wanted = host->value_at(expect, i);
        const pxm_value *found = item ? host->value_get(item, name) : NULL;
        bool holds = is_missing(host, wanted) ? is_missing(host, found) : found && host->value_equal(wanted, found);
        if (!holds) {
            return host->fail(error, PXM_E_EXISTS, "table.conflict", "the field %s of \"%s\" is not as expected", name,
                              key);
        }
    }
    return PXM_OK;
}

static int compare_text(const struct pxm_host *host, const pxm_value *a, const pxm_value *b)
{
    size_t length_a, length_b;
    const char *text_a = host->value_as_string(a, &length_a), *text_b = host->value_as_string(b, &length_b);
    int order = memcmp(text_a, text_b, length_a < length_b ? length_a : length_b);
    return order ? order : (length_a > length_b) - (length_a < length_b);
}

static int compare_numbers(const struct pxm_host *host, const pxm_value *a, const pxm_value *b)
{
    if (host->value_type(a) == PXM_TYPE_INT && host->value_type(b) == PXM_TYPE_INT) {
        int64_t int_a = host->value_as_int(a), int_b = host->value_as_int(b);
        return (int_a > int_b) - (int_a < int_b);
    }
    double float_a = host->value_as_float(a), float_b = host->value_as_float(b);
    return (float_a > float_b) - (float_a < float_b);
}

pxm_status tablebase_newer(const struct tablebase *table, const struct pxm_record *record, const pxm_value *item,
                           bool *ret_newer, pxm_error *error)
{
    const struct pxm_host *host = table->host;
    const pxm_value *has = item && record->newer_by ? host->value_get(item, record->newer_by) : NULL;
    if (is_missing(host, has)) {
        *ret_newer = true;
        return PXM_OK;
    }
    const pxm_value *wants = host->value_get(record->set, record->newer_by);
    uint32_t both = host->value_type(has) | host->value_type(wants);
    if (both == PXM_TYPE_STRING) {
        *ret_newer = compare_text(host, wants, has) > 0;
    } else if (!(both & ~(uint32_t)NUMBER)) {
        *ret_newer = compare_numbers(host, wants, has) > 0;
    } else {
        return host->fail(error, PXM_E_EXISTS, "table.conflict",
                          "the field %s of \"%s\" is of another type, so neither value is newer", record->newer_by,
                          record->key);
    }
    return PXM_OK;
}

/* Copies fields of `from` that are neither missing nor the key; of those that `over` has, `over` decides. */
static bool copy_fields(const struct tablebase *table, pxm_value *to, const pxm_value *from, const pxm_value *over)
{
    const struct pxm_host *host = table->host;
    for (size_t i = 0; i < host->value_count(from); i++) {
        const char *name = host->value_key(from, i);
        const pxm_value *value = host->value_at(from, i), *other = over ? host->value_get(over, name) : NULL;
        value = other ? other : value;
        if (!is_key_field(table, name) && !is_missing(host, value) &&
            host->value_set(to, name, host->value_ref(value)) != PXM_OK) {
            return false;
        }
    }
    return true;
}

pxm_status tablebase_merge(const struct tablebase *table, const struct pxm_record *record, const pxm_value *item,
                           pxm_value **ret, pxm_error *error)
{
    const struct pxm_host *host = table->host;
    bool keep = item && !(record->flags & PXM_RECORD_REPLACE);
    pxm_value *merged = host->value_record();
    if (!merged || (keep && !copy_fields(table, merged, item, record->set)) ||
        !copy_fields(table, merged, record->set, NULL)) {
        host->value_unref(merged);
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    *ret = merged;
    return PXM_OK;
}
