/* One execution of a pipeline, be it what was submitted or what a step calls: steps, then output; after a failure what
 * it created is undone and its on_failure block runs. Runs on a worker thread. */
#include "engine/run.h"
#include "engine/scope.h"

#include "base/value.h"

#include <stdlib.h>

void pxm_result_done(struct pxm_result *result)
{
    pxm_value_unref(result->value);
    pxm_value_unref(result->fields);
    *result = (struct pxm_result){0};
}

pxm_status pxm_frame_init(struct pxm_frame *frame, uint32_t slot_count, pxm_error *error)
{
    *frame = (struct pxm_frame){.results = calloc((size_t)slot_count + 1, sizeof *frame->results), .count = slot_count};
    return frame->results ? PXM_OK : pxm_error_no_memory(error);
}

void pxm_frame_done(struct pxm_frame *frame)
{
    /* Last first, so that a picture goes before the bytes that it was decoded from. */
    for (uint32_t i = frame->results ? frame->count : 0; i > 0; i--) {
        pxm_result_done(&frame->results[i - 1]);
    }
    free(frame->results);
    pxm_value_unref(frame->index);
    *frame = (struct pxm_frame){0};
}

bool pxm_halt_is_set(const struct pxm_halt *halt)
{
    for (; halt; halt = halt->outer) {
        if (atomic_load_explicit(&halt->set, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

pxm_status pxm_context_check(const struct pxm_context *context)
{
    if (pxm_halt_is_set(context->halt)) {
        return pxm_error_set(context->error, PXM_E_CANCELLED, "run.halted", "a step beside this one ended the run");
    }
    return pxm_job_check(&context->job, context->error);
}

/* The pipeline's value: of its `output` template; null where it has none, and when a step stopped it, as what the
 * template reads may then be missing. */
static pxm_status evaluate_output(struct pxm_context *context, enum pxm_flow flow, pxm_value **ret)
{
    const struct pxm_program *program = context->activation->pipeline->program;
    const struct pxm_view view = {.activation = context->activation, .frame = context->frame};
    const struct pxm_scope scope = pxm_view_scope(&view);

    if (flow == PXM_FLOW_STOP || !program->output) {
        *ret = pxm_value_null();
        return *ret ? PXM_OK : pxm_error_no_memory(context->error);
    }
    pxm_status status = pxm_template_eval(program->output, &scope, ret, context->error);
    if (status != PXM_OK) {
        pxm_error_context(context->error, "output");
    }
    return status;
}

static pxm_status run_steps(struct pxm_context *context, pxm_value **ret)
{
    enum pxm_flow flow = pxm_block_run(context, &context->activation->pipeline->block);
    return flow == PXM_FLOW_FAIL ? context->error->status : evaluate_output(context, flow, ret);
}

/* The deadline may have passed and the run may be cancelled: cleaning up has a little time of its own all the same. */
static pxm_job cleanup_job(const struct pxm_context *context)
{
    pxm_job job = context->job;

    job.deadline_ms = job.clock->monotonic_ms(job.clock->arg) + PXM_CLEANUP_MS;
    if (context->activation->run->end_ms < job.deadline_ms) {
        job.deadline_ms = context->activation->run->end_ms;
    }
    job.cancelled = NULL;
    return job;
}

/* Its own failure is noted in the error of the run and changes nothing else. */
static void run_on_failure(struct pxm_context *context, pxm_error *run_error)
{
    struct pxm_activation *activation = context->activation;
    const struct pxm_program *program = activation->pipeline->program;
    struct pxm_frame frame = {0};
    pxm_error error = {0};
    struct pxm_context inner = {
        .activation = activation, .frame = &frame, .job = cleanup_job(context), .error = &error};
    pxm_value *shown = pxm_error_to_value(run_error);

    pxm_status status = shown ? PXM_OK : pxm_error_no_memory(&error);
    if (status == PXM_OK && activation->run->final) {
        status = pxm_value_set(shown, "transient", pxm_value_bool(false));
    }
    if (status == PXM_OK) {
        status = pxm_frame_init(&frame, program->on_failure.slot_count, &error);
    }
    if (status == PXM_OK) {
        activation->error = shown;
        pxm_block_run(&inner, &activation->pipeline->on_failure);
        activation->error = NULL;
    }
    if (error.status != PXM_OK) {
        pxm_error_note(run_error, "on_failure", error.text);
    }
    pxm_frame_done(&frame);
    pxm_value_unref(shown);
}

/* What a try that could not tell it has failed with. */
static bool has_failed(const struct pxm_context *context)
{
    const pxm_error *failure = context->activation->run->failure;

    if (!failure || context->activation->depth > 0) {
        return false;
    }
    *context->error = *failure;
    return true;
}

static void recover(struct pxm_context *context, pxm_error *run_error)
{
    if (context->activation->undo.last) {
        pxm_job job = cleanup_job(context);
        pxm_undo_play(&context->activation->undo, &job, run_error);
    }
    if (context->activation->pipeline->on_failure.count > 0) {
        run_on_failure(context, run_error);
    }
}

pxm_status pxm_activation_run(const struct pxm_activation_start *start, pxm_value **ret, pxm_error *error)
{
    struct pxm_activation activation = {.run = start->run,
                                        .pipeline = start->pipeline,
                                        .depth = start->caller ? start->caller->depth + 1 : 0,
                                        .inputs = start->inputs};
    struct pxm_frame frame = {0};
    struct pxm_context context = {
        .activation = &activation, .frame = &frame, .halt = start->halt, .job = *start->job, .error = error};

    pxm_undo_init(&activation.undo);
    pxm_status status = pxm_frame_init(&frame, start->pipeline->program->block.slot_count, error);
    if (status == PXM_OK) {
        status = has_failed(&context) ? error->status : run_steps(&context, ret);
        if (status != PXM_OK) {
            recover(&context, error);
        } else if (start->undo) {
            pxm_undo_merge(&activation.undo, start->undo);
        }
    }
    pxm_frame_done(&frame);
    pxm_undo_done(&activation.undo);
    return status;
}
