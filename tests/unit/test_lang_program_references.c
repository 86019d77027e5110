/* What is said about names: where they can be read, and what may be null.
 * Each with the whole text as people see it. */
#include "lang_program_fixture.h"

static void a_step_inside_foreach_is_hidden(void **state)
{
    (void)state;
    const char *said = diagnose(
        "version: 1\n"
        "inputs: {key: {type: string}}\n"
        "vars: {widths: [320, 640]}\n"
        "steps:\n"
        "  - {id: source, get: {store: originals, key: \"${input.key}\", under: originals/}}\n"
        "  - {id: image, decode: {}}\n"
        "  - id: sizes\n"
        "    foreach: ${vars.widths}\n"
        "    steps:\n"
        "      - {id: shrink, in: image, thumbnail: {width: \"${item}\"}}\n"
        "    emit: {w: \"${steps.shrink.width}\"}\n"
        "  - {id: row, record: {table: images, key: \"${stem(input.key)}\", set: {w: \"${steps.shrink.width}\"}}}\n"
        "  - {id: enc, in: shrink, encode: {format: webp}}\n");
    assert_string_equal(
        said, "pipelines/p.yaml:12:78: error[E203]: step `shrink` is not visible here: it runs 0..n times inside "
              "`foreach` step `sizes`\n"
              " 12 |   - {id: row, record: {table: images, key: \"${stem(input.key)}\", set: {w: "
              "\"${steps.shrink.width}\"}}}\n"
              "    |                                                                              ^^^^^^^^^^^^ export "
              "it with `emit:` (line 11), then use steps.sizes.items\n"
              "pipelines/p.yaml:13:19: error[E203]: step `shrink` is not visible here: it runs 0..n times inside "
              "`foreach` step `sizes`\n"
              " 13 |   - {id: enc, in: shrink, encode: {format: webp}}\n"
              "    |                   ^^^^^^ export it with `emit:` (line 11), then use steps.sizes.items\n");
}

static void later_steps_are_not_visible(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "steps:\n"
                                "  - {id: image, in: input.file, when: steps.small.width > 3, decode: {}}\n"
                                "  - {id: small, in: image, thumbnail: {width: \"${steps.small.width}\"}}\n"
                                "  - {id: last, in: small, encode: {format: webp}}\n");
    assert_string_equal(
        said,
        "pipelines/p.yaml:4:39: error[E203]: step `small` is not visible here: it runs later (line 5)\n"
        "  4 |   - {id: image, in: input.file, when: steps.small.width > 3, decode: {}}\n"
        "    |                                       ^^^^^^^^^^^ move that step up; steps see only what ran before\n"
        "pipelines/p.yaml:5:21: error[E205]: `image` may be null, because its `when` (line 4) can skip it\n"
        "  5 |   - {id: small, in: image, thumbnail: {width: \"${steps.small.width}\"}}\n"
        "    |                     ^^^^^ give that step a `fallback`, or take another one with `in:`\n"
        "pipelines/p.yaml:5:50: error[E203]: step `small` is not visible here: it has not ended yet\n"
        "  5 |   - {id: small, in: image, thumbnail: {width: \"${steps.small.width}\"}}\n"
        "    |                                                  ^^^^^^^^^^^ a step cannot read its own result\n");
}

static void parallel_siblings_are_not_visible(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "steps:\n"
                                "  - parallel:\n"
                                "      - {id: a, in: input.file, put: {store: thumbs, key: a}}\n"
                                "      - {id: b, record: {table: images, key: a, set: {url: \"${steps.a.url}\"}}}\n"
                                "output: ${steps.a.url}\n");
    assert_string_equal(
        said, "pipelines/p.yaml:6:63: error[E203]: step `a` is not visible here: it runs in the same `parallel`\n"
              "  6 |       - {id: b, record: {table: images, key: a, set: {url: \"${steps.a.url}\"}}}\n"
              "    |                                                               ^^^^^^^ put one of them before or "
              "behind the `parallel`\n");
}

static void on_failure_sees_no_step(void **state)
{
    (void)state;
    const char *said = diagnose(
        "version: 1\n"
        "inputs: {file: {type: blob}}\n"
        "steps:\n"
        "  - {id: a, in: input.file, put: {store: thumbs, key: a}}\n"
        "output: ${steps.told.key}\n"
        "on_failure:\n"
        "  - {id: told, record: {table: images, key: a, set: {url: \"${steps.a.url}\", code: \"${error.code}\"}}}\n");
    assert_string_equal(
        said, "pipelines/p.yaml:5:11: error[E203]: step `told` is not visible here: it runs in `on_failure`\n"
              "  5 | output: ${steps.told.key}\n"
              "    |           ^^^^^^^^^^\n"
              "pipelines/p.yaml:7:62: error[E203]: step `a` is not visible in `on_failure`: it may not have run\n"
              "  7 |   - {id: told, record: {table: images, key: a, set: {url: \"${steps.a.url}\", code: "
              "\"${error.code}\"}}}\n"
              "    |                                                              ^^^^^^^ `on_failure` reads error, "
              "input, vars and run\n");
}

