/* Requests out of the events of three gateways. */
#include "lambda/http_event.h"

#include "base/blob.h"
#include "base/error.h"
#include "fixture.h"

#include <stdio.h>

struct reading {
    pxm_value *event;
    struct lambda_request request;
    pxm_error error;
    pxm_status status;
};

static const struct app_head *read_with(struct reading *reading, enum lambda_shape shape, const char *base,
                                        const char *text)
{
    *reading = (struct reading){.event = json(text)};
    reading->status = lambda_request_read(&reading->request, reading->event, shape, base, &reading->error);
    return &reading->request.head;
}

static const struct app_head *read_event(struct reading *reading, enum lambda_shape shape, const char *text)
{
    return read_with(reading, shape, "", text);
}

static void done(struct reading *reading)
{
    lambda_request_done(&reading->request);
    pxm_value_unref(reading->event);
}

/* ---- targets ----------------------------------------------------------------------------------------------------- */

static void the_three_gateways_make_the_same_request(void **state)
{
    static const struct {
        enum lambda_shape shape;
        const char *event;
    } cases[] = {
        {LAMBDA_HTTP_V2,
         "{'rawPath':'/a%20b','rawQueryString':'x=1%262&x=%C3%A7&y=','headers':{'a':'1','x-forwarded-proto':'"
         "https'},'requestContext':{'http':{'method':'PUT','sourceIp':'1.2.3.4'}}}"},
        {LAMBDA_HTTP_V1,
         "{'path':'/a b','httpMethod':'PUT','multiValueQueryStringParameters':{'x':['1&2','\\u00e7'],'y':['']},"
         "'multiValueHeaders':{'a':['1'],'x-forwarded-proto':['https']},"
         "'requestContext':{'identity':{'sourceIp':'1.2.3.4'}}}"},
        {LAMBDA_HTTP_ALB,
         "{'path':'/a%20b','httpMethod':'PUT','multiValueQueryStringParameters':{'x':['1%262','%C3%A7'],'y':["
         "'']},'multiValueHeaders':{'a':['1'],'x-forwarded-proto':['https'],'x-forwarded-for':['9.9.9.9, "
         "1.2.3.4']},'requestContext':{'elb':{}}}"},
    };
    struct reading reading;
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct app_head *head = read_event(&reading, cases[i].shape, cases[i].event);
        assert_int_equal(reading.status, PXM_OK);
        assert_string_equal(head->method, "PUT");
        assert_string_equal(head->path, "/a%20b");
        assert_string_equal(head->query, "x=1%262&x=%C3%A7&y=");
        assert_string_equal(head->remote_addr, "1.2.3.4");
        assert_string_equal(head->scheme, "https");
        assert_string_equal(app_head_get(head, "A"), "1");
        done(&reading);
    }
}

static void the_stage_and_the_base_path_are_no_part_of_the_path(void **state)
{
    static const struct {
        const char *stage, *base, *path, *expected;
    } cases[] = {
        {"$default", "", "/api/images", "/api/images"},
        {"api", "", "/api/images", "/images"},
        {"api", "", "/apis/images", "/apis/images"},
        {"api", "", "/api", "/"},
        {"api", "", "/api/", "/"},
        {"$default", "/api", "/api/images", "/images"},
        {"$default", "/api/", "/api/x", "/x"},
        {"$default", "api", "/api/x", "/x"},
        {"$default", "/", "/api/x", "/api/x"},
        {"api", "/api", "/api/api/x", "/x"},
        {"api", "/api", "/api/x", "/x"},
    };
    char text[512];
    struct reading reading;
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "{'rawPath':'%s','requestContext':{'stage':'%s','http':{'method':'GET'}}}",
                 cases[i].path, cases[i].stage);
        assert_string_equal(read_with(&reading, LAMBDA_HTTP_V2, cases[i].base, text)->path, cases[i].expected);
        done(&reading);
    }
}

static void paths_that_came_decoded_are_encoded_again(void **state)
{
    static const char *const cases[][2] = {
        {"/a b", "/a%20b"},      {"/100%", "/100%25"}, {"/%zz", "/%25zz"}, {"/%41", "/%41"},
        {"/\\u00e7", "/%C3%A7"}, {"/a?b", "/a?b"},     {"/a#b", "/a%23b"}, {"", "/"},
    };
    char text[256];
    struct reading reading;
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "{'rawPath':'%s','requestContext':{'http':{'method':'GET'}}}", cases[i][0]);
        assert_string_equal(read_event(&reading, LAMBDA_HTTP_V2, text)->path, cases[i][1]);
        done(&reading);
    }
}

/* ---- headers ----------------------------------------------------------------------------------------------------- */

