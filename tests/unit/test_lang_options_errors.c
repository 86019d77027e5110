/* What is said about options that are wrong, in the file and at run time. */
#include "option_world.h"

static void complaints_name_the_place_and_the_way_out(void **state)
{
    static const char all[] =
        "width, limit, ratio, flag, bytes, pixels, key, background, token, store, fit, tags, numbers, "
        "meta, quality, any, ...";
    static const struct {
        const char *yaml, *complaint;
        bool lists_all;
    } cases[] = {
        {"widht: 1", "E102 [widht] unknown option `widht` for `shrink` | did you mean `width`? (options: %s)", true},
        {"xyz: 1", "E102 [xyz] unknown option `xyz` for `shrink` | options: %s", true},
        {"wehn: 1",
         "E102 [wehn] unknown option `wehn` for `shrink` | `when` is no option of `shrink`; it stands beside it",
         false},
        {"bits: 1",
         "E102 [bits] unknown option `bits` for `shrink` | `bits` is no option of `shrink`; it stands beside it",
         false},
        {"[1]", "E104 [[1]] `shrink` takes a map of options | options: %s", true},
        {"width: x", "E104 [x] `width` takes an int, not `x` | expected a whole number in decimal digits", false},
        {"width: 1.5", "E104 [1.5] `width` takes an int, not `1.5` | expected a whole number in decimal digits", false},
        {"width: 010", "E104 [010] `width` takes an int, not `010` | a number has no leading zero", false},
        {"width: \"640\"",
         "E104 [\"640\"] `width` takes an int, not `640` | quotes make it a string; write it without "
         "them",
         false},
        {"width: [1]", "E104 [[1]] `width` takes an int, not a list", false},
        {"width: 0", "E105 [0] `width` must be 1 to 16383, not 0", false},
        {"limit: 11", "E105 [11] `limit` must be at most 10, not 11", false},
        {"ratio: wide", "E104 [wide] `ratio` takes a number, not `wide` | expected a number such as 12, 0.5 or 1e-3",
         false},
        {"ratio: 0", "E105 [0] `ratio` must be 0.1 to 10, not 0", false},
        {"flag: NO",
         "E104 [NO] `flag` takes true or false, not `NO` | expected true or false; yes, no, on and off are "
         "plain words here",
         false},
        {"flag: \"true\"",
         "E104 [\"true\"] `flag` takes true or false, not `true` | quotes make it a string; write it "
         "without them",
         false},
        {"bytes: 25M",
         "E104 [25M] `bytes` takes a size such as 25MiB, not `25M` | expected a whole number and a unit that "
         "says 1000 or 1024: 25MB or 25MiB",
         false},
        {"bytes: 1B", "E105 [1B] `bytes` must be 1KiB to 1GiB, not 1B", false},
        {"time: 15",
         "E104 [15] `time` takes a duration such as 15s, not `15` | expected whole numbers with units d h m s "
         "ms, the largest first: 15s or 1h30m",
         false},
        {"time: 2m", "E105 [2m] `time` must be 100ms to 90s, not 2m", false},
        {"pixels: 80",
         "E104 [80] `pixels` takes a number of pixels such as 80MP, not `80` | expected a whole number and a "
         "unit, one of P KP MP: 80MP",
         false},
        {"pixels: 0P", "E105 [0P] `pixels` must be at least 1P, not 0P", false},
        {"key: x", "E105 [x] `key` must have 2 to 12 characters, not 1", false},
        {"key: {a: b}", "E104 [{a: b}] `key` takes text, not a map", false},
        {"background: \"#12\"",
         "E104 [\"#12\"] `background` takes a color, not `#12` | write \"#rgb\", \"#rrggbb\" or "
         "\"#rrggbbaa\"",
         false},
        {"background: red",
         "E104 [red] `background` takes a color, not `red` | write \"#rgb\", \"#rrggbb\" or "
         "\"#rrggbbaa\"",
         false},
        {"fit: covr", "E110 [covr] `covr` is not a value of `fit` | did you mean `cover`?", false},
        {"fit: stretch", "E110 [stretch] `stretch` is not a value of `fit` | one of: inside, cover, fill", false},
        {"fit: [cover]", "E104 [[cover]] `fit` takes one of its choices, not a list", false},
        {"tags: a", "E104 [a] `tags` takes a list, not `a` | write it in brackets: [a, b]", false},
        {"tags: {a: b}", "E104 [{a: b}] `tags` takes a list, not a map", false},
        {"tags: []", "E105 [[]] `tags` must have 1 to 3 items, not 0", false},
        {"tags: [[a]]", "E104 [[a]] expected string", false},
        {"numbers: [1, x]", "E104 [x] expected float | expected a number such as 12, 0.5 or 1e-3", false},
        {"meta: x", "E104 [x] `meta` takes a map, not `x` | write it in braces: {a: b}", false},
        {"meta: {a: [1]}", "E104 [[1]] expected int or string", false},
        {"quality: x",
         "E104 [x] `quality` takes an int or a map of ints, not `x` | expected a whole number in decimal "
         "digits",
         false},
        {"quality: 0", "E105 [0] `quality` must be 1 to 100, not 0", false},
        {"quality: {jpg: 80}", "E110 [jpg] `jpg` is not a key of `quality` | did you mean `jpeg`?", false},
        {"quality: {jpeg: 101}", "E105 [101] `quality` must be 1 to 100, not 101", false},
        {"quality: {jpeg: x}", "E104 [x] expected int | expected a whole number in decimal digits", false},
        {"quality: {jpeg: 101, webp: \"${env.Q}\"}", "E105 [101] `quality` must be 1 to 100, not 101", false},
        {"image: x", "E104 [x] `image` takes an image, not `x` | write the step that gives it: \"${steps.ID}\"", false},
        {"blob: [x]", "E104 [[x]] `blob` takes a blob, not a list", false},
        {"w: 5\nwidth: 6", "W310 [w] `w` is now called `width` | rename it", false},
        {"label: x", "W313 [label] `label` is deprecated | Use key.", false},
        {"token: abc", "E108 [abc] `token` takes a secret | declare it under `secrets` and write \"${secret.NAME}\"",
         false},
        {"token: \"${run.id}\"",
         "E108 [\"${run.id}\"] `token` takes a secret | declare it under `secrets` and write "
         "\"${secret.NAME}\"",
         false},
        {"token: \"x${secret.key}\"",
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and "
         "only in an option that takes a secret",
         false},
        {"key: \"${secret.key}\"",
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only "
         "in an option that takes a secret",
         false},
        {"any: \"${secret.key}\"",
         "E209 [secret.key] a secret would get out here | only \"${secret.NAME}\" alone, and only "
         "in an option that takes a secret",
         false},
        {"store: \"${run.id}\"",
         "E106 [\"${run.id}\"] `store` takes no template | it is fixed when the pipeline is "
         "loaded; templates may stand in: width, ratio, flag, bytes, time, pixels, key, background, "
         "fit, tags, numbers, meta, quality, any, image, blob",
         false},
        {"width: \"${input.name}\"", "E206 [input.name] `width` takes int, but `input.name` is string", false},
        {"width: \"${input.ratio}\"", "E206 [input.ratio] `width` takes int, but `input.ratio` is float", false},
        {"width: \"${input.w}px\"", "E206 [\"${input.w}px\"] `width` takes int, but this is string", false},
        {"width: \"${vars.widths[0]}\"",
         "E205 [vars.widths[0]] `vars.widths[0]` may be null, because the list may be shorter | add a default: "
         "vars.widths[0] ?? 0",
         false},
        {"fit: \"${input.w}\"", "E206 [input.w] `fit` takes string, but `input.w` is int", false},
        {"key: \"${input.tags}\"",
         "E206 [input.tags] `key` takes bool or int or float or string, but `input.tags` is list "
         "of string | make text of it: join(input.tags, ', ')",
         false},
        {"tags: [\"${input.w}\"]", "E206 [input.w] `tags` takes string, but `input.w` is int", false},
        {"tags: \"${vars.widths}\"", "E206 [vars.widths] `tags` takes list of string, but `vars.widths` is list of int",
         false},
        {"meta: {a: \"${input.flag}\"}", "E206 [input.flag] `meta` takes int or string, but `input.flag` is bool",
         false},
        {"quality: {jpeg: \"${input.name}\"}", "E206 [input.name] `quality` takes int, but `input.name` is string",
         false},
        {"image: \"${input.file}\"", "E206 [input.file] `image` takes image, but `input.file` is blob", false},
        {"any: \"${steps.image}\"", "E206 [steps.image] `any` takes any JSON value, but `steps.image` is image", false},
        {"key: \"${input.maybe}\"", "E205 [input.maybe] `input.maybe` may be null | add a default: input.maybe ?? ''",
         false},
    };
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        char want[1024];
        world_init(&world);
        struct pxm_bindings *bindings = bind(&world, &table, cases[i].yaml);
        const char *hole = strstr(cases[i].complaint, "%s");
        int head = hole ? (int)(hole - cases[i].complaint) : (int)strlen(cases[i].complaint);
        snprintf(want, sizeof want, "%.*s%s%s", head, cases[i].complaint, hole ? all : "", hole ? hole + 2 : "");
        bool sound = cases[i].complaint[0] == 'W' && !strchr(cases[i].yaml, '\n');
        if (strcmp(world_first(&world), want) != 0 || (bindings != NULL) != sound) {
            print_error("%s\n   is: %s\n want: %s\n", cases[i].yaml, world.line, want);
            wrong++;
        }
        world_done(&world);
    }
    assert_int_equal(wrong, 0);
}

