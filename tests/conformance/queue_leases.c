/* Queues: who holds a message, for how long, and what becomes of it. */
#include "conformance/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENDERS = 3, CONSUMERS = 4, EACH = 40, ALL = SENDERS * EACH };

/* ---- one lease ---- */

static void a_leased_message_is_hidden_until_it_is_settled(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    must_receive_nothing(fixture);
    must_have_depth(fixture, 0, 0, 1, 0);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    conformance_pass_ms(QUEUE_LEASE_MS);
    must_receive_nothing(fixture);
    must_have_depth(fixture, 0, 0, 0, 0);
}

static void a_lease_that_runs_out_makes_its_message_ready_again(void **state)
{
    struct fixture *fixture = *state;
    char first[RECEIPT_BYTES_MAX], second[RECEIPT_BYTES_MAX], id[64];
    must_send(fixture, "1");
    snprintf(id, sizeof id, "%s", field_text(fixture, "id"));
    must_receive(fixture, first);
    conformance_pass_ms(QUEUE_LEASE_MS);
    must_have_depth(fixture, 1, 0, 0, 0);
    must_receive(fixture, second);
    assert_string_equal(item_text(fixture, 0, "id"), id);
    assert_int_equal(item_int(fixture, 0, "attempts"), 2);
    assert_string_not_equal(first, second);
    assert_failed(fixture, queue_settle(fixture, first, PXM_SETTLE_DONE, 0, NULL), PXM_E_NOT_FOUND, "queue.lost_lease");
    assert_failed(fixture, queue_extend(fixture, first, 1000), PXM_E_NOT_FOUND, "queue.lost_lease");
    must_settle(fixture, second, PXM_SETTLE_DONE);
    must_have_depth(fixture, 0, 0, 0, 0);
}

static void a_lease_that_ran_out_is_lost_though_nobody_else_took_the_message(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    conformance_pass_ms(QUEUE_LEASE_MS);
    assert_failed(fixture, queue_extend(fixture, receipt, 1000), PXM_E_NOT_FOUND, "queue.lost_lease");
    for (uint32_t outcome = PXM_SETTLE_DONE; outcome <= PXM_SETTLE_DEAD; outcome++) {
        assert_failed(fixture, queue_settle(fixture, receipt, outcome, 0, NULL), PXM_E_NOT_FOUND, "queue.lost_lease");
    }
    must_have_depth(fixture, 1, 0, 0, 0);
}

static void a_lease_can_be_extended_again_and_again(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    for (int i = 0; i < 5; i++) {
        conformance_pass_ms(QUEUE_LEASE_MS / 2);
        assert_status(fixture, queue_extend(fixture, receipt, QUEUE_LEASE_MS), PXM_OK);
        must_receive_nothing(fixture);
    }
    conformance_pass_ms(QUEUE_LEASE_MS);
    must_receive(fixture, receipt);
    assert_int_equal(item_int(fixture, 0, "attempts"), 2);
}

static void must_have_one_resting(struct fixture *fixture, int64_t dead)
{
    bool as_leased = queue_traits()->rests_as_leased;
    must_have_depth(fixture, 0, as_leased ? 0 : 1, as_leased ? 1 : 0, dead);
}

static void a_retry_comes_back_after_its_delay(void **state)
{
    struct fixture *fixture = *state;
    char first[RECEIPT_BYTES_MAX], second[RECEIPT_BYTES_MAX];
    must_send(fixture, "{'n': 1}");
    must_receive(fixture, first);
    assert_status(fixture, queue_settle(fixture, first, PXM_SETTLE_RETRY, 60000, "{'code': 'store.unavailable'}"),
                  PXM_OK);
    must_receive_nothing(fixture);
    must_have_one_resting(fixture, 0);
    conformance_pass_ms(60000);
    must_receive(fixture, second);
    assert_item_json(fixture, 0, "body", "{'n': 1}");
    assert_int_equal(item_int(fixture, 0, "attempts"), 2);
    assert_failed(fixture, queue_settle(fixture, first, PXM_SETTLE_DONE, 0, NULL), PXM_E_NOT_FOUND, "queue.lost_lease");
    must_settle(fixture, second, PXM_SETTLE_RETRY);
    must_receive(fixture, second);
    assert_int_equal(item_int(fixture, 0, "attempts"), 3);
}

static void what_was_settled_cannot_be_settled_again(void **state)
{
    struct fixture *fixture = *state;
    for (uint32_t outcome = PXM_SETTLE_DONE; outcome <= PXM_SETTLE_DEAD; outcome++) {
        char receipt[RECEIPT_BYTES_MAX];
        must_send(fixture, "1");
        must_receive(fixture, receipt);
        assert_status(fixture, queue_settle(fixture, receipt, outcome, 60000, NULL), PXM_OK);
        assert_failed(fixture, queue_settle(fixture, receipt, PXM_SETTLE_DONE, 0, NULL), PXM_E_NOT_FOUND,
                      "queue.lost_lease");
        assert_failed(fixture, queue_extend(fixture, receipt, 1000), PXM_E_NOT_FOUND, "queue.lost_lease");
    }
    must_have_one_resting(fixture, 1);
}