static void unknown_names_suggest_the_nearest(void **state)
{
    (void)state;
    const char *said =
        diagnose("version: 1\n"
                 "inputs: {file: {type: blob}, owner: {type: string}}\n"
                 "vars: {quality: 3, next: \"${vars.later}\", later: 3}\n"
                 "steps:\n"
                 "  - {id: image, decode: {}}\n"
                 "  - {id: row, record: {table: images, key: \"${input.ownr}\", set: {a: \"${steps.imge.width}\", b: "
                 "\"${vars.qualty}\", c: \"${input}\", d: \"${steps.image.widht}\"}}}\n");
    assert_string_equal(
        said, "pipelines/p.yaml:3:34: error[E211]: there is no var `later` above\n"
              "  3 | vars: {quality: 3, next: \"${vars.later}\", later: 3}\n"
              "    |                                  ^^^^^ there are: quality\n"
              "pipelines/p.yaml:6:53: error[E211]: there is no input `ownr`\n"
              "  6 |   - {id: row, record: {table: images, key: \"${input.ownr}\", set: {a: \"${steps.imge.width}\", "
              "b: \"${vars.qualty}\", c: \"${input}\", d: \"${steps.image.widh...\n"
              "    |                                                     ^^^^ did you mean `owner`?\n"
              "pipelines/p.yaml:6:79: error[E211]: there is no step `imge`\n"
              "  6 |   - {id: row, record: {table: images, key: \"${input.ownr}\", set: {a: \"${steps.imge.width}\", "
              "b: \"${vars.qualty}\", c: \"${input}\", d: \"${steps.image.widh...\n"
              "    |                                                                               ^^^^ did you mean "
              "`image`?\n"
              "pipelines/p.yaml:6:104: error[E211]: there is no var `qualty`\n"
              "  6 | ... {id: row, record: {table: images, key: \"${input.ownr}\", set: {a: \"${steps.imge.width}\", "
              "b: \"${vars.qualty}\", c: \"${input}\", d: \"${steps.image.widht}\"...\n"
              "    |                                                                                                   "
              "     ^^^^^^ did you mean `quality`?\n"
              "pipelines/p.yaml:6:120: error[E211]: `input` stands before a name only\n"
              "  6 | ...d: {table: images, key: \"${input.ownr}\", set: {a: \"${steps.imge.width}\", b: "
              "\"${vars.qualty}\", c: \"${input}\", d: \"${steps.image.widht}\"}}}\n"
              "    |                                                                                                   "
              "     ^^^^^ write input.NAME\n"
              "pipelines/p.yaml:6:147: error[E204]: `steps.image` has no field `widht`\n"
              "  6 | ...input.ownr}\", set: {a: \"${steps.imge.width}\", b: \"${vars.qualty}\", c: \"${input}\", d: "
              "\"${steps.image.widht}\"}}}\n"
              "    |                                                                                                   "
              "     ^^^^^ did you mean `width`?\n");
}

static void roots_belong_to_places(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "inputs: {file: {type: blob}}\n"
                                "vars: {a: \"${input.file}\", b: \"${env.AVIF_Q}\"}\n"
                                "triggers:\n"
                                "  t: {http: {method: GET, path: /}, bind: {file: \"${event.body}\"}}\n"
                                "steps:\n"
                                "  - {id: a, record: {table: images, key: a, set: {b: \"${env.AVIF_Q}\", c: "
                                "\"${event.key}\", d: \"${item}\", e: \"${error.code}\"}}}\n"
                                "output: \"${secret.upload_key}\"\n");
    assert_string_equal(said,
                        "pipelines/p.yaml:3:14: error[E212]: `input` can be read only in steps and `output`\n"
                        "  3 | vars: {a: \"${input.file}\", b: \"${env.AVIF_Q}\"}\n"
                        "    |              ^^^^^^^^^^ an expression here is evaluated before there are inputs\n"
                        "pipelines/p.yaml:7:57: error[E212]: `env` can be read only in `vars` and in pixmill.yaml\n"
                        "  7 |   - {id: a, record: {table: images, key: a, set: {b: \"${env.AVIF_Q}\", c: "
                        "\"${event.key}\", d: \"${item}\", e: \"${error.code}\"}}}\n"
                        "    |                                                         ^^^^^^^^^^ make it a var: "
                        "`vars: {x: \"${env.X}\"}`\n"
                        "pipelines/p.yaml:7:77: error[E212]: `event` can be read only in `bind`\n"
                        "  7 |   - {id: a, record: {table: images, key: a, set: {b: \"${env.AVIF_Q}\", c: "
                        "\"${event.key}\", d: \"${item}\", e: \"${error.code}\"}}}\n"
                        "    |                                                                             ^^^^^^^^^ "
                        "bind it to an input and read that, so that the pipeline runs anywhere\n"
                        "pipelines/p.yaml:7:96: error[E212]: `item` can be read only inside `foreach`\n"
                        "  7 |   - {id: a, record: {table: images, key: a, set: {b: \"${env.AVIF_Q}\", c: "
                        "\"${event.key}\", d: \"${item}\", e: \"${error.code}\"}}}\n"
                        "    |                                                                                         "
                        "       ^^^^ `emit` brings values out\n"
                        "pipelines/p.yaml:7:110: error[E212]: `error` can be read only in `on_failure`\n"
                        "  7 | ...a, record: {table: images, key: a, set: {b: \"${env.AVIF_Q}\", c: \"${event.key}\", "
                        "d: \"${item}\", e: \"${error.code}\"}}}\n"
                        "    |                                                                                         "
                        "               ^^^^^^^^^^ `on_error` tells errors apart by their codes\n"
                        "pipelines/p.yaml:8:12: error[E212]: `secret` can be read only in options that take a secret\n"
                        "  8 | output: \"${secret.upload_key}\"\n"
                        "    |            ^^^^^^^^^^^^^^^^^\n");
}

