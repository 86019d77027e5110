/* JSON that services send, and JSON that they never should. */
#include "aws/crc32.h"
#include "aws/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 1 << 20 };

static struct aws_json read_good(const char *text)
{
    struct aws_json json = {0};
    if (!aws_json_read(text, strlen(text), &json)) {
        fail_msg("%s is refused", text);
    }
    return json;
}

static void assert_text(struct aws_json string, const char *expected, size_t length)
{
    struct aws_text text;
    aws_text_init(&text, ROOM);
    assert_true(aws_json_text(string, &text));
    assert_int_equal(text.length, length);
    assert_memory_equal(aws_text_get(&text), expected, length);
    aws_text_done(&text);
}

static void documents_are_read_as_they_are(void **state)
{
    static const char *const good[] = {"{}",
                                       "[]",
                                       " { } ",
                                       "[[],{},[{}]]",
                                       "null",
                                       "true",
                                       "false",
                                       "0",
                                       "-0",
                                       "-1.5e+10",
                                       "1E5",
                                       "123456789012345678901234567890",
                                       "\"\"",
                                       "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00\"",
                                       "{\"a\":1,\"b\":[1,2,{\"c\":null}],\"\":\"\"}",
                                       "\t\r\n[1 ,\n2 , 3 ]\n"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        read_good(good[i]);
    }
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "",          " ",           "<html>",     "{",    "[",       "]",     "{]",   "[}",
        "{\"a\"}",   "{\"a\":}",    "{\"a\":1,}", "{,}",  "{a:1}",   "{1:2}", "[1,]", "[,1]",
        "[1 2]",     "[1]]",        "{} {}",      "nul",  "True",    "+1",    "01",   "1.",
        ".5",        "1e",          "-",          "0x10", "NaN",     "\"",    "\"\\", "\"\\x\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"",   "'a'",  "{\"a\":1"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct aws_json json;
        if (aws_json_read(bad[i], strlen(bad[i]), &json)) {
            fail_msg("%s is taken", bad[i]);
        }
    }
}

static void texts_that_are_cut_anywhere_are_refused(void **state)
{
    static const char text[] = "{\"Item\":{\"a\":{\"L\":[{\"N\":\"-1.5e3\"},{\"S\":\"\\u00e9\"},{\"BOOL\":true}]}}}";
    (void)state;
    for (size_t length = 0; length < sizeof text - 1; length++) {
        struct aws_json json;
        char *cut = malloc(length + 1); /* so that a byte too far is seen */
        assert_non_null(cut);
        memcpy(cut, text, length);
        assert_false(aws_json_read(cut, length, &json));
        free(cut);
    }
    read_good(text);
}

static bool reads_depth(size_t depth)
{
    char text[2 * (AWS_JSON_DEPTH_MAX + 1)];
    struct aws_json json;
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return aws_json_read(text, 2 * depth, &json);
}

static void depth_has_an_end(void **state)
{
    (void)state;
    assert_true(reads_depth(AWS_JSON_DEPTH_MAX));
    assert_false(reads_depth(AWS_JSON_DEPTH_MAX + 1));
}

static void texts_may_hold_any_character(void **state)
{
    struct aws_text text;
    (void)state;
    assert_text(read_good("\"a\\u0000b\""), "a\0b", 3);
    assert_text(read_good("\"\\u00e9\\u20AC\\ud83d\\ude00\""), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9);
    assert_text(read_good("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\/\b\f\n\r\t", 8);
    static const char *const halves[] = {"\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"", "\"\\ud83d\\u0041\"",
                                         "\"\\ud83d\\ud83d\""};
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        aws_text_init(&text, ROOM);
        assert_false(aws_json_text(read_good(halves[i]), &text));
        aws_text_done(&text);
    }
    aws_text_init(&text, ROOM);
    assert_false(aws_json_text(read_good("12"), &text));
    aws_text_done(&text);
}

static void written_texts_are_read_back(void **state)
{
    char every[256];
    struct aws_text written;
    (void)state;
    for (size_t i = 0; i < 128; i++) {
        every[i] = (char)i;
    }
    aws_text_init(&written, ROOM);
    aws_json_write(&written, every, 128);
    assert_text(read_good(aws_text_get(&written)), every, 128);
    aws_text_clear(&written);
    aws_json_write(&written, "caf\xc3\xa9 \"\\\x01", 9);
    assert_string_equal(aws_text_get(&written), "\"caf\xc3\xa9 \\\"\\\\\\u0001\"");
    aws_text_done(&written);
}

static void members_are_found_by_name(void **state)
{
    struct aws_json json = read_good("{\"a\": {\"b\" : [10, \"x\", {\"c\": true}]} , \"d\":null, \"\\u0065\": \"E\"}");
    struct aws_json_walk walk = aws_json_walk(aws_json_get(aws_json_get(json, "a"), "b"));
    struct aws_json name, value;
    (void)state;
    assert_true(aws_json_next(&walk, &name, &value));
    assert_int_equal(aws_json_kind(name), AWS_JSON_NONE);
    assert_int_equal(aws_json_kind(value), AWS_JSON_NUMBER);
    assert_int_equal(value.length, 2);
    assert_true(aws_json_next(&walk, &name, &value));
    assert_true(aws_json_equals(value, "x"));
    assert_true(aws_json_next(&walk, &name, &value));
    assert_true(aws_json_is_true(aws_json_get(value, "c")));
    assert_false(aws_json_next(&walk, &name, &value));
    assert_int_equal(aws_json_kind(aws_json_get(json, "d")), AWS_JSON_NULL);
    assert_true(aws_json_equals(aws_json_get(json, "e"), "E"));
    assert_int_equal(aws_json_kind(aws_json_get(json, "missing")), AWS_JSON_NONE);
    assert_int_equal(aws_json_kind(aws_json_get(aws_json_get(json, "missing"), "deeper")), AWS_JSON_NONE);
    assert_false(aws_json_equals(aws_json_get(json, "d"), "null"));
}

static void checksums_are_those_of_others(void **state)
{
    (void)state;
    assert_int_equal(aws_crc32("", 0), 0);
    assert_int_equal(aws_crc32("123456789", 9), 0xcbf43926);
    assert_int_equal(aws_crc32("{}", 2), 2745614147);
    assert_int_equal(aws_crc32("The quick brown fox jumps over the lazy dog", 43), 0x414fa339);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_read_as_they_are),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(texts_that_are_cut_anywhere_are_refused),
        cmocka_unit_test(depth_has_an_end),
        cmocka_unit_test(texts_may_hold_any_character),
        cmocka_unit_test(written_texts_are_read_back),
        cmocka_unit_test(members_are_found_by_name),
        cmocka_unit_test(checksums_are_those_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
