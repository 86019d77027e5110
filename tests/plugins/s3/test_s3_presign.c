/* URLs and forms that are signed for others, used by another client. */
#include "bucket.h"
#include "conformance/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORM_MAX = 64 << 10, MINUTE_MS = 60000 };

static const struct pxm_storage_ops *ops(void)
{
    return bucket_driver()->unit->ops;
}

static pxm_status presign(struct fixture *fixture, const char *method, const char *key, const char *type,
                          int64_t bytes_max, int64_t expires_ms)
{
    struct pxm_presign request = {.struct_size = sizeof request,
                                  .method = method,
                                  .key = key,
                                  .expires_ms = expires_ms,
                                  .content_type = type,
                                  .bytes_max = bytes_max};
    fixture_next(fixture);
    return ops()->presign(fixture->self, &fixture->job, &request, fixture->fields, fixture->error);
}

static char *signed_url(struct fixture *fixture, const char *method, const char *key, const char *type)
{
    assert_status(fixture, presign(fixture, method, key, type, PXM_UNSET_INT, MINUTE_MS), PXM_OK);
    assert_string_equal(field_text(fixture, "method"), method);
    char *url = strdup(field_text(fixture, "url"));
    assert_non_null(url);
    return url;
}

static void a_signed_url_gets_one_object_and_no_other(void **state)
{
    struct fixture *fixture = *state;
    char reply[64];
    struct body_plan plan = body_plan(4, 1);
    static const char key[] = "a b/'()!*~+%/caf\xc3\xa9?x=y&z";
    must_put(fixture, key, 4, 1);
    must_put(fixture, "other", 4, 1);
    char *url = signed_url(fixture, "GET", key, NULL);
    assert_int_equal(gate_send("GET", url, NULL, NULL, 0, reply, sizeof reply), 200);
    for (int64_t i = 0; i < plan.bytes; i++) {
        assert_int_equal((uint8_t)reply[i], body_byte(1, i));
    }
    assert_int_equal(gate_send("PUT", url, NULL, "x", 1, NULL, 0), 403);
    char *at = strstr(url, "a%20b");
    assert_non_null(at);
    at[0] = 'b';
    assert_int_equal(gate_send("GET", url, NULL, NULL, 0, NULL, 0), 403);
    free(url);
}

static void a_signed_url_puts_what_it_was_signed_for(void **state)
{
    struct fixture *fixture = *state;
    char *url = signed_url(fixture, "PUT", "up/k", "image/png");
    const pxm_value *headers = fixture->host->value_get(fixture->fields, "headers");
    assert_string_equal(fixture->host->value_as_string(fixture->host->value_get(headers, "content-type"), NULL),
                        "image/png");
    assert_field_json(fixture, "fields", "{}");
    assert_null(strstr(url, "x-amz-acl"));
    assert_null(strstr(url, "checksum"));
    assert_int_equal(gate_send("PUT", url, "text/html", "png", 3, NULL, 0), 403);
    assert_int_equal(gate_send("PUT", url, NULL, "png", 3, NULL, 0), 403);
    must_not_have(fixture, "up/k");
    assert_int_equal(gate_send("PUT", url, "image/png", "png", 3, NULL, 0), 200);
    assert_status(fixture, store_head(fixture, "up/k"), PXM_OK);
    assert_string_equal(field_text(fixture, "content_type"), "image/png");
    free(url);
}

static void a_signed_url_ends(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "k", 4, 1);
    char *url = signed_url(fixture, "GET", "k", NULL);
    int64_t expires = field_int(fixture, "expires_at"), now = fixture->host->now_ms(fixture->host);
    assert_true(expires > now && expires <= now + MINUTE_MS);
    gate_settings("{'gate':{'skew_ms':62000}}");
    assert_int_equal(gate_send("GET", url, NULL, NULL, 0, NULL, 0), 403);
    free(url);
}

