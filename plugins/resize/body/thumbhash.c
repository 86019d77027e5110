/* ThumbHash, by its description at https://evanw.github.io/thumbhash/: the low frequencies of a cosine transform of
 * luminance, two colour differences and alpha, each frequency in four bits. Any thread. */
#include "placeholder_hash.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS_MAX = RESIZE_HASH_SIDE_MAX * RESIZE_HASH_SIDE_MAX, AC_MAX = 40 };

static const double pi = 3.14159265358979323846;

/* A channel after its transform: the mean, and what varies as 0..1 with the scale that made it so. */
struct channel {
    double dc, ac[AC_MAX], scale;
    int count;
};

static unsigned rounded(double value)
{
    return value > 0 ? (unsigned)floor(value + 0.5) : 0;
}

/* One coefficient of the cosine transform. */
static double coefficient(const double *samples, const struct resize_rgba *image, int cx, int cy)
{
    double wave[RESIZE_HASH_SIDE_MAX], sum = 0;

    for (int x = 0; x < image->width; x++) {
        wave[x] = cos(pi / image->width * cx * (x + 0.5));
    }
    for (int y = 0; y < image->height; y++) {
        double row = cos(pi / image->height * cy * (y + 0.5));

        for (int x = 0; x < image->width; x++) {
            sum += samples[x + y * image->width] * wave[x] * row;
        }
    }
    return sum / (image->width * image->height);
}

/* The frequencies are those of a triangle: high in one direction or the other, not in both. */
static void transform(const double *samples, const struct resize_rgba *image, int nx, int ny, struct channel *ret)
{
    *ret = (struct channel){.dc = coefficient(samples, image, 0, 0)};
    for (int cy = 0; cy < ny; cy++) {
        for (int cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx++) {
            double value = coefficient(samples, image, cx, cy);

            ret->ac[ret->count++] = value;
            ret->scale = fmax(ret->scale, fabs(value));
        }
    }
    for (int i = 0; ret->scale > 0 && i < ret->count; i++) {
        ret->ac[i] = 0.5 + 0.5 / ret->scale * ret->ac[i];
    }
}

struct planes {
    double l[PIXELS_MAX], p[PIXELS_MAX], q[PIXELS_MAX], a[PIXELS_MAX];
};

/* Luminance, yellow against blue, red against green, over the mean colour where the picture is transparent. Returns the
 * sum of alpha. */
static double separate(const struct resize_rgba *image, struct planes *ret)
{
    double mean[3] = {0}, alpha_sum = 0;
    int count = image->width * image->height;

    for (int i = 0; i < count; i++) {
        const uint8_t *pixel = image->pixels + 4 * (size_t)i;
        double alpha = pixel[3] / 255.0;

        for (int c = 0; c < 3; c++) {
            mean[c] += alpha / 255.0 * pixel[c];
        }
        alpha_sum += alpha;
    }
    for (int c = 0; alpha_sum > 0 && c < 3; c++) {
        mean[c] /= alpha_sum;
    }
    for (int i = 0; i < count; i++) {
        const uint8_t *pixel = image->pixels + 4 * (size_t)i;
        double alpha = pixel[3] / 255.0;
        double r = mean[0] * (1 - alpha) + alpha / 255.0 * pixel[0];
        double g = mean[1] * (1 - alpha) + alpha / 255.0 * pixel[1];
        double b = mean[2] * (1 - alpha) + alpha / 255.0 * pixel[2];

        ret->l[i] = (r + g + b) / 3;
        ret->p[i] = (r + g) / 2 - b;
        ret->q[i] = r - g;
        ret->a[i] = alpha;
    }
    return alpha_sum;
}

static size_t put_channel(const struct channel *channel, size_t nibble, uint8_t *ret)
{
    for (int i = 0; i < channel->count; i++, nibble++) {
        ret[nibble / 2] |= (uint8_t)(rounded(15 * channel->ac[i]) << (nibble & 1) * 4);
    }
    return nibble;
}

static int at_least(int value, int least)
{
    return value > least ? value : least;
}

size_t resize_thumbhash(const struct resize_rgba *image, uint8_t *ret)
{
    struct planes *planes = malloc(sizeof(*planes)); /* too large for a small stack */
    struct channel l, p, q, a = {0};
    bool alpha, landscape = image->width > image->height;
    int longer = landscape ? image->width : image->height, limit, lx, ly;
    unsigned head, more;
    size_t nibble;

    if (!planes) {
        return 0;
    }
    alpha = separate(image, planes) < image->width * image->height;
    limit = alpha ? 5 : 7;
    lx = at_least((int)rounded((double)limit * image->width / longer), 1);
    ly = at_least((int)rounded((double)limit * image->height / longer), 1);
    memset(ret, 0, RESIZE_THUMBHASH_MAX);
    transform(planes->l, image, at_least(lx, 3), at_least(ly, 3), &l);
    transform(planes->p, image, 3, 3, &p);
    transform(planes->q, image, 3, 3, &q);
    if (alpha) {
        transform(planes->a, image, 5, 5, &a);
    }
    free(planes);
    head = rounded(63 * l.dc) | rounded(31.5 + 31.5 * p.dc) << 6 | rounded(31.5 + 31.5 * q.dc) << 12 |
           rounded(31 * l.scale) << 18 | (unsigned)alpha << 23;
    more = (unsigned)(landscape ? ly : lx) | rounded(63 * p.scale) << 3 | rounded(63 * q.scale) << 9 |
           (unsigned)landscape << 15;
    for (int i = 0; i < 5; i++) {
        ret[i] = (uint8_t)(i < 3 ? head >> 8 * i : more >> 8 * (i - 3));
    }
    if (alpha) {
        ret[5] = (uint8_t)(rounded(15 * a.dc) | rounded(15 * a.scale) << 4);
    }
    nibble = put_channel(&l, alpha ? 12 : 10, ret);
    nibble = put_channel(&p, nibble, ret);
    nibble = put_channel(&q, nibble, ret);
    nibble = put_channel(&a, nibble, ret);
    return (nibble + 1) / 2;
}
