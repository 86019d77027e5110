/* What is dynamodb's own: what lies in the table, what others have put there, how many requests it takes, and how a
 * table is made. */
#include "conformance/metadata.h"
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void drop(pxm_value *reply)
{
    conformance_host()->value_unref(reply);
}

/* ---- values ---- */

static void numbers_are_kept_exactly(void **state)
{
    static const char item[] = "{'id': 'k', 'most': 9223372036854775807, 'least': -9223372036854775808, 'tenth': 0.1, "
                               "'third': 0.3333333333333333, 'large': 1e125, 'small': 1e-130, 'zero': 0.0, "
                               "'odd': 9007199254740993}";
    struct fixture *fixture = *state;
    must_record(fixture, "k", item);
    must_hold(fixture, "k", item);
}

static void numbers_that_the_service_cannot_keep_are_refused(void **state)
{
    static const char *const sets[] = {"{'a': 1e126}", "{'a': -1e300}", "{'a': 1e-131}", "{'a': [{'b': 1e300}]}"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        assert_fault(fixture, table_record(fixture, "k", sets[i], 0), PXM_E_INVALID, "table.bad_record", "1e126");
    }
    must_not_hold(fixture, "k");
}

static void texts_may_hold_any_character(void **state)
{
    static const char item[] = "{'id': 'k', 'b': '\\u0001\\u001f\\u007f', 'c': '\\ud83d\\ude00', "
                               "'d': [''], 'e': {'f': ''}}";
    struct fixture *fixture = *state;
    must_record(fixture, "k", item);
    must_hold(fixture, "k", item);
}

static void reserved_words_are_names_like_others(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "table", "Reserved");
    place_set(fixture, "key", "name");
    assert_status(fixture, place_prepare(fixture), PXM_OK);
    must_record(fixture, "k", "{'status': 'ready', 'size': 1, 'type': 't', 'hash': 'h', 'timestamp': 2, 'owner': 'o'}");
    assert_status(fixture, table_record_if(fixture, "k", "{'size': 2}", "{'status': 'ready'}", "size"), PXM_OK);
    must_hold(fixture, "k",
              "{'name': 'k', 'status': 'ready', 'size': 2, 'type': 't', 'hash': 'h', 'timestamp': 2, 'owner': 'o'}");
    assert_status(fixture, table_query(fixture, "owner", "'o'", NULL, 5), PXM_OK);
    assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), 1);
    assert_status(fixture, table_erase(fixture, "k", "{'size': 2}"), PXM_OK);
}

static void the_tables_own_names_are_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_fault(fixture, table_record(fixture, "k", "{'pxm_seq': 1}", 0), PXM_E_INVALID, "table.bad_record", "pxm_");
    must_not_hold(fixture, "k");
}

/* ---- what others have put there ---- */

static void items_of_others_can_be_read_changed_and_erased(void **state)
{
    struct fixture *fixture = *state;
    drop(gate_table("PutItem",
                    "{'TableName':'Images','Item':{'id':{'S':'k'},'set':{'SS':['a','b']},'numbers':{'NS':['1','2.5']},"
                    "'bytes':{'B':'AAEC'},'long':{'N':'12345678901234567890123456789012345678'},'a':{'N':'1'}}}"));
    assert_status(fixture, table_lookup(fixture, "k"), PXM_OK);
    const struct pxm_host *host = fixture->host;
    const pxm_value *item = host->value_get(fixture->fields, "item");
    assert_int_equal(host->value_count(host->value_get(item, "set")), 2);
    assert_int_equal(host->value_count(host->value_get(item, "numbers")), 2);
    assert_string_equal(host->value_as_string(host->value_get(item, "bytes"), NULL), "AAEC");
    must_record(fixture, "k", "{'a': 2}");
    assert_false(field_bool(fixture, "created"));
    pxm_value *reply = gate_table("GetItem", "{'TableName':'Images','Key':{'id':{'S':'k'}}}");
    item = host->value_get(reply, "Item");
    assert_int_equal(host->value_count(host->value_get(host->value_get(item, "set"), "SS")), 2);
    assert_string_equal(host->value_as_string(host->value_get(host->value_get(item, "bytes"), "B"), NULL), "AAEC");
    assert_string_equal(host->value_as_string(host->value_get(host->value_get(item, "long"), "N"), NULL),
                        "12345678901234567890123456789012345678");
    assert_string_equal(host->value_as_string(host->value_get(host->value_get(item, "pxm_seq"), "N"), NULL), "1");
    drop(reply);
    assert_status(fixture, table_query(fixture, NULL, NULL, NULL, 5), PXM_OK);
    assert_int_equal(host->value_count(host->value_get(fixture->fields, "items")), 1);
    assert_status(fixture, table_erase(fixture, "k", "{'a': 2}"), PXM_OK);
    must_not_hold(fixture, "k");
}

