/* What services and networks do to requests about tables: what passes is survived, within bounds; what does not is told
 * as what it is, with the setting to change. */
#include "conformance/metadata.h"
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OFFSETS = 64, ATTEMPTS = 4 };

#define ERROR(status, type) "[{'status':" status ",'body':'{\\'__type\\':\\'x#" type "\\',\\'message\\':\\'m\\'}'}]"
#define STAYS(status, type)                                                                                            \
    "[{'times':99,'status':" status ",'body':'{\\'__type\\':\\'x#" type "\\',\\'message\\':\\'m\\'}'}]"

static pxm_status record_one(struct fixture *fixture)
{
    return table_record(fixture, "k", "{'a': 1, 'owner': 'o'}", 0);
}

static size_t requests(void)
{
    return gate_requests("POST");
}

/* ---- what passes ---- */

static void faults_that_pass_are_survived(void **state)
{
    static const char *const faults[] = {
        ERROR("400", "ProvisionedThroughputExceededException"),
        ERROR("400", "ThrottlingException"),
        ERROR("400", "RequestLimitExceeded"),
        ERROR("500", "InternalServerError"),
        ERROR("503", "ServiceUnavailable"),
        ERROR("409", "ReplicatedWriteConflictException"),
        ERROR("400", "TransactionInProgressException"),
        "[{'status':500}]",
        "[{'status':502,'body':'<html><body>Bad gateway</body></html>'},{'status':504}]",
        "[{'status':429,'headers':{'x-amz-retry-after':'1'}}]",
        "[{'reset':'before'}]",
        "[{'reset':'after'}]",
        "[{'close':true}]",
        "[{'crc':'wrong'}]",
        "[{'cut':0},{'cut':3}]",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        gate_faults(faults[i]);
        assert_status(fixture, record_one(fixture), PXM_OK);
        gate_faults(faults[i]);
        must_hold(fixture, "k", "{'id': 'k', 'a': 1, 'owner': 'o'}");
        gate_faults(faults[i]);
        assert_status(fixture, table_query(fixture, "owner", "'o'", NULL, 10), PXM_OK);
        assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), 1);
        gate_faults(faults[i]);
        assert_status(fixture, table_erase(fixture, "k", NULL), PXM_OK);
        assert_true(field_bool(fixture, "erased"));
    }
}

static void a_reply_that_is_cut_anywhere_is_asked_for_again(void **state)
{
    struct fixture *fixture = *state;
    char fault[64];
    must_record(fixture, "k", "{'a': 1}");
    for (int offset = 0; offset < OFFSETS; offset++) {
        snprintf(fault, sizeof fault, "[{'target':'GetItem','cut':%d}]", offset);
        gate_faults(fault);
        must_hold(fixture, "k", "{'id': 'k', 'a': 1}");
    }
}

static void a_record_whose_reply_is_lost_is_made_once(void **state)
{
    struct fixture *fixture = *state;
    size_t before = place_requests("PutItem");
    gate_faults("[{'target':'PutItem','reset':'after'}]");
    assert_status(fixture, table_record(fixture, "k", "{'a': 1}", PXM_RECORD_IF_ABSENT), PXM_OK);
    assert_true(field_bool(fixture, "created"));
    assert_int_equal(place_requests("PutItem") - before, 2);
    assert_failed(fixture, table_record(fixture, "k", "{'a': 2}", PXM_RECORD_IF_ABSENT), PXM_E_EXISTS, "table.exists");
}

static void a_condition_whose_reply_is_lost_held_once(void **state)
{
    struct fixture *fixture = *state;
    char set[32], expect[32];
    must_record(fixture, "k", "{'n': 0}");
    for (int n = 0; n < 5; n++) {
        gate_faults("[{'target':'PutItem','reset':'after'}]");
        snprintf(set, sizeof set, "{'n': %d}", n + 1);
        snprintf(expect, sizeof expect, "{'n': %d}", n);
        assert_status(fixture, table_record_if(fixture, "k", set, expect, NULL), PXM_OK);
        assert_true(field_bool(fixture, "applied"));
        assert_false(field_bool(fixture, "created"));
    }
    must_hold(fixture, "k", "{'id': 'k', 'n': 5}");
}

