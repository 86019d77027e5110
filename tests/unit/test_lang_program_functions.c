/* Functions of a host: what one of them takes of a project, and what it leaves alone. */
#include "lang_program_fixture.h"

#include <string.h>

static const char project[] = "version: 1\n"
                              "plugins: {require: {nobody.has.it: \">=1\"}}\n"
                              "profiles:\n"
                              "  local:\n"
                              "    stores: {originals: {localfs: {root: var}}, other: {broken: {}}}\n"
                              "    tables: {images: {sqlite: {root: var/images.db}}}\n"
                              "  far:\n"
                              "    stores: {originals: {nothing: {}}, other: {nothing: {}}}\n"
                              "    tables: {images: {nothing: {}}}\n"
                              "hosts:\n"
                              "  daemon: {profile: far}\n"
                              "  lambda: {profile: local, functions: {keep: [store, list], all-alone: [list]}}\n";
static const char store[] = "version: 1\n"
                            "inputs: {file: {type: blob}}\n"
                            "steps:\n"
                            "  - {in: input.file, put: {store: originals, key: \"a/${run.id}\"}}\n"
                            "  - {id: noted, call: {pipeline: note}}\n";
static const char note[] = "version: 1\nsteps: [{query: {table: images}}]\n";
static const char list[] = "version: 1\nsteps: [{list: {store: originals}}]\n";
static const char wrong[] = "version: 1\nsteps: [{acme.broken: {}}, {put: {store: other, key: a}}]\n";

static void parse(struct world *world, const char *function, const char *profile)
{
    const struct pxm_load_part part = {.host = "lambda", .function = function, .profile = profile};
    const struct pxm_load_options options = {.path = "pixmill.yaml", .catalog = &fake_catalog, .part = &part};

    pxm_arena_free(world->arena);
    world_parse(world, &options);
}

static void open_world(struct world *world)
{
    world_open(world, "pixmill.yaml", "pixmill.yaml", project, "pipelines/store.yaml", store, "pipelines/note.yaml",
               note, "pipelines/list.yaml", list, "pipelines/wrong.yaml", wrong, NULL);
}

/* The names of its pipelines, parted by blanks. */
static void expect_programs(const struct world *world, const char *names)
{
    char text[256] = "";

    assert_string_equal(world_text(world), "");
    for (size_t i = 0; i < world->project->program_count; i++) {
        strncat(text, i > 0 ? " " : "", sizeof text - strlen(text) - 1);
        strncat(text, world->project->programs[i]->name, sizeof text - strlen(text) - 1);
    }
    assert_string_equal(text, names);
}

static void a_function_has_its_pipelines_and_those_they_call(void **state)
{
    struct world world;
    (void)state;

    open_world(&world);
    parse(&world, "keep", NULL);
    expect_programs(&world, "list note store");
    parse(&world, "all-alone", NULL);
    expect_programs(&world, "list");
    world_close(&world);
}

static void names_of_pipelines_are_a_function_too(void **state)
{
    struct world world;
    (void)state;

    open_world(&world);
    parse(&world, "note", NULL);
    expect_programs(&world, "note");
    parse(&world, "note,list", NULL);
    expect_programs(&world, "list note");
    parse(&world, "store+note+store", NULL);
    expect_programs(&world, "note store");
    world_close(&world);
}

static void only_the_profile_and_what_is_used_of_it_is_looked_at(void **state)
{
    struct world world;
    (void)state;

    open_world(&world);
    parse(&world, "note", NULL);
    assert_int_equal(world.project->profile_count, 1);
    assert_string_equal(world.project->profiles[0].name, "local");
    assert_int_equal(world.project->profiles[0].resource_count, 1);
    assert_string_equal(world.project->profiles[0].resources[0].name, "images");
    parse(&world, "note", "far");
    assert_non_null(strstr(world_text(&world), "there is no table driver `nothing`"));
    world_close(&world);
}

static void a_function_that_is_not_there_is_told_with_the_nearest(void **state)
{
    struct world world;
    (void)state;

    open_world(&world);
    parse(&world, "keap", NULL);
    assert_non_null(strstr(world_text(&world), "error[E503]: there is no function and no pipeline `keap`"));
    assert_non_null(strstr(world_text(&world), "did you mean `keep`?"));
    parse(&world, "list,stoer", NULL);
    assert_non_null(strstr(world_text(&world), "`stoer`; did you mean `store`?"));
    parse(&world, "../list", NULL);
    assert_non_null(strstr(world_text(&world), "E503"));
    parse(&world, ",", NULL);
    assert_non_null(strstr(world_text(&world), "E503"));
    world_close(&world);
}

static void a_profile_that_is_not_there_is_told(void **state)
{
    struct world world;
    (void)state;

    open_world(&world);
    parse(&world, "list", "near");
    assert_non_null(strstr(world_text(&world), "error[E508]: there is no profile `near`"));
    world_close(&world);
}

static void functions_name_pipelines_that_are_there(void **state)
{
    (void)state;
    const char *text = diagnose_files("pixmill.yaml",
                                      "version: 1\nprofiles: {local: {}}\n"
                                      "hosts: {lambda: {functions: {keep: [stroe], it: 3, none: []}}}\n",
                                      "pipelines/store.yaml", "version: 1\noutput: \"a\"\n", NULL);
    assert_non_null(strstr(text, "there is no pipeline `stroe`"));
    assert_non_null(strstr(text, "did you mean `store`?"));
    assert_non_null(strstr(text, "E121"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_has_its_pipelines_and_those_they_call),
        cmocka_unit_test(names_of_pipelines_are_a_function_too),
        cmocka_unit_test(only_the_profile_and_what_is_used_of_it_is_looked_at),
        cmocka_unit_test(a_function_that_is_not_there_is_told_with_the_nearest),
        cmocka_unit_test(a_profile_that_is_not_there_is_told),
        cmocka_unit_test(functions_name_pipelines_that_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
