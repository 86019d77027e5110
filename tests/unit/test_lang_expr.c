/* Expressions: what they mean, what type they have, and what is said about the wrong ones. */
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

/* Every complaint of the parser and the checker once: where its caret stands and what it says. */
static const struct {
    const char *text, *complaint;
} complaints[] = {
    /* What other languages write. */
    {"true && false", "E201 [&&] `&&` is not an operator here | write `and`"},
    {"true & false", "E201 [&] `&` is not an operator here | write `and`"},
    {"true || false", "E201 [||] `||` is not an operator here | write `or`"},
    {"input.name | lower", "E201 [|] there are no filters in expressions | write a call: lower(input.name)"},
    {"index === 0", "E201 [===] `===` is not an operator here | write `==`"},
    {"index !== 0", "E201 [!==] `!==` is not an operator here | write `!=`"},
    {"index <> 0", "E201 [<>] `<>` is not an operator here | write `!=`"},
    {"index = 0", "E201 [=] `=` is not an operator here | write `==`"},
    {"index =< 0", "E201 [=<] `=<` is not an operator here | write `<=`"},
    {"index => 0", "E201 [=>] `=>` is not an operator here | write `>=`"},
    {"input.name =~ 'x'",
     "E201 [=~] there are no regular expressions in expressions | compare whole values, or give the "
     "input a `pattern`"},
    {"input.name !~ 'x'",
     "E201 [!~] there are no regular expressions in expressions | compare whole values, or give the "
     "input a `pattern`"},
    {"input.flag ? 1 : 2", "E201 [?] there is no `a ? b : c` | write `a ?? b` for a default, or two steps with `when`"},
    {"input?.w", "E201 [?.] `?.` is not needed: a path into null is null | write `.`"},
    {"input.maybe ?: 'x'", "E201 [?:] `?:` is not an operator here | write `??`"},
    {"!input.flag", "E201 [!input.flag] `!` is not an operator here | write `not input.flag`"},
    {"! ", "E201 [!] `!` is not an operator here"},
    {"$input.w == 1", "E201 [$input.w] names stand without `$` in an expression | write `input.w`"},
    {"${input.w} == 1", "E201 [${input.w}] names stand without `$` in an expression | write `input.w`"},
    {"{{ input.w }} == 1", "E201 [{{ input.w }}] names stand without `{{ }}` in an expression | write `input.w`"},
    {"{a: 1}", "E201 [{] there are no records in expressions | a map of templates makes one"},
    {"input.w + 1", "E201 [+] there is no arithmetic in expressions | compute it where the value is made; min() and "
                    "max() can bound it"},
    {"input.w - 1", "E201 [-] there is no arithmetic in expressions | compute it where the value is made; min() and "
                    "max() can bound it"},
    {"input.w -1", "E201 [-] there is no arithmetic in expressions | compute it where the value is made; min() and "
                   "max() can bound it"},
    {"input.w / 2", "E201 [/] there is no arithmetic in expressions | compute it where the value is made; min() and "
                    "max() can bound it"},
    {"steps.a-b.c", "E201 [a-b] names have no hyphens: `a-b` | write ['a-b'] for a field; an id takes `_`"},
    {"`x`", "E201 [`] a string cannot stand in backquotes | strings stand in straight quotes: 'text'"},
    {"\u201cx\u201d", "E201 [\u201c] a string cannot stand in curly quotes | strings stand in straight quotes: 'text'"},
    {"\\d", "E201 [\\] a backslash has a meaning in strings only"},
    {"index # 1", "E201 [#] `#` means nothing in an expression"},
    {"index == \u20ac", "E201 [\u20ac] `\u20ac` means nothing in an expression"},
    {"'a' not in input.tags", "E201 [not] an operator is missing before `not` | write `not (a in b)`"},
    {"input.maybe is null", "E201 [is] an operator is missing before `is` | write `==`, or `!=` for `is not`"},
    {"input.flag AND input.flag", "E201 [AND] an operator is missing before `AND` | write `and`"},
    {"1 if input.flag",
     "E201 [if] an operator is missing before `if` | there is no conditional value; write two steps with `when`"},
    {"1 2", "E201 [2] an operator is missing before `2`"},
    /* Shape. */
    {"true == not false", "E201 [not] `not` cannot stand behind an operator | put it in brackets: (not a)"},
    {"1 <", "E201 [<] a value is missing here"},
    {"== 1", "E201 [==] a value is missing before `==`"},
    {"true and and true", "E201 [and] a value is missing before `and`"},
    {"[1,]", "E201 []] a value is missing before `]`"},
    {"len()", "E201 [)] a value is missing before `)`"},
    {"(1", "E201 [1] a `)` is missing"},
    {"[1", "E201 [1] a `]` is missing"},
    {"len('a'", "E201 ['] a `)` is missing"},
    {"1)", "E201 [)] this bracket was never opened"},
    {"1, 2", "E201 [,] a comma stands in lists and calls only"},
    {"1 < 2 < 3", "E201 [<] comparisons do not chain | write `a < b and b < c`"},
    {"'abc", "E201 ['] this string is never closed | its end needs a '"},
    {"\"abc", "E201 [\"] this string is never closed | its end needs a \""},
    {"'a\\n'", "E201 [\\n] unknown escape in a string | \\\\, \\' and \\\" are the only ones"},
    {"007", "E201 [007] `007` is not a number | a number has no leading zero"},
    {"25MiB", "E201 [25MiB] `25MiB` is not a number | numbers have no unit in an expression; text stands in quotes"},
    {"99999999999999999999", "E201 [99999999999999999999] `99999999999999999999` is not a number | the number is too "
                             "large"},
    {"input.", "E201 [.] a name must follow the dot"},
    {"input.tags.0", "E201 [0] a name must follow the dot | an index stands in brackets: [0]"},
    {"input.tags[index]", "E201 [index] only a number from 0 on or a quoted name can stand in these brackets"},
    {"input.tags[-1]", "E201 [-1] only a number from 0 on or a quoted name can stand in these brackets"},
    {"input.tags[0", "E201 [0] a `]` is missing"},
    /* Names and calls. */
    {"inptu.w", "E202 [inptu] unknown name `inptu` | did you mean `input`?"},
    {"jpeg", "E202 [jpeg] unknown name `jpeg` | text stands in quotes: 'jpeg'; a reference starts with input, steps, "
             "vars, ..."},
    {"True", "E202 [True] unknown name `True` | write `true`"},
    {"None", "E202 [None] unknown name `None` | write `null`"},
    {"basename", "E202 [basename] unknown name `basename` | it is a function: basename(string)"},
    {"lwer('x')", "E202 [lwer] unknown function `lwer` | did you mean `lower`?"},
    {"contains('a')", "E202 [contains] unknown function `contains` | functions: lower, slug, stem, basename, ext, len, "
                      "join, min, max"},
    {"lower('a', 'b')", "E207 [lower('a', 'b')] `lower` takes 1 argument, not 2 | lower(string)"},
    {"join('a')", "E207 [join('a')] `join` takes 2 arguments, not 1 | join(list of strings or ints, string)"},
    {"min(1)", "E207 [min(1)] `min` takes 2 to 8 arguments, not 1 | min(number, number, ...)"},
    {"max(1,2,3,4,5,6,7,8,9)",
     "E207 [max(1,2,3,4,5,6,7,8,9)] `max` takes 2 to 8 arguments, not 9 | max(number, number, ...)"},
    {"steps.none", "E203 [steps.none] nobody knows this name"},
    /* Fields and items. */
    {"steps.size.hsah", "E204 [hsah] `steps.size` has no field `hsah` | did you mean `hash`?"},
    {"steps.size.unlike", "E204 [unlike] `steps.size` has no field `unlike` | its fields: hash, size"},
    {"input.w.x", "E204 [x] `input.w` is int and has no fields"},
    {"input.w[0]", "E204 [0] `input.w` is int and has no items to count"},
    {"input.name.length", "E204 [length] `input.name` is string and has no fields | write `len(input.name)`"},
    {"input.tags['size']", "E204 ['size'] `input.tags` is list of string and has no fields | write `len(input.tags)`"},
    /* Kinds. */
    {"not 1", "E206 [1] `not` takes bool, but `1` is int"},
    {"true and 'x'", "E206 ['x'] `and` takes bool, but `'x'` is string"},
    {"input.w or true", "E206 [input.w] `or` takes bool, but `input.w` is int"},
    {"lower(1)", "E206 [1] `lower` takes string, but `1` is int"},
    {"len(1)", "E206 [1] `len` takes string or list or record or blob, but `1` is int"},
    {"min(1, 'a')", "E206 ['a'] `min` takes float, but `'a'` is string"},
    {"join([1.5], '')", "E206 [[1.5]] `join` takes list of (int or string), but `[1.5]` is list of float"},
    {"1 in 'abc'", "E206 ['abc'] `in` takes list, but `'abc'` is string"},
    {"[1] in vars.widths", "E206 [[1]] `in` takes bool or int or float or string, but `[1]` is list of int"},
    {"'a' in vars.widths", "E206 ['a' in vars.widths] `'a'` is string and `vars.widths` is list of int, which do not "
                           "compare | compare bools, "
                           "numbers or strings with their like"},
    {"1 == 'a'", "E206 [1 == 'a'] `1` is int and `'a'` is string, which do not compare | compare bools, numbers or "
                 "strings with their like, or anything with null"},
    {"input.tags == [1]",
     "E206 [input.tags == [1]] `input.tags` is list of string and `[1]` is list of int, which do not "
     "compare | compare bools, numbers or strings with their like, or anything with null"},
    {"steps.image == steps.image", "E206 [steps.image == steps.image] `steps.image` is image and `steps.image` is "
                                   "image, which do not compare | compare "
                                   "bools, numbers or strings with their like, or anything with null"},
    {"true < 1", "E206 [true] `<` takes int or float or string, but `true` is bool"},
    {"1 < 'a'",
     "E206 [1 < 'a'] `1` is int and `'a'` is string, which do not compare | compare bools, numbers or strings "
     "with their like"},
    {"null < 1", "E206 [null] `<` takes int or float or string, but `null` is null"},
    {"(steps.blur.size ?? 'none') < 3", "E206 [(steps.blur.size ?? 'none') < 3] `(steps.blur.size ?? 'none')` is int "
                                        "or string and `3` is int, which do not "
                                        "compare | compare bools, numbers or strings with their like"},
    /* Null. */
    {"lower(steps.blur.hash)", "E205 [steps.blur.hash] `steps.blur` may be null, because its `on_error` (line 12) can "
                               "skip it | add a default: steps.blur.hash ?? ''"},
    {"steps.blur.size < 3",
     "E205 [steps.blur.size] `steps.blur` may be null, because its `on_error` (line 12) can skip "
     "it | add a default: steps.blur.size ?? 0"},
    {"input.maybe >= 'x'", "E205 [input.maybe] `input.maybe` may be null | add a default: input.maybe ?? ''"},
    {"lower(input.tags[0])",
     "E205 [input.tags[0]] `input.tags[0]` may be null, because the list may be shorter | add a "
     "default: input.tags[0] ?? ''"},
    {"steps.row.ok and true", "E205 [steps.row.ok] `steps.row.ok` may be null, because no type declares it | add a "
                              "default: steps.row.ok ?? false"},
    {"1 in steps.row.list", "E205 [steps.row.list] `steps.row.list` may be null, because no type declares it | add a "
                            "default: steps.row.list ?? []"},
    {"len(steps.blur)",
     "E205 [steps.blur] `steps.blur` may be null, because its `on_error` (line 12) can skip it | add "
     "a default behind `??`"},
    {"not (steps.row.a ?? steps.row.b)",
     "E205 [(steps.row.a ?? steps.row.b)] `steps.row.b` may be null, because no type declares it | add a default: "
     "(steps.row.a ?? steps.row.b) ?? false"},
    {"input.w ?? 1", "W311 [input.w] `input.w` is never null | the default behind `??` is never used"},
    {"input.w == null", "W311 [input.w] `input.w` is never null | this comparison always gives the same"},
    /* Secrets. */
    {"secret.key == 'x'",
     "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only in an "
     "option that takes a secret"},
    {"'x' != secret.key",
     "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only in an "
     "option that takes a secret"},
    {"lower(secret.key)",
     "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only in an "
     "option that takes a secret"},
    {"[secret.key]", "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only in an "
                     "option that takes a secret"},
    {"secret.key ?? ''",
     "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only in an "
     "option that takes a secret"},
    {"secret.key in input.tags",
     "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only "
     "in an option that takes a secret"},
    {"secret.key.length", "E204 [length] `secret.key` is secret and has no fields | write `len(secret.key)`"},
};

