/* Queues: the operations as tests call them, and messages as they are sent and received. */
#include "conformance/queue.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 256 << 10, MANY = 25, PATIENCE_MS = 600000 };

static const struct queue_traits plainest;
static const struct queue_traits *known = &plainest;

void queue_use_traits(const struct queue_traits *traits)
{
    known = traits;
}

const struct queue_traits *queue_traits(void)
{
    return known;
}

/* ---- operations ---- */

static const struct pxm_queue_ops *ops_of(const struct fixture *fixture)
{
    return fixture->ops;
}

static pxm_status send_message(struct fixture *fixture, const struct pxm_message *message)
{
    fixture_next(fixture);
    return ops_of(fixture)->send(fixture->self, &fixture->job, message, fixture->fields, fixture->error);
}

pxm_status queue_send_value(struct fixture *fixture, const pxm_value *body)
{
    const struct pxm_message message = {.struct_size = sizeof message, .body = body};
    return send_message(fixture, &message);
}

pxm_status queue_send(struct fixture *fixture, const char *json, int64_t delay_ms, const char *dedupe_id)
{
    pxm_value *body = json_value(json);
    const struct pxm_message message = {
        .struct_size = sizeof message, .body = body, .delay_ms = delay_ms, .dedupe_id = dedupe_id};
    pxm_status status = send_message(fixture, &message);
    fixture->host->value_unref(body);
    return status;
}

pxm_status queue_receive(struct fixture *fixture, int64_t max, int64_t wait_ms, int64_t lease_ms)
{
    const struct pxm_receive receive = {
        .struct_size = sizeof receive, .max = max, .wait_ms = wait_ms, .lease_ms = lease_ms};
    fixture_next(fixture);
    return ops_of(fixture)->receive(fixture->self, &fixture->job, &receive, fixture->fields, fixture->error);
}

pxm_status queue_extend(struct fixture *fixture, const char *receipt, int64_t lease_ms)
{
    fixture_next(fixture);
    return ops_of(fixture)->extend(fixture->self, &fixture->job, receipt, lease_ms, fixture->error);
}

pxm_status queue_settle(struct fixture *fixture, const char *receipt, uint32_t outcome, int64_t delay_ms,
                        const char *cause)
{
    pxm_value *value = cause ? json_value(cause) : NULL;
    const struct pxm_settle settle = {
        .struct_size = sizeof settle, .outcome = outcome, .receipt = receipt, .delay_ms = delay_ms, .cause = value};
    fixture_next(fixture);
    pxm_status status = ops_of(fixture)->settle(fixture->self, &fixture->job, &settle, fixture->error);
    fixture->host->value_unref(value);
    return status;
}

pxm_status queue_depth(struct fixture *fixture)
{
    fixture_next(fixture);
    return ops_of(fixture)->depth(fixture->self, &fixture->job, fixture->fields, fixture->error);
}

pxm_status queue_dead(struct fixture *fixture, const char *cursor, int64_t limit)
{
    fixture_next(fixture);
    return ops_of(fixture)->dead(fixture->self, &fixture->job, cursor, limit, fixture->fields, fixture->error);
}

pxm_status queue_redrive(struct fixture *fixture, const char *id)
{
    fixture_next(fixture);
    return ops_of(fixture)->redrive(fixture->self, &fixture->job, id, fixture->error);
}

pxm_status queue_discard(struct fixture *fixture, const char *id)
{
    fixture_next(fixture);
    return ops_of(fixture)->discard(fixture->self, &fixture->job, id, fixture->error);
}

/* ---- items ---- */

size_t item_count(const struct fixture *fixture)
{
    const pxm_value *items = fixture->host->value_get(fixture->fields, "items");
    assert_int_equal(fixture->host->value_type(items), PXM_TYPE_LIST);
    return fixture->host->value_count(items);
}

const pxm_value *item_field(const struct fixture *fixture, size_t index, const char *name)
{
    const pxm_value *items = fixture->host->value_get(fixture->fields, "items");
    const pxm_value *value = fixture->host->value_get(fixture->host->value_at(items, index), name);
    assert_non_null(value);
    return value;
}

