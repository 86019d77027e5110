/* What kind of event it is: by what it has, whatever else is in it. */
#include "lambda/shape.h"

#include "fixture.h"

static enum lambda_shape shape(const char *text)
{
    pxm_value *event = json(text);
    enum lambda_shape found = lambda_shape_of(event);

    pxm_value_unref(event);
    return found;
}

static void each_shape_is_known_by_what_it_has(void **state)
{
    static const struct {
        enum lambda_shape shape;
        const char *event;
    } cases[] = {
        {LAMBDA_HTTP_V2, "{'version':'2.0','requestContext':{'http':{'method':'GET'}}}"},
        {LAMBDA_HTTP_V1, "{'httpMethod':'GET','path':'/','resource':'/','requestContext':{'identity':{}}}"},
        {LAMBDA_HTTP_V1,
         "{'version':'1.0','httpMethod':'GET','path':'/','requestContext':{'identity':{'sourceIp':'1'}}}"},
        {LAMBDA_HTTP_ALB, "{'httpMethod':'GET','path':'/','requestContext':{'elb':{'targetGroupArn':'a'}}}"},
        {LAMBDA_MESSAGES, "{'Records':[{'eventSource':'aws:sqs'}]}"},
        {LAMBDA_OBJECTS, "{'Records':[{'eventSource':'aws:s3'}]}"},
        {LAMBDA_OBJECTS, "{'Service':'Amazon S3','Event':'s3:TestEvent'}"},
        {LAMBDA_OBJECTS, "{'source':'aws.s3','detail-type':'Object Created','detail':{}}"},
        {LAMBDA_TOPIC, "{'Records':[{'EventSource':'aws:sns'}]}"},
        {LAMBDA_SCHEDULE, "{'source':'aws.events','detail-type':'Scheduled Event','detail':{}}"},
        {LAMBDA_DESTINATION, "{'requestContext':{'functionArn':'a'},'requestPayload':{}}"},
        {LAMBDA_DIRECT, "{'pipeline':'thumbnails'}"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(shape(cases[i].event), cases[i].shape);
    }
}

static void what_is_almost_one_is_none(void **state)
{
    static const char *const events[] = {
        "null",
        "7",
        "''",
        "[]",
        "{}",
        "[{'eventSource':'aws:s3'}]",
        "{'version':'2.0'}",
        "{'version':2.0,'requestContext':{'http':{'method':'GET'}}}",
        "{'version':'2.0','requestContext':{'http':[]}}",
        "{'version':'2.0','requestContext':{'http':{'method':null}}}",
        "{'httpMethod':'GET','path':'/'}",
        "{'Records':{}}",
        "{'Records':[]}",
        "{'Records':['aws:s3']}",
        "{'Records':[{'eventSource':'aws:kinesis'}]}",
        "{'Records':[{'EventSource':'aws:s3'}]}",
        "{'Records':[{},{'eventSource':'aws:s3'}]}",
        "{'source':'aws.s3'}",
        "{'requestPayload':{}}",
        "{'pipeline':null}",
    };
    (void)state;

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        assert_int_equal(shape(events[i]), LAMBDA_UNKNOWN);
    }
}

static void a_direct_event_cannot_pass_for_a_request(void **state)
{
    (void)state;
    assert_int_equal(shape("{'pipeline':'x','version':'2.0','requestContext':{}}"), LAMBDA_DIRECT);
    assert_int_equal(shape("{'pipeline':'x','version':'2.0','requestContext':{'http':{'method':'GET'}}}"),
                     LAMBDA_HTTP_V2);
}

static void places_are_found_by_names_and_numbers(void **state)
{
    pxm_value *value = json("{'a':[{'b':'x'},7,'y'],'c':{'0':'z','':'e'}}");
    (void)state;

    assert_string_equal(lambda_text_at(value, "a.0.b"), "x");
    assert_string_equal(lambda_text_at(value, "a.2"), "y");
    assert_string_equal(lambda_text_at(value, "c.0"), "z");
    assert_null(lambda_text_at(value, "a.1"));
    assert_null(lambda_text_at(value, "a.3"));
    assert_null(lambda_text_at(value, "a.-1"));
    assert_null(lambda_text_at(value, "a.0x"));
    assert_null(lambda_text_at(value, "a.b.c.d"));
    assert_null(lambda_text_at(NULL, "a"));
    assert_ptr_equal(lambda_at(value, ""), value);
    pxm_value_unref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_shape_is_known_by_what_it_has),
        cmocka_unit_test(what_is_almost_one_is_none),
        cmocka_unit_test(a_direct_event_cannot_pass_for_a_request),
        cmocka_unit_test(places_are_found_by_names_and_numbers),
    };
    return cmocka_run_group_tests_name("lambda: shape", tests, NULL, NULL);
}
