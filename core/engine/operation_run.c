/* The door between runs and plugins: every call of a step goes through here, and what a plugin gives is checked
 * against what it has declared. Runs on worker threads. */
#include "engine/operation_run.h"

#include "base/image.h"
#include "base/value.h"

#include <stdio.h>
#include <string.h>

/* ---- transforms -------------------------------------------------------------------------------------------------- */

struct pxm_call pxm_operation_call(const struct pxm_plan_step *plan, const void *config, const pxm_value *in)
{
    return (struct pxm_call){.struct_size = sizeof(struct pxm_call),
                             .consumers = plan->step->consumers,
                             .fields_wanted = plan->step->fields_wanted,
                             .unit = plan->transform->unit,
                             .options = config,
                             .in = in};
}

static pxm_status apply_transform(struct pxm_op *op, pxm_value **ret)
{
    struct pxm_instance *transform = op->plan->transform;
    struct pxm_call call = pxm_operation_call(op->plan, op->config, op->in);

    op->instance = transform;
    if (!transform->ops.transform.apply) {
        return pxm_op_broken(op, "has no function to call");
    }
    pxm_instance_enter(transform);
    pxm_status status =
        transform->ops.transform.apply(transform->self, &op->context->job, &call, ret, op->fields, op->context->error);
    pxm_instance_leave(transform);
    return status;
}

/* Pictures are lazy: a broken file shows where pixels are read. So a picture keeps the step that decoded it, through
 * all that is made of it. */
static void set_origin(const struct pxm_op *op, const pxm_value *value)
{
    pxm_image *image = pxm_value_as_image(value);
    pxm_image *source = pxm_value_as_image(op->in);

    if (image && !pxm_image_origin(image)) {
        const char *origin = source ? pxm_image_origin(source) : NULL;
        pxm_image_set_origin(image, origin ? origin : op->plan->step->id);
    }
}

static void blame_origin(const struct pxm_op *op)
{
    pxm_image *source = pxm_value_as_image(op->in);
    const char *origin = source ? pxm_image_origin(source) : NULL;

    if (origin && strncmp(op->context->error->code, "decode.", strlen("decode.")) == 0) {
        pxm_error_blame(op->context->error, origin);
    }
}

/* ---- what may come back ------------------------------------------------------------------------------------------ */

pxm_status pxm_op_broken(const struct pxm_op *op, const char *how)
{
    const char *plugin = op->plan->step->operation->plugin;

    if (op->instance && plugin) {
        return pxm_error_set(op->context->error, PXM_E_INTERNAL, "plugin.contract",
                             "plugin `%s` broke its contract: `%s` %s", plugin, op->plan->step->operation->name, how);
    }
    return pxm_error_set(op->context->error, PXM_E_INTERNAL, "plugin.contract",
                         "driver `%s` of %s broke its contract: `%s` %s", op->instance ? op->instance->unit->name : "?",
                         op->instance ? op->instance->name : "?", op->plan->step->operation->name, how);
}

static pxm_status check_failure(const struct pxm_op *op, pxm_status status)
{
    if (status > PXM_OK || status < PXM_E_NO_SPACE) {
        return pxm_op_broken(op, "returned a status that does not exist");
    }
    if (op->context->error->status == PXM_OK) {
        return pxm_op_broken(op, "failed without saying why");
    }
    blame_origin(op);
    return op->context->error->status;
}

static pxm_status check_value(const struct pxm_op *op, const pxm_value *value)
{
    uint32_t out = op->plan->step->operation->signature->out;

    if (!value && out != 0) {
        return pxm_op_broken(op, "succeeded without a result");
    }
    if (value && !(pxm_value_type(value) & out)) {
        return pxm_op_broken(op, "gave a result of another type than it declares");
    }
    return PXM_OK;
}

static pxm_status check_field(const struct pxm_op *op, const struct pxm_field *field, bool wanted)
{
    const pxm_value *value = pxm_value_get(op->fields, field->name);
    uint32_t type = pxm_value_type(value);
    bool fits = (type & field->type) || (type == PXM_TYPE_INT && (field->type & PXM_TYPE_FLOAT));
    char how[128];

    if (fits || (type == PXM_TYPE_NULL && !wanted)) {
        return PXM_OK;
    }
    snprintf(how, sizeof how, "gave %s field `%s`", type == PXM_TYPE_NULL ? "no" : "a wrong type of", field->name);
    return pxm_op_broken(op, how);
}

