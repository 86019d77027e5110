/* Resampling, cutting and padding, frame by frame. Any thread with a job. */
#include "scale.h"
#include "colour.h"
#include "finish.h"

_Static_assert((int)RESIZE_KERNEL_NEAREST == (int)VIPS_KERNEL_NEAREST &&
                   (int)RESIZE_KERNEL_LINEAR == (int)VIPS_KERNEL_LINEAR &&
                   (int)RESIZE_KERNEL_CUBIC == (int)VIPS_KERNEL_CUBIC &&
                   (int)RESIZE_KERNEL_MITCHELL == (int)VIPS_KERNEL_MITCHELL &&
                   (int)RESIZE_KERNEL_LANCZOS2 == (int)VIPS_KERNEL_LANCZOS2 &&
                   (int)RESIZE_KERNEL_LANCZOS3 == (int)VIPS_KERNEL_LANCZOS3,
               "options.h names libvips' kernels");

static int fail_with(const struct vipsbase_pull *pull, pxm_error *error)
{
    return vipsbase_fail(pull->host, error, PXM_E_INTERNAL, pull->code, pull->what);
}

/* What is done to one frame: gives a new picture made of `frame`, which it leaves to the caller; -1 on failure. */
typedef int (*frame_fn)(VipsImage *frame, VipsImage **ret, void *arg);

/* Applies `edit` to each frame of the strip, so that none bleeds into the next, and joins what comes out. */
static int each_frame(VipsImage **image, frame_fn edit, void *arg)
{
    int height = vips_image_get_page_height(*image), count = (*image)->Ysize / height, result = -1;
    VipsImage *out = NULL;

    if (count == 1) {
        return edit(*image, &out, arg) ? -1 : vipsbase_replace(image, out);
    }
    g_autofree VipsImage **frames = g_new0(VipsImage *, (size_t)count);
    for (int i = 0; i < count; i++) {
        VIPSBASE_AUTO_IMAGE frame = NULL;
        if (vips_extract_area(*image, &frame, 0, i * height, (*image)->Xsize, height, NULL) ||
            edit(frame, &frames[i], arg)) {
            goto out;
        }
    }
    height = frames[0]->Ysize;
    if (vips_arrayjoin(frames, &out, count, "across", 1, NULL) || vipsbase_replace(image, out) ||
        vips_copy(*image, &out, NULL) || vipsbase_replace(image, out)) {
        goto out;
    }
    vips_image_set_int(*image, VIPS_META_PAGE_HEIGHT, height);
    result = 0;
out:
    for (int i = 0; i < count; i++) {
        g_clear_object(&frames[i]);
    }
    return result;
}

struct size {
    int64_t width, height;
    int32_t kernel;
};

static int resize_frame(VipsImage *frame, VipsImage **ret, void *arg)
{
    const struct size *size = arg;
    double x = (double)size->width / frame->Xsize, y = (double)size->height / frame->Ysize;

    return vips_resize(frame, ret, x, "vscale", y, "kernel", (VipsKernel)size->kernel, NULL);
}

/* Colours of transparent pixels must not bleed into their neighbours, so alpha is multiplied in around the resampling.
 * That works in float; the rest goes in the type of the file. */
static int resample(VipsImage **image, struct size *size)
{
    VipsBandFormat format = (*image)->BandFmt;
    bool alpha = vips_image_hasalpha(*image);
    VipsImage *out;

    if ((*image)->Xsize == size->width && vips_image_get_page_height(*image) == size->height) {
        return 0;
    }
    if (alpha && (vips_premultiply(*image, &out, NULL) || vipsbase_replace(image, out))) {
        return -1;
    }
    if (each_frame(image, resize_frame, size)) {
        return -1;
    }
    return alpha && (vips_unpremultiply(*image, &out, NULL) || vipsbase_replace(image, out) ||
                     vips_cast(*image, &out, format, NULL) || vipsbase_replace(image, out))
               ? -1
               : 0;
}

