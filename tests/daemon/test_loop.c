/* The event loop: descriptors, timers and tasks, in their order and on its thread. */
#include "daemon/loop.h"

#include "base/error.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TASKS_PER_THREAD = 1000, THREADS = 4 };

struct world {
    struct loop *loop;
    char log[256];
};

static struct world world;

static void note(const char *what)
{
    size_t length = strlen(world.log);

    snprintf(world.log + length, sizeof world.log - length, "%s%s", length ? " " : "", what);
}

static int setup(void **state)
{
    (void)state;
    world = (struct world){0};
    return loop_new(&world.loop, NULL) == PXM_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loop_free(world.loop);
    return 0;
}

/* ---- timers ------------------------------------------------------------------------------------------------------ */

struct named_timer {
    struct loop_timer timer;
    const char *name;
};

static void fire(struct loop_timer *timer)
{
    note(((struct named_timer *)timer)->name);
}

static void fire_and_stop(struct loop_timer *timer)
{
    fire(timer);
    loop_stop(world.loop);
}

static void timers_fire_in_the_order_of_their_time(void **state)
{
    struct named_timer late = {{.fire = fire_and_stop}, "late"}, early = {{.fire = fire}, "early"};
    struct named_timer middle = {{.fire = fire}, "middle"}, same = {{.fire = fire}, "same"};
    (void)state;

    loop_timer_set(world.loop, &late.timer, 30);
    loop_timer_set(world.loop, &early.timer, 1);
    loop_timer_set(world.loop, &middle.timer, 10);
    loop_timer_set(world.loop, &same.timer, 10);
    loop_run(world.loop);
    assert_string_equal(world.log, "early middle same late");
}

static void a_timer_that_is_set_again_fires_once(void **state)
{
    struct named_timer moved = {{.fire = fire}, "moved"}, end = {{.fire = fire_and_stop}, "end"};
    (void)state;

    loop_timer_set(world.loop, &moved.timer, 1);
    loop_timer_set(world.loop, &end.timer, 10);
    loop_timer_set(world.loop, &moved.timer, 5);
    loop_run(world.loop);
    assert_string_equal(world.log, "moved end");
    assert_false(moved.timer.set);
}

static void a_timer_that_is_cancelled_never_fires(void **state)
{
    struct named_timer gone = {{.fire = fire}, "gone"}, end = {{.fire = fire_and_stop}, "end"};
    (void)state;

    loop_timer_set(world.loop, &gone.timer, 1);
    loop_timer_set(world.loop, &end.timer, 5);
    loop_timer_cancel(world.loop, &gone.timer);
    loop_timer_cancel(world.loop, &gone.timer);
    loop_run(world.loop);
    assert_string_equal(world.log, "end");
}

static void a_time_beyond_all_times_does_not_wrap(void **state)
{
    struct named_timer never = {{.fire = fire}, "never"}, end = {{.fire = fire_and_stop}, "end"};
    (void)state;

    loop_timer_set(world.loop, &never.timer, INT64_MAX);
    loop_timer_set(world.loop, &end.timer, -5);
    loop_run(world.loop);
    assert_string_equal(world.log, "end");
    loop_timer_cancel(world.loop, &never.timer);
}

/* ---- sources ----------------------------------------------------------------------------------------------------- */

struct pair {
    struct loop_source source;
    struct pair *other;
};

/* Both are ready in one turn, and the first to be called takes the other one out. */
static void unwatch_other(struct loop_source *source, uint32_t events)
{
    struct pair *pair = (struct pair *)source;
    (void)events;

    note("ready");
    loop_unwatch(world.loop, &pair->other->source);
    loop_unwatch(world.loop, source);
    loop_stop(world.loop);
}

static void a_source_that_is_unwatched_is_not_called_in_the_same_turn(void **state)
{
    int first[2], second[2];
    struct pair pairs[2];
    (void)state;

    assert_int_equal(pipe(first), 0);
    assert_int_equal(pipe(second), 0);
    pairs[0] = (struct pair){{.fd = first[0], .events = EPOLLIN, .ready = unwatch_other}, &pairs[1]};
    pairs[1] = (struct pair){{.fd = second[0], .events = EPOLLIN, .ready = unwatch_other}, &pairs[0]};
    assert_int_equal(loop_watch(world.loop, &pairs[0].source, NULL), PXM_OK);
    assert_int_equal(loop_watch(world.loop, &pairs[1].source, NULL), PXM_OK);
    assert_int_equal(write(first[1], "x", 1), 1);
    assert_int_equal(write(second[1], "x", 1), 1);
    loop_run(world.loop);
    assert_string_equal(world.log, "ready");
    for (int i = 0; i < 2; i++) {
        close(first[i]);
        close(second[i]);
    }
}

static void a_descriptor_that_cannot_be_watched_is_told(void **state)
{
    struct loop_source source = {.fd = -1, .events = EPOLLIN};
    pxm_error error = {0};
    (void)state;

    assert_int_not_equal(loop_watch(world.loop, &source, &error), PXM_OK);
    assert_string_equal(error.code, "daemon.loop");
}

/* ---- tasks ------------------------------------------------------------------------------------------------------- */

struct numbered_task {
    struct loop_task task;
    int number;
};
struct poster {
    pthread_t thread;
    struct numbered_task tasks[TASKS_PER_THREAD];
    int expected; /* the number that comes next */
};
static struct poster posters[THREADS];
static int done_count;

static void run_task(struct loop_task *task)
{
    struct numbered_task *numbered = (struct numbered_task *)task;

    for (int i = 0; i < THREADS; i++) {
        if (numbered >= posters[i].tasks && numbered < posters[i].tasks + TASKS_PER_THREAD) {
            assert_int_equal(numbered->number, posters[i].expected);
            posters[i].expected++;
        }
    }
    if (++done_count == THREADS * TASKS_PER_THREAD) {
        loop_stop(world.loop);
    }
}

static void *post_all(void *arg)
{
    struct poster *poster = arg;

    for (int i = 0; i < TASKS_PER_THREAD; i++) {
        poster->tasks[i] = (struct numbered_task){{.run = run_task}, i};
        loop_post(world.loop, &poster->tasks[i].task);
    }
    return NULL;
}

static void tasks_of_many_threads_run_once_and_in_the_order_of_each(void **state)
{
    (void)state;
    done_count = 0;
    for (int i = 0; i < THREADS; i++) {
        posters[i].expected = 0;
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    }
    loop_run(world.loop);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(posters[i].thread, NULL);
        assert_int_equal(posters[i].expected, TASKS_PER_THREAD);
    }
}

static void post_again(struct loop_task *task)
{
    note("task");
    task->run = run_task;
    done_count = THREADS * TASKS_PER_THREAD - 1;
    loop_post(world.loop, task);
}

static void a_task_may_post_itself_again(void **state)
{
    struct loop_task task = {.run = post_again};
    (void)state;

    loop_post(world.loop, &task);
    loop_run(world.loop);
    assert_string_equal(world.log, "task");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_in_the_order_of_their_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_that_is_set_again_fires_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_that_is_cancelled_never_fires, setup, teardown),
        cmocka_unit_test_setup_teardown(a_time_beyond_all_times_does_not_wrap, setup, teardown),
        cmocka_unit_test_setup_teardown(a_source_that_is_unwatched_is_not_called_in_the_same_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(a_descriptor_that_cannot_be_watched_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(tasks_of_many_threads_run_once_and_in_the_order_of_each, setup, teardown),
        cmocka_unit_test_setup_teardown(a_task_may_post_itself_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
