/* Admission of runs. Entered on the host's threads, left on workers. */
#include "engine/admission.h"

#include "base/error.h"

void pxm_gatekeeper_init(struct pxm_gatekeeper *keeper)
{
    *keeper = (struct pxm_gatekeeper){.runs = 0};
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_cond_init(&keeper->idle, NULL);
}

void pxm_gatekeeper_done(struct pxm_gatekeeper *keeper)
{
    pthread_cond_destroy(&keeper->idle);
    pthread_mutex_destroy(&keeper->lock);
}

static void append(struct pxm_turns *turns, struct pxm_task *task)
{
    task->next = NULL;
    if (turns->last) {
        turns->last->next = task;
    } else {
        turns->first = task;
    }
    turns->last = task;
    turns->waiting++;
}

static struct pxm_task *take_first(struct pxm_turns *turns)
{
    struct pxm_task *task = turns->first;

    if (task) {
        turns->first = task->next;
        turns->last = turns->first ? turns->last : NULL;
        turns->waiting--;
    }
    return task;
}

static pxm_status admit(const struct pxm_gatekeeper *keeper, const struct pxm_turns *turns,
                        const struct pxm_program *program, bool at_once, pxm_error *error)
{
    if (keeper->runs >= PXM_RUNS_MAX) {
        return pxm_error_set(error, PXM_E_THROTTLED, "engine.busy", "%d runs have not ended yet", PXM_RUNS_MAX);
    }
    if (!at_once && program->when_full == PXM_WHEN_FULL_REJECT && program->queue_max != PXM_UNSET_INT &&
        turns->waiting >= program->queue_max) {
        return pxm_error_set(error, PXM_E_THROTTLED, "pipeline.full",
                             "pipeline `%s` runs %lld times and %lld more wait", program->name,
                             (long long)turns->running, (long long)turns->waiting);
    }
    return PXM_OK;
}

pxm_status pxm_gatekeeper_enter(struct pxm_gatekeeper *keeper, struct pxm_turns *turns,
                                const struct pxm_program *program, struct pxm_pool *pool, struct pxm_task *task,
                                pxm_error *error)
{
    pthread_mutex_lock(&keeper->lock);
    bool at_once = program->concurrency_max == PXM_UNSET_INT || turns->running < program->concurrency_max;
    pxm_status status = admit(keeper, turns, program, at_once, error);
    if (status == PXM_OK) {
        keeper->runs++;
    }
    if (status == PXM_OK && at_once) {
        turns->running++;
        pxm_pool_submit(pool, task);
    } else if (status == PXM_OK) {
        append(turns, task);
    }
    pthread_mutex_unlock(&keeper->lock);
    return status;
}

void pxm_gatekeeper_leave(struct pxm_gatekeeper *keeper, struct pxm_turns *turns, struct pxm_pool *pool)
{
    pthread_mutex_lock(&keeper->lock);
    struct pxm_task *next = take_first(turns);
    turns->running -= next ? 0 : 1;
    keeper->runs--;
    if (next) {
        pxm_pool_submit(pool, next);
    }
    pthread_cond_broadcast(&keeper->idle);
    pthread_mutex_unlock(&keeper->lock);
}

void pxm_gatekeeper_wait(struct pxm_gatekeeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    while (keeper->runs > 0) {
        pthread_cond_wait(&keeper->idle, &keeper->lock);
    }
    pthread_mutex_unlock(&keeper->lock);
}
