/* The memory store: what may be a key, and pages of keys. [any] */
#include "memory_store.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPONENT_BYTES_MAX = 255 };

/* ---- keys ---- */

static const char *bad_component(const char *text, size_t length)
{
    if (length == 0) {
        return "it starts or ends with a slash, or has two in a row";
    }
    if (length > COMPONENT_BYTES_MAX) {
        return "a component is longer than 255 bytes";
    }
    return (length == 1 && text[0] == '.') || (length == 2 && memcmp(text, "..", 2) == 0)
               ? "a component is \".\" or \"..\""
               : NULL;
}

const char *memory_store_bad_key(const struct pxm_host *host, const char *key)
{
    const char *reason = memory_bad_key(host, key);

    if (!reason && strchr(key, '\\')) {
        reason = "it has a backslash";
    }
    for (const char *at = key; !reason;) {
        size_t length = strcspn(at, "/");
        reason = bad_component(at, length);
        if (!at[length]) {
            break;
        }
        at += length + 1;
    }
    return reason;
}

pxm_status memory_store_check_key(const struct memory_driver *driver, const char *key, pxm_error *error)
{
    const char *reason = memory_store_bad_key(driver->host, key);

    return reason ? driver->host->fail(error, PXM_E_INVALID, "store.bad_key", "not a usable object key: %s", reason)
                  : PXM_OK;
}

pxm_value *memory_store_url(const struct memory_driver *driver, const char *key)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    const struct memory_store_config *config = driver->config;
    size_t base = strlen(config->base_url);
    char url[3 * MEMORY_KEY_MAX + 1];
    size_t at = 0;

    for (; *key; key++) {
        at += (size_t)snprintf(url + at, 4, strchr(plain, *key) ? "%c" : "%%%02X", (unsigned char)*key);
    }
    char *whole = malloc(base + at + 1);
    if (!whole) {
        return NULL;
    }
    memcpy(whole, config->base_url, base);
    memcpy(whole + base, url, at);
    pxm_value *value = driver->host->value_string(whole, base + at);
    free(whole);
    return value;
}

/* ---- list ---- */

