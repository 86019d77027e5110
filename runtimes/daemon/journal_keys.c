/* What was done already: idempotency keys with their answers, and schedules with the time they last fired. */
#include "daemon/journal_internal.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* ---- idempotency keys ---- */

/* The row of op->key; *ret_found false: none. Texts live until SQL_KEY_FIND is used again. */
static pxm_status find_key(struct journal_db *db, const struct journal_op *op, struct journal_value *row,
                           bool *ret_found)
{
    sqlite3_stmt *find = journal_statement(db, SQL_KEY_FIND);
    journal_bind_text(db, find, 1, op->key);
    pxm_status status = journal_step(db, find, ret_found);
    return status == PXM_OK && *ret_found ? journal_row_read(db, JOURNAL_KEYS, find, row) : status;
}

static pxm_status drop_key(struct journal_db *db, int64_t id)
{
    journal_reset(db);
    db->changed = true;
    db->meta[META_ROWS]--;
    pxm_status status = journal_run_int(db, SQL_KEY_DROP, id);
    return status == PXM_OK ? journal_run_int(db, SQL_RUNNING_DROP, id) : status;
}

static pxm_status add_key(struct journal_db *db, struct journal_op *op)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    row[KEY_ID].i = db->meta[META_NEXT_ID]++;
    db->meta[META_ROWS]++;
    journal_set_text(&row[KEY_KEY], op->key);
    journal_set_text(&row[KEY_FINGERPRINT], op->fingerprint);
    journal_set_text(&row[KEY_RUN], op->run);
    row[KEY_RUN_MS].i = op->run_ms;
    row[KEY_CREATED_MS].i = op->now_ms;
    journal_set_text(&row[KEY_ANSWER], NULL);
    op->claimed = JOURNAL_CLAIM_NEW;
    pxm_utf8_copy(op->ret_run, sizeof op->ret_run, op->run);
    op->ret_run_ms = op->run_ms;
    pxm_status status = journal_row_write(db, JOURNAL_KEYS, SQL_KEY_ADD, row);
    return status == PXM_OK ? journal_run_int(db, SQL_RUNNING_ADD, row[KEY_ID].i) : status;
}

static pxm_status claim_known(struct journal_db *db, struct journal_op *op, const struct journal_value *row,
                              int64_t running)
{
    op->claimed = JOURNAL_CLAIM_OTHER;
    if (strcmp(row[KEY_FINGERPRINT].text, op->fingerprint ? op->fingerprint : "") != 0) {
        return PXM_OK;
    }
    pxm_utf8_copy(op->ret_run, sizeof op->ret_run, row[KEY_RUN].text);
    op->ret_run_ms = row[KEY_RUN_MS].i;
    if (row[KEY_ANSWERED].i) {
        op->claimed = JOURNAL_CLAIM_DONE;
        op->ret_answer = strndup(row[KEY_ANSWER].text, row[KEY_ANSWER].length);
        return op->ret_answer ? PXM_OK : pxm_error_no_memory(db->error);
    }
    op->claimed = running ? JOURNAL_CLAIM_RUNNING : JOURNAL_CLAIM_AGAIN;
    return journal_run_int(db, SQL_RUNNING_ADD, row[KEY_ID].i);
}

pxm_status journal_do_claim(struct journal_db *db, struct journal_op *op)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    bool found = false;
    int64_t running = 0;
    if (!op->key || !*op->key || !op->run || !*op->run) {
        return journal_op_invalid(db, "an idempotency key, or the run that claims it");
    }
    pxm_status status = find_key(db, op, row, &found);
    if (status == PXM_OK && found) {
        status = journal_get_int(db, SQL_RUNNING_HAS, row[KEY_ID].i, 0, &running);
    }
    if (status == PXM_OK && found && !running && row[KEY_CREATED_MS].i < op->now_ms - db->keep_ms) {
        status = drop_key(db, row[KEY_ID].i);
        found = false;
    }
    if (status == PXM_OK) {
        status = found ? claim_known(db, op, row, running) : add_key(db, op);
    }
    return status;
}

