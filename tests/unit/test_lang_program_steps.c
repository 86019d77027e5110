/* What is said about steps: their operations, options and keys.
 * Each with the whole text as people see it. */
#include "lang_program_fixture.h"

static void a_step_does_one_thing(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "steps:\n"
                                "  - {id: a}\n"
                                "  - {id: b, get: {store: originals, key: a}, head: {store: originals, key: a}}\n"
                                "  - {id: c, get: {store: originals, key: a}, whne: true}\n");
    assert_string_equal(said,
                        "pipelines/p.yaml:3:5: error[E124]: this step does nothing\n"
                        "  3 |   - {id: a}\n"
                        "    |     ^^^^^^^ give it an operation such as `put`, or `foreach` or `parallel`\n"
                        "pipelines/p.yaml:4:46: error[E125]: a step does one thing, but `get` and `head` are two\n"
                        "  4 |   - {id: b, get: {store: originals, key: a}, head: {store: originals, key: a}}\n"
                        "    |                                              ^^^^ make it a step of its own\n"
                        "pipelines/p.yaml:5:46: error[E120]: unknown key `whne` in a step\n"
                        "  5 |   - {id: c, get: {store: originals, key: a}, whne: true}\n"
                        "    |                                              ^^^^ did you mean `when`?\n");
}

static void an_unknown_operation_names_the_nearest(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "steps:\n"
                                "  - {id: image, decode: {}}\n"
                                "  - {id: small, thumbnial: {width: 3}}\n"
                                "  - {id: blur, in: image, vips: {op: gausblur, sigma: 2}}\n");
    assert_string_equal(said, "pipelines/p.yaml:5:17: error[E402]: there is no operation `thumbnial`\n"
                              "  5 |   - {id: small, thumbnial: {width: 3}}\n"
                              "    |                 ^^^^^^^^^ did you mean `thumbnail`?\n"
                              "pipelines/p.yaml:6:38: error[E402]: there is no operation `vips.gausblur`\n"
                              "  6 |   - {id: blur, in: image, vips: {op: gausblur, sigma: 2}}\n"
                              "    |                                      ^^^^^^^^ did you mean `vips.gaussblur`?\n");
}

static void an_unknown_option_names_the_nearest(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "vars: {widths: [1, 2]}\n"
                                "steps:\n"
                                "  - {id: image, decode: {}}\n"
                                "  - id: sizes\n"
                                "    foreach: ${vars.widths}\n"
                                "    steps:\n"
                                "      - {id: shrink, in: image, thumbnail: {widht: \"${item}\"}}\n");
    assert_string_equal(said, "pipelines/p.yaml:9:45: error[E102]: unknown option `widht` for `thumbnail`\n"
                              "  9 |       - {id: shrink, in: image, thumbnail: {widht: \"${item}\"}}\n"
                              "    |                                             ^^^^^ did you mean `width`? (options: "
                              "width*, height, fit)\n");
}

static void a_broken_plugin_says_why(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "steps:\n"
                                "  - {id: a, acme.broken: {}}\n"
                                "  - {id: b, acme.broken: {}}\n");
    assert_string_equal(said, "pipelines/p.yaml:3:13: error[E401]: plugin `acme.broken` cannot be loaded\n"
                              "  3 |   - {id: a, acme.broken: {}}\n"
                              "    |             ^^^^^^^^^^^\n"
                              "    = it wants plugin ABI 3, this engine speaks ABI 1\n");
}

static void options_that_do_not_go_together(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "steps:\n"
                                "  - {id: image, decode: {}}\n"
                                "  - {id: face, acme.facecrop: {aspect: \"0:0\"}}\n");
    assert_string_equal(said, "pipelines/p.yaml:5:16: error[E129]: `acme.facecrop`: `aspect` has no area\n"
                              "  5 |   - {id: face, acme.facecrop: {aspect: \"0:0\"}}\n"
                              "    |                ^^^^^^^^^^^^^\n");
}

