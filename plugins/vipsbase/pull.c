/* The one door through which pixels are pulled: it watches the time, and knows whom to blame. Any thread with a job. */
#include "vipsbase/vipsbase.h"

/* libvips calls this as it goes, once every few rows, on the thread that computes them. */
static void watch_time(VipsImage *image, VipsProgress *progress, struct vipsbase_watch *watch)
{
    (void)progress;
    if (watch->pull->host->remaining_ms(watch->pull->job) <= 0) {
        g_atomic_int_set(&watch->late, 1);
        vips_image_set_kill(image, TRUE);
    }
}

void vipsbase_watch_begin(struct vipsbase_watch *watch, const struct vipsbase_pull *pull, VipsImage *image)
{
    *watch = (struct vipsbase_watch){.pull = pull, .image = image};
    vips_image_set_progress(image, FALSE); /* forgets one that it inherited */
    vips_image_set_progress(image, TRUE);
    watch->handler = g_signal_connect(image, "eval", G_CALLBACK(watch_time), watch);
}

void vipsbase_watch_end(struct vipsbase_watch *watch)
{
    g_signal_handler_disconnect(watch->image, watch->handler);
    vips_image_set_progress(watch->image, FALSE);
}

static pxm_status fail_late(const struct vipsbase_pull *pull, pxm_error *error)
{
    return pull->host->fail(error, PXM_E_TIMEOUT, "limit.time", "%s: the time of this run is over", pull->what);
}

pxm_status vipsbase_watch_fail(struct vipsbase_watch *watch, VipsImage *image, pxm_error *error)
{
    const struct vipsbase_pull *pull = watch->pull;
    const char *failure = image ? vipsbase_origin_failure(image) : NULL;

    if (g_atomic_int_get(&watch->late)) {
        vips_error_clear();
        return fail_late(pull, error);
    }
    if (failure) {
        vips_error_clear();
        return pull->host->fail(error, PXM_E_BAD_IMAGE, "decode.corrupt", "the picture is damaged: %s", failure);
    }
    return vipsbase_fail(pull->host, error, pull->status, pull->code, pull->what);
}

pxm_status vipsbase_pull(const struct vipsbase_pull *pull, VipsImage *image, int (*sink)(VipsImage *image, void *arg),
                         void *arg, pxm_error *error)
{
    struct vipsbase_watch watch;
    int result;
    VIPSBASE_AUTO_IMAGE own = NULL; /* progress and kill are set on a picture that nobody else reads */

    if (pull->host->remaining_ms(pull->job) <= 0) {
        return fail_late(pull, error);
    }
    if (vips_copy(image, &own, NULL)) {
        return vipsbase_fail(pull->host, error, pull->status, pull->code, pull->what);
    }
    vipsbase_watch_begin(&watch, pull, own);
    result = sink(own, arg);
    vipsbase_watch_end(&watch);
    /* libvips' caches answer a piece that failed with black, and only the first time with failure. */
    return result || vipsbase_origin_failure(own) ? vipsbase_watch_fail(&watch, own, error) : PXM_OK;
}

static int write_memory(VipsImage *image, void *arg)
{
    VipsImage **ret = arg;

    *ret = vipsbase_pixels_new(image);
    return *ret ? vips_image_write(image, *ret) : -1;
}

pxm_status vipsbase_pull_to_memory(const struct vipsbase_pull *pull, VipsImage *image, VipsImage **ret,
                                   pxm_error *error)
{
    VIPSBASE_AUTO_IMAGE memory = NULL;
    int64_t bytes = vipsbase_bytes(image), limit = pull->host->limits(pull->job)->memory;
    pxm_status status;

    if (bytes > limit) {
        return pull->host->fail(error, PXM_E_LIMIT, "limit.memory",
                                "%s: all %d x %d pixels in memory take %" G_GINT64_FORMAT
                                " bytes, and %" G_GINT64_FORMAT " are allowed",
                                pull->what, image->Xsize, image->Ysize, bytes, limit);
    }
    status = vipsbase_pull(pull, image, write_memory, &memory, error);
    if (!status) {
        vips_image_set_progress(memory, FALSE);
        vips_image_remove(memory, VIPS_META_SEQUENTIAL);
        *ret = g_steal_pointer(&memory);
    }
    return status;
}
