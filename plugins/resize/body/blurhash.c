/* BlurHash, by its description at https://github.com/woltapp/blurhash/blob/master/Algorithm.md: the low frequencies of
 * a cosine transform of linear light, in base 83. Any thread. */
#include "placeholder_hash.h"
#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

struct color {
    double r, g, b;
};

/* IEC 61966-2-1, as the description has it. */
static double to_linear(uint8_t value)
{
    double v = value / 255.0;

    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static unsigned to_srgb(double value)
{
    double v = fmax(0, fmin(1, value));

    return (unsigned)(v <= 0.0031308 ? v * 12.92 * 255 + 0.5 : (1.055 * pow(v, 1 / 2.4) - 0.055) * 255 + 0.5);
}

static char *put83(unsigned value, int digits, char *at)
{
    static const char alphabet[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

    for (int i = digits; i-- > 0; value /= 83) {
        at[i] = alphabet[value % 83];
    }
    return at + digits;
}

static struct color component(const struct resize_rgba *image, int i, int j)
{
    double linear[256], scale = (i || j ? 2.0 : 1.0) / (image->width * image->height);
    struct color sum = {0, 0, 0};

    for (int v = 0; v < 256; v++) {
        linear[v] = to_linear((uint8_t)v);
    }
    for (int y = 0; y < image->height; y++) {
        double row = cos(pi * j * y / image->height);

        for (int x = 0; x < image->width; x++) {
            const uint8_t *pixel = image->pixels + 4 * ((size_t)y * (size_t)image->width + (size_t)x);
            double basis = row * cos(pi * i * x / image->width);

            sum.r += basis * linear[pixel[0]];
            sum.g += basis * linear[pixel[1]];
            sum.b += basis * linear[pixel[2]];
        }
    }
    return (struct color){sum.r * scale, sum.g * scale, sum.b * scale};
}

/* -1..1 to 0..18, finer near 0. */
static unsigned quantise(double value)
{
    double root = copysign(sqrt(fabs(value)), value);

    return (unsigned)fmax(0, fmin(18, floor(root * 9 + 9.5)));
}

void resize_blurhash(const struct resize_rgba *image, int x, int y, char *ret)
{
    struct color all[81];
    double largest = 0, scale = 1;
    unsigned steps = 0;
    int count = x * y;
    char *at = ret;

    for (int i = 0; i < count; i++) {
        all[i] = component(image, i % x, i / x);
        if (i) {
            largest = fmax(largest, fmax(fabs(all[i].r), fmax(fabs(all[i].g), fabs(all[i].b))));
        }
    }
    if (count > 1) {
        steps = (unsigned)fmax(0, fmin(82, floor(largest * 166 - 0.5)));
        scale = (steps + 1) / 166.0;
    }
    at = put83((unsigned)(x - 1 + (y - 1) * 9), 1, at);
    at = put83(steps, 1, at);
    at = put83(to_srgb(all[0].r) << 16 | to_srgb(all[0].g) << 8 | to_srgb(all[0].b), 4, at);
    for (int i = 1; i < count; i++) {
        at = put83(quantise(all[i].r / scale) * 19 * 19 + quantise(all[i].g / scale) * 19 + quantise(all[i].b / scale),
                   2, at);
    }
    *at = '\0';
}
