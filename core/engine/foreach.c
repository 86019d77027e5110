/* A block for each item of a list, some of them side by side. Each item has a frame of its own that ends with it;
 * what is to be seen outside is what `emit` says. Results are in the order of the list, whatever order the items ran
 * in. */
#include "engine/overlap.h"
#include "engine/run.h"
#include "engine/scope.h"

#include "base/value.h"

#include <stdlib.h>

struct outcome {
    pxm_value *emitted; /* NULL: left out by `where`, failed, or not begun */
    pxm_value *failed;  /* NULL: it did not fail */
};

struct loop {
    const struct pxm_context *context;
    const struct pxm_plan_step *plan;
    const pxm_value *list;
    struct outcome *outcomes;
    atomic_int_fast64_t failures;
    struct pxm_overlap overlap;
};

/* ---- one item ---------------------------------------------------------------------------------------------------- */

static pxm_status is_wanted(const struct pxm_context *context, const struct pxm_expr *where, bool *ret)
{
    const struct pxm_view view = {.activation = context->activation, .frame = context->frame};
    const struct pxm_scope scope = pxm_view_scope(&view);
    pxm_value *value = NULL;

    *ret = true;
    if (!where) {
        return PXM_OK;
    }
    pxm_status status = pxm_expr_eval(where, &scope, &value, context->error);
    if (status == PXM_OK) {
        *ret = pxm_value_as_bool(value);
        pxm_value_unref(value);
    }
    return status;
}

static pxm_status emit(const struct pxm_context *context, const struct pxm_template *template, pxm_value **ret)
{
    const struct pxm_view view = {.activation = context->activation, .frame = context->frame};
    const struct pxm_scope scope = pxm_view_scope(&view);

    if (template) {
        return pxm_template_eval(template, &scope, ret, context->error);
    }
    *ret = pxm_value_null();
    return *ret ? PXM_OK : pxm_error_no_memory(context->error);
}

static enum pxm_flow flow_of(pxm_status status)
{
    return status == PXM_OK ? PXM_FLOW_NEXT : PXM_FLOW_FAIL;
}

static enum pxm_flow run_item(const struct loop *loop, struct pxm_context *context, pxm_value **ret)
{
    const struct pxm_step *step = loop->plan->step;
    bool wanted = true;
    enum pxm_flow flow = flow_of(is_wanted(context, step->where, &wanted));

    if (flow != PXM_FLOW_NEXT || !wanted) {
        return flow;
    }
    flow = pxm_block_run(context, &loop->plan->block);
    return flow == PXM_FLOW_NEXT ? flow_of(emit(context, step->emit, ret)) : flow;
}

static pxm_status init_frame(const struct loop *loop, size_t index, struct pxm_frame *frame, pxm_error *error)
{
    pxm_status status = pxm_frame_init(frame, loop->plan->step->block.slot_count, error);

    if (status != PXM_OK) {
        return status;
    }
    frame->outer = loop->context->frame;
    frame->item = pxm_value_at(loop->list, index);
    frame->index = pxm_value_int((int64_t)index);
    return frame->index ? PXM_OK : pxm_error_no_memory(error);
}

/* The item's entry in `failed`: {code message transient step origin notes index}. */
static pxm_value *describe(const pxm_error *error, const pxm_value *index)
{
    pxm_value *record = pxm_error_to_value(error);

    if (record && pxm_value_set(record, "index", pxm_value_ref(index)) != PXM_OK) {
        pxm_value_unref(record);
        return NULL;
    }
    return record;
}

static void tell_item(const struct loop *loop, size_t index, enum pxm_trace_outcome outcome, const pxm_error *error)
{
    const struct pxm_activation *activation = loop->context->activation;
    const struct pxm_trace *trace = &activation->run->trace;

    if (trace->item) {
        const struct pxm_trace_step told = {.program = activation->pipeline->program,
                                            .step = loop->plan->step,
                                            .index = (int64_t)index,
                                            .depth = activation->depth,
                                            .outcome = outcome,
                                            .error = error};
        trace->item(trace->arg, &told);
    }
}

/* As many as `tolerate` says may fail, but the end of the whole run is not to be tolerated. */
static void fail_item(struct loop *loop, const struct pxm_context *context, size_t index)
{
    pxm_error *error = context->error;

    bool over = pxm_job_remaining_ms(&context->job) <= 0 || pxm_halt_is_set(context->halt);
    if (!over && atomic_fetch_add(&loop->failures, 1) < loop->plan->step->tolerate) {
        loop->outcomes[index].failed = describe(error, context->frame->index);
        if (loop->outcomes[index].failed) {
            return;
        }
        pxm_error_no_memory(error);
    }
    pxm_error_context(error, "item %zu", index);
    pxm_overlap_fail(&loop->overlap, index, error);
}

