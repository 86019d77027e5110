/* Which body becomes what, how long it may be, and what is refused before its first byte. */
#include "intake_fixture.h"

#include "base/blob.h"
#include "base/digest.h"
#include "base/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAIRS "application/x-www-form-urlencoded"
#define GIF   "GIF89a\r\n--b--"

static void the_content_type_says_what_a_body_is(void **state)
{
    (void)state;
    static const struct app_trigger all = {
        .reads_body = true, .reads_json = true, .reads_form = true, .reads_files = true};
    static const struct {
        const char *content_type, *body, *expected;
    } cases[] = {
        {NULL, GIF, "body=\"GIF89a\\r\\n--b--\"(image/gif)"},
        {"", GIF, "body=\"GIF89a\\r\\n--b--\"(image/gif)"},
        {"image/jpeg", GIF, "body=\"GIF89a\\r\\n--b--\"(image/gif)"},
        {"application/octet-stream", "{}", "body=\"{}\""},
        {"text/json", "{}", "body=\"{}\""},
        {"application/jsonx", "{}", "body=\"{}\""},
        {"+json", "{}", "request.media: the Content-Type is no media type"},
        {"application/json", "{}", "json={}"},
        {"Application/JSON; Charset=utf8", "{}", "json={}"},
        {"application/problem+json", "[1]", "json=[1]"},
        {"application/json; charset=latin1", "{}", "request.media: the charset of application/json is UTF-8 alone"},
        {PAIRS, "a=1&b=+%41&a=2", "form={\"a\":\"1\",\"b\":\" A\"}"},
        {PAIRS "; charset=UTF-8", "a", "form={\"a\":\"\"}"},
        {PAIRS, "&", "form={}"},
        {PAIRS "; charset=ascii", "a", "request.media: the charset of " PAIRS " is UTF-8 alone"},
        {PAIRS, "a=1&b=%", "request.body: the form: parameter 2: byte 1: two hex digits"},
        {PAIRS, "a=%FF", "request.body: the form: parameter 1: what the percent signs encode is no UTF-8"},
        {"multipart/form-data; boundary=b", GIF, ""},
        {"multipart/form-data", GIF, "request.media: multipart/form-data without a boundary"},
        {"multipart/form-data; boundary=a|b", GIF, "request.media: the Content-Type is no media type"},
        {"multipart/mixed; boundary=b", GIF, "body=\"GIF89a\\r\\n--b--\"(image/gif)"},
        {"image/jpeg, image/png", GIF, "request.media: the Content-Type is no media type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        intake_check(&(struct intake_case){.trigger = all,
                                           .content_type = cases[i].content_type,
                                           .body = cases[i].body,
                                           .expected = cases[i].expected});
    }
}

static void what_the_trigger_reads_decides(void **state)
{
    (void)state;
    static const struct {
        struct app_trigger trigger;
        const char *content_type, *body, *expected;
    } cases[] = {
        {{.reads_body = true}, "application/json", "{}", "body=\"{}\""},
        {{.reads_body = true}, PAIRS, "a=1", "body=\"a=1\""},
        {{.reads_body = true}, "multipart/form-data; boundary=b", "x", "body=\"x\""},
        {{.reads_body = false}, "application/json", "{", "body=\"{\""},
        {{.reads_json = true}, "image/jpeg", "x", "request.media: image/jpeg is not taken here: send application/json"},
        {{.reads_json = true}, NULL, "x", "request.media: the body has no Content-Type: send application/json"},
        {{.reads_json = true}, PAIRS, "x", "request.media: " PAIRS " is not taken here: send application/json"},
        {{.reads_json = true}, "multipart/form-data; boundary=b", "--b--", "request.media: multipart/form-data is not"},
        {{.reads_form = true},
         "application/json",
         "{}",
         "request.media: application/json is not taken here: send " PAIRS " or multipart/form-data"},
        {{.reads_form = true}, PAIRS, "a=1", "form={\"a\":\"1\"}"},
        {{.reads_files = true},
         PAIRS,
         "a=1",
         "request.media: " PAIRS " is not taken here: send application/json or multipart/form-data"},
        {{.reads_files = true}, "application/json", "{\"a\":1}", "json={\"a\":1}"},
        {{.reads_body = true, .reads_json = true},
         "multipart/form-data; boundary=b",
         "--b--",
         "request.media: multipart/form-data is not taken here: send the file itself or application/json"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        intake_check(&(struct intake_case){.trigger = cases[i].trigger,
                                           .content_type = cases[i].content_type,
                                           .body = cases[i].body,
                                           .expected = cases[i].expected});
    }
}

static void an_empty_body_is_none(void **state)
{
    (void)state;
    static const char *const types[] = {NULL, "image/jpeg", "application/json", PAIRS,
                                        "multipart/form-data; boundary=b"};
    static const struct app_trigger all = {
        .reads_body = true, .reads_json = true, .reads_form = true, .reads_files = true};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        intake_check(&(struct intake_case){.trigger = all, .content_type = types[i], .body = "", .expected = ""});
    }
    const struct intake_case what = {.trigger = {.reads_json = true}, .content_type = "image/jpeg", .body = ""};
    struct pxm_error error = {0};
    struct app_body body = {.bytes = 1};
    uint8_t digest[PXM_SHA256_BYTES];
    assert_int_equal(pxm_sha256("", 0, digest), PXM_OK);
    assert_int_equal(intake_run(&what, 0, 1, &body, &error), PXM_OK);
    assert_null(body.body);
    assert_null(body.json);
    assert_int_equal(body.bytes, 0);
    assert_memory_equal(body.sha256, digest, sizeof digest);
}

