/* Percent-decoding and pairs of queries: what is taken, and what is refused. */
#include "app/url.h"

#include "base/error.h"
#include "base/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(text) (text), sizeof(text) - 1

static void escapes_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        bool plus_is_space;
        const char *decoded;
    } cases[] = {
        {TEXT(""), false, ""},
        {TEXT("plain"), false, "plain"},
        {TEXT("a%20b"), false, "a b"},
        {TEXT("%41%4a%4A"), false, "AJJ"},
        {TEXT("a+b%2B"), false, "a+b+"},
        {TEXT("a+b%2B"), true, "a b+"},
        {TEXT("%2e%2E/%2F"), false, "..//"},
        {TEXT("%C3%A9\xC3\xA9%F0%9F%98%80"), false, "\xC3\xA9\xC3\xA9\xF0\x9F\x98\x80"},
        {TEXT("\xC3%A9"), false, "\xC3\xA9"},
        {TEXT("%25%32%35"), false, "%25"},
        {TEXT("%01%7F"), false, "\x01\x7F"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pxm_error error = {0};
        struct pxm_buf buf;
        pxm_buf_init(&buf, 100);
        pxm_buf_puts(&buf, "before:");
        assert_int_equal(app_url_decode(cases[i].text, cases[i].length, cases[i].plus_is_space, &buf, &error), PXM_OK);
        assert_string_equal(buf.data + 7, cases[i].decoded);
        assert_int_equal(buf.length - 7, strlen(cases[i].decoded));
        pxm_buf_done(&buf);
    }
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *says;
    } cases[] = {
        {TEXT("%"), "byte 1: two hex digits"},
        {TEXT("abc%"), "byte 4: two hex digits"},
        {TEXT("%4"), "byte 1: two hex digits"},
        {TEXT("%4g"), "byte 1: two hex digits"},
        {TEXT("%g4"), "byte 1: two hex digits"},
        {TEXT("% 41"), "byte 1: two hex digits"},
        {TEXT("%u0041"), "byte 1: two hex digits"},
        {TEXT("%%41"), "byte 1: two hex digits"},
        {TEXT("a%00"), "byte 2: a NUL"},
        {TEXT("a\0b"), "byte 2: a NUL"},
        {TEXT("%FF"), "no UTF-8"},
        {TEXT("%C3"), "no UTF-8"},
        {TEXT("\x80"), "no UTF-8"},
        {TEXT("%C0%80"), "no UTF-8"},
        {TEXT("%ED%A0%80"), "no UTF-8"},
        {TEXT("%C3+%A9"), "no UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pxm_error error = {0};
        struct pxm_buf buf;
        pxm_buf_init(&buf, 100);
        pxm_buf_puts(&buf, "before");
        assert_int_equal(app_url_decode(cases[i].text, cases[i].length, true, &buf, &error), PXM_E_INVALID);
        assert_string_equal(error.code, "url.invalid");
        assert_non_null(strstr(error.text, cases[i].says));
        assert_string_equal(buf.data, "before");
        assert_int_equal(buf.status, PXM_OK);
        pxm_buf_done(&buf);
    }
}

static void the_cap_counts_decoded_bytes(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    struct pxm_buf buf;
    pxm_buf_init(&buf, 3);
    assert_int_equal(app_url_decode(TEXT("%41%42%43"), false, &buf, &error), PXM_OK);
    assert_string_equal(buf.data, "ABC");
    pxm_buf_clear(&buf);
    assert_int_equal(app_url_decode(TEXT("%41%42%43%44"), false, &buf, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "url.too_long");
    assert_string_equal(buf.data, "");
    pxm_buf_done(&buf);
}

/* "name=value;" of each pair, names and values as they are. */
static void list_pairs(const pxm_value *record, struct pxm_buf *out)
{
    for (size_t i = 0; i < pxm_value_count(record); i++) {
        pxm_buf_printf(out, "%s=%s;", pxm_value_key(record, i), pxm_value_as_string(pxm_value_at(record, i), NULL));
    }
}

static void pairs_become_a_record(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"&&", ""},
        {"a=1", "a=1;"},
        {"a=1&b=2", "a=1;b=2;"},
        {"&a=1&&b=2&", "a=1;b=2;"},
        {"a", "a=;"},
        {"a=", "a=;"},
        {"=1", "=1;"},
        {"=", "=;"},
        {"a=b=c", "a=b=c;"},
        {"a+b=c+d", "a b=c d;"},
        {"%61%3D=%26", "a==&;"},
        {"a=1&a=2&%61=3", "a=1;"},
        {"a&a=2", "a=;"},
        {"a=1;b=2", "a=1;b=2;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pxm_error error = {0};
        struct pxm_buf out;
        pxm_value *record = NULL;
        pxm_buf_init(&out, 1000);
        assert_int_equal(app_url_pairs(cases[i][0], strlen(cases[i][0]), &record, &error), PXM_OK);
        list_pairs(record, &out);
        assert_string_equal(out.data, cases[i][1]);
        pxm_value_unref(record);
        pxm_buf_done(&out);
    }
}

static void a_bad_pair_says_which(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a=1&b=%", "parameter 2: byte 1: two hex digits"},
        {"%zz=1", "parameter 1: byte 1: two hex digits"},
        {"a=%00", "parameter 1: byte 1: a NUL"},
        {"&&a=1&%FF=", "parameter 2: what the percent signs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pxm_error error = {0};
        pxm_value *record = NULL;
        assert_int_equal(app_url_pairs(cases[i][0], strlen(cases[i][0]), &record, &error), PXM_E_INVALID);
        assert_string_equal(error.code, "url.invalid");
        assert_ptr_equal(strstr(error.text, cases[i][1]), error.text);
        assert_null(record);
    }
}

static void pairs_are_counted(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    struct pxm_buf query;
    pxm_value *record = NULL;
    pxm_buf_init(&query, 10000);
    for (int i = 0; i < APP_PAIRS_MAX; i++) {
        pxm_buf_printf(&query, "&k%d=%d", i, i);
    }
    assert_int_equal(app_url_pairs(query.data, query.length, &record, &error), PXM_OK);
    assert_int_equal(pxm_value_count(record), APP_PAIRS_MAX);
    assert_string_equal(pxm_value_as_string(pxm_value_get(record, "k255"), NULL), "255");
    pxm_value_unref(record);
    record = NULL;
    pxm_buf_puts(&query, "&k0=again");
    assert_int_equal(app_url_pairs(query.data, query.length, &record, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "url.too_many");
    assert_null(record);
    pxm_buf_done(&query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_decoded),          cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(the_cap_counts_decoded_bytes), cmocka_unit_test(pairs_become_a_record),
        cmocka_unit_test(a_bad_pair_says_which),        cmocka_unit_test(pairs_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
