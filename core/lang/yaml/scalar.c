/* The literal forms of bool, numbers, sizes, pixel counts and durations. Pure functions, called from any thread by
 * whoever binds options and types literals. */
#include "lang/yaml/scalar.h"
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char too_large[] = "the number is too large";

struct unit {
    const char *name;
    int64_t factor;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits without a leading zero, from *text on, which moves behind them. False: none, a leading zero, or too
 * large, which *ret_why then says. */
static bool take_digits(const char **text, int64_t *ret, const char **ret_why)
{
    const char *p = *text;
    int64_t number = 0;

    if (!is_digit(*p)) {
        return false;
    }
    if (p[0] == '0' && is_digit(p[1])) {
        *ret_why = "a number has no leading zero";
        return false;
    }
    for (; is_digit(*p); p++) {
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *p - '0', &number)) {
            *ret_why = too_large;
            return false;
        }
    }
    *text = p;
    *ret = number;
    return true;
}

const char *pxm_scalar_bool(const char *text, bool *ret)
{
    static const char *const old[] = {"yes", "no", "on", "off", "y", "n"};

    if (!strcmp(text, "true") || !strcmp(text, "false")) {
        *ret = *text == 't';
        return NULL;
    }
    for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
        if (!strcasecmp(text, old[i])) {
            return "expected true or false; yes, no, on and off are plain words here";
        }
    }
    return "expected true or false";
}

const char *pxm_scalar_int(const char *text, int64_t *ret)
{
    const char *why = "expected a whole number in decimal digits";
    const char *p = text;
    bool negative = *p == '-';
    int64_t number;

    if (!strcmp(text, "-9223372036854775808")) { /* Its digits alone would overflow. */
        *ret = INT64_MIN;
        return NULL;
    }
    p += negative;
    if (!take_digits(&p, &number, &why)) {
        return why;
    }
    if (*p != '\0') {
        return "expected a whole number in decimal digits";
    }
    *ret = negative ? -number : number;
    return NULL;
}

/* RFC 8259, section 6: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool is_json_number(const char *p)
{
    p += *p == '-';
    if (!is_digit(*p) || (p[0] == '0' && is_digit(p[1]))) {
        return false;
    }
    p += strspn(p, "0123456789");
    if (*p == '.') {
        if (!is_digit(*++p)) {
            return false;
        }
        p += strspn(p, "0123456789");
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        if (!is_digit(*p)) {
            return false;
        }
        p += strspn(p, "0123456789");
    }
    return *p == '\0';
}

const char *pxm_scalar_float(const char *text, double *ret)
{
    double number;
    locale_t c_locale;

    if (!is_json_number(text)) {
        return "expected a number such as 12, 0.5 or 1e-3";
    }
    /* The host program may have set a locale whose decimal point is a comma. The C locale is static in the C
     * library. */
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale) {
        return "out of memory";
    }
    number = strtod_l(text, NULL, c_locale);
    freelocale(c_locale);
    if (!isfinite(number)) {
        return too_large;
    }
    *ret = number;
    return NULL;
}

static const char *scalar_with_unit(const char *text, const struct unit *units, const char *expected, int64_t *ret)
{
    const char *why = expected;
    const char *p = text;
    int64_t number;

    if (!take_digits(&p, &number, &why)) {
        return why;
    }
    for (; units->name; units++) {
        if (!strcmp(p, units->name)) {
            if (__builtin_mul_overflow(number, units->factor, &number)) {
                return too_large;
            }
            *ret = number;
            return NULL;
        }
    }
    return expected;
}

const char *pxm_scalar_size(const char *text, int64_t *ret)
{
    static const struct unit units[] = {
        {"B", 1},           {"KB", 1000},       {"MB", 1000000},    {"GB", 1000000000}, {"TB", 1000000000000},
        {"KiB", 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {"TiB", 1LL << 40}, {NULL, 0},
    };
    size_t digits = strspn(text, "0123456789");

    if (digits && text[digits] && strchr("kKmMgGtT", text[digits]) && text[digits + 1] == '\0') {
        return "expected a whole number and a unit that says 1000 or 1024: 25MB or 25MiB";
    }
    return scalar_with_unit(text, units,
                            "expected a whole number and a unit, one of B KB MB GB TB KiB MiB GiB TiB: 25MiB", ret);
}

const char *pxm_scalar_pixels(const char *text, int64_t *ret)
{
    static const struct unit units[] = {{"P", 1}, {"KP", 1000}, {"MP", 1000000}, {NULL, 0}};

    return scalar_with_unit(text, units, "expected a whole number and a unit, one of P KP MP: 80MP", ret);
}

const char *pxm_scalar_duration(const char *text, int64_t *ret_ms)
{
    static const struct unit units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    enum { UNITS = sizeof units / sizeof *units };
    static const char expected[] = "expected whole numbers with units d h m s ms, the largest first: 15s or 1h30m";
    const char *p = text;
    const char *why = expected;
    size_t next = 0; /* units before this one are used up */
    int64_t sum = 0;

    do {
        int64_t number;
        size_t letters;
        size_t u = next;

        if (!take_digits(&p, &number, &why)) {
            return why;
        }
        letters = strspn(p, "dhms");
        while (u < UNITS && (strlen(units[u].name) != letters || strncmp(p, units[u].name, letters) != 0)) {
            u++;
        }
        if (u == UNITS) {
            return expected;
        }
        if (__builtin_mul_overflow(number, units[u].factor, &number) || __builtin_add_overflow(sum, number, &sum)) {
            return too_large;
        }
        p += letters;
        next = u + 1;
    } while (*p != '\0');
    *ret_ms = sum;
    return NULL;
}
