/* Operations on the run itself: call and fail. Called on worker threads. */
#include "engine/input_values.h"
#include "engine/operation_run.h"

#include "base/value.h"

#include <stdlib.h>

pxm_status pxm_op_fail(struct pxm_op *op, pxm_value **ret)
{
    const struct pxm_fail_config *config = op->config;
    (void)ret;

    return pxm_error_set(op->context->error, config->transient ? PXM_E_TRANSIENT : PXM_E_INVALID, config->code, "%s",
                         config->message ? config->message : config->code);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What the callee may use: no more than its caller, and no more than it declares itself. */
static pxm_job callee_job(const struct pxm_job *job, const struct pxm_pipeline *callee)
{
    pxm_job inner = *job;
    const struct pxm_limits *limits = &callee->limits;
    int64_t deadline = 0;

    inner.limits.bytes = least(job->limits.bytes, limits->bytes);
    inner.limits.pixels = least(job->limits.pixels, limits->pixels);
    inner.limits.side = least(job->limits.side, limits->side);
    inner.limits.frames = least(job->limits.frames, limits->frames);
    inner.limits.memory = least(job->limits.memory, limits->memory);
    inner.limits.scans = least(job->limits.scans, limits->scans);
    inner.limits.output_side = least(job->limits.output_side, limits->output_side);
    if (!__builtin_add_overflow(job->clock->monotonic_ms(job->clock->arg), callee->time_ms, &deadline)) {
        inner.deadline_ms = least(job->deadline_ms, deadline);
    }
    return inner;
}

static pxm_status accept_inputs(const struct pxm_op *op, const struct pxm_job *job, pxm_value **inputs)
{
    const struct pxm_call_config *config = op->config;
    const struct pxm_pipeline *callee = op->plan->callee;
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < callee->program->input_count && status == PXM_OK; i++) {
        const pxm_value *given = config->with ? pxm_value_get(config->with, callee->program->inputs[i].name) : NULL;
        status = pxm_input_accept(callee, i, given, job->limits.bytes, &inputs[i], op->context->error);
    }
    return status;
}

pxm_status pxm_op_call(struct pxm_op *op, pxm_value **ret)
{
    struct pxm_context *context = op->context;
    struct pxm_activation *caller = context->activation;
    const struct pxm_pipeline *callee = op->plan->callee;

    pxm_job job = callee_job(&context->job, callee);
    pxm_value **inputs = calloc(callee->program->input_count + 1, sizeof(pxm_value *));
    if (!inputs) {
        return pxm_error_no_memory(context->error);
    }
    pxm_status status = accept_inputs(op, &job, inputs);
    if (status == PXM_OK) {
        const struct pxm_activation_start start = {.run = caller->run,
                                                   .pipeline = callee,
                                                   .inputs = inputs,
                                                   .job = &job,
                                                   .caller = caller,
                                                   .undo = &caller->undo,
                                                   .halt = context->halt};
        status = pxm_activation_run(&start, ret, context->error);
    }
    for (size_t i = 0; i < callee->program->input_count; i++) {
        pxm_value_unref(inputs[i]);
    }
    free(inputs);
    return status;
}
