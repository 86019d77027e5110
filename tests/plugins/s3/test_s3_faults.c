/* What services and networks do to requests: what passes is survived, within bounds; what does not is told as what it
 * is, with the setting to change. */
#include "bucket.h"
#include "conformance/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20, OBJECT_BYTES = 300000, OFFSETS = 64 };

static const struct pxm_unit *unit(void)
{
    return bucket_driver()->unit;
}

static void set_text(struct fixture *fixture, const char *option, const char *value)
{
    conformance_set_string(unit(), place_config(), option, value);
    place_reopen(fixture);
}

static pxm_status put_bytes(struct fixture *fixture, const char *key, int64_t bytes, uint32_t flags)
{
    struct body_plan plan = body_plan(bytes, 1);
    return store_put(fixture, key, &plan, flags);
}

/* ---- what passes ---- */

static void faults_that_pass_are_survived(void **state)
{
    static const char *const faults[] = {
        "[{'status':503,'body':'<Error><Code>SlowDown</Code><Message>Please reduce</Message></Error>'}]",
        "[{'status':503}]",
        "[{'status':503,'body':'<html><body>Busy</html>'}]",
        "[{'status':500,'body':'<Error><Code>InternalError</Code></Error>'}]",
        "[{'status':502},{'status':504}]",
        "[{'status':429,'headers':{'x-amz-retry-after':'1'}}]",
        "[{'status':400,'body':'<Error><Code>RequestTimeout</Code></Error>'}]",
        "[{'status':400,'body':'<Error><Code>BadDigest</Code></Error>'}]",
        "[{'reset':'before'}]",
        "[{'reset':'after'}]",
        "[{'reset':'before'},{'reset':'after'}]",
        "[{'close':true}]",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        gate_faults(faults[i]);
        must_put(fixture, "k", OBJECT_BYTES, 1);
        gate_faults(faults[i]);
        must_have(fixture, "k", OBJECT_BYTES, 1);
    }
    gate_faults("[{'reset':'after'}]");
    assert_status(fixture, store_list(fixture, "", NULL, 10), PXM_OK);
    gate_faults("[{'method':'DELETE','reset':'after'}]");
    assert_status(fixture, store_remove(fixture, "k"), PXM_OK);
    assert_true(field_bool(fixture, "removed"));
}

static void a_service_that_stays_busy_is_left_alone_after_three_attempts(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'status':503,'times':100,'body':'<Error><Code>SlowDown</Code><Message>slow</Message></Error>'}]");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_THROTTLED, "store.unavailable", "SlowDown");
    assert_int_equal(gate_requests(NULL), 3);
}

static void a_service_that_stays_broken_is_left_alone_after_three_attempts(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'reset':'before','times':100}]");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_TRANSIENT, "store.unavailable", "cannot put");
    assert_int_equal(gate_requests(NULL), 3);
}

static void a_digest_that_is_bad_twice_is_told(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'status':400,'times':9,'body':'<Error><Code>BadDigest</Code></Error>'}]");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_TRANSIENT, "store.unavailable", "BadDigest");
    assert_int_equal(gate_requests(NULL), 2);
}

static void a_put_whose_reply_is_lost_is_put_once_in_effect(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'reset':'after'}]");
    must_put(fixture, "k", OBJECT_BYTES, 3);
    assert_int_equal(gate_requests("PUT"), 2);
    must_have(fixture, "k", OBJECT_BYTES, 3);
}

static void nobody_listens(void **state)
{
    struct fixture *fixture = *state;
    set_text(fixture, "endpoint", "http://127.0.0.1:1");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_TRANSIENT, "store.unavailable", "cannot put");
}

static void a_service_that_says_nothing_costs_the_time_of_the_job_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_clock *clock = &pxm_clock_system;
    fixture->job.clock = clock;
    fixture->job.deadline_ms = clock->monotonic_ms(clock->arg) + 200;
    gate_faults("[{'stall':true,'times':9}]");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_TIMEOUT, "limit.time", "cannot put");
    assert_true(gate_requests(NULL) <= 1); /* it may not have come so far */
}

/* ---- what does not pass ---- */

