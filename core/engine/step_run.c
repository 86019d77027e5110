/* One step with its common keys: when, retry, on_error, fallback, timeout. The order is: when, input and options,
 * tries, then the first rule that fits the error. Runs on worker threads. */
#include "engine/operation_run.h"
#include "engine/run.h"
#include "engine/scope.h"

#include "base/digest.h"
#include "base/value.h"

#include <string.h>

enum { PAUSE_SLICE_MS = 20 /* how soon a cancel is seen while waiting for the next try */ };

struct step_run {
    struct pxm_context *context; /* of the block around it */
    struct pxm_context inner;    /* the same with a job whose deadline is the step's */
    const struct pxm_plan_step *plan;
    const pxm_value *in;
    struct pxm_config *filled; /* NULL: the options are constant, or there are none */
    struct pxm_result result;
    uint32_t attempts;
    int64_t started_ms;
};

static int64_t now_ms(const struct pxm_context *context)
{
    return context->job.clock->monotonic_ms(context->job.clock->arg);
}

/* ---- telling ----------------------------------------------------------------------------------------------------- */

static struct pxm_trace_step trace_step(const struct step_run *run)
{
    const struct pxm_activation *activation = run->context->activation;
    const struct pxm_frame *frame = run->context->frame;

    return (struct pxm_trace_step){.program = activation->pipeline->program,
                                   .step = run->plan->step,
                                   .index = frame->index ? pxm_value_as_int(frame->index) : -1,
                                   .depth = activation->depth,
                                   .at_ms = now_ms(run->context) - activation->run->submitted_ms};
}

static void tell_started(const struct step_run *run)
{
    const struct pxm_trace *trace = &run->context->activation->run->trace;

    if (trace->started) {
        struct pxm_trace_step told = trace_step(run);
        trace->started(trace->arg, &told);
    }
}

static void tell_ended(const struct step_run *run, enum pxm_trace_outcome outcome, const pxm_error *error)
{
    const struct pxm_trace *trace = &run->context->activation->run->trace;

    if (!trace->ended) {
        return;
    }
    struct pxm_trace_step told = trace_step(run);
    told.outcome = outcome;
    told.attempts = run->attempts;
    told.ms = now_ms(run->context) - run->started_ms;
    told.in = run->in;
    told.out = run->result.value;
    told.fields = run->result.fields;
    told.error = error;
    trace->ended(trace->arg, &told);
}

/* Says where an error comes from; the innermost step that does is where it surfaced. */
static void surface(const struct step_run *run)
{
    char place[PXM_PLACE_MAX];
    pxm_error *error = run->context->error;

    if (error->step[0] == '\0') {
        pxm_error_set_step(error, run->plan->step->id);
    }
    pxm_error_through(error, run->plan->step->id, pxm_plan_place(run->plan, place));
}

/* ---- trying ------------------------------------------------------------------------------------------------------ */

/* What a test wants this try to fail with, if anything. */
static pxm_status inject(const struct step_run *run)
{
    const struct pxm_trace *trace = &run->context->activation->run->trace;

    if (!trace->inject) {
        return PXM_OK;
    }
    struct pxm_trace_step told = trace_step(run);
    return trace->inject(trace->arg, &told, run->context->error);
}

static enum pxm_flow attempt(struct step_run *run)
{
    const struct pxm_plan_step *plan = run->plan;
    const struct pxm_config *config = plan->constant ? plan->constant : run->filled;

    run->attempts++;
    if (inject(run) != PXM_OK) {
        return PXM_FLOW_FAIL;
    }
    switch (plan->step->kind) {
    case PXM_STEP_FOREACH:
        return pxm_foreach_run(&run->inner, plan, &run->result);
    case PXM_STEP_PARALLEL:
        return pxm_parallel_run(&run->inner, plan);
    case PXM_STEP_OPERATION:
        break;
    }
    pxm_status status = pxm_operation_run(&run->inner, plan, pxm_config_data(config), run->in, &run->result);
    return status == PXM_OK ? PXM_FLOW_NEXT : PXM_FLOW_FAIL;
}

