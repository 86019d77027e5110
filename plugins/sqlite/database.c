/* The database file: opening it, sessions, transactions, waiting for locks, and what SQLite's failures mean to a
 * pipeline. The pool has a lock; a session belongs to one thread while it is taken. */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CODE_MAX = 64 };
enum { STEPS_PER_CHECK = 20000 }; /* of SQLite's virtual machine, between two looks at the time: about a millisecond */

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- failures ---- */

static const struct failure {
    int result; /* SQLite's primary code */
    pxm_status status;
    const char *code; /* behind the kind: "table." or "queue." */
    const char *advice;
} failures[] = {
    {SQLITE_BUSY, PXM_E_TRANSIENT, "unavailable", "; another process or thread keeps the lock"},
    {SQLITE_LOCKED, PXM_E_TRANSIENT, "unavailable", ""},
    {SQLITE_FULL, PXM_E_NO_SPACE, "full", "; free space on the disk of the database"},
    {SQLITE_IOERR, PXM_E_TRANSIENT, "unavailable", "; is the disk full, or failing?"},
    {SQLITE_CORRUPT, PXM_E_INTERNAL, "damaged", "; stop all users of the file and restore it from a backup"},
    {SQLITE_NOTADB, PXM_E_INTERNAL, "damaged", "; the path names a file that is no SQLite database"},
    {SQLITE_READONLY, PXM_E_DENIED, "denied", "; check owner and mode of the file and its folder"},
    {SQLITE_PERM, PXM_E_DENIED, "denied", "; check owner and mode of the file and its folder"},
    {SQLITE_CANTOPEN, PXM_E_DENIED, "denied", "; the folder must be there and be writable"},
    {SQLITE_TOOBIG, PXM_E_LIMIT, "too_large", ""},
    {SQLITE_NOMEM, PXM_E_NO_MEMORY, "no_memory", ""},
    {SQLITE_INTERRUPT, PXM_E_TIMEOUT, "limit.time", "; the time is up or the run was cancelled"},
    {SQLITE_OK, PXM_E_TRANSIENT, "unavailable", ""}, /* all others */
};

pxm_status sqlite_fail(struct sqlite_session *session, int result)
{
    const struct pxm_host *host = session->database->host;
    const struct failure *failure = failures;
    if ((result & 0xff) == SQLITE_BUSY && host->remaining_ms(session->job) <= 0) {
        result = SQLITE_INTERRUPT;
    }
    if (session->result == SQLITE_OK) {
        session->result = result;
    }
    while (failure->result != SQLITE_OK && failure->result != (result & 0xff)) {
        failure++;
    }
    const char *text =
        session->db && sqlite3_errcode(session->db) != SQLITE_OK ? sqlite3_errmsg(session->db) : sqlite3_errstr(result);
    char code[CODE_MAX];
    bool common = failure->status == PXM_E_NO_MEMORY || failure->status == PXM_E_TIMEOUT;
    snprintf(code, sizeof code, "%s%s%s", common ? "" : session->database->kind, common ? "" : ".", failure->code);
    return host->fail(session->error, failure->status, code, "database %s: %s%s", session->database->path, text,
                      failure->advice);
}

pxm_status sqlite_fail_memory(const struct sqlite_session *session)
{
    return session->database->host->fail(session->error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

/* ---- waiting ---- */

/* SQLite calls this while somebody else has the lock. */
static int wait_for_lock(void *arg, int count)
{
    const struct sqlite_session *session = arg;
    struct timespec rest = {.tv_nsec = (count < 10 ? 1 + count : 10) * 1000000};
    if (monotonic_ms() >= session->give_up_ms || session->database->host->remaining_ms(session->job) <= 0) {
        return 0;
    }
    nanosleep(&rest, NULL);
    return 1;
}

/* SQLite calls this now and then while a statement runs; what is not 0 interrupts it. */
static int look_at_the_time(void *arg)
{
    const struct sqlite_session *session = arg;
    return session->database->host->remaining_ms(session->job) <= 0;
}

/* ---- connections ---- */

/* SQLite would make the file readable for all that the umask lets. A file that is there is not opened: closing it would
 * drop the locks that this process has on it (sqlite.org/howtocorrupt.html, section 2.2). */
static void make_private_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
    }
}