static void wrong_settings_are_told_by_name(void **state)
{
    static const struct {
        const char *option, *value, *code, *word;
        pxm_status status;
        size_t requests;
    } rows[] = {
        {"secret_key", "gate-secret-that-is-another-one", "store.denied", "secret_key", PXM_E_DENIED, 1},
        {"access_key", "AKIDNOBODY", "store.denied", "access_key", PXM_E_DENIED, 1},
        {"access_key", "AKIDDENIED", "store.denied", "permission", PXM_E_DENIED, 1},
        {"bucket", "missing", "store.unavailable", "check bucket", PXM_E_INVALID, 1},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gate_reset();
        void *config = place_config();
        conformance_set_string(unit(), config, "access_key", GATE_KEY);
        conformance_set_string(unit(), config, "secret_key", GATE_SECRET);
        set_text(fixture, rows[i].option, rows[i].value);
        assert_fault(fixture, put_bytes(fixture, "k", 10, 0), rows[i].status, rows[i].code, rows[i].word);
        assert_int_equal(gate_requests(NULL), rows[i].requests);
        assert_string_equal(fixture->error->notes[0].key, "aws.request_id");
        assert_string_equal(fixture->error->notes[0].value, "GATE0123456789AB");
    }
}

static void a_head_that_is_refused_without_a_word_is_explained(void **state)
{
    struct fixture *fixture = *state;
    set_text(fixture, "access_key", "AKIDDENIED");
    assert_fault(fixture, store_head(fixture, "k"), PXM_E_DENIED, "store.denied", "AccessDenied");
}

static void an_expired_token_is_tried_again_once(void **state)
{
    struct fixture *fixture = *state;
    conformance_set_string(unit(), place_config(), "session_token", "gate-old-token");
    set_text(fixture, "access_key", "AKIDOLD");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_DENIED, "store.denied", "renew");
    assert_int_equal(gate_requests(NULL), 2);
}

static void redirects_of_others_are_not_followed(void **state)
{
    static const int statuses[] = {301, 302, 307, 308};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        char fault[200];
        gate_reset();
        snprintf(fault, sizeof fault,
                 "[{'status':%d,'times':100,'headers':{'location':'http://other.example/x?X-Amz-Signature=abc'}}]",
                 statuses[i]);
        gate_faults(fault);
        assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_INVALID, "store.unavailable", "other.example");
        assert_true(gate_requests("PUT") == 1);
    }
}

static void a_page_of_a_proxy_is_no_reply(void **state)
{
    static const char html[] = "[{'status':200,'headers':{'content-type':'text/html'},"
                               "'body':'<html><body><p>Log in first</html>'}]";
    struct fixture *fixture = *state;
    gate_faults(html);
    assert_fault(fixture, store_list(fixture, "", NULL, 10), PXM_E_TRANSIENT, "store.damaged", "no list");
    gate_faults("[{'status':403,'headers':{'content-type':'text/html'},'body':'<html>Forbidden</html>'}]");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_DENIED, "store.denied", "403");
}

static void what_a_service_says_is_shown_without_secrets(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'status':403,'body':'<Error><Code>SignatureDoesNotMatch</Code><Message>bad "
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef "
                "&#10;line</Message><StringToSign>AWS4</StringToSign></Error>'}]");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_DENIED, "store.denied", "bad [...]");
    assert_null(strchr(fixture->error->text, '\n'));
}

static void quotas_and_sizes_have_codes_of_their_own(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'status':507},{'status':400,'body':'<Error><Code>EntityTooLarge</Code></Error>'}]");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_NO_SPACE, "store.full", "507");
    assert_fault(fixture, put_bytes(fixture, "k", 10, 0), PXM_E_LIMIT, "store.too_large", "EntityTooLarge");
}

/* ---- clock ---- */

static void a_clock_that_is_wrong_by_hours_is_corrected(void **state)
{
    static const char *const skews[] = {"{'gate':{'skew_ms':10800000}}", "{'gate':{'skew_ms':-86400000}}"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof skews / sizeof *skews; i++) {
        gate_reset();
        gate_settings(skews[i]);
        place_reopen(fixture);
        must_put(fixture, "k", 10, 1);
        assert_int_equal(gate_requests(NULL), 2);
        must_have(fixture, "k", 10, 1); /* and is right from then on */
        assert_int_equal(gate_requests(NULL), 3);
    }
}

