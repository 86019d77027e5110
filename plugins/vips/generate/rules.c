/* The rules themselves, as tables. Only the generator uses them, at build time. */
#include "rules.h"
#include <string.h>

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
    };
    return rule_find(dropped, sizeof(dropped) / sizeof(*dropped), nickname, argument) >= 0;
}

int rule_range(const char *nickname, const char *argument, double *min, double *max)
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
    int i = rule_find(ranges, sizeof(ranges) / sizeof(*ranges), nickname, argument);

    if (i < 0) {
        return 0;
    }
    *min = ranges[i].min;
    *max = ranges[i].max;
    return 1;
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
        {"matrixmultiply", 512 * 512, 0},
        {"fwfft", 0, 32}, /* two double complex planes */
        {"invfft", 0, 32},
        {"freqmult", 0, 64},
        {"spectrum", 0, 48},
        {"phasecor", 0, 96},
        {"labelregions", 0, 4},
        {"fill_nearest", 0, 16},
        {"hist_plot", 0, 64},
    };
    for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
        if (!strcmp(bounds[i].name, nickname)) {
            ret->input_pixels = bounds[i].input_pixels;
            ret->working_bytes = bounds[i].working_bytes;
        }
    }
}