pxm_status journal_key_conclude(struct journal_db *db, const struct journal_op *op)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    bool found = false;
    pxm_status status = find_key(db, op, row, &found);
    if (status != PXM_OK || !found || row[KEY_ANSWERED].i || strcmp(row[KEY_RUN].text, op->run) != 0) {
        return status; /* it was dropped, or is somebody else's */
    }
    if (!op->answer) {
        return op->keep_key ? journal_run_int(db, SQL_RUNNING_DROP, row[KEY_ID].i) : drop_key(db, row[KEY_ID].i);
    }
    row[KEY_ANSWERED].i = 1;
    journal_set_text(&row[KEY_ANSWER], op->answer);
    status = journal_row_write(db, JOURNAL_KEYS, SQL_KEY_CHANGE, row);
    return status == PXM_OK ? journal_run_int(db, SQL_RUNNING_DROP, row[KEY_ID].i) : status;
}

pxm_status journal_keys_prune(struct journal_db *db, int64_t now_ms)
{
    pxm_status status = journal_run_int(db, SQL_KEYS_DROP_OLD, now_ms - db->keep_ms);
    int dropped = status == PXM_OK ? sqlite3_changes(db->db) : 0;
    if (dropped > 0) {
        db->changed = true;
        db->meta[META_ROWS] -= dropped;
    }
    return status;
}

/* ---- schedules ---- */

static pxm_status find_schedule(struct journal_db *db, const struct journal_op *op, struct journal_value *row,
                                bool *ret_found)
{
    sqlite3_stmt *find = journal_statement(db, SQL_SCHEDULE_FIND);
    journal_bind_text(db, find, 1, op->pipeline);
    journal_bind_text(db, find, 2, op->trigger);
    pxm_status status = journal_step(db, find, ret_found);
    return status == PXM_OK && *ret_found ? journal_row_read(db, JOURNAL_SCHEDULES, find, row) : status;
}

static pxm_status write_schedule(struct journal_db *db, const struct journal_op *op, struct journal_value *row,
                                 bool found, int64_t last_ms)
{
    row[SCHEDULE_LAST_MS].i = last_ms;
    if (found) {
        return journal_row_write(db, JOURNAL_SCHEDULES, SQL_SCHEDULE_CHANGE, row);
    }
    row[SCHEDULE_ID].i = db->meta[META_NEXT_ID]++;
    db->meta[META_ROWS]++;
    journal_set_text(&row[SCHEDULE_PIPELINE], op->pipeline);
    journal_set_text(&row[SCHEDULE_TRIGGER], op->trigger);
    return journal_row_write(db, JOURNAL_SCHEDULES, SQL_SCHEDULE_ADD, row);
}

/* Fires on the grid that the first time began, so that being late a little does not add up. */
pxm_status journal_do_schedule(struct journal_db *db, struct journal_op *op)
{
    struct journal_value row[JOURNAL_COLUMNS_MAX] = {0};
    bool found = false;
    if (!op->pipeline || !*op->pipeline || !op->trigger || !*op->trigger || op->every_ms <= 0) {
        return journal_op_invalid(db, "the pipeline, trigger or interval of a schedule");
    }
    pxm_status status = find_schedule(db, op, row, &found);
    if (status != PXM_OK) {
        return status;
    }
    int64_t last = found ? row[SCHEDULE_LAST_MS].i : op->now_ms;
    int64_t passed = op->now_ms - last;
    bool fires = !found || passed >= op->every_ms;
    if (fires || passed < 0) { /* the clock was put back: from now on */
        last = passed > 0 ? op->now_ms - passed % op->every_ms : op->now_ms;
        status = write_schedule(db, op, row, found, last);
    }
    if (status == PXM_OK && fires) {
        op->at_ms = 0;
        status = journal_do_add(db, op);
    }
    if (status == PXM_OK && __builtin_add_overflow(last, op->every_ms, &op->ret_next_ms)) {
        op->ret_next_ms = INT64_MAX;
    }
    return status;
}
