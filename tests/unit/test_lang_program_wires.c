/* What is said about the primary inputs of steps.
 * Each with the whole text as people see it. */
#include "lang_program_fixture.h"

static void a_wire_cannot_carry_null(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}, small: {type: bool}}\n"
                                "steps:\n"
                                "  - {id: image, decode: {}}\n"
                                "  - {id: file, when: input.small, encode: {format: webp}}\n"
                                "  - {id: thumb, put: {store: thumbs, key: a}}\n"
                                "  - {id: again, in: file, put: {store: thumbs, key: b}}\n");
    assert_string_equal(
        said, "pipelines/p.yaml:6:17: error[E205]: `file` may be null, because its `when` (line 5) can skip it\n"
              "  6 |   - {id: thumb, put: {store: thumbs, key: a}}\n"
              "    |                 ^^^ give that step a `fallback`, or take another one with `in:`\n"
              "pipelines/p.yaml:7:21: error[E205]: `file` may be null, because its `when` (line 5) can skip it\n"
              "  7 |   - {id: again, in: file, put: {store: thumbs, key: b}}\n"
              "    |                     ^^^^ give that step a `fallback`, or take another one with `in:`\n");
}

static void what_stands_above_must_fit(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "steps:\n"
                                "  - {id: image, decode: {}}\n"
                                "  - {id: small, in: image, thumbnail: {width: 640}}\n"
                                "  - {id: thumb, put: {store: thumbs, key: \"t/640/${steps.image.sha256}.webp\"}}\n"
                                "  - {id: webp, encode: {format: webp}}\n"
                                "  - {id: again, in: image, put: {store: thumbs, key: b}}\n"
                                "  - {id: none, in: thumb, put: {store: thumbs, key: c}}\n"
                                "  - {id: far, in: input.file, thumbnail: {width: 1}}\n"
                                "  - {id: made, in: image, get: {store: thumbs, key: d}}\n");
    assert_string_equal(
        said,
        "pipelines/p.yaml:6:17: error[E210]: `put` takes a blob, but the step directly above gives an image\n"
        "  6 |   - {id: thumb, put: {store: thumbs, key: \"t/640/${steps.image.sha256}.webp\"}}\n"
        "    |                 ^^^ no `in:`, so it takes `small` (image, line 5); put an `encode` step between them\n"
        "pipelines/p.yaml:7:16: error[E210]: `encode` takes an image, but the step directly above gives fields only\n"
        "  7 |   - {id: webp, encode: {format: webp}}\n"
        "    |                ^^^^^^ no `in:`, so it takes `thumb` (line 6); say which with `in:`\n"
        "pipelines/p.yaml:8:21: error[E214]: `put` takes a blob, but `image` is an image\n"
        "  8 |   - {id: again, in: image, put: {store: thumbs, key: b}}\n"
        "    |                     ^^^^^ put an `encode` step between them\n"
        "pipelines/p.yaml:9:20: error[E214]: step `thumb` gives fields only, nothing to read with `in`\n"
        "  9 |   - {id: none, in: thumb, put: {store: thumbs, key: c}}\n"
        "    |                    ^^^^^ name the step that made the image or blob\n"
        "pipelines/p.yaml:10:19: error[E214]: `thumbnail` takes an image, but `input.file` is a blob\n"
        " 10 |   - {id: far, in: input.file, thumbnail: {width: 1}}\n"
        "    |                   ^^^^^^^^^^ put a `decode` step between them\n"
        "pipelines/p.yaml:11:20: error[E214]: `get` takes no input\n"
        " 11 |   - {id: made, in: image, get: {store: thumbs, key: d}}\n"
        "    |                    ^^^^^\n");
}

static void the_first_step_reads_the_only_input_that_fits(void **state)
{
    (void)state;
    const char *said =
        diagnose("version: 1\n"
                 "inputs: {a: {type: blob}, b: {type: blob}}\n"
                 "vars: {l: [1]}\n"
                 "steps:\n"
                 "  - {id: image, decode: {}}\n"
                 "  - {id: loop, foreach: \"${vars.l}\", steps: [{id: in_loop, encode: {format: webp}}]}\n"
                 "  - parallel: [{id: one, in: image, encode: {format: webp}}]\n"
                 "  - {id: after, put: {store: thumbs, key: a}}\n");
    assert_string_equal(
        said,
        "pipelines/p.yaml:5:17: error[E210]: `decode` takes a blob, but nothing stands above it\n"
        "  5 |   - {id: image, decode: {}}\n"
        "    |                 ^^^^^^ several inputs fit: say which with `in: input.NAME`\n"
        "pipelines/p.yaml:6:60: error[E210]: `encode` takes an image, but nothing stands above it in this block\n"
        "  6 |   - {id: loop, foreach: \"${vars.l}\", steps: [{id: in_loop, encode: {format: webp}}]}\n"
        "    |                                                            ^^^^^^ say what it reads with `in:`\n"
        "pipelines/p.yaml:8:17: error[E210]: `put` takes a blob, but the step directly above gives several results\n"
        "  8 |   - {id: after, put: {store: thumbs, key: a}}\n"
        "    |                 ^^^ no `in:`, so it takes `parallel@7` (line 7); say which with `in:`\n");
}

static void in_names_a_step(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "steps:\n"
                                "  - {id: image, decode: {}}\n"
                                "  - {id: a, in: steps.image, thumbnail: {width: 1}}\n"
                                "  - {id: b, in: \"${steps.image}\", thumbnail: {width: 1}}\n"
                                "  - {id: c, in: imgae, thumbnail: {width: 1}}\n"
                                "  - {id: d, in: input.fil, decode: {}}\n");
    assert_string_equal(said, "pipelines/p.yaml:5:17: error[E211]: there is no step `steps.image`\n"
                              "  5 |   - {id: a, in: steps.image, thumbnail: {width: 1}}\n"
                              "    |                 ^^^^^^^^^^^ write `in: image`\n"
                              "pipelines/p.yaml:6:17: error[E211]: there is no step `${steps.image}`\n"
                              "  6 |   - {id: b, in: \"${steps.image}\", thumbnail: {width: 1}}\n"
                              "    |                 ^^^^^^^^^^^^^^^^ `in` names a step or `input.NAME`, without ${ }\n"
                              "pipelines/p.yaml:7:17: error[E211]: there is no step `imgae`\n"
                              "  7 |   - {id: c, in: imgae, thumbnail: {width: 1}}\n"
                              "    |                 ^^^^^ did you mean `image`?\n"
                              "pipelines/p.yaml:8:17: error[E211]: there is no input `fil`\n"
                              "  8 |   - {id: d, in: input.fil, decode: {}}\n"
                              "    |                 ^^^^^^^^^\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wire_cannot_carry_null),
        cmocka_unit_test(what_stands_above_must_fit),
        cmocka_unit_test(the_first_step_reads_the_only_input_that_fits),
        cmocka_unit_test(in_names_a_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
