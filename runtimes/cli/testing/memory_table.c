/* The table of the plugin `memory`: items, and writing, reading and erasing one. Items are found by looking at all
 * of them, which is fast enough for the few that a test has. [any] */
#include "memory_table.h"

#include <stdlib.h>
#include <string.h>

enum { ITEM_BYTES_MAX = 400 << 10, NAME_BYTES_MAX = 255, NUMBER = PXM_TYPE_INT | PXM_TYPE_FLOAT };

/* ---- items ---- */

static void *items_new(void)
{
    return calloc(1, sizeof(struct memory_items));
}

static void items_free(const struct pxm_host *host, void *arg)
{
    struct memory_items *contents = arg;

    for (size_t i = 0; i < contents->count; i++) {
        free(contents->items[i].key);
        host->value_unref(contents->items[i].fields);
    }
    free(contents->items);
    free(contents);
}

static struct memory_item *find(const struct memory_items *contents, const char *key)
{
    for (size_t i = 0; i < contents->count; i++) {
        if (strcmp(contents->items[i].key, key) == 0) {
            return &contents->items[i];
        }
    }
    return NULL;
}

static const char *key_field(const struct memory_driver *driver)
{
    const struct memory_table_config *config = driver->config;

    return config->key;
}

pxm_value *memory_table_show(const struct memory_driver *driver, const struct memory_item *item)
{
    const struct pxm_host *host = driver->host;
    pxm_value *shown = host->value_record();
    bool failed = !shown || host->value_set(shown, key_field(driver), memory_text(host, item->key)) != PXM_OK;

    for (size_t i = 0; !failed && i < host->value_count(item->fields); i++) {
        failed = host->value_set(shown, host->value_key(item->fields, i),
                                 host->value_ref(host->value_at(item->fields, i))) != PXM_OK;
    }
    if (failed) {
        host->value_unref(shown);
        return NULL;
    }
    return shown;
}

static bool is_missing(const struct pxm_host *host, const pxm_value *value)
{
    return !value || host->value_type(value) == PXM_TYPE_NULL;
}

static pxm_status check_key(const struct memory_driver *driver, const char *key, pxm_error *error)
{
    const char *reason = memory_bad_key(driver->host, key);

    return reason ? driver->host->fail(error, PXM_E_INVALID, "table.bad_key", "not a usable key: %s", reason) : PXM_OK;
}

/* ---- conditions ---- */

/* `item` may be NULL: none there. */
static pxm_status check_expected(const struct memory_driver *driver, const char *key, const struct memory_item *item,
                                 const pxm_value *expect, pxm_error *error)
{
    const struct pxm_host *host = driver->host;
    pxm_value *shown = item ? memory_table_show(driver, item) : NULL;
    pxm_status status = item && !shown ? memory_fail_memory(host, error) : PXM_OK;

    for (size_t i = 0; status == PXM_OK && expect && i < host->value_count(expect); i++) {
        const char *name = host->value_key(expect, i);
        const pxm_value *wanted = host->value_at(expect, i);
        const pxm_value *found = shown ? host->value_get(shown, name) : NULL;
        if (is_missing(host, wanted) ? !is_missing(host, found) : !found || !host->value_equal(wanted, found)) {
            status = host->fail(error, PXM_E_EXISTS, "table.conflict", "the field %s of \"%s\" is not as expected",
                                name, key);
        }
    }
    host->value_unref(shown);
    return status;
}

/* < 0, 0, > 0 as strcmp; both are strings, or both numbers. */
static int compare(const struct pxm_host *host, const pxm_value *a, const pxm_value *b)
{
    uint32_t types = host->value_type(a) | host->value_type(b);

    if (types == PXM_TYPE_STRING) {
        return strcmp(host->value_as_string(a, NULL), host->value_as_string(b, NULL));
    }
    if (types == PXM_TYPE_INT) {
        int64_t left = host->value_as_int(a);
        int64_t right = host->value_as_int(b);
        return (left > right) - (left < right);
    }
    double left = host->value_as_float(a);
    double right = host->value_as_float(b);
    return (left > right) - (left < right);
}

/* Whether what is to be written is newer than the item, if it matters. */
static pxm_status check_newer(const struct pxm_host *host, const struct pxm_record *record,
                              const struct memory_item *item, bool *ret_newer, pxm_error *error)
{
    const pxm_value *has = item && record->newer_by ? host->value_get(item->fields, record->newer_by) : NULL;

    *ret_newer = true;
    if (is_missing(host, has)) {
        return PXM_OK;
    }
    const pxm_value *wants = host->value_get(record->set, record->newer_by);
    uint32_t types = host->value_type(has) | host->value_type(wants);
    if (types != PXM_TYPE_STRING && (types & ~(uint32_t)NUMBER)) {
        return host->fail(error, PXM_E_EXISTS, "table.conflict",
                          "the field %s of \"%s\" is of another type, so neither value is newer", record->newer_by,
                          record->key);
    }
    *ret_newer = compare(host, wants, has) > 0;
    return PXM_OK;
}

