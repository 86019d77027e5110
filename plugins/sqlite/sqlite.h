/* What the parts of the sqlite plugin share.
 *
 * One file holds any number of logical tables and queues, for any number of processes. Each running operation has a
 * session: a connection of its own with its prepared statements, taken from a pool and given back. So any number of
 * threads may call; SQLite lets one of them write at a time and the others wait, no longer than the instance and the
 * job allow. A connection must not cross a fork: instances are made after it. */
#ifndef PXM_SQLITE_H
#define PXM_SQLITE_H

#include "tablebase/tablebase.h"

#include <pixmill/plugin.h>

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>

/* ---- sessions (database.c) ---- */

enum sqlite_sql { /* what is ever asked; the texts are in statements.c */
                  SQL_BEGIN_READ,
                  SQL_BEGIN_WRITE,
                  SQL_COMMIT,
                  SQL_ROLLBACK,
                  SQL_SETTING_ADD,
                  SQL_SETTING_READ,
                  SQL_TABLE_ADD,
                  SQL_TABLE_FIND,
                  SQL_INDEXED_ADD,
                  SQL_INDEXED_DROP,
                  SQL_INDEXED_LIST,
                  SQL_INDEXED_HAS,
                  SQL_ENTRIES_DROP_TABLE,
                  SQL_ENTRIES_DROP_ITEM,
                  SQL_ENTRY_ADD,
                  SQL_ITEM_FIND,
                  SQL_ITEM_ADD,
                  SQL_ITEM_CHANGE,
                  SQL_ITEM_ERASE,
                  SQL_ITEMS_ALL,
                  SQL_ITEMS_NEWEST,
                  SQL_ITEMS_EQUAL,
                  SQL_QUEUE_ADD,
                  SQL_QUEUE_FIND,
                  SQL_MESSAGE_ADD,
                  SQL_BODY_ADD,
                  SQL_BODY_FIND,
                  SQL_BODY_DROP,
                  SQL_SENT_FIND,
                  SQL_SENT_ADD,
                  SQL_SENT_FORGET,
                  SQL_READY_ANY,
                  SQL_LEASES_BURY,
                  SQL_LEASES_RELEASE,
                  SQL_MESSAGES_LEASE,
                  SQL_MESSAGE_BURY,
                  SQL_LEASE_EXTEND,
                  SQL_LEASE_DONE,
                  SQL_LEASE_SETTLE,
                  SQL_DEPTH,
                  SQL_DEAD_LIST,
                  SQL_DEAD_REDRIVE,
                  SQL_DEAD_DROP,
                  SQL_COUNT
};
extern const char *const sqlite_sql_texts[SQL_COUNT];

struct sqlite_database;

struct sqlite_session {
    const struct sqlite_database *database;
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    struct sqlite_session *next; /* in the pool */
    /* For as long as it is taken: */
    const pxm_job *job;
    pxm_error *error;
    int64_t give_up_ms; /* monotonic: until when to wait for a lock */
    int result;         /* the first SQLite failure since it was taken; nothing runs after one */
};

struct sqlite_database {
    const struct pxm_host *host;
    const char *kind; /* what codes of failures start with: "table", "queue" */
    const char *path; /* the config's */
    int64_t busy_ms;
    pthread_mutex_t lock; /* guards idle */
    struct sqlite_session *idle;
};

pxm_status sqlite_database_init(struct sqlite_database *database, const struct pxm_host *host, const char *kind,
                                const char *path, int64_t busy_ms, pxm_error *error);
void sqlite_database_done(struct sqlite_database *database); /* a zeroed one is fine */

/* A session for one operation. `error` is where all that goes wrong is told. */
pxm_status sqlite_take(struct sqlite_database *database, const pxm_job *job, struct sqlite_session **ret,
                       pxm_error *error);
void sqlite_give(struct sqlite_database *database, struct sqlite_session *session);

/* All between is one transaction. end() commits if `status` says success, else undoes; what it returns is the
 * outcome. */
pxm_status sqlite_begin(struct sqlite_session *session, bool write);
pxm_status sqlite_end(struct sqlite_session *session, pxm_status status);
/* One operation whole: takes a session, does `work` within one transaction, gives the session back. */
typedef pxm_status sqlite_work(struct sqlite_session *session, void *arg);
pxm_status sqlite_transact(struct sqlite_database *database, const pxm_job *job, bool write, sqlite_work *work,
                           void *arg, pxm_error *error);
/* Proves that the database can be written: takes the write lock and gives it back. */
pxm_status sqlite_check(struct sqlite_database *database, const pxm_job *job, pxm_error *error);

/* A prepared statement without bindings; a failure is remembered in session.result. Arguments are borrowed until the
 * end of the transaction or the next use of the statement. */
sqlite3_stmt *sqlite_statement(struct sqlite_session *session, enum sqlite_sql which);
void sqlite_bind_int(struct sqlite_session *session, sqlite3_stmt *statement, int place, int64_t value);
void sqlite_bind_text(struct sqlite_session *session, sqlite3_stmt *statement, int place, const char *text);
void sqlite_bind_bytes(struct sqlite_session *session, sqlite3_stmt *statement, int place, const void *data,
                       size_t length);
/* The same as bytes, but of type TEXT. */
void sqlite_bind_chars(struct sqlite_session *session, sqlite3_stmt *statement, int place, const char *text,
                       size_t length);
