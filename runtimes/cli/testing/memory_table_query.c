/* The memory table: pages of items, newest first. [any]
 *
 * A cursor is the place of the last item given and a digest of that together with the query, so that one of another
 * query is told. There is no secret in it: who queries this table holds it in the same memory. */
#include "memory_table.h"

#include "base/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VALUE_BYTES_MAX = 1024,
    MEMBERS_MAX = 256,
    PLACE_TEXT = 16,
    DIGEST_BYTES = 16,
    CURSOR_TEXT = PLACE_TEXT + 2 * DIGEST_BYTES,
    PAGE_BYTES_MAX = 4 << 20 /* of JSON: with this a page is full, however few items it has */
};

/* ---- indexes ---- */

static bool is_indexed(const struct memory_driver *driver, const char *field)
{
    const struct memory_table_config *config = driver->config;
    size_t count = config->indexes ? driver->host->value_count(config->indexes) : 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(driver->host->value_as_string(driver->host->value_at(config->indexes, i), NULL), field) == 0) {
            return true;
        }
    }
    return false;
}

static bool fits_index(const struct pxm_host *host, const pxm_value *value)
{
    size_t length = 0;

    host->value_as_string(value, &length);
    return length <= VALUE_BYTES_MAX;
}

pxm_status memory_table_check_indexed(const struct memory_driver *driver, const pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = driver->host;

    for (size_t i = 0; i < host->value_count(fields); i++) {
        const char *name = host->value_key(fields, i);
        const pxm_value *value = host->value_at(fields, i);
        bool is_list = host->value_type(value) == PXM_TYPE_LIST;
        size_t count = is_list ? host->value_count(value) : 0;
        bool fits = count <= MEMBERS_MAX && fits_index(host, value);
        for (size_t k = 0; fits && k < count; k++) {
            fits = fits_index(host, host->value_at(value, k));
        }
        if (!fits && is_indexed(driver, name)) {
            return host->fail(error, PXM_E_LIMIT, "table.too_large",
                              "the indexed field %s takes values of 1024 bytes, and lists of 256 items", name);
        }
    }
    return PXM_OK;
}

/* ---- cursors ---- */

static bool digest_of(const struct memory_driver *driver, const struct pxm_query *query, int64_t place,
                      char ret[2 * DIGEST_BYTES + 1])
{
    uint8_t digest[PXM_SHA256_BYTES];
    pxm_blob *json = NULL;
    char *text = NULL;
    bool filtered = query->field && query->equal;

    if (filtered && driver->host->value_to_json(query->equal, &json, NULL) != PXM_OK) {
        return false;
    }
    int length = asprintf(&text, "%" PRId64 " %s %.*s", place, filtered ? query->field : "",
                          json ? (int)driver->host->blob_length(json) : 0,
                          json ? (const char *)driver->host->blob_data(json, NULL) : "");
    driver->host->blob_unref(json);
    if (length < 0) {
        return false;
    }
    bool fine = pxm_sha256(text, (size_t)length, digest) == PXM_OK;
    free(text);
    pxm_hex(digest, DIGEST_BYTES, ret);
    return fine;
}

/* NULL: no memory. */
static pxm_value *write_cursor(const struct memory_driver *driver, const struct pxm_query *query, int64_t place)
{
    char text[CURSOR_TEXT + 1];

    snprintf(text, sizeof text, "%016" PRIx64, (uint64_t)place);
    return digest_of(driver, query, place, text + PLACE_TEXT) ? memory_text(driver->host, text) : NULL;
}

static bool read_cursor(const struct memory_driver *driver, const struct pxm_query *query, int64_t *ret)
{
    char place[PLACE_TEXT + 1] = "";
    char digest[2 * DIGEST_BYTES + 1];

    if (strnlen(query->cursor, CURSOR_TEXT + 1) != CURSOR_TEXT ||
        strspn(query->cursor, "0123456789abcdef") != CURSOR_TEXT) {
        return false;
    }
    memcpy(place, query->cursor, PLACE_TEXT);
    *ret = (int64_t)strtoull(place, NULL, 16);
    return digest_of(driver, query, *ret, digest) && strcmp(digest, query->cursor + PLACE_TEXT) == 0;
}

