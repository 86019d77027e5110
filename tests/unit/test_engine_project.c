/* Opening and closing projects: profiles, environment, secrets, resources, and everything that can be wrong with
 * them. */
#include "engine_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char trivial[] = "version: 1\nsteps: [{fake.note: {text: a}}]\n";

/* Opens an engine over a folder with this project file; the project itself is not opened. */
static void prepare(struct world *world, const char *project, const char *pipeline)
{
    const struct pxm_engine_options options = {.struct_size = sizeof options, .workers = 2};
    pxm_error error = {0};

    memset(world, 0, sizeof *world);
    world_write(world, "pixmill.yaml", project);
    world_write(world, "pipelines/p.yaml", pipeline);
    assert_int_equal(
        pxm_engine_create(&options, &(struct pxm_engine_parts){.clock = &fake_clock}, &world->engine, &error), PXM_OK);
    assert_int_equal(pxm_engine_add_builtin(world->engine, pxm_plugin_fake, NULL), PXM_OK);
    journal_clear();
}

static void expect_refusal(struct world *world, const char *profile, const char *code, const char *text)
{
    pxm_error error = {0};

    assert_int_equal(world_project(world, profile, &world->project, &error), PXM_E_INVALID);
    assert_null(world->project);
    assert_string_equal(error.code, "project.invalid");
    assert_non_null(strstr(error.text, code));
    assert_non_null(strstr(error.text, text));
}

static void resources_are_created_in_order_and_destroyed_in_reverse(void **state)
{
    struct world world;
    pxm_error error = {0};
    (void)state;

    prepare(&world,
            "version: 1\nprofiles:\n  p:\n    stores: {a: {mem: {name: one}}, b: {mem: {name: two}}}\n"
            "    queues: {q: {memqueue: {name: three}}}\n",
            trivial);
    assert_int_equal(world_project(&world, NULL, &world.project, &error), PXM_OK);
    assert_string_equal(journal_text(), "create one, create two, create three");
    pxm_project_resumed(world.project);
    pxm_project_close(world.project);
    world.project = NULL;
    assert_string_equal(journal_text(),
                        "create one, create two, create three, resumed one, resumed two, resumed three, "
                        "destroy three, destroy two, destroy one");
    world_close(&world);
}

static void what_cannot_be_created_is_told_with_its_place(void **state)
{
    struct world world;
    pxm_error error = {0};
    (void)state;

    prepare(&world, "version: 1\nprofiles:\n  p:\n    stores: {a: {mem: {name: one}}, b: {mem: {name: refused}}}\n",
            trivial);
    assert_int_equal(world_project(&world, NULL, &world.project, &error), PXM_E_DENIED);
    assert_string_equal(error.code, "store.denied"); /* the cause, which no mistake of the project is */
    assert_non_null(strstr(error.text, "pixmill.yaml:4:"));
    assert_non_null(strstr(error.text, "E506"));
    assert_string_equal(journal_text(), "create one, destroy one");
    world_close(&world);
}

static const char with_env[] = "version: 1\n"
                               "env:\n"
                               "  PIXMILL_TEST_NAME: {type: string}\n"
                               "  PIXMILL_TEST_Q: {type: int, min: 1, max: 100, default: 50}\n"
                               "profiles:\n"
                               "  p:\n"
                               "    stores: {a: {mem: {name: \"${env.PIXMILL_TEST_NAME}\"}}}\n";
static const char with_vars[] = "version: 1\n"
                                "vars: {q: \"${env.PIXMILL_TEST_Q}\", all: [\"${vars.q}\", 1]}\n"
                                "steps: [{fake.note: {text: a}}]\n"
                                "output: {q: \"${vars.q}\", all: \"${vars.all}\"}\n";

