/* What kills workers is set aside. */
#include "daemon/poison.h"

#include "daemon/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct poison poison;
static const pxm_error crashed = {.status = PXM_E_INTERNAL, .code = "worker.crashed"};

static int setup(void **state)
{
    (void)state;
    memset(&poison, 0, sizeof poison);
    return 0;
}

static const char *check(const char *pipeline, const char *input, int64_t now_ms, int64_t *ret_wait_ms)
{
    static pxm_error error;

    error = (pxm_error){0};
    poison_check(&poison, pipeline, input, now_ms, ret_wait_ms, &error);
    return error.code;
}

static void an_input_that_killed_once_is_tried_again(void **state)
{
    int64_t wait_ms = 0;
    (void)state;

    poison_died(&poison, "thumbs", "a", &crashed, 1000);
    assert_string_equal(check("thumbs", "a", 1001, &wait_ms), "");
}

static void an_input_that_killed_twice_is_not_tried_again_whoever_asks(void **state)
{
    int64_t wait_ms = 0;
    (void)state;

    poison_died(&poison, "thumbs", "a", &crashed, 1000);
    poison_died(&poison, "upload", "a", &crashed, 500000);
    assert_string_equal(check("thumbs", "a", 900000, &wait_ms), "input.poison");
    assert_string_equal(check("other", "a", 900000, &wait_ms), "input.poison");
    assert_string_equal(check("thumbs", "b", 900000, &wait_ms), "");
}

static void how_its_last_worker_ended_is_told(void **state)
{
    static const pxm_error starved = {.status = PXM_E_NO_MEMORY, .code = "worker.memory"};
    pxm_error error = {0};
    int64_t wait_ms = 0;
    (void)state;

    poison_died(&poison, "thumbs", "a", &crashed, 1000);
    poison_died(&poison, "thumbs", "a", &starved, 2000);
    assert_int_equal(poison_check(&poison, "thumbs", "a", 3000, &wait_ms, &error), PXM_E_INVALID);
    assert_string_equal(error.code, "input.poison");
    assert_non_null(strstr(error.text, "2 worker processes (worker.memory)"));
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void a_message_is_delivered_again_while_that_may_help_but_not_for_ever(void **state)
{
    static const pxm_error away = {.status = PXM_E_TRANSIENT, .code = "store.unavailable"};
    static const pxm_error wrong = {.status = PXM_E_INVALID, .code = "input.wrong"};
    (void)state;

    assert_true(retry_delivers_again(&away, false, 1));
    assert_true(retry_delivers_again(&away, false, RETRY_DELIVERIES_MAX - 1));
    assert_false(retry_delivers_again(&away, false, RETRY_DELIVERIES_MAX));
    assert_true(retry_delivers_again(&crashed, true, 1));
    assert_false(retry_delivers_again(&crashed, true, RETRY_DELIVERIES_MAX));
    assert_false(retry_delivers_again(&wrong, false, 1));
}

static void five_inputs_that_kill_within_a_minute_give_a_pipeline_a_rest(void **state)
{
    static const char *const inputs[] = {"a", "b", "c", "d", "e"};
    int64_t wait_ms = 0;
    (void)state;

    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(check("thumbs", "z", 1000 + (int64_t)i * 10000, &wait_ms), "");
        poison_died(&poison, "thumbs", inputs[i], &crashed, 1000 + (int64_t)i * 10000);
    }
    assert_string_equal(check("thumbs", "z", 41000, &wait_ms), "pipeline.suspended");
    assert_int_equal(wait_ms, POISON_CIRCUIT_OPEN_MS);
    assert_string_equal(check("upload", "z", 41000, &wait_ms), "");
    assert_string_equal(check("thumbs", "z", 41000 + POISON_CIRCUIT_OPEN_MS, &wait_ms), "");
}

static void five_deaths_over_a_long_time_give_it_none(void **state)
{
    static const char *const inputs[] = {"a", "b", "c", "d", "e", "f", "g"};
    int64_t wait_ms = 0;
    (void)state;

    for (size_t i = 0; i < 7; i++) {
        poison_died(&poison, "thumbs", inputs[i], &crashed, 1000 + (int64_t)i * 16000);
        assert_string_equal(check("thumbs", "z", 1000 + (int64_t)i * 16000, &wait_ms), "");
    }
}

static void one_input_that_kills_often_says_nothing_of_its_pipeline(void **state)
{
    int64_t wait_ms = 0;
    (void)state;

    for (int64_t i = 0; i < 20; i++) {
        poison_died(&poison, "thumbs", "a", &crashed, 1000 + i);
    }
    assert_string_equal(check("thumbs", "z", 1100, &wait_ms), "");
}

static void the_oldest_input_is_forgotten_when_there_are_too_many(void **state)
{
    int64_t wait_ms = 0;
    char name[16];
    (void)state;

    poison_died(&poison, "p", "first", &crashed, 0);
    poison_died(&poison, "p", "first", &crashed, 0);
    for (int i = 0; i < POISON_INPUTS_MAX; i++) {
        snprintf(name, sizeof name, "%d", i);
        poison_died(&poison, "p", name, &crashed, (int64_t)i * POISON_CIRCUIT_WINDOW_MS);
    }
    int64_t later_ms = (int64_t)POISON_INPUTS_MAX * POISON_CIRCUIT_WINDOW_MS;
    assert_string_equal(check("p", "first", later_ms, &wait_ms), "");
    poison_died(&poison, "p", name, &crashed, later_ms);
    assert_string_equal(check("p", name, later_ms, &wait_ms), "input.poison");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_input_that_killed_once_is_tried_again, setup),
        cmocka_unit_test_setup(an_input_that_killed_twice_is_not_tried_again_whoever_asks, setup),
        cmocka_unit_test_setup(how_its_last_worker_ended_is_told, setup),
        cmocka_unit_test(a_message_is_delivered_again_while_that_may_help_but_not_for_ever),
        cmocka_unit_test_setup(five_inputs_that_kill_within_a_minute_give_a_pipeline_a_rest, setup),
        cmocka_unit_test_setup(five_deaths_over_a_long_time_give_it_none, setup),
        cmocka_unit_test_setup(one_input_that_kills_often_says_nothing_of_its_pipeline, setup),
        cmocka_unit_test_setup(the_oldest_input_is_forgotten_when_there_are_too_many, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
