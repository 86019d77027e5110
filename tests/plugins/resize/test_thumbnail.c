/* `thumbnail`: geometry, and pixels that equal those of the plain way however they were shared, cut or streamed. */
#include "support.h"

#include <pthread.h>
#include <string.h>

static struct pxm_job job;
static VipsImage *picture; /* 1200 x 800 */
static pxm_value *image;   /* the same, from a JPEG */

static int start(void **state)
{
    pxm_value *blob;

    (void)state;
    job_init(&job);
    picture = test_picture(1200, 800, 3);
    blob = blob_saved(picture, ".jpg[Q=95]");
    image = decode(blob, &job);
    pxm_value_unref(blob);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pxm_value_unref(image);
    g_object_unref(picture);
    return 0;
}

/* `got` against what libvips makes of the picture in one step. */
static void assert_like_picture(VipsImage *got, int width, int height)
{
    VipsImage *expected;

    assert_int_equal(got->Xsize, width);
    assert_int_equal(got->Ysize, height);
    assert_int_equal(vips_resize(picture, &expected, width / 1200.0, "vscale", height / 800.0, NULL), 0);
    assert_true(difference(expected, got) < 2);
    g_object_unref(expected);
}

static void every_fit_meets_its_box(void **state)
{
    static const struct {
        int64_t width, height;
        int32_t fit, enlarge;
        int expected_width, expected_height;
    } cases[] = {
        {300, PXM_UNSET_INT, RESIZE_FIT_INSIDE, 0, 300, 200},
        {PXM_UNSET_INT, 100, RESIZE_FIT_INSIDE, 0, 150, 100},
        {300, 300, RESIZE_FIT_INSIDE, 0, 300, 200},
        {300, 300, RESIZE_FIT_OUTSIDE, 0, 450, 300},
        {300, 300, RESIZE_FIT_COVER, 0, 300, 300},
        {300, 300, RESIZE_FIT_CONTAIN, 0, 300, 300},
        {300, 300, RESIZE_FIT_FILL, 0, 300, 300},
        {300, PXM_UNSET_INT, RESIZE_FIT_COVER, 0, 300, 200},
        {300, PXM_UNSET_INT, RESIZE_FIT_FILL, 0, 300, 200},
        {2400, 2400, RESIZE_FIT_INSIDE, 0, 1200, 800},
        {2400, 2400, RESIZE_FIT_INSIDE, 1, 2400, 1600},
        {2400, 2400, RESIZE_FIT_COVER, 0, 1200, 800},
        {2400, 400, RESIZE_FIT_COVER, 0, 1200, 400},
        {2400, 2400, RESIZE_FIT_COVER, 1, 2400, 2400},
        {2400, 2400, RESIZE_FIT_CONTAIN, 0, 2400, 2400},
        {2400, 400, RESIZE_FIT_FILL, 0, 1200, 400},
        {1, 1, RESIZE_FIT_INSIDE, 0, 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct resize_thumbnail_options options = thumbnail_options(cases[i].width, cases[i].height);
        struct step step = {.op = "thumbnail", .options = &options, .in = image, .job = &job};
        VipsImage *got;

        options.fit = cases[i].fit;
        options.enlarge = cases[i].enlarge;
        step_run(&step);
        assert_int_equal(step.status, PXM_OK);
        assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "width")), cases[i].expected_width);
        assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "height")), cases[i].expected_height);
        got = pixels(step.out, &job);
        assert_int_equal(got->Xsize, cases[i].expected_width);
        assert_int_equal(got->Ysize, cases[i].expected_height);
        g_object_unref(got);
        step_done(&step);
    }
}

static void the_pixels_are_those_of_a_plain_resize(void **state)
{
    static const int widths[] = {1000, 700, 300, 96, 30};

    (void)state;
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        struct resize_thumbnail_options options = thumbnail_options(widths[i], PXM_UNSET_INT);
        pxm_value *thumb = thumbnail(image, &options, &job);
        VipsImage *got = pixels(thumb, &job);
        assert_like_picture(got, widths[i], (widths[i] * 2 + 1) / 3);
        g_object_unref(got);
        pxm_value_unref(thumb);
    }
}

