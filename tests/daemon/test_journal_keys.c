/* Idempotency keys and schedules in the journal, and what is told when a run ends. */
#include "journal_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct journal_op claim_of(const char *key, const char *fingerprint, const char *run)
{
    return (struct journal_op){
        .kind = JOURNAL_CLAIM, .key = key, .fingerprint = fingerprint, .run = run, .run_ms = 77, .now_ms = PLACE_NOW};
}

static void assert_claim(struct place *place, const char *key, const char *run, enum journal_claimed expected,
                         const char *expected_run)
{
    struct journal_op op = claim_of(key, "f", run);
    place_assert_done(place, &op);
    assert_int_equal(op.claimed, expected);
    assert_string_equal(op.ret_run, expected_run);
    journal_op_done(&op);
}

static void conclude(struct place *place, const char *run, const char *key, const char *answer)
{
    struct journal_op op = {.kind = JOURNAL_CONCLUDE, .run = run, .key = key, .answer = answer};
    place_assert_done(place, &op);
}

static void reopen(struct place *place)
{
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND);
}

/* ---- keys ---- */

static void a_key_is_new_then_running_then_done(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_claim(place, "k", "r1", JOURNAL_CLAIM_NEW, "r1");
    assert_claim(place, "k", "r2", JOURNAL_CLAIM_RUNNING, "r1");
    assert_claim(place, "other", "r3", JOURNAL_CLAIM_NEW, "r3");
    conclude(place, "r1", "k", "{\"status\":201}");
    for (int life = 0; life < 2; life++) {
        struct journal_op again = claim_of("k", "f", "r4");
        place_assert_done(place, &again);
        assert_int_equal(again.claimed, JOURNAL_CLAIM_DONE);
        assert_string_equal(again.ret_answer, "{\"status\":201}");
        assert_string_equal(again.ret_run, "r1");
        assert_int_equal(again.ret_run_ms, 77);
        journal_op_done(&again);
        reopen(place);
    }
}

static void two_that_claim_at_once_do_not_both_run(void **state)
{
    struct place *place = *state;
    struct journal_op ops[] = {claim_of("k", "f", "r1"), claim_of("k", "f", "r2")};
    place_must_open(place, JOURNAL_FOUND_NEW);
    place_do_all(place, ops, 2);
    assert_int_equal(ops[0].claimed, JOURNAL_CLAIM_NEW);
    assert_int_equal(ops[1].claimed, JOURNAL_CLAIM_RUNNING);
}

static void a_run_that_never_ended_is_gone_on_with_by_one(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_claim(place, "k", "r1", JOURNAL_CLAIM_NEW, "r1");
    reopen(place);
    assert_claim(place, "k", "r2", JOURNAL_CLAIM_AGAIN, "r1");
    assert_claim(place, "k", "r3", JOURNAL_CLAIM_RUNNING, "r1");
    conclude(place, "r1", "k", "{}");
    assert_claim(place, "k", "r4", JOURNAL_CLAIM_DONE, "r1");
}

static void a_run_that_failed_gives_its_key_back(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_claim(place, "k", "r1", JOURNAL_CLAIM_NEW, "r1");
    conclude(place, "r1", "k", NULL);
    assert_claim(place, "k", "r2", JOURNAL_CLAIM_NEW, "r2");
    conclude(place, "r1", "k", "{\"of\":\"the first\"}"); /* whose key it is no more */
    assert_claim(place, "k", "r3", JOURNAL_CLAIM_RUNNING, "r2");
}

static void a_key_for_something_else_is_refused(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_claim(place, "k", "r1", JOURNAL_CLAIM_NEW, "r1");
    struct journal_op other = claim_of("k", "g", "r2");
    place_assert_done(place, &other);
    assert_int_equal(other.claimed, JOURNAL_CLAIM_OTHER);
    conclude(place, "r1", "k", "{}");
    place_assert_done(place, &other);
    assert_int_equal(other.claimed, JOURNAL_CLAIM_OTHER);
    assert_null(other.ret_answer);
}

static void a_run_that_may_have_left_something_is_the_one_to_try_again(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_claim(place, "k", "r1", JOURNAL_CLAIM_NEW, "r1");
    place_expect(place, "r1", "o");
    struct journal_op op = {.kind = JOURNAL_CONCLUDE, .run = "r1", .key = "k", .keep_key = true};
    place_assert_done(place, &op);
    assert_int_equal(place_count(place).ready, 1);
    assert_claim(place, "k", "r2", JOURNAL_CLAIM_AGAIN, "r1");
    assert_claim(place, "k", "r3", JOURNAL_CLAIM_RUNNING, "r1");
    place_assert_done(place, &op);
    reopen(place);
    assert_claim(place, "k", "r4", JOURNAL_CLAIM_AGAIN, "r1");
}