static void ids_are_unique_in_a_file(void **state)
{
    (void)state;
    const char *said =
        diagnose("version: 1\n"
                 "vars: {l: [1]}\n"
                 "steps:\n"
                 "  - {id: a, get: {store: originals, key: a}}\n"
                 "  - {id: loop, foreach: \"${vars.l}\", steps: [{id: a, get: {store: originals, key: a}}]}\n");
    assert_string_equal(
        said,
        "pipelines/p.yaml:5:51: error[E126]: duplicate id `a`; the first is at line 4\n"
        "  5 |   - {id: loop, foreach: \"${vars.l}\", steps: [{id: a, get: {store: originals, key: a}}]}\n"
        "    |                                                   ^ ids are unique in a file, also in inner blocks\n");
}

static void keys_belong_to_their_kind_of_step(void **state)
{
    (void)state;
    const char *said = diagnose(
        "version: 1\n"
        "vars: {l: [1]}\n"
        "steps:\n"
        "  - {id: a, get: {store: originals, key: a}, where: true, undo: true}\n"
        "  - {id: loop, foreach: \"${vars.l}\", retry: {times: 1}, steps: [{id: b, get: {store: originals, key: a}}]}\n"
        "  - {id: both, when: true, parallel: [{id: c, get: {store: originals, key: a}}]}\n");
    assert_string_equal(said, "pipelines/p.yaml:4:46: error[E128]: `where` cannot stand on an operation\n"
                              "  4 |   - {id: a, get: {store: originals, key: a}, where: true, undo: true}\n"
                              "    |                                              ^^^^^ it belongs to `foreach`\n"
                              "pipelines/p.yaml:4:65: error[E128]: `get` cannot be undone\n"
                              "  4 |   - {id: a, get: {store: originals, key: a}, where: true, undo: true}\n"
                              "    |                                                                 ^^^^ `undo` is "
                              "for `put` and `record`, which know what they made\n"
                              "pipelines/p.yaml:5:38: error[E128]: `retry` cannot stand on `foreach`\n"
                              "  5 |   - {id: loop, foreach: \"${vars.l}\", retry: {times: 1}, steps: [{id: b, get: "
                              "{store: originals, key: a}}]}\n"
                              "    |                                      ^^^^^ put it on the steps inside\n"
                              "pipelines/p.yaml:6:16: error[E128]: `when` cannot stand on `parallel`\n"
                              "  6 |   - {id: both, when: true, parallel: [{id: c, get: {store: originals, key: a}}]}\n"
                              "    |                ^^^^ put it on the steps inside\n");
}

static void values_of_step_keys_are_checked(void **state)
{
    (void)state;
    const char *said =
        diagnose("version: 1\n"
                 "vars: {l: [1]}\n"
                 "steps:\n"
                 "  - {id: a, get: {store: originals, key: a}, timeout: 5, retry: {times: 99}}\n"
                 "  - {id: b, get: {store: originals, key: a}, on_error: {Not Found: skip, store.denied: ignore}}\n"
                 "  - {id: c, foreach: \"${vars.l}\", max_parallel: 1000, tolerate: x, steps: [{id: d, get: {store: "
                 "originals, key: a}}]}\n");
    assert_string_equal(
        said, "pipelines/p.yaml:4:55: error[E104]: `timeout`: expected whole numbers with units d h m s ms, the "
              "largest first: 15s or 1h30m\n"
              "  4 |   - {id: a, get: {store: originals, key: a}, timeout: 5, retry: {times: 99}}\n"
              "    |                                                       ^\n"
              "pipelines/p.yaml:4:73: error[E105]: `times` must be 1 to 10, not 99\n"
              "  4 |   - {id: a, get: {store: originals, key: a}, timeout: 5, retry: {times: 99}}\n"
              "    |                                                                         ^^\n"
              "pipelines/p.yaml:5:57: error[E123]: `Not Found` is no error code\n"
              "  5 |   - {id: b, get: {store: originals, key: a}, on_error: {Not Found: skip, store.denied: ignore}}\n"
              "    |                                                         ^^^^^^^^^ write a code such as "
              "store.not_found, its first part, or \"*\"\n"
              "pipelines/p.yaml:5:88: error[E110]: `ignore` is not a value of `on_error`\n"
              "  5 |   - {id: b, get: {store: originals, key: a}, on_error: {Not Found: skip, store.denied: ignore}}\n"
              "    |                                                                                        ^^^^^^ "
              "fail, skip, stop or fallback\n"
              "pipelines/p.yaml:6:49: error[E105]: `max_parallel` must be from 1 to 64\n"
              "  6 |   - {id: c, foreach: \"${vars.l}\", max_parallel: 1000, tolerate: x, steps: [{id: d, get: {store: "
              "originals, key: a}}]}\n"
              "    |                                                 ^^^^\n"
              "pipelines/p.yaml:6:65: error[E104]: `tolerate`: expected a whole number in decimal digits\n"
              "  6 |   - {id: c, foreach: \"${vars.l}\", max_parallel: 1000, tolerate: x, steps: [{id: d, get: {store: "
              "originals, key: a}}]}\n"
              "    |                                                                 ^\n");
}

