/* The workers of one class. A place that becomes empty is filled at once, but a plugin that dies with every worker must
 * not make the machine do nothing but fork: starts are bounded by the second, and after failures they wait longer and
 * longer. */
#include "daemon/crew_private.h"

#include "base/log.h"

#include <stdlib.h>

enum { STARTS_PER_SECOND = 20, RETRY_MS = 100, RETRY_DOUBLINGS_MAX = 7, FAILURES_MAX = 5 };

static struct loop *loop_of(const struct crew_group *group)
{
    return group->crew->options.loop;
}

static bool may_start(struct crew_group *group)
{
    int64_t now = loop_now_ms(loop_of(group));

    if (now - group->second_ms >= 1000) {
        group->second_ms = now;
        group->second_starts = 0;
    }
    return group->second_starts++ < STARTS_PER_SECOND + group->size;
}

static void start_missing(struct crew_group *group)
{
    for (uint32_t i = 0; i < group->size && !group->restart.set; i++) {
        if (group->workers[i].state != WORKER_NONE) {
            continue;
        }
        if (!may_start(group)) {
            loop_timer_set(loop_of(group), &group->restart, 1000);
            return;
        }
        crew_worker_start(&group->workers[i]);
    }
}

void crew_group_fill(struct crew_group *group)
{
    const struct crew *crew = group->crew;

    if (crew->parsed && !crew->retiring && crew->failure.status == PXM_OK && !group->restart.set) {
        start_missing(group);
    }
}

static void restart_due(struct loop_timer *timer)
{
    crew_group_fill((struct crew_group *)((char *)timer - offsetof(struct crew_group, restart)));
}

/* Before the crew is ready: what the project's resources say is final, unless they are merely busy; deaths are tried
 * again a few times. Afterwards it goes on trying. */
void crew_group_failed(struct crew_group *group, const pxm_error *error, const char *report)
{
    struct crew *crew = group->crew;
    int64_t doublings = group->failures < RETRY_DOUBLINGS_MAX ? group->failures : RETRY_DOUBLINGS_MAX;

    if (crew->retiring || crew->failure.status != PXM_OK) {
        return;
    }
    group->failures++;
    if (!crew->reported && ((report && !pxm_status_is_transient(error->status)) || group->failures >= FAILURES_MAX)) {
        crew_fail(crew, error, report);
        return;
    }
    if (group->failures == 1 || group->failures == FAILURES_MAX) {
        pxm_log(PXM_LOG_ERROR, "crew", NULL, "a worker does not start: %s: %s", error->code, error->text);
    }
    loop_timer_set(loop_of(group), &group->restart, (int64_t)RETRY_MS << doublings);
}

void crew_group_init(struct crew_group *group, struct crew *crew, enum crew_class which)
{
    group->crew = crew;
    group->which = which;
    group->restart.fire = restart_due;
    group->second_ms = loop_now_ms(crew->options.loop);
}

pxm_status crew_group_make(struct crew_group *group, uint32_t size, pxm_error *error)
{
    if (size > CREW_WORKERS_MAX) {
        return pxm_error_set(error, PXM_E_LIMIT, "crew.workers", "more than %d workers of a kind", CREW_WORKERS_MAX);
    }
    group->workers = calloc(size + 1, sizeof *group->workers);
    if (!group->workers) {
        return pxm_error_no_memory(error);
    }
    group->size = size;
    for (uint32_t i = 0; i < size; i++) {
        crew_worker_init(&group->workers[i], group);
    }
    return PXM_OK;
}

void crew_group_retire(struct crew_group *group)
{
    loop_timer_cancel(loop_of(group), &group->restart);
    for (uint32_t i = 0; i < group->size; i++) {
        if (group->workers[i].state == WORKER_IDLE || group->workers[i].state == WORKER_STARTING) {
            crew_worker_stop(&group->workers[i]);
        }
    }
}

bool crew_group_is_empty(const struct crew_group *group)
{
    bool empty = true;

    for (uint32_t i = 0; i < group->size; i++) {
        empty = empty && group->workers[i].state == WORKER_NONE;
    }
    return empty;
}

void crew_group_stop(struct crew_group *group)
{
    for (uint32_t i = 0; i < group->size; i++) {
        crew_worker_free(&group->workers[i]);
    }
    loop_timer_cancel(loop_of(group), &group->restart);
}
