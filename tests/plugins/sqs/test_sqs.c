/* What is sqs's own: where a queue is, what others have sent, and dead letters as the service keeps them. */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEP = 30, POLL_MS = 1500 };

/* ---- settings ---- */

static void what_cannot_be_a_queue_is_refused(void **state)
{
    static const struct {
        const char *option, *value, *word;
    } rows[] = {
        {"queue", "", "1 to 80 letters"},
        {"queue", "a b", "1 to 80 letters"},
        {"queue", "events.fifo", "order"},
        {"queue", "https://sqs.eu-central-1.amazonaws.com/1/events.fifo", "order"},
        {"queue", "https://sqs.eu-central-1.amazonaws.com", "no URL of a queue"},
        {"queue", "https://sqs.eu-central-1.amazonaws.com/", "no URL of a queue"},
        {"queue", "ftp://sqs.example/1/events", "no URL of a queue"},
        {"queue", "https://sqs.example/1/events?x=1", "no URL of a queue"},
        {"dead_letters", "a b", "1 to 80 letters"},
        {"dead_letters", "letters.fifo", "order"},
        {"dead_letters", "events", "the queue itself"},
        {"region", "no region", "region"},
        {"endpoint", "nowhere", "endpoint"},
    };
    struct fixture *fixture = *state;
    const struct pxm_unit *unit = fixture->driver->unit;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *config = conformance_config(unit);
        conformance_set_string(unit, config, "queue", "events");
        conformance_set_string(unit, config, rows[i].option, rows[i].value);
        fixture_next(fixture);
        pxm_status status = unit->validate(fixture->host, config, fixture->error);
        assert_fault(fixture, status, PXM_E_INVALID, "option.invalid", rows[i].word);
        free(config);
    }
}

static void a_queue_is_found_by_its_name_too(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    place_set(fixture, "queue", "messages");
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    assert_int_equal(place_requests("GetQueueUrl"), 2); /* and its dead letters' */
}

static void the_host_of_a_queue_is_where_it_is_unless_it_is_told(void **state)
{
    struct fixture *fixture = *state;
    char url[128];
    snprintf(url, sizeof url, "%s/000000000000/messages", gate_queue_url());
    place_set(fixture, "endpoint", NULL);
    place_set(fixture, "queue", url);
    must_send(fixture, "1");
    setenv("AWS_ENDPOINT_URL_SQS", gate_queue_url(), 1);
    place_set(fixture, "queue", "https://sqs.us-east-1.localhost/000000000000/messages");
    must_send(fixture, "2");
    unsetenv("AWS_ENDPOINT_URL_SQS");
    must_have_depth(fixture, 2, 0, 0, 0);
}

static void nothing_is_received_from_a_queue_that_would_give_it_for_ever(void **state)
{
    static const char *const policies[] = {
        "x", "{}", "{\\\"maxReceiveCount\\\":3}",
        "{\\\"maxReceiveCount\\\":0,\\\"deadLetterTargetArn\\\":\\\"a:b:letters\\\"}",
        "{\\\"maxReceiveCount\\\":3,\\\"deadLetterTargetArn\\\":\\\"letters\\\"}"};
    struct fixture *fixture = *state;
    char request[400];
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        snprintf(request, sizeof request, "{'QueueUrl':'%s','Attributes':{'RedrivePolicy':'%s'}}", PLACE_QUEUE,
                 policies[i]);
        fixture->host->value_unref(gate_queue("SetQueueAttributes", request));
        assert_fault(fixture, queue_receive(fixture, 1, 0, 1000), PXM_E_INVALID, "queue.unavailable", "redrive policy");
    }
    fixture->host->value_unref(gate_queue("CreateQueue", "{'QueueName':'plain'}"));
    place_set(fixture, "queue", "plain");
    assert_fault(fixture, queue_receive(fixture, 1, 0, 1000), PXM_E_INVALID, "queue.unavailable", "no redrive policy");
    must_send(fixture, "1"); /* but it may be sent to */
}

/* ---- messages ---- */