/* ---- record ---- */

static pxm_status check_field(const struct memory_driver *driver, const struct pxm_record *record, size_t index,
                              pxm_error *error)
{
    const struct pxm_host *host = driver->host;
    const char *name = host->value_key(record->set, index);
    const pxm_value *value = host->value_at(record->set, index);
    size_t length = strnlen(name, NAME_BYTES_MAX + 1);

    if (length == 0 || length > NAME_BYTES_MAX) {
        return host->fail(error, PXM_E_INVALID, "table.bad_record", "the name of a field has 1 to 255 bytes");
    }
    if (strcmp(name, key_field(driver)) == 0 &&
        (host->value_type(value) != PXM_TYPE_STRING || strcmp(host->value_as_string(value, NULL), record->key) != 0)) {
        return host->fail(error, PXM_E_INVALID, "table.bad_record",
                          "the field %s of \"%s\" is its key and cannot have another value", name, record->key);
    }
    return PXM_OK;
}

static pxm_status check_record(const struct memory_driver *driver, const struct pxm_record *record, pxm_error *error)
{
    const struct pxm_host *host = driver->host;
    pxm_status status = check_key(driver, record->key, error);

    if (status == PXM_OK && host->value_type(record->set) != PXM_TYPE_RECORD) {
        status = host->fail(error, PXM_E_INVALID, "table.bad_record", "what to set must be a record");
    } else if (memory_is_deeper(host, record->set, PXM_STORED_DEPTH_MAX)) {
        status = host->fail(error, PXM_E_INVALID, "table.bad_record", "the item nests deeper than %d levels",
                            PXM_STORED_DEPTH_MAX);
    }
    for (size_t i = 0; status == PXM_OK && i < host->value_count(record->set); i++) {
        status = check_field(driver, record, i, error);
    }
    if (status == PXM_OK && record->newer_by &&
        !(host->value_type(host->value_get(record->set, record->newer_by)) & (NUMBER | PXM_TYPE_STRING))) {
        status = host->fail(error, PXM_E_INVALID, "table.bad_record",
                            "newer_by says %s, which must be among the fields to set, a number or a string",
                            record->newer_by);
    }
    return status;
}

/* Copies the fields of `from` that are neither null nor the key; those that `but` has stay out. */
static bool copy_fields(const struct memory_driver *driver, pxm_value *to, const pxm_value *from, const pxm_value *but)
{
    const struct pxm_host *host = driver->host;

    for (size_t i = 0; i < host->value_count(from); i++) {
        const char *name = host->value_key(from, i);
        const pxm_value *value = host->value_at(from, i);
        bool wanted =
            strcmp(name, key_field(driver)) != 0 && !is_missing(host, value) && !(but && host->value_get(but, name));
        if (wanted && host->value_set(to, name, host->value_ref(value)) != PXM_OK) {
            return false;
        }
    }
    return true;
}

/* What the item will be: its fields, and how much JSON they are. */
static pxm_status merge(const struct memory_driver *driver, const struct pxm_record *record,
                        const struct memory_item *item, struct memory_item *ret, pxm_error *error)
{
    const struct pxm_host *host = driver->host;
    bool keep = item && !(record->flags & PXM_RECORD_REPLACE);
    pxm_blob *json = NULL;

    ret->fields = host->value_record();
    if (!ret->fields || (keep && !copy_fields(driver, ret->fields, item->fields, record->set)) ||
        !copy_fields(driver, ret->fields, record->set, NULL)) {
        return memory_fail_memory(host, error);
    }
    pxm_status status = host->value_to_json(ret->fields, &json, error);
    if (status != PXM_OK) {
        return status;
    }
    ret->bytes = host->blob_length(json);
    host->blob_unref(json);
    if (ret->bytes > ITEM_BYTES_MAX) {
        return host->fail(error, PXM_E_LIMIT, "table.too_large", "the item \"%s\" would have %zu bytes, more than %d",
                          record->key, ret->bytes, ITEM_BYTES_MAX);
    }
    return memory_table_check_indexed(driver, ret->fields, error);
}

/* Takes over what `merged` holds. */
static pxm_status store(const struct memory_driver *driver, const char *key, struct memory_item *item,
                        struct memory_item *merged, pxm_error *error)
{
    struct memory_items *contents = driver->place->contents;
    char *copy = item ? item->key : strdup(key);

    if (!item && copy) {
        item = memory_grow((void **)&contents->items, &contents->count, sizeof *item);
        if (!item) {
            free(copy);
        }
    }
    if (!item || !copy) {
        return memory_fail_memory(driver->host, error);
    }
    if (item->key) {
        driver->host->value_unref(item->fields);
    } else {
        item->key = copy;
        item->made = contents->made++;
    }
    item->fields = merged->fields;
    item->bytes = merged->bytes;
    merged->fields = NULL;
    return PXM_OK;
}

