/* Answers from outputs: what is sent, what is not, and that what comes from strangers is inert. */
#include "app/answer.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char png[] = "\x89PNG\r\n\x1A\n0123456789";
enum { PNG_BYTES = sizeof png - 1 };
static const char *const vary[] = {"Accept", "Accept-Language", NULL};

static const struct app_trigger plain = {.name = "t", .kind = PXM_TRIGGER_HTTP, .method = "GET", .status = 200};
static const struct app_trigger cached = {
    .name = "t", .kind = PXM_TRIGGER_HTTP, .method = "GET", .status = 200, .cache = "public, max-age=60", .vary = vary};

/* ---- asking ------------------------------------------------------------------------------------------------------ */

/* Takes over the output. Headers given as name, value, ..., NULL. */
static struct app_response *answer_of(const struct app_trigger *trigger, const char *method, pxm_value *output, ...)
    __attribute__((sentinel));
static struct app_response *answer_of(const struct app_trigger *trigger, const char *method, pxm_value *output, ...)
{
    struct app_header headers[8];
    struct app_head head = {.method = method, .path = "/", .query = "", .headers = headers};
    struct app_response *response = NULL;
    struct pxm_error error = {0};
    va_list names;
    va_start(names, output);
    for (const char *name = va_arg(names, const char *); name != NULL; name = va_arg(names, const char *)) {
        headers[head.header_count++] = (struct app_header){.name = name, .value = va_arg(names, const char *)};
    }
    va_end(names);
    pxm_status status = app_answer_output(trigger, &head, output, &response, &error);
    pxm_value_unref(output);
    if (status != PXM_OK) {
        fail_msg("%s", error.text);
    }
    return response;
}

static pxm_value *blob_of(const void *data, size_t length, const char *etag)
{
    pxm_blob *blob = pxm_blob_copy(data, length);
    pxm_blob_set_etag(blob, etag);
    return pxm_value_blob(blob);
}

static pxm_value *tagged(void)
{
    return blob_of(png, PNG_BYTES, "\"tag\"");
}

static const char *header(const struct app_response *response, const char *name)
{
    const char *value = app_response_get(response, name);
    return value != NULL ? value : "";
}

/* "STATUS: the bytes that are sent"; frees the response. */
static const char *sent(struct app_response *response)
{
    static char text[2048];
    size_t length = 0;
    const char *data = response->body != NULL ? pxm_blob_data(response->body, &length) : "";
    assert_true(response->offset >= 0 && response->length >= 0);
    assert_true((uint64_t)response->offset + (uint64_t)response->length <= length);
    snprintf(text, sizeof text, "%d: %.*s", response->status, (int)response->length, data + response->offset);
    app_response_free(response);
    return text;
}

/* ---- without conditions ------------------------------------------------------------------------------------------ */

static void null_is_no_content_unless_the_trigger_says_otherwise(void **state)
{
    (void)state;
    static const int cases[][2] = {{200, 204}, {201, 201}, {202, 202}, {204, 204}, {302, 302}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct app_trigger trigger = plain;
        trigger.status = cases[i][0];
        struct app_response *response = answer_of(&trigger, "GET", pxm_value_null(), NULL);
        assert_int_equal(response->status, cases[i][1]);
        assert_null(response->body);
        assert_null(app_response_get(response, "Content-Type"));
        assert_string_equal(header(response, "Cache-Control"), "no-store");
        app_response_free(response);
    }
    assert_string_equal(sent(answer_of(&plain, "GET", NULL, NULL)), "204: ");
}

static void a_status_without_a_body_has_none(void **state)
{
    (void)state;
    static const int statuses[] = {204, 205, 304};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct app_trigger trigger = plain;
        trigger.status = statuses[i];
        struct app_response *response = answer_of(&trigger, "GET", pxm_value_cstring("text"), NULL);
        assert_int_equal(response->status, statuses[i]);
        assert_null(response->body);
        app_response_free(response);
    }
}