/* ---- pages ---- */

static bool matches(const struct memory_driver *driver, const struct memory_item *item, const struct pxm_query *query)
{
    const struct pxm_host *host = driver->host;
    const pxm_value *value = query->field && query->equal && host->value_type(query->equal) != PXM_TYPE_NULL
                                 ? host->value_get(item->fields, query->field)
                                 : query->equal;

    if (value == query->equal) {
        return true; /* all items are wanted */
    }
    if (value && host->value_type(value) != PXM_TYPE_LIST) {
        return host->value_equal(value, query->equal);
    }
    for (size_t i = 0; value && i < host->value_count(value); i++) {
        if (host->value_equal(host->value_at(value, i), query->equal)) {
            return true;
        }
    }
    return false;
}

static pxm_status check_query(const struct memory_driver *driver, const struct pxm_query *query, pxm_error *error)
{
    const struct pxm_host *host = driver->host;
    uint32_t scalar = PXM_TYPE_STRING | PXM_TYPE_INT | PXM_TYPE_FLOAT | PXM_TYPE_BOOL | PXM_TYPE_NULL;
    const char *reason = NULL;

    if (query->limit < 1 || query->limit > 1000) {
        reason = "a page of a query has 1 to 1000 items";
    } else if (query->field && !is_indexed(driver, query->field)) {
        reason = "the table has no index of that field; name it under indexes";
    } else if (query->equal && !(host->value_type(query->equal) & scalar)) {
        reason = "a field can equal a string, a number or a bool";
    }
    return reason ? host->fail(error, PXM_E_INVALID, "table.bad_query", "%s", reason) : PXM_OK;
}

/* Adds the items made before `before`; *ret_last is the last one given, *ret_more whether there are others. */
static bool fill_page(const struct memory_driver *driver, const struct pxm_query *query, int64_t before,
                      pxm_value *page, int64_t *ret_last, bool *ret_more)
{
    const struct memory_items *contents = driver->place->contents;
    int64_t count = 0;
    size_t bytes = 0;

    for (size_t i = contents->count; i > 0; i--) {
        const struct memory_item *item = &contents->items[i - 1];
        if (item->made >= before || !matches(driver, item, query)) {
            continue;
        }
        bytes += item->bytes;
        if (count == query->limit || (count > 0 && bytes > PAGE_BYTES_MAX)) {
            *ret_more = true;
            break;
        }
        if (driver->host->value_append(page, memory_table_show(driver, item)) != PXM_OK) {
            return false;
        }
        *ret_last = item->made;
        count++;
    }
    return true;
}

pxm_status memory_table_query(void *self, pxm_job *job, const struct pxm_query *query, pxm_value *fields,
                              pxm_error *error)
{
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    int64_t before = INT64_MAX;
    int64_t last = 0;
    bool more = false;
    pxm_status status = check_query(driver, query, error);

    (void)job;
    if (status == PXM_OK && query->cursor && !read_cursor(driver, query, &before)) {
        status = host->fail(error, PXM_E_INVALID, "table.bad_cursor", "the cursor is not one that this query gave");
    }
    if (status != PXM_OK) {
        return status;
    }
    pxm_value *page = host->value_list();
    pthread_mutex_lock(&driver->place->lock);
    bool filled = page && fill_page(driver, query, before, page, &last, &more);
    pthread_mutex_unlock(&driver->place->lock);
    if (!filled) {
        host->value_unref(page);
        return memory_fail_memory(host, error);
    }
    host->value_set(fields, "items", page);
    host->value_set(fields, "cursor", more ? write_cursor(driver, query, last) : host->value_null());
    return PXM_OK;
}
