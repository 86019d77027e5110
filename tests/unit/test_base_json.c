/* JSON: what is read, what is refused, and that writing and reading are inverse. */
#include "base/blob.h"
#include "base/error.h"
#include "base/image.h"
#include "base/json.h"
#include "base/value.h"
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static pxm_value *parse(const char *text)
{
    struct pxm_error error = {0};
    pxm_value *value = NULL;
    if (pxm_json_parse(text, strlen(text), &value, &error) != PXM_OK) {
        fail_msg("%s: %s", text, error.text);
    }
    return value;
}

/* Writes and frees the value; the text is the caller's. */
static char *write_and_free(pxm_value *value, int indent, int describe)
{
    struct pxm_error error = {0};
    struct pxm_buf buf;
    pxm_buf_init(&buf, 1 << 20);
    if (pxm_json_write(&buf, value, indent, describe, &error) != PXM_OK) {
        fail_msg("%s", error.text);
    }
    pxm_value_unref(value);
    return pxm_buf_take(&buf);
}

static void assert_round_trip(const char *text, const char *expected)
{
    char *written = write_and_free(parse(text), 0, 0);
    assert_string_equal(written, expected);
    free(written);
}

static void assert_refused(const char *text, size_t length, const char *code, const char *message)
{
    struct pxm_error error = {0};
    pxm_value *value = NULL;
    if (pxm_json_parse(text, length, &value, &error) == PXM_OK) {
        fail_msg("was taken: %s", text);
    }
    assert_null(value);
    assert_string_equal(error.code, code);
    if (message != NULL) {
        assert_string_equal(error.text, message);
    }
}

static void texts_come_back_as_they_were(void **state)
{
    (void)state;
    static const char *const same[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "9007199254740993",
        "1.5",
        "0.1",
        "1.0",
        "-0.0",
        "1e+300",
        "5e-324",
        "\"\"",
        "[]",
        "{}",
        "[1,[2,[3,{}]],\"x\"]",
        "{\"b\":1,\"a\":{\"\":null}}",
        "\"na\xC3\xAFve \xF0\x9F\x90\x88\"",
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_round_trip(same[i], same[i]);
    }
    assert_round_trip(" \t\r\n{ \"a\" : [ 1 , 2 ] } ", "{\"a\":[1,2]}");
    assert_round_trip("\"\\u00e9\\ud83d\\uDC08\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
                      "\"\xC3\xA9\xF0\x9F\x90\x88/\\b\\f\\n\\r\\t\\\"\\\\\"");
    assert_round_trip("-0", "0");
    assert_round_trip("1E2", "100.0");
    assert_round_trip("1e-400", "0.0");
}

static void broken_texts_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "line 1, byte 1: the text ends too early"},
        {" \n ", "line 2, byte 2: the text ends too early"},
        {"[1,\n 2,\n x]", "line 3, byte 2: a value is expected"},
        {"[1 2]", "line 1, byte 4: ',' or ']' is expected"},
        {"[1,]", "line 1, byte 4: a value is expected"},
        {"[,1]", NULL},
        {"[1", "line 1, byte 3: ',' or ']' is expected"},
        {"{\"a\":1,}", "line 1, byte 8: a string is expected"},
        {"{\"a\" 1}", "line 1, byte 6: ':' is expected behind a key"},
        {"{\"a\":1 \"b\":2}", "line 1, byte 8: ',' or '}' is expected"},
        {"{a:1}", "line 1, byte 2: a string is expected"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "line 1, byte 14: the same key is there twice"},
        {"{\"a\":1,\"\\u0061\":3}", "line 1, byte 8: the same key is there twice"},
        {"1 2", "line 1, byte 3: nothing may follow the value"},
        {"nul", NULL},
        {"True", NULL},
        {"'x'", NULL},
        {"\"x", "line 1, byte 3: the string does not end"},
        {"\"x\\", NULL},
        {"\"\\x\"", "line 1, byte 3: no such escape in JSON"},
        {"\"\\u12G4\"", NULL},
        {"\"\\u0000\"", "line 1, byte 8: \\u0000 is not allowed in a string"},
        {"\"\\ud83d\"", "line 1, byte 8: the second half of a surrogate pair is missing"},
        {"\"\\ud83d\\u0041\"", NULL},
        {"\"\\ud83d\\ue000\"", NULL},
        {"\"\\udc08\"", "line 1, byte 8: the first half of a surrogate pair is missing"},
        {"\"\xFF\"", "line 1, byte 2: not UTF-8"},
        {"\"\xED\xA0\x80\"", "line 1, byte 2: not UTF-8"},
        {"\"\xC0\xAF\"", NULL},
        {"\"a\tb\"", "line 1, byte 3: a control character must be escaped"},
        {"01", "line 1, byte 2: nothing may follow the value"},
        {"-", "line 1, byte 2: a digit is expected"},
        {"+1", NULL},
        {".5", NULL},
        {"1.", "line 1, byte 3: a digit is expected"},
        {"1e", NULL},
        {"1e+", NULL},
        {"0x10", NULL},
        {"NaN", NULL},
        {"Infinity", NULL},
        {"-Infinity", NULL},
        {"[9223372036854775808]", "line 1, byte 2: the integer does not fit into 64 bits"},
        {"-9223372036854775809", NULL},
        {"1e400", "line 1, byte 1: the number is too large"},
        {"\xEF\xBB\xBF{}", NULL},
        {"[1] // x", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].text, strlen(cases[i].text), "json.invalid", cases[i].message);
    }
    assert_refused("\"a\0b\"", 5, "json.invalid", "line 1, byte 3: a control character must be escaped");
    assert_refused("1\0", 2, "json.invalid", "line 1, byte 2: nothing may follow the value");
}

