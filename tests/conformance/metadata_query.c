/* Metadata: pages of items, newest first, through indexes, with cursors that nobody can forge. */
#include "conformance/metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 604, PAGE = 250, LARGE_BYTES = 300 << 10, LARGE_ITEMS = 20 };

static const pxm_value *items_of(const struct fixture *fixture)
{
    return fixture->host->value_get(fixture->fields, "items");
}

static int number_of(const struct fixture *fixture, size_t index)
{
    const pxm_value *item = fixture->host->value_at(items_of(fixture), index);
    const pxm_value *number = fixture->host->value_get(item, "n");
    assert_int_equal(fixture->host->value_type(number), PXM_TYPE_INT);
    assert_int_equal(fixture->host->value_type(fixture->host->value_get(item, "id")), PXM_TYPE_STRING);
    return (int)fixture->host->value_as_int(number);
}

static char *next_cursor(const struct fixture *fixture)
{
    const char *cursor = field_text(fixture, "cursor");
    return cursor ? strdup(cursor) : NULL;
}

/* Items k0 to k(count-1), made in that order, with their number as n, two owners and three tags. */
static void make_items(struct fixture *fixture, int count)
{
    char key[16], set[128];
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof key, "k%d", i);
        snprintf(set, sizeof set, "{'n': %d, 'owner': 'o%d', 'tags': ['all', 't%d'], 'rank': %d}", i, i % 2, i % 3, i);
        must_record(fixture, key, set);
    }
}

/* All pages give the numbers first, first - step, ... down to 0 or more. */
static void assert_pages(struct fixture *fixture, const char *field, const char *equal, int64_t limit, int first,
                         int step)
{
    char *cursor = NULL;
    int expected = first;
    do {
        assert_status(fixture, table_query(fixture, field, equal, cursor, limit), PXM_OK);
        size_t count = fixture->host->value_count(items_of(fixture));
        assert_true(count <= (size_t)limit);
        for (size_t i = 0; i < count; i++, expected -= step) {
            assert_int_equal(number_of(fixture, i), expected);
        }
        free(cursor);
        cursor = next_cursor(fixture);
    } while (cursor);
    assert_true(expected < 0);
}

static void pages_give_every_item_once_newest_first(void **state)
{
    struct fixture *fixture = *state;
    make_items(fixture, MANY);
    assert_pages(fixture, NULL, NULL, 1000, MANY - 1, 1);
    assert_pages(fixture, NULL, NULL, PAGE, MANY - 1, 1);
    assert_pages(fixture, NULL, NULL, 97, MANY - 1, 1);
    assert_pages(fixture, "owner", "'o1'", 100, MANY - 1, 2);
    assert_pages(fixture, "tags", "'t0'", 7, MANY - 1, 3);
    assert_pages(fixture, "tags", "'all'", PAGE, MANY - 1, 1);
    assert_pages(fixture, "tags", "null", PAGE, MANY - 1, 1);
    assert_pages(fixture, "tags", NULL, PAGE, MANY - 1, 1);
}

static void assert_numbers(struct fixture *fixture, const char *field, const char *equal, const char *numbers)
{
    char got[256] = "";
    assert_status(fixture, table_query(fixture, field, equal, NULL, 100), PXM_OK);
    for (size_t i = 0, at = 0; i < fixture->host->value_count(items_of(fixture)); i++) {
        at += (size_t)snprintf(got + at, sizeof got - at, "%s%d", i ? " " : "", number_of(fixture, i));
    }
    assert_string_equal(got, numbers);
    assert_field_null(fixture, "cursor");
}

static void changes_move_no_item(void **state)
{
    struct fixture *fixture = *state;
    make_items(fixture, 4);
    must_record(fixture, "k0", "{'changed': true}");
    assert_status(fixture, table_record(fixture, "k1", "{'n': 1}", PXM_RECORD_REPLACE), PXM_OK);
    assert_numbers(fixture, NULL, NULL, "3 2 1 0");
    assert_status(fixture, table_erase(fixture, "k1", NULL), PXM_OK);
    assert_numbers(fixture, NULL, NULL, "3 2 0");
    must_record(fixture, "k1", "{'n': 1}");
    assert_numbers(fixture, NULL, NULL, "1 3 2 0");
}

static void indexes_follow_the_items(void **state)
{
    struct fixture *fixture = *state;
    make_items(fixture, 6);
    assert_numbers(fixture, "owner", "'o0'", "4 2 0");
    assert_numbers(fixture, "tags", "'t1'", "4 1");
    must_record(fixture, "k4", "{'owner': 'o1', 'tags': ['t2', 't2', 'new']}");
    assert_numbers(fixture, "owner", "'o0'", "2 0");
    assert_numbers(fixture, "owner", "'o1'", "5 4 3 1");
    assert_numbers(fixture, "tags", "'t1'", "1");
    assert_numbers(fixture, "tags", "'t2'", "5 4 2");
    assert_numbers(fixture, "tags", "'new'", "4");
    must_record(fixture, "k4", "{'owner': null}");
    assert_numbers(fixture, "owner", "'o1'", "5 3 1");
    assert_status(fixture, table_record(fixture, "k5", "{'n': 5}", PXM_RECORD_REPLACE), PXM_OK);
    assert_numbers(fixture, "owner", "'o1'", "3 1");
    assert_status(fixture, table_erase(fixture, "k3", NULL), PXM_OK);
    assert_numbers(fixture, "owner", "'o1'", "1");
    assert_numbers(fixture, "owner", "'nobody'", "");
}

