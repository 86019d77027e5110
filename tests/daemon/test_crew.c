/* Runs in workers of a real zygote: what goes over, what comes back, what is announced, and how a crew begins and
 * ends. */
#include "crew_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int memory_with(const char *text)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static void expect_text(const pxm_blob *blob, const char *text)
{
    size_t length = 0;
    const void *data = pxm_blob_data(blob, &length);

    assert_int_equal(length, strlen(text));
    assert_memory_equal(data, text, length);
}

static void a_file_goes_there_and_back_without_a_copy(void **state)
{
    struct crew_world world;
    struct world_run run = {.run = {.time_ms = 1234, .attempt = 3}};
    struct stat sent, received;
    pxm_error error = {0};
    pxm_blob *blob = NULL;
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    int fd = memory_with("0123456789");
    assert_int_equal(fstat(fd, &sent), 0);
    assert_int_equal(pxm_blob_from_fd(fd, 2, 5, &blob, &error), PXM_OK);
    pxm_blob_set_media(blob, "text/plain");
    pxm_blob_set_etag(blob, "\"tag\"");
    world_run_whole(&world, &run, "echo", world_body(blob));
    assert_string_equal(run.run.error.code, "");
    assert_int_equal(world_int(&run, "time"), 1234);
    assert_int_equal(world_int(&run, "attempt"), 3);
    const pxm_blob *back = pxm_value_as_blob(pxm_value_get(run.run.output, "file"));
    assert_non_null(back);
    int64_t offset = 0;
    assert_int_equal(fstat(pxm_blob_fd(back, &offset), &received), 0);
    assert_int_equal(received.st_ino, sent.st_ino);
    assert_int_equal(offset, 2);
    assert_string_equal(pxm_blob_media(back), "text/plain");
    assert_string_equal(pxm_blob_etag(back), "\"tag\"");
    expect_text(back, "23456");
    assert_int_equal(run.run.cpu_ms >= 0, 1);
    world_run_done(&run);
    crew_world_done(&world);
}

static void bytes_in_memory_arrive_and_know_their_hash(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_whole(&world, &run, "echo", world_body(pxm_blob_copy("abc", 3)));
    const pxm_blob *back = pxm_value_as_blob(pxm_value_get(run.run.output, "file"));
    assert_non_null(back);
    expect_text(back, "abc");
    const uint8_t *digest = pxm_blob_known_sha256(back);
    assert_non_null(digest);
    assert_int_equal(digest[0], 0xba);
    world_run_done(&run);
    crew_world_done(&world);
}

static void a_forked_worker_makes_thumbnails(void **state)
{
    struct crew_world world;
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    assert_false(crew_manifest(world.crew)->pipelines[0].light);
    for (int i = 0; i < 4; i++) {
        struct world_run run = {0};
        pxm_blob *photo = NULL;
        pxm_error error = {0};
        assert_int_equal(pxm_blob_open(PXM_TEST_SOURCE "/examples/photo.jpg", 64 << 20, &photo, &error), PXM_OK);
        world_run_whole(&world, &run, "small", world_body(photo));
        assert_string_equal(run.run.error.text, "");
        const pxm_blob *small = pxm_value_as_blob(run.run.output);
        assert_non_null(small);
        assert_string_equal(pxm_blob_media(small), "image/webp");
        assert_memory_equal((const char *)pxm_blob_data(small, NULL) + 8, "WEBP", 4);
        assert_int_equal(pxm_value_count(run.run.steps), 3);
        const pxm_value *step = pxm_value_at(run.run.steps, 1);
        assert_string_equal(pxm_value_as_string(pxm_value_get(step, "step"), NULL), "shrunk");
        assert_string_equal(pxm_value_as_string(pxm_value_get(step, "operation"), NULL), "thumbnail");
        assert_string_equal(pxm_value_as_string(pxm_value_get(step, "outcome"), NULL), "ok");
        world_run_done(&run);
    }
    crew_world_done(&world);
}

