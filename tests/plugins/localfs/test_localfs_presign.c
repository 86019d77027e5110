/* URLs that localfs has its host sign. */
#include "conformance/storage.h"
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_MS = 3600000, EXPIRES_AT_MS = 1234567 };

/* A host that signs by writing down what it was asked. */
struct signing_host {
    struct pxm_host host;
    struct pxm_urls urls;
    struct fixture *fixture;
    char method[16], path[PXM_URL_BYTES_MAX], content_type[64];
    pxm_value *meta; /* NULL: none */
    int64_t expires_ms, bytes_max;
    size_t length;
    pxm_status status;
};

static struct signing_host signing;

static const void *extension(const struct pxm_host *host, const char *id)
{
    (void)host;
    return strcmp(id, PXM_EXTENSION_URLS) == 0 ? &signing.urls : NULL;
}

static pxm_status sign_grant(void *impl, const struct pxm_url_grant *grant, char *buffer, size_t length,
                             int64_t *ret_expires_at_ms, pxm_error *error)
{
    struct signing_host *own = impl;
    if (own->status != PXM_OK) {
        return (own->host.fail)(error, own->status, "url.too_long", "too long");
    }
    assert_int_equal(grant->struct_size, sizeof *grant);
    snprintf(own->method, sizeof own->method, "%s", grant->method);
    snprintf(own->path, sizeof own->path, "%s", grant->path);
    snprintf(own->content_type, sizeof own->content_type, "%s", grant->content_type ? grant->content_type : "none");
    own->expires_ms = grant->expires_ms;
    own->bytes_max = grant->bytes_max;
    own->length = length;
    own->meta = grant->meta ? own->host.value_ref(grant->meta) : NULL;
    snprintf(buffer, length, "%s?signature=abc", grant->path);
    *ret_expires_at_ms = EXPIRES_AT_MS;
    return PXM_OK;
}

/* As hosts of ABI 1.1 had it. */
static pxm_status sign(void *impl, const char *method, const char *path, int64_t expires_ms, const char *content_type,
                       int64_t bytes_max, char *buffer, size_t length, int64_t *ret_expires_at_ms, pxm_error *error)
{
    const struct pxm_url_grant grant = {.struct_size = sizeof grant,
                                        .method = method,
                                        .path = path,
                                        .expires_ms = expires_ms,
                                        .content_type = content_type,
                                        .bytes_max = bytes_max};
    return sign_grant(impl, &grant, buffer, length, ret_expires_at_ms, error);
}

/* Opens the store of the test once more, over the host that signs. */
static struct fixture *open_signing(struct fixture *fixture, const char *base_url)
{
    const struct place *place = fixture->driver->arg;
    void *self = NULL;
    signing = (struct signing_host){
        .host = *fixture->host,
        .urls = {.struct_size = sizeof signing.urls, .impl = &signing, .sign = sign, .sign_grant = sign_grant}};
    signing.host.extension = extension;
    conformance_set_string(place->unit, place->config, "base_url", base_url);
    assert_status(fixture, place->unit->create(&signing.host, place->config, &self, fixture->error), PXM_OK);
    return fixture_new(fixture->driver, self);
}

static void close_signing(struct fixture *own)
{
    const struct place *place = own->driver->arg;
    signing.host.value_unref(signing.meta);
    place->unit->destroy(own->self);
    conformance_set_string(place->unit, place->config, "base_url", "/");
    fixture_free(own);
}

/* `meta` is JSON with ' for "; NULL: none. */
static pxm_status presign_meta(struct fixture *fixture, const char *method, const char *key, const char *content_type,
                               int64_t bytes_max, const char *meta)
{
    const struct pxm_storage_ops *ops = fixture->ops;
    pxm_value *record = meta ? json_value(meta) : NULL;
    const struct pxm_presign asked = {.struct_size = sizeof asked,
                                      .method = method,
                                      .key = key,
                                      .expires_ms = HOUR_MS,
                                      .content_type = content_type,
                                      .bytes_max = bytes_max,
                                      .meta = record};
    fixture_next(fixture);
    pxm_status status = ops->presign(fixture->self, &fixture->job, &asked, fixture->fields, fixture->error);
    fixture->host->value_unref(record);
    return status;
}

static pxm_status presign(struct fixture *fixture, const char *method, const char *key, const char *content_type,
                          int64_t bytes_max)
{
    return presign_meta(fixture, method, key, content_type, bytes_max, NULL);
}

