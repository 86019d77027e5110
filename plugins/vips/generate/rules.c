/* The rules themselves, as tables. Only the generator uses them, at build time. */
#include "rules.h"
#include <string.h>

static const double NUMBER_MAX = 1000000;

struct denial {
    const char *name, *why;
};

static const struct denial denials[] = {
    {"system", "runs a command"},
    {"cache", "has no effect on the result"},
    {"tilecache", "has no effect on the result"},
    {"linecache", "has no effect on the result"},
    {"sequential", "has no effect on the result"},
    {"matrixprint", "writes to the standard output"},
    {"thumbnail", "takes a file"},
    {"thumbnail_buffer", "takes a file"},
    {"thumbnail_source", "takes a file"},
    {"remosaic", "opens files that the picture's history names"},
    {"globalbalance", "opens files that the picture's history names"},
    {"buildlut", "sizes its result by pixel values"},
    {"hough_circle", "needs memory by area times radii"},
    /* Found by calling each with chance options (libvips 8.14); a template must not be able to do that. */
    {"conva", "divides by zero for some masks"},
    {"convasep", "divides by zero for some masks"},
    {"remainder_const", "divides by zero for some constants"},
    {"draw_flood", "reads outside of the picture for some places"},
    {"hist_local", "reads outside of the picture at its edge"},
    {"fractsurf", "writes outside of its memory for some sizes"},
    {"fwfft", "writes outside of its memory for some sizes"},
    {"invfft", "writes outside of its memory for some sizes"},
    {"freqmult", "writes outside of its memory for some sizes"},
    {"spectrum", "writes outside of its memory for some sizes"},
    {"phasecor", "writes outside of its memory for some sizes"},
    {"mosaic", "aborts the process for some places"},
    {"mosaic1", "aborts the process for some places"},
    {"match", "aborts the process for some places"},
};

const char *rule_denied(const char *nickname, const char *type)
{
    if (strstr(nickname, "load") || strstr(nickname, "save") || strstr(type, "Foreign")) {
        return "reads or writes files";
    }
    for (size_t i = 0; i < sizeof(denials) / sizeof(*denials); i++) {
        if (!strcmp(denials[i].name, nickname)) {
            return denials[i].why;
        }
    }
    return NULL;
}

struct rule {
    const char *operation, *argument;
    double min, max;
};

static int rule_find(const struct rule *rules, size_t count, const char *operation, const char *argument)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(rules[i].operation, operation) && !strcmp(rules[i].argument, argument)) {
            return (int)i;
        }
    }
    return -1;
}

int rule_dropped(const char *nickname, const char *argument)
{
    static const struct rule dropped[] = {
        {"copy", "width", 0, 0},    /* a header that says more pixels than there are */
        {"copy", "height", 0, 0},   /* the same */
        {"copy", "coding", 0, 0},   /* packed codings promise a size of pixel that is not checked */
        {"text", "fontfile", 0, 0}, /* a file */
        /* One of its values is conva by another name. convi and convf do what the others do. */
        {"conv", "precision", 0, 0},
        {"conv", "layers", 0, 0},
        {"conv", "cluster", 0, 0},
        {"convsep", "precision", 0, 0},
        {"convsep", "layers", 0, 0},
        {"convsep", "cluster", 0, 0},
        {"compass", "precision", 0, 0},
        {"compass", "layers", 0, 0},
        {"compass", "cluster", 0, 0},
    };
    return rule_find(dropped, sizeof(dropped) / sizeof(*dropped), nickname, argument) >= 0;
}

void rule_range(const char *nickname, const char *argument, double *min, double *max)
{
    static const struct rule ranges[] = {
        {"gaussmat", "sigma", 0.000001, 100}, /* computed whole when it is set up: up to (8 sigma)^2 doubles */
        {"logmat", "sigma", 0.000001, 100},
        {"hist_find_ndim", "bins", 1, 128}, /* bins^3 counters */
        {"text", "dpi", 1, 600},            /* drawn whole when it is set up */
        {"text", "spacing", 0, 200},
        {"black", "bands", 1, 64}, /* bytes of the result grow with it */
        {"identity", "bands", 1, 64},
    };
    /* Beyond a million pixels there is nothing to place, and libvips' own sums begin to overflow. */
    *min = *min < -NUMBER_MAX ? -NUMBER_MAX : *min;
    *max = *max > NUMBER_MAX ? NUMBER_MAX : *max;
    int i = rule_find(ranges, sizeof(ranges) / sizeof(*ranges), nickname, argument);

    if (i >= 0) {
        *min = ranges[i].min;
        *max = ranges[i].max;
    }
}

int rule_literal(const char *nickname, const char *argument)
{
    static const struct rule literals[] = {
        {"text", "font", 0, 0}, /* holds the size */
        {"text", "dpi", 0, 0},
    };
    return rule_find(literals, sizeof(literals) / sizeof(*literals), nickname, argument) >= 0;
}

void rule_bounds(const char *nickname, struct vop_operation *ret)
{
    static const struct {
        const char *name;
        int64_t input_pixels, working_bytes;
    } bounds[] = {
        {"matrixinvert", 512 * 512, 0}, /* cubic in the side, and cannot be stopped */
        {"matrixmultiply", 512 * 512, 0}, {"labelregions", 0, 4}, {"fill_nearest", 0, 16}, {"hist_plot", 0, 64},
    };
    for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
        if (!strcmp(bounds[i].name, nickname)) {
            ret->input_pixels = bounds[i].input_pixels;
            ret->working_bytes = bounds[i].working_bytes;
        }
    }
}