static void complaints_name_the_place_and_the_way_out(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++) {
        struct world world;
        world_init(&world);
        struct pxm_expr *expr = pxm_expr_parse(world.arena, world_scalar(&world, complaints[i].text), &world.diags);
        const struct pxm_type *type = expr ? pxm_expr_check(expr, &world.resolver, &world.diags) : NULL;
        bool is_warning = complaints[i].complaint[0] == 'W';
        if (strcmp(world_first(&world), complaints[i].complaint) != 0 || (type != NULL) != is_warning) {
            print_error("%s\n   is: %s\n want: %s\n", complaints[i].text, world.line, complaints[i].complaint);
            wrong++;
        }
        if (world.diags.count != 1) {
            print_error("%s: %zu diagnostics\n", complaints[i].text, world.diags.count);
            wrong++;
        }
        world_done(&world);
    }
    assert_int_equal(wrong, 0);
}

static void all_operands_are_reported(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    struct pxm_expr *expr =
        pxm_expr_parse(world.arena, world_scalar(&world, "lower(1) == 'a' and 2 and not input.none"), &world.diags);
    assert_null(pxm_expr_check(expr, &world.resolver, &world.diags));
    assert_int_equal(world.diags.count, 3);
    world_done(&world);
}

static const char *repeated(char *buffer, const char *piece, size_t count, const char *end)
{
    buffer[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        memcpy(buffer + i * strlen(piece), piece, strlen(piece) + 1);
    }
    memcpy(buffer + count * strlen(piece), end, strlen(end) + 1);
    return buffer;
}

