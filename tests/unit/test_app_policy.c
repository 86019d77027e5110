/* Who may ask from where, and what goes on every answer. */
#include "app/policy.h"

#include "base/blob.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const listed[] = {"https://app.example", "http://localhost:5173",
                                     "https://xn--bcher-kva.example:8443", NULL};
static const char *const anybody[] = {"*", NULL};
static const struct app_policy some = {.origins = listed}, any = {.origins = anybody}, none = {.origins = NULL};

/* A request for api.example with an Origin; NULL: without. */
struct request {
    struct app_header headers[4];
    struct app_head head;
};
static const struct app_head *request(struct request *request, const char *method, const char *origin)
{
    *request = (struct request){.headers = {{"Host", "api.example"}, {"Origin", origin}}};
    request->head = (struct app_head){.method = method,
                                      .path = "/",
                                      .query = "",
                                      .scheme = "https",
                                      .header_count = origin != NULL ? 2 : 1,
                                      .headers = request->headers};
    return &request->head;
}

/* What an answer says of the origin; "": nothing. Valid until the next call. */
static const char *allowed(const struct app_policy *policy, const char *origin)
{
    static char text[256];
    struct request from;
    struct app_response *response = app_response_new(200);
    assert_true(app_policy_apply(policy, request(&from, "GET", origin), response));
    const char *value = app_response_get(response, "Access-Control-Allow-Origin");
    assert_true((value != NULL) == (app_response_get(response, "Access-Control-Expose-Headers") != NULL));
    assert_null(app_response_get(response, "Access-Control-Allow-Credentials"));
    snprintf(text, sizeof text, "%s", value != NULL ? value : "");
    app_response_free(response);
    return text;
}

static void origins_are_those_of_the_list_and_no_other(void **state)
{
    (void)state;
    static const struct {
        const char *origin;
        bool listed, any;
    } cases[] = {
        {"https://app.example", true, true},
        {"http://localhost:5173", true, true},
        {"https://xn--bcher-kva.example:8443", true, true},
        {"null", false, false},
        {"http://app.example", false, true},
        {"https://app.example:443", false, true},
        {"https://app.example:444", false, true},
        {"https://app.example/", false, true},
        {"https://app.example.evil.example", false, true},
        {"https://evil-app.example", false, true},
        {"https://evil.example/https://app.example", false, true},
        {"https://evil.example?https://app.example", false, true},
        {"https://app.example@evil.example", false, true},
        {"https://APP.example", false, true},
        {"HTTPS://app.example", false, true},
        {" https://app.example", false, true},
        {"https://app.example ", false, true},
        {"https://app.example,https://evil.example", false, true},
        {"https://sub.app.example", false, true},
        {"https://app.exampl", false, true},
        {"https://app.example%00.evil.example", false, true},
        {"https://b\xC3\xBC"
         "cher.example:8443",
         false, true},
        {"http://localhost", false, true},
        {"http://localhost:51730", false, true},
        {"file://", false, true},
        {"chrome-extension://abc", false, true},
        {"*", false, true},
        {"", false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(allowed(&some, cases[i].origin), cases[i].listed ? cases[i].origin : "");
        assert_string_equal(allowed(&any, cases[i].origin), cases[i].any ? "*" : "");
        assert_string_equal(allowed(&none, cases[i].origin), "");
    }
    assert_string_equal(allowed(&some, NULL), "");
    assert_string_equal(allowed(&any, NULL), "");
}

static void of_several_origins_none_is_believed(void **state)
{
    (void)state;
    struct request from;
    struct app_response *response = app_response_new(200);
    request(&from, "POST", "https://app.example");
    from.headers[2] = (struct app_header){"origin", "https://app.example"};
    from.head.header_count = 3;
    assert_true(app_policy_apply(&some, &from.head, response));
    assert_null(app_response_get(response, "Access-Control-Allow-Origin"));
    assert_true(app_policy_is_foreign(&some, &from.head));
    app_response_free(response);
}

static void what_varies_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } cases[] = {{NULL, "Origin"},
                 {"Accept", "Accept, Origin"},
                 {"accept, ORIGIN", "accept, ORIGIN"},
                 {"Origins", "Origins, Origin"},
                 {"*", "*"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request from;
        struct app_response *response = app_response_new(200);
        if (cases[i].before != NULL) {
            app_response_set(response, "Vary", cases[i].before);
        }
        assert_true(app_policy_apply(&none, request(&from, "GET", "https://app.example"), response));
        const char *vary = app_response_get(response, "Vary");
        assert_true(vary == cases[i].before || strcmp(vary, cases[i].before) == 0);
        assert_true(app_policy_apply(&some, request(&from, "GET", NULL), response));
        assert_true(app_policy_apply(&some, request(&from, "GET", NULL), response)); /* once is enough */
        assert_string_equal(app_response_get(response, "Vary"), cases[i].after);
        app_response_free(response);
    }
}