static void environment_reaches_resources_and_vars(void **state)
{
    struct world world;
    pxm_error error = {0};
    (void)state;

    prepare(&world, with_env, with_vars);
    assert_int_equal(setenv("PIXMILL_TEST_NAME", "from-env", 1), 0);
    assert_int_equal(world_project(&world, NULL, &world.project, &error), PXM_OK);
    assert_string_equal(journal_text(), "create from-env");
    assert_string_equal(world_result(&world, "p", NULL), "{\"q\":50,\"all\":[50,1]}");
    pxm_project_close(world.project);
    world.project = NULL;
    assert_int_equal(setenv("PIXMILL_TEST_Q", "101", 1), 0);
    expect_refusal(&world, NULL, "E509", "PIXMILL_TEST_Q");
    assert_int_equal(setenv("PIXMILL_TEST_Q", "7", 1), 0);
    assert_int_equal(world_project(&world, NULL, &world.project, &error), PXM_OK);
    assert_string_equal(world_result(&world, "p", NULL), "{\"q\":7,\"all\":[7,1]}");
    unsetenv("PIXMILL_TEST_NAME");
    unsetenv("PIXMILL_TEST_Q");
    world_close(&world);
}

static void a_missing_variable_is_an_error_with_its_place(void **state)
{
    struct world world;
    (void)state;

    unsetenv("PIXMILL_TEST_NAME");
    prepare(&world, with_env, trivial);
    expect_refusal(&world, NULL, "E509", "pixmill.yaml:3:");
    world_close(&world);
}

static const char with_secrets[] = "version: 1\n"
                                   "profiles:\n"
                                   "  env:\n"
                                   "    secrets: {k: {env: PIXMILL_TEST_SECRET}}\n"
                                   "    auth: {gate: {memauth: {key: \"${secret.k}\"}}}\n"
                                   "  file:\n"
                                   "    secrets: {k: {file: secret.txt}}\n"
                                   "    auth: {gate: {memauth: {key: \"${secret.k}\"}}}\n";

static void secrets_come_from_environment_and_files(void **state)
{
    struct world world;
    pxm_error error = {0};
    (void)state;

    prepare(&world, with_secrets, trivial);
    expect_refusal(&world, NULL, "E510", "PIXMILL_TEST_SECRET");
    expect_refusal(&world, "file", "E510", "secret `k`");
    assert_int_equal(setenv("PIXMILL_TEST_SECRET", "of-env", 1), 0);
    assert_int_equal(world_project(&world, NULL, &world.project, &error), PXM_OK);
    pxm_project_close(world.project);
    unsetenv("PIXMILL_TEST_SECRET");
    world_write(&world, "secret.txt", "of-file\n");
    assert_int_equal(setenv("PIXMILL_PROFILE", "file", 1), 0);
    assert_int_equal(world_project(&world, NULL, &world.project, &error), PXM_OK);
    unsetenv("PIXMILL_PROFILE");
    assert_string_equal(journal_text(), "create of-env, destroy of-env, create of-file");
    world_close(&world);
}

static void an_unknown_profile_is_told(void **state)
{
    struct world world;
    (void)state;

    prepare(&world, "version: 1\nprofiles: {p: {stores: {a: {mem: {}}}}}\n", trivial);
    expect_refusal(&world, "q", "E508", "`q`");
    world_close(&world);
}

static void a_broken_pipeline_keeps_the_project_closed(void **state)
{
    struct world world;
    (void)state;

    prepare(&world, "version: 1\nprofiles: {p: {stores: {a: {mem: {}}}}}\n",
            "version: 1\nsteps: [{fake.note: {txet: a}}]\n");
    expect_refusal(&world, NULL, "E102", "p.yaml:2:");
    assert_string_equal(journal_text(), "");
    world_close(&world);
}

static size_t told;
static void tell(void *arg, const struct pxm_resource *resource, pxm_status status, const pxm_error *error)
{
    (void)arg;
    told++;
    if (strcmp(resource->name, "b") == 0) {
        assert_int_equal(status, PXM_E_TRANSIENT);
        assert_string_equal(error->code, "store.unavailable");
    } else {
        assert_int_equal(status, PXM_OK);
    }
}

