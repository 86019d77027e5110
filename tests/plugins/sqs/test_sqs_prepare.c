/* Making queues: what is missing is made, once; what is there stays as it is, and how it differs is told. */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARN     "arn:aws:sqs:us-east-1:000000000000:"
#define URL     "https://sqs.us-east-1.amazonaws.com/000000000000/"
#define LETTERS "'queue letters: retention in seconds 345600 instead of 1209600'"
#define MISSING "'status':400,'body':'{\\'__type\\':\\'com.amazonaws.sqs#QueueDoesNotExist\\',\\'message\\':\\'m\\'}'"

enum { NAME_LONGEST = 80 };

static void drop(pxm_value *value)
{
    conformance_host()->value_unref(value);
}

/* An attribute of a queue at the service; NULL: it has none. The caller frees the reply. */
static const char *attribute(const char *queue, const char *name, pxm_value **ret_reply)
{
    const struct pxm_host *host = conformance_host();
    char request[200];
    snprintf(request, sizeof request, "{'QueueUrl':'" URL "%s','AttributeNames':['All']}", queue);
    *ret_reply = gate_queue("GetQueueAttributes", request);
    const pxm_value *value = host->value_get(host->value_get(*ret_reply, "Attributes"), name);
    return value ? host->value_as_string(value, NULL) : NULL;
}

static void assert_attribute(const char *queue, const char *name, const char *expected)
{
    pxm_value *reply = NULL;
    const char *value = attribute(queue, name, &reply);
    if (!value || !expected || strcmp(value, expected) != 0) {
        assert_true(value == expected);
    }
    drop(reply);
}

static void must_prepare(struct fixture *fixture, const char *senders, const char *made, const char *there,
                         const char *differs)
{
    assert_status(fixture, place_prepare(fixture, senders), PXM_OK);
    assert_field_json(fixture, "made", made);
    assert_field_json(fixture, "there", there);
    assert_field_json(fixture, "differs", differs);
}

static pxm_status check(struct fixture *fixture)
{
    fixture_next(fixture);
    return fixture->driver->unit->check(fixture->self, &fixture->job, fixture->error);
}

/* ---- what is missing ---- */

static void a_queue_is_made_once_with_that_of_its_dead_letters(void **state)
{
    static const char *const names[] = {"made", URL "made"};
    struct fixture *fixture = *state;
    char receipt[RECEIPT_BYTES_MAX];
    for (size_t i = 0; i < 2; i++) {
        gate_reset();
        place_set(fixture, "queue", names[i]);
        assert_fault(fixture, check(fixture), PXM_E_INVALID, "queue.unavailable", "queues create");
        must_prepare(fixture, "[]", "['queue made-dead', 'queue made']", "[]", "[]");
        assert_string_equal(field_text(fixture, "queue"), "made");
        assert_attribute("made", "RedrivePolicy",
                         "{\"deadLetterTargetArn\":\"" ARN "made-dead\",\"maxReceiveCount\":5}");
        assert_attribute("made", "VisibilityTimeout", "30");
        assert_attribute("made", "MessageRetentionPeriod", "345600");
        assert_attribute("made", "Policy", NULL);
        assert_attribute("made-dead", "MessageRetentionPeriod", "1209600");
        assert_status(fixture, check(fixture), PXM_OK);
        must_prepare(fixture, "[]", "[]", "['queue made', 'queue made-dead']", "[]");
        assert_int_equal(place_requests("CreateQueue"), 2);
        assert_int_equal(place_requests("SetQueueAttributes"), 0);
        must_send(fixture, "1");
        must_receive(fixture, receipt);
        must_settle(fixture, receipt, PXM_SETTLE_DEAD);
        must_have_depth(fixture, 0, 0, 0, 1);
    }
}

static void a_queue_is_made_as_the_options_say(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "queue", "made");
    place_set(fixture, "dead_letters", "buried");
    place_set_int(fixture, "max_receives", 9);
    place_set_int(fixture, "visibility", 59001);
    place_set_int(fixture, "retention", 60000);
    must_prepare(fixture, "[]", "['queue buried', 'queue made']", "[]", "[]");
    assert_attribute("made", "RedrivePolicy", "{\"deadLetterTargetArn\":\"" ARN "buried\",\"maxReceiveCount\":9}");
    assert_attribute("made", "VisibilityTimeout", "60");
    assert_attribute("made", "MessageRetentionPeriod", "60");
}

