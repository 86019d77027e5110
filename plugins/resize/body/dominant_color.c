/* The colour that most of a picture is: pixels fall into 16 x 16 x 16 boxes by colour, weighed by their alpha, and
 * the mean of the fullest box speaks for all. A mean over everything would be the brown that any mixture gives. Any
 * thread. */
#include "placeholder_hash.h"
#include <stdio.h>
#include <string.h>

enum { BOXES = 16 * 16 * 16 };

/* A picture has 10000 pixels at most, so that no sum overflows. */
struct box {
    uint32_t weight, sums[3];
};

static size_t box_of(const uint8_t *pixel)
{
    return (size_t)(pixel[0] >> 4) << 8 | (size_t)(pixel[1] >> 4) << 4 | pixel[2] >> 4;
}

void resize_dominant_color(const struct resize_rgba *image, char ret[8])
{
    struct box boxes[BOXES] = {0};
    const struct box *best = boxes;
    uint32_t mean[3];
    size_t count = (size_t)image->width * (size_t)image->height;

    for (size_t i = 0; i < count; i++) {
        const uint8_t *pixel = image->pixels + 4 * i;
        struct box *box = &boxes[box_of(pixel)];

        box->weight += pixel[3];
        for (int c = 0; c < 3; c++) {
            box->sums[c] += (uint32_t)pixel[c] * pixel[3] / 255;
        }
    }
    for (size_t i = 0; i < BOXES; i++) {
        if (boxes[i].weight > best->weight) {
            best = &boxes[i];
        }
    }
    if (!best->weight) {
        memcpy(ret, "#ffffff", 8);
        return;
    }
    for (int c = 0; c < 3; c++) {
        mean[c] = (best->sums[c] * 255 + best->weight / 2) / best->weight;
        mean[c] = mean[c] > 255 ? 255 : mean[c];
    }
    snprintf(ret, 8, "#%02x%02x%02x", mean[0] & 255, mean[1] & 255, mean[2] & 255);
}