static void connect_asks_every_resource(void **state)
{
    struct world world;
    pxm_error error = {0};
    (void)state;

    prepare(&world, "version: 1\nprofiles: {p: {stores: {a: {mem: {}}, b: {mem: {name: away}}, c: {mem: {}}}}}\n",
            trivial);
    assert_int_equal(world_project(&world, NULL, &world.project, &error), PXM_OK);
    told = 0;
    assert_int_equal(pxm_project_connect(world.project, 1000, tell, NULL), 1);
    assert_int_equal(told, 3);
    world_close(&world);
}

static void note_prepared(void *arg, const struct pxm_resource *resource, const pxm_value *fields,
                          const pxm_error *error)
{
    (void)arg;
    journal_add("%s: %s", resource->name,
                error->status != PXM_OK         ? error->code
                : pxm_value_get(fields, "made") ? "ok"
                                                : "-");
}

/* Opens a project of the profile with these resources, and prepares those of a kind: how many there are. */
static size_t prepare_all(const char *resources, enum pxm_resource_kind kind, const char *name)
{
    struct world world;
    char project[600];
    pxm_error error = {0};

    snprintf(project, sizeof project, "version: 1\nprofiles: {p: {%s}}\n", resources);
    prepare(&world, project, trivial);
    assert_int_equal(world_project(&world, NULL, &world.project, &error), PXM_OK);
    journal_clear();
    size_t count = pxm_project_prepare(world.project, kind, name, 1000, note_prepared, NULL);
    char *lines = strdup(journal_text());
    world_close(&world);
    journal_clear();
    journal_add("%s", lines);
    free(lines);
    return count;
}

static void tables_and_queues_are_prepared_each_on_their_own(void **state)
{
    static const char both[] = "tables: {a: {memtable: {name: one}}, b: {memtable: {name: two}}}, "
                               "queues: {a: {memqueue: {name: three}}, q: {memqueue: {name: four}}}";
    (void)state;

    assert_int_equal(prepare_all(both, PXM_RESOURCE_TABLE, NULL), 2);
    assert_string_equal(journal_text(), "prepare one, a: ok, prepare two, b: ok");
    assert_int_equal(prepare_all(both, PXM_RESOURCE_TABLE, "b"), 1);
    assert_string_equal(journal_text(), "prepare two, b: ok");
    assert_int_equal(prepare_all(both, PXM_RESOURCE_QUEUE, "a"), 1);
    assert_string_equal(journal_text(), "prepare three for [], a: ok");
    assert_int_equal(prepare_all(both, PXM_RESOURCE_QUEUE, "b"), 0);
    assert_int_equal(prepare_all("stores: {a: {mem: {}}}", PXM_RESOURCE_QUEUE, NULL), 0);
}

static void one_that_cannot_be_prepared_does_not_stop_the_others(void **state)
{
    (void)state;

    assert_int_equal(
        prepare_all("queues: {a: {memqueue: {name: denied}}, b: {memqueue: {name: two}}}", PXM_RESOURCE_QUEUE, NULL),
        2);
    assert_string_equal(journal_text(), "a: queue.denied, prepare two for [], b: ok");
}

static void a_queue_is_told_the_buckets_of_the_stores_that_tell_through_it(void **state)
{
    (void)state;

    assert_int_equal(prepare_all("stores: {a: {mem: {bucket: one}, events: q}, b: {mem: {bucket: two}, events: q}, "
                                 "c: {mem: {bucket: one}, events: q}, d: {mem: {bucket: three}, events: r}, "
                                 "e: {mem: {bucket: four}}, f: {mem: {}, events: q}}, "
                                 "queues: {q: {memqueue: {name: q}}, r: {memqueue: {name: r}}}",
                                 PXM_RESOURCE_QUEUE, NULL),
                     2);
    assert_string_equal(journal_text(), "prepare q for [\"one\",\"two\"], q: ok, prepare r for [\"three\"], r: ok");
}