static size_t count_items(struct fixture *fixture, const char *field, const char *equal)
{
    assert_status(fixture, table_query(fixture, field, equal, NULL, 100), PXM_OK);
    assert_field_null(fixture, "cursor");
    return fixture->host->value_count(fixture->host->value_get(fixture->fields, "items"));
}

/* The rows of the table, as the service has them. */
static pxm_value *scan(void)
{
    return gate_table("Scan", "{'TableName':'Images'}");
}

static size_t count_rows(void)
{
    const struct pxm_host *host = conformance_host();
    pxm_value *reply = scan();
    const pxm_value *items = host->value_get(reply, "Items");
    size_t count = 0;
    for (size_t i = 0; i < host->value_count(items); i++) {
        const pxm_value *id = host->value_get(host->value_get(host->value_at(items, i), "id"), "S");
        count += strncmp(host->value_as_string(id, NULL),
                         "\x01"
                         "e",
                         2) == 0;
    }
    host->value_unref(reply);
    return count;
}

static void each_value_in_an_index_has_one_row_and_no_other_stays(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'owner': 'o', 'tags': ['a', 'b', 'a', null, [1], {'x': 1}], 'rank': 1, 'free': 'f'}");
    assert_int_equal(count_rows(), 4);
    must_record(fixture, "k", "{'tags': ['b', 'c', 'd'], 'rank': 1.0, 'owner': null}");
    assert_int_equal(count_rows(), 4);
    must_record(fixture, "k", "{'free': 'g'}");
    assert_int_equal(count_rows(), 4);
    assert_failed(fixture, table_record(fixture, "k", "{'tags': ['x']}", PXM_RECORD_IF_ABSENT), PXM_E_EXISTS,
                  "table.exists");
    assert_int_equal(count_rows(), 4);
    assert_failed(fixture, table_record_if(fixture, "k", "{'tags': ['x']}", "{'rank': 2}", NULL), PXM_E_EXISTS,
                  "table.conflict");
    assert_int_equal(count_rows(), 4);
    assert_status(fixture, table_record(fixture, "k", "{'tags': ['z']}", PXM_RECORD_REPLACE), PXM_OK);
    assert_int_equal(count_rows(), 1);
    assert_status(fixture, table_erase(fixture, "k", NULL), PXM_OK);
    assert_int_equal(count_rows(), 0);
}

/* As a process would that dies between the item and its rows. */
static void rows_that_are_left_over_show_nothing(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'tags': ['a', 'b'], 'owner': 'o'}");
    gate_faults(
        "[{'target':'BatchWriteItem','times':99,'status':400,'body':'{\\'__type\\':\\'x#AccessDeniedException\\'}'}]");
    must_record(fixture, "k", "{'tags': ['b'], 'owner': null}");
    place_forget();
    assert_int_equal(count_rows(), 3);
    assert_int_equal(count_items(fixture, "tags", "'a'"), 0);
    assert_int_equal(count_items(fixture, "owner", "'o'"), 0);
    assert_int_equal(count_items(fixture, "tags", "'b'"), 1);
    must_record(fixture, "k", "{'tags': ['a', 'b']}");
    assert_int_equal(count_items(fixture, "tags", "'a'"), 1);
    gate_faults(
        "[{'target':'BatchWriteItem','times':99,'status':400,'body':'{\\'__type\\':\\'x#AccessDeniedException\\'}'}]");
    assert_status(fixture, table_erase(fixture, "k", NULL), PXM_OK);
    place_forget();
    assert_int_equal(count_items(fixture, "tags", "'a'"), 0);
    must_record(fixture, "k", "{'tags': ['a']}");
    assert_int_equal(count_items(fixture, "tags", "'a'"), 1);
    assert_int_equal(count_items(fixture, NULL, NULL), 1);
}

