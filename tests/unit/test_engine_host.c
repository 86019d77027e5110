/* What our own hosts ask of the engine beyond the public API: to be told before a put, a run's time, a project that was
 * parsed earlier, a registry that is shared, and blobs that know the object they came from. */
#include "engine_fixture.h"

#include "base/blob.h"
#include "lang/program/program.h"

#include <string.h>

static const char file_bytes[] = "10x20abc";
static const struct pxm_input_value file_input[] = {{.name = "file", .data = file_bytes, .length = 8}, {.name = NULL}};

static const char keeping[] = "version: 1\n"
                              "inputs: {file: {type: blob}}\n"
                              "steps: [{id: kept, in: input.file, put: {store: objects, key: a/b}, "
                              "retry: {times: 1, backoff: 1ms}}]\n"
                              "output: \"${run.time} ${run.unix_ms}\"\n";

static pxm_status tell(void *arg, const char *store, const char *key, pxm_error *error)
{
    const bool *refuse = arg;

    journal_add("about to put %s/%s", store, key);
    return *refuse ? pxm_error_set(error, PXM_E_TRANSIENT, "test.refused", "not now") : PXM_OK;
}

static void tell_made(void *arg, const char *store, const char *key, const pxm_value *fields)
{
    (void)arg;
    journal_add("made %s/%s %s", store, key, pxm_value_as_string(pxm_value_get(fields, "etag"), NULL));
}

static pxm_run *run_start(struct world *world, struct pxm_run_start *start, size_t input_count)
{
    const struct pxm_run_options options = {
        .struct_size = sizeof options, .inputs = file_input, .input_count = input_count};
    pxm_error error = {0};
    pxm_run *run = NULL;

    start->options = &options;
    assert_int_equal(pxm_run_begin(pxm_project_pipeline(world->project, "keeping"), start, &run, &error), PXM_OK);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    return run;
}

static pxm_run *run_with(struct world *world, struct pxm_run_start *start)
{
    return run_start(world, start, 1);
}

static void the_host_is_told_before_each_put(void **state)
{
    bool refuse = false;
    const struct pxm_effects effects = {.put = tell, .arg = &refuse};
    struct pxm_run_start start = {.effects = &effects};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "keeping", keeping, NULL);
    pxm_run *run = run_with(&world, &start);
    assert_int_equal(pxm_run_status(run), PXM_OK);
    assert_string_equal(journal_text(), "about to put objects/a/b, put a/b");
    pxm_run_free(run);
    world_close(&world);
}

static void the_host_is_told_what_was_put(void **state)
{
    bool refuse = false;
    const struct pxm_effects effects = {.put = tell, .made = tell_made, .arg = &refuse};
    struct pxm_run_start start = {.effects = &effects};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "keeping", keeping, NULL);
    pxm_run *run = run_with(&world, &start);
    assert_int_equal(pxm_run_status(run), PXM_OK);
    assert_string_equal(journal_text(), "about to put objects/a/b, put a/b, made objects/a/b e");
    pxm_run_free(run);
    world_close(&world);
}

static void a_put_that_the_host_refuses_fails_and_puts_nothing(void **state)
{
    bool refuse = true;
    const struct pxm_effects effects = {.put = tell, .made = tell_made, .arg = &refuse};
    struct pxm_run_start start = {.effects = &effects};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "keeping", keeping, NULL);
    pxm_run *run = run_with(&world, &start);
    assert_int_equal(pxm_run_status(run), PXM_E_TRANSIENT);
    assert_string_equal(pxm_run_error(run)->code, "test.refused");
    assert_string_equal(pxm_run_error(run)->step, "kept");
    assert_string_equal(journal_text(), "about to put objects/a/b, about to put objects/a/b");
    assert_null(fake_object("objects", "a/b"));
    pxm_run_free(run);
    world_close(&world);
}

