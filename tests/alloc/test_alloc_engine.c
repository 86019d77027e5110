/* core/engine when memory runs out: opening a project and running a pipeline end in success or in an error that says
 * so, and leave nothing behind. */
#include "engine_fixture.h"

#include "alloc_sweep.h"

#include <string.h>

static const char callee[] = "version: 1\n"
                             "inputs: {n: {type: int, min: 1, max: 10}}\n"
                             "steps: [{id: s, fake.note: {text: \"${input.n}\"}}]\n"
                             "output: {text: \"${steps.s.text}\"}\n";

static const char whole[] =
    "version: 1\n"
    "inputs: {file: {type: blob}, name: {type: string, pattern: \"[a-z]+\"}, extra: {type: list, default: [1]}}\n"
    "vars: {widths: [10, 20]}\n"
    "steps:\n"
    "  - {id: original, in: input.file, put: {store: objects, key: \"o/${input.name}\", if_absent: true}, undo: true}\n"
    "  - {id: again, get: {store: objects, key: \"o/${input.name}\"}}\n"
    "  - {id: image, in: input.file, fake.open: {}}\n"
    "  - id: sizes\n"
    "    foreach: ${vars.widths}\n"
    "    max_parallel: 2\n"
    "    steps:\n"
    "      - {id: small, in: image, fake.shrink: {width: \"${item}\"}}\n"
    "      - {id: packed, fake.pack: {}}\n"
    "      - {id: saved, put: {store: objects, key: \"t/${item}\"}}\n"
    "    emit: {w: \"${steps.small.width}\", key: \"${steps.saved.key}\"}\n"
    "  - {id: called, call: {pipeline: callee, with: {n: 7}}}\n"
    "  - parallel:\n"
    "      - {id: note, fake.note: {text: beside}}\n"
    "      - {id: row, record: {table: rows, key: k, set: {sizes: \"${steps.sizes.items}\"}}}\n"
    "output: {sizes: \"${steps.sizes.items}\", called: \"${steps.called.text}\"}\n"
    "on_failure: [{id: told, fake.note: {text: \"failed ${error.code}\"}}]\n";

static const char expected[] = "{\"sizes\":[{\"w\":10,\"key\":\"t/10\"},{\"w\":20,\"key\":\"t/20\"}],\"called\":\"7\"}";

static int outcome_of(pxm_status status)
{
    return status == PXM_E_NO_MEMORY ? ALLOC_FAILURE : ALLOC_FALSE;
}

static int run_once(void *arg)
{
    const struct world *world = arg;
    const struct pxm_input_value inputs[] = {{.name = "file", .data = "abc", .length = 3},
                                             {.name = "name", .text = "cat"},
                                             {.name = "extra", .text = "[a, {b: 1}]"}};
    const struct pxm_run_options options = {.struct_size = sizeof options, .inputs = inputs, .input_count = 3};
    pxm_error *error = NULL;
    pxm_run *run = NULL;

    pxm_status status = pxm_submit(pxm_project_pipeline(world->project, "whole"), &options, &run, &error);
    if (status != PXM_OK) {
        int outcome = outcome_of(status);
        pxm_error_free(error);
        return outcome;
    }
    pxm_run_wait(run, -1);
    status = pxm_run_status(run);
    int outcome = outcome_of(status);
    if (status == PXM_OK) {
        outcome = strcmp(pxm_run_result_json(run), expected) == 0 ? ALLOC_SUCCESS : ALLOC_FALSE;
    }
    if (outcome == ALLOC_FALSE) {
        print_message("%s %s\n", pxm_run_result_json(run), status == PXM_OK ? "" : pxm_error_text(pxm_run_error(run)));
    }
    pxm_run_free(run);
    return outcome;
}

static void a_run_survives(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 2, NULL, "callee", callee, "whole", whole, NULL);
    alloc_sweep("run", run_once, &world);
    world_close(&world);
}

static int open_once(void *arg)
{
    const struct world *world = arg;
    const struct pxm_project_options options = {.struct_size = sizeof options, .path = world->folder};
    pxm_error *error = NULL;
    pxm_project_handle *project = NULL;
    pxm_status status = pxm_project_open(world->engine, &options, &project, NULL, &error);

    if (status == PXM_OK) {
        int right = pxm_project_pipeline(project, "whole") != NULL;
        pxm_project_close(project);
        return right ? ALLOC_SUCCESS : ALLOC_FALSE;
    }
    int told = error && pxm_error_status(error) != PXM_OK;
    pxm_error_free(error);
    return told && !project ? ALLOC_FAILURE : ALLOC_FALSE;
}

static void opening_a_project_survives(void **state)
{
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "callee", callee, "whole", whole, NULL);
    alloc_sweep("open", open_once, &world);
    world_close(&world);
}

static int make_engine(void *arg)
{
    const struct pxm_engine_options options = {.struct_size = sizeof options, .workers = 2, .plugin_path = "/tmp"};
    pxm_engine *engine = NULL;
    (void)arg;

    pxm_status status = pxm_engine_new(&options, &engine, NULL);
    if (status != PXM_OK) {
        return outcome_of(status);
    }
    status = pxm_engine_add_builtin(engine, pxm_plugin_fake, NULL);
    pxm_engine_free(engine);
    return status == PXM_OK ? ALLOC_SUCCESS : ALLOC_FAILURE;
}

static void making_an_engine_survives(void **state)
{
    (void)state;
    alloc_sweep("engine", make_engine, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making_an_engine_survives),
        cmocka_unit_test(opening_a_project_survives),
        cmocka_unit_test(a_run_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