/* A cursor is the key before the page, in hex. False: it is none. */
static bool read_cursor(const struct pxm_host *host, const char *cursor, char key[MEMORY_KEY_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t length = strlen(cursor);

    if (length == 0 || length % 2 != 0 || length > 2 * MEMORY_KEY_MAX || strspn(cursor, digits) != length) {
        return false;
    }
    for (size_t i = 0; i < length / 2; i++) {
        size_t high = (size_t)(strchr(digits, cursor[2 * i]) - digits);
        size_t low = (size_t)(strchr(digits, cursor[2 * i + 1]) - digits);
        key[i] = (char)(high << 4 | low);
    }
    key[length / 2] = '\0';
    return strlen(key) == length / 2 && !memory_store_bad_key(host, key);
}

static pxm_value *write_cursor(const struct pxm_host *host, const char *key)
{
    char text[2 * MEMORY_KEY_MAX + 1] = "";

    for (size_t i = 0; key[i]; i++) {
        snprintf(text + 2 * i, 3, "%02x", (unsigned char)key[i]);
    }
    return memory_text(host, text);
}

static pxm_value *item_of(const struct memory_driver *driver, const struct memory_object *object)
{
    const struct pxm_host *host = driver->host;
    pxm_value *item = host->value_record();

    if (item) {
        host->value_set(item, "key", memory_text(host, object->key));
        host->value_set(item, "bytes", host->value_int((int64_t)host->blob_length(object->blob)));
        memory_store_set_etag(driver, object, item);
        host->value_set(item, "modified_at", host->value_int(object->modified_ms));
    }
    return item;
}

/* Adds a page of the objects from `at` on; false: no memory. */
static bool fill_page(const struct memory_driver *driver, const struct pxm_list *list, size_t at, pxm_value *items,
                      pxm_value **ret_cursor)
{
    const struct memory_objects *contents = driver->place->contents;
    size_t prefix = strlen(list->prefix);
    const struct memory_object *last = NULL;

    for (int64_t count = 0; at < contents->count; at++, count++) {
        const struct memory_object *object = &contents->objects[at];
        if (strncmp(object->key, list->prefix, prefix) != 0) {
            break; /* those of one prefix stand together */
        }
        if (count == list->limit) {
            *ret_cursor = write_cursor(driver->host, last->key);
            return *ret_cursor != NULL;
        }
        if (driver->host->value_append(items, item_of(driver, object)) != PXM_OK) {
            return false;
        }
        last = object;
    }
    *ret_cursor = driver->host->value_null();
    return *ret_cursor != NULL;
}

pxm_status memory_store_list(void *self, pxm_job *job, const struct pxm_list *list, pxm_value *fields, pxm_error *error)
{
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    const struct memory_objects *contents = driver->place->contents;
    char after[MEMORY_KEY_MAX + 1] = "";
    pxm_value *cursor = NULL;

    (void)job;
    if (list->limit < 1 || list->limit > 1000) {
        return host->fail(error, PXM_E_INVALID, "store.bad_limit", "a page of a listing has 1 to 1000 keys");
    }
    if (list->cursor && !read_cursor(host, list->cursor, after)) {
        return host->fail(error, PXM_E_INVALID, "store.bad_cursor", "the cursor is not one that a listing gave");
    }
    pxm_value *items = host->value_list();
    if (!items) {
        return memory_fail_memory(host, error);
    }
    pthread_mutex_lock(&driver->place->lock);
    size_t at = memory_store_lower_bound(contents, strcmp(after, list->prefix) > 0 ? after : list->prefix);
    at += at < contents->count && strcmp(contents->objects[at].key, after) == 0;
    bool filled = fill_page(driver, list, at, items, &cursor);
    pthread_mutex_unlock(&driver->place->lock);
    if (!filled) {
        host->value_unref(items);
        return memory_fail_memory(host, error);
    }
    host->value_set(fields, "items", items);
    host->value_set(fields, "cursor", cursor);
    return PXM_OK;
}

/* ---- presign ---- */

/* NULL: none, or the engine is of a version before there was any. */
static const pxm_value *meta_of(const struct pxm_host *host, const struct pxm_presign *presign)
{
    bool is_told = presign->struct_size >= offsetof(struct pxm_presign, meta) + sizeof presign->meta;

    return is_told && host->value_count(presign->meta) > 0 ? presign->meta : NULL;
}

static pxm_status check_presign(const struct memory_driver *driver, const struct pxm_presign *presign, pxm_error *error)
{
    const pxm_value *meta = meta_of(driver->host, presign);
    const struct pxm_put later = {
        .struct_size = sizeof later, .key = presign->key, .content_type = presign->content_type, .meta = meta};
    pxm_status status = memory_store_check_key(driver, presign->key, error);

    if (status == PXM_OK && meta && strcmp(presign->method, "GET") == 0) {
        return driver->host->fail(error, PXM_E_INVALID, "store.unsupported", "only an upload has metadata");
    }
    return status == PXM_OK ? memory_store_check_attributes(driver->host, &later, error) : status;
}

static pxm_value *headers_of(const struct pxm_host *host, const struct pxm_presign *presign)
{
    const pxm_value *meta = meta_of(host, presign);
    pxm_value *headers = host->value_record();

    if (headers && presign->content_type) {
        host->value_set(headers, "content-type", memory_text(host, presign->content_type));
    }
    for (size_t i = 0; headers && meta && i < host->value_count(meta); i++) {
        char *name = NULL;
        if (asprintf(&name, "x-amz-meta-%s", host->value_key(meta, i)) < 0) {
            host->value_unref(headers);
            return NULL;
        }
        host->value_set(headers, name, host->value_ref(host->value_at(meta, i)));
        free(name);
    }
    return headers;
}

pxm_status memory_store_presign(void *self, pxm_job *job, const struct pxm_presign *presign, pxm_value *fields,
                                pxm_error *error)
{
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    int64_t expires_at = 0;
    pxm_status status = check_presign(driver, presign, error);

    (void)job;
    if (status != PXM_OK) {
        return status;
    }
    if (__builtin_add_overflow(host->now_ms(host), presign->expires_ms, &expires_at)) {
        return host->fail(error, PXM_E_INVALID, "store.unsupported", "that is too long to be signed for");
    }
    host->value_set(fields, "method", memory_text(host, presign->method));
    host->value_set(fields, "url", memory_store_url(driver, presign->key));
    host->value_set(fields, "headers", headers_of(host, presign));
    host->value_set(fields, "fields", host->value_record());
    host->value_set(fields, "expires_at", host->value_int(expires_at));
    return PXM_OK;
}