static void a_clock_is_corrected_for_a_head_as_well(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "k", 10, 1);
    gate_settings("{'gate':{'skew_ms':10800000}}");
    place_reopen(fixture);
    assert_status(fixture, store_head(fixture, "k"), PXM_OK);
}

/* ---- conditions and the first words of a reply ---- */

static void a_service_without_conditions_needs_a_setting(void **state)
{
    struct fixture *fixture = *state;
    gate_settings("{'gate':{'lacks':['conditions']}}");
    assert_fault(fixture, put_bytes(fixture, "k", 10, PXM_PUT_IF_ABSENT), PXM_E_INVALID, "store.unsupported",
                 "if_absent: head");
    conformance_set_choice(unit(), place_config(), "if_absent", 1);
    place_reopen(fixture);
    assert_status(fixture, put_bytes(fixture, "k", 10, PXM_PUT_IF_ABSENT), PXM_OK);
    assert_true(field_bool(fixture, "created"));
    assert_status(fixture, put_bytes(fixture, "k", 20, PXM_PUT_IF_ABSENT), PXM_OK);
    assert_false(field_bool(fixture, "created"));
    assert_int_equal(field_int(fixture, "bytes"), 10);
}

static void a_conflict_of_conditions_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'status':409,'body':'<Error><Code>ConditionalRequestConflict</Code></Error>'}]");
    assert_status(fixture, put_bytes(fixture, "k", 10, PXM_PUT_IF_ABSENT), PXM_OK);
    assert_true(field_bool(fixture, "created"));
}

static void large_bodies_wait_for_the_word_and_small_ones_do_not(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    must_put(fixture, "small", MIB, 1);
    must_put(fixture, "large", 9 * MIB, 1);
    pxm_value *log = gate_state();
    const pxm_value *entries = host->value_get(log, "log");
    assert_int_equal(host->value_count(entries), 2);
    assert_false(host->value_as_bool(host->value_get(host->value_at(entries, 0), "expects")));
    assert_true(host->value_as_bool(host->value_get(host->value_at(entries, 1), "expects")));
    host->value_unref(log);
}

static void a_missing_word_does_not_stop_a_body(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'no_continue':true}]");
    must_put(fixture, "k", 9 * MIB, 1);
    gate_faults("[{'status':417,'unread':true}]");
    must_put(fixture, "k", 9 * MIB, 2);
    must_have(fixture, "k", 9 * MIB, 2);
}

static void a_refusal_comes_before_the_body(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'status':403,'unread':true,'body':'<Error><Code>AccessDenied</Code></Error>'}]");
    assert_fault(fixture, put_bytes(fixture, "k", 9 * MIB, 0), PXM_E_DENIED, "store.denied", "AccessDenied");
    gate_faults("[{'status':403,'unread':true,'body':'<Error><Code>AccessDenied</Code></Error>'}]");
    assert_fault(fixture, put_bytes(fixture, "k", 2 * MIB, 0), PXM_E_DENIED, "store.denied", "AccessDenied");
}

/* ---- checksums ---- */

/* The value of a header of the nth request; "": it has none. */
static void read_header(const struct fixture *fixture, size_t index, const char *name, char *value, size_t room)
{
    const struct pxm_host *host = fixture->host;
    pxm_value *state = gate_state();
    const pxm_value *entry = host->value_at(host->value_get(state, "log"), index);
    const pxm_value *header = host->value_get(host->value_get(entry, "headers"), name);
    snprintf(value, room, "%s", host->value_as_string(header, NULL));
    host->value_unref(state);
}