static void the_digest_is_that_of_the_whole_body(void **state)
{
    (void)state;
    static const struct {
        const char *content_type, *body;
    } cases[] = {
        {"image/gif", "GIF89a"},
        {"application/json", "{\"a\":1,\"f\":\"data:,x\"}"},
        {PAIRS, "a=1"},
        {"multipart/form-data; boundary=b",
         "x\r\n--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n1\r\n--b--\r\nx"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct intake_case what = {
            .trigger = {.reads_body = true, .reads_json = true, .reads_form = true, .reads_files = true},
            .content_type = cases[i].content_type,
            .body = cases[i].body};
        struct pxm_error error = {0};
        struct app_body body = {.bytes = 0};
        uint8_t digest[PXM_SHA256_BYTES];
        assert_int_equal(pxm_sha256(what.body, strlen(what.body), digest), PXM_OK);
        assert_int_equal(intake_run(&what, -1, 3, &body, &error), PXM_OK);
        assert_memory_equal(body.sha256, digest, sizeof digest);
        app_body_done(&body);
    }
}

static void a_length_that_lies_is_refused(void **state)
{
    (void)state;
    static const char *const types[] = {"image/gif", "application/json", PAIRS, "multipart/form-data; boundary=b"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct intake_case what = {
            .trigger = {.reads_body = true, .reads_json = true, .reads_form = true, .reads_files = true},
            .content_type = types[i],
            .body = "1\r\n--b--"};
        for (int64_t said = 0; said <= 20; said++) {
            struct pxm_error error = {0};
            struct app_body body = {.bytes = 0};
            pxm_status status = intake_run(&what, said, 2, &body, &error);
            if (said != (int64_t)strlen(what.body)) {
                assert_int_equal(status, PXM_E_INVALID);
                assert_string_equal(error.code, "request.body");
                assert_non_null(strstr(error.text, said > 8 ? "the body ended after 8 of" : "the body is longer"));
            }
            app_body_done(&body);
        }
    }
}

static pxm_status begin(const struct app_trigger *trigger, const char *type, int64_t length, int64_t max,
                        pxm_error *error)
{
    const struct app_intake_options options = {
        .trigger = trigger, .content_type = type, .content_length = length, .bytes_max = max, .spool = -1};
    struct app_intake *intake = NULL;
    pxm_status status = app_intake_new(&options, &intake, error);
    assert_true((status == PXM_OK) == (intake != NULL));
    app_intake_free(intake);
    return status;
}

static void what_says_that_it_is_too_long_is_refused_at_once(void **state)
{
    (void)state;
    static const struct app_trigger all = {
        .reads_body = true, .reads_json = true, .reads_form = true, .reads_files = true};
    static const struct app_trigger json = {.reads_json = true};
    const int64_t most = (int64_t)APP_FORM_BYTES_MAX + (int64_t)APP_PARTS_MAX * APP_PART_HEADERS_BYTES_MAX;
    const struct {
        const struct app_trigger *trigger;
        const char *type;
        int64_t max, most;
    } cases[] = {
        {&all, "image/jpeg", 0, 0},
        {&all, "image/jpeg", 25 << 20, 25 << 20},
        {&all, "image/jpeg", INT64_MAX, INT64_MAX},
        {&all, "application/json", 3000, 4004 + APP_JSON_BYTES_MAX},
        {&all, "application/json", INT64_MAX, INT64_MAX},
        {&json, "application/json", 3000, 3000},
        {&json, "application/json", INT64_MAX, APP_JSON_BYTES_MAX},
        {&all, PAIRS, 3000, 3000},
        {&all, PAIRS, INT64_MAX, INT64_MAX},
        {&all, "multipart/form-data; boundary=b", 3000, 3000 + most},
        {&all, "multipart/form-data; boundary=b", INT64_MAX, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pxm_error error = {0};
        assert_int_equal(begin(cases[i].trigger, cases[i].type, cases[i].most, cases[i].max, &error), PXM_OK);
        if (cases[i].most < INT64_MAX) {
            assert_int_equal(begin(cases[i].trigger, cases[i].type, cases[i].most + 1, cases[i].max, &error),
                             PXM_E_LIMIT);
            assert_string_equal(error.code, "limit.bytes");
        }
    }
}

static void a_body_of_unknown_length_is_counted(void **state)
{
    (void)state;
    struct intake_case what = {.trigger = {.reads_body = true},
                               .content_type = "text/plain",
                               .bytes_max = 4,
                               .body = "1234",
                               .expected = "body=\"1234\""};
    intake_check(&what);
    what.body = "12345";
    what.expected = "limit.bytes: the body is more than the 4 bytes allowed";
    intake_check(&what);
}

/* As `curl --data-binary @FILE` sends it. */
static void a_file_that_says_it_is_a_form_is_a_body_where_that_is_read(void **state)
{
    (void)state;
    struct intake_case what = {.trigger = {.reads_body = true, .reads_form = true},
                               .content_type = PAIRS,
                               .body = GIF,
                               .expected = "body=\"GIF89a\\r\\n--b--\"(image/gif)"};
    intake_check(&what);
    what.trigger.reads_body = false;
    what.expected = "form={\"GIF89a\\r\\n--b--\":\"\"}";
    intake_check(&what);
    what.trigger.reads_body = true;
    what.body = "a=GIF89a";
    what.expected = "form={\"a\":\"GIF89a\"}";
    intake_check(&what);
}

static void a_form_of_pairs_has_a_limit(void **state)
{
    (void)state;
    struct pxm_buf body;
    pxm_buf_init(&body, 1 << 20);
    for (int i = 0; i < 257; i++) {
        pxm_buf_printf(&body, "&a%d", i);
    }
    struct intake_case what = {.trigger = {.reads_form = true},
                               .content_type = PAIRS,
                               .body = body.data,
                               .expected = "request.fields: the form: more than 256 parameters"};
    intake_check(&what);
    pxm_buf_done(&body);
}

static void a_large_body_is_one_file_with_one_digest(void **state)
{
    (void)state;
    enum { LENGTH = 1 << 20 };
    char *data = malloc(LENGTH);
    assert_non_null(data);
    for (size_t i = 0; i < LENGTH; i++) {
        data[i] = (char)(i * 31 + i / 1021);
    }
    memcpy(data, "\x89PNG\r\n\x1A\n", 8);
    const struct intake_case what = {
        .trigger = {.reads_body = true}, .content_type = "image/png", .body = data, .length = LENGTH};
    static const size_t steps[] = {LENGTH, 128 << 10, 1021};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        for (int is_said = 0; is_said < 2; is_said++) {
            struct pxm_error error = {0};
            struct app_body body = {.bytes = 0};
            uint8_t digest[PXM_SHA256_BYTES];
            assert_int_equal(intake_run(&what, is_said ? LENGTH : -1, steps[i], &body, &error), PXM_OK);
            assert_true(pxm_blob_fd(body.body, NULL) >= 0);
            assert_memory_equal(pxm_blob_data(body.body, NULL), data, LENGTH);
            assert_int_equal(pxm_sha256(data, LENGTH, digest), PXM_OK);
            assert_memory_equal(body.sha256, digest, sizeof digest);
            assert_memory_equal(pxm_blob_sha256(body.body), digest, sizeof digest);
            assert_string_equal(pxm_blob_media(body.body), "image/png");
            app_body_done(&body);
        }
    }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_content_type_says_what_a_body_is),
        cmocka_unit_test(what_the_trigger_reads_decides),
        cmocka_unit_test(an_empty_body_is_none),
        cmocka_unit_test(the_digest_is_that_of_the_whole_body),
        cmocka_unit_test(a_length_that_lies_is_refused),
        cmocka_unit_test(what_says_that_it_is_too_long_is_refused_at_once),
        cmocka_unit_test(a_body_of_unknown_length_is_counted),
        cmocka_unit_test(a_file_that_says_it_is_a_form_is_a_body_where_that_is_read),
        cmocka_unit_test(a_form_of_pairs_has_a_limit),
        cmocka_unit_test(a_large_body_is_one_file_with_one_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