const char *item_text(const struct fixture *fixture, size_t index, const char *name)
{
    const pxm_value *value = item_field(fixture, index, name);
    assert_int_equal(fixture->host->value_type(value), PXM_TYPE_STRING);
    return fixture->host->value_as_string(value, NULL);
}

int64_t item_int(const struct fixture *fixture, size_t index, const char *name)
{
    const pxm_value *value = item_field(fixture, index, name);
    assert_int_equal(fixture->host->value_type(value), PXM_TYPE_INT);
    return fixture->host->value_as_int(value);
}

void assert_item_json(const struct fixture *fixture, size_t index, const char *name, const char *json)
{
    pxm_value *expected = json_value(json);
    assert_true(fixture->host->value_equal(item_field(fixture, index, name), expected));
    fixture->host->value_unref(expected);
}

/* ---- what must go well ---- */

void must_send(struct fixture *fixture, const char *json)
{
    assert_status(fixture, queue_send(fixture, json, 0, NULL), PXM_OK);
    assert_true(field_text(fixture, "id")[0] != '\0');
}

void must_receive(struct fixture *fixture, char receipt[RECEIPT_BYTES_MAX])
{
    assert_status(fixture, queue_receive(fixture, 1, 0, QUEUE_LEASE_MS), PXM_OK);
    assert_int_equal(item_count(fixture), 1);
    const char *text = item_text(fixture, 0, "receipt");
    assert_in_range(strlen(text), 1, RECEIPT_BYTES_MAX - 1);
    memcpy(receipt, text, strlen(text) + 1);
}

void must_receive_nothing(struct fixture *fixture)
{
    assert_status(fixture, queue_receive(fixture, 10, 0, QUEUE_LEASE_MS), PXM_OK);
    assert_int_equal(item_count(fixture), 0);
}

void must_settle(struct fixture *fixture, const char *receipt, uint32_t outcome)
{
    assert_status(fixture, queue_settle(fixture, receipt, outcome, 0, NULL), PXM_OK);
}

void must_have_depth(struct fixture *fixture, int64_t ready, int64_t delayed, int64_t leased, int64_t dead)
{
    assert_status(fixture, queue_depth(fixture), PXM_OK);
    assert_int_equal(field_int(fixture, "ready"), ready);
    assert_int_equal(field_int(fixture, "delayed"), delayed);
    assert_int_equal(field_int(fixture, "leased"), leased);
    assert_int_equal(field_int(fixture, "dead"), dead);
    if (known->hides_age) {
        assert_field_null(fixture, "oldest_ms");
    } else {
        assert_true(field_int(fixture, "oldest_ms") >= 0);
    }
}

void must_make_dead(struct fixture *fixture, const char *json, const char *code)
{
    char receipt[RECEIPT_BYTES_MAX], cause[128];
    snprintf(cause, sizeof cause, "{'code': '%s'}", code);
    must_send(fixture, json);
    must_receive(fixture, receipt);
    assert_status(fixture, queue_settle(fixture, receipt, PXM_SETTLE_DEAD, 0, cause), PXM_OK);
}

/* ---- messages ---- */

static void messages_come_back_as_they_were_sent(void **state)
{
    static const char *const bodies[] = {
        "{'text': 'caf\xc3\xa9 \\\"quoted\\\" \\n', 'empty': '', 'yes': true, 'int': 9007199254740993}",
        "{'list': [1, 'two', [3], {'four': 4}], 'deep': {'a': {'b': null}}}",
        "null",
        "''",
        "[]",
        "{}",
        "-9223372036854775808",
        "0.1",
        "false",
        "'); DROP TABLE messages; --'",
        "'\xf0\x9f\x93\xb7'"};
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], id[64];
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        must_send(fixture, bodies[i]);
        snprintf(id, sizeof id, "%s", field_text(fixture, "id"));
        must_receive(fixture, receipt);
        assert_string_equal(item_text(fixture, 0, "id"), id);
        assert_item_json(fixture, 0, "body", bodies[i]);
        assert_int_equal(item_int(fixture, 0, "attempts"), 1);
        int64_t age_ms = fixture->host->now_ms(fixture->host) - item_int(fixture, 0, "sent_at");
        assert_true(age_ms >= 0);
        must_settle(fixture, receipt, PXM_SETTLE_DONE);
    }
    must_have_depth(fixture, 0, 0, 0, 0);
}

