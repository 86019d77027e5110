/* One page after the other, the next when the jobs of the last are in the journal. */
#include "daemon/rebuild.h"

#include "app/event.h"
#include "base/json.h"
#include "base/log.h"
#include "base/value.h"
#include "daemon/supervisor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 1000, EVENT_BYTES_MAX = 64 << 10 };

static void list_page(struct rebuild *rebuild);

static void next_store(struct rebuild *rebuild)
{
    rebuild->index++;
    free(rebuild->cursor);
    rebuild->cursor = NULL;
    list_page(rebuild);
}

/* ---- jobs -------------------------------------------------------------------------------------------------------- */

static void page_done(struct rebuild *rebuild)
{
    if (rebuild->cursor) {
        list_page(rebuild);
    } else {
        next_store(rebuild);
    }
}

static void on_added(struct journal_op *op)
{
    struct rebuild_job *job = (struct rebuild_job *)op;
    struct rebuild *rebuild = job->rebuild;

    if (op->error.status != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "rebuild", NULL, "%s: no job: %s", job->dedupe, op->error.text);
    }
    rebuild->added += op->ret_id != 0;
    journal_op_done(op);
    free(job->event);
    free(job->dedupe);
    if (--rebuild->pending == 0) {
        jobs_look(&rebuild->supervisor->jobs);
        page_done(rebuild);
    }
}

static char *write_event(const struct app_object *object)
{
    pxm_value *event = NULL;
    struct pxm_buf buf;
    char *text = NULL;

    pxm_buf_init(&buf, EVENT_BYTES_MAX);
    if (app_event_object_created(object, &event, NULL) == PXM_OK && pxm_json_write(&buf, event, 0, 0, NULL) == PXM_OK) {
        text = pxm_buf_take(&buf);
    }
    pxm_value_unref(event);
    pxm_buf_done(&buf);
    return text;
}

static void prepare(struct rebuild *rebuild, const pxm_value *item)
{
    const struct app_trigger *trigger = rebuild->trigger;
    struct rebuild_job *job = &rebuild->jobs[rebuild->pending];
    int64_t now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);
    const struct app_object object = {.store = trigger->store,
                                      .key = pxm_value_as_string(pxm_value_get(item, "key"), NULL),
                                      .etag = pxm_value_as_string(pxm_value_get(item, "etag"), NULL),
                                      .bytes = pxm_value_as_int(pxm_value_get(item, "bytes")),
                                      .time_ms = pxm_value_as_int(pxm_value_get(item, "modified_at"))};

    if (!app_trigger_wants(trigger, object.store, object.key)) {
        return;
    }
    *job = (struct rebuild_job){.rebuild = rebuild, .event = write_event(&object)};
    if (!job->event || asprintf(&job->dedupe, "%s:%s", object.store, object.key) < 0) {
        free(job->event);
        pxm_log(PXM_LOG_ERROR, "rebuild", NULL, "%s: no job: out of memory", object.key);
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

    free(rebuild->cursor);
    rebuild->cursor = pxm_value_type(cursor) == PXM_TYPE_STRING ? strdup(pxm_value_as_string(cursor, NULL)) : NULL;
    rebuild->pending = 0;
    for (size_t i = 0; i < pxm_value_count(items) && rebuild->pending < REBUILD_PAGE; i++) {
        prepare(rebuild, pxm_value_at(items, i));
    }
    size_t count = rebuild->pending; /* it falls when the journal answers */
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
        loop_timer_set(rebuild->supervisor->loop, &rebuild->again, AGAIN_MS);
    } else {
        pxm_log(PXM_LOG_ERROR, "rebuild", NULL, "store %s cannot be listed, so jobs of its objects may be lost: %s",
                rebuild->trigger->store, call->error.text);
        next_store(rebuild);
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

void rebuild_stop(struct rebuild *rebuild)
{
    if (rebuild->supervisor) {
        loop_timer_cancel(rebuild->supervisor->loop, &rebuild->again);
    }
    rebuild->going_on = false;
    free(rebuild->cursor);
    rebuild->cursor = NULL;
}
