/* Jobs on their way: expected, ready, taken, finished or failed. */
#include "daemon/journal_internal.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool given(const char *text)
{
    return text && *text;
}

/* ---- one row ---- */

pxm_status journal_job_insert(struct journal_db *db, const struct journal_op *op, int64_t state, int64_t *ret_id)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    int64_t id = db->meta[META_NEXT_ID];
    row[JOB_ID].i = id;
    row[JOB_STATE].i = state;
    journal_set_text(&row[JOB_RUN], state == JOB_EXPECTED ? op->run : NULL);
    journal_set_text(&row[JOB_PIPELINE], op->pipeline);
    journal_set_text(&row[JOB_TRIGGER], op->trigger);
    journal_set_text(&row[JOB_DEDUPE], op->dedupe);
    journal_set_text(&row[JOB_EVENT], op->event);
    row[JOB_CREATED_MS].i = op->now_ms;
    row[JOB_NOT_BEFORE_MS].i = op->at_ms > op->now_ms ? op->at_ms : op->now_ms;
    journal_set_text(&row[JOB_CAUSE], NULL);
    pxm_status status = journal_row_write(db, JOURNAL_JOBS, SQL_JOB_ADD, row);
    if (status == PXM_OK) {
        db->meta[META_NEXT_ID]++;
        db->meta[META_ROWS]++;
        *ret_id = id;
    }
    return status;
}

pxm_status journal_job_drop(struct journal_db *db, int64_t id)
{
    db->changed = true;
    pxm_status status = journal_run_int(db, SQL_JOB_DROP, id);
    if (status == PXM_OK) {
        db->meta[META_ROWS] -= sqlite3_changes(db->db);
        status = journal_run_int(db, SQL_TAKEN_DROP, id);
    }
    return status;
}

pxm_status journal_job_get(struct journal_db *db, int64_t id, int64_t state, struct journal_value *values)
{
    bool row = false;
    sqlite3_stmt *read = journal_statement(db, SQL_JOB_READ);
    journal_bind_int(db, read, 1, id);
    pxm_status status = journal_step(db, read, &row);
    if (status == PXM_OK && row) {
        status = journal_row_read(db, JOURNAL_JOBS, read, values);
    }
    if (status == PXM_OK && (!row || values[JOB_STATE].i != state)) {
        return pxm_error_set(db->error, PXM_E_NOT_FOUND, "job.not_found", "there is no %s %" PRId64,
                             state == JOB_DEAD ? "dead letter" : "job", id);
    }
    return status;
}

/* ---- adding ---- */

/* The id of a job of the same pipeline, trigger and dedupe, by a statement; 0: none. */
static pxm_status find_same(struct journal_db *db, enum journal_sql which, const char *pipeline, const char *trigger,
                            const char *dedupe, const char *run, int64_t *ret_id)
{
    bool row = false;
    *ret_id = 0;
    if (!given(dedupe)) {
        return PXM_OK;
    }
    sqlite3_stmt *find = journal_statement(db, which);
    journal_bind_text(db, find, 1, pipeline);
    journal_bind_text(db, find, 2, trigger);
    journal_bind_text(db, find, 3, dedupe);
    if (run) {
        journal_bind_text(db, find, 4, run);
    }
    pxm_status status = journal_step(db, find, &row);
    if (status == PXM_OK && row) {
        *ret_id = sqlite3_column_int64(find, 0);
    }
    sqlite3_reset(find);
    return status;
}

static pxm_status check_job(const struct journal_db *db, const struct journal_op *op)
{
    return given(op->pipeline) && given(op->trigger) && given(op->event)
               ? PXM_OK
               : journal_op_invalid(db, "the pipeline, trigger or event of a job");
}

pxm_status journal_do_expect(struct journal_db *db, struct journal_op *op)
{
    int64_t same = 0;
    pxm_status status = given(op->run) ? check_job(db, op) : journal_op_invalid(db, "the run of an expected job");
    if (status == PXM_OK) {
        status = find_same(db, SQL_JOB_SAME_OF_RUN, op->pipeline, op->trigger, op->dedupe, op->run, &same);
    }
    return status != PXM_OK || same ? status : journal_job_insert(db, op, JOB_EXPECTED, &op->ret_id);
}

pxm_status journal_do_add(struct journal_db *db, struct journal_op *op)
{
    int64_t same = 0;
    pxm_status status = check_job(db, op);
    if (status == PXM_OK) {
        status = find_same(db, SQL_JOB_SAME_WAITING, op->pipeline, op->trigger, op->dedupe, NULL, &same);
    }
    return status != PXM_OK || same ? status : journal_job_insert(db, op, JOB_READY, &op->ret_id);
}

/* ---- the end of a run ---- */