/* ---- how much they give way ---- */

static int priority_of_a_worker(int64_t nice, const char *hosts)
{
    static const char form[] =
        "version: 1\nprofiles: {local: {stores: {images: {localfs: {root: images}}}, "
        "queues: {jobs: {sqlite: {path: jobs.db, queue: jobs}}}, auth: {gate: {evil: {}}}}}\n%s\n";
    struct crew_world world;
    struct world_run run = {0};
    char project[512];

    crew_world_init(&world, NULL);
    snprintf(project, sizeof project, form, hosts);
    crew_world_write(&world, "pixmill.yaml", project);
    world.options.nice = nice;
    crew_world_open(&world);
    world_run_whole(&world, &run, "deed", world_deed("nothing"));
    assert_string_equal(run.run.error.text, "");
    errno = 0;
    int priority = getpriority(PRIO_PROCESS, (id_t)world_int(&run, "pid"));
    assert_int_equal(errno, 0);
    world_run_done(&run);
    crew_world_done(&world);
    return priority;
}

static void workers_give_way_to_the_daemon_as_the_host_or_the_project_says(void **state)
{
    int own = getpriority(PRIO_PROCESS, 0);
    (void)state;

    assert_int_equal(priority_of_a_worker(0, ""), own);
    assert_int_equal(priority_of_a_worker(17, ""), 17 > own ? 17 : own);
    assert_int_equal(priority_of_a_worker(10, "hosts: {daemon: {nice: 19}}"), 19);
    assert_int_equal(priority_of_a_worker(10, "hosts: {daemon: {nice: 0}}"), own);
    assert_int_equal(priority_of_a_worker(10, "hosts: {cli: {nice: 0}}"), 10 > own ? 10 : own);
}

static void workers_go_before_the_daemon_where_memory_ends(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    char path[64], text[16] = "";
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_whole(&world, &run, "deed", world_deed("nothing"));
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)world_int(&run, "pid"));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_int_equal(strtol(text, NULL, 10), 500);
    world_run_done(&run);
    crew_world_done(&world);
}

/* ---- announcements ----------------------------------------------------------------------------------------------- */

static void only_a_put_that_a_trigger_waits_for_is_announced(void **state)
{
    struct crew_world world;
    struct world_run run = {.run = {.id = "r7"}};
    char path[128];
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_whole(&world, &run, "keep", world_body(pxm_blob_copy("abc", 3)));
    assert_string_equal(run.run.error.text, "");
    assert_int_equal(run.announced, 1);
    assert_string_equal(run.announcement, "images/kept/r7");
    assert_int_equal(run.made, 1);
    assert_string_equal(run.made_key, "kept/r7");
    assert_int_equal(run.made_etag[0], '"');
    snprintf(path, sizeof path, "%s/images/other/r7", world.folder);
    assert_int_equal(access(path, F_OK), 0);
    world_run_done(&run);
    crew_world_done(&world);
}

static void a_refused_announcement_fails_the_put(void **state)
{
    struct crew_world world;
    struct world_run run = {.run = {.id = "r7"}, .refuse = "journal.full"};
    char path[128];
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_whole(&world, &run, "keep", world_body(pxm_blob_copy("abc", 3)));
    assert_string_equal(run.run.error.code, "journal.full");
    assert_int_equal(run.run.error.status, PXM_E_TRANSIENT);
    assert_false(run.run.killed_worker);
    assert_null(run.run.output);
    assert_int_equal(run.made, 0);
    snprintf(path, sizeof path, "%s/images/kept/r7", world.folder);
    assert_int_equal(access(path, F_OK), -1);
    world_run_done(&run);
    crew_world_done(&world);
}

