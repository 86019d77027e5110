/* The door into a pipeline: text and bytes become typed inputs, and everything declared of them is held. */
#include "engine_fixture.h"

#include "base/blob.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char typed[] = "version: 1\n"
                            "limits: {bytes: 100B}\n"
                            "inputs:\n"
                            "  s: {type: string, default: x, pattern: \"[a-z]{1,4}\"}\n"
                            "  e: {type: string, default: a, values: [a, b]}\n"
                            "  i: {type: int, default: 5, min: 1, max: 10}\n"
                            "  f: {type: float, default: 1.5, min: 0, max: 2}\n"
                            "  b: {type: bool, default: false}\n"
                            "  l: {type: list, default: []}\n"
                            "  r: {type: record, default: {}}\n"
                            "  d: {type: blob, media: [image/png], optional: true}\n"
                            "steps: [{fake.note: {text: \"${input.s}\"}}]\n"
                            "output: {s: \"${input.s}\", e: \"${input.e}\", i: \"${input.i}\", f: \"${input.f}\", b: "
                            "\"${input.b}\", l: \"${input.l}\", r: \"${input.r}\"}\n";

static void text_becomes_the_declared_type(void **state)
{
    const struct pxm_input_value inputs[] = {{.name = "s", .text = "abc"},
                                             {.name = "i", .text = "7"},
                                             {.name = "f", .text = "2"},
                                             {.name = "b", .text = "true"},
                                             {.name = "l", .text = "[a, 1, {x: \"1\"}, null, '${env.X}']"},
                                             {.name = "r", .text = "{\"a\": [true, 1.5]}"},
                                             {.name = NULL}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "typed", typed, NULL);
    assert_string_equal(world_result(&world, "typed", NULL),
                        "{\"s\":\"x\",\"e\":\"a\",\"i\":5,\"f\":1.5,\"b\":false,\"l\":[],\"r\":{}}");
    assert_string_equal(world_result(&world, "typed", inputs),
                        "{\"s\":\"abc\",\"e\":\"a\",\"i\":7,\"f\":2.0,\"b\":true,"
                        "\"l\":[\"a\",1,{\"x\":\"1\"},null,\"${env.X}\"],\"r\":{\"a\":[true,1.5]}}");
    world_close(&world);
}

static void submit_refuses(struct world *world, const char *pipeline, const struct pxm_input_value *input,
                           const char *code, const char *text)
{
    const struct pxm_run_options options = {.struct_size = sizeof options, .inputs = input, .input_count = 1};
    pxm_error *error = NULL;
    pxm_run *run = NULL;

    assert_int_not_equal(pxm_submit(pxm_project_pipeline(world->project, pipeline), &options, &run, &error), PXM_OK);
    assert_null(run);
    assert_string_equal(pxm_error_code(error), code);
    assert_non_null(strstr(pxm_error_text(error), text));
    pxm_error_free(error);
}

static void what_is_not_as_declared_is_refused(void **state)
{
    static const struct pxm_input_value bad[] = {{.name = "s", .text = "abcde"},
                                                 {.name = "s", .text = "Ab"},
                                                 {.name = "s", .text = ""},
                                                 {.name = "e", .text = "c"},
                                                 {.name = "i", .text = "0"},
                                                 {.name = "i", .text = "11"},
                                                 {.name = "i", .text = "07"},
                                                 {.name = "i", .text = "7.0"},
                                                 {.name = "i", .text = "seven"},
                                                 {.name = "f", .text = "2.5"},
                                                 {.name = "f", .text = "nan"},
                                                 {.name = "b", .text = "yes"},
                                                 {.name = "l", .text = "{a: 1}"},
                                                 {.name = "l", .text = "[a"},
                                                 {.name = "r", .text = "[1]"},
                                                 {.name = "r", .text = "&a {}"},
                                                 {.name = "s", .data = "abc", .length = 3},
                                                 {.name = "d", .text = "bytes"},
                                                 {.name = "i", .data = "7", .length = 1}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "typed", typed, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        submit_refuses(&world, "typed", &bad[i], "input.invalid", bad[i].name);
    }
    const struct pxm_input_value unknown = {.name = "z", .text = "1"};
    submit_refuses(&world, "typed", &unknown, "input.unknown", "`z`");
    world_close(&world);
}