/* The event of an expected job, as it is known now. */
static void tell(struct journal_value *row, const struct journal_op *conclude)
{
    for (size_t i = 0; given(row[JOB_DEDUPE].text) && i < conclude->told_count; i++) {
        if (strcmp(conclude->told[i].dedupe, row[JOB_DEDUPE].text) == 0) {
            journal_set_text(&row[JOB_EVENT], conclude->told[i].event);
        }
    }
}

/* An expected job is ready. `conclude`: its run ended, and it goes if another will do its work; NULL: its process
 * did. */
static pxm_status release(struct journal_db *db, int64_t id, const struct journal_op *conclude)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    int64_t same = 0;
    pxm_status status = journal_job_get(db, id, JOB_EXPECTED, row);
    if (status == PXM_OK && conclude) {
        status = find_same(db, SQL_JOB_SAME_READY, row[JOB_PIPELINE].text, row[JOB_TRIGGER].text, row[JOB_DEDUPE].text,
                           NULL, &same);
    }
    if (status == PXM_OK && same) {
        journal_reset(db);
        return journal_job_drop(db, id);
    }
    if (status == PXM_OK) {
        row[JOB_STATE].i = JOB_READY;
        if (conclude) {
            tell(row, conclude);
        }
        status = journal_row_write(db, JOURNAL_JOBS, SQL_JOB_CHANGE, row);
    }
    return status;
}

pxm_status journal_do_conclude(struct journal_db *db, struct journal_op *op)
{
    if (!given(op->run)) {
        return journal_op_invalid(db, "the run that is over");
    }
    for (;;) {
        bool row = false;
        sqlite3_stmt *expected = journal_statement(db, SQL_JOB_EXPECTED_BY);
        journal_bind_text(db, expected, 1, op->run);
        pxm_status status = journal_step(db, expected, &row);
        int64_t id = row ? sqlite3_column_int64(expected, 0) : 0;
        sqlite3_reset(expected);
        if (status == PXM_OK && row) {
            status = release(db, id, op);
        }
        if (status != PXM_OK) {
            return status;
        }
        if (!row) {
            return given(op->key) ? journal_key_conclude(db, op) : PXM_OK;
        }
    }
}

/* Times that lie ahead because the clock was put back would be waited for in vain. */
static pxm_status realign(struct journal_db *db, int64_t now_ms)
{
    for (;;) {
        struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
        int64_t id = 0;
        pxm_status status = journal_get_int(db, SQL_JOB_AHEAD, now_ms, 0, &id);
        if (status == PXM_OK && id) {
            status = journal_job_get(db, id, JOB_READY, row);
        }
        if (status != PXM_OK || !id) {
            return status;
        }
        row[JOB_NOT_BEFORE_MS].i = now_ms;
        status = journal_row_write(db, JOURNAL_JOBS, SQL_JOB_CHANGE, row);
        if (status != PXM_OK) {
            return status;
        }
    }
}

pxm_status journal_jobs_start(struct journal_db *db)
{
    int64_t id = 1;
    pxm_status status = PXM_OK;
    while (status == PXM_OK && id) {
        status = journal_get_int(db, SQL_JOB_EXPECTED_ANY, 0, 0, &id);
        if (status == PXM_OK && id) {
            status = release(db, id, NULL);
        }
    }
    db->seen_ms = journal_db_now(db);
    return status == PXM_OK ? realign(db, db->seen_ms) : status;
}

/* ---- taking ---- */

static char *copy_text(const struct journal_value *value)
{
    return strndup(value->text, value->length);
}

static pxm_status copy_job(const struct journal_db *db, const struct journal_value *row, struct journal_job *job)
{
    *job = (struct journal_job){.id = row[JOB_ID].i,
                                .pipeline = copy_text(&row[JOB_PIPELINE]),
                                .trigger = copy_text(&row[JOB_TRIGGER]),
                                .event = copy_text(&row[JOB_EVENT]),
                                .origin = copy_text(&row[JOB_RUN]),
                                .cause = row[JOB_CAUSE].length ? copy_text(&row[JOB_CAUSE]) : NULL,
                                .attempts = row[JOB_ATTEMPTS].i,
                                .created_ms = row[JOB_CREATED_MS].i,
                                .first_ms = row[JOB_FIRST_MS].i,
                                .last_ms = row[JOB_LAST_MS].i,
                                .not_before_ms = row[JOB_NOT_BEFORE_MS].i};
    bool copied = job->pipeline && job->trigger && job->event && job->origin && (job->cause || !row[JOB_CAUSE].length);
    return copied ? PXM_OK : pxm_error_no_memory(db->error);
}

static pxm_status mark_taken(struct journal_db *db, const int64_t *ids, size_t count)
{
    pxm_status status = PXM_OK;
    for (size_t i = 0; status == PXM_OK && i < count; i++) {
        status = journal_run_int(db, SQL_TAKEN_ADD, ids[i]);
    }
    return status;
}

