/* `encode`: every format holds the picture, says nothing else, and keeps to what the options allow. */
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

static const char *const names[] = {"jpeg", "png", "webp", "avif", "gif", "tiff"};
static const char *const media[] = {"image/jpeg", "image/png", "image/webp", "image/avif", "image/gif", "image/tiff"};

static pxm_value *source_of(int width, int height, int bands, const char *suffix)
{
    VipsImage *picture = test_picture(width, height, bands);
    pxm_value *blob = blob_saved(picture, suffix), *image = decode(blob, &job);

    pxm_value_unref(blob);
    g_object_unref(picture);
    return image;
}

static size_t length_of(const pxm_value *blob)
{
    return pxm_blob_length(pxm_value_as_blob(blob));
}

/* Runs encode; the caller is done with the step. */
static void run(struct step *step, const struct resize_encode_options *options, pxm_value *image)
{
    *step = (struct step){.op = "encode", .options = options, .in = image, .job = &job};
    step_run(step);
}

static void every_format_holds_the_picture(void **state)
{
    (void)state;
    for (int bands = 1; bands <= 4; bands++) {
        VipsImage *picture = test_picture(120, 80, bands);
        pxm_value *image = source_of(120, 80, bands, ".png");

        for (int32_t format = RESIZE_FORMAT_JPEG; format <= RESIZE_FORMAT_TIFF; format++) {
            struct resize_encode_options options = encode_options(format);
            struct step step;
            pxm_value *again;
            VipsImage *got;

            run(&step, &options, image);
            assert_int_equal(step.status, PXM_OK);
            assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "format"), NULL), names[format]);
            assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "media"), NULL), media[format]);
            assert_string_equal(pxm_blob_media(pxm_value_as_blob(step.out)), media[format]);
            assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "width")), 120);
            assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "height")), 80);
            assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "bytes")), length_of(step.out));
            again = decode(step.out, &job);
            got = pixels(again, &job);
            if (format != RESIZE_FORMAT_GIF) { /* which may announce a transparent colour and not use it */
                assert_int_equal(vips_image_hasalpha(got), bands % 2 == 0 && format != RESIZE_FORMAT_JPEG);
            }
            if (got->Bands == bands && format != RESIZE_FORMAT_GIF) {
                assert_true(difference(picture, got) < 12);
            }
            g_object_unref(got);
            pxm_value_unref(again);
            step_done(&step);
        }
        pxm_value_unref(image);
        g_object_unref(picture);
    }
}

static void lossless_keeps_every_pixel(void **state)
{
    static const int32_t formats[] = {RESIZE_FORMAT_PNG, RESIZE_FORMAT_WEBP, RESIZE_FORMAT_TIFF};
    VipsImage *picture = test_picture(60, 40, 3), *got;
    pxm_value *image = source_of(60, 40, 3, ".png"), *again;
    struct step step;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct resize_encode_options options = encode_options(formats[i]);
        options.lossless = 1;
        run(&step, &options, image);
        assert_int_equal(step.status, PXM_OK);
        again = decode(step.out, &job);
        got = pixels(again, &job);
        assert_true(difference(picture, got) == 0);
        g_object_unref(got);
        pxm_value_unref(again);
        step_done(&step);
    }
    struct resize_encode_options jpeg = encode_options(RESIZE_FORMAT_JPEG);
    jpeg.lossless = 1;
    run(&step, &jpeg, image);
    assert_string_equal(step.error.code, "encode.bad_options");
    step_done(&step);
    pxm_value_unref(image);
    g_object_unref(picture);
}

static size_t size_at(pxm_value *image, const struct resize_encode_options *options)
{
    struct step step;
    size_t length;

    run(&step, options, image);
    assert_int_equal(step.status, PXM_OK);
    length = length_of(step.out);
    step_done(&step);
    return length;
}