static void dead_letters_may_go_to_a_queue_that_is_there(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "queue", "made");
    place_set(fixture, "dead_letters", "letters");
    must_prepare(fixture, "[]", "['queue made']", "['queue letters']", "[" LETTERS "]");
}

static void buckets_may_send_to_a_queue_that_is_made(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "queue", "made");
    must_prepare(fixture, "['images', 'more.images']", "['queue made-dead', 'queue made']", "[]", "[]");
    assert_attribute(
        "made", "Policy",
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Buckets\",\"Effect\":\"Allow\",\"Principal\":"
        "{\"Service\":\"s3.amazonaws.com\"},\"Action\":\"sqs:SendMessage\",\"Resource\":\"" ARN "made\","
        "\"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":\"000000000000\"},\"ArnEquals\":"
        "{\"aws:SourceArn\":[\"arn:aws:s3:::images\",\"arn:aws:s3:::more.images\"]}}}]}");
    must_prepare(fixture, "['images', 'others']", "[]", "['queue made', 'queue made-dead']",
                 "['queue made: its policy does not let the bucket others send to it']");
}

static void a_dead_letter_queue_that_is_gone_is_made_again(void **state)
{
    struct fixture *fixture = *state;
    drop(gate_queue("DeleteQueue", "{'QueueUrl':'" PLACE_LETTERS "'}"));
    place_set_int(fixture, "max_receives", 3);
    must_prepare(fixture, "[]", "['queue letters']", "['queue messages']", "[]");
    assert_status(fixture, check(fixture), PXM_OK);
}

static void a_dead_letter_queue_of_others_is_not_made(void **state)
{
    static const char *const arns[] = {"arn:aws:sqs:us-east-1:999999999999:letters",
                                       "arn:aws:sqs:eu-central-1:000000000000:gone"};
    struct fixture *fixture = *state;
    char request[400];
    for (size_t i = 0; i < 2; i++) {
        snprintf(request, sizeof request,
                 "{'QueueUrl':'" PLACE_QUEUE "','Attributes':{'RedrivePolicy':'{\\'deadLetterTargetArn\\':"
                 "\\'%s\\',\\'maxReceiveCount\\':3}'}}",
                 arns[i]);
        drop(gate_queue("SetQueueAttributes", request));
        assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_INVALID, "queue.unavailable", "is not there");
    }
    assert_int_equal(place_requests("CreateQueue"), 0);
}

/* ---- what is there ---- */

static void what_a_queue_has_otherwise_is_told_and_stays(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "dead_letters", "buried");
    place_set_int(fixture, "visibility", 60000);
    place_set_int(fixture, "retention", 3600000);
    must_prepare(fixture, "['images']", "[]", "['queue messages', 'queue letters']",
                 "['queue messages: dead letters go to letters instead of buried', "
                 "'queue messages: max_receives 3 instead of 5', "
                 "'queue messages: visibility in seconds 30 instead of 60', "
                 "'queue messages: retention in seconds 345600 instead of 3600', " LETTERS ", "
                 "'queue messages: its policy does not let the bucket images send to it']");
    assert_int_equal(place_requests("CreateQueue"), 0);
    assert_int_equal(place_requests("SetQueueAttributes"), 0);
    assert_attribute("messages", "VisibilityTimeout", "30");
}

static void a_queue_that_nothing_is_received_from_is_told(void **state)
{
    struct fixture *fixture = *state;
    drop(gate_queue("CreateQueue", "{'QueueName':'plain'}"));
    place_set(fixture, "queue", "plain");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_INVALID, "queue.unavailable", "no redrive policy");
    drop(gate_queue("SetQueueAttributes", "{'QueueUrl':'" URL "plain','Attributes':{'RedrivePolicy':'{}'}}"));
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_INVALID, "queue.unavailable", "not whole");
    assert_int_equal(place_requests("CreateQueue"), 0);
}

#define POLICY(statement) "{\\'Version\\':\\'2012-10-17\\',\\'Statement\\':" statement "}"
#define S3                "\\'Effect\\':\\'Allow\\',\\'Principal\\':{\\'Service\\':\\'s3.amazonaws.com\\'}"
#define SEND              "\\'Action\\':\\'sqs:SendMessage\\'"
#define FROM(test, arn)   "\\'Condition\\':{\\'" test "\\':{\\'aws:SourceArn\\':" arn "}}"
#define IMAGES            "\\'arn:aws:s3:::images\\'"

