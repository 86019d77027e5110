/* pixmill run: one run, or a batch. */
#include "batch.h"
#include "expression.h"
#include "inputs.h"
#include "trace.h"
#include "write_file.h"

#include "base/value.h"
#include "engine/plan.h"
#include "engine/run.h"
#include "engine/run_start.h"
#include "lang/yaml/scalar.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool interrupted;

static void on_interrupt(int number)
{
    (void)number;
    atomic_store(&interrupted, true);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);

    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* --output, or the result as JSON. */
static bool deliver(const struct cli *cli, const struct args *args, const pxm_run *run)
{
    const char *path = args_value(args, "output");
    size_t length = 0;
    const char *media = NULL;
    struct pxm_error error = {0};
    const void *data = pxm_run_result_data(run, &length, &media);

    if (path && !data) {
        fprintf(stderr, "pixmill run: the pipeline gives no bytes, so there is nothing to write to %s\n", path);
        return false;
    }
    if (path && strcmp(path, "-") == 0) {
        return write_all(STDOUT_FILENO, data, length) == 0;
    }
    if (path && write_file(path, data, length, &error) != PXM_OK) {
        fprintf(stderr, "pixmill run: %s\n", error.text);
        return false;
    }
    return path || cli->json || cli_print_json(pxm_run_result(run), 2);
}

struct program_run { /* what --json prints */
    const struct pxm_program *program;
    const pxm_run *run;     /* NULL: it could not even begin */
    const pxm_error *error; /* NULL: success */
    const struct trace *trace;
    bool traced;
    int64_t ms;
};

static bool print_document(const struct program_run *done)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "schema", pxm_value_cstring("pixmill.run/1"));
    pxm_value_set(value, "run", pxm_value_cstring(done->run ? done->run->job.id : NULL));
    pxm_value_set(value, "pipeline", pxm_value_cstring(done->program->name));
    pxm_value_set(value, "outcome", pxm_value_cstring(done->error ? "failed" : "ok"));
    pxm_value_set(value, "ms", pxm_value_int(done->ms));
    if (done->error) {
        pxm_value_set(value, "error", pxm_error_to_value(done->error));
    } else {
        const pxm_value *result = pxm_run_result(done->run);
        pxm_value_set(value, "output", result ? pxm_value_ref(result) : pxm_value_null());
    }
    if (done->traced) {
        pxm_value_set(value, "steps", pxm_value_ref(done->trace->steps));
    }
    bool fine = cli_print_json(value, 2);
    pxm_value_unref(value);
    return fine;
}

static int wait_for(pxm_run *run)
{
    bool cancelled = false;

    while (!pxm_run_wait(run, 100)) {
        if (atomic_load(&interrupted) && !cancelled) {
            pxm_run_cancel(run);
            cancelled = true;
        }
    }
    return cancelled ? CLI_INTERRUPTED : CLI_OK;
}

static int finish(const struct cli *cli, const struct args *args, const struct program_run *done, int waited)
{
    const pxm_error *error = done->error;

    if (cli->json && !print_document(done)) {
        return CLI_FAILED;
    }
    if (error) {
        if (!cli->json) {
            cli_print_error(cli, error);
        }
        return waited != CLI_OK ? waited : cli_exit_of(error);
    }
    return deliver(cli, args, done->run) ? CLI_OK : CLI_FAILED;
}

static int run_one(struct cli *cli, const struct args *args, pxm_pipeline *pipeline, const char *file,
                   int64_t deadline_ms)
{
    struct program_run done = {.program = pxm_pipeline_program(pipeline), .traced = args_has(args, "trace")};
    struct inputs inputs;
    struct trace trace;
    pxm_run *run = NULL;
    struct pxm_error error = {0};
    int64_t started_ms = pxm_clock_system.monotonic_ms(NULL);

    if (!inputs_make(&inputs, args, done.program, file, file, false)) {
        return CLI_USAGE;
    }
    trace_init(&trace, cli);
    const struct pxm_trace hooks = trace_hooks(&trace);
    const struct pxm_run_options options = {.struct_size = sizeof options,
                                            .deadline_ms = deadline_ms,
                                            .inputs = inputs.values,
                                            .input_count = inputs.count};
    const struct pxm_run_start start = {.options = &options, .trace = done.traced ? &hooks : NULL};
    bool begun = pxm_run_begin(pipeline, &start, &run, &error) == PXM_OK;
    int waited = begun ? wait_for(run) : CLI_OK;
    done.run = run;
    done.error = begun ? pxm_run_error(run) : &error;
    done.trace = &trace;
    done.ms = pxm_clock_system.monotonic_ms(NULL) - started_ms;
    int code = finish(cli, args, &done, waited);
    pxm_run_free(run);
    trace_done(&trace);
    inputs_done(&inputs);
    return code;
}

