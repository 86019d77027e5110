/* Errors: what is set, cut, kept and shared. */
#include "base/error.h"
#include "base/value.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void set_keeps_status_code_and_text(void **state)
{
    (void)state;
    pxm_error *error = pxm_error_new();
    assert_int_equal(pxm_error_status(error), PXM_OK);
    assert_int_equal(pxm_error_set(error, PXM_E_NOT_FOUND, "store.not_found", "no %s in %d stores", "cat.jpg", 2),
                     PXM_E_NOT_FOUND);
    assert_int_equal(pxm_error_status(error), PXM_E_NOT_FOUND);
    assert_string_equal(pxm_error_code(error), "store.not_found");
    assert_string_equal(pxm_error_text(error), "no cat.jpg in 2 stores");
    assert_false(pxm_error_is_transient(error));
    pxm_error_free(error);
}

static void a_later_set_replaces_all_of_an_earlier_one(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_error_set(&error, PXM_E_TRANSIENT, "a.b", "first");
    pxm_error_note(&error, "key", "value");
    pxm_error_blame(&error, "decode");
    pxm_error_set(&error, PXM_E_DENIED, "c.d", "second");
    assert_int_equal(error.note_count, 0);
    assert_string_equal(error.origin, "");
    assert_string_equal(error.code, "c.d");
}

static void the_arguments_may_be_parts_of_the_error(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_error_set(&error, PXM_E_INVALID, "a.b", "inner");
    pxm_error_set(&error, PXM_E_LIMIT, error.code, "outer: %s", error.text);
    assert_string_equal(error.text, "outer: inner");
    assert_string_equal(error.code, "a.b");
    pxm_error_context(&error, "%s", error.text);
    assert_string_equal(error.text, "outer: inner: outer: inner");
}

static void who_reports_a_failure_has_failed(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    assert_int_equal(pxm_error_set(&error, PXM_OK, "a.b", "text"), PXM_E_INTERNAL);
    assert_int_equal(error.status, PXM_E_INTERNAL);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char text[2 * PXM_ERROR_TEXT_MAX];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t at = shift; at + 4 < sizeof text; at += 4) {
            memcpy(text + at, "\xF0\x9F\x90\x88", 5);
        }
        struct pxm_error error = {0};
        pxm_error_set(&error, PXM_E_INVALID, text, "%s", text);
        assert_int_equal(strlen(error.text), (PXM_ERROR_TEXT_MAX - 1 - shift) / 4 * 4 + shift);
        assert_int_equal(strlen(error.code), (PXM_ERROR_CODE_MAX - 1 - shift) / 4 * 4 + shift);
        pxm_error_note(&error, text, text);
        assert_int_equal(strlen(error.notes[0].value), (sizeof error.notes[0].value - 1 - shift) / 4 * 4 + shift);
        pxm_error_context(&error, "%s", "context");
        assert_memory_equal(error.text, "context: ", 9);
        assert_int_equal((strlen(error.text) - 9 - shift) % 4, 0);
    }
}

static void context_goes_before_the_text(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_error_set(&error, PXM_E_DENIED, "store.denied", "bucket b");
    pxm_error_context(&error, "step %s", "store");
    pxm_error_context(&error, "upload");
    assert_string_equal(error.text, "upload: step store: bucket b");
    assert_int_equal(error.status, PXM_E_DENIED);
}

static void what_went_wrong_is_found_behind_the_steps_it_came_through(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_error_set(&error, PXM_E_INVALID, "input.invalid", "too long");
    pxm_error_context(&error, "input `name`");
    assert_string_equal(error.text + error.inner, "input `name`: too long");
    pxm_error_through(&error, "row", "p.yaml:9:5");
    pxm_error_context(&error, "item 3");
    pxm_error_through(&error, "all", "p.yaml:4:5");
    assert_string_equal(error.text, "step `all` (p.yaml:4:5): item 3: step `row` (p.yaml:9:5): input `name`: too long");
    assert_string_equal(error.text + error.inner, "input `name`: too long");
    pxm_error_set(&error, PXM_E_INVALID, "input.invalid", "another");
    assert_string_equal(error.text + error.inner, "another");
}

static void nothing_is_left_of_it_when_the_steps_take_all_the_room(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    char place[PXM_ERROR_TEXT_MAX];
    memset(place, 'x', sizeof place - 1);
    place[sizeof place - 1] = '\0';
    pxm_error_set(&error, PXM_E_INVALID, "input.invalid", "too long");
    for (int i = 0; i < 3; i++) {
        pxm_error_through(&error, "row", place);
        assert_string_equal(error.text + error.inner, "");
        pxm_error_context(&error, "item %d", i);
        assert_string_equal(error.text + error.inner, "");
    }
}

static void notes_are_replaced_by_key_and_dropped_when_there_are_too_many(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    char key[8] = "key0";
    for (int i = 0; i < 10; i++) {
        key[3] = (char)('0' + i);
        pxm_error_note(&error, key, "old");
    }
    pxm_error_note(&error, "key1", "new");
    pxm_error_note(&error, "key2", NULL);
    assert_int_equal(error.note_count, PXM_ERROR_NOTES_MAX);
    assert_string_equal(error.notes[1].value, "new");
    assert_string_equal(error.notes[2].value, "");
    assert_string_equal(error.notes[7].key, "key7");
}

