/* What replies are judged to be, and how soon and how often they are asked for again. */
#include "aws/fault.h"
#include "aws/retry.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1440938160000) /* 2015-08-30T12:36:00Z */

static struct aws_fault judge(int status, const char *body)
{
    struct aws_list headers = {0};
    struct aws_fault fault;
    aws_fault_of_reply(&fault, status, &headers, body, strlen(body), NOW);
    return fault;
}

static void replies_are_judged_by_code_and_by_status(void **state)
{
    static const struct {
        int status;
        const char *code;
        enum aws_fault_class class;
        enum aws_remedy remedy;
    } rows[] = {
        {503, "SlowDown", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
        {400, "ThrottlingException", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
        {500, "InternalError", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
        {400, "RequestTimeout", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
        {409, "OperationAborted", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
        {400, "BadDigest", AWS_FAULT_TRANSIENT, AWS_REMEDY_ONCE},
        {400, "XAmzContentSHA256Mismatch", AWS_FAULT_INVALID, AWS_REMEDY_NONE},
        {403, "AccessDenied", AWS_FAULT_DENIED, AWS_REMEDY_NONE},
        {403, "ExpiredToken", AWS_FAULT_DENIED, AWS_REMEDY_CREDENTIALS},
        {400, "ExpiredTokenException", AWS_FAULT_DENIED, AWS_REMEDY_CREDENTIALS},
        {400, "UnrecognizedClientException", AWS_FAULT_DENIED, AWS_REMEDY_CREDENTIALS},
        {404, "NoSuchKey", AWS_FAULT_NOT_FOUND, AWS_REMEDY_NONE},
        {404, "NoSuchBucket", AWS_FAULT_SETTINGS, AWS_REMEDY_NONE},
        {301, "PermanentRedirect", AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},
        {400, "AuthorizationHeaderMalformed", AWS_FAULT_SETTINGS, AWS_REMEDY_REGION},
        {400, "EntityTooLarge", AWS_FAULT_TOO_LARGE, AWS_REMEDY_NONE},
        {501, "NotImplemented", AWS_FAULT_UNSUPPORTED, AWS_REMEDY_NONE},
        {400, "InvalidRequest", AWS_FAULT_INVALID, AWS_REMEDY_NONE},
        {200, "InternalError", AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
        {200, "SlowDown", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[200];
        snprintf(body, sizeof body, "<Error><Code>%s</Code></Error>", rows[i].code);
        struct aws_fault fault = judge(rows[i].status, body);
        assert_string_equal(fault.code, rows[i].code);
        assert_int_equal(fault.class, rows[i].class);
        assert_int_equal(fault.remedy, rows[i].remedy);
    }
    static const struct {
        int status;
        enum aws_fault_class class;
        enum aws_remedy remedy;
    } bare[] = {{200, AWS_FAULT_NONE, AWS_REMEDY_NONE},      {204, AWS_FAULT_NONE, AWS_REMEDY_NONE},
                {400, AWS_FAULT_INVALID, AWS_REMEDY_NONE},   {404, AWS_FAULT_NOT_FOUND, AWS_REMEDY_NONE},
                {412, AWS_FAULT_CONDITION, AWS_REMEDY_NONE}, {429, AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
                {500, AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT}, {503, AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
                {599, AWS_FAULT_TRANSIENT, AWS_REMEDY_NONE}, {307, AWS_FAULT_SETTINGS, AWS_REMEDY_REGION}};
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
        static const char *const bodies[] = {"", "<html><p>x</html>", "{\"a\": 1}", "<Other/>"};
        for (size_t j = 0; j < sizeof bodies / sizeof *bodies; j++) {
            struct aws_fault fault = judge(bare[i].status, bodies[j]);
            assert_int_equal(fault.class, bare[i].class);
            assert_int_equal(fault.remedy, bare[i].remedy);
        }
    }
}

static void replies_in_json_are_judged_by_their_type(void **state)
{
    static const struct {
        int status;
        const char *body, *code, *message;
        enum aws_fault_class class;
        enum aws_remedy remedy;
    } rows[] = {
        {400, "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\",\"message\":\"no\"}",
         "ConditionalCheckFailedException", "no", AWS_FAULT_CONDITION, AWS_REMEDY_NONE},
        {400, "{\"__type\":\"x#ProvisionedThroughputExceededException\",\"Message\":\"slow\"}",
         "ProvisionedThroughputExceededException", "slow", AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
        {400, "{\"__type\":\"x#ThrottlingException\"}", "ThrottlingException", "HTTP status 400", AWS_FAULT_THROTTLED,
         AWS_REMEDY_WAIT},
        {400, "{\"__type\":\"x#RequestLimitExceeded\"}", "RequestLimitExceeded", "HTTP status 400", AWS_FAULT_THROTTLED,
         AWS_REMEDY_WAIT},
        {400, "{\"__type\":\"x#LimitExceededException\"}", "LimitExceededException", "HTTP status 400",
         AWS_FAULT_THROTTLED, AWS_REMEDY_WAIT},
        {500, "{\"__type\":\"x#InternalServerError\"}", "InternalServerError", "HTTP status 500", AWS_FAULT_TRANSIENT,
         AWS_REMEDY_WAIT},
        {400, "{\"__type\":\"x#TransactionCanceledException\"}", "TransactionCanceledException", "HTTP status 400",
         AWS_FAULT_CONFLICT, AWS_REMEDY_NONE},
        {400, "{\"__type\":\"x#TransactionInProgressException\"}", "TransactionInProgressException", "HTTP status 400",
         AWS_FAULT_TRANSIENT, AWS_REMEDY_WAIT},
        {409, "{\"__type\":\"x#ReplicatedWriteConflictException\"}", "ReplicatedWriteConflictException",
         "HTTP status 409", AWS_FAULT_CONFLICT, AWS_REMEDY_WAIT},
        {400, "{\"__type\":\"x#ResourceNotFoundException\"}", "ResourceNotFoundException", "HTTP status 400",
         AWS_FAULT_SETTINGS, AWS_REMEDY_NONE},
        {400, "{\"__type\":\"x#ExpiredTokenException\"}", "ExpiredTokenException", "HTTP status 400", AWS_FAULT_DENIED,
         AWS_REMEDY_CREDENTIALS},
        {400, "{\"__type\":\"ValidationException\",\"message\":\"caf\\u00e9\\n\"}", "ValidationException", "caf   ",
         AWS_FAULT_INVALID, AWS_REMEDY_NONE},
        {400, "{\"message\":\"no type\"}", "", "HTTP status 400", AWS_FAULT_INVALID, AWS_REMEDY_NONE},
        {400, "{\"__type\":\"x#Cut", "", "HTTP status 400", AWS_FAULT_INVALID, AWS_REMEDY_NONE},
        {200, "{\"__type\":\"x#InternalServerError\"}", "", "", AWS_FAULT_NONE, AWS_REMEDY_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aws_fault fault = judge(rows[i].status, rows[i].body);
        assert_string_equal(fault.code, rows[i].code);
        assert_string_equal(fault.message, rows[i].message);
        assert_int_equal(fault.class, rows[i].class);
        assert_int_equal(fault.remedy, rows[i].remedy);
    }
}

static void all_that_helps_is_taken_from_the_body(void **state)
{
    struct aws_fault fault =
        judge(403, "<ErrorResponse xmlns=\"urn:x\"><Error><Code>RequestTimeTooSkewed</Code><Message>a b</Message>"
                   "<Region>eu-west-1</Region><ServerTime>2015-08-30T15:36:00Z</ServerTime><HostId>h/1+=</HostId>"
                   "</Error><RequestId>R1</RequestId></ErrorResponse>");
    (void)state;
    assert_string_equal(fault.message, "a b");
    assert_string_equal(fault.request_id, "R1");
    assert_string_equal(fault.host_id, "h/1+=");
    assert_string_equal(fault.region, "eu-west-1");
    assert_int_equal(fault.server_ms, NOW + 3 * 3600000);
    assert_int_equal(fault.remedy, AWS_REMEDY_CLOCK);
}

static void a_bad_signature_is_a_matter_of_the_clock_only_if_the_clock_is_off(void **state)
{
    static const struct {
        const char *date;
        enum aws_remedy remedy;
    } rows[] = {{"Sun, 30 Aug 2015 12:36:10 GMT", AWS_REMEDY_NONE},
                {"Sun, 30 Aug 2015 12:41:00 GMT", AWS_REMEDY_CLOCK},
                {"Sun, 30 Aug 2015 11:36:00 GMT", AWS_REMEDY_CLOCK},
                {"nonsense", AWS_REMEDY_NONE}};
    static const char body[] = "<Error><Code>SignatureDoesNotMatch</Code></Error>";
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aws_list headers = {0};
        struct aws_fault fault;
        aws_list_add(&headers, "Date", rows[i].date);
        aws_fault_of_reply(&fault, 403, &headers, body, strlen(body), NOW);
        assert_int_equal(fault.remedy, rows[i].remedy);
        aws_list_done(&headers);
    }
}

static void texts_of_others_are_made_harmless(void **state)
{
    (void)state;
    struct aws_fault fault = judge(400, "<Error><Code>Bad\nCode</Code><Message>line&#10;\xc3\xa9 "
                                        "AKIDAKIDAKIDAKIDAKIDAKIDAKIDAKIDAKID end</Message>"
                                        "<RequestId>a b</RequestId><Region>x/y z</Region></Error>");
    assert_string_equal(fault.code, "");
    assert_string_equal(fault.message, "line    [...] end");
    assert_string_equal(fault.request_id, "");
    assert_string_equal(fault.region, "");
    char body[4096], word[3000];
    memset(word, 'a', sizeof word);
    for (size_t i = 9; i < sizeof word; i += 10) {
        word[i] = ' ';
    }
    snprintf(body, sizeof body, "<Error><Message>%.*s</Message></Error>", (int)sizeof word, word);
    fault = judge(400, body);
    assert_true(strlen(fault.message) < sizeof fault.message);
    assert_true(strlen(fault.message) > 300);
}

static void how_long_to_wait_is_taken_from_a_header(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {{"1500", 1500}, {"0", 0}, {"", -1}, {"x", -1}, {"-5", -1}, {"1.5", -1}, {"99999999999999999999", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aws_list headers = {0};
        struct aws_fault fault;
        aws_list_add(&headers, "x-amz-retry-after", rows[i].text);
        aws_fault_of_reply(&fault, 503, &headers, "", 0, NOW);
        assert_int_equal(fault.retry_after_ms, rows[i].ms);
        aws_list_done(&headers);
    }
}

static void certificates_are_no_passing_trouble(void **state)
{
    struct aws_fault fault;
    (void)state;
    aws_fault_of_curl(&fault, CURLE_PEER_FAILED_VERIFICATION, "self-signed certificate");
    assert_int_equal(fault.class, AWS_FAULT_SETTINGS);
    assert_int_equal(fault.remedy, AWS_REMEDY_NONE);
    assert_non_null(strstr(fault.message, "ca_file"));
    static const int passing[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,  CURLE_OPERATION_TIMEDOUT,
                                  CURLE_SEND_ERROR,           CURLE_RECV_ERROR,       CURLE_GOT_NOTHING,
                                  CURLE_PARTIAL_FILE,         CURLE_SSL_CONNECT_ERROR};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        aws_fault_of_curl(&fault, passing[i], "");
        assert_int_equal(fault.class, AWS_FAULT_TRANSIENT);
        assert_int_equal(fault.remedy, AWS_REMEDY_WAIT);
        assert_true(fault.message[0] != '\0');
    }
}

/* ---- repeating ---- */

static void delays_double_and_are_spread(void **state)
{
    (void)state;
    assert_int_equal(aws_retry_delay_ms(1, false, 50, 0.0, -1), 0);
    assert_int_equal(aws_retry_delay_ms(1, false, 50, 0.5, -1), 25);
    assert_int_equal(aws_retry_delay_ms(3, false, 50, 0.5, -1), 100);
    assert_int_equal(aws_retry_delay_ms(1, true, 50, 0.5, -1), 500);
    assert_int_equal(aws_retry_delay_ms(2, true, 50, 0.5, -1), 1000);
    assert_int_equal(aws_retry_delay_ms(1000, true, 50, 0.5, -1), 10000);
    assert_int_equal(aws_retry_delay_ms(0, false, 50, 0.5, -1), 25);
    assert_int_equal(aws_retry_delay_ms(1, false, 50, 0.5, 1000), 1000);
    assert_int_equal(aws_retry_delay_ms(1, false, 50, 0.5, 10), 25);
    assert_int_equal(aws_retry_delay_ms(1, false, 50, 0.5, 3600000), 5025);
    for (int i = 0; i < 1000; i++) {
        double random = aws_random();
        assert_true(random >= 0 && random < 1);
    }
}

static void a_budget_ends_and_is_filled_by_successes(void **state)
{
    struct aws_budget budget;
    int taken = 0;
    (void)state;
    aws_budget_init(&budget);
    while (aws_budget_take(&budget, AWS_RETRY_COST)) {
        taken++;
    }
    assert_int_equal(taken, AWS_BUDGET_FULL / AWS_RETRY_COST);
    aws_budget_give(&budget, AWS_RETRY_COST);
    assert_true(aws_budget_take(&budget, AWS_RETRY_COST));
    assert_false(aws_budget_take(&budget, AWS_RETRY_COST));
    aws_budget_give(&budget, 100000);
    for (taken = 0; aws_budget_take(&budget, AWS_THROTTLE_COST); taken++) {
    }
    assert_int_equal(taken, AWS_BUDGET_FULL / AWS_THROTTLE_COST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_judged_by_code_and_by_status),
        cmocka_unit_test(replies_in_json_are_judged_by_their_type),
        cmocka_unit_test(all_that_helps_is_taken_from_the_body),
        cmocka_unit_test(a_bad_signature_is_a_matter_of_the_clock_only_if_the_clock_is_off),
        cmocka_unit_test(texts_of_others_are_made_harmless),
        cmocka_unit_test(how_long_to_wait_is_taken_from_a_header),
        cmocka_unit_test(certificates_are_no_passing_trouble),
        cmocka_unit_test(delays_double_and_are_spread),
        cmocka_unit_test(a_budget_ends_and_is_filled_by_successes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
