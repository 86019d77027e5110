/* From a submission to a run in the queue: everything that can be refused is refused here, on the host's thread,
 * before a worker is kept busy. */
#include "engine/run_start.h"

#include "base/utf8.h"
#include "base/value.h"
#include "engine/input_values.h"
#include "engine/report.h"
#include "engine/run.h"
#include "engine/run_id.h"
#include "engine/run_work.h"

#include <stdlib.h>
#include <string.h>

/* ---- inputs ------------------------------------------------------------------------------------------------------ */

static size_t find_input(const struct pxm_program *program, const char *name)
{
    size_t i = 0;

    while (i < program->input_count && strcmp(program->inputs[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* Parses one of the host's inputs into `values`; whatever happens its bytes are released once. */
static pxm_status take_input(const struct pxm_pipeline *pipeline, const struct pxm_input_value *given,
                             pxm_value **values, pxm_error *error)
{
    const struct pxm_program *program = pipeline->program;
    size_t index = find_input(program, given->name);
    bool taken = false;
    pxm_status status = PXM_OK;

    if (index == program->input_count) {
        status = pxm_error_set(error, PXM_E_INVALID, "input.unknown", "pipeline `%s` has no input `%.64s`",
                               program->name, given->name);
    } else if (values[index]) {
        status = pxm_error_set(error, PXM_E_INVALID, "input.invalid", "input `%s` is given twice", given->name);
    } else {
        status = pxm_input_parse(pipeline, index, given, &values[index], &taken, error);
    }
    if (!taken && given->release) {
        given->release(given->arg);
    }
    return status;
}

/* All are taken, also after a failure, as all are to be released. The first failure counts. */
static pxm_status take_inputs(const struct pxm_pipeline *pipeline, const struct pxm_run_options *options,
                              pxm_value **values, pxm_error *error)
{
    pxm_status first = PXM_OK;

    for (size_t i = 0; i < options->input_count; i++) {
        pxm_error ignored = {0};
        pxm_status status = take_input(pipeline, &options->inputs[i], values, first == PXM_OK ? error : &ignored);
        first = first == PXM_OK ? status : first;
    }
    return first;
}

static pxm_status accept_inputs(struct pxm_run *run, const struct pxm_run_start *start, pxm_value **parsed,
                                pxm_error *error)
{
    const struct pxm_program *program = run->pipeline->program;
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < program->input_count && status == PXM_OK; i++) {
        const pxm_value *given = start->values && start->values[i] ? start->values[i] : parsed[i];
        status = pxm_input_accept(run->pipeline, i, given, run->pipeline->limits.bytes, &run->inputs[i], error);
    }
    return status;
}

static void unref_all(pxm_value **values, size_t count)
{
    for (size_t i = 0; values && i < count; i++) {
        pxm_value_unref(values[i]);
    }
    free(values);
}

static pxm_status set_inputs(struct pxm_run *run, const struct pxm_run_start *start,
                             const struct pxm_run_options *options, pxm_error *error)
{
    size_t count = run->pipeline->program->input_count;
    pxm_value **parsed = calloc(count + 1, sizeof(pxm_value *));

    run->inputs = calloc(count + 1, sizeof(pxm_value *));
    if (!parsed || !run->inputs) {
        free(parsed);
        pxm_run_release_inputs(options);
        return pxm_error_no_memory(error);
    }
    pxm_status status = take_inputs(run->pipeline, options, parsed, error);
    if (status == PXM_OK) {
        status = accept_inputs(run, start, parsed, error);
    }
    unref_all(parsed, count);
    return status;
}

/* ---- identity ---------------------------------------------------------------------------------------------------- */

/* Given by the host, or made. */
static pxm_status set_id(struct pxm_run *run, const char *wanted, pxm_error *error)
{
    if (wanted) {
        size_t length = strnlen(wanted, sizeof run->job.id);
        if (length == 0 || length == sizeof run->job.id || !pxm_utf8_valid(wanted, length)) {
            return pxm_error_set(error, PXM_E_INVALID, "run.id", "the id of a run is text of 1 to %zu bytes",
                                 sizeof run->job.id - 1);
        }
        pxm_utf8_copy(run->job.id, sizeof run->job.id, wanted);
        return PXM_OK;
    }
    return pxm_run_id_make(run->engine->clock, run->job.id, error);
}

/* What expressions see as `run`. */
static pxm_status set_info(struct pxm_run *run, const struct pxm_run_start *start, pxm_error *error)
{
    const struct pxm_clock *clock = run->engine->clock;
    char time[PXM_TIME_TEXT_MAX];
    int64_t now = start->time_ms == 0 ? clock->wall_ms(clock->arg) : start->time_ms;

    pxm_time_format(now, time);
    run->info = pxm_value_record();
    if (!run->info) {
        return pxm_error_no_memory(error);
    }
    pxm_value_set(run->info, "id", pxm_value_cstring(run->job.id));
    pxm_value_set(run->info, "time", pxm_value_cstring(time));
    pxm_value_set(run->info, "unix_ms", pxm_value_int(now));
    pxm_value_set(run->info, "pipeline", pxm_value_cstring(run->pipeline->program->name));
    pxm_value_set(run->info, "attempt", pxm_value_int(start->attempt == 0 ? 1 : start->attempt));
    return pxm_value_status(run->info) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

/* When `wanted_ms` from the submission are over. */
static int64_t moment(const struct pxm_run *run, int64_t wanted_ms)
{
    int64_t at_ms = 0;

    return wanted_ms <= 0 || __builtin_add_overflow(run->submitted_ms, wanted_ms, &at_ms) ? INT64_MAX : at_ms;
}

/* ---- the run ----------------------------------------------------------------------------------------------------- */

static struct pxm_run_options widen(const struct pxm_run_options *options)
{
    struct pxm_run_options wide = {0};

    if (options) {
        memcpy(&wide, options, options->struct_size < sizeof wide ? options->struct_size : sizeof wide);
    }
    return wide;
}

static struct pxm_run *run_new(pxm_pipeline *pipeline, const struct pxm_run_start *start,
                               const struct pxm_run_options *options)
{
    struct pxm_run *run = calloc(1, sizeof *run);

    if (!run) {
        return NULL;
    }
    run->task.run = pxm_run_work;
    run->engine = pipeline->project->engine;
    run->pipeline = pipeline;
    run->job.clock = run->engine->clock;
    run->job.cancelled = &run->cancelled;
    run->job.limits = pipeline->limits;
    atomic_init(&run->cancelled, false);
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->change, NULL);
    run->trace = start->trace ? *start->trace : (struct pxm_trace){0};
    run->effects = start->effects;
    run->final = start->final;
    run->failure = start->failure;
    run->done = options->done;
    run->done_arg = options->done_arg;
    run->submitted_ms = run->job.clock->monotonic_ms(run->job.clock->arg);
    run->job.deadline_ms = moment(run, options->deadline_ms);
    run->end_ms = moment(run, start->end_ms);
    return run;
}

static pxm_status prepare(struct pxm_run *run, const struct pxm_run_start *start, const struct pxm_run_options *options,
                          pxm_error *error)
{
    pxm_status status = set_inputs(run, start, options, error);

    if (status == PXM_OK) {
        status = set_id(run, options->id, error);
    }
    return status == PXM_OK ? set_info(run, start, error) : status;
}

pxm_status pxm_run_begin(pxm_pipeline *pipeline, const struct pxm_run_start *start, pxm_run **ret, pxm_error *error)
{
    const struct pxm_run_options options = widen(start->options);
    struct pxm_run *run = pipeline ? run_new(pipeline, start, &options) : NULL;

    *ret = NULL;
    if (!run) {
        pxm_run_release_inputs(&options);
        return pipeline ? pxm_error_no_memory(error)
                        : pxm_error_set(error, PXM_E_NOT_FOUND, "pipeline.not_found", "there is no such pipeline");
    }
    pxm_status status = prepare(run, start, &options, error);
    if (status == PXM_OK) {
        status = pxm_plan_start(pipeline, error);
    }
    if (status == PXM_OK) {
        *ret = run; /* before a worker can hand it to `done` */
        status = pxm_gatekeeper_enter(&pipeline->project->gatekeeper, pipeline->turns, pipeline->program,
                                      run->engine->pool, &run->task, error);
    }
    if (status != PXM_OK) {
        *ret = NULL;
        pxm_run_destroy(run);
    }
    return status;
}

pxm_status pxm_submit(pxm_pipeline *pipeline, const struct pxm_run_options *options, pxm_run **ret,
                      pxm_error **ret_error)
{
    const struct pxm_run_start start = {.options = options};
    pxm_error error = {0};
    pxm_status status = pxm_run_begin(pipeline, &start, ret, &error);

    return pxm_report(status, &error, ret_error);
}
