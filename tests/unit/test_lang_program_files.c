/* Which files a project is made of, and the project that a lone pipeline gets. */
#include "lang_program_fixture.h"

#include "base/error.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char pipeline[] = "version: 1\nsteps: [{id: a, get: {store: originals, key: a}}]\n";
static const char on_images[] = "version: 1\nsteps: [{id: a, head: {store: images, key: a}}]\n";

static void pipelines_are_in_the_folder_beside_the_project(void **state)
{
    struct world world;
    (void)state;
    world_open(&world, NULL, "pixmill.yaml", fake_project, "pipelines/b.yaml", pipeline, "pipelines/a.yaml", pipeline,
               "pipelines/a.test.yaml", "nonsense", "pipelines/.hidden.yaml", "nonsense", "other.yaml", "nonsense",
               NULL);
    assert_string_equal(world_text(&world), "");
    assert_int_equal(world.project->program_count, 2);
    assert_string_equal(world.project->programs[0]->name, "a");
    assert_string_equal(world.project->programs[1]->path, "pipelines/b.yaml");
    assert_string_equal(world.project->path, "pixmill.yaml");
    assert_non_null(pxm_project_program(world.project, "b"));
    assert_null(pxm_project_program(world.project, "c"));
    world_close(&world);
}

static void hosts_are_found_by_their_names(void **state)
{
    static const char six[] = "version: 1\n"
                              "profiles: {local: {stores: {originals: {localfs: {root: x}}}}}\n"
                              "hosts: {daemon: {listen: \"[::1]:0\"}}\n";
    struct world world;
    (void)state;
    world_open(&world, NULL, "pixmill.yaml", fake_project, "pipelines/a.yaml", pipeline, NULL);
    const struct pxm_host_entry *host = pxm_project_host(world.project, "daemon");
    assert_string_equal(host->profile, "local");
    assert_string_equal(host->address, "127.0.0.1");
    assert_int_equal(host->port, 8080);
    assert_int_equal(host->workers, 4);
    assert_int_equal(host->limits.time_ms, 60000);
    assert_null(pxm_project_host(world.project, "lambda")->address);
    assert_int_equal(pxm_project_host(world.project, "lambda")->port, PXM_UNSET_INT);
    assert_null(pxm_project_host(world.project, "cli"));
    world_close(&world);
    world_open(&world, NULL, "pixmill.yaml", six, "pipelines/a.yaml", pipeline, NULL);
    assert_string_equal(pxm_project_host(world.project, "daemon")->address, "::1");
    assert_int_equal(pxm_project_host(world.project, "daemon")->port, 0);
    world_close(&world);
}

static void a_project_among_its_pipelines(void **state)
{
    struct world world;
    (void)state;
    world_open(&world, "app/pixmill.yaml", "app/pixmill.yaml", fake_project, "app/a.yaml", pipeline, NULL);
    assert_string_equal(world_text(&world), "");
    assert_int_equal(world.project->program_count, 1);
    assert_string_equal(world.project->programs[0]->path, "app/a.yaml");
    world_close(&world);
}

static void a_project_is_found_from_a_folder_and_from_below(void **state)
{
    struct world world;
    struct pxm_load_options options = {.path = ".", .catalog = &fake_catalog};
    (void)state;
    world_open(&world, NULL, "pixmill.yaml", fake_project, "pipelines/a.yaml", pipeline, "deep/x", "", NULL);
    pxm_arena_free(world.arena);
    world_parse(&world, &options);
    assert_non_null(world.project);
    assert_string_equal(world.project->path, "pixmill.yaml");
    pxm_arena_free(world.arena);
    assert_int_equal(chdir("deep"), 0);
    options.path = NULL;
    world_parse(&world, &options);
    assert_non_null(world.project);
    assert_string_equal(world.project->path, "../pixmill.yaml");
    assert_string_equal(world.project->programs[0]->path, "../pipelines/a.yaml");
    assert_int_equal(chdir(".."), 0);
    world_close(&world);
}

static void a_pipeline_brings_the_project_it_belongs_to(void **state)
{
    struct world world;
    (void)state;
    world_open(&world, "pipelines/b.yaml", "pixmill.yaml", fake_project, "pipelines/b.yaml", pipeline,
               "pipelines/a.yaml", pipeline, NULL);
    assert_string_equal(world_text(&world), "");
    assert_int_equal(world.project->program_count, 2);
    world_close(&world);
}

