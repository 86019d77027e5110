/* Metadata: conditions hold for the very item that is written, however many write at once and in whatever order. */
#include "conformance/metadata.h"

#include <stdio.h>
#include <string.h>

enum { WRITERS = 8, ROUNDS = 25, EVENTS = 5, ORDERS = 120 };

static void if_absent_leaves_the_first_item(void **state)
{
    struct fixture *fixture = *state;
    assert_status(fixture, table_record(fixture, "k", "{'a': 1}", PXM_RECORD_IF_ABSENT), PXM_OK);
    assert_true(field_bool(fixture, "created"));
    assert_failed(fixture, table_record(fixture, "k", "{'a': 2}", PXM_RECORD_IF_ABSENT), PXM_E_EXISTS, "table.exists");
    must_hold(fixture, "k", "{'id': 'k', 'a': 1}");
}

static void expected_fields_must_be_equal(void **state)
{
    static const char *const holds[] = {"{}",
                                        "{'a': 1}",
                                        "{'a': 1.0}",
                                        "{'s': 'x', 'l': [1, {'y': 2}]}",
                                        "{'missing': null}",
                                        "{'id': 'k'}",
                                        "{'a': 1, 'missing': null}"};
    static const char *const fails[] = {"{'a': 2}",           "{'a': '1'}",     "{'a': true}", "{'a': null}",
                                        "{'missing': 1}",     "{'s': 'X'}",     "{'l': [1]}",  "{'l': [{'y': 2}, 1]}",
                                        "{'a': 1, 's': 'y'}", "{'id': 'other'}"};
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'a': 1, 's': 'x', 'l': [1, {'y': 2}]}");
    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++) {
        assert_status(fixture, table_record_if(fixture, "k", "{'a': 1}", holds[i], NULL), PXM_OK);
    }
    for (size_t i = 0; i < sizeof fails / sizeof *fails; i++) {
        pxm_status status = table_record_if(fixture, "k", "{'changed': true}", fails[i], NULL);
        assert_failed(fixture, status, PXM_E_EXISTS, "table.conflict");
        assert_failed(fixture, table_erase(fixture, "k", fails[i]), PXM_E_EXISTS, "table.conflict");
    }
    must_hold(fixture, "k", "{'id': 'k', 'a': 1, 's': 'x', 'l': [1, {'y': 2}]}");
    assert_status(fixture, table_erase(fixture, "k", holds[3]), PXM_OK);
    must_not_hold(fixture, "k");
}

static void nothing_is_expected_of_an_item_that_is_missing(void **state)
{
    struct fixture *fixture = *state;
    assert_failed(fixture, table_record_if(fixture, "k", "{'a': 1}", "{'a': 0}", NULL), PXM_E_EXISTS, "table.conflict");
    must_not_hold(fixture, "k");
    assert_status(fixture, table_record_if(fixture, "k", "{'a': 1}", "{'a': null}", NULL), PXM_OK);
    assert_true(field_bool(fixture, "created"));
    assert_failed(fixture, table_erase(fixture, "missing", "{'a': 1}"), PXM_E_EXISTS, "table.conflict");
    assert_status(fixture, table_erase(fixture, "missing", "{'a': null}"), PXM_OK);
    assert_false(field_bool(fixture, "erased"));
}

static void assert_applied(struct fixture *fixture, const char *set, int applied)
{
    assert_status(fixture, table_record_if(fixture, "k", set, NULL, "v"), PXM_OK);
    assert_int_equal(field_bool(fixture, "applied"), applied);
}

static void older_writes_change_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_applied(fixture, "{'v': 5, 'a': 'first'}", true);
    assert_applied(fixture, "{'v': 4, 'a': 'older'}", false);
    assert_applied(fixture, "{'v': 5, 'a': 'same'}", false);
    assert_applied(fixture, "{'v': 4.9, 'a': 'float'}", false);
    must_hold(fixture, "k", "{'id': 'k', 'v': 5, 'a': 'first'}");
    assert_applied(fixture, "{'v': 5.5, 'a': 'newer'}", true);
    assert_applied(fixture, "{'v': 6}", true);
    must_hold(fixture, "k", "{'id': 'k', 'v': 6, 'a': 'newer'}");
    must_record(fixture, "k", "{'v': null}");
    assert_applied(fixture, "{'v': 1}", true);
    must_record(fixture, "k", "{'v': '0055A'}");
    assert_applied(fixture, "{'v': '0055'}", false);
    assert_applied(fixture, "{'v': '0055A0'}", true);
    assert_applied(fixture, "{'v': '0056'}", true);
}

static void newer_by_needs_values_that_have_an_order(void **state)
{
    static const char *const sets[] = {"{'a': 1}", "{'v': null}", "{'v': true}", "{'v': [1]}", "{'v': {}}"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        assert_failed(fixture, table_record_if(fixture, "k", sets[i], NULL, "v"), PXM_E_INVALID, "table.bad_record");
    }
    must_not_hold(fixture, "k");
    must_record(fixture, "k", "{'v': 'text'}");
    assert_failed(fixture, table_record_if(fixture, "k", "{'v': 1}", NULL, "v"), PXM_E_EXISTS, "table.conflict");
    must_hold(fixture, "k", "{'id': 'k', 'v': 'text'}");
}