static void an_item_is_not_written_when_its_rows_cannot_be(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'target':'BatchWriteItem','status':400,'body':'{\\'__type\\':\\'x#AccessDeniedException\\'}'}]");
    assert_fault(fixture, table_record(fixture, "k", "{'tags': ['a']}", 0), PXM_E_DENIED, "table.denied", "permission");
    must_not_hold(fixture, "k");
    assert_int_equal(place_requests("PutItem"), 1); /* the secret of cursors, when the table was made */
}

static void strangers_in_the_index_are_passed_over(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'a': 1}");
    drop(gate_table("PutItem", "{'TableName':'Images','Item':{'id':{'S':'x'},'pxm_list':{'S':'*#0'},"
                               "'pxm_made':{'S':'zzz'}}}"));
    drop(gate_table("PutItem", "{'TableName':'Images','Item':{'id':{'S':'\\u0001eshort'},'pxm_list':{'S':'*#1'},"
                               "'pxm_made':{'S':'2026-11-22T10:38:00.123Z000000AAAAAAAAAAA'}}}"));
    drop(gate_table("PutItem", "{'TableName':'Images','Item':{'id':{'S':'\\u0002'},'pxm_list':{'S':'*#2'},"
                               "'pxm_made':{'S':'2026-11-22T10:38:00.123Z000000AAAAAAAAAAB'}}}"));
    assert_int_equal(count_items(fixture, NULL, NULL), 1);
}

/* ---- requests ---- */

static void few_requests_do(void **state)
{
    static const struct {
        const char *set;
        uint32_t flags;
        size_t gets, puts, batches;
    } rows[] = {
        {"{'a': 1}", PXM_RECORD_IF_ABSENT, 0, 1, 0}, {"{'a': 2}", 0, 1, 1, 0},        {"{'a': 2}", 0, 1, 0, 0},
        {"{'tags': ['x', 'y', 'z']}", 0, 1, 1, 1},   {"{'tags': ['y']}", 0, 1, 1, 1}, {"{'tags': ['w']}", 0, 1, 1, 2},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t gets = place_requests("GetItem"), puts = place_requests("PutItem");
        size_t batches = place_requests("BatchWriteItem");
        assert_status(fixture, table_record(fixture, "k", rows[i].set, rows[i].flags), PXM_OK);
        assert_int_equal(place_requests("GetItem") - gets, rows[i].gets);
        assert_int_equal(place_requests("PutItem") - puts, rows[i].puts);
        assert_int_equal(place_requests("BatchWriteItem") - batches, rows[i].batches);
    }
    size_t queries = place_requests("Query");
    assert_int_equal(count_items(fixture, NULL, NULL), 1);
    assert_int_equal(place_requests("Query") - queries, 4);
    assert_int_equal(place_requests("BatchGetItem"), 1);
}

static void lists_may_be_spread_wider_later(void **state)
{
    struct fixture *fixture = *state;
    char key[16];
    for (int shards = 1; shards <= 8; shards *= 2) {
        conformance_set_int(fixture->driver->unit, place_config(), "shards", shards);
        place_reopen(fixture);
        for (int i = 0; i < 5; i++) {
            snprintf(key, sizeof key, "s%dk%d", shards, i);
            must_record(fixture, key, "{'owner': 'o'}");
        }
    }
    assert_int_equal(count_items(fixture, NULL, NULL), 20);
    assert_int_equal(count_items(fixture, "owner", "'o'"), 20);
}