static void what_is_required_must_be_there(void **state)
{
    static const struct pxm_option few[] = {
        {.name = "store", .type = PXM_OPT_STORE, .flags = PXM_OPT_REQUIRED, FIELD(store, const char *), .help = "x"},
        {.name = "key", .type = PXM_OPT_STRING, .flags = PXM_OPT_REQUIRED, FIELD(key, const char *), .help = "x"},
        {.name = NULL},
    };
    static const struct pxm_option_table small = {few, sizeof *few, sizeof(struct config)};
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(bind(&world, &small, "{sotre: x}"));
    assert_int_equal(world.diags.count, 2);
    assert_string_equal(world.diags.items[0]->label, "did you mean `store`? (options: store*, key*)");
    assert_string_equal(world.diags.items[1]->message, "`shrink` needs `key`");
    world_done(&world);
    world_init(&world);
    assert_null(bind(&world, &small, "{}"));
    assert_int_equal(world.diags.count, 1);
    assert_string_equal(world.diags.items[0]->message, "`shrink` needs `store`, `key`");
    assert_string_equal(world.diags.items[0]->label, "`store` takes the name of a store, `key` takes text");
    world_done(&world);
}

static void a_long_list_of_choices_is_cut(void **state)
{
    static struct pxm_choice many[101];
    static char names[100][12];
    static struct pxm_option few[2];
    static const struct pxm_option_table small = {few, sizeof *few, sizeof(struct config)};
    struct world world;
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(names[i], sizeof names[i], "choice_%d", i);
        many[i] = (struct pxm_choice){.name = names[i], .value = i};
    }
    few[0] =
        (struct pxm_option){.name = "fit", .type = PXM_OPT_ENUM, FIELD(fit, int32_t), .choices = many, .help = "x"};
    world_init(&world);
    assert_null(bind(&world, &small, "fit: nothing_like_it"));
    const char *label = world.diags.items[0]->label;
    assert_non_null(strstr(label, "one of: choice_0, choice_1, "));
    assert_string_equal(label + strlen(label) - 5, ", ...");
    world_done(&world);
}

