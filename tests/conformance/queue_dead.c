/* Queues: dead letters, and how a message becomes one. */
#include "conformance/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERS = 25, PAGE = 10 };

static void a_dead_letter_tells_what_it_was_and_why_it_died(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], id[64];
    must_send(fixture, "{'photo': 'a.jpg'}");
    snprintf(id, sizeof id, "%s", field_text(fixture, "id"));
    must_receive(fixture, receipt);
    conformance_pass_ms(QUEUE_LEASE_MS);
    must_receive(fixture, receipt);
    assert_status(fixture,
                  queue_settle(fixture, receipt, PXM_SETTLE_DEAD, 0,
                               "{'code': 'image.damaged', 'message': 'no \\\"end\\\"', 'step': 'decode'}"),
                  PXM_OK);
    must_receive_nothing(fixture);
    conformance_pass_ms(QUEUE_LEASE_MS);
    must_receive_nothing(fixture);
    must_have_depth(fixture, 0, 0, 0, 1);
    assert_status(fixture, queue_dead(fixture, NULL, PAGE), PXM_OK);
    assert_int_equal(item_count(fixture), 1);
    assert_field_null(fixture, "cursor");
    assert_string_equal(item_text(fixture, 0, "id"), id);
    assert_item_json(fixture, 0, "body", "{'photo': 'a.jpg'}");
    assert_item_json(fixture, 0, "cause", "{'code': 'image.damaged', 'message': 'no \\\"end\\\"', 'step': 'decode'}");
    assert_int_equal(item_int(fixture, 0, "attempts"), 2);
    assert_true(item_int(fixture, 0, "last_at") - item_int(fixture, 0, "first_at") >= QUEUE_LEASE_MS);
}

static void a_dead_letter_needs_no_cause(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    must_settle(fixture, receipt, PXM_SETTLE_DEAD);
    assert_status(fixture, queue_dead(fixture, NULL, PAGE), PXM_OK);
    assert_item_json(fixture, 0, "cause", "null");
}

static void a_redriven_letter_is_as_if_never_received(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], id[64];
    must_make_dead(fixture, "{'n': 7}", "test.failed");
    assert_status(fixture, queue_dead(fixture, NULL, PAGE), PXM_OK);
    snprintf(id, sizeof id, "%s", item_text(fixture, 0, "id"));
    assert_status(fixture, queue_redrive(fixture, id), PXM_OK);
    must_have_depth(fixture, 1, 0, 0, 0);
    assert_failed(fixture, queue_redrive(fixture, id), PXM_E_NOT_FOUND, "queue.not_found");
    must_receive(fixture, receipt);
    assert_item_json(fixture, 0, "body", "{'n': 7}");
    assert_int_equal(item_int(fixture, 0, "attempts"), 1);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    must_have_depth(fixture, 0, 0, 0, 0);
}

static void a_receipt_from_before_a_redrive_is_void(void **state)
{
    struct fixture *fixture = *state;
    char before[RECEIPT_BYTES_MAX], after[RECEIPT_BYTES_MAX], id[64];
    must_send(fixture, "1");
    snprintf(id, sizeof id, "%s", field_text(fixture, "id"));
    must_receive(fixture, before);
    must_settle(fixture, before, PXM_SETTLE_DEAD);
    assert_status(fixture, queue_redrive(fixture, id), PXM_OK);
    must_receive(fixture, after);
    assert_string_not_equal(before, after);
    assert_failed(fixture, queue_settle(fixture, before, PXM_SETTLE_DONE, 0, NULL), PXM_E_NOT_FOUND,
                  "queue.lost_lease");
    must_settle(fixture, after, PXM_SETTLE_DONE);
}