static void nested_lists(char *json, size_t levels)
{
    memset(json, '[', levels);
    memset(json + levels, ']', levels);
    json[2 * levels] = '\0';
}

static void a_body_may_nest_as_deep_as_a_list_can_hold(void **state)
{
    struct fixture *fixture = *state;
    char json[2 * PXM_STORED_DEPTH_MAX + 3], receipt[RECEIPT_BYTES_MAX];
    nested_lists(json, PXM_STORED_DEPTH_MAX + 1);
    assert_failed(fixture, queue_send(fixture, json, 0, NULL), PXM_E_INVALID, "queue.bad_message");
    must_receive_nothing(fixture);
    nested_lists(json, PXM_STORED_DEPTH_MAX);
    must_send(fixture, json);
    must_receive(fixture, receipt);
    assert_item_json(fixture, 0, "body", json);
    must_settle(fixture, receipt, PXM_SETTLE_DEAD);
    assert_status(fixture, queue_dead(fixture, NULL, 1), PXM_OK);
    assert_item_json(fixture, 0, "body", json);
}

static pxm_value *text_of(const struct fixture *fixture, size_t length)
{
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, 'x', length);
    pxm_value *value = fixture->host->value_string(text, length);
    free(text);
    return value;
}

static void a_body_may_be_as_large_as_allowed_and_no_larger(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    size_t length = 0;
    pxm_value *largest = text_of(fixture, BODY_MAX - 2), *larger = text_of(fixture, BODY_MAX - 1);
    assert_failed(fixture, queue_send_value(fixture, larger), PXM_E_LIMIT, "queue.too_large");
    must_receive_nothing(fixture);
    assert_status(fixture, queue_send_value(fixture, largest), PXM_OK);
    must_receive(fixture, receipt);
    fixture->host->value_as_string(item_field(fixture, 0, "body"), &length);
    assert_int_equal(length, BODY_MAX - 2);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    fixture->host->value_unref(largest);
    fixture->host->value_unref(larger);
}

static void a_release(void *arg)
{
    (void)arg;
}

static void what_is_no_json_is_refused(void **state)
{
    struct fixture *fixture = *state;
    pxm_value *blob = fixture->host->value_blob(fixture->host->blob_new("x", 1, a_release, NULL));
    pxm_status status = queue_send_value(fixture, blob);
    assert_failed(fixture, status, PXM_E_INVALID, "json.unsupported");
    must_receive_nothing(fixture);
    fixture->host->value_unref(blob);
}

static void all_messages_come_though_in_no_promised_order(void **state)
{
    struct fixture *fixture = *state;
    bool came[MANY] = {false};
    char json[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(json, sizeof json, "%d", i);
        must_send(fixture, json);
    }
    must_have_depth(fixture, MANY, 0, 0, 0);
    for (int left = MANY; left > 0;) {
        assert_status(fixture, queue_receive(fixture, 10, 0, QUEUE_LEASE_MS), PXM_OK);
        assert_in_range(item_count(fixture), 1, 10);
        for (size_t i = 0; i < item_count(fixture); i++, left--) {
            int64_t n = item_int(fixture, i, "body");
            assert_in_range(n, 0, MANY - 1);
            assert_false(came[n]);
            came[n] = true;
        }
    }
    must_receive_nothing(fixture);
    must_have_depth(fixture, 0, 0, MANY, 0);
}

