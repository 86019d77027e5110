/* Options of a step, but pictures, to properties of an operation. Called by compose.c on worker threads. */
#include "call.h"
#include <math.h>
#include <string.h>

pxm_status vop_missing(const struct vop_call *call, const char *what, pxm_error *error)
{
    return call->host->fail(error, PXM_E_INVALID, "vips.missing", "this libvips %d.%d.%d has no %s", vips_version(0),
                            vips_version(1), vips_version(2), what);
}

pxm_status vop_missing_property(const struct vop_call *call, const char *property, pxm_error *error)
{
    char what[128];

    g_snprintf(what, sizeof(what), "argument `%s` of `%s`", property, call->operation->name);
    return vop_missing(call, what, error);
}

/* The number that this libvips gives the nick. */
static pxm_status enum_value(const struct vop_call *call, GType type, const char *nick, int *ret, pxm_error *error)
{
    GEnumClass *class = G_TYPE_IS_ENUM(type) ? g_type_class_ref(type) : NULL;
    GEnumValue *value = class ? g_enum_get_value_by_nick(class, nick) : NULL;
    char what[128];

    if (class) {
        g_type_class_unref(class);
    }
    if (!value) {
        g_snprintf(what, sizeof(what), "`%s` for `%s`", nick, call->operation->name);
        return vop_missing(call, what, error);
    }
    *ret = value->value;
    return PXM_OK;
}

static const char *choice_name(const struct vop_argument *argument, int32_t choice)
{
    const struct pxm_choice *item = argument->choices;

    while (item->name && item->value != choice) {
        item++;
    }
    return item->name ? item->name : "";
}

static pxm_status set_choice(const struct vop_call *call, VipsOperation *operation, const struct vop_argument *argument,
                             GParamSpec *spec, int32_t choice, pxm_error *error)
{
    const char *name = choice_name(argument, choice);
    int value = 0;

    if (argument->kind == VOP_PROFILE) {
        g_object_set(operation, argument->property, name, NULL);
        return PXM_OK;
    }
    if (argument->kind == VOP_INTERPOLATE) {
        VipsInterpolate *interpolate = vips_interpolate_new(name);

        if (!interpolate) {
            vips_error_clear();
            return vop_missing(call, name, error);
        }
        g_object_set(operation, argument->property, interpolate, NULL);
        g_object_unref(interpolate);
        return PXM_OK;
    }
    pxm_status status = enum_value(call, G_PARAM_SPEC_VALUE_TYPE(spec), name, &value, error);
    if (!status) {
        g_object_set(operation, argument->property, value, NULL);
    }
    return status;
}

static void set_floats(const struct pxm_host *host, VipsOperation *operation, const char *property,
                       const pxm_value *list)
{
    size_t count = host->value_count(list);
    g_autofree double *numbers = g_new(double, count + 1);

    for (size_t i = 0; i < count; i++) {
        numbers[i] = host->value_as_float(host->value_at(list, i));
    }
    VipsArrayDouble *array = vips_array_double_new(numbers, (int)count);
    g_object_set(operation, property, array, NULL);
    vips_area_unref(VIPS_AREA(array));
}

static pxm_status set_ints(const struct vop_call *call, VipsOperation *operation, const struct vop_argument *argument,
                           const pxm_value *list, pxm_error *error)
{
    const struct pxm_host *host = call->host;
    size_t count = host->value_count(list);
    g_autofree int *numbers = g_new(int, count + 1);
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < count && !status; i++) {
        const pxm_value *item = host->value_at(list, i);

        if (argument->kind == VOP_ENUMS) {
            const char *nick = host->value_as_string(item, NULL);
            status = enum_value(call, g_type_from_name(argument->type), nick, &numbers[i], error);
        } else {
            numbers[i] = (int)CLAMP(host->value_as_int(item), -VIPS_MAX_COORD, VIPS_MAX_COORD);
        }
    }
    if (!status) {
        VipsArrayInt *array = vips_array_int_new(numbers, (int)count);
        g_object_set(operation, argument->property, array, NULL);
        vips_area_unref(VIPS_AREA(array));
    }
    return status;
}

/* Text where libvips expects Pango markup. Written out, since not every build of libvips comes with GLib's own. */
static void set_plain(VipsOperation *operation, const char *property, const char *text)
{
    static const struct {
        char plain;
        const char *markup;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    g_autofree char *markup = g_malloc_n(strlen(text) + 1, sizeof "&quot;");
    char *end = markup;

    for (; *text; text++) {
        char single[] = {*text, '\0'};
        const char *piece = single;
        for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
            piece = escapes[i].plain == *text ? escapes[i].markup : piece;
        }
        end = stpcpy(end, piece);
    }
    *end = '\0';
    g_object_set(operation, property, markup, NULL);
}

/* false: the option was not given, and libvips' own default is to apply. */
static bool is_given(const struct vop_argument *argument, const union vop_slot *slot, GParamSpec *spec)
{
    switch (argument->kind) {
    case VOP_BOOL:
        return !spec || G_PARAM_SPEC_VALUE_TYPE(spec) != G_TYPE_BOOLEAN ||
               !slot->choice != !g_value_get_boolean(g_param_spec_get_default_value(spec));
    case VOP_INT:
        return slot->integer != PXM_UNSET_INT;
    case VOP_FLOAT:
        return !isnan(slot->number);
    case VOP_ENUM:
    case VOP_INTERPOLATE:
    case VOP_PROFILE:
        return slot->choice >= 0;
    case VOP_STRING:
    case VOP_PLAIN:
        return slot->string != NULL;
    default:
        return slot->list != NULL;
    }
}

static pxm_status set(const struct vop_call *call, VipsOperation *operation, const struct vop_argument *argument,
                      const union vop_slot *slot, GParamSpec *spec, pxm_error *error)
{
    const char *property = argument->property;

    switch (argument->kind) {
    case VOP_BOOL:
        g_object_set(operation, property, slot->choice ? TRUE : FALSE, NULL);
        return PXM_OK;
    case VOP_INT:
        g_object_set(operation, property, (int)slot->integer, NULL);
        return PXM_OK;
    case VOP_FLOAT:
        g_object_set(operation, property, slot->number, NULL);
        return PXM_OK;
    case VOP_STRING:
        g_object_set(operation, property, slot->string, NULL);
        return PXM_OK;
    case VOP_PLAIN:
        set_plain(operation, property, slot->string);
        return PXM_OK;
    case VOP_FLOATS:
        set_floats(call->host, operation, property, slot->list);
        return PXM_OK;
    case VOP_INTS:
    case VOP_ENUMS:
        return set_ints(call, operation, argument, slot->list, error);
    default:
        return set_choice(call, operation, argument, spec, slot->choice, error);
    }
}

pxm_status vop_argument_set(const struct vop_call *call, VipsOperation *operation, size_t index, pxm_error *error)
{
    const struct vop_argument *argument = &call->operation->arguments[index];
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(operation), argument->property);

    if (!is_given(argument, &call->slots[index], spec)) {
        return PXM_OK;
    }
    if (!spec) {
        return vop_missing_property(call, argument->property, error);
    }
    return set(call, operation, argument, &call->slots[index], spec, error);
}