static void other_outputs_are_json_with_exact_integers(void **state)
{
    (void)state;
    pxm_value *record = pxm_value_record();
    pxm_value_set(record, "filename", pxm_value_cstring("a.jpg"));
    pxm_value_set(record, "most", pxm_value_int(INT64_MAX));
    pxm_value_set(record, "least", pxm_value_int(INT64_MIN));
    struct app_trigger created = plain;
    created.status = 201;
    struct app_response *response = answer_of(&created, "POST", record, NULL);
    assert_string_equal(header(response, "Content-Type"), "application/json");
    assert_string_equal(header(response, "ETag"), "");
    assert_string_equal(header(response, "Accept-Ranges"), "");
    assert_string_equal(sent(response),
                        "201: {\"filename\":\"a.jpg\",\"most\":9223372036854775807,\"least\":-9223372036854775808}");
    assert_string_equal(sent(answer_of(&plain, "GET", pxm_value_bool(0), NULL)), "200: false");
    assert_string_equal(sent(answer_of(&plain, "GET", pxm_value_cstring(""), NULL)), "200: \"\"");
    assert_string_equal(sent(answer_of(&plain, "GET", pxm_value_list(), NULL)), "200: []");
}

static void what_has_no_json_is_a_failure(void **state)
{
    (void)state;
    const struct app_head head = {.method = "GET", .path = "/", .query = ""};
    struct app_response *response = NULL;
    struct pxm_error error = {0};
    pxm_value *record = pxm_value_record();
    pxm_value_set(record, "file", tagged());
    assert_int_equal(app_answer_output(&plain, &head, record, &response, &error), PXM_E_INVALID);
    assert_string_equal(error.code, "json.unsupported");
    assert_int_equal(app_status_of(&error), 500);
    assert_null(response);
    pxm_value_unref(record);
}

static void a_redirect_leads_to_its_text(void **state)
{
    (void)state;
    static const int statuses[] = {301, 302, 303, 307, 308};
    static const char *const wrong[] = {"", "/a b", "/a\r\nSet-Cookie: x", "/\xC3\xA9"};
    const struct app_head head = {.method = "GET", .path = "/", .query = ""};
    struct app_trigger trigger = plain;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        trigger.status = statuses[i];
        struct app_response *response = answer_of(&trigger, "GET", pxm_value_cstring("/x?y=%20"), NULL);
        assert_string_equal(header(response, "Location"), "/x?y=%20");
        assert_null(response->body);
        assert_int_equal(response->status, statuses[i]);
        app_response_free(response);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct app_response *response = NULL;
        struct pxm_error error = {0};
        pxm_value *output = pxm_value_cstring(wrong[i]);
        assert_int_equal(app_answer_output(&trigger, &head, output, &response, &error), PXM_E_INVALID);
        assert_string_equal(error.code, "output.location");
        pxm_value_unref(output);
    }
    assert_string_equal(sent(answer_of(&trigger, "GET", pxm_value_int(7), NULL)), "308: 7");
}

/* ---- blobs ------------------------------------------------------------------------------------------------------- */

static void a_blob_is_the_body(void **state)
{
    (void)state;
    struct app_response *response = answer_of(&cached, "GET", tagged(), NULL);
    assert_int_equal(response->status, 200);
    assert_int_equal(response->length, PNG_BYTES);
    assert_string_equal(header(response, "Content-Type"), "image/png");
    assert_string_equal(header(response, "ETag"), "\"tag\"");
    assert_string_equal(header(response, "Accept-Ranges"), "bytes");
    assert_string_equal(header(response, "Cache-Control"), "public, max-age=60");
    assert_string_equal(header(response, "Vary"), "Accept, Accept-Language");
    assert_string_equal(header(response, "Content-Disposition"), "");
    app_response_free(response);
    response = answer_of(&plain, "GET", tagged(), NULL);
    assert_string_equal(header(response, "Cache-Control"), "no-store");
    assert_string_equal(header(response, "Vary"), "");
    app_response_free(response);
}