pxm_status resize_scale(const struct vipsbase_pull *pull, VipsImage **image, const struct resize_plan *plan,
                        pxm_error *error)
{
    bool swap = resize_orientation_swaps(resize_orientation_of(*image));
    struct size size = {swap ? plan->height : plan->width, swap ? plan->width : plan->height, plan->kernel};

    if (resample(image, &size)) {
        return fail_with(pull, error);
    }
    return resize_finish(pull, image, error);
}

struct cut {
    const struct resize_plan *plan;
    VipsInteresting interesting;
    double colour[4];
};

static int crop_frame(VipsImage *frame, VipsImage **ret, void *arg)
{
    const struct cut *cut = arg;
    const struct resize_plan *plan = cut->plan;

    if (cut->interesting != VIPS_INTERESTING_NONE) {
        return vips_smartcrop(frame, ret, (int)plan->out_width, (int)plan->out_height, "interesting", cut->interesting,
                              NULL);
    }
    return vips_extract_area(frame, ret, (int)plan->left, (int)plan->top, (int)plan->out_width, (int)plan->out_height,
                             NULL);
}

static int pad_frame(VipsImage *frame, VipsImage **ret, void *arg)
{
    struct cut *cut = arg;
    const struct resize_plan *plan = cut->plan;
    VipsArrayDouble *background = vips_array_double_new(cut->colour, frame->Bands);
    int result = vips_embed(frame, ret, (int)-plan->left, (int)-plan->top, (int)plan->out_width, (int)plan->out_height,
                            "extend", VIPS_EXTEND_BACKGROUND, "background", background, NULL);

    vips_area_unref(VIPS_AREA(background));
    return result;
}

/* The picture gets the bands that the colour needs: three where it is not grey, alpha where it is not opaque. */
static int make_room_for(VipsImage **image, const double colour[4])
{
    bool grey = colour[0] == colour[1] && colour[1] == colour[2];
    VipsImage *out;

    if ((*image)->Bands < 3 && !grey &&
        (vips_colourspace(*image, &out, VIPS_INTERPRETATION_sRGB, NULL) || vipsbase_replace(image, out))) {
        return -1;
    }
    if (!vips_image_hasalpha(*image) && colour[3] < 255 &&
        (vips_addalpha(*image, &out, NULL) || vipsbase_replace(image, out) || vips_cast_uchar(*image, &out, NULL) ||
         vipsbase_replace(image, out))) {
        return -1;
    }
    return 0;
}

static pxm_status pad(const struct vipsbase_pull *pull, VipsImage **image, struct cut *cut, const char *background,
                      pxm_error *error)
{
    if (!resize_colour_parse(background, cut->colour)) {
        return pull->host->fail(error, PXM_E_INVALID, "thumbnail.bad_options", "`background: %s` is no colour",
                                background);
    }
    if (make_room_for(image, cut->colour)) {
        return fail_with(pull, error);
    }
    if ((*image)->Bands == 2) {
        cut->colour[1] = cut->colour[3];
    }
    return each_frame(image, pad_frame, cut) ? fail_with(pull, error) : PXM_OK;
}

pxm_status resize_cut(const struct vipsbase_pull *pull, VipsImage **image, const struct resize_plan *plan,
                      const struct resize_thumbnail_options *o, pxm_error *error)
{
    struct cut cut = {.plan = plan, .interesting = VIPS_INTERESTING_NONE};
    VipsImage *memory;
    pxm_status status;

    if (plan->width == plan->out_width && plan->height == plan->out_height) {
        return PXM_OK;
    }
    if (o->fit == RESIZE_FIT_CONTAIN) {
        return pad(pull, image, &cut, o->background, error);
    }
    if (o->gravity >= RESIZE_GRAVITY_ENTROPY) { /* looks at the picture first, and then reads it */
        cut.interesting = o->gravity == RESIZE_GRAVITY_ENTROPY ? VIPS_INTERESTING_ENTROPY : VIPS_INTERESTING_ATTENTION;
        status = vipsbase_pull_to_memory(pull, *image, &memory, error);
        if (status) {
            return status;
        }
        vipsbase_replace(image, memory);
    }
    return each_frame(image, crop_frame, &cut) ? fail_with(pull, error) : PXM_OK;
}
