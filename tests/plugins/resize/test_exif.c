/* The Exif reader on structures made here: sound ones in both byte orders and all containers, and hostile ones. Each
 * input is given as a block of its exact size, so that a read beyond it is found. */
#include "body/exif.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a writer ---- */

static uint8_t out[4096];
static size_t used;
static bool big;

static void put(size_t at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out[at + i] = (uint8_t)(value >> 8 * (big ? size - 1 - i : i));
    }
    used = at + size > used ? at + size : used;
}

static void put_text(size_t at, const char *text, size_t size)
{
    memcpy(out + at, text, size);
    used = at + size > used ? at + size : used;
}

static void start(bool big_endian)
{
    memset(out, 0, sizeof(out));
    used = 0;
    big = big_endian;
    put_text(0, big ? "MM" : "II", 2);
    put(2, 42, 2);
    put(4, 8, 4);
}

enum { BYTE = 1, ASCII = 2, SHORT = 3, LONG = 4, RATIONAL = 5 };

/* The i-th entry of the directory at `at`. */
static void entry(size_t at, unsigned i, unsigned tag, unsigned type, uint32_t count, uint32_t value)
{
    size_t place = at + 2 + 12 * (size_t)i;

    put(at, i + 1, 2);
    put(place, tag, 2);
    put(place + 2, type, 2);
    put(place + 4, count, 4);
    put(place + 8, value, type == SHORT ? 2 : type == BYTE ? 1 : 4);
}

static void rational(size_t at, uint32_t above, uint32_t below)
{
    put(at, above, 4);
    put(at + 4, below, 4);
}

/* A photo of a place; directories at 8, 200 and 400, values from 600 on. */
static void photo(bool big_endian)
{
    start(big_endian);
    entry(8, 0, 0x010f, ASCII, 6, 600);
    put_text(600, "Acme\0", 6);
    entry(8, 1, 0x0110, ASCII, 10, 610);
    put_text(610, "Model One", 10);
    entry(8, 2, 0x0112, SHORT, 1, 6);
    entry(8, 3, 0x8769, LONG, 1, 200);
    entry(8, 4, 0x8825, LONG, 1, 400);
    entry(200, 0, 0x829a, RATIONAL, 1, 630);
    rational(630, 1, 250);
    entry(200, 1, 0x829d, RATIONAL, 1, 640);
    rational(640, 28, 10);
    entry(200, 2, 0x8827, SHORT, 1, 400);
    entry(200, 3, 0x9003, ASCII, 20, 650);
    put_text(650, "2024:05:01 12:34:56", 20);
    entry(200, 4, 0x9011, ASCII, 7, 680);
    put_text(680, "+02:00", 7);
    entry(200, 5, 0x920a, RATIONAL, 1, 690);
    rational(690, 50, 1);
    entry(200, 6, 0xa434, ASCII, 5, 700);
    put_text(700, "Lens", 5);
    entry(400, 0, 1, ASCII, 2, 0);
    put_text(400 + 2 + 8, "S", 2);
    entry(400, 1, 2, RATIONAL, 3, 710);
    rational(710, 33, 1);
    rational(718, 30, 1);
    rational(726, 36, 1);
    entry(400, 2, 3, ASCII, 2, 0);
    put_text(400 + 2 + 24 + 8, "E", 2);
    entry(400, 3, 4, RATIONAL, 3, 740);
    rational(740, 151, 1);
    rational(748, 0, 1);
    rational(756, 0, 1);
    entry(400, 4, 5, BYTE, 1, 1);
    entry(400, 5, 6, RATIONAL, 1, 770);
    rational(770, 25, 2);
}

static struct resize_exif read_block(const uint8_t *data, size_t length, bool gps)
{
    uint8_t *block = malloc(length ? length : 1);
    struct resize_exif exif;

    assert_non_null(block);
    memcpy(block, data, length);
    resize_exif_read(block, length, gps, &exif);
    free(block);
    return exif;
}

