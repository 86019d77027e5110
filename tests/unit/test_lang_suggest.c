/* "Did you mean": near words are found, far ones are not. */
#include "lang/diag/diag.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const words[] = {"width",  "height",       "fit", "gravity", "upscale",
                                    "linear", "max_parallel", "in",  "id"};
enum { WORDS = sizeof words / sizeof *words };

static void one_slip_is_forgiven(void **state)
{
    static const char *const slips[][2] = {
        {"widht", "width"},  /* swapped */
        {"widt", "width"},   /* left out */
        {"widthh", "width"}, /* too many */
        {"wadth", "width"},  /* another */
        {"hight", "height"},
        {"fitt", "fit"},
        {"Gravity", "gravity"},
        {"LINEAR", "linear"},
        {"max-parallel", "max_parallel"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        const char *found = pxm_suggest(slips[i][0], words, WORDS);

        assert_non_null(found);
        assert_string_equal(found, slips[i][1]);
    }
}

static void longer_words_may_differ_more(void **state)
{
    (void)state;
    assert_string_equal(pxm_suggest("maxparalel", words, WORDS), "max_parallel");
    assert_string_equal(pxm_suggest("max_paralelll", words, WORDS), "max_parallel");
    assert_null(pxm_suggest("wigthss", words, WORDS)); /* three edits, two allowed */
    assert_null(pxm_suggest("quality", words, WORDS));
    assert_null(pxm_suggest("maximal_thing", words, WORDS));
}

static void a_short_word_is_not_replaced_as_a_whole(void **state)
{
    static const char *const single[] = {"x"};

    (void)state;
    assert_null(pxm_suggest("y", single, 1));
    assert_null(pxm_suggest("", words, WORDS));
}

static void the_first_of_equally_near_ones_is_taken(void **state)
{
    (void)state;
    assert_string_equal(pxm_suggest("ix", words, WORDS), "in");
}

static void the_nearest_wins_whatever_the_order(void **state)
{
    static const char *const both[] = {"thumbnails", "thumbnail"};

    (void)state;
    assert_string_equal(pxm_suggest("thumbnial", both, 2), "thumbnail");
}

static void very_long_words_are_no_typos(void **state)
{
    char word[200];

    (void)state;
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_null(pxm_suggest(word, words, WORDS));
    assert_null(pxm_suggest("a", (const char *const[]){word}, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_slip_is_forgiven),
        cmocka_unit_test(longer_words_may_differ_more),
        cmocka_unit_test(a_short_word_is_not_replaced_as_a_whole),
        cmocka_unit_test(the_first_of_equally_near_ones_is_taken),
        cmocka_unit_test(the_nearest_wins_whatever_the_order),
        cmocka_unit_test(very_long_words_are_no_typos),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
