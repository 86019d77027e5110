/* The YAML subset: trees and their places, every error of the subset with its place, and many of them in one pass. */
#include "lang/yaml/yaml.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARENA_BYTES_MAX = 64 << 20 };

struct fixture {
    struct pxm_arena *arena;
    struct pxm_diags diags;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture->arena = pxm_arena_new(ARENA_BYTES_MAX);
    assert_non_null(fixture->arena);
    pxm_diags_init(&fixture->diags, fixture->arena);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    pxm_arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static struct pxm_node *parse_bytes(struct fixture *fixture, const char *text, size_t length)
{
    struct pxm_source *source = pxm_source_of_text(fixture->arena, "t.yaml", text, length, &fixture->diags);

    return source ? pxm_yaml_parse(fixture->arena, source, &fixture->diags) : NULL;
}

static struct pxm_node *parse(struct fixture *fixture, const char *text)
{
    return parse_bytes(fixture, text, strlen(text));
}

static struct pxm_node *parse_good(struct fixture *fixture, const char *text)
{
    struct pxm_node *node = parse(fixture, text);

    if (!node) {
        fail_msg("%s: %s", text, fixture->diags.count ? fixture->diags.items[0]->message : "nothing reported");
    }
    assert_int_equal(fixture->diags.errors, 0);
    return node;
}

static void assert_place(struct pxm_span span, unsigned line, unsigned column, const char *written)
{
    assert_int_equal(span.line, line);
    assert_int_equal(span.column, column);
    assert_int_equal(span.length, strlen(written));
    assert_memory_equal(span.source->text + span.offset, written, span.length);
}

/* ---- trees
 * ------------------------------------------------------------------------------------------------------ */

static void maps_lists_and_scalars_become_a_tree(void **state)
{
    struct pxm_node *root = parse_good(*state, "steps:\n- {id: a, n: [1, '2']}\n- id: b\nlast: |\n  x\n  y\n");
    struct pxm_node *steps = pxm_node_get(root, "steps");
    struct pxm_node *list;

    assert_int_equal(root->kind, PXM_NODE_MAP);
    assert_int_equal(root->length, 2);
    assert_int_equal(steps->kind, PXM_NODE_LIST);
    assert_int_equal(steps->length, 2);
    list = pxm_node_get(steps->items[0], "n");
    assert_string_equal(list->items[0]->text, "1");
    assert_false(list->items[0]->quoted);
    assert_string_equal(list->items[1]->text, "2");
    assert_true(list->items[1]->quoted);
    assert_string_equal(pxm_node_get(steps->items[1], "id")->text, "b");
    assert_string_equal(pxm_node_get(root, "last")->text, "x\ny\n");
    assert_true(pxm_node_get(root, "last")->quoted);
    assert_null(pxm_node_get(root, "none"));
    assert_null(pxm_node_get(steps, "id"));
    assert_null(pxm_node_get(NULL, "id"));
}

static void scalars_stay_text_whatever_they_look_like(void **state)
{
    struct pxm_node *root = parse_good(*state, "{a: NO, b: 1.10, c: 22:22, d: null, e: ~, f: 0x1f, g: 2001-01-01}");
    static const char *const texts[] = {"NO", "1.10", "22:22", "null", "~", "0x1f", "2001-01-01"};

    for (size_t i = 0; i < root->length; i++) {
        assert_string_equal(root->entries[i].value->text, texts[i]);
    }
}

static void empty_maps_lists_and_quoted_texts_are_values(void **state)
{
    struct pxm_node *root = parse_good(*state, "{a: {}, b: [], c: \"\", '': ''}");

    assert_int_equal(pxm_node_get(root, "a")->length, 0);
    assert_int_equal(pxm_node_get(root, "b")->length, 0);
    assert_int_equal(pxm_node_get(root, "c")->length, 0);
    assert_non_null(pxm_node_get(root, ""));
}

static void places_count_characters_and_skip_the_byte_order_mark(void **state)
{
    struct pxm_node *root = parse_good(*state, "\xef\xbb\xbf"
                                               "grüße: 日本\nb: {c: \"x\", d:   [é, z]}\n");

    assert_place(root->entries[0].key->span, 1, 1, "grüße");
    assert_place(root->entries[0].value->span, 1, 8, "日本");
    assert_place(pxm_node_get(pxm_node_get(root, "b"), "c")->span, 2, 8, "\"x\"");
    assert_place(pxm_node_get(pxm_node_get(root, "b"), "d")->span, 2, 18, "[é, z]");
    assert_place(pxm_node_get(pxm_node_get(root, "b"), "d")->items[1]->span, 2, 22, "z");
}

static void a_list_or_map_of_several_lines_is_shown_by_its_first(void **state)
{
    struct pxm_node *root = parse_good(*state, "a:\n  b: 1\n  c: 2\nd: [1,\n  2]\n");

    assert_place(root->span, 1, 1, "a:");
    assert_place(pxm_node_get(root, "a")->span, 2, 3, "b: 1");
    assert_place(pxm_node_get(root, "d")->span, 4, 4, "[1,");
}

static void a_single_pair_in_a_list_is_a_map_without_braces(void **state)
{
    struct pxm_node *root = parse_good(*state, "[a: b, c]");

    assert_int_equal(root->items[0]->kind, PXM_NODE_MAP);
    assert_place(root->items[0]->span, 1, 2, "a: b");
}

static void every_kind_of_line_end_counts_once(void **state)
{
    struct pxm_node *root = parse_good(*state, "a: 1\r\nb: 2\rc: 3\nd: 4\r\n\r\ne: |\r\n  x\r\n  y\r\n");

    assert_place(pxm_node_get(root, "b")->span, 2, 4, "2");
    assert_place(pxm_node_get(root, "c")->span, 3, 4, "3");
    assert_place(pxm_node_get(root, "d")->span, 4, 4, "4");
    assert_place(root->entries[4].key->span, 6, 1, "e");
    assert_string_equal(pxm_node_get(root, "e")->text, "x\ny\n");
}

static void document_marks_around_one_document_are_fine(void **state)
{
    struct pxm_node *root = parse_good(*state, "# first\n---\na: 1 # one\n...\n# last\n");

    assert_string_equal(pxm_node_get(root, "a")->text, "1");
}

static void templates_on_a_line_of_their_own_need_no_quotes(void **state)
{
    struct pxm_node *root = parse_good(*state, "a: ${vars.widths}\nb: x/${item}.webp\nc: {d: \"${item}\"}\n");

    assert_string_equal(pxm_node_get(root, "a")->text, "${vars.widths}");
    assert_string_equal(pxm_node_get(root, "b")->text, "x/${item}.webp");
}

/* ---- errors
 * ----------------------------------------------------------------------------------------------------- */

struct error_case {
    const char *text, *code;
    unsigned line, column;
    const char *written; /* under the caret */
    const char *label;   /* part of it */
};

static void check_errors(struct fixture *fixture, const struct error_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct error_case *c = &cases[i];
        const struct pxm_diag *diag;

        pxm_diags_init(&fixture->diags, fixture->arena);
        assert_null(parse(fixture, c->text));
        if (fixture->diags.count != 1) {
            fail_msg("%s: %zu diagnostics, the first is %s", c->text, fixture->diags.count,
                     fixture->diags.count ? fixture->diags.items[0]->message : "none");
        }
        diag = fixture->diags.items[0];
        if (strcmp(diag->code, c->code) != 0 || diag->span.line != c->line || diag->span.column != c->column ||
            diag->span.length != strlen(c->written) ||
            memcmp(diag->span.source->text + diag->span.offset, c->written, diag->span.length) != 0 ||
            !strstr(diag->label ? diag->label : "", c->label)) {
            fail_msg("%s: %u:%u %s: %s | %.*s | %s", c->text, diag->span.line, diag->span.column, diag->code,
                     diag->message, (int)diag->span.length, diag->span.source->text + diag->span.offset,
                     diag->label ? diag->label : "");
        }
    }
}
#define CHECK(fixture, cases) check_errors(fixture, cases, sizeof(cases) / sizeof *(cases))

