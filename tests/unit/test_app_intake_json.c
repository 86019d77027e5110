/* JSON with files in it: they become files, the rest stays what it is, and what is no JSON is refused as ever. Every
 * body is fed in one piece, byte by byte, and cut at every place. */
#include "intake_fixture.h"

#include "base/blob.h"
#include "base/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GIF "R0lGODlh" /* "GIF89a" */

struct text {
    const char *body, *expected;
};

/* `files` NULL: any. */
static void check(const char *const *files, const struct text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        intake_check(&(struct intake_case){.trigger = {.reads_json = true, .reads_files = true, .files = files},
                                           .content_type = "application/json",
                                           .body = texts[i].body,
                                           .expected = texts[i].expected});
    }
}

static const char *const image[] = {"other", "image", NULL};

static void members_that_are_read_as_files_become_files(void **state)
{
    (void)state;
    static const struct text texts[] = {
        {"{\"image\":\"" GIF "\"}", "json={} files={image=\"GIF89a\"(image/gif)}"},
        {" { \"image\" : \"" GIF "\" } ", "json={} files={image=\"GIF89a\"(image/gif)}"},
        {"{\"a\":1,\"image\":\"QQ\",\"b\":[2]}", "json={\"a\":1,\"b\":[2]} files={image=\"A\"}"},
        {"{\"image\":\"QQ\",\"other\":\"Qg\"}", "json={} files={image=\"A\" other=\"B\"}"},
        {"{\"\\u0069mage\":\"QQ\"}", "json={} files={image=\"A\"}"},
        {"{\"image\":\"\"}", "json={} files={image=\"\"}"},
        {"{\"image\":\"data:image/png;base64," GIF "\"}", "json={} files={image=\"GIF89a\"(image/gif)}"},
        {"{\"image\":\"DATA:;BASE64,QQ\"}", "json={} files={image=\"A\"}"},
        {"{\"image\":\"data:,a%20b%41c\"}", "json={} files={image=\"a bAc\"}"},
        {"{\"image\":\"data:text/plain;charset=utf-8,a+b\"}", "json={} files={image=\"a+b\"}"},
        {"{\"image\":\"data:;base64,Q%51%3D%3d\"}", "json={} files={image=\"A\"}"},
        {"{\"image\":\"dataQUFB\"}", "json={} files={image=\"u\xEF\xBF\xBDZAAA\"}"},
        {"{\"image\":\"data\"}", "json={} files={image=\"u\xEF\xBF\xBDZ\"}"},
        {"{\"\":\"x\",\"image\":\"QQ\"}", "json={\"\":\"x\"} files={image=\"A\"}"},
    };
    check(image, texts, sizeof texts / sizeof texts[0]);
}

static void base64_comes_in_many_ways(void **state)
{
    (void)state;
    static const struct text texts[] = {
        {"{\"image\":\"YW55PzQ\"}", "json={} files={image=\"any?4\"}"},
        {"{\"image\":\"YW55PzQ=\"}", "json={} files={image=\"any?4\"}"},
        {"{\"image\":\"QQ\\u003d\\u003D\"}", "json={} files={image=\"A\"}"},
        {"{\"image\":\"QQ=\\r\\n=\\n\"}", "json={} files={image=\"A\"}"},
        {"{\"image\":\"Y\\nW\\r\\n55\\nPzQ=\"}", "json={} files={image=\"any?4\"}"},
        {"{\"image\":\"PDw\\/Pz4+\"}", "json={} files={image=\"<<?\?>>\"}"},
        {"{\"image\":\"PDw_Pz4-\"}", "json={} files={image=\"<<?\?>>\"}"},
        {"{\"image\":\"\\u0051Q\"}", "json={} files={image=\"A\"}"},
    };
    check(image, texts, sizeof texts / sizeof texts[0]);
}

