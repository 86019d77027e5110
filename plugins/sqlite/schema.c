/* The schema: what the tables of the file are, and its upgrades. A version is one script; each brings the one before it
 * to its own, in the order of this file. Scripts that were released never change.
 *
 *   tables    the logical tables by name
 *   items     one row for each item; seq rises with every item that is made, so it is the order of age
 *   indexed   which fields of a table have an index
 *   entries   one row for each value of an indexed field, and for each member of a list there
 *   settings  what the file itself must remember: cursor_key signs cursors
 *   queues    the queues by name
 *   messages  one row for each message; seq rises with every one that is sent. State 0: waits, 1: leased, both until
 *             ready_ms, 2: a dead letter. Rows are small, as they change often
 *   bodies    what the messages say, by seq
 *   sent      ids by which a message is known that was sent already, until they are forgotten */
#include "sqlite.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>

enum { APPLICATION_ID = 0x70786d31, CURSOR_KEY_BYTES = SQLITE_CURSOR_KEY_BYTES, CODE_MAX = 64 };

static const char *const versions[] = {
    "PRAGMA application_id = 0x70786d31;"
    "CREATE TABLE tables (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE items (seq INTEGER PRIMARY KEY AUTOINCREMENT, table_id INTEGER NOT NULL, key TEXT NOT NULL,"
    " item TEXT NOT NULL, UNIQUE (table_id, key)) STRICT;"
    "CREATE INDEX items_newest ON items (table_id, seq);"
    "CREATE TABLE indexed (table_id INTEGER NOT NULL, field TEXT NOT NULL, PRIMARY KEY (table_id, field))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE entries (table_id INTEGER NOT NULL, field TEXT NOT NULL, value BLOB NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY (table_id, field, value, seq)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX entries_of_item ON entries (seq);"
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version = 1;",

    "CREATE TABLE queues (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE messages (seq INTEGER PRIMARY KEY AUTOINCREMENT, queue_id INTEGER NOT NULL, state INTEGER NOT NULL,"
    " ready_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, lease INTEGER NOT NULL, sent_ms INTEGER NOT NULL,"
    " first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, cause TEXT) STRICT;"
    "CREATE INDEX messages_ready ON messages (queue_id, state, ready_ms);"
    "CREATE TABLE bodies (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;"
    "CREATE TABLE sent (queue_id INTEGER NOT NULL, dedupe_id TEXT NOT NULL, seq INTEGER NOT NULL,"
    " forget_ms INTEGER NOT NULL, PRIMARY KEY (queue_id, dedupe_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX sent_forget ON sent (queue_id, forget_ms);"
    "PRAGMA user_version = 2;",
};

enum { VERSION = sizeof versions / sizeof *versions };

static pxm_status read_pragma(struct sqlite_session *session, const char *text, int64_t *ret)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(session->db, text, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    int64_t value = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    pxm_status status = result == SQLITE_ROW ? PXM_OK : sqlite_fail(session, result);
    sqlite3_finalize(statement);
    if (status == PXM_OK) {
        *ret = value;
    }
    return status;
}

/* Which version the file has: 0 for an empty one. Within a transaction, as another process may make the schema now. */
static pxm_status read_version(struct sqlite_session *session, int64_t *ret)
{
    const struct pxm_host *host = session->database->host;
    char code[CODE_MAX];
    int64_t application = 0, version = 0, objects = 0;
    pxm_status status = read_pragma(session, "PRAGMA application_id", &application);
    if (status == PXM_OK) {
        status = read_pragma(session, "PRAGMA user_version", &version);
    }
    if (status == PXM_OK) {
        status = read_pragma(session, "SELECT count(*) FROM sqlite_schema", &objects);
    }
    if (status != PXM_OK) {
        return status;
    }
    snprintf(code, sizeof code, "%s.denied", session->database->kind);
    if (application != APPLICATION_ID && (application != 0 || version != 0 || objects != 0)) {
        return host->fail(session->error, PXM_E_INVALID, code,
                          "database %s belongs to another program; give another path", session->database->path);
    }
    if (version > VERSION) {
        return host->fail(session->error, PXM_E_INVALID, code,
                          "database %s has schema %" PRId64 ", this program knows up to %d; use a newer pixmill",
                          session->database->path, version, (int)VERSION);
    }
    *ret = version;
    return PXM_OK;
}

static pxm_status add_cursor_key(struct sqlite_session *session)
{
    uint8_t key[CURSOR_KEY_BYTES];
    if (RAND_bytes(key, sizeof key) != 1) {
        return session->database->host->fail(session->error, PXM_E_INTERNAL, "internal", "no random bytes to be had");
    }
    sqlite3_stmt *add = sqlite_statement(session, SQL_SETTING_ADD);
    sqlite_bind_text(session, add, 1, "cursor_key");
    sqlite_bind_bytes(session, add, 2, key, sizeof key);
    return sqlite_run(session, add);
}

pxm_status sqlite_schema_prepare(struct sqlite_session *session)
{
    int64_t version = 0;
    pxm_status status = sqlite_begin(session, false);
    if (status == PXM_OK) {
        status = sqlite_end(session, read_version(session, &version));
    }
    if (status != PXM_OK || version == VERSION) {
        return status;
    }
    status = sqlite_begin(session, true);
    if (status != PXM_OK) {
        return status;
    }
    status = read_version(session, &version); /* another process may have been here first */
    for (; status == PXM_OK && version < VERSION; version++) {
        status = sqlite_script(session, versions[version]);
    }
    if (status == PXM_OK) {
        status = add_cursor_key(session);
    }
    return sqlite_end(session, status);
}