static void a_misspelt_code_is_told(void **state)
{
    (void)state;
    const char *said =
        diagnose("version: 1\n"
                 "steps:\n"
                 "  - {id: a, get: {store: originals, key: a}, on_error: {store.notfound: stop, limit.time: skip}}\n");
    assert_string_equal(
        said, "pipelines/p.yaml:3:57: warning[W314]: `get` never fails with `store.notfound`\n"
              "  3 |   - {id: a, get: {store: originals, key: a}, on_error: {store.notfound: stop, limit.time: skip}}\n"
              "    |                                                         ^^^^^^^^^^^^^^ did you mean "
              "`store.not_found`?\n");
}

static void fallbacks_and_on_error_go_together(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "steps:\n"
                                "  - {id: image, decode: {}, on_error: {limit.time: fallback}}\n"
                                "  - {id: small, in: image, thumbnail: {width: 1}, fallback: {thumbnail: {width: 2}}}\n"
                                "  - {id: file, in: image, encode: {format: webp}, on_error: {\"*\": fallback}, "
                                "fallback: {thumbnail: {width: 3}}}\n");
    assert_string_equal(said,
                        "pipelines/p.yaml:4:29: error[E122]: `on_error` leads to a fallback that is not there\n"
                        "  4 |   - {id: image, decode: {}, on_error: {limit.time: fallback}}\n"
                        "    |                             ^^^^^^^^ add `fallback: {OPERATION: {...}}` to the step\n"
                        "pipelines/p.yaml:5:51: error[E122]: nothing leads to this `fallback`\n"
                        "  5 |   - {id: small, in: image, thumbnail: {width: 1}, fallback: {thumbnail: {width: 2}}}\n"
                        "    |                                                   ^^^^^^^^ add `on_error: {CODE: "
                        "fallback}`, or `\"*\"` for all codes\n"
                        "pipelines/p.yaml:6:89: error[E215]: `thumbnail` gives image, but its step gives blob\n"
                        "  6 |   - {id: file, in: image, encode: {format: webp}, on_error: {\"*\": fallback}, "
                        "fallback: {thumbnail: {width: 3}}}\n"
                        "    |                                                                                         "
                        "^^^^^^^^^ a fallback gives what its step gives\n");
}

static void only_what_knows_what_it_made_can_be_undone(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "steps:\n"
                                "  - {id: a, get: {store: originals, key: a}, undo: true}\n");
    assert_string_equal(said, "pipelines/p.yaml:3:52: error[E128]: `get` cannot be undone\n"
                              "  3 |   - {id: a, get: {store: originals, key: a}, undo: true}\n"
                              "    |                                                    ^^^^ `undo` is for `put` and "
                              "`record`, which know what they made\n");
}

static void a_put_that_may_replace_an_object_cannot_be_undone(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {f: {type: blob}}\n"
                                "steps:\n"
                                "  - {id: a, in: input.f, put: {store: thumbs, key: a}, undo: true}\n");
    assert_string_equal(said,
                        "pipelines/p.yaml:4:62: error[E128]: a `put` that may replace an object cannot be undone\n"
                        "  4 |   - {id: a, in: input.f, put: {store: thumbs, key: a}, undo: true}\n"
                        "    |                                                              ^^^^ add `if_absent: "
                        "true` to it\n");
}

