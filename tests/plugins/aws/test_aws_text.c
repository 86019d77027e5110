/* Encodings, lists and times, with what is no such thing as well. */
#include "aws/list.h"
#include "aws/text.h"
#include "aws/time.h"
#include "base/clock.h"
#include "base/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 1 << 16 };

static void texts_stop_at_their_cap(void **state)
{
    struct aws_text text;
    (void)state;
    aws_text_init(&text, 5);
    aws_text_puts(&text, "abc");
    assert_false(text.failed);
    aws_text_puts(&text, "def");
    assert_true(text.failed);
    assert_string_equal(aws_text_get(&text), "abc");
    aws_text_puts(&text, "d");
    assert_string_equal(aws_text_get(&text), "abc"); /* a failure sticks */
    aws_text_clear(&text);
    aws_text_printf(&text, "%d", 12345);
    assert_string_equal(aws_text_get(&text), "12345");
    aws_text_printf(&text, "%d", 1);
    assert_true(text.failed);
    assert_null(aws_text_take(&text));
    assert_string_equal(aws_text_get(&text), "");
    aws_text_done(&text);
}

static void every_byte_survives_percent_encoding(void **state)
{
    char all[256];
    struct aws_text text;
    (void)state;
    aws_text_init(&text, ROOM);
    for (int i = 1; i < 256; i++) {
        all[i - 1] = (char)i;
    }
    all[255] = '\0';
    aws_percent_encode(&text, all, strlen(all), false);
    assert_null(strpbrk(text.data, " +/'()!*&=?#"));
    assert_true(aws_percent_decode(text.data));
    assert_string_equal(text.data, all);
    aws_text_clear(&text);
    aws_percent_encode(&text, "a b/~-_.\xc3\xa9", 10, true);
    assert_string_equal(text.data, "a%20b/~-_.%C3%A9");
    aws_text_done(&text);
}

static void broken_escapes_are_refused(void **state)
{
    static const char *const broken[] = {"%", "%2", "a%zz", "%%41", "%00", "%-1", "abc%"};
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char *copy = strdup(broken[i]);
        assert_false(aws_percent_decode(copy));
        free(copy);
    }
    char plus[] = "a+b%2b";
    assert_true(aws_percent_decode(plus));
    assert_string_equal(plus, "a+b+");
}

static void base64_is_that_of_the_standard(void **state)
{
    static const struct {
        const char *plain, *padded, *url;
    } examples[] = {{"", "", ""},
                    {"f", "Zg==", "Zg"},
                    {"fo", "Zm8=", "Zm8"},
                    {"foo", "Zm9v", "Zm9v"},
                    {"foob", "Zm9vYg==", "Zm9vYg"},
                    {"\xff\xfe\xfd", "//79", "__79"}};
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct aws_text padded, url, back;
        aws_text_init(&padded, ROOM);
        aws_text_init(&url, ROOM);
        aws_text_init(&back, ROOM);
        aws_base64(&padded, examples[i].plain, strlen(examples[i].plain));
        aws_base64url(&url, examples[i].plain, strlen(examples[i].plain));
        assert_string_equal(aws_text_get(&padded), examples[i].padded);
        assert_string_equal(aws_text_get(&url), examples[i].url);
        assert_true(aws_base64url_decode(&back, examples[i].url));
        assert_string_equal(aws_text_get(&back), examples[i].plain);
        aws_text_done(&padded);
        aws_text_done(&url);
        aws_text_done(&back);
    }
}

static void each_content_has_one_base64_text(void **state)
{
    static const char *const others[] = {"Zh", "Zm9", "Z", "Zg==", "Zm 9v", "Zm+v", "Zm/v", "\xc3\xa9"};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct aws_text back;
        aws_text_init(&back, ROOM);
        assert_false(aws_base64url_decode(&back, others[i]));
        aws_text_done(&back);
    }
}