static void blobs_are_held_against_size_and_content(void **state)
{
    static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    static const char large[101] = "\x89PNG\r\n\x1a\n";
    const struct pxm_input_value text = {.name = "d", .data = "plain text", .length = 10};
    const struct pxm_input_value over = {.name = "d", .data = large, .length = sizeof large};
    const struct pxm_input_value absent = {.name = "d", .path = "/nonexistent/file"};
    const struct pxm_input_value good[] = {{.name = "d", .data = png, .length = sizeof png}, {.name = NULL}};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "typed", typed, NULL);
    submit_refuses(&world, "typed", &text, "input.media", "not accepted");
    submit_refuses(&world, "typed", &over, "limit.bytes", "100");
    submit_refuses(&world, "typed", &absent, "io.not_found", "/nonexistent/file");
    world_result(&world, "typed", good);
    world_close(&world);
}

static void a_missing_input_is_told(void **state)
{
    struct world world;
    pxm_error *error = NULL;
    pxm_run *run = NULL;
    (void)state;

    world_open(&world, 1, NULL, "needs",
               "version: 1\ninputs: {x: {type: int}}\nsteps: [{fake.note: {text: \"${input.x}\"}}]\n", NULL);
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "needs"), NULL, &run, &error), PXM_E_INVALID);
    assert_string_equal(pxm_error_code(error), "input.missing");
    pxm_error_free(error);
    world_close(&world);
}

static void count_release(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void bytes_are_released_once_whatever_happens(void **state)
{
    atomic_int released = 0;
    const struct pxm_input_value inputs[] = {
        {.name = "file", .data = "abc", .length = 3, .release = count_release, .arg = &released},
        {.name = "n", .text = "1", .release = count_release, .arg = &released},
        {.name = "nobody", .data = "abc", .length = 3, .release = count_release, .arg = &released}};
    struct pxm_run_options options = {.struct_size = sizeof options, .inputs = inputs, .input_count = 2};
    struct world world;
    pxm_run *run = NULL;
    (void)state;

    world_open(&world, 1, NULL, "takes",
               "version: 1\ninputs: {file: {type: blob}, n: {type: int, max: 1}}\n"
               "steps: [{in: input.file, put: {store: objects, key: \"a${input.n}\"}}]\n",
               NULL);
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "takes"), &options, &run, NULL), PXM_OK);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    assert_int_equal(atomic_load(&released), 2);
    pxm_run_free(run);
    options.input_count = 3;
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "takes"), &options, &run, NULL), PXM_E_INVALID);
    assert_int_equal(atomic_load(&released), 5);
    world_close(&world);
}

static void values_from_events_are_read_as_their_type(void **state)
{
    struct world world;
    pxm_error error = {0};
    pxm_run *run = NULL;
    (void)state;

    world_open(&world, 1, NULL, "two",
               "version: 1\ninputs: {n: {type: int}, l: {type: list, default: [1]}}\n"
               "steps: [{fake.note: {text: a}}]\noutput: {n: \"${input.n}\", l: \"${input.l}\"}\n",
               NULL);
    pxm_value *values[] = {pxm_value_cstring("42"), pxm_value_null()};
    const struct pxm_run_start start = {.values = (const pxm_value *const *)values};
    assert_int_equal(pxm_run_begin(pxm_project_pipeline(world.project, "two"), &start, &run, &error), PXM_OK);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    assert_string_equal(pxm_run_result_json(run), "{\"n\":42,\"l\":[1]}");
    pxm_run_free(run);
    pxm_value_unref(values[0]);
    pxm_value_unref(values[1]);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_the_declared_type),
        cmocka_unit_test(what_is_not_as_declared_is_refused),
        cmocka_unit_test(blobs_are_held_against_size_and_content),
        cmocka_unit_test(a_missing_input_is_told),
        cmocka_unit_test(bytes_are_released_once_whatever_happens),
        cmocka_unit_test(values_from_events_are_read_as_their_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
