/* `compare`: how far two pictures are apart for the eye. Equal pixels are no measure, as every new version of a codec
 * changes some: the colour difference CIEDE2000 (ISO/CIE 11664-6) tells of colours, a difference hash of shapes. */
#include "body.h"
#include "still.h"

enum {
    HASH_WIDTH = 9, /* for eight differences in each row */
    HASH_HEIGHT = 8,
    ALIKE_MAX = 12,      /* bits by which two pictures of one scene may differ */
    APART_MIN = 18,      /* bits from which on they do not look alike          */
    DIFFERENCE_GAIN = 12 /* grey levels for each unit of difference: about 20 units are white */
};

/* 64 bits, each of which tells whether a pixel of the picture at 9 x 8 is darker than its right neighbour. */
static int hash_of(VipsImage *image, uint64_t *ret)
{
    VIPSBASE_AUTO_IMAGE small = NULL;
    VIPSBASE_AUTO_IMAGE grey = NULL;
    size_t length = 0;
    g_autofree uint8_t *pixels = NULL;

    if (vips_thumbnail_image(image, &small, HASH_WIDTH, "height", HASH_HEIGHT, "size", VIPS_SIZE_FORCE, NULL) ||
        vips_colourspace(small, &grey, VIPS_INTERPRETATION_B_W, NULL)) {
        return -1;
    }
    pixels = vips_image_write_to_memory(grey, &length);
    if (!pixels || length != HASH_WIDTH * HASH_HEIGHT) {
        return -1;
    }
    *ret = 0;
    for (size_t y = 0; y < HASH_HEIGHT; y++) {
        for (size_t x = 0; x + 1 < HASH_WIDTH; x++) {
            const uint8_t *pixel = pixels + y * HASH_WIDTH + x;
            *ret = *ret << 1 | (pixel[0] < pixel[1]);
        }
    }
    return 0;
}

static int hash_turned(VipsImage *image, VipsAngle angle, uint64_t *ret)
{
    VIPSBASE_AUTO_IMAGE turned = NULL;

    return vips_rot(image, &turned, angle, NULL) ? -1 : hash_of(turned, ret);
}

/* Sets `dhash` and `turned`. */
static int compare_shapes(const struct pxm_host *host, VipsImage *image, VipsImage *wanted, pxm_value *fields)
{
    uint64_t hashes[4], goal;
    int turned = 0;

    if (hash_of(wanted, &goal)) {
        return -1;
    }
    for (int quarter = 0; quarter < 4; quarter++) {
        if (hash_turned(image, (VipsAngle)(VIPS_ANGLE_D0 + quarter), &hashes[quarter])) {
            return -1;
        }
        hashes[quarter] = (uint64_t)__builtin_popcountll(hashes[quarter] ^ goal);
        if (hashes[0] >= APART_MIN && hashes[quarter] <= ALIKE_MAX && hashes[quarter] <= hashes[turned]) {
            turned = quarter;
        }
    }
    host->value_set(fields, "dhash", host->value_int((int64_t)hashes[0]));
    host->value_set(fields, "turned", host->value_int(90 * turned));
    return 0;
}

/* The difference of every pixel, in memory. */
static int difference_of(VipsImage *image, VipsImage *wanted, VipsImage **ret)
{
    VIPSBASE_AUTO_IMAGE scaled = NULL;
    VIPSBASE_AUTO_IMAGE left = NULL;
    VIPSBASE_AUTO_IMAGE right = NULL;
    VIPSBASE_AUTO_IMAGE lazy = NULL;

    if (vips_thumbnail_image(image, &scaled, wanted->Xsize, "height", wanted->Ysize, "size", VIPS_SIZE_FORCE, NULL) ||
        vips_colourspace(scaled, &left, VIPS_INTERPRETATION_LAB, NULL) ||
        vips_colourspace(wanted, &right, VIPS_INTERPRETATION_LAB, NULL) || vips_dE00(left, right, &lazy, NULL)) {
        return -1;
    }
    *ret = vips_image_copy_memory(lazy);
    return *ret ? 0 : -1;
}

/* Sets `mean_de` and `max_de`. */
static int compare_colours(const struct pxm_host *host, VipsImage *difference, pxm_value *fields)
{
    double mean = 0, max = 0;

    if (vips_avg(difference, &mean, NULL) || vips_max(difference, &max, NULL)) {
        return -1;
    }
    host->value_set(fields, "mean_de", host->value_float(mean));
    host->value_set(fields, "max_de", host->value_float(max));
    return 0;
}

static void release_buffer(void *buffer)
{
    g_free(buffer);
}

/* NULL: no memory, or libvips failed. */
static pxm_blob *draw(const struct pxm_host *host, VipsImage *difference)
{
    VIPSBASE_AUTO_IMAGE bright = NULL;
    VIPSBASE_AUTO_IMAGE bytes = NULL;
    void *data = NULL;
    size_t length = 0;
    pxm_blob *blob;

    if (vips_linear1(difference, &bright, DIFFERENCE_GAIN, 0, NULL) || vips_cast_uchar(bright, &bytes, NULL) ||
        vips_pngsave_buffer(bytes, &data, &length, NULL)) {
        return NULL;
    }
    blob = host->blob_new(data, length, release_buffer, data);
    if (blob) {
        host->blob_set_media(blob, "image/png");
    }
    return blob;
}

static pxm_status measure(const struct vipsbase_pull *pull, VipsImage *image, VipsImage *wanted, pxm_value *fields,
                          pxm_blob **ret, pxm_error *error)
{
    const struct pxm_host *host = pull->host;
    VIPSBASE_AUTO_IMAGE difference = NULL;

    if (compare_shapes(host, image, wanted, fields) || difference_of(image, wanted, &difference) ||
        compare_colours(host, difference, fields)) {
        return vipsbase_fail(host, error, pull->status, pull->code, pull->what);
    }
    host->value_set(fields, "same_size",
                    host->value_bool(image->Xsize == wanted->Xsize && image->Ysize == wanted->Ysize));
    *ret = draw(host, difference);
    return *ret ? PXM_OK : vipsbase_fail(host, error, pull->status, pull->code, pull->what);
}

static pxm_status apply(void *self, pxm_job *job, const struct pxm_call *call, pxm_value **ret_out, pxm_value *fields,
                        pxm_error *error)
{
    const struct pxm_host *host = ((struct resize_self *)self)->host;
    const struct resize_compare_options *options = call->options;
    const struct vipsbase_pull pull = {
        .host = host, .job = job, .status = PXM_E_INTERNAL, .code = "compare.failed", .what = "compare the pictures"};
    struct resize_still image = {0};
    struct resize_still wanted = {0};
    pxm_blob *drawn = NULL;
    pxm_status status = resize_still_open(&pull, host->value_as_blob(call->in), &image, error);

    status = status ? status : resize_still_open(&pull, options->with, &wanted, error);
    status = status ? status : measure(&pull, image.image, wanted.image, fields, &drawn, error);
    g_clear_object(&image.image);
    g_clear_object(&wanted.image);
    if (status) {
        return status;
    }
    *ret_out = host->value_blob(drawn);
    return *ret_out ? PXM_OK : host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

static const struct pxm_transform_ops ops = {.struct_size = sizeof(struct pxm_transform_ops), .apply = apply};

const struct pxm_unit resize_compare_body = {RESIZE_BODY_UNIT, .name = "compare", .ops = &ops};