/* Where in the picture a cut of 200 x 200 from 300 x 200 lies. */
static void check_cut(struct resize_thumbnail_options *options, int expected_left)
{
    pxm_value *thumb = thumbnail(image, options, &job);
    VipsImage *got = pixels(thumb, &job), *whole, *expected;

    assert_int_equal(vips_resize(picture, &whole, 0.25, NULL), 0);
    assert_int_equal(vips_extract_area(whole, &expected, expected_left, 0, 200, 200, NULL), 0);
    assert_true(difference(expected, got) < 2);
    g_object_unref(expected);
    g_object_unref(whole);
    g_object_unref(got);
    pxm_value_unref(thumb);
}

static void gravity_and_focus_choose_what_is_kept(void **state)
{
    struct resize_thumbnail_options options = thumbnail_options(200, 200);

    (void)state;
    options.fit = RESIZE_FIT_COVER;
    check_cut(&options, 50);
    options.gravity = RESIZE_GRAVITY_WEST;
    check_cut(&options, 0);
    options.gravity = RESIZE_GRAVITY_SOUTHEAST;
    check_cut(&options, 100);
    options.gravity = -1;
    options.focus_x = 0.5;
    options.focus_y = 0;
    check_cut(&options, 50);
    options.focus_x = 0.4;
    check_cut(&options, 20);
    options.focus_x = 1;
    check_cut(&options, 100);
}