/* Full jitter: a random pause up to a bound that doubles with each try, so that many runs do not come back together. */
static int64_t next_pause(const struct pxm_retry *retry, uint32_t failures)
{
    int64_t bound = retry->backoff_ms;
    uint64_t random = 0;

    for (uint32_t i = 1; i < failures && bound < retry->backoff_max_ms; i++) {
        bound = bound > INT64_MAX / 2 ? INT64_MAX : bound * 2;
    }
    bound = bound < retry->backoff_max_ms ? bound : retry->backoff_max_ms;
    if (bound <= 0) {
        return 0;
    }
    if (pxm_random(&random, sizeof random) != PXM_OK) {
        return bound;
    }
    return (int64_t)(random % ((uint64_t)bound + 1));
}

/* Waits before the next try. False: there is none, and the error says why. */
static bool wait_for_retry(struct step_run *run)
{
    const pxm_job *job = &run->inner.job;
    const struct pxm_retry *retry = &run->plan->step->retry;

    if (!pxm_status_is_transient(run->context->error->status) || run->attempts > retry->times) {
        return false;
    }
    int64_t left = next_pause(retry, run->attempts);
    if (left >= pxm_job_remaining_ms(job)) {
        return false;
    }
    while (left > 0 && pxm_job_remaining_ms(job) > 0 && !pxm_halt_is_set(run->inner.halt)) {
        int64_t slice = left < PAUSE_SLICE_MS ? left : PAUSE_SLICE_MS;
        job->clock->sleep_ms(job->clock->arg, slice);
        left -= slice;
    }
    if (pxm_context_check(&run->inner) != PXM_OK) {
        return false;
    }
    pxm_error_clear(run->context->error);
    return true;
}

static enum pxm_flow try_until_done(struct step_run *run)
{
    enum pxm_flow flow = attempt(run);

    while (flow == PXM_FLOW_FAIL && wait_for_retry(run)) {
        flow = attempt(run);
    }
    return flow;
}

/* ---- before the call --------------------------------------------------------------------------------------------- */

/* A skipped step hands on its input where that has the type of its result. */
static void skip(struct step_run *run)
{
    pxm_result_done(&run->result);
    if (run->plan->step->pass_through && run->in) {
        run->result.value = pxm_value_ref(run->in);
    }
}

static pxm_status evaluate_when(const struct step_run *run, const struct pxm_scope *scope, bool *ret)
{
    const struct pxm_expr *when = run->plan->step->when;
    pxm_value *value = NULL;

    *ret = true;
    if (!when) {
        return PXM_OK;
    }
    pxm_status status = pxm_expr_eval(when, scope, &value, run->context->error);
    if (status == PXM_OK) {
        *ret = pxm_value_as_bool(value);
        pxm_value_unref(value);
    }
    return status;
}

static pxm_status fill_options(struct step_run *run, const struct pxm_scope *scope)
{
    const struct pxm_plan_step *plan = run->plan;

    if (plan->step->kind != PXM_STEP_OPERATION || plan->constant) {
        return PXM_OK;
    }
    return pxm_config_fill(plan->step->options, scope, &run->filled, run->context->error);
}

static void set_deadline(struct step_run *run)
{
    int64_t deadline = 0;
    int64_t timeout = run->plan->step->timeout_ms;

    if (timeout > 0 && !__builtin_add_overflow(run->started_ms, timeout, &deadline) &&
        deadline < run->inner.job.deadline_ms) {
        run->inner.job.deadline_ms = deadline;
    }
}

static enum pxm_flow perform(struct step_run *run, bool *ret_skipped)
{
    const struct pxm_view view = {.activation = run->context->activation, .frame = run->context->frame};
    const struct pxm_scope scope = pxm_view_scope(&view);
    bool wanted = true;

    run->in = pxm_view_wire(&view, &run->plan->step->in);
    if (evaluate_when(run, &scope, &wanted) != PXM_OK) {
        return PXM_FLOW_FAIL;
    }
    if (!wanted) {
        *ret_skipped = true;
        skip(run);
        return PXM_FLOW_NEXT;
    }
    if (fill_options(run, &scope) != PXM_OK) {
        return PXM_FLOW_FAIL;
    }
    set_deadline(run);
    return try_until_done(run);
}