static void an_erasure_whose_reply_is_lost_gives_what_was_there(void **state)
{
    struct fixture *fixture = *state;
    must_record(fixture, "k", "{'a': 1}");
    gate_faults("[{'target':'DeleteItem','reset':'after'}]");
    assert_status(fixture, table_erase(fixture, "k", "{'a': 1}"), PXM_OK);
    assert_true(field_bool(fixture, "erased"));
    assert_field_json(fixture, "item", "{'id': 'k', 'a': 1}");
    must_not_hold(fixture, "k");
}

static void what_a_batch_left_undone_is_sent_again(void **state)
{
    struct fixture *fixture = *state;
    gate_faults(
        "[{'target':'BatchWriteItem','status':200,'body':'{\\'UnprocessedItems\\':{\\'Images\\':[{\\'PutRequest\\':"
        "{\\'Item\\':{\\'id\\':{\\'S\\':\\'left\\'}}}}]}}'}]");
    assert_status(fixture, record_one(fixture), PXM_OK);
    assert_int_equal(place_requests("BatchWriteItem"), 2);
    must_hold(fixture, "left", "{'id': 'left'}");
    gate_faults(
        "[{'target':'BatchGetItem','status':200,'body':'{\\'Responses\\':{\\'Images\\':[]},\\'UnprocessedKeys\\':"
        "{\\'Images\\':{\\'ConsistentRead\\':true,\\'Keys\\':[{\\'id\\':{\\'S\\':\\'k\\'}}]}}}'}]");
    assert_status(fixture, table_query(fixture, NULL, NULL, NULL, 10), PXM_OK);
    assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), 1);
    assert_int_equal(place_requests("BatchGetItem"), 2);
}

static void a_batch_that_is_never_done_is_given_up(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'target':'BatchWriteItem','times':99,'status':200,'body':'{\\'UnprocessedItems\\':{\\'Images\\':[{"
                "\\'PutRequest\\':{\\'Item\\':{\\'id\\':{\\'S\\':\\'left\\'}}}}]}}'}]");
    assert_fault(fixture, record_one(fixture), PXM_E_THROTTLED, "table.unavailable", "throughput");
    must_not_hold(fixture, "k");
}

/* ---- what does not pass ---- */

static void a_service_that_stays_in_trouble_is_left_alone(void **state)
{
    static const struct {
        const char *fault, *code, *word;
        pxm_status status;
        size_t requests;
    } rows[] = {
        {STAYS("400", "ProvisionedThroughputExceededException"), "table.unavailable", "throughput", PXM_E_THROTTLED,
         ATTEMPTS},
        {STAYS("400", "ThrottlingException"), "table.unavailable", "ThrottlingException", PXM_E_THROTTLED, ATTEMPTS},
        {STAYS("500", "InternalServerError"), "table.unavailable", "InternalServerError", PXM_E_TRANSIENT, ATTEMPTS},
        {STAYS("400", "TransactionCanceledException"), "table.unavailable", "TransactionCanceled", PXM_E_TRANSIENT, 1},
        {STAYS("400", "ItemCollectionSizeLimitExceededException"), "table.full", "ItemCollection", PXM_E_NO_SPACE, 1},
        {STAYS("400", "AccessDeniedException"), "table.denied", "permission", PXM_E_DENIED, 1},
        {STAYS("400", "SomethingNew"), "table.bad_record", "SomethingNew", PXM_E_INVALID, 1},
        {"[{'reset':'before','times':99}]", "table.unavailable", "cannot read", PXM_E_TRANSIENT, ATTEMPTS},
        {"[{'cut':1,'times':99}]", "table.unavailable", "cannot read", PXM_E_TRANSIENT, ATTEMPTS},
        {"[{'crc':'wrong','times':99}]", "table.unavailable", "checksum", PXM_E_TRANSIENT, ATTEMPTS},
        {"[{'status':413,'times':99}]", "table.too_large", "413", PXM_E_LIMIT, 1},
        {"[{'status':507,'times':99}]", "table.full", "507", PXM_E_NO_SPACE, 1},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        place_forget();
        place_reopen(fixture);
        size_t before = requests();
        gate_faults(rows[i].fault);
        assert_fault(fixture, table_lookup(fixture, "k"), rows[i].status, rows[i].code, rows[i].word);
        assert_int_equal(requests() - before, rows[i].requests);
    }
}