static void times_are_written_and_read(void **state)
{
    char stamp[AWS_STAMP_TEXT], iso[AWS_ISO_TEXT];
    int64_t ms = 0;
    (void)state;
    aws_time_stamp(INT64_C(1440938160000), stamp);
    assert_string_equal(stamp, "20150830T123600Z");
    aws_time_iso(INT64_C(1440938160123), iso);
    assert_string_equal(iso, "2015-08-30T12:36:00.123Z");
    assert_true(aws_time_parse(iso, &ms));
    assert_int_equal(ms, INT64_C(1440938160123));
    assert_true(aws_time_parse("2015-08-30T12:36:00Z", &ms));
    assert_int_equal(ms, INT64_C(1440938160000));
    assert_true(aws_time_parse("Sun, 30 Aug 2015 12:36:00 GMT", &ms));
    assert_int_equal(ms, INT64_C(1440938160000));
    assert_true(aws_time_parse("2016-02-29T00:00:00.5Z", &ms));
    aws_time_stamp(INT64_MAX, stamp);
    assert_string_equal(stamp, "99991231T235959Z");
    aws_time_stamp(INT64_MIN, stamp);
    assert_string_equal(stamp, "19700101T000000Z");
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "now",
                                      "2015-08-30",
                                      "2015-08-30T12:36:00",
                                      "2015-08-30T12:36:00+02:00",
                                      "2015-02-29T00:00:00Z",
                                      "2015-13-01T00:00:00Z",
                                      "2015-00-01T00:00:00Z",
                                      "2015-08-30T24:00:00Z",
                                      "2015-08-30T12:36:00.Z",
                                      "2015-08-30T12:36:00Zz",
                                      "Sun, 30 Aug 2015 12:36:00",
                                      "Sun, 30 Aug 15 12:36:00 GMT",
                                      "Sunday, 30-Aug-15 12:36:00 GMT",
                                      "Xxx, 30 Aug 2015 12:36:00 GMT"};
    int64_t ms = 42;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(aws_time_parse(bad[i], &ms));
    }
    assert_false(aws_time_parse(NULL, &ms));
    assert_int_equal(ms, 42);
}

static void a_clock_learns_the_time_of_the_service(void **state)
{
    struct pxm_host_impl impl = {.name = "test", .clock = &pxm_clock_system};
    struct pxm_host host;
    pxm_host_init(&host, &impl);
    struct aws_clock clock = {.host = &host};
    int64_t server = host.now_ms(&host) - INT64_C(7200000);
    (void)state;
    assert_true(aws_clock_correct(&clock, server));
    assert_true(llabs(aws_clock_now_ms(&clock) - server) < 60000);
    assert_false(aws_clock_correct(&clock, aws_clock_now_ms(&clock)));
}

static void names_of_a_list_have_no_case(void **state)
{
    struct aws_list list = {0};
    (void)state;
    aws_list_add(&list, "ETag", "\"a\"");
    aws_list_add(&list, "x", "1");
    assert_string_equal(aws_list_get(&list, "etag"), "\"a\"");
    assert_null(aws_list_get(&list, "eta"));
    aws_list_truncate(&list, 1);
    assert_null(aws_list_get(&list, "x"));
    aws_list_done(&list);
}

static void host_labels_and_header_values_are_checked(void **state)
{
    (void)state;
    assert_true(aws_is_host_label("us-east-1"));
    assert_true(aws_is_host_label("auto"));
    assert_false(aws_is_host_label(""));
    assert_false(aws_is_host_label("-a"));
    assert_false(aws_is_host_label("a-"));
    assert_false(aws_is_host_label("a.b"));
    assert_false(aws_is_host_label("evil.example/"));
    assert_false(aws_is_host_label("0123456789012345678901234567890123456789012345678901234567890123"));
    assert_true(aws_is_header_value(NULL));
    assert_true(aws_is_header_value("caf\xc3\xa9"));
    assert_false(aws_is_header_value("a\r\nb: c"));
    assert_false(aws_is_header_value("a\tb"));
    assert_false(aws_is_header_value("a\x7f"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stop_at_their_cap),          cmocka_unit_test(every_byte_survives_percent_encoding),
        cmocka_unit_test(broken_escapes_are_refused),       cmocka_unit_test(base64_is_that_of_the_standard),
        cmocka_unit_test(each_content_has_one_base64_text), cmocka_unit_test(times_are_written_and_read),
        cmocka_unit_test(what_is_no_time_is_refused),       cmocka_unit_test(a_clock_learns_the_time_of_the_service),
        cmocka_unit_test(names_of_a_list_have_no_case),     cmocka_unit_test(host_labels_and_header_values_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
