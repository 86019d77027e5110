/* The system's clocks, and times as text. Nothing here reads a locale or a time zone. */
#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum {
    MS_PER_SECOND = 1000,
    MS_PER_MINUTE = 60 * MS_PER_SECOND,
    MS_PER_HOUR = 60 * MS_PER_MINUTE,
    MS_PER_DAY = 24 * MS_PER_HOUR
};

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};
    clock_gettime(id, &now); /* Cannot fail for these ids and a valid pointer. */
    return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_MONOTONIC);
}

static void system_sleep_ms(void *arg, int64_t ms)
{
    (void)arg;
    struct timespec rest = {.tv_sec = ms / MS_PER_SECOND, .tv_nsec = ms % MS_PER_SECOND * 1000000};
    while (ms > 0 && clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR) {
    }
}

const struct pxm_clock pxm_clock_system = {
    .wall_ms = system_wall_ms,
    .monotonic_ms = system_monotonic_ms,
    .sleep_ms = system_sleep_ms,
};

struct civil_date {
    int64_t year, month, day;
};

/* The proleptic Gregorian date of a day counted from 1970-01-01. Years are counted from 1 March, so that the leap day
 * is the last one, in eras of 400 years, which all have 146097 days. */
static struct civil_date civil_of_days(int64_t days)
{
    const int64_t shifted = days + 719468; /* from 0000-03-01 */
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const int64_t day_of_era = shifted - era * 146097;
    const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    struct civil_date date = {.day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
                              .month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9};
    date.year = year_of_era + era * 400 + (date.month <= 2);
    return date;
}

/* Writes `count` decimal digits and then `end`; gives the place behind. */
static char *put_digits(char *at, int64_t number, int count, char end)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
    at[count] = end;
    return at + count + 1;
}

void pxm_time_format(int64_t wall_ms, char *buffer)
{
    const int64_t first = INT64_C(-62167219200000), last = INT64_C(253402300799999);
    wall_ms = wall_ms < first ? first : wall_ms > last ? last : wall_ms;
    int64_t ms = wall_ms % MS_PER_DAY;
    ms += ms < 0 ? MS_PER_DAY : 0;
    struct civil_date date = civil_of_days((wall_ms - ms) / MS_PER_DAY);
    char *at = put_digits(buffer, date.year, 4, '-');
    at = put_digits(at, date.month, 2, '-');
    at = put_digits(at, date.day, 2, 'T');
    at = put_digits(at, ms / MS_PER_HOUR, 2, ':');
    at = put_digits(at, ms / MS_PER_MINUTE % 60, 2, ':');
    at = put_digits(at, ms / MS_PER_SECOND % 60, 2, '.');
    at = put_digits(at, ms % MS_PER_SECOND, 3, 'Z');
    *at = '\0';
}

/* Below a minute: "12ms", "3s", "1.5s". */
static void format_short(int64_t ms, const char *sign, char *buffer, size_t length)
{
    if (ms < MS_PER_SECOND) {
        snprintf(buffer, length, "%s%" PRId64 "ms", sign, ms);
        return;
    }
    int64_t part = ms % MS_PER_SECOND;
    int digits = 3;
    while (digits > 0 && part % 10 == 0) {
        part /= 10;
        digits--;
    }
    if (digits == 0) {
        snprintf(buffer, length, "%s%" PRId64 "s", sign, ms / MS_PER_SECOND);
    } else {
        snprintf(buffer, length, "%s%" PRId64 ".%0*" PRId64 "s", sign, ms / MS_PER_SECOND, digits, part);
    }
}

void pxm_duration_format(int64_t ms, char *buffer, size_t length)
{
    static const struct {
        int64_t ms;
        char name;
    } units[] = {{MS_PER_DAY, 'd'}, {MS_PER_HOUR, 'h'}, {MS_PER_MINUTE, 'm'}, {MS_PER_SECOND, 's'}};
    const char *sign = ms < 0 ? "-" : "";
    ms = ms == INT64_MIN ? INT64_MAX : ms < 0 ? -ms : ms;
    if (ms < MS_PER_MINUTE) {
        format_short(ms, sign, buffer, length);
        return;
    }
    size_t large = 0;
    while (ms < units[large].ms) {
        large++;
    }
    int64_t whole = ms / units[large].ms, rest = ms % units[large].ms / units[large + 1].ms;
    if (rest == 0) {
        snprintf(buffer, length, "%s%" PRId64 "%c", sign, whole, units[large].name);
    } else {
        snprintf(buffer, length, "%s%" PRId64 "%c%" PRId64 "%c", sign, whole, units[large].name, rest,
                 units[large + 1].name);
    }
}
