/* Answers before they are sent: their headers and their body. */
#include "app/response.h"

#include "base/blob.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_header_is_copied_and_replaced_whatever_its_case(void **state)
{
    (void)state;
    struct app_response *response = app_response_new(200);
    char value[] = "one";
    assert_true(app_response_set(response, "X-Name", value));
    value[0] = '?';
    assert_string_equal(app_response_get(response, "x-name"), "one");
    assert_true(app_response_set(response, "x-NAME", "two"));
    assert_true(app_response_set(response, "x-NAME", app_response_get(response, "x-name")));
    assert_string_equal(app_response_get(response, "X-Name"), "two");
    assert_int_equal(response->header_count, 1);
    assert_null(app_response_get(response, "X-Other"));
    app_response_free(response);
    app_response_free(NULL);
}

static void no_value_can_begin_another_header(void **state)
{
    (void)state;
    static const char *const values[] = {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "\x01", "\x7F"};
    static const char *const names[] = {"", "a b", "a:", "a\r\n", "\xC3\xA9"};
    struct app_response *response = app_response_new(200);
    assert_true(app_response_set(response, "A", "before"));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_false(app_response_set(response, "A", values[i]));
        assert_false(app_response_set(response, names[i], "x"));
    }
    assert_string_equal(app_response_get(response, "A"), "before");
    assert_int_equal(response->header_count, 1);
    assert_true(app_response_set(response, "A", "tab\tand \xC3\xA9"));
    app_response_free(response);
}

static void there_is_a_limit_of_headers(void **state)
{
    (void)state;
    struct app_response *response = app_response_new(200);
    char name[16];
    for (int i = 0; i < APP_RESPONSE_HEADERS_MAX; i++) {
        snprintf(name, sizeof name, "H%d", i);
        assert_true(app_response_set(response, name, ""));
    }
    assert_false(app_response_set(response, "More", "x"));
    assert_true(app_response_set(response, "H0", "still"));
    app_response_free(response);
}

static void count_release(void *arg)
{
    ++*(int *)arg;
}

static void a_body_is_taken_over_and_sent_whole(void **state)
{
    (void)state;
    int released = 0;
    struct app_response *response = app_response_new(200);
    app_response_body(response, pxm_blob_new("first", 5, count_release, &released));
    assert_int_equal(response->length, 5);
    response->offset = 2;
    app_response_body(response, pxm_blob_new("second", 6, count_release, &released));
    assert_int_equal(released, 1);
    assert_int_equal(response->offset, 0);
    assert_int_equal(response->length, 6);
    app_response_body(response, NULL);
    assert_int_equal(released, 2);
    assert_int_equal(response->length, 0);
    app_response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_copied_and_replaced_whatever_its_case),
        cmocka_unit_test(no_value_can_begin_another_header),
        cmocka_unit_test(there_is_a_limit_of_headers),
        cmocka_unit_test(a_body_is_taken_over_and_sent_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
