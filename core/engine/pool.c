/* Worker threads and their queue: one lock, two kinds of waiting. Owned by an engine. */
#include "engine/pool.h"

#include "base/error.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct pxm_pool {
    pthread_mutex_t lock; /* guards the queue, `stopping`, and every fan's `active` */
    pthread_cond_t work;  /* a task was queued, or the pool stops */
    struct pxm_task *first, *last;
    bool stopping;
    uint32_t worker_count;
    pthread_t threads[PXM_WORKERS_MAX];
};

/* ---- the queue, under the lock ----------------------------------------------------------------------------------- */

static void queue_append(struct pxm_pool *pool, struct pxm_task *task)
{
    task->queued = true;
    task->next = NULL;
    task->previous = pool->last;
    if (pool->last) {
        pool->last->next = task;
    } else {
        pool->first = task;
    }
    pool->last = task;
}

static void queue_prepend(struct pxm_pool *pool, struct pxm_task *task)
{
    task->queued = true;
    task->previous = NULL;
    task->next = pool->first;
    if (pool->first) {
        pool->first->previous = task;
    } else {
        pool->last = task;
    }
    pool->first = task;
}

static void queue_remove(struct pxm_pool *pool, struct pxm_task *task)
{
    if (task->previous) {
        task->previous->next = task->next;
    } else {
        pool->first = task->next;
    }
    if (task->next) {
        task->next->previous = task->previous;
    } else {
        pool->last = task->previous;
    }
    task->queued = false;
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

static void *worker(void *arg)
{
    struct pxm_pool *pool = arg;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct pxm_task *task = pool->first;
        if (task) {
            queue_remove(pool, task);
            pthread_mutex_unlock(&pool->lock);
            task->run(task);
            pthread_mutex_lock(&pool->lock);
        } else if (pool->stopping) {
            break;
        } else {
            pthread_cond_wait(&pool->work, &pool->lock);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static uint32_t processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (uint32_t)count;
}

/* Workers leave signals to the host's own threads, except those that a faulty instruction raises in the worker
 * itself. */
static void block_signals(sigset_t *ret_before)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t set;

    sigfillset(&set);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        sigdelset(&set, own[i]);
    }
    pthread_sigmask(SIG_BLOCK, &set, ret_before);
}

static int start_workers(struct pxm_pool *pool, uint32_t wanted)
{
    sigset_t before;
    char name[16];
    int failure = 0;

    block_signals(&before);
    while (pool->worker_count < wanted && failure == 0) {
        failure = pthread_create(&pool->threads[pool->worker_count], NULL, worker, pool);
        if (failure == 0) {
            snprintf(name, sizeof name, "pixmill-%u", pool->worker_count % 1000);
            pthread_setname_np(pool->threads[pool->worker_count++], name);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

pxm_status pxm_pool_new(uint32_t workers, struct pxm_pool **ret, pxm_error *error)
{
    struct pxm_pool *pool = calloc(1, sizeof *pool);
    uint32_t wanted = workers == 0 ? processors() : workers;

    if (!pool) {
        return pxm_error_no_memory(error);
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    int failure = start_workers(pool, wanted < PXM_WORKERS_MAX ? wanted : PXM_WORKERS_MAX);
    if (failure != 0) {
        pxm_pool_free(pool);
        return pxm_error_errno(error, failure, "pool.threads", "cannot start worker threads");
    }
    *ret = pool;
    return PXM_OK;
}

void pxm_pool_free(struct pxm_pool *pool)
{
    if (!pool) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->worker_count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

uint32_t pxm_pool_workers(const struct pxm_pool *pool)
{
    return pool->worker_count;
}

void pxm_pool_submit(struct pxm_pool *pool, struct pxm_task *task)
{
    pthread_mutex_lock(&pool->lock);
    assert(!pool->stopping);
    queue_append(pool, task);
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- fans -------------------------------------------------------------------------------------------------------- */

struct fan;
struct helper {
    struct pxm_task task; /* first, so that a task is its helper */
    struct fan *fan;
};
struct fan { /* on the stack of the calling thread, which outlives its helpers */
    struct pxm_pool *pool;
    size_t total;
    atomic_size_t next;
    void (*each)(void *arg, size_t index);
    void *arg;
    size_t active; /* helpers that run; under the pool's lock */
    pthread_cond_t idle;
    struct helper helpers[PXM_FAN_MAX - 1];
};

static void fan_work(struct fan *fan)
{
    for (;;) {
        size_t index = atomic_fetch_add(&fan->next, 1);
        if (index >= fan->total) {
            return;
        }
        fan->each(fan->arg, index);
    }
}

static void helper_run(struct pxm_task *task)
{
    struct helper *helper = (struct helper *)task;
    struct fan *fan = helper->fan;
    struct pxm_pool *pool = fan->pool;

    fan_work(fan);
    pthread_mutex_lock(&pool->lock);
    fan->active--;
    pthread_cond_signal(&fan->idle);
    pthread_mutex_unlock(&pool->lock);
}

static size_t fan_width(const struct pxm_pool *pool, size_t total, size_t width)
{
    size_t most = width < PXM_FAN_MAX ? width : PXM_FAN_MAX;

    most = most < total ? most : total;
    most = most < pool->worker_count ? most : pool->worker_count;
    return most < 1 ? 1 : most;
}

void pxm_pool_fan(struct pxm_pool *pool, size_t total, size_t width, void (*each)(void *arg, size_t index), void *arg)
{
    struct fan fan = {.pool = pool, .total = total, .each = each, .arg = arg};
    size_t helper_count = fan_width(pool, total, width) - 1;

    if (helper_count == 0) {
        fan_work(&fan);
        return;
    }
    pthread_cond_init(&fan.idle, NULL);
    pthread_mutex_lock(&pool->lock);
    for (size_t i = 0; i < helper_count; i++) {
        fan.helpers[i] = (struct helper){.task = {.run = helper_run}, .fan = &fan};
        queue_prepend(pool, &fan.helpers[i].task);
        pthread_cond_signal(&pool->work);
    }
    fan.active = helper_count;
    pthread_mutex_unlock(&pool->lock);

    fan_work(&fan);

    pthread_mutex_lock(&pool->lock);
    for (size_t i = 0; i < helper_count; i++) {
        if (fan.helpers[i].task.queued) {
            queue_remove(pool, &fan.helpers[i].task);
            fan.active--;
        }
    }
    while (fan.active > 0) {
        pthread_cond_wait(&fan.idle, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_destroy(&fan.idle);
}
