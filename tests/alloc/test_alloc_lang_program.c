/* Projects and schemas when memory runs out: an error that says so, no crash, no leak, and never a project that is said
 * to be sound. Arenas take memory in large pieces, so a second sweep gives them a little more room each time. */
#include "alloc_sweep.h"

#include "../unit/lang_program_fixture.h"
#include "base/value.h"
#include "lang/program/schema.h"

enum { ARENA_STEP = 251 };

static const char sound[] =
    "version: 1\n"
    "inputs: {file: {type: blob}, name: {type: string, pattern: \"[a-z]{1,9}\", default: a}}\n"
    "triggers: {form: {http: {method: POST, path: \"/u/{name}\"}, bind: {file: \"${event.body}\"}}}\n"
    "vars: {widths: [1, 2]}\n"
    "steps:\n"
    "  - {id: image, decode: {}, on_error: {decode: stop}}\n"
    "  - {id: blur, blurhash: {}, on_error: {\"*\": skip}}\n"
    "  - id: sizes\n"
    "    foreach: ${vars.widths}\n"
    "    where: item <= steps.image.width\n"
    "    steps:\n"
    "      - {id: small, in: image, thumbnail: {width: \"${item}\"}}\n"
    "      - {id: saved, encode: {format: webp}, on_error: {\"*\": fallback}, fallback: {encode: {format: jpeg}}}\n"
    "    emit: {w: \"${steps.small.width}\"}\n"
    "  - {id: row, record: {table: images, key: a, set: {b: \"${steps.blur.hash ?? ''}\"}}}\n"
    "  - {id: other, call: {pipeline: q, with: {w: 3}}}\n"
    "output: {n: \"${steps.sizes.count}\"}\n";
static const char called[] =
    "version: 1\ninputs: {w: {type: int}}\nsteps: [{upper: {text: \"${input.w}\"}}]\noutput: {w: 3}\n";
static const char broken[] =
    "version: 1\n"
    "inputs: {file: {type: blob, pattern: x}, n: {type: int, default: x}}\n"
    "triggers: {form: {http: {method: POST, path: u}}, a: {message: {queue: jbs}}, b: {message: {queue: jbs}}}\n"
    "steps:\n"
    "  - {id: image, decod: {}}\n"
    "  - {id: image, in: input.fle, decode: {frmes: 3}, on_error: {x: y}}\n"
    "  - {id: small, thumbnail: {width: \"${steps.later.width}\"}}\n"
    "  - {id: later, when: true, put: {store: thumb, key: \"${input.n}\"}, undo: maybe}\n"
    "  - {id: again, call: {pipeline: p}}\n"
    "output: \"${steps.latr.key} ${steps.later.key}\"\n";

/* `is_sound`: the folder holds nothing that is wrong, so that every error must be about memory. */
static int parse(size_t arena_bytes, bool is_sound)
{
    struct pxm_load_options options = {.catalog = &fake_catalog};
    struct pxm_arena *arena = pxm_arena_new(arena_bytes);
    struct pxm_diags diags;
    int ret = ALLOC_SUCCESS;

    if (!arena) {
        return ALLOC_FAILURE;
    }
    pxm_diags_init(&diags, arena);
    const struct pxm_project *project = pxm_project_parse(&options, &diags);
    if (diags.no_memory) {
        ret = diags.errors > 0 ? ALLOC_FAILURE : ALLOC_FALSE;
    } else if (!project || (diags.errors > 0) == is_sound) {
        ret = ALLOC_FALSE;
    }
    pxm_arena_free(arena);
    return ret;
}

static int parse_sound(void *arg)
{
    (void)arg;
    return parse(PXM_PROJECT_BYTES_MAX, true);
}

static int parse_broken(void *arg)
{
    (void)arg;
    return parse(PXM_PROJECT_BYTES_MAX, false);
}

static void in_a_project(const char *pipeline, int (*scenario)(void *arg), bool is_sound)
{
    struct world world;
    size_t room = 0;

    world_open(&world, NULL, "pixmill.yaml", fake_project, "pipelines/p.yaml", pipeline, "pipelines/q.yaml", called,
               NULL);
    alloc_sweep("project", scenario, NULL);
    int ret = ALLOC_FAILURE;
    for (; ret == ALLOC_FAILURE; room += ARENA_STEP) {
        ret = parse(room, is_sound);
        assert_int_not_equal(ret, ALLOC_FALSE);
    }
    assert_true(room < 1 << 20);
    world_close(&world);
}

static void a_sound_project(void **state)
{
    (void)state;
    in_a_project(sound, parse_sound, true);
}

static void a_broken_project(void **state)
{
    (void)state;
    in_a_project(broken, parse_broken, false);
}

static int make_schemas(void *arg)
{
    pxm_value *pipeline = pxm_schema_pipeline(&fake_catalog);
    pxm_value *project = pxm_schema_project(&fake_catalog);
    int ret = pipeline && project ? ALLOC_SUCCESS : ALLOC_FAILURE;

    (void)arg;
    pxm_value_unref(pipeline);
    pxm_value_unref(project);
    return ret;
}

static void schemas(void **state)
{
    (void)state;
    alloc_sweep("schemas", make_schemas, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_project),
        cmocka_unit_test(a_broken_project),
        cmocka_unit_test(schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
