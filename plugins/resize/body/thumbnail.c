/* `thumbnail`: a lazy picture of another size. What it is made of is decided here; the pixels are made when somebody
 * asks for them, unless they are shared with other sizes or read by several steps. */
#include "body.h"
#include "renditions.h"
#include "scale.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct thumbnail {
    const struct pxm_host *host;
    pxm_image *source;
    struct resize_plan plan;
    struct resize_thumbnail_options options; /* `background` is our own copy */
    char background[16];
    VipsImage *whole;  /* in memory, before cutting; may be NULL */
    VipsImage *result; /* in memory; may be NULL                 */
};

static void thumbnail_free(void *self)
{
    struct thumbnail *t = self;

    g_clear_object(&t->whole);
    g_clear_object(&t->result);
    t->host->image_unref(t->source);
    free(t);
}

static pxm_status thumbnail_pixels(void *self, pxm_job *job, int64_t min_width, int64_t min_height, VipsImage **ret,
                                   pxm_error *error)
{
    const struct thumbnail *t = self;
    struct vipsbase_pull pull = {.host = t->host,
                                 .job = job,
                                 .status = PXM_E_INTERNAL,
                                 .code = "thumbnail.failed",
                                 .what = "resize the picture"};
    VIPSBASE_AUTO_IMAGE image = NULL;
    pxm_status status;

    (void)min_width;
    (void)min_height;
    if (t->result || t->whole) { /* a copy shares the pixels, and keeps what others do to it apart */
        status = vips_copy(t->result ? t->result : t->whole, &image, NULL)
                     ? vipsbase_fail(t->host, error, PXM_E_INTERNAL, pull.code, pull.what)
                     : PXM_OK;
    } else {
        status = resize_render(&pull, t->source, &t->plan, &image, error);
    }
    if (!status && !t->result) {
        status = resize_cut(&pull, &image, &t->plan, &t->options, error);
    }
    if (!status) {
        *ret = g_steal_pointer(&image);
    }
    return status;
}

static const struct pxm_image_ops image_ops = {
    .struct_size = sizeof(struct pxm_image_ops),
    .pixels = thumbnail_pixels,
    .free = thumbnail_free,
};

static struct thumbnail *thumbnail_new(const struct pxm_host *host, pxm_image *source,
                                       const struct resize_thumbnail_options *options, const struct resize_plan *plan)
{
    struct thumbnail *t = calloc(1, sizeof(*t));

    if (t) {
        *t = (struct thumbnail){.host = host, .source = host->image_ref(source), .plan = *plan, .options = *options};
        g_strlcpy(t->background, options->background ? options->background : "", sizeof(t->background));
        t->options.background = t->background;
    }
    return t;
}

/* Shares pixels with other sizes where that was announced, and makes them now where several steps will read them: a
 * stream can be read once. */
static pxm_status prepare(struct thumbnail *t, pxm_job *job, uint32_t consumers, pxm_error *error)
{
    struct vipsbase_pull pull = {.host = t->host,
                                 .job = job,
                                 .status = PXM_E_INTERNAL,
                                 .code = "thumbnail.failed",
                                 .what = "resize the picture"};
    VIPSBASE_AUTO_IMAGE stream = NULL;
    pxm_status status = resize_renditions_take(&pull, t->source, &t->plan, &t->whole, error);

    if (status || t->whole || consumers < 2) {
        return status;
    }
    status = thumbnail_pixels(t, job, 0, 0, &stream, error);
    return status ? status : vipsbase_pull_to_memory(&pull, stream, &t->result, error);
}

static pxm_value *make_image(struct thumbnail *t, const struct pxm_image_info *source)
{
    size_t length = strlen(t->background);
    bool see_through = t->options.fit == RESIZE_FIT_CONTAIN && length == 9 && strcasecmp(t->background + 7, "ff") != 0;
    struct pxm_image_info info = {.struct_size = sizeof(info),
                                  .width = t->plan.out_width,
                                  .height = t->plan.out_height,
                                  .frames = source->frames,
                                  .has_alpha = source->has_alpha || see_through,
                                  .orientation = 1,
                                  .format = source->format};
    const struct pxm_host *host = t->host;
    pxm_image *image = host->image_new(&image_ops, t, &info);

    return image ? host->value_image(image) : NULL;
}

static bool is_unchanged(const struct resize_plan *plan, const struct pxm_image_info *info)
{
    return plan->width == info->width && plan->height == info->height && plan->out_width == info->width &&
           plan->out_height == info->height;
}

static void announce(void *self, pxm_job *job, const struct pxm_call *call)
{
    const struct pxm_host *host = ((struct resize_self *)self)->host;
    pxm_image *source = host->value_as_image(call->in);
    const struct pxm_image_info *info = host->image_info(source);
    struct resize_plan plan = resize_plan_make(call->options, info->width, info->height);

    (void)job;
    if (!is_unchanged(&plan, info)) {
        resize_renditions_announce(host, source, &plan);
    }
}

static pxm_status make_thumbnail(const struct pxm_host *host, pxm_job *job, const struct pxm_call *call,
                                 const struct resize_plan *plan, pxm_value **ret, pxm_error *error)
{
    pxm_image *source = host->value_as_image(call->in);
    struct thumbnail *t = thumbnail_new(host, source, call->options, plan);
    pxm_value *value;
    pxm_status status;

    if (!t) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    status = prepare(t, job, call->consumers, error);
    if (status) {
        thumbnail_free(t);
        return status;
    }
    value = make_image(t, host->image_info(source));
    if (!value) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    *ret = value;
    return PXM_OK;
}

static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *fields,
                        pxm_error *error)
{
    const struct pxm_host *host = ((struct resize_self *)self)->host;
    const struct pxm_image_info *info = host->image_info(host->value_as_image(call->in));
    struct resize_plan plan = resize_plan_make(call->options, info->width, info->height);
    int64_t limit = host->limits(job)->output_side;

    if (plan.out_width > limit || plan.out_height > limit || plan.width > INT32_MAX || plan.height > INT32_MAX) {
        return host->fail(error, PXM_E_LIMIT, "limit.output_side",
                          "the thumbnail would be %lld x %lld pixels; a side may have %lld", (long long)plan.out_width,
                          (long long)plan.out_height, (long long)limit);
    }
    host->value_set(fields, "width", host->value_int(plan.out_width));
    host->value_set(fields, "height", host->value_int(plan.out_height));
    if (is_unchanged(&plan, info)) { /* still the very file, should `encode` want it */
        *ret_out = host->value_ref(call->in);
        return PXM_OK;
    }
    return make_thumbnail(host, job, call, &plan, ret_out, error);
}

static const struct pxm_transform_ops ops = {
    .struct_size = sizeof(struct pxm_transform_ops), .announce = announce, .apply = apply};

const struct pxm_unit resize_thumbnail_body = {RESIZE_BODY_UNIT, .name = "thumbnail", .ops = &ops};