static void the_object_of_an_event_is_read_where_its_trigger_wants_it(void **state)
{
    struct crew_world world;
    struct world_run run = {.run = {.id = "r7"}};
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_whole(&world, &run, "keep", world_body(pxm_blob_copy("abc", 3)));
    world_run_done(&run);
    for (int i = 0; i < 2; i++) {
        pxm_value *event = pxm_value_record();
        pxm_value_set(event, "store", pxm_value_cstring("images"));
        pxm_value_set(event, "key", pxm_value_cstring(i == 0 ? "kept/r7" : "kept/r8"));
        world_run_whole(&world, &run, "made", event);
        if (i == 0) {
            assert_string_equal(run.run.error.text, "");
            expect_text(pxm_value_as_blob(pxm_value_get(run.run.output, "file")), "abc");
        } else {
            assert_string_equal(run.run.error.code, "store.not_found");
        }
        world_run_done(&run);
    }
    crew_world_done(&world);
}

static void an_auth_resource_says_who_it_is_or_that_it_is_nobody(void **state)
{
    struct crew_world world;
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    for (int i = 0; i < 2; i++) {
        struct world_run run = {0};
        pxm_value *event = pxm_value_record(), *headers = pxm_value_record();
        if (i == 0) {
            pxm_value_set(headers, "x-user", pxm_value_cstring("ann"));
        }
        pxm_value_set(event, "headers", headers);
        world_run_whole(&world, &run, "who", event);
        if (i == 0) {
            assert_string_equal(run.run.error.text, "");
            assert_string_equal(pxm_value_as_string(pxm_value_get(run.run.output, "name"), NULL), "ann");
        } else {
            assert_string_equal(run.run.error.code, "auth.missing");
            assert_int_equal(run.run.error.status, PXM_E_DENIED);
        }
        world_run_done(&run);
    }
    crew_world_done(&world);
}

/* ---- failures that are none of the worker's ---------------------------------------------------------------------- */

static void an_event_that_is_wrong_costs_no_worker(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_whole(&world, &run, "small", world_body(pxm_blob_copy("no picture", 10)));
    assert_int_equal(run.run.error.status, PXM_E_BAD_IMAGE);
    assert_string_equal(run.run.error.step, "image");
    world_run_done(&run);
    world_run_whole(&world, &run, "echo", pxm_value_record());
    assert_string_equal(run.run.error.code, "input.missing");
    assert_false(run.run.killed_worker);
    world_run_done(&run);
    struct crew_counts counts = crew_count(world.crew, CREW_IMAGE);
    assert_int_equal(counts.crashed + counts.killed, 0);
    assert_int_equal(counts.workers, 2);
    crew_world_done(&world);
}

static void an_event_that_cannot_be_sent_fails_and_leaves_the_worker(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    pxm_value *files = pxm_value_list();
    (void)state;

    for (int i = 0; i < 100; i++) {
        pxm_blob *blob = NULL;
        pxm_error error = {0};
        assert_int_equal(pxm_blob_from_fd(memory_with("x"), 0, 1, &blob, &error), PXM_OK);
        pxm_value_append(files, pxm_value_blob(blob));
    }
    crew_world_init(&world, NULL);
    world.options.image_workers = 1;
    crew_world_open(&world);
    pxm_value *event = pxm_value_record();
    pxm_value_set(event, "files", files);
    world_run_whole(&world, &run, "echo", event);
    assert_string_equal(run.run.error.code, "ipc.blobs");
    assert_false(run.run.killed_worker);
    world_run_done(&run);
    world_run_whole(&world, &run, "echo", world_body(pxm_blob_copy("abc", 3)));
    assert_string_equal(run.run.error.code, "");
    world_run_done(&run);
    assert_int_equal(crew_count(world.crew, CREW_IMAGE).started, 1);
    crew_world_done(&world);
}

static void a_large_event_goes_over(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    char *text = malloc(1 << 20);
    (void)state;

    assert_non_null(text);
    memset(text, '"', 1 << 20); /* twice as long as JSON */
    crew_world_init(&world, NULL);
    crew_world_open(&world);
    pxm_value *event = world_body(pxm_blob_copy("abc", 3));
    pxm_value_set(event, "json", pxm_value_string(text, 1 << 20));
    world_run_whole(&world, &run, "echo", event);
    assert_string_equal(run.run.error.text, "");
    world_run_done(&run);
    free(text);
    crew_world_done(&world);
}

