/* What the parts of the journal share. A journal_db is a connection with its statements; one thread at a time. The
 * journal's thread has one for as long as it lives; `pixmill jobs` makes one beside it, in a process of its own.
 *
 * Rows are arrays of values in the order of their table's columns; the first is the id, the last is a checksum over all
 * others, so a row says by itself whether it is whole, wherever it was found. */
#ifndef PXM_DAEMON_JOURNAL_INTERNAL_H
#define PXM_DAEMON_JOURNAL_INTERNAL_H

#include "base/buf.h"
#include "daemon/journal.h"

#include <sqlite3.h>

/* ---- the schema (journal_schema.c) ---- */

enum {
    JOURNAL_APPLICATION_ID = 0x70786a31,
    JOURNAL_VERSION = 1,
    JOURNAL_PAGE_BYTES = 4096,
    JOURNAL_SUM_BYTES = 16,
    JOURNAL_COLUMNS_MAX = 13, /* without the checksum */
    JOURNAL_PATH_MAX = 4096
};

enum journal_table { JOURNAL_META, JOURNAL_JOBS, JOURNAL_KEYS, JOURNAL_SCHEDULES, JOURNAL_TABLE_COUNT };

enum { META_ID, META_VERSION, META_SEQ, META_NEXT_ID, META_ROWS, META_RESCUED_MS, META_KEPT, META_LOST };
enum {
    JOB_ID,
    JOB_STATE,
    JOB_RUN,
    JOB_PIPELINE,
    JOB_TRIGGER,
    JOB_DEDUPE,
    JOB_EVENT,
    JOB_ATTEMPTS,
    JOB_CREATED_MS,
    JOB_FIRST_MS,
    JOB_LAST_MS,
    JOB_NOT_BEFORE_MS,
    JOB_CAUSE
};
enum { KEY_ID, KEY_KEY, KEY_FINGERPRINT, KEY_RUN, KEY_RUN_MS, KEY_CREATED_MS, KEY_ANSWERED, KEY_ANSWER };
enum { SCHEDULE_ID, SCHEDULE_PIPELINE, SCHEDULE_TRIGGER, SCHEDULE_LAST_MS };

enum { JOB_EXPECTED = 0, JOB_READY = 1, JOB_DEAD = 2 }; /* in the file, and in the text of statements */

enum journal_sql { /* what is ever asked; the texts are in journal_schema.c */
                   SQL_BEGIN,
                   SQL_COMMIT,
                   SQL_ROLLBACK,
                   SQL_SAVEPOINT,
                   SQL_SAVEPOINT_UNDO,
                   SQL_SAVEPOINT_END,
                   SQL_META_READ,
                   SQL_META_ADD,
                   SQL_META_CHANGE,
                   SQL_JOB_READ,
                   SQL_JOB_ADD,
                   SQL_JOB_CHANGE,
                   SQL_JOB_DROP,
                   SQL_JOB_EXPECTED_ANY,
                   SQL_JOB_EXPECTED_BY,
                   SQL_JOB_SAME_OF_RUN,
                   SQL_JOB_SAME_WAITING,
                   SQL_JOB_SAME_READY,
                   SQL_JOB_AHEAD,
                   SQL_JOBS_DUE,
                   SQL_JOBS_DEAD,
                   SQL_JOB_NEXT,
                   SQL_COUNT_EXPECTED,
                   SQL_COUNT_READY,
                   SQL_COUNT_DELAYED,
                   SQL_COUNT_TAKEN,
                   SQL_COUNT_DEAD,
                   SQL_DEAD_DROP_OLD,
                   SQL_DEAD_DROP_MANY,
                   SQL_TAKEN_ADD,
                   SQL_TAKEN_DROP,
                   SQL_TAKEN_LIST,
                   SQL_KEY_FIND,
                   SQL_KEY_ADD,
                   SQL_KEY_CHANGE,
                   SQL_KEY_DROP,
                   SQL_KEYS_DROP_OLD,
                   SQL_RUNNING_ADD,
                   SQL_RUNNING_DROP,
                   SQL_RUNNING_HAS,
                   SQL_RUNNING_LIST,
                   SQL_SCHEDULE_FIND,
                   SQL_SCHEDULE_ADD,
                   SQL_SCHEDULE_CHANGE,
                   SQL_STATEMENTS
};
extern const char *const journal_sql_texts[SQL_STATEMENTS];

