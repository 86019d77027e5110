/* A timer for each trigger; when it is due the journal decides, adds the job, and says when to ask again. */
#include "daemon/schedule.h"

#include "app/event.h"
#include "base/json.h"
#include "base/log.h"
#include "base/value.h"
#include "daemon/supervisor.h"

#include <stdlib.h>
#include <string.h>

enum { EVENT_BYTES_MAX = 256, ASK_AGAIN_MS = 60000 };

struct schedule {
    struct supervisor *supervisor;
    char *pipeline, *trigger;
    int64_t every_ms;
    struct loop_timer timer;
    struct journal_op op;
    char *event;
    bool asking, dropped; /* the journal has it; free it when it answers */
    struct schedule *next;
};

static void schedule_free(struct schedule *schedule)
{
    free(schedule->pipeline);
    free(schedule->trigger);
    free(schedule->event);
    free(schedule);
}

static char *write_event(int64_t time_ms)
{
    struct pxm_buf buf;
    pxm_value *event = NULL;
    char *text = NULL;

    pxm_buf_init(&buf, EVENT_BYTES_MAX);
    if (app_event_schedule(time_ms, &event, NULL) == PXM_OK && pxm_json_write(&buf, event, 0, 0, NULL) == PXM_OK) {
        text = pxm_buf_take(&buf);
    }
    pxm_value_unref(event);
    pxm_buf_done(&buf);
    return text;
}

static void on_asked(struct journal_op *op)
{
    struct schedule *schedule = (struct schedule *)((char *)op - offsetof(struct schedule, op));
    struct supervisor *supervisor = schedule->supervisor;
    int64_t wait_ms = op->ret_next_ms - pxm_clock_system.wall_ms(pxm_clock_system.arg);

    if (op->error.status != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "schedule", NULL, "%s of pipeline %s: %s", schedule->trigger, schedule->pipeline,
                op->error.text);
        wait_ms = ASK_AGAIN_MS;
    }
    journal_op_done(op);
    schedule->asking = false;
    if (schedule->dropped) {
        schedule_free(schedule);
        return;
    }
    /* The wall clock may be set, so it is looked at now and then. */
    loop_timer_set(supervisor->loop, &schedule->timer, wait_ms < ASK_AGAIN_MS ? wait_ms : ASK_AGAIN_MS);
    jobs_look(&supervisor->jobs);
}

static void ask(struct schedule *schedule)
{
    int64_t now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);

    free(schedule->event);
    schedule->event = write_event(now_ms);
    if (!schedule->event) {
        loop_timer_set(schedule->supervisor->loop, &schedule->timer, ASK_AGAIN_MS);
        return;
    }
    schedule->asking = true;
    schedule->op = (struct journal_op){.kind = JOURNAL_SCHEDULE,
                                       .done = on_asked,
                                       .pipeline = schedule->pipeline,
                                       .trigger = schedule->trigger,
                                       .event = schedule->event,
                                       .every_ms = schedule->every_ms,
                                       .now_ms = now_ms};
    journal_submit(schedule->supervisor->journal, &schedule->op);
}

static void on_due(struct loop_timer *timer)
{
    ask((struct schedule *)((char *)timer - offsetof(struct schedule, timer)));
}

static pxm_status add(struct schedules *schedules, const struct app_trigger *trigger, pxm_error *error)
{
    struct schedule *schedule = calloc(1, sizeof *schedule);

    if (schedule) {
        schedule->pipeline = strdup(trigger->pipeline->name);
        schedule->trigger = strdup(trigger->name);
    }
    if (!schedule || !schedule->pipeline || !schedule->trigger) {
        if (schedule) {
            schedule_free(schedule);
        }
        return pxm_error_no_memory(error);
    }
    schedule->supervisor = schedules->supervisor;
    schedule->every_ms = trigger->every_ms;
    schedule->timer.fire = on_due;
    schedule->next = schedules->first;
    schedules->first = schedule;
    ask(schedule);
    return PXM_OK;
}

void schedules_stop(struct schedules *schedules)
{
    while (schedules->first) {
        struct schedule *schedule = schedules->first;
        schedules->first = schedule->next;
        loop_timer_cancel(schedules->supervisor->loop, &schedule->timer);
        if (schedule->asking) {
            schedule->dropped = true;
        } else {
            schedule_free(schedule);
        }
    }
}

pxm_status schedules_load(struct schedules *schedules, struct supervisor *supervisor, pxm_error *error)
{
    const struct app_manifest *manifest = supervisor->edition->manifest;
    pxm_status status = PXM_OK;

    schedules->supervisor = supervisor;
    schedules_stop(schedules);
    for (size_t i = 0; i < manifest->trigger_count && status == PXM_OK; i++) {
        if (manifest->triggers[i].kind == PXM_TRIGGER_SCHEDULE) {
            status = add(schedules, &manifest->triggers[i], error);
        }
    }
    return status;
}
