/* UTF-8: which byte sequences are characters. */
#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_code_point_is_written_and_read_back(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char bytes[4];
        uint32_t read = UINT32_MAX;
        if (code >= 0xD800 && code <= 0xDFFF) {
            continue;
        }
        size_t length = pxm_utf8_put(code, bytes);
        if (pxm_utf8_next(bytes, length, &read) != length || read != code) {
            fail_msg("U+%04X", code);
        }
        for (size_t cut = 1; cut < length; cut++) {
            assert_int_equal(pxm_utf8_next(bytes, cut, &read), 0);
            assert_int_equal(pxm_utf8_cut(bytes, cut), 0);
        }
    }
}

static void ill_formed_sequences_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC2",
        "\xC2\x41",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t code = 7;
        assert_int_equal(pxm_utf8_next(cases[i], strlen(cases[i]), &code), 0);
        assert_int_equal(code, 7);
        assert_false(pxm_utf8_valid(cases[i], strlen(cases[i])));
    }
    assert_true(pxm_utf8_valid("na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x90\x88", 16));
    assert_true(pxm_utf8_valid("", 0));
}

static void cutting_leaves_whole_characters_and_foreign_bytes_alone(void **state)
{
    (void)state;
    assert_int_equal(pxm_utf8_cut("a\xE2\x82\xAC", 4), 4);
    assert_int_equal(pxm_utf8_cut("a\xE2\x82\xAC", 3), 1);
    assert_int_equal(pxm_utf8_cut("\x80\x80\x80\x80", 4), 4);
    assert_int_equal(pxm_utf8_cut("", 0), 0);
}

static void copying_ends_in_nul_and_cuts_at_a_character(void **state)
{
    (void)state;
    char buffer[4];
    pxm_utf8_copy(buffer, sizeof buffer, "ab\xC3\xA9");
    assert_string_equal(buffer, "ab");
    pxm_utf8_copy(buffer, sizeof buffer, "a\xC3\xA9");
    assert_string_equal(buffer, "a\xC3\xA9");
    pxm_utf8_copy(buffer, 1, "a");
    assert_string_equal(buffer, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_written_and_read_back),
        cmocka_unit_test(ill_formed_sequences_are_refused),
        cmocka_unit_test(cutting_leaves_whole_characters_and_foreign_bytes_alone),
        cmocka_unit_test(copying_ends_in_nul_and_cuts_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
