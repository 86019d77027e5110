/* The event loop, over epoll. Timers are a list in the order of their time: there are few, and most are set to the
 * latest one. */
#include "daemon/loop.h"

#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 64 };

struct loop {
    int epoll, wakeup;
    int64_t now_ms;
    struct loop_timer timers; /* a ring; its first is due next */
    atomic_bool stopped;
    pthread_mutex_t lock; /* guards the tasks */
    struct loop_task *first, **last;
    /* Of the turn that goes on: a source that is unwatched must not be called any more. */
    struct epoll_event *events;
    int event_count;
};

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

pxm_status loop_new(struct loop **ret, pxm_error *error)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop) {
        return pxm_error_no_memory(error);
    }
    struct epoll_event wakeup = {.events = EPOLLIN, .data.ptr = NULL};
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->timers.next = loop->timers.previous = &loop->timers;
    loop->last = &loop->first;
    loop->now_ms = monotonic_ms();
    pthread_mutex_init(&loop->lock, NULL);
    if (loop->epoll < 0 || loop->wakeup < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wakeup, &wakeup) != 0) {
        pxm_status status = pxm_error_errno(error, errno, "daemon.loop", "the event loop cannot be made");
        loop_free(loop);
        return status;
    }
    *ret = loop;
    return PXM_OK;
}

void loop_free(struct loop *loop)
{
    if (!loop) {
        return;
    }
    if (loop->epoll >= 0) {
        close(loop->epoll);
    }
    if (loop->wakeup >= 0) {
        close(loop->wakeup);
    }
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

/* ---- sources ----------------------------------------------------------------------------------------------------- */

pxm_status loop_watch(struct loop *loop, struct loop_source *source, pxm_error *error)
{
    struct epoll_event event = {.events = source->events, .data.ptr = source};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) != 0) {
        return pxm_error_errno(error, errno, "daemon.loop", "a descriptor cannot be watched");
    }
    return PXM_OK;
}

void loop_unwatch(struct loop *loop, struct loop_source *source)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
    for (int i = 0; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == source) {
            loop->events[i].events = 0;
        }
    }
}

/* ---- timers ------------------------------------------------------------------------------------------------------ */

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
    (void)loop;
    if (timer->set) {
        timer->previous->next = timer->next;
        timer->next->previous = timer->previous;
        timer->set = false;
    }
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t in_ms)
{
    loop_timer_cancel(loop, timer);
    if (__builtin_add_overflow(loop->now_ms, in_ms < 0 ? 0 : in_ms, &timer->due_ms)) {
        timer->due_ms = INT64_MAX;
    }
    struct loop_timer *before = loop->timers.previous;
    while (before != &loop->timers && before->due_ms > timer->due_ms) {
        before = before->previous;
    }
    timer->previous = before;
    timer->next = before->next;
    before->next->previous = timer;
    before->next = timer;
    timer->set = true;
}

int64_t loop_now_ms(const struct loop *loop)
{
    return loop->now_ms;
}

static void fire_timers(struct loop *loop)
{
    while (loop->timers.next != &loop->timers && loop->timers.next->due_ms <= loop->now_ms) {
        struct loop_timer *timer = loop->timers.next;
        loop_timer_cancel(loop, timer);
        timer->fire(timer);
    }
}

static int wait_ms(const struct loop *loop)
{
    if (loop->timers.next == &loop->timers) {
        return -1;
    }
    int64_t left = loop->timers.next->due_ms - monotonic_ms();
    return left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

/* ---- tasks ------------------------------------------------------------------------------------------------------- */

static void wake(struct loop *loop)
{
    const uint64_t one = 1;
    ssize_t written = write(loop->wakeup, &one, sizeof one); /* full: it is awake already */
    (void)written;
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&loop->lock);
    bool first = !loop->first;
    *loop->last = task;
    loop->last = &task->next;
    pthread_mutex_unlock(&loop->lock);
    if (first) {
        wake(loop);
    }
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopped, true);
    wake(loop);
}

static void run_tasks(struct loop *loop)
{
    uint64_t count;
    ssize_t length = read(loop->wakeup, &count, sizeof count);
    (void)length;
    pthread_mutex_lock(&loop->lock);
    struct loop_task *task = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    while (task) {
        struct loop_task *next = task->next; /* the task may be gone when it has run */
        task->run(task);
        task = next;
    }
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static void call_sources(struct loop *loop)
{
    for (int i = 0; i < loop->event_count; i++) {
        struct loop_source *source = loop->events[i].data.ptr;
        if (!source) {
            run_tasks(loop);
        } else if (loop->events[i].events) {
            source->ready(source, loop->events[i].events);
        }
    }
}

void loop_run(struct loop *loop)
{
    struct epoll_event events[EVENTS_PER_TURN];

    loop->events = events;
    while (!atomic_load(&loop->stopped)) {
        int count = epoll_wait(loop->epoll, events, EVENTS_PER_TURN, wait_ms(loop));
        loop->event_count = count > 0 ? count : 0;
        loop->now_ms = monotonic_ms();
        fire_timers(loop);
        call_sources(loop);
        loop->event_count = 0;
    }
    atomic_store(&loop->stopped, false);
    loop->events = NULL;
}
