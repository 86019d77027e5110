/* Plugins that crash, hang, leak and reach out, at every hook: each costs its run one try, with the code that says what
 * it was; the runs of other workers go on, and the place is filled again. */
#include "crew_world.h"

#include "daemon/confine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t SHORT_MS = 300, LONG_MS = 3600000;

static struct crew_counts counts_of(const struct crew_world *world)
{
    return crew_count(world->crew, CREW_IMAGE);
}

/* While the deed is done, a run of another worker goes on and ends well, and so does one after it on its place. It ends
 * with `code`, or with the other one, which may be NULL. */
static void expect_contained_as(const char *deed, int64_t deadline_ms, const char *code, const char *other)
{
    struct crew_world world;
    struct world_run evil = {.run = {.id = "evil", .deadline_ms = deadline_ms}}, good = {0};

    crew_world_init(&world, NULL);
    world.options.memory_max = INT64_C(512) << 20;
    crew_world_open(&world);
    crew_world_await(&world, CREW_LIGHT);
    world_run_begin(&world, CREW_IMAGE, &evil, "deed", world_deed(deed));
    world_run_begin(&world, CREW_LIGHT, &good, "echo", world_body(pxm_blob_copy("abc", 3)));
    world_run_await(&good);
    world_run_await(&evil);
    if (strcmp(evil.run.error.code, code) != 0 && (!other || strcmp(evil.run.error.code, other) != 0)) {
        fail_msg("%s: %s (%s), not %s", deed, evil.run.error.code, evil.run.error.text, code);
    }
    assert_string_equal(good.run.error.text, "");
    assert_true(evil.run.killed_worker);
    assert_null(evil.run.output);
    assert_int_equal(counts_of(&world).crashed + counts_of(&world).killed, 1);
    world_run_done(&good);
    while (counts_of(&world).started < 3) {
        crew_world_turn(&world);
    }
    for (int i = 0; i < 3; i++) {
        world_run_whole(&world, &good, "deed", world_deed("nothing"));
        assert_string_equal(good.run.error.text, "");
        world_run_done(&good);
    }
    assert_true(crew_world_logged(&world, "evil: will do: nothing") ||
                crew_world_logged(&world, "r1: will do: nothing"));
    world_run_done(&evil);
    crew_world_done(&world);
}

static void expect_contained(const char *deed, int64_t deadline_ms, const char *code)
{
    expect_contained_as(deed, deadline_ms, code, NULL);
}

static void one_that_crashes_costs_one_try(void **state)
{
    static const char *const deeds[] = {"segv", "abort", "exit0", "exit3", "overflow"};
    (void)state;

    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        expect_contained(deeds[i], LONG_MS, "worker.crashed");
    }
}

static void one_that_smashes_the_heap_costs_one_try(void **state)
{
    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* its allocator does not notice */
#else
    expect_contained("smash", LONG_MS, "worker.crashed");
#endif
}

static void one_that_hangs_is_killed_at_its_deadline(void **state)
{
    static const char *const deeds[] = {"spin", "sleep", "block"};
    (void)state;

    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        expect_contained(deeds[i], SHORT_MS, "limit.time");
    }
}

/* Whether the worker's own thread sees that its socket is gone depends on whether it waits for it just then. */
static void one_that_closes_its_socket_and_hangs_is_ended(void **state)
{
    (void)state;
    expect_contained_as("close_sleep", SHORT_MS, "limit.time", "worker.crashed");
}

static void one_that_breaks_off_or_talks_nonsense_is_killed(void **state)
{
    static const char *const deeds[] = {"close", "nonsense", "lie"};
    (void)state;

    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        expect_contained(deeds[i], LONG_MS, "worker.crashed");
    }
}

static void one_that_eats_all_memory_is_told_from_a_crash(void **state)
{
    (void)state;
    expect_contained("eat", LONG_MS, "worker.memory");
}

static void one_that_is_killed_from_outside_ran_out_of_memory(void **state)
{
    (void)state;
    expect_contained("kill_self", LONG_MS, "worker.memory");
}