static void an_upload_is_signed_with_all_its_conditions(void **state)
{
    struct fixture *own = open_signing(*state, "/files/");
    assert_status(own, presign(own, "PUT", "uploads/a b\xc3\xa9?.jpg", "image/jpeg", 1000), PXM_OK);
    assert_string_equal(field_text(own, "method"), "PUT");
    assert_string_equal(field_text(own, "url"), "/files/uploads/a%20b%C3%A9%3F.jpg?signature=abc");
    assert_field_json(own, "headers", "{'content-type': 'image/jpeg'}");
    assert_field_json(own, "fields", "{}");
    assert_int_equal(field_int(own, "expires_at"), EXPIRES_AT_MS);
    assert_string_equal(signing.method, "PUT");
    assert_string_equal(signing.path, "/files/uploads/a%20b%C3%A9%3F.jpg");
    assert_string_equal(signing.content_type, "image/jpeg");
    assert_int_equal(signing.expires_ms, HOUR_MS);
    assert_int_equal(signing.bytes_max, 1000);
    assert_int_equal(signing.length, PXM_URL_BYTES_MAX);
    close_signing(own);
}

static void an_upload_is_signed_with_its_metadata(void **state)
{
    static const char meta[] = "{'name': 'K\xc3\xa4se.jpg', 'tags': 'red,blue'}";
    struct fixture *own = open_signing(*state, "/");
    assert_status(own, presign_meta(own, "PUT", "k", "image/jpeg", 1000, meta), PXM_OK);
    assert_field_json(own, "headers", "{'content-type': 'image/jpeg'}");
    assert_string_equal(signing.content_type, "image/jpeg");
    assert_int_equal(signing.bytes_max, 1000);
    pxm_value *expected = json_value(meta);
    assert_true(own->host->value_equal(signing.meta, expected));
    own->host->value_unref(expected);
    close_signing(own);
}

static void metadata_that_no_object_can_have_is_not_signed(void **state)
{
    static const char *const bad[] = {"{'name': 1}", "{'name': null}", "{'name': ['a']}"};
    struct fixture *own = open_signing(*state, "/");
    char longest[4000];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_failed(own, presign_meta(own, "PUT", "k", NULL, PXM_UNSET_INT, bad[i]), PXM_E_INVALID, "store.bad_meta");
    }
    snprintf(longest, sizeof longest, "{'name': '%03500d'}", 0);
    assert_failed(own, presign_meta(own, "PUT", "k", NULL, PXM_UNSET_INT, longest), PXM_E_INVALID, "store.bad_meta");
    assert_failed(own, presign_meta(own, "GET", "k", NULL, PXM_UNSET_INT, "{'name': 'a'}"), PXM_E_INVALID,
                  "store.unsupported");
    assert_null(signing.meta);
    close_signing(own);
}

static void a_host_that_signs_no_metadata_signs_all_else(void **state)
{
    struct fixture *own = open_signing(*state, "/");
    signing.urls.struct_size = offsetof(struct pxm_urls, sign_grant);
    assert_failed(own, presign_meta(own, "PUT", "k", NULL, PXM_UNSET_INT, "{'name': 'a'}"), PXM_E_INVALID,
                  "store.unsupported");
    assert_non_null(strstr(own->error->text, "metadata"));
    assert_status(own, presign_meta(own, "PUT", "k", "image/jpeg", 7, "{}"), PXM_OK);
    assert_string_equal(field_text(own, "url"), "/k?signature=abc");
    assert_string_equal(signing.content_type, "image/jpeg");
    assert_int_equal(signing.bytes_max, 7);
    close_signing(own);
}

static void an_engine_that_knows_no_metadata_asks_for_none(void **state)
{
    struct fixture *own = open_signing(*state, "/");
    const struct pxm_storage_ops *ops = own->ops;
    const struct pxm_presign asked = {.struct_size = offsetof(struct pxm_presign, meta),
                                      .method = "PUT",
                                      .key = "k",
                                      .expires_ms = HOUR_MS,
                                      .bytes_max = PXM_UNSET_INT,
                                      .meta = (const pxm_value *)(uintptr_t)0x5a5a5a}; /* must not be looked at */
    fixture_next(own);
    assert_status(own, ops->presign(own->self, &own->job, &asked, own->fields, own->error), PXM_OK);
    assert_null(signing.meta);
    close_signing(own);
}

