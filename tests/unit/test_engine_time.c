/* Deadlines, timeouts and cancelling. */
#include "engine_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static void a_step_is_stopped_at_its_timeout_and_its_fallback_runs(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "slow",
               "version: 1\n"
               "limits: {time: 10s}\n"
               "steps:\n"
               "  - id: s\n"
               "    fake.hang: {advance: 100}\n"
               "    timeout: 2s\n"
               "    on_error: {limit.time: fallback}\n"
               "    fallback: {fake.hang: {advance: 100}}\n",
               "quick",
               "version: 1\n"
               "limits: {time: 10s}\n"
               "steps:\n"
               "  - {id: s, fake.hang: {advance: 100}, timeout: 2s, on_error: {limit.time: skip}}\n"
               "  - {id: after, fake.note: {text: after}}\n",
               NULL);
    world_result(&world, "quick", NULL);
    assert_string_equal(journal_text(), "hang, after");
    journal_clear();
    assert_string_equal(world_failure(&world, "slow", NULL), "limit.time@s");
    assert_string_equal(journal_text(), "hang, hang");
    world_close(&world);
}

static void no_rule_helps_when_the_whole_run_is_late(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "late",
               "version: 1\n"
               "limits: {time: 1s}\n"
               "steps:\n"
               "  - {id: s, fake.hang: {advance: 100}, on_error: {\"*\": skip}}\n"
               "  - {id: after, fake.note: {text: after}}\n"
               "on_failure: [{fake.note: {text: \"clean ${error.code}\"}}]\n",
               NULL);
    assert_string_equal(world_failure(&world, "late", NULL), "limit.time@s");
    assert_string_equal(journal_text(), "hang, clean limit.time");
    world_close(&world);
}

static void cleaning_up_ends_after_its_own_time(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "cleanup",
               "version: 1\n"
               "steps: [{id: s, fake.note: {fail: a.b}}]\n"
               "on_failure: [{id: h, fake.hang: {advance: 1000}}, {id: never, fake.note: {text: never}}]\n",
               NULL);
    pxm_run *run = world_run(&world, "cleanup", NULL);
    assert_string_equal(pxm_error_code(pxm_run_error(run)), "a.b");
    assert_string_equal(journal_text(), "note, hang");
    pxm_run_free(run);
    world_close(&world);
}

static void cleaning_up_ends_when_the_host_says_so(void **state)
{
    struct world world;
    pxm_run *run = NULL;
    pxm_error error = {0};
    (void)state;

    world_open(&world, 1, NULL, "cleanup",
               "version: 1\n"
               "steps: [{id: s, fake.note: {fail: a.b}}]\n"
               "on_failure: [{id: h, fake.hang: {advance: 10}}]\n",
               NULL);
    const struct pxm_run_options options = {.struct_size = sizeof options};
    const struct pxm_run_start start = {.options = &options, .end_ms = 700};
    int64_t before_ms = fake_clock.monotonic_ms(fake_clock.arg);
    assert_int_equal(pxm_run_begin(pxm_project_pipeline(world.project, "cleanup"), &start, &run, &error), PXM_OK);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    assert_string_equal(pxm_error_code(pxm_run_error(run)), "a.b");
    assert_in_range(fake_clock.monotonic_ms(fake_clock.arg) - before_ms, 700, 720);
    pxm_run_free(run);
    world_close(&world);
}

static void the_least_of_host_pipeline_and_caller_is_the_deadline(void **state)
{
    struct world world;
    pxm_run *run = NULL;
    (void)state;

    world_open(&world, 1, NULL, "hang", "version: 1\nlimits: {time: 30s}\nsteps: [{fake.hang: {advance: 10}}]\n",
               "free", "version: 1\nlimits: {time: 2h}\nsteps: [{fake.hang: {advance: 1000}}]\n", NULL);
    const struct pxm_run_options options = {.struct_size = sizeof options, .deadline_ms = 500};
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "hang"), &options, &run, NULL), PXM_OK);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    assert_int_equal(pxm_run_status(run), PXM_E_TIMEOUT);
    pxm_run_free(run);
    int64_t before = fake_clock.monotonic_ms(NULL);
    assert_true(before <= 1000000 + 510);
    world_failure(&world, "free", NULL);
    assert_true(fake_clock.monotonic_ms(NULL) - before <= 61000); /* the host's minute */
    world_close(&world);
}

