/* What the two halves of the plugin agree on: the options of each operation as the engine fills them, and the order of
 * its fields. The tables are in the light half, the readers in body/. */
#ifndef RESIZE_OPTIONS_H
#define RESIZE_OPTIONS_H

#include <pixmill/plugin.h>

/* Both halves carry it; the engine refuses a pair that differs. */
#define RESIZE_VERSION "0.1.0"

/* ---- decode ---- */

enum { RESIZE_FRAMES_FIRST = 0, RESIZE_FRAMES_ALL = 1 };
enum { RESIZE_VERIFY_NONE = 0, RESIZE_VERIFY_FULL = 1 };

struct resize_decode_options {
    int64_t page;
    int32_t frames; /* RESIZE_FRAMES_ */
    int32_t verify; /* RESIZE_VERIFY_ */
};

enum {
    RESIZE_DECODE_WIDTH,
    RESIZE_DECODE_HEIGHT,
    RESIZE_DECODE_FORMAT,
    RESIZE_DECODE_EXT,
    RESIZE_DECODE_MEDIA,
    RESIZE_DECODE_FRAMES,
    RESIZE_DECODE_PAGES,
    RESIZE_DECODE_HAS_ALPHA,
    RESIZE_DECODE_ORIENTATION,
    RESIZE_DECODE_SHA256,
    RESIZE_DECODE_BYTES
};

/* ---- thumbnail ---- */

enum { RESIZE_FIT_INSIDE, RESIZE_FIT_COVER, RESIZE_FIT_CONTAIN, RESIZE_FIT_FILL, RESIZE_FIT_OUTSIDE };

/* The compass points are 3 x row + column of a three by three grid. */
enum {
    RESIZE_GRAVITY_NORTHWEST,
    RESIZE_GRAVITY_NORTH,
    RESIZE_GRAVITY_NORTHEAST,
    RESIZE_GRAVITY_WEST,
    RESIZE_GRAVITY_CENTRE,
    RESIZE_GRAVITY_EAST,
    RESIZE_GRAVITY_SOUTHWEST,
    RESIZE_GRAVITY_SOUTH,
    RESIZE_GRAVITY_SOUTHEAST,
    RESIZE_GRAVITY_ENTROPY,
    RESIZE_GRAVITY_ATTENTION
};

/* Values of libvips' VipsKernel, so that the light half can name them; the body asserts that they agree. */
enum {
    RESIZE_KERNEL_NEAREST = 0,
    RESIZE_KERNEL_LINEAR = 1,
    RESIZE_KERNEL_CUBIC = 2,
    RESIZE_KERNEL_MITCHELL = 3,
    RESIZE_KERNEL_LANCZOS2 = 4,
    RESIZE_KERNEL_LANCZOS3 = 5
};

struct resize_thumbnail_options {
    int64_t width, height;   /* PXM_UNSET_INT: whatever follows from the other */
    double focus_x, focus_y; /* 0..1; NaN: not given                         */
    const char *background;
    int32_t fit;     /* RESIZE_FIT_                                  */
    int32_t gravity; /* RESIZE_GRAVITY_; -1: not given               */
    int32_t kernel;  /* RESIZE_KERNEL_                               */
    int32_t enlarge;
};

enum { RESIZE_THUMBNAIL_WIDTH, RESIZE_THUMBNAIL_HEIGHT };

/* ---- encode ---- */

enum {
    RESIZE_FORMAT_JPEG,
    RESIZE_FORMAT_PNG,
    RESIZE_FORMAT_WEBP,
    RESIZE_FORMAT_AVIF,
    RESIZE_FORMAT_GIF,
    RESIZE_FORMAT_TIFF
};

struct resize_encode_options {
    const pxm_value *quality; /* int, or record of ints by format; NULL: the format's own */
    int64_t effort;           /* 0..9; PXM_UNSET_INT: the format's own                    */
    int64_t max_bytes;        /* PXM_UNSET_INT: any size                                  */
    const char *background;
    const pxm_value *keep; /* list of strings                                          */
    int32_t format;        /* RESIZE_FORMAT_                                           */
    int32_t progressive, lossless, never_larger;
};

enum {
    RESIZE_ENCODE_FORMAT,
    RESIZE_ENCODE_MEDIA,
    RESIZE_ENCODE_EXT,
    RESIZE_ENCODE_WIDTH,
    RESIZE_ENCODE_HEIGHT,
    RESIZE_ENCODE_FRAMES,
    RESIZE_ENCODE_BYTES
};

/* ---- placeholder ---- */

enum { RESIZE_PLACEHOLDER_THUMBHASH, RESIZE_PLACEHOLDER_BLURHASH, RESIZE_PLACEHOLDER_COLOR };

struct resize_placeholder_options {
    int64_t x, y; /* components of a BlurHash */
    int32_t kind; /* RESIZE_PLACEHOLDER_      */
};

/* ---- negotiate ---- */

struct resize_negotiate_options {
    const char *accept;
    const pxm_value *still, *animated; /* lists of strings; `animated` may be NULL */
};

/* ---- compare ---- */

struct resize_compare_options {
    pxm_blob *with;
};

/* ---- metadata ---- */

struct resize_metadata_options {
    int32_t gps;
};

enum {
    RESIZE_METADATA_MAKE,
    RESIZE_METADATA_MODEL,
    RESIZE_METADATA_LENS,
    RESIZE_METADATA_SOFTWARE,
    RESIZE_METADATA_TAKEN_AT,
    RESIZE_METADATA_ORIENTATION,
    RESIZE_METADATA_EXPOSURE,
    RESIZE_METADATA_F_NUMBER,
    RESIZE_METADATA_ISO,
    RESIZE_METADATA_FOCAL_LENGTH,
    RESIZE_METADATA_LATITUDE,
    RESIZE_METADATA_LONGITUDE,
    RESIZE_METADATA_ALTITUDE,
    RESIZE_METADATA_EXIF
};

#endif