static void put(const char *queue, const char *body)
{
    char request[2048];
    snprintf(request, sizeof request, "{'QueueUrl':'%s','MessageBody':'%s'}", queue, body);
    conformance_host()->value_unref(gate_queue("SendMessage", request));
}

static void what_others_sent_comes_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX], deep[2 * DEEP + 1];
    put(PLACE_QUEUE, "hello, world");
    must_receive(fixture, receipt);
    assert_string_equal(item_text(fixture, 0, "body"), "hello, world");
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    put(PLACE_QUEUE, " [1, 2] ");
    must_receive(fixture, receipt);
    assert_item_json(fixture, 0, "body", "[1, 2]");
    must_settle(fixture, receipt, PXM_SETTLE_DONE);
    memset(deep, '[', DEEP);
    memset(deep + DEEP, ']', DEEP);
    deep[2 * DEEP] = '\0';
    put(PLACE_QUEUE, deep);
    must_receive(fixture, receipt);
    assert_string_equal(item_text(fixture, 0, "body"), deep);
    must_settle(fixture, receipt, PXM_SETTLE_DEAD);
    assert_status(fixture, queue_dead(fixture, NULL, 10), PXM_OK);
    assert_string_equal(item_text(fixture, 0, "body"), deep);
}

static void characters_that_a_message_may_not_have_come_through(void **state)
{
    static const char text[] =
        "\xef\xbf\xbe \xef\xbf\xbf \xf4\x8f\xbf\xbf \xf0\x90\x80\x80 \xed\x9f\xbf \x01\x7f\\ caf\xc3\xa9";
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    size_t length = 0;
    pxm_value *value = fixture->host->value_string(text, sizeof text - 1);
    assert_status(fixture, queue_send_value(fixture, value), PXM_OK);
    must_receive(fixture, receipt);
    const char *back = fixture->host->value_as_string(item_field(fixture, 0, "body"), &length);
    assert_int_equal(length, sizeof text - 1);
    assert_memory_equal(back, text, length);
    fixture->host->value_unref(value);
}

static void a_text_that_does_not_have_its_checksum_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'target':'ReceiveMessage','status':200,'body':'{\\'Messages\\':[{\\'MessageId\\':\\'m\\',"
                "\\'ReceiptHandle\\':\\'r\\',\\'Body\\':\\'1\\',\\'MD5OfBody\\':"
                "\\'00000000000000000000000000000000\\'}]}'}]");
    assert_fault(fixture, queue_receive(fixture, 1, 0, 1000), PXM_E_TRANSIENT, "queue.damaged", "checksum");
    assert_int_equal(place_requests("ChangeMessageVisibility"), 1); /* it is given back */
    gate_faults("[{'target':'SendMessage','status':200,'body':'{\\'MessageId\\':\\'m\\',\\'MD5OfMessageBody\\':"
                "\\'00000000000000000000000000000000\\'}'}]");
    assert_fault(fixture, queue_send(fixture, "1", 0, NULL), PXM_E_TRANSIENT, "queue.damaged", "another one");
}

static void a_service_that_does_not_wait_is_not_asked_without_a_pause(void **state)
{
    struct fixture *fixture = *state;
    gate_faults("[{'target':'ReceiveMessage','status':200,'body':'{}','times':1000}]");
    assert_status(fixture, queue_receive(fixture, 1, POLL_MS, 1000), PXM_OK);
    assert_int_equal(item_count(fixture), 0);
    assert_in_range(place_requests("ReceiveMessage"), 1, 3);
}

/* ---- dead letters ---- */

static const pxm_value *attribute(const pxm_value *message, const char *name)
{
    const struct pxm_host *host = conformance_host();
    const pxm_value *all = host->value_get(message, "MessageAttributes");
    return host->value_get(host->value_get(all, name), "StringValue");
}