static void every_answer_is_inert_and_not_kept(void **state)
{
    (void)state;
    struct request from;
    struct app_response *response = app_response_new(200);
    assert_true(app_policy_apply(&none, request(&from, "GET", NULL), response));
    assert_string_equal(app_response_get(response, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(app_response_get(response, "Content-Security-Policy"),
                        "default-src 'none'; frame-ancestors 'none'");
    assert_string_equal(app_response_get(response, "Cross-Origin-Resource-Policy"), "same-origin");
    assert_string_equal(app_response_get(response, "Referrer-Policy"), "no-referrer");
    assert_string_equal(app_response_get(response, "Cache-Control"), "no-store");
    assert_null(app_response_get(response, "Server"));
    assert_null(app_response_get(response, "Vary"));
    app_response_free(response);
}

static void what_was_set_stays_but_no_error_is_kept(void **state)
{
    (void)state;
    static const char forever[] = "public, max-age=31536000, immutable";
    static const int statuses[] = {200, 206, 304, 404, 500};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct request from;
        struct app_response *response = app_response_new(statuses[i]);
        app_response_set(response, "Cache-Control", forever);
        app_response_set(response, "Content-Security-Policy", "sandbox");
        app_response_set(response, "Cross-Origin-Resource-Policy", "cross-origin");
        assert_true(app_policy_apply(&some, request(&from, "GET", NULL), response));
        assert_string_equal(app_response_get(response, "Cache-Control"), statuses[i] < 400 ? forever : "no-store");
        assert_string_equal(app_response_get(response, "Content-Security-Policy"), "sandbox");
        assert_string_equal(app_response_get(response, "Cross-Origin-Resource-Policy"), "cross-origin");
        app_response_free(response);
    }
}

static void a_preflight_is_answered_from_what_was_configured(void **state)
{
    (void)state;
    struct request from;
    request(&from, "OPTIONS", "https://app.example");
    from.headers[2] = (struct app_header){"Access-Control-Request-Method", "TRACE"};
    from.headers[3] = (struct app_header){"Access-Control-Request-Headers", "x-evil"};
    from.head.header_count = 4;
    struct app_response *response = app_policy_preflight(&some, &from.head, "GET, HEAD, DELETE");
    assert_int_equal(response->status, 204);
    assert_null(response->body);
    assert_string_equal(app_response_get(response, "Access-Control-Allow-Origin"), "https://app.example");
    assert_string_equal(app_response_get(response, "Access-Control-Allow-Methods"), "GET, HEAD, DELETE");
    assert_string_equal(app_response_get(response, "Access-Control-Max-Age"), "7200");
    assert_null(strstr(app_response_get(response, "Access-Control-Allow-Headers"), "evil"));
    assert_non_null(strstr(app_response_get(response, "Access-Control-Allow-Headers"), "Authorization"));
    assert_string_equal(app_response_get(response, "Vary"), "Origin");
    assert_string_equal(app_response_get(response, "Allow"), "GET, HEAD, DELETE");
    assert_string_equal(app_response_get(response, "X-Content-Type-Options"), "nosniff");
    app_response_free(response);
    const char *const refused[] = {"https://evil.example", "null"};
    for (size_t i = 0; i < 2; i++) {
        from.headers[1].value = refused[i];
        response = app_policy_preflight(&some, &from.head, "GET, HEAD, DELETE");
        for (size_t k = 0; k < response->header_count; k++) {
            assert_null(strstr(response->headers[k].name, "Access-Control"));
        }
        app_response_free(response);
    }
}

static void pages_of_other_sites_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *scheme, *host, *origin;
        bool foreign;
    } cases[] = {
        {"https", "api.example", "https://api.example", false},
        {"https", "api.example", "https://API.example", false},
        {"https", "api.example:443", "https://api.example", false},
        {"https", "api.example", "https://api.example:443", false},
        {"http", "api.example:80", "http://api.example", false},
        {"http", "localhost:8080", "http://localhost:8080", false},
        {"http", "[::1]:8080", "http://[::1]:8080", false},
        {"http", "api.example", "https://api.example", false}, /* a proxy took off the TLS */
        {"https", "api.example", "http://api.example", true},
        {"https", "api.example", "https://api.example:8443", true},
        {"http", "localhost:8080", "http://localhost:8081", true},
        {"http", "localhost:8080", "http://localhost", true},
        {"http", "api.example:80", "http://api.example:8", true},
        {"https", "api.example", "https://api.example.evil.example", true},
        {"https", "api.example", "https://evil.example", true},
        {"https", "api.example", "https://evil.example/api.example", true},
        {"https", "api.example", "https://", true},
        {"https", "api.example", "null", true},
        {"https", "null", "null", true},
        {"https", "", "", true},
        {"https", "", "https://", true},
        {"https", "api.example", "api.example", true},
        {"https", "api.example", "ftp://api.example", true},
        {"https", "api.example", "https://app.example", false}, /* is in the list */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request from;
        request(&from, "POST", cases[i].origin);
        from.headers[0].value = cases[i].host;
        from.head.scheme = cases[i].scheme;
        if (app_policy_is_foreign(&some, &from.head) != cases[i].foreign) {
            fail_msg("%s to %s of %s", cases[i].origin, cases[i].scheme, cases[i].host);
        }
    }
}