struct journal_table_info {
    const char *name;
    size_t columns;        /* without the checksum */
    uint32_t text_columns; /* a bit for each that is text; all others are integers */
    enum journal_sql add;  /* gives all columns in their order, then the checksum */
};
extern const struct journal_table_info journal_tables[JOURNAL_TABLE_COUNT];
/* What makes an empty file a journal, one statement each, as SQLite keeps them; NULL at the end. */
extern const char *const journal_schema[];

/* ---- rows (journal_row.c) ---- */

struct journal_value {
    int64_t i;
    const char *text; /* of a text column; never NULL there */
    size_t length;
};

struct journal_db;
/* The checksum: the first bytes of a SHA-256. A CRC would miss what a strong hash does not, such as a row that is
 * whole and stands for another, and the hash is cheap beside the flush. */
pxm_status journal_sum(struct journal_db *db, enum journal_table table, const struct journal_value *values,
                       uint8_t sum[JOURNAL_SUM_BYTES]);
/* The row that a statement stands on (SELECT *); texts are the statement's. *ret_whole: its checksum holds. */
pxm_status journal_row_look(struct journal_db *db, enum journal_table table, sqlite3_stmt *statement,
                            struct journal_value *values, bool *ret_whole);
/* The same; one that is not whole fails with journal.damaged. */
pxm_status journal_row_read(struct journal_db *db, enum journal_table table, sqlite3_stmt *statement,
                            struct journal_value *values);
/* Runs a statement that takes all columns in their order, then the checksum. */
pxm_status journal_row_write(struct journal_db *db, enum journal_table table, enum journal_sql which,
                             const struct journal_value *values);
void journal_set_text(struct journal_value *value, const char *text); /* NULL: "" */

/* ---- a connection (journal_db.c) ---- */

struct journal_db {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_STATEMENTS];
    char path[JOURNAL_PATH_MAX];
    struct pxm_buf row;          /* for checksums */
    int result;                  /* the first failure of SQLite's since the transaction began; nothing runs after one */
    pxm_error *error;            /* where all that goes wrong is told */
    bool changed;                /* something was written in this transaction */
    int64_t meta[1 + META_LOST]; /* as of this transaction, and what it will leave */
    int64_t keep_ms;
    int64_t seen_ms;   /* wall time of the last operation            */
    bool stepped_back; /* the clock did, and no TAKE has seen to it */
    const struct pxm_clock *clock;
};

/* Opens the file that is there; `error` is where opening fails. */
pxm_status journal_db_open(struct journal_db *db, const char *path, pxm_error *error);
void journal_db_close(struct journal_db *db); /* a zeroed one is fine */
/* Sets db->error from an SQLite result code, and remembers it. */
pxm_status journal_db_fail(struct journal_db *db, int result);
int64_t journal_db_now(const struct journal_db *db);

/* A prepared statement without bindings. Arguments are borrowed until its next use. */
sqlite3_stmt *journal_statement(struct journal_db *db, enum journal_sql which);
void journal_bind_int(struct journal_db *db, sqlite3_stmt *statement, int place, int64_t value);
void journal_bind_text(struct journal_db *db, sqlite3_stmt *statement, int place, const char *text);
pxm_status journal_step(struct journal_db *db, sqlite3_stmt *statement, bool *ret_row);
pxm_status journal_run(struct journal_db *db, sqlite3_stmt *statement); /* gives no row */
/* A statement with at most one integer argument that gives one integer, or none: `missing`. */
pxm_status journal_get_int(struct journal_db *db, enum journal_sql which, int64_t argument, int64_t missing,
                           int64_t *ret);
pxm_status journal_run_int(struct journal_db *db, enum journal_sql which, int64_t argument);
pxm_status journal_script(struct journal_db *db, const char *script);

/* A transaction; reads meta. `error` is where all until its end is told. */
pxm_status journal_begin(struct journal_db *db, pxm_error *error);
/* Writes meta if something was changed, and commits. */
pxm_status journal_commit(struct journal_db *db);
void journal_rollback(struct journal_db *db);
void journal_reset(struct journal_db *db); /* no statement reads any more */

/* ---- operations (journal_batch.c, journal_jobs.c, journal_dead.c, journal_keys.c) ---- */

/* Does the operations of a list in one transaction and sets the error of each. PXM_OK: it was committed; else db's
 * file is as before, all of them failed, and db is not to be trusted. */