static void a_prefix_of_a_text_is_read_no_further(void **state)
{
    (void)state;
    static const char text[] = "{\"key\":[true,-1.5e3,\"\\ud83d\\udc08\"]}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        char *exact = malloc(length > 0 ? length : 1); /* so that a sanitizer sees a read behind it */
        memcpy(exact, text, length);
        assert_refused(exact, length, "json.invalid", NULL);
        free(exact);
    }
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    char text[200];
    memset(text, '[', PXM_VALUE_DEPTH_MAX);
    memset(text + PXM_VALUE_DEPTH_MAX, ']', PXM_VALUE_DEPTH_MAX);
    text[(size_t)2 * PXM_VALUE_DEPTH_MAX] = '\0';
    assert_round_trip(text, text);
    memset(text, '[', PXM_VALUE_DEPTH_MAX + 1);
    memset(text + PXM_VALUE_DEPTH_MAX + 1, ']', PXM_VALUE_DEPTH_MAX + 1);
    assert_refused(text, (size_t)2 * PXM_VALUE_DEPTH_MAX + 2, "json.too_deep", NULL);
    memset(text, '[', sizeof text);
    assert_refused(text, sizeof text, "json.too_deep", NULL);
}

static void size_and_number_of_values_are_bounded(void **state)
{
    (void)state;
    size_t length = (size_t)PXM_JSON_BYTES_MAX + 1;
    char *text = malloc(length);
    memset(text, ' ', length);
    assert_refused(text, length, "json.too_large", NULL);
    for (size_t i = 1; i < length; i += 2) {
        memcpy(text + i, "0,", i + 1 < length ? 2 : 1);
    }
    text[0] = '[';
    assert_refused(text, length - 2, "json.too_large", NULL);
    free(text);
}

static void a_big_object_is_read_and_its_late_duplicate_found(void **state)
{
    (void)state;
    struct pxm_buf buf;
    pxm_buf_init(&buf, 1 << 24);
    pxm_buf_putc(&buf, '{');
    for (int i = 0; i < 50000; i++) {
        pxm_buf_printf(&buf, "\"k%d\":%d,", i, i);
    }
    size_t open = buf.length;
    pxm_buf_puts(&buf, "\"last\":true}");
    pxm_value *value = parse(buf.data);
    assert_int_equal(pxm_value_as_int(pxm_value_get(value, "k49999")), 49999);
    pxm_value_unref(value);
    pxm_buf_truncate(&buf, open);
    pxm_buf_puts(&buf, "\"k7\":true}");
    assert_refused(buf.data, buf.length, "json.invalid", NULL);
    pxm_buf_done(&buf);
}

static void doubles_read_back_equal(void **state)
{
    (void)state;
    uint64_t bits = UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 0; i < 20000; i++) {
        double number = 0;
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number)) {
            continue;
        }
        char *text = write_and_free(pxm_value_float(number), 0, 0);
        pxm_value *back = parse(text);
        assert_int_equal(pxm_value_type(back), PXM_TYPE_FLOAT);
        assert_true(pxm_value_as_float(back) == number);
        pxm_value_unref(back);
        free(text);
    }
}

/* Whether a program ran and was content. */
static bool ran(char *const arguments[])
{
    pid_t child = 0;
    int status = -1;
    return posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ) == 0 &&
           waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_decimal_comma_of_the_locale_changes_nothing(void **state)
{
    (void)state;
    char folder[] = "/tmp/pixmill-test-XXXXXX", locale[64];
    assert_non_null(mkdtemp(folder));
    snprintf(locale, sizeof locale, "%s/de_DE.UTF-8", folder);
    char make[] = "localedef", input[] = "-i", language[] = "de_DE", map[] = "-f", utf8[] = "UTF-8";
    char remove_all[] = "rm", recursively[] = "-r";
    bool is_made = ran((char *[]){make, input, language, map, utf8, locale, NULL});
    setenv("LOCPATH", folder, 1);
    if (is_made) {
        assert_non_null(setlocale(LC_ALL, "de_DE.UTF-8"));
        assert_string_equal(localeconv()->decimal_point, ",");
        assert_round_trip("[1.5,0.1]", "[1.5,0.1]");
        setlocale(LC_ALL, "C");
    }
    unsetenv("LOCPATH");
    assert_true(ran((char *[]){remove_all, recursively, folder, NULL}));
    if (!is_made) {
        print_message("no locale can be made here: skipped\n");
        skip();
    }
}

