/* What services and networks do to requests about queues: what passes is survived, within bounds; what does not is told
 * as what it is, with the setting to change. */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 3, CUTS = 16 };

#define ERROR(status, type) "[{'status':" status ",'body':'{\\'__type\\':\\'x#" type "\\',\\'message\\':\\'m\\'}'}]"
#define STAYS(status, type)                                                                                            \
    "[{'times':99,'target':'ReceiveMessage','status':" status ",'body':'{\\'__type\\':\\'x#" type                      \
    "\\',\\'message\\':\\'m\\'}'}]"

static void faults_that_pass_are_survived(void **state)
{
    static const char *const faults[] = {
        ERROR("400", "RequestThrottled"),
        ERROR("500", "InternalFailure"),
        "[{'status':500}]",
        "[{'status':502,'body':'<html><body>Bad gateway</body></html>'},{'status':504}]",
        "[{'status':429,'headers':{'x-amz-retry-after':'1'}}]",
        "[{'reset':'before'}]",
        "[{'close':true}]",
    };
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        gate_faults(faults[i]);
        must_send(fixture, "1");
        must_receive(fixture, receipt);
        place_forget();
        gate_faults(faults[i]);
        assert_status(fixture, queue_extend(fixture, receipt, 60000), PXM_OK);
        gate_faults(faults[i]);
        must_settle(fixture, receipt, PXM_SETTLE_DONE);
        gate_faults(faults[i]);
        must_have_depth(fixture, 0, 0, 0, 0);
        place_forget();
    }
}

/* At least once: nobody can tell that a request whose reply is lost was done. */
static void a_send_whose_reply_is_lost_is_repeated(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'target':'SendMessage','reset':'after'}]");
    must_send(fixture, "1");
    must_have_depth(fixture, 2, 0, 0, 0);
}

static void a_reply_that_is_cut_anywhere_is_asked_for_again(void **state)
{
    struct fixture *fixture = *state;
    char fault[64], receipt[RECEIPT_BYTES_MAX];
    for (int at = 0; at < CUTS; at++) {
        must_send(fixture, "1");
        snprintf(fault, sizeof fault, "[{'target':'ReceiveMessage','cut':%d}]", at);
        gate_faults(fault);
        assert_status(fixture, queue_receive(fixture, 1, 0, 1000), PXM_OK); /* what was cut off is leased */
        conformance_pass_ms(1000);
        must_receive(fixture, receipt);
        must_settle(fixture, receipt, PXM_SETTLE_DONE);
    }
}

/* A request on a connection that was kept is sent again by itself when that turns out to be dead. */
static void a_service_that_stays_in_trouble_is_left_alone(void **state)
{
    static const struct {
        const char *fault, *code, *word;
        pxm_status status;
        size_t requests;
    } rows[] = {
        {STAYS("400", "RequestThrottled"), "queue.unavailable", "RequestThrottled", PXM_E_THROTTLED, ATTEMPTS},
        {STAYS("400", "OverLimit"), "queue.unavailable", "held at once", PXM_E_THROTTLED, 1},
        {STAYS("400", "KmsThrottled"), "queue.unavailable", "KmsThrottled", PXM_E_THROTTLED, 1},
        {STAYS("400", "KmsAccessDenied"), "queue.denied", "kms:Decrypt", PXM_E_DENIED, 1},
        {STAYS("400", "UnsupportedOperation"), "queue.unavailable", "check queue", PXM_E_INVALID, 1},
        {STAYS("400", "QueueDeletedRecently"), "queue.unavailable", "a minute", PXM_E_TRANSIENT, 1},
        {STAYS("500", "InternalFailure"), "queue.unavailable", "InternalFailure", PXM_E_TRANSIENT, ATTEMPTS},
        {STAYS("403", "AccessDeniedException"), "queue.denied", "permission", PXM_E_DENIED, 1},
        {STAYS("400", "SomethingNew"), "queue.unsupported", "SomethingNew", PXM_E_INVALID, 1},
        {"[{'target':'Receive','reset':'before','times':99}]", "queue.unavailable", "cannot receive", PXM_E_TRANSIENT,
         ATTEMPTS + 1},
        {"[{'target':'Receive','cut':1,'times':99}]", "queue.unavailable", "cannot receive", PXM_E_TRANSIENT, ATTEMPTS},
        {"[{'target':'Receive','status':413,'times':99}]", "queue.too_large", "413", PXM_E_LIMIT, 1},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        place_forget();
        place_defaults(fixture);
        size_t before = place_requests("ReceiveMessage");
        gate_faults(rows[i].fault);
        assert_fault(fixture, queue_receive(fixture, 1, 0, 1000), rows[i].status, rows[i].code, rows[i].word);
        assert_int_equal(place_requests("ReceiveMessage") - before, rows[i].requests);
    }
}

