/* Runs steps over libvips' operations without an engine: loads both halves of the plugin, fills config structs from the
 * tables of the light one and calls the other. One thread, unless a test says otherwise. */
#ifndef TEST_VIPS_STEPS_H
#define TEST_VIPS_STEPS_H

#include "base/error.h"
#include "base/host.h"
#include "base/image.h"
#include "base/job.h"
#include "base/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <vips/vips.h>

/* One call: made by step_begin, options set, run, done. */
struct step {
    const struct pxm_unit *unit; /* of the light half */
    struct pxm_job job;
    struct pxm_clock clock;
    int64_t now_ms;
    int64_t now_step_ms; /* the clock moves so much each time it is read */
    uint32_t consumers;
    uint64_t fields_wanted;
    uint64_t config[64];
    pxm_value *in, *held; /* held: list of what options point at */
    pxm_value *out, *fields;
    pxm_error *error;
};

const struct pxm_host *steps_host(void);
/* The units of the light half, NULL at the end. */
const struct pxm_unit *const *steps_units(void);
const struct pxm_unit *steps_unit(const char *name); /* NULL: none */

/* `in` is taken over; NULL: none. Fails the test when there is no such unit. The step must stay where it is. */
void step_begin(struct step *step, const char *unit, pxm_image *in);
void step_int(struct step *step, const char *option, int64_t value);
void step_float(struct step *step, const char *option, double value);
void step_bool(struct step *step, const char *option, bool value);
void step_choice(struct step *step, const char *option, const char *name);
void step_string(struct step *step, const char *option, const char *text);
void step_floats(struct step *step, const char *option, const double *values, size_t count);
void step_words(struct step *step, const char *option, const char *const *words, size_t count);
void step_images(struct step *step, const char *option, pxm_image *const *images, size_t count); /* taken over */
void step_image(struct step *step, const char *option, pxm_image *image);                        /* taken over */
pxm_status step_run(struct step *step);
void step_done(struct step *step);

/* The picture that a step gave, as a new reference. */
pxm_image *step_result(const struct step *step);
double step_number(const struct step *step, const char *field);
void assert_step_failed(const struct step *step, pxm_status status, const char *code);

/* All pixels of a picture in memory, as a new reference. */
VipsImage *step_pixels(struct step *step, pxm_image *image);

/* Where a pixel of 8 bit samples is in a picture in memory. */
const VipsPel *step_pel(const VipsImage *image, int x, int y);

/* ---- pictures of the tests' own ---- */

/* A picture that can be read once from top to bottom, as a decoder gives them: sample = (x + 3 y + 50 band) mod 256. It
 * counts how often its pixels were asked for. */
struct source {
    int width, height, bands;
    gint asked;
};
pxm_image *source_image(struct source *source);

#endif
