/* `decode`: every format, and every form in which a file may hold its pixels, comes out as upright 8-bit sRGB. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static struct pxm_job job;

static int start(void **state)
{
    (void)state;
    job_init(&job);
    return 0;
}

static void check_format(const char *suffix, const char *name, const char *media, const char *ext, int bands,
                         double near)
{
    VipsImage *picture = test_picture(90, 60, bands), *got;
    pxm_value *blob = blob_saved(picture, suffix);
    struct resize_decode_options options = decode_options();
    struct step step = {.op = "decode", .options = &options, .in = blob, .job = &job};
    pxm_blob *same = NULL;
    char *hex;
    size_t length;
    const void *data = pxm_blob_data(pxm_value_as_blob(blob), &length);

    step_run(&step);
    assert_int_equal(step.status, PXM_OK);
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "format"), NULL), name);
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "media"), NULL), media);
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "ext"), NULL), ext);
    assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "width")), 90);
    assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "height")), 60);
    assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "frames")), 1);
    assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "bytes")), length);
    hex = g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, length);
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "sha256"), NULL), hex);
    g_free(hex);
    got = pixels(step.out, &job);
    assert_int_equal(got->BandFmt, VIPS_FORMAT_UCHAR);
    assert_int_equal(pxm_value_as_bool(pxm_value_get(step.fields, "has_alpha")), vips_image_hasalpha(got));
    if (got->Bands == bands) {
        assert_true(difference(picture, got) <= near);
    }
    assert_int_equal(pxm_image_encoded(pxm_value_as_image(step.out), &same), PXM_OK);
    assert_ptr_equal(same, pxm_value_as_blob(blob));
    pxm_blob_unref(same);
    g_object_unref(got);
    g_object_unref(picture);
    step_done(&step);
    pxm_value_unref(blob);
}

static void a_heic_of_a_phone_opens_where_libvips_decodes_hevc(void **state)
{
    char *bytes = NULL;
    gsize length = 0;
    (void)state;

    assert_true(g_file_get_contents(PXM_TEST_SOURCE "/tests/package/phone.heic", &bytes, &length, NULL));
    pxm_value *blob = blob_of(bytes, length);
    pxm_value *image = decode(blob, &job);
    VipsImage *got = pixels(image, &job);
    assert_int_equal(got->Xsize, 64);
    assert_int_equal(got->Ysize, 64);
    g_object_unref(got);
    pxm_value_unref(image);
    pxm_value_unref(blob);
    g_free(bytes);
}

static void every_format_opens_with_its_facts(void **state)
{
    (void)state;
    check_format(".jpg[Q=95]", "jpeg", "image/jpeg", "jpg", 3, 2);
    check_format(".jpg[Q=95,interlace]", "jpeg", "image/jpeg", "jpg", 3, 2);
    check_format(".jpg[Q=95]", "jpeg", "image/jpeg", "jpg", 1, 2);
    for (int bands = 1; bands <= 4; bands++) {
        check_format(".png", "png", "image/png", "png", bands, 0);
        check_format(".png[interlace]", "png", "image/png", "png", bands, 0);
        check_format(".tif[compression=deflate]", "tiff", "image/tiff", "tif", bands, 0);
    }
    check_format(".png[palette]", "png", "image/png", "png", 3, 4);
    check_format(".tif[tile,bigtiff]", "tiff", "image/tiff", "tif", 3, 0);
    check_format(".webp[lossless]", "webp", "image/webp", "webp", 3, 0);
    check_format(".webp[lossless]", "webp", "image/webp", "webp", 4, 8);
    check_format(".webp[Q=95]", "webp", "image/webp", "webp", 3, 8);
    check_format(".webp[Q=95]", "webp", "image/webp", "webp", 4, 8);
    check_format(".gif", "gif", "image/gif", "gif", 3, 8);
    check_format(".avif[Q=95,effort=0]", "avif", "image/avif", "avif", 3, 4);
    check_format(".avif[Q=95,effort=0]", "avif", "image/avif", "avif", 4, 6);
}

/* The EXIF block that goes with that: libvips makes one for JPEG alone, and other formats take it from there. */
static void add_exif(VipsImage *image)
{
    void *file;
    const void *exif;
    size_t length, exif_length;
    VipsImage *jpeg;

    assert_int_equal(vips_jpegsave_buffer(image, &file, &length, NULL), 0);
    assert_int_equal(vips_jpegload_buffer(file, length, &jpeg, NULL), 0);
    assert_int_equal(vips_image_get_blob(jpeg, VIPS_META_EXIF_NAME, &exif, &exif_length), 0);
    vips_image_set_blob_copy(image, VIPS_META_EXIF_NAME, exif, exif_length);
    g_object_unref(jpeg);
    g_free(file);
}