static void a_discarded_letter_is_gone(void **state)
{
    struct fixture *fixture = *state;
    char id[64];
    must_make_dead(fixture, "1", "test.failed");
    must_make_dead(fixture, "2", "test.failed");
    assert_status(fixture, queue_dead(fixture, NULL, PAGE), PXM_OK);
    assert_int_equal(item_count(fixture), 2);
    snprintf(id, sizeof id, "%s", item_text(fixture, 0, "id"));
    assert_status(fixture, queue_discard(fixture, id), PXM_OK);
    assert_failed(fixture, queue_discard(fixture, id), PXM_E_NOT_FOUND, "queue.not_found");
    assert_failed(fixture, queue_redrive(fixture, id), PXM_E_NOT_FOUND, "queue.not_found");
    assert_status(fixture, queue_dead(fixture, NULL, PAGE), PXM_OK);
    assert_int_equal(item_count(fixture), 1);
    assert_string_not_equal(item_text(fixture, 0, "id"), id);
    must_have_depth(fixture, 0, 0, 0, 1);
}

static void what_is_no_dead_letter_can_be_neither_redriven_nor_discarded(void **state)
{
    static const char *const bad[] = {"", "0", "-1", "no", "1 OR 1=1", "999999999", "99999999999999999999", "%n"};
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], waiting[64], leased[64];
    must_send(fixture, "1");
    snprintf(leased, sizeof leased, "%s", field_text(fixture, "id"));
    must_receive(fixture, receipt);
    must_send(fixture, "2");
    snprintf(waiting, sizeof waiting, "%s", field_text(fixture, "id"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad + 2; i++) {
        const char *id = i == 0 ? waiting : i == 1 ? leased : bad[i - 2];
        assert_failed(fixture, queue_redrive(fixture, id), PXM_E_NOT_FOUND, "queue.not_found");
        assert_failed(fixture, queue_discard(fixture, id), PXM_E_NOT_FOUND, "queue.not_found");
    }
    must_have_depth(fixture, 1, 0, 1, 0);
}

static void pages_of_dead_letters_have_each_once(void **state)
{
    struct fixture *fixture = *state;
    bool listed[LETTERS] = {false};
    char json[16], cursor[128];
    int left = LETTERS;
    for (int i = 0; i < LETTERS; i++) {
        snprintf(json, sizeof json, "%d", i);
        must_make_dead(fixture, json, "test.failed");
    }
    must_send(fixture, "'alive'");
    for (const char *from = NULL;; from = cursor) {
        assert_status(fixture, queue_dead(fixture, from, PAGE), PXM_OK);
        assert_in_range(item_count(fixture), 1, PAGE);
        for (size_t i = 0; i < item_count(fixture); i++, left--) {
            int64_t n = item_int(fixture, i, "body");
            assert_in_range(n, 0, LETTERS - 1);
            assert_false(listed[n]);
            listed[n] = true;
        }
        if (!field_text(fixture, "cursor")) {
            break;
        }
        snprintf(cursor, sizeof cursor, "%s", field_text(fixture, "cursor"));
    }
    assert_int_equal(left, 0);
}

static void bad_pages_are_refused(void **state)
{
    static const char *const bad[] = {"", "x", "-1", "1x", "99999999999999999999"};
    struct fixture *fixture = *state;
    must_make_dead(fixture, "1", "test.failed");
    assert_failed(fixture, queue_dead(fixture, NULL, 0), PXM_E_INVALID, "queue.bad_limit");
    assert_failed(fixture, queue_dead(fixture, NULL, 1001), PXM_E_INVALID, "queue.bad_limit");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_failed(fixture, queue_dead(fixture, bad[i], PAGE), PXM_E_INVALID, "queue.bad_cursor");
    }
    assert_status(fixture, queue_dead(fixture, NULL, 1000), PXM_OK);
    assert_int_equal(item_count(fixture), 1);
}

static void the_depth_tells_the_age_of_the_oldest(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    if (queue_traits()->hides_age) {
        return;
    }
    must_have_depth(fixture, 0, 0, 0, 0);
    assert_int_equal(field_int(fixture, "oldest_ms"), 0);
    must_send(fixture, "1");
    conformance_pass_ms(100000);
    must_send(fixture, "2");
    must_have_depth(fixture, 2, 0, 0, 0);
    assert_true(field_int(fixture, "oldest_ms") >= 100000);
    for (int i = 0; i < 2; i++) {
        must_receive(fixture, receipt);
        must_settle(fixture, receipt, PXM_SETTLE_DEAD);
    }
    must_have_depth(fixture, 0, 0, 0, 2);
    assert_int_equal(field_int(fixture, "oldest_ms"), 0);
}

