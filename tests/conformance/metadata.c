/* Metadata: items as they are written, read and erased, and their limits. */
#include "conformance/metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 1024, ITEM_MAX = 400 << 10, VALUE_MAX = 1024, MEMBERS_MAX = 256 };

/* ---- operations ---- */

static const struct pxm_metadata_ops *ops_of(const struct fixture *fixture)
{
    return fixture->ops;
}

pxm_status table_record_with(struct fixture *fixture, const struct pxm_record *record)
{
    fixture_next(fixture);
    return ops_of(fixture)->record(fixture->self, &fixture->job, record, fixture->fields, fixture->error);
}

static pxm_status write_record(struct fixture *fixture, const char *key, const char *set, const char *expect,
                               const char *newer_by, uint32_t flags)
{
    pxm_value *fields = json_value(set), *conditions = expect ? json_value(expect) : NULL;
    struct pxm_record record = {.struct_size = sizeof record,
                                .flags = flags,
                                .key = key,
                                .set = fields,
                                .expect = conditions,
                                .newer_by = newer_by};
    pxm_status status = table_record_with(fixture, &record);
    fixture->host->value_unref(fields);
    fixture->host->value_unref(conditions);
    return status;
}

pxm_status table_record(struct fixture *fixture, const char *key, const char *set, uint32_t flags)
{
    return write_record(fixture, key, set, NULL, NULL, flags);
}

pxm_status table_record_if(struct fixture *fixture, const char *key, const char *set, const char *expect,
                           const char *newer_by)
{
    return write_record(fixture, key, set, expect, newer_by, 0);
}

pxm_status table_lookup(struct fixture *fixture, const char *key)
{
    fixture_next(fixture);
    return ops_of(fixture)->lookup(fixture->self, &fixture->job, key, fixture->fields, fixture->error);
}

pxm_status table_erase(struct fixture *fixture, const char *key, const char *expect)
{
    pxm_value *conditions = expect ? json_value(expect) : NULL;
    fixture_next(fixture);
    pxm_status status =
        ops_of(fixture)->erase(fixture->self, &fixture->job, key, conditions, fixture->fields, fixture->error);
    fixture->host->value_unref(conditions);
    return status;
}

pxm_status table_query(struct fixture *fixture, const char *field, const char *equal, const char *cursor, int64_t limit)
{
    pxm_value *value = equal ? json_value(equal) : NULL;
    struct pxm_query query = {
        .struct_size = sizeof query, .field = field, .equal = value, .cursor = cursor, .limit = limit};
    fixture_next(fixture);
    pxm_status status = ops_of(fixture)->query(fixture->self, &fixture->job, &query, fixture->fields, fixture->error);
    fixture->host->value_unref(value);
    return status;
}

void must_record(struct fixture *fixture, const char *key, const char *set)
{
    assert_status(fixture, table_record(fixture, key, set, 0), PXM_OK);
}

void must_hold(struct fixture *fixture, const char *key, const char *json)
{
    assert_status(fixture, table_lookup(fixture, key), PXM_OK);
    assert_string_equal(field_text(fixture, "key"), key);
    assert_field_json(fixture, "item", json);
}

void must_not_hold(struct fixture *fixture, const char *key)
{
    assert_failed(fixture, table_lookup(fixture, key), PXM_E_NOT_FOUND, "table.not_found");
}

/* ---- items ---- */

static void items_come_back_as_they_were_written(void **state)
{
    struct fixture *fixture = *state;
    static const char item[] =
        "{'text': 'caf\xc3\xa9 \\\"quoted\\\" \\n', 'empty': '', 'yes': true, 'no': false, "
        "'int': 9007199254740993, 'least': -9223372036854775808, 'float': 0.1, 'list': "
        "[1, 'two', [3], {'four': 4}], 'none': [], 'deep': {'a': {'b': {'c': null}}}, 'nil': 'nil'}";
    char shown[sizeof item + 32];
    must_record(fixture, "k", item);
    assert_string_equal(field_text(fixture, "key"), "k");
    assert_true(field_bool(fixture, "created"));
    assert_true(field_bool(fixture, "applied"));
    snprintf(shown, sizeof shown, "{'id': 'k', %s", item + 1);
    must_hold(fixture, "k", shown);
}

static void records_merge_into_the_item(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'a': 1, 'b': {'x': 1, 'y': 2}, 'c': 3}");
    must_record(fixture, "k", "{'b': {'x': 9}, 'c': null, 'd': 4, 'gone': null}");
    assert_false(field_bool(fixture, "created"));
    assert_true(field_bool(fixture, "applied"));
    must_hold(fixture, "k", "{'id': 'k', 'a': 1, 'b': {'x': 9}, 'd': 4}");
}

static void replacing_drops_the_other_fields(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'a': 1, 'b': 2}");
    assert_status(fixture, table_record(fixture, "k", "{'b': 3, 'c': null}", PXM_RECORD_REPLACE), PXM_OK);
    assert_false(field_bool(fixture, "created"));
    must_hold(fixture, "k", "{'id': 'k', 'b': 3}");
}

