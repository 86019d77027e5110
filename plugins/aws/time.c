/* Times in the two notations that services use. Neither the locale nor the time zone of the process has a say. [any] */
#include "aws/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LAST_SECOND INT64_C(253402300799) /* of the year 9999 */

enum { NOTEWORTHY_MS = 60000 };

static struct tm broken_down(int64_t ms)
{
    int64_t seconds = ms / 1000;
    time_t time = seconds < 0 ? 0 : seconds > LAST_SECOND ? LAST_SECOND : seconds;
    struct tm tm;
    memset(&tm, 0, sizeof tm);
    gmtime_r(&time, &tm);
    return tm;
}

void aws_time_stamp(int64_t ms, char text[AWS_STAMP_TEXT])
{
    struct tm tm = broken_down(ms);
    snprintf(text, AWS_STAMP_TEXT, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

void aws_time_iso(int64_t ms, char text[AWS_ISO_TEXT])
{
    struct tm tm = broken_down(ms);
    snprintf(text, AWS_ISO_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100, ms < 0 ? 0 : (unsigned)(ms % 1000));
}

/* Reads exactly `count` digits. */
static bool take_number(const char **at, int count, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9') {
            return false;
        }
        value = 10 * value + (**at - '0');
    }
    *ret = value;
    return true;
}

static bool take(const char **at, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0) {
        return false;
    }
    *at += length;
    return true;
}

static bool to_ms(struct tm *tm, int64_t fraction_ms, int64_t *ret_ms)
{
    struct tm wanted = *tm;
    if (tm->tm_mon < 0 || tm->tm_mon > 11 || tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60) {
        return false;
    }
    time_t seconds = timegm(tm);
    /* The 31st of April became the first of May. */
    if (tm->tm_mday != wanted.tm_mday && wanted.tm_sec != 60) {
        return false;
    }
    *ret_ms = (int64_t)seconds * 1000 + fraction_ms;
    return true;
}

static bool take_fraction(const char **at, int64_t *ret_ms)
{
    int64_t scale = 100;
    if (!take(at, ".")) {
        return true;
    }
    if (**at < '0' || **at > '9') {
        return false;
    }
    for (; **at >= '0' && **at <= '9'; (*at)++, scale /= 10) {
        *ret_ms += scale * (**at - '0');
    }
    return true;
}

static bool parse_iso(const char *at, int64_t *ret_ms)
{
    struct tm tm;
    int64_t fraction = 0;
    memset(&tm, 0, sizeof tm);
    bool good = take_number(&at, 4, &tm.tm_year) && take(&at, "-") && take_number(&at, 2, &tm.tm_mon) &&
                take(&at, "-") && take_number(&at, 2, &tm.tm_mday) && take(&at, "T") &&
                take_number(&at, 2, &tm.tm_hour) && take(&at, ":") && take_number(&at, 2, &tm.tm_min) &&
                take(&at, ":") && take_number(&at, 2, &tm.tm_sec) && take_fraction(&at, &fraction) &&
                (take(&at, "Z") || take(&at, "+00:00")) && *at == '\0';
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return good && to_ms(&tm, fraction, ret_ms);
}

static bool take_name(const char **at, const char *const *names, int count, int *ret)
{
    for (int i = 0; i < count; i++) {
        if (take(at, names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool parse_http(const char *at, int64_t *ret_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;
    int day = 0;
    memset(&tm, 0, sizeof tm);
    bool good = take_name(&at, days, 7, &day) && take(&at, ", ") && take_number(&at, 2, &tm.tm_mday) &&
                take(&at, " ") && take_name(&at, months, 12, &tm.tm_mon) && take(&at, " ") &&
                take_number(&at, 4, &tm.tm_year) && take(&at, " ") && take_number(&at, 2, &tm.tm_hour) &&
                take(&at, ":") && take_number(&at, 2, &tm.tm_min) && take(&at, ":") &&
                take_number(&at, 2, &tm.tm_sec) && take(&at, " GMT") && *at == '\0';
    tm.tm_year -= 1900;
    return good && to_ms(&tm, 0, ret_ms);
}

bool aws_time_parse(const char *text, int64_t *ret_ms)
{
    return text && (parse_iso(text, ret_ms) || parse_http(text, ret_ms));
}

int64_t aws_clock_now_ms(struct aws_clock *clock)
{
    return clock->host->now_ms(clock->host) + atomic_load(&clock->offset_ms);
}

bool aws_clock_correct(struct aws_clock *clock, int64_t server_ms)
{
    int64_t offset = server_ms - clock->host->now_ms(clock->host);
    int64_t before = atomic_exchange(&clock->offset_ms, offset);
    return offset - before > NOTEWORTHY_MS || before - offset > NOTEWORTHY_MS;
}