static struct resize_exif read_out(bool gps)
{
    return read_block(out, used, gps);
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void assert_nothing(const struct resize_exif *exif)
{
    assert_string_equal(exif->make, "");
    assert_string_equal(exif->model, "");
    assert_string_equal(exif->lens, "");
    assert_string_equal(exif->taken_at, "");
    assert_int_equal(exif->orientation, 0);
    assert_true(isnan(exif->exposure) && isnan(exif->latitude) && isnan(exif->altitude));
}

/* ---- sound files ---- */

static void both_byte_orders_are_read(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        photo(order);
        const struct resize_exif exif = read_out(true);
        assert_string_equal(exif.make, "Acme");
        assert_string_equal(exif.model, "Model One");
        assert_string_equal(exif.lens, "Lens");
        assert_string_equal(exif.taken_at, "2024-05-01T12:34:56+02:00");
        assert_int_equal(exif.orientation, 6);
        assert_int_equal(exif.iso, 400);
        assert_true(near(exif.exposure, 0.004) && near(exif.f_number, 2.8) && near(exif.focal_length, 50));
        assert_true(near(exif.latitude, -33.51) && near(exif.longitude, 151) && near(exif.altitude, -12.5));
    }
}

static void the_place_is_not_read_unless_asked(void **state)
{
    (void)state;
    photo(true);
    const struct resize_exif exif = read_out(false);
    assert_string_equal(exif.make, "Acme");
    assert_true(isnan(exif.latitude) && isnan(exif.longitude) && isnan(exif.altitude));
}

static void a_place_without_its_hemisphere_is_none(void **state)
{
    (void)state;
    photo(false);
    out[400 + 2 + 8] = 'x';
    assert_true(isnan(read_out(true).latitude));
    assert_true(isnan(read_out(true).longitude));
    photo(false);
    rational(710, 91, 1);
    assert_true(isnan(read_out(true).latitude));
}

static void a_time_that_is_none_is_not_told(void **state)
{
    static const char *const bad[] = {"0000:00:00 00:00:00", "2024-05-01 12:34:56",
                                      "    :  :     :  :  ", "2024:05:01 12:34:5x"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        photo(false);
        put_text(650, bad[i], 20);
        assert_string_equal(read_out(false).taken_at, "");
    }
    photo(false);
    put_text(680, "later", 6);
    assert_string_equal(read_out(false).taken_at, "2024-05-01T12:34:56");
}

/* ---- hostile ones ---- */

static void directories_that_point_at_each_other_end(void **state)
{
    (void)state;
    photo(false);
    entry(8, 3, 0x8769, LONG, 1, 8);
    entry(8, 4, 0x8825, LONG, 1, 8);
    const struct resize_exif exif = read_out(true);
    assert_string_equal(exif.make, "Acme");
}

static void counts_and_offsets_beyond_the_data_are_passed_over(void **state)
{
    static const uint32_t wild[] = {0xffffffff, 0x80000000, 0x7fffffff, 0x20000001, 4096, 783};

    (void)state;
    for (size_t i = 0; i < sizeof(wild) / sizeof(*wild); i++) {
        photo(true);
        entry(8, 0, 0x010f, ASCII, wild[i], 600);
        assert_string_equal(read_out(true).make, "");
        photo(true);
        entry(8, 0, 0x010f, ASCII, 6, wild[i] < 783 ? 783 : wild[i]);
        assert_string_equal(read_out(true).make, "");
        photo(true);
        entry(200, 0, 0x829a, RATIONAL, wild[i], 630);
        assert_true(isnan(read_out(true).exposure));
        photo(true);
        entry(8, 3, 0x8769, LONG, 1, wild[i]);
        assert_true(isnan(read_out(true).exposure));
        photo(true);
        put(4, wild[i], 4);
        assert_string_equal(read_out(true).make, "");
    }
}

static void a_zero_below_a_fraction_is_not_a_number(void **state)
{
    (void)state;
    photo(false);
    rational(630, 1, 0);
    rational(710, 33, 0);
    assert_true(isnan(read_out(true).exposure));
    assert_true(isnan(read_out(true).latitude));
}