static void a_post_has_neither_tag_nor_ranges(void **state)
{
    (void)state;
    struct app_response *response =
        answer_of(&plain, "POST", tagged(), "If-None-Match", "\"tag\"", "Range", "bytes=0-1", NULL);
    assert_int_equal(response->status, 200);
    assert_string_equal(header(response, "ETag"), "");
    assert_string_equal(header(response, "Accept-Ranges"), "");
    assert_int_equal(response->length, PNG_BYTES);
    app_response_free(response);
}

static void blobs_are_inert_whatever_they_say_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *said, *served;
        bool attached;
    } cases[] = {
        {"\xFF\xD8\xFF\xE0", "image/jpeg", "image/jpeg", false},
        {"GIF89a<script>", "text/html", "image/gif", false},
        {"RIFF\4\1\1\1WEBPVP8 ", NULL, "image/webp", false},
        {"<svg onload='x'>", "image/png", "image/svg+xml", true},
        {"<!DOCTYPE html><html >", "image/jpeg", "text/html", true},
        {"<script>alert(1)</script>", "text/html", "application/octet-stream", true},
        {"just text", "text/html; charset=utf-7", "application/octet-stream", true},
        {"%PDF-1.7", "image/jpeg", "application/pdf", true},
        {"MM\1*", "image/png", "application/octet-stream", true},
        {"", "image/png", "application/octet-stream", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pxm_blob *blob = pxm_blob_copy(cases[i].bytes, strlen(cases[i].bytes));
        pxm_blob_set_media(blob, cases[i].said);
        struct app_response *response = answer_of(&plain, "GET", pxm_value_blob(blob), NULL);
        assert_string_equal(header(response, "Content-Type"), cases[i].served);
        assert_string_equal(header(response, "Content-Disposition"), cases[i].attached ? "attachment" : "");
        assert_string_equal(header(response, "X-Content-Type-Options"), "nosniff");
        assert_non_null(strstr(header(response, "Content-Security-Policy"), "sandbox"));
        assert_non_null(strstr(header(response, "Content-Security-Policy"), "default-src 'none'"));
        app_response_free(response);
    }
}

static void only_what_is_public_may_be_part_of_any_page(void **state)
{
    (void)state;
    struct app_trigger secret = cached;
    secret.auth = "token";
    struct app_response *response = answer_of(&cached, "GET", tagged(), NULL);
    assert_string_equal(header(response, "Cross-Origin-Resource-Policy"), "cross-origin");
    app_response_free(response);
    response = answer_of(&secret, "GET", tagged(), NULL);
    assert_string_equal(header(response, "Cross-Origin-Resource-Policy"), "same-site");
    app_response_free(response);
    response = answer_of(&plain, "GET", tagged(), NULL);
    assert_string_equal(header(response, "Cross-Origin-Resource-Policy"), "same-site");
    app_response_free(response);
}

/* A file of which the blob is the part behind the first three bytes. */
static pxm_value *file_blob(const uint8_t *digest)
{
    char path[] = "/tmp/pixmill-answer-XXXXXX";
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(write(fd, png, PNG_BYTES), PNG_BYTES);
    assert_int_equal(pxm_blob_from_fd(fd, 3, PNG_BYTES, &blob, &error), PXM_OK);
    if (digest != NULL) {
        pxm_blob_set_sha256(blob, digest);
    }
    return pxm_value_blob(blob);
}