static void policies_of_others_are_understood(void **state)
{
    static const struct {
        const char *policy;
        bool lets;
    } rows[] = {
        {POLICY("[{" S3 "," SEND "," FROM("ArnEquals", IMAGES) "}]"), true},
        {POLICY("{" S3 "," SEND "," FROM("ArnLike", "[\\'x\\'," IMAGES "]") "}"), true},
        {POLICY("[{" S3 "," SEND "," FROM("ArnLike", "\\'arn:aws:s3:*:*:ima?es\\'") "}]"), true},
        {POLICY("[{" S3 ",\\'Action\\':[\\'sqs:GetQueueUrl\\',\\'SQS:Send*\\']}]"), true},
        {POLICY("[{\\'Effect\\':\\'Allow\\',\\'Principal\\':\\'*\\',\\'Action\\':\\'*\\'," FROM("StringLike",
                                                                                                IMAGES) "}]"),
         true},
        {POLICY("[{\\'Effect\\':\\'Allow\\',\\'Principal\\':{\\'AWS\\':\\'*\\'},\\'Action\\':\\'sqs:*\\'}]"), true},
        {POLICY("[{\\'Effect\\':\\'Deny\\'},{" S3 "," SEND "}]"), true},
        {POLICY("[{" S3 "," SEND "," FROM("ArnEquals", "\\'arn:aws:s3:::others\\'") "}]"), false},
        {POLICY("[{" S3 "," SEND "," FROM("ArnNotLike", IMAGES) "}]"), false},
        {POLICY("[{" S3 ",\\'Action\\':\\'sqs:ReceiveMessage\\'}]"), false},
        {POLICY("[{" S3 "}]"), false},
        {POLICY("[{\\'Effect\\':\\'Deny\\',\\'Principal\\':\\'*\\'," SEND "}]"), false},
        {POLICY("[{\\'Effect\\':\\'Allow\\',\\'Principal\\':{\\'Service\\':[\\'sns.amazonaws.com\\']}," SEND "}]"),
         false},
        {POLICY("[1,null,[],\\'x\\']"), false},
        {POLICY("7"), false},
        {"[]", false},
        {"{", false},
    };
    struct fixture *fixture = *state;
    char request[800];
    place_set_int(fixture, "max_receives", 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(request, sizeof request, "{'QueueUrl':'" PLACE_QUEUE "','Attributes':{'Policy':'%s'}}",
                 rows[i].policy);
        drop(gate_queue("SetQueueAttributes", request));
        must_prepare(fixture, "['images']", "[]", "['queue messages', 'queue letters']",
                     rows[i].lets ? "[" LETTERS "]"
                                  : "[" LETTERS
                                    ", 'queue messages: its policy does not let the bucket images send to it']");
    }
}

/* ---- what goes wrong ---- */

static void who_may_not_make_queues_makes_none(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "queue", "made");
    place_set(fixture, "access_key", "AKIDDENIED");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_DENIED, "queue.denied", "permission");
    place_set(fixture, "access_key", GATE_KEY);
    gate_faults("[{'target':'CreateQueue','status':403,'body':'{\\'__type\\':\\'x#AccessDeniedException\\',"
                "\\'message\\':\\'m\\'}'}]");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_DENIED, "queue.denied", "cannot make the queue made");
    must_prepare(fixture, "[]", "['queue made-dead', 'queue made']", "[]", "[]");
}

static void a_queue_is_made_where_it_belongs_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "queue", "made");
    place_set(fixture, "region", "eu-central-1");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_DENIED, "queue.denied", "region");
    place_set(fixture, "queue", URL "made");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_INVALID, "queue.unavailable", "another region");
    assert_int_equal(place_requests("CreateQueue"), 0);
    place_set(fixture, "region", NULL);
    place_set(fixture, "queue", "https://sqs.us-east-1.amazonaws.com/999999999999/made");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_INVALID, "queue.unavailable", "another account");
    pxm_value *reply = NULL;
    assert_null(attribute("made", "QueueArn", &reply));
    drop(reply);
}

static void a_name_with_no_room_for_that_of_its_dead_letters_is_told(void **state)
{
    struct fixture *fixture = *state;
    char name[NAME_LONGEST + 1];
    memset(name, 'a', NAME_LONGEST);
    name[NAME_LONGEST] = '\0';
    place_set(fixture, "queue", name);
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_INVALID, "queue.unavailable", "set dead_letters");
    place_set(fixture, "dead_letters", "buried");
    assert_status(fixture, place_prepare(fixture, "[]"), PXM_OK);
}

