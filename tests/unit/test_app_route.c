/* Routes: which trigger a method and a path mean, and what its holes hold. */
#include "app/route.h"

#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct app_pipeline pipeline = {.name = "p"};

#define ROUTE(name_, method_, path_)                                                                                   \
    {                                                                                                                  \
        .pipeline = &pipeline, .name = (name_), .kind = PXM_TRIGGER_HTTP, .method = (method_), .path = (path_),        \
        .status = 200                                                                                                  \
    }

/* The less exact ones come first, so that the order of triggers does not decide. */
static struct app_trigger triggers[] = {
    {.pipeline = &pipeline, .name = "created", .kind = PXM_TRIGGER_OBJECT_CREATED, .store = "s", .prefix = ""},
    ROUTE("anything", "GET", "/media/{rest...}"),
    ROUTE("sized", "GET", "/media/{name}/{size}"),
    ROUTE("small", "GET", "/media/{name}/small"),
    ROUTE("front", "GET", "/media/front/{size}"),
    ROUTE("root", "GET", "/"),
    ROUTE("list", "GET", "/images"),
    ROUTE("make", "POST", "/images"),
    ROUTE("one", "GET", "/images/{filename}"),
    ROUTE("drop", "DELETE", "/images/{filename}"),
    ROUTE("new", "PUT", "/images/new"),
    ROUTE("coffee", "GET", "/caf%C3%A9/{x}"),
    ROUTE("odd", "GET", "/a%zz"),
};
static const struct app_manifest manifest = {.pipeline_count = 1,
                                             .pipelines = &pipeline,
                                             .trigger_count = sizeof triggers / sizeof triggers[0],
                                             .triggers = triggers};

/* "NAME {holes}", "404", "405 ALLOW", "400", or of OPTIONS "ALLOW". */
static const char *route(const char *method, const char *path)
{
    static char said[512];
    struct pxm_error error = {0};
    struct app_match match = {.kind = APP_MATCH_BAD};
    struct pxm_buf holes;
    assert_int_equal(app_route(&manifest, method, path, &match, &error), PXM_OK);
    assert_int_equal(error.status, PXM_OK);
    assert_true((match.path != NULL) == (match.trigger != NULL));
    pxm_buf_init(&holes, 1 << 16);
    assert_int_equal(pxm_json_write(&holes, match.path, 0, 0, NULL), PXM_OK);
    switch (match.kind) {
    case APP_MATCH_FOUND:
        snprintf(said, sizeof said, "%s%s%.400s", match.trigger ? match.trigger->name : "", match.trigger ? " " : "",
                 match.trigger ? holes.data : match.allow);
        break;
    case APP_MATCH_METHOD:
        snprintf(said, sizeof said, "405 %s", match.allow);
        break;
    case APP_MATCH_NOT_FOUND:
        snprintf(said, sizeof said, "404");
        break;
    case APP_MATCH_BAD:
        snprintf(said, sizeof said, "400");
        break;
    }
    pxm_buf_done(&holes);
    app_match_done(&match);
    return said;
}

static void the_most_exact_route_wins(void **state)
{
    (void)state;
    assert_string_equal(route("GET", "/"), "root {}");
    assert_string_equal(route("GET", "/images"), "list {}");
    assert_string_equal(route("POST", "/images"), "make {}");
    assert_string_equal(route("GET", "/images/a.jpg"), "one {\"filename\":\"a.jpg\"}");
    assert_string_equal(route("GET", "/images/new"), "one {\"filename\":\"new\"}");
    assert_string_equal(route("PUT", "/images/new"), "new {}");
    assert_string_equal(route("GET", "/media/a/small"), "small {\"name\":\"a\"}");
    assert_string_equal(route("GET", "/media/front/small"), "front {\"size\":\"small\"}");
    assert_string_equal(route("GET", "/media/a/b"), "sized {\"name\":\"a\",\"size\":\"b\"}");
    assert_string_equal(route("GET", "/media/a"), "anything {\"rest\":\"a\"}");
    assert_string_equal(route("GET", "/media/front/a/b"), "anything {\"rest\":\"front/a/b\"}");
}

