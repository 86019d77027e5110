/* `metadata` over files that are made here, and over real photos where PXM_TEST_PHOTOS names their folder. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run(struct step *step, pxm_value *in, struct pxm_job *job, bool gps)
{
    static struct resize_metadata_options options;

    options.gps = gps;
    job_init(job);
    *step = (struct step){.op = "metadata", .options = &options, .in = in, .job = job};
    step_run(step);
}

static const char *text_of(const struct step *step, const char *field)
{
    return pxm_value_as_string(pxm_value_get(step->fields, field), NULL);
}

static bool is_null(const struct step *step, const char *field)
{
    return pxm_value_type(pxm_value_get(step->fields, field)) == PXM_TYPE_NULL;
}

/* A JPEG with the Exif data that libvips makes of these items. */
static pxm_value *jpeg_with(int orientation)
{
    VipsImage *plain = test_picture(64, 48, 3), *image = NULL;
    pxm_value *blob;

    assert_int_equal(vips_copy(plain, &image, NULL), 0);
    vips_image_set_string(image, "exif-ifd0-Make", "Acme (Acme, ASCII, 5 components, 5 bytes)");
    vips_image_set_int(image, VIPS_META_ORIENTATION, orientation);
    vips_image_set_string(image, "exif-ifd2-FNumber", "28/10 (f/2.8, Rational, 1 components, 8 bytes)");
    vips_image_set_string(image, "exif-ifd3-GPSLatitudeRef", "N (N, ASCII, 2 components, 2 bytes)");
    blob = blob_saved(image, ".jpg");
    g_object_unref(image);
    g_object_unref(plain);
    return blob;
}

static void a_file_and_its_decoded_picture_tell_the_same(void **state)
{
    pxm_value *blob = jpeg_with(6), *image;
    struct pxm_job job;
    struct step step;

    (void)state;
    job_init(&job);
    image = decode(blob, &job);
    for (int i = 0; i < 2; i++) {
        run(&step, i ? image : blob, &job, false);
        assert_string_equal(text_of(&step, "make"), "Acme");
        assert_int_equal(pxm_value_as_int(pxm_value_get(step.fields, "orientation")), 6);
        assert_true(pxm_value_as_float(pxm_value_get(step.fields, "f_number")) == 2.8);
        assert_true(is_null(&step, "taken_at"));
        step_done(&step);
    }
    pxm_value_unref(image);
    pxm_value_unref(blob);
}

static void exif_holds_what_is_known_and_nothing_else(void **state)
{
    pxm_value *blob = jpeg_with(1);
    struct pxm_job job;
    struct step step;
    const pxm_value *exif;

    (void)state;
    run(&step, blob, &job, false);
    exif = pxm_value_get(step.fields, "exif");
    assert_string_equal(pxm_value_as_string(pxm_value_get(exif, "make"), NULL), "Acme");
    assert_null(pxm_value_get(exif, "taken_at"));
    assert_null(pxm_value_get(exif, "latitude"));
    step_done(&step);
    pxm_value_unref(blob);
}

static void a_file_without_exif_gives_nulls(void **state)
{
    pxm_value *blob = blob_of("GIF89a", 6);
    struct pxm_job job;
    struct step step;

    (void)state;
    run(&step, blob, &job, true);
    assert_int_equal(step.status, PXM_OK);
    assert_true(is_null(&step, "make") && is_null(&step, "orientation") && is_null(&step, "latitude"));
    assert_int_equal(pxm_value_count(pxm_value_get(step.fields, "exif")), 0);
    step_done(&step);
    pxm_value_unref(blob);
}

static void a_picture_that_was_changed_has_no_file(void **state)
{
    pxm_value *blob = jpeg_with(1), *image, *small;
    const struct resize_thumbnail_options options = thumbnail_options(20, 20);
    struct pxm_job job;
    struct step step;

    (void)state;
    job_init(&job);
    image = decode(blob, &job);
    small = thumbnail(image, &options, &job);
    run(&step, small, &job, false);
    assert_string_equal(step.error.code, "metadata.no_file");
    step_done(&step);
    pxm_value_unref(small);
    pxm_value_unref(image);
    pxm_value_unref(blob);
}

/* ---- real photos ---- */

static pxm_value *photo(const char *name)
{
    const char *folder = secure_getenv("PXM_TEST_PHOTOS");
    struct pxm_error error = {0};
    pxm_blob *blob;
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (pxm_blob_open(path, 64 << 20, &blob, &error)) {
        fail_msg("%s", error.text);
    }
    return pxm_value_blob(blob);
}

