/* Templates: what a scalar, list or map of YAML becomes, its type, its value, and what is refused. */
#include "expr_world.h"

enum mode { STRINGS, UNTYPED };

static struct pxm_template *parse(struct world *world, const char *yaml, enum mode mode)
{
    const struct pxm_node *node = world_node(world, yaml);
    return mode == STRINGS ? pxm_template_parse(world->arena, node, &world->diags)
                           : pxm_template_parse_untyped(world->arena, node, &world->diags);
}

struct outcome {
    const char *yaml;
    enum mode mode;
    const char *type, *json;
    bool constant;
};

static void assert_outcome(const struct outcome *want)
{
    struct world world;
    struct pxm_error error = {0};
    struct pxm_buf buf;
    pxm_value *value = NULL;
    world_init(&world);
    pxm_buf_init(&buf, 1 << 17);
    struct pxm_template *tpl = parse(&world, want->yaml, want->mode);
    const struct pxm_type *type = tpl ? pxm_template_check(tpl, &world.resolver, &world.diags) : NULL;
    if (!type || world.diags.count) {
        fail_msg("%s: %s", want->yaml, world_first(&world));
    }
    if (pxm_template_eval(tpl, &world_scope, &value, &error) != PXM_OK) {
        fail_msg("%s: %s", want->yaml, error.text);
    }
    assert_int_equal(pxm_json_write(&buf, value, 0, 1, &error), PXM_OK);
    if (strcmp(buf.data, want->json) != 0 || strcmp(pxm_type_text(world.arena, type), want->type) != 0) {
        fail_msg("%s: is %s of type %s", want->yaml, buf.data, pxm_type_text(world.arena, type));
    }
    /* A literal is what it evaluates to; anything else is none. */
    const pxm_value *literal = pxm_template_literal(tpl);
    assert_int_equal(literal != NULL, want->constant);
    assert_true(!literal || pxm_value_equal(literal, value));
    pxm_value_unref(value);
    pxm_buf_done(&buf);
    world_done(&world);
}

