/* YAML that is cut, broken or made to harm: always a tree or a diagnostic, never a crash, never work out of
 * proportion. */
#include "lang/yaml/yaml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    ARENA_BYTES_MAX = 64 << 20,
    OUTPUT_BYTES_MAX = 16 << 20,
    SHARE = 5, /* each character is put in every fifth place, and each place gets a fifth of them */
};

static const char pipeline[] =
    "# decode, store the original, thumbnail, record\n"
    "version: 1\n"
    "inputs: {file: {type: blob, media: [image/jpeg, image/png]}, owner: {type: string, pattern: "
    "\"[a-z0-9_]{1,40}\"}}\n"
    "triggers:\n"
    "  form:\n"
    "    http: {method: POST, path: \"/u/{owner}\", status: 201}\n"
    "    bind: {file: \"${event.body}\", owner: '${event.path.owner}'}\n"
    "limits: {bytes: 4MiB, pixels: 80MP, time: 15s}\n"
    "steps:\n"
    "  - {id: image, decode: {strip: [gps]}} # lazy\n"
    "  - id: original\n"
    "    in: input.file\n"
    "    put: {store: originals, key: \"o/${steps.image.sha256}.\\u00e9\", if_absent: true}\n"
    "    note: |-\n"
    "      l'original est \xc3\xa9"
    "crit\n"
    "      une fois\n"
    "    more: >\n"
    "      folded\n"
    "      text\n"
    "  - id: sizes\n"
    "    foreach: ${vars.widths}\n"
    "    where: index == 0 or item <= steps.image.width\n"
    "    steps:\n"
    "      - {id: shrink, in: image, thumbnail: {width: \"${item}\"}}\n"
    "output: {id: \"${steps.image.sha256}\", empty: \"\", none: {}, list: []}\n";

static void check_span(struct pxm_span span)
{
    if (span.source) {
        assert_true(span.offset <= span.source->length);
        assert_true(span.length <= span.source->length - span.offset);
    }
}

static void check_tree(const struct pxm_node *node, unsigned depth)
{
    assert_true(depth <= PXM_YAML_DEPTH_MAX);
    check_span(node->span);
    if (node->kind == PXM_NODE_SCALAR) {
        assert_int_equal(strlen(node->text), node->length);
        check_span(pxm_node_part(node, node->length / 2, node->length - node->length / 2));
    }
    for (size_t i = 0; i < node->length && node->kind == PXM_NODE_LIST; i++) {
        check_tree(node->items[i], depth + 1);
    }
    for (size_t i = 0; i < node->length && node->kind == PXM_NODE_MAP; i++) {
        check_tree(node->entries[i].key, depth + 1);
        check_tree(node->entries[i].value, depth + 1);
    }
}

static void check_diags(const struct pxm_diags *diags)
{
    struct pxm_buf out;

    for (size_t i = 0; i < diags->count; i++) {
        check_span(diags->items[i]->span);
        for (size_t j = 0; j < diags->items[i]->also_count; j++) {
            check_span(diags->items[i]->also[j].span);
        }
    }
    pxm_buf_init(&out, OUTPUT_BYTES_MAX);
    pxm_diags_render(diags, PXM_DIAG_HUMAN, false, &out);
    assert_int_equal(out.status, PXM_OK);
    assert_int_equal(out.length > 0, diags->count > 0);
    pxm_buf_done(&out);
}

/* Reads it, looks at all that came of it, and gives the code of the first error: "" for a tree. */
static const char *outcome(const char *text, size_t length)
{
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);
    const struct pxm_source *source;
    const struct pxm_node *root;
    struct pxm_diags diags;
    const char *code = "";

    assert_non_null(arena);
    pxm_diags_init(&diags, arena);
    source = pxm_source_of_text(arena, "t.yaml", text, length, &diags);
    root = source ? pxm_yaml_parse(arena, source, &diags) : NULL;
    assert_true((root != NULL) == (diags.errors == 0));
    assert_false(diags.no_memory);
    if (root) {
        check_tree(root, 0);
    } else {
        code = diags.items[0]->code;
    }
    check_diags(&diags);
    pxm_arena_free(arena);
    return code;
}

