/* Placeholders from pixels: pure functions of a small picture, without an image library. Any thread. */
#ifndef RESIZE_PLACEHOLDER_HASH_H
#define RESIZE_PLACEHOLDER_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Sides of a picture, at most: what a placeholder tells is coarser than that. */
enum { RESIZE_HASH_SIDE_MAX = 100, RESIZE_THUMBHASH_MAX = 32, RESIZE_BLURHASH_MAX = 4 + 2 * 81 + 2 };

/* sRGB with straight alpha, 4 bytes a pixel, rows without gaps; 1..RESIZE_HASH_SIDE_MAX a side. */
struct resize_rgba {
    const uint8_t *pixels;
    int width, height;
};

/* ThumbHash: writes at most RESIZE_THUMBHASH_MAX bytes and returns how many; 0: out of memory. */
size_t resize_thumbhash(const struct resize_rgba *image, uint8_t *ret);
/* BlurHash of x times y components, 1..9 each; alpha is ignored. `ret` has RESIZE_BLURHASH_MAX bytes and gets a
 * text. */
void resize_blurhash(const struct resize_rgba *image, int x, int y, char *ret);
/* The mean of the largest group of similar colours, as "#rrggbb". */
void resize_dominant_color(const struct resize_rgba *image, char ret[8]);

#endif