/* ---- beginning and end ------------------------------------------------------------------------------------------- */

static void a_project_with_errors_is_reported(void **state)
{
    struct crew_world world;
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_write(&world, "broken.yaml", "version: 1\nsteps: [{id: a, no.such: {}}]\n");
    crew_world_start(&world);
    assert_string_equal(world.error.code, "project.invalid");
    assert_non_null(strstr(world.report, "broken.yaml:2:"));
    assert_non_null(strstr(world.report, "no.such"));
    crew_world_done(&world);
}

static void a_resource_that_cannot_be_opened_is_reported(void **state)
{
    struct crew_world world;
    (void)state;

    crew_world_init(&world, "{bad: {evil: {refuse: store.denied}}}");
    crew_world_start(&world);
    assert_string_equal(world.error.code, "store.denied");
    assert_non_null(strstr(world.report, "E506"));
    crew_world_done(&world);
}

static void an_unknown_profile_is_reported(void **state)
{
    struct crew_world world;
    (void)state;

    crew_world_init(&world, NULL);
    world.options.profile = "elsewhere";
    crew_world_start(&world);
    assert_int_equal(world.error.status, PXM_E_INVALID);
    assert_non_null(strstr(world.report, "E508"));
    crew_world_done(&world);
}

static void a_retired_crew_ends_its_runs_first(void **state)
{
    struct crew_world world;
    struct world_run run = {.run = {.deadline_ms = 300}};
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_begin(&world, CREW_IMAGE, &run, "deed", world_deed("sleep"));
    crew_retire(world.crew);
    while (!world.ended) {
        crew_world_turn(&world);
    }
    assert_true(run.over);
    assert_string_equal(run.run.error.code, "limit.time");
    world_run_done(&run);
    crew_world_done(&world);
}

static void freeing_a_crew_gives_its_runs_up(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_begin(&world, CREW_IMAGE, &run, "deed", world_deed("sleep"));
    crew_free(world.crew);
    world.crew = NULL;
    assert_true(run.over);
    assert_string_equal(run.run.error.code, "worker.lost");
    world_run_done(&run);
    crew_world_done(&world);
}

static void a_crew_may_be_freed_before_it_is_ready(void **state)
{
    struct crew_world world;
    pxm_error error = {0};
    (void)state;

    crew_world_init(&world, NULL);
    assert_int_equal(crew_new(&world.options, &world.crew, &error), PXM_OK);
    crew_world_done(&world);
}

static void workers_see_the_project_as_it_was_parsed(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    (void)state;

    crew_world_init(&world, NULL);
    world.options.image_workers = 1;
    world.options.jobs_max = 1;
    crew_world_open(&world);
    crew_world_write(&world, "echo.yaml", "version: 1\nsteps: [{no.such: {}}]\n");
    for (int i = 0; i < 3; i++) {
        world_run_whole(&world, &run, "echo", world_body(pxm_blob_copy("abc", 3)));
        assert_string_equal(run.run.error.text, "");
        world_run_done(&run);
    }
    crew_world_await(&world, CREW_IMAGE);
    assert_int_equal(crew_count(world.crew, CREW_IMAGE).recycled, 3);
    assert_int_equal(crew_count(world.crew, CREW_IMAGE).started, 4);
    crew_world_done(&world);
}

static void a_cancelled_run_ends_and_leaves_its_worker(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    (void)state;

    crew_world_init(&world, NULL);
    crew_world_open(&world);
    world_run_begin(&world, CREW_IMAGE, &run, "deed", world_deed("wait"));
    crew_cancel(world.crew, &run.run);
    world_run_await(&run);
    assert_string_equal(run.run.error.code, "run.cancelled");
    assert_false(run.run.killed_worker);
    world_run_done(&run);
    assert_int_equal(crew_count(world.crew, CREW_IMAGE).crashed, 0);
    crew_world_done(&world);
}