pxm_status journal_batch(struct journal_db *db, struct journal_op *first);
/* Drops what is too old, no more than a little at a time. */
pxm_status journal_prune(struct journal_db *db);

typedef pxm_status journal_do(struct journal_db *db, struct journal_op *op);
journal_do journal_do_expect, journal_do_conclude, journal_do_add, journal_do_take, journal_do_finish, journal_do_retry,
    journal_do_bury, journal_do_dead, journal_do_redrive, journal_do_discard, journal_do_claim, journal_do_schedule,
    journal_do_count;

/* The start of a process life: what was expected is ready, and times that lie ahead of the clock are not waited for. */
pxm_status journal_jobs_start(struct journal_db *db);
pxm_status journal_job_insert(struct journal_db *db, const struct journal_op *op, int64_t state, int64_t *ret_id);
pxm_status journal_job_drop(struct journal_db *db, int64_t id);
/* The job `id` in a certain state; job.not_found. Texts live until SQL_JOB_READ is used again. */
pxm_status journal_job_get(struct journal_db *db, int64_t id, int64_t state, struct journal_value *values);
/* The rows of a statement as jobs of `op`, at most its limit. One that is damaged is left out and told in the log;
 * where `taken`, all are marked, the damaged too, so that they are not met again. */
pxm_status journal_jobs_collect(struct journal_db *db, sqlite3_stmt *rows, bool taken, struct journal_op *op);
/* The end of the run that holds the key of a CONCLUDE. */
pxm_status journal_key_conclude(struct journal_db *db, const struct journal_op *op);
pxm_status journal_keys_prune(struct journal_db *db, int64_t now_ms);
pxm_status journal_dead_prune(struct journal_db *db, int64_t now_ms);
pxm_status journal_op_invalid(const struct journal_db *db, const char *what); /* journal.invalid */

/* ---- the mark (journal_mark.c): a small file beside the journal that says what was committed, so that a journal from
 * which commits are missing (its -wal was removed or cut, a backup was put back) is told from one that is whole. It is
 * written after each commit and never flushed, so it may be behind, but is never ahead. ---- */

struct journal_mark {
    int64_t seq, next_id, rows; /* seq 0: not known */
};
int journal_mark_open(int folder, bool create); /* a descriptor, or -errno */
void journal_mark_read(int mark, struct journal_mark *ret);
void journal_mark_write(int mark, const struct journal_db *db);

/* ---- whether a file is whole (journal_check.c) ---- */

#define JOURNAL_NAME "journal.db"

/* Opens it and looks at all of it. *ret_reason: NULL, or why it is damaged (static or in buffer); then db is closed.
 * What says nothing of the file, such as a lack of memory, is a failure. `thorough`: every page and row. */
pxm_status journal_check(struct journal_db *db, int folder, const char *path, const struct journal_mark *mark,
                         bool thorough, char reason[256], pxm_error *error);

/* ---- making files, and rescuing what is in damaged ones (journal_make.c, journal_rescue.c, journal_pages.c) ---- */

/* Makes a journal under a name of its own (replacing what is there), filled by `fill`, durable when it returns. */
pxm_status journal_make(int folder, const char *folder_path, const char *name,
                        pxm_status (*fill)(void *arg, struct journal_db *db), void *arg, pxm_error *error);
/* What is in the damaged file goes to a new one, which takes its place when it is whole. */
pxm_status journal_rescue(int folder, const char *folder_path, const struct journal_mark *mark, int64_t now_ms,
                          pxm_error *error);
/* Goes on where a process died in a rescue; nothing to do if none did. */
pxm_status journal_rescue_finish(int folder, const char *folder_path, pxm_error *error);
/* *ret: whether there is such a file. What cannot be told is a failure: a journal that is taken for missing is lost. */
pxm_status journal_exists(int folder, const char *name, bool *ret, pxm_error *error);
void journal_aside_name(int64_t rescued_ms, char name[256]);

/* Reads pages by itself, as SQLite gives up whole tables for the damage of one page. Calls `found` for each row that a
 * page may hold, of any age: only its checksum says whether it is one. */
struct journal_record {
    size_t count; /* of values */
    struct journal_value values[JOURNAL_COLUMNS_MAX + 1];
    uint32_t text, blob; /* a bit for each value of that kind; all others are integers */
};
pxm_status journal_pages(int db, int wal, pxm_status (*found)(void *arg, const struct journal_record *record),
                         void *arg, pxm_error *error);

#endif