static void assert_not_written(pxm_value *value, size_t max, int describe, pxm_status status, const char *code)
{
    struct pxm_error error = {0};
    struct pxm_buf buf;
    pxm_buf_init(&buf, max);
    pxm_buf_puts(&buf, "kept");
    assert_int_equal(pxm_json_write(&buf, value, 0, describe, &error), status);
    assert_string_equal(error.code, code);
    assert_string_equal(buf.data, "kept");
    pxm_buf_done(&buf);
    pxm_value_unref(value);
}

static pxm_value *list_of(pxm_value *item)
{
    pxm_value *list = pxm_value_list();
    pxm_value_append(list, item);
    return list;
}

static void what_json_cannot_say_fails_and_leaves_the_buffer(void **state)
{
    (void)state;
    assert_not_written(list_of(pxm_value_float(NAN)), 100, 0, PXM_E_INVALID, "json.unsupported");
    assert_not_written(list_of(pxm_value_float(-INFINITY)), 100, 1, PXM_E_INVALID, "json.unsupported");
    assert_not_written(list_of(pxm_value_blob(pxm_blob_copy("x", 1))), 100, 0, PXM_E_INVALID, "json.unsupported");
    assert_not_written(list_of(pxm_value_cstring("longer")), 10, 0, PXM_E_LIMIT, "json.too_large");
}

static void half_of_a_value_is_not_written(void **state)
{
    (void)state;
    pxm_value *record = pxm_value_record(), *deep = pxm_value_list();
    assert_int_equal(pxm_value_set(record, "there", pxm_value_int(1)), PXM_OK);
    assert_int_equal(pxm_value_set(record, "missing", NULL), PXM_E_NO_MEMORY);
    assert_not_written(record, 100, 0, PXM_E_NO_MEMORY, "no_memory");
    for (int i = 1; i < PXM_VALUE_DEPTH_MAX; i++) {
        deep = list_of(deep);
    }
    assert_not_written(list_of(deep), 1000, 0, PXM_E_LIMIT, "json.too_deep");
}

static pxm_status no_pixels(void *self, pxm_job *job, int64_t width, int64_t height, struct _VipsImage **ret,
                            pxm_error *error)
{
    (void)self, (void)job, (void)width, (void)height, (void)ret;
    return pxm_error_set(error, PXM_E_INTERNAL, "test", "none");
}

static void images_are_described_for_people(void **state)
{
    (void)state;
    const struct pxm_image_ops ops = {.struct_size = sizeof ops, .pixels = no_pixels};
    const struct pxm_image_info info = {.struct_size = sizeof info, .width = 4, .height = 3, .frames = 1};
    pxm_value *value = pxm_value_image(pxm_image_new(&ops, NULL, &info));
    assert_not_written(pxm_value_ref(value), 100, 0, PXM_E_INVALID, "json.unsupported");
    char *text = write_and_free(value, 0, 1);
    assert_string_equal(text, "{\"image\":{\"width\":4,\"height\":3}}");
    free(text);
}

static void blobs_are_described_for_people(void **state)
{
    (void)state;
    char *unknown = write_and_free(pxm_value_blob(pxm_blob_copy("", 0)), 0, 1);
    assert_string_equal(unknown, "{\"blob\":{\"bytes\":0,\"media\":null}}");
    free(unknown);
    pxm_blob *blob = pxm_blob_copy("abc", 3);
    pxm_blob_set_media(blob, "image/png");
    char *text = write_and_free(list_of(pxm_value_blob(blob)), 0, 1);
    assert_string_equal(text, "[{\"blob\":{\"bytes\":3,\"media\":\"image/png\"}}]");
    free(text);
}

static void indenting_puts_each_item_on_its_line(void **state)
{
    (void)state;
    char *text = write_and_free(parse("{\"a\":[1,{}],\"b\":[]}"), 2, 0);
    assert_string_equal(text, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back_as_they_were),
        cmocka_unit_test(broken_texts_are_refused_with_their_place),
        cmocka_unit_test(a_prefix_of_a_text_is_read_no_further),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(size_and_number_of_values_are_bounded),
        cmocka_unit_test(a_big_object_is_read_and_its_late_duplicate_found),
        cmocka_unit_test(doubles_read_back_equal),
        cmocka_unit_test(a_decimal_comma_of_the_locale_changes_nothing),
        cmocka_unit_test(what_json_cannot_say_fails_and_leaves_the_buffer),
        cmocka_unit_test(half_of_a_value_is_not_written),
        cmocka_unit_test(images_are_described_for_people),
        cmocka_unit_test(blobs_are_described_for_people),
        cmocka_unit_test(indenting_puts_each_item_on_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