static void pages_of_a_proxy_are_no_replies(void **state)
{
    static const struct {
        const char *fault, *code, *word;
        pxm_status status;
    } rows[] = {
        {"{'status':200,'headers':{'content-type':'text/html'},'body':'<html><p>Log in first</html>'}", "queue.damaged",
         "check endpoint", PXM_E_TRANSIENT},
        {"{'status':403,'body':'<html>Forbidden</html>'}", "queue.denied", "403", PXM_E_DENIED},
        {"{'status':404,'body':'<html>Not found</html>'}", "queue.unavailable", "404", PXM_E_INVALID},
        {"{'status':307,'headers':{'location':'http://other.example/x'}}", "queue.unavailable", "other.example",
         PXM_E_INVALID},
        {"{'status':200,'body':'[]'}", "queue.damaged", "check endpoint", PXM_E_TRANSIENT},
        {"{'status':200,'body':'{\\'Messages\\':['}", "queue.damaged", "check endpoint", PXM_E_TRANSIENT},
        {"{'status':200}", "queue.damaged", "check endpoint", PXM_E_TRANSIENT},
        {"{'status':200,'body':'{\\'Messages\\':[{}]}'}", "queue.damaged", "no message", PXM_E_TRANSIENT},
        {"{'status':200,'body':'{\\'Messages\\':[7]}'}", "queue.damaged", "no message", PXM_E_TRANSIENT},
        {"{'status':200,'body':'{\\'Messages\\':[{\\'MessageId\\':\\'m\\',\\'Body\\':\\'1\\'}]}'}", "queue.damaged",
         "no message", PXM_E_TRANSIENT},
    };
    struct fixture *fixture = *state;
    char fault[300];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        place_forget();
        snprintf(fault, sizeof fault, "[{'target':'ReceiveMessage',%s]", rows[i].fault + 1);
        gate_faults(fault);
        assert_fault(fixture, queue_receive(fixture, 1, 0, 1000), rows[i].status, rows[i].code, rows[i].word);
    }
}

static void wrong_settings_are_told_by_name(void **state)
{
    static const struct {
        const char *option, *value, *code, *word;
        pxm_status status;
    } rows[] = {
        {"secret_key", "gate-secret-that-is-another-one", "queue.denied", "secret_key", PXM_E_DENIED},
        {"access_key", "AKIDNOBODY", "queue.denied", "access_key", PXM_E_DENIED},
        {"access_key", "AKIDDENIED", "queue.denied", "permission", PXM_E_DENIED},
        {"region", "eu-central-1", "queue.denied", "region", PXM_E_DENIED},
        {"queue", "https://sqs.us-east-1.amazonaws.com/000000000000/gone", "queue.unavailable", "check queue",
         PXM_E_INVALID},
        {"queue", "gone", "queue.unavailable", "check queue", PXM_E_INVALID},
        {"endpoint", "http://127.0.0.1:1", "queue.unavailable", "cannot send to", PXM_E_TRANSIENT},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        place_defaults(fixture);
        place_set(fixture, rows[i].option, rows[i].value);
        assert_fault(fixture, queue_send(fixture, "1", 0, NULL), rows[i].status, rows[i].code, rows[i].word);
        if (rows[i].status != PXM_E_TRANSIENT) {
            assert_string_equal(fixture->error->notes[0].key, "aws.request_id");
            assert_string_equal(fixture->error->notes[0].value, "GATE0123456789AB");
        }
    }
}

