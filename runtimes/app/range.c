/* Reads a Range header. No state. */
#include "app/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Takes digits off the text; what exceeds an int64_t is its largest number. False: there is none. */
static bool read_number(const char **at, int64_t *ret)
{
    int64_t number = 0;
    size_t count = strspn(*at, "0123456789");
    for (size_t i = 0; i < count; i++) {
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, (*at)[i] - '0', &number)) {
            number = INT64_MAX;
            break;
        }
    }
    *at += count;
    *ret = number;
    return count > 0;
}

/* The last `wanted` bytes. Of nothing there is no part that could be told. */
static enum app_range last_bytes(int64_t wanted, int64_t length, int64_t *ret_offset, int64_t *ret_length)
{
    if (wanted == 0) {
        return APP_RANGE_BEYOND;
    }
    if (length == 0) {
        return APP_RANGE_WHOLE;
    }
    *ret_length = wanted < length ? wanted : length;
    *ret_offset = length - *ret_length;
    return APP_RANGE_PART;
}

enum app_range app_range_read(const char *value, int64_t length, int64_t *ret_offset, int64_t *ret_length)
{
    static const char unit[] = "bytes=";
    int64_t first = 0, last = INT64_MAX;

    if (strncasecmp(value, unit, strlen(unit)) != 0) {
        return APP_RANGE_WHOLE;
    }
    value += strlen(unit);
    value += strspn(value, " \t");
    bool has_first = read_number(&value, &first);
    if (*value != '-') {
        return APP_RANGE_WHOLE;
    }
    value++;
    bool has_last = read_number(&value, &last);
    value += strspn(value, " \t");
    if (*value != '\0' || (!has_first && !has_last) || (has_first && has_last && last < first)) {
        return APP_RANGE_WHOLE;
    }
    if (!has_first) {
        return last_bytes(last, length, ret_offset, ret_length);
    }
    if (first >= length) {
        return APP_RANGE_BEYOND;
    }
    *ret_offset = first;
    *ret_length = (has_last && last < length ? last + 1 : length) - first;
    return APP_RANGE_PART;
}