static void only_what_changes_something_can_be_forged(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        bool foreign;
    } cases[] = {{"GET", false}, {"HEAD", false},  {"OPTIONS", false}, {"POST", true},
                 {"PUT", true},  {"DELETE", true}, {"PATCH", true},    {"get", true}};
    struct request from;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(app_policy_is_foreign(&none, request(&from, cases[i].method, "https://evil.example")),
                         cases[i].foreign);
        assert_false(app_policy_is_foreign(&any, request(&from, cases[i].method, "https://evil.example")));
        assert_false(app_policy_is_foreign(&none, request(&from, cases[i].method, NULL)));
    }
    assert_true(app_policy_is_foreign(&any, request(&from, "POST", "null")));
    request(&from, "POST", "https://api.example");
    from.headers[2] = (struct app_header){"host", "api.example"};
    from.head.header_count = 3; /* two hosts are none */
    assert_true(app_policy_is_foreign(&none, &from.head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_are_those_of_the_list_and_no_other),
        cmocka_unit_test(of_several_origins_none_is_believed),
        cmocka_unit_test(what_varies_says_so),
        cmocka_unit_test(every_answer_is_inert_and_not_kept),
        cmocka_unit_test(what_was_set_stays_but_no_error_is_kept),
        cmocka_unit_test(a_preflight_is_answered_from_what_was_configured),
        cmocka_unit_test(pages_of_other_sites_change_nothing),
        cmocka_unit_test(only_what_changes_something_can_be_forged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
