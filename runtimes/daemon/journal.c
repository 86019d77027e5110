/* The journal's thread and its queue; opening, closing, and getting well again. */
#include "daemon/journal_internal.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAKING_NAME "journal.making"

enum { BATCH_MAX = 1000, PRUNE_EVERY_MS = 10 * 60 * 1000 };

struct queue {
    struct journal_op *first, **last;
};

struct journal {
    struct loop *loop;
    struct loop_source source; /* readable when something is in `finished` */
    bool stays_damaged;        /* nobody has made up for the damage yet */
    int folder, mark;
    char *folder_path, *path;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest of this block */
    pthread_cond_t work, rest;
    struct queue waiting, finished;
    bool busy, quit;
    /* the thread's, from when it starts to when it has ended */
    struct journal_db db;
    bool sick; /* a transaction failed: the connection is not to be trusted */
    int64_t pruned_ms;
};

/* ---- queues ---- */

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void queue_add(struct queue *queue, struct journal_op *first, struct journal_op *last)
{
    *queue->last = first;
    queue->last = &last->next;
}

/* The first of them, at most `max`. */
static struct journal_op *queue_take(struct queue *queue, size_t max, struct journal_op **ret_last)
{
    struct journal_op *first = queue->first, *last = first;
    for (size_t i = 1; i < max && last && last->next; i++) {
        last = last->next;
    }
    if (!last || !last->next) {
        queue_init(queue);
    } else {
        queue->first = last->next;
        last->next = NULL;
    }
    *ret_last = last;
    return first;
}

/* ---- the thread ---- */

static pxm_status carry(struct journal_db *from, struct journal_db *to, enum journal_sql list, enum journal_sql add)
{
    bool row = true;
    sqlite3_stmt *rows = journal_statement(from, list);
    pxm_status status = journal_step(from, rows, &row);
    while (status == PXM_OK && row) {
        status = journal_run_int(to, add, sqlite3_column_int64(rows, 0));
        if (status == PXM_OK) {
            status = journal_step(from, rows, &row);
        }
    }
    sqlite3_reset(rows);
    return status;
}

/* A connection takes the place of one whose commit failed. What the -wal holds goes to the file itself and the -wal is
 * emptied: after a flush that failed nobody knows what of it is on the disk, and only writing it again helps. */