static void what_the_subset_leaves_out_is_refused_with_a_fix(void **state)
{
    static const struct error_case cases[] = {
        {"a: 1\nb: 2\na: 3", "E003", 3, 1, "a", "delete one"},
        {"{a: 1, \"a\": 2}", "E003", 1, 8, "\"a\"", "delete one"},
        {"a: &x 1", "E004", 1, 4, "&x", "vars:"},
        {"a: *x", "E004", 1, 4, "*x", "vars:"},
        {"a: *.jpg", "E004", 1, 4, "*.jpg", "write \"*.jpg\""},
        {"on_error: {*: skip}", "E004", 1, 12, "*", "write \"*\""},
        {"a:\n  <<: {b: 1}", "E004", 2, 3, "<<", "vars:"},
        {"when: !error.transient", "E005", 1, 7, "!error.transient", "write `not error.transient`"},
        {"when: !a == 'b'", "E005", 1, 7, "!a", "write `not a == 'b'`"},
        {"when: !(a or b)", "E005", 1, 7, "!(a", "write `not (a or b)`"},
        {"a: !!int 3", "E005", 1, 4, "!!int", "delete it"},
        {"a: !Sub {b: c}", "E005", 1, 4, "!Sub", "delete it"},
        {"a: ! b", "E005", 1, 4, "!", "delete it"},
        {"a: !u!v x", "E005", 1, 4, "!u!v", "delete it"},
        {"# c\n%YAML 1.2\n---\na: b", "E005", 2, 1, "%YAML 1.2", "delete the line"},
        {"a: 1\n--- # two\nb: 2", "E009", 2, 1, "--- # two", "file of its own"},
        {"a: 1\n...\n---", "E009", 3, 1, "---", "file of its own"},
        {"? [a, b]\n: c", "E011", 1, 3, "[", "quotes"},
        {"{{a: b}: c}", "E011", 1, 2, "{", "quotes"},
        {"a: \"\\0\"", "E010", 1, 4, "\"\\0\"", "delete"},
    };

    CHECK(*state, cases);
}