/* What a viewer does with each orientation, EXIF 2.32 section 4.6.4, said in other words than in the plugin. */
static VipsImage *stored_for(VipsImage *upright, int orientation)
{
    static const struct {
        int transpose, mirror_x, mirror_y; /* from upright to stored, in this order */
    } turns[] = {[1] = {0, 0, 0}, [2] = {0, 1, 0}, [3] = {0, 1, 1}, [4] = {0, 0, 1},
                 [5] = {1, 0, 0}, [6] = {1, 0, 1}, [7] = {1, 1, 1}, [8] = {1, 1, 0}};
    int width = turns[orientation].transpose ? upright->Ysize : upright->Xsize;
    int height = turns[orientation].transpose ? upright->Xsize : upright->Ysize;
    VipsImage *memory = vips_image_copy_memory(upright), *stored, *labelled;
    const uint8_t *from = vips_image_get_data(memory);
    uint8_t *to = malloc((size_t)width * (size_t)height * 3);

    assert_non_null(to);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int sx = turns[orientation].mirror_x ? width - 1 - x : x;
            int sy = turns[orientation].mirror_y ? height - 1 - y : y;
            int ux = turns[orientation].transpose ? sy : sx, uy = turns[orientation].transpose ? sx : sy;
            memcpy(to + ((size_t)y * (size_t)width + (size_t)x) * 3,
                   from + ((size_t)uy * (size_t)upright->Xsize + (size_t)ux) * 3, 3);
        }
    }
    stored =
        vips_image_new_from_memory_copy(to, (size_t)width * (size_t)height * 3, width, height, 3, VIPS_FORMAT_UCHAR);
    assert_int_equal(vips_copy(stored, &labelled, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    vips_image_set_int(labelled, VIPS_META_ORIENTATION, orientation);
    add_exif(labelled);
    free(to);
    g_object_unref(stored);
    g_object_unref(memory);
    return labelled;
}

static void check_orientation(VipsImage *upright, int orientation, const char *suffix)
{
    VipsImage *stored = stored_for(upright, orientation), *got, *small, *expected;
    pxm_value *blob = blob_saved(stored, suffix), *image = decode(blob, &job);
    struct resize_thumbnail_options size = thumbnail_options(50, PXM_UNSET_INT);
    pxm_value *thumb = thumbnail(image, &size, &job);
    pxm_blob *file = NULL;

    assert_int_equal(pxm_image_info(pxm_value_as_image(image))->orientation, orientation);
    got = pixels(image, &job);
    assert_true(difference(upright, got) < 3);
    small = pixels(thumb, &job);
    assert_int_equal(
        vips_resize(upright, &expected, 50.0 / upright->Xsize, "vscale", (double)small->Ysize / upright->Ysize, NULL),
        0);
    assert_true(difference(expected, small) < 3);
    assert_int_equal(pxm_image_encoded(pxm_value_as_image(image), &file), orientation == 1 ? PXM_OK : PXM_E_NOT_FOUND);
    pxm_blob_unref(file);
    g_object_unref(expected);
    g_object_unref(small);
    g_object_unref(got);
    g_object_unref(stored);
    pxm_value_unref(thumb);
    pxm_value_unref(image);
    pxm_value_unref(blob);
}

static void every_orientation_comes_upright(void **state)
{
    VipsImage *upright = test_picture(120, 80, 3);

    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        check_orientation(upright, orientation, ".jpg[Q=95]");
        check_orientation(upright, orientation, ".png");
        check_orientation(upright, orientation, ".webp[lossless]");
        check_orientation(upright, orientation, ".tif");
    }
    g_object_unref(upright);
}