static void env_of_some_profiles_is_none_of_all(void **state)
{
    (void)state;
    const char *said = diagnose("version: 1\n"
                                "vars: {url: \"${env.HOME_URL}\", q: \"${env.AVIF}\"}\n"
                                "steps: [{id: a, get: {store: originals, key: a}}]\n");
    assert_string_equal(
        said, "pipelines/p.yaml:2:16: error[E504]: `env.HOME_URL` is not there in every profile\n"
              "  2 | vars: {url: \"${env.HOME_URL}\", q: \"${env.AVIF}\"}\n"
              "    |                ^^^^^^^^^^^^ give it a default, or change its `profiles`\n"
              "    > pixmill.yaml:3:59\n"
              "  3 | env: {AVIF_Q: {type: int, min: 1, max: 100, default: 50}, HOME_URL: {profiles: [local]}}\n"
              "    |                                                           ^^^^^^^^ declared here\n"
              "pipelines/p.yaml:2:42: error[E211]: there is no variable `AVIF` in `env`\n"
              "  2 | vars: {url: \"${env.HOME_URL}\", q: \"${env.AVIF}\"}\n"
              "    |                                          ^^^^ there are: AVIF_Q, HOME_URL\n");
}

static void a_skipped_step_may_be_null(void **state)
{
    (void)state;
    const char *said = diagnose(
        "version: 1\n"
        "inputs: {key: {type: string}}\n"
        "steps:\n"
        "  - {id: source, get: {store: originals, key: \"${input.key}\", under: originals/}}\n"
        "  - {id: image, decode: {}}\n"
        "  - {id: blur, blurhash: {x: 4, y: 3}, on_error: {\"*\": skip}}\n"
        "  - {id: row, record: {table: images, key: \"${stem(input.key)}\", set: {blurhash: \"${steps.blur.hash}\"}}}\n"
        "  - {id: again, record: {table: images, key: \"${steps.blur.hash}\", set: {a: \"${steps.blur.hash ?? "
        "null}\"}}}\n"
        "output: {hash: \"${steps.blur.hash}\"}\n");
    assert_string_equal(
        said,
        "pipelines/p.yaml:7:85: error[E205]: `steps.blur` may be null, because its `on_error` (line 6) can skip it\n"
        "  7 |   - {id: row, record: {table: images, key: \"${stem(input.key)}\", set: {blurhash: "
        "\"${steps.blur.hash}\"}}}\n"
        "    |                                                                                     ^^^^^^^^^^^^^^^ add "
        "a default: steps.blur.hash ?? ''\n"
        "pipelines/p.yaml:8:49: error[E205]: `steps.blur` may be null, because its `on_error` (line 6) can skip it\n"
        "  8 |   - {id: again, record: {table: images, key: \"${steps.blur.hash}\", set: {a: \"${steps.blur.hash ?? "
        "null}\"}}}\n"
        "    |                                                 ^^^^^^^^^^^^^^^ add a default: steps.blur.hash ?? ''\n"
        "pipelines/p.yaml:9:19: error[E205]: `steps.blur` may be null, because its `on_error` (line 6) can skip it\n"
        "  9 | output: {hash: \"${steps.blur.hash}\"}\n"
        "    |                   ^^^^^^^^^^^^^^^ add a default: steps.blur.hash ?? ''\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_inside_foreach_is_hidden),     cmocka_unit_test(later_steps_are_not_visible),
        cmocka_unit_test(parallel_siblings_are_not_visible),   cmocka_unit_test(on_failure_sees_no_step),
        cmocka_unit_test(unknown_names_suggest_the_nearest),   cmocka_unit_test(roots_belong_to_places),
        cmocka_unit_test(env_of_some_profiles_is_none_of_all), cmocka_unit_test(a_skipped_step_may_be_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
