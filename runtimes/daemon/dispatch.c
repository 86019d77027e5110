/* Who runs next: requests and jobs wait in queues of their class and take turns, so that neither people who wait nor
 * work that was promised starves. */
#include "daemon/edition.h"

#include "daemon/supervisor.h"
#include "engine/run.h"

static enum crew_class trigger_class(const struct app_trigger *trigger)
{
    return trigger->pipeline->light ? CREW_LIGHT : CREW_IMAGE;
}

int64_t trigger_deadline_ms(const struct app_trigger *trigger)
{
    return trigger->pipeline->time_ms + PXM_CLEANUP_MS;
}

static struct work_queue *queue_of(struct work *work)
{
    return &work->edition->queues[trigger_class(work->run.trigger)][work->kind];
}

static struct pipeline_load *load_of(const struct work *work)
{
    const struct edition *edition = work->edition;

    return &edition->loads[work->run.trigger->pipeline - edition->manifest->pipelines];
}

static void unlink_work(struct work *work)
{
    struct work_queue *queue = queue_of(work);

    *(work->previous ? &work->previous->next : &queue->first) = work->next;
    *(work->next ? &work->next->previous : &queue->last) = work->previous;
    work->next = work->previous = NULL;
    work->waits = false;
    queue->count--;
    queue->bytes -= work->bytes;
    load_of(work)->waiting--;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static struct work *work_of(struct crew_run *run)
{
    return (struct work *)((char *)run - offsetof(struct work, run));
}

static void on_done(struct crew_run *run)
{
    struct work *work = work_of(run);
    struct edition *edition = work->edition;
    enum crew_class which = trigger_class(run->trigger);

    load_of(work)->running--;
    work_abandon_announcement(work);
    work->ended(work);
    work_turn(edition, which); /* another worker may be idle because of how many of the pipeline may run at once */
}

static bool may_run(const struct work *work)
{
    int64_t max = work->run.trigger->pipeline->concurrency_max;

    return max == PXM_UNSET_INT || load_of(work)->running < max;
}

static struct work *first_that_may(const struct work_queue *queue)
{
    struct work *work = queue->first;

    while (work && !may_run(work)) {
        work = work->next;
    }
    return work;
}

static struct work *choose(struct edition *edition, enum crew_class which)
{
    struct work *request = first_that_may(&edition->queues[which][WORK_REQUEST]);
    /* A daemon that stops leaves its jobs to the next one. */
    struct work *job =
        atomic_load(&edition->supervisor->draining) ? NULL : first_that_may(&edition->queues[which][WORK_JOB]);

    if (request && job) {
        return edition->last_begun[which] == WORK_REQUEST ? job : request;
    }
    return request ? request : job;
}

void work_turn(struct edition *edition, enum crew_class which)
{
    struct work *work;

    while (crew_is_idle(edition->crew, which) && (work = choose(edition, which))) {
        unlink_work(work);
        load_of(work)->running++;
        edition->last_begun[which] = work->kind;
        work->run.done = on_done;
        work->run.announce = work_announced;
        work->run.made = work_made;
        crew_begin(edition->crew, which, &work->run);
    }
}

/* ---- waiting ----------------------------------------------------------------------------------------------------- */

static void end_unbegun(struct work *work, const char *code, const char *text)
{
    unlink_work(work);
    pxm_error_set(&work->run.error, PXM_E_THROTTLED, code, "%s", text);
    work->ended(work);
}

/* A job is as ready as it was, for the next daemon. */
static void end_stopped(struct work *work)
{
    end_unbegun(work, work->kind == WORK_JOB ? "worker.lost" : "engine.stopping", "this server is about to stop");
}

void work_add(struct work *work)
{
    struct work_queue *queue = queue_of(work);

    work->queued_ms = loop_now_ms(work->edition->supervisor->loop);
    work->waits = true;
    work->next = NULL;
    work->previous = queue->last;
    *(queue->last ? &queue->last->next : &queue->first) = work;
    queue->last = work;
    queue->count++;
    queue->bytes += work->bytes;
    load_of(work)->waiting++;
    if (work->edition->stopped) {
        end_stopped(work);
    } else {
        work_turn(work->edition, trigger_class(work->run.trigger));
    }
}

bool work_remove(struct work *work)
{
    if (!work->waits) {
        return false;
    }
    unlink_work(work);
    return true;
}

void work_expire(struct edition *edition, int64_t wait_ms_max)
{
    int64_t now_ms = loop_now_ms(edition->supervisor->loop);

    for (int which = 0; which < 2; which++) {
        struct work_queue *queue = &edition->queues[which][WORK_REQUEST];
        while (queue->first && now_ms - queue->first->queued_ms > wait_ms_max) {
            end_unbegun(queue->first, "engine.busy", "all workers were busy for too long");
        }
    }
}

void work_drop(struct edition *edition)
{
    for (int which = 0; which < 2; which++) {
        for (int kind = 0; kind < 2; kind++) {
            while (edition->queues[which][kind].first) {
                end_stopped(edition->queues[which][kind].first);
            }
        }
    }
}

int64_t work_waiting(const struct edition *edition, enum work_kind kind)
{
    return edition->queues[CREW_IMAGE][kind].count + edition->queues[CREW_LIGHT][kind].count;
}
