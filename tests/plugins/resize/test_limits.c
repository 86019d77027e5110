/* Files made to hurt: each is refused with a stable code before it can take memory or time. */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* A file under construction. */
struct bytes {
    uint8_t data[1 << 20];
    size_t length;
};

static void add(struct bytes *b, const void *data, size_t length)
{
    assert_true(length <= sizeof(b->data) - b->length);
    memcpy(b->data + b->length, data, length);
    b->length += length;
}

static void add_be32(struct bytes *b, uint32_t value)
{
    uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

    add(b, bytes, 4);
}

/* CRC of PNG, annex D, one bit after the other. */
static uint32_t crc_of(const uint8_t *data, size_t length)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? 0xedb88320 ^ crc >> 1 : crc >> 1;
        }
    }
    return ~crc;
}

static void add_chunk(struct bytes *b, const char *type, const void *data, size_t length)
{
    size_t start;

    add_be32(b, (uint32_t)length);
    start = b->length;
    add(b, type, 4);
    add(b, data, length);
    add_be32(b, crc_of(b->data + start, b->length - start));
}

static void add_png_start(struct bytes *b, uint32_t width, uint32_t height, int interlace)
{
    uint8_t ihdr[13] = {(uint8_t)(width >> 24),
                        (uint8_t)(width >> 16),
                        (uint8_t)(width >> 8),
                        (uint8_t)width,
                        (uint8_t)(height >> 24),
                        (uint8_t)(height >> 16),
                        (uint8_t)(height >> 8),
                        (uint8_t)height,
                        16,
                        6,
                        0,
                        0,
                        (uint8_t)interlace};

    add(b, "\x89PNG\r\n\x1a\n", 8);
    add_chunk(b, "IHDR", ihdr, sizeof(ihdr));
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static struct bytes *file; /* too large for the stack */
static struct pxm_job job;

static int start(void **state)
{
    (void)state;
    file = calloc(1, sizeof(*file));
    job_init(&job);
    return file ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    free(file);
    return 0;
}

static void a_png_whose_text_claims_a_gigabyte_takes_no_memory(void **state)
{
    long before = peak_kib();

    (void)state;
    add_png_start(file, 1, 1, 0);
    add_be32(file, 1u << 30);
    add(file, "zTXta\0\0\x78\x9c----", 12);
    assert_true(file->length <= 57);
    assert_refused(file->data, file->length, &job, "decode.corrupt");
    assert_true(peak_kib() - before < 16 * 1024);
}

static void text_of_a_good_png_never_reaches_the_decoder(void **state)
{
    VipsImage *picture = test_picture(40, 30, 3), *got;
    pxm_value *clean = blob_saved(picture, ".png"), *blob, *image;
    size_t length;
    const uint8_t *data = pxm_blob_data(pxm_value_as_blob(clean), &length);

    (void)state;
    add(file, data, 33); /* signature and IHDR */
    for (int i = 0; i < 5000; i++) {
        add_chunk(file, i % 2 ? "zTXt" : "tEXt", "k\0\0 no deflate stream at all", 27);
        add_chunk(file, "iTXt", "k\0\1\0\0\0junk", 10);
        add_chunk(file, "abCd", "?", 1);
    }
    add(file, data + 33, length - 33);
    blob = blob_of(file->data, file->length);
    image = decode(blob, &job);
    got = pixels(image, &job);
    assert_true(difference(picture, got) == 0);
    g_object_unref(got);
    g_object_unref(picture);
    pxm_value_unref(image);
    pxm_value_unref(blob);
    pxm_value_unref(clean);
}

static void a_header_beyond_the_limits_is_refused_by_itself(void **state)
{
    (void)state;
    add_png_start(file, 65535, 65535, 0);
    add_chunk(file, "IDAT", "x", 1);
    add_chunk(file, "IEND", "", 0);
    assert_refused(file->data, file->length, &job, "limit.side");
    job.limits.side = 100000;
    assert_refused(file->data, file->length, &job, "limit.pixels");
    job.limits.pixels = INT64_MAX;
    assert_refused(file->data, file->length, &job, "decode.corrupt");
    job.limits.bytes = 10;
    assert_refused(file->data, file->length, &job, "limit.bytes");
}

static void an_interlaced_png_counts_all_its_pixels_as_memory(void **state)
{
    (void)state;
    add_png_start(file, 9000, 5500, 1); /* 49.5 million pixels of 8 bytes */
    add_chunk(file, "IDAT", "x", 1);
    add_chunk(file, "IEND", "", 0);
    job.limits.memory = 256 << 20;
    assert_refused(file->data, file->length, &job, "limit.memory");
}

/* The first `scans` scans of a progressive JPEG come from libvips, the rest is the last one over and over. */
static void a_jpeg_of_many_scans_is_refused(void **state)
{
    VipsImage *picture = test_picture(64, 64, 3);
    pxm_value *blob = blob_saved(picture, ".jpg[interlace,strip]");
    size_t length, last = 0;
    const uint8_t *data = pxm_blob_data(pxm_value_as_blob(blob), &length);

    (void)state;
    for (size_t i = 0; i + 1 < length; i++) {
        last = data[i] == 0xff && data[i + 1] == 0xda ? i : last;
    }
    add(file, data, last);
    for (int i = 0; i < 2646; i++) {
        add(file, data + last, length - 2 - last < 100 ? length - 2 - last : 100);
    }
    add(file, "\xff\xd9", 2);
    assert_refused(file->data, file->length, &job, "limit.scans");
    g_object_unref(picture);
    pxm_value_unref(blob);
}

static void add_gif_frame(struct bytes *b)
{
    /* One pixel: descriptor, code size, a block with clear, 0, end. */
    add(b, "\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0", 15);
}

static void a_gif_of_a_hundred_thousand_frames_is_refused_in_its_header(void **state)
{
    (void)state;
    add(file, "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff", 19);
    for (int i = 0; i < 69000; i++) {
        add_gif_frame(file);
    }
    add(file, ";", 1);
    assert_refused(file->data, file->length, &job, "limit.frames");
}

static void frames_are_limited_when_all_are_wanted(void **state)
{
    struct resize_decode_options options = decode_options();
    struct step step = {.op = "decode", .options = &options, .job = &job};
    pxm_value *blob;

    (void)state;
    add(file, "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff", 19);
    for (int i = 0; i < 1000; i++) {
        add_gif_frame(file);
    }
    add(file, ";", 1);
    blob = blob_of(file->data, file->length);
    pxm_value_unref(decode(blob, &job)); /* the first frame alone is fine */
    options.frames = RESIZE_FRAMES_ALL;
    step.in = blob;
    step_run(&step);
    assert_string_equal(step.error.code, "limit.frames");
    step_done(&step);
    job.limits.frames = 2000;
    job.limits.pixels = 999;
    step = (struct step){.op = "decode", .options = &options, .job = &job, .in = blob};
    step_run(&step);
    assert_string_equal(step.error.code, "limit.pixels");
    step_done(&step);
    pxm_value_unref(blob);
}

static void a_loop_of_tiff_directories_ends(void **state)
{
    (void)state;
    /* One directory of one entry, width 1, which names itself as the next. */
    add(file, "II*\0\x08\0\0\0\1\0\0\1\3\0\1\0\0\0\1\0\0\0\x08\0\0\0", 26);
    assert_refused(file->data, file->length, &job, "limit.frames");
}

static void a_tiff_tile_larger_than_memory_is_refused(void **state)
{
    static const uint16_t tags[][2] = {{256, 8}, {257, 8}, {258, 8}, {277, 1}, {322, 65520}, {323, 65520}};

    (void)state;
    add(file, "II*\0\x08\0\0\0\6\0", 10);
    for (size_t i = 0; i < 6; i++) {
        uint8_t entry[12] = {(uint8_t)tags[i][0], (uint8_t)(tags[i][0] >> 8), 3, 0, 1, 0, 0, 0,
                             (uint8_t)tags[i][1], (uint8_t)(tags[i][1] >> 8)};
        add(file, entry, sizeof(entry));
    }
    add(file, "\0\0\0\0", 4);
    assert_refused(file->data, file->length, &job, "limit.memory");
}

static void foreign_files_are_named_and_refused(void **state)
{
    (void)state;
    assert_refused("", 0, &job, "decode.unsupported");
    assert_refused("\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0x", 21, &job, "decode.unsupported");
    assert_refused("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", 41, &job, "decode.unsupported");
    assert_refused("%PDF-1.4\n", 9, &job, "decode.unsupported");
    assert_refused("just text", 9, &job, "decode.unsupported");
}

/* Cut at every hundredth part, and near the start at every byte, a file must be refused with a stable code; only what
 * comes behind the pixels may be missing. */
static void check_truncations(const char *suffix, size_t may_miss)
{
    VipsImage *picture = test_picture(160, 120, 3);
    pxm_value *blob = blob_saved(picture, suffix);
    size_t length, step;
    const uint8_t *data = pxm_blob_data(pxm_value_as_blob(blob), &length);

    step = length / 100 + 1;
    for (size_t cut = 0; cut + may_miss < length; cut += cut < 300 ? 1 : step) {
        struct resize_decode_options as = decode_options();
        struct resize_thumbnail_options size = thumbnail_options(100, PXM_UNSET_INT);
        struct resize_encode_options write_as = encode_options(RESIZE_FORMAT_PNG);
        pxm_value *part = blob_of(data, cut);
        struct step one = {.op = "decode", .options = &as, .in = part, .job = &job};
        struct step two = {.op = "thumbnail", .options = &size, .job = &job};
        struct step three = {.op = "encode", .options = &write_as, .job = &job};

        step_run(&one);
        if (!one.status) {
            two.in = one.out;
            step_run(&two);
        }
        if (!one.status && !two.status) {
            three.in = two.out;
            step_run(&three);
        }
        {
            const char *code = one.status ? one.error.code : two.status ? two.error.code : three.error.code;
            if (strcmp(code, "decode.corrupt") != 0 && (cut > 64 || strcmp(code, "decode.unsupported") != 0)) {
                fail_msg("%s cut at %zu of %zu: %s", suffix, cut, length, *code ? code : "taken for whole");
            }
        }
        step_done(&three);
        step_done(&two);
        step_done(&one);
        pxm_value_unref(part);
    }
    pxm_value_unref(blob);
    g_object_unref(picture);
}

static void a_truncated_file_is_never_taken_for_whole(void **state)
{
    (void)state;
    check_truncations(".jpg[Q=90]", 4);
    check_truncations(".jpg[Q=90,interlace]", 4);
    check_truncations(".png", 16);
    check_truncations(".png[interlace]", 16);
    check_truncations(".webp", 1);
    check_truncations(".webp[lossless]", 8);
    check_truncations(".gif", 3);
    check_truncations(".tif", 200);
    check_truncations(".tif[compression=deflate]", 200);
    check_truncations(".avif[effort=0]", 8);
}

/* Flipped bits may leave a picture that is only ugly; what must not happen is a crash, a hang or another code. */
static void check_flips(const char *suffix)
{
    static const char *const codes[] = {"",
                                        "decode.corrupt",
                                        "decode.unsupported",
                                        "limit.side",
                                        "limit.pixels",
                                        "limit.memory",
                                        "limit.frames",
                                        "limit.output_side",
                                        "limit.scans"};
    VipsImage *picture = test_picture(64, 48, 4);
    pxm_value *blob = blob_saved(picture, suffix);
    size_t length;
    const uint8_t *data = pxm_blob_data(pxm_value_as_blob(blob), &length);
    uint8_t *copy = malloc(length);
    uint32_t random = 1;

    assert_non_null(copy);
    for (int i = 0; i < 400; i++) {
        struct resize_decode_options as = {.verify = RESIZE_VERIFY_FULL};
        struct step step = {.op = "decode", .options = &as, .job = &job};
        bool known = false;

        memcpy(copy, data, length);
        for (int flips = 0; flips < 3; flips++) {
            random = random * 1664525 + 1013904223;
            copy[(random >> 8) % (i % 2 ? length : length < 200 ? length : 200)] ^= (uint8_t)(1 << (random >> 29));
        }
        step.in = blob_of(copy, length);
        step_run(&step);
        for (size_t k = 0; k < sizeof(codes) / sizeof(codes[0]); k++) {
            known = known || strcmp(step.error.code, codes[k]) == 0;
        }
        if (!known) {
            fail_msg("%s: %s: %s", suffix, step.error.code, step.error.text);
        }
        pxm_value_unref(step.in);
        step_done(&step);
    }
    free(copy);
    pxm_value_unref(blob);
    g_object_unref(picture);
}

static void flipped_bits_give_a_picture_or_a_stable_code(void **state)
{
    (void)state;
    check_flips(".jpg");
    check_flips(".jpg[interlace]");
    check_flips(".png");
    check_flips(".webp");
    check_flips(".gif");
    check_flips(".tif[compression=deflate]");
    check_flips(".tif[tile]");
    check_flips(".avif[effort=0]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_png_whose_text_claims_a_gigabyte_takes_no_memory, start, stop),
        cmocka_unit_test_setup_teardown(text_of_a_good_png_never_reaches_the_decoder, start, stop),
        cmocka_unit_test_setup_teardown(a_header_beyond_the_limits_is_refused_by_itself, start, stop),
        cmocka_unit_test_setup_teardown(an_interlaced_png_counts_all_its_pixels_as_memory, start, stop),
        cmocka_unit_test_setup_teardown(a_jpeg_of_many_scans_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(a_gif_of_a_hundred_thousand_frames_is_refused_in_its_header, start, stop),
        cmocka_unit_test_setup_teardown(frames_are_limited_when_all_are_wanted, start, stop),
        cmocka_unit_test_setup_teardown(a_loop_of_tiff_directories_ends, start, stop),
        cmocka_unit_test_setup_teardown(a_tiff_tile_larger_than_memory_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(foreign_files_are_named_and_refused, start, stop),
        cmocka_unit_test_setup_teardown(a_truncated_file_is_never_taken_for_whole, start, stop),
        cmocka_unit_test_setup_teardown(flipped_bits_give_a_picture_or_a_stable_code, start, stop),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
