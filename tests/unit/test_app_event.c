/* Events: the same shape whatever is there, and nothing in them that must not leak. */
#include "app/event.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Takes over the event. */
static void check_event(pxm_value *event, const char *expected)
{
    struct pxm_error error = {0};
    struct pxm_buf text;
    pxm_buf_init(&text, 1 << 20);
    assert_int_equal(pxm_json_write(&text, event, 0, 1, &error), PXM_OK);
    assert_string_equal(text.data, expected);
    pxm_buf_done(&text);
    pxm_value_unref(event);
}

static pxm_value *parse(const char *json)
{
    struct pxm_error error = {0};
    pxm_value *value = NULL;
    assert_int_equal(pxm_json_parse(json, strlen(json), &value, &error), PXM_OK);
    return value;
}

static void an_http_event_without_anything_has_its_shape(void **state)
{
    (void)state;
    const struct app_head head = {.method = "GET", .path = "/", .query = "", .remote_addr = "::1", .scheme = "http"};
    const struct app_match match = {.kind = APP_MATCH_FOUND};
    struct pxm_error error = {0};
    pxm_value *event = NULL;
    assert_int_equal(app_event_http(&(struct app_http_event){.head = &head, .match = &match}, &event, &error), PXM_OK);
    check_event(event, "{\"method\":\"GET\",\"path\":{},\"query\":{},\"headers\":{},\"body\":null,\"json\":null,"
                       "\"form\":{},\"files\":{},\"filenames\":{},\"remote_addr\":\"::1\"}");
}

static void an_http_event_holds_what_came(void **state)
{
    (void)state;
    const struct app_header headers[] = {{"Host", "x"}, {"X-Y", ""}};
    const struct app_head head = {.method = "POST",
                                  .path = "/u/a%20b",
                                  .query = "a=1&b=%C3%A9&a=2&c",
                                  .remote_addr = "127.0.0.1",
                                  .scheme = "https",
                                  .header_count = 2,
                                  .headers = headers};
    struct app_match match = {.kind = APP_MATCH_FOUND, .path = parse("{\"owner\":\"a b\"}")};
    struct app_body body = {.body = pxm_blob_copy("12", 2),
                            .json = parse("[1]"),
                            .form = parse("{\"f\":\"1\"}"),
                            .files = pxm_value_record(),
                            .filenames = parse("{\"x\":\"y\"}")};
    pxm_value_set(body.files, "x", pxm_value_blob(pxm_blob_copy("123", 3)));
    pxm_value *user = parse("{\"subject\":\"s\"}");
    struct pxm_error error = {0};
    pxm_value *event = NULL;
    const struct app_http_event from = {.head = &head, .match = &match, .body = &body, .user = user};
    assert_int_equal(app_event_http(&from, &event, &error), PXM_OK);
    pxm_value_unref(match.path);
    pxm_value_unref(user);
    app_body_done(&body);
    check_event(event,
                "{\"method\":\"POST\",\"path\":{\"owner\":\"a b\"},"
                "\"query\":{\"a\":\"1\",\"b\":\"\xC3\xA9\",\"c\":\"\"},\"headers\":{\"host\":\"x\",\"x-y\":\"\"},"
                "\"body\":{\"blob\":{\"bytes\":2,\"media\":null}},\"json\":[1],\"form\":{\"f\":\"1\"},"
                "\"files\":{\"x\":{\"blob\":{\"bytes\":3,\"media\":null}}},\"filenames\":{\"x\":\"y\"},"
                "\"remote_addr\":\"127.0.0.1\",\"user\":{\"subject\":\"s\"}}");
}

static void headers_are_those_that_may_be_seen(void **state)
{
    (void)state;
    const struct app_header headers[] = {
        {"Accept", "image/avif"},
        {"AUTHORIZATION", "Bearer secret"},
        {"cookie", "session=secret"},
        {"Cookie", "session=secret"},
        {"Proxy-Authorization", "Basic secret"},
        {"X-Twice", "first"},
        {"x-twice", "second"},
        {"ACCEPT", "image/webp"},
        {"X-Bytes", "\xFF"},
        {"If-None-Match", "\"a\""},
        {"if-none-match", "\"b\""},
        {"If-None-Match", "\"c\""},
        {"Content-Type", "a/b"},
        {"Content-Type", "c/d"},
    };
    const struct app_head head = {.method = "GET",
                                  .path = "/",
                                  .query = "",
                                  .remote_addr = "::1",
                                  .header_count = sizeof headers / sizeof headers[0],
                                  .headers = headers};
    const struct app_match match = {.kind = APP_MATCH_FOUND};
    struct pxm_error error = {0};
    pxm_value *event = NULL;
    assert_int_equal(app_event_http(&(struct app_http_event){.head = &head, .match = &match}, &event, &error), PXM_OK);
    pxm_value *seen = pxm_value_ref(pxm_value_get(event, "headers"));
    pxm_value_unref(event);
    check_event(seen, "{\"accept\":\"image/avif, image/webp\",\"x-twice\":\"first\","
                      "\"if-none-match\":\"\\\"a\\\", \\\"b\\\", \\\"c\\\"\",\"content-type\":\"a/b\"}");
}