static void templates_torn_by_flow_style_are_recognised(void **state)
{
    static const struct error_case cases[] = {
        {"t: {width: ${item}}", "E006", 1, 12, "${item}", "write \"${item}\" (a value"},
        {"t: {a: x/${item}.webp, b: 1}", "E006", 1, 8, "x/${item}.webp", "write \"x/${item}.webp\""},
        {"t: [${a}]", "E006", 1, 5, "${a}", "write \"${a}\""},
        {"t: [a b ${a}-${b} c]", "E006", 1, 5, "a b ${a}-${b} c", "write \"a b ${a}-${b} c\""},
        {"t: {a: ${x ?? \"}\"}}", "E006", 1, 8, "${x ?? \"}\"}", "write '${x ?? \"}\"}'"},
        {"t: {a: ${x ?? [1, 2]}}", "E006", 1, 8, "${x ?? [1, 2]}", "write \"${x ?? [1, 2]}\""},
        {"t: {${k}: 1}", "E006", 1, 5, "${k}", "write \"${k}\""},
    };

    CHECK(*state, cases);
}

static void empty_values_are_refused_and_comments_that_ate_them_are_shown(void **state)
{
    static const struct error_case cases[] = {
        {"bg: #fff", "E007", 1, 1, "bg", "write \"#fff\""}, {"bg:   # white", "E007", 1, 1, "bg", "write a value"},
        {"a:\nb: 1", "E007", 1, 1, "a", "write a value"},   {"x: [{a: , b: 1}]", "E007", 1, 6, "a", "write a value"},
        {"{a, b: 1}", "E007", 1, 2, "a", "write a value"},  {"x:\n  -\n  - a", "E007", 2, 3, "-", "write a value"},
        {"? \n: a", "E007", 1, 2, " ", "write one"},
    };

    CHECK(*state, cases);
}

static void syntax_errors_are_said_in_words_where_they_began(void **state)
{
    static const struct error_case cases[] = {
        {"a:\n\t- b", "E010", 2, 1, "\t", "use spaces"},
        {"a: @x", "E010", 1, 4, "@x", "write \"@x\""},
        {"a: `x`", "E010", 1, 4, "`x`", "write \"`x`\""},
        {"a: %x", "E010", 1, 4, "%x", "write \"%x\""},
        {"a: \"\\d+\"", "E002", 1, 5, "\\d", "write `\\\\d`"},
        {"a: \"\\xzz\"", "E002", 1, 7, "z", "\\x41"},
        {"a: \"\\ud800\"", "E002", 1, 7, "d", "surrogates"},
        {"a: \"abc\nb: 1\n", "E002", 1, 4, "\"abc", "closing quote"},
        {"a: 1\nfoo bar\nb: 2", "E002", 2, 1, "foo bar", "write `key: value`"},
        {"a: b: c", "E002", 1, 5, ":", "in quotes"},
        {"a: - b", "E002", 1, 4, "-", "next line"},
        {"a: [b, c\n\n", "E002", 1, 4, "[", "opened here"},
        {"a: {b: c", "E002", 1, 4, "{", "opened here"},
        {"a: [b c] d\ne: f", "E002", 1, 10, "d", "closing quote or bracket"},
        {"a: [b, , c]", "E002", 1, 8, ",", "too many"},
        {"a: |x\n", "E002", 1, 5, "x", "next line"},
        {"a: |0\n", "E002", 1, 5, "0", "1 to 9"},
        {"{a: 1}\nb: 2", "E002", 2, 1, "b: 2", "indentation"},
        {"a: \"x\n---\ny\"", "E002", 1, 4, "\"x", "closing quote"},
    };

    CHECK(*state, cases);
}

