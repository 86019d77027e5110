/* The log: levels, the sink, and lines that strangers cannot forge. */
#include "base/log.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    int count;
    int32_t level;
    char source[32], run[32], text[8192];
} seen;

static void remember(void *arg, const struct pxm_log_entry *entry)
{
    assert_ptr_equal(arg, &seen);
    seen.count++;
    seen.level = entry->level;
    snprintf(seen.source, sizeof seen.source, "%s", entry->source);
    snprintf(seen.run, sizeof seen.run, "%s", entry->run != NULL ? entry->run : "none");
    snprintf(seen.text, sizeof seen.text, "%s", entry->text);
}

static int setup(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    pxm_log_set_sink(remember, &seen, PXM_LOG_INFO);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pxm_log_set_sink(NULL, NULL, 0);
    return 0;
}

static void entries_reach_the_sink_from_its_level_on(void **state)
{
    (void)state;
    pxm_log(PXM_LOG_DEBUG, "s3", NULL, "no");
    assert_int_equal(seen.count, 0);
    pxm_log(PXM_LOG_INFO, "s3", "run1", "put %d", 3);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.level, PXM_LOG_INFO);
    assert_string_equal(seen.source, "s3");
    assert_string_equal(seen.run, "run1");
    assert_string_equal(seen.text, "put 3");
    pxm_log(PXM_LOG_ERROR, NULL, NULL, "x");
    assert_string_equal(seen.source, "pixmill");
    assert_string_equal(seen.run, "none");
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char text[6001];
    for (size_t i = 0; i + 3 < sizeof text; i += 3) {
        memcpy(text + i, "\xE2\x82\xAC", 4);
    }
    pxm_log(PXM_LOG_INFO, "s3", NULL, "%s", text);
    assert_int_equal(strlen(seen.text), 4095 / 3 * 3);
}

/* What standard error gets while `write` runs. */
static void captured(void (*write)(void), char *text, size_t size)
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    assert_non_null(file);
    assert_int_equal(fflush(stderr), 0);
    dup2(fileno(file), STDERR_FILENO);
    write();
    assert_int_equal(fflush(stderr), 0);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    size_t length = fread(text, 1, size - 1, file);
    text[length] = '\0';
    assert_int_equal(fclose(file), 0);
}

static void write_hostile(void)
{
    pxm_log(PXM_LOG_INFO, "s3", NULL, "not shown");
    pxm_log(PXM_LOG_WARN, "s3", "run1", "name %s", "a\nforged\x1B[2J\x7F\r");
}

static void write_long(void)
{
    char text[6001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    pxm_log(PXM_LOG_ERROR, text, text, "%s", text);
}

static void standard_error_gets_one_clean_line_for_each_warning(void **state)
{
    (void)state;
    char text[16384];
    pxm_log_set_sink(NULL, NULL, PXM_LOG_DEBUG);
    captured(write_hostile, text, sizeof text);
    assert_string_equal(text, "pixmill: warning: s3: run1: name a forged [2J  \n");
    captured(write_long, text, sizeof text);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_reach_the_sink_from_its_level_on, setup, teardown),
        cmocka_unit_test_setup_teardown(long_texts_are_cut_between_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(standard_error_gets_one_clean_line_for_each_warning, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