static void quality_is_one_number_or_one_for_each_format(void **state)
{
    pxm_value *image = source_of(300, 200, 3, ".png");
    static const int32_t formats[] = {RESIZE_FORMAT_JPEG, RESIZE_FORMAT_WEBP, RESIZE_FORMAT_AVIF};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct resize_encode_options options = encode_options(formats[i]);
        size_t standard = size_at(image, &options), low, high;
        pxm_value *record = pxm_value_record(), *ten = pxm_value_int(10);

        pxm_value_set(record, names[formats[i]], pxm_value_int(95));
        options.quality = ten;
        low = size_at(image, &options);
        options.quality = record;
        high = size_at(image, &options);
        assert_true(low < standard && standard < high);
        pxm_value_unref(record);
        record = pxm_value_record(); /* says nothing of this format */
        pxm_value_set(record, "png", pxm_value_int(1));
        options.quality = record;
        assert_int_equal(size_at(image, &options), standard);
        pxm_value_unref(record);
        pxm_value_unref(ten);
    }
    pxm_value_unref(image);
}

static void effort_and_progressive_reach_the_encoder(void **state)
{
    pxm_value *image = source_of(300, 200, 3, ".png");
    static const int32_t formats[] = {RESIZE_FORMAT_JPEG, RESIZE_FORMAT_PNG, RESIZE_FORMAT_WEBP};
    struct step step;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct resize_encode_options options = encode_options(formats[i]);
        size_t quick, slow;
        options.effort = 0;
        quick = size_at(image, &options);
        options.effort = 9;
        slow = size_at(image, &options);
        assert_true(slow < quick);
    }
    struct resize_encode_options options = encode_options(RESIZE_FORMAT_JPEG);
    options.progressive = 1;
    run(&step, &options, image);
    assert_non_null(memmem(pxm_blob_data(pxm_value_as_blob(step.out), NULL), length_of(step.out), "\xff\xc2", 2));
    step_done(&step);
    options.format = RESIZE_FORMAT_PNG;
    run(&step, &options, image);
    assert_int_equal(((const uint8_t *)pxm_blob_data(pxm_value_as_blob(step.out), NULL))[28], 1);
    step_done(&step);
    pxm_value_unref(image);
}

static void transparent_parts_take_the_background(void **state)
{
    (void)state;
    for (int bands = 2; bands <= 4; bands += 2) {
        pxm_value *image = source_of(120, 80, bands, ".png"), *again;
        struct resize_encode_options options = encode_options(RESIZE_FORMAT_JPEG);
        struct resize_thumbnail_options size = thumbnail_options(120, 120);
        pxm_value *padded;
        VipsImage *got;
        struct step step;
        double *pixel;
        int count;

        size.fit = RESIZE_FIT_CONTAIN;
        size.background = "#00000000";
        padded = thumbnail(image, &size, &job);
        options.background = "#ff0000";
        run(&step, &options, padded);
        assert_int_equal(step.status, PXM_OK);
        again = decode(step.out, &job);
        got = pixels(again, &job);
        assert_int_equal(vips_getpoint(got, &pixel, &count, 5, 5, NULL), 0);
        assert_int_equal(count, 3);
        assert_true(pixel[0] > 240 && pixel[1] < 15 && pixel[2] < 15);
        g_free(pixel);
        g_object_unref(got);
        pxm_value_unref(again);
        pxm_value_unref(padded);
        pxm_value_unref(image);
        step_done(&step);
    }
}

/* A file full of metadata that libvips knows how to write. */
static pxm_value *telling_source(void)
{
    VipsImage *picture = test_picture(120, 80, 3), *p3;
    pxm_value *blob, *image;

    assert_int_equal(vips_icc_transform(picture, &p3, "p3", "input_profile", "srgb", NULL), 0);
    vips_image_set_string(p3, "exif-ifd3-GPSLatitude", "52/1 31/1 12/1 (GPS, Rational, 3 components, 24 bytes)");
    vips_image_set_string(p3, "exif-ifd0-Make", "SECRETCAM (ASCII, 10 components, 10 bytes)");
    vips_image_set_blob_copy(p3, VIPS_META_XMP_NAME, "<x:xmpmeta>SECRETCAM</x:xmpmeta>", 32);
    vips_image_set_blob_copy(p3, VIPS_META_IPTC_NAME, "SECRETCAM SECRETCAM", 19);
    blob = blob_saved(p3, ".jpg");
    assert_non_null(memmem(pxm_blob_data(pxm_value_as_blob(blob), NULL), length_of(blob), "SECRETCAM", 9));
    image = decode(blob, &job);
    pxm_value_unref(blob);
    g_object_unref(p3);
    g_object_unref(picture);
    return image;
}