static void a_query_that_is_no_text_is_refused(void **state)
{
    (void)state;
    static const char *const queries[] = {"a=%", "a=%zz", "%00=1", "a=%FF", "b=\xFF"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        const struct app_head head = {.method = "GET", .path = "/", .query = queries[i], .remote_addr = "::1"};
        const struct app_match match = {.kind = APP_MATCH_FOUND};
        struct pxm_error error = {0};
        pxm_value *event = NULL;
        assert_int_equal(app_event_http(&(struct app_http_event){.head = &head, .match = &match}, &event, &error),
                         PXM_E_INVALID);
        assert_string_equal(error.code, "request.query");
        assert_null(event);
    }
}

static void an_object_event_tells_what_is_known(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_value *event = NULL;
    struct app_object object = {.store = "images",
                                .key = "uploads/a.jpg",
                                .etag = "\"e\"",
                                .sequencer = "01",
                                .bytes = 5,
                                .time_ms = INT64_C(1795354620123)};
    assert_int_equal(app_event_object_created(&object, &event, &error), PXM_OK);
    check_event(event, "{\"key\":\"uploads/a.jpg\",\"store\":\"images\",\"bytes\":5,\"etag\":\"\\\"e\\\"\","
                       "\"sequencer\":\"01\",\"time\":\"2026-11-22T13:37:00.123Z\"}");
    object = (struct app_object){.store = "s", .key = "k", .bytes = PXM_UNSET_INT, .time_ms = PXM_UNSET_INT};
    assert_int_equal(app_event_object_created(&object, &event, &error), PXM_OK);
    check_event(event, "{\"key\":\"k\",\"store\":\"s\",\"bytes\":null,\"etag\":null,\"sequencer\":null,\"time\":null}");
    assert_int_equal(app_event_schedule(0, &event, &error), PXM_OK);
    check_event(event, "{\"time\":\"1970-01-01T00:00:00.000Z\"}");
}

static void a_trigger_wants_its_store_prefix_and_suffixes(void **state)
{
    (void)state;
    static const char *const suffixes[] = {".jpg", ".png", NULL};
    const struct app_trigger plain = {.kind = PXM_TRIGGER_OBJECT_CREATED, .store = "images", .prefix = "uploads/"};
    struct app_trigger picky = plain, other = plain;
    picky.suffix = suffixes;
    other.kind = PXM_TRIGGER_MESSAGE;
    assert_true(app_trigger_wants(&plain, "images", "uploads/a.txt"));
    assert_true(app_trigger_wants(&plain, "images", "uploads/"));
    assert_false(app_trigger_wants(&plain, "image", "uploads/a.txt"));
    assert_false(app_trigger_wants(&plain, "images", "upload"));
    assert_false(app_trigger_wants(&plain, "images", "x/uploads/a.txt"));
    assert_false(app_trigger_wants(&other, "images", "uploads/a.txt"));
    assert_true(app_trigger_wants(&picky, "images", "uploads/a.jpg"));
    assert_true(app_trigger_wants(&picky, "images", "uploads/.png"));
    assert_false(app_trigger_wants(&picky, "images", "uploads/a.JPG"));
    assert_false(app_trigger_wants(&picky, "images", "uploads/a.jpg.txt"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_http_event_without_anything_has_its_shape),
        cmocka_unit_test(an_http_event_holds_what_came),
        cmocka_unit_test(headers_are_those_that_may_be_seen),
        cmocka_unit_test(a_query_that_is_no_text_is_refused),
        cmocka_unit_test(an_object_event_tells_what_is_known),
        cmocka_unit_test(a_trigger_wants_its_store_prefix_and_suffixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