static void objects_get_the_texts_of_their_host_besides_those_of_their_step(void **state)
{
    pxm_value *meta = pxm_value_record();
    const struct pxm_effects effects = {.meta = meta};
    struct pxm_run_start start = {.effects = &effects};
    struct world world;
    (void)state;

    assert_int_equal(pxm_value_set(meta, "host", pxm_value_cstring("mine")), PXM_OK);
    world_open(&world, 1, NULL, "keeping",
               "version: 1\ninputs: {file: {type: blob}}\nsteps:\n"
               "  - {in: input.file, put: {store: objects, key: a}}\n"
               "  - {in: input.file, put: {store: objects, key: b, meta: {step: its, host: not mine}}}\n",
               NULL);
    pxm_run *run = run_with(&world, &start);
    assert_int_equal(pxm_run_status(run), PXM_OK);
    assert_string_equal(journal_text(),
                        "put a with {\"host\":\"mine\"}, put b with {\"step\":\"its\",\"host\":\"mine\"}");
    pxm_run_free(run);
    world_close(&world);
    pxm_value_unref(meta);
}

static void a_run_sees_the_time_that_its_host_says(void **state)
{
    struct pxm_run_start start = {.time_ms = 86400000};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "keeping", keeping, NULL);
    pxm_run *run = run_with(&world, &start);
    assert_string_equal(pxm_run_result_json(run), "\"1970-01-02T00:00:00.000Z 86400000\"");
    pxm_run_free(run);
    world_close(&world);
}

static const struct pxm_value *result_of_get(struct world *world, const char *pipeline, pxm_run **ret)
{
    *ret = world_run(world, pipeline, file_input);
    assert_int_equal(pxm_run_status(*ret), PXM_OK);
    return pxm_run_result(*ret);
}

static void what_get_gives_knows_its_etag(void **state)
{
    struct world world;
    pxm_run *run = NULL;
    (void)state;

    world_open(&world, 1, NULL, "whole",
               "version: 1\ninputs: {file: {type: blob}}\nsteps:\n"
               "  - {in: input.file, put: {store: objects, key: a}}\n"
               "  - {id: got, get: {store: objects, key: a}}\noutput: ${steps.got}\n",
               "part",
               "version: 1\ninputs: {file: {type: blob}}\nsteps:\n"
               "  - {in: input.file, put: {store: objects, key: a}}\n"
               "  - {id: got, get: {store: objects, key: a, length: 3}}\noutput: ${steps.got}\n",
               NULL);
    pxm_blob *blob = pxm_value_as_blob(result_of_get(&world, "whole", &run));
    assert_string_equal(pxm_blob_etag(blob), "e");
    assert_string_equal(pxm_blob_media(blob), "text/fake");
    pxm_run_free(run);
    blob = pxm_value_as_blob(result_of_get(&world, "part", &run));
    assert_null(pxm_blob_etag(blob));
    pxm_run_free(run);
    world_close(&world);
}

/* ---- projects that were parsed before ---------------------------------------------------------------------------- */

static pxm_project_handle *open_parsed(struct world *world, struct pxm_registry *registry)
{
    const struct pxm_catalog catalog = pxm_registry_catalog(registry);
    const struct pxm_load_options load = {.path = world->folder, .catalog = &catalog};
    struct pxm_arena *arena = pxm_arena_new(PXM_PROJECT_BYTES_MAX);
    struct pxm_diags diags;
    pxm_error error = {0};
    pxm_project_handle *handle = NULL;

    pxm_diags_init(&diags, arena);
    const struct pxm_project *project = pxm_project_parse(&load, &diags);
    assert_non_null(project);
    assert_int_equal(diags.errors, 0);
    world_write(world, "pipelines/keeping.yaml", "version: 1\nsteps: [{no.such: {}}]\n");
    const struct pxm_open_options open = {.project = project};
    assert_int_equal(pxm_project_handle_open(world->engine, &open, &diags, &handle, &error), PXM_OK);
    return handle;
}

