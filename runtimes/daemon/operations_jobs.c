/* Jobs and their dead letters, as the journal says. */
#include "daemon/operations_private.h"

#include "base/json.h"
#include "base/value.h"
#include "daemon/supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CURSOR_BYTES_MAX = 20 };

/* ---- asking the journal ------------------------------------------------------------------------------------------ */

static struct request *request_of(struct journal_op *op)
{
    return (struct request *)((char *)op - offsetof(struct request, op));
}

static void submit(struct request *request, struct journal_op op)
{
    request->op = op;
    request->op.now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);
    journal_submit(request->supervisor->journal, &request->op);
}

static void on_counted(struct journal_op *op)
{
    struct request *request = request_of(op);
    const struct journal_counts counts = op->counts;
    const pxm_error error = op->error;

    journal_op_done(op);
    if (error.status != PXM_OK) {
        operation_answer_error(request, &error);
        return;
    }
    pxm_value *value = pxm_value_record(), *numbers = pxm_value_record();
    pxm_value_set(numbers, "expected", pxm_value_int(counts.expected));
    pxm_value_set(numbers, "ready", pxm_value_int(counts.ready));
    pxm_value_set(numbers, "delayed", pxm_value_int(counts.delayed));
    pxm_value_set(numbers, "running", pxm_value_int(counts.taken));
    pxm_value_set(numbers, "dead", pxm_value_int(counts.dead));
    pxm_value_set(value, "counts", numbers);
    pxm_value_set(value, "oldest_at", operation_time(counts.oldest_ms));
    operation_answer_json(request, 200, value);
}

void operation_jobs(struct request *request)
{
    submit(request, (struct journal_op){.kind = JOURNAL_COUNT, .done = on_counted});
}

static pxm_value *json_value(const char *text)
{
    pxm_value *value = NULL;

    return text && pxm_json_parse(text, strlen(text), &value, NULL) == PXM_OK ? value : pxm_value_null();
}

static pxm_value *letter_value(const struct journal_job *job)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "id", pxm_value_int(job->id));
    pxm_value_set(value, "pipeline", pxm_value_cstring(job->pipeline));
    pxm_value_set(value, "trigger", pxm_value_cstring(job->trigger));
    pxm_value_set(value, "event", json_value(job->event));
    pxm_value_set(value, "attempts", pxm_value_int(job->attempts));
    pxm_value_set(value, "created_at", operation_time(job->created_ms));
    pxm_value_set(value, "first_at", operation_time(job->first_ms));
    pxm_value_set(value, "last_at", operation_time(job->last_ms));
    pxm_value_set(value, "cause", json_value(job->cause));
    return value;
}

static void on_letters(struct journal_op *op)
{
    struct request *request = request_of(op);
    struct journal_op listed = *op;

    if (listed.error.status != PXM_OK) {
        operation_answer_error(request, &listed.error);
        journal_op_done(&listed);
        return;
    }
    pxm_value *value = pxm_value_record(), *items = pxm_value_list(), *cursor = pxm_value_null();
    for (size_t i = 0; i < listed.job_count; i++) {
        pxm_value_append(items, letter_value(&listed.jobs[i]));
    }
    if (listed.job_count > 0 && (int64_t)listed.job_count == listed.limit) {
        pxm_value_unref(cursor);
        cursor = pxm_value_int(listed.jobs[listed.job_count - 1].id);
    }
    journal_op_done(&listed);
    pxm_value_set(value, "items", items);
    pxm_value_set(value, "cursor", cursor);
    operation_answer_json(request, 200, value);
}

/* A cursor is the number of the last letter that was told. */
static bool read_cursor(const char *text, int64_t *ret)
{
    char *end = NULL;

    errno = 0;
    *ret = strtoll(text, &end, 10);
    return *end == '\0' && *ret >= 0 && errno == 0;
}

void operation_dead(struct request *request)
{
    struct pxm_buf cursor;
    int64_t limit = 0, from = 0;
    pxm_error error = {0};

    pxm_buf_init(&cursor, CURSOR_BYTES_MAX);
    bool fine = operation_page(request, &limit, &cursor);
    if (fine && !read_cursor(cursor.data, &from)) {
        pxm_error_set(&error, PXM_E_INVALID, "request.query", "this is no cursor");
        operation_answer_error(request, &error);
        fine = false;
    }
    pxm_buf_done(&cursor);
    if (fine) {
        submit(request, (struct journal_op){.kind = JOURNAL_DEAD, .done = on_letters, .cursor = from, .limit = limit});
    }
}

/* ---- changing what it says --------------------------------------------------------------------------------------- */

static void on_changed(struct journal_op *op)
{
    struct request *request = request_of(op);
    struct supervisor *supervisor = request->supervisor;
    const pxm_error error = op->error;

    journal_op_done(op);
    if (error.status != PXM_OK) {
        operation_answer_error(request, &error);
    } else {
        request_answer(request, app_response_new(204));
    }
    jobs_look(&supervisor->jobs);
}

static void change(struct request *request, enum journal_kind kind)
{
    int64_t id = 0;

    if (operation_id(request, &id)) {
        submit(request, (struct journal_op){.kind = kind, .done = on_changed, .id = id});
    }
}

void operation_dead_retry(struct request *request)
{
    change(request, JOURNAL_REDRIVE);
}

void operation_dead_discard(struct request *request)
{
    change(request, JOURNAL_DISCARD);
}
