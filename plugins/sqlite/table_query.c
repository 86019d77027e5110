/* query: pages of items, newest first. [any]
 *
 * A cursor is the place of the last item given, signed (HMAC-SHA256, RFC 2104, cut to 16 bytes) together with the
 * query. So it works for this query on this table alone, and nobody can make one up. */
#include "sqlite.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum {
    PLACE_BYTES = 8,
    MAC_BYTES = 16,
    CURSOR_BYTES = PLACE_BYTES + MAC_BYTES,
    SIGNED_MAX = 2 * (SQLITE_NAME_MAX + 1) + TABLEBASE_VALUE_MAX + 1 + PLACE_BYTES
};

struct page {
    struct sqlite_table *table;
    const char *asked; /* the field that the query names; NULL: none */
    const char *field; /* by which it chooses; NULL: all items */
    struct tablebase_value equal;
    int64_t before; /* seq of the item before the page; INT64_MAX: the start */
    int64_t limit;
    pxm_value *items;
    bool more;
};

/* ---- cursors ---- */

/* What is signed: table, field, value and place; the first two end in NUL, the last is of fixed length. */
static bool sign(const struct page *page, int64_t seq, uint8_t mac[MAC_BYTES])
{
    uint8_t text[SIGNED_MAX], whole[EVP_MAX_MD_SIZE];
    const char *names[] = {page->table->config->table, page->field ? page->field : ""};
    size_t length = 0;
    for (size_t i = 0; i < 2; i++) {
        size_t size = strnlen(names[i], SQLITE_NAME_MAX) + 1;
        memcpy(text + length, names[i], size - 1);
        length += size;
        text[length - 1] = '\0';
    }
    memcpy(text + length, page->equal.bytes, page->equal.length);
    length += page->equal.length;
    for (int i = 0; i < PLACE_BYTES; i++) {
        text[length++] = (uint8_t)((uint64_t)seq >> (8 * (PLACE_BYTES - 1 - i)));
    }
    if (!HMAC(EVP_sha256(), page->table->cursor_key, SQLITE_CURSOR_KEY_BYTES, text, length, whole, NULL)) {
        return false;
    }
    memcpy(mac, whole, MAC_BYTES);
    return true;
}