static void the_tag_is_what_is_known_without_reading_a_file(void **state)
{
    (void)state;
    static const uint8_t digest[32] = {0xAB};
    static const char of_digest[] = "\"ab00000000000000000000000000000000000000000000000000000000000000\"";
    struct app_response *response = answer_of(&plain, "GET", file_blob(NULL), NULL);
    assert_string_equal(header(response, "ETag"), "");
    assert_string_equal(header(response, "Content-Type"), "image/png");
    app_response_free(response);
    response = answer_of(&plain, "GET", file_blob(digest), NULL);
    assert_string_equal(header(response, "ETag"), of_digest);
    app_response_free(response);
    /* SHA-256 of "abc" (FIPS 180-2, appendix B) */
    response = answer_of(&plain, "GET", blob_of("abc", 3, NULL), NULL);
    assert_string_equal(header(response, "ETag"),
                        "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
    app_response_free(response);
    /* What is no tag would be no header. */
    static const char *const wrong[] = {"tag", "\"a", "\"a\"b\"", "\"a b\"", "W/", "\"a\r\n\"", "w/\"a\""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        response = answer_of(&plain, "GET", blob_of("abc", 3, wrong[i]), NULL);
        assert_int_equal(strlen(header(response, "ETag")), 66);
        app_response_free(response);
    }
}

static void json_that_may_be_kept_has_a_tag(void **state)
{
    (void)state;
    struct app_response *response = answer_of(&cached, "GET", pxm_value_list(), NULL);
    char tag[80];
    snprintf(tag, sizeof tag, "%s", header(response, "ETag"));
    assert_int_equal(strlen(tag), 66);
    app_response_free(response);
    assert_string_equal(sent(answer_of(&cached, "GET", pxm_value_list(), "If-None-Match", tag, NULL)), "304: ");
    assert_string_equal(sent(answer_of(&cached, "GET", pxm_value_list(), "Range", "bytes=0-0", NULL)), "200: []");
}

/* ---- conditions -------------------------------------------------------------------------------------------------- */

static int status_with(const char *etag, const char *name, const char *value)
{
    struct app_response *response = answer_of(&plain, "GET", blob_of(png, PNG_BYTES, etag), name, value, NULL);
    int status = response->status;
    app_response_free(response);
    return status;
}

static void if_none_match_compares_weakly(void **state)
{
    (void)state;
    static const struct {
        const char *etag, *value;
        int status;
    } cases[] = {
        {"\"a\"", "\"a\"", 304},
        {"\"a\"", "W/\"a\"", 304},
        {"W/\"a\"", "\"a\"", 304},
        {"W/\"a\"", "W/\"a\"", 304},
        {"\"a\"", "*", 304},
        {"\"a\"", " * ", 304},
        {"\"a\"", "\"b\", \"a\"", 304},
        {"\"a\"", "\"b\",,  , W/\"c\"\t,\"a\" ,", 304},
        {"\"a,b\"", "\"a,b\"", 304},
        {"\"\"", "\"\"", 304},
        {"\"a\"", "\"b\"", 200},
        {"\"a\"", "\"A\"", 200},
        {"\"a\"", "\"aa\"", 200},
        {"\"a\"", "a", 200},
        {"\"a\"", "", 200},
        {"\"a\"", ",", 200},
        {"\"a\"", "\"a", 200},
        {"\"a\"", "w/\"a\"", 200},
        {"\"a\"", "\"a\" \"b\"", 200},
        {"\"a\"", "\"a\", b", 200},
        {"\"a\"", "*, \"a\"", 200},
        {"\"a\"", "**", 200},
        {"\"a\"", "W/", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (status_with(cases[i].etag, "if-none-match", cases[i].value) != cases[i].status) {
            fail_msg("%s against %s is not %d", cases[i].value, cases[i].etag, cases[i].status);
        }
    }
}

static void if_match_compares_strongly(void **state)
{
    (void)state;
    static const struct {
        const char *etag, *value;
        int status;
    } cases[] = {
        {"\"a\"", "\"a\"", 200},
        {"\"a\"", "*", 200},
        {"\"a\"", "\"b\", \"a\"", 200},
        {"\"a\"", "W/\"a\"", 412},
        {"W/\"a\"", "W/\"a\"", 412},
        {"W/\"a\"", "\"a\"", 412},
        {"W/\"a\"", "*", 200},
        {"\"a\"", "\"b\"", 412},
        {"\"a\"", "", 412},
        {"\"a\"", "a", 412},
        {"\"a\"", "\"a\", broken", 412},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (status_with(cases[i].etag, "If-Match", cases[i].value) != cases[i].status) {
            fail_msg("%s against %s is not %d", cases[i].value, cases[i].etag, cases[i].status);
        }
    }
}

static void several_headers_of_a_name_are_one_list(void **state)
{
    (void)state;
    assert_string_equal(
        sent(answer_of(&plain, "GET", tagged(), "If-None-Match", "\"a\"", "if-none-match", "\"tag\"", NULL)), "304: ");
    struct app_response *response =
        answer_of(&plain, "GET", tagged(), "If-Match", "\"a\"", "If-Match", "\"tag\"", NULL);
    assert_int_equal(response->status, 200);
    app_response_free(response);
    /* If-Match comes first (RFC 9110, section 13.2.2). */
    response = answer_of(&plain, "GET", tagged(), "If-None-Match", "\"tag\"", "If-Match", "\"a\"", NULL);
    assert_int_equal(response->status, 412);
    assert_string_equal(header(response, "Content-Type"), "application/problem+json");
    assert_string_equal(header(response, "ETag"), "");
    app_response_free(response);
}

static void not_modified_says_what_a_cache_needs(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "HEAD"};
    for (size_t i = 0; i < 2; i++) {
        struct app_response *response =
            answer_of(&cached, methods[i], tagged(), "If-None-Match", "\"tag\"", "Range", "bytes=0-0", NULL);
        assert_int_equal(response->status, 304);
        assert_null(response->body);
        assert_int_equal(response->length, 0);
        assert_string_equal(header(response, "ETag"), "\"tag\"");
        assert_string_equal(header(response, "Cache-Control"), "public, max-age=60");
        assert_string_equal(header(response, "Vary"), "Accept, Accept-Language");
        assert_string_equal(header(response, "Content-Type"), "");
        assert_string_equal(header(response, "Content-Disposition"), "");
        app_response_free(response);
    }
}

static void conditions_are_for_successes_alone(void **state)
{
    (void)state;
    struct app_trigger trigger = plain;
    trigger.status = 300;
    struct app_response *response = answer_of(&trigger, "GET", tagged(), "If-None-Match", "*", NULL);
    assert_int_equal(response->status, 300);
    app_response_free(response);
    assert_string_equal(sent(answer_of(&plain, "GET", pxm_value_null(), "If-Match", "\"a\"", NULL)), "204: ");
}

static void what_has_no_tag_matches_nothing_but_a_star(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        int status;
    } cases[] = {{"If-Match", "\"a\"", 412},
                 {"If-Match", "*", 200},
                 {"If-None-Match", "\"a\"", 200},
                 {"If-None-Match", "*", 304}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct app_response *response = answer_of(&plain, "GET", file_blob(NULL), cases[i].name, cases[i].value, NULL);
        assert_int_equal(response->status, cases[i].status);
        app_response_free(response);
    }
}

