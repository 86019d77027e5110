/* Literal forms: what is taken, what is refused, and that a refusal says what is expected and leaves the output
 * alone. */
#include "lang/yaml/scalar.h"
#include <float.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct whole_case {
    const char *text;
    int64_t value;
};

static void all_are(const char *(*read)(const char *, int64_t *), const struct whole_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = -77;
        const char *why = read(cases[i].text, &value);

        if (why || value != cases[i].value) {
            fail_msg("`%s`: %s, %lld", cases[i].text, why ? why : "taken", (long long)value);
        }
    }
}

static void none_is(const char *(*read)(const char *, int64_t *), const char *const *texts, const char *expected)
{
    for (; *texts; texts++) {
        int64_t value = -77;
        const char *why = read(*texts, &value);

        if (!why || value != -77 || (expected && !strstr(why, expected))) {
            fail_msg("`%s`: %s, %lld", *texts, why ? why : "taken", (long long)value);
        }
    }
}

static void bools_are_true_and_false_alone(void **state)
{
    static const char *const refused[] = {"yes", "No", "on", "TRUE", "True", "1", "0", "", "true ", "truefalse"};
    bool value = false;

    (void)state;
    assert_null(pxm_scalar_bool("true", &value));
    assert_true(value);
    assert_null(pxm_scalar_bool("false", &value));
    assert_false(value);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        value = true;
        assert_non_null(pxm_scalar_bool(refused[i], &value));
        assert_true(value);
    }
    assert_non_null(strstr(pxm_scalar_bool("yes", &value), "plain words"));
}

static void ints_are_decimal_and_fill_64_bits(void **state)
{
    static const struct whole_case taken[] = {
        {"0", 0}, {"7", 7}, {"-12", -12}, {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};
    static const char *const refused[] = {"", "-", "+1", "1.0", "1e3", "0x10", "1_000", " 1", "1 ", "--1", "ten", NULL};
    static const char *const zeros[] = {"007", "00", "-01", NULL};
    static const char *const large[] = {"9223372036854775808", "-9223372036854775809", "99999999999999999999999", NULL};

    (void)state;
    all_are(pxm_scalar_int, taken, sizeof taken / sizeof *taken);
    none_is(pxm_scalar_int, refused, "whole number");
    none_is(pxm_scalar_int, zeros, "leading zero");
    none_is(pxm_scalar_int, large, "too large");
}

static void floats_follow_the_grammar_of_json(void **state)
{
    static const struct {
        const char *text;
        double value;
    } taken[] = {{"0", 0}, {"-1.5", -1.5}, {"1e3", 1000}, {"2.5E-1", 0.25}, {"0.1", 0.1}, {"1e308", 1e308}};
    static const char *const refused[] = {"",    ".5",  "5.",    "+1",  "01", "1e", "1e+",
                                          "inf", "nan", "0x1p3", "1,5", "1 ", "-",  "1e999"};
    double value = 0;

    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        assert_null(pxm_scalar_float(taken[i].text, &value));
        assert_float_equal(value, taken[i].value, 0);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        value = 77;
        assert_non_null(pxm_scalar_float(refused[i], &value));
        assert_float_equal(value, 77, 0);
    }
}

static void floats_do_not_depend_on_the_locale(void **state)
{
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8"};
    double value = 0;
    bool set = false;

    (void)state;
    for (size_t i = 0; i < sizeof commas / sizeof *commas && !set; i++) {
        set = setlocale(LC_ALL, commas[i]) != NULL;
    }
    if (!set) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    assert_null(pxm_scalar_float("0.5", &value));
    setlocale(LC_ALL, "C");
    assert_float_equal(value, 0.5, 0);
}

static void sizes_need_a_unit_that_says_1000_or_1024(void **state)
{
    static const struct whole_case taken[] = {
        {"0B", 0},           {"1B", 1},           {"500KB", 500000},   {"3KiB", 3072},
        {"25MiB", 25 << 20}, {"2GB", 2000000000}, {"1TiB", 1LL << 40}, {"8388607TiB", 8388607LL << 40}};
    static const char *const ambiguous[] = {"25M", "1k", "3G", "0T", NULL};
    static const char *const refused[] = {"", "25", "MiB", "25 MiB", "-1B", "1.5MiB", "25mib", "25MiBs", NULL};
    static const char *const large[] = {"8388608TiB", "9223372036854775808B", NULL};

    (void)state;
    all_are(pxm_scalar_size, taken, sizeof taken / sizeof *taken);
    none_is(pxm_scalar_size, ambiguous, "1000 or 1024");
    none_is(pxm_scalar_size, refused, "unit");
    none_is(pxm_scalar_size, large, "too large");
}

static void pixels_need_a_unit(void **state)
{
    static const struct whole_case taken[] = {{"640P", 640}, {"500KP", 500000}, {"80MP", 80000000}};
    static const char *const refused[] = {"", "80", "80M", "80mp", "80 MP", "1.5MP", NULL};

    (void)state;
    all_are(pxm_scalar_pixels, taken, sizeof taken / sizeof *taken);
    none_is(pxm_scalar_pixels, refused, "unit");
}

static void durations_may_be_put_together_from_large_to_small(void **state)
{
    static const struct whole_case taken[] = {{"0s", 0},          {"200ms", 200},     {"15s", 15000},
                                              {"5m", 300000},     {"2h", 7200000},    {"7d", 604800000},
                                              {"1h30m", 5400000}, {"1m500ms", 60500}, {"1d2h3m4s5ms", 93784005}};
    static const char *const refused[] = {"",     "15",  "s",   "1.5s", "30m1h", "1h1h",
                                          "15 s", "-1s", "1sm", "1mss", "1y",    NULL};
    static const char *const large[] = {"106751991168d", "106751991167d24h", NULL};

    (void)state;
    all_are(pxm_scalar_duration, taken, sizeof taken / sizeof *taken);
    none_is(pxm_scalar_duration, refused, "units");
    none_is(pxm_scalar_duration, large, "too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bools_are_true_and_false_alone),
        cmocka_unit_test(ints_are_decimal_and_fill_64_bits),
        cmocka_unit_test(floats_follow_the_grammar_of_json),
        cmocka_unit_test(floats_do_not_depend_on_the_locale),
        cmocka_unit_test(sizes_need_a_unit_that_says_1000_or_1024),
        cmocka_unit_test(pixels_need_a_unit),
        cmocka_unit_test(durations_may_be_put_together_from_large_to_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
