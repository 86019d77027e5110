/* The journal, the clock, and projects in temporary folders. */
#include "engine_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- journal ----------------------------------------------------------------------------------------------------- */

static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;
static char journal[64 << 10];
static char journal_shown[64 << 10];
static size_t journal_length;

void journal_clear(void)
{
    pthread_mutex_lock(&journal_lock);
    journal_length = 0;
    journal[0] = '\0';
    pthread_mutex_unlock(&journal_lock);
    fake_failures_reset();
}

void journal_add(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    pthread_mutex_lock(&journal_lock);
    if (journal_length + 256 < sizeof journal) {
        if (journal_length > 0) {
            memcpy(journal + journal_length, ", ", 3);
            journal_length += 2;
        }
        int written = vsnprintf(journal + journal_length, 200, format, args);
        journal_length += strlen(journal + journal_length);
        assert_true(written >= 0);
    }
    pthread_mutex_unlock(&journal_lock);
    va_end(args);
}

const char *journal_text(void)
{
    pthread_mutex_lock(&journal_lock);
    memcpy(journal_shown, journal, journal_length + 1);
    pthread_mutex_unlock(&journal_lock);
    return journal_shown;
}

/* ---- clock ------------------------------------------------------------------------------------------------------- */

enum { CLOCK_START = 1000000 };
static atomic_int_fast64_t clock_now = CLOCK_START;
static atomic_int_fast64_t clock_slept;

static int64_t read_clock(void *arg)
{
    (void)arg;
    return atomic_load(&clock_now);
}
static void sleep_clock(void *arg, int64_t ms)
{
    (void)arg;
    atomic_fetch_add(&clock_now, ms);
    atomic_fetch_add(&clock_slept, ms);
}
const struct pxm_clock fake_clock = {.wall_ms = read_clock, .monotonic_ms = read_clock, .sleep_ms = sleep_clock};

void fake_clock_reset(void)
{
    atomic_store(&clock_now, CLOCK_START);
    atomic_store(&clock_slept, 0);
}
void fake_clock_turn(int64_t ms)
{
    atomic_fetch_add(&clock_now, ms);
}
int64_t fake_clock_slept(void)
{
    return atomic_load(&clock_slept);
}

/* ---- projects ---------------------------------------------------------------------------------------------------- */

static const char standard_project[] =
    "version: 1\n"
    "profiles:\n"
    "  test:\n"
    "    stores: {objects: {mem: {name: objects}}, flaky: {mem: {name: flaky, fail_puts: 2}}}\n"
    "    tables: {rows: {memtable: {name: rows}}}\n"
    "    queues: {jobs: {memqueue: {name: jobs}}}\n";

static const char *in_folder(const struct world *world, const char *name, char *buffer, size_t size)
{
    assert_true(snprintf(buffer, size, "%s/%s", world->folder, name) < (int)size);
    return buffer;
}

void world_write(struct world *world, const char *name, const char *text)
{
    char path[256];

    if (world->folder[0] == '\0') {
        snprintf(world->folder, sizeof world->folder, "/tmp/pixmill-test-XXXXXX");
        assert_non_null(mkdtemp(world->folder));
        assert_int_equal(mkdir(in_folder(world, "pipelines", path, sizeof path), 0700), 0);
    }
    FILE *file = fopen(in_folder(world, name, path, sizeof path), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

pxm_status world_project(struct world *world, const char *profile, pxm_project_handle **ret, pxm_error *error)
{
    const struct pxm_project_options options = {
        .struct_size = sizeof options, .path = world->folder, .profile = profile};
    char *report = NULL;
    pxm_error *failure = NULL;
    pxm_status status = pxm_project_open(world->engine, &options, ret, &report, &failure);

    if (status != PXM_OK) {
        print_message("%s\n", report ? report : "(no report)");
        *error = *failure;
    }
    pxm_error_free(failure);
    pxm_text_free(report);
    return status;
}

void world_open(struct world *world, uint32_t workers, const struct pxm_clock *clock, ...)
{
    const struct pxm_engine_options options = {.struct_size = sizeof options, .workers = workers};
    const struct pxm_engine_parts parts = {.clock = clock ? clock : &fake_clock};
    pxm_error error = {0};
    va_list args;
    char path[256];

    memset(world, 0, sizeof *world);
    world_write(world, "pixmill.yaml", standard_project);
    va_start(args, clock);
    for (const char *name = va_arg(args, const char *); name; name = va_arg(args, const char *)) {
        snprintf(path, sizeof path, "pipelines/%s.yaml", name);
        world_write(world, path, va_arg(args, const char *));
    }
    va_end(args);
    fake_clock_reset();
    assert_int_equal(pxm_engine_create(&options, &parts, &world->engine, &error), PXM_OK);
    assert_int_equal(pxm_engine_add_builtin(world->engine, pxm_plugin_fake, NULL), PXM_OK);
    assert_int_equal(world_project(world, NULL, &world->project, &error), PXM_OK);
    journal_clear();
}

static void remove_folder(const char *folder)
{
    char path[600];
    DIR *dir = opendir(folder);

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path); /* "." and ".." stay */
    }
    closedir(dir);
    assert_int_equal(rmdir(folder), 0);
}

void world_close_project(struct world *world)
{
    char path[256];

    pxm_project_close(world->project);
    remove_folder(in_folder(world, "pipelines", path, sizeof path));
    remove_folder(world->folder);
}

void world_close(struct world *world)
{
    world_close_project(world);
    pxm_engine_free(world->engine);
    fake_resources_clear();
    memset(world, 0, sizeof *world);
}

/* ---- runs -------------------------------------------------------------------------------------------------------- */

static size_t count_inputs(const struct pxm_input_value *inputs)
{
    size_t count = 0;

    while (inputs && inputs[count].name) {
        count++;
    }
    return count;
}

pxm_run *world_run(struct world *world, const char *pipeline, const struct pxm_input_value *inputs)
{
    const struct pxm_run_options options = {
        .struct_size = sizeof options, .id = "r1", .inputs = inputs, .input_count = count_inputs(inputs)};
    pxm_pipeline *handle = pxm_project_pipeline(world->project, pipeline);
    pxm_error *error = NULL;
    pxm_run *run = NULL;

    assert_non_null(handle);
    if (pxm_submit(handle, &options, &run, &error) != PXM_OK) {
        print_error("%s\n", pxm_error_text(error));
    }
    assert_null(error);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    return run;
}

const char *world_result(struct world *world, const char *pipeline, const struct pxm_input_value *inputs)
{
    static char json[4096];
    pxm_run *run = world_run(world, pipeline, inputs);

    if (pxm_run_status(run) != PXM_OK) {
        print_error("%s\n", pxm_error_text(pxm_run_error(run)));
    }
    assert_int_equal(pxm_run_status(run), PXM_OK);
    snprintf(json, sizeof json, "%s", pxm_run_result_json(run));
    pxm_run_free(run);
    return json;
}

const char *world_failure(struct world *world, const char *pipeline, const struct pxm_input_value *inputs)
{
    static char text[256];
    pxm_run *run = world_run(world, pipeline, inputs);

    assert_int_not_equal(pxm_run_status(run), PXM_OK);
    snprintf(text, sizeof text, "%s@%s", pxm_error_code(pxm_run_error(run)), pxm_error_step(pxm_run_error(run)));
    pxm_run_free(run);
    return text;
}
