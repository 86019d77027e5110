/* Expressions: what they mean and what type they have. */
#include "expr_world.h"

struct outcome {
    const char *text, *type, *json;
};

/* Parses, checks and evaluates; the value as JSON with blobs and images described. */
static void assert_outcome(const struct outcome *want)
{
    struct world world;
    struct pxm_error error = {0};
    struct pxm_buf buf;
    pxm_value *value = NULL;
    world_init(&world);
    pxm_buf_init(&buf, 1 << 16);
    struct pxm_expr *expr = pxm_expr_parse(world.arena, world_scalar(&world, want->text), &world.diags);
    const struct pxm_type *type = expr ? pxm_expr_check(expr, &world.resolver, &world.diags) : NULL;
    if (!type) {
        fail_msg("%s: %s", want->text, world_first(&world));
    }
    if (pxm_expr_eval(expr, &world_scope, &value, &error) != PXM_OK) {
        fail_msg("%s: %s", want->text, error.text);
    }
    assert_int_equal(pxm_json_write(&buf, value, 0, 1, &error), PXM_OK);
    if (strcmp(buf.data, want->json) != 0 || strcmp(pxm_type_text(world.arena, type), want->type) != 0) {
        fail_msg("%s: is %s of type %s", want->text, buf.data, pxm_type_text(world.arena, type));
    }
    pxm_value_unref(value);
    pxm_buf_done(&buf);
    world_done(&world);
}

static void assert_outcomes(const struct outcome *wants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_outcome(&wants[i]);
    }
}
#define ASSERT_OUTCOMES(wants) assert_outcomes(wants, sizeof(wants) / sizeof *(wants))

static void literals_have_their_type(void **state)
{
    static const struct outcome wants[] = {
        {"'a'", "string", "\"a\""},
        {"\"a\"", "string", "\"a\""},
        {"'it\\'s \\\\ \\\"'", "string", "\"it's \\\\ \\\"\""},
        {"\"'\"", "string", "\"'\""},
        {"''", "string", "\"\""},
        {"42", "int", "42"},
        {"-42", "int", "-42"},
        {"0", "int", "0"},
        {"9223372036854775807", "int", "9223372036854775807"},
        {"-9223372036854775808", "int", "-9223372036854775808"},
        {"1.5", "float", "1.5"},
        {"-0.25e2", "float", "-25.0"},
        {"1e3", "float", "1000.0"},
        {"true", "bool", "true"},
        {"false", "bool", "false"},
        {"null", "null", "null"},
        {"[1, 2]", "list of int", "[1,2]"},
        {"[1, 'a', null]", "list of (int or string or null)", "[1,\"a\",null]"},
        {"[]", "empty list", "[]"},
        {"[[1], []]", "list of list of int", "[[1],[]]"},
        {"(1)", "int", "1"},
        {"((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))", "int", "1"},
    };
    (void)state;
    ASSERT_OUTCOMES(wants);
}

static void references_walk_into_values(void **state)
{
    static const struct outcome wants[] = {
        {"input.w", "int", "320"},
        {"input . w", "int", "320"},
        {"input['w']", "int", "320"},
        {"input[\"w\"]", "int", "320"},
        {"index", "int", "0"},
        {"item", "int", "640"},
        {"steps.size.hash", "string", "\"LKO2\""},
        {"steps.size['size']", "int", "7"},
        {"steps.blur", "record or null", "null"},
        {"steps.blur.hash", "string or null", "null"},
        {"vars.widths[0]", "int or null", "320"},
        {"vars.widths[99]", "int or null", "null"},
        {"steps.row.title", "anything", "\"Cat\""},
        {"steps.row.deep.a", "anything", "1"},
        {"steps.row.list[1]", "anything", "\"x\""},
        {"steps.row.title.none.at[3].all", "anything", "null"},
        {"event.json['key']", "anything", "\"k\""},
        {"input.file", "blob", "{\"blob\":{\"bytes\":5,\"media\":null}}"},
        {"steps.image", "image", "{\"image\":{\"width\":4,\"height\":3}}"},
        {"${input.w}", "int", "320"},
        {"${ input.w }", "int", "320"},
        {"${'}'}", "string", "\"}\""},
    };
    (void)state;
    ASSERT_OUTCOMES(wants);
}

