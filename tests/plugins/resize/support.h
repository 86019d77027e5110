/* Runs the operations of the image plugin on the real host table, and makes pictures to run them on. One thread, but
 * for step(), which any thread may call. */
#ifndef TEST_RESIZE_SUPPORT_H
#define TEST_RESIZE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/blob.h"
#include "base/error.h"
#include "base/host.h"
#include "base/image.h"
#include "base/job.h"
#include "base/value.h"
#include "options.h"
#include <vips/vips.h>

/* Loads both modules and makes an instance of each operation. For cmocka's group setup. */
int setup(void **state);
int teardown(void **state);

/* A job with the default limits; tests change what they like. */
void job_init(struct pxm_job *job);

/* One step: an operation on a value. All of it starts as zero. */
struct step {
    const char *op;
    const void *options;
    pxm_value *in; /* borrowed */
    struct pxm_job *job;
    uint32_t consumers; /* 0 is taken for 1 */
    pxm_value *out, *fields;
    struct pxm_error error;
    pxm_status status;
};
void step_run(struct step *step);
void step_announce(const struct step *step);
void step_done(struct step *step);

/* The options as a pipeline that says nothing has them. */
struct resize_decode_options decode_options(void);
struct resize_thumbnail_options thumbnail_options(int64_t width, int64_t height);
struct resize_encode_options encode_options(int32_t format);

/* Shorthands that fail the test when the step fails. Results are new references. */
pxm_value *decode(pxm_value *blob, struct pxm_job *job);
pxm_value *thumbnail(pxm_value *image, const struct resize_thumbnail_options *options, struct pxm_job *job);
pxm_value *encode(pxm_value *image, int32_t format, struct pxm_job *job);
/* All pixels of an image, in memory. */
VipsImage *pixels(pxm_value *image, struct pxm_job *job);

/* Fails the test unless decoding the bytes, and then making and reading a thumbnail, fails with that code. */
void assert_refused(const void *data, size_t length, struct pxm_job *job, const char *code);

/* Blobs. The bytes are copied. */
pxm_value *blob_of(const void *data, size_t length);
pxm_value *blob_saved(VipsImage *image, const char *suffix); /* libvips' suffix and options: ".jpg[Q=90]" */
/* A smooth picture with detail of every size: no two places look alike. */
VipsImage *test_picture(int width, int height, int bands);
/* Mean difference of two pictures of one size, over all bands. */
double difference(VipsImage *a, VipsImage *b);

#endif