static bool holds(const pxm_value *blob, const char *text)
{
    return memmem(pxm_blob_data(pxm_value_as_blob(blob), NULL), length_of(blob), text, strlen(text)) != NULL;
}

static void no_metadata_is_written_but_a_profile_when_asked(void **state)
{
    pxm_value *image = telling_source(), *keep = pxm_value_list();
    static const char *const marks[] = {"SECRETCAM", "xmpmeta", "Photoshop", "GPS"};

    (void)state;
    pxm_value_append(keep, pxm_value_string("icc", 3));
    for (int32_t format = RESIZE_FORMAT_JPEG; format <= RESIZE_FORMAT_TIFF; format++) {
        struct resize_encode_options options = encode_options(format);
        struct step step;

        for (int kept = 0; kept < 2; kept++) {
            options.keep = kept ? keep : NULL;
            run(&step, &options, image);
            assert_int_equal(step.status, PXM_OK);
            for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
                if (holds(step.out, marks[i])) {
                    fail_msg("%s holds %s", names[format], marks[i]);
                }
            }
            if (!kept && (holds(step.out, "Exif") || holds(step.out, "EXIF"))) {
                fail_msg("%s holds Exif data", names[format]);
            }
            if (format == RESIZE_FORMAT_PNG) {
                assert_int_equal(holds(step.out, "iCCP"), kept);
            } else if (format != RESIZE_FORMAT_GIF) {
                assert_int_equal(holds(step.out, "acsp"), kept);
            }
            step_done(&step);
        }
    }
    pxm_value_unref(keep);
    pxm_value_unref(image);
}

static void an_animation_keeps_its_frames_and_times(void **state)
{
    VipsImage *pictures[3], *strip, *labelled;
    int delays[] = {100, 200, 300};
    struct resize_decode_options all = {.frames = RESIZE_FRAMES_ALL};
    struct resize_thumbnail_options size = thumbnail_options(30, PXM_UNSET_INT);
    struct step step = {.op = "decode", .options = &all, .job = &job}, write;
    pxm_value *blob, *small;

    (void)state;
    for (int i = 0; i < 3; i++) {
        VipsImage *picture = test_picture(60, 40, 3);
        double factor = 1, offset = 20 * i;
        assert_int_equal(vips_linear(picture, &pictures[i], &factor, &offset, 1, "uchar", TRUE, NULL), 0);
        g_object_unref(picture);
    }
    assert_int_equal(vips_arrayjoin(pictures, &strip, 3, "across", 1, NULL), 0);
    assert_int_equal(vips_copy(strip, &labelled, NULL), 0);
    vips_image_set_int(labelled, VIPS_META_PAGE_HEIGHT, 40);
    vips_image_set_array_int(labelled, "delay", delays, 3);
    blob = blob_saved(labelled, ".gif");
    job.limits.frames = 3;
    step.in = blob;
    step_run(&step);
    assert_int_equal(step.status, PXM_OK);
    small = thumbnail(step.out, &size, &job);
    for (int32_t format = RESIZE_FORMAT_JPEG; format <= RESIZE_FORMAT_TIFF; format++) {
        struct resize_encode_options options = encode_options(format);
        bool moves = format == RESIZE_FORMAT_WEBP || format == RESIZE_FORMAT_GIF;
        struct step again = {.op = "decode", .options = &all, .job = &job};

        run(&write, &options, small);
        assert_int_equal(write.status, PXM_OK);
        assert_int_equal(pxm_value_as_int(pxm_value_get(write.fields, "frames")), moves ? 3 : 1);
        assert_int_equal(pxm_value_as_int(pxm_value_get(write.fields, "height")), 20);
        again.in = write.out;
        step_run(&again);
        assert_int_equal(again.status, PXM_OK);
        assert_int_equal(pxm_value_as_int(pxm_value_get(again.fields, "pages")), moves ? 3 : 1);
        if (moves) {
            VipsImage *got = pixels(again.out, &job);
            int *times, count;
            assert_int_equal(vips_image_get_array_int(got, "delay", &times, &count), 0);
            assert_int_equal(count, 3);
            assert_memory_equal(times, delays, sizeof(delays));
            g_object_unref(got);
        }
        step_done(&again);
        step_done(&write);
    }
    pxm_value_unref(small);
    step_done(&step);
    pxm_value_unref(blob);
    g_object_unref(labelled);
    g_object_unref(strip);
    for (int i = 0; i < 3; i++) {
        g_object_unref(pictures[i]);
    }
}

