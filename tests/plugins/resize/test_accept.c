/* What an Accept header says of a media type (RFC 9110 section 12.5.1). */
#include "accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *header;
    enum resize_accept webp;
} cases[] = {
    {"", RESIZE_ACCEPT_UNNAMED},
    {"image/webp", RESIZE_ACCEPT_NAMED},
    {"Image/WebP", RESIZE_ACCEPT_NAMED},
    {"image/avif,image/webp,*/*;q=0.8", RESIZE_ACCEPT_NAMED},
    {" text/html , \t image/webp ; q=0.1 , */*", RESIZE_ACCEPT_NAMED},
    /* A wildcard is no word for a format. */
    {"*/*", RESIZE_ACCEPT_UNNAMED},
    {"image/*", RESIZE_ACCEPT_UNNAMED},
    {"image/webpx, image/web, webp", RESIZE_ACCEPT_UNNAMED},
    /* A quality of 0 refuses; the most specific range decides. */
    {"image/webp;q=0", RESIZE_ACCEPT_REFUSED},
    {"image/webp;q=0.000, */*", RESIZE_ACCEPT_REFUSED},
    {"image/webp; Q=0.001", RESIZE_ACCEPT_NAMED},
    {"image/*;q=0, image/webp", RESIZE_ACCEPT_NAMED},
    {"*/*;q=0", RESIZE_ACCEPT_REFUSED},
    {"image/*, */*;q=0", RESIZE_ACCEPT_UNNAMED},
    {"image/webp;q=0, image/webp;q=1", RESIZE_ACCEPT_NAMED},
    /* Parameters are passed over, quoted separators too. */
    {"image/webp;level=1;q=0.5", RESIZE_ACCEPT_NAMED},
    {"text/plain;a=\", image/webp;q=0\", image/webp", RESIZE_ACCEPT_NAMED},
    {"text/plain;a=\"\\\", image/webp, ", RESIZE_ACCEPT_UNNAMED},
    /* What is no header does no harm. */
    {",,,;;;,", RESIZE_ACCEPT_UNNAMED},
    {"image/webp;q=", RESIZE_ACCEPT_NAMED},
    {";q=0", RESIZE_ACCEPT_UNNAMED},
};

static void ranges_are_read_as_the_rules_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (resize_accept_rank(cases[i].header, "image/webp") != cases[i].webp) {
            fail_msg("`%s`: %d", cases[i].header, resize_accept_rank(cases[i].header, "image/webp"));
        }
    }
}

static void no_more_than_64_ranges_and_4096_bytes_are_read(void **state)
{
    static char header[8192];

    (void)state;
    memset(header, ',', 64);
    memcpy(header + 64, "image/webp", sizeof("image/webp"));
    assert_int_equal(resize_accept_rank(header, "image/webp"), RESIZE_ACCEPT_UNNAMED);
    memcpy(header + 63, "image/webp", sizeof("image/webp"));
    assert_int_equal(resize_accept_rank(header, "image/webp"), RESIZE_ACCEPT_NAMED);
    memset(header, ' ', 5000);
    memcpy(header + 5000, "image/webp", sizeof("image/webp"));
    assert_int_equal(resize_accept_rank(header, "image/webp"), RESIZE_ACCEPT_UNNAMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read_as_the_rules_say),
        cmocka_unit_test(no_more_than_64_ranges_and_4096_bytes_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
