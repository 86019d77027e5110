/* A connection to the journal's file: its statements, its transactions, and what SQLite's failures mean. */
#include "daemon/journal_internal.h"

#include <errno.h>
#include <stdio.h>

enum { BUSY_MS = 10000 }; /* how long to wait for `pixmill jobs`, which writes a few rows */

/* ---- failures ---- */

static const struct failure {
    int result; /* SQLite's primary code */
    pxm_status status;
    const char *code;
} failures[] = {
    {SQLITE_FULL, PXM_E_NO_SPACE, "journal.full"},
    {SQLITE_CORRUPT, PXM_E_INTERNAL, "journal.damaged"},
    {SQLITE_NOTADB, PXM_E_INTERNAL, "journal.damaged"},
    {SQLITE_ERROR, PXM_E_INTERNAL, "journal.damaged"}, /* the texts are constant: it is the schema that does not fit */
    {SQLITE_READONLY, PXM_E_DENIED, "journal.denied"},
    {SQLITE_PERM, PXM_E_DENIED, "journal.denied"},
    {SQLITE_NOMEM, PXM_E_NO_MEMORY, "no_memory"},
    {SQLITE_OK, PXM_E_TRANSIENT, "journal.unavailable"}, /* all others */
};

static const struct failure *failure_of(int result, int number)
{
    const struct failure *failure = failures;
    if ((result & 0xff) == SQLITE_IOERR && (number == ENOSPC || number == EDQUOT)) {
        result = SQLITE_FULL;
    }
    if ((result & 0xff) == SQLITE_CANTOPEN && (number == EACCES || number == EPERM || number == EROFS)) {
        result = SQLITE_PERM;
    }
    if (result == SQLITE_IOERR_NOMEM) {
        result = SQLITE_NOMEM;
    }
    while (failure->result != SQLITE_OK && failure->result != (result & 0xff)) {
        failure++;
    }
    return failure;
}

pxm_status journal_db_fail(struct journal_db *db, int result)
{
    const struct failure *failure = failure_of(result, db->db ? sqlite3_system_errno(db->db) : 0);
    if (db->result == SQLITE_OK) {
        db->result = result;
    }
    const char *text = db->db && sqlite3_errcode(db->db) != SQLITE_OK ? sqlite3_errmsg(db->db) : sqlite3_errstr(result);
    return pxm_error_set(db->error, failure->status, failure->code, "journal %s: %s", db->path, text);
}

/* ---- opening ---- */

int64_t journal_db_now(const struct journal_db *db)
{
    return db->clock->wall_ms(db->clock->arg);
}

pxm_status journal_db_open(struct journal_db *db, const char *path, pxm_error *error)
{
    /* No checkpoint when the last connection closes: what is damaged must stay as it is, for whoever rescues it. What
     * is deleted is overwritten, so that a rescue does not bring it back. */
    static const char setup[] = "PRAGMA trusted_schema = OFF;"
                                "PRAGMA cell_size_check = ON;"
                                "PRAGMA temp_store = MEMORY;"
                                "PRAGMA secure_delete = ON;"
                                "PRAGMA synchronous = FULL;"
                                "PRAGMA journal_size_limit = 16777216;"
                                "CREATE TEMP TABLE taken (id INTEGER PRIMARY KEY);"
                                "CREATE TEMP TABLE running (id INTEGER PRIMARY KEY);";
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

    db->error = error;
    db->result = SQLITE_OK;
    if (!db->clock) {
        db->clock = &pxm_clock_system;
    }
    if ((size_t)snprintf(db->path, sizeof db->path, "%s", path) >= sizeof db->path) {
        return pxm_error_set(error, PXM_E_LIMIT, "journal.denied", "the path of the journal is too long");
    }
    int result = sqlite3_open_v2(db->path, &db->db, flags, NULL);
    if (result != SQLITE_OK) {
        return journal_db_fail(db, result);
    }
    sqlite3_busy_timeout(db->db, BUSY_MS);
    sqlite3_db_config(db->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return journal_script(db, setup);
}

void journal_db_close(struct journal_db *db)
{
    for (int i = 0; i < SQL_STATEMENTS; i++) {
        sqlite3_finalize(db->statements[i]);
        db->statements[i] = NULL;
    }
    sqlite3_close(db->db);
    db->db = NULL;
    if (db->row.max) {
        pxm_buf_done(&db->row);
        db->row = (struct pxm_buf){0};
    }
}

/* ---- statements ---- */

static void note(struct journal_db *db, int result)
{
    if (db->result == SQLITE_OK && result != SQLITE_OK) {
        journal_db_fail(db, result);
    }
}

sqlite3_stmt *journal_statement(struct journal_db *db, enum journal_sql which)
{
    sqlite3_stmt **statement = &db->statements[which];
    if (!*statement) {
        note(db, sqlite3_prepare_v3(db->db, journal_sql_texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL));
    } else {
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
    }
    return *statement;
}

void journal_bind_int(struct journal_db *db, sqlite3_stmt *statement, int place, int64_t value)
{
    if (db->result == SQLITE_OK) {
        note(db, sqlite3_bind_int64(statement, place, value));
    }
}

void journal_bind_text(struct journal_db *db, sqlite3_stmt *statement, int place, const char *text)
{
    if (db->result == SQLITE_OK) {
        note(db, sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC));
    }
}