static void a_file_of_nothing_is_an_error_of_the_file(void **state)
{
    static const char *const texts[] = {"", "\n\n", "# nothing\n", "---\n", "\xef\xbb\xbf"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pxm_diags_init(&fixture->diags, fixture->arena);
        assert_null(parse(fixture, texts[i]));
        assert_int_equal(fixture->diags.count, 1);
        assert_string_equal(fixture->diags.items[0]->code, "E007");
        assert_int_equal(fixture->diags.items[0]->span.line, 0);
        assert_non_null(fixture->diags.items[0]->span.source);
    }
}

static void text_that_is_no_text_is_refused_where_it_stands(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        unsigned line, column;
        const char *message, *label;
    } cases[] = {
        {"a: \xff", 4, 1, 4, "0xff is no UTF-8", "UTF-8"},
        {"日本\n\xe6\x97", 9, 2, 1, "0xe6", "UTF-8"},
        {"\xff\xfe"
         "a\0",
         4, 1, 1, "0xff", "UTF-16"},
        {"a: \0b", 5, 1, 4, "U+0000", "\\x00"},
        {"a: 1\r\nb: \x1b[31m", 14, 2, 4, "U+001B", "\\x1b"},
        {"a: \xe2\x80\xa8", 6, 1, 4, "U+2028", "\\u2028"},
        {"a: \xc2\x85", 5, 1, 4, "U+0085", "\\x85"},
        {"a: \x7f", 4, 1, 4, "U+007F", "\\x7f"},
        {"a: \xed\xa0\x80", 6, 1, 4, "0xed", "UTF-8"},
        {"a: \xc0\x80", 5, 1, 4, "0xc0", "UTF-8"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pxm_diag *diag;

        pxm_diags_init(&fixture->diags, fixture->arena);
        assert_null(parse_bytes(fixture, cases[i].text, cases[i].length));
        assert_int_equal(fixture->diags.count, 1);
        diag = fixture->diags.items[0];
        assert_string_equal(diag->code, "E001");
        assert_int_equal(diag->span.line, cases[i].line);
        assert_int_equal(diag->span.column, cases[i].column);
        assert_non_null(strstr(diag->message, cases[i].message));
        assert_non_null(strstr(diag->label, cases[i].label));
    }
}

static void one_pass_finds_errors_of_every_kind(void **state)
{
    static const struct {
        const char *code;
        unsigned line;
    } expected[] = {{"E003", 2}, {"E005", 3}, {"E004", 4}, {"E006", 5}, {"E006", 5},
                    {"E010", 6}, {"E004", 7}, {"E002", 8}, {"E007", 9}, {"E009", 10}};
    struct fixture *fixture = *state;
    size_t found = 0;

    assert_null(parse(fixture,
                      "a: 1\na: 2\nb: !x\nc: &y 3\nd: {e: ${f}, g: ${h}}\ni: @j\nk: *.l\nm: \"\\q\"\nn:\n---\no: p\n"));
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        for (size_t j = 0; j < fixture->diags.count; j++) {
            const struct pxm_diag *diag = fixture->diags.items[j];

            found += !strcmp(diag->code, expected[i].code) && diag->span.line == expected[i].line;
        }
    }
    assert_int_equal(fixture->diags.count, sizeof expected / sizeof *expected);
    assert_int_equal(fixture->diags.errors, fixture->diags.count);
    assert_int_equal(found, fixture->diags.count + 2); /* The two of line 5 match twice each. */
}

static void what_was_read_before_a_syntax_error_is_checked_too(void **state)
{
    struct fixture *fixture = *state;

    assert_null(parse(fixture, "a: 1\nb: {c: 1, c: 2}\na: 3\nd: [e"));
    assert_int_equal(fixture->diags.count, 3);
    assert_string_equal(fixture->diags.items[0]->code, "E003");
    assert_string_equal(fixture->diags.items[1]->code, "E002");
    assert_string_equal(fixture->diags.items[2]->code, "E003");
}