static char *cursor_of(struct fixture *fixture)
{
    assert_status(fixture, table_query(fixture, NULL, NULL, NULL, 1), PXM_OK);
    return strdup(field_text(fixture, "cursor"));
}

static void cursors_work_wherever_the_same_secret_is(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k1", "{}");
    must_record(fixture, "k2", "{}");
    char *in_table = cursor_of(fixture);
    place_reopen(fixture);
    assert_status(fixture, table_query(fixture, NULL, NULL, in_table, 5), PXM_OK);
    place_set(fixture, "cursor_secret", "a secret of the operator");
    assert_failed(fixture, table_query(fixture, NULL, NULL, in_table, 5), PXM_E_INVALID, "table.bad_cursor");
    char *of_option = cursor_of(fixture);
    place_reopen(fixture);
    assert_status(fixture, table_query(fixture, NULL, NULL, of_option, 5), PXM_OK);
    place_set(fixture, "cursor_secret", "another secret of theirs");
    assert_failed(fixture, table_query(fixture, NULL, NULL, of_option, 5), PXM_E_INVALID, "table.bad_cursor");
    free(in_table);
    free(of_option);
}

static void the_secret_of_cursors_is_made_when_it_is_missing(void **state)
{
    struct fixture *fixture = *state;
    drop(gate_table("DeleteItem", "{'TableName':'Images','Key':{'id':{'S':'\\u0001secret'}}}"));
    place_reopen(fixture);
    must_record(fixture, "k1", "{}");
    must_record(fixture, "k2", "{}");
    char *cursor = cursor_of(fixture);
    place_reopen(fixture);
    assert_status(fixture, table_query(fixture, NULL, NULL, cursor, 5), PXM_OK);
    free(cursor);
}

/* ---- making a table ---- */

static pxm_status check(struct fixture *fixture)
{
    fixture_next(fixture);
    return fixture->driver->unit->check(fixture->self, &fixture->job, fixture->error);
}

static void a_table_is_made_once_and_only_when_it_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "table", "Others");
    assert_fault(fixture, check(fixture), PXM_E_INVALID, "table.unavailable", "tables create");
    assert_fault(fixture, table_record(fixture, "k", "{}", 0), PXM_E_INVALID, "table.unavailable", "tables create");
    assert_int_equal(place_requests("CreateTable"), 1); /* that of the fixture */
    assert_status(fixture, place_prepare(fixture), PXM_OK);
    assert_field_json(fixture, "made", "['table Others', 'index newest']");
    assert_string_equal(field_text(fixture, "table"), "Others");
    assert_status(fixture, check(fixture), PXM_OK);
    assert_status(fixture, place_prepare(fixture), PXM_OK);
    assert_field_json(fixture, "made", "[]");
    assert_int_equal(place_requests("CreateTable"), 2);
}

static void a_table_that_is_there_gets_its_index(void **state)
{
    struct fixture *fixture = *state;
    drop(gate_table("CreateTable", "{'TableName':'Plain','AttributeDefinitions':[{'AttributeName':'id','AttributeType':"
                                   "'S'}],'KeySchema':[{'AttributeName':'id','KeyType':'HASH'}],"
                                   "'ProvisionedThroughput':{'ReadCapacityUnits':3,'WriteCapacityUnits':2}}"));
    place_set(fixture, "table", "Plain");
    assert_fault(fixture, check(fixture), PXM_E_INVALID, "table.unavailable", "check index");
    assert_status(fixture, place_prepare(fixture), PXM_OK);
    assert_field_json(fixture, "made", "['index newest']");
    assert_status(fixture, check(fixture), PXM_OK);
    must_record(fixture, "k", "{'owner': 'o'}");
    assert_int_equal(count_items(fixture, "owner", "'o'"), 1);
}

