/* Jobs: deadlines, cancelling, limits. The clock is the test's. */
#include "base/error.h"
#include "base/job.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t now;

static int64_t test_now(void *arg)
{
    (void)arg;
    return now;
}

static const struct pxm_clock test_clock = {.wall_ms = test_now, .monotonic_ms = test_now};

static void a_deadline_passes(void **state)
{
    (void)state;
    struct pxm_job job = {.clock = &test_clock, .deadline_ms = 1000};
    struct pxm_error error = {0};
    now = 400;
    assert_int_equal(pxm_job_remaining_ms(&job), 600);
    assert_int_equal(pxm_job_check(&job, &error), PXM_OK);
    assert_int_equal(error.status, PXM_OK);
    now = 1000;
    assert_int_equal(pxm_job_check(&job, &error), PXM_E_TIMEOUT);
    assert_string_equal(error.code, "limit.time");
    now = 1250;
    assert_int_equal(pxm_job_remaining_ms(&job), -250);
    pxm_job_check(&job, &error);
    assert_string_equal(error.text, "the deadline passed 250 ms ago");
}

static void without_a_deadline_there_is_always_time(void **state)
{
    (void)state;
    struct pxm_job job = {.clock = &test_clock, .deadline_ms = INT64_MAX};
    now = 5;
    assert_true(pxm_job_remaining_ms(&job) == INT64_MAX);
    assert_true(pxm_job_remaining_ms(NULL) == INT64_MAX);
    assert_int_equal(pxm_job_check(NULL, NULL), PXM_OK);
}

static void extreme_clocks_do_not_overflow(void **state)
{
    (void)state;
    struct pxm_job job = {.clock = &test_clock, .deadline_ms = INT64_MIN};
    struct pxm_error error = {0};
    now = INT64_MAX;
    assert_true(pxm_job_remaining_ms(&job) == INT64_MIN);
    assert_int_equal(pxm_job_check(&job, &error), PXM_E_TIMEOUT);
    job.deadline_ms = INT64_MAX - 1;
    now = INT64_MIN;
    assert_true(pxm_job_remaining_ms(&job) == INT64_MAX);
}

static void cancelling_comes_before_the_deadline(void **state)
{
    (void)state;
    atomic_bool cancelled = false;
    struct pxm_job job = {.clock = &test_clock, .deadline_ms = 10, .cancelled = &cancelled};
    struct pxm_error error = {0};
    now = 0;
    assert_int_equal(pxm_job_check(&job, &error), PXM_OK);
    atomic_store(&cancelled, true);
    assert_int_equal(pxm_job_remaining_ms(&job), 0);
    now = 20;
    assert_int_equal(pxm_job_check(&job, &error), PXM_E_CANCELLED);
    assert_string_equal(error.code, "run.cancelled");
}

static void the_default_limits_are_those_of_an_embedded_host(void **state)
{
    (void)state;
    struct pxm_limits limits;
    pxm_limits_default(&limits);
    assert_int_equal(limits.struct_size, sizeof limits);
    assert_int_equal(limits.bytes, 26214400);
    assert_int_equal(limits.pixels, 50000000);
    assert_int_equal(limits.side, 16383);
    assert_int_equal(limits.frames, 256);
    assert_int_equal(limits.memory, 536870912);
    assert_int_equal(limits.scans, 100);
    assert_int_equal(limits.output_side, 8192);
    assert_memory_equal(pxm_job_limits(NULL), &limits, sizeof limits);
    struct pxm_job job = {.limits = {.struct_size = sizeof limits, .bytes = 7}};
    assert_int_equal(pxm_job_limits(&job)->bytes, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_passes),
        cmocka_unit_test(without_a_deadline_there_is_always_time),
        cmocka_unit_test(extreme_clocks_do_not_overflow),
        cmocka_unit_test(cancelling_comes_before_the_deadline),
        cmocka_unit_test(the_default_limits_are_those_of_an_embedded_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