static void what_passes_is_survived_and_what_does_not_is_told(void **state)
{
    static const char *const passing[] = {
        "[{'target':'CreateQueue','status':400,'body':'{\\'__type\\':\\'x#RequestThrottled\\'}'},"
        "{'target':'GetQueueUrl','status':503}]",
        "[{'target':'CreateQueue','reset':'after'},{'target':'GetQueueAttributes','reset':'before'}]",
        "[{'target':'GetQueueAttributes','times':2," MISSING "}]", /* it is not seen at once */
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        gate_reset();
        place_set(fixture, "queue", "made");
        gate_faults(passing[i]);
        must_prepare(fixture, "[]", "['queue made-dead', 'queue made']", "[]", "[]");
    }
    gate_reset();
    gate_faults("[{'times':99,'target':'CreateQueue','status':400,'body':'{\\'__type\\':\\'x#RequestThrottled\\'}'}]");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_THROTTLED, "queue.unavailable", "RequestThrottled");
    place_forget();
    gate_faults("[{'target':'CreateQueue','status':400,'body':'{\\'__type\\':\\'x#QueueDeletedRecently\\',"
                "\\'message\\':\\'m\\'}'}]");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_TRANSIENT, "queue.unavailable", "a minute must pass");
    gate_faults("[{'target':'CreateQueue','status':200,'body':'{}'}]");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_TRANSIENT, "queue.damaged", "no URL");
    gate_faults("[{'target':'GetQueueAttributes','status':200,'body':'{\\'Attributes\\':{\\'QueueArn\\':\\'x\\'}}'}]");
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_TRANSIENT, "queue.damaged", "no ARN");
}

static void one_that_others_make_at_the_same_time_is_taken_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "queue", "messages");
    gate_faults("[{'target':'GetQueueUrl'," MISSING "}]");
    must_prepare(fixture, "[]", "['queue messages-dead']", "['queue letters']",
                 "['queue messages: max_receives 3 instead of 5', " LETTERS "]");
    place_set(fixture, "queue", "made");
    place_set(fixture, "dead_letters", "letters");
    gate_faults("[{'target':'GetQueueUrl','skip':1," MISSING "}]");
    must_prepare(fixture, "[]", "['queue made']", "[]", "[" LETTERS "]");
}

static void a_run_that_is_cancelled_makes_nothing(void **state)
{
    struct fixture *fixture = *state;
    place_set(fixture, "queue", "made");
    atomic_store(&fixture->cancelled, true);
    assert_fault(fixture, place_prepare(fixture, "[]"), PXM_E_TIMEOUT, "limit.time", "cancelled");
    assert_int_equal(place_requests("GetQueueUrl"), 0);
}

int main(void)
{
    struct conformance_driver *driver = place_driver();
    queue_use_traits(place_traits());
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_queue_is_made_once_with_that_of_its_dead_letters, driver),
        FIXTURE_TEST(a_queue_is_made_as_the_options_say, driver),
        FIXTURE_TEST(dead_letters_may_go_to_a_queue_that_is_there, driver),
        FIXTURE_TEST(buckets_may_send_to_a_queue_that_is_made, driver),
        FIXTURE_TEST(a_dead_letter_queue_that_is_gone_is_made_again, driver),
        FIXTURE_TEST(a_dead_letter_queue_of_others_is_not_made, driver),
        FIXTURE_TEST(what_a_queue_has_otherwise_is_told_and_stays, driver),
        FIXTURE_TEST(a_queue_that_nothing_is_received_from_is_told, driver),
        FIXTURE_TEST(policies_of_others_are_understood, driver),
        FIXTURE_TEST(who_may_not_make_queues_makes_none, driver),
        FIXTURE_TEST(a_queue_is_made_where_it_belongs_or_not_at_all, driver),
        FIXTURE_TEST(a_name_with_no_room_for_that_of_its_dead_letters_is_told, driver),
        FIXTURE_TEST(what_passes_is_survived_and_what_does_not_is_told, driver),
        FIXTURE_TEST(one_that_others_make_at_the_same_time_is_taken_as_it_is, driver),
        FIXTURE_TEST(a_run_that_is_cancelled_makes_nothing, driver),
    };
    return cmocka_run_group_tests_name("sqs: making queues", tests, NULL, NULL);
}