static void foreach_takes_lists(void **state)
{
    (void)state;
    const char *said =
        diagnose("version: 1\n"
                 "inputs: {w: {type: int}}\n"
                 "steps:\n"
                 "  - {id: a, foreach: \"${input.w}\", steps: [{id: b, get: {store: originals, key: a}}]}\n"
                 "  - {id: c, foreach: abc, steps: [{id: d, get: {store: originals, key: a}}]}\n"
                 "  - {id: e, foreach: [1, 2]}\n"
                 "  - {id: f, foreach: [1, 2], steps: []}\n");
    assert_string_equal(
        said, "pipelines/p.yaml:4:25: error[E206]: `foreach` takes list, but `input.w` is int\n"
              "  4 |   - {id: a, foreach: \"${input.w}\", steps: [{id: b, get: {store: originals, key: a}}]}\n"
              "    |                         ^^^^^^^\n"
              "pipelines/p.yaml:5:22: error[E206]: `foreach` takes a list, not a text\n"
              "  5 |   - {id: c, foreach: abc, steps: [{id: d, get: {store: originals, key: a}}]}\n"
              "    |                      ^^^ write \"${...}\" or a list\n"
              "pipelines/p.yaml:6:13: error[E122]: `foreach` has `steps`\n"
              "  6 |   - {id: e, foreach: [1, 2]}\n"
              "    |             ^^^^^^^\n"
              "pipelines/p.yaml:7:37: error[E122]: there is no step in this list\n"
              "  7 |   - {id: f, foreach: [1, 2], steps: []}\n"
              "    |                                     ^^\n");
}

static void conditions_are_bools(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}, w: {type: int}}\n"
                                "steps:\n"
                                "  - {id: image, when: input.w, in: input.file, decode: {}}\n"
                                "  - {id: b, when: 1 < 2, in: input.file, decode: {}}\n");
    assert_string_equal(said, "pipelines/p.yaml:4:23: error[E206]: `when` takes bool, but `input.w` is int\n"
                              "  4 |   - {id: image, when: input.w, in: input.file, decode: {}}\n"
                              "    |                       ^^^^^^^\n"
                              "pipelines/p.yaml:5:19: warning[W320]: `when` is the same in every run\n"
                              "  5 |   - {id: b, when: 1 < 2, in: input.file, decode: {}}\n"
                              "    |                   ^^^^^ it reads no name\n");
}

static void blocks_nest_four_deep(void **state)
{
    (void)state;
    const char *said =
        diagnose("version: 1\n"
                 "steps:\n"
                 "  - {id: a, foreach: [1], steps: [{id: b, foreach: [1], steps: [{id: c, foreach: [1], steps: [{id: "
                 "d, foreach: [1], steps: [\n"
                 "      {id: e, foreach: [1], steps: [{id: f, get: {store: originals, key: a}}]}]}]}]}]}\n");
    assert_string_equal(said,
                        "pipelines/p.yaml:4:15: error[E127]: more than 4 blocks inside each other\n"
                        "  4 |       {id: e, foreach: [1], steps: [{id: f, get: {store: originals, key: a}}]}]}]}]}]}\n"
                        "    |               ^^^^^^^ make the inner one a pipeline of its own, and `call` it\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_does_one_thing),
        cmocka_unit_test(an_unknown_operation_names_the_nearest),
        cmocka_unit_test(an_unknown_option_names_the_nearest),
        cmocka_unit_test(a_broken_plugin_says_why),
        cmocka_unit_test(options_that_do_not_go_together),
        cmocka_unit_test(ids_are_unique_in_a_file),
        cmocka_unit_test(keys_belong_to_their_kind_of_step),
        cmocka_unit_test(values_of_step_keys_are_checked),
        cmocka_unit_test(a_misspelt_code_is_told),
        cmocka_unit_test(fallbacks_and_on_error_go_together),
        cmocka_unit_test(only_what_knows_what_it_made_can_be_undone),
        cmocka_unit_test(a_put_that_may_replace_an_object_cannot_be_undone),
        cmocka_unit_test(foreach_takes_lists),
        cmocka_unit_test(conditions_are_bools),
        cmocka_unit_test(blocks_nest_four_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