static void run_one(void *arg, size_t index)
{
    struct loop *loop = arg;
    pxm_error error = {0};
    struct pxm_frame frame = {0};
    struct pxm_context inner = pxm_overlap_context(&loop->overlap, loop->context, &error);

    if (pxm_halt_is_set(inner.halt)) {
        return;
    }
    inner.frame = &frame;
    enum pxm_flow flow = flow_of(init_frame(loop, index, &frame, &error));
    if (flow == PXM_FLOW_NEXT) {
        flow = run_item(loop, &inner, &loop->outcomes[index].emitted);
    }
    if (flow == PXM_FLOW_FAIL) {
        tell_item(loop, index, PXM_TRACE_FAILED, &error);
        fail_item(loop, &inner, index);
    } else if (flow == PXM_FLOW_STOP) {
        tell_item(loop, index, PXM_TRACE_STOPPED, NULL);
        pxm_overlap_stop(&loop->overlap);
    } else {
        tell_item(loop, index, loop->outcomes[index].emitted ? PXM_TRACE_OK : PXM_TRACE_SKIPPED, NULL);
    }
    pxm_frame_done(&frame);
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

/* {items: [...], failed: [...], count}: what was emitted, what failed and was tolerated, and how many items ran. */
static pxm_status collect(struct loop *loop, size_t count, pxm_value **ret)
{
    pxm_value *record = pxm_value_record();
    pxm_value *items = pxm_value_list();
    pxm_value *failed = pxm_value_list();
    bool complete = items && failed;

    for (size_t i = 0; complete && i < count; i++) {
        struct outcome *outcome = &loop->outcomes[i];
        if (outcome->emitted) {
            complete = pxm_value_append(items, pxm_value_ref(outcome->emitted)) == PXM_OK;
        } else if (outcome->failed) {
            complete = pxm_value_append(failed, pxm_value_ref(outcome->failed)) == PXM_OK;
        }
    }
    size_t ran = pxm_value_count(items) + pxm_value_count(failed);
    if (record) {
        pxm_value_set(record, "items", items);
        pxm_value_set(record, "failed", failed);
        pxm_value_set(record, "count", pxm_value_int((int64_t)ran));
    } else {
        pxm_value_unref(items);
        pxm_value_unref(failed);
    }
    if (!complete || !record || pxm_value_status(record) != PXM_OK) {
        pxm_value_unref(record);
        return pxm_error_no_memory(loop->context->error);
    }
    *ret = record;
    return PXM_OK;
}

static enum pxm_flow run_all(struct loop *loop, size_t count, pxm_value **ret)
{
    const struct pxm_context *context = loop->context;

    loop->outcomes = calloc(count + 1, sizeof *loop->outcomes);
    if (!loop->outcomes) {
        return flow_of(pxm_error_no_memory(context->error));
    }
    pxm_overlap_init(&loop->overlap, context);
    pxm_pool_fan(context->activation->run->engine->pool, count, (size_t)loop->plan->step->max_parallel, run_one, loop);
    enum pxm_flow flow = pxm_overlap_done(&loop->overlap, context);
    if (flow == PXM_FLOW_NEXT) {
        flow = flow_of(collect(loop, count, ret));
    }
    for (size_t i = 0; i < count; i++) {
        pxm_value_unref(loop->outcomes[i].emitted);
        pxm_value_unref(loop->outcomes[i].failed);
    }
    free(loop->outcomes);
    return flow;
}

enum pxm_flow pxm_foreach_run(struct pxm_context *context, const struct pxm_plan_step *plan, struct pxm_result *ret)
{
    const struct pxm_view view = {.activation = context->activation, .frame = context->frame};
    const struct pxm_scope scope = pxm_view_scope(&view);
    struct loop loop = {.context = context, .plan = plan};
    pxm_value *list = NULL;

    if (pxm_template_eval(plan->step->list, &scope, &list, context->error) != PXM_OK) {
        return PXM_FLOW_FAIL;
    }
    enum pxm_flow flow = PXM_FLOW_FAIL;
    size_t count = pxm_value_count(list);
    if (pxm_value_type(list) != PXM_TYPE_LIST) {
        pxm_error_set(context->error, PXM_E_INVALID, "input.invalid", "`foreach` wants a list");
    } else if (count > PXM_FOREACH_MAX) {
        pxm_error_set(context->error, PXM_E_LIMIT, "limit.items", "%zu items; `foreach` takes %d at most", count,
                      PXM_FOREACH_MAX);
    } else {
        loop.list = list;
        atomic_init(&loop.failures, 0);
        flow = run_all(&loop, count, &ret->fields);
    }
    pxm_value_unref(list);
    return flow;
}