static void what_is_no_string_or_not_read_stays_json(void **state)
{
    (void)state;
    static const struct text texts[] = {
        {"{\"image\":null}", "json={\"image\":null}"},
        {"{\"image\":1,\"other\":[\"QQ\"]}", "json={\"image\":1,\"other\":[\"QQ\"]}"},
        {"{\"image\":{\"image\":\"QQ\"}}", "json={\"image\":{\"image\":\"QQ\"}}"},
        {"{\"a\":{\"b\":\"}\"},\"image\":\"QQ\"}", "json={\"a\":{\"b\":\"}\"}} files={image=\"A\"}"},
        {"{\"a\":\"\\\"image\\\":\",\"c\":[\"\\\\\",\"]\"],\"image\":\"QQ\"}",
         "json={\"a\":\"\\\"image\\\":\",\"c\":[\"\\\\\",\"]\"]} files={image=\"A\"}"},
        {"{\"Image\":\"QQ\",\"imag\":\"QQ\",\"images\":\"QQ\"}",
         "json={\"Image\":\"QQ\",\"imag\":\"QQ\",\"images\":\"QQ\"}"},
        {"{\"a\":\"image\",\"b\":\"data:,x\"}", "json={\"a\":\"image\",\"b\":\"data:,x\"}"},
        {"[\"image\",\"QQ\"]", "json=[\"image\",\"QQ\"]"},
        {"[{\"image\":\"QQ\"}]", "json=[{\"image\":\"QQ\"}]"},
        {"\"image\"", "json=\"image\""},
        {" 1.5 ", "json=1.5"},
        {"null", "json=null"},
        {"{}", "json={}"},
    };
    check(image, texts, sizeof texts / sizeof texts[0]);
}

static void any_data_url_is_a_file_where_any_may_be_read(void **state)
{
    (void)state;
    static const struct text texts[] = {
        {"{\"a\":\"data:;base64,QQ\",\"b\":\"QQ\"}", "json={\"b\":\"QQ\"} files={a=\"A\"}"},
        {"{\"a\":\"Data:,x\",\"\\u00e9\\\"\":\"\\u0064\\u0061ta:,y\"}", "json={} files={a=\"x\" \xC3\xA9\"=\"y\"}"},
        {"{\"a\":\"data\",\"b\":\"dat:\",\"c\":\"data\\u001a,x\",\"d\":\"\",\"e\":\"d\\u0161\"}",
         "json={\"a\":\"data\",\"b\":\"dat:\",\"c\":\"data\\u001a,x\",\"d\":\"\",\"e\":\"d\xC5\xA1\"}"},
        {"{\"a\":[\"data:,x\"],\"b\":\"\\\"data:,x\"}", "json={\"a\":[\"data:,x\"],\"b\":\"\\\"data:,x\"}"},
        {"{\"a\":\"dat\\x\"}", "request.body: the JSON: line 1, byte 11: no such escape"},
    };
    check(NULL, texts, sizeof texts / sizeof texts[0]);
}

static void bad_text_of_a_file_says_where(void **state)
{
    (void)state;
#define MEMBER "request.body: member \"image\": "
    static const struct text texts[] = {
        {"{\"image\":\"QQ!\"}", MEMBER "byte 3: this is no base64"},
        {"{\"image\":\"Q Q\"}", MEMBER "byte 2: this is no base64"},
        {"{\"image\":\"Q\"}", MEMBER "byte 2: base64 ends in the middle"},
        {"{\"image\":\"QR\"}", MEMBER "byte 3: base64 ends in the middle"},
        {"{\"image\":\"QUJ\"}", MEMBER "byte 4: base64 ends in the middle"},
        {"{\"image\":\"QQ=\"}", MEMBER "byte 4: base64 ends in the middle"},
        {"{\"image\":\"Q=\"}", MEMBER "byte 2: base64 has no padding here"},
        {"{\"image\":\"=\"}", MEMBER "byte 1: base64 has no padding here"},
        {"{\"image\":\"QQ===\"}", MEMBER "byte 5: base64 has no padding here"},
        {"{\"image\":\"QUI==\"}", MEMBER "byte 5: base64 has no padding here"},
        {"{\"image\":\"QQ==QQ\"}", MEMBER "byte 5: nothing may follow the padding"},
        {"{\"image\":\"QQ=A\"}", MEMBER "byte 4: nothing may follow the padding"},
        {"{\"image\":\"QQ\\u0000\"}", MEMBER "byte 3: this is no base64"},
        {"{\"image\":\"QQ\\u0161\"}", MEMBER "byte 3: this is no base64"},
        {"{\"image\":\"QQ\xC3\xA9\"}", MEMBER "byte 3: this is no base64"},
        {"{\"image\":\"QQ\\x\"}", MEMBER "this is no JSON string"},
        {"{\"image\":\"QQ\\u00g0\"}", MEMBER "this is no JSON string"},
        {"{\"image\":\"Q\nQ\"}", MEMBER "this is no JSON string"},
        {"{\"image\":\"data:image/png;base64\"}", MEMBER "byte 22: a data: URL has a comma before its data"},
        {"{\"image\":\"data:\xC3\xA9,\"}", MEMBER "byte 6: a data: URL has no such character"},
        {"{\"image\":\"data:,\xC3\xA9\"}", MEMBER "byte 7: a data: URL has no such character"},
        {"{\"image\":\"data:,a\\nb\"}", MEMBER "byte 8: a data: URL has no such character"},
        {"{\"image\":\"data:,%4\"}", MEMBER "byte 9: two hex digits"},
        {"{\"image\":\"data:,%4x\"}", MEMBER "byte 9: two hex digits"},
        {"{\"image\":\"data:;base64,Q!\"}", MEMBER "byte 15: this is no base64"},
        {"{\"image\":\"data:;base64,Q%00\"}", MEMBER "byte 17: this is no base64"},
        {"{\"image\":\"QQ", MEMBER "the string does not end"},
        {"{\"image\":\"QQ\\", MEMBER "the string does not end"},
        {"{\"image\":\"QQ\",\"image\":\"QQ\"}", "request.fields: there are two files of the name \"image\""},
    };
    check(image, texts, sizeof texts / sizeof texts[0]);
}

