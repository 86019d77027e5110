/* The lazy pictures that operations give. Each reader gets a pipeline of its own, composed anew from the inputs,
 * because a pipeline over a decoder can be read only once; where several are to come, it is rendered once instead. Any
 * thread. */
#include "call.h"
#include <pthread.h>
#include <stdlib.h>

struct picture {
    struct vop_call *call;
    const char *property; /* which output */
    pthread_mutex_t lock; /* guards all below */
    pxm_job *job;         /* that `first` was composed for; compared only */
    VipsImage *first;     /* composed already, for the first reader */
    VipsImage *rendered;  /* in memory, for every reader */
    bool several;
};

static pxm_status compose_anew(struct picture *picture, pxm_job *job, VipsImage **ret, pxm_error *error)
{
    VipsOperation *operation;
    pxm_status status = vop_compose(picture->call, job, &operation, error);

    if (!status) {
        status = vop_compose_image(picture->call, job, operation, picture->property, ret, error);
        vop_compose_done(operation);
    }
    return status;
}

/* What was composed to learn the size serves the first reader of the same job. */
static pxm_status compose(struct picture *picture, pxm_job *job, VipsImage **ret, pxm_error *error)
{
    VipsImage *first = g_steal_pointer(&picture->first);

    if (first && picture->job == job) {
        *ret = first;
        return PXM_OK;
    }
    g_clear_object(&first);
    return compose_anew(picture, job, ret, error);
}

/* Too large for memory is no failure: then each reader computes it. */
static pxm_status render(struct picture *picture, pxm_job *job, pxm_error *error)
{
    const struct vop_call *call = picture->call;
    const struct vipsbase_pull pull = {call->host, job, "vips.failed", call->operation->name, PXM_E_INVALID};
    VIPSBASE_AUTO_IMAGE image = NULL;
    pxm_status status = compose(picture, job, &image, error);

    if (status) {
        return status;
    }
    if (vipsbase_bytes(image) > call->host->limits(job)->memory) {
        picture->several = false;
        picture->first = g_steal_pointer(&image);
        picture->job = job;
        return PXM_OK;
    }
    return vipsbase_pull_to_memory(&pull, image, &picture->rendered, error);
}

static pxm_status picture_pixels(void *self, pxm_job *job, int64_t min_width, int64_t min_height, VipsImage **ret,
                                 pxm_error *error)
{
    struct picture *picture = self;
    VipsImage *image = NULL;
    pxm_status status = PXM_OK;

    (void)min_width;
    (void)min_height;
    pthread_mutex_lock(&picture->lock);
    if (picture->several && !picture->rendered) {
        status = render(picture, job, error);
    }
    if (!status && picture->rendered) {
        if (vips_copy(picture->rendered, &image, NULL)) {
            status = vipsbase_fail(picture->call->host, error, PXM_E_INTERNAL, "vips.failed", "copy a picture");
        }
    } else if (!status) {
        status = compose(picture, job, &image, error);
    }
    pthread_mutex_unlock(&picture->lock);
    if (!status) {
        *ret = image;
    }
    return status;
}

static void picture_free(void *self)
{
    struct picture *picture = self;

    g_clear_object(&picture->first);
    g_clear_object(&picture->rendered);
    vop_call_unref(picture->call);
    pthread_mutex_destroy(&picture->lock);
    free(picture);
}

static const struct pxm_image_ops picture_ops = {
    .struct_size = sizeof(struct pxm_image_ops),
    .pixels = picture_pixels,
    .free = picture_free,
};

pxm_status vop_picture_new(struct vop_call *call, pxm_job *job, const char *property, VipsImage *first, bool several,
                           pxm_image **ret, pxm_error *error)
{
    const struct pxm_image_info *in = call->in ? call->host->image_info(call->in) : NULL;
    struct picture *picture = calloc(1, sizeof(*picture));
    struct pxm_image_info info;
    pxm_image *image;

    vipsbase_describe(first, &info);
    info.format = in ? in->format : NULL;
    if (!picture) {
        g_object_unref(first);
        return call->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    picture->call = vop_call_ref(call);
    picture->property = property;
    picture->job = job;
    picture->first = first;
    picture->several = several;
    pthread_mutex_init(&picture->lock, NULL);
    image = call->host->image_new(&picture_ops, picture, &info);
    if (!image) {
        return call->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    *ret = image;
    return PXM_OK;
}