static void sixteen_bits_become_eight(void **state)
{
    for (int bands = 1; bands <= 4; bands++) {
        VipsImage *picture = test_picture(90, 60, bands), *wide, *labelled, *got;
        pxm_value *blob, *image;
        double factor = 257, zero = 0;

        assert_int_equal(vips_linear(picture, &wide, &factor, &zero, 1, NULL), 0);
        assert_int_equal(vips_cast_ushort(wide, &labelled, NULL), 0);
        g_object_unref(wide);
        assert_int_equal(vips_copy(labelled, &wide, "interpretation",
                                   bands < 3 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16, NULL),
                         0);
        blob = blob_saved(wide, bands % 2 ? ".png" : ".tif");
        image = decode(blob, &job);
        got = pixels(image, &job);
        assert_int_equal(got->BandFmt, VIPS_FORMAT_UCHAR);
        assert_true(difference(picture, got) <= 1);
        pxm_value_unref(image);
        pxm_value_unref(blob);
        g_object_unref(got);
        g_object_unref(labelled);
        g_object_unref(wide);
        g_object_unref(picture);
    }
    (void)state;
}

static void cmyk_becomes_rgb_with_and_without_a_profile(void **state)
{
    VipsImage *picture = test_picture(90, 60, 3), *cmyk;
    const char *const suffixes[] = {".jpg[Q=95]", ".jpg[Q=95,strip]", ".tif", ".tif[strip]"};

    (void)state;
    assert_int_equal(vips_icc_transform(picture, &cmyk, "cmyk", "input_profile", "srgb", NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        pxm_value *blob = blob_saved(cmyk, suffixes[i]), *image = decode(blob, &job);
        VipsImage *got = pixels(image, &job);
        assert_int_equal(got->Bands, 3);
        assert_true(difference(picture, got) < 16); /* the gamut of print is smaller */
        g_object_unref(got);
        pxm_value_unref(image);
        pxm_value_unref(blob);
    }
    g_object_unref(cmyk);
    g_object_unref(picture);
}

static void a_wide_gamut_profile_is_applied_and_srgb_is_left_alone(void **state)
{
    VipsImage *picture = test_picture(90, 60, 3), *p3, *got;
    pxm_value *blob, *image;

    (void)state;
    assert_int_equal(vips_icc_transform(picture, &p3, "p3", "input_profile", "srgb", NULL), 0);
    assert_true(difference(picture, p3) > 2);
    blob = blob_saved(p3, ".png");
    image = decode(blob, &job);
    got = pixels(image, &job);
    assert_true(difference(picture, got) < 2);
    assert_int_equal(vips_image_get_typeof(got, VIPS_META_ICC_NAME), 0);
    g_object_unref(got);
    pxm_value_unref(image);
    pxm_value_unref(blob);

    blob = blob_saved(picture, ".png[profile=srgb]");
    image = decode(blob, &job);
    got = pixels(image, &job);
    assert_true(difference(picture, got) == 0);
    g_object_unref(got);
    pxm_value_unref(image);
    pxm_value_unref(blob);
    g_object_unref(p3);
    g_object_unref(picture);
}

static VipsImage *animation(int frames)
{
    VipsImage *all[16], *strip, *out;
    int delays[16];

    assert_true(frames <= 16);
    for (int i = 0; i < frames; i++) {
        VipsImage *picture = test_picture(40, 30, 3);
        double factor = 1, offset = 10 * i;
        assert_int_equal(vips_linear(picture, &all[i], &factor, &offset, 1, "uchar", TRUE, NULL), 0);
        delays[i] = 100 + i;
        g_object_unref(picture);
    }
    assert_int_equal(vips_arrayjoin(all, &strip, frames, "across", 1, NULL), 0);
    for (int i = 0; i < frames; i++) {
        g_object_unref(all[i]);
    }
    assert_int_equal(vips_copy(strip, &out, NULL), 0);
    g_object_unref(strip);
    vips_image_set_int(out, VIPS_META_PAGE_HEIGHT, 30);
    vips_image_set_array_int(out, "delay", delays, frames);
    return out;
}

static void the_first_frame_is_kept_unless_all_are_wanted(void **state)
{
    const char *const suffixes[] = {".gif", ".webp[lossless]"};
    VipsImage *strip = animation(6), *got;

    (void)state;
    job.limits.frames = 10;
    for (size_t i = 0; i < 2; i++) {
        pxm_value *blob = blob_saved(strip, suffixes[i]), *one = decode(blob, &job);
        struct resize_decode_options options = {.frames = RESIZE_FRAMES_ALL, .page = 2};
        struct step step = {.op = "decode", .options = &options, .in = blob, .job = &job};
        VipsImage *expected;

        got = pixels(one, &job);
        assert_int_equal(got->Ysize, 30);
        g_object_unref(got);
        pxm_value_unref(one);

        step_run(&step);
        assert_int_equal(step.status, PXM_OK);
        assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "frames")), 4);
        assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "pages")), 6);
        assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "height")), 30);
        got = pixels(step.out, &job);
        assert_int_equal(got->Ysize, 120);
        assert_int_equal(vips_image_get_page_height(got), 30);
        if (got->Bands == 3) {
            assert_int_equal(vips_extract_area(strip, &expected, 0, 60, 40, 120, NULL), 0);
            assert_true(difference(expected, got) < 8);
            g_object_unref(expected);
        }
        g_object_unref(got);
        step_done(&step);

        options.page = 6;
        step = (struct step){.op = "decode", .options = &options, .in = blob, .job = &job};
        step_run(&step);
        assert_string_equal(step.error.code, "decode.no_page");
        step_done(&step);
        pxm_value_unref(blob);
    }
    g_object_unref(strip);
}

