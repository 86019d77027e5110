/* Places inside scalars: a part of a value is found where it was written, through quotes, escapes and folded
 * lines. */
#include "lang/yaml/yaml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct part_case {
    const char *text;    /* a map with one entry */
    const char *part;    /* of its value */
    const char *written; /* where that is in the text */
    unsigned line, column;
};

static void check_part(const struct part_case *c)
{
    struct pxm_arena *arena = pxm_arena_new(1 << 20);
    const struct pxm_source *source;
    const struct pxm_node *value;
    struct pxm_diags diags;
    struct pxm_span span;
    const char *found;

    assert_non_null(arena);
    pxm_diags_init(&diags, arena);
    source = pxm_source_of_text(arena, "t.yaml", c->text, strlen(c->text), &diags);
    assert_non_null(source);
    value = pxm_node_get(pxm_yaml_parse(arena, source, &diags), "a");
    if (!value) {
        fail_msg("%s: %s", c->text, diags.count ? diags.items[0]->message : "no value");
    }
    found = strstr(value->text, c->part);
    if (!found) {
        fail_msg("%s: the value is %s", c->text, value->text);
    }
    span = pxm_node_part(value, (size_t)(found - value->text), strlen(c->part));
    if (span.line != c->line || span.column != c->column || span.length != strlen(c->written) ||
        memcmp(source->text + span.offset, c->written, span.length) != 0) {
        fail_msg("%s: %u:%u `%.*s`", c->text, span.line, span.column, (int)span.length, source->text + span.offset);
    }
    pxm_arena_free(arena);
}

static void check_parts(const struct part_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_part(&cases[i]);
    }
}
#define CHECK(cases) check_parts(cases, sizeof(cases) / sizeof *(cases))

static void parts_of_plain_scalars(void **state)
{
    static const struct part_case cases[] = {
        {"a: one two", "two", "two", 1, 8},
        {"a: one two", "one two", "one two", 1, 4},
        {"a: \xc3\xa9 two", "two", "two", 1, 6},
        {"a: one\n  two\n  three", "two", "two", 2, 3},
        {"a: one   \n\n\n  two three", "three", "three", 4, 7},
        {"a: one\r\n  two", "two", "two", 2, 3},
        {"a: one\n  two", "one two", "one\n  two", 1, 4},
        {"a: one\n  two", "e t", "e\n  t", 1, 6},
        {"a: it's \"so\"", "so", "so", 1, 10},
    };

    (void)state;
    CHECK(cases);
}

static void parts_of_quoted_scalars(void **state)
{
    static const struct part_case cases[] = {
        {"a: 'one two'", "two", "two", 1, 9},
        {"a: 'it''s two'", "two", "two", 1, 11},
        {"a: 'it''s two'", "'", "''", 1, 7},
        {"a: 'it''s two'", "it's two", "it''s two", 1, 5},
        {"a: 'one\n\n  two'", "two", "two", 3, 3},
        {"a: \"one two\"", "two", "two", 1, 9},
        {"a: \"\\t\\u00e9\\\"two\"", "two", "two", 1, 15},
        {"a: \"\\t\\u00e9\\\"two\"", "\xc3\xa9", "\\u00e9", 1, 7},
        {"a: \"\\x41\\U0001f600 two\"", "\xf0\x9f\x98\x80", "\\U0001f600", 1, 9},
        {"a: \"\\x41\\U0001f600 two\"", "two", "two", 1, 20},
        {"a: \"one \\\n   two\"", "two", "two", 2, 4},
        {"a: \"one\n   two\"", "two", "two", 2, 4},
        {"a: \"one\\n two\"", "two", "two", 1, 11},
        {"a: \"one\\_\\N\\L\\P two\"", "two", "two", 1, 17},
    };

    (void)state;
    CHECK(cases);
}

static void parts_of_block_scalars(void **state)
{
    static const struct part_case cases[] = {
        {"a: |\n  one\n  two three\n", "three", "three", 3, 7},
        {"a: |\n  one\n    two\n\n  three\n", "three", "three", 5, 3},
        {"a: |2-\n    one\n  two\n", "two", "two", 3, 3},
        {"a: | # why\n  one two\n", "two", "two", 2, 7},
        {"a: |+\n\n  one\n\n", "one", "one", 3, 3},
        {"a: >\n  one\n  two\n", "two", "two", 3, 3},
        {"a: >-\n  one\n\n  two\n    three\n  four\n", "four", "four", 6, 3},
        {"a: |\r\n  one\r\n  two\r\n", "two", "two", 3, 3},
        {"a: |\n  one\n  two\n", "one\ntwo", "one\n  two", 2, 3},
    };

    (void)state;
    CHECK(cases);
}