static void the_original_is_given_only_when_that_is_safe_and_smaller(void **state)
{
    VipsImage *picture = test_picture(300, 200, 3);
    pxm_value *clean = blob_saved(picture, ".jpg[Q=30,strip]"), *telling = blob_saved(picture, ".jpg[Q=30]");
    pxm_value *large = blob_saved(picture, ".jpg[Q=98,strip]"), *image;
    struct resize_encode_options options = encode_options(RESIZE_FORMAT_JPEG);
    struct resize_thumbnail_options size = thumbnail_options(299, PXM_UNSET_INT);
    pxm_value *small;
    size_t again;

    (void)state;
    image = decode(clean, &job);
    again = size_at(image, &options);
    assert_true(again > length_of(clean));
    options.never_larger = 1;
    assert_int_equal(size_at(image, &options), length_of(clean));
    small = thumbnail(image, &size, &job);
    assert_true(size_at(small, &options) != length_of(clean));
    options.format = RESIZE_FORMAT_PNG;
    assert_true(size_at(image, &options) > length_of(clean));
    options.format = RESIZE_FORMAT_JPEG;
    pxm_value_unref(small);
    pxm_value_unref(image);

    image = decode(telling, &job); /* its EXIF must not get out */
    assert_true(size_at(image, &options) == again);
    pxm_value_unref(image);
    image = decode(large, &job);
    assert_true(size_at(image, &options) < length_of(large));
    pxm_value_unref(image);
    pxm_value_unref(large);
    pxm_value_unref(telling);
    pxm_value_unref(clean);
    g_object_unref(picture);
}

static void sizes_beyond_the_limits_are_refused(void **state)
{
    pxm_value *image = source_of(300, 200, 3, ".png");
    struct resize_encode_options options = encode_options(RESIZE_FORMAT_JPEG);
    struct step step;

    (void)state;
    options.max_bytes = 500;
    run(&step, &options, image);
    assert_string_equal(step.error.code, "limit.output");
    step_done(&step);
    options.max_bytes = 500000;
    run(&step, &options, image);
    assert_int_equal(step.status, PXM_OK);
    step_done(&step);
    job.limits.output_side = 299;
    run(&step, &options, image);
    assert_string_equal(step.error.code, "limit.output_side");
    step_done(&step);
    pxm_value_unref(image);
}

static void damage_is_blamed_on_the_file(void **state)
{
    VipsImage *picture = test_picture(400, 300, 3);
    pxm_value *blob = blob_saved(picture, ".jpg"), *half, *image, *small;
    struct resize_thumbnail_options size = thumbnail_options(350, PXM_UNSET_INT);
    struct resize_encode_options options = encode_options(RESIZE_FORMAT_WEBP);
    size_t length;
    const void *data = pxm_blob_data(pxm_value_as_blob(blob), &length);
    struct step step;

    (void)state;
    half = blob_of(data, length / 2);
    image = decode(half, &job);
    small = thumbnail(image, &size, &job);
    run(&step, &options, small);
    assert_string_equal(step.error.code, "decode.corrupt");
    step_done(&step);
    pxm_value_unref(small);
    pxm_value_unref(image);
    pxm_value_unref(half);
    pxm_value_unref(blob);
    g_object_unref(picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_format_holds_the_picture, start),
        cmocka_unit_test_setup(lossless_keeps_every_pixel, start),
        cmocka_unit_test_setup(quality_is_one_number_or_one_for_each_format, start),
        cmocka_unit_test_setup(effort_and_progressive_reach_the_encoder, start),
        cmocka_unit_test_setup(transparent_parts_take_the_background, start),
        cmocka_unit_test_setup(no_metadata_is_written_but_a_profile_when_asked, start),
        cmocka_unit_test_setup(an_animation_keeps_its_frames_and_times, start),
        cmocka_unit_test_setup(the_original_is_given_only_when_that_is_safe_and_smaller, start),
        cmocka_unit_test_setup(sizes_beyond_the_limits_are_refused, start),
        cmocka_unit_test_setup(damage_is_blamed_on_the_file, start),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
