/* The geometry of `thumbnail`. Any thread. */
#include "fit.h"
#include <math.h>
#include <stdbool.h>

static int64_t scaled(int64_t side, double scale)
{
    int64_t pixels = llround((double)side * scale);

    return pixels < 1 ? 1 : pixels;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How far from the start `part` begins in `whole`, for the place 0 (start), 1 (middle) or 2 (end). */
static int64_t place(int64_t whole, int64_t part, int which)
{
    return which == 1 ? (int64_t)floor((double)(whole - part) / 2) : which == 2 ? whole - part : 0;
}

/* The same for a part whose middle is to be at `focus` of the whole, as far as it stays inside. */
static int64_t place_focus(int64_t whole, int64_t part, double focus)
{
    int64_t start = llround((double)whole * focus - (double)part / 2);

    return start < 0 ? 0 : least(start, whole - part);
}

static void cut_or_pad(struct resize_plan *plan, const struct resize_thumbnail_options *o)
{
    int gravity = o->gravity >= 0 && o->gravity <= RESIZE_GRAVITY_SOUTHEAST ? o->gravity : RESIZE_GRAVITY_CENTRE;

    if (!isnan(o->focus_x) && !isnan(o->focus_y)) {
        plan->left = place_focus(plan->width, plan->out_width, o->focus_x);
        plan->top = place_focus(plan->height, plan->out_height, o->focus_y);
    } else {
        plan->left = place(plan->width, plan->out_width, gravity % 3);
        plan->top = place(plan->height, plan->out_height, gravity / 3);
    }
}

struct resize_plan resize_plan_make(const struct resize_thumbnail_options *o, int64_t width, int64_t height)
{
    bool has_width = o->width != PXM_UNSET_INT, has_height = o->height != PXM_UNSET_INT;
    double x = has_width ? (double)o->width / (double)width : 0,
           y = has_height ? (double)o->height / (double)height : 0;
    struct resize_plan plan = {.kernel = o->kernel};
    double scale;

    x = has_width ? x : y;
    y = has_height ? y : x;
    if (o->fit == RESIZE_FIT_FILL && has_width && has_height) {
        x = o->enlarge || x < 1 ? x : 1;
        y = o->enlarge || y < 1 ? y : 1;
    } else {
        scale = o->fit == RESIZE_FIT_COVER || o->fit == RESIZE_FIT_OUTSIDE ? fmax(x, y) : fmin(x, y);
        x = y = o->enlarge || scale < 1 ? scale : 1;
    }
    plan.width = scaled(width, x);
    plan.height = scaled(height, y);
    plan.out_width = plan.width;
    plan.out_height = plan.height;
    if (has_width && has_height && o->fit == RESIZE_FIT_COVER) {
        plan.out_width = least(plan.width, o->width);
        plan.out_height = least(plan.height, o->height);
        cut_or_pad(&plan, o);
    } else if (has_width && has_height && o->fit == RESIZE_FIT_CONTAIN) {
        plan.out_width = o->width;
        plan.out_height = o->height;
        cut_or_pad(&plan, o);
    }
    return plan;
}