static void a_service_that_adds_no_index_is_told(void **state)
{
    struct fixture *fixture = *state;
    drop(gate_table("CreateTable", "{'TableName':'Plain','AttributeDefinitions':[{'AttributeName':'id','AttributeType':"
                                   "'S'}],'KeySchema':[{'AttributeName':'id','KeyType':'HASH'}],"
                                   "'ProvisionedThroughput':{'ReadCapacityUnits':3,'WriteCapacityUnits':2}}"));
    gate_settings("{'gate':{'lacks':['indexes']}}");
    place_set(fixture, "table", "Plain");
    assert_fault(fixture, place_prepare(fixture), PXM_E_INVALID, "table.unavailable", "not added the index");
}

static void a_table_of_another_shape_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    drop(gate_table("CreateTable",
                    "{'TableName':'Ranged','AttributeDefinitions':[{'AttributeName':'id','AttributeType':"
                    "'S'},{'AttributeName':'r','AttributeType':'S'}],'KeySchema':[{'AttributeName':'id',"
                    "'KeyType':'HASH'},{'AttributeName':'r','KeyType':'RANGE'}],'BillingMode':"
                    "'PAY_PER_REQUEST'}"));
    drop(gate_table("CreateTable",
                    "{'TableName':'Number','AttributeDefinitions':[{'AttributeName':'id','AttributeType':"
                    "'N'}],'KeySchema':[{'AttributeName':'id','KeyType':'HASH'}],'BillingMode':"
                    "'PAY_PER_REQUEST'}"));
    drop(gate_table("CreateTable", "{'TableName':'Taken','AttributeDefinitions':[{'AttributeName':'id','AttributeType':"
                                   "'S'}],'KeySchema':[{'AttributeName':'id','KeyType':'HASH'}],'BillingMode':"
                                   "'PAY_PER_REQUEST','GlobalSecondaryIndexes':[{'IndexName':'newest','KeySchema':[{"
                                   "'AttributeName':'id','KeyType':'HASH'}],'Projection':{'ProjectionType':'ALL'}}]}"));
    static const char *const tables[] = {"Ranged", "Number", "Taken"}, *const words[] = {"check table and key",
                                                                                         "check table and key",
                                                                                         "set index to another name"};
    for (size_t i = 0; i < 3; i++) {
        place_set(fixture, "table", tables[i]);
        assert_fault(fixture, place_prepare(fixture), PXM_E_INVALID, "table.unavailable", words[i]);
    }
    assert_int_equal(place_requests("UpdateTable"), 0);
}

int main(void)
{
    struct conformance_driver *driver = place_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(numbers_are_kept_exactly, driver),
        FIXTURE_TEST(numbers_that_the_service_cannot_keep_are_refused, driver),
        FIXTURE_TEST(texts_may_hold_any_character, driver),
        FIXTURE_TEST(reserved_words_are_names_like_others, driver),
        FIXTURE_TEST(the_tables_own_names_are_refused, driver),
        FIXTURE_TEST(items_of_others_can_be_read_changed_and_erased, driver),
        FIXTURE_TEST(each_value_in_an_index_has_one_row_and_no_other_stays, driver),
        FIXTURE_TEST(rows_that_are_left_over_show_nothing, driver),
        FIXTURE_TEST(an_item_is_not_written_when_its_rows_cannot_be, driver),
        FIXTURE_TEST(strangers_in_the_index_are_passed_over, driver),
        FIXTURE_TEST(few_requests_do, driver),
        FIXTURE_TEST(lists_may_be_spread_wider_later, driver),
        FIXTURE_TEST(cursors_work_wherever_the_same_secret_is, driver),
        FIXTURE_TEST(the_secret_of_cursors_is_made_when_it_is_missing, driver),
        FIXTURE_TEST(a_table_is_made_once_and_only_when_it_is_asked_for, driver),
        FIXTURE_TEST(a_table_that_is_there_gets_its_index, driver),
        FIXTURE_TEST(a_service_that_adds_no_index_is_told, driver),
        FIXTURE_TEST(a_table_of_another_shape_is_left_alone, driver),
    };
    return cmocka_run_group_tests_name("dynamodb", tests, NULL, NULL);
}
