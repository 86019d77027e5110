/* Builds a libvips operation for a call: fresh inputs, options, and libvips' own set-up, which computes numbers at once
 * and leaves pictures lazy. Called on worker threads by body.c and picture.c. */
#include "call.h"
#include <string.h>

/* An operation being built. */
struct compose {
    const struct vop_call *call;
    struct vipsbase_pull pull;
    VipsOperation *operation;
    bool in_any_order;              /* it may read its inputs otherwise than once from top to bottom */
    GPtrArray *inputs;              /* of VipsImage, owned */
    struct vipsbase_watch *watches; /* one for each input */
};

/* Drawing changes the pixels, so they must be nobody else's. */
static pxm_status take_input(struct compose *compose, pxm_image *image, bool draws, VipsImage **ret, pxm_error *error)
{
    const struct pxm_host *host = compose->call->host;
    VIPSBASE_AUTO_IMAGE shared = NULL;
    VipsImage *own = NULL;
    pxm_status status;

    status = host->image_pixels(image, compose->pull.job, 0, 0, &shared, error);
    if (status) {
        return status;
    }
    if (draws || (compose->in_any_order && vips_image_is_sequential(shared))) {
        status = vipsbase_pull_to_memory(&compose->pull, shared, &own, error);
    } else if (vips_copy(shared, &own, NULL)) {
        status = vipsbase_fail(host, error, PXM_E_INTERNAL, "vips.failed", compose->pull.what);
    }
    if (status) {
        return status;
    }
    vipsbase_watch_begin(&compose->watches[compose->inputs->len], &compose->pull, own);
    g_ptr_array_add(compose->inputs, own);
    *ret = own;
    return PXM_OK;
}

static pxm_status set_image(struct compose *compose, const char *property, pxm_image *image, pxm_error *error)
{
    VipsImage *input;
    bool draws = compose->call->operation->in_place && image == compose->call->in;

    if (!g_object_class_find_property(G_OBJECT_GET_CLASS(compose->operation), property)) {
        return vop_missing_property(compose->call, property, error);
    }
    pxm_status status = take_input(compose, image, draws, &input, error);
    if (!status) {
        g_object_set(compose->operation, property, input, NULL);
    }
    return status;
}

/* The pictures of a list, after the step's input where that comes first. */
static pxm_status set_images(struct compose *compose, const char *property, const pxm_value *list, pxm_error *error)
{
    const struct pxm_host *host = compose->call->host;
    const struct vop_operation *operation = compose->call->operation;
    bool first = operation->in_is_list && !strcmp(property, operation->in);
    size_t count = host->value_count(list) + first;
    g_autofree VipsImage **images = g_new0(VipsImage *, count + 1);
    pxm_status status = PXM_OK;

    if (!g_object_class_find_property(G_OBJECT_GET_CLASS(compose->operation), property)) {
        return vop_missing_property(compose->call, property, error);
    }
    for (size_t i = 0; i < count && !status; i++) {
        pxm_image *image = first && !i ? compose->call->in : host->value_as_image(host->value_at(list, i - first));

        status = image ? take_input(compose, image, false, &images[i], error)
                       : host->fail(error, PXM_E_INVALID, "input.invalid", "%s: item %zu of the list is no picture",
                                    operation->name, i - first);
    }
    if (!status) {
        VipsArrayImage *array = vips_array_image_new(images, (int)count);
        g_object_set(compose->operation, property, array, NULL);
        vips_area_unref(VIPS_AREA(array));
    }
    return status;
}

static pxm_status set_all(struct compose *compose, pxm_error *error)
{
    const struct vop_call *call = compose->call;
    const struct vop_operation *operation = call->operation;
    pxm_status status = PXM_OK;

    if (operation->in && !operation->in_is_list) {
        status = set_image(compose, operation->in, call->in, error);
    }
    for (uint32_t i = 0; i < operation->argument_count && !status; i++) {
        const struct vop_argument *argument = &operation->arguments[i];

        if (argument->kind == VOP_IMAGES) {
            status = set_images(compose, argument->property, call->slots[i].list, error);
        } else if (argument->kind != VOP_IMAGE) {
            status = vop_argument_set(call, compose->operation, i, error);
        } else if (call->slots[i].image) {
            status = set_image(compose, argument->property, call->slots[i].image, error);
        }
    }
    return status;
}

static size_t count_inputs(const struct vop_call *call)
{
    size_t count = 1;

    for (uint32_t i = 0; i < call->operation->argument_count; i++) {
        enum vop_kind kind = call->operation->arguments[i].kind;

        count += kind == VOP_IMAGES ? call->host->value_count(call->slots[i].list) : kind == VOP_IMAGE;
    }
    return count;
}

/* libvips does not say which input failed, but a damaged file does. */
static pxm_status fail_build(struct compose *compose, pxm_error *error)
{
    for (guint i = 0; i < compose->inputs->len; i++) {
        if (g_atomic_int_get(&compose->watches[i].late) || vipsbase_origin_failure(compose->watches[i].image)) {
            return vipsbase_watch_fail(&compose->watches[i], compose->watches[i].image, error);
        }
    }
    return vipsbase_fail(compose->call->host, error, compose->pull.status, compose->pull.code, compose->pull.what);
}

pxm_status vop_compose(const struct vop_call *call, pxm_job *job, VipsOperation **ret, pxm_error *error)
{
    const char *name = call->operation->name;
    struct compose compose = {.call = call, .pull = {call->host, job, "vips.failed", name, PXM_E_INVALID}};
    char what[128];
    pxm_status status = vop_bounds_check(call, job, error);

    if (status) {
        return status;
    }
    compose.operation = vips_operation_new(name);
    if (!compose.operation) {
        vips_error_clear();
        g_snprintf(what, sizeof(what), "`%s`", name);
        return vop_missing(call, what, error);
    }
    compose.in_any_order = !(vips_operation_get_flags(compose.operation) & VIPS_OPERATION_SEQUENTIAL);
    compose.inputs = g_ptr_array_new_with_free_func(g_object_unref);
    compose.watches = g_new0(struct vipsbase_watch, count_inputs(call));
    status = set_all(&compose, error);
    if (!status && vips_object_build(VIPS_OBJECT(compose.operation))) {
        status = fail_build(&compose, error);
    }
    for (guint i = 0; i < compose.inputs->len; i++) {
        vipsbase_watch_end(&compose.watches[i]);
    }
    g_free(compose.watches);
    g_ptr_array_unref(compose.inputs);
    if (status) {
        vop_compose_done(compose.operation);
        return status;
    }
    *ret = compose.operation;
    return PXM_OK;
}

void vop_compose_done(VipsOperation *operation)
{
    vips_object_unref_outputs(VIPS_OBJECT(operation));
    g_object_unref(operation);
}

pxm_status vop_compose_image(const struct vop_call *call, pxm_job *job, VipsOperation *operation, const char *property,
                             VipsImage **ret, pxm_error *error)
{
    VIPSBASE_AUTO_IMAGE image = NULL;
    pxm_status status;

    if (!g_object_class_find_property(G_OBJECT_GET_CLASS(operation), property)) {
        return vop_missing_property(call, property, error);
    }
    g_object_get(operation, property, &image, NULL);
    if (!image) {
        return call->host->fail(error, PXM_E_INTERNAL, "vips.failed", "%s gave no `%s`", call->operation->name,
                                property);
    }
    status = vop_bounds_image(call, job, image, error);
    if (!status) {
        vips_image_set_progress(image, FALSE); /* the watches have ended */
        *ret = g_steal_pointer(&image);
    }
    return status;
}
