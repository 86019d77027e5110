/* Many threads and many runs: thread models of units, and an engine under load. */
#include "engine_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const char models[] = "version: 1\n"
                             "inputs: {n: {type: list}}\n"
                             "steps:\n"
                             "  - id: each\n"
                             "    foreach: ${input.n}\n"
                             "    max_parallel: 8\n"
                             "    steps: [{id: t, fake.MODEL: {}}]\n"
                             "    emit: ${steps.t.most}\n"
                             "output: ${steps.each.items}\n";

static int64_t most_at_once(const char *model)
{
    const struct pxm_input_value inputs[] = {
        {.name = "n", .text = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]"},
        {.name = NULL}};
    struct world world;
    char text[sizeof models + 16];
    const char *hole = strstr(models, "MODEL");
    int64_t most = 0;

    snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - models), models, model, hole + 5);
    world_open(&world, 4, NULL, "models", text, NULL);
    pxm_run *run = world_run(&world, "models", inputs);
    assert_int_equal(pxm_run_status(run), PXM_OK);
    const pxm_value *items = pxm_run_result(run);
    assert_int_equal(pxm_value_count(items), 20);
    for (size_t i = 0; i < 20; i++) {
        int64_t value = pxm_value_as_int(pxm_value_at(items, i));
        most = value > most ? value : most;
    }
    pxm_run_free(run);
    world_close(&world);
    return most;
}

static void a_serial_unit_never_runs_beside_itself(void **state)
{
    (void)state;
    assert_int_equal(most_at_once("serial"), 1);
}

static void an_instance_is_called_by_one_thread_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(most_at_once("each"), 1);
}

/* ---- load -------------------------------------------------------------------------------------------------------- */

enum { THREADS = 8, RUNS = 200 };

static const char busy[] = "version: 1\n"
                           "inputs: {file: {type: blob}, n: {type: int}}\n"
                           "steps:\n"
                           "  - {id: image, fake.open: {}}\n"
                           "  - id: sizes\n"
                           "    foreach: [10, 20, 30]\n"
                           "    max_parallel: 3\n"
                           "    steps:\n"
                           "      - {id: small, in: image, fake.shrink: {width: \"${item}\"}}\n"
                           "      - {id: packed, fake.pack: {}}\n"
                           "    emit: ${steps.small.width}\n"
                           "  - parallel:\n"
                           "      - {id: saved, in: input.file, put: {store: objects, key: \"n/${input.n}\"}}\n"
                           "      - {id: row, record: {table: rows, key: \"r${input.n}\", set: {n: \"${input.n}\"}}}\n"
                           "  - {id: odd, when: input.n == 3, fail: {code: app.three, message: three}}\n"
                           "output: {n: \"${input.n}\", sizes: \"${steps.sizes.items}\"}\n";

struct submitter {
    struct world *world;
    size_t index;
    size_t failed;
};

static void run_once(struct submitter *submitter, size_t i)
{
    char number[24];
    char expected[64];
    const struct pxm_input_value inputs[] = {{.name = "file", .data = "abc", .length = 3},
                                             {.name = "n", .text = number}};
    const struct pxm_run_options options = {.struct_size = sizeof options, .inputs = inputs, .input_count = 2};
    pxm_run *run = NULL;

    snprintf(number, sizeof number, "%zu", i % 10);
    snprintf(expected, sizeof expected, "{\"n\":%zu,\"sizes\":[10,20,30]}", i % 10);
    if (pxm_submit(pxm_project_pipeline(submitter->world->project, "busy"), &options, &run, NULL) != PXM_OK) {
        submitter->failed++;
        return;
    }
    if (i % 17 == 0) {
        pxm_run_cancel(run);
    }
    pxm_run_wait(run, -1);
    bool right = i % 10 == 3 ? pxm_run_status(run) == PXM_E_INVALID : strcmp(pxm_run_result_json(run), expected) == 0;
    submitter->failed += right || pxm_run_status(run) == PXM_E_CANCELLED ? 0 : 1;
    pxm_run_free(run);
}

static void *submit_many(void *arg)
{
    struct submitter *submitter = arg;

    for (size_t i = 0; i < RUNS; i++) {
        run_once(submitter, i);
    }
    return NULL;
}

static void many_threads_submit_many_runs(void **state)
{
    struct world world;
    struct submitter submitters[THREADS];
    pthread_t threads[THREADS];
    (void)state;

    world_open(&world, 4, &pxm_clock_system, "busy", busy, NULL);
    for (size_t i = 0; i < THREADS; i++) {
        submitters[i] = (struct submitter){.world = &world, .index = i};
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, &submitters[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(submitters[i].failed, 0);
    }
    world_close(&world);
}

/* ---- admission --------------------------------------------------------------------------------------------------- */

static const char narrow[] = "version: 1\n"
                             "concurrency: {max: 1, queue: 2, when_full: WHEN}\n"
                             "steps: [{fake.hang: {}}]\n";

static void submit_four(const char *when_full, pxm_status expected)
{
    struct world world;
    pxm_run *runs[4] = {NULL};
    char text[sizeof narrow + 16];
    const char *hole = strstr(narrow, "WHEN");

    snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - narrow), narrow, when_full, hole + 4);
    world_open(&world, 4, NULL, "narrow", text, NULL);
    pxm_pipeline *pipeline = pxm_project_pipeline(world.project, "narrow");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pxm_submit(pipeline, NULL, &runs[i], NULL), PXM_OK);
    }
    assert_int_equal(pxm_submit(pipeline, NULL, &runs[3], NULL), expected);
    for (size_t i = 0; i < 4; i++) {
        pxm_run_free(runs[i]); /* cancels it, and the next one's turn comes */
    }
    world_close(&world);
}