static void operators_bind_as_the_grammar_says(void **state)
{
    static const struct outcome wants[] = {
        {"true or false and false", "bool", "true"},
        {"(true or false) and false", "bool", "false"},
        {"not true or true", "bool", "true"},
        {"not (true or true)", "bool", "false"},
        {"not 1 == 2", "bool", "true"},
        {"not not not true", "bool", "false"},
        {"false or false or true", "bool", "true"},
        {"true and true and false", "bool", "false"},
        {"null ?? 1 == 1", "bool", "true"},
        {"null ?? null ?? 3", "int", "3"},
        {"input.maybe ?? 'x'", "string", "\"x\""},
        {"steps.blur.hash ?? input.maybe ?? ''", "string", "\"\""},
        {"steps.blur.size ?? 'none'", "int or string", "\"none\""},
        {"index == 0 or item <= input.w", "bool", "true"},
        {"not input.flag and input.w == 320", "bool", "false"},
    };
    (void)state;
    ASSERT_OUTCOMES(wants);
}

static void comparisons_take_their_like(void **state)
{
    static const struct outcome wants[] = {
        {"1 == 1.0", "bool", "true"},
        {"1 != 1.5", "bool", "true"},
        {"'a' == 'a'", "bool", "true"},
        {"true != false", "bool", "true"},
        {"1 < 2", "bool", "true"},
        {"2 <= 2", "bool", "true"},
        {"1.5 > 1", "bool", "true"},
        {"1 >= 2", "bool", "false"},
        {"9223372036854775807 > 9223372036854775806", "bool", "true"},
        {"'a' < 'b'", "bool", "true"},
        {"'a' < 'ab'", "bool", "true"},
        {"'Z' < 'a'", "bool", "true"},
        {"'b' >= 'ab'", "bool", "true"},
        {"input.maybe == null", "bool", "true"},
        {"null != steps.blur", "bool", "false"},
        {"input.maybe == 'x'", "bool", "false"},
        {"null == null", "bool", "true"},
        {"input.w in [1, 320]", "bool", "true"},
        {"input.w in [320.0]", "bool", "true"},
        {"'c' in input.tags", "bool", "false"},
        {"'x' in []", "bool", "false"},
        {"'x' in vars.list", "bool", "true"},
        {"steps.row.title == 'Cat'", "bool", "true"},
        {"steps.row.n ?? 0 < 4", "bool", "true"},
        {"steps.row.title ?? '' < 'D'", "bool", "true"},
    };
    (void)state;
    ASSERT_OUTCOMES(wants);
}