/* A flat picture with one busy patch at the right. */
static void entropy_and_attention_find_the_busy_part(void **state)
{
    VipsImage *flat, *busy = test_picture(200, 200, 3), *both, *labelled;
    double grey[] = {90, 90, 90};
    pxm_value *blob, *source;

    (void)state;
    flat = vips_image_new_from_image(busy, grey, 3);
    assert_int_equal(vips_embed(flat, &both, 0, 0, 900, 200, "extend", VIPS_EXTEND_COPY, NULL), 0);
    g_object_unref(flat);
    assert_int_equal(vips_insert(both, busy, &flat, 650, 0, NULL), 0);
    assert_int_equal(vips_copy(flat, &labelled, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    blob = blob_saved(labelled, ".png");
    source = decode(blob, &job);
    for (int32_t gravity = RESIZE_GRAVITY_ENTROPY; gravity <= RESIZE_GRAVITY_ATTENTION; gravity++) {
        struct resize_thumbnail_options options = thumbnail_options(100, 100);
        pxm_value *thumb;
        VipsImage *got;
        double deviation;

        options.fit = RESIZE_FIT_COVER;
        options.gravity = gravity;
        thumb = thumbnail(source, &options, &job);
        got = pixels(thumb, &job);
        assert_int_equal(got->Xsize, 100);
        assert_int_equal(vips_deviate(got, &deviation, NULL), 0);
        assert_true(deviation > 20);
        g_object_unref(got);
        pxm_value_unref(thumb);
    }
    pxm_value_unref(source);
    pxm_value_unref(blob);
    g_object_unref(labelled);
    g_object_unref(flat);
    g_object_unref(both);
    g_object_unref(busy);
}

static void padding_has_its_colour_and_may_be_transparent(void **state)
{
    struct resize_thumbnail_options options = thumbnail_options(300, 300);
    pxm_value *thumb;
    VipsImage *got;
    double *pixel;
    int bands;

    (void)state;
    options.fit = RESIZE_FIT_CONTAIN;
    options.background = "#12a0ff";
    thumb = thumbnail(image, &options, &job);
    got = pixels(thumb, &job);
    assert_int_equal(vips_getpoint(got, &pixel, &bands, 150, 10, NULL), 0);
    assert_int_equal(bands, 3);
    assert_true(pixel[0] == 0x12 && pixel[1] == 0xa0 && pixel[2] == 0xff);
    g_free(pixel);
    g_object_unref(got);
    pxm_value_unref(thumb);

    options.background = "#FF000000";
    options.gravity = RESIZE_GRAVITY_NORTH;
    thumb = thumbnail(image, &options, &job);
    assert_true(pxm_image_info(pxm_value_as_image(thumb))->has_alpha);
    got = pixels(thumb, &job);
    assert_int_equal(got->Bands, 4);
    assert_int_equal(vips_getpoint(got, &pixel, &bands, 150, 290, NULL), 0);
    assert_true(pixel[0] == 255 && pixel[1] == 0 && pixel[3] == 0);
    g_free(pixel);
    assert_int_equal(vips_getpoint(got, &pixel, &bands, 150, 10, NULL), 0);
    assert_true(pixel[3] == 255);
    g_free(pixel);
    g_object_unref(got);
    pxm_value_unref(thumb);
}

static void padding_of_a_grey_picture_may_be_coloured(void **state)
{
    for (int bands = 1; bands <= 2; bands++) {
        VipsImage *grey = test_picture(80, 40, bands), *got;
        pxm_value *blob = blob_saved(grey, ".png"), *source = decode(blob, &job), *thumb;
        struct resize_thumbnail_options options = thumbnail_options(40, 40);

        options.fit = RESIZE_FIT_CONTAIN;
        options.background = "#808080";
        thumb = thumbnail(source, &options, &job);
        got = pixels(thumb, &job);
        assert_int_equal(got->Bands, bands);
        g_object_unref(got);
        pxm_value_unref(thumb);
        options.background = "#f00";
        thumb = thumbnail(source, &options, &job);
        got = pixels(thumb, &job);
        assert_int_equal(got->Bands, bands + 2);
        g_object_unref(got);
        pxm_value_unref(thumb);
        pxm_value_unref(source);
        pxm_value_unref(blob);
        g_object_unref(grey);
    }
    (void)state;
}

/* White under full transparency must not shine through at the edge of an opaque red disc. */
static void colours_of_transparent_pixels_do_not_bleed(void **state)
{
    static uint8_t data[64 * 64 * 4];
    VipsImage *raw, *labelled, *got, *green;
    pxm_value *blob, *source, *thumb;
    struct resize_thumbnail_options options = thumbnail_options(20, PXM_UNSET_INT);
    double greenest;

    (void)state;
    for (int i = 0; i < 64 * 64; i++) {
        int dx = i % 64 - 32, dy = i / 64 - 32;
        memcpy(data + 4 * i, dx * dx + dy * dy < 500 ? "\xc8\0\0\xff" : "\xff\xff\xff\0", 4);
    }
    raw = vips_image_new_from_memory_copy(data, sizeof(data), 64, 64, 4, VIPS_FORMAT_UCHAR);
    assert_int_equal(vips_copy(raw, &labelled, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    blob = blob_saved(labelled, ".png");
    source = decode(blob, &job);
    thumb = thumbnail(source, &options, &job);
    got = pixels(thumb, &job);
    assert_int_equal(vips_extract_band(got, &green, 1, NULL), 0);
    assert_int_equal(vips_max(green, &greenest, NULL), 0);
    assert_true(greenest == 0);
    g_object_unref(green);
    g_object_unref(got);
    g_object_unref(labelled);
    g_object_unref(raw);
    pxm_value_unref(thumb);
    pxm_value_unref(source);
    pxm_value_unref(blob);
}

static void frames_are_resized_one_by_one(void **state)
{
    VipsImage *frames[3], *strip, *labelled, *got, *first;
    double black[] = {0, 0, 0}, white[] = {255, 255, 255};
    pxm_value *blob, *thumb;
    struct resize_decode_options all = {.frames = RESIZE_FRAMES_ALL};
    struct resize_thumbnail_options options = thumbnail_options(20, PXM_UNSET_INT);
    struct step step = {.op = "decode", .options = &all, .job = &job};
    double lowest, highest;

    (void)state;
    for (int i = 0; i < 3; i++) {
        VipsImage *base = test_picture(50, 50, 3);
        frames[i] = vips_image_new_from_image(base, i % 2 ? white : black, 3);
        g_object_unref(base);
    }
    assert_int_equal(vips_arrayjoin(frames, &strip, 3, "across", 1, NULL), 0);
    assert_int_equal(vips_copy(strip, &labelled, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    vips_image_set_int(labelled, VIPS_META_PAGE_HEIGHT, 50);
    blob = blob_saved(labelled, ".webp[lossless]");
    job.limits.frames = 3;
    step.in = blob;
    step_run(&step);
    assert_int_equal(step.status, PXM_OK);
    thumb = thumbnail(step.out, &options, &job);
    got = pixels(thumb, &job);
    assert_int_equal(got->Ysize, 60);
    assert_int_equal(vips_image_get_page_height(got), 20);
    for (int i = 0; i < 3; i++) { /* nothing of the next frame's colour in any */
        VipsImage *colours;
        assert_int_equal(vips_extract_area(got, &first, 0, 20 * i, 20, 20, NULL), 0);
        assert_int_equal(vips_extract_band(first, &colours, 0, "n", 3, NULL), 0);
        assert_int_equal(vips_min(colours, &lowest, NULL), 0);
        assert_int_equal(vips_max(colours, &highest, NULL), 0);
        assert_true(lowest == (i % 2 ? 255 : 0) && highest == lowest);
        g_object_unref(colours);
        g_object_unref(first);
    }
    g_object_unref(got);
    pxm_value_unref(thumb);
    step_done(&step);
    pxm_value_unref(blob);
    g_object_unref(labelled);
    g_object_unref(strip);
    for (int i = 0; i < 3; i++) {
        g_object_unref(frames[i]);
    }
}

static void an_unchanged_picture_stays_the_file(void **state)
{
    struct resize_thumbnail_options options = thumbnail_options(5000, 5000);
    pxm_value *thumb = thumbnail(image, &options, &job);

    (void)state;
    assert_ptr_equal(pxm_value_as_image(thumb), pxm_value_as_image(image));
    pxm_value_unref(thumb);
}

static void a_result_beyond_the_limit_is_refused(void **state)
{
    struct resize_thumbnail_options options = thumbnail_options(9000, PXM_UNSET_INT);
    struct step step = {.op = "thumbnail", .options = &options, .in = image, .job = &job};

    (void)state;
    options.enlarge = 1;
    step_run(&step);
    assert_string_equal(step.error.code, "limit.output_side");
    step_done(&step);
}

static void several_readers_read_the_same_pixels(void **state)
{
    struct resize_thumbnail_options options = thumbnail_options(300, PXM_UNSET_INT);
    struct step step = {.op = "thumbnail", .options = &options, .in = image, .job = &job, .consumers = 2};
    VipsImage *one, *two;

    (void)state;
    step_run(&step);
    assert_int_equal(step.status, PXM_OK);
    one = pixels(step.out, &job);
    two = pixels(step.out, &job);
    assert_true(difference(one, two) == 0);
    assert_like_picture(one, 300, 200);
    g_object_unref(one);
    g_object_unref(two);
    step_done(&step);
}

enum { SIZES = 6 };
static const int sizes[SIZES] = {300, 900, 96, 640, 620, 300};

static void announce_all(struct resize_thumbnail_options *options, struct step *steps)
{
    memset(steps, 0, SIZES * sizeof(*steps));
    for (int i = 0; i < SIZES; i++) {
        options[i] = thumbnail_options(sizes[i], PXM_UNSET_INT);
        steps[i] = (struct step){.op = "thumbnail", .options = &options[i], .in = image, .job = &job};
        step_announce(&steps[i]);
    }
}

static void announced_sizes_equal_single_ones(void **state)
{
    struct resize_thumbnail_options options[SIZES];
    struct step steps[SIZES];

    (void)state;
    announce_all(options, steps);
    for (int i = 0; i < SIZES; i++) {
        VipsImage *got;
        step_run(&steps[i]);
        assert_int_equal(steps[i].status, PXM_OK);
        got = pixels(steps[i].out, &job);
        assert_like_picture(got, sizes[i], (sizes[i] * 2 + 1) / 3);
        g_object_unref(got);
        step_done(&steps[i]);
    }
    /* Repeating a step, as a retry does, still works when all shared pixels are gone. */
    steps[0] = (struct step){.op = "thumbnail", .options = &options[0], .in = image, .job = &job};
    step_run(&steps[0]);
    assert_int_equal(steps[0].status, PXM_OK);
    step_done(&steps[0]);
}

static void *run_step(void *arg)
{
    struct step *step = arg;

    step_run(step);
    return NULL;
}

static void announced_sizes_may_be_made_in_parallel(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        struct resize_thumbnail_options options[SIZES];
        struct step steps[SIZES];
        pthread_t threads[SIZES];

        announce_all(options, steps);
        for (int i = 0; i < SIZES; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, run_step, &steps[i]), 0);
        }
        for (int i = 0; i < SIZES; i++) {
            VipsImage *got;
            pthread_join(threads[i], NULL);
            assert_int_equal(steps[i].status, PXM_OK);
            got = pixels(steps[i].out, &job);
            assert_like_picture(got, sizes[i], (sizes[i] * 2 + 1) / 3);
            g_object_unref(got);
            step_done(&steps[i]);
        }
    }
}

static void *make_and_write(void *arg)
{
    struct resize_thumbnail_options options = thumbnail_options(100 + *(int *)arg, PXM_UNSET_INT);
    struct resize_encode_options write_as = encode_options(RESIZE_FORMAT_WEBP);
    struct step one = {.op = "thumbnail", .options = &options, .in = image, .job = &job};
    struct step two = {.op = "encode", .options = &write_as, .job = &job};

    step_run(&one);
    two.in = one.out;
    step_run(&two);
    *(int *)arg = two.status;
    step_done(&two);
    step_done(&one);
    return NULL;
}

static void eight_threads_share_one_picture(void **state)
{
    pthread_t threads[8];
    int numbers[8];

    (void)state;
    for (int i = 0; i < 8; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, make_and_write, &numbers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(numbers[i], PXM_OK);
    }
}

static int64_t late(void *arg)
{
    (void)arg;
    return 1000;
}

static void a_late_job_stops(void **state)
{
    struct resize_thumbnail_options options = thumbnail_options(300, PXM_UNSET_INT);
    struct step step = {.op = "thumbnail", .options = &options, .in = image, .job = &job, .consumers = 2};
    struct pxm_clock clock = pxm_clock_system;

    (void)state;
    clock.monotonic_ms = late;
    job.clock = &clock;
    job.deadline_ms = 999;
    step_run(&step);
    assert_int_equal(step.status, PXM_E_TIMEOUT);
    assert_string_equal(step.error.code, "limit.time");
    step_done(&step);
}

/* Lets so many looks at the clock pass in time, so that the deadline falls into the middle of the work. */
static int64_t looks;
static int64_t late_after_looks(void *arg)
{
    (void)arg;
    return looks-- > 0 ? 0 : 1000;
}

static void a_job_that_becomes_late_while_pixels_are_made_stops(void **state)
{
    struct resize_thumbnail_options options = thumbnail_options(1100, PXM_UNSET_INT);
    struct step step = {.op = "thumbnail", .options = &options, .in = image, .job = &job, .consumers = 2};
    struct pxm_clock clock = pxm_clock_system;

    (void)state;
    clock.monotonic_ms = late_after_looks;
    looks = 4;
    job.clock = &clock;
    job.deadline_ms = 999;
    step_run(&step);
    assert_string_equal(step.error.code, "limit.time");
    step_done(&step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_fit_meets_its_box, start, stop),
        cmocka_unit_test_setup_teardown(the_pixels_are_those_of_a_plain_resize, start, stop),
        cmocka_unit_test_setup_teardown(gravity_and_focus_choose_what_is_kept, start, stop),
        cmocka_unit_test_setup_teardown(entropy_and_attention_find_the_busy_part, start, stop),
        cmocka_unit_test_setup_teardown(padding_has_its_colour_and_may_be_transparent, start, stop),
        cmocka_unit_test_setup_teardown(padding_of_a_grey_picture_may_be_coloured, start, stop),
        cmocka_unit_test_setup_teardown(colours_of_transparent_pixels_do_not_bleed, start, stop),
        cmocka_unit_test_setup_teardown(frames_are_resized_one_by_one, start, stop),
        cmocka_unit_test_setup_teardown(an_unchanged_picture_stays_the_file, start, stop),
        cmocka_unit_test_setup_teardown(a_result_beyond_the_limit_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(several_readers_read_the_same_pixels, start, stop),
        cmocka_unit_test_setup_teardown(announced_sizes_equal_single_ones, start, stop),
        cmocka_unit_test_setup_teardown(announced_sizes_may_be_made_in_parallel, start, stop),
        cmocka_unit_test_setup_teardown(eight_threads_share_one_picture, start, stop),
        cmocka_unit_test_setup_teardown(a_late_job_stops, start, stop),
        cmocka_unit_test_setup_teardown(a_job_that_becomes_late_while_pixels_are_made_stops, start, stop),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