static void an_answer_that_is_too_large_leaves_the_run_unconcluded(void **state)
{
    struct place *place = *state;
    static char large[JOURNAL_ANSWER_MAX + 2];
    memset(large, 'x', sizeof large - 1);
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_claim(place, "k", "r1", JOURNAL_CLAIM_NEW, "r1");
    place_expect(place, "r1", "o");
    struct journal_op op = {.kind = JOURNAL_CONCLUDE, .run = "r1", .key = "k", .answer = large};
    place_assert_fails(place, &op, PXM_E_LIMIT, "journal.too_large");
    assert_int_equal(place_count(place).expected, 1);
    large[JOURNAL_ANSWER_MAX] = '\0';
    place_assert_done(place, &op);
    assert_int_equal(place_count(place).ready, 1);
    reopen(place);
    struct journal_op again = claim_of("k", "f", "r2");
    place_assert_done(place, &again);
    assert_string_equal(again.ret_answer, large);
    journal_op_done(&again);
}

static void an_old_key_may_be_used_anew(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_claim(place, "k", "r1", JOURNAL_CLAIM_NEW, "r1");
    assert_claim(place, "running", "r9", JOURNAL_CLAIM_NEW, "r9");
    conclude(place, "r1", "k", "{}");
    struct journal_op later = claim_of("k", "f", "r2");
    later.now_ms = PLACE_NOW + PLACE_KEEP_MS;
    place_assert_done(place, &later);
    assert_int_equal(later.claimed, JOURNAL_CLAIM_DONE);
    journal_op_done(&later);
    later.now_ms++;
    place_assert_done(place, &later);
    assert_int_equal(later.claimed, JOURNAL_CLAIM_NEW);
    struct journal_op running = claim_of("running", "f", "r8");
    running.now_ms = PLACE_NOW + 2 * PLACE_KEEP_MS;
    place_assert_done(place, &running);
    assert_int_equal(running.claimed, JOURNAL_CLAIM_RUNNING);
}

static void old_keys_are_dropped_in_time_but_not_those_of_running_runs(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_claim(place, "old", "r1", JOURNAL_CLAIM_NEW, "r1");
    assert_claim(place, "running", "r2", JOURNAL_CLAIM_NEW, "r2");
    conclude(place, "r1", "old", "{}");
    atomic_store(&place->wall_ms, PLACE_NOW + PLACE_KEEP_MS + 1);
    atomic_store(&place->monotonic_ms, 3600 * 1000);
    place_count(place); /* after which there is time for it */
    atomic_store(&place->wall_ms, PLACE_NOW);
    assert_claim(place, "old", "r3", JOURNAL_CLAIM_NEW, "r3"); /* by a clock for which it is not old */
    assert_claim(place, "running", "r4", JOURNAL_CLAIM_RUNNING, "r2");
    reopen(place); /* which counts rows */
}

static void a_claim_without_key_or_run_is_invalid(void **state)
{
    struct place *place = *state;
    place_must_open(place, JOURNAL_FOUND_NEW);
    struct journal_op op = claim_of("", "f", "r");
    place_assert_fails(place, &op, PXM_E_INVALID, "journal.invalid");
    op = claim_of("k", "f", NULL);
    place_assert_fails(place, &op, PXM_E_INVALID, "journal.invalid");
    op = claim_of("k", "f", "a-run-whose-id-has-more-than-the-39-bytes-that-fit");
    place_assert_fails(place, &op, PXM_E_LIMIT, "journal.too_large");
}

/* ---- schedules ---- */

static int64_t fire(struct place *place, int64_t at, int64_t every_ms, int64_t *ret_next)
{
    struct journal_op op = {.kind = JOURNAL_SCHEDULE,
                            .pipeline = "tidy",
                            .trigger = "hourly",
                            .event = "{}",
                            .every_ms = every_ms,
                            .now_ms = PLACE_NOW + at};
    place_assert_done(place, &op);
    *ret_next = op.ret_next_ms - PLACE_NOW;
    return op.ret_id;
}