static void free_session(struct sqlite_session *session)
{
    if (!session) {
        return;
    }
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_finalize(session->statements[i]);
    }
    sqlite3_close(session->db);
    free(session);
}

static pxm_status open_connection(struct sqlite_session *session)
{
    static const char setup[] = "PRAGMA trusted_schema = OFF;"
                                "PRAGMA cell_size_check = ON;"
                                "PRAGMA journal_mode = WAL;"
                                "PRAGMA synchronous = FULL;"
                                "PRAGMA journal_size_limit = 67108864;";
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int result = sqlite3_open_v2(session->database->path, &session->db, flags, NULL);
    if (result != SQLITE_OK) {
        return sqlite_fail(session, result);
    }
    sqlite3_busy_handler(session->db, wait_for_lock, session);
    sqlite3_progress_handler(session->db, STEPS_PER_CHECK, look_at_the_time, session);
    sqlite3_db_config(session->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* Processes that turn a new file to WAL at once are in each other's way, and there SQLite does not wait by
     * itself. */
    int count = 0;
    do {
        result = sqlite3_exec(session->db, setup, NULL, NULL, NULL);
    } while ((result & 0xff) == SQLITE_BUSY && wait_for_lock(session, count++));
    return result == SQLITE_OK ? PXM_OK : sqlite_fail(session, result);
}

static void start_waiting(struct sqlite_session *session, const pxm_job *job, pxm_error *error)
{
    session->job = job;
    session->error = error;
    session->result = SQLITE_OK;
    session->give_up_ms = monotonic_ms() + session->database->busy_ms;
}

pxm_status sqlite_take(struct sqlite_database *database, const pxm_job *job, struct sqlite_session **ret,
                       pxm_error *error)
{
    if (database->host->remaining_ms(job) <= 0) {
        return database->host->fail(error, PXM_E_TIMEOUT, "limit.time",
                                    "database %s: the time is up or the run was cancelled", database->path);
    }
    pthread_mutex_lock(&database->lock);
    struct sqlite_session *session = database->idle;
    if (session) {
        database->idle = session->next;
    }
    pthread_mutex_unlock(&database->lock);
    if (session) {
        start_waiting(session, job, error);
        *ret = session;
        return PXM_OK;
    }
    session = calloc(1, sizeof *session);
    if (!session) {
        return database->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    session->database = database;
    start_waiting(session, job, error);
    pxm_status status = open_connection(session);
    if (status != PXM_OK) {
        free_session(session);
        return status;
    }
    *ret = session;
    return PXM_OK;
}

void sqlite_give(struct sqlite_database *database, struct sqlite_session *session)
{
    int result = session->result & 0xff;
    /* After anything worse than a lock or a deadline the next operation gets a new connection, so that it heals when
     * the cause goes away. */
    if (result != SQLITE_OK && result != SQLITE_BUSY && result != SQLITE_INTERRUPT) {
        free_session(session);
        return;
    }
    session->job = NULL;
    session->error = NULL;
    pthread_mutex_lock(&database->lock);
    session->next = database->idle;
    database->idle = session;
    pthread_mutex_unlock(&database->lock);
}

pxm_status sqlite_database_init(struct sqlite_database *database, const struct pxm_host *host, const char *kind,
                                const char *path, int64_t busy_ms, pxm_error *error)
{
    struct sqlite_session *session = NULL;
    *database = (struct sqlite_database){.host = host, .kind = kind, .path = path, .busy_ms = busy_ms};
    int failed = pthread_mutex_init(&database->lock, NULL);
    if (failed) {
        database->host = NULL;
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    make_private_file(path);
    pxm_status status = sqlite_take(database, NULL, &session, error);
    if (status == PXM_OK) {
        status = sqlite_schema_prepare(session);
        sqlite_give(database, session);
    }
    if (status != PXM_OK) {
        sqlite_database_done(database);
    }
    return status;
}

void sqlite_database_done(struct sqlite_database *database)
{
    if (!database->host) {
        return;
    }
    while (database->idle) {
        struct sqlite_session *session = database->idle;
        database->idle = session->next;
        free_session(session);
    }
    pthread_mutex_destroy(&database->lock);
    *database = (struct sqlite_database){0};
}

/* ---- statements ---- */

static void note(struct sqlite_session *session, int result)
{
    if (session->result == SQLITE_OK && result != SQLITE_OK) {
        session->result = result;
    }
}

sqlite3_stmt *sqlite_statement(struct sqlite_session *session, enum sqlite_sql which)
{
    sqlite3_stmt **statement = &session->statements[which];
    if (!*statement) {
        note(session,
             sqlite3_prepare_v3(session->db, sqlite_sql_texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL));
    } else {
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
    }
    return *statement;
}

void sqlite_bind_int(struct sqlite_session *session, sqlite3_stmt *statement, int place, int64_t value)
{
    if (session->result == SQLITE_OK) {
        note(session, sqlite3_bind_int64(statement, place, value));
    }
}

void sqlite_bind_chars(struct sqlite_session *session, sqlite3_stmt *statement, int place, const char *text,
                       size_t length)
{
    if (session->result == SQLITE_OK) {
        note(session, sqlite3_bind_text64(statement, place, text, length, SQLITE_STATIC, SQLITE_UTF8));
    }
}

void sqlite_bind_text(struct sqlite_session *session, sqlite3_stmt *statement, int place, const char *text)
{
    sqlite_bind_chars(session, statement, place, text, strlen(text));
}

void sqlite_bind_bytes(struct sqlite_session *session, sqlite3_stmt *statement, int place, const void *data,
                       size_t length)
{
    if (session->result == SQLITE_OK) {
        note(session, sqlite3_bind_blob64(statement, place, data, length, SQLITE_STATIC));
    }
}

pxm_status sqlite_step(struct sqlite_session *session, sqlite3_stmt *statement, bool *ret_row)
{
    int result = session->result != SQLITE_OK ? session->result : sqlite3_step(statement);
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        return sqlite_fail(session, result);
    }
    *ret_row = result == SQLITE_ROW;
    return PXM_OK;
}

pxm_status sqlite_run(struct sqlite_session *session, sqlite3_stmt *statement)
{
    bool row = false;
    pxm_status status = sqlite_step(session, statement, &row);
    if (statement) {
        sqlite3_reset(statement);
    }
    return status;
}

pxm_status sqlite_script(struct sqlite_session *session, const char *script)
{
    int result = sqlite3_exec(session->db, script, NULL, NULL, NULL);
    return result == SQLITE_OK ? PXM_OK : sqlite_fail(session, result);
}

/* ---- transactions ---- */

pxm_status sqlite_begin(struct sqlite_session *session, bool write)
{
    return sqlite_run(session, sqlite_statement(session, write ? SQL_BEGIN_WRITE : SQL_BEGIN_READ));
}

static void roll_back(struct sqlite_session *session)
{
    if (!sqlite3_get_autocommit(session->db)) {
        sqlite3_exec(session->db, sqlite_sql_texts[SQL_ROLLBACK], NULL, NULL, NULL);
    }
}

pxm_status sqlite_end(struct sqlite_session *session, pxm_status status)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_reset(session->statements[i]);
    }
    if (status == PXM_OK) {
        status = sqlite_run(session, sqlite_statement(session, SQL_COMMIT));
    }
    if (status != PXM_OK) {
        roll_back(session);
    }
    return status;
}

pxm_status sqlite_transact(struct sqlite_database *database, const pxm_job *job, bool write, sqlite_work *work,
                           void *arg, pxm_error *error)
{
    struct sqlite_session *session = NULL;
    pxm_status status = sqlite_take(database, job, &session, error);
    if (status != PXM_OK) {
        return status;
    }
    status = sqlite_begin(session, write);
    if (status == PXM_OK) {
        status = sqlite_end(session, work(session, arg));
    }
    sqlite_give(database, session);
    return status;
}

static pxm_status do_nothing(struct sqlite_session *session, void *arg)
{
    (void)session;
    (void)arg;
    return PXM_OK;
}

pxm_status sqlite_check(struct sqlite_database *database, const pxm_job *job, pxm_error *error)
{
    return sqlite_transact(database, job, true, do_nothing, NULL, error);
}