/* What is to be run: a name in the project, a file, or an expression. */
struct target {
    const char *path, *name, *file;
    char *text; /* owned */
};

/* NULL after it told the user. */
static char *expression_text(const char *expression)
{
    struct cli_project plugins;
    struct pxm_buf yaml;
    char *text = NULL;

    if (cli_catalog_load(&plugins) != CLI_OK) {
        return NULL;
    }
    pxm_buf_init(&yaml, 1 << 16);
    if (expression_to_yaml(expression, &plugins, &yaml)) {
        text = pxm_buf_take(&yaml);
    }
    pxm_buf_done(&yaml);
    cli_project_done(&plugins);
    return text;
}

static bool find_target(const struct args *args, struct target *ret)
{
    const char *expression = args_value(args, "expression");

    *ret = (struct target){0};
    if (!expression) {
        if (args->count == 0) {
            fprintf(stderr, "pixmill run: which pipeline? usage: pixmill run PIPELINE [FILE]\n");
            return false;
        }
        bool is_file = ends_with(args->words[0], ".yaml") || ends_with(args->words[0], ".yml");
        ret->path = is_file ? args->words[0] : NULL;
        ret->name = is_file ? NULL : args->words[0];
        ret->file = args->count > 1 ? args->words[1] : NULL;
        return true;
    }
    if (args->count > 1) {
        fprintf(stderr, "pixmill run: with -e there is only one argument, the file\n");
        return false;
    }
    ret->file = args->count > 0 ? args->words[0] : NULL;
    ret->path = "expression";
    ret->name = "expression";
    ret->text = expression_text(expression);
    return ret->text != NULL;
}

/* The program of a pipeline file. */
static const struct pxm_program *program_of_file(const struct pxm_project *project, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strcspn(name, ".");

    for (size_t i = 0; i < project->program_count; i++) {
        const char *candidate = project->programs[i]->name;
        if (strlen(candidate) == length && memcmp(candidate, name, length) == 0) {
            return project->programs[i];
        }
    }
    fprintf(stderr, "pixmill run: %s is no pipeline\n", path);
    return NULL;
}

/* --dry-run: all that comes before the first step. */
static int rehearse(const struct cli *cli, pxm_pipeline *pipeline)
{
    pxm_error error = {0};

    if (pxm_plan_start(pipeline, &error) != PXM_OK) {
        cli_print_error(cli, &error);
        return cli_exit_of(&error);
    }
    fprintf(stderr, "pipeline `%s` is ready to run\n", pxm_pipeline_program(pipeline)->name);
    return CLI_OK;
}

static int run_target(struct cli *cli, const struct args *args, const struct target *target, long jobs,
                      int64_t deadline_ms)
{
    struct cli_engine opened;
    int code = cli_engine_open(cli, args, target->path, target->text, jobs, &opened);

    if (code == CLI_OK) {
        const struct pxm_project *project = opened.handle->project;
        const struct pxm_program *program =
            target->name ? cli_program(project, target->name) : program_of_file(project, target->path);
        pxm_pipeline *pipeline = program ? pxm_project_pipeline(opened.handle, program->name) : NULL;
        const struct batch batch = {cli, args, pipeline, program, project, opened.workers, deadline_ms};
        if (!pipeline) {
            code = CLI_USAGE;
        } else if (args_has(args, "dry-run")) {
            code = rehearse(cli, pipeline);
        } else if (args_has(args, "each")) {
            code = batch_run(&batch);
        } else {
            code = run_one(cli, args, pipeline, target->file, deadline_ms);
        }
    }
    cli_engine_done(&opened);
    return code;
}

static bool parse_time(const struct args *args, int64_t *ret)
{
    const char *text = args_value(args, "time");
    const char *wrong = text ? pxm_scalar_duration(text, ret) : NULL;

    if (wrong) {
        fprintf(stderr, "pixmill run: --time: %s\n", wrong);
    }
    return !wrong;
}

int verb_run(struct cli *cli, const struct args *args)
{
    struct target target;
    struct sigaction action = {.sa_handler = on_interrupt};
    long jobs = 0;
    int64_t deadline_ms = 0;
    int code = CLI_OK;

    if (!args_number(args, "jobs", 1, 256, 0, &jobs) || !parse_time(args, &deadline_ms) ||
        !find_target(args, &target)) {
        return CLI_USAGE;
    }
    if (args_has(args, "print") && target.text) {
        fputs(target.text, stdout);
    } else {
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        code = run_target(cli, args, &target, jobs, deadline_ms);
    }
    free(target.text);
    return code;
}