static pxm_status write_item(const struct memory_driver *driver, const struct pxm_record *record, bool *ret_created,
                             bool *ret_applied, pxm_error *error)
{
    struct memory_item *item = find(driver->place->contents, record->key);
    struct memory_item merged = {0};

    *ret_created = !item;
    if (item && (record->flags & PXM_RECORD_IF_ABSENT)) {
        return driver->host->fail(error, PXM_E_EXISTS, "table.exists", "there is an item \"%s\"", record->key);
    }
    pxm_status status = check_expected(driver, record->key, item, record->expect, error);
    if (status == PXM_OK) {
        status = check_newer(driver->host, record, item, ret_applied, error);
    }
    if (status == PXM_OK && *ret_applied) {
        status = merge(driver, record, item, &merged, error);
        status = status == PXM_OK ? store(driver, record->key, item, &merged, error) : status;
        driver->host->value_unref(merged.fields);
    }
    return status;
}

static pxm_status table_record(void *self, pxm_job *job, const struct pxm_record *record, pxm_value *fields,
                               pxm_error *error)
{
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    bool created = false;
    bool applied = false;
    pxm_status status = check_record(driver, record, error);

    status = status == PXM_OK ? memory_in_time(host, job, error) : status;
    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&driver->place->lock);
    status = write_item(driver, record, &created, &applied, error);
    pthread_mutex_unlock(&driver->place->lock);
    if (status == PXM_OK) {
        host->value_set(fields, "key", memory_text(host, record->key));
        host->value_set(fields, "created", host->value_bool(created));
        host->value_set(fields, "applied", host->value_bool(applied));
    }
    return status;
}

/* ---- lookup, erase ---- */

static pxm_status table_lookup(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    pxm_value *shown = NULL;
    pxm_status status = check_key(driver, key, error);

    (void)job;
    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&driver->place->lock);
    const struct memory_item *item = find(driver->place->contents, key);
    shown = item ? memory_table_show(driver, item) : NULL;
    pthread_mutex_unlock(&driver->place->lock);
    if (!item) {
        return host->fail(error, PXM_E_NOT_FOUND, "table.not_found", "no item \"%s\"", key);
    }
    host->value_set(fields, "key", memory_text(host, key));
    host->value_set(fields, "item", shown);
    return PXM_OK;
}

static pxm_status erase_item(const struct memory_driver *driver, const char *key, const pxm_value *expect,
                             pxm_value **ret, pxm_error *error)
{
    struct memory_items *contents = driver->place->contents;
    struct memory_item *item = find(contents, key);
    pxm_status status = check_expected(driver, key, item, expect, error);

    if (status != PXM_OK || !item) {
        return status;
    }
    *ret = memory_table_show(driver, item);
    if (!*ret) {
        return memory_fail_memory(driver->host, error);
    }
    free(item->key);
    driver->host->value_unref(item->fields);
    memory_shrink(contents->items, &contents->count, sizeof *item, (size_t)(item - contents->items));
    return PXM_OK;
}

static pxm_status table_erase(void *self, pxm_job *job, const char *key, const pxm_value *expect, pxm_value *fields,
                              pxm_error *error)
{
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    pxm_value *erased = NULL;
    pxm_status status = check_key(driver, key, error);

    status = status == PXM_OK ? memory_in_time(host, job, error) : status;
    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&driver->place->lock);
    status = erase_item(driver, key, expect, &erased, error);
    pthread_mutex_unlock(&driver->place->lock);
    if (status == PXM_OK) {
        host->value_set(fields, "erased", host->value_bool(erased != NULL));
        host->value_set(fields, "item", erased ? erased : host->value_null());
    }
    return status;
}

/* ---- description ---- */

static pxm_status table_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct memory_table_config *settings = config;

    return memory_driver_create(host, config, &memory_table_unit, settings->place, items_new, items_free, ret_self,
                                error);
}

static const struct pxm_option options[] = {
    {.name = "place",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct memory_table_config, place, const char *),
     .fallback = "",
     .help = "Tables of one place share their items; without a name the place is this table's alone."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct memory_table_config, key, const char *),
     .fallback = "key",
     .min = 1,
     .max = NAME_BYTES_MAX,
     .help = "The field that shows the key of an item."},
    {.name = "indexes",
     .type = PXM_OPT_LIST,
     .item = PXM_TYPE_STRING,
     .offset = PXM_FIELD(struct memory_table_config, indexes, const pxm_value *),
     .max = 32,
     .help = "Fields that `query` may ask for; of a list each item can be found."},
    {.name = NULL},
};

static const struct pxm_metadata_ops ops = {
    .struct_size = sizeof ops,
    .record = table_record,
    .lookup = table_lookup,
    .query = memory_table_query,
    .erase = table_erase,
};

const struct pxm_unit memory_table_unit = {
    .struct_size = sizeof memory_table_unit,
    .threads = PXM_THREADS_PARALLEL,
    .config_size = sizeof(struct memory_table_config),
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_METADATA,
    .name = "memory",
    .summary = "Records in the memory of this process",
    .options = options,
    .ops = &ops,
    .create = table_create,
    .destroy = memory_driver_destroy,
};
