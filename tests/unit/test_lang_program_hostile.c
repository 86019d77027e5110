/* Broken and hostile files: whatever is read, the compiler ends, says something, and touches only its own memory. */
#include "lang_program_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char pipeline[] =
    "version: 1\n"
    "inputs: {file: {type: blob}, name: {type: string, pattern: \"[a-z]{1,9}\", default: a}}\n"
    "triggers:\n"
    "  form: {http: {method: POST, path: \"/u/{name}\", auth: users}, bind: {file: \"${event.body}\", name: "
    "\"${event.path.name}\"}}\n"
    "  made: {object_created: {store: originals, prefix: in/, suffix: [.jpg]}, bind: {file: \"${event.object}\"}}\n"
    "vars: {widths: [1, 2], q: \"${env.AVIF_Q}\"}\n"
    "limits: {bytes: 4MiB, pixels: 80MP, time: 15s}\n"
    "steps:\n"
    "  - {id: image, decode: {strip: [gps]}, on_error: {decode: stop}}\n"
    "  - {id: blur, blurhash: {}, when: steps.image.width > 3, on_error: {\"*\": skip}}\n"
    "  - id: sizes\n"
    "    foreach: ${vars.widths}\n"
    "    where: index == 0 or item <= steps.image.width\n"
    "    steps:\n"
    "      - {id: small, in: image, thumbnail: {width: \"${item}\"}}\n"
    "      - {id: enc, encode: {format: webp, quality: \"${vars.q}\"}, on_error: {\"*\": fallback}, fallback: {encode: "
    "{format: jpeg}}}\n"
    "      - {id: save, put: {store: thumbs, key: \"t/${input.name}/${item}\", if_absent: true}, retry: {times: 3}, "
    "undo: true}\n"
    "    emit: {w: \"${steps.small.width}\", url: \"${steps.save.url}\"}\n"
    "  - parallel:\n"
    "      - {id: soft, in: image, vips: {op: gaussblur, sigma: 2}}\n"
    "      - {id: row, record: {table: images, key: \"${input.name}\", set: {s: \"${steps.sizes.items}\", b: "
    "\"${steps.blur.hash ?? ''}\"}}}\n"
    "  - {id: other, call: {pipeline: q, with: {w: 3}}}\n"
    "output: {n: \"${steps.sizes.count}\", w: \"${steps.other.w}\"}\n"
    "on_failure:\n"
    "  - {id: told, when: not error.transient, send: {queue: jobs, body: {code: \"${error.code}\"}}}\n";

static const char other[] =
    "version: 1\ninputs: {w: {type: int}}\nsteps: [{upper: {text: \"${input.w}\"}}]\noutput: {w: \"${input.w}\"}\n";

/* Nothing was overlooked: a project that is not sound has an error to show. */
static void parse_again(struct world *world)
{
    struct pxm_load_options options = {.catalog = &fake_catalog};

    pxm_arena_free(world->arena);
    world_parse(world, &options);
    assert_true(world->project || world->diags.errors > 0);
    for (size_t i = 0; i < world->diags.count; i++) {
        assert_non_null(world->diags.items[i]->message);
        assert_non_null(pxm_diag_explain(world->diags.items[i]->code));
    }
    assert_true(strlen(world_text(world)) > 0 || world->diags.count == 0);
}

static void open_sound(struct world *world)
{
    world_open(world, NULL, "pixmill.yaml", fake_project, "pipelines/p.yaml", pipeline, "pipelines/q.yaml", other,
               NULL);
    assert_string_equal(world_text(world), "");
}

static void cut_everywhere(struct world *world, const char *path, const char *text)
{
    char *part = strdup(text);

    assert_non_null(part);
    for (size_t length = strlen(text); length-- > 0;) {
        part[length] = '\0';
        world_write(world, path, part);
        parse_again(world);
    }
    free(part);
}

static void a_pipeline_may_end_anywhere(void **state)
{
    struct world world;
    (void)state;
    open_sound(&world);
    cut_everywhere(&world, "pipelines/p.yaml", pipeline);
    world_close(&world);
}

static void a_project_may_end_anywhere(void **state)
{
    struct world world;
    (void)state;
    open_sound(&world);
    cut_everywhere(&world, "pixmill.yaml", fake_project);
    world_close(&world);
}

