/* `placeholder`: hashes of pictures of any size and kind. The hashes themselves are checked in
 * test_placeholder_hash.c. */
#include "support.h"

#include <math.h>
#include <string.h>

static void run(struct step *step, pxm_value *image, int32_t kind, int64_t x, int64_t y)
{
    static struct pxm_job job;
    static struct resize_placeholder_options options;

    job_init(&job);
    options = (struct resize_placeholder_options){.kind = kind, .x = x, .y = y};
    *step = (struct step){.op = "placeholder", .options = &options, .in = image, .job = &job};
    step_run(step);
    if (step->status) {
        fail_msg("%s: %s", step->error.code, step->error.text);
    }
}

static const char *hash_of(const struct step *step)
{
    return pxm_value_as_string(pxm_value_get(step->fields, "hash"), NULL);
}

static pxm_value *decoded(VipsImage *image, const char *suffix)
{
    struct pxm_job job;
    pxm_value *blob = blob_saved(image, suffix), *result;

    job_init(&job);
    result = decode(blob, &job);
    pxm_value_unref(blob);
    g_object_unref(image);
    return result;
}

static VipsImage *plain(int width, int height, double r, double g, double b)
{
    const double color[] = {r, g, b}, zero[] = {0, 0, 0};
    VipsImage *black = NULL, *image = NULL, *bytes = NULL;

    assert_int_equal(vips_black(&black, width, height, "bands", 3, NULL), 0);
    assert_int_equal(vips_linear(black, &image, zero, color, 3, NULL), 0);
    assert_int_equal(vips_cast_uchar(image, &bytes, NULL), 0);
    g_object_unref(black);
    g_object_unref(image);
    bytes->Type = VIPS_INTERPRETATION_sRGB;
    return bytes;
}

static void a_thumbhash_tells_the_aspect_ratio(void **state)
{
    pxm_value *image = decoded(test_picture(600, 200, 3), ".jpg");
    struct step step;
    gsize length;
    guchar *bytes;

    (void)state;
    run(&step, image, RESIZE_PLACEHOLDER_THUMBHASH, 4, 3);
    bytes = g_base64_decode(hash_of(&step), &length);
    assert_in_range(length, 5, 25);
    assert_true(bytes[4] & 0x80);      /* landscape */
    assert_int_equal(bytes[3] & 7, 2); /* 7 x 200 / 600, rounded */
    assert_false(bytes[2] & 0x80);     /* no alpha */
    g_free(bytes);
    step_done(&step);
    pxm_value_unref(image);
}

static void a_thumbhash_keeps_alpha(void **state)
{
    VipsImage *image = test_picture(80, 60, 4);
    pxm_value *value = decoded(image, ".png");
    struct step step;
    gsize length;
    guchar *bytes;

    (void)state;
    run(&step, value, RESIZE_PLACEHOLDER_THUMBHASH, 4, 3);
    bytes = g_base64_decode(hash_of(&step), &length);
    assert_true(bytes[2] & 0x80);
    g_free(bytes);
    step_done(&step);
    pxm_value_unref(value);
}

static void a_blurhash_has_as_many_components_as_asked(void **state)
{
    pxm_value *image = decoded(test_picture(300, 400, 3), ".png");
    struct step step;

    (void)state;
    run(&step, image, RESIZE_PLACEHOLDER_BLURHASH, 5, 3);
    assert_int_equal(strlen(hash_of(&step)), 6 + 2 * (5 * 3 - 1));
    step_done(&step);
    pxm_value_unref(image);
}

static void a_plain_picture_has_its_color(void **state)
{
    struct step step;

    (void)state;
    for (int kind = RESIZE_PLACEHOLDER_THUMBHASH; kind <= RESIZE_PLACEHOLDER_COLOR; kind++) {
        pxm_value *image = decoded(plain(500, 300, 0x12, 0x34, 0x56), ".png");

        run(&step, image, kind, 4, 3);
        assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "color"), NULL), "#123456");
        assert_true(kind != RESIZE_PLACEHOLDER_COLOR || !strcmp(hash_of(&step), "#123456"));
        step_done(&step);
        pxm_value_unref(image);
    }
}

static void pictures_of_every_kind_have_one(void **state)
{
    static const struct {
        int width, height, bands;
        const char *suffix;
    } cases[] = {{1, 1, 3, ".png"},   {1, 700, 3, ".png"},  {700, 1, 3, ".png"},  {50, 50, 1, ".png"},
                 {50, 50, 2, ".png"}, {99, 101, 4, ".png"}, {101, 99, 3, ".webp"}};
    struct step step;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        pxm_value *image = decoded(test_picture(cases[i].width, cases[i].height, cases[i].bands), cases[i].suffix);

        for (int kind = RESIZE_PLACEHOLDER_THUMBHASH; kind <= RESIZE_PLACEHOLDER_COLOR; kind++) {
            run(&step, image, kind, 9, 9);
            assert_true(strlen(hash_of(&step)) > 0);
            step_done(&step);
        }
        pxm_value_unref(image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thumbhash_tells_the_aspect_ratio),
        cmocka_unit_test(a_thumbhash_keeps_alpha),
        cmocka_unit_test(a_blurhash_has_as_many_components_as_asked),
        cmocka_unit_test(a_plain_picture_has_its_color),
        cmocka_unit_test(pictures_of_every_kind_have_one),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