pxm_status journal_jobs_collect(struct journal_db *db, sqlite3_stmt *rows, bool taken, struct journal_op *op)
{
    int64_t ids[JOURNAL_TAKE_MAX];
    size_t count = 0;
    bool more = true;
    const size_t limit = op->limit > JOURNAL_TAKE_MAX ? JOURNAL_TAKE_MAX : (size_t)op->limit;
    op->jobs = calloc(limit, sizeof *op->jobs);
    if (!op->jobs) {
        return pxm_error_no_memory(db->error);
    }
    pxm_status status = journal_step(db, rows, &more);
    while (status == PXM_OK && more && count < limit) {
        struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
        bool whole = false;
        ids[count++] = sqlite3_column_int64(rows, 0);
        status = journal_row_look(db, JOURNAL_JOBS, rows, row, &whole);
        if (status == PXM_OK && whole) {
            status = copy_job(db, row, &op->jobs[op->job_count++]);
        } else if (status == PXM_OK) {
            pxm_log(PXM_LOG_ERROR, "journal", NULL, "job %" PRId64 " is damaged; start again to rescue what is whole",
                    ids[count - 1]);
        }
        if (status == PXM_OK) {
            status = journal_step(db, rows, &more);
        }
    }
    sqlite3_reset(rows);
    return status == PXM_OK && taken ? mark_taken(db, ids, count) : status;
}

pxm_status journal_do_take(struct journal_db *db, struct journal_op *op)
{
    pxm_status status = op->limit > 0 ? PXM_OK : journal_op_invalid(db, "the number of jobs to take");
    if (status == PXM_OK && db->stepped_back) {
        status = realign(db, op->now_ms);
    }
    if (status != PXM_OK) {
        return status;
    }
    db->stepped_back = false;
    sqlite3_stmt *due = journal_statement(db, SQL_JOBS_DUE);
    journal_bind_int(db, due, 1, op->now_ms);
    journal_bind_int(db, due, 2, op->limit);
    status = journal_jobs_collect(db, due, true, op);
    return status == PXM_OK ? journal_get_int(db, SQL_JOB_NEXT, 0, INT64_MAX, &op->ret_next_ms) : status;
}

/* ---- what came of it ---- */

pxm_status journal_do_finish(struct journal_db *db, struct journal_op *op)
{
    return journal_job_drop(db, op->id);
}

static pxm_status fail_job(struct journal_db *db, const struct journal_op *op, int64_t state)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    pxm_status status = journal_job_get(db, op->id, JOB_READY, row);
    if (status != PXM_OK) {
        return status;
    }
    row[JOB_STATE].i = state;
    row[JOB_ATTEMPTS].i++;
    row[JOB_FIRST_MS].i = row[JOB_FIRST_MS].i ? row[JOB_FIRST_MS].i : op->now_ms;
    row[JOB_LAST_MS].i = op->now_ms;
    row[JOB_NOT_BEFORE_MS].i = op->at_ms > op->now_ms ? op->at_ms : op->now_ms;
    journal_set_text(&row[JOB_CAUSE], op->cause);
    status = journal_row_write(db, JOURNAL_JOBS, SQL_JOB_CHANGE, row);
    return status == PXM_OK ? journal_run_int(db, SQL_TAKEN_DROP, op->id) : status;
}

pxm_status journal_do_retry(struct journal_db *db, struct journal_op *op)
{
    return fail_job(db, op, JOB_READY);
}

pxm_status journal_do_bury(struct journal_db *db, struct journal_op *op)
{
    return fail_job(db, op, JOB_DEAD);
}

pxm_status journal_do_count(struct journal_db *db, struct journal_op *op)
{
    struct journal_counts *counts = &op->counts;
    bool row = false;
    sqlite3_stmt *ready = journal_statement(db, SQL_COUNT_READY);
    journal_bind_int(db, ready, 1, op->now_ms);
    pxm_status status = journal_step(db, ready, &row);
    if (status == PXM_OK && row) {
        counts->ready = sqlite3_column_int64(ready, 0);
        counts->oldest_ms = sqlite3_column_int64(ready, 1);
    }
    sqlite3_reset(ready);
    db->changed = db->changed || op->writes;
    const struct {
        enum journal_sql which;
        int64_t *ret;
    } others[] = {{SQL_COUNT_EXPECTED, &counts->expected},
                  {SQL_COUNT_DELAYED, &counts->delayed},
                  {SQL_COUNT_TAKEN, &counts->taken},
                  {SQL_COUNT_DEAD, &counts->dead}};
    for (size_t i = 0; status == PXM_OK && i < sizeof others / sizeof *others; i++) {
        status = journal_get_int(db, others[i].which, op->now_ms, 0, others[i].ret);
    }
    return status;
}