static void a_file_cut_anywhere_gives_a_tree_or_a_diagnostic(void **state)
{
    (void)state;
    assert_string_equal(outcome(pipeline, sizeof pipeline - 1), "");
    for (size_t length = 0; length < sizeof pipeline; length++) {
        outcome(pipeline, length);
    }
}

static void any_one_character_in_place_of_another_is_survived(void **state)
{
    static const char others[] = "\t\n\r []{},:#&*!|>'\"%@`-?$\\\x01\xff";
    char text[sizeof pipeline];

    (void)state;
    memcpy(text, pipeline, sizeof text);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        for (size_t j = i % SHARE; j < sizeof others; j += SHARE) {
            text[i] = others[j];
            outcome(text, sizeof text - 1);
        }
        text[i] = pipeline[i];
    }
}

/* `unit` over and over, between `before` and `after`, up to the size that is still read. */
static char *repeated(const char *before, const char *unit, const char *after, size_t *ret_length)
{
    char *text = malloc(PXM_YAML_BYTES_MAX + 1);
    size_t step = strlen(unit);
    size_t end = strlen(after);
    size_t length = strlen(before);

    assert_non_null(text);
    memcpy(text, before, length);
    while (length + step + end <= PXM_YAML_BYTES_MAX) {
        memcpy(text + length, unit, step);
        length += step;
    }
    memcpy(text + length, after, end);
    *ret_length = length + end;
    return text;
}

static void a_mebibyte_of_anything_is_read_in_time(void **state)
{
    static const struct {
        const char *before, *unit, *after, *code;
    } cases[] = {
        {"", "[", "", "E008"},
        {"", "{a: ", "", "E008"},
        {"", "- ", "", "E008"},
        {"", "? ", "", "E011"},
        {"", "[\n", "", "E008"},
        {"", "[? ", "", "E011"},
        {"", "%TAG !a! b\n", "", "E005"},
        {"a: 1\n...\n", "%TAG !a! b\n", "", "E002"},
        {"", "---\n", "", "E007"},
        {"", "a: 1\n", "", "E008"},
        {"", "a:\n", "", "E007"},
        {"{", "k: ${a},", "}", "E006"},
        {"[", "@a, ", "]", "E010"},
        {"[", "*a, ", "]", "E004"},
        {"[", "&a b, ", "]", "E004"},
        {"[", "!a b, ", "]", "E005"},
        {"a: \"", "\\q", "\"", "E002"},
        {"a: \"", "\\n", "\"", ""},
        {"a: \"", "\\x41", "\"", ""},
        {"a: '", "''", "'", ""},
        {"a: |\n", " x\n", "", ""},
        {"a: >\n", " x\n\n", "", ""},
        {"a: b", "\n", " c", ""},
        {"a:", " b\n", "", ""},
        {"", "x", "", ""},
        {"x: '", "\xe6\x97\xa5", "", "E002"},
        {"", "#", "", "E007"},
        {"", "\n", "", "E007"},
        {"", "\xff", "", "E001"},
        {"a: ", "\xe6\x97\xa5", " : b", "E002"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length;
        char *text = repeated(cases[i].before, cases[i].unit, cases[i].after, &length);
        const char *code = outcome(text, length);

        if (strcmp(code, cases[i].code) != 0) {
            fail_msg("%s%s...%s: %s, not %s", cases[i].before, cases[i].unit, cases[i].after, code, cases[i].code);
        }
        free(text);
    }
}

static void nul_bytes_are_refused_wherever_they_stand(void **state)
{
    char text[sizeof pipeline];

    (void)state;
    memcpy(text, pipeline, sizeof text);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        text[i] = '\0';
        assert_string_equal(outcome(text, sizeof text - 1), "E001");
        text[i] = pipeline[i];
    }
}

