/* Base64: the vectors of RFC 4648, both alphabets, and everything that is none. */
#include "app/base64.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 64 };

/* Decodes in steps of so many bytes; false: it is no base64. */
static bool decode(const char *text, size_t step, uint8_t *out, size_t *ret_length)
{
    struct app_base64 base64 = {0};
    size_t length = strlen(text), used = 0, count = 0;
    for (size_t at = 0; at < length;) {
        size_t piece = step < length - at ? step : length - at;
        size_t read = app_base64_decode(&base64, text + at, piece, out + used, &count);
        used += count;
        at += read;
        if (read < piece) {
            if (text[at] != '=' || !app_base64_pad(&base64)) {
                return false;
            }
            at++;
        }
    }
    if (!app_base64_finish(&base64, out + used, &count)) {
        return false;
    }
    *ret_length = used + count;
    return true;
}

static void text_is_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
    } cases[] = {
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmFy", "foobar"},
        {"Zg", "f"},
        {"Zm8", "fo"},
        {"Zm9vYg", "foob"},
        {"_-_-", "\xFF\xEF\xFE"},
        {"/+/+", "\xFF\xEF\xFE"},
        {"/-_+", "\xFF\xEF\xFE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t step = 1; step <= strlen(cases[i].text) + 1; step++) {
            uint8_t out[TEXT_MAX];
            size_t length = 0;
            assert_true(decode(cases[i].text, step, out, &length));
            assert_int_equal(length, strlen(cases[i].bytes));
            assert_memory_equal(out, cases[i].bytes, length);
        }
    }
}

static void what_is_no_base64_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "Z",  "Zm9vY", "Zg=", "Zg===", "Zm8==", "Zm9v=", "=",    "==",     "====",  "Z===",  "Zh==",
        "Zh", "Zm9=",  "Zm9", "Z g=",  "Zg= =", "Zg==Z", "Zg=v", "Zm9v\n", "Zm9v.", "\xFFm", "Zm9v\x80",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t step = 1; step <= strlen(cases[i]); step++) {
            uint8_t out[TEXT_MAX];
            size_t length = 0;
            if (decode(cases[i], step, out, &length)) {
                fail_msg("%s", cases[i]);
            }
        }
    }
}

static void every_byte_is_a_digit_or_none(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    for (int c = 0; c < 256; c++) {
        const char text[4] = {'A', 'A', 'A', (char)c};
        const char *found = c != 0 ? strchr(alphabet, c) : NULL;
        struct app_base64 base64 = {0};
        uint8_t out[TEXT_MAX];
        size_t count = 0;
        assert_int_equal(app_base64_decode(&base64, text, 4, out, &count), found != NULL ? 4 : 3);
        assert_int_equal(count, found != NULL ? 3 : 0);
        if (found != NULL) {
            ptrdiff_t at = found - alphabet;
            assert_int_equal(out[2], at < 64 ? at : at - 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_decoded),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(every_byte_is_a_digit_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
