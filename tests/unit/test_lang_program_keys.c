/* What is said about keys, names and literals of pipelines.
 * Each with the whole text as people see it. */
#include "lang_program_fixture.h"

static void an_unknown_key_names_the_nearest(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "trigers: {}\n"
                                "steps: [{id: a, get: {store: originals, key: a}}]\n");
    assert_string_equal(said, "pipelines/p.yaml:2:1: error[E120]: unknown key `trigers` in a pipeline\n"
                              "  2 | trigers: {}\n"
                              "    | ^^^^^^^ did you mean `triggers`?\n");
}

static void an_unknown_key_lists_what_there_is(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "zzzzzz: 1\n"
                                "steps: [{id: a, get: {store: originals, key: a}}]\n");
    assert_string_equal(said, "pipelines/p.yaml:2:1: error[E120]: unknown key `zzzzzz` in a pipeline\n"
                              "  2 | zzzzzz: 1\n"
                              "    | ^^^^^^ keys: version, summary, inputs, triggers, vars, limits, concurrency, "
                              "steps, output, on_failure, tests\n");
}

static void a_map_is_not_a_list(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: [a]\n"
                                "steps: {a: b}\n");
    assert_string_equal(said, "pipelines/p.yaml:2:9: error[E121]: `inputs` is a map, not a list\n"
                              "  2 | inputs: [a]\n"
                              "    |         ^^^ write `{key: value}` or indented lines with `key: value`\n"
                              "pipelines/p.yaml:3:8: error[E121]: a list of steps is a list, not a map\n"
                              "  3 | steps: {a: b}\n"
                              "    |        ^^^^^^ write `[...]` or lines with `- `\n");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    const char *said = diagnose("summary: x\n"
                                "inputs: {a: {type: int}}\n");
    assert_string_equal(said, "pipelines/p.yaml:1:1: error[E122]: the file does not say its version\n"
                              "  1 | summary: x\n"
                              "    | ^^^^^^^ write `version: 1`\n"
                              "pipelines/p.yaml:1:1: error[E124]: this pipeline has neither `steps` nor an `output`\n"
                              "  1 | summary: x\n"
                              "    | ^^^^^^^^^^\n");
}

static void another_version_is_refused(void **state)
{
    (void)state;
    const char *said = diagnose("version: 2\n"
                                "steps: [{get: {store: originals, key: a}}]\n");
    assert_string_equal(said, "pipelines/p.yaml:1:10: error[E123]: this engine reads version 1 of the language\n"
                              "  1 | version: 2\n"
                              "    |          ^ write `version: 1`\n");
}

static void names_are_words(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {\"1a\": {type: int}}\n"
                                "steps: [{id: a-b, get: {store: originals, key: a}}]\n");
    assert_string_equal(said, "pipelines/p.yaml:2:10: error[E123]: `1a` cannot be the name of an input\n"
                              "  2 | inputs: {\"1a\": {type: int}}\n"
                              "    |          ^^^^ a letter, then letters, digits and `_`, at most 63\n"
                              "pipelines/p.yaml:3:14: error[E123]: `a-b` cannot be the id of a step\n"
                              "  3 | steps: [{id: a-b, get: {store: originals, key: a}}]\n"
                              "    |              ^^^ a letter, then letters, digits and `_`, at most 63\n");
}

static void a_default_fits_its_type(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs:\n"
                                "  a: {type: int, default: x}\n"
                                "  b: {type: int, min: 1, max: 9, default: 12}\n"
                                "  c: {type: string, pattern: \"[a-z]+\", default: \"12\"}\n"
                                "  d: {type: string, values: [a, b], default: c}\n"
                                "  e: {type: blob, default: x}\n"
                                "  f: {type: string, default: \"${run.id}\"}\n"
                                "  g: {type: int, min: 9, max: 1}\n"
                                "steps: [{get: {store: originals, key: a}}]\n");
    assert_string_equal(said, "pipelines/p.yaml:3:27: error[E104]: expected int\n"
                              "  3 |   a: {type: int, default: x}\n"
                              "    |                           ^ expected a whole number in decimal digits\n"
                              "pipelines/p.yaml:4:43: error[E123]: the default is outside `min` and `max`\n"
                              "  4 |   b: {type: int, min: 1, max: 9, default: 12}\n"
                              "    |                                           ^^\n"
                              "pipelines/p.yaml:5:49: error[E123]: the default does not match `pattern`\n"
                              "  5 |   c: {type: string, pattern: \"[a-z]+\", default: \"12\"}\n"
                              "    |                                                 ^^^^\n"
                              "pipelines/p.yaml:6:46: error[E123]: the default is none of `values`\n"
                              "  6 |   d: {type: string, values: [a, b], default: c}\n"
                              "    |                                              ^\n"
                              "pipelines/p.yaml:7:28: error[E123]: blob has no literal, so it cannot have a default\n"
                              "  7 |   e: {type: blob, default: x}\n"
                              "    |                            ^\n"
                              "pipelines/p.yaml:8:30: error[E106]: `default` takes no template\n"
                              "  8 |   f: {type: string, default: \"${run.id}\"}\n"
                              "    |                              ^^^^^^^^^^^ write the value itself\n"
                              "pipelines/p.yaml:9:26: error[E123]: `max` is less than `min`\n"
                              "  9 |   g: {type: int, min: 9, max: 1}\n"
                              "    |                          ^^^\n");
}