static void two_names_of_one_option_clash(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(bind(&world, &table, "{width: 5, w: 6}"));
    assert_string_equal(world_first(&world),
                        "E107 [w] `w` is the former name of `width`, and both are here | delete `w`");
    world_done(&world);
}

static void all_mistakes_are_reported_in_one_pass(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    assert_null(bind(&world, &table, "{width: 0, fit: x, wdth: 1, flag: maybe, quality: {gif: 0}, key: \"${nope}\"}"));
    assert_int_equal(world.diags.count, 7);
    world_done(&world);
}

static void values_of_templates_are_checked_when_they_come(void **state)
{
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {"width: \"${steps.row.title ?? 0}\"", "`width` takes an int, not a value of type string"},
        {"width: \"${steps.row.n ?? 0}\"\nbytes: \"${steps.row.n ?? 0}\"", "`bytes` must be 1KiB to 1GiB, not 3B"},
        {"width: \"${min(input.w, 0)}\"", "`width` must be 1 to 16383, not 0"},
        {"ratio: \"${input.w}\"", "`ratio` must be 0.1 to 10, not 320"},
        {"bytes: \"${input.name}\"",
         "`bytes` takes a size such as 25MiB; expected a whole number and a unit, one of B KB MB "
         "GB TB KiB MiB GiB TiB: 25MiB"},
        {"key: \"${input.key}\"", "`key` must have 2 to 12 characters, not 25"},
        {"key: \"${lower(steps.row.n ?? '')}\"",
         "option `key`: `steps.row.n ?? ''` is a value of type int here; lower(string)"},
        {"fit: \"${run.id}\"", "`01J9` is not a value of `fit`; one of: inside, cover, fill"},
        {"background: \"${run.id}\"",
         "`background` takes a color, not `01J9`; write \"#rgb\", \"#rrggbb\" or \"#rrggbbaa\""},
        {"tags: \"${[run.id, run.id, run.id, run.id]}\"", "`tags` must have 1 to 3 items, not 4"},
        {"tags: \"${vars.list}\"", "`tags` takes items of type string, but item 0 is of type int"},
        {"meta: \"${steps.row}\"", "`meta` takes items of type int or string, but item 2 is of type list"},
        {"quality: {jpeg: \"${input.w}\"}", "`quality` must be 1 to 100, not 320"},
        {"quality: \"${input.w}\"", "`quality` must be 1 to 100, not 320"},
        {"quality: \"${steps.row}\"", "`title` is not a key of `quality`; one of: jpeg, webp"},
        {"quality: \"${vars.quality}\"", "`quality` takes ints, but its `jpeg` is none"},
        {"image: \"${steps.row.n ?? steps.image}\"", "`image` takes an image, not a value of type int"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        struct pxm_error error = {0};
        struct pxm_config *filled = NULL;
        char yaml[256];
        world_init(&world);
        snprintf(yaml, sizeof yaml, "%s", cases[i].yaml);
        if (!strchr(yaml, '\n')) {
            snprintf(yaml, sizeof yaml, "%s\nflag: true", cases[i].yaml);
        }
        struct pxm_bindings *bindings = bind(&world, &table, yaml);
        if (!bindings) {
            fail_msg("%s: %s", cases[i].yaml, world_first(&world));
        }
        assert_int_equal(pxm_config_fill(bindings, &world_scope, &filled, &error), PXM_E_INVALID);
        assert_null(filled);
        assert_string_equal(error.code, "input.invalid");
        assert_string_equal(error.text, cases[i].message);
        world_done(&world);
    }
}