static void checksums_are_sent_only_where_they_are_wanted(void **state)
{
    struct fixture *fixture = *state;
    char value[100];
    must_put(fixture, "k", 0, 1);
    read_header(fixture, 0, "x-amz-checksum-sha256", value, sizeof value);
    assert_string_equal(value, "");
    read_header(fixture, 0, "x-amz-sdk-checksum-algorithm", value, sizeof value);
    assert_string_equal(value, "");
    read_header(fixture, 0, "transfer-encoding", value, sizeof value);
    assert_string_equal(value, "");
    conformance_set_choice(unit(), place_config(), "checksum", 1);
    place_reopen(fixture);
    must_put(fixture, "k", 0, 1);
    read_header(fixture, 1, "x-amz-checksum-sha256", value, sizeof value);
    assert_string_equal(value, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

/* ---- traces ---- */

static void a_trace_goes_along_with_what_is_sent(void **state)
{
    static const char trace[] = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    struct fixture *fixture = *state;
    char value[1000];
    must_put(fixture, "k", 0, 1);
    read_header(fixture, 0, "x-amzn-trace-id", value, sizeof value);
    assert_string_equal(value, "");
    setenv("_X_AMZN_TRACE_ID", trace, 1);
    must_put(fixture, "k", 0, 1);
    read_header(fixture, 1, "x-amzn-trace-id", value, sizeof value);
    assert_string_equal(value, trace);
    setenv("_X_AMZN_TRACE_ID", "a\r\nx-evil: 1", 1);
    must_put(fixture, "k", 0, 1);
    read_header(fixture, 2, "x-evil", value, sizeof value);
    assert_string_equal(value, "");
    unsetenv("_X_AMZN_TRACE_ID");
}

/* ---- replies that are cut, or lie ---- */

static void a_body_that_is_cut_anywhere_arrives_whole(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "k", OBJECT_BYTES, 5);
    for (int i = 0; i < OFFSETS; i++) {
        char fault[80];
        snprintf(fault, sizeof fault, "[{'method':'GET','cut':%d}]", i * OBJECT_BYTES / OFFSETS);
        gate_faults(fault);
        must_have(fixture, "k", OBJECT_BYTES, 5);
    }
    pxm_stream *stream = NULL;
    gate_faults("[{'method':'GET','cut':1000},{'method':'GET','cut':2000},{'method':'GET','cut':3000}]");
    assert_status(fixture, store_get(fixture, "k", 7, 200000, NULL, &stream), PXM_OK);
    assert_body(fixture, stream, 5, 7, 200000);
}

static int64_t read_to_end(struct fixture *fixture, pxm_stream *stream)
{
    static char buffer[64 << 10];
    int64_t count;
    while ((count = fixture->host->stream_read(stream, buffer, sizeof buffer, fixture->error)) > 0) {
    }
    return count;
}

static void a_body_that_is_cut_again_and_again_is_given_up(void **state)
{
    struct fixture *fixture = *state;
    pxm_stream *stream = NULL;
    must_put(fixture, "k", OBJECT_BYTES, 5);
    assert_status(fixture, put_bytes(fixture, "other", 1, 0), PXM_OK);
    gate_faults("[{'method':'GET','cut':1000,'times':100}]");
    assert_status(fixture, store_get(fixture, "k", 0, -1, NULL, &stream), PXM_OK);
    assert_int_equal(read_to_end(fixture, stream), PXM_E_TRANSIENT);
    assert_string_equal(fixture->error->code, "store.unavailable");
    assert_int_equal(gate_requests("GET"), 4);
    fixture->host->stream_close(stream);
}

static void a_body_that_never_goes_on_costs_the_time_of_the_job_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_clock *clock = &pxm_clock_system;
    pxm_stream *stream = NULL;
    must_put(fixture, "k", OBJECT_BYTES, 5);
    fixture->job.clock = clock;
    fixture->job.deadline_ms = clock->monotonic_ms(clock->arg) + 500;
    gate_faults("[{'method':'GET','hang':1000,'times':9}]");
    pxm_status status = store_get(fixture, "k", 0, -1, NULL, &stream);
    if (status == PXM_OK) {
        status = (pxm_status)read_to_end(fixture, stream);
    }
    assert_int_equal(status, PXM_E_TIMEOUT);
    assert_string_equal(fixture->error->code, "limit.time");
    fixture->host->stream_close(stream);
}

static void an_object_that_changed_meanwhile_is_no_mix(void **state)
{
    struct fixture *fixture = *state;
    pxm_stream *stream = NULL;
    must_put(fixture, "k", OBJECT_BYTES, 5);
    gate_faults("[{'method':'GET','cut':1000}]");
    assert_status(fixture, store_get(fixture, "k", 0, -1, NULL, &stream), PXM_OK);
    must_put(fixture, "k", OBJECT_BYTES, 6);
    assert_int_equal(read_to_end(fixture, stream), PXM_E_TRANSIENT);
    assert_string_equal(fixture->error->code, "store.changed");
    fixture->host->stream_close(stream);
}