static void a_receive_gives_no_more_than_it_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5; i++) {
        must_send(fixture, "1");
    }
    assert_status(fixture, queue_receive(fixture, 3, 0, QUEUE_LEASE_MS), PXM_OK);
    assert_int_equal(item_count(fixture), 3);
    assert_failed(fixture, queue_receive(fixture, 0, 0, QUEUE_LEASE_MS), PXM_E_INVALID, "queue.bad_limit");
    assert_failed(fixture, queue_receive(fixture, 11, 0, QUEUE_LEASE_MS), PXM_E_INVALID, "queue.bad_limit");
    assert_failed(fixture, queue_receive(fixture, INT64_MIN, 0, QUEUE_LEASE_MS), PXM_E_INVALID, "queue.bad_limit");
    assert_failed(fixture, queue_receive(fixture, 1, 0, 0), PXM_E_INVALID, "queue.bad_limit");
    must_have_depth(fixture, 2, 0, 3, 0);
}

static void a_delayed_message_waits_for_its_time(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    assert_status(fixture, queue_send(fixture, "'late'", 60000, NULL), PXM_OK);
    int64_t longest_ms = known->delay_longest_ms > 0 ? known->delay_longest_ms : INT64_MAX;
    assert_status(fixture, queue_send(fixture, "'never'", longest_ms, NULL), PXM_OK);
    must_receive_nothing(fixture);
    must_have_depth(fixture, 0, 2, 0, 0);
    conformance_pass_ms(60000);
    must_receive(fixture, receipt);
    assert_item_json(fixture, 0, "body", "'late'");
    must_have_depth(fixture, 0, 1, 1, 0);
}

static void a_delay_that_is_too_long_is_refused(void **state)
{
    struct fixture *fixture = *state;
    if (known->delay_longest_ms > 0) {
        assert_failed(fixture, queue_send(fixture, "1", known->delay_longest_ms + 1, NULL), PXM_E_INVALID,
                      "queue.bad_message");
    }
    must_have_depth(fixture, 0, 0, 0, 0);
}

static void what_is_sent_again_under_its_id_is_there_once(void **state)
{
    struct fixture *fixture = *state;
    char id[64];
    if (known->forgets_ids) {
        assert_status(fixture, queue_send(fixture, "1", 0, "same"), PXM_OK);
        assert_status(fixture, queue_send(fixture, "1", 0, "same"), PXM_OK);
        must_have_depth(fixture, 2, 0, 0, 0);
        return;
    }
    assert_status(fixture, queue_send(fixture, "1", 0, "same"), PXM_OK);
    snprintf(id, sizeof id, "%s", field_text(fixture, "id"));
    for (int i = 0; i < 3; i++) {
        assert_status(fixture, queue_send(fixture, "2", 0, "same"), PXM_OK);
        assert_string_equal(field_text(fixture, "id"), id);
    }
    assert_status(fixture, queue_send(fixture, "3", 0, "Same"), PXM_OK);
    assert_string_not_equal(field_text(fixture, "id"), id);
    must_send(fixture, "4");
    must_send(fixture, "4");
    must_have_depth(fixture, 4, 0, 0, 0);
}

static void a_late_job_neither_sends_nor_receives(void **state)
{
    struct fixture *fixture = *state;
    must_send(fixture, "1");
    atomic_store(&fixture->now_ms, fixture->job.deadline_ms);
    assert_failed(fixture, queue_send(fixture, "2", 0, NULL), PXM_E_TIMEOUT, "limit.time");
    assert_failed(fixture, queue_receive(fixture, 1, 0, QUEUE_LEASE_MS), PXM_E_TIMEOUT, "limit.time");
    atomic_store(&fixture->now_ms, 0);
    must_have_depth(fixture, 1, 0, 0, 0);
}

static void another_instance_sees_the_same_queue(void **state)
{
    struct fixture *fixture = *state;
    struct conformance_driver *driver = fixture->driver;
    struct fixture *other = fixture_new(driver, driver->open_again(driver->arg));
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "'hello'");
    must_receive(other, receipt);
    assert_item_json(other, 0, "body", "'hello'");
    must_receive_nothing(fixture);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    must_have_depth(other, 0, 0, 0, 0);
    driver->close(driver->arg, other->self);
    fixture_free(other);
}

