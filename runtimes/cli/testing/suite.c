/* Runs tests one after the other. The engine is one for all of them; its clock starts anew with each. */
#include "suite.h"

#include "base/value.h"
#include "clock.h"
#include "engine/bind.h"
#include "engine/run.h"
#include "engine/run_start.h"
#include "fill.h"
#include "memory.h"
#include "peak.h"
#include "result.h"
#include "world.h"

#include <fnmatch.h>
#include <string.h>

enum { WORKERS = 2 };

static const char run_id[] = "test-run";

struct running {
    const struct suite *suite;
    pxm_engine *engine;
    struct tools tools;
};

/* ---- one run ---- */

static void finish_run(pxm_run *run, struct result *result)
{
    const pxm_error *error = pxm_run_error(run);

    if (error) {
        result->error = *error;
    } else {
        result->output = pxm_run_result(run);
    }
}

/* Runs the pipeline; that it fails is a result like any other. *ret lives until the result was looked at. */
static void run_pipeline(const struct test *test, pxm_pipeline *pipeline, pxm_value **values, struct steplog *log,
                         struct result *result, pxm_run **ret)
{
    const struct pxm_trace hooks = steplog_hooks(log);
    const struct pxm_run_options options = {.struct_size = sizeof options, .id = run_id};
    const struct pxm_run_start start = {
        .options = &options, .values = (const pxm_value *const *)values, .trace = &hooks};
    struct peak peak;
    bool measured = test->expect.peak_memory && peak_start(&peak);

    if (pxm_run_begin(pipeline, &start, ret, &result->error) == PXM_OK) {
        pxm_run_wait(*ret, -1);
        finish_run(*ret, result);
    }
    result->peak_bytes = measured ? peak_growth(&peak) : -1;
}

/* ---- one test ---- */

static void check(const struct running *running, const struct test *test, struct result *result,
                  struct problems *problems)
{
    struct match_context context = {.tools = (struct tools *)(uintptr_t)&running->tools,
                                    .problems = problems,
                                    .root = running->suite->root,
                                    .bless = running->suite->bless};

    result_check(&context, test, result);
    if (result->log->no_memory || problems->no_memory) {
        problems_add(problems, test->span, "out of memory");
    }
}

static void run_opened(struct running *running, const struct test *test, pxm_project_handle *handle,
                       struct problems *problems)
{
    pxm_pipeline *pipeline = pxm_project_pipeline(handle, test->program->name);
    struct result result = {.handle = handle, .peak_bytes = -1};
    struct steplog log;
    struct pxm_error error = {0};
    pxm_value **values = NULL;
    pxm_run *run = NULL;

    result.log = &log;
    if (!steplog_init(&log, test)) {
        problems_add(problems, test->span, "out of memory");
    } else if (fill_resources(&running->tools, handle, &test->given, &error) != PXM_OK) {
        problems_add(problems, test->span, "%s", error.text);
    } else {
        if (fill_inputs(&running->tools, pipeline, &test->given, &values, &result.error) == PXM_OK) {
            run_pipeline(test, pipeline, values, &log, &result, &run);
        }
        if (strcmp(result.error.code, fill_code) == 0) {
            problems_add(problems, test->span, "%s", result.error.text);
        } else {
            check(running, test, &result, problems);
        }
    }
    pxm_run_free(run);
    pxm_bind_free(pipeline, values);
    steplog_done(&log);
}

static int run_test(struct running *running, const struct test *test, struct problems *problems)
{
    const struct suite *suite = running->suite;
    const struct pxm_open_options options = {
        .path = suite->path, .profile = suite->profile, .outside = world_outside()};
    struct pxm_arena *arena = pxm_arena_new(PXM_PROJECT_BYTES_MAX);
    struct pxm_diags diags;
    pxm_project_handle *handle = NULL;
    struct pxm_error error = {0};

    if (!arena) {
        problems_add(problems, test->span, "out of memory");
        return CLI_OK;
    }
    clock_reset();
    pxm_diags_init(&diags, arena);
    if (pxm_project_handle_open(running->engine, &options, &diags, &handle, &error) != PXM_OK) {
        int code = cli_report_open(suite->cli, &diags, &error);
        pxm_arena_free(arena);
        return code;
    }
    run_opened(running, test, handle, problems);
    pxm_project_close(handle);
    return CLI_OK;
}

/* ---- all of them ---- */

static bool is_wanted(const struct suite *suite, const struct test *test)
{
    return !suite->only || fnmatch(suite->only, test->name, 0) == 0;
}

static int run_all(struct running *running, const struct tests *tests, struct report *report)
{
    const struct pxm_clock *clock = &pxm_clock_system;
    int code = CLI_OK;

    for (size_t i = 0; i < tests->count && code == CLI_OK; i++) {
        struct problems problems = {0};
        int64_t start_ms = clock->monotonic_ms(clock->arg);
        if (!is_wanted(running->suite, &tests->items[i])) {
            continue;
        }
        code = run_test(running, &tests->items[i], &problems);
        if (code == CLI_OK) {
            report_test(report, &tests->items[i], &problems, clock->monotonic_ms(clock->arg) - start_ms);
        }
        problems_done(&problems);
    }
    return code;
}

int suite_run(const struct suite *suite, const struct tests *tests, struct report *report)
{
    const struct pxm_engine_options options = {.struct_size = sizeof options, .workers = WORKERS};
    struct running running = {.suite = suite};
    struct pxm_error error = {0};

    if (pxm_engine_create(&options, &(struct pxm_engine_parts){.clock = clock_fixed()}, &running.engine, &error) !=
        PXM_OK) {
        cli_print_error(suite->cli, &error);
        return CLI_FAILED;
    }
    int code = run_all(&running, tests, report);
    tools_done(&running.tools);
    pxm_engine_free(running.engine);
    if (code != CLI_OK) {
        return code;
    }
    if (suite->only && report->passed + report->failed == 0) {
        fprintf(stderr, "pixmill test: no test has a name like %s\n", suite->only);
        return CLI_USAGE;
    }
    return report->failed > 0 ? CLI_FAILED : CLI_OK;
}
