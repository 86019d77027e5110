/* Rows as arrays of values, and their checksums. */
#include "daemon/journal_internal.h"

#include "base/digest.h"

#include <inttypes.h>
#include <string.h>

enum { ROW_BYTES_MAX = 4 << 20 };

void journal_set_text(struct journal_value *value, const char *text)
{
    value->text = text ? text : "";
    value->length = strlen(value->text);
}

static bool is_text(enum journal_table table, size_t column)
{
    return (journal_tables[table].text_columns >> column & 1) != 0;
}

/* The table, then each column: eight bytes, the number or the length of the text that follows. */
pxm_status journal_sum(struct journal_db *db, enum journal_table table, const struct journal_value *values,
                       uint8_t sum[JOURNAL_SUM_BYTES])
{
    uint8_t digest[PXM_SHA256_BYTES];
    if (!db->row.max) {
        pxm_buf_init(&db->row, ROW_BYTES_MAX);
    }
    pxm_buf_clear(&db->row);
    pxm_buf_puts(&db->row, journal_tables[table].name);
    for (size_t i = 0; i < journal_tables[table].columns; i++) {
        uint64_t number = is_text(table, i) ? values[i].length : (uint64_t)values[i].i;
        uint8_t bytes[8];
        for (size_t b = 0; b < sizeof bytes; b++) {
            bytes[b] = (uint8_t)(number >> 8 * b);
        }
        pxm_buf_add(&db->row, bytes, sizeof bytes);
        if (is_text(table, i)) {
            pxm_buf_add(&db->row, values[i].text, values[i].length);
        }
    }
    if (db->row.status != PXM_OK || pxm_sha256(db->row.data, db->row.length, digest) != PXM_OK) {
        return pxm_error_no_memory(db->error);
    }
    memcpy(sum, digest, JOURNAL_SUM_BYTES);
    return PXM_OK;
}

pxm_status journal_row_look(struct journal_db *db, enum journal_table table, sqlite3_stmt *statement,
                            struct journal_value *values, bool *ret_whole)
{
    const int columns = (int)journal_tables[table].columns;
    uint8_t sum[JOURNAL_SUM_BYTES];
    *ret_whole = false;
    if (sqlite3_column_count(statement) != columns + 1 ||
        sqlite3_column_bytes(statement, columns) != JOURNAL_SUM_BYTES) {
        return PXM_OK;
    }
    for (int i = 0; i < columns; i++) {
        if (sqlite3_column_type(statement, i) != (is_text(table, (size_t)i) ? SQLITE_TEXT : SQLITE_INTEGER)) {
            return PXM_OK;
        }
        values[i] = (struct journal_value){.i = sqlite3_column_int64(statement, i)};
        if (is_text(table, (size_t)i)) {
            values[i].text = (const char *)sqlite3_column_text(statement, i);
            values[i].length = (size_t)sqlite3_column_bytes(statement, i);
            if (!values[i].text) {
                return journal_db_fail(db, SQLITE_NOMEM);
            }
        }
    }
    pxm_status status = journal_sum(db, table, values, sum);
    const void *kept = sqlite3_column_blob(statement, columns);
    *ret_whole = status == PXM_OK && kept && memcmp(kept, sum, sizeof sum) == 0;
    return status;
}

pxm_status journal_row_read(struct journal_db *db, enum journal_table table, sqlite3_stmt *statement,
                            struct journal_value *values)
{
    bool whole = false;
    pxm_status status = journal_row_look(db, table, statement, values, &whole);
    if (status == PXM_OK && !whole) {
        return pxm_error_set(db->error, PXM_E_INTERNAL, "journal.damaged",
                             "a row of %s in %s is damaged (%" PRId64 "); start again to rescue what is whole",
                             journal_tables[table].name, db->path, (int64_t)sqlite3_column_int64(statement, 0));
    }
    return status;
}

pxm_status journal_row_write(struct journal_db *db, enum journal_table table, enum journal_sql which,
                             const struct journal_value *values)
{
    const int columns = (int)journal_tables[table].columns;
    uint8_t sum[JOURNAL_SUM_BYTES];
    pxm_status status = journal_sum(db, table, values, sum);
    if (status != PXM_OK) {
        return status;
    }
    sqlite3_stmt *statement = journal_statement(db, which);
    for (int i = 0; db->result == SQLITE_OK && i < columns; i++) {
        int result = is_text(table, (size_t)i) ? sqlite3_bind_text64(statement, i + 1, values[i].text, values[i].length,
                                                                     SQLITE_STATIC, SQLITE_UTF8)
                                               : sqlite3_bind_int64(statement, i + 1, values[i].i);
        if (result != SQLITE_OK) {
            return journal_db_fail(db, result);
        }
    }
    if (db->result == SQLITE_OK &&
        sqlite3_bind_blob(statement, columns + 1, sum, sizeof sum, SQLITE_STATIC) != SQLITE_OK) {
        return journal_db_fail(db, SQLITE_NOMEM);
    }
    db->changed = true;
    return journal_run(db, statement);
}
