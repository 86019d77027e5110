/* Problem documents: the status that each failure stands for, and what is told of it. */
#include "app/answer.h"

#include "base/blob.h"
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

static void every_failure_has_its_status(void **state)
{
    (void)state;
    static const struct {
        pxm_status status;
        const char *code;
        int http;
    } cases[] = {
        {PXM_E_INVALID, "input.invalid", 400},
        {PXM_E_INVALID, "input.missing", 400},
        {PXM_E_INVALID, "input.unknown", 400},
        {PXM_E_INVALID, "input.media", 415},
        {PXM_E_TRANSIENT, "input.unreadable", 503},
        {PXM_E_INVALID, "request.body", 400},
        {PXM_E_INVALID, "request.query", 400},
        {PXM_E_LIMIT, "request.fields", 400},
        {PXM_E_INVALID, "request.media", 415},
        {PXM_E_NOT_FOUND, "request.not_found", 404},
        {PXM_E_INVALID, "request.method", 405},
        {PXM_E_DENIED, "request.origin", 403},
        {PXM_E_TIMEOUT, "request.timeout", 408},
        {PXM_E_THROTTLED, "request.throttled", 429},
        {PXM_E_LIMIT, "limit.bytes", 413},
        {PXM_E_TIMEOUT, "limit.time", 504},
        {PXM_E_LIMIT, "limit.pixels", 422},
        {PXM_E_LIMIT, "limit.scans", 422},
        {PXM_E_LIMIT, "limit.memory", 422},
        {PXM_E_LIMIT, "limit.text", 422},
        {PXM_E_BAD_IMAGE, "decode.unsupported", 415},
        {PXM_E_BAD_IMAGE, "decode.corrupt", 422},
        {PXM_E_INTERNAL, "decode.failed", 422},
        {PXM_E_INVALID, "decode.no_page", 422},
        {PXM_E_INVALID, "encode.bad_options", 422},
        {PXM_E_INVALID, "option.invalid", 422},
        {PXM_E_INVALID, "thumbnail.bad_options", 422},
        {PXM_E_INVALID, "key.invalid", 400},
        {PXM_E_NOT_FOUND, "store.not_found", 404},
        {PXM_E_EXISTS, "store.exists", 409},
        {PXM_E_EXISTS, "store.changed", 412},
        {PXM_E_INVALID, "store.bad_key", 400},
        {PXM_E_INVALID, "store.bad_cursor", 400},
        {PXM_E_DENIED, "store.denied", 500},
        {PXM_E_NOT_FOUND, "store.denied", 500},
        {PXM_E_NO_SPACE, "store.full", 507},
        {PXM_E_TRANSIENT, "store.unavailable", 503},
        {PXM_E_THROTTLED, "store.throttled", 503},
        {PXM_E_INTERNAL, "store.damaged", 500},
        {PXM_E_NOT_FOUND, "table.not_found", 404},
        {PXM_E_EXISTS, "table.exists", 409},
        {PXM_E_EXISTS, "table.conflict", 409},
        {PXM_E_LIMIT, "table.too_large", 422},
        {PXM_E_INVALID, "table.bad_record", 400},
        {PXM_E_INVALID, "table.denied", 500},
        {PXM_E_NO_SPACE, "table.full", 507},
        {PXM_E_TRANSIENT, "queue.unavailable", 503},
        {PXM_E_INVALID, "store.unavailable", 500},
        {PXM_E_INVALID, "table.unavailable", 500},
        {PXM_E_INVALID, "queue.unavailable", 500},
        {PXM_E_INVALID, "table.unsupported", 500},
        {PXM_E_DENIED, "queue.denied", 500},
        {PXM_E_NOT_FOUND, "job.not_found", 404},
        {PXM_E_DENIED, "auth.missing", 401},
        {PXM_E_DENIED, "auth.invalid", 401},
        {PXM_E_DENIED, "auth.expired", 401},
        {PXM_E_DENIED, "auth.denied", 403},
        {PXM_E_TRANSIENT, "auth.unavailable", 503},
        {PXM_E_THROTTLED, "engine.busy", 503},
        {PXM_E_THROTTLED, "pipeline.full", 503},
        {PXM_E_NOT_FOUND, "pipeline.not_found", 500},
        {PXM_E_NO_MEMORY, "no_memory", 503},
        {PXM_E_NO_SPACE, "io.no_space", 507},
        {PXM_E_NOT_FOUND, "io.not_found", 500},
        {PXM_E_TRANSIENT, "io.error", 503},
        {PXM_E_INVALID, "json.unsupported", 500},
        {PXM_E_INVALID, "output.location", 500},
        {PXM_E_INVALID, "plugin.contract", 500},
        {PXM_E_INTERNAL, "worker.crashed", 500},
        {PXM_E_TRANSIENT, "worker.crashed", 500},
        {PXM_E_NO_MEMORY, "worker.memory", 500},
        {PXM_E_TRANSIENT, "worker.lost", 503},
        {PXM_E_CANCELLED, "run.cancelled", 503},
        {PXM_E_CANCELLED, "run.halted", 500},
        {PXM_E_INTERNAL, "internal", 500},
        /* of `fail` steps */
        {PXM_E_INVALID, "album.closed", 422},
        {PXM_E_TRANSIENT, "album.closed", 503},
        {PXM_E_INVALID, "album.not_found", 404},
        {PXM_E_INVALID, "album.photo.not_found", 404},
        {PXM_E_INVALID, "album.forbidden", 403},
        {PXM_E_INVALID, "album.conflict", 409},
        {PXM_E_INVALID, "not_found", 422},
        {PXM_E_INVALID, "album.not_founded", 422},
        {PXM_E_INVALID, "inputs.invalid", 422},
        /* of plugins that nobody knows */
        {PXM_E_DENIED, "acme.locked", 403},
        {PXM_E_EXISTS, "acme.taken", 409},
        {PXM_E_LIMIT, "acme.quota", 422},
        {PXM_E_BAD_IMAGE, "acme.blurred", 422},
        {PXM_E_TIMEOUT, "acme.slow", 504},
        {PXM_E_NO_SPACE, "acme.full", 507},
        {PXM_E_INTERNAL, "acme.broken", 500},
        {-99, "acme.broken", 500},
        {PXM_E_INTERNAL, "", 500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pxm_error error = {0};
        pxm_error_set(&error, cases[i].status, cases[i].code, "x");
        if (app_status_of(&error) != cases[i].http) {
            fail_msg("%s with %d is %d", cases[i].code, cases[i].status, app_status_of(&error));
        }
    }
}

/* A code that a word of the table in docs/http.md means: `x.*` is any of a family, `*.x` any with that ending; false:
 * it is none. */
static bool code_of_word(const char *word, size_t length, char code[64])
{
    size_t dot = strcspn(word, ".");
    if (dot >= length || length >= 56 || memchr(word, ' ', length) != NULL) {
        return false;
    }
    snprintf(code, 64, "%.*s%s%.*s", word[0] == '*' ? 0 : (int)length, word, word[0] == '*' ? "album" : "",
             word[0] == '*' ? (int)length - 1 : 0, word + 1);
    char *star = strchr(code, '*');
    if (star != NULL) {
        memcpy(star, "any", 4);
    }
    return true;
}

/* Each code between backticks in "| `a.b` `c.*` | 404 |". Gives how many there are. */
static size_t expect_row(const char *row, const char *end)
{
    size_t count = 0;
    const char *last = end - 1;
    for (int bars = 0; last > row && bars < 2; last--) {
        bars += *last == '|' ? 1 : 0;
    }
    int http = (int)strtol(last + 2, NULL, 10);
    bool may_pass = memmem(row, (size_t)(end - row), "may pass", 8) != NULL;
    for (const char *at = memchr(row, '`', (size_t)(last - row)); at != NULL && at < last;) {
        char code[64];
        size_t length = strcspn(at + 1, "`");
        if (code_of_word(at + 1, length, code)) {
            struct pxm_error error = {0};
            pxm_error_set(&error, may_pass ? PXM_E_TRANSIENT : PXM_E_INVALID, code, "x");
            if (app_status_of(&error) != http) {
                fail_msg("%s is %d, and docs/http.md says %d", code, app_status_of(&error), http);
            }
            count++;
        }
        at += length + 2;
        at = at < last ? memchr(at, '`', (size_t)(last - at)) : NULL;
    }
    return count;
}

static void the_reference_says_the_same(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_blob *page = NULL;
    size_t length = 0, count = 0;
    assert_int_equal(pxm_blob_open(PXM_TEST_SOURCE "/docs/http.md", 1 << 20, &page, &error), PXM_OK);
    const char *text = pxm_blob_data(page, &length), *end = text + length;
    const char *row = memmem(text, length, "| code | status |\n|---|---|\n", 28);
    assert_non_null(row);
    for (row += 28; row < end && *row == '|';) {
        const char *next = memchr(row, '\n', (size_t)(end - row));
        assert_non_null(next);
        count += expect_row(row, next);
        row = next + 1;
    }
    assert_true(count > 60);
    pxm_blob_unref(page);
}

/* The document as text; valid until the next call. Frees the response. */
static const char *document(struct app_response *response)
{
    static char text[4096];
    size_t length = 0;
    assert_non_null(response);
    const char *data = pxm_blob_data(response->body, &length);
    assert_int_equal(length, response->length);
    snprintf(text, sizeof text, "%.*s", (int)length, data);
    assert_string_equal(app_response_get(response, "Content-Type"), "application/problem+json");
    assert_string_equal(app_response_get(response, "Cache-Control"), "no-store");
    app_response_free(response);
    return text;
}

static const char *told(pxm_status status, const char *code, const char *text)
{
    struct pxm_error error = {0};
    pxm_error_set(&error, status, code, "%s", text);
    pxm_error_through(&error, "original", "pipelines/secret.yaml:1:1");
    return document(app_answer_error(&error, "r-1", 0));
}

static void a_caller_is_told_what_concerns_them(void **state)
{
    (void)state;
    assert_string_equal(told(PXM_E_INVALID, "input.invalid", "input `limit` is 101; it may be 1 to 100"),
                        "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":\"input "
                        "`limit` is 101; it may be 1 to 100\",\"code\":\"input.invalid\",\"request\":\"r-1\"}");
    assert_string_equal(told(PXM_E_LIMIT, "limit.bytes", "9 bytes are more than the 8 allowed"),
                        "{\"type\":\"about:blank\",\"title\":\"Content Too Large\",\"status\":413,\"detail\":\"9 bytes "
                        "are more than the 8 allowed\",\"code\":\"limit.bytes\",\"request\":\"r-1\"}");
    assert_string_equal(told(PXM_E_INVALID, "album.closed", "no \"more\"\n"),
                        "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,\"detail\":\"no "
                        "\\\"more\\\"\\n\",\"code\":\"album.closed\",\"request\":\"r-1\"}");
}

static void paths_and_hosts_are_not_told(void **state)
{
    (void)state;
    static const struct {
        pxm_status status;
        const char *code;
    } cases[] = {
        {PXM_E_NOT_FOUND, "store.not_found"}, {PXM_E_EXISTS, "store.changed"},   {PXM_E_INVALID, "store.bad_meta"},
        {PXM_E_INVALID, "store.strange"},     {PXM_E_DENIED, "store.denied"},    {PXM_E_EXISTS, "table.conflict"},
        {PXM_E_LIMIT, "table.strange"},       {PXM_E_NOT_FOUND, "queue.gone"},   {PXM_E_INTERNAL, "internal"},
        {PXM_E_NOT_FOUND, "io.not_found"},    {PXM_E_TRANSIENT, "album.closed"}, {PXM_E_INVALID, "plugin.contract"},
        {PXM_E_NO_SPACE, "store.full"},       {PXM_E_TIMEOUT, "limit.time"},     {PXM_E_INTERNAL, "worker.crashed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = told(cases[i].status, cases[i].code, "no object in /srv/private on db.internal");
        assert_null(strstr(text, "private"));
        assert_null(strstr(text, "secret"));
        assert_non_null(strstr(text, cases[i].code));
    }
    assert_non_null(strstr(told(PXM_E_NOT_FOUND, "store.not_found", "x"), "\"there is no such object\""));
}

static void who_may_come_again_is_told_when(void **state)
{
    (void)state;
    struct pxm_error error = {0};
    pxm_error_set(&error, PXM_E_THROTTLED, "engine.busy", "x");
    struct app_response *response = app_answer_error(&error, NULL, 17);
    assert_int_equal(response->status, 503);
    assert_string_equal(app_response_get(response, "Retry-After"), "17");
    app_response_free(response);
    response = app_answer_error(&error, NULL, 0);
    assert_string_equal(app_response_get(response, "Retry-After"), "1");
    app_response_free(response);
    response = app_answer_problem(429, "request.throttled", NULL, NULL);
    assert_string_equal(app_response_get(response, "Retry-After"), "1");
    app_response_free(response);
    pxm_error_set(&error, PXM_E_INVALID, "input.invalid", "x");
    response = app_answer_error(&error, NULL, 0);
    assert_null(app_response_get(response, "Retry-After"));
    assert_null(app_response_get(response, "WWW-Authenticate"));
    app_response_free(response);
}

static void who_is_not_known_is_asked_for_a_token(void **state)
{
    (void)state;
    static const char *const codes[] = {"auth.missing", "auth.invalid", "auth.expired"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct pxm_error error = {0};
        pxm_error_set(&error, PXM_E_DENIED, codes[i], "x");
        struct app_response *response = app_answer_error(&error, NULL, 0);
        assert_string_equal(app_response_get(response, "WWW-Authenticate"),
                            i == 0 ? "Bearer" : "Bearer error=\"invalid_token\"");
        app_response_free(response);
    }
}

static void hosts_tell_their_own_problems(void **state)
{
    (void)state;
    assert_string_equal(document(app_answer_problem(404, "request.not_found", "r-2", "no route for %s", "/x")),
                        "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"no route for "
                        "/x\",\"code\":\"request.not_found\",\"request\":\"r-2\"}");
    assert_string_equal(document(app_answer_problem(418, "request.teapot", NULL, NULL)),
                        "{\"type\":\"about:blank\",\"title\":\"Error\",\"status\":418,\"code\":\"request.teapot\"}");
}

static void the_longest_text_makes_a_whole_document(void **state)
{
    (void)state;
    char text[2 * PXM_ERROR_TEXT_MAX];
    memset(text, '\x01', sizeof text - 1); /* six bytes each in JSON */
    text[sizeof text - 1] = '\0';
    struct pxm_error error = {0};
    pxm_value *value = NULL;
    pxm_error_set(&error, PXM_E_INVALID, "input.invalid", "%s", text);
    struct app_response *response = app_answer_error(&error, text, 0);
    size_t length = 0;
    assert_non_null(response);
    const char *data = pxm_blob_data(response->body, &length);
    assert_int_equal(pxm_json_parse(data, length, &value, &error), PXM_OK);
    assert_int_equal(pxm_value_as_int(pxm_value_get(value, "status")), 400);
    pxm_value_unref(value);
    app_response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failure_has_its_status),
        cmocka_unit_test(the_reference_says_the_same),
        cmocka_unit_test(a_caller_is_told_what_concerns_them),
        cmocka_unit_test(paths_and_hosts_are_not_told),
        cmocka_unit_test(who_may_come_again_is_told_when),
        cmocka_unit_test(who_is_not_known_is_asked_for_a_token),
        cmocka_unit_test(hosts_tell_their_own_problems),
        cmocka_unit_test(the_longest_text_makes_a_whole_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
