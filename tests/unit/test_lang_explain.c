/* Each code that any source of the core reports is explained, once and in order. */
#include "lang/diag/diag.h"
#include <ctype.h>
#include <ftw.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LINE_MAX_BYTES = 4096, FOLDERS_MAX = 8, CODES_MIN = 11 /* that core/lang/yaml*.c alone report */ };

static regex_t code_pattern;
static size_t codes_seen;
static size_t codes_missing;

static void check_line(const char *path, const char *line)
{
    regmatch_t match;

    while (regexec(&code_pattern, line, 1, &match, 0) == 0) {
        char code[5] = "";

        memcpy(code, line + match.rm_so + 1, 4);
        codes_seen++;
        if (!pxm_diag_explain(code)) {
            codes_missing++;
            print_error("%s: %s has no text in diag_explain.c\n", path, code);
        }
        line += match.rm_eo;
    }
}

static int check_file(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    size_t length = strlen(path);
    char line[LINE_MAX_BYTES];
    FILE *file;

    (void)status;
    (void)walk;
    if (type != FTW_F || length < 2 || strcmp(path + length - 2, ".c") != 0 || strstr(path, "diag_explain")) {
        return 0;
    }
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        check_line(path, line);
    }
    fclose(file);
    return 0;
}

static void every_code_in_use_is_explained(void **state)
{
    (void)state;
    assert_int_equal(regcomp(&code_pattern, "\"[EW][0-9][0-9][0-9]\"", REG_EXTENDED), 0);
    assert_int_equal(nftw(PXM_TEST_SOURCE "/core", check_file, FOLDERS_MAX, FTW_PHYS), 0);
    regfree(&code_pattern);
    assert_true(codes_seen >= CODES_MIN);
    assert_int_equal(codes_missing, 0);
}

static void codes_are_in_order_with_title_and_text(void **state)
{
    const char *last = "";
    const char *code;

    (void)state;
    for (size_t i = 0; (code = pxm_diag_code_at(i)) != NULL; i++) {
        const char *title = pxm_diag_title(code);
        const char *text = pxm_diag_explain(code);

        assert_true(strcmp(last, code) < 0);
        assert_true(strlen(title) >= 10 && !strchr(title, '\n') && !isupper((unsigned char)title[0]));
        assert_true(strlen(text) > 40);
        assert_int_equal(text[strlen(text) - 1], '\n');
        last = code;
    }
}

static void the_text_of_a_code_fits_a_terminal(void **state)
{
    const char *code;

    (void)state;
    for (size_t i = 0; (code = pxm_diag_code_at(i)) != NULL; i++) {
        for (const char *line = pxm_diag_explain(code); *line; line += strcspn(line, "\n") + 1) {
            if (strcspn(line, "\n") > 100) {
                fail_msg("%s: %.*s", code, (int)strcspn(line, "\n"), line);
            }
        }
    }
}

static void unknown_codes_have_no_text(void **state)
{
    (void)state;
    assert_null(pxm_diag_explain("E999"));
    assert_null(pxm_diag_explain(""));
    assert_null(pxm_diag_title("e001"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_in_use_is_explained),
        cmocka_unit_test(codes_are_in_order_with_title_and_text),
        cmocka_unit_test(the_text_of_a_code_fits_a_terminal),
        cmocka_unit_test(unknown_codes_have_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