/* ---- waiting ---- */

static void receive_or_send(void *arg, int index)
{
    struct fixture **fixtures = arg;
    if (index == 0) {
        assert_status(fixtures[0], queue_receive(fixtures[0], 1, PATIENCE_MS, QUEUE_LEASE_MS), PXM_OK);
        assert_int_equal(item_count(fixtures[0]), 1);
    } else {
        must_send(fixtures[1], "'at last'");
    }
}

static void a_receive_waits_for_a_message(void **state)
{
    struct fixture *fixture = *state;
    struct fixture *fixtures[2] = {fixture, fixture_new(fixture->driver, fixture->self)};
    run_threads(2, receive_or_send, fixtures);
    assert_item_json(fixture, 0, "body", "'at last'");
    fixture_free(fixtures[1]);
}

/* A clock that passes by itself, so that the job is late after some looks, however long they take. */
static int64_t running_clock(void *arg)
{
    struct fixture *fixture = arg;
    return atomic_fetch_add(&fixture->now_ms, 1000);
}

static void a_receive_ends_with_its_job_and_takes_nothing(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    fixture->clock.monotonic_ms = running_clock;
    pxm_status status = queue_receive(fixture, 1, PATIENCE_MS, QUEUE_LEASE_MS);
    assert_true(status == PXM_OK || status == PXM_E_TIMEOUT);
    assert_true(status != PXM_OK || item_count(fixture) == 0);
    fixture->job.deadline_ms = INT64_MAX;
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    assert_int_equal(item_int(fixture, 0, "attempts"), 1);
}

static void receive_or_cancel(void *arg, int index)
{
    struct fixture *fixture = arg;
    if (index == 0) {
        pxm_status status = queue_receive(fixture, 1, PATIENCE_MS, QUEUE_LEASE_MS);
        assert_true(status == PXM_OK || status == PXM_E_TIMEOUT || status == PXM_E_CANCELLED);
        assert_true(status != PXM_OK || item_count(fixture) == 0);
    } else {
        atomic_store(&fixture->cancelled, true);
    }
}

static void a_cancelled_receive_ends_and_takes_nothing(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    run_threads(2, receive_or_cancel, fixture);
    atomic_store(&fixture->cancelled, false);
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    assert_int_equal(item_int(fixture, 0, "attempts"), 1);
}

int queue_messages_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(messages_come_back_as_they_were_sent, driver),
        FIXTURE_TEST(a_body_may_nest_as_deep_as_a_list_can_hold, driver),
        FIXTURE_TEST(a_body_may_be_as_large_as_allowed_and_no_larger, driver),
        FIXTURE_TEST(what_is_no_json_is_refused, driver),
        FIXTURE_TEST(all_messages_come_though_in_no_promised_order, driver),
        FIXTURE_TEST(a_receive_gives_no_more_than_it_was_asked_for, driver),
        FIXTURE_TEST(a_delayed_message_waits_for_its_time, driver),
        FIXTURE_TEST(a_delay_that_is_too_long_is_refused, driver),
        FIXTURE_TEST(what_is_sent_again_under_its_id_is_there_once, driver),
        FIXTURE_TEST(a_late_job_neither_sends_nor_receives, driver),
        FIXTURE_TEST(another_instance_sees_the_same_queue, driver),
        FIXTURE_TEST(a_receive_waits_for_a_message, driver),
        FIXTURE_TEST(a_receive_ends_with_its_job_and_takes_nothing, driver),
        FIXTURE_TEST(a_cancelled_receive_ends_and_takes_nothing, driver),
    };
    return cmocka_run_group_tests_name("queue: messages", tests, NULL, NULL);
}

int conformance_queue(struct conformance_driver *driver, const struct queue_traits *traits)
{
    queue_use_traits(traits);
    int failed = queue_messages_tests(driver) + queue_leases_tests(driver) + queue_dead_tests(driver);
    return traits->limits_attempts ? failed + queue_attempts_tests(driver) : failed;
}