static void streams_can_be_read_again(void **state)
{
    struct fixture *fixture = *state;
    pxm_stream *stream = NULL;
    must_put(fixture, "k", OBJECT_BYTES, 5);
    assert_status(fixture, store_get(fixture, "k", 100, -1, NULL, &stream), PXM_OK);
    assert_int_equal(read_to_end(fixture, stream), 0);
    assert_status(fixture, fixture->host->stream_rewind(stream, fixture->error), PXM_OK);
    assert_body(fixture, stream, 5, 100, OBJECT_BYTES - 100);
}

static void a_reply_without_length_is_read_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    pxm_stream *stream = NULL;
    must_put(fixture, "k", OBJECT_BYTES, 5);
    gate_faults("[{'method':'GET','chunked':true}]");
    assert_status(fixture, store_get(fixture, "k", 0, -1, NULL, &stream), PXM_OK);
    assert_field_null(fixture, "bytes");
    assert_body(fixture, stream, 5, 0, OBJECT_BYTES);
    gate_faults("[{'method':'GET','chunked':true}]");
    assert_status(fixture, store_list(fixture, "", NULL, 10), PXM_OK);
}

static void a_service_without_ranges_gives_the_same_part(void **state)
{
    struct fixture *fixture = *state;
    pxm_stream *stream = NULL;
    gate_faults("[{'method':'GET','status':200,'body':'0123456789','times':4,'headers':{'etag':'x'}}]");
    assert_status(fixture, store_get(fixture, "k", 3, 4, NULL, &stream), PXM_OK);
    char got[16] = "";
    assert_int_equal(fixture->host->stream_read(stream, got, sizeof got - 1, fixture->error), 4);
    assert_string_equal(got, "3456");
    assert_int_equal(fixture->host->stream_read(stream, got, sizeof got, fixture->error), 0);
    fixture->host->stream_close(stream);
    assert_status(fixture, store_get(fixture, "k", 20, 4, NULL, &stream), PXM_OK);
    assert_int_equal(fixture->host->stream_read(stream, got, sizeof got, fixture->error), 0);
    fixture->host->stream_close(stream);
}

static void another_part_than_was_asked_for_is_refused(void **state)
{
    static const char *const ranges[] = {
        "bytes 0-9/100", "bytes 4-9/9", "bytes 9-4/100", "bytes 3-9/*", "octets 3-9/100", "bytes 3-9/10x", "",
        "bytes 3-/100"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        char fault[160];
        pxm_stream *stream = NULL;
        snprintf(fault, sizeof fault, "[{'status':206,'body':'xxxxxxx','headers':{'content-range':'%s'}}]", ranges[i]);
        gate_faults(fault);
        assert_fault(fixture, store_get(fixture, "k", 3, 7, NULL, &stream), PXM_E_TRANSIENT, "store.damaged",
                     "another part");
        assert_null(stream);
    }
}

/* ---- lists ---- */

static void a_list_that_does_not_go_on_ends(void **state)
{
    static const char *const lists[] = {
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Contents><Key>b</Key></Contents><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Size>3</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents>",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char fault[400];
        snprintf(fault, sizeof fault, "[{'status':200,'body':'%s'}]", lists[i]);
        gate_faults(fault);
        assert_fault(fixture, store_list(fixture, "", NULL, 10), PXM_E_TRANSIENT, "store.damaged", "cannot list");
    }
}

static void keys_of_others_are_passed_over(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    gate_faults(
        "[{'status':200,'body':'<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
        "<Contents><Key>a</Key><Size>x</Size></Contents><Contents><Key>folder/</Key></Contents>"
        "<Contents><Key>q%0A</Key></Contents></ListBucketResult>'}]");
    assert_status(fixture, store_list(fixture, "", NULL, 3), PXM_OK);
    const pxm_value *items = host->value_get(fixture->fields, "items");
    assert_int_equal(host->value_count(items), 1);
    assert_int_equal(host->value_type(host->value_get(host->value_at(items, 0), "bytes")), PXM_TYPE_NULL);
    assert_non_null(field_text(fixture, "cursor"));
}