static void the_text_says_how_a_worker_ended(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_whole(&world, &run, "deed", world_deed("exit3"));
    assert_non_null(strstr(run.run.error.text, "exited with status 3"));
    world_run_done(&run);
    world_run_whole(&world, &run, "deed", world_deed("abort"));
    assert_non_null(strstr(run.run.error.text, "signal 6 (ABRT)"));
    assert_int_equal(run.run.error.status, PXM_E_INTERNAL);
    world_run_done(&run);
    crew_world_done(&world);
}

/* ---- reaching out ------------------------------------------------------------------------------------------------ */

static void one_that_reaches_for_other_processes_is_refused(void **state)
{
    static const char *const deeds[] = {"kill_parent", "fork", "exec"};
    struct crew_world world;
    (void)state;

    if (!crew_world_can_confine()) {
        skip();
    }
    crew_world_init(&world, NULL);
    crew_world_open(&world);
    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        struct world_run run = {0};
        world_run_whole(&world, &run, "deed", world_deed(deeds[i]));
        assert_string_equal(run.run.error.text, "");
        assert_int_equal(world_int(&run, "error"), EPERM);
        world_run_done(&run);
    }
    assert_int_equal(counts_of(&world).crashed, 0);
    crew_world_done(&world);
}

/* ---- leaking ----------------------------------------------------------------------------------------------------- */

/* Runs the deed until workers were replaced for it, and never loses a run. */
static void expect_recycling(struct crew_world *world, const char *deed)
{
    crew_world_open(world);
    for (int i = 0; i < 6; i++) {
        struct world_run run = {0};
        world_run_whole(world, &run, "deed", world_deed(deed));
        assert_string_equal(run.run.error.text, "");
        assert_int_equal(world_int(&run, "error"), 0);
        world_run_done(&run);
    }
    crew_world_await(world, CREW_IMAGE);
    assert_int_equal(counts_of(world).recycled, 3);
    assert_int_equal(counts_of(world).crashed + counts_of(world).killed, 0);
    crew_world_done(world);
}

/* A store that lies elsewhere, too, is written to; what no resource names is not. */
static void one_that_writes_what_is_not_the_projects_is_refused(void **state)
{
    char stores[256], place[64] = "elsewhere-XXXXXX", path[128];
    struct crew_world world;
    struct world_run run = {0};
    (void)state;

    if (!confine_can_files()) {
        print_message("left out: this kernel has no Landlock\n");
        skip();
    }
    assert_non_null(mkdtemp(place));
    char *folder = realpath(place, NULL);
    snprintf(stores, sizeof stores, "{images: {localfs: {root: %s/images}}}", folder);
    crew_world_init(&world, stores);
    crew_world_write(&world, "keep.yaml",
                     "version: 1\n"
                     "inputs: {file: {type: blob}}\n"
                     "triggers: {go: {http: {method: POST, path: /keep}, bind: {file: \"${event.body}\"}}}\n"
                     "steps: [{in: input.file, put: {store: images, key: \"kept/${run.id}\"}}]\n");
    crew_world_open(&world);
    world_run_whole(&world, &run, "keep", world_body(pxm_blob_copy("abc", 3)));
    assert_string_equal(run.run.error.text, "");
    world_run_done(&run);
    world_run_whole(&world, &run, "deed", world_deed("elsewhere"));
    assert_string_equal(run.run.error.text, "");
    assert_int_equal(world_int(&run, "error"), EACCES);
    world_run_done(&run);
    crew_world_done(&world);
    snprintf(path, sizeof path, "rm -r %s", place);
    FILE *remover = popen(path, "r");
    assert_int_equal(remover ? pclose(remover) : -1, 0);
    free(folder);
}

static void one_that_leaks_memory_is_replaced(void **state)
{
    struct crew_world world;
    (void)state;

    crew_world_init(&world, NULL);
    world.options.image_workers = 1;
    world.options.growth_max = 16 << 20;
    expect_recycling(&world, "leak_memory");
}

static void one_that_leaks_descriptors_is_replaced(void **state)
{
    struct crew_world world;
    (void)state;

    crew_world_init(&world, NULL);
    world.options.image_workers = 1;
    world.options.descriptors_max = 16;
    expect_recycling(&world, "leak_descriptors");
}

/* ---- other hooks ------------------------------------------------------------------------------------------------- */