static void receipts_that_are_none_hold_nothing(void **state)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "1",
                                      "1.",
                                      ".1",
                                      "-1.1",
                                      "1.1 ",
                                      " 1.1",
                                      "01.1",
                                      "1.01",
                                      "+1.1",
                                      "1.1.1",
                                      "1,1",
                                      "99999999999999999999.1",
                                      "1.99999999999999999999",
                                      "%s%n",
                                      "'; DROP TABLE messages; --"};
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], longer[RECEIPT_BYTES_MAX + 2];
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (strcmp(bad[i], receipt) != 0) {
            assert_failed(fixture, queue_settle(fixture, bad[i], PXM_SETTLE_DONE, 0, NULL), PXM_E_NOT_FOUND,
                          "queue.lost_lease");
            assert_failed(fixture, queue_extend(fixture, bad[i], 1000), PXM_E_NOT_FOUND, "queue.lost_lease");
        }
    }
    snprintf(longer, sizeof longer, "%s0", receipt);
    assert_failed(fixture, queue_settle(fixture, longer, PXM_SETTLE_DONE, 0, NULL), PXM_E_NOT_FOUND,
                  "queue.lost_lease");
    must_have_depth(fixture, 0, 0, 1, 0);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
}

/* ---- many at once ---- */

struct traffic {
    struct fixture *fixtures[SENDERS + CONSUMERS];
    atomic_int received[ALL]; /* how often each message came */
    atomic_int done;
};

static void send_each(struct fixture *fixture, int first)
{
    char json[16];
    for (int i = 0; i < EACH; i++) {
        snprintf(json, sizeof json, "%d", first + i);
        must_send(fixture, json);
    }
}

static void consume(struct traffic *traffic, struct fixture *fixture)
{
    char receipts[10][RECEIPT_BYTES_MAX];
    while (atomic_load(&traffic->done) < ALL) {
        assert_status(fixture, queue_receive(fixture, 10, 1, QUEUE_LEASE_MS), PXM_OK);
        size_t count = item_count(fixture);
        for (size_t i = 0; i < count; i++) {
            snprintf(receipts[i], RECEIPT_BYTES_MAX, "%s", item_text(fixture, i, "receipt"));
            atomic_fetch_add(&traffic->received[item_int(fixture, i, "body")], 1);
        }
        for (size_t i = 0; i < count; i++) {
            must_settle(fixture, receipts[i], PXM_SETTLE_DONE);
            atomic_fetch_add(&traffic->done, 1);
        }
    }
}

static void send_or_consume(void *arg, int index)
{
    struct traffic *traffic = arg;
    if (index < SENDERS) {
        send_each(traffic->fixtures[index], index * EACH);
    } else {
        consume(traffic, traffic->fixtures[index]);
    }
}

static void two_consumers_never_hold_one_message(void **state)
{
    struct fixture *fixture = *state;
    struct conformance_driver *driver = fixture->driver;
    static struct traffic traffic;
    memset(&traffic, 0, sizeof traffic);
    for (int i = 0; i < SENDERS + CONSUMERS; i++) {
        void *self = i % 2 ? driver->open_again(driver->arg) : fixture->self;
        traffic.fixtures[i] = fixture_new(driver, self);
    }
    run_threads(SENDERS + CONSUMERS, send_or_consume, &traffic);
    for (int i = 0; i < SENDERS + CONSUMERS; i++) {
        if (traffic.fixtures[i]->self != fixture->self) {
            driver->close(driver->arg, traffic.fixtures[i]->self);
        }
        fixture_free(traffic.fixtures[i]);
    }
    for (int i = 0; i < ALL; i++) {
        assert_int_equal(atomic_load(&traffic.received[i]), 1);
    }
    must_have_depth(fixture, 0, 0, 0, 0);
}

int queue_leases_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_leased_message_is_hidden_until_it_is_settled, driver),
        FIXTURE_TEST(a_lease_that_runs_out_makes_its_message_ready_again, driver),
        FIXTURE_TEST(a_lease_that_ran_out_is_lost_though_nobody_else_took_the_message, driver),
        FIXTURE_TEST(a_lease_can_be_extended_again_and_again, driver),
        FIXTURE_TEST(a_retry_comes_back_after_its_delay, driver),
        FIXTURE_TEST(what_was_settled_cannot_be_settled_again, driver),
        FIXTURE_TEST(receipts_that_are_none_hold_nothing, driver),
        FIXTURE_TEST(two_consumers_never_hold_one_message, driver),
    };
    return cmocka_run_group_tests_name("queue: leases", tests, NULL, NULL);
}