/* ---- after a failure --------------------------------------------------------------------------------------------- */

static bool matches(const char *pattern, const char *code)
{
    size_t length = strlen(pattern);

    if (strcmp(pattern, "*") == 0) {
        return true;
    }
    return strncmp(code, pattern, length) == 0 && (code[length] == '\0' || code[length] == '.');
}

/* When the whole run is late, cancelled or halted there is nothing to go on with, whatever the rules say. */
static enum pxm_error_action action_for(const struct step_run *run)
{
    const struct pxm_step *step = run->plan->step;

    if (pxm_job_remaining_ms(&run->context->job) <= 0 || pxm_halt_is_set(run->context->halt)) {
        return PXM_ON_ERROR_FAIL;
    }
    for (size_t i = 0; i < step->rule_count; i++) {
        if (matches(step->rules[i].pattern, run->context->error->code)) {
            return step->rules[i].action;
        }
    }
    return PXM_ON_ERROR_FAIL;
}

static enum pxm_flow run_fallback(struct step_run *run)
{
    pxm_error *error = run->context->error;
    pxm_error cause = *error;

    pxm_error_clear(error);
    enum pxm_flow flow = pxm_step_run(run->context, run->plan->fallback);
    if (flow == PXM_FLOW_FAIL) {
        pxm_error_note(error, "fallback_for", cause.text);
    }
    tell_ended(run, flow == PXM_FLOW_FAIL ? PXM_TRACE_FAILED : PXM_TRACE_FALLBACK, &cause);
    return flow;
}

/* The result of the fallback is in the slot already; in the other cases the step's own is still to be stored. */
static enum pxm_flow handle_failure(struct step_run *run, bool *ret_stored)
{
    pxm_error *error = run->context->error;

    switch (action_for(run)) {
    case PXM_ON_ERROR_SKIP:
        skip(run);
        tell_ended(run, PXM_TRACE_SKIPPED, error);
        pxm_error_clear(error);
        return PXM_FLOW_NEXT;
    case PXM_ON_ERROR_STOP:
        tell_ended(run, PXM_TRACE_STOPPED, error);
        pxm_error_clear(error);
        return PXM_FLOW_STOP;
    case PXM_ON_ERROR_FALLBACK:
        *ret_stored = true;
        return run_fallback(run);
    case PXM_ON_ERROR_FAIL:
        break;
    }
    surface(run);
    tell_ended(run, PXM_TRACE_FAILED, error);
    return PXM_FLOW_FAIL;
}

/* ---- the step ---------------------------------------------------------------------------------------------------- */

static void store(struct step_run *run)
{
    struct pxm_result *slot = &run->context->frame->results[run->plan->step->slot];

    pxm_result_done(slot);
    *slot = run->result;
    run->result = (struct pxm_result){0};
}

enum pxm_flow pxm_step_run(struct pxm_context *context, const struct pxm_plan_step *plan)
{
    struct step_run run = {.context = context, .inner = *context, .plan = plan, .started_ms = now_ms(context)};
    bool skipped = false;
    bool stored = false;
    enum pxm_flow flow = PXM_FLOW_FAIL;

    tell_started(&run);
    if (pxm_context_check(context) == PXM_OK) {
        flow = perform(&run, &skipped);
    }
    if (flow == PXM_FLOW_FAIL) {
        flow = handle_failure(&run, &stored);
    } else if (flow == PXM_FLOW_STOP) {
        tell_ended(&run, PXM_TRACE_STOPPED, NULL);
    } else {
        tell_ended(&run, skipped ? PXM_TRACE_SKIPPED : PXM_TRACE_OK, NULL);
    }
    if (flow == PXM_FLOW_NEXT && !stored) {
        store(&run);
        pxm_announce_run(context, plan);
    }
    pxm_result_done(&run.result);
    pxm_config_free(run.filled);
    return flow;
}