static void a_schedule_fires_at_first_and_then_at_its_interval(void **state)
{
    struct place *place = *state;
    int64_t next = 0;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_true(fire(place, 0, 1000, &next) > 0);
    assert_int_equal(next, 1000);
    assert_int_equal(fire(place, 999, 1000, &next), 0);
    assert_int_equal(next, 1000);
    assert_true(fire(place, 1010, 1000, &next) > 0);
    assert_int_equal(next, 2000); /* being late does not add up */
}

static void a_schedule_that_was_due_while_the_daemon_was_down_fires_once(void **state)
{
    struct place *place = *state;
    int64_t next = 0;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_true(fire(place, 0, 1000, &next) > 0);
    reopen(place);
    assert_true(fire(place, 7400, 1000, &next) > 0);
    assert_int_equal(next, 8000);
    assert_int_equal(fire(place, 7500, 1000, &next), 0);
    assert_int_equal(place_count(place).ready + place_count(place).delayed, 2);
}

static void a_clock_that_steps_back_does_not_silence_a_schedule(void **state)
{
    struct place *place = *state;
    int64_t next = 0;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_true(fire(place, 1000000, 1000, &next) > 0);
    assert_int_equal(fire(place, 0, 1000, &next), 0);
    assert_int_equal(next, 1000);
    assert_true(fire(place, 1000, 1000, &next) > 0);
}

static void an_interval_beyond_time_itself_is_none_to_overflow(void **state)
{
    struct place *place = *state;
    int64_t next = 0;
    place_must_open(place, JOURNAL_FOUND_NEW);
    assert_true(fire(place, 0, INT64_MAX, &next) > 0);
    assert_true(next == INT64_MAX - PLACE_NOW);
    assert_int_equal(fire(place, 5, INT64_MAX, &next), 0);
    struct journal_op op = {.kind = JOURNAL_SCHEDULE, .pipeline = "p", .trigger = "t", .event = "{}"};
    place_assert_fails(place, &op, PXM_E_INVALID, "journal.invalid");
}

/* The last is of a job of another run. */
static void what_is_known_when_a_run_ends_is_in_the_events_of_its_jobs(void **state)
{
    struct place *place = *state;
    const struct journal_told told[] = {{.dedupe = (char[]){"k1"}, .event = (char[]){"{\"etag\":\"1\"}"}},
                                        {.dedupe = (char[]){"k3"}, .event = (char[]){"{\"etag\":\"3\"}"}}};
    struct journal_op conclude = {.kind = JOURNAL_CONCLUDE, .run = "r1", .told = told, .told_count = 2}, op;
    place_must_open(place, JOURNAL_FOUND_NEW);
    place_expect(place, "r1", "k1");
    place_expect(place, "r1", "k2");
    place_expect(place, "r2", "k3");
    place_assert_done(place, &conclude);
    place_conclude(place, "r2");
    place_close(place);
    place_must_open(place, JOURNAL_FOUND_SOUND); /* the checksums of the rows are right */
    assert_int_equal(place_take(place, 10, 0, &op), 3);
    assert_string_equal(op.jobs[0].event, "{\"etag\":\"1\"}");
    assert_string_equal(op.jobs[1].event, "{\"key\":\"k\"}");
    assert_string_equal(op.jobs[2].event, "{\"key\":\"k\"}");
    journal_op_done(&op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(a_key_is_new_then_running_then_done),
        PLACE_TEST(two_that_claim_at_once_do_not_both_run),
        PLACE_TEST(a_run_that_never_ended_is_gone_on_with_by_one),
        PLACE_TEST(a_run_that_failed_gives_its_key_back),
        PLACE_TEST(a_key_for_something_else_is_refused),
        PLACE_TEST(a_run_that_may_have_left_something_is_the_one_to_try_again),
        PLACE_TEST(an_answer_that_is_too_large_leaves_the_run_unconcluded),
        PLACE_TEST(an_old_key_may_be_used_anew),
        PLACE_TEST(old_keys_are_dropped_in_time_but_not_those_of_running_runs),
        PLACE_TEST(a_claim_without_key_or_run_is_invalid),
        PLACE_TEST(a_schedule_fires_at_first_and_then_at_its_interval),
        PLACE_TEST(a_schedule_that_was_due_while_the_daemon_was_down_fires_once),
        PLACE_TEST(a_clock_that_steps_back_does_not_silence_a_schedule),
        PLACE_TEST(an_interval_beyond_time_itself_is_none_to_overflow),
        PLACE_TEST(what_is_known_when_a_run_ends_is_in_the_events_of_its_jobs),
    };
    return cmocka_run_group_tests_name("journal: keys and schedules", tests, NULL, NULL);
}