static void mending_one_mistake_makes_up_no_other(void **state)
{
    static const struct error_case cases[] = {
        {"{*: skip, x: y}", "E004", 1, 2, "*", "write"},
        {"{${a}: 1, xxxx: 2}", "E006", 1, 2, "${a}", "write"},
        {"[@, x]", "E010", 1, 2, "@", "write"},
        {"a: {b: ${c ?? 'x: y, #'}}", "E006", 1, 8, "${c ?? 'x: y, #'}", "write"},
        {"a: \"\\q ${b}\"", "E002", 1, 5, "\\q", "write"},
    };

    CHECK(*state, cases);
}

/* ---- files
 * ------------------------------------------------------------------------------------------------------ */

static void assert_unreadable(struct fixture *fixture, const char *path, const char *message)
{
    pxm_diags_init(&fixture->diags, fixture->arena);
    assert_null(pxm_source_read(fixture->arena, path, "shown.yaml", &fixture->diags));
    assert_int_equal(fixture->diags.count, 1);
    assert_string_equal(fixture->diags.items[0]->code, "E001");
    assert_string_equal(fixture->diags.items[0]->span.source->path, "shown.yaml");
    assert_int_equal(fixture->diags.items[0]->span.line, 0);
    assert_non_null(strstr(fixture->diags.items[0]->message, message));
}

static void files_are_read_and_shown_under_the_given_name(void **state)
{
    struct fixture *fixture = *state;
    char folder[] = "/tmp/pixmill-yaml-XXXXXX";
    struct pxm_source *source;
    char path[64];
    char fifo[64];
    FILE *file;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.yaml", folder);
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("\xef\xbb\xbf"
          "a: 1\n",
          file);
    assert_int_equal(fclose(file), 0);

    source = pxm_source_read(fixture->arena, path, "pipelines/a.yaml", &fixture->diags);
    assert_non_null(source);
    assert_string_equal(source->path, "pipelines/a.yaml");
    assert_string_equal(source->text, "a: 1\n");
    assert_int_equal(source->length, 5);

    assert_int_equal(truncate(path, PXM_YAML_BYTES_MAX + 1), 0);
    assert_unreadable(fixture, path, "1048577 bytes");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_unreadable(fixture, fifo, "no regular file");
    assert_unreadable(fixture, folder, "folder");
    unlink(path);
    assert_unreadable(fixture, path, "No such file");
    unlink(fifo);
    rmdir(folder);
}

static void memory_that_is_too_large_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char *text = malloc(PXM_YAML_BYTES_MAX + 1);

    assert_non_null(text);
    memset(text, '#', PXM_YAML_BYTES_MAX + 1);
    assert_null(pxm_source_of_text(fixture->arena, "t.yaml", text, PXM_YAML_BYTES_MAX + 1, &fixture->diags));
    assert_string_equal(fixture->diags.items[0]->code, "E001");
    assert_non_null(pxm_source_of_text(fixture->arena, "t.yaml", text, PXM_YAML_BYTES_MAX, &fixture->diags));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(maps_lists_and_scalars_become_a_tree),
        TEST(scalars_stay_text_whatever_they_look_like),
        TEST(empty_maps_lists_and_quoted_texts_are_values),
        TEST(places_count_characters_and_skip_the_byte_order_mark),
        TEST(a_list_or_map_of_several_lines_is_shown_by_its_first),
        TEST(a_single_pair_in_a_list_is_a_map_without_braces),
        TEST(every_kind_of_line_end_counts_once),
        TEST(document_marks_around_one_document_are_fine),
        TEST(templates_on_a_line_of_their_own_need_no_quotes),
        TEST(what_the_subset_leaves_out_is_refused_with_a_fix),
        TEST(templates_torn_by_flow_style_are_recognised),
        TEST(empty_values_are_refused_and_comments_that_ate_them_are_shown),
        TEST(syntax_errors_are_said_in_words_where_they_began),
        TEST(a_file_of_nothing_is_an_error_of_the_file),
        TEST(text_that_is_no_text_is_refused_where_it_stands),
        TEST(one_pass_finds_errors_of_every_kind),
        TEST(what_was_read_before_a_syntax_error_is_checked_too),
        TEST(mending_one_mistake_makes_up_no_other),
        TEST(files_are_read_and_shown_under_the_given_name),
        TEST(memory_that_is_too_large_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
