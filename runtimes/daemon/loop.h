/* The supervisor's event loop: descriptors, timers, and tasks that other threads hand over. One thread runs it and
 * calls everything that says [loop]; sources, timers and tasks are memory of their owners, so that setting one cannot
 * fail for want of it. */
#ifndef PXM_DAEMON_LOOP_H
#define PXM_DAEMON_LOOP_H

#include <pixmill/plugin.h>
#include <stdbool.h>
#include <sys/epoll.h>

struct loop; /* opaque */

struct loop_source {
    int fd;
    uint32_t events;                                            /* EPOLLIN, EPOLLOUT */
    void (*ready)(struct loop_source *source, uint32_t events); /* may unwatch itself and others */
};
struct loop_timer {
    void (*fire)(struct loop_timer *timer);
    int64_t due_ms; /* the loop's */
    struct loop_timer *next, *previous;
    bool set;
};
struct loop_task {
    void (*run)(struct loop_task *task);
    struct loop_task *next; /* the loop's */
};

pxm_status loop_new(struct loop **ret, pxm_error *error);
void loop_free(struct loop *loop);

/* [loop] */
pxm_status loop_watch(struct loop *loop, struct loop_source *source, pxm_error *error);
void loop_unwatch(struct loop *loop, struct loop_source *source);                /* its `ready` is not called again */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t in_ms); /* again: replaces the time */
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);             /* fine if it is not set */
int64_t loop_now_ms(const struct loop *loop);                                    /* monotonic, of this turn */
/* Returns after loop_stop. */
void loop_run(struct loop *loop);

/* [any] In the order they were posted, on the loop's thread. */
void loop_post(struct loop *loop, struct loop_task *task);
void loop_stop(struct loop *loop);

#endif
