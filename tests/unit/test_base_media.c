/* Media types: what the first bytes of a file say, and that no short or hostile start misleads. */
#include "base/media.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) (text), sizeof(text) - 1

static void first_bytes_name_the_type(void **state)
{
    (void)state;
    static const struct {
        const char *media, *bytes;
        size_t length;
    } cases[] = {
        {"image/jpeg", BYTES("\xFF\xD8\xFF\xE0")},
        {"image/png", BYTES("\x89PNG\r\n\x1A\n")},
        {"image/gif", BYTES("GIF87a")},
        {"image/gif", BYTES("GIF89a\1\2")},
        {"image/webp", BYTES("RIFF\4\0\0\0WEBPVP8 ")},
        {"video/x-msvideo", BYTES("RIFF\4\0\0\0AVI LIST")},
        {"image/tiff", BYTES("II*\0\x08")},
        {"image/tiff", BYTES("MM\0*")},
        {"image/tiff", BYTES("II+\0\x08\0")},
        {"image/tiff", BYTES("MM\0+")},
        {"image/avif", BYTES("\0\0\0\x1C"
                             "ftypavif\0\0\0\0avifmif1miaf")},
        {"image/avif", BYTES("\0\0\0\x1C"
                             "ftypmif1\0\0\0\0mif1avifmiaf")},
        {"image/heic", BYTES("\0\0\0\x18"
                             "ftypheic\0\0\0\0mif1heic")},
        {"image/heic", BYTES("\0\0\0\x1C"
                             "ftypmif1\0\0\0\0mif1miafheic")},
        {"image/heif", BYTES("\0\0\0\x14"
                             "ftypmif1\0\0\0\0mif1")},
        {"video/mp4", BYTES("\0\0\0\x20"
                            "ftypisom\0\0\2\0isomiso2avc1mp41")},
        {"video/quicktime", BYTES("\0\0\0\x14"
                                  "ftypqt  \0\0\0\0qt  ")},
        {"image/bmp", BYTES("BM1234")},
        {"image/vnd.adobe.photoshop", BYTES("8BPS\0\1")},
        {"image/jxl", BYTES("\xFF\x0A\x00")},
        {"image/jxl", BYTES("\0\0\0\x0CJXL \r\n\x87\n")},
        {"application/pdf", BYTES("%PDF-1.7")},
        {"application/gzip", BYTES("\x1F\x8B\x08")},
        {"application/zip", BYTES("PK\3\4\x14")},
        {"image/svg+xml", BYTES("<svg xmlns='http://www.w3.org/2000/svg'>")},
        {"image/svg+xml", BYTES("\xEF\xBB\xBF \r\n\t<svg>")},
        {"image/svg+xml", BYTES("<?xml version=\"1.0\"?>\n<!-- a > b -->\n<svg/>")},
        {"image/svg+xml", BYTES("<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\">\n<svg\n>")},
        {"image/svg+xml", BYTES("<!DOCTYPE svg [ <!ENTITY a \"b\"> ]>\n<svg >")},
        {"image/svg+xml", BYTES("<svg:svg xmlns:svg='http://www.w3.org/2000/svg'>")},
        {"image/svg+xml", BYTES("<SVG>")},
        {"text/html", BYTES("<!DOCTYPE html>\n<html lang='en'>")},
        {"text/xml", BYTES("<?xml version='1.0'?><x/>")},
        {NULL, BYTES("")},
        {NULL, BYTES("\xFF\xD8")},
        {NULL, BYTES("\xFF\xD8\xFE")},
        {NULL, BYTES("\x89PNG\r\n\x1A")},
        {NULL, BYTES("GIF88a")},
        {NULL, BYTES("RIFF\4\0\0\0WEB")},
        {NULL, BYTES("RIFF\4\0\0\0XXXX")},
        {NULL, BYTES("\0\0\0\x08"
                     "ftypavif\0\0\0\0")},
        {NULL, BYTES("<svgx>")},
        {NULL, BYTES("<svg")},
        {NULL, BYTES("<")},
        {NULL, BYTES("<!")},
        {NULL, BYTES("<!-- never closed <svg>")},
        {NULL, BYTES("<!DOCTYPE svg [ <svg>")},
        {NULL, BYTES("just text <svg>")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *exact = malloc(cases[i].length > 0 ? cases[i].length : 1); /* a read behind it shows */
        memcpy(exact, cases[i].bytes, cases[i].length);
        const char *media = pxm_media_type(exact, cases[i].length);
        free(exact);
        if ((media == NULL) != (cases[i].media == NULL) || (media != NULL && strcmp(media, cases[i].media) != 0)) {
            fail_msg("case %zu: %s instead of %s", i, media != NULL ? media : "none",
                     cases[i].media != NULL ? cases[i].media : "none");
        }
    }
}

static void brands_behind_the_box_do_not_count(void **state)
{
    (void)state;
    assert_string_equal(pxm_media_type(BYTES("\0\0\0\x10"
                                             "ftypabcd\0\0\0\0avifavif")),
                        "application/mp4");
    assert_string_equal(pxm_media_type(BYTES("\xFF\xFF\xFF\xFF"
                                             "ftypabcd\0\0\0\0xxxxavif")),
                        "image/avif");
}

static void no_prefix_is_read_beyond_its_end(void **state)
{
    (void)state;
    static const char text[] = "<?xml version='1.0'?><!-- x --><!DOCTYPE svg [ <!ENTITY a 'b'> ]><svg>";
    static const char box[] = "\0\0\0\x1C"
                              "ftypmif1\0\0\0\0mif1avifmiaf";
    for (size_t length = 0; length < sizeof text; length++) {
        char *exact = malloc(length > 0 ? length : 1);
        memcpy(exact, text, length);
        const char *media = pxm_media_type(exact, length);
        assert_true(length < sizeof text - 1 || strcmp(media, "image/svg+xml") == 0);
        memcpy(exact, box, length < sizeof box - 1 ? length : sizeof box - 1);
        media = pxm_media_type(exact, length < sizeof box - 1 ? length : sizeof box - 1);
        assert_true(length < 24 || strcmp(media, "image/avif") == 0);
        free(exact);
    }
}

static void extensions_and_types_belong_together(void **state)
{
    (void)state;
    assert_string_equal(pxm_media_extension("image/jpeg"), "jpg");
    assert_string_equal(pxm_media_extension("IMAGE/PNG"), "png");
    assert_string_equal(pxm_media_extension("image/tiff"), "tif");
    assert_null(pxm_media_extension("x/y"));
    assert_string_equal(pxm_media_of_name("photo.JPG"), "image/jpeg");
    assert_string_equal(pxm_media_of_name("a.b/photo.min.webp"), "image/webp");
    assert_null(pxm_media_of_name("photo"));
    assert_null(pxm_media_of_name("a.png/photo"));
    assert_null(pxm_media_of_name("photo."));
    assert_null(pxm_media_of_name(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_name_the_type),
        cmocka_unit_test(brands_behind_the_box_do_not_count),
        cmocka_unit_test(no_prefix_is_read_beyond_its_end),
        cmocka_unit_test(extensions_and_types_belong_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