static void functions_do_what_their_page_says(void **state)
{
    static const struct outcome wants[] = {
        {"lower('ABC \u00c4')", "string", "\"abc \u00c4\""},
        {"slug('Ein  Bild.JPG')", "string", "\"ein-bild-jpg\""},
        {"slug('--a__b--')", "string", "\"a-b\""},
        {"slug('\u00fc\u00fc')", "string", "\"x\""},
        {"slug('')", "string", "\"x\""},
        {"slug('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bb')", "string",
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""},
        {"len(slug('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))", "int",
         "80"},
        {"stem('a/b.tar.gz')", "string", "\"b.tar\""},
        {"stem('.bashrc')", "string", "\".bashrc\""},
        {"stem('a/b/')", "string", "\"b\""},
        {"stem('b.')", "string", "\"b\""},
        {"stem('')", "string", "\"\""},
        {"basename('a/b.jpg')", "string", "\"b.jpg\""},
        {"basename('///')", "string", "\"\""},
        {"basename('b')", "string", "\"b\""},
        {"ext(input.key)", "string", "\"gz\""},
        {"ext('a.b/c')", "string", "\"\""},
        {"ext('.hidden')", "string", "\"\""},
        {"ext('c.')", "string", "\"\""},
        {"len('h\u00e9llo')", "int", "5"},
        {"len(input.tags)", "int", "2"},
        {"len(steps.size)", "int", "2"},
        {"len(input.file)", "int", "5"},
        {"join(input.tags, ', ')", "string", "\"a, b\""},
        {"join(vars.widths, '')", "string", "\"320640\""},
        {"join([], 'x')", "string", "\"\""},
        {"join([1, 'a'], '-')", "string", "\"1-a\""},
        {"split('red,dark cat,9', ',')", "list of string", "[\"red\",\"dark cat\",\"9\"]"},
        {"split('a', ',')", "list of string", "[\"a\"]"},
        {"split('', ',')", "list of string", "[]"},
        {"split(',a,,', ',')", "list of string", "[\"\",\"a\",\"\",\"\"]"},
        {"split('a<>b<c>', '<>')", "list of string", "[\"a\",\"b<c>\"]"},
        {"split('aaa', 'aa')", "list of string", "[\"\",\"a\"]"},
        {"split(join(input.tags, ','), ',')", "list of string", "[\"a\",\"b\"]"},
        {"cut('hello', 3)", "string", "\"hel\""},
        {"cut('hello', 5)", "string", "\"hello\""},
        {"cut('hello', 9223372036854775807)", "string", "\"hello\""},
        {"cut('h\u00e9llo', 2)", "string", "\"h\""},
        {"cut('h\u00e9llo', 3)", "string", "\"h\u00e9\""},
        {"cut('\U0001f431', 3)", "string", "\"\""},
        {"cut('hello', 0)", "string", "\"\""},
        {"cut('hello', -1)", "string", "\"\""},
        {"min(3, 1, 2)", "int", "1"},
        {"max(1, 2.5)", "float", "2.5"},
        {"min(1, 2.5)", "float", "1.0"},
        {"max(1,2,3,4,5,6,7,8)", "int", "8"},
        {"slug(stem(input.name))", "string", "\"ein-bild\""},
        {"max(steps.row.n ?? 0, 1)", "float", "3"},
    };
    (void)state;
    ASSERT_OUTCOMES(wants);
}