static void pages_of_a_proxy_are_no_replies(void **state)
{
    static const struct {
        const char *fault, *code, *word;
        pxm_status status;
    } rows[] = {
        {"[{'status':200,'headers':{'content-type':'text/html'},'body':'<html><p>Log in first</html>'}]",
         "table.damaged", "check endpoint", PXM_E_TRANSIENT},
        {"[{'status':403,'body':'<html>Forbidden</html>'}]", "table.denied", "403", PXM_E_DENIED},
        {"[{'status':404,'body':'<html>Not found</html>'}]", "table.unavailable", "check endpoint", PXM_E_TRANSIENT},
        {"[{'status':307,'headers':{'location':'http://other.example/x'}}]", "table.unavailable", "other.example",
         PXM_E_INVALID},
        {"[{'status':200,'body':'{}'}]", "table.damaged", "list of items", PXM_E_TRANSIENT},
        {"[{'status':200,'body':'[]'}]", "table.damaged", "check endpoint", PXM_E_TRANSIENT},
        {"[{'status':200,'body':'{\\'Items\\':['}]", "table.damaged", "check endpoint", PXM_E_TRANSIENT},
        {"[{'status':200}]", "table.damaged", "check endpoint", PXM_E_TRANSIENT},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        place_forget();
        gate_faults(rows[i].fault);
        assert_fault(fixture, table_query(fixture, NULL, NULL, NULL, 5), rows[i].status, rows[i].code, rows[i].word);
    }
}

static void items_that_are_none_are_told(void **state)
{
    static const char *const items[] = {"{\\'id\\':7}",
                                        "{\\'id\\':{\\'S\\':\\'k\\'},\\'a\\':{\\'S\\':1}}",
                                        "{\\'id\\':{\\'S\\':\\'k\\'},\\'a\\':{\\'N\\':\\'x\\'}}",
                                        "{\\'id\\':{\\'S\\':\\'k\\'},\\'a\\':{\\'N\\':\\'\\'}}",
                                        "{\\'id\\':{\\'S\\':\\'k\\'},\\'a\\':{}}",
                                        "{\\'id\\':{\\'S\\':\\'k\\'},\\'a\\':{\\'X\\':\\'y\\'}}",
                                        "{\\'id\\':{\\'S\\':\\'k\\'},\\'a\\':{\\'L\\':[{\\'M\\':[]}]}}",
                                        "{\\'id\\':{\\'N\\':\\'1\\'}}",
                                        "{}"};
    struct fixture *fixture = *state;
    char fault[300];
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        snprintf(fault, sizeof fault, "[{'status':200,'body':'{\\'Item\\':%s}'}]", items[i]);
        gate_faults(fault);
        assert_fault(fixture, table_lookup(fixture, "k"), PXM_E_INTERNAL, "table.damaged", "attributes");
    }
}

static void wrong_settings_are_told_by_name(void **state)
{
    static const struct {
        const char *option, *value, *code, *word;
        pxm_status status;
    } rows[] = {
        {"secret_key", "gate-secret-that-is-another-one", "table.denied", "secret_key", PXM_E_DENIED},
        {"access_key", "AKIDNOBODY", "table.denied", "access_key", PXM_E_DENIED},
        {"access_key", "AKIDDENIED", "table.denied", "permission", PXM_E_DENIED},
        {"region", "eu-central-1", "table.denied", "region", PXM_E_DENIED},
        {"table", "Missing", "table.unavailable", "tables create", PXM_E_INVALID},
        {"key", "other", "table.unavailable", "check key", PXM_E_INVALID},
        {"index", "missing", "table.unavailable", "check index", PXM_E_INVALID},
        {"endpoint", "http://127.0.0.1:1", "table.unavailable", "cannot query", PXM_E_TRANSIENT},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        place_defaults(fixture);
        place_set(fixture, rows[i].option, rows[i].value);
        bool is_key = strcmp(rows[i].option, "key") == 0;
        pxm_status status = is_key ? table_lookup(fixture, "k") : table_query(fixture, NULL, NULL, NULL, 5);
        assert_fault(fixture, status, rows[i].status, rows[i].code, rows[i].word);
        if (rows[i].status != PXM_E_TRANSIENT) {
            assert_string_equal(fixture->error->notes[0].key, "aws.request_id");
            assert_string_equal(fixture->error->notes[0].value, "GATE0123456789AB");
        }
    }
}