static void an_item_may_have_no_field_but_its_key(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{}");
    must_hold(fixture, "k", "{'id': 'k'}");
}

static void the_key_is_shown_and_cannot_be_changed(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'id': 'k', 'a': 1}");
    must_hold(fixture, "k", "{'id': 'k', 'a': 1}");
    assert_failed(fixture, table_record(fixture, "k", "{'id': 'other'}", 0), PXM_E_INVALID, "table.bad_record");
    assert_failed(fixture, table_record(fixture, "k", "{'id': null}", 0), PXM_E_INVALID, "table.bad_record");
    must_hold(fixture, "k", "{'id': 'k', 'a': 1}");
}

static void erase_gives_what_was_there(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'a': 1}");
    must_record(fixture, "other", "{'a': 2}");
    assert_status(fixture, table_erase(fixture, "k", NULL), PXM_OK);
    assert_true(field_bool(fixture, "erased"));
    assert_field_json(fixture, "item", "{'id': 'k', 'a': 1}");
    must_not_hold(fixture, "k");
    assert_status(fixture, table_erase(fixture, "k", NULL), PXM_OK);
    assert_false(field_bool(fixture, "erased"));
    assert_field_null(fixture, "item");
    must_hold(fixture, "other", "{'id': 'other', 'a': 2}");
}

static void keys_are_taken_as_they_are(void **state)
{
    static const char *const keys[] = {"a",
                                       "A",
                                       " a",
                                       "a ",
                                       "a/b",
                                       "../a",
                                       "%",
                                       "'",
                                       "\"",
                                       "; drop table items",
                                       "caf\xc3\xa9",
                                       "cafe\xcc\x81",
                                       "\xf0\x9f\x96\xbc",
                                       "*",
                                       "null",
                                       "0",
                                       "-1"};
    struct fixture *fixture = *state;
    size_t count = sizeof keys / sizeof *keys;
    char set[32];
    for (size_t i = 0; i < count; i++) {
        snprintf(set, sizeof set, "{'n': %zu}", i);
        must_record(fixture, keys[i], set);
        assert_true(field_bool(fixture, "created"));
    }
    for (size_t i = 0; i < count; i++) {
        assert_status(fixture, table_lookup(fixture, keys[i]), PXM_OK);
        const pxm_value *item = fixture->host->value_get(fixture->fields, "item");
        assert_int_equal(fixture->host->value_as_int(fixture->host->value_get(item, "n")), i);
    }
}

static void assert_bad_key(struct fixture *fixture, const char *key)
{
    assert_failed(fixture, table_record(fixture, key, "{'a': 1}", 0), PXM_E_INVALID, "table.bad_key");
    assert_failed(fixture, table_lookup(fixture, key), PXM_E_INVALID, "table.bad_key");
    assert_failed(fixture, table_erase(fixture, key, NULL), PXM_E_INVALID, "table.bad_key");
}

static void bad_keys_are_refused(void **state)
{
    struct fixture *fixture = *state;
    char key[KEY_MAX + 2];
    memset(key, 'k', sizeof key);
    key[KEY_MAX + 1] = '\0';
    assert_bad_key(fixture, key);
    key[KEY_MAX] = '\0';
    must_record(fixture, key, "{'a': 1}");
    assert_status(fixture, table_lookup(fixture, key), PXM_OK);
    assert_bad_key(fixture, "");
    assert_bad_key(fixture, "a\nb");
    assert_bad_key(fixture, "\x7f");
    assert_bad_key(fixture, "\xff");
    assert_bad_key(fixture, "a\xc3");
}

static void what_is_no_item_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    char name[300], set[400];
    memset(name, 'f', 256);
    name[256] = '\0';
    snprintf(set, sizeof set, "{'%s': 1}", name);
    assert_failed(fixture, table_record(fixture, "k", set, 0), PXM_E_INVALID, "table.bad_record");
    assert_failed(fixture, table_record(fixture, "k", "{'': 1}", 0), PXM_E_INVALID, "table.bad_record");
    assert_failed(fixture, table_record(fixture, "k", "[1]", 0), PXM_E_INVALID, "table.bad_record");
    pxm_value *fields = host->value_record();
    host->value_set(fields, "bytes", host->value_blob(host->blob_new("x", 1, NULL, NULL)));
    struct pxm_record record = {.struct_size = sizeof record, .key = "k", .set = fields};
    pxm_status status = table_record_with(fixture, &record);
    assert_true(status != PXM_OK);
    assert_int_equal(host->value_count(fixture->fields), 0);
    host->value_unref(fields);
    must_not_hold(fixture, "k");
}

/* ---- limits ---- */

static pxm_status record_text(struct fixture *fixture, const char *field, size_t bytes)
{
    char *set = malloc(bytes + 64);
    assert_non_null(set);
    int length = snprintf(set, 64, "{'%s': '", field);
    memset(set + length, 't', bytes);
    memcpy(set + (size_t)length + bytes, "'}", 3);
    pxm_status status = table_record(fixture, "k", set, 0);
    free(set);
    return status;
}

