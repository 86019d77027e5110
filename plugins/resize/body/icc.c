/* Reads just enough of an ICC profile (ICC.1:2010, sections 7 and 10) to know sRGB when it sees it. Any thread. */
#include "icc.h"
#include "header.h"
#include <math.h>

enum { HEADER = 128, TAG = 12, TAGS_MAX = 100 };

static double fixed(const struct resize_walk *w, size_t at) /* s15Fixed16Number */
{
    return (int32_t)resize_be32(w, at) / 65536.0;
}

/* Where the data of a tag is; 0: there is none. */
static size_t find_tag(const struct resize_walk *w, const char *name)
{
    uint32_t count = resize_be32(w, HEADER);

    for (uint32_t i = 0; i < count && i < TAGS_MAX; i++) {
        size_t entry = HEADER + 4 + (size_t)i * TAG;
        if (resize_walk_is(w, entry, name)) {
            return resize_be32(w, entry + 4);
        }
    }
    return 0;
}

static bool has_primary(const struct resize_walk *w, const char *name, const double xyz[3])
{
    size_t at = find_tag(w, name);

    for (size_t i = 0; at && i < 3; i++) {
        if (fabs(fixed(w, at + 8 + 4 * i) - xyz[i]) > 0.003) {
            return false;
        }
    }
    return at != 0;
}

/* Value of a tone curve at x, of `curv` and of `para` types 0 and 3; NaN for others. */
static double curve_at(const struct resize_walk *w, size_t at, double x)
{
    if (resize_walk_is(w, at, "curv")) {
        uint32_t count = resize_be32(w, at + 8);
        if (count == 1) {
            return pow(x, resize_be16(w, at + 12) / 256.0);
        }
        return count < 2 || count > 65536 ? NAN
                                          : resize_be16(w, at + 12 + 2 * (size_t)lrint(x * (count - 1))) / 65535.0;
    }
    if (resize_walk_is(w, at, "para") && resize_be16(w, at + 8) == 0) {
        return pow(x, fixed(w, at + 12));
    }
    if (resize_walk_is(w, at, "para") && resize_be16(w, at + 8) == 3) {
        double g = fixed(w, at + 12), a = fixed(w, at + 16), b = fixed(w, at + 20), c = fixed(w, at + 24);
        return x >= fixed(w, at + 28) ? pow(a * x + b, g) : c * x;
    }
    return NAN;
}

/* IEC 61966-2-1 at two points that tell it from plain powers and from straight lines. */
static bool has_curve(const struct resize_walk *w, const char *name)
{
    size_t at = find_tag(w, name);

    return at && fabs(curve_at(w, at, 0.1) - 0.0100) < 0.0012 && fabs(curve_at(w, at, 0.5) - 0.2140) < 0.004;
}

bool resize_icc_is_srgb(const void *profile, size_t length)
{
    /* The primaries of IEC 61966-2-1, adapted to D50 as profiles have them. */
    static const double red[] = {0.4361, 0.2225, 0.0139}, green[] = {0.3851, 0.7169, 0.0971},
                        blue[] = {0.1431, 0.0606, 0.7141};
    struct resize_walk w = {.data = profile, .length = length};

    return resize_walk_is(&w, 16, "RGB ") && !find_tag(&w, "A2B0") && has_primary(&w, "rXYZ", red) &&
           has_primary(&w, "gXYZ", green) && has_primary(&w, "bXYZ", blue) && has_curve(&w, "rTRC") &&
           has_curve(&w, "gTRC") && has_curve(&w, "bTRC");
}
