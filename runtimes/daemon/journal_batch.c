/* Many operations in one transaction. Each has a savepoint, so that one that fails leaves nothing behind and the others
 * alone; what SQLite itself cannot do fails all of them. */
#include "daemon/journal_internal.h"

#include <stdlib.h>
#include <string.h>

static journal_do *const kinds[] = {
    [JOURNAL_EXPECT] = journal_do_expect,   [JOURNAL_CONCLUDE] = journal_do_conclude,
    [JOURNAL_ADD] = journal_do_add,         [JOURNAL_TAKE] = journal_do_take,
    [JOURNAL_FINISH] = journal_do_finish,   [JOURNAL_RETRY] = journal_do_retry,
    [JOURNAL_BURY] = journal_do_bury,       [JOURNAL_DEAD] = journal_do_dead,
    [JOURNAL_REDRIVE] = journal_do_redrive, [JOURNAL_DISCARD] = journal_do_discard,
    [JOURNAL_CLAIM] = journal_do_claim,     [JOURNAL_SCHEDULE] = journal_do_schedule,
    [JOURNAL_COUNT] = journal_do_count,
};

void journal_job_done(struct journal_job *job)
{
    free(job->pipeline);
    free(job->trigger);
    free(job->event);
    free(job->cause);
    free(job->origin);
    *job = (struct journal_job){0};
}

void journal_op_done(struct journal_op *op)
{
    for (size_t i = 0; i < op->job_count; i++) {
        journal_job_done(&op->jobs[i]);
    }
    free(op->jobs);
    free(op->ret_answer);
    op->jobs = NULL;
    op->job_count = 0;
    op->ret_answer = NULL;
}

pxm_status journal_op_invalid(const struct journal_db *db, const char *what)
{
    return pxm_error_set(db->error, PXM_E_INVALID, "journal.invalid", "%s is missing or wrong", what);
}

/* ---- what is given ---- */

static pxm_status check_text(const struct journal_db *db, const char *text, size_t max, const char *what)
{
    if (text && strnlen(text, max + 1) > max) {
        return pxm_error_set(db->error, PXM_E_LIMIT, "journal.too_large", "%s has more than %zu bytes", what, max);
    }
    return PXM_OK;
}

static pxm_status check_given(const struct journal_db *db, const struct journal_op *op)
{
    const struct {
        const char *text, *what;
        size_t max;
    } texts[] = {
        {op->run, "the id of a run", JOURNAL_ID_MAX - 1},
        {op->pipeline, "the name of a pipeline", JOURNAL_NAME_MAX},
        {op->trigger, "the name of a trigger", JOURNAL_NAME_MAX},
        {op->event, "an event", JOURNAL_EVENT_MAX},
        {op->dedupe, "what tells duplicates", JOURNAL_DEDUPE_MAX},
        {op->cause, "the cause of a failure", JOURNAL_CAUSE_MAX},
        {op->answer, "an answer", JOURNAL_ANSWER_MAX},
        {op->key, "an idempotency key", JOURNAL_KEY_MAX - 1},
        {op->fingerprint, "what an idempotency key was used for", JOURNAL_NAME_MAX},
    };
    pxm_status status = op->now_ms > 0 ? PXM_OK : journal_op_invalid(db, "the time");
    for (size_t i = 0; status == PXM_OK && i < sizeof texts / sizeof *texts; i++) {
        status = check_text(db, texts[i].text, texts[i].max, texts[i].what);
    }
    return status;
}

/* ---- one, and all ---- */

static void fail_op(struct journal_op *op)
{
    journal_op_done(op);
    op->ret_id = op->ret_next_ms = op->ret_run_ms = 0;
    op->ret_run[0] = '\0';
    op->counts = (struct journal_counts){0};
}

static pxm_status attempt(struct journal_db *db, struct journal_op *op)
{
    if ((size_t)op->kind >= sizeof kinds / sizeof *kinds) {
        return journal_op_invalid(db, "the kind of an operation");
    }
    pxm_status status = check_given(db, op);
    return status == PXM_OK ? kinds[op->kind](db, op) : status;
}

/* What this returns is the outcome of the transaction, op->error that of the operation. */
static pxm_status do_one(struct journal_db *db, struct journal_op *op)
{
    int64_t meta[sizeof db->meta / sizeof *db->meta];
    bool changed = db->changed;
    memcpy(meta, db->meta, sizeof meta);
    db->error = &op->error;
    pxm_error_clear(&op->error);
    if (op->now_ms == 0) {
        op->now_ms = journal_db_now(db);
    }
    db->stepped_back = db->stepped_back || op->now_ms < db->seen_ms;
    db->seen_ms = op->now_ms;
    pxm_status status = journal_run(db, journal_statement(db, SQL_SAVEPOINT));
    if (status != PXM_OK) {
        return status;
    }
    status = attempt(db, op);
    if (db->result != SQLITE_OK || sqlite3_get_autocommit(db->db)) {
        return status == PXM_OK ? journal_db_fail(db, SQLITE_ABORT) : status;
    }
    if (status != PXM_OK) {
        fail_op(op);
        memcpy(db->meta, meta, sizeof meta);
        db->changed = changed;
        journal_reset(db);
        status = journal_run(db, journal_statement(db, SQL_SAVEPOINT_UNDO));
        if (status != PXM_OK) {
            return status;
        }
    }
    return journal_run(db, journal_statement(db, SQL_SAVEPOINT_END));
}

pxm_status journal_batch(struct journal_db *db, struct journal_op *first)
{
    pxm_error error = {0};
    pxm_status status = journal_begin(db, &error);
    for (struct journal_op *op = first; status == PXM_OK && op; op = op->next) {
        status = do_one(db, op);
        if (status != PXM_OK) {
            error = op->error;
        }
    }
    db->error = &error;
    if (status == PXM_OK) {
        status = journal_commit(db);
    }
    if (status != PXM_OK) {
        journal_rollback(db);
        db->stepped_back = true; /* who looked into it did so in vain */
        for (struct journal_op *op = first; op; op = op->next) {
            fail_op(op);
            op->error = error;
        }
    }
    db->error = NULL;
    return status;
}

pxm_status journal_prune(struct journal_db *db)
{
    pxm_error error = {0};
    int64_t now = journal_db_now(db);
    pxm_status status = journal_begin(db, &error);
    if (status == PXM_OK) {
        status = journal_keys_prune(db, now);
    }
    if (status == PXM_OK) {
        status = journal_dead_prune(db, now);
    }
    if (status == PXM_OK) {
        status = journal_commit(db);
    }
    if (status != PXM_OK) {
        journal_rollback(db);
    }
    db->error = NULL;
    return status;
}
