/* What steps over libvips' operations promise: the right pixels, fields, and results that any number of steps may
 * read. */
#include "steps.h"

#include <string.h>

static struct source colour = {.width = 40, .height = 30, .bands = 3};

static int pixel(VipsImage *image, int x, int y, int band)
{
    return step_pel(image, x, y)[band];
}

static int source_sample(int x, int y, int band)
{
    return (x + 3 * y + 50 * band) & 255;
}

static void run(struct step *step)
{
    if (step_run(step)) {
        fail_msg("%s: %s: %s", step->unit->name, step->error->code, step->error->text);
    }
}

static void gaussblur_gives_what_libvips_gives(void **state)
{
    struct step step;
    VipsImage *got, *plain = NULL, *wanted = NULL;
    pxm_image *source = source_image(&colour);

    (void)state;
    step_begin(&step, "vips.gaussblur", pxm_image_ref(source));
    step_float(&step, "sigma", 2);
    run(&step);
    assert_true(step_number(&step, "width") == 40 && step_number(&step, "height") == 30);
    got = step_pixels(&step, pxm_value_as_image(step.out));
    plain = step_pixels(&step, source);
    assert_int_equal(vips_gaussblur(plain, &wanted, 2, NULL), 0);
    assert_int_equal(vips_image_wio_input(wanted), 0);
    assert_memory_equal(step_pel(got, 0, 0), step_pel(wanted, 0, 0), 40 * 30 * 3);
    g_object_unref(wanted);
    g_object_unref(plain);
    g_object_unref(got);
    pxm_image_unref(source);
    step_done(&step);
}

static void avg_gives_a_number_and_no_picture(void **state)
{
    static struct source grey = {.width = 2, .height = 1, .bands = 1};
    struct step step;

    (void)state;
    step_begin(&step, "vips.avg", source_image(&grey));
    run(&step);
    assert_null(step.out);
    assert_true(step_number(&step, "out") == 0.5);
    step_done(&step);
}

static void max_gives_lists_of_the_places(void **state)
{
    static struct source grey = {.width = 10, .height = 5, .bands = 1};
    struct step step;
    const pxm_value *xs;

    (void)state;
    step_begin(&step, "vips.max", source_image(&grey));
    step_int(&step, "size", 2);
    run(&step);
    assert_true(step_number(&step, "out") == 21);
    assert_true(step_number(&step, "x") == 9 && step_number(&step, "y") == 4);
    xs = pxm_value_get(step.fields, "x_array");
    assert_int_equal(pxm_value_count(xs), 2);
    assert_int_equal(pxm_value_as_int(pxm_value_at(xs, 0)) + pxm_value_as_int(pxm_value_at(xs, 1)), 9 + 8);
    step_done(&step);
}

static void fields_nobody_reads_are_left_out(void **state)
{
    struct step step;

    (void)state;
    step_begin(&step, "vips.max", source_image(&colour));
    step.fields_wanted = 1 << 1;
    run(&step);
    assert_int_equal(pxm_value_count(step.fields), 1);
    assert_non_null(pxm_value_get(step.fields, "x"));
    step_done(&step);
}

static void composite2_lays_the_overlay_on_the_input(void **state)
{
    static struct source base = {.width = 20, .height = 20, .bands = 3},
                         overlay = {.width = 4, .height = 4, .bands = 3};
    struct step step;
    VipsImage *got;

    (void)state;
    step_begin(&step, "vips.composite2", source_image(&base));
    step_image(&step, "overlay", source_image(&overlay));
    step_choice(&step, "mode", "over");
    step_int(&step, "x", 10);
    step_int(&step, "y", 12);
    run(&step);
    got = step_pixels(&step, pxm_value_as_image(step.out));
    assert_int_equal(pixel(got, 11, 13, 0), source_sample(1, 1, 0));
    assert_int_equal(pixel(got, 9, 12, 0), source_sample(9, 12, 0));
    g_object_unref(got);
    step_done(&step);
}

static void composite_takes_words_for_its_modes(void **state)
{
    static const char *const good[] = {"over"}, *const bad[] = {"ower"};
    struct step step;

    (void)state;
    for (int i = 0; i < 2; i++) {
        pxm_image *more[] = {source_image(&colour)};

        step_begin(&step, "vips.composite", source_image(&colour));
        step_images(&step, "with", more, 1);
        step_words(&step, "mode", i ? bad : good, 1);
        assert_int_equal(step_run(&step), i ? PXM_E_INVALID : PXM_OK);
        step_done(&step);
    }
}