static void what_is_no_json_does_not_become_json(void **state)
{
    (void)state;
#define JSON      "request.body: the JSON: "
#define WITH_NULL "request.body: the JSON, null for each file: "
    static const struct text texts[] = {
        {" ", JSON "line 1, byte 2: the text ends too early"},
        {"{", JSON},
        {"{\"a\":1,}", JSON},
        {"{\"a\" 1}", JSON},
        {"{a:1}", JSON},
        {"{\"a\":1 \"image\":\"QQ\"}", JSON},
        {"{\"a\":1,\"a\":2}", JSON "line 1, byte 8: the same key is there twice"},
        {"\xEF\xBB\xBF{}", JSON},
        {"{\"image\":\"QQ\"", WITH_NULL},
        {"{\"image\":\"QQ\",}", WITH_NULL},
        {"{\"image\":\"QQ\"}}", WITH_NULL},
        {"{\"image\":\"QQ\"}{\"image\":\"QQ\"}", WITH_NULL},
        {"{\"image\":\"QQ\"\"QQ\"}", WITH_NULL},
        {"{,\"image\":\"QQ\"}", WITH_NULL},
        {"{\"a\":},\"image\":\"QQ\"}", WITH_NULL},
        {"{\"image\":\"QQ\",\"image\":null}", WITH_NULL},
        {"{\"image\"\"QQ\"}", JSON},
        {"{\"image\":\"QQ\",\"a\":\"\xFF\"}", WITH_NULL},
        {"{\"\xFF\":\"x\"}", JSON},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]}",
         "request.body: the JSON is nested more than 24 levels deep"},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]}",
         "json={\"a\":[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]}"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", JSON "nested more than 32"},
    };
    check(image, texts, sizeof texts / sizeof texts[0]);
}

static void names_in_messages_are_harmless(void **state)
{
    (void)state;
    intake_check(&(struct intake_case){
        .trigger = {.reads_files = true},
        .content_type = "application/json",
        .body = "{\"a\\nb012345678901234567890123456789012345678901234567890123456789\xC3\xA9zz\":\"data:;base64,!\"}",
        .expected = "request.body: member \"a?b012345678901234567890123456789012345678901234567890123456789\xC3\xA9\": "
                    "byte 14"});
}

static void json_alone_is_left_as_it_is(void **state)
{
    (void)state;
    intake_check(&(struct intake_case){.trigger = {.reads_json = true},
                                       .content_type = "application/vnd.api+json; charset=UTF-8",
                                       .body = "{\"image\":\"QQ\",\"a\":\"data:,x\"}",
                                       .expected = "json={\"image\":\"QQ\",\"a\":\"data:,x\"}"});
}

