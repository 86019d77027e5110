/* Telling transforms, before they run, of calls that will read the picture a step has just made: several sizes then
 * come from one decode. Only a hint, so whatever fails here is left out. Runs on the thread of the step. */
#include "engine/operation_run.h"
#include "engine/run.h"
#include "engine/scope.h"

#include "base/value.h"

struct announcing {
    const struct pxm_context *context;
    const struct pxm_plan_announce *announce;
    const pxm_value *picture;
    pxm_error error; /* of hints; nobody reads it */
};

static bool is_true(struct announcing *announcing, const struct pxm_expr *condition, const struct pxm_frame *frame)
{
    const struct pxm_view view = {.activation = announcing->context->activation, .frame = frame};
    const struct pxm_scope scope = pxm_view_scope(&view);
    pxm_value *value = NULL;

    if (!condition) {
        return true;
    }
    if (pxm_expr_eval(condition, &scope, &value, &announcing->error) != PXM_OK) {
        return false;
    }
    bool answer = pxm_value_as_bool(value);
    pxm_value_unref(value);
    return answer;
}

static void tell(struct announcing *announcing, const struct pxm_config *config)
{
    const struct pxm_plan_step *plan = announcing->announce->step;
    struct pxm_instance *transform = plan->transform;
    struct pxm_call call = pxm_operation_call(plan, pxm_config_data(config), announcing->picture);
    pxm_job job = announcing->context->job;

    pxm_instance_enter(transform);
    transform->ops.transform.announce(transform->self, &job, &call);
    pxm_instance_leave(transform);
}

/* The call as it will be, seen from `frame`. */
static void tell_from(struct announcing *announcing, const struct pxm_frame *frame)
{
    const struct pxm_plan_step *plan = announcing->announce->step;
    const struct pxm_view view = {.activation = announcing->context->activation, .frame = frame};
    const struct pxm_scope scope = pxm_view_scope(&view);
    struct pxm_config *config = NULL;

    if (!is_true(announcing, plan->step->when, frame)) {
        return;
    }
    if (plan->constant) {
        tell(announcing, plan->constant);
    } else if (pxm_config_fill(plan->step->options, &scope, &config, &announcing->error) == PXM_OK) {
        tell(announcing, config);
        pxm_config_free(config);
    }
}

static void tell_item(struct announcing *announcing, const pxm_value *list, size_t index)
{
    const struct pxm_plan_step *foreach = announcing->announce->foreach;
    struct pxm_frame frame = {0};

    if (pxm_frame_init(&frame, foreach->step->block.slot_count, &announcing->error) == PXM_OK) {
        frame.outer = announcing->context->frame;
        frame.item = pxm_value_at(list, index);
        frame.index = pxm_value_int((int64_t)index);
        if (frame.index && is_true(announcing, foreach->step->where, &frame)) {
            tell_from(announcing, &frame);
        }
    }
    pxm_frame_done(&frame);
}

static void tell_items(struct announcing *announcing)
{
    const struct pxm_context *context = announcing->context;
    const struct pxm_plan_step *foreach = announcing->announce->foreach;
    const struct pxm_view view = {.activation = context->activation, .frame = context->frame};
    const struct pxm_scope scope = pxm_view_scope(&view);
    pxm_value *list = NULL;

    if (!is_true(announcing, foreach->step->when, context->frame) ||
        pxm_template_eval(foreach->step->list, &scope, &list, &announcing->error) != PXM_OK) {
        return;
    }
    for (size_t i = 0; i < pxm_value_count(list) && i < PXM_FOREACH_MAX; i++) {
        tell_item(announcing, list, i);
    }
    pxm_value_unref(list);
}

void pxm_announce_run(struct pxm_context *context, const struct pxm_plan_step *plan)
{
    const pxm_value *picture = context->frame->results[plan->step->slot].value;

    if (!picture) {
        return;
    }
    for (size_t i = 0; i < plan->step->announce_count; i++) {
        struct announcing announcing = {
            .context = context, .announce = &plan->announces[i], .picture = picture, .error = {0}};
        const struct pxm_plan_step *reader = plan->announces[i].step;
        if (!reader->transform || !reader->transform->ops.transform.announce) {
            continue;
        }
        if (plan->announces[i].foreach) {
            tell_items(&announcing);
        } else {
            tell_from(&announcing, context->frame);
        }
    }
}