static void bandjoin_puts_the_input_first(void **state)
{
    static struct source grey = {.width = 4, .height = 4, .bands = 1};
    pxm_image *more[] = {source_image(&colour)};
    struct step step;
    VipsImage *got;

    (void)state;
    step_begin(&step, "vips.bandjoin", source_image(&grey));
    step_images(&step, "with", more, 1);
    run(&step);
    got = step_pixels(&step, pxm_value_as_image(step.out));
    assert_int_equal(got->Bands, 4);
    assert_int_equal(pixel(got, 1, 1, 0), source_sample(1, 1, 0));
    assert_int_equal(pixel(got, 1, 1, 2), source_sample(1, 1, 1));
    g_object_unref(got);
    step_done(&step);
}

/* The source fails when it is read backwards, as decoders do. */
static void operations_that_read_out_of_order_work_on_a_stream(void **state)
{
    static struct source tall = {.width = 8, .height = 600, .bands = 1};
    struct step step;
    VipsImage *got;

    (void)state;
    step_begin(&step, "vips.flip", source_image(&tall));
    step_choice(&step, "direction", "vertical");
    run(&step);
    got = step_pixels(&step, pxm_value_as_image(step.out));
    assert_int_equal(pixel(got, 2, 0, 0), source_sample(2, 599, 0));
    assert_int_equal(pixel(got, 2, 599, 0), source_sample(2, 0, 0));
    g_object_unref(got);
    step_done(&step);

    step_begin(&step, "vips.rot", source_image(&tall));
    step_choice(&step, "angle", "d90");
    run(&step);
    assert_true(step_number(&step, "width") == 600);
    got = step_pixels(&step, pxm_value_as_image(step.out));
    assert_int_equal(pixel(got, 0, 3, 0), source_sample(3, 599, 0));
    g_object_unref(got);
    step_done(&step);
}

static void one_reader_costs_one_reading_of_the_input(void **state)
{
    struct step step;

    (void)state;
    colour.asked = 0;
    step_begin(&step, "vips.invert", source_image(&colour));
    run(&step);
    g_object_unref(step_pixels(&step, pxm_value_as_image(step.out)));
    assert_int_equal(colour.asked, 1);
    /* Another one gets a pipeline of its own. */
    g_object_unref(step_pixels(&step, pxm_value_as_image(step.out)));
    assert_int_equal(colour.asked, 2);
    step_done(&step);
}

static void several_readers_share_one_rendering(void **state)
{
    struct step step;
    VipsImage *first, *second;

    (void)state;
    colour.asked = 0;
    step_begin(&step, "vips.invert", source_image(&colour));
    step.consumers = 2;
    run(&step);
    first = step_pixels(&step, pxm_value_as_image(step.out));
    second = step_pixels(&step, pxm_value_as_image(step.out));
    assert_int_equal(colour.asked, 1);
    assert_int_equal(pixel(second, 5, 5, 1), 255 - source_sample(5, 5, 1));
    g_object_unref(first);
    g_object_unref(second);
    step_done(&step);
}

static void several_readers_of_what_memory_cannot_hold_read_anew(void **state)
{
    struct step step;

    (void)state;
    colour.asked = 0;
    step_begin(&step, "vips.invert", source_image(&colour));
    step.consumers = 2;
    step.job.limits.memory = 1000;
    run(&step);
    g_object_unref(step_pixels(&step, pxm_value_as_image(step.out)));
    g_object_unref(step_pixels(&step, pxm_value_as_image(step.out)));
    assert_int_equal(colour.asked, 2);
    step_done(&step);
}

struct reader {
    struct step *step;
    VipsImage *got;
};

static gpointer read_in_thread(gpointer data)
{
    struct reader *reader = data;

    reader->got = step_pixels(reader->step, pxm_value_as_image(reader->step->out));
    vips_thread_shutdown();
    return NULL;
}

static void readers_on_many_threads_get_the_same(void **state)
{
    for (uint32_t consumers = 1; consumers <= 2; consumers++) {
        struct step step;
        struct reader readers[4];
        GThread *threads[4];

        (void)state;
        step_begin(&step, "vips.invert", source_image(&colour));
        step.consumers = consumers;
        run(&step);
        for (int i = 0; i < 4; i++) {
            readers[i].step = &step;
            threads[i] = g_thread_new(NULL, read_in_thread, &readers[i]);
        }
        for (int i = 0; i < 4; i++) {
            g_thread_join(threads[i]);
            assert_int_equal(pixel(readers[i].got, 7, 7, 2), 255 - source_sample(7, 7, 2));
            g_object_unref(readers[i].got);
        }
        step_done(&step);
    }
}