/* ---- a limit of attempts ---- */

static void the_last_lease_that_runs_out_makes_a_dead_letter(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "{'poison': true}");
    for (int i = 1; i <= QUEUE_ATTEMPTS_MAX; i++) {
        must_receive(fixture, receipt);
        assert_int_equal(item_int(fixture, 0, "attempts"), i);
        conformance_pass_ms(QUEUE_LEASE_MS);
    }
    if (queue_traits()->buries_on_receive) {
        must_receive_nothing(fixture);
    }
    must_have_depth(fixture, 0, 0, 0, 1);
    must_receive_nothing(fixture);
    assert_status(fixture, queue_dead(fixture, NULL, PAGE), PXM_OK);
    assert_int_equal(item_count(fixture), 1);
    assert_item_json(fixture, 0, "body", "{'poison': true}");
    assert_int_equal(item_int(fixture, 0, "attempts"), QUEUE_ATTEMPTS_MAX);
    const pxm_value *code = fixture->host->value_get(item_field(fixture, 0, "cause"), "code");
    assert_string_equal(fixture->host->value_as_string(code, NULL), "queue.attempts");
}

static void a_dead_letter_is_listed_though_nobody_received_since(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], id[64];
    must_send(fixture, "1");
    for (int i = 0; i < QUEUE_ATTEMPTS_MAX; i++) {
        must_receive(fixture, receipt);
        conformance_pass_ms(QUEUE_LEASE_MS);
    }
    if (queue_traits()->buries_on_receive) {
        must_receive_nothing(fixture);
    }
    assert_status(fixture, queue_dead(fixture, NULL, PAGE), PXM_OK);
    assert_int_equal(item_count(fixture), 1);
    snprintf(id, sizeof id, "%s", item_text(fixture, 0, "id"));
    assert_status(fixture, queue_redrive(fixture, id), PXM_OK);
    must_receive(fixture, receipt);
    assert_int_equal(item_int(fixture, 0, "attempts"), 1);
}

static void the_last_retry_makes_a_dead_letter_with_its_cause(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    for (int i = 1; i <= QUEUE_ATTEMPTS_MAX; i++) {
        must_receive(fixture, receipt);
        assert_status(fixture, queue_settle(fixture, receipt, PXM_SETTLE_RETRY, 0, "{'code': 'store.unavailable'}"),
                      PXM_OK);
    }
    must_have_depth(fixture, 0, 0, 0, 1);
    assert_status(fixture, queue_dead(fixture, NULL, PAGE), PXM_OK);
    assert_item_json(fixture, 0, "cause", "{'code': 'store.unavailable'}");
}

int queue_dead_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_dead_letter_tells_what_it_was_and_why_it_died, driver),
        FIXTURE_TEST(a_dead_letter_needs_no_cause, driver),
        FIXTURE_TEST(a_redriven_letter_is_as_if_never_received, driver),
        FIXTURE_TEST(a_receipt_from_before_a_redrive_is_void, driver),
        FIXTURE_TEST(a_discarded_letter_is_gone, driver),
        FIXTURE_TEST(what_is_no_dead_letter_can_be_neither_redriven_nor_discarded, driver),
        FIXTURE_TEST(pages_of_dead_letters_have_each_once, driver),
        FIXTURE_TEST(bad_pages_are_refused, driver),
        FIXTURE_TEST(the_depth_tells_the_age_of_the_oldest, driver),
    };
    return cmocka_run_group_tests_name("queue: dead letters", tests, NULL, NULL);
}

int queue_attempts_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(the_last_lease_that_runs_out_makes_a_dead_letter, driver),
        FIXTURE_TEST(a_dead_letter_is_listed_though_nobody_received_since, driver),
        FIXTURE_TEST(the_last_retry_makes_a_dead_letter_with_its_cause, driver),
    };
    return cmocka_run_group_tests_name("queue: attempts", tests, NULL, NULL);
}