static void a_billion_laughs_are_not_funny(void **state)
{
    char text[1024];
    size_t length = (size_t)snprintf(text, sizeof text, "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n");

    (void)state;
    for (int i = 1; i < 10; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i,
                                   i - 1, i - 1, i - 1, i - 1);
    }
    assert_string_equal(outcome(text, length), "E004");
    assert_string_equal(outcome("&a [*a]", 7), "E004");
}

static void as_many_keys_as_fit_are_told_apart(void **state)
{
    enum { KEYS = PXM_YAML_NODES_MAX / 2 - 1 };
    static const char again[] = "k00007: 2\n";
    size_t size = KEYS * (sizeof again - 1) + sizeof again;
    char *text = malloc(size);
    size_t length = 0;

    (void)state;
    assert_non_null(text);
    for (int i = 0; i < KEYS; i++) {
        length += (size_t)snprintf(text + length, size - length, "k%05d: 1\n", i);
    }
    assert_string_equal(outcome(text, length), "");
    memcpy(text + length, again, sizeof again);
    assert_string_equal(outcome(text, length + sizeof again - 1), "E008");
    length -= 2 * (sizeof again - 1);
    memcpy(text + length, again, sizeof again);
    assert_string_equal(outcome(text, length + sizeof again - 1), "E003");
    free(text);
}

static void the_deepest_nesting_is_32(void **state)
{
    static const char deep[] = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]";
    char deeper[sizeof deep + 2];

    (void)state;
    assert_string_equal(outcome(deep, sizeof deep - 1), "");
    snprintf(deeper, sizeof deeper, "[%s]", deep);
    assert_string_equal(outcome(deeper, sizeof deeper - 1), "E008");
}

static void more_errors_than_are_kept_are_counted(void **state)
{
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);
    const struct pxm_source *source;
    struct pxm_diags diags;
    char text[4000] = "";

    (void)state;
    assert_non_null(arena);
    for (size_t i = 0; i < 300; i++) {
        snprintf(text + 8 * i, sizeof text - 8 * i, "k%04zu:\n\n", i);
    }
    pxm_diags_init(&diags, arena);
    source = pxm_source_of_text(arena, "t.yaml", text, strlen(text), &diags);
    assert_non_null(source);
    assert_null(pxm_yaml_parse(arena, source, &diags));
    assert_int_equal(diags.count, PXM_DIAGS_MAX);
    assert_int_equal(diags.errors, 300);
    assert_true(diags.overflow);
    pxm_arena_free(arena);
}

static void a_small_arena_is_an_error_and_no_crash(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 20000; bytes += 97) {
        struct pxm_arena *arena = pxm_arena_new(bytes);
        const struct pxm_source *source;
        const struct pxm_node *root;
        struct pxm_diags diags;

        assert_non_null(arena);
        pxm_diags_init(&diags, arena);
        source = pxm_source_of_text(arena, "t.yaml", pipeline, sizeof pipeline - 1, &diags);
        root = source ? pxm_yaml_parse(arena, source, &diags) : NULL;
        assert_true((root != NULL) == (diags.errors == 0));
        assert_true((root != NULL) == !diags.no_memory);
        pxm_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_anywhere_gives_a_tree_or_a_diagnostic),
        cmocka_unit_test(any_one_character_in_place_of_another_is_survived),
        cmocka_unit_test(a_mebibyte_of_anything_is_read_in_time),
        cmocka_unit_test(nul_bytes_are_refused_wherever_they_stand),
        cmocka_unit_test(a_billion_laughs_are_not_funny),
        cmocka_unit_test(as_many_keys_as_fit_are_told_apart),
        cmocka_unit_test(the_deepest_nesting_is_32),
        cmocka_unit_test(more_errors_than_are_kept_are_counted),
        cmocka_unit_test(a_small_arena_is_an_error_and_no_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
