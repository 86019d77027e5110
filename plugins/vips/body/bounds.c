/* What a call may cost. libvips' own ranges are those of a desktop program; these keep a template from asking for a
 * picture that fills the machine. Called by compose.c on worker threads. */
#include "call.h"

enum {
    BANDS_MAX = 4,        /* of a picture that a decoder gives, for estimates                            */
    PIXEL_BYTES_MAX = 64, /* of what may stream through: four bands of double complex                    */
    TABLE_MAX = 65536     /* pixels of a look-up table, which is one row: no side is too long for those  */
};

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t longer_side(const struct vop_call *call, pxm_image *image)
{
    const struct pxm_image_info *info = image ? call->host->image_info(image) : NULL;

    return info ? longer(info->width, info->height) : 0;
}

/* The longer side that a result may have: as the job allows, or as an input has. */
static int64_t side_limit(const struct vop_call *call, pxm_job *job)
{
    const struct pxm_host *host = call->host;
    int64_t side = longer(host->limits(job)->output_side, longer_side(call, call->in));

    for (uint32_t i = 0; i < call->operation->argument_count; i++) {
        const union vop_slot *slot = &call->slots[i];

        if (call->operation->arguments[i].kind == VOP_IMAGE) {
            side = longer(side, longer_side(call, slot->image));
        } else if (call->operation->arguments[i].kind == VOP_IMAGES) {
            for (size_t k = 0; k < host->value_count(slot->list); k++) {
                side = longer(side, longer_side(call, host->value_as_image(host->value_at(slot->list, k))));
            }
        }
    }
    return side;
}

static pxm_status check_sides(const struct vop_call *call, pxm_job *job, pxm_error *error)
{
    int64_t side = side_limit(call, job), pixels = 1;

    for (uint32_t i = 0; i < call->operation->argument_count; i++) {
        const struct vop_argument *argument = &call->operation->arguments[i];
        int64_t value = call->slots[i].integer;

        if (!argument->side || value == PXM_UNSET_INT) {
            continue;
        }
        if (value > side) {
            return call->host->fail(error, PXM_E_LIMIT, "limit.pixels",
                                    "%s: %s %" G_GINT64_FORMAT " is more than the %" G_GINT64_FORMAT
                                    " pixels a side may have",
                                    call->operation->name, argument->property, value, side);
        }
        pixels *= longer(value, 1);
    }
    if (pixels > call->host->limits(job)->pixels) {
        return call->host->fail(error, PXM_E_LIMIT, "limit.pixels",
                                "%s: %" G_GINT64_FORMAT " pixels are more than the %" G_GINT64_FORMAT " allowed",
                                call->operation->name, pixels, call->host->limits(job)->pixels);
    }
    return PXM_OK;
}

pxm_status vop_bounds_check(const struct vop_call *call, pxm_job *job, pxm_error *error)
{
    const struct vop_operation *operation = call->operation;
    const struct pxm_image_info *info = call->in ? call->host->image_info(call->in) : NULL;
    int64_t pixels, bytes;

    if (info && (operation->input_pixels || operation->working_bytes)) {
        if (__builtin_mul_overflow(info->width, info->height, &pixels) ||
            __builtin_mul_overflow(pixels, longer(info->frames, 1), &pixels) ||
            (operation->input_pixels && pixels > operation->input_pixels)) {
            return call->host->fail(error, PXM_E_LIMIT, "limit.pixels",
                                    "%s takes pictures of at most %" G_GINT64_FORMAT " pixels", operation->name,
                                    operation->input_pixels);
        }
        if (__builtin_mul_overflow(pixels, operation->working_bytes * BANDS_MAX, &bytes) ||
            bytes > call->host->limits(job)->memory) {
            return call->host->fail(error, PXM_E_LIMIT, "limit.memory",
                                    "%s needs more memory for this picture than the %" G_GINT64_FORMAT " bytes allowed",
                                    operation->name, call->host->limits(job)->memory);
        }
    }
    return check_sides(call, job, error);
}

pxm_status vop_bounds_image(const struct vop_call *call, pxm_job *job, VipsImage *image, pxm_error *error)
{
    const struct pxm_limits *limits = call->host->limits(job);
    int64_t side = longer(image->Xsize, vips_image_get_page_height(image)), allowed = side_limit(call, job);
    int64_t pixels = (int64_t)image->Xsize * image->Ysize; /* two ints: no overflow */

    if ((side > allowed && pixels > TABLE_MAX) || pixels > limits->pixels) {
        return call->host->fail(error, PXM_E_LIMIT, "limit.pixels",
                                "%s would give a picture of %d x %d pixels; %" G_GINT64_FORMAT
                                " a side and %" G_GINT64_FORMAT " in all are allowed",
                                call->operation->name, image->Xsize, image->Ysize, allowed, limits->pixels);
    }
    if (vipsbase_bytes(image) > longer(limits->memory, pixels * PIXEL_BYTES_MAX)) {
        return call->host->fail(error, PXM_E_LIMIT, "limit.memory",
                                "%s would give a picture of %d x %d pixels with %d bands, which is more than the "
                                "%" G_GINT64_FORMAT " bytes allowed",
                                call->operation->name, image->Xsize, image->Ysize, image->Bands, limits->memory);
    }
    return PXM_OK;
}
