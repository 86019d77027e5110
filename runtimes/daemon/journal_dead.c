/* Dead letters: jobs that failed for good, for an operator to see, run again or throw away. */
#include "daemon/journal_internal.h"

#include "base/log.h"

#include <inttypes.h>

enum { MS_PER_DAY = 24 * 60 * 60 * 1000, DROP_AT_ONCE = 1000 };

pxm_status journal_do_dead(struct journal_db *db, struct journal_op *op)
{
    if (op->limit <= 0 || op->cursor < 0) {
        return journal_op_invalid(db, "the number of dead letters to list, or where to go on");
    }
    sqlite3_stmt *dead = journal_statement(db, SQL_JOBS_DEAD);
    journal_bind_int(db, dead, 1, op->cursor > 0 ? op->cursor : INT64_MAX);
    journal_bind_int(db, dead, 2, op->limit);
    return journal_jobs_collect(db, dead, false, op);
}

pxm_status journal_do_redrive(struct journal_db *db, struct journal_op *op)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    pxm_status status = journal_job_get(db, op->id, JOB_DEAD, row);
    if (status != PXM_OK) {
        return status;
    }
    row[JOB_STATE].i = JOB_READY;
    row[JOB_ATTEMPTS].i = row[JOB_FIRST_MS].i = row[JOB_LAST_MS].i = 0;
    row[JOB_NOT_BEFORE_MS].i = op->now_ms;
    journal_set_text(&row[JOB_CAUSE], NULL);
    return journal_row_write(db, JOURNAL_JOBS, SQL_JOB_CHANGE, row);
}

pxm_status journal_do_discard(struct journal_db *db, struct journal_op *op)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    pxm_status status = journal_job_get(db, op->id, JOB_DEAD, row);
    if (status != PXM_OK) {
        return status;
    }
    journal_reset(db);
    return journal_job_drop(db, op->id);
}

/* Runs a statement that deletes dead letters, and says so. */
static pxm_status drop(struct journal_db *db, enum journal_sql which, int64_t argument, const char *why)
{
    pxm_status status = journal_run_int(db, which, argument);
    int dropped = status == PXM_OK ? sqlite3_changes(db->db) : 0;
    if (dropped > 0) {
        db->changed = true;
        db->meta[META_ROWS] -= dropped;
        pxm_log(PXM_LOG_WARN, "journal", NULL, "%d dead letters were dropped: %s", dropped, why);
    }
    return status;
}

pxm_status journal_dead_prune(struct journal_db *db, int64_t now_ms)
{
    int64_t dead = 0;
    pxm_status status =
        drop(db, SQL_DEAD_DROP_OLD, now_ms - (int64_t)JOURNAL_DEAD_DAYS * MS_PER_DAY, "they failed long ago");
    if (status == PXM_OK) {
        status = journal_get_int(db, SQL_COUNT_DEAD, 0, 0, &dead);
    }
    int64_t many = dead - JOURNAL_DEAD_MAX;
    if (status == PXM_OK && many > 0) {
        status = drop(db, SQL_DEAD_DROP_MANY, many < DROP_AT_ONCE ? many : DROP_AT_ONCE, "there are too many");
    }
    return status;
}
