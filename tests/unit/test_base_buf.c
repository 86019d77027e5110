/* Growing buffers: content, cap, sticky failure. */
#include "base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void pieces_are_joined_and_end_in_nul(void **state)
{
    (void)state;
    struct pxm_buf buf;
    pxm_buf_init(&buf, 1000);
    assert_string_equal(buf.data, "");
    pxm_buf_puts(&buf, "a");
    pxm_buf_putc(&buf, 'b');
    pxm_buf_add(&buf, "c\0d", 3);
    assert_int_equal(pxm_buf_printf(&buf, "%d-%s", 42, "x"), PXM_OK);
    assert_int_equal(buf.length, 9);
    assert_memory_equal(buf.data, "abc\0d42-x", 10);
    pxm_buf_truncate(&buf, 2);
    assert_string_equal(buf.data, "ab");
    pxm_buf_truncate(&buf, 5);
    assert_int_equal(buf.length, 2);
    pxm_buf_done(&buf);
    pxm_buf_done(&buf);
}

static void the_cap_is_exact_and_failure_sticks(void **state)
{
    (void)state;
    struct pxm_buf buf;
    pxm_buf_init(&buf, 5);
    assert_int_equal(pxm_buf_puts(&buf, "12345"), PXM_OK);
    assert_int_equal(pxm_buf_putc(&buf, '6'), PXM_E_LIMIT);
    assert_string_equal(buf.data, "12345");
    pxm_buf_truncate(&buf, 0);
    assert_int_equal(pxm_buf_putc(&buf, 'x'), PXM_E_LIMIT);
    pxm_buf_clear(&buf);
    assert_int_equal(pxm_buf_printf(&buf, "%s", "123456"), PXM_E_LIMIT);
    assert_int_equal(buf.length, 0);
    pxm_buf_clear(&buf);
    assert_int_equal(pxm_buf_add(&buf, "", SIZE_MAX), PXM_E_LIMIT);
    assert_null(pxm_buf_take(&buf));
    assert_int_equal(buf.status, PXM_E_LIMIT);
    pxm_buf_done(&buf);
}

static void growth_reaches_any_size_under_the_cap(void **state)
{
    (void)state;
    struct pxm_buf buf;
    pxm_buf_init(&buf, 100003);
    for (int i = 0; i < 100003; i++) {
        assert_int_equal(pxm_buf_putc(&buf, (char)('a' + i % 26)), PXM_OK);
    }
    assert_int_equal(buf.data[100002], 'a' + 100002 % 26);
    assert_int_equal(pxm_buf_putc(&buf, 'x'), PXM_E_LIMIT);
    pxm_buf_done(&buf);
}

static void take_hands_over_the_text(void **state)
{
    (void)state;
    struct pxm_buf buf;
    pxm_buf_init(&buf, 10);
    char *text = pxm_buf_take(&buf);
    assert_string_equal(text, "");
    free(text);
    pxm_buf_puts(&buf, "abc");
    text = pxm_buf_take(&buf);
    assert_string_equal(text, "abc");
    assert_int_equal(buf.length, 0);
    assert_int_equal(pxm_buf_puts(&buf, "again"), PXM_OK);
    free(text);
    pxm_buf_done(&buf);
}

static void json_strings_are_escaped_and_bad_bytes_replaced(void **state)
{
    (void)state;
    struct pxm_buf buf;
    pxm_buf_init(&buf, 1000);
    static const char text[] = "\"\\/\b\f\n\r\t\0\x01\x1F\x7F\xC3\xA9\xFF\xE2\x80\xA8\xF0\x9F";
    pxm_buf_json_string(&buf, text, sizeof text - 1);
    assert_string_equal(buf.data, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\\u007f\xC3\xA9\xEF\xBF\xBD"
                                  "\\u2028\xEF\xBF\xBD\xEF\xBF\xBD\"");
    pxm_buf_clear(&buf);
    pxm_buf_json_string(&buf, NULL, 0);
    assert_string_equal(buf.data, "\"\"");
    pxm_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_joined_and_end_in_nul),
        cmocka_unit_test(the_cap_is_exact_and_failure_sticks),
        cmocka_unit_test(growth_reaches_any_size_under_the_cap),
        cmocka_unit_test(take_hands_over_the_text),
        cmocka_unit_test(json_strings_are_escaped_and_bad_bytes_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
