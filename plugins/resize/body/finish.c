/* Colour and orientation: from whatever a file holds to upright 8-bit sRGB. Any thread with a job. */
#include "finish.h"
#include "icc.h"

int resize_orientation_of(VipsImage *image)
{
    int orientation = 1;

    if (vips_image_get_typeof(image, VIPS_META_ORIENTATION)) {
        vips_image_get_int(image, VIPS_META_ORIENTATION, &orientation);
    }
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/* Sets *image to what the embedded profile says; leaves it when there is none that fits or none that changes
 * anything. */
static bool apply_profile(VipsImage **image)
{
    const void *profile;
    size_t length;
    VipsImage *out;

    if (!vips_image_get_typeof(*image, VIPS_META_ICC_NAME) ||
        vips_image_get_blob(*image, VIPS_META_ICC_NAME, &profile, &length) || resize_icc_is_srgb(profile, length)) {
        return false;
    }
    if (vips_icc_transform(*image, &out, "srgb", "embedded", TRUE, "intent", VIPS_INTENT_PERCEPTUAL,
                           "black_point_compensation", TRUE, NULL)) {
        vips_error_clear(); /* a broken profile is no reason to refuse a picture that everybody shows */
        return false;
    }
    vipsbase_replace(image, out);
    return true;
}

static int to_srgb(VipsImage **image)
{
    VipsInterpretation from = vips_image_guess_interpretation(*image), to = VIPS_INTERPRETATION_sRGB;
    VipsImage *out;

    if (apply_profile(image)) {
        return 0;
    }
    if (from == VIPS_INTERPRETATION_CMYK) {
        return vips_icc_transform(*image, &out, "srgb", "input_profile", "cmyk", "intent", VIPS_INTENT_PERCEPTUAL, NULL)
                   ? -1
                   : vipsbase_replace(image, out);
    }
    if (from == VIPS_INTERPRETATION_B_W || from == VIPS_INTERPRETATION_GREY16) {
        to = VIPS_INTERPRETATION_B_W;
    }
    if ((*image)->BandFmt == VIPS_FORMAT_UCHAR && from == to) {
        return 0;
    }
    return vips_colourspace(*image, &out, to, "source_space", from, NULL) ? -1 : vipsbase_replace(image, out);
}

static int to_uchar(VipsImage **image)
{
    VipsImage *out;

    if ((*image)->BandFmt == VIPS_FORMAT_UCHAR) {
        return 0;
    }
    return vips_cast_uchar(*image, &out, NULL) ? -1 : vipsbase_replace(image, out);
}

/* EXIF 2.32 section 4.6.4, tag Orientation: what has to be done to see the picture upright. */
static int turn(VipsImage **image, int orientation)
{
    static const VipsAngle angles[] = {[3] = VIPS_ANGLE_D180, [4] = VIPS_ANGLE_D180, [5] = VIPS_ANGLE_D90,
                                       [6] = VIPS_ANGLE_D90,  [7] = VIPS_ANGLE_D270, [8] = VIPS_ANGLE_D270};
    static const bool mirrored[] = {[2] = true, [4] = true, [5] = true, [7] = true, [8] = false};
    VipsImage *out;

    if (angles[orientation] != VIPS_ANGLE_D0 &&
        (vips_rot(*image, &out, angles[orientation], NULL) || vipsbase_replace(image, out))) {
        return -1;
    }
    if (mirrored[orientation] &&
        (vips_flip(*image, &out, VIPS_DIRECTION_HORIZONTAL, NULL) || vipsbase_replace(image, out))) {
        return -1;
    }
    return 0;
}

/* What has been applied must not be applied again. */
static int forget_applied(VipsImage **image)
{
    VipsImage *out;

    if (vips_copy(*image, &out, NULL) || vipsbase_replace(image, out)) {
        return -1;
    }
    vips_image_remove(out, VIPS_META_ORIENTATION);
    vips_image_remove(out, VIPS_META_ICC_NAME);
    return 0;
}

pxm_status resize_finish(const struct vipsbase_pull *pull, VipsImage **image, pxm_error *error)
{
    int orientation = resize_orientation_of(*image);
    VipsImage *memory;
    pxm_status status;

    if (to_srgb(image) || to_uchar(image) || forget_applied(image)) {
        return vipsbase_fail(pull->host, error, PXM_E_INTERNAL, pull->code, pull->what);
    }
    if (orientation > 2) { /* rows are needed in another order than they come */
        status = vipsbase_pull_to_memory(pull, *image, &memory, error);
        if (status) {
            return status;
        }
        vipsbase_replace(image, memory);
    }
    if (turn(image, orientation)) {
        return vipsbase_fail(pull->host, error, PXM_E_INTERNAL, pull->code, pull->what);
    }
    return PXM_OK;
}