static void items_have_a_greatest_size(void **state)
{
    struct fixture *fixture = *state;
    assert_status(fixture, record_text(fixture, "a", ITEM_MAX - 1000), PXM_OK);
    assert_failed(fixture, record_text(fixture, "a", ITEM_MAX + 1), PXM_E_LIMIT, "table.too_large");
    assert_failed(fixture, record_text(fixture, "b", 2000), PXM_E_LIMIT, "table.too_large");
    assert_status(fixture, table_lookup(fixture, "k"), PXM_OK);
    assert_null(fixture->host->value_get(fixture->host->value_get(fixture->fields, "item"), "b"));
}

static void items_nest_no_deeper_than_a_page_can_hold(void **state)
{
    struct fixture *fixture = *state;
    char set[2 * PXM_STORED_DEPTH_MAX + 16];
    for (size_t levels = PXM_STORED_DEPTH_MAX; levels >= PXM_STORED_DEPTH_MAX - 1; levels--) {
        size_t length = (size_t)snprintf(set, sizeof set, "{'a': ");
        memset(set + length, '[', levels);
        memset(set + length + levels, ']', levels);
        memcpy(set + length + 2 * levels, "}", 2);
        if (levels == PXM_STORED_DEPTH_MAX) {
            assert_failed(fixture, table_record(fixture, "k", set, 0), PXM_E_INVALID, "table.bad_record");
            must_not_hold(fixture, "k");
        } else {
            must_record(fixture, "k", set);
        }
    }
    assert_status(fixture, table_query(fixture, NULL, NULL, NULL, 10), PXM_OK);
    assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), 1);
}

static pxm_status record_tags(struct fixture *fixture, int count)
{
    const struct pxm_host *host = fixture->host;
    pxm_value *set = host->value_record(), *tags = host->value_list();
    for (int i = 0; i < count; i++) {
        host->value_append(tags, host->value_int(i));
    }
    host->value_set(set, "tags", tags);
    struct pxm_record record = {.struct_size = sizeof record, .key = "k", .set = set};
    pxm_status status = table_record_with(fixture, &record);
    host->value_unref(set);
    return status;
}

static void values_in_an_index_have_a_greatest_size(void **state)
{
    struct fixture *fixture = *state;
    assert_status(fixture, record_text(fixture, "owner", VALUE_MAX), PXM_OK);
    assert_failed(fixture, record_text(fixture, "owner", VALUE_MAX + 1), PXM_E_LIMIT, "table.too_large");
    assert_status(fixture, record_text(fixture, "free", VALUE_MAX + 1), PXM_OK);
    assert_status(fixture, record_tags(fixture, MEMBERS_MAX), PXM_OK);
    assert_failed(fixture, record_tags(fixture, MEMBERS_MAX + 1), PXM_E_LIMIT, "table.too_large");
}

static void late_jobs_write_nothing(void **state)
{
    struct fixture *fixture = *state;
    atomic_store(&fixture->now_ms, fixture->job.deadline_ms);
    assert_failed(fixture, table_record(fixture, "k", "{'a': 1}", 0), PXM_E_TIMEOUT, "limit.time");
    atomic_store(&fixture->now_ms, 0);
    must_not_hold(fixture, "k");
}

static void another_instance_sees_the_same_items(void **state)
{
    struct fixture *fixture = *state;
    struct conformance_driver *driver = fixture->driver;
    must_record(fixture, "k", "{'a': 1}");
    struct fixture *other = fixture_new(driver, driver->open_again(driver->arg));
    must_hold(other, "k", "{'id': 'k', 'a': 1}");
    must_record(other, "k", "{'b': 2}");
    must_hold(fixture, "k", "{'id': 'k', 'a': 1, 'b': 2}");
    driver->close(driver->arg, other->self);
    fixture_free(other);
}

int metadata_items_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(items_come_back_as_they_were_written, driver),
        FIXTURE_TEST(records_merge_into_the_item, driver),
        FIXTURE_TEST(replacing_drops_the_other_fields, driver),
        FIXTURE_TEST(an_item_may_have_no_field_but_its_key, driver),
        FIXTURE_TEST(the_key_is_shown_and_cannot_be_changed, driver),
        FIXTURE_TEST(erase_gives_what_was_there, driver),
        FIXTURE_TEST(keys_are_taken_as_they_are, driver),
        FIXTURE_TEST(bad_keys_are_refused, driver),
        FIXTURE_TEST(what_is_no_item_is_refused, driver),
        FIXTURE_TEST(items_have_a_greatest_size, driver),
        FIXTURE_TEST(items_nest_no_deeper_than_a_page_can_hold, driver),
        FIXTURE_TEST(values_in_an_index_have_a_greatest_size, driver),
        FIXTURE_TEST(late_jobs_write_nothing, driver),
        FIXTURE_TEST(another_instance_sees_the_same_items, driver),
    };
    return cmocka_run_group_tests_name("metadata: items", tests, NULL, NULL);
}

int conformance_metadata(struct conformance_driver *driver)
{
    return metadata_items_tests(driver) + metadata_conditions_tests(driver) + metadata_query_tests(driver);
}
