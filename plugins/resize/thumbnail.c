/* `thumbnail` as the checker and the manual see it. The work is in body/thumbnail.c. */
#include "units.h"
#include <math.h>

#define OPTION(field, ctype) .offset = PXM_FIELD(struct resize_thumbnail_options, field, ctype)

static const struct pxm_choice fits[] = {
    {"inside", RESIZE_FIT_INSIDE, 0, "As large as fits into the box; nothing is cut off."},
    {"cover", RESIZE_FIT_COVER, 0, "Fills the box; what sticks out is cut off by `gravity` or focus."},
    {"contain", RESIZE_FIT_CONTAIN, 0, "As `inside`, and the rest of the box is filled with `background`."},
    {"fill", RESIZE_FIT_FILL, 0, "Exactly the box; the aspect ratio is not kept."},
    {"outside", RESIZE_FIT_OUTSIDE, 0, "As small as covers the box; nothing is cut off."},
    {NULL, 0, 0, NULL},
};

static const struct pxm_choice gravities[] = {
    {"centre", RESIZE_GRAVITY_CENTRE, 0, "The middle."},
    {"center", RESIZE_GRAVITY_CENTRE, 0, "The middle."},
    {"north", RESIZE_GRAVITY_NORTH, 0, "The top."},
    {"northeast", RESIZE_GRAVITY_NORTHEAST, 0, "The top right corner."},
    {"east", RESIZE_GRAVITY_EAST, 0, "The right."},
    {"southeast", RESIZE_GRAVITY_SOUTHEAST, 0, "The bottom right corner."},
    {"south", RESIZE_GRAVITY_SOUTH, 0, "The bottom."},
    {"southwest", RESIZE_GRAVITY_SOUTHWEST, 0, "The bottom left corner."},
    {"west", RESIZE_GRAVITY_WEST, 0, "The left."},
    {"northwest", RESIZE_GRAVITY_NORTHWEST, 0, "The top left corner."},
    {"entropy", RESIZE_GRAVITY_ENTROPY, 0, "Where most detail is (`cover`)."},
    {"attention", RESIZE_GRAVITY_ATTENTION, 0, "What is likely to draw the eye: skin, colour, edges (`cover`)."},
    {NULL, 0, 0, NULL},
};

static const struct pxm_choice kernels[] = {
    {"nearest", RESIZE_KERNEL_NEAREST, 0, "Keeps hard edges of pixel art."},
    {"linear", RESIZE_KERNEL_LINEAR, 0, "Triangle filter."},
    {"cubic", RESIZE_KERNEL_CUBIC, 0, "Catmull-Rom."},
    {"mitchell", RESIZE_KERNEL_MITCHELL, 0, "Mitchell-Netravali: softer, without halos."},
    {"lanczos2", RESIZE_KERNEL_LANCZOS2, 0, "Lanczos with two lobes."},
    {"lanczos3", RESIZE_KERNEL_LANCZOS3, 0, "Lanczos with three lobes: the sharpest."},
    {NULL, 0, 0, NULL},
};

