/* Events of objects as services write them: every shape, every odd key, and what is no event at all. */
#include "app/object_event.h"

#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { JSON_MAX = 64 << 10 };

/* JSON with ' for ". */
static pxm_value *json_value(const char *json)
{
    char *text = strdup(json);
    pxm_value *value = NULL;
    assert_non_null(text);
    for (char *c = text; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    assert_int_equal(pxm_json_parse(text, strlen(text), &value, NULL), PXM_OK);
    free(text);
    return value;
}

static pxm_status read_event(const char *json, struct app_object_event *event, pxm_error *error)
{
    pxm_value *value = json_value(json);
    *event = (struct app_object_event){.count = 0};
    pxm_error_clear(error);
    pxm_status status = app_object_event_read(value, event, error);
    pxm_value_unref(value);
    return status;
}

static void must_read(const char *json, struct app_object_event *event, size_t count)
{
    pxm_error error = {0};
    pxm_status status = read_event(json, event, &error);
    if (status != PXM_OK) {
        fail_msg("%s: %s", json, error.text);
    }
    assert_int_equal(event->count, count);
}

static void must_refuse(const char *json, pxm_status status, const char *code)
{
    struct app_object_event event;
    pxm_error error = {0};
    assert_int_equal(read_event(json, &event, &error), status);
    assert_string_equal(error.code, code);
    assert_int_equal(event.count, 0);
    assert_null(event.objects);
}

/* The notification of one object, whose key is JSON without its quotes. */
static const char *notification(const char *key)
{
    static char json[JSON_MAX];
    snprintf(json, sizeof json,
             "{'Records':[{'eventVersion':'2.1','eventSource':'aws:s3','awsRegion':'eu-central-1',"
             "'eventTime':'2026-11-22T13:37:00.123Z','eventName':'ObjectCreated:Put','s3':{'s3SchemaVersion':'1.0',"
             "'bucket':{'name':'images','arn':'arn:aws:s3:::images'},'object':{'key':'%s','size':1024,"
             "'eTag':'d41d8cd98f00b204e9800998ecf8427e','versionId':'v1','sequencer':'0055aed6dcd90281e5'}}}]}",
             key);
    return json;
}

static const char *eventbridge(const char *key)
{
    static char json[JSON_MAX];
    snprintf(json, sizeof json,
             "{'version':'0','id':'17793124-05d4','detail-type':'Object Created','source':'aws.s3','account':'1',"
             "'time':'2026-11-22T13:37:00Z','region':'eu-central-1','resources':['arn:aws:s3:::images'],"
             "'detail':{'version':'0','bucket':{'name':'images'},'object':{'key':'%s','size':5,'etag':'b1946ac9',"
             "'version-id':'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e','sequencer':'617f08299329d189'},'reason':'PutObject'}}",
             key);
    return json;
}

/* Text as a JSON string, with ' for ". */
static void quote(const char *json, char *ret, size_t room)
{
    size_t at = 0;
    ret[at++] = '\'';
    for (; *json && at + 4 < room; json++) {
        if (*json == '\'') {
            ret[at++] = '\\';
        }
        ret[at++] = *json;
    }
    memcpy(ret + at, "'", 2);
}

/* ---- shapes ---- */

static void a_notification_tells_its_object(void **state)
{
    struct app_object_event event;
    (void)state;
    must_read(notification("uploads/cat.jpg"), &event, 1);
    const struct app_made_object *object = &event.objects[0];
    assert_string_equal(object->key, "uploads/cat.jpg");
    assert_null(object->decoded_key);
    assert_string_equal(object->bucket, "images");
    assert_string_equal(object->etag, "\"d41d8cd98f00b204e9800998ecf8427e\"");
    assert_string_equal(object->version, "v1");
    assert_string_equal(object->sequencer, "0055AED6DCD90281E500000000000000");
    assert_int_equal(object->bytes, 1024);
    assert_int_equal(object->time_ms, 1795354620123);
    app_object_event_done(&event);
}

static void one_through_sns_is_the_same(void **state)
{
    char inner[JSON_MAX], json[JSON_MAX + 256], again[2 * JSON_MAX];
    struct app_object_event event;
    (void)state;
    quote(notification("uploads/cat.jpg"), inner, sizeof inner);
    snprintf(json, sizeof json, "{'Type':'Notification','MessageId':'1','TopicArn':'arn:aws:sns:x','Message':%s}",
             inner);
    must_read(json, &event, 1);
    assert_string_equal(event.objects[0].key, "uploads/cat.jpg");
    app_object_event_done(&event);
    quote(notification("uploads/dog.jpg"), again, sizeof again); /* what is in a string, too */
    must_read(again, &event, 1);
    assert_string_equal(event.objects[0].key, "uploads/dog.jpg");
    app_object_event_done(&event);
}

static void one_of_eventbridge_is_the_same(void **state)
{
    struct app_object_event event;
    (void)state;
    must_read(eventbridge("uploads/cat.jpg"), &event, 1);
    const struct app_made_object *object = &event.objects[0];
    assert_string_equal(object->key, "uploads/cat.jpg");
    assert_null(object->decoded_key);
    assert_string_equal(object->bucket, "images");
    assert_string_equal(object->etag, "\"b1946ac9\"");
    assert_string_equal(object->version, "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e");
    assert_string_equal(object->sequencer, "617F08299329D1890000000000000000");
    assert_int_equal(object->bytes, 5);
    assert_int_equal(object->time_ms, 1795354620000);
    app_object_event_done(&event);
}

static void what_is_not_told_is_not_known(void **state)
{
    struct app_object_event event;
    (void)state;
    must_read("{'Records':[{'eventSource':'minio:s3','eventName':'s3:ObjectCreated:CompleteMultipartUpload',"
              "'s3':{'bucket':{'name':'b'},'object':{'key':'a','sequencer':'no hex','size':'big','eTag':null}}}]}",
              &event, 1);
    assert_null(event.objects[0].etag);
    assert_null(event.objects[0].version);
    assert_null(event.objects[0].sequencer);
    assert_int_equal(event.objects[0].bytes, PXM_UNSET_INT);
    assert_int_equal(event.objects[0].time_ms, PXM_UNSET_INT);
    app_object_event_done(&event);
}

static void other_events_tell_of_no_object(void **state)
{
    static const char *const others[] = {
        "{'Service':'Amazon S3','Event':'s3:TestEvent','Time':'2014-10-13T15:57:02.089Z','Bucket':'images',"
        "'RequestId':'5582815E1AEA5ADF','HostId':'8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR'}",
        "{'Records':[{'eventSource':'aws:s3','eventName':'ObjectRemoved:Delete','s3':{'bucket':{'name':'images'},"
        "'object':{'key':'%00'}}}]}",
        "{'detail-type':'Object Deleted','source':'aws.s3','detail':{'object':{'key':'a'}}}",
        "{'Type':'Notification','Message':'{\\'Event\\':\\'s3:TestEvent\\'}'}",
        "{'Records':[{'eventSource':'aws:s3','eventName':'ObjectCreated:Put','s3':{'bucket':{'name':'images'},"
        "'object':{'key':'uploads/','size':0}}}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct app_object_event event;
        must_read(others[i], &event, 0);
        app_object_event_done(&event);
    }
}

static void what_is_no_event_is_refused(void **state)
{
    static const char *const none[] = {
        "null",
        "7",
        "[]",
        "{}",
        "''",
        "'not JSON'",
        "{'Records':[]}",
        "{'Records':7}",
        "{'Records':[7]}",
        "{'Records':[{}]}",
        "{'Records':[{'eventSource':'aws:sqs','body':'{}'}]}",
        "{'Records':[{'eventSource':'s3'}]}",
        "{'Type':'SubscriptionConfirmation','Message':'{}'}",
        "{'Type':'Notification','Message':{}}",
        "{'Type':'Notification','Message':'hello'}",
        "{'source':'aws.ec2','detail-type':'Object Created'}",
        "'\\'\\\\\\'\\\\\\\\\\\\\\'a\\\\\\\\\\\\\\'\\\\\\'\\''", /* a string in a string, again and again */
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        must_refuse(none[i], PXM_E_INVALID, "event.unknown");
    }
}

static void an_event_that_lacks_something_is_refused(void **state)
{
#define RECORD "{'Records':[{'eventSource':'aws:s3','eventName':'ObjectCreated:Put'"
    static const char *const poor[] = {
        RECORD "}]}",
        RECORD ",'s3':{'bucket':{'name':'b'}}}]}",
        RECORD ",'s3':{'object':{'key':'a'}}}]}",
        RECORD ",'s3':{'bucket':{'name':''},'object':{'key':'a'}}}]}",
        RECORD ",'s3':{'bucket':{'name':'a\\nb'},'object':{'key':'a'}}}]}",
        RECORD ",'s3':{'bucket':{'name':'b'},'object':{'key':7}}}]}",
        RECORD ",'eventVersion':'3.0','s3':{'bucket':{'name':'b'},'object':{'key':'a'}}}]}",
        "{'Records':[{'eventSource':'aws:s3','s3':{'bucket':{'name':'b'},'object':{'key':'a'}}}]}",
        "{'source':'aws.s3','detail-type':'Object Created'}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof poor / sizeof *poor; i++) {
        must_refuse(poor[i], PXM_E_INVALID, "event.invalid");
    }
}

/* ---- keys ---- */

static void keys_of_notifications_are_decoded_once(void **state)
{
    static const struct {
        const char *encoded, *key;
    } cases[] = {
        {"a+b%20c.jpg", "a b c.jpg"},
        {"uploads%2Fcat.jpg", "uploads/cat.jpg"},
        {"a%2Bb.jpg", "a+b.jpg"},
        {"100%25.jpg", "100%.jpg"},
        {"a%252Fb", "a%2Fb"},
        {"%C3%A7.jpg", "\xc3\xa7.jpg"},
        {"\\u00e7.jpg", "\xc3\xa7.jpg"},
        {"a%26b%3Dc", "a&b=c"},
        {"%27quoted%27", "'quoted'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct app_object_event event;
        must_read(notification(cases[i].encoded), &event, 1);
        assert_string_equal(event.objects[0].key, cases[i].key);
        assert_null(event.objects[0].decoded_key);
        app_object_event_done(&event);
    }
}

static void keys_of_eventbridge_may_or_may_not_be_encoded(void **state)
{
    static const struct {
        const char *told, *key, *decoded;
    } cases[] = {
        {"plain.jpg", "plain.jpg", NULL}, {"a+b.jpg", "a+b.jpg", "a b.jpg"}, {"a%20b.jpg", "a%20b.jpg", "a b.jpg"},
        {"100%.jpg", "100%.jpg", NULL},   {"a%2e%2e/b", "a%2e%2e/b", NULL},  {"a b", "a b", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct app_object_event event;
        must_read(eventbridge(cases[i].told), &event, 1);
        assert_string_equal(event.objects[0].key, cases[i].key);
        if (cases[i].decoded) {
            assert_string_equal(event.objects[0].decoded_key, cases[i].decoded);
        } else {
            assert_null(event.objects[0].decoded_key);
        }
        app_object_event_done(&event);
    }
}

static void keys_that_no_store_has_are_refused(void **state)
{
    static const char *const bad[] = {"",           "%00", "a%00b", "..",    "../a",   "a/../b", "%2e%2e/a",
                                      "a%2F..%2Fb", "/a",  "a//b",  "a%0Ab", "a\\nb",  "%7F",    "a%5Cb",
                                      "%",          "%zz", "a%2",   "%FF",   "%C3%28", "%C0%AE"};
    char longer[1100];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        must_refuse(notification(bad[i]), PXM_E_INVALID, "event.key");
    }
    memset(longer, 'x', 1025);
    longer[1025] = '\0';
    must_refuse(notification(longer), PXM_E_INVALID, "event.key");
    must_refuse(eventbridge(longer), PXM_E_INVALID, "event.key");
    must_refuse(eventbridge("../a"), PXM_E_INVALID, "event.key");
    longer[1024] = '\0';
    struct app_object_event event;
    must_read(notification(longer), &event, 1);
    app_object_event_done(&event);
}

/* ---- several ---- */

#define ONE(key, sequencer)                                                                                            \
    "{'eventSource':'aws:s3','eventName':'ObjectCreated:Put','s3':{'bucket':{'name':'b'},'object':{'key':'" key        \
    "','sequencer':'" sequencer "','eTag':'" sequencer "'}}}"

static void of_one_key_the_latest_counts(void **state)
{
    struct app_object_event event;
    (void)state;
    must_read("{'Records':[" ONE("a", "0a") "," ONE("b", "01") "," ONE("a", "0B") "," ONE("a", "0AFF") "]}", &event, 2);
    assert_string_equal(event.objects[0].key, "a");
    assert_string_equal(event.objects[0].etag, "\"0B\"");
    assert_string_equal(event.objects[1].key, "b");
    app_object_event_done(&event);
}

static void there_are_not_too_many(void **state)
{
    static char json[JSON_MAX];
    struct app_object_event event;
    (void)state;
    for (int count = APP_OBJECT_EVENT_MAX; count <= APP_OBJECT_EVENT_MAX + 1; count++) {
        size_t at = (size_t)snprintf(json, sizeof json, "{'Records':[");
        for (int i = 0; i < count; i++) {
            at += (size_t)snprintf(json + at, sizeof json - at,
                                   "%s{'eventSource':'aws:s3','eventName':'ObjectCreated:Put',"
                                   "'s3':{'bucket':{'name':'b'},'object':{'key':'%d'}}}",
                                   i > 0 ? "," : "", i);
        }
        snprintf(json + at, sizeof json - at, "]}");
        if (count == APP_OBJECT_EVENT_MAX) {
            must_read(json, &event, APP_OBJECT_EVENT_MAX);
            app_object_event_done(&event);
        } else {
            must_refuse(json, PXM_E_LIMIT, "event.too_many");
        }
    }
}

static void sequencers_are_compared_as_if_filled_up_with_zeros(void **state)
{
    char a[APP_SEQUENCER_LENGTH + 1], b[APP_SEQUENCER_LENGTH + 1];
    (void)state;
    assert_true(app_sequencer_read("0055AED6DCD90281E5", a));
    assert_true(app_sequencer_read("0055aed6dcd90281e500", b));
    assert_int_equal(app_sequencer_compare(a, b), 0);
    assert_true(app_sequencer_read("0055AED6DCD90281E501", b));
    assert_true(app_sequencer_compare(a, b) < 0);
    assert_true(app_sequencer_compare(b, a) > 0);
    assert_true(app_sequencer_compare(NULL, a) < 0);
    assert_int_equal(app_sequencer_compare(NULL, NULL), 0);
    assert_false(app_sequencer_read("", a));
    assert_false(app_sequencer_read("0x12", a));
    assert_false(app_sequencer_read("000000000000000000000000000000000", a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notification_tells_its_object),
        cmocka_unit_test(one_through_sns_is_the_same),
        cmocka_unit_test(one_of_eventbridge_is_the_same),
        cmocka_unit_test(what_is_not_told_is_not_known),
        cmocka_unit_test(other_events_tell_of_no_object),
        cmocka_unit_test(what_is_no_event_is_refused),
        cmocka_unit_test(an_event_that_lacks_something_is_refused),
        cmocka_unit_test(keys_of_notifications_are_decoded_once),
        cmocka_unit_test(keys_of_eventbridge_may_or_may_not_be_encoded),
        cmocka_unit_test(keys_that_no_store_has_are_refused),
        cmocka_unit_test(of_one_key_the_latest_counts),
        cmocka_unit_test(there_are_not_too_many),
        cmocka_unit_test(sequencers_are_compared_as_if_filled_up_with_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