static void patterns_are_small_and_sound(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs:\n"
                                "  a: {type: string, pattern: \"(\"}\n"
                                "  b: {type: string, pattern: \"((a{1,9}){1,9}){1,9}\"}\n"
                                "  c: {type: string, pattern: \"(a)\\\\1\"}\n"
                                "  d: {type: string, pattern: \"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\"}\n"
                                "  e: {type: string, pattern: \"[]{9]{64}[^]]{64}\\\\{[a-z]{1,128}(x|y){64}\"}\n"
                                "  f: {type: string, pattern: \"((((((((((((((((((a))))))))))))))))))\"}\n"
                                "  g: {type: string, pattern: \"[a-z]{600}\"}\n"
                                "  h: {type: string, pattern: \"a{99999999999999999999}\"}\n"
                                "  i: {type: string, pattern: \"a)|(b\"}\n"
                                "steps: [{get: {store: originals, key: a}}]\n");
    assert_string_equal(
        said,
        "pipelines/p.yaml:3:30: error[E123]: this pattern is refused: it is no POSIX extended regular expression\n"
        "  3 |   a: {type: string, pattern: \"(\"}\n"
        "    |                              ^^^\n"
        "pipelines/p.yaml:4:30: error[E123]: this pattern is refused: its repetitions make it too long\n"
        "  4 |   b: {type: string, pattern: \"((a{1,9}){1,9}){1,9}\"}\n"
        "    |                              ^^^^^^^^^^^^^^^^^^^^^^\n"
        "pipelines/p.yaml:5:30: error[E123]: this pattern is refused: back-references are not allowed\n"
        "  5 |   c: {type: string, pattern: \"(a)\\\\1\"}\n"
        "    |                              ^^^^^^^^\n"
        "pipelines/p.yaml:8:30: error[E123]: this pattern is refused: its groups are nested too deeply\n"
        "  8 |   f: {type: string, pattern: \"((((((((((((((((((a))))))))))))))))))\"}\n"
        "    |                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "pipelines/p.yaml:9:30: error[E123]: this pattern is refused: its repetitions make it too long\n"
        "  9 |   g: {type: string, pattern: \"[a-z]{600}\"}\n"
        "    |                              ^^^^^^^^^^^^\n"
        "pipelines/p.yaml:10:30: error[E123]: this pattern is refused: its repetitions make it too long\n"
        " 10 |   h: {type: string, pattern: \"a{99999999999999999999}\"}\n"
        "    |                              ^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "pipelines/p.yaml:11:30: error[E123]: this pattern is refused: a `)` has no `(`\n"
        " 11 |   i: {type: string, pattern: \"a)|(b\"}\n"
        "    |                              ^^^^^^^\n");
}

static void constraints_belong_to_types(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {a: {type: int, pattern: x}, b: {type: string, media: [image/png], max: 3}}\n"
                                "steps: [{get: {store: originals, key: a}}]\n");
    assert_string_equal(said,
                        "pipelines/p.yaml:2:25: error[E128]: `pattern` is for string, not for int\n"
                        "  2 | inputs: {a: {type: int, pattern: x}, b: {type: string, media: [image/png], max: 3}}\n"
                        "    |                         ^^^^^^^\n"
                        "pipelines/p.yaml:2:56: error[E128]: `media` is for blob, not for string\n"
                        "  2 | inputs: {a: {type: int, pattern: x}, b: {type: string, media: [image/png], max: 3}}\n"
                        "    |                                                        ^^^^^\n"
                        "pipelines/p.yaml:2:76: error[E128]: `max` is for int or float, not for string\n"
                        "  2 | inputs: {a: {type: int, pattern: x}, b: {type: string, media: [image/png], max: 3}}\n"
                        "    |                                                                            ^^^\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_key_names_the_nearest),
        cmocka_unit_test(an_unknown_key_lists_what_there_is),
        cmocka_unit_test(a_map_is_not_a_list),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(names_are_words),
        cmocka_unit_test(a_default_fits_its_type),
        cmocka_unit_test(patterns_are_small_and_sound),
        cmocka_unit_test(constraints_belong_to_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