static void a_run_that_waited_too_long_does_nothing(void **state)
{
    struct world world;
    pxm_run *blocking = NULL;
    pxm_run *waiting = NULL;
    (void)state;

    world_open(&world, 1, NULL, "hang", "version: 1\nsteps: [{fake.hang: {advance: 10}}]\n", "note",
               "version: 1\nsteps: [{id: n, fake.note: {text: late}}]\n", NULL);
    const struct pxm_run_options two = {.struct_size = sizeof two, .deadline_ms = 2000};
    const struct pxm_run_options one = {.struct_size = sizeof one, .deadline_ms = 1000};
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "hang"), &two, &blocking, NULL), PXM_OK);
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "note"), &one, &waiting, NULL), PXM_OK);
    assert_int_equal(pxm_run_wait(waiting, -1), 1);
    assert_string_equal(pxm_error_code(pxm_run_error(waiting)), "limit.time");
    assert_string_equal(journal_text(), "hang");
    pxm_run_free(blocking);
    pxm_run_free(waiting);
    world_close(&world);
}

static void *cancel_when_hanging(void *arg)
{
    while (!strstr(journal_text(), "hang")) {
    }
    pxm_run_cancel(arg);
    return NULL;
}

static void a_run_is_cancelled_from_another_thread(void **state)
{
    struct world world;
    pthread_t thread;
    pxm_run *run = NULL;
    (void)state;

    world_open(&world, 1, NULL, "hang",
               "version: 1\n"
               "steps: [{id: h, fake.hang: {}, on_error: {\"*\": skip}}, {id: after, fake.note: {text: after}}]\n"
               "on_failure: [{fake.note: {text: clean}}]\n",
               NULL);
    const struct pxm_run_options options = {.struct_size = sizeof options};
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "hang"), &options, &run, NULL), PXM_OK);
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_hanging, run), 0);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_not_equal(pxm_run_status(run), PXM_OK);
    assert_string_equal(journal_text(), "hang, clean");
    pxm_run_free(run);
    world_close(&world);
}

static void waiting_for_the_next_try_ends_with_a_cancel(void **state)
{
    struct world world;
    pxm_run *run = NULL;
    (void)state;

    world_open(&world, 1, &pxm_clock_system, "retry",
               "version: 1\n"
               "steps: [{id: s, fake.note: {text: hang, fail: a.b, transient: true}, retry: {times: 10, backoff: 50s, "
               "max: 50s}}]\n",
               NULL);
    const struct pxm_run_options options = {.struct_size = sizeof options};
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "retry"), &options, &run, NULL), PXM_OK);
    cancel_when_hanging(run);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    assert_int_not_equal(pxm_run_status(run), PXM_OK);
    pxm_run_free(run);
    world_close(&world);
}

static void freeing_a_run_cancels_it(void **state)
{
    struct world world;
    pxm_run *run = NULL;
    (void)state;

    world_open(&world, 2, NULL, "hang", "version: 1\nsteps: [{fake.hang: {}}]\n", NULL);
    const struct pxm_run_options options = {.struct_size = sizeof options};
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "hang"), &options, &run, NULL), PXM_OK);
    assert_int_equal(pxm_run_wait(run, 0), 0);
    pxm_run_free(run);
    world_close(&world);
}

struct done {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int calls;
};
static void note_done(void *arg, pxm_run *run)
{
    struct done *done = arg;

    assert_int_equal(pxm_run_wait(run, 0), 1);
    assert_int_equal(pxm_run_status(run), PXM_OK);
    pthread_mutex_lock(&done->lock);
    done->calls++;
    pthread_cond_signal(&done->change);
    pthread_mutex_unlock(&done->lock);
}

static void done_is_called_when_the_outcome_is_there(void **state)
{
    struct done done = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
    struct world world;
    pxm_run *run = NULL;
    (void)state;

    world_open(&world, 1, NULL, "note", "version: 1\nsteps: [{fake.note: {text: a}}]\n", NULL);
    const struct pxm_run_options options = {.struct_size = sizeof options, .done = note_done, .done_arg = &done};
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "note"), &options, &run, NULL), PXM_OK);
    pthread_mutex_lock(&done.lock);
    while (done.calls == 0) {
        pthread_cond_wait(&done.change, &done.lock);
    }
    pthread_mutex_unlock(&done.lock);
    pxm_run_free(run);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_stopped_at_its_timeout_and_its_fallback_runs),
        cmocka_unit_test(no_rule_helps_when_the_whole_run_is_late),
        cmocka_unit_test(cleaning_up_ends_after_its_own_time),
        cmocka_unit_test(cleaning_up_ends_when_the_host_says_so),
        cmocka_unit_test(the_least_of_host_pipeline_and_caller_is_the_deadline),
        cmocka_unit_test(a_run_that_waited_too_long_does_nothing),
        cmocka_unit_test(a_run_is_cancelled_from_another_thread),
        cmocka_unit_test(waiting_for_the_next_try_ends_with_a_cancel),
        cmocka_unit_test(freeing_a_run_cancels_it),
        cmocka_unit_test(done_is_called_when_the_outcome_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