static void a_download_has_no_conditions(void **state)
{
    struct fixture *own = open_signing(*state, "/");
    assert_status(own, presign(own, "GET", "k", "image/jpeg", 1000), PXM_OK);
    assert_string_equal(field_text(own, "url"), "/k?signature=abc");
    assert_field_json(own, "headers", "{}");
    assert_string_equal(signing.content_type, "none");
    assert_int_equal(signing.bytes_max, PXM_UNSET_INT);
    close_signing(own);
}

static void a_whole_base_url_keeps_scheme_and_host(void **state)
{
    static const char *const cases[][3] = {
        {"https://example.org/", "/k", "https://example.org/k?signature=abc"},
        {"http://127.0.0.1:8080/a/b/", "/a/b/k", "http://127.0.0.1:8080/a/b/k?signature=abc"},
        {"//cdn.example.org/x/", "/x/k", "//cdn.example.org/x/k?signature=abc"},
        {"/odd/a://b/", "/odd/a://b/k", "/odd/a://b/k?signature=abc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture *own = open_signing(*state, cases[i][0]);
        assert_status(own, presign(own, "PUT", "k", NULL, PXM_UNSET_INT), PXM_OK);
        assert_string_equal(signing.path, cases[i][1]);
        assert_string_equal(field_text(own, "url"), cases[i][2]);
        assert_field_json(own, "headers", "{}");
        close_signing(own);
    }
}

static void a_base_url_without_a_path_of_its_own_is_told(void **state)
{
    static const char *const bad[] = {"files/", "/get?path=/", "/#/", "mailto:someone/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fixture *own = open_signing(*state, bad[i]);
        assert_failed(own, presign(own, "PUT", "k", NULL, PXM_UNSET_INT), PXM_E_INVALID, "store.unsupported");
        assert_non_null(strstr(own->error->text, "base_url"));
        close_signing(own);
    }
}

static void without_a_daemon_there_is_no_url(void **state)
{
    struct fixture *fixture = *state;
    assert_failed(fixture, presign(fixture, "PUT", "k", NULL, PXM_UNSET_INT), PXM_E_INVALID, "store.unsupported");
    assert_non_null(strstr(fixture->error->text, "daemon"));
    struct fixture *own = open_signing(fixture, "/");
    signing.urls.struct_size = offsetof(struct pxm_urls, sign); /* of another version of the contract */
    assert_failed(own, presign(own, "PUT", "k", NULL, PXM_UNSET_INT), PXM_E_INVALID, "store.unsupported");
    close_signing(own);
}

static void forms_bad_keys_and_refusals_are_told(void **state)
{
    struct fixture *own = open_signing(*state, "/");
    assert_failed(own, presign(own, "POST", "k", NULL, PXM_UNSET_INT), PXM_E_INVALID, "store.unsupported");
    assert_failed(own, presign(own, "DELETE", "k", NULL, PXM_UNSET_INT), PXM_E_INVALID, "store.unsupported");
    assert_failed(own, presign(own, "PUT", "../k", NULL, PXM_UNSET_INT), PXM_E_INVALID, "store.bad_key");
    assert_failed(own, presign(own, "GET", ".pixmill/k", NULL, PXM_UNSET_INT), PXM_E_INVALID, "store.bad_key");
    signing.status = PXM_E_LIMIT;
    assert_failed(own, presign(own, "PUT", "k", NULL, PXM_UNSET_INT), PXM_E_LIMIT, "url.too_long");
    close_signing(own);
}

int main(void)
{
    struct conformance_driver *driver = place_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(an_upload_is_signed_with_all_its_conditions, driver),
        FIXTURE_TEST(an_upload_is_signed_with_its_metadata, driver),
        FIXTURE_TEST(metadata_that_no_object_can_have_is_not_signed, driver),
        FIXTURE_TEST(a_host_that_signs_no_metadata_signs_all_else, driver),
        FIXTURE_TEST(an_engine_that_knows_no_metadata_asks_for_none, driver),
        FIXTURE_TEST(a_download_has_no_conditions, driver),
        FIXTURE_TEST(a_whole_base_url_keeps_scheme_and_host, driver),
        FIXTURE_TEST(a_base_url_without_a_path_of_its_own_is_told, driver),
        FIXTURE_TEST(without_a_daemon_there_is_no_url, driver),
        FIXTURE_TEST(forms_bad_keys_and_refusals_are_told, driver),
    };
    return cmocka_run_group_tests_name("localfs: presign", tests, NULL, NULL);
}