static void no_more_runs_wait_than_the_pipeline_lets(void **state)
{
    (void)state;
    submit_four("reject", PXM_E_THROTTLED);
    submit_four("wait", PXM_OK);
}

static void runs_of_a_narrow_pipeline_take_turns(void **state)
{
    struct world world;
    pxm_run *runs[20];
    (void)state;

    world_open(&world, 4, NULL, "narrow",
               "version: 1\nconcurrency: {max: 1}\nsteps: [{id: t, fake.parallel: {}}]\n"
               "output: ${steps.t.most}\n",
               NULL);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "narrow"), NULL, &runs[i], NULL), PXM_OK);
    }
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(pxm_run_wait(runs[i], -1), 1);
        assert_string_equal(pxm_run_result_json(runs[i]), "1");
        pxm_run_free(runs[i]);
    }
    world_close(&world);
}

static void submissions_that_cannot_be_are_refused(void **state)
{
    static const char long_id[] = "0123456789012345678901234567890123456789";
    const struct pxm_run_options options = {.struct_size = sizeof options, .id = long_id};
    struct world world;
    pxm_run *run = NULL;
    pxm_error *error = NULL;
    (void)state;

    world_open(&world, 1, NULL, "p", "version: 1\nsteps: [{fake.note: {text: a}}]\n", NULL);
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "q"), NULL, &run, &error), PXM_E_NOT_FOUND);
    assert_string_equal(pxm_error_code(error), "pipeline.not_found");
    pxm_error_free(error);
    assert_int_equal(pxm_submit(pxm_project_pipeline(world.project, "p"), &options, &run, &error), PXM_E_INVALID);
    assert_string_equal(pxm_error_code(error), "run.id");
    pxm_error_free(error);
    assert_null(run);
    world_close(&world);
}

/* ---- tracing ----------------------------------------------------------------------------------------------------- */

static atomic_int started;
static void trace_started(void *arg, const struct pxm_trace_step *step)
{
    (void)arg;
    (void)step;
    atomic_fetch_add(&started, 1);
}
static void trace_ended(void *arg, const struct pxm_trace_step *step)
{
    static const char *const outcomes[] = {"ok", "skipped", "fallback", "stopped", "failed"};
    (void)arg;

    if (step->step->kind == PXM_STEP_OPERATION) {
        journal_add("%s %s %u %d%s", step->step->id, outcomes[step->outcome], step->attempts, (int)step->index,
                    step->out ? " out" : "");
    }
}

static void a_trace_tells_of_every_step(void **state)
{
    struct world world;
    pxm_error error = {0};
    pxm_run *run = NULL;
    (void)state;

    world_open(
        &world, 1, NULL, "traced",
        "version: 1\n"
        "inputs: {n: {type: int, default: 1}}\n"
        "steps:\n"
        "  - {id: a, fake.note: {text: x, fail: a.b, transient: true, times: 1}, retry: {times: 2, backoff: 1ms}}\n"
        "  - {id: b, when: input.n == 2, fake.note: {text: x}}\n"
        "  - {id: c, fake.note: {text: x, fail: c.d, times: 3}, on_error: {c.d: fallback}, fallback: {fake.note: "
        "{text: x}}}\n"
        "  - {foreach: [7], steps: [{id: d, fake.note: {text: x}}]}\n",
        NULL);
    const struct pxm_trace trace = {.started = trace_started, .ended = trace_ended};
    const struct pxm_run_start start = {.trace = &trace};
    atomic_store(&started, 0);
    assert_int_equal(pxm_run_begin(pxm_project_pipeline(world.project, "traced"), &start, &run, &error), PXM_OK);
    assert_int_equal(pxm_run_wait(run, -1), 1);
    assert_int_equal(pxm_run_status(run), PXM_OK);
    const char *text = journal_text();
    assert_non_null(strstr(text, "a ok 2 -1"));
    assert_non_null(strstr(text, "b skipped 0 -1"));
    assert_non_null(strstr(text, "c fallback 1 -1"));
    assert_non_null(strstr(text, "d ok 1 0"));
    assert_int_equal(atomic_load(&started), 6);
    pxm_run_free(run);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_serial_unit_never_runs_beside_itself),
        cmocka_unit_test(an_instance_is_called_by_one_thread_at_a_time),
        cmocka_unit_test(many_threads_submit_many_runs),
        cmocka_unit_test(no_more_runs_wait_than_the_pipeline_lets),
        cmocka_unit_test(runs_of_a_narrow_pipeline_take_turns),
        cmocka_unit_test(submissions_that_cannot_be_are_refused),
        cmocka_unit_test(a_trace_tells_of_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
