/* Expressions that are wrong: where the caret stands, what is said, and what fails only at run time. */
#include "expr_world.h"

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
    {"!(input.flag)", "E201 [!] `!` is not an operator here | write `not`"},
    {"$input.w == 1", "E201 [$input.w] names stand without `$` in an expression | write `input.w`"},
    {"${input.w} == 1", "E201 [${input.w}] names stand without `${ }` in an expression | write `input.w`"},
    {"${input.w} b}", "E201 [ b}] this stands behind the end of the expression"},
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
                      "join, split, cut, min, max"},
    {"lower('a', 'b')", "E207 [lower('a', 'b')] `lower` takes 1 argument, not 2 | lower(string)"},
    {"join('a')", "E207 [join('a')] `join` takes 2 arguments, not 1 | join(list of strings or ints, string)"},
    {"split('a')", "E207 [split('a')] `split` takes 2 arguments, not 1 | split(string, string)"},
    {"min(1)", "E207 [min(1)] `min` takes 2 to 8 arguments, not 1 | min(number, number, ...)"},
    {"max(1,2,3,4,5,6,7,8,9)",
     "E207 [max(1,2,3,4,5,6,7,8,9)] `max` takes 2 to 8 arguments, not 9 | max(number, number, ...)"},
    {"steps.none", "E203 [steps.none] nobody knows this name"},
    /* Fields and items. */
    {"steps.size.hsah", "E204 [hsah] `steps.size` has no field `hsah` | did you mean `hash`?"},
    {"steps.size.unlike", "E204 [unlike] `steps.size` has no field `unlike` | its fields: hash, size"},
    {"input.w.x", "E204 [x] `input.w` is int and has no fields"},
    {"input.w[0]", "E204 [0] `input.w` is int and has no items"},
    {"input.name.length", "E204 [length] `input.name` is string and has no fields | write `len(input.name)`"},
    {"input.tags['size']", "E204 ['size'] `input.tags` is list of string and has no fields | write `len(input.tags)`"},
    /* Kinds. */
    {"not 1", "E206 [1] `not` takes bool, but `1` is int"},
    {"true and 'x'", "E206 ['x'] `and` takes bool, but `'x'` is string"},
    {"input.w or true", "E206 [input.w] `or` takes bool, but `input.w` is int"},
    {"lower(1)", "E206 [1] `lower` takes string, but `1` is int"},
    {"lower(input.tags)",
     "E206 [input.tags] `lower` takes string, but `input.tags` is list of string | make text of it: "
     "join(input.tags, ', ')"},
    {"len(1)", "E206 [1] `len` takes string or list or record or blob, but `1` is int"},
    {"min(1, 'a')", "E206 ['a'] `min` takes float, but `'a'` is string"},
    {"join([1.5], '')", "E206 [[1.5]] `join` takes list of (int or string), but `[1.5]` is list of float"},
    {"split(input.tags, ',')",
     "E206 [input.tags] `split` takes string, but `input.tags` is list of string | make text of it: "
     "join(input.tags, ', ')"},
    {"cut('a', '1')", "E206 ['1'] `cut` takes int, but `'1'` is string"},
    {"1 in 'abc'", "E206 ['abc'] `in` takes list, but `'abc'` is string"},
    {"[1] in vars.widths", "E206 [[1] in vars.widths] `[1]` is list of int and `vars.widths` is list of int, which do "
                           "not compare | compare bools, "
                           "numbers or strings with their like"},
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
        {"split('a', '')", "split() takes a separator that is not empty"},
        {"cut('a', steps.row.title ?? 0)", "`steps.row.title ?? 0` is a value of type string here; cut(string, int)"},
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

/* "split(',,,', ',')" of so many commas. */
static pxm_status split_commas(size_t commas, pxm_error *error)
{
    struct world world;
    char text[2048];
    pxm_value *value = NULL;
    world_init(&world);
    size_t length = (size_t)snprintf(text, sizeof text, "split('");
    memset(text + length, ',', commas);
    snprintf(text + length + commas, sizeof text - length - commas, "', ',')");
    struct pxm_expr *expr = pxm_expr_parse(world.arena, world_scalar(&world, text), &world.diags);
    assert_non_null(expr);
    assert_non_null(pxm_expr_check(expr, &world.resolver, &world.diags));
    pxm_status status = pxm_expr_eval(expr, &world_scope, &value, error);
    assert_int_equal(pxm_value_count(value), status == PXM_OK ? commas + 1 : 0);
    pxm_value_unref(value);
    world_done(&world);
    return status;
}

static void a_split_has_a_limit(void **state)
{
    struct pxm_error error = {0};
    (void)state;
    assert_int_equal(split_commas(1023, &error), PXM_OK);
    assert_int_equal(split_commas(1024, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "limit.list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complaints_name_the_place_and_the_way_out),
        cmocka_unit_test(all_operands_are_reported),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(the_wanted_type_is_asked_for),
        cmocka_unit_test(an_empty_scalar_is_no_expression),
        cmocka_unit_test(only_a_scalar_is_an_expression),
        cmocka_unit_test(dynamic_kinds_fail_at_run_time),
        cmocka_unit_test(a_split_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