static void what_cannot_be_signed_is_refused(void **state)
{
    static const struct {
        const char *method, *key, *type;
        int64_t bytes_max, expires_ms;
        const char *code;
    } rows[] = {
        {"DELETE", "k", NULL, PXM_UNSET_INT, MINUTE_MS, "store.unsupported"},
        {"get", "k", NULL, PXM_UNSET_INT, MINUTE_MS, "store.unsupported"},
        {"GET", "../k", NULL, PXM_UNSET_INT, MINUTE_MS, "store.bad_key"},
        {"PUT", "k", "a\r\nb: c", PXM_UNSET_INT, MINUTE_MS, "store.bad_meta"},
        {"GET", "k", NULL, 100, MINUTE_MS, "store.unsupported"},
        {"PUT", "k", NULL, -1, MINUTE_MS, "store.unsupported"},
        {"POST", "k", NULL, -1, MINUTE_MS, "store.unsupported"},
        {"GET", "k", NULL, PXM_UNSET_INT, 0, "store.unsupported"},
        {"GET", "k", NULL, PXM_UNSET_INT, INT64_C(604801000), "store.unsupported"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_failed(
            fixture, presign(fixture, rows[i].method, rows[i].key, rows[i].type, rows[i].bytes_max, rows[i].expires_ms),
            PXM_E_INVALID, rows[i].code);
    }
    assert_status(fixture, presign(fixture, "GET", "k", NULL, PXM_UNSET_INT, INT64_C(604800000)), PXM_OK);
}

/* What asks for a size with PUT, as the app does where its store can hold to it, gets a URL all the same. */
static void a_size_does_not_keep_a_put_from_being_signed(void **state)
{
    struct fixture *fixture = *state;
    assert_status(fixture, presign(fixture, "PUT", "k", "image/png", 3, MINUTE_MS), PXM_OK);
    char *url = strdup(field_text(fixture, "url"));
    assert_non_null(url);
    assert_int_equal(gate_send("PUT", url, "image/png", "png", 3, NULL, 0), 200);
    free(url);
}

/* ---- metadata ---- */

static pxm_status presign_meta(struct fixture *fixture, const char *method, pxm_value *meta)
{
    struct pxm_presign request = {.struct_size = sizeof request,
                                  .method = method,
                                  .key = "up/k",
                                  .expires_ms = MINUTE_MS,
                                  .content_type = strcmp(method, "GET") == 0 ? NULL : "image/png",
                                  .bytes_max = PXM_UNSET_INT,
                                  .meta = meta};
    fixture_next(fixture);
    pxm_status status = ops()->presign(fixture->self, &fixture->job, &request, fixture->fields, fixture->error);
    fixture->host->value_unref(meta);
    return status;
}

/* A copy of the headers in which one is another; NULL: it is left out. */
static pxm_value *changed(const struct pxm_host *host, const pxm_value *headers, const char *name, const char *value)
{
    pxm_value *copy = host->value_record();
    for (size_t i = 0; i < host->value_count(headers); i++) {
        const char *key = host->value_key(headers, i);
        if (strcmp(key, name) != 0) {
            assert_int_equal(host->value_set(copy, key, host->value_ref(host->value_at(headers, i))), PXM_OK);
        }
    }
    if (value) {
        assert_int_equal(host->value_set(copy, name, host->value_string(value, strlen(value))), PXM_OK);
    }
    return copy;
}

static void a_signed_put_is_held_to_its_metadata(void **state)
{
    static const char meta[] =
        "{'name': ' K\xc3\xa4se  & 50% \xe7\x8c\xab.jpg ', 'tags': 'red,dark blue', 'owner': 'u-1'}";
    static const char *const changes[][2] = {
        {"x-amz-meta-name", "b.jpg"}, {"x-amz-meta-name", NULL},  {"x-amz-meta-tags", "red,dark blue,green"},
        {"x-amz-meta-owner", "u-2"},  {"x-amz-meta-owner", NULL}, {"x-amz-meta-more", "a"},
        {"content-type", NULL}};
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    assert_status(fixture, presign_meta(fixture, "PUT", json_value(meta)), PXM_OK);
    assert_field_json(fixture, "headers",
                      "{'content-type': 'image/png',"
                      "'x-amz-meta-name': '%20K%C3%A4se %20& 50%25 %E7%8C%AB.jpg%20',"
                      "'x-amz-meta-tags': 'red,dark blue', 'x-amz-meta-owner': 'u-1'}");
    char *url = strdup(field_text(fixture, "url"));
    pxm_value *headers = host->value_ref(host->value_get(fixture->fields, "headers"));
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        pxm_value *wrong = changed(host, headers, changes[i][0], changes[i][1]);
        assert_int_equal(gate_send_headers("PUT", url, wrong, "png", 3), 403);
        host->value_unref(wrong);
    }
    must_not_have(fixture, "up/k");
    assert_int_equal(gate_send_headers("PUT", url, headers, "png", 3), 200);
    assert_status(fixture, store_head(fixture, "up/k"), PXM_OK);
    assert_field_json(fixture, "meta", meta);
    host->value_unref(headers);
    free(url);
}