static void every_shorter_part_of_a_file_is_safe(void **state)
{
    (void)state;
    photo(true);
    for (size_t length = 0; length < used; length++) {
        const struct resize_exif exif = read_block(out, length, true);
        if (length < 8) {
            assert_nothing(&exif);
        }
    }
}

static void a_directory_of_65535_entries_is_cut(void **state)
{
    (void)state;
    photo(false);
    put(8, 0xffff, 2);
    assert_string_equal(read_out(true).make, "Acme");
}

/* ---- texts ---- */

static void texts_become_clean_utf8(void **state)
{
    static const struct {
        const char *in, *wanted;
    } cases[] = {
        {"  Acme \n ", "Acme"},
        {"a\tb\x01\x7f\x1b[31mc", "ab[31mc"},
        {"caf\xe9", "caf\xc3\xa9"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xc0\xaf", "\xc3\x80\xc2\xaf"},
        {"\xed\xa0\x80", "\xc3\xad\xc2\xa0"},
        {"\xc2\x85x", "x"},
        {"\xf0\x9f\x93\xb7", "\xf0\x9f\x93\xb7"},
        {"", ""},
    };
    char text[RESIZE_EXIF_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        resize_exif_text((const uint8_t *)cases[i].in, strlen(cases[i].in), text);
        assert_string_equal(text, cases[i].wanted);
    }
}

static void long_texts_are_cut_between_characters(void **state)
{
    uint8_t in[1001];
    char text[RESIZE_EXIF_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(in); i += 2) {
        in[i] = 0xc3;
        in[i + 1 < sizeof(in) ? i + 1 : i] = 0xa9;
    }
    resize_exif_text(in, 1000, text);
    assert_int_equal(strlen(text), 254);
    memset(in, 0xe9, sizeof(in));
    resize_exif_text(in, sizeof(in), text);
    assert_int_equal(strlen(text), 254);
}

/* ---- containers ---- */

/* The file, in a block of its own, must lead to the model; every shorter part of it must be safe. */
static void assert_found(const uint8_t *file, size_t length)
{
    bool found = false;

    for (size_t part = 0; part <= length; part++) {
        uint8_t *block = malloc(part ? part : 1);
        const uint8_t *tiff = NULL;
        size_t tiff_length = 0;
        struct resize_exif exif;

        assert_non_null(block);
        memcpy(block, file, part);
        found = resize_exif_find(block, part, &tiff, &tiff_length);
        if (found) {
            assert_true(tiff >= block && tiff_length <= part - (size_t)(tiff - block));
            resize_exif_read(tiff, tiff_length, true, &exif);
            assert_true(part < length || !strcmp(exif.model, "Model One"));
        }
        free(block);
    }
    assert_true(found);
}

static uint8_t file[8192];

/* Puts head, the photo and tail together; patches the length of the photo (big-endian, plus `more`) in. */
static size_t wrap(const char *head, size_t head_size, size_t at, size_t size, size_t more, bool little)
{
    photo(false);
    memcpy(file, head, head_size);
    memcpy(file + head_size, out, used);
    for (size_t i = 0; i < size; i++) {
        file[at + i] = (uint8_t)((used + more) >> 8 * (little ? i : size - 1 - i));
    }
    return head_size + used;
}

static void exif_is_found_in_jpeg(void **state)
{
    static const char head[] = "\xff\xd8\xff\xe0\0\4ab\xff\xff\xe1\0\0Exif\0";
    size_t length = wrap(head, sizeof(head), 11, 2, 8, false);

    (void)state;
    assert_found(file, length);
}

static void exif_is_found_in_png(void **state)
{
    static const char head[] = "\x89PNG\r\n\x1a\n\0\0\0\2abcdXXcrc!\0\0\0\0eXIf";
    size_t length = wrap(head, sizeof(head) - 1, 22, 4, 0, false);

    (void)state;
    assert_found(file, length + 4);
}

static void exif_is_found_in_webp(void **state)
{
    static const char head[] = "RIFF\0\0\0\0WEBPVP8X\3\0\0\0abc\0EXIF\0\0\0\0Exif\0";
    size_t length = wrap(head, sizeof(head), 28, 4, 6, true);

    (void)state;
    assert_found(file, length);
}

static void a_tiff_is_its_own_exif(void **state)
{
    (void)state;
    photo(false);
    assert_found(out, used);
}

static size_t box(size_t at, const char *type, const void *content, size_t size)
{
    big = true;
    file[at] = file[at + 1] = 0;
    file[at + 2] = (uint8_t)((size + 8) >> 8);
    file[at + 3] = (uint8_t)(size + 8);
    memcpy(file + at + 4, type, 4);
    memmove(file + at + 8, content, size);
    return at + 8 + size;
}

static void exif_is_found_in_heif(void **state)
{
    /* iinf of two items, of which the second is Exif; iloc with 4 byte offsets and lengths. */
    static const char iinf[] = "\0\0\0\0\0\2"
                               "\0\0\0\x15infe\2\0\0\0\0\1\0\0hvc1\0"
                               "\0\0\0\x15infe\2\0\0\0\0\2\0\0Exif\0";
    char iloc[] = "\0\0\0\0\x44\0\0\2"
                  "\0\1\0\0\0\1\0\0\0\0\0\0\0\1"
                  "\0\2\0\0\0\1\0\0\0\0\0\0\0\0";
    uint8_t meta[512] = {0};
    size_t meta_size, item;

    (void)state;
    photo(false);
    for (int pass = 0; pass < 2; pass++) { /* the second knows where the item is */
        size_t at = 4;
        at = box(at, "iinf", iinf, sizeof(iinf) - 1);
        at = box(at, "iloc", iloc, sizeof(iloc) - 1);
        memcpy(meta, file, at);
        memset(meta, 0, 4);
        meta_size = at;
        at = box(0, "ftyp", "heic\0\0\0\0", 8);
        item = box(at, "meta", meta, meta_size);
        iloc[8 + 14 + 8] = (char)(item >> 8);
        iloc[8 + 14 + 9] = (char)item;
        iloc[8 + 14 + 12] = (char)((used + 10) >> 8);
        iloc[8 + 14 + 13] = (char)(used + 10);
    }
    memcpy(file + item, "\0\0\0\6Exif\0", 10);
    memcpy(file + item + 10, out, used);
    assert_found(file, item + 10 + used);
}

static void other_files_have_none(void **state)
{
    const uint8_t *tiff;
    size_t length;

    (void)state;
    assert_false(resize_exif_find((const uint8_t *)"GIF89a", 6, &tiff, &length));
    assert_false(resize_exif_find(NULL, 0, &tiff, &length));
    assert_false(resize_exif_find((const uint8_t *)"\xff\xd8\xff\xda\0\4ab", 8, &tiff, &length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_byte_orders_are_read),
        cmocka_unit_test(the_place_is_not_read_unless_asked),
        cmocka_unit_test(a_place_without_its_hemisphere_is_none),
        cmocka_unit_test(a_time_that_is_none_is_not_told),
        cmocka_unit_test(directories_that_point_at_each_other_end),
        cmocka_unit_test(counts_and_offsets_beyond_the_data_are_passed_over),
        cmocka_unit_test(a_zero_below_a_fraction_is_not_a_number),
        cmocka_unit_test(every_shorter_part_of_a_file_is_safe),
        cmocka_unit_test(a_directory_of_65535_entries_is_cut),
        cmocka_unit_test(texts_become_clean_utf8),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(exif_is_found_in_jpeg),
        cmocka_unit_test(exif_is_found_in_png),
        cmocka_unit_test(exif_is_found_in_webp),
        cmocka_unit_test(a_tiff_is_its_own_exif),
        cmocka_unit_test(exif_is_found_in_heif),
        cmocka_unit_test(other_files_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