static void expect_unusable(const char *stores, const char *load, const char *code)
{
    struct crew_world world;

    if (load) {
        assert_int_equal(setenv("EVIL_LOAD", load, 1), 0);
    }
    crew_world_init(&world, stores);
    crew_world_start(&world);
    assert_int_equal(unsetenv("EVIL_LOAD"), 0);
    if (strcmp(world.error.code, code) != 0) {
        fail_msg("%s: %s (%s)", stores ? stores : load, world.error.code, world.error.text);
    }
    crew_world_done(&world);
}

static void a_plugin_that_crashes_when_it_is_loaded_makes_no_crew(void **state)
{
    (void)state;
    expect_unusable(NULL, "segv", "worker.crashed");
    expect_unusable(NULL, "exit0", "worker.crashed");
}

static void a_plugin_that_starts_a_thread_when_it_is_loaded_makes_no_crew(void **state)
{
    (void)state;
    expect_unusable(NULL, "thread", "plugin.contract");
}

static void a_store_that_crashes_before_the_first_run_makes_no_crew(void **state)
{
    (void)state;
    expect_unusable("{bad: {evil: {validate: segv}}}", NULL, "worker.crashed");
    expect_unusable("{bad: {evil: {create: segv}}}", NULL, "worker.crashed");
    expect_unusable("{bad: {evil: {create: exit0}}}", NULL, "worker.crashed");
}

static void a_store_that_crashes_or_hangs_at_the_end_does_not_keep_a_crew(void **state)
{
    static const char *const stores[] = {"{bad: {evil: {destroy: segv}}}", "{bad: {evil: {destroy: exit3}}}",
                                         "{bad: {evil: {destroy: sleep}}}"};
    (void)state;

    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        struct crew_world world;
        struct world_run run = {0};
        crew_world_init(&world, stores[i]);
        crew_world_open(&world);
        world_run_whole(&world, &run, "deed", world_deed("nothing"));
        assert_string_equal(run.run.error.text, "");
        world_run_done(&run);
        crew_retire(world.crew);
        while (!world.ended) {
            crew_world_turn(&world);
        }
        crew_world_done(&world);
    }
}

/* Runs that all kill their worker, one after the other, on a crew that is never short of workers for long. */
static void a_crew_outlives_any_number_of_crashes(void **state)
{
    struct crew_world world;
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    for (int i = 0; i < 12; i++) {
        struct world_run run = {0};
        world_run_whole(&world, &run, "deed", world_deed("abort"));
        assert_string_equal(run.run.error.code, "worker.crashed");
        world_run_done(&run);
    }
    assert_int_equal(counts_of(&world).crashed, 12);
    crew_world_await(&world, CREW_IMAGE);
    crew_world_done(&world);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_crashes_costs_one_try),
        cmocka_unit_test(one_that_smashes_the_heap_costs_one_try),
        cmocka_unit_test(one_that_hangs_is_killed_at_its_deadline),
        cmocka_unit_test(one_that_closes_its_socket_and_hangs_is_ended),
        cmocka_unit_test(one_that_breaks_off_or_talks_nonsense_is_killed),
        cmocka_unit_test(one_that_eats_all_memory_is_told_from_a_crash),
        cmocka_unit_test(one_that_is_killed_from_outside_ran_out_of_memory),
        cmocka_unit_test(the_text_says_how_a_worker_ended),
        cmocka_unit_test(one_that_reaches_for_other_processes_is_refused),
        cmocka_unit_test(one_that_writes_what_is_not_the_projects_is_refused),
        cmocka_unit_test(one_that_leaks_memory_is_replaced),
        cmocka_unit_test(one_that_leaks_descriptors_is_replaced),
        cmocka_unit_test(a_plugin_that_crashes_when_it_is_loaded_makes_no_crew),
        cmocka_unit_test(a_plugin_that_starts_a_thread_when_it_is_loaded_makes_no_crew),
        cmocka_unit_test(a_store_that_crashes_before_the_first_run_makes_no_crew),
        cmocka_unit_test(a_store_that_crashes_or_hangs_at_the_end_does_not_keep_a_crew),
        cmocka_unit_test(a_crew_outlives_any_number_of_crashes),
    };
    int status = 0;

    return crew_world_main(argc, argv, &status) ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
