/* Ranges: which bytes a header asks for, and what is none that is served. */
#include "app/range.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "FIRST+COUNT", "whole" or "beyond". Valid until the next call. */
static const char *range(const char *value, int64_t length)
{
    static char text[64];
    int64_t offset = -1, count = -1;
    switch (app_range_read(value, length, &offset, &count)) {
    case APP_RANGE_PART:
        snprintf(text, sizeof text, "%" PRId64 "+%" PRId64, offset, count);
        return text;
    case APP_RANGE_WHOLE:
        assert_int_equal(offset, -1);
        return "whole";
    case APP_RANGE_BEYOND:
        assert_int_equal(count, -1);
        return "beyond";
    }
    return "";
}

static void a_range_is_what_it_says(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"bytes=0-0", "0+1"},
        {"bytes=0-", "0+10"},
        {"bytes=3-5", "3+3"},
        {"bytes=9-9", "9+1"},
        {"bytes=9-", "9+1"},
        {"bytes=5-9", "5+5"},
        {"bytes=5-10", "5+5"},
        {"bytes=5-9223372036854775807", "5+5"},
        {"bytes=5-9223372036854775808", "5+5"},
        {"bytes=5-99999999999999999999999", "5+5"},
        {"bytes=-3", "7+3"},
        {"bytes=-10", "0+10"},
        {"bytes=-11", "0+10"},
        {"bytes=-99999999999999999999999", "0+10"},
        {"bytes=000000000000000000000000000001-1", "1+1"},
        {"Bytes=1-1", "1+1"},
        {"bytes= 1-1\t", "1+1"},
        {"bytes=10-", "beyond"},
        {"bytes=10-20", "beyond"},
        {"bytes=9223372036854775807-9223372036854775807", "beyond"},
        {"bytes=99999999999999999999999-", "beyond"},
        {"bytes=-0", "beyond"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(range(cases[i][0], 10), cases[i][1]);
    }
    assert_string_equal(range("bytes=0-9223372036854775807", INT64_MAX), "0+9223372036854775807");
    assert_string_equal(range("bytes=-1", INT64_MAX), "9223372036854775806+1");
}

static void several_ranges_and_what_is_none_mean_the_whole(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "bytes=0-0,2-3", "bytes=10-,0-0", "bytes=0-0,",  "bytes=,0-0", "bytes=5-3",
        "bytes=-",       "bytes=",        "bytes",       "",           "bytes=1",
        "bytes=a-b",     "bytes=1-2x",    "bytes=+1-2",  "bytes=1--2", "bytes =1-2",
        "bytes=0x1-2",   "items=0-1",     "=0-1",        "0-1",        "bytes=1- 2",
        "bytes=1.0-2",   "bytes=--1",     "bytes=1-2-3", "bytes=*",    "bytes: 1-2",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (strcmp(range(cases[i], 10), "whole") != 0) {
            fail_msg("%s is %s", cases[i], range(cases[i], 10));
        }
    }
}

static void nothing_has_no_part(void **state)
{
    (void)state;
    assert_string_equal(range("bytes=-5", 0), "whole");
    assert_string_equal(range("bytes=0-", 0), "beyond");
    assert_string_equal(range("bytes=0-0", 0), "beyond");
    assert_string_equal(range("bytes=-0", 0), "beyond");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_what_it_says),
        cmocka_unit_test(several_ranges_and_what_is_none_mean_the_whole),
        cmocka_unit_test(nothing_has_no_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
