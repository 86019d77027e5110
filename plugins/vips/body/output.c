/* What an operation gives besides pictures, as values. Called by body.c on worker threads. */
#include "call.h"
#include <math.h>
#include <string.h>

static pxm_value *list_of_floats(const struct pxm_host *host, const double *numbers, int count)
{
    pxm_value *list = host->value_list();

    for (int i = 0; list && i < count; i++) {
        if (host->value_append(list, host->value_float(numbers[i]))) {
            host->value_unref(list);
            return NULL;
        }
    }
    return list;
}

static pxm_value *list_of_ints(const struct pxm_host *host, const int *numbers, int count)
{
    pxm_value *list = host->value_list();

    for (int i = 0; list && i < count; i++) {
        if (host->value_append(list, host->value_int(numbers[i]))) {
            host->value_unref(list);
            return NULL;
        }
    }
    return list;
}

static pxm_value *nick_of(const struct pxm_host *host, GType type, const GValue *value)
{
    const char *nick = vips_enum_nick(type, g_value_get_enum(value));

    return host->value_string(nick, strlen(nick));
}

static pxm_value *value_of(const struct pxm_host *host, enum vop_kind kind, GType type, const GValue *value)
{
    const char *text;
    int count = 0;

    switch (kind) {
    case VOP_BOOL:
        return host->value_bool(g_value_get_boolean(value));
    case VOP_INT:
        return host->value_int(g_value_get_int(value));
    case VOP_FLOAT:
        return host->value_float(g_value_get_double(value));
    case VOP_ENUM:
        return nick_of(host, type, value);
    case VOP_STRING:
        text = g_value_get_string(value);
        return host->value_string(text ? text : "", text ? strlen(text) : 0);
    case VOP_FLOATS: {
        const double *numbers = g_value_get_boxed(value) ? vips_value_get_array_double(value, &count) : NULL;
        return list_of_floats(host, numbers, count);
    }
    case VOP_INTS: {
        const int *numbers = g_value_get_boxed(value) ? vips_value_get_array_int(value, &count) : NULL;
        return list_of_ints(host, numbers, count);
    }
    default:
        return host->value_null();
    }
}

pxm_status vop_output_value(const struct vop_call *call, VipsOperation *operation, size_t index, pxm_value **ret,
                            pxm_error *error)
{
    const struct pxm_host *host = call->host;
    const struct vop_argument *output = &call->operation->outputs[index];
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(operation), output->property);
    g_auto(GValue) value = G_VALUE_INIT;
    pxm_value *result;

    if (!spec) {
        return vop_missing_property(call, output->property, error);
    }
    g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(spec));
    g_object_get_property(G_OBJECT(operation), output->property, &value);
    if (output->kind == VOP_FLOAT && !isfinite(g_value_get_double(&value))) {
        return host->fail(error, PXM_E_INVALID, "vips.failed", "%s: `%s` is not a number", call->operation->name,
                          output->property);
    }
    result = value_of(host, output->kind, G_PARAM_SPEC_VALUE_TYPE(spec), &value);
    if (!result) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    *ret = result;
    return PXM_OK;
}