static void nesting_is_bounded(void **state)
{
    static const char *const pieces[] = {"(", "[", "not ", "len(", "not ("};
    char text[2048];
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct world world;
        world_init(&world);
        assert_null(
            pxm_expr_parse(world.arena, world_scalar(&world, repeated(text, pieces[i], 200, "1")), &world.diags));
        assert_non_null(strstr(world_first(&world), "this is nested too deeply | at most 32 levels"));
        assert_int_equal(world.diags.count, 1);
        world_done(&world);
    }
    assert_outcome(&(struct outcome){"((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))", "int", "1"});
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

static void the_wanted_type_is_asked_for(void **state)
{
    static const struct {
        const char *text, *complaint;
    } cases[] = {
        {"input.flag", ""},
        {"input.w", "E206 [input.w] `when` takes bool, but `input.w` is int"},
        {"steps.row.ok", "E205 [steps.row.ok] `steps.row.ok` may be null, because no type declares it | add a default: "
                         "steps.row.ok ?? false"},
        {"steps.row.ok ?? false", ""},
        {"secret.key", "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only in an "
                       "option that takes a secret"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        struct pxm_expr *expr = pxm_expr_parse(world.arena, world_scalar(&world, cases[i].text), &world.diags);
        const struct pxm_type *type = pxm_expr_check_as(expr, &world.resolver, &pxm_type_bool, "`when`", &world.diags);
        assert_string_equal(world_first(&world), cases[i].complaint);
        assert_int_equal(type != NULL, cases[i].complaint[0] == '\0');
        world_done(&world);
    }
}

static void an_empty_scalar_is_no_expression(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(pxm_expr_parse(world.arena, world_node(&world, "\"\""), &world.diags));
    assert_string_equal(world_first(&world), "E201 [\"\"] a value is missing here");
    world_done(&world);
}

static void only_a_scalar_is_an_expression(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(pxm_expr_parse(world.arena, world_node(&world, "[1, 2]"), &world.diags));
    assert_string_equal(world_first(&world), "E201 [[1, 2]] expected an expression, not a list");
    world_done(&world);
}

/* Dynamic data of another kind than its use needs fails the run with a message that names it. */
static void dynamic_kinds_fail_at_run_time(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"lower(steps.row.n ?? '')", "`steps.row.n ?? ''` is a value of type int here; lower(string)"},
        {"not (steps.row.title ?? false)",
         "`(steps.row.title ?? false)` is a value of type string here; conditions take "
         "bools"},
        {"(steps.row.title ?? false) and true",
         "`(steps.row.title ?? false)` is a value of type string here; conditions take bools"},
        {"1 in (steps.row.n ?? [])", "`(steps.row.n ?? [])` is a value of type int here; `in` takes a list"},
        {"(steps.row.title ?? 0) < 3",
         "`(steps.row.title ?? 0)` is a value of type string here; only numbers and strings have an order"},
        {"3 > (steps.row.list ?? 0)",
         "`(steps.row.list ?? 0)` is a value of type list here; only numbers and strings have an order"},
        {"join(vars.list, '')", "join() takes a list of strings or ints, but item 2 is neither"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        struct pxm_error error = {0};
        pxm_value *value = NULL;
        world_init(&world);
        struct pxm_expr *expr = pxm_expr_parse(world.arena, world_scalar(&world, cases[i].text), &world.diags);
        if (!expr || !pxm_expr_check(expr, &world.resolver, &world.diags)) {
            fail_msg("%s: %s", cases[i].text, world_first(&world));
        }
        assert_int_equal(pxm_expr_eval(expr, &world_scope, &value, &error), PXM_E_INVALID);
        assert_null(value);
        assert_string_equal(error.code, "input.invalid");
        assert_string_equal(error.text, cases[i].message);
        world_done(&world);
    }
}

