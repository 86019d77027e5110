/* Resolved references at work. Called by the evaluator on the thread of the step. */
#include "engine/scope.h"

#include "base/value.h"

/* Fewer frames than `depth` cannot be: the checker counted them. */
static const struct pxm_frame *frame_at(const struct pxm_view *view, uint32_t depth)
{
    const struct pxm_frame *frame = view->frame;

    while (depth > 0 && frame->outer) {
        frame = frame->outer;
        depth--;
    }
    return frame;
}

/* `steps.x` is the primary result, or all fields of a step without one; `steps.x.name` a field, else a part of a result
 * that is a record, as that of `call` may be. */
static const pxm_value *step_value(const struct pxm_view *view, const struct pxm_ref *ref)
{
    const struct pxm_frame *frame = frame_at(view, ref->depth);
    const struct pxm_result *result = &frame->results[ref->slot];

    if (ref->consumed < 2) {
        return result->value ? result->value : result->fields;
    }
    const char *name = ref->segments[ref->consumed - 1].name;
    const pxm_value *field = result->fields ? pxm_value_get(result->fields, name) : NULL;
    return field || !result->value ? field : pxm_value_get(result->value, name);
}

static const pxm_value *borrow(const struct pxm_view *view, const struct pxm_ref *ref)
{
    const struct pxm_activation *activation = view->activation;

    switch (ref->root) {
    case PXM_ROOT_INPUT:
        return activation->inputs[ref->slot];
    case PXM_ROOT_STEPS:
        return step_value(view, ref);
    case PXM_ROOT_VARS:
        return activation->pipeline->vars[ref->slot];
    case PXM_ROOT_RUN:
        return activation->run->info;
    case PXM_ROOT_ITEM:
        return frame_at(view, ref->depth)->item;
    case PXM_ROOT_INDEX:
        return frame_at(view, ref->depth)->index;
    case PXM_ROOT_ERROR:
        return activation->error;
    case PXM_ROOT_ENV:
    case PXM_ROOT_SECRET:
        return pxm_environment_value(&activation->pipeline->project->environment, ref);
    case PXM_ROOT_EVENT:
        break; /* only triggers see one */
    }
    return NULL;
}

static pxm_value *load(void *arg, const struct pxm_ref *ref)
{
    const pxm_value *value = borrow(arg, ref);

    return value ? pxm_value_ref(value) : NULL;
}

struct pxm_scope pxm_view_scope(const struct pxm_view *view)
{
    return (struct pxm_scope){.load = load, .arg = (void *)(uintptr_t)view};
}

const pxm_value *pxm_view_wire(const struct pxm_view *view, const struct pxm_wire *wire)
{
    switch (wire->kind) {
    case PXM_WIRE_STEP:
        return frame_at(view, wire->depth)->results[wire->slot].value;
    case PXM_WIRE_INPUT:
        return view->activation->inputs[wire->slot];
    case PXM_WIRE_NONE:
        break;
    }
    return NULL;
}