static void scalars_are_text_with_holes(void **state)
{
    static const struct outcome wants[] = {
        {"plain", STRINGS, "string", "\"plain\"", true},
        {"42", STRINGS, "string", "\"42\"", true},
        {"true", STRINGS, "string", "\"true\"", true},
        {"NO", UNTYPED, "string", "\"NO\"", true},
        {"42", UNTYPED, "int", "42", true},
        {"\"42\"", UNTYPED, "string", "\"42\"", true},
        {"1.10", UNTYPED, "float", "1.1", true},
        {"007", UNTYPED, "string", "\"007\"", true},
        {"true", UNTYPED, "bool", "true", true},
        {"null", UNTYPED, "null", "null", true},
        {"\"null\"", UNTYPED, "string", "\"null\"", true},
        {"\"\"", STRINGS, "string", "\"\"", true},
        {"\"${input.w}\"", STRINGS, "int", "320", false},
        {"\"${ input.w }\"", UNTYPED, "int", "320", false},
        {"${input.tags}", STRINGS, "list of string", "[\"a\",\"b\"]", false},
        {"${input.file}", STRINGS, "blob", "{\"blob\":{\"bytes\":5,\"media\":null}}", false},
        {"\" ${input.w}\"", STRINGS, "string", "\" 320\"", false},
        {"a/${input.w}/${stem(input.name)}.jpg", STRINGS, "string", "\"a/320/Ein Bild.jpg\"", false},
        {"${input.w}${input.flag}${input.ratio}", STRINGS, "string", "\"320true1.5\"", false},
        {"${input.w}-${max(3, 2.5)}", STRINGS, "string", "\"320-3\"", false},
        {"$${input.w}", STRINGS, "string", "\"${input.w}\"", true},
        {"$${x} ${input.w} $$${y}", STRINGS, "string", "\"${x} 320 $${y}\"", false},
        {"$5 $x $$ {}", STRINGS, "string", "\"$5 $x $$ {}\"", true},
        {"\"a ${'}'} b\"", STRINGS, "string", "\"a } b\"", false},
        {"\"${input.maybe ?? '${'}\"", STRINGS, "string", "\"${\"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        assert_outcome(&wants[i]);
    }
}

static void lists_and_maps_hold_templates(void **state)
{
    static const struct outcome wants[] = {
        {"[1, a]", STRINGS, "list of string", "[\"1\",\"a\"]", true},
        {"[1, a, 1.5]", UNTYPED, "list of (int or float or string)", "[1,\"a\",1.5]", true},
        {"[]", UNTYPED, "empty list", "[]", true},
        {"{}", UNTYPED, "record", "{}", true},
        {"{a: 1, b: {c: [x]}}", UNTYPED, "record", "{\"a\":1,\"b\":{\"c\":[\"x\"]}}", true},
        {"[\"${input.w}\", 7]", UNTYPED, "list of int", "[320,7]", false},
        {"{w: \"${input.w}\", k: \"t/${input.w}\", n: [null]}", UNTYPED, "record",
         "{\"w\":320,\"k\":\"t/320\",\"n\":[null]}", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        assert_outcome(&wants[i]);
    }
}

static void complaints_name_the_place_and_the_way_out(void **state)
{
    static const struct {
        const char *yaml;
        enum mode mode;
        const char *complaint;
    } cases[] = {
        {"a ${input.tags} b", STRINGS,
         "E206 [input.tags] text takes bool or int or float or string, but `input.tags` is "
         "list of string | make text of it: join(input.tags, ', ')"},
        {"a ${steps.image}", STRINGS,
         "E206 [steps.image] text takes bool or int or float or string, but `steps.image` is "
         "image"},
        {"a ${input.maybe}", STRINGS,
         "E205 [input.maybe] `input.maybe` may be null | add a default: input.maybe ?? ''"},
        {"a ${null}", STRINGS, "E206 [null] text takes bool or int or float or string, but `null` is null"},
        {"\"\\t${steps.blur.hash}\"", STRINGS,
         "E205 [steps.blur.hash] `steps.blur` may be null, because its `on_error` (line 12) can skip it | add a "
         "default: "
         "steps.blur.hash ?? ''"},
        {"a ${secret.key}", STRINGS,
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and "
         "only in an option that takes a secret"},
        {"[\"${secret.key}\"]", UNTYPED,
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, "
         "and only in an option that takes a secret"},
        {"{a: {b: \"${secret.key}\"}}", UNTYPED,
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" "
         "alone, and only in an option that takes a secret"},
        {"a ${input.w", STRINGS, "E201 [${] this `${` is never closed | add the `}`; write $${ for a literal ${"},
        {"\"${'}'\"", STRINGS, "E201 [${] this `${` is never closed | add the `}`; write $${ for a literal ${"},
        {"a ${}", STRINGS, "E201 [}] a value is missing here"},
        {"a ${input.w b}", STRINGS, "E201 [b] an operator is missing before `b`"},
        {"a ${HOME}", STRINGS,
         "E202 [HOME] unknown name `HOME` | text stands in quotes: 'HOME'; a reference starts with "
         "input, steps, vars, ..."},
        {"a ${none} ${input.w}", STRINGS,
         "E202 [none] unknown name `none` | text stands in quotes: 'none'; a reference "
         "starts with input, steps, vars, ..."},
        {"\"{{ input.w }} px\"", STRINGS, "W312 [{{ input.w }}] `{{ }}` is plain text here | write ${input.w}"},
        {"\"{{item}}\"", UNTYPED, "W312 [{{item}}] `{{ }}` is plain text here | write ${item}"},
        {"{\"${input.w}\": 1}", UNTYPED,
         "E208 [\"${input.w}\"] a key cannot hold a template | templates stand in values "
         "only"},
        {"99999999999999999999", UNTYPED,
         "E104 [99999999999999999999] `99999999999999999999` does not fit into the 64 bits of an int | in quotes it is "
         "text"},
    };
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        struct pxm_template *tpl = parse(&world, cases[i].yaml, cases[i].mode);
        const struct pxm_type *type = tpl ? pxm_template_check(tpl, &world.resolver, &world.diags) : NULL;
        if (strcmp(world_first(&world), cases[i].complaint) != 0 || world.diags.count != 1 ||
            (type != NULL) != (cases[i].complaint[0] == 'W')) {
            print_error("%s\n   is: %s (%zu)\n want: %s\n", cases[i].yaml, world.line, world.diags.count,
                        cases[i].complaint);
            wrong++;
        }
        world_done(&world);
    }
    assert_int_equal(wrong, 0);
}

static void each_broken_hole_is_reported(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(parse(&world, "a ${a &&} b ${nope} c ${1 +} d ${input.w}", STRINGS));
    assert_int_equal(world.diags.count, 3);
    world_done(&world);
}

static void literals_are_of_the_kinds_that_are_asked_for(void **state)
{
    static const struct {
        const char *yaml;
        uint32_t bits;
        const char *json, *complaint;
    } cases[] = {
        {"42", PXM_TYPE_INT, "42", ""},
        {"42", PXM_TYPE_INT | PXM_TYPE_STRING, "42", ""},
        {"1.5", PXM_TYPE_INT | PXM_TYPE_STRING, "\"1.5\"", ""},
        {"42", PXM_TYPE_FLOAT, "42.0", ""},
        {"true", PXM_TYPE_STRING, "\"true\"", ""},
        {"true", PXM_TYPE_BOOL | PXM_TYPE_STRING, "true", ""},
        {"x", PXM_TYPE_INT, NULL, "E104 [x] expected int | expected a whole number in decimal digits"},
        {"\"4\"", PXM_TYPE_INT, NULL, "E104 [\"4\"] expected int | quotes make it a string"},
        {"[1]", PXM_TYPE_INT, NULL, "E104 [[1]] expected int"},
        {"{a: 1}", PXM_TYPE_LIST, NULL, "E104 [{a: 1}] expected list"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        struct pxm_buf buf;
        struct pxm_error error = {0};
        world_init(&world);
        pxm_buf_init(&buf, 1024);
        struct pxm_template *tpl =
            pxm_template_parse_as(world.arena, world_node(&world, cases[i].yaml), cases[i].bits, &world.diags);
        assert_string_equal(world_first(&world), cases[i].complaint);
        assert_int_equal(tpl != NULL, cases[i].json != NULL);
        if (tpl) {
            assert_int_equal(pxm_json_write(&buf, pxm_template_literal(tpl), 0, 0, &error), PXM_OK);
            assert_string_equal(buf.data, cases[i].json);
        }
        pxm_buf_done(&buf);
        world_done(&world);
    }
}

static void the_wanted_type_is_asked_for_inside_lists_and_maps(void **state)
{
    static const struct pxm_type map_of_ints = {.bits = PXM_TYPE_RECORD, .open = true, .item = &pxm_type_int};
    static const struct {
        const char *yaml;
        const struct pxm_type *want;
        const char *complaint;
    } cases[] = {
        {"\"${input.w}\"", &pxm_type_int, ""},
        {"\"${input.w} px\"", &pxm_type_int, "E206 [\"${input.w} px\"] `x` takes int, but this is string"},
        {"\"${input.name}\"", &pxm_type_int, "E206 [input.name] `x` takes int, but `input.name` is string"},
        {"[\"${input.name}\", 1]", &world_ints, "E206 [input.name] `x` takes int, but `input.name` is string"},
        {"{a: \"${input.w}\", b: \"${input.flag}\"}", &map_of_ints,
         "E206 [input.flag] `x` takes int, but `input.flag` is bool"},
        {"{a: \"${input.w}\"}", &map_of_ints, ""},
        {"[1]", &pxm_type_string, "E206 [[1]] `x` takes string, but this is list of int"},
        {"\"${secret.key}\"", &world_secret, ""},
        {"\"${secret.key}\"", &pxm_type_any,
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" "
         "alone, and only in an option that takes a secret"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        struct pxm_template *tpl = parse(&world, cases[i].yaml, UNTYPED);
        const struct pxm_type *type = pxm_template_check_as(tpl, &world.resolver, cases[i].want, "`x`", &world.diags);
        assert_string_equal(world_first(&world), cases[i].complaint);
        assert_int_equal(type != NULL, cases[i].complaint[0] == '\0');
        world_done(&world);
    }
}

static void the_prefix_is_what_it_surely_starts_with(void **state)
{
    static const char *const cases[][2] = {
        {"t/640/${input.w}.webp", "t/640/"},
        {"\"${input.w}/x\"", ""},
        {"\"${input.w}\"", ""},
        {"whole", "whole"},
        {"$${x}/${input.w}", "${x}/"},
        {"[a]", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        world_init(&world);
        assert_string_equal(pxm_template_prefix(parse(&world, cases[i][0], STRINGS)), cases[i][1]);
        world_done(&world);
    }
}

static void collect(void *arg, const struct pxm_ref *ref)
{
    struct pxm_buf *buf = arg;
    pxm_buf_printf(buf, "%.*s;", (int)ref->part.length, ref->part.node->text + ref->part.offset);
}

static void references_come_in_order(void **state)
{
    struct world world;
    struct pxm_buf buf;
    (void)state;
    world_init(&world);
    pxm_buf_init(&buf, 1024);
    pxm_template_refs(parse(&world, "{a: [\"${input.w}\", \"x${item}y${index}\"], b: \"${steps.a.b}\", c: 1}", UNTYPED),
                      collect, &buf);
    assert_string_equal(buf.data, "input.w;item;index;steps.a.b;");
    pxm_buf_done(&buf);
    world_done(&world);
}

static void failures_at_run_time_name_the_expression(void **state)
{
    static const struct {
        const char *yaml;
        pxm_status status;
        const char *code, *message;
    } cases[] = {
        {"x ${steps.row.list ?? ''}", PXM_E_INVALID, "input.invalid",
         "`steps.row.list ?? ''` is a value of type list here; only strings, numbers and bools can stand in text"},
        {"[\"${lower(steps.row.n ?? '')}\"]", PXM_E_INVALID, "input.invalid",
         "`steps.row.n ?? ''` is a value of type int here; lower(string)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        struct pxm_error error = {0};
        pxm_value *value = NULL;
        world_init(&world);
        struct pxm_template *tpl = parse(&world, cases[i].yaml, STRINGS);
        assert_non_null(pxm_template_check(tpl, &world.resolver, &world.diags));
        assert_int_equal(pxm_template_eval(tpl, &world_scope, &value, &error), cases[i].status);
        assert_null(value);
        assert_string_equal(error.code, cases[i].code);
        assert_string_equal(error.text, cases[i].message);
        world_done(&world);
    }
}

/* 64 KiB in pieces of 1 KiB: the 65th is too much. */
static void texts_are_bounded(void **state)
{
    (void)state;
    for (size_t pieces = PXM_TEXT_BYTES_MAX >> 10, i = 0; i < 2; i++, pieces++) {
        struct world world;
        struct pxm_error error = {0};
        pxm_value *value = NULL;
        char yaml[2048] = "";
        world_init(&world);
        for (size_t k = 0; k < pieces; k++) {
            snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "${input.big}");
        }
        struct pxm_template *tpl = parse(&world, yaml, STRINGS);
        assert_non_null(pxm_template_check(tpl, &world.resolver, &world.diags));
        assert_int_equal(pxm_template_eval(tpl, &world_scope, &value, &error), i == 0 ? PXM_OK : PXM_E_LIMIT);
        assert_string_equal(error.code, i == 0 ? "" : "limit.text");
        pxm_value_unref(value);
        world_done(&world);
    }
}

/* A value 32 deep cannot be put into one more list. */
static void depth_is_bounded(void **state)
{
    struct world world;
    struct pxm_error error = {0};
    pxm_value *value = NULL;
    char yaml[128] = "\"${event.json.deep}\"";
    (void)state;
    world_init(&world);
    for (int i = 0; i < PXM_VALUE_DEPTH_MAX - 1; i++) {
        memmove(yaml + 1, yaml, strlen(yaml) + 1);
        yaml[0] = '[';
        memcpy(yaml + strlen(yaml), "]", 2);
    }
    struct pxm_template *tpl = parse(&world, yaml, UNTYPED);
    assert_non_null(pxm_template_check(tpl, &world.resolver, &world.diags));
    assert_int_equal(pxm_template_eval(tpl, &world_scope, &value, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "limit.depth");
    world_done(&world);
}

static void values_become_templates(void **state)
{
    struct world world;
    struct pxm_error error = {0};
    pxm_value *value = NULL;
    (void)state;
    world_init(&world);
    struct pxm_template *tpl = pxm_template_of_value(world.arena, pxm_value_int(7));
    assert_string_equal(pxm_type_text(world.arena, pxm_template_check(tpl, &world.resolver, &world.diags)), "int");
    assert_int_equal(pxm_template_eval(tpl, &world_scope, &value, &error), PXM_OK);
    assert_int_equal(pxm_value_as_int(value), 7);
    assert_null(pxm_template_span(tpl).source);
    assert_null(pxm_template_of_value(world.arena, NULL));
    pxm_value_unref(value);
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_text_with_holes),
        cmocka_unit_test(lists_and_maps_hold_templates),
        cmocka_unit_test(complaints_name_the_place_and_the_way_out),
        cmocka_unit_test(each_broken_hole_is_reported),
        cmocka_unit_test(literals_are_of_the_kinds_that_are_asked_for),
        cmocka_unit_test(the_wanted_type_is_asked_for_inside_lists_and_maps),
        cmocka_unit_test(the_prefix_is_what_it_surely_starts_with),
        cmocka_unit_test(references_come_in_order),
        cmocka_unit_test(failures_at_run_time_name_the_expression),
        cmocka_unit_test(texts_are_bounded),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(values_become_templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