pxm_status journal_step(struct journal_db *db, sqlite3_stmt *statement, bool *ret_row)
{
    int result = db->result != SQLITE_OK ? db->result : sqlite3_step(statement);
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        return journal_db_fail(db, result);
    }
    *ret_row = result == SQLITE_ROW;
    return PXM_OK;
}

pxm_status journal_run(struct journal_db *db, sqlite3_stmt *statement)
{
    bool row = false;
    pxm_status status = journal_step(db, statement, &row);
    sqlite3_reset(statement);
    return status;
}

pxm_status journal_get_int(struct journal_db *db, enum journal_sql which, int64_t argument, int64_t missing,
                           int64_t *ret)
{
    bool row = false;
    sqlite3_stmt *statement = journal_statement(db, which);
    if (statement && sqlite3_bind_parameter_count(statement) > 0) {
        journal_bind_int(db, statement, 1, argument);
    }
    pxm_status status = journal_step(db, statement, &row);
    if (status == PXM_OK) {
        *ret = row ? sqlite3_column_int64(statement, 0) : missing;
    }
    sqlite3_reset(statement);
    return status;
}

pxm_status journal_run_int(struct journal_db *db, enum journal_sql which, int64_t argument)
{
    sqlite3_stmt *statement = journal_statement(db, which);
    journal_bind_int(db, statement, 1, argument);
    return journal_run(db, statement);
}

pxm_status journal_script(struct journal_db *db, const char *script)
{
    int result = sqlite3_exec(db->db, script, NULL, NULL, NULL);
    return result == SQLITE_OK ? PXM_OK : journal_db_fail(db, result);
}

/* ---- transactions ---- */

static pxm_status read_meta(struct journal_db *db)
{
    struct journal_value values[JOURNAL_COLUMNS_MAX];
    sqlite3_stmt *read = journal_statement(db, SQL_META_READ);
    bool row = false;
    pxm_status status = journal_step(db, read, &row);
    if (status == PXM_OK && !row) {
        status = journal_db_fail(db, SQLITE_CORRUPT);
    }
    if (status == PXM_OK) {
        status = journal_row_read(db, JOURNAL_META, read, values);
    }
    for (size_t i = 0; status == PXM_OK && i < journal_tables[JOURNAL_META].columns; i++) {
        db->meta[i] = values[i].i;
    }
    sqlite3_reset(read);
    return status;
}

static pxm_status write_meta(struct journal_db *db)
{
    struct journal_value values[JOURNAL_COLUMNS_MAX] = {0};
    db->meta[META_SEQ]++;
    for (size_t i = 0; i < journal_tables[JOURNAL_META].columns; i++) {
        values[i].i = db->meta[i];
    }
    return journal_row_write(db, JOURNAL_META, SQL_META_CHANGE, values);
}

pxm_status journal_begin(struct journal_db *db, pxm_error *error)
{
    db->error = error;
    db->result = SQLITE_OK;
    db->changed = false;
    journal_statement(db, SQL_ROLLBACK); /* which must not need memory when it is called for */
    pxm_status status = journal_run(db, journal_statement(db, SQL_BEGIN));
    return status == PXM_OK ? read_meta(db) : status;
}

void journal_reset(struct journal_db *db)
{
    for (int i = 0; i < SQL_STATEMENTS; i++) {
        sqlite3_reset(db->statements[i]);
    }
}

pxm_status journal_commit(struct journal_db *db)
{
    pxm_status status = db->changed ? write_meta(db) : PXM_OK;
    journal_reset(db);
    return status == PXM_OK ? journal_run(db, journal_statement(db, SQL_COMMIT)) : status;
}

void journal_rollback(struct journal_db *db)
{
    journal_reset(db);
    if (!sqlite3_get_autocommit(db->db)) {
        sqlite3_step(db->statements[SQL_ROLLBACK]);
        sqlite3_reset(db->statements[SQL_ROLLBACK]);
    }
}