static pxm_status heal(struct journal *journal, pxm_error *error)
{
    struct journal_db *old = &journal->db;
    struct journal_db fresh = {
        .clock = old->clock, .keep_ms = old->keep_ms, .seen_ms = old->seen_ms, .stepped_back = true};
    old->error = error;
    old->result = SQLITE_OK;
    pxm_status status = journal_db_open(&fresh, journal->path, error);
    if (status == PXM_OK) {
        status = carry(old, &fresh, SQL_TAKEN_LIST, SQL_TAKEN_ADD);
    }
    if (status == PXM_OK) {
        status = carry(old, &fresh, SQL_RUNNING_LIST, SQL_RUNNING_ADD);
    }
    if (status != PXM_OK) {
        journal_db_close(&fresh);
        return status;
    }
    journal_db_close(old);
    *old = fresh;
    int result = sqlite3_wal_checkpoint_v2(old->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return result == SQLITE_OK ? PXM_OK : journal_db_fail(old, result);
}

static void work(struct journal *journal, struct journal_op *first)
{
    pxm_error error = {0};
    pxm_status status = journal->sick ? heal(journal, &error) : PXM_OK;
    if (status != PXM_OK) {
        for (struct journal_op *op = first; op; op = op->next) {
            op->error = error;
        }
        return;
    }
    journal->sick = journal_batch(&journal->db, first) != PXM_OK;
    if (!journal->sick && journal->db.changed) {
        journal_mark_write(journal->mark, &journal->db);
    }
}

static void prune(struct journal *journal)
{
    int64_t now = journal->db.clock->monotonic_ms(journal->db.clock->arg);
    if (journal->sick || now - journal->pruned_ms < PRUNE_EVERY_MS) {
        return;
    }
    journal->pruned_ms = now;
    journal->sick = journal_prune(&journal->db) != PXM_OK;
    if (!journal->sick && journal->db.changed) {
        journal_mark_write(journal->mark, &journal->db);
    }
}

static void tell_loop(const struct journal *journal)
{
    const uint64_t one = 1;
    ssize_t written = write(journal->source.fd, &one, sizeof one); /* full: it was told already */
    (void)written;
}

static void *run_thread(void *arg)
{
    struct journal *journal = arg;
    struct journal_op *last = NULL;
    pthread_mutex_lock(&journal->lock);
    for (;;) {
        while (!journal->waiting.first && !journal->quit) {
            pthread_cond_wait(&journal->work, &journal->lock);
        }
        struct journal_op *first = queue_take(&journal->waiting, BATCH_MAX, &last);
        if (!first) {
            break;
        }
        journal->busy = true;
        pthread_mutex_unlock(&journal->lock);
        work(journal, first);
        pthread_mutex_lock(&journal->lock);
        queue_add(&journal->finished, first, last);
        journal->busy = false;
        pthread_cond_signal(&journal->rest);
        pthread_mutex_unlock(&journal->lock);
        tell_loop(journal);
        prune(journal);
        pthread_mutex_lock(&journal->lock);
    }
    pthread_mutex_unlock(&journal->lock);
    return NULL;
}

/* ---- the loop's side ---- */

/* Calls `done` of all that is finished; false: nothing was. */
static bool deliver(struct journal *journal)
{
    struct journal_op *last = NULL;
    pthread_mutex_lock(&journal->lock);
    struct journal_op *op = queue_take(&journal->finished, SIZE_MAX, &last);
    pthread_mutex_unlock(&journal->lock);
    bool any = op != NULL;
    while (op) {
        struct journal_op *next = op->next; /* the operation may be gone when it was told */
        op->next = NULL;
        op->done(op);
        op = next;
    }
    return any;
}

static void deliver_on_loop(struct loop_source *source, uint32_t events)
{
    struct journal *journal = (struct journal *)((char *)source - offsetof(struct journal, source));
    uint64_t count;
    ssize_t length = read(source->fd, &count, sizeof count);
    (void)length;
    (void)events;
    deliver(journal);
}

void journal_submit(struct journal *journal, struct journal_op *op)
{
    op->next = NULL;
    pthread_mutex_lock(&journal->lock);
    queue_add(&journal->waiting, op, op);
    pthread_cond_signal(&journal->work);
    pthread_mutex_unlock(&journal->lock);
}

/* ---- opening ---- */

static pxm_status open_files(struct journal *journal, const char *folder, pxm_error *error)
{
    if (strlen(folder) > JOURNAL_PATH_MAX - 64) {
        return pxm_error_set(error, PXM_E_LIMIT, "journal.denied", "the path of the state folder is too long");
    }
    journal->folder_path = strdup(folder);
    if (!journal->folder_path || asprintf(&journal->path, "%s/" JOURNAL_NAME, folder) < 0) {
        journal->path = NULL;
        return pxm_error_no_memory(error);
    }
    journal->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (journal->folder < 0) {
        return pxm_error_errno(error, errno, "journal.denied", "the state folder cannot be opened");
    }
    journal->mark = journal_mark_open(journal->folder, true);
    if (journal->mark < 0) {
        return pxm_error_errno(error, -journal->mark, NULL, "the mark of the journal cannot be opened");
    }
    return PXM_OK;
}

static pxm_status make_new(const struct journal *journal, pxm_error *error)
{
    pxm_status status = journal_make(journal->folder, journal->folder_path, MAKING_NAME, NULL, NULL, error);
    if (status == PXM_OK &&
        (renameat(journal->folder, MAKING_NAME, journal->folder, JOURNAL_NAME) != 0 || fsync(journal->folder) != 0)) {
        return pxm_error_errno(error, errno, "journal.unavailable", "the new journal cannot be put in its place");
    }
    return status;
}

static pxm_status open_sound(struct journal *journal, const struct journal_mark *mark, pxm_error *error)
{
    char reason[256] = "it is missing";
    bool exists = false;
    pxm_status status = journal_exists(journal->folder, JOURNAL_NAME, &exists, error);
    if (status == PXM_OK && exists) {
        status = journal_check(&journal->db, journal->folder, journal->path, mark, true, reason, error);
    }
    if (status != PXM_OK || !*reason) {
        return status;
    }
    pxm_log(PXM_LOG_ERROR, "journal", NULL, "%s is damaged: %s", journal->path, reason);
    status = journal_rescue(journal->folder, journal->folder_path, mark, journal_db_now(&journal->db), error);
    if (status == PXM_OK) {
        status = journal_check(&journal->db, journal->folder, journal->path, mark, true, reason, error);
    }
    if (status == PXM_OK && *reason) {
        status = pxm_error_set(error, PXM_E_INTERNAL, "journal.damaged", "%s is damaged after its rescue: %s",
                               journal->path, reason);
    }
    return status;
}

static pxm_status start_life(struct journal *journal, pxm_error *error)
{
    pxm_status status = journal_begin(&journal->db, error);
    if (status == PXM_OK) {
        status = journal_jobs_start(&journal->db);
    }
    if (status == PXM_OK) {
        status = journal_commit(&journal->db);
    }
    if (status == PXM_OK) {
        journal_mark_write(journal->mark, &journal->db);
    }
    return status;
}

static pxm_status open_db(struct journal *journal, struct journal_report *report, pxm_error *error)
{
    struct journal_mark mark;
    bool exists = false;
    pxm_status status = journal_rescue_finish(journal->folder, journal->folder_path, error);
    if (status == PXM_OK) {
        status = journal_exists(journal->folder, JOURNAL_NAME, &exists, error);
    }
    journal_mark_read(journal->mark, &mark);
    bool fresh = !exists && mark.seq == 0;
    if (status == PXM_OK && fresh) {
        status = make_new(journal, error);
    }
    if (status == PXM_OK) {
        status = open_sound(journal, &mark, error);
    }
    if (status == PXM_OK) {
        status = start_life(journal, error);
    }
    if (status != PXM_OK) {
        return status;
    }
    const int64_t *meta = journal->db.meta;
    *report = (struct journal_report){.found = fresh ? JOURNAL_FOUND_NEW : JOURNAL_FOUND_SOUND};
    if (meta[META_RESCUED_MS]) {
        *report =
            (struct journal_report){.found = JOURNAL_FOUND_DAMAGED, .kept = meta[META_KEPT], .lost = meta[META_LOST]};
        journal_aside_name(meta[META_RESCUED_MS], report->aside);
    }
    return PXM_OK;
}

/* Signals are the loop's. */
static pxm_status start_thread(struct journal *journal, pxm_error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&journal->thread, NULL, run_thread, journal);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number == 0 ? PXM_OK
                       : pxm_error_errno(error, number, "journal.unavailable", "the journal's thread cannot start");
}