static pxm_value *write_cursor(const struct page *page)
{
    char text[2 * CURSOR_BYTES + 1];
    uint8_t mac[MAC_BYTES];
    if (!sign(page, page->before, mac)) {
        return NULL;
    }
    snprintf(text, sizeof text, "%016" PRIx64, (uint64_t)page->before);
    for (int i = 0; i < MAC_BYTES; i++) {
        snprintf(text + 2 * (PLACE_BYTES + i), 3, "%02x", mac[i]);
    }
    return page->table->host->value_string(text, sizeof text - 1);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool read_cursor(const struct page *page, const char *text, int64_t *ret)
{
    uint8_t bytes[CURSOR_BYTES], mac[MAC_BYTES];
    uint64_t seq = 0;
    if (strnlen(text, 2 * CURSOR_BYTES + 1) != 2 * CURSOR_BYTES) {
        return false;
    }
    for (int i = 0; i < CURSOR_BYTES; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    for (int i = 0; i < PLACE_BYTES; i++) {
        seq = seq << 8 | bytes[i];
    }
    if (!sign(page, (int64_t)seq, mac) || CRYPTO_memcmp(mac, bytes + PLACE_BYTES, MAC_BYTES) != 0) {
        return false;
    }
    *ret = (int64_t)seq;
    return true;
}

/* ---- pages ---- */

static pxm_status check_query(struct page *page, const struct pxm_query *query, pxm_error *error)
{
    const struct pxm_host *host = page->table->host;
    if (query->limit < 1 || query->limit > 1000) {
        return host->fail(error, PXM_E_INVALID, "table.bad_query", "a page of a query has 1 to 1000 items");
    }
    if (!query->field || !query->equal || host->value_type(query->equal) == PXM_TYPE_NULL) {
        return PXM_OK;
    }
    pxm_status status = tablebase_value_of(host, query->equal, &page->equal, error);
    if (status == PXM_OK && page->equal.length == 0) {
        status = host->fail(error, PXM_E_INVALID, "table.bad_query", "a field can equal a string, a number or a bool");
    }
    page->field = query->field;
    return status;
}

/* The indexes are those that the database has now: another process may have been configured anew. */
static pxm_status check_field(const struct page *page, struct sqlite_session *session, const char *field)
{
    bool row = false;
    sqlite3_stmt *has = sqlite_statement(session, SQL_INDEXED_HAS);
    sqlite_bind_int(session, has, 1, page->table->id);
    sqlite_bind_text(session, has, 2, field);
    pxm_status status = sqlite_step(session, has, &row);
    if (status == PXM_OK && !row) {
        status = page->table->host->fail(session->error, PXM_E_INVALID, "table.bad_query",
                                         "the table %s has no index of that field; name it under indexes",
                                         page->table->config->table);
    }
    return status;
}

static pxm_status add_row(struct page *page, struct sqlite_session *session, sqlite3_stmt *rows)
{
    pxm_value *item = NULL;
    const char *key = (const char *)sqlite3_column_text(rows, 1);
    const char *json = (const char *)sqlite3_column_text(rows, 2);
    if (!key || !json) {
        return sqlite_fail_memory(session);
    }
    size_t length = (size_t)sqlite3_column_bytes(rows, 2);
    pxm_status status = sqlite_item_show(page->table, key, json, length, &item, session->error);
    if (status != PXM_OK) {
        return status;
    }
    page->before = sqlite3_column_int64(rows, 0);
    return page->table->host->value_append(page->items, item) == PXM_OK ? PXM_OK : sqlite_fail_memory(session);
}

static pxm_status read_rows(struct page *page, struct sqlite_session *session)
{
    bool row = false;
    int64_t count = 0, bytes = 0;
    sqlite3_stmt *rows = sqlite_statement(session, page->field ? SQL_ITEMS_EQUAL : SQL_ITEMS_NEWEST);
    sqlite_bind_int(session, rows, 1, page->table->id);
    sqlite_bind_int(session, rows, 2, page->before);
    sqlite_bind_int(session, rows, 3, page->limit + 1);
    if (page->field) {
        sqlite_bind_text(session, rows, 4, page->field);
        sqlite_bind_bytes(session, rows, 5, page->equal.bytes, page->equal.length);
    }
    pxm_status status;
    while ((status = sqlite_step(session, rows, &row)) == PXM_OK && row) {
        bytes += sqlite3_column_bytes(rows, 2);
        if (count == page->limit || (count > 0 && bytes > SQLITE_PAGE_BYTES_MAX)) {
            page->more = true;
            break;
        }
        status = add_row(page, session, rows);
        if (status != PXM_OK) {
            break;
        }
        count++;
    }
    return status;
}

static pxm_status read_page(struct sqlite_session *session, void *arg)
{
    struct page *page = arg;
    pxm_status status = page->asked ? check_field(page, session, page->asked) : PXM_OK;
    return status == PXM_OK ? read_rows(page, session) : status;
}

pxm_status sqlite_table_query(void *self, pxm_job *job, const struct pxm_query *query, pxm_value *fields,
                              pxm_error *error)
{
    struct sqlite_table *table = self;
    const struct pxm_host *host = table->host;
    struct page page = {.table = table, .asked = query->field, .before = INT64_MAX, .limit = query->limit};
    pxm_status status = check_query(&page, query, error);
    if (status == PXM_OK && query->cursor && !read_cursor(&page, query->cursor, &page.before)) {
        status = host->fail(error, PXM_E_INVALID, "table.bad_cursor", "the cursor is not one that this query gave");
    }
    if (status != PXM_OK) {
        return status;
    }
    page.items = host->value_list();
    if (!page.items) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    status = sqlite_transact(&table->database, job, false, read_page, &page, error);
    if (status != PXM_OK) {
        host->value_unref(page.items);
        return status;
    }
    host->value_set(fields, "items", page.items);
    host->value_set(fields, "cursor", page.more ? write_cursor(&page) : host->value_null());
    return PXM_OK;
}