static void a_lone_pipeline_has_a_store_and_a_table(void **state)
{
    struct world world;
    (void)state;
    world_open(&world, "alone.yaml", "alone.yaml", on_images, NULL);
    assert_string_equal(world_text(&world), "");
    assert_null(world.project->path);
    assert_int_equal(world.project->program_count, 1);
    assert_int_equal(world.project->profile_count, 1);
    assert_string_equal(world.project->profiles[0].name, "local");
    const struct pxm_resource *store = pxm_profile_resource(&world.project->profiles[0], PXM_RESOURCE_STORE, "images");
    assert_non_null(store);
    assert_null(pxm_profile_resource(&world.project->profiles[0], PXM_RESOURCE_TABLE, "images"));
    world_close(&world);
}

static void relative_paths_start_at_the_project(void **state)
{
    struct world world;
    struct pxm_config *config = NULL;
    struct pxm_error error = {0};
    char expected[128], actual[4096];
    (void)state;
    world_open(&world, "alone.yaml", "alone.yaml", on_images, NULL);
    const struct pxm_resource *store = pxm_profile_resource(&world.project->profiles[0], PXM_RESOURCE_STORE, "images");
    assert_int_equal(pxm_config_fill(store->options, NULL, &config, &error), PXM_OK);
    const char *const *root = pxm_config_data(config);
    snprintf(actual, sizeof actual, "%s", *root);
    snprintf(expected, sizeof expected, "%s/var/images", world.folder);
    assert_string_equal(actual, expected);
    pxm_config_free(config);
    world_close(&world);
}

static void text_is_a_pipeline_without_a_file(void **state)
{
    struct world world;
    struct pxm_load_options options = {.text = on_images, .catalog = &fake_catalog};
    (void)state;
    world_open(&world, "alone.yaml", "alone.yaml", on_images, NULL);
    pxm_arena_free(world.arena);
    world_parse(&world, &options);
    assert_string_equal(world_text(&world), "");
    assert_string_equal(world.project->programs[0]->name, "-");
    world_close(&world);
}

static void what_cannot_be_found_is_said(void **state)
{
    struct world world;
    (void)state;
    world_open(&world, "nowhere.yaml", "a.yaml", pipeline, NULL);
    assert_null(world.project);
    assert_string_equal(world_text(&world), "error[E500]: nowhere.yaml: there is no such file\n"
                                            "    = a project is a folder with pixmill.yaml in it\n");
    world_close(&world);
    world_open(&world, ".", "a.yaml", pipeline, NULL);
    assert_null(world.project);
    assert_string_equal(world_text(&world), "error[E500]: pixmill.yaml: there is no such file\n"
                                            "    = a project is a folder with pixmill.yaml in it\n");
    world_close(&world);
}

static void an_unreadable_pipeline_does_not_hide_the_others(void **state)
{
    struct world world;
    (void)state;
    world_open(&world, NULL, "pixmill.yaml", fake_project, "pipelines/b.yaml", pipeline, NULL);
    assert_int_equal(symlink("nowhere", "pipelines/a.yaml"), 0);
    pxm_arena_free(world.arena);
    struct pxm_load_options options = {.catalog = &fake_catalog};
    world_parse(&world, &options);
    assert_int_equal(world.diags.errors, 1);
    assert_string_equal(world.diags.items[0]->code, "E001");
    assert_int_equal(world.project->program_count, 2);
    world_close(&world);
}

static void there_are_at_most_256_pipelines(void **state)
{
    struct world world;
    char name[64];
    (void)state;
    world_open(&world, NULL, "pixmill.yaml", fake_project, "pipelines/p.yaml", pipeline, NULL);
    for (int i = 0; i < PXM_PIPELINES_MAX; i++) {
        snprintf(name, sizeof name, "pipelines/p%d.yaml", i);
        world_write(&world, name, pipeline);
    }
    pxm_arena_free(world.arena);
    struct pxm_load_options options = {.catalog = &fake_catalog};
    world_parse(&world, &options);
    assert_null(world.project);
    assert_string_equal(world_text(&world), "error[E127]: more than 256 pipelines in pipelines\n");
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelines_are_in_the_folder_beside_the_project),
        cmocka_unit_test(hosts_are_found_by_their_names),
        cmocka_unit_test(a_project_among_its_pipelines),
        cmocka_unit_test(a_project_is_found_from_a_folder_and_from_below),
        cmocka_unit_test(a_pipeline_brings_the_project_it_belongs_to),
        cmocka_unit_test(a_lone_pipeline_has_a_store_and_a_table),
        cmocka_unit_test(relative_paths_start_at_the_project),
        cmocka_unit_test(text_is_a_pipeline_without_a_file),
        cmocka_unit_test(what_cannot_be_found_is_said),
        cmocka_unit_test(an_unreadable_pipeline_does_not_hide_the_others),
        cmocka_unit_test(there_are_at_most_256_pipelines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