static void headers_that_no_server_would_take_are_left_out(void **state)
{
    struct reading reading;
    (void)state;

    const struct app_head *head =
        read_event(&reading, LAMBDA_HTTP_V2,
                   "{'rawPath':'/','requestContext':{'http':{'method':'GET'}},'headers':{'a b':'1','c':'x\\r\\ny',"
                   "'e':7,'f':null,'':'g','h':'\\u00e7','i':'tab\\t'}}");
    assert_int_equal(reading.status, PXM_OK);
    assert_int_equal(head->header_count, 2);
    assert_non_null(app_head_get(head, "h"));
    assert_string_equal(app_head_get(head, "i"), "tab\t");
    done(&reading);
}

static void too_many_headers_are_refused(void **state)
{
    static char text[4000];
    struct reading reading;
    (void)state;

    size_t used = (size_t)snprintf(text, sizeof text, "{'httpMethod':'GET','path':'/','multiValueHeaders':{'a':['1'");
    for (int i = 0; i < APP_HEADERS_MAX; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, ",'1'");
    }
    snprintf(text + used, sizeof text - used, "]},'requestContext':{'identity':{}}}");
    read_event(&reading, LAMBDA_HTTP_V1, text);
    assert_string_equal(reading.error.code, "request.headers");
    done(&reading);
}

static void a_request_without_a_method_is_none(void **state)
{
    static const char *const events[] = {"{}", "{'requestContext':{'http':{'method':7}}}",
                                         "{'requestContext':{'http':{'method':'G T'}}}",
                                         "{'requestContext':{'http':{'method':''}}}"};
    struct reading reading;
    (void)state;

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        read_event(&reading, LAMBDA_HTTP_V2, events[i]);
        assert_string_equal(reading.error.code, "request.invalid");
        done(&reading);
    }
}

/* ---- bodies ------------------------------------------------------------------------------------------------------ */

/* What an intake makes of the body; NULL: it is refused. */
static char *feed(const char *body, bool is_base64, char text[256], pxm_error *error)
{
    const struct app_trigger trigger = {.reads_body = true};
    const struct app_intake_options options = {
        .trigger = &trigger, .content_length = -1, .bytes_max = 200, .spool = -1};
    const struct lambda_request request = {.text = body, .text_length = strlen(body), .is_base64 = is_base64};
    struct app_intake *intake = NULL;
    struct app_body ret = {0};
    size_t length = 0;

    assert_int_equal(app_intake_new(&options, &intake, NULL), PXM_OK);
    pxm_status status = lambda_request_feed(&request, intake, error);
    if (status == PXM_OK) {
        status = app_intake_finish(intake, &ret, error);
    }
    if (status == PXM_OK) {
        const char *bytes = pxm_blob_data(ret.body, &length);
        snprintf(text, 256, "%.*s", (int)length, bytes);
    }
    app_body_done(&ret);
    app_intake_free(intake);
    return status == PXM_OK ? text : NULL;
}

static void bodies_in_base64_are_decoded(void **state)
{
    static const char *const cases[][2] = {
        {"aGVsbG8=", "hello"},
        {"aGVsbG8", "hello"},
        {"aGVs\r\nbG8=", "hello"},
        {" aGVsbG8= \n", "hello"},
        {"Pz8_Pj4-", "\?\?\?>>>"},
        {"Pz8/Pj4+", "\?\?\?>>>"},
        {"YQ==", "a"},
        {"YWI=", "ab"},
    };
    char text[256];
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(feed(cases[i][0], true, text, NULL), cases[i][1]);
    }
    assert_string_equal(feed("aGVsbG8=", false, text, NULL), "aGVsbG8=");
}

static void what_is_no_base64_is_refused(void **state)
{
    static const char *const cases[] = {"*",         "aGVsbG8*", "aGVsbG8=x", "a",    "=",
                                        "aGVsbG8==", "YQ=",      "YQ=== ",    "YR==", "aGVs bG8=,"};
    char text[256];
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pxm_error error = {0};
        assert_null(feed(cases[i], true, text, &error));
        assert_string_equal(error.code, "request.body");
    }
}

static void a_body_has_the_limit_of_its_trigger(void **state)
{
    char body[400], text[256];
    pxm_error error = {0};
    (void)state;

    memset(body, 'A', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    assert_null(feed(body, true, text, &error));
    assert_string_equal(error.code, "limit.bytes");
    body[264] = '\0'; /* of 198 bytes */
    assert_non_null(feed(body, true, text, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_gateways_make_the_same_request),
        cmocka_unit_test(the_stage_and_the_base_path_are_no_part_of_the_path),
        cmocka_unit_test(paths_that_came_decoded_are_encoded_again),
        cmocka_unit_test(headers_that_no_server_would_take_are_left_out),
        cmocka_unit_test(too_many_headers_are_refused),
        cmocka_unit_test(a_request_without_a_method_is_none),
        cmocka_unit_test(bodies_in_base64_are_decoded),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(a_body_has_the_limit_of_its_trigger),
    };
    return cmocka_run_group_tests_name("lambda: requests", tests, NULL, NULL);
}