static void constants_are_told_from_what_reads_a_name(void **state)
{
    static const struct {
        const char *text;
        bool constant;
    } cases[] = {{"true", true},
                 {"1 < 2 and 'a' in ['a']", true},
                 {"input.flag", false},
                 {"1 < index", false},
                 {"len([item]) == 1", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        struct pxm_expr *expr = pxm_expr_parse(world.arena, world_scalar(&world, cases[i].text), &world.diags);
        assert_int_equal(pxm_expr_is_constant(expr), cases[i].constant);
        world_done(&world);
    }
}

static void collect(void *arg, const struct pxm_ref *ref)
{
    struct pxm_buf *buf = arg;
    const struct pxm_part *part = &ref->part;
    pxm_buf_printf(buf, "%.*s;", (int)part->length, part->node->text + part->offset);
}

static void references_come_in_order(void **state)
{
    struct world world;
    struct pxm_buf buf;
    (void)state;
    world_init(&world);
    pxm_buf_init(&buf, 1024);
    struct pxm_expr *expr = pxm_expr_parse(
        world.arena, world_scalar(&world, "input.w in [item, index] and not env.Q == min(steps.a.b[0], 2)"),
        &world.diags);
    pxm_expr_refs(expr, collect, &buf);
    assert_string_equal(buf.data, "input.w;item;index;env.Q;steps.a.b[0];");
    pxm_buf_done(&buf);
    world_done(&world);
}

/* ---- random expressions ------------------------------------------------------------------------------------------ */

struct generator {
    uint64_t state;
    struct pxm_buf buf;
};

/* xorshift64 (Marsaglia 2003): the same expressions in each run. */
static unsigned pick(struct generator *gen, unsigned below)
{
    gen->state ^= gen->state << 13;
    gen->state ^= gen->state >> 7;
    gen->state ^= gen->state << 17;
    return (unsigned)(gen->state % below);
}

static void generate(struct generator *gen, char type, unsigned depth);

/* 'i' and 't' in a pattern stand for an operand of that type: int, float, bool, text, ints (L) and texts (T). */
static void expand(struct generator *gen, const char *pattern, unsigned depth)
{
    for (; *pattern; pattern++) {
        if (*pattern == '#') {
            generate(gen, *++pattern, depth);
        } else {
            pxm_buf_putc(&gen->buf, *pattern);
        }
    }
}

static void generate(struct generator *gen, char type, unsigned depth)
{
    static const struct {
        char type;
        const char *leaves[6], *patterns[10];
    } rules[] = {
        {'i',
         {"1", "-7", "input.w", "item", "steps.size.size"},
         {"max(#i, #i)", "len(#t)", "len(#L)", "(steps.blur.size ?? #i)", "(vars.widths[1] ?? #i)", "min(#i, #i, #i)"}},
        {'f', {"1.5", "input.ratio", "-2e3"}, {"max(#f, #i)", "min(#i, #f)", "(null ?? #f)"}},
        {'b',
         {"true", "false", "input.flag", "(input.maybe == null)"},
         {"(#b and #b)", "(#b or #b)", "(not #b)", "(#i < #f)", "(#t == #t)", "(#i in #L)", "(#t >= #t)",
          "(#b != #b)"}},
        {'t',
         {"'x'", "\"it's\"", "input.name", "run.id"},
         {"lower(#t)", "slug(#t)", "stem(#t)", "ext(#t)", "basename(#t)", "join(#T, #t)", "(input.maybe ?? #t)",
          "(steps.blur.hash ?? #t)", "cut(#t, #i)"}},
        {'L', {"vars.widths", "[]", "[1, 2]"}, {"[#i, #i]", "[#i]"}},
        {'T', {"input.tags", "['a']"}, {"[#t, #t, #t]", "[#i, #t]", "split(#t, ' ')"}},
    };
    size_t rule = 0, leaves = 0, patterns = 0;
    while (rules[rule].type != type) {
        rule++;
    }
    while (leaves < 6 && rules[rule].leaves[leaves]) {
        leaves++;
    }
    while (patterns < 10 && rules[rule].patterns[patterns]) {
        patterns++;
    }
    if (depth == 0 || pick(gen, 4) == 0) {
        pxm_buf_puts(&gen->buf, rules[rule].leaves[pick(gen, (unsigned)leaves)]);
    } else {
        expand(gen, rules[rule].patterns[pick(gen, (unsigned)patterns)], depth - 1);
    }
}

static void well_typed_expressions_evaluate_to_their_type(void **state)
{
    struct generator gen = {.state = 20260731};
    (void)state;
    pxm_buf_init(&gen.buf, 1 << 16);
    for (int i = 0; i < 3000; i++) {
        struct world world;
        struct pxm_error error = {0};
        pxm_value *value = NULL;
        char type = "ifbtLT"[i % 6];
        world_init(&world);
        pxm_buf_clear(&gen.buf);
        generate(&gen, type, 5);
        if (gen.buf.length > 7000) {
            world_done(&world);
            continue;
        }
        struct pxm_expr *expr = pxm_expr_parse(world.arena, world_scalar(&world, gen.buf.data), &world.diags);
        const struct pxm_type *checked = expr ? pxm_expr_check(expr, &world.resolver, &world.diags) : NULL;
        if (!checked) {
            fail_msg("%s: %s", gen.buf.data, world_first(&world));
        }
        if (pxm_expr_eval(expr, &world_scope, &value, &error) != PXM_OK) {
            fail_msg("%s: %s", gen.buf.data, error.text);
        }
        if (!pxm_type_fits(pxm_type_of_value(world.arena, value), checked)) {
            fail_msg("%s: gives a value that is no %s", gen.buf.data, pxm_type_text(world.arena, checked));
        }
        pxm_value_unref(value);
        world_done(&world);
    }
    pxm_buf_done(&gen.buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_have_their_type),
        cmocka_unit_test(references_walk_into_values),
        cmocka_unit_test(operators_bind_as_the_grammar_says),
        cmocka_unit_test(comparisons_take_their_like),
        cmocka_unit_test(functions_do_what_their_page_says),
        cmocka_unit_test(constants_are_told_from_what_reads_a_name),
        cmocka_unit_test(references_come_in_order),
        cmocka_unit_test(well_typed_expressions_evaluate_to_their_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