static void an_expired_token_is_tried_again_once(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "session_token", "gate-old-token");
    place_set(fixture, "access_key", "AKIDOLD");
    size_t before = requests();
    assert_fault(fixture, table_lookup(fixture, "k"), PXM_E_DENIED, "table.denied", "renew");
    assert_int_equal(requests() - before, 2);
}

static void a_clock_that_is_wrong_by_hours_is_corrected(void **state)
{
    static const char *const skews[] = {"{'gate':{'skew_ms':10800000}}", "{'gate':{'skew_ms':-86400000}}"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof skews / sizeof *skews; i++) {
        gate_settings(skews[i]);
        place_reopen(fixture);
        size_t before = requests();
        assert_failed(fixture, table_lookup(fixture, "k"), PXM_E_NOT_FOUND, "table.not_found");
        assert_int_equal(requests() - before, 2);
        assert_failed(fixture, table_lookup(fixture, "k"), PXM_E_NOT_FOUND, "table.not_found");
        assert_int_equal(requests() - before, 3);
    }
}

static void a_service_that_says_nothing_costs_the_time_of_the_job_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_clock *clock = &pxm_clock_system;
    fixture->job.clock = clock;
    fixture->job.deadline_ms = clock->monotonic_ms(clock->arg) + 200;
    gate_faults("[{'stall':true,'times':9}]");
    size_t before = requests();
    assert_fault(fixture, record_one(fixture), PXM_E_TIMEOUT, "limit.time", "cannot read");
    assert_int_equal(requests() - before, 1);
}

static void what_a_service_says_is_shown_without_secrets(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'status':400,'body':'{\\'__type\\':\\'x#InvalidSignatureException\\',\\'message\\':\\'bad "
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef \\\\nline\\'}'}]");
    assert_fault(fixture, table_lookup(fixture, "k"), PXM_E_DENIED, "table.denied", "bad [...]");
    assert_null(strchr(fixture->error->text, '\n'));
}

static void an_item_that_the_service_finds_too_large_is_told_so(void **state)
{
    struct fixture *fixture = *state;
    gate_faults(
        "[{'target':'PutItem','status':400,'body':'{\\'__type\\':\\'x#ValidationException\\',\\'message\\':\\'Item "
        "size has exceeded the maximum allowed size\\'}'}]");
    assert_fault(fixture, record_one(fixture), PXM_E_LIMIT, "table.too_large", "400 KB");
}

int main(void)
{
    struct conformance_driver *driver = place_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(faults_that_pass_are_survived, driver),
        FIXTURE_TEST(a_reply_that_is_cut_anywhere_is_asked_for_again, driver),
        FIXTURE_TEST(a_record_whose_reply_is_lost_is_made_once, driver),
        FIXTURE_TEST(a_condition_whose_reply_is_lost_held_once, driver),
        FIXTURE_TEST(an_erasure_whose_reply_is_lost_gives_what_was_there, driver),
        FIXTURE_TEST(what_a_batch_left_undone_is_sent_again, driver),
        FIXTURE_TEST(a_batch_that_is_never_done_is_given_up, driver),
        FIXTURE_TEST(a_service_that_stays_in_trouble_is_left_alone, driver),
        FIXTURE_TEST(pages_of_a_proxy_are_no_replies, driver),
        FIXTURE_TEST(items_that_are_none_are_told, driver),
        FIXTURE_TEST(wrong_settings_are_told_by_name, driver),
        FIXTURE_TEST(an_expired_token_is_tried_again_once, driver),
        FIXTURE_TEST(a_clock_that_is_wrong_by_hours_is_corrected, driver),
        FIXTURE_TEST(a_service_that_says_nothing_costs_the_time_of_the_job_and_no_more, driver),
        FIXTURE_TEST(what_a_service_says_is_shown_without_secrets, driver),
        FIXTURE_TEST(an_item_that_the_service_finds_too_large_is_told_so, driver),
    };
    return cmocka_run_group_tests_name("dynamodb: faults", tests, NULL, NULL);
}