static void drawing_leaves_the_input_alone(void **state)
{
    const double ink[] = {1, 2, 3};
    struct step step, copy;
    pxm_image *held;
    VipsImage *got;

    (void)state;
    /* A picture in memory, which a second operation draws on. */
    step_begin(&step, "vips.invert", source_image(&colour));
    step.consumers = 2;
    run(&step);
    held = step_result(&step);
    step_begin(&copy, "vips.draw_rect", pxm_image_ref(held));
    step_floats(&copy, "ink", ink, 3);
    step_int(&copy, "left", 2);
    step_int(&copy, "top", 2);
    step_int(&copy, "width", 5);
    step_int(&copy, "height", 5);
    step_bool(&copy, "fill", true);
    run(&copy);
    got = step_pixels(&copy, pxm_value_as_image(copy.out));
    assert_int_equal(pixel(got, 3, 3, 1), 2);
    assert_int_equal(pixel(got, 10, 10, 1), 255 - source_sample(10, 10, 1));
    g_object_unref(got);
    got = step_pixels(&step, held);
    assert_int_equal(pixel(got, 3, 3, 1), 255 - source_sample(3, 3, 1));
    g_object_unref(got);
    pxm_image_unref(held);
    step_done(&copy);
    step_done(&step);
}

static void a_second_picture_is_a_field(void **state)
{
    struct step step;
    VipsImage *rows;

    (void)state;
    step_begin(&step, "vips.project", source_image(&colour));
    run(&step);
    assert_true(step_number(&step, "width") == 40 && step_number(&step, "height") == 1);
    rows = step_pixels(&step, pxm_value_as_image(pxm_value_get(step.fields, "rows")));
    assert_int_equal(rows->Xsize, 1);
    assert_int_equal(rows->Ysize, 30);
    g_object_unref(rows);
    step_done(&step);
}

static void an_enum_that_comes_out_is_its_word(void **state)
{
    struct step step;

    (void)state;
    step_begin(&step, "vips.autorot", source_image(&colour));
    run(&step);
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "angle"), NULL), "d0");
    assert_int_equal(pxm_value_type(pxm_value_get(step.fields, "flip")), PXM_TYPE_BOOL);
    step_done(&step);
}

static void text_is_drawn_as_it_is(void **state)
{
    struct step plain, markup;

    (void)state;
    step_begin(&plain, "vips.text", NULL);
    step_string(&plain, "text", "bold");
    run(&plain);
    step_begin(&markup, "vips.text", NULL);
    step_string(&markup, "text", "<b>bold</b> & <");
    run(&markup);
    assert_true(step_number(&markup, "width") > 2 * step_number(&plain, "width"));
    step_done(&plain);
    step_done(&markup);
}

static void an_interpolator_is_chosen_by_name(void **state)
{
    const double matrix[] = {2, 0, 0, 2};
    struct step step;

    (void)state;
    step_begin(&step, "vips.affine", source_image(&colour));
    step_floats(&step, "matrix", matrix, 4);
    step_choice(&step, "interpolate", "nohalo");
    run(&step);
    assert_true(step_number(&step, "width") == 80);
    step_done(&step);
}

static void a_misfit_of_bands_tells_what_libvips_says(void **state)
{
    const double a[] = {1, 2, 3, 4, 5}, b[] = {0};
    struct step step;

    (void)state;
    step_begin(&step, "vips.linear", source_image(&colour));
    step_floats(&step, "a", a, 5);
    step_floats(&step, "b", b, 1);
    assert_int_equal(step_run(&step), PXM_E_INVALID);
    assert_step_failed(&step, PXM_E_INVALID, "vips.failed");
    assert_non_null(strstr(step.error->text, "linear: "));
    step_done(&step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaussblur_gives_what_libvips_gives),
        cmocka_unit_test(avg_gives_a_number_and_no_picture),
        cmocka_unit_test(max_gives_lists_of_the_places),
        cmocka_unit_test(fields_nobody_reads_are_left_out),
        cmocka_unit_test(composite2_lays_the_overlay_on_the_input),
        cmocka_unit_test(composite_takes_words_for_its_modes),
        cmocka_unit_test(bandjoin_puts_the_input_first),
        cmocka_unit_test(operations_that_read_out_of_order_work_on_a_stream),
        cmocka_unit_test(one_reader_costs_one_reading_of_the_input),
        cmocka_unit_test(several_readers_share_one_rendering),
        cmocka_unit_test(several_readers_of_what_memory_cannot_hold_read_anew),
        cmocka_unit_test(readers_on_many_threads_get_the_same),
        cmocka_unit_test(drawing_leaves_the_input_alone),
        cmocka_unit_test(a_second_picture_is_a_field),
        cmocka_unit_test(an_enum_that_comes_out_is_its_word),
        cmocka_unit_test(text_is_drawn_as_it_is),
        cmocka_unit_test(an_interpolator_is_chosen_by_name),
        cmocka_unit_test(a_misfit_of_bands_tells_what_libvips_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