/* Fields that nobody reads may be missing; the others only if they may be null. */
static pxm_status check_fields(const struct pxm_op *op)
{
    const struct pxm_signature *signature = op->plan->step->operation->signature;
    const char *at = (const char *)signature->fields;
    pxm_status status = pxm_value_status(op->fields);

    if (status != PXM_OK) {
        return pxm_error_no_memory(op->context->error);
    }
    for (unsigned i = 0; at && i < 64 && status == PXM_OK; i++, at += signature->field_size) {
        struct pxm_field field = {0};
        memcpy(&field, at, signature->field_size < sizeof field ? signature->field_size : sizeof field);
        if (!field.name) {
            break;
        }
        status = check_field(op, &field, op->plan->step->fields_wanted >> i & 1);
    }
    return status;
}

/* ---- calling ----------------------------------------------------------------------------------------------------- */

static pxm_op_fn *core_function(enum pxm_core_op core)
{
    switch (core) {
    case PXM_CORE_NONE:
        return apply_transform;
    case PXM_CORE_PUT:
        return pxm_op_put;
    case PXM_CORE_GET:
        return pxm_op_get;
    case PXM_CORE_HEAD:
        return pxm_op_head;
    case PXM_CORE_REMOVE:
        return pxm_op_remove;
    case PXM_CORE_PRESIGN:
        return pxm_op_presign;
    case PXM_CORE_LIST:
        return pxm_op_list;
    case PXM_CORE_RECORD:
        return pxm_op_record;
    case PXM_CORE_LOOKUP:
        return pxm_op_lookup;
    case PXM_CORE_QUERY:
        return pxm_op_query;
    case PXM_CORE_ERASE:
        return pxm_op_erase;
    case PXM_CORE_SEND:
        return pxm_op_send;
    case PXM_CORE_CALL:
        return pxm_op_call;
    case PXM_CORE_FAIL:
        return pxm_op_fail;
    }
    return NULL;
}

/* What the checker has proven, asked once more before foreign code relies on it. */
static pxm_status check_input(const struct pxm_op *op)
{
    uint32_t in = op->plan->step->operation->signature->in;
    char wanted[96];
    char given[96];

    if (in == 0 || (pxm_value_type(op->in) & in)) {
        return PXM_OK;
    }
    return pxm_error_set(op->context->error, PXM_E_INVALID, "input.invalid", "its input is %s, and it takes %s",
                         pxm_type_name(pxm_value_type(op->in), given, sizeof given),
                         pxm_type_name(in, wanted, sizeof wanted));
}

static pxm_status call(struct pxm_op *op, pxm_value **ret)
{
    pxm_value *value = NULL;
    pxm_status status = check_input(op);

    if (status != PXM_OK) {
        return status;
    }
    status = core_function(op->plan->step->operation->core)(op, &value);
    if (status != PXM_OK) {
        status = check_failure(op, status);
    } else {
        status = check_value(op, value);
    }
    if (status == PXM_OK) {
        status = check_fields(op);
    }
    if (status != PXM_OK) {
        pxm_value_unref(value);
        return status;
    }
    set_origin(op, value);
    *ret = value;
    return PXM_OK;
}

pxm_status pxm_operation_run(struct pxm_context *context, const struct pxm_plan_step *plan, const void *config,
                             const pxm_value *in, struct pxm_result *ret)
{
    struct pxm_op op = {.context = context, .plan = plan, .config = config, .in = in, .fields = pxm_value_record()};

    if (!op.fields) {
        return pxm_error_no_memory(context->error);
    }
    pxm_status status = call(&op, &ret->value);
    if (status != PXM_OK) {
        pxm_value_unref(op.fields);
        return status;
    }
    ret->fields = op.fields;
    return PXM_OK;
}

pxm_status pxm_op_resource(struct pxm_op *op, enum pxm_resource_kind kind, const char *name)
{
    const struct pxm_project_handle *project = op->plan->pipeline->project;

    op->instance = pxm_resources_find(&project->resources, kind, name);
    if (op->instance) {
        return PXM_OK;
    }
    return pxm_error_set(op->context->error, PXM_E_INVALID, "resource.missing", "profile `%s` has no %s `%s`",
                         project->profile->name, pxm_resource_kind_name(kind), name);
}

pxm_status pxm_op_cannot(const struct pxm_op *op, const char *verb)
{
    return pxm_error_set(op->context->error, PXM_E_INVALID, "plugin.cannot",
                         "%s cannot %s: driver `%s` has no such function", op->instance->name, verb,
                         op->instance->unit->name);
}