/* ---- random expressions ------------------------------------------------------------------------------------------- */

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
        const char *leaves[6], *patterns[8];
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
          "(steps.blur.hash ?? #t)"}},
        {'L', {"vars.widths", "[]", "[1, 2]"}, {"[#i, #i]", "[#i]"}},
        {'T', {"input.tags", "['a']"}, {"[#t, #t, #t]", "[#i, #t]"}},
    };
    size_t rule = 0, leaves = 0, patterns = 0;
    while (rules[rule].type != type) {
        rule++;
    }
    while (leaves < 6 && rules[rule].leaves[leaves]) {
        leaves++;
    }
    while (patterns < 8 && rules[rule].patterns[patterns]) {
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
        cmocka_unit_test(complaints_name_the_place_and_the_way_out),
        cmocka_unit_test(all_operands_are_reported),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(constants_are_told_from_what_reads_a_name),
        cmocka_unit_test(references_come_in_order),
        cmocka_unit_test(the_wanted_type_is_asked_for),
        cmocka_unit_test(an_empty_scalar_is_no_expression),
        cmocka_unit_test(only_a_scalar_is_an_expression),
        cmocka_unit_test(dynamic_kinds_fail_at_run_time),
        cmocka_unit_test(well_typed_expressions_evaluate_to_their_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