static void a_dead_letter_lies_in_the_dead_letter_queue_with_its_cause(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    char id[64];
    must_make_dead(fixture, "{'n': 1}", "image.damaged");
    assert_status(fixture, queue_dead(fixture, NULL, 1), PXM_OK);
    snprintf(id, sizeof id, "%s", item_text(fixture, 0, "id"));
    pxm_value *reply = gate_queue("ReceiveMessage", "{'QueueUrl':'" PLACE_LETTERS "','MessageAttributeNames':['All']}");
    const pxm_value *message = host->value_at(host->value_get(reply, "Messages"), 0);
    assert_string_equal(host->value_as_string(host->value_get(message, "Body"), NULL), "{\"n\":1}");
    assert_string_equal(host->value_as_string(attribute(message, "pxm_id"), NULL), id);
    assert_string_equal(host->value_as_string(attribute(message, "pxm_cause"), NULL), "{\"code\":\"image.damaged\"}");
    host->value_unref(reply);
}

static void a_message_is_not_deleted_before_its_dead_letter_is_there(void **state)
{
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    gate_faults("[{'target':'SendMessage','status':403,'body':'{\\'__type\\':\\'x#AccessDeniedException\\',"
                "\\'message\\':\\'m\\'}'}]");
    assert_fault(fixture, queue_settle(fixture, receipt, PXM_SETTLE_DEAD, 0, NULL), PXM_E_DENIED, "queue.denied",
                 "permission");
    must_have_depth(fixture, 0, 0, 1, 0);
    must_settle(fixture, receipt, PXM_SETTLE_DEAD);
    must_have_depth(fixture, 0, 0, 0, 1);
}

static void a_receipt_of_another_process_is_settled_as_far_as_the_service_can(void **state)
{
    struct fixture *fixture = *state;
    struct conformance_driver *driver = fixture->driver;
    struct fixture *other = fixture_new(driver, driver->open_again(driver->arg));
    char receipt[RECEIPT_BYTES_MAX];
    must_send(fixture, "1");
    must_receive(fixture, receipt);
    must_settle(other, receipt, PXM_SETTLE_DEAD); /* its redrive policy makes the letter, in time */
    must_have_depth(fixture, 1, 0, 0, 0);
    must_receive(fixture, receipt);
    assert_status(fixture, queue_extend(other, receipt, 1000), PXM_OK);
    assert_status(fixture, queue_settle(other, receipt, PXM_SETTLE_RETRY, 60000, NULL), PXM_OK);
    must_receive_nothing(fixture);
    driver->close(driver->arg, other->self);
    fixture_free(other);
}

static void letters_that_were_looked_at_can_be_looked_at_again(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 12; i++) {
        must_make_dead(fixture, "1", "test.failed");
    }
    for (int i = 0; i < 3; i++) {
        assert_status(fixture, queue_dead(fixture, NULL, 1000), PXM_OK);
        assert_int_equal(item_count(fixture), 12);
    }
    must_have_depth(fixture, 0, 0, 0, 12);
}

int main(void)
{
    struct conformance_driver *driver = place_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(what_cannot_be_a_queue_is_refused, driver),
        FIXTURE_TEST(a_queue_is_found_by_its_name_too, driver),
        FIXTURE_TEST(the_host_of_a_queue_is_where_it_is_unless_it_is_told, driver),
        FIXTURE_TEST(nothing_is_received_from_a_queue_that_would_give_it_for_ever, driver),
        FIXTURE_TEST(what_others_sent_comes_as_it_is, driver),
        FIXTURE_TEST(characters_that_a_message_may_not_have_come_through, driver),
        FIXTURE_TEST(a_text_that_does_not_have_its_checksum_is_not_believed, driver),
        FIXTURE_TEST(a_service_that_does_not_wait_is_not_asked_without_a_pause, driver),
        FIXTURE_TEST(a_dead_letter_lies_in_the_dead_letter_queue_with_its_cause, driver),
        FIXTURE_TEST(a_message_is_not_deleted_before_its_dead_letter_is_there, driver),
        FIXTURE_TEST(a_receipt_of_another_process_is_settled_as_far_as_the_service_can, driver),
        FIXTURE_TEST(letters_that_were_looked_at_can_be_looked_at_again, driver),
    };
    queue_use_traits(place_traits());
    return cmocka_run_group_tests_name("sqs", tests, NULL, NULL);
}