static void a_project_that_was_parsed_runs_whatever_became_of_its_files(void **state)
{
    const struct pxm_engine_options options = {.struct_size = sizeof options, .workers = 1};
    struct pxm_registry *registry = NULL;
    struct world world = {0};
    pxm_error error = {0};
    (void)state;

    world_write(&world, "pixmill.yaml", "version: 1\nprofiles: {p: {stores: {objects: {mem: {name: objects}}}}}\n");
    world_write(&world, "pipelines/keeping.yaml", keeping);
    assert_int_equal(pxm_registry_new(NULL, &registry, &error), PXM_OK);
    assert_int_equal(pxm_registry_add_builtin(registry, pxm_plugin_fake, &error), PXM_OK);
    const struct pxm_engine_parts parts = {.registry = registry, .clock = &fake_clock};
    for (int round = 0; round < 2; round++) {
        world_write(&world, "pipelines/keeping.yaml", keeping);
        assert_int_equal(pxm_engine_create(&options, &parts, &world.engine, &error), PXM_OK);
        world.project = open_parsed(&world, registry);
        journal_clear();
        pxm_run *run = world_run(&world, "keeping", file_input);
        assert_int_equal(pxm_run_status(run), PXM_OK);
        assert_string_equal(journal_text(), "put a/b");
        pxm_run_free(run);
        if (round == 0) {
            pxm_project_close(world.project);
            pxm_engine_free(world.engine);
        }
    }
    world_close(&world);
    pxm_registry_free(registry);
}

static const char mourning[] = "version: 1\n"
                               "steps: [{fail: {code: test.away, message: not now, transient: true}}]\n"
                               "on_failure:\n"
                               "  - {when: error.transient, fake.note: {text: may pass}}\n"
                               "  - {when: not error.transient, fake.note: {text: \"gave up on ${error.code}\"}}\n";

static void in_the_last_try_no_error_is_transient(void **state)
{
    struct pxm_run_start start = {0};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "keeping", mourning, NULL);
    pxm_run *run = run_start(&world, &start, 0);
    assert_string_equal(journal_text(), "may pass");
    assert_true(pxm_error_is_transient(pxm_run_error(run)));
    pxm_run_free(run);
    journal_clear();
    start.final = true;
    run = run_start(&world, &start, 0);
    assert_string_equal(journal_text(), "gave up on test.away");
    assert_true(pxm_error_is_transient(pxm_run_error(run)));
    pxm_run_free(run);
    world_close(&world);
}

static void a_try_that_could_not_tell_its_failure_has_it_told_by_another(void **state)
{
    pxm_error failure = {0};
    struct pxm_run_start start = {.failure = &failure};
    struct world world;
    (void)state;

    pxm_error_set(&failure, PXM_E_INVALID, "worker.crashed", "it died");
    world_open(&world, 1, NULL, "keeping", mourning, NULL);
    pxm_run *run = run_start(&world, &start, 0);
    assert_string_equal(journal_text(), "gave up on worker.crashed");
    assert_string_equal(pxm_run_error(run)->code, "worker.crashed");
    assert_string_equal(pxm_run_error(run)->text, "it died");
    pxm_run_free(run);
    world_close(&world);
}

static void a_pipeline_may_have_an_output_and_no_steps(void **state)
{
    struct pxm_run_start start = {0};
    struct world world;
    (void)state;

    world_open(&world, 1, NULL, "keeping", "version: 1\noutput: \"it is ${run.pipeline}\"\n", NULL);
    pxm_run *run = run_start(&world, &start, 0);
    assert_string_equal(pxm_run_result_json(run), "\"it is keeping\"");
    pxm_run_free(run);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_is_told_before_each_put),
        cmocka_unit_test(the_host_is_told_what_was_put),
        cmocka_unit_test(a_put_that_the_host_refuses_fails_and_puts_nothing),
        cmocka_unit_test(objects_get_the_texts_of_their_host_besides_those_of_their_step),
        cmocka_unit_test(a_run_sees_the_time_that_its_host_says),
        cmocka_unit_test(in_the_last_try_no_error_is_transient),
        cmocka_unit_test(a_try_that_could_not_tell_its_failure_has_it_told_by_another),
        cmocka_unit_test(a_pipeline_may_have_an_output_and_no_steps),
        cmocka_unit_test(what_get_gives_knows_its_etag),
        cmocka_unit_test(a_project_that_was_parsed_runs_whatever_became_of_its_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
