/* Time as text, and clocks that move. */
#include "base/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const char *formatted(int64_t wall_ms)
{
    static char buffer[PXM_TIME_TEXT_MAX];
    pxm_time_format(wall_ms, buffer);
    return buffer;
}

static void known_times_are_written_by_rfc_3339(void **state)
{
    (void)state;
    assert_string_equal(formatted(0), "1970-01-01T00:00:00.000Z");
    assert_string_equal(formatted(-1), "1969-12-31T23:59:59.999Z");
    assert_string_equal(formatted(INT64_C(951782400000)), "2000-02-29T00:00:00.000Z");
    assert_string_equal(formatted(INT64_C(1795354620123)), "2026-11-22T13:37:00.123Z");
    assert_string_equal(formatted(INT64_C(4107542399999)), "2100-02-28T23:59:59.999Z");
    assert_string_equal(formatted(INT64_C(4107542400000)), "2100-03-01T00:00:00.000Z");
    assert_string_equal(formatted(INT64_MAX), "9999-12-31T23:59:59.999Z");
    assert_string_equal(formatted(INT64_MIN), "0000-01-01T00:00:00.000Z");
}

static void every_day_of_eight_centuries_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (time_t day = -146097; day < 146097; day++) {
        struct tm parts;
        char expected[PXM_TIME_TEXT_MAX];
        time_t seconds = day * 86400 + 86399;
        assert_non_null(gmtime_r(&seconds, &parts));
        assert_int_not_equal(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.007Z", &parts), 0);
        assert_string_equal(formatted((int64_t)seconds * 1000 + 7), expected);
    }
}

static void durations_are_short(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "0ms"},
        {12, "12ms"},
        {999, "999ms"},
        {1000, "1s"},
        {1500, "1.5s"},
        {1050, "1.05s"},
        {59999, "59.999s"},
        {60000, "1m"},
        {90000, "1m30s"},
        {5400000, "1h30m"},
        {3600000, "1h"},
        {3601000, "1h"},
        {86400000, "1d"},
        {INT64_C(30) * 86400000, "30d"},
        {INT64_C(30) * 86400000 + 7200000, "30d2h"},
        {-1500, "-1.5s"},
        {-5400000, "-1h30m"},
        {INT64_MIN, "-106751991167d7h"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buffer[32];
        pxm_duration_format(cases[i].ms, buffer, sizeof buffer);
        assert_string_equal(buffer, cases[i].text);
    }
    char tiny[4];
    pxm_duration_format(5400000, tiny, sizeof tiny);
    assert_string_equal(tiny, "1h3");
}

static void the_system_clocks_move_forward(void **state)
{
    (void)state;
    const struct pxm_clock *clock = &pxm_clock_system;
    int64_t before = clock->monotonic_ms(clock->arg);
    clock->sleep_ms(clock->arg, 2);
    clock->sleep_ms(clock->arg, 0);
    clock->sleep_ms(clock->arg, -5);
    assert_true(clock->monotonic_ms(clock->arg) >= before + 2);
    assert_true(clock->wall_ms(clock->arg) > INT64_C(1700000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_are_written_by_rfc_3339),
        cmocka_unit_test(every_day_of_eight_centuries_agrees_with_the_c_library),
        cmocka_unit_test(durations_are_short),
        cmocka_unit_test(the_system_clocks_move_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
