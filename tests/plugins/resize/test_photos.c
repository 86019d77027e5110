/* Real files from cameras, phones and editors: each has the outcome that people expect. Runs where PXM_TEST_PHOTOS
 * names the folder that holds them. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct photo {
    const char *name, *format; /* format NULL: refused with `code` */
    int64_t width, height;     /* upright */
    int orientation, alpha;
    int64_t frames;
    const char *code;
} photos[] = {
    {"alpha.png", "png", 1024, 768, 1, 1, 1, NULL},
    {"alpha.webp", "webp", 300, 300, 1, 1, 1, NULL},
    {"animated.gif", "gif", 80, 80, 1, 1, 30, NULL},
    {"animated.webp", "webp", 370, 285, 1, 1, 10, NULL},
    {"camera-gps.jpg", "jpeg", 640, 480, 1, 0, 1, NULL},
    {"camera-sea.jpg", "jpeg", 2725, 2225, 1, 0, 1, NULL},
    {"cmyk.jpg", "jpeg", 500, 333, 1, 0, 1, NULL},
    {"gain-map.jpg", "jpeg", 3840, 2160, 1, 0, 1, NULL},
    {"orientation-6.jpg", "jpeg", 600, 450, 6, 0, 1, NULL},
    {"orientation-8.jpg", "jpeg", 450, 600, 8, 0, 1, NULL},
    {"phone-iphone.heic", "heic", 2566, 3313, 1, 0, 1, NULL},
    {"phone-jolla.jpg", "jpeg", 3264, 2448, 1, 0, 1, NULL},
    {"phone-nokia-gps.jpg", "jpeg", 4608, 1976, 1, 0, 1, NULL},
    {"photo.avif", "avif", 2048, 858, 1, 0, 1, NULL},
    {"photo.webp", "webp", 1024, 772, 1, 0, 1, NULL},
    {"plain.tiff", "tiff", 246, 345, 1, 0, 1, NULL},
    {"sixteen-bit.png", "png", 900, 600, 1, 0, 1, NULL},
    {"tall.webp", "webp", 13, 169, 1, 0, 97, NULL},
    {"bad-truncated.jpg", NULL, 0, 0, 0, 0, 0, "decode.corrupt"},
    {"bad-header.jpg", NULL, 0, 0, 0, 0, 0, "decode.corrupt"},
    {"bad-hangs-libvips-8.14.svgz", NULL, 0, 0, 0, 0, 0, "decode.unsupported"},
};

static char *read_file(const char *folder, const char *name, size_t *ret_length)
{
    char path[1024];
    char *data = NULL;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!g_file_get_contents(path, &data, ret_length, NULL)) {
        fail_msg("cannot read %s", path);
    }
    return data;
}

static int64_t field(const struct step *step, const char *name)
{
    const pxm_value *value = pxm_value_get(step->fields, name);

    return pxm_value_type(value) == PXM_TYPE_BOOL ? pxm_value_as_bool(value) : pxm_value_as_int(value);
}

static void check_decodes(const struct photo *photo, pxm_value *blob)
{
    struct pxm_job job;
    struct resize_decode_options options = decode_options();
    struct step step = {.op = "decode", .options = &options, .in = blob, .job = &job};

    job_init(&job);
    job.limits.frames = 100;
    options.frames = RESIZE_FRAMES_ALL;
    step_run(&step);
    if (step.status) {
        fail_msg("%s: %s: %s", photo->name, step.error.code, step.error.text);
    }
    print_message("%s: %d x %d, %d frames\n", photo->name, (int)field(&step, "width"), (int)field(&step, "height"),
                  (int)field(&step, "frames"));
    assert_string_equal(pxm_value_as_string(pxm_value_get(step.fields, "format"), NULL), photo->format);
    assert_int_equal(field(&step, "width"), photo->width);
    assert_int_equal(field(&step, "height"), photo->height);
    assert_int_equal(field(&step, "orientation"), photo->orientation);
    assert_int_equal(field(&step, "has_alpha"), photo->alpha);
    assert_int_equal(field(&step, "frames"), photo->frames);
    for (int32_t format = RESIZE_FORMAT_JPEG; format <= RESIZE_FORMAT_TIFF; format++) {
        struct resize_thumbnail_options size = thumbnail_options(200, 200);
        pxm_value *small = thumbnail(step.out, &size, &job);
        pxm_value *file = encode(small, format, &job);
        pxm_value *again = decode(file, &job);
        const struct pxm_image_info *info = pxm_image_info(pxm_value_as_image(again));
        assert_int_equal(info->width, pxm_image_info(pxm_value_as_image(small))->width);
        assert_int_equal(info->height, pxm_image_info(pxm_value_as_image(small))->height);
        pxm_value_unref(again);
        pxm_value_unref(file);
        pxm_value_unref(small);
    }
    step_done(&step);
}

static void every_photo_has_the_outcome_people_expect(void **state)
{
    const char *folder = secure_getenv("PXM_TEST_PHOTOS");

    (void)state;
    if (!folder) {
        print_message("PXM_TEST_PHOTOS is not set: no photos tried\n");
        skip();
    }
    for (size_t i = 0; i < sizeof(photos) / sizeof(photos[0]); i++) {
        struct pxm_job job;
        size_t length;
        char *data = read_file(folder, photos[i].name, &length);
        pxm_value *blob = blob_of(data, length);

        job_init(&job);
        if (photos[i].format) {
            check_decodes(&photos[i], blob);
        } else {
            assert_refused(data, length, &job, photos[i].code);
        }
        pxm_value_unref(blob);
        g_free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_photo_has_the_outcome_people_expect)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