/* A record of one text of so many bytes, all of which a header can hold. */
static pxm_value *long_meta(const struct pxm_host *host, const char *name, size_t length)
{
    pxm_value *meta = host->value_record();
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, 'x', length);
    assert_int_equal(host->value_set(meta, name, host->value_string(text, length)), PXM_OK);
    free(text);
    return meta;
}

static void metadata_that_no_object_can_have_is_not_signed(void **state)
{
    static const char *const bad[] = {"{'Name': 'a'}", "{'': 'a'}", "{'a b': 'a'}", "{'a': 1}"};
    static const char *const methods[] = {"PUT", "POST"};
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    for (size_t m = 0; m < 2; m++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            assert_failed(fixture, presign_meta(fixture, methods[m], json_value(bad[i])), PXM_E_INVALID,
                          "store.bad_meta");
        }
        pxm_value *nul = host->value_record();
        assert_int_equal(host->value_set(nul, "name", host->value_string("a\0b", 3)), PXM_OK);
        assert_failed(fixture, presign_meta(fixture, methods[m], nul), PXM_E_INVALID, "store.bad_meta");
        assert_failed(fixture, presign_meta(fixture, methods[m], long_meta(host, "name", 2045)), PXM_E_INVALID,
                      "store.bad_meta");
        assert_status(fixture, presign_meta(fixture, methods[m], long_meta(host, "name", 2044)), PXM_OK);
        char longest[129];
        memset(longest, 'n', 128);
        longest[128] = '\0';
        assert_status(fixture, presign_meta(fixture, methods[m], long_meta(host, longest, 100)), PXM_OK);
    }
    assert_failed(fixture, presign_meta(fixture, "GET", json_value("{'name': 'a'}")), PXM_E_INVALID,
                  "store.unsupported");
    assert_status(fixture, presign_meta(fixture, "GET", json_value("{}")), PXM_OK);
}

static void what_an_older_engine_asks_for_has_no_metadata(void **state)
{
    struct fixture *fixture = *state;
    struct pxm_presign request = {.struct_size = offsetof(struct pxm_presign, meta),
                                  .method = "PUT",
                                  .key = "k",
                                  .expires_ms = MINUTE_MS,
                                  .bytes_max = PXM_UNSET_INT,
                                  .meta = (const pxm_value *)(uintptr_t)0x5a5a5a}; /* must not be looked at */
    fixture_next(fixture);
    assert_status(fixture, ops()->presign(fixture->self, &fixture->job, &request, fixture->fields, fixture->error),
                  PXM_OK);
    assert_field_json(fixture, "headers", "{}");
}

/* ---- forms ---- */

/* Posts the form of the last presign: `change` is put in place of the field of its name; NULL: it is left out. */
static long post(struct fixture *fixture, const char *change, const char *value, const char *file, char *url)
{
    const struct pxm_host *host = fixture->host;
    const pxm_value *fields = host->value_get(fixture->fields, "fields");
    char *form = malloc(FORM_MAX);
    assert_non_null(form);
    size_t at = 0;
    for (size_t i = 0; i < host->value_count(fields); i++) {
        const char *name = host->value_key(fields, i);
        const char *text = host->value_as_string(host->value_at(fields, i), NULL);
        bool is_changed = change && strcmp(name, change) == 0;
        if (is_changed && !value) {
            continue;
        }
        at += (size_t)snprintf(form + at, FORM_MAX - at,
                               "--mark\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", name,
                               is_changed ? value : text);
    }
    at += (size_t)snprintf(form + at, FORM_MAX - at,
                           "--mark\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n"
                           "Content-Type: image/png\r\n\r\n%s\r\n--mark--\r\n",
                           file);
    long status = gate_send("POST", url, "multipart/form-data; boundary=mark", form, at, NULL, 0);
    free(form);
    return status;
}

static void a_form_is_held_to_key_type_and_size(void **state)
{
    struct fixture *fixture = *state;
    assert_status(fixture, presign(fixture, "POST", "uploads/u1/k", "image/png", 10, MINUTE_MS), PXM_OK);
    char *url = strdup(field_text(fixture, "url"));
    assert_int_equal(post(fixture, NULL, NULL, "more than ten", url), 400);
    assert_int_equal(post(fixture, "key", "uploads/u2/k", "png", url), 403);
    assert_int_equal(post(fixture, "Content-Type", "text/html", "png", url), 403);
    assert_int_equal(post(fixture, "x-amz-date", "20200101T000000Z", "png", url), 403);
    assert_int_equal(post(fixture, "policy", "e30=", "png", url), 403);
    assert_int_equal(post(fixture, NULL, NULL, "png", url), 201);
    free(url);
    must_not_have(fixture, "uploads/u2/k");
    assert_status(fixture, store_head(fixture, "uploads/u1/k"), PXM_OK);
    assert_int_equal(field_int(fixture, "bytes"), 3);
    assert_string_equal(field_text(fixture, "content_type"), "image/png");
}