/* The n-th order of the events (factorial number system). */
static void order_of(int n, int order[EVENTS])
{
    int left[EVENTS], count = EVENTS;
    for (int i = 0; i < EVENTS; i++) {
        left[i] = i;
    }
    for (int i = 0; i < EVENTS; i++, count--) {
        int pick = n % count;
        n /= count;
        order[i] = left[pick];
        memmove(left + pick, left + pick + 1, sizeof *left * (size_t)(count - pick - 1));
    }
}

static void events_in_any_order_leave_the_newest_state(void **state)
{
    struct fixture *fixture = *state;
    char key[16], set[64], item[96];
    for (int n = 0; n < ORDERS; n++) {
        int order[EVENTS];
        order_of(n, order);
        snprintf(key, sizeof key, "k%d", n);
        for (int i = 0; i < EVENTS; i++) {
            snprintf(set, sizeof set, "{'v': '00%dF', 'state': %d}", order[i], order[i]);
            assert_status(fixture, table_record_if(fixture, key, set, NULL, "v"), PXM_OK);
        }
        snprintf(item, sizeof item, "{'id': '%s', 'v': '00%dF', 'state': %d}", key, EVENTS - 1, EVENTS - 1);
        must_hold(fixture, key, item);
    }
}

/* ---- at once ---- */

struct crowd {
    struct fixture *fixtures[WRITERS];
    int count[WRITERS];
};

static void start_crowd(struct fixture *fixture, void (*fn)(void *arg, int index), struct crowd *crowd)
{
    for (int i = 0; i < WRITERS; i++) {
        crowd->fixtures[i] = fixture_new(fixture->driver, fixture->self);
        crowd->count[i] = 0;
    }
    run_threads(WRITERS, fn, crowd);
    for (int i = 0; i < WRITERS; i++) {
        fixture_free(crowd->fixtures[i]);
    }
}

static void create_each(void *arg, int index)
{
    struct crowd *crowd = arg;
    struct fixture *fixture = crowd->fixtures[index];
    char key[16];
    for (int round = 0; round < ROUNDS; round++) {
        snprintf(key, sizeof key, "k%d", round);
        pxm_status status = table_record(fixture, key, "{'a': 1}", PXM_RECORD_IF_ABSENT);
        assert_true(status == PXM_OK || status == PXM_E_EXISTS);
        crowd->count[index] += status == PXM_OK;
    }
}

static void of_many_if_absent_exactly_one_creates(void **state)
{
    struct crowd crowd;
    int created = 0;
    start_crowd(*state, create_each, &crowd);
    for (int i = 0; i < WRITERS; i++) {
        created += crowd.count[i];
    }
    assert_int_equal(created, ROUNDS);
}

/* Adds 1 by reading and writing what was read plus 1, if nobody was in between. */
static void count_up(void *arg, int index)
{
    struct crowd *crowd = arg;
    struct fixture *fixture = crowd->fixtures[index];
    char set[32], expect[32];
    while (crowd->count[index] < ROUNDS) {
        assert_status(fixture, table_lookup(fixture, "counter"), PXM_OK);
        const pxm_value *item = fixture->host->value_get(fixture->fields, "item");
        int n = (int)fixture->host->value_as_int(fixture->host->value_get(item, "n"));
        snprintf(set, sizeof set, "{'n': %d}", n + 1);
        snprintf(expect, sizeof expect, "{'n': %d}", n);
        pxm_status status = table_record_if(fixture, "counter", set, expect, NULL);
        assert_true(status == PXM_OK || status == PXM_E_EXISTS);
        crowd->count[index] += status == PXM_OK;
    }
}

static void of_many_conditional_writes_none_is_lost(void **state)
{
    struct crowd crowd;
    char item[48];
    must_record(*state, "counter", "{'n': 0}");
    start_crowd(*state, count_up, &crowd);
    snprintf(item, sizeof item, "{'id': 'counter', 'n': %d}", WRITERS * ROUNDS);
    must_hold(*state, "counter", item);
}

int metadata_conditions_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(if_absent_leaves_the_first_item, driver),
        FIXTURE_TEST(expected_fields_must_be_equal, driver),
        FIXTURE_TEST(nothing_is_expected_of_an_item_that_is_missing, driver),
        FIXTURE_TEST(older_writes_change_nothing, driver),
        FIXTURE_TEST(newer_by_needs_values_that_have_an_order, driver),
        FIXTURE_TEST(events_in_any_order_leave_the_newest_state, driver),
        FIXTURE_TEST(of_many_if_absent_exactly_one_creates, driver),
        FIXTURE_TEST(of_many_conditional_writes_none_is_lost, driver),
    };
    return cmocka_run_group_tests_name("metadata: conditions", tests, NULL, NULL);
}
