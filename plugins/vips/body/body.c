/* The working half of the plugin: one function that serves every unit. It finds the operation by the unit's name,
 * composes it, and gives back lazy pictures and numbers. */
#include "call.h"
#include <stdlib.h>
#include <string.h>

struct vop_self {
    const struct pxm_host *host;
};

pxm_status vop_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    struct vop_self *self = calloc(1, sizeof(*self));

    (void)config;
    if (!self) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    self->host = host;
    *ret_self = self;
    return PXM_OK;
}

void vop_destroy(void *self)
{
    free(self);
}

static int compare(const void *name, const void *operation)
{
    return strcmp(name, ((const struct vop_operation *)operation)->unit);
}

static bool is_wanted(const struct pxm_call *call, size_t field)
{
    return call->fields_wanted >> field & 1;
}

static pxm_status out_of_memory(const struct vop_call *call, pxm_error *error)
{
    return call->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

/* A picture as a value. Who reads it is not known where it is a field, so then it counts as read by several. */
static pxm_status take_picture(struct vop_call *call, pxm_job *job, VipsOperation *operation, const char *property,
                               bool several, pxm_value **ret, pxm_error *error)
{
    VipsImage *first;
    pxm_image *image = NULL;
    pxm_value *value;
    pxm_status status = vop_compose_image(call, job, operation, property, &first, error);

    if (!status) {
        status = vop_picture_new(call, job, property, first, several, &image, error);
    }
    if (status) {
        return status;
    }
    value = call->host->value_image(image);
    if (!value) {
        return out_of_memory(call, error);
    }
    *ret = value;
    return PXM_OK;
}

static pxm_status fill_size(struct vop_call *call, const pxm_value *out, pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = call->host;
    const struct pxm_image_info *info = host->image_info(host->value_as_image(out));

    if (host->value_set(fields, "width", host->value_int(info->width)) ||
        host->value_set(fields, "height", host->value_int(info->height))) {
        return out_of_memory(call, error);
    }
    return PXM_OK;
}

static pxm_status fill_outputs(struct vop_call *call, pxm_job *job, const struct pxm_call *wanted,
                               VipsOperation *operation, pxm_value *fields, pxm_error *error)
{
    const struct vop_operation *facts = call->operation;
    size_t before = facts->out ? 2 : 0; /* width and height */
    pxm_status status = PXM_OK;

    for (uint32_t i = 0; i < facts->output_count && !status; i++) {
        const struct pxm_field *field = &wanted->unit->signature->fields[before + i];
        pxm_value *value = NULL;

        if (!is_wanted(wanted, before + i)) {
            continue;
        }
        if (facts->outputs[i].kind == VOP_IMAGE) {
            status = take_picture(call, job, operation, facts->outputs[i].property, true, &value, error);
        } else {
            status = vop_output_value(call, operation, i, &value, error);
        }
        if (!status && call->host->value_set(fields, field->name, value)) {
            status = out_of_memory(call, error);
        }
    }
    return status;
}

static pxm_status vop_apply(void *self, pxm_job *job, const struct pxm_call *wanted, pxm_value **ret_out,
                            pxm_value *fields, pxm_error *error)
{
    const struct pxm_host *host = ((const struct vop_self *)self)->host;
    const struct vop_operation *facts =
        bsearch(wanted->unit->name, vop_operations, vop_operation_count, sizeof(*vop_operations), compare);
    struct vop_call *call = facts ? vop_call_new(host, facts, wanted) : NULL;
    VipsOperation *operation = NULL;
    pxm_value *out = NULL;
    pxm_status status;

    if (!facts) {
        return host->fail(error, PXM_E_INTERNAL, "vips.missing", "the body has no unit `%s`", wanted->unit->name);
    }
    if (!call) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    status = vop_compose(call, job, &operation, error);
    if (!status && facts->out) {
        status = take_picture(call, job, operation, facts->out, wanted->consumers > 1, &out, error);
    }
    if (!status && out) {
        status = fill_size(call, out, fields, error);
    }
    if (!status) {
        status = fill_outputs(call, job, wanted, operation, fields, error);
    }
    if (!status && out) {
        *ret_out = g_steal_pointer(&out);
    }
    host->value_unref(out);
    if (operation) {
        vop_compose_done(operation);
    }
    vop_call_unref(call);
    return status;
}

const struct pxm_transform_ops vop_transform = {
    .struct_size = sizeof(struct pxm_transform_ops),
    .apply = vop_apply,
};

static const struct pxm_plugin plugin = {
    .struct_size = sizeof(struct pxm_plugin),
    .abi = PXM_ABI_CURRENT,
    .abi_min = PXM_ABI(1, 0),
    .name = "vips-body",
    .version = VOP_VERSION,
    .license = "Apache-2.0",
    .summary = "The operations of libvips, by name.",
    .units = vop_body_units,
    .load = vipsbase_start,
};

PXM_PLUGIN(vips_body, plugin)