static void a_form_is_held_to_its_metadata(void **state)
{
    static const char meta[] = "{'name': 'K\xc3\xa4se.jpg', 'owner': 'u-1'}";
    struct fixture *fixture = *state;
    assert_status(fixture, presign_meta(fixture, "POST", json_value(meta)), PXM_OK);
    assert_field_json(fixture, "headers", "{}");
    char *url = strdup(field_text(fixture, "url"));
    assert_int_equal(post(fixture, "x-amz-meta-name", "b.jpg", "png", url), 403);
    assert_int_equal(post(fixture, "x-amz-meta-name", NULL, "png", url), 403);
    assert_int_equal(post(fixture, "x-amz-meta-owner", "u-2", "png", url), 403);
    assert_int_equal(post(fixture, NULL, NULL, "png", url), 201);
    free(url);
    assert_status(fixture, store_head(fixture, "up/k"), PXM_OK);
    assert_field_json(fixture, "meta", meta);
}

static void a_form_ends(void **state)
{
    struct fixture *fixture = *state;
    assert_status(fixture, presign(fixture, "POST", "k", NULL, PXM_UNSET_INT, MINUTE_MS), PXM_OK);
    char *url = strdup(field_text(fixture, "url"));
    gate_settings("{'gate':{'skew_ms':62000}}");
    assert_int_equal(post(fixture, NULL, NULL, "png", url), 403);
    free(url);
}

/* ---- temporary keys, and a clock that was wrong ---- */

static void with_temporary_keys_a_url_ends_with_them(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_unit *unit = bucket_driver()->unit;
    must_put(fixture, "k", 4, 1);
    gate_settings("{'metadata':{'seconds':30}}");
    setenv("AWS_EC2_METADATA_DISABLED", "false", 1);
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", gate_metadata_url(), 1);
    conformance_set_string(unit, place_config(), "access_key", NULL);
    conformance_set_string(unit, place_config(), "secret_key", NULL);
    place_reopen(fixture);
    char *url = signed_url(fixture, "GET", "k", NULL);
    assert_true(field_int(fixture, "expires_at") <= fixture->host->now_ms(fixture->host) + 30000);
    assert_int_equal(gate_send("GET", url, NULL, NULL, 0, NULL, 0), 200);
    free(url);
    assert_status(fixture, presign(fixture, "POST", "p", "image/png", 10, MINUTE_MS), PXM_OK);
    url = strdup(field_text(fixture, "url"));
    assert_int_equal(post(fixture, NULL, NULL, "png", url), 201);
    assert_int_equal(post(fixture, "x-amz-security-token", "another", "png", url), 400);
    free(url);
}

static void urls_are_signed_by_the_clock_of_the_service(void **state)
{
    struct fixture *fixture = *state;
    gate_settings("{'gate':{'skew_ms':7200000}}");
    must_put(fixture, "k", 4, 1);
    char *url = signed_url(fixture, "GET", "k", NULL);
    assert_int_equal(gate_send("GET", url, NULL, NULL, 0, NULL, 0), 200);
    free(url);
}

int main(void)
{
    struct conformance_driver *driver = bucket_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_signed_url_gets_one_object_and_no_other, driver),
        FIXTURE_TEST(a_signed_url_puts_what_it_was_signed_for, driver),
        FIXTURE_TEST(a_signed_url_ends, driver),
        FIXTURE_TEST(what_cannot_be_signed_is_refused, driver),
        FIXTURE_TEST(a_size_does_not_keep_a_put_from_being_signed, driver),
        FIXTURE_TEST(a_signed_put_is_held_to_its_metadata, driver),
        FIXTURE_TEST(metadata_that_no_object_can_have_is_not_signed, driver),
        FIXTURE_TEST(what_an_older_engine_asks_for_has_no_metadata, driver),
        FIXTURE_TEST(a_form_is_held_to_key_type_and_size, driver),
        FIXTURE_TEST(a_form_is_held_to_its_metadata, driver),
        FIXTURE_TEST(a_form_ends, driver),
        FIXTURE_TEST(with_temporary_keys_a_url_ends_with_them, driver),
        FIXTURE_TEST(urls_are_signed_by_the_clock_of_the_service, driver),
    };
    return cmocka_run_group_tests_name("s3: presign", tests, NULL, NULL);
}