static const struct pxm_option options[] = {
    {.name = "width",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(width, int64_t),
     .min = 1,
     .max = 65535,
     .help = "Width of the box in pixels; without it, it follows from the height."},
    {.name = "height",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(height, int64_t),
     .min = 1,
     .max = 65535,
     .help = "Height of the box in pixels; without it, it follows from the width."},
    {.name = "fit",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(fit, int32_t),
     .fallback = "inside",
     .choices = fits,
     .help = "How the picture meets the box."},
    {.name = "enlarge",
     .type = PXM_OPT_BOOL,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(enlarge, int32_t),
     .fallback = "false",
     .help = "Whether a picture smaller than the box is scaled up."},
    {.name = "gravity",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(gravity, int32_t),
     .choices = gravities,
     .help = "Which part `cover` keeps, and where `contain` puts the picture; centre where nothing is said."},
    {.name = "focus_x",
     .type = PXM_OPT_FLOAT,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(focus_x, double),
     .min = 0,
     .max = 1,
     .help = "What `cover` keeps in the middle as far as it can: 0 is the left edge, 1 the right."},
    {.name = "focus_y",
     .type = PXM_OPT_FLOAT,
     .flags = PXM_OPT_DYNAMIC,
     OPTION(focus_y, double),
     .min = 0,
     .max = 1,
     .help = "What `cover` keeps in the middle as far as it can: 0 is the top edge, 1 the bottom."},
    {.name = "background",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC | PXM_OPT_COLOR,
     OPTION(background, const char *),
     .fallback = "#ffffff",
     .help = "Colour that `contain` fills the rest of the box with; #rrggbbaa may be transparent."},
    {.name = "kernel",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_ADVANCED,
     OPTION(kernel, int32_t),
     .fallback = "lanczos3",
     .choices = kernels,
     .help = "Resampling filter."},
    {.name = NULL},
};

static const struct pxm_field fields[] = {
    [RESIZE_THUMBNAIL_WIDTH] = {"width", PXM_TYPE_INT, 0, "Pixels of one frame."},
    [RESIZE_THUMBNAIL_HEIGHT] = {"height", PXM_TYPE_INT, 0, "Pixels of one frame."},
    {NULL, 0, 0, NULL},
};

static const char *const codes[] = {
    "thumbnail.bad_options", "thumbnail.failed", "decode.corrupt", "limit.output_side", "limit.time", NULL,
};

static const struct pxm_signature signature = {
    .struct_size = sizeof(struct pxm_signature),
    .field_size = sizeof(struct pxm_field),
    .in = PXM_TYPE_IMAGE,
    .out = PXM_TYPE_IMAGE,
    .fields = fields,
    .codes = codes,
};

static pxm_status validate(const struct pxm_host *host, const void *config, pxm_error *error)
{
    const struct resize_thumbnail_options *o = config;
    int focus = !isnan(o->focus_x) || !isnan(o->focus_y);

    if (o->width == PXM_UNSET_INT && o->height == PXM_UNSET_INT) {
        return host->fail(error, PXM_E_INVALID, "thumbnail.bad_options",
                          "give `width`, `height` or both: there is no size to make");
    }
    if ((o->width == PXM_UNSET_INT || o->height == PXM_UNSET_INT) &&
        (o->fit == RESIZE_FIT_COVER || o->fit == RESIZE_FIT_CONTAIN) && (focus || o->gravity >= 0)) {
        return host->fail(error, PXM_E_INVALID, "thumbnail.bad_options",
                          "gravity and focus need both `width` and `height`: with one of them nothing is cut off");
    }
    if (isnan(o->focus_x) != isnan(o->focus_y)) {
        return host->fail(error, PXM_E_INVALID, "thumbnail.bad_options", "give both `focus_x` and `focus_y`, or none");
    }
    if (focus && o->gravity >= 0) {
        return host->fail(error, PXM_E_INVALID, "thumbnail.bad_options", "give `gravity` or a focus, not both");
    }
    if (focus && o->fit != RESIZE_FIT_COVER) {
        return host->fail(error, PXM_E_INVALID, "thumbnail.bad_options", "a focus needs `fit: cover`");
    }
    if (o->gravity >= RESIZE_GRAVITY_ENTROPY && o->fit != RESIZE_FIT_COVER) {
        return host->fail(error, PXM_E_INVALID, "thumbnail.bad_options",
                          "gravity entropy and attention choose what to keep, so they need `fit: cover`");
    }
    return PXM_OK;
}

const struct pxm_unit resize_thumbnail_unit = {
    RESIZE_UNIT,
    .config_size = sizeof(struct resize_thumbnail_options),
    .name = "thumbnail",
    .summary = "Resizes a picture to a box; several sizes of one picture are made from one decode.",
    .options = options,
    .signature = &signature,
    .validate = validate,
};