static void a_page_of_a_tiff_is_chosen(void **state)
{
    VipsImage *strip = animation(3), *got, *expected;
    pxm_value *blob = blob_saved(strip, ".tif");
    struct resize_decode_options options = {.page = 1};
    struct step step = {.op = "decode", .options = &options, .in = blob, .job = &job};

    (void)state;
    step_run(&step);
    assert_int_equal(step.status, PXM_OK);
    assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "pages")), 3);
    got = pixels(step.out, &job);
    assert_int_equal(vips_extract_area(strip, &expected, 0, 30, 40, 30, NULL), 0);
    assert_true(difference(expected, got) == 0);
    g_object_unref(expected);
    g_object_unref(got);
    step_done(&step);
    pxm_value_unref(blob);
    g_object_unref(strip);
}

/* Decoders scale while they decode, to no less than was asked for. */
static void asking_for_less_decodes_less(void **state)
{
    const char *const suffixes[] = {".jpg", ".webp"};
    const int expected[] = {400, 210};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        VipsImage *picture = test_picture(1600, 1200, 3), *got = NULL;
        pxm_value *blob = blob_saved(picture, suffixes[i]), *image = decode(blob, &job);
        struct pxm_error error = {0};

        assert_int_equal(pxm_image_pixels(pxm_value_as_image(image), &job, 210, 100, &got, &error), PXM_OK);
        assert_int_equal(got->Xsize, expected[i]);
        g_object_unref(got);
        pxm_value_unref(image);
        pxm_value_unref(blob);
        g_object_unref(picture);
    }
}

static void damage_shows_at_once_when_verified(void **state)
{
    VipsImage *picture = test_picture(300, 200, 3);
    pxm_value *blob = blob_saved(picture, ".jpg"), *half;
    size_t length;
    const void *data = pxm_blob_data(pxm_value_as_blob(blob), &length);
    struct resize_decode_options options = {.verify = RESIZE_VERIFY_FULL};
    struct step step = {.op = "decode", .options = &options, .job = &job};

    (void)state;
    half = blob_of(data, length / 2);
    pxm_value_unref(decode(half, &job)); /* the header is fine */
    step.in = half;
    step_run(&step);
    assert_string_equal(step.error.code, "decode.corrupt");
    assert_int_equal(step.error.status, PXM_E_BAD_IMAGE);
    step_done(&step);
    step = (struct step){.op = "decode", .options = &options, .job = &job, .in = blob};
    step_run(&step);
    assert_int_equal(step.status, PXM_OK);
    step_done(&step);
    pxm_value_unref(half);
    pxm_value_unref(blob);
    g_object_unref(picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_format_opens_with_its_facts, start),
        cmocka_unit_test_setup(every_orientation_comes_upright, start),
        cmocka_unit_test_setup(sixteen_bits_become_eight, start),
        cmocka_unit_test_setup(cmyk_becomes_rgb_with_and_without_a_profile, start),
        cmocka_unit_test_setup(a_wide_gamut_profile_is_applied_and_srgb_is_left_alone, start),
        cmocka_unit_test_setup(the_first_frame_is_kept_unless_all_are_wanted, start),
        cmocka_unit_test_setup(a_heic_of_a_phone_opens_where_libvips_decodes_hevc, start),
        cmocka_unit_test_setup(a_page_of_a_tiff_is_chosen, start),
        cmocka_unit_test_setup(asking_for_less_decodes_less, start),
        cmocka_unit_test_setup(damage_shows_at_once_when_verified, start),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