/* A picture of many megabytes never is in memory as a whole: what comes is a file. */
static void a_large_file_streams_into_a_file(void **state)
{
    (void)state;
    enum { GROUPS = 1 << 20 };
    struct pxm_buf body;
    pxm_buf_init(&body, 8 << 20);
    pxm_buf_puts(&body, "{\"a\":1,\"image\":\"");
    for (size_t i = 0; i < GROUPS; i++) {
        pxm_buf_puts(&body, i % 19 == 0 ? "\\nQUJD" : "QUJD");
    }
    pxm_buf_puts(&body, "\"}");
    assert_int_equal(body.status, PXM_OK);
    static const size_t steps[] = {128 << 10, 4099};
    for (size_t i = 0; i < 2; i++) {
        const struct intake_case what = {.trigger = {.reads_json = true, .reads_files = true, .files = image},
                                         .content_type = "application/json",
                                         .bytes_max = 3 * GROUPS,
                                         .body = body.data,
                                         .length = body.length};
        struct pxm_error error = {0};
        struct app_body got = {.bytes = 0};
        assert_int_equal(intake_run(&what, (int64_t)body.length, steps[i], &got, &error), PXM_OK);
        pxm_blob *blob = pxm_value_as_blob(pxm_value_get(got.files, "image"));
        size_t length = 0;
        const char *data = pxm_blob_data(blob, &length);
        assert_int_equal(length, 3 * GROUPS);
        assert_true(pxm_blob_fd(blob, NULL) >= 0);
        for (size_t at = 0; at < length; at += 3) {
            assert_memory_equal(data + at, "ABC", 3);
        }
        app_body_done(&got);
    }
    pxm_buf_done(&body);
}

/* `count` letters of base64 in a file and `beside` letters next to it. */
static pxm_status run_sized(size_t count, size_t beside, int64_t bytes_max, pxm_error *error)
{
    struct pxm_buf body;
    pxm_buf_init(&body, 8 << 20);
    pxm_buf_puts(&body, "{\"a\":\"");
    for (size_t i = 0; i < beside; i++) {
        pxm_buf_putc(&body, 'x');
    }
    pxm_buf_puts(&body, "\",\"image\":\"");
    for (size_t i = 0; i < count; i++) {
        pxm_buf_putc(&body, 'A');
    }
    pxm_buf_puts(&body, "\"}");
    assert_int_equal(body.status, PXM_OK);
    const struct intake_case what = {.trigger = {.reads_json = true, .reads_files = true, .files = image},
                                     .content_type = "application/json",
                                     .bytes_max = bytes_max,
                                     .body = body.data,
                                     .length = body.length};
    struct app_body got = {.bytes = 0};
    pxm_status status = intake_run(&what, -1, 1000, &got, error);
    app_body_done(&got);
    pxm_buf_done(&body);
    return status;
}

static void files_and_the_rest_have_limits_of_their_own(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    const size_t around = strlen("{\"a\":\"\",\"image\":null}");
    assert_int_equal(run_sized(4000, 0, 3000, &error), PXM_OK);
    assert_int_equal(run_sized(4004, 0, 3000, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "limit.bytes");
    assert_string_equal(error.text, "member \"image\": the files are more than the 3000 bytes allowed");
    assert_int_equal(run_sized(4000, APP_JSON_BYTES_MAX - around, 3000, &error), PXM_OK);
    assert_int_equal(run_sized(4000, APP_JSON_BYTES_MAX - around + 1, 3000, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "limit.bytes");
    assert_int_equal(run_sized(0, APP_JSON_BYTES_MAX, 3000, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "limit.bytes");
}

static void json_without_files_has_the_lesser_limit(void **state)
{
    (void)state;
    struct intake_case what = {.trigger = {.reads_json = true},
                               .content_type = "application/json",
                               .bytes_max = 4,
                               .body = "1234",
                               .expected = "json=1234"};
    intake_check(&what);
    what.body = "12345";
    what.expected = "limit.bytes: the body is more than the 4 bytes allowed";
    intake_check(&what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_that_are_read_as_files_become_files),
        cmocka_unit_test(base64_comes_in_many_ways),
        cmocka_unit_test(what_is_no_string_or_not_read_stays_json),
        cmocka_unit_test(any_data_url_is_a_file_where_any_may_be_read),
        cmocka_unit_test(bad_text_of_a_file_says_where),
        cmocka_unit_test(what_is_no_json_does_not_become_json),
        cmocka_unit_test(names_in_messages_are_harmless),
        cmocka_unit_test(json_alone_is_left_as_it_is),
        cmocka_unit_test(a_large_file_streams_into_a_file),
        cmocka_unit_test(files_and_the_rest_have_limits_of_their_own),
        cmocka_unit_test(json_without_files_has_the_lesser_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