/* A scope that gives one string, whatever is asked. */
static pxm_value *load_string(void *arg, const struct pxm_ref *ref)
{
    const pxm_value *value = arg;
    (void)ref;
    return pxm_value_ref(value);
}

static void secrets_are_not_shown(void **state)
{
    char text[100];
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    memset(text, 'S', sizeof text);
    pxm_value *secret = pxm_value_string(text, sizeof text);
    const struct pxm_scope scope = {.load = load_string, .arg = secret};
    struct pxm_bindings *bindings = bind(&world, &table, "token: \"${secret.key}\"");
    assert_int_equal(pxm_config_fill(bindings, &scope, &filled, &error), PXM_E_INVALID);
    assert_string_equal(error.text, "`token` must have 1 to 64 characters");
    pxm_value_unref(secret);
    world_done(&world);
}

static void text_with_a_nul_is_refused(void **state)
{
    struct world world;
    struct pxm_error error = {0};
    struct pxm_config *filled = NULL;
    (void)state;
    world_init(&world);
    pxm_value *value = pxm_value_string("ab\0cd", 5);
    const struct pxm_scope scope = {.load = load_string, .arg = value};
    struct pxm_bindings *bindings = bind(&world, &table, "key: \"${input.name}\"");
    assert_int_equal(pxm_config_fill(bindings, &scope, &filled, &error), PXM_E_INVALID);
    assert_string_equal(error.text, "`key` must not contain a NUL character");
    pxm_value_unref(value);
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complaints_name_the_place_and_the_way_out),
        cmocka_unit_test(what_is_required_must_be_there),
        cmocka_unit_test(a_long_list_of_choices_is_cut),
        cmocka_unit_test(two_names_of_one_option_clash),
        cmocka_unit_test(all_mistakes_are_reported_in_one_pass),
        cmocka_unit_test(values_of_templates_are_checked_when_they_come),
        cmocka_unit_test(secrets_are_not_shown),
        cmocka_unit_test(text_with_a_nul_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
