/* Index entries: keeping them in line with the items. The declared fields are those in
 * the database, not those of the instance, so that processes of an older configuration write what the newest one
 * asks for. */
#include "sqlite.h"

#include <string.h>

/* ---- entries of one item ---- */

static pxm_status add_value(struct sqlite_session *session, int64_t table, const char *field, const pxm_value *value,
                            int64_t seq)
{
    struct tablebase_value entry;
    pxm_status status = tablebase_value_of(session->database->host, value, &entry, session->error);
    if (status != PXM_OK || entry.length == 0) {
        return status;
    }
    sqlite3_stmt *add = sqlite_statement(session, SQL_ENTRY_ADD);
    sqlite_bind_int(session, add, 1, table);
    sqlite_bind_text(session, add, 2, field);
    sqlite_bind_bytes(session, add, 3, entry.bytes, entry.length);
    sqlite_bind_int(session, add, 4, seq);
    return sqlite_run(session, add);
}

static pxm_status add_field(struct sqlite_session *session, int64_t table, const char *field, const pxm_value *value,
                            int64_t seq)
{
    const struct pxm_host *host = session->database->host;
    if (host->value_type(value) != PXM_TYPE_LIST) {
        return add_value(session, table, field, value, seq);
    }
    pxm_status status = tablebase_check_members(host, field, value, session->error);
    for (size_t i = 0; status == PXM_OK && i < host->value_count(value); i++) {
        status = add_value(session, table, field, host->value_at(value, i), seq);
    }
    return status;
}

static pxm_status add_item(struct sqlite_session *session, int64_t table, int64_t seq, const pxm_value *stored)
{
    bool row = false;
    sqlite3_stmt *list = sqlite_statement(session, SQL_INDEXED_LIST);
    sqlite_bind_int(session, list, 1, table);
    pxm_status status;
    while ((status = sqlite_step(session, list, &row)) == PXM_OK && row) {
        const char *field = (const char *)sqlite3_column_text(list, 0);
        const pxm_value *value = field ? session->database->host->value_get(stored, field) : NULL;
        status = field ? PXM_OK : sqlite_fail_memory(session);
        if (value) {
            status = add_field(session, table, field, value, seq);
        }
        if (status != PXM_OK) {
            break;
        }
    }
    return status;
}

pxm_status sqlite_entries_write(struct sqlite_session *session, int64_t table, int64_t seq, const pxm_value *stored)
{
    sqlite3_stmt *drop = sqlite_statement(session, SQL_ENTRIES_DROP_ITEM);
    sqlite_bind_int(session, drop, 1, seq);
    pxm_status status = sqlite_run(session, drop);
    return status == PXM_OK ? add_item(session, table, seq, stored) : status;
}

/* ---- which fields ---- */

static bool is_listed(const struct pxm_host *host, const pxm_value *indexes, const char *field)
{
    for (size_t i = 0; indexes && i < host->value_count(indexes); i++) {
        if (strcmp(host->value_as_string(host->value_at(indexes, i), NULL), field) == 0) {
            return true;
        }
    }
    return false;
}

pxm_status sqlite_entries_declared(struct sqlite_session *session, int64_t table, const pxm_value *indexes,
                                   bool *ret_same)
{
    const struct pxm_host *host = session->database->host;
    size_t known = 0;
    bool row = false, same = true;
    pxm_status status;
    sqlite3_stmt *list = sqlite_statement(session, SQL_INDEXED_LIST);
    sqlite_bind_int(session, list, 1, table);
    while ((status = sqlite_step(session, list, &row)) == PXM_OK && row) {
        const char *field = (const char *)sqlite3_column_text(list, 0);
        same = same && field && is_listed(host, indexes, field);
        known++;
    }
    if (status == PXM_OK) {
        *ret_same = same && known == (indexes ? host->value_count(indexes) : 0);
    }
    return status;
}

static pxm_status declare_fields(struct sqlite_session *session, int64_t table, const pxm_value *indexes)
{
    const struct pxm_host *host = session->database->host;
    static const enum sqlite_sql drops[] = {SQL_INDEXED_DROP, SQL_ENTRIES_DROP_TABLE};
    pxm_status status = PXM_OK;
    for (size_t i = 0; status == PXM_OK && i < sizeof drops / sizeof *drops; i++) {
        sqlite3_stmt *drop = sqlite_statement(session, drops[i]);
        sqlite_bind_int(session, drop, 1, table);
        status = sqlite_run(session, drop);
    }
    for (size_t i = 0; status == PXM_OK && indexes && i < host->value_count(indexes); i++) {
        sqlite3_stmt *add = sqlite_statement(session, SQL_INDEXED_ADD);
        sqlite_bind_int(session, add, 1, table);
        sqlite_bind_text(session, add, 2, host->value_as_string(host->value_at(indexes, i), NULL));
        status = sqlite_run(session, add);
    }
    return status;
}

static pxm_status index_row(struct sqlite_session *session, int64_t table, sqlite3_stmt *items)
{
    pxm_value *stored = NULL;
    const char *json = (const char *)sqlite3_column_text(items, 1);
    size_t length = (size_t)sqlite3_column_bytes(items, 1);
    if (!json) {
        return sqlite_fail_memory(session);
    }
    pxm_status status = session->database->host->value_from_json(json, length, &stored, session->error);
    if (status == PXM_OK) {
        status = add_item(session, table, sqlite3_column_int64(items, 0), stored);
    }
    session->database->host->value_unref(stored);
    return status;
}

pxm_status sqlite_entries_declare(struct sqlite_session *session, int64_t table, const pxm_value *indexes)
{
    bool row = false;
    pxm_status status = declare_fields(session, table, indexes);
    if (status != PXM_OK) {
        return status;
    }
    sqlite3_stmt *items = sqlite_statement(session, SQL_ITEMS_ALL);
    sqlite_bind_int(session, items, 1, table);
    while ((status = sqlite_step(session, items, &row)) == PXM_OK && row) {
        status = index_row(session, table, items);
        if (status != PXM_OK) {
            break;
        }
    }
    return status;
}
