/* No option of a template makes an operation fill the machine, and no operation outlives its job's time. */
#include "steps.h"

static struct source grey = {.width = 100, .height = 50, .bands = 1};
static struct source large = {.width = 2000, .height = 2000, .bands = 3};

static void refused(struct step *step, const char *code)
{
    assert_int_equal(step_run(step), PXM_E_LIMIT);
    assert_step_failed(step, PXM_E_LIMIT, code);
    step_done(step);
}

static void a_generator_stays_within_the_side(void **state)
{
    struct step step;

    (void)state;
    step_begin(&step, "vips.black", NULL);
    step_int(&step, "width", step.job.limits.output_side + 1);
    step_int(&step, "height", 1);
    refused(&step, "limit.pixels");
}

static void a_generator_stays_within_the_pixels(void **state)
{
    struct step step;

    (void)state;
    step_begin(&step, "vips.black", NULL);
    step_int(&step, "width", step.job.limits.output_side);
    step_int(&step, "height", step.job.limits.output_side);
    refused(&step, "limit.pixels");
}

static void zoom_and_replicate_stay_within_the_limits(void **state)
{
    struct step step;

    (void)state;
    step_begin(&step, "vips.zoom", source_image(&grey));
    step_int(&step, "xfac", 200);
    step_int(&step, "yfac", 1);
    refused(&step, "limit.pixels");
    step_begin(&step, "vips.replicate", source_image(&grey));
    step_int(&step, "across", 80);
    step_int(&step, "down", 160);
    refused(&step, "limit.pixels");
    step_begin(&step, "vips.resize", source_image(&grey));
    step_float(&step, "scale", 1000);
    refused(&step, "limit.pixels");
    step_begin(&step, "vips.embed", source_image(&grey));
    step_int(&step, "x", 0);
    step_int(&step, "y", 0);
    step_int(&step, "width", 1000000);
    step_int(&step, "height", 2);
    refused(&step, "limit.pixels");
}

static void an_accumulator_is_refused_before_it_is_allocated(void **state)
{
    struct step step;

    (void)state;
    step_begin(&step, "vips.hough_line", source_image(&grey));
    step_int(&step, "width", 8000);
    step_int(&step, "height", 8000);
    refused(&step, "limit.pixels");
}

static void a_picture_as_large_as_its_input_is_no_larger_than_allowed(void **state)
{
    struct step step;

    (void)state;
    step_begin(&step, "vips.invert", source_image(&grey));
    step.job.limits.output_side = 64;
    assert_int_equal(step_run(&step), PXM_OK);
    step_done(&step);
    step_begin(&step, "vips.zoom", source_image(&large));
    step.job.limits.output_side = 64;
    step_int(&step, "xfac", 2);
    step_int(&step, "yfac", 1);
    refused(&step, "limit.pixels");
}

static void what_must_be_in_memory_must_fit_it(void **state)
{
    struct step step;

    (void)state;
    step_begin(&step, "vips.rot", source_image(&grey));
    step_choice(&step, "angle", "d180");
    step.job.limits.memory = 4999;
    refused(&step, "limit.memory");
    step_begin(&step, "vips.fill_nearest", source_image(&grey));
    step.job.limits.memory = 5000 * 16;
    refused(&step, "limit.memory");
}

static void setting_up_stops_when_time_is_over(void **state)
{
    struct step step;

    (void)state;
    step_begin(&step, "vips.avg", source_image(&large));
    step.now_step_ms = 1;
    step.job.deadline_ms = 3;
    assert_int_equal(step_run(&step), PXM_E_TIMEOUT);
    assert_step_failed(&step, PXM_E_TIMEOUT, "limit.time");
    step_done(&step);
}

static void rendering_stops_when_time_is_over(void **state)
{
    VipsImage *image = NULL;
    struct step step;

    (void)state;
    step_begin(&step, "vips.invert", source_image(&large));
    step.consumers = 2;
    assert_int_equal(step_run(&step), PXM_OK);
    step.now_step_ms = 1;
    step.job.deadline_ms = 4;
    assert_int_equal(pxm_image_pixels(pxm_value_as_image(step.out), &step.job, 0, 0, &image, step.error),
                     PXM_E_TIMEOUT);
    assert_null(image);
    assert_step_failed(&step, PXM_E_TIMEOUT, "limit.time");
    step_done(&step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_generator_stays_within_the_side),
        cmocka_unit_test(a_generator_stays_within_the_pixels),
        cmocka_unit_test(zoom_and_replicate_stay_within_the_limits),
        cmocka_unit_test(an_accumulator_is_refused_before_it_is_allocated),
        cmocka_unit_test(a_picture_as_large_as_its_input_is_no_larger_than_allowed),
        cmocka_unit_test(what_must_be_in_memory_must_fit_it),
        cmocka_unit_test(setting_up_stops_when_time_is_over),
        cmocka_unit_test(rendering_stops_when_time_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