static void errno_gives_status_code_and_reason(void **state)
{
    (void)state;
    static const struct {
        int number;
        pxm_status status;
        const char *code, *text;
    } cases[] = {
        {ENOENT, PXM_E_NOT_FOUND, "io.not_found", "open x: No such file or directory"},
        {EEXIST, PXM_E_EXISTS, "io.exists", "open x: File exists"},
        {EACCES, PXM_E_DENIED, "io.denied", "open x: Permission denied"},
        {ENOSPC, PXM_E_NO_SPACE, "io.no_space", "open x: No space left on device"},
        {EDQUOT, PXM_E_NO_SPACE, "io.no_space", "open x: Disk quota exceeded"},
        {ENOMEM, PXM_E_NO_MEMORY, "no_memory", "open x: Cannot allocate memory"},
        {EIO, PXM_E_TRANSIENT, "io.error", "open x: Input/output error"},
        {EFBIG, PXM_E_LIMIT, "io.too_large", "open x: File too large"},
        {ENAMETOOLONG, PXM_E_INVALID, "io.invalid", "open x: File name too long"},
        {100000, PXM_E_INTERNAL, "io.error", "open x: system error 100000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pxm_error error = {0};
        assert_int_equal(pxm_error_errno(&error, cases[i].number, NULL, "open x"), cases[i].status);
        assert_string_equal(error.code, cases[i].code);
        assert_string_equal(error.text, cases[i].text);
    }
    struct pxm_error error = {0};
    pxm_error_errno(&error, ENOENT, "store.not_found", "open x");
    assert_string_equal(error.code, "store.not_found");
}

static void only_what_may_pass_is_transient(void **state)
{
    (void)state;
    int found = 0;
    for (pxm_status status = PXM_E_NO_SPACE; status <= PXM_OK; status++) {
        found += pxm_status_is_transient(status);
    }
    assert_int_equal(found, 4);
    assert_true(pxm_status_is_transient(PXM_E_TRANSIENT) && pxm_status_is_transient(PXM_E_THROTTLED));
    assert_true(pxm_status_is_transient(PXM_E_NO_MEMORY) && pxm_status_is_transient(PXM_E_NO_SPACE));
}

static void blame_stays_with_the_first(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_error_set(&error, PXM_E_BAD_IMAGE, "image.broken", "text");
    pxm_error_blame(&error, "decode");
    pxm_error_blame(&error, "thumbnail");
    pxm_error_set_step(&error, "thumbnail");
    assert_string_equal(error.origin, "decode");
    assert_string_equal(pxm_error_step(&error), "thumbnail");
}

static void an_error_becomes_a_value(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_error_set(&error, PXM_E_THROTTLED, "queue.unavailable", "slow down");
    pxm_error_note(&error, "aws.request_id", "abc");
    pxm_value *value = pxm_error_to_value(&error);
    assert_string_equal(pxm_value_as_string(pxm_value_get(value, "code"), NULL), "queue.unavailable");
    assert_string_equal(pxm_value_as_string(pxm_value_get(value, "message"), NULL), "slow down");
    assert_true(pxm_value_as_bool(pxm_value_get(value, "transient")));
    const pxm_value *notes = pxm_value_get(value, "notes");
    assert_string_equal(pxm_value_as_string(pxm_value_get(notes, "aws.request_id"), NULL), "abc");
    pxm_value_unref(value);
}

static void no_error_to_fill_is_fine(void **state)
{
    (void)state;
    assert_int_equal(pxm_error_set(NULL, PXM_E_LIMIT, "a.b", "text"), PXM_E_LIMIT);
    assert_int_equal(pxm_error_errno(NULL, ENOENT, NULL, "x"), PXM_E_NOT_FOUND);
    pxm_error_context(NULL, "x");
    pxm_error_through(NULL, "x", "y");
    pxm_error_note(NULL, "x", "y");
    pxm_error_blame(NULL, "x");
    pxm_error_clear(NULL);
    pxm_error_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_keeps_status_code_and_text),
        cmocka_unit_test(a_later_set_replaces_all_of_an_earlier_one),
        cmocka_unit_test(the_arguments_may_be_parts_of_the_error),
        cmocka_unit_test(who_reports_a_failure_has_failed),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(context_goes_before_the_text),
        cmocka_unit_test(what_went_wrong_is_found_behind_the_steps_it_came_through),
        cmocka_unit_test(nothing_is_left_of_it_when_the_steps_take_all_the_room),
        cmocka_unit_test(notes_are_replaced_by_key_and_dropped_when_there_are_too_many),
        cmocka_unit_test(errno_gives_status_code_and_reason),
        cmocka_unit_test(only_what_may_pass_is_transient),
        cmocka_unit_test(blame_stays_with_the_first),
        cmocka_unit_test(an_error_becomes_a_value),
        cmocka_unit_test(no_error_to_fill_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
