/* The pool of workers and its fans. */
#include "engine_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static struct pxm_pool *pool_of(uint32_t workers)
{
    struct pxm_pool *pool = NULL;
    pxm_error error = {0};

    assert_int_equal(pxm_pool_new(workers, &pool, &error), PXM_OK);
    return pool;
}

struct counted {
    struct pxm_task task;
    atomic_int *count;
};

static void count_task(struct pxm_task *task)
{
    struct counted *counted = (struct counted *)task;

    atomic_fetch_add(counted->count, 1);
}

static void freeing_the_pool_runs_what_is_queued(void **state)
{
    enum { TASKS = 500 };
    static struct counted tasks[TASKS];
    atomic_int count = 0;
    struct pxm_pool *pool = pool_of(3);
    (void)state;

    for (size_t i = 0; i < TASKS; i++) {
        tasks[i] = (struct counted){.task = {.run = count_task}, .count = &count};
        pxm_pool_submit(pool, &tasks[i].task);
    }
    pxm_pool_free(pool);
    assert_int_equal(atomic_load(&count), TASKS);
}

static void workers_default_to_the_processors(void **state)
{
    struct pxm_pool *pool = pool_of(0);
    (void)state;

    assert_true(pxm_pool_workers(pool) >= 1);
    pxm_pool_free(pool);
}

struct marks {
    struct pxm_pool *pool;
    atomic_int seen[64];
    atomic_int inner;
};

static void mark(void *arg, size_t index)
{
    struct marks *marks = arg;

    atomic_fetch_add(&marks->seen[index], 1);
}

static void a_fan_calls_each_index_once(void **state)
{
    struct marks marks = {.pool = pool_of(4)};
    (void)state;

    pxm_pool_fan(marks.pool, 64, 8, mark, &marks);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(atomic_load(&marks.seen[i]), 1);
    }
    pxm_pool_free(marks.pool);
}

static void count_inner(void *arg, size_t index)
{
    struct marks *marks = arg;
    (void)index;

    atomic_fetch_add(&marks->inner, 1);
}

static void fan_again(void *arg, size_t index)
{
    struct marks *marks = arg;
    (void)index;

    pxm_pool_fan(marks->pool, 5, 4, count_inner, marks);
}

struct nested {
    struct pxm_task task;
    struct marks *marks;
    atomic_bool done;
};

static void fan_from_a_worker(struct pxm_task *task)
{
    struct nested *nested = (struct nested *)task;

    pxm_pool_fan(nested->marks->pool, 6, 6, fan_again, nested->marks);
}

static void fans_nest_on_one_worker(void **state)
{
    struct marks marks = {.pool = pool_of(1)};
    struct nested nested[3];
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        nested[i] = (struct nested){.task = {.run = fan_from_a_worker}, .marks = &marks};
        pxm_pool_submit(marks.pool, &nested[i].task);
    }
    pxm_pool_free(marks.pool);
    assert_int_equal(atomic_load(&marks.inner), 3 * 6 * 5);
}

static void fans_nest_on_several_workers(void **state)
{
    struct marks marks = {.pool = pool_of(4)};
    struct nested nested[16];
    (void)state;

    for (size_t i = 0; i < 16; i++) {
        nested[i] = (struct nested){.task = {.run = fan_from_a_worker}, .marks = &marks};
        pxm_pool_submit(marks.pool, &nested[i].task);
    }
    pxm_pool_free(marks.pool);
    assert_int_equal(atomic_load(&marks.inner), 16 * 6 * 5);
}

static pthread_t here;
static void record_order(void *arg, size_t index)
{
    size_t *next = arg;

    assert_true(pthread_equal(here, pthread_self()));
    assert_int_equal(*next, index);
    *next = index + 1;
}

static void a_fan_of_width_one_runs_in_order_on_its_own_thread(void **state)
{
    struct pxm_pool *pool = pool_of(4);
    size_t next = 0;
    (void)state;

    here = pthread_self();
    pxm_pool_fan(pool, 20, 1, record_order, &next);
    assert_int_equal(next, 20);
    pxm_pool_fan(pool, 0, 4, record_order, &next);
    assert_int_equal(next, 20);
    pxm_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freeing_the_pool_runs_what_is_queued),
        cmocka_unit_test(workers_default_to_the_processors),
        cmocka_unit_test(a_fan_calls_each_index_once),
        cmocka_unit_test(fans_nest_on_one_worker),
        cmocka_unit_test(fans_nest_on_several_workers),
        cmocka_unit_test(a_fan_of_width_one_runs_in_order_on_its_own_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