static void where_text_and_value_part_the_whole_scalar_is_shown(void **state)
{
    static const struct part_case cases[] = {
        {"a: \"one\n  \\  two\"", "two", "\"one\n  \\  two\"", 1, 4},
    };

    (void)state;
    CHECK(cases);
}

static void parts_outside_of_the_value_give_the_whole(void **state)
{
    struct pxm_arena *arena = pxm_arena_new(1 << 20);
    const struct pxm_source *source;
    const struct pxm_node *root;
    const struct pxm_node *value;
    struct pxm_diags diags;
    struct pxm_span span;

    (void)state;
    assert_non_null(arena);
    pxm_diags_init(&diags, arena);
    source = pxm_source_of_text(arena, "t.yaml", "a: \"x\"", 6, &diags);
    root = pxm_yaml_parse(arena, source, &diags);
    assert_non_null(root);
    value = pxm_node_get(root, "a");
    assert_int_equal(pxm_node_part(value, 1, 1).length, 3);
    assert_int_equal(pxm_node_part(value, SIZE_MAX, 2).length, 3);
    assert_int_equal(pxm_node_part(root, 0, 1).length, root->span.length);
    span = pxm_node_part(value, 1, 0); /* Behind the last character, before the quote. */
    assert_int_equal(span.column, 6);
    assert_int_equal(span.length, 0);
    span = pxm_node_part(value, 0, 0);
    assert_int_equal(span.column, 5);
    pxm_arena_free(arena);
}

static void every_part_of_every_value_lies_within_its_scalar(void **state)
{
    static const char *const texts[] = {
        "a: plain\n  of\n\n  lines",
        "a: 'it''s\n\n  quoted'",
        "a: \"d\\u00e9j\\xe0\\\n  vu \\n\n  \\  x\"",
        "a: |2\n   lit\n  eral\n\n",
        "a: >\n  fol\n  ded\n\n    more\n  end\n",
        "a: \"\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pxm_arena *arena = pxm_arena_new(1 << 20);
        const struct pxm_source *source;
        const struct pxm_node *value;
        struct pxm_diags diags;

        assert_non_null(arena);
        pxm_diags_init(&diags, arena);
        source = pxm_source_of_text(arena, "t.yaml", texts[i], strlen(texts[i]), &diags);
        assert_non_null(source);
        value = pxm_node_get(pxm_yaml_parse(arena, source, &diags), "a");
        assert_non_null(value);
        for (size_t from = 0; from <= value->length; from++) {
            for (size_t to = from; to <= value->length; to++) {
                struct pxm_span span = pxm_node_part(value, from, to - from);

                assert_true(span.offset >= value->span.offset);
                assert_true(span.offset + span.length <= value->span.offset + value->span.length);
                assert_true(span.length > 0 || to == from || value->span.length == 0 || value->text[from] == '\n');
            }
        }
        pxm_arena_free(arena);
    }
}

static void a_part_of_a_span_knows_its_line_and_column(void **state)
{
    static const struct pxm_source source = {.path = "t",
                                             .text = "ab\n\xc3\xa9"
                                                     "c\r\nd",
                                             .length = 9};
    static const struct pxm_span whole = {.source = &source, .line = 1, .column = 1, .length = 9};
    struct pxm_span part = pxm_span_part(whole, 5, 1);

    (void)state;
    assert_int_equal(part.line, 2);
    assert_int_equal(part.column, 2);
    assert_int_equal(part.offset, 5);
    part = pxm_span_part(whole, 8, 100);
    assert_int_equal(part.line, 3);
    assert_int_equal(part.column, 1);
    assert_int_equal(part.length, 1);
    part = pxm_span_part((struct pxm_span){.length = 5}, 2, 1);
    assert_null(part.source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_plain_scalars),
        cmocka_unit_test(parts_of_quoted_scalars),
        cmocka_unit_test(parts_of_block_scalars),
        cmocka_unit_test(where_text_and_value_part_the_whole_scalar_is_shown),
        cmocka_unit_test(parts_outside_of_the_value_give_the_whole),
        cmocka_unit_test(every_part_of_every_value_lies_within_its_scalar),
        cmocka_unit_test(a_part_of_a_span_knows_its_line_and_column),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
