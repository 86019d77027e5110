/* The bounded pool of worker threads that runs are executed on. A task is a piece of memory of its owner, so that
 * handing one over cannot fail. [any] */
#ifndef PXM_ENGINE_POOL_H
#define PXM_ENGINE_POOL_H

#include <pixmill/plugin.h>
#include <stdbool.h>

enum { PXM_WORKERS_MAX = 256, PXM_FAN_MAX = 64 };

struct pxm_pool; /* opaque */

struct pxm_task {
    void (*run)(struct pxm_task *task); /* on a worker; the task may be gone when it returns */
    struct pxm_task *next, *previous;   /* the pool's */
    bool queued;                        /* the pool's */
};

/* `workers` 0: one for each processor this process may use. Codes: pool.threads. */
pxm_status pxm_pool_new(uint32_t workers, struct pxm_pool **ret, pxm_error *error);
/* Runs what is queued, then joins the threads. */
void pxm_pool_free(struct pxm_pool *pool);
uint32_t pxm_pool_workers(const struct pxm_pool *pool);

/* Runs the task when a worker is free, after those that came before. */
void pxm_pool_submit(struct pxm_pool *pool, struct pxm_task *task);

/* Calls each(arg, index) for 0 <= index < total and returns when all calls have. Up to `width` calls run at once
 * (PXM_FAN_MAX at most), one of them on the calling thread, which therefore never waits for a free worker: one
 * worker is enough at any depth of nesting. Calls start in order of their index. Helpers go before queued tasks, so
 * that what has begun ends soon. */
void pxm_pool_fan(struct pxm_pool *pool, size_t total, size_t width, void (*each)(void *arg, size_t index), void *arg);

#endif