static pxm_status start(struct journal *journal, pxm_error *error)
{
    journal->source.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (journal->source.fd < 0) {
        return pxm_error_errno(error, errno, "journal.unavailable", "the journal's event cannot be made");
    }
    pxm_status status = loop_watch(journal->loop, &journal->source, error);
    return status == PXM_OK ? start_thread(journal, error) : status;
}

static void free_journal(struct journal *journal)
{
    if (journal->source.fd >= 0) {
        loop_unwatch(journal->loop, &journal->source);
        close(journal->source.fd);
    }
    journal_db_close(&journal->db);
    if (journal->mark >= 0) {
        close(journal->mark);
    }
    if (journal->folder >= 0) {
        close(journal->folder);
    }
    pthread_cond_destroy(&journal->work);
    pthread_cond_destroy(&journal->rest);
    pthread_mutex_destroy(&journal->lock);
    free(journal->folder_path);
    free(journal->path);
    free(journal);
}

pxm_status journal_open(const struct journal_options *options, struct journal **ret, struct journal_report *report,
                        pxm_error *error)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal) {
        return pxm_error_no_memory(error);
    }
    journal->loop = options->loop;
    journal->folder = journal->mark = -1;
    journal->source = (struct loop_source){.fd = -1, .events = EPOLLIN, .ready = deliver_on_loop};
    journal->db.clock = options->clock ? options->clock : &pxm_clock_system;
    journal->db.keep_ms = options->keep_ms;
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->work, NULL);
    pthread_cond_init(&journal->rest, NULL);
    queue_init(&journal->waiting);
    queue_init(&journal->finished);
    pxm_status status = open_files(journal, options->folder, error);
    if (status == PXM_OK) {
        status = open_db(journal, report, error);
    }
    if (status == PXM_OK) {
        prune(journal);
        status = start(journal, error);
    }
    if (status != PXM_OK) {
        free_journal(journal);
        return status;
    }
    *ret = journal;
    return PXM_OK;
}

/* ---- closing ---- */

/* The caller lived to react to a rescue, if there was one. The file is whole by itself then: no -wal stays. */
static void end_life(struct journal *journal)
{
    pxm_error error = {0};
    struct journal_db *db = &journal->db;
    if (journal->sick || journal_begin(db, &error) != PXM_OK) {
        return;
    }
    if (db->meta[META_RESCUED_MS] && !journal->stays_damaged) {
        db->meta[META_RESCUED_MS] = 0;
        db->changed = true;
    }
    if (journal_commit(db) == PXM_OK) {
        journal_mark_write(journal->mark, db);
        sqlite3_db_config(db->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    }
}

void journal_stay_damaged(struct journal *journal)
{
    journal->stays_damaged = true;
}

void journal_close(struct journal *journal)
{
    if (!journal) {
        return;
    }
    do {
        pthread_mutex_lock(&journal->lock);
        while (journal->waiting.first || journal->busy) {
            pthread_cond_wait(&journal->rest, &journal->lock);
        }
        pthread_mutex_unlock(&journal->lock);
    } while (deliver(journal));
    pthread_mutex_lock(&journal->lock);
    journal->quit = true;
    pthread_cond_signal(&journal->work);
    pthread_mutex_unlock(&journal->lock);
    pthread_join(journal->thread, NULL);
    end_life(journal);
    free_journal(journal);
}