static void the_first_version_of_the_list_has_the_same_pages(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    conformance_set_choice(unit(), place_config(), "list_v1", 1);
    place_reopen(fixture);
    static const char *const keys[] = {"a b", "a&b", "caf\xc3\xa9", "z"};
    for (size_t i = 0; i < 4; i++) {
        must_put(fixture, keys[i], 1, 1);
    }
    char *cursor = NULL;
    static const char *const order[] = {"a b", "a&b", "caf\xc3\xa9", "z"};
    for (size_t i = 0; i < 4; i++) {
        assert_status(fixture, store_list(fixture, "", cursor, 1), PXM_OK);
        const pxm_value *item = host->value_at(host->value_get(fixture->fields, "items"), 0);
        assert_string_equal(host->value_as_string(host->value_get(item, "key"), NULL), order[i]);
        free(cursor);
        const char *next = field_text(fixture, "cursor");
        cursor = next ? strdup(next) : NULL;
    }
    assert_null(cursor);
}

int main(void)
{
    struct conformance_driver *driver = bucket_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(faults_that_pass_are_survived, driver),
        FIXTURE_TEST(a_service_that_stays_busy_is_left_alone_after_three_attempts, driver),
        FIXTURE_TEST(a_service_that_stays_broken_is_left_alone_after_three_attempts, driver),
        FIXTURE_TEST(a_digest_that_is_bad_twice_is_told, driver),
        FIXTURE_TEST(a_put_whose_reply_is_lost_is_put_once_in_effect, driver),
        FIXTURE_TEST(nobody_listens, driver),
        FIXTURE_TEST(a_service_that_says_nothing_costs_the_time_of_the_job_and_no_more, driver),
        FIXTURE_TEST(wrong_settings_are_told_by_name, driver),
        FIXTURE_TEST(a_head_that_is_refused_without_a_word_is_explained, driver),
        FIXTURE_TEST(an_expired_token_is_tried_again_once, driver),
        FIXTURE_TEST(redirects_of_others_are_not_followed, driver),
        FIXTURE_TEST(a_page_of_a_proxy_is_no_reply, driver),
        FIXTURE_TEST(what_a_service_says_is_shown_without_secrets, driver),
        FIXTURE_TEST(quotas_and_sizes_have_codes_of_their_own, driver),
        FIXTURE_TEST(a_clock_that_is_wrong_by_hours_is_corrected, driver),
        FIXTURE_TEST(a_clock_is_corrected_for_a_head_as_well, driver),
        FIXTURE_TEST(a_service_without_conditions_needs_a_setting, driver),
        FIXTURE_TEST(a_conflict_of_conditions_is_tried_again, driver),
        FIXTURE_TEST(large_bodies_wait_for_the_word_and_small_ones_do_not, driver),
        FIXTURE_TEST(a_missing_word_does_not_stop_a_body, driver),
        FIXTURE_TEST(a_refusal_comes_before_the_body, driver),
        FIXTURE_TEST(checksums_are_sent_only_where_they_are_wanted, driver),
        FIXTURE_TEST(a_trace_goes_along_with_what_is_sent, driver),
        FIXTURE_TEST(a_body_that_is_cut_anywhere_arrives_whole, driver),
        FIXTURE_TEST(a_body_that_is_cut_again_and_again_is_given_up, driver),
        FIXTURE_TEST(a_body_that_never_goes_on_costs_the_time_of_the_job_and_no_more, driver),
        FIXTURE_TEST(an_object_that_changed_meanwhile_is_no_mix, driver),
        FIXTURE_TEST(streams_can_be_read_again, driver),
        FIXTURE_TEST(a_reply_without_length_is_read_to_its_end, driver),
        FIXTURE_TEST(a_service_without_ranges_gives_the_same_part, driver),
        FIXTURE_TEST(another_part_than_was_asked_for_is_refused, driver),
        FIXTURE_TEST(a_list_that_does_not_go_on_ends, driver),
        FIXTURE_TEST(keys_of_others_are_passed_over, driver),
        FIXTURE_TEST(the_first_version_of_the_list_has_the_same_pages, driver),
    };
    return cmocka_run_group_tests_name("s3: faults", tests, NULL, NULL);
}