static void one_engine_serves_two_projects(void **state)
{
    struct world world;
    struct world other = {0};
    pxm_error error = {0};
    (void)state;

    world_open(&world, 2, NULL, "p", trivial, NULL);
    other.engine = world.engine;
    world_write(&other, "pixmill.yaml", "version: 1\nprofiles: {p: {stores: {s: {mem: {name: other}}}}}\n");
    world_write(&other, "pipelines/q.yaml",
                "version: 1\nsteps: [{fake.note: {text: b}}]\noutput: {p: \"${run.pipeline}\"}\n");
    assert_int_equal(world_project(&other, NULL, &other.project, &error), PXM_OK);
    assert_string_equal(world_result(&other, "q", NULL), "{\"p\":\"q\"}");
    assert_null(pxm_project_pipeline(other.project, "p"));
    assert_string_equal(world_result(&world, "p", NULL), "null");
    world_close_project(&other);
    assert_string_equal(world_result(&world, "p", NULL), "null");
    world_close(&world);
}

static void closing_waits_for_runs(void **state)
{
    struct world world;
    pxm_run *runs[50];
    (void)state;

    world_open(&world, 2, NULL, "p", trivial, NULL);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "p"), NULL, &runs[i], NULL), PXM_OK);
    }
    pxm_project_close(world.project);
    world.project = NULL;
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(pxm_run_wait(runs[i], 0), 1);
        assert_int_equal(pxm_run_status(runs[i]), PXM_OK);
        pxm_run_free(runs[i]);
    }
    world_close(&world);
}

static void limits_of_the_host_bound_those_of_the_pipeline(void **state)
{
    static const char file[] = "0123456789";
    const struct pxm_input_value input[] = {{.name = "file", .data = file, .length = 10}, {.name = NULL}};
    struct pxm_engine_options options = {.struct_size = sizeof options, .workers = 1, .limits = {.pixels = 9}};
    struct world world = {0};
    pxm_error error = {0};
    (void)state;

    world_write(&world, "pixmill.yaml", "version: 1\nprofiles: {p: {stores: {objects: {mem: {}}}}}\n");
    world_write(&world, "pipelines/p.yaml",
                "version: 1\nlimits: {pixels: 10P}\ninputs: {file: {type: blob}}\nsteps: [{fake.open: {}}]\n");
    assert_int_equal(
        pxm_engine_create(&options, &(struct pxm_engine_parts){.clock = &fake_clock}, &world.engine, &error), PXM_OK);
    assert_int_equal(pxm_engine_add_builtin(world.engine, pxm_plugin_fake, NULL), PXM_OK);
    assert_int_equal(world_project(&world, NULL, &world.project, &error), PXM_OK);
    assert_memory_equal(world_failure(&world, "p", input), "limit.pixels", 12);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resources_are_created_in_order_and_destroyed_in_reverse),
        cmocka_unit_test(what_cannot_be_created_is_told_with_its_place),
        cmocka_unit_test(environment_reaches_resources_and_vars),
        cmocka_unit_test(a_missing_variable_is_an_error_with_its_place),
        cmocka_unit_test(secrets_come_from_environment_and_files),
        cmocka_unit_test(an_unknown_profile_is_told),
        cmocka_unit_test(a_broken_pipeline_keeps_the_project_closed),
        cmocka_unit_test(connect_asks_every_resource),
        cmocka_unit_test(tables_and_queues_are_prepared_each_on_their_own),
        cmocka_unit_test(one_that_cannot_be_prepared_does_not_stop_the_others),
        cmocka_unit_test(a_queue_is_told_the_buckets_of_the_stores_that_tell_through_it),
        cmocka_unit_test(one_engine_serves_two_projects),
        cmocka_unit_test(closing_waits_for_runs),
        cmocka_unit_test(limits_of_the_host_bound_those_of_the_pipeline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