/* *ret_row: there is a row. */
pxm_status sqlite_step(struct sqlite_session *session, sqlite3_stmt *statement, bool *ret_row);
/* A statement that gives no row. */
pxm_status sqlite_run(struct sqlite_session *session, sqlite3_stmt *statement);
/* Runs a constant script. */
pxm_status sqlite_script(struct sqlite_session *session, const char *script);
/* Sets the session's error from an SQLite result code. */
pxm_status sqlite_fail(struct sqlite_session *session, int result);
pxm_status sqlite_fail_memory(const struct sqlite_session *session);

/* ---- the schema (schema.c) ---- */

/* Makes or upgrades the schema; refuses other files and newer schemas. Outside of a transaction. */
pxm_status sqlite_schema_prepare(struct sqlite_session *session);

/* ---- a logical table: the metadata interface (table.c, table_query.c) ---- */

enum {
    SQLITE_NAME_MAX = 255, /* of tables and fields */
    SQLITE_CURSOR_KEY_BYTES = 32,
    SQLITE_PAGE_BYTES_MAX = 4 << 20 /* of JSON: with this a page is full, however few items it has */
};

struct sqlite_table_config {
    const char *path, *table, *key;
    const pxm_value *indexes; /* list of field names; may be NULL */
    int64_t busy_timeout;
};

struct sqlite_table {
    const struct pxm_host *host;
    const struct sqlite_table_config *config;
    struct tablebase base;
    struct sqlite_database database;
    int64_t id;
    uint8_t cursor_key[SQLITE_CURSOR_KEY_BYTES];
};

extern const struct pxm_unit sqlite_table_unit;

pxm_status sqlite_table_query(void *self, pxm_job *job, const struct pxm_query *query, pxm_value *fields,
                              pxm_error *error);

/* ---- a queue: the queue interface (queue.c, queue_receive.c, queue_dead.c) ----
 *
 * A message waits, is leased, or is dead. A lease is a time and a number: the number goes up each time the message is
 * received and is in the receipt, so that a receipt of an earlier lease is void. Times are of the host's clock. */

enum {
    SQLITE_BODY_MAX = 256 << 10, /* of a message as JSON, and of a cause */
    SQLITE_DEDUPE_ID_MAX = 1024,
    SQLITE_RECEIVE_MAX = 10, /* messages at once */
    SQLITE_RECEIPT_TEXT = 42
};

struct sqlite_queue_config {
    const char *path, *queue;
    int64_t max_attempts, dedupe_window, busy_timeout;
};

struct sqlite_queue {
    const struct pxm_host *host;
    const struct sqlite_queue_config *config;
    struct sqlite_database database;
    int64_t id;
};

extern const struct pxm_unit sqlite_queue_unit;

int64_t sqlite_queue_later(const struct sqlite_queue *queue, int64_t ms); /* from now; no overflow */
/* A message's body or a cause as JSON, no larger than SQLITE_BODY_MAX. */
pxm_status sqlite_queue_json(const struct sqlite_queue *queue, const pxm_value *value, pxm_blob **ret,
                             pxm_error *error);
pxm_value *sqlite_queue_number(const struct pxm_host *host, int64_t number); /* as a string */
/* A positive number in its shortest form, up to `end`; false: is none. */
bool sqlite_queue_parse(const char *text, char end, int64_t *ret, const char **ret_rest);
/* Makes dead letters of messages whose last lease ran out. In a write transaction. */
pxm_status sqlite_queue_bury(const struct sqlite_queue *queue, struct sqlite_session *session);

pxm_status sqlite_queue_receive(void *self, pxm_job *job, const struct pxm_receive *receive, pxm_value *fields,
                                pxm_error *error);
pxm_status sqlite_queue_extend(void *self, pxm_job *job, const char *receipt, int64_t lease_ms, pxm_error *error);
pxm_status sqlite_queue_settle(void *self, pxm_job *job, const struct pxm_settle *settle, pxm_error *error);
pxm_status sqlite_queue_depth(void *self, pxm_job *job, pxm_value *fields, pxm_error *error);
pxm_status sqlite_queue_dead(void *self, pxm_job *job, const char *cursor, int64_t limit, pxm_value *fields,
                             pxm_error *error);
pxm_status sqlite_queue_redrive(void *self, pxm_job *job, const char *id, pxm_error *error);
pxm_status sqlite_queue_discard(void *self, pxm_job *job, const char *id, pxm_error *error);

/* An item as it is shown: the stored fields behind its key (item.c). */
pxm_status sqlite_item_show(const struct sqlite_table *table, const char *key, const char *json, size_t length,
                            pxm_value **ret, pxm_error *error);

/* ---- index entries (entries.c) ---- */

/* Brings the entries of an item in line with its stored fields. */
pxm_status sqlite_entries_write(struct sqlite_session *session, int64_t table, int64_t seq, const pxm_value *stored);
/* Makes the indexes of a table those that are declared, reading all items if some are new. In a write transaction. */
pxm_status sqlite_entries_declare(struct sqlite_session *session, int64_t table, const pxm_value *indexes);
/* Whether they are that already. */
pxm_status sqlite_entries_declared(struct sqlite_session *session, int64_t table, const pxm_value *indexes,
                                   bool *ret_same);

#endif