/* ---- ranges ------------------------------------------------------------------------------------------------------ */

static void a_range_is_a_part_of_the_body(void **state)
{
    (void)state;
    static const struct {
        const char *range, *sent, *content_range;
    } cases[] = {
        {"bytes=3-5", "206: 345", "bytes 3-5/10"},
        {"bytes=-3", "206: 789", "bytes 7-9/10"},
        {"bytes=0-", "206: 0123456789", "bytes 0-9/10"},
        {"bytes=0-0,2-3", "200: 0123456789", ""},
        {"items=0-1", "200: 0123456789", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct app_response *response =
            answer_of(&plain, "GET", blob_of("0123456789", 10, "\"t\""), "Range", cases[i].range, NULL);
        assert_string_equal(header(response, "Content-Range"), cases[i].content_range);
        assert_string_equal(header(response, "ETag"), "\"t\"");
        assert_string_equal(sent(response), cases[i].sent);
    }
}

static void a_range_beyond_the_end_is_told_how_long_it_is(void **state)
{
    (void)state;
    struct app_response *response =
        answer_of(&cached, "GET", blob_of("0123456789", 10, "\"t\""), "Range", "bytes=10-", NULL);
    assert_int_equal(response->status, 416);
    assert_string_equal(header(response, "Content-Range"), "bytes */10");
    assert_string_equal(header(response, "Content-Type"), "application/problem+json");
    assert_string_equal(header(response, "Cache-Control"), "no-store");
    assert_string_equal(header(response, "ETag"), "");
    app_response_free(response);
}

static void a_range_is_served_of_the_tag_that_it_was_begun_with(void **state)
{
    (void)state;
    static const struct {
        const char *etag, *value;
        int status;
    } cases[] = {
        {"\"a\"", "\"a\"", 206},   {"\"a\"", " \"a\" ", 206},
        {"\"a\"", "\"b\"", 200},   {"\"a\"", "W/\"a\"", 200},
        {"W/\"a\"", "\"a\"", 200}, {"W/\"a\"", "W/\"a\"", 200},
        {"\"a\"", "*", 200},       {"\"a\"", "\"a\", \"b\"", 200},
        {"\"a\"", "", 200},        {"\"a\"", "Sat, 29 Oct 1994 19:43:31 GMT", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct app_response *response = answer_of(&plain, "GET", blob_of(png, PNG_BYTES, cases[i].etag), "Range",
                                                  "bytes=1-2", "If-Range", cases[i].value, NULL);
        assert_int_equal(response->status, cases[i].status);
        app_response_free(response);
    }
}

static void a_range_is_for_a_plain_get_alone(void **state)
{
    (void)state;
    struct app_trigger trigger = plain;
    struct app_response *response = answer_of(&plain, "HEAD", tagged(), "Range", "bytes=0-1", NULL);
    assert_int_equal(response->status, 200);
    assert_int_equal(response->length, PNG_BYTES);
    app_response_free(response);
    trigger.status = 203;
    response = answer_of(&trigger, "GET", tagged(), "Range", "bytes=0-1", NULL);
    assert_int_equal(response->status, 203);
    app_response_free(response);
}

static void head_says_what_get_would(void **state)
{
    (void)state;
    struct app_response *get = answer_of(&cached, "GET", tagged(), NULL);
    struct app_response *head = answer_of(&cached, "HEAD", tagged(), NULL);
    assert_int_equal(head->status, get->status);
    assert_int_equal(head->length, get->length);
    assert_int_equal(head->header_count, get->header_count);
    for (size_t i = 0; i < get->header_count; i++) {
        assert_string_equal(header(head, get->headers[i].name), get->headers[i].value);
    }
    app_response_free(get);
    app_response_free(head);
}

static void a_list_of_names_that_is_too_long_varies_with_everything(void **state)
{
    (void)state;
    char name[3000];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *const names[] = {name, name, NULL};
    struct app_trigger trigger = plain;
    trigger.vary = names;
    struct app_response *response = answer_of(&trigger, "GET", tagged(), NULL);
    assert_string_equal(header(response, "Vary"), "*");
    app_response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_no_content_unless_the_trigger_says_otherwise),
        cmocka_unit_test(a_status_without_a_body_has_none),
        cmocka_unit_test(other_outputs_are_json_with_exact_integers),
        cmocka_unit_test(what_has_no_json_is_a_failure),
        cmocka_unit_test(a_redirect_leads_to_its_text),
        cmocka_unit_test(a_blob_is_the_body),
        cmocka_unit_test(a_post_has_neither_tag_nor_ranges),
        cmocka_unit_test(blobs_are_inert_whatever_they_say_they_are),
        cmocka_unit_test(only_what_is_public_may_be_part_of_any_page),
        cmocka_unit_test(the_tag_is_what_is_known_without_reading_a_file),
        cmocka_unit_test(json_that_may_be_kept_has_a_tag),
        cmocka_unit_test(if_none_match_compares_weakly),
        cmocka_unit_test(if_match_compares_strongly),
        cmocka_unit_test(several_headers_of_a_name_are_one_list),
        cmocka_unit_test(not_modified_says_what_a_cache_needs),
        cmocka_unit_test(conditions_are_for_successes_alone),
        cmocka_unit_test(what_has_no_tag_matches_nothing_but_a_star),
        cmocka_unit_test(a_range_is_a_part_of_the_body),
        cmocka_unit_test(a_range_beyond_the_end_is_told_how_long_it_is),
        cmocka_unit_test(a_range_is_served_of_the_tag_that_it_was_begun_with),
        cmocka_unit_test(a_range_is_for_a_plain_get_alone),
        cmocka_unit_test(head_says_what_get_would),
        cmocka_unit_test(a_list_of_names_that_is_too_long_varies_with_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