static void values_are_equal_by_type_and_number(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k0", "{'n': 0, 'rank': 1}");
    must_record(fixture, "k1", "{'n': 1, 'rank': 1.0}");
    must_record(fixture, "k2", "{'n': 2, 'rank': '1'}");
    must_record(fixture, "k3", "{'n': 3, 'rank': true}");
    must_record(fixture, "k4", "{'n': 4, 'rank': [1.5, false, 'x', 1, {'no': 1}, [1]]}");
    must_record(fixture, "k5", "{'n': 5, 'rank': ''}");
    assert_numbers(fixture, "rank", "1", "4 1 0");
    assert_numbers(fixture, "rank", "1.0", "4 1 0");
    assert_numbers(fixture, "rank", "'1'", "2");
    assert_numbers(fixture, "rank", "true", "3");
    assert_numbers(fixture, "rank", "false", "4");
    assert_numbers(fixture, "rank", "1.5", "4");
    assert_numbers(fixture, "rank", "''", "5");
    assert_numbers(fixture, "rank", "'n1'", "");
}

static void items_made_or_erased_between_pages_disturb_no_others(void **state)
{
    struct fixture *fixture = *state;
    make_items(fixture, 20);
    assert_status(fixture, table_query(fixture, NULL, NULL, NULL, 5), PXM_OK);
    assert_int_equal(number_of(fixture, 4), 15);
    char *cursor = next_cursor(fixture);
    must_record(fixture, "new", "{'n': 99}");
    assert_status(fixture, table_erase(fixture, "k15", NULL), PXM_OK); /* where the cursor stands */
    assert_status(fixture, table_erase(fixture, "k12", NULL), PXM_OK);
    assert_status(fixture, table_query(fixture, NULL, NULL, cursor, 4), PXM_OK);
    free(cursor);
    static const int expected[] = {14, 13, 11, 10};
    assert_int_equal(fixture->host->value_count(items_of(fixture)), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(number_of(fixture, i), expected[i]);
    }
}

static void large_items_make_short_pages(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    char *text = malloc(LARGE_BYTES), key[16];
    assert_non_null(text);
    memset(text, 't', LARGE_BYTES);
    for (int i = 0; i < LARGE_ITEMS; i++) {
        pxm_value *set = host->value_record();
        host->value_set(set, "n", host->value_int(i));
        host->value_set(set, "text", host->value_string(text, LARGE_BYTES));
        snprintf(key, sizeof key, "k%d", i);
        struct pxm_record record = {.struct_size = sizeof record, .key = key, .set = set};
        assert_status(fixture, table_record_with(fixture, &record), PXM_OK);
        host->value_unref(set);
    }
    free(text);
    assert_pages(fixture, NULL, NULL, PAGE, LARGE_ITEMS - 1, 1);
}

/* ---- what cannot be asked ---- */

static void assert_bad_cursor(struct fixture *fixture, const char *field, const char *equal, const char *cursor)
{
    assert_failed(fixture, table_query(fixture, field, equal, cursor, 5), PXM_E_INVALID, "table.bad_cursor");
}

static void cursors_cannot_be_forged_or_used_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    make_items(fixture, 20);
    assert_status(fixture, table_query(fixture, "owner", "'o1'", NULL, 5), PXM_OK);
    char *cursor = next_cursor(fixture);
    assert_non_null(cursor);
    assert_bad_cursor(fixture, NULL, NULL, cursor);
    assert_bad_cursor(fixture, "owner", "'o0'", cursor);
    assert_bad_cursor(fixture, "tags", "'o1'", cursor);
    for (size_t i = 0; i < strlen(cursor); i++) {
        char kept = cursor[i];
        cursor[i] = kept == '0' ? '1' : '0';
        assert_bad_cursor(fixture, "owner", "'o1'", cursor);
        cursor[i] = kept;
    }
    assert_status(fixture, table_query(fixture, "owner", "'o1'", cursor, 7), PXM_OK); /* another limit is fine */
    cursor[strlen(cursor) - 1] = '\0';
    assert_bad_cursor(fixture, "owner", "'o1'", cursor);
    assert_bad_cursor(fixture, "owner", "'o1'", "");
    assert_bad_cursor(fixture, "owner", "'o1'", "k9");
    free(cursor);
}

static void queries_need_an_index_and_a_value(void **state)
{
    struct fixture *fixture = *state;
    make_items(fixture, 3);
    assert_failed(fixture, table_query(fixture, "n", "1", NULL, 5), PXM_E_INVALID, "table.bad_query");
    assert_failed(fixture, table_query(fixture, "", "1", NULL, 5), PXM_E_INVALID, "table.bad_query");
    assert_failed(fixture, table_query(fixture, "tags", "['all']", NULL, 5), PXM_E_INVALID, "table.bad_query");
    assert_failed(fixture, table_query(fixture, "tags", "{'a': 1}", NULL, 5), PXM_E_INVALID, "table.bad_query");
    assert_failed(fixture, table_query(fixture, NULL, NULL, NULL, 0), PXM_E_INVALID, "table.bad_query");
    assert_failed(fixture, table_query(fixture, NULL, NULL, NULL, 1001), PXM_E_INVALID, "table.bad_query");
}

int metadata_query_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(pages_give_every_item_once_newest_first, driver),
        FIXTURE_TEST(changes_move_no_item, driver),
        FIXTURE_TEST(indexes_follow_the_items, driver),
        FIXTURE_TEST(values_are_equal_by_type_and_number, driver),
        FIXTURE_TEST(items_made_or_erased_between_pages_disturb_no_others, driver),
        FIXTURE_TEST(large_items_make_short_pages, driver),
        FIXTURE_TEST(cursors_cannot_be_forged_or_used_elsewhere, driver),
        FIXTURE_TEST(queries_need_an_index_and_a_value, driver),
    };
    return cmocka_run_group_tests_name("metadata: query", tests, NULL, NULL);
}
