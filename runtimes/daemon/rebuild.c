/* One page after the other, the next when the jobs of the last are in the journal. */
#include "daemon/rebuild.h"

#include "base/log.h"
#include "base/value.h"
#include "daemon/object_event.h"
#include "daemon/supervisor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 1000 };

static void list_page(struct rebuild *rebuild);

/* NULL: the first page of a store. */
static void turn_to(struct rebuild *rebuild, size_t index, char *cursor)
{
    free(rebuild->cursor);
    rebuild->cursor = cursor;
    rebuild->index = index;
    rebuild->next = cursor == rebuild->next ? NULL : rebuild->next;
    list_page(rebuild);
}

static void try_again(struct rebuild *rebuild)
{
    loop_timer_set(rebuild->supervisor->loop, &rebuild->again, AGAIN_MS);
}

/* ---- jobs -------------------------------------------------------------------------------------------------------- */

static void page_done(struct rebuild *rebuild)
{
    if (rebuild->anew) {
        rebuild->anew = false;
        turn_to(rebuild, 0, NULL);
    } else if (rebuild->failed) {
        try_again(rebuild);
    } else {
        turn_to(rebuild, rebuild->next ? rebuild->index : rebuild->index + 1, rebuild->next);
    }
}

static void on_added(struct journal_op *op)
{
    struct rebuild_job *job = (struct rebuild_job *)op;
    struct rebuild *rebuild = job->rebuild;

    if (op->error.status != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "rebuild", NULL, "%s: no job: %s", job->dedupe, op->error.text);
        rebuild->failed = rebuild->failed || pxm_error_is_transient(&op->error);
    }
    rebuild->added += op->ret_id != 0;
    journal_op_done(op);
    free(job->event);
    free(job->dedupe);
    if (--rebuild->pending > 0) {
        return;
    }
    edition_unref(rebuild->edition);
    jobs_look(&rebuild->supervisor->jobs);
    if (rebuild->going_on) {
        page_done(rebuild);
    }
}

static void prepare(struct rebuild *rebuild, const pxm_value *item)
{
    const struct app_trigger *trigger = rebuild->trigger;
    struct rebuild_job *job = &rebuild->jobs[rebuild->pending];
    int64_t now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);
    const struct app_object object = object_event_of(trigger->store, item);
    pxm_error error = {0};

    if (!app_trigger_wants(trigger, object.store, object.key)) {
        return;
    }
    *job = (struct rebuild_job){.rebuild = rebuild};
    if (object_event_write(&object, &job->event, &job->dedupe, &error) != PXM_OK) {
        free(job->event);
        free(job->dedupe);
        pxm_log(PXM_LOG_ERROR, "rebuild", NULL, "%s: no job: %s", object.key, error.text);
        rebuild->failed = rebuild->failed || pxm_error_is_transient(&error);
        return;
    }
    job->op = (struct journal_op){.kind = JOURNAL_ADD,
                                  .done = on_added,
                                  .pipeline = trigger->pipeline->name,
                                  .trigger = trigger->name,
                                  .event = job->event,
                                  .dedupe = job->dedupe,
                                  .at_ms = now_ms,
                                  .now_ms = now_ms};
    rebuild->pending++;
}

/* ---- pages ------------------------------------------------------------------------------------------------------- */

static void take_page(struct rebuild *rebuild, const pxm_value *fields)
{
    const pxm_value *items = pxm_value_get(fields, "items"), *cursor = pxm_value_get(fields, "cursor");
    const char *next = pxm_value_type(cursor) == PXM_TYPE_STRING ? pxm_value_as_string(cursor, NULL) : NULL;

    free(rebuild->next);
    rebuild->next = next ? strdup(next) : NULL;
    rebuild->failed = next && !rebuild->next;
    rebuild->pending = 0;
    for (size_t i = 0; i < pxm_value_count(items) && rebuild->pending < REBUILD_PAGE; i++) {
        prepare(rebuild, pxm_value_at(items, i));
    }
    size_t count = rebuild->pending; /* it falls when the journal answers */
    rebuild->edition = count > 0 ? edition_current(rebuild->supervisor) : NULL;
    for (size_t i = 0; i < count; i++) {
        journal_submit(rebuild->supervisor->journal, &rebuild->jobs[i].op);
    }
    if (count == 0) {
        page_done(rebuild);
    }
}

static void on_listed(struct crew_call *call)
{
    struct rebuild *rebuild = call->arg;

    if (!rebuild->going_on) {
        pxm_value_unref(call->fields);
        return;
    }
    if (call->error.status == PXM_OK) {
        take_page(rebuild, call->fields);
    } else if (pxm_error_is_transient(&call->error)) {
        try_again(rebuild);
    } else {
        pxm_log(PXM_LOG_ERROR, "rebuild", NULL, "store %s cannot be listed, so jobs of its objects may be lost: %s",
                rebuild->trigger->store, call->error.text);
        turn_to(rebuild, rebuild->index + 1, NULL);
    }
    pxm_value_unref(call->fields);
}

static void list_page(struct rebuild *rebuild)
{
    struct crew_source *source = sources_store(&rebuild->supervisor->sources, rebuild->index, &rebuild->trigger);

    if (!source) {
        rebuild->going_on = false;
        pxm_log(PXM_LOG_WARN, "rebuild", NULL, "looked at all objects again: %zu jobs were added", rebuild->added);
        return;
    }
    rebuild->call = (struct crew_call){.kind = CREW_CALL_LIST,
                                       .id = rebuild->trigger->prefix ? rebuild->trigger->prefix : "",
                                       .cursor = rebuild->cursor,
                                       .limit = REBUILD_PAGE,
                                       .done = on_listed,
                                       .arg = rebuild};
    crew_source_call(source, &rebuild->call);
}

static void on_again(struct loop_timer *timer)
{
    list_page((struct rebuild *)((char *)timer - offsetof(struct rebuild, again)));
}

void rebuild_start(struct rebuild *rebuild, struct supervisor *supervisor)
{
    if (rebuild->going_on) {
        return;
    }
    rebuild->supervisor = supervisor;
    rebuild->going_on = true;
    rebuild->index = rebuild->added = 0;
    rebuild->again.fire = on_again;
    list_page(rebuild);
}

void rebuild_renew(struct rebuild *rebuild)
{
    if (!rebuild->going_on) {
        return;
    }
    loop_timer_cancel(rebuild->supervisor->loop, &rebuild->again);
    if (rebuild->pending > 0) {
        rebuild->anew = true;
    } else {
        turn_to(rebuild, 0, NULL);
    }
}

void rebuild_stop(struct rebuild *rebuild)
{
    if (rebuild->going_on) {
        journal_stay_damaged(rebuild->supervisor->journal);
        loop_timer_cancel(rebuild->supervisor->loop, &rebuild->again);
    }
    rebuild->going_on = false;
    free(rebuild->cursor);
    free(rebuild->next);
    rebuild->cursor = rebuild->next = NULL;
}