static void holes_are_decoded_segment_by_segment(void **state)
{
    (void)state;
    assert_string_equal(route("GET", "/images/a%20b+c"), "one {\"filename\":\"a b+c\"}");
    assert_string_equal(route("GET", "/images/a%2Fb"), "one {\"filename\":\"a/b\"}");
    assert_string_equal(route("GET", "/images/%c3%a9"), "one {\"filename\":\"\xC3\xA9\"}");
    assert_string_equal(route("GET", "/imag%65s/x"), "one {\"filename\":\"x\"}");
    assert_string_equal(route("GET", "/images%2Fx"), "404");
    assert_string_equal(route("GET", "/media/a%3F/b/c%23"), "anything {\"rest\":\"a?/b/c#\"}");
    assert_string_equal(route("GET", "/caf%c3%a9/1"), "coffee {\"x\":\"1\"}");
    assert_string_equal(route("GET", "/caf\xC3\xA9/1"), "coffee {\"x\":\"1\"}");
    assert_string_equal(route("GET", "/images/..."), "one {\"filename\":\"...\"}");
    assert_string_equal(route("GET", "/images/.a"), "one {\"filename\":\".a\"}");
}

static void a_get_route_takes_head(void **state)
{
    (void)state;
    assert_string_equal(route("HEAD", "/images/a"), "one {\"filename\":\"a\"}");
    assert_string_equal(route("HEAD", "/images"), "list {}");
}

static void a_known_path_tells_its_methods(void **state)
{
    (void)state;
    assert_string_equal(route("DELETE", "/images"), "405 GET, HEAD, POST");
    assert_string_equal(route("POST", "/images/new"), "405 GET, HEAD, DELETE, PUT");
    assert_string_equal(route("get", "/images"), "405 GET, HEAD, POST");
    assert_string_equal(route("", "/"), "405 GET, HEAD");
    assert_string_equal(route("OPTIONS", "/images/a"), "GET, HEAD, DELETE");
    assert_string_equal(route("OPTIONS", "/nothing"), "404");
}

static void other_paths_are_not_found(void **state)
{
    (void)state;
    static const char *const paths[] = {"/image",     "/imagess",    "/images/",   "/images/a/b", "//images",
                                        "/images/a/", "//",          "/media",     "/media/",     "/media/a//b",
                                        "/IMAGES",    "/{filename}", "/images//a", "/a%25zz"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_string_equal(route("GET", paths[i]), "404");
    }
}

static void what_is_no_path_is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"",
                                        "images",
                                        "*",
                                        "http://host/images",
                                        "/images/%",
                                        "/images/%4",
                                        "/images/%zz",
                                        "/images/%00",
                                        "/images/a%00.jpg",
                                        "/images/%ff",
                                        "/images/%c0%ae%c0%ae",
                                        "/images/.",
                                        "/images/..",
                                        "/images/../x",
                                        "/images/%2e%2e",
                                        "/images/%2E",
                                        "/../images",
                                        "/images/a%2f..%2fb",
                                        "/media/a/..%2f..%2fetc/passwd",
                                        "/nowhere/.."};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_string_equal(route("GET", paths[i]), "400");
    }
}

static void a_path_has_a_limit(void **state)
{
    (void)state;
    char *path = malloc(APP_TARGET_BYTES_MAX + 2);
    memset(path, '/', APP_TARGET_BYTES_MAX + 1);
    path[APP_TARGET_BYTES_MAX + 1] = '\0';
    assert_string_equal(route("GET", path), "400");
    path[APP_TARGET_BYTES_MAX] = '\0';
    assert_string_equal(route("GET", path), "404");
    memset(path + 7, 'a', APP_TARGET_BYTES_MAX - 7);
    memcpy(path, "/media/", 7);
    path[APP_TARGET_BYTES_MAX] = '\0';
    struct pxm_error error = {0};
    struct app_match match;
    size_t length = 0;
    assert_int_equal(app_route(&manifest, "GET", path, &match, &error), PXM_OK);
    assert_string_equal(match.trigger->name, "anything");
    pxm_value_as_string(pxm_value_get(match.path, "rest"), &length);
    assert_int_equal(length, APP_TARGET_BYTES_MAX - 7);
    app_match_done(&match);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_exact_route_wins), cmocka_unit_test(holes_are_decoded_segment_by_segment),
        cmocka_unit_test(a_get_route_takes_head),    cmocka_unit_test(a_known_path_tells_its_methods),
        cmocka_unit_test(other_paths_are_not_found), cmocka_unit_test(what_is_no_path_is_refused),
        cmocka_unit_test(a_path_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