/* ---- zygotes that die -------------------------------------------------------------------------------------------- */

static void crash_a_worker(struct crew_world *world)
{
    struct world_run run = {0};

    world_run_whole(world, &run, "deed", world_deed("abort"));
    assert_string_equal(run.run.error.code, "worker.crashed");
    world_run_done(&run);
}

static void a_zygote_that_dies_is_started_again(void **state)
{
    struct crew_world world;
    (void)state;

    crew_world_init(&world, NULL);
    world.options.image_workers = 1;
    crew_world_open(&world);
    assert_int_equal(kill(world.zygote, SIGKILL), 0);
    for (int i = 0; i < 2; i++) {
        crash_a_worker(&world);
    }
    crew_world_await(&world, CREW_IMAGE);
    crew_world_done(&world);
}

static void workers_of_two_versions_of_a_project_are_not_mixed(void **state)
{
    struct crew_world world;
    struct world_run run = {0};
    (void)state;

    crew_world_init(&world, NULL);
    world.options.image_workers = 1;
    crew_world_open(&world);
    crew_world_write(&world, "more.yaml", "version: 1\nsteps: [{id: a, evil.do: {deed: nothing}}]\n");
    assert_int_equal(kill(world.zygote, SIGKILL), 0);
    crash_a_worker(&world);
    while (!crew_world_logged(&world, "-: project.changed: the project was changed, so no worker of the old one can be "
                                      "started; reload it")) {
        crew_world_turn(&world);
    }
    world_run_begin(&world, CREW_LIGHT, &run, "echo", world_body(pxm_blob_copy("abc", 3)));
    world_run_await(&run);
    assert_string_equal(run.run.error.text, "");
    world_run_done(&run);
    assert_false(crew_is_idle(world.crew, CREW_IMAGE));
    crew_world_done(&world);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_goes_there_and_back_without_a_copy),
        cmocka_unit_test(bytes_in_memory_arrive_and_know_their_hash),
        cmocka_unit_test(a_forked_worker_makes_thumbnails),
        cmocka_unit_test(workers_go_before_the_daemon_where_memory_ends),
        cmocka_unit_test(workers_give_way_to_the_daemon_as_the_host_or_the_project_says),
        cmocka_unit_test(only_a_put_that_a_trigger_waits_for_is_announced),
        cmocka_unit_test(a_refused_announcement_fails_the_put),
        cmocka_unit_test(the_object_of_an_event_is_read_where_its_trigger_wants_it),
        cmocka_unit_test(an_auth_resource_says_who_it_is_or_that_it_is_nobody),
        cmocka_unit_test(an_event_that_is_wrong_costs_no_worker),
        cmocka_unit_test(an_event_that_cannot_be_sent_fails_and_leaves_the_worker),
        cmocka_unit_test(a_large_event_goes_over),
        cmocka_unit_test(a_project_with_errors_is_reported),
        cmocka_unit_test(a_resource_that_cannot_be_opened_is_reported),
        cmocka_unit_test(an_unknown_profile_is_reported),
        cmocka_unit_test(a_retired_crew_ends_its_runs_first),
        cmocka_unit_test(freeing_a_crew_gives_its_runs_up),
        cmocka_unit_test(a_crew_may_be_freed_before_it_is_ready),
        cmocka_unit_test(a_cancelled_run_ends_and_leaves_its_worker),
        cmocka_unit_test(a_zygote_that_dies_is_started_again),
        cmocka_unit_test(workers_of_two_versions_of_a_project_are_not_mixed),
        cmocka_unit_test(workers_see_the_project_as_it_was_parsed),
    };
    int status = 0;

    return crew_world_main(argc, argv, &status) ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