static void real_photos_tell_their_place_only_when_asked(void **state)
{
    static const char *const names[] = {"phone-nokia-gps.jpg", "camera-gps.jpg"};
    struct pxm_job job;
    struct step step;

    (void)state;
    if (!secure_getenv("PXM_TEST_PHOTOS")) {
        print_message("PXM_TEST_PHOTOS is not set: no real photos\n");
        skip();
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        pxm_value *blob = photo(names[i]);

        run(&step, blob, &job, false);
        assert_false(is_null(&step, "model"));
        assert_true(is_null(&step, "latitude") && is_null(&step, "longitude") && is_null(&step, "altitude"));
        assert_null(pxm_value_get(pxm_value_get(step.fields, "exif"), "latitude"));
        step_done(&step);
        run(&step, blob, &job, true);
        assert_false(is_null(&step, "latitude") || is_null(&step, "longitude"));
        step_done(&step);
        pxm_value_unref(blob);
    }
}

/* One line of an independent reader's output; "" where it has none. */
static void ask(const char *name, const char *tag, char *ret, size_t size)
{
    char command[8192];
    FILE *pipe;

    snprintf(command, sizeof(command), "exiftool -n -s3 -%s \"$PXM_TEST_PHOTOS/%s\" 2>/dev/null", tag, name);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    ret[0] = '\0';
    if (fgets(ret, (int)size, pipe)) {
        ret[strcspn(ret, "\n")] = '\0';
    }
    assert_int_equal(pclose(pipe), 0);
}

static void assert_agrees(const struct step *step, const char *name, const char *field, const char *tag)
{
    const pxm_value *value = pxm_value_get(step->fields, field);
    char theirs[512];

    ask(name, tag, theirs, sizeof(theirs));
    if (pxm_value_type(value) == PXM_TYPE_NULL) {
        assert_string_equal(theirs, "");
    } else if (pxm_value_type(value) == PXM_TYPE_STRING) {
        assert_string_equal(pxm_value_as_string(value, NULL), theirs);
    } else {
        double difference = pxm_value_as_float(value) - strtod(theirs, NULL);
        assert_true(difference < 1e-6 && difference > -1e-6);
    }
}

static void real_photos_read_as_an_independent_reader_reads_them(void **state)
{
    static const char *const names[] = {"phone-nokia-gps.jpg", "camera-gps.jpg",    "camera-sea.jpg",
                                        "phone-jolla.jpg",     "gain-map.jpg",      "phone-iphone.heic",
                                        "orientation-6.jpg",   "orientation-8.jpg", "photo.avif"};
    static const char *const pairs[][2] = {
        {"make", "IFD0:Make"},
        {"model", "IFD0:Model"},
        {"lens", "ExifIFD:LensModel"},
        {"software", "IFD0:Software"},
        {"orientation", "IFD0:Orientation"},
        {"exposure", "ExifIFD:ExposureTime"},
        {"f_number", "ExifIFD:FNumber"},
        {"iso", "ExifIFD:ISO"},
        {"focal_length", "ExifIFD:FocalLength"},
        {"latitude", "Composite:GPSLatitude"},
        {"longitude", "Composite:GPSLongitude"},
    };
    struct pxm_job job;
    struct step step;

    (void)state;
    if (!secure_getenv("PXM_TEST_PHOTOS") || access("/usr/bin/exiftool", X_OK)) {
        print_message("PXM_TEST_PHOTOS is not set, or there is no exiftool: nothing to compare with\n");
        skip();
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        pxm_value *blob = photo(names[i]);

        run(&step, blob, &job, true);
        for (size_t k = 0; k < sizeof(pairs) / sizeof(*pairs); k++) {
            assert_agrees(&step, names[i], pairs[k][0], pairs[k][1]);
        }
        step_done(&step);
        pxm_value_unref(blob);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_and_its_decoded_picture_tell_the_same),
        cmocka_unit_test(exif_holds_what_is_known_and_nothing_else),
        cmocka_unit_test(a_file_without_exif_gives_nulls),
        cmocka_unit_test(a_picture_that_was_changed_has_no_file),
        cmocka_unit_test(real_photos_tell_their_place_only_when_asked),
        cmocka_unit_test(real_photos_read_as_an_independent_reader_reads_them),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
