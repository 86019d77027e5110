/* Content-Type: what clients send, and what is no media type. */
#include "app/media_type.h"

#include "base/error.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void types_and_parameters_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *type, *charset, *boundary;
    } cases[] = {
        {NULL, "", "", ""},
        {"", "", "", ""},
        {" \t ", "", "", ""},
        {"image/jpeg", "image/jpeg", "", ""},
        {" Image/JPEG ", "image/jpeg", "", ""},
        {"application/vnd.api+json", "application/vnd.api+json", "", ""},
        {"text/plain;charset=UTF-8", "text/plain", "utf-8", ""},
        {"text/plain ; Charset=\"Utf-8\" ; x=y;", "text/plain", "utf-8", ""},
        {"text/plain;;; charset=utf-8", "text/plain", "utf-8", ""},
        {"multipart/form-data; boundary=----WebKitFormBoundaryAbc", "multipart/form-data", "",
         "----WebKitFormBoundaryAbc"},
        {"multipart/form-data; boundary=\"a b=c\"", "multipart/form-data", "", "a b=c"},
        {"multipart/form-data; charset=x; boundary=\"1\"", "multipart/form-data", "x", "1"},
        {"text/plain; x=\"a\\\"b;charset=c\"; charset=d", "text/plain", "d", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pxm_error error = {0};
        struct app_media_type media;
        assert_int_equal(app_media_type_read(cases[i].text, &media, &error), PXM_OK);
        assert_string_equal(media.type, cases[i].type);
        assert_string_equal(media.charset, cases[i].charset);
        assert_string_equal(media.boundary, cases[i].boundary);
    }
}

static void what_is_no_media_type_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "image",
        "image/",
        "/jpeg",
        "image / jpeg",
        "image/jpeg image/png",
        "image/jpeg, image/png",
        "im\xC3\xA9ge/jpeg",
        "text/plain charset=utf-8",
        "text/plain; charset",
        "text/plain; charset=",
        "text/plain; charset = utf-8",
        "text/plain; =utf-8",
        "text/plain; charset=\"utf-8",
        "text/plain; charset=\"utf-8\"x",
        "text/plain; charset=\"\"",
        "text/plain; charset=a; charset=a",
        "text/plain; charset=a charset=b",
        "text/plain; x=\"a\x01\"",
        "text/plain; x=\"\x7F\"",
        "text/plain; charset=012345678901234567890123456789012",
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=\"a\\\\b\"",
        "multipart/form-data; boundary=a|b",
        "multipart/form-data; boundary=a=b",
        "multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
        "text/plain; a23456789012345678901234567890123456789012345678901234567890abcd=x",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pxm_error error = {0};
        struct app_media_type media = {.type = "as it was"};
        if (app_media_type_read(cases[i], &media, &error) != PXM_E_INVALID) {
            fail_msg("%s", cases[i]);
        }
        assert_string_equal(error.code, "request.media");
        assert_string_equal(media.type, "as it was");
    }
}

static void a_type_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char text[APP_MEDIA_TYPE_MAX + 1];
    struct app_media_type media;
    memset(text, 'x', sizeof text);
    text[1] = '/';
    text[APP_MEDIA_TYPE_MAX] = '\0';
    assert_int_equal(app_media_type_read(text, &media, NULL), PXM_E_INVALID);
    text[APP_MEDIA_TYPE_MAX - 1] = '\0';
    assert_int_equal(app_media_type_read(text, &media, NULL), PXM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_parameters_are_read),
        cmocka_unit_test(what_is_no_media_type_is_refused),
        cmocka_unit_test(a_type_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