static void what_a_queue_does_not_take_is_told(void **state)
{
    static const struct {
        const char *fault, *code;
        pxm_status status;
    } rows[] = {
        {ERROR("400", "InvalidMessageContents"), "queue.bad_message", PXM_E_INVALID},
        {"[{'status':400,'body':'{\\'__type\\':\\'x#InvalidParameterValue\\',\\'message\\':\\'One or more parameters "
         "are "
         "invalid. Reason: Message must be shorter than 1024 bytes.\\'}'}]",
         "queue.too_large", PXM_E_LIMIT},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gate_faults(rows[i].fault);
        assert_failed(fixture, queue_send(fixture, "1", 0, NULL), rows[i].status, rows[i].code);
    }
}

static void an_expired_token_is_tried_again_once(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "session_token", "gate-old-token");
    place_set(fixture, "access_key", "AKIDOLD");
    size_t before = gate_requests("POST");
    assert_fault(fixture, queue_send(fixture, "1", 0, NULL), PXM_E_DENIED, "queue.denied", "renew");
    assert_int_equal(gate_requests("POST") - before, 2);
}

static void a_clock_that_is_wrong_by_hours_is_corrected(void **state)
{
    static const char *const skews[] = {"{'gate':{'skew_ms':10800000}}", "{'gate':{'skew_ms':-86400000}}"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof skews / sizeof *skews; i++) {
        gate_settings(skews[i]);
        place_defaults(fixture);
        size_t before = gate_requests("POST");
        must_send(fixture, "1");
        assert_int_equal(gate_requests("POST") - before, 2);
        must_send(fixture, "1");
        assert_int_equal(gate_requests("POST") - before, 3);
    }
}

static void a_service_that_says_nothing_costs_the_time_of_the_job_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_clock *clock = &pxm_clock_system;
    fixture->job.clock = clock;
    fixture->job.deadline_ms = clock->monotonic_ms(clock->arg) + 200;
    gate_faults("[{'stall':true,'times':9}]");
    assert_fault(fixture, queue_send(fixture, "1", 0, NULL), PXM_E_TIMEOUT, "limit.time", "cannot send to");
    assert_int_equal(gate_requests("POST"), 1);
}

static void what_a_service_says_is_shown_without_secrets(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'status':403,'body':'{\\'__type\\':\\'x#SignatureDoesNotMatch\\',\\'message\\':\\'bad "
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef \\\\nline\\'}'}]");
    assert_fault(fixture, queue_send(fixture, "1", 0, NULL), PXM_E_DENIED, "queue.denied", "bad [...]");
    assert_null(strchr(fixture->error->text, '\n'));
}

int main(void)
{
    struct conformance_driver *driver = place_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(faults_that_pass_are_survived, driver),
        FIXTURE_TEST(a_send_whose_reply_is_lost_is_repeated, driver),
        FIXTURE_TEST(a_reply_that_is_cut_anywhere_is_asked_for_again, driver),
        FIXTURE_TEST(a_service_that_stays_in_trouble_is_left_alone, driver),
        FIXTURE_TEST(pages_of_a_proxy_are_no_replies, driver),
        FIXTURE_TEST(wrong_settings_are_told_by_name, driver),
        FIXTURE_TEST(what_a_queue_does_not_take_is_told, driver),
        FIXTURE_TEST(an_expired_token_is_tried_again_once, driver),
        FIXTURE_TEST(a_clock_that_is_wrong_by_hours_is_corrected, driver),
        FIXTURE_TEST(a_service_that_says_nothing_costs_the_time_of_the_job_and_no_more, driver),
        FIXTURE_TEST(what_a_service_says_is_shown_without_secrets, driver),
    };
    queue_use_traits(place_traits());
    return cmocka_run_group_tests_name("sqs: faults", tests, NULL, NULL);
}