/* Replaces each byte by each of a few that mean something. */
static void any_byte_may_be_wrong(void **state)
{
    static const char bytes[] = "{[:,\"$ -x0";
    struct world world;
    char *text = strdup(pipeline);
    (void)state;
    assert_non_null(text);
    open_sound(&world);
    for (size_t at = 0; text[at]; at++) {
        char kept = text[at];
        text[at] = bytes[at % (sizeof bytes - 1)];
        world_write(&world, "pipelines/p.yaml", text);
        parse_again(&world);
        text[at] = kept;
    }
    free(text);
    world_close(&world);
}

/* Every value in turn becomes a list, a map or another word. */
static void any_value_may_be_of_another_kind(void **state)
{
    static const char *const values[] = {"[]", "{}", "nonsense", "[{}]", "{a: {b: c}}"};
    struct world world;
    char text[2 * sizeof pipeline];
    (void)state;
    open_sound(&world);
    for (const char *at = strchr(pipeline, ':'); at; at = strchr(at + 1, ':')) {
        size_t start = (size_t)(at - pipeline) + 1, end = start + strcspn(at + 1, ",}\n");
        const char *value = values[start % (sizeof values / sizeof values[0])];
        snprintf(text, sizeof text, "%.*s %s%s", (int)start, pipeline, value, pipeline + end);
        world_write(&world, "pipelines/p.yaml", text);
        parse_again(&world);
    }
    world_close(&world);
}

/* ---- size ------------------------------------------------------------------------------------------------------- */

static void there_are_at_most_256_steps(void **state)
{
    struct pxm_buf text;
    (void)state;
    pxm_buf_init(&text, 1 << 16);
    pxm_buf_puts(&text, "version: 1\nsteps:\n");
    for (int i = 0; i <= PXM_STEPS_MAX; i++) {
        pxm_buf_puts(&text, "  - {get: {store: originals, key: a}}\n");
    }
    assert_string_equal(diagnose(text.data),
                        "pipelines/p.yaml:259:5: error[E127]: more than 256 steps in one pipeline\n"
                        " 259 |   - {get: {store: originals, key: a}}\n"
                        "     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n");
    pxm_buf_done(&text);
}

static void calls_nest_eight_deep(void **state)
{
    struct world world;
    char name[64], text[128];
    (void)state;
    world_open(&world, NULL, "pixmill.yaml", fake_project, "pipelines/p.yaml", other, NULL);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "pipelines/p%02d.yaml", i);
        snprintf(text, sizeof text, "version: 1\nsteps: [{id: a, call: {pipeline: p%02d}}]\n", i + 1);
        world_write(&world, name, i < 39 ? text : "version: 1\nsteps: [{id: a, get: {store: originals, key: a}}]\n");
    }
    parse_again(&world);
    assert_true(world.diags.errors > 0);
    for (size_t i = 0; i < world.diags.count; i++) {
        assert_string_equal(world.diags.items[i]->code, "E303");
    }
    world_close(&world);
}

/* The arena is the limit, and running into it is an error. */
static void a_project_too_large_for_its_arena_is_no_success(void **state)
{
    struct world world;
    struct pxm_load_options options = {.catalog = &fake_catalog};
    (void)state;
    open_sound(&world);
    pxm_arena_free(world.arena);
    for (size_t room = 0; room < 200000; room += 977) {
        world.arena = pxm_arena_new(room);
        assert_non_null(world.arena);
        pxm_diags_init(&world.diags, world.arena);
        world.project = pxm_project_parse(&options, &world.diags);
        if (world.diags.errors == 0) {
            assert_non_null(world.project);
            break;
        }
        pxm_arena_free(world.arena);
    }
    assert_int_equal(world.diags.errors, 0);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipeline_may_end_anywhere),
        cmocka_unit_test(a_project_may_end_anywhere),
        cmocka_unit_test(any_byte_may_be_wrong),
        cmocka_unit_test(any_value_may_be_of_another_kind),
        cmocka_unit_test(there_are_at_most_256_steps),
        cmocka_unit_test(calls_nest_eight_deep),
        cmocka_unit_test(a_project_too_large_for_its_arena_is_no_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
