/* Signed URLs: what was signed is permitted until its time, and nothing else ever. */
#include "app/signed_url.h"

#include "base/digest.h"
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

static const char first_key[] = "0123456789abcdef0123456789abcdef";
static const char second_key[] = "another key that is long enough, too";
enum { EXPIRES = 2000000000 };

static struct app_url_keys keys_of(const char *first, const char *second)
{
    struct app_url_keys keys = {.count = 0};
    struct pxm_error error = {0};
    assert_int_equal(app_url_keys_add(&keys, first, strlen(first), &error), PXM_OK);
    if (second != NULL) {
        assert_int_equal(app_url_keys_add(&keys, second, strlen(second), &error), PXM_OK);
    }
    return keys;
}

static struct app_url_grant grant_of(const char *method, const char *path)
{
    return (struct app_url_grant){.method = method, .path = path, .expires_s = EXPIRES, .bytes_max = PXM_UNSET_INT};
}

static const char *sign(const struct app_url_keys *keys, const struct app_url_grant *grant)
{
    static char url[APP_URL_TEXT_MAX];
    struct pxm_error error = {0};
    if (app_url_sign(keys, grant, url, &error) != PXM_OK) {
        fail_msg("%s", error.text);
    }
    return url;
}

/* The code of the failure; "": permitted. Parts the URL at its first question mark, as a server does. */
static const char *verify(const struct app_url_keys *keys, const char *method, const char *url, const char *type,
                          int64_t now_s, int64_t *ret_bytes_max)
{
    static struct pxm_error error;
    char path[2 * APP_URL_TEXT_MAX];
    const struct app_header header = {.name = "content-type", .value = type};
    size_t length = strcspn(url, "?");
    memcpy(path, url, length);
    path[length] = '\0';
    const struct app_head head = {.method = method,
                                  .path = path,
                                  .query = url[length] == '?' ? url + length + 1 : "",
                                  .header_count = type != NULL ? 1 : 0,
                                  .headers = &header};
    pxm_error_clear(&error);
    pxm_status status = app_url_verify(keys, &head, now_s, ret_bytes_max, &error);
    assert_true(status == PXM_OK || status == PXM_E_DENIED);
    assert_int_equal(error.status, status);
    return error.code;
}

/* The form is documented, so that others can sign, too. */
static void the_canonical_form_is_as_documented(void **state)
{
    (void)state;
    struct app_url_keys keys = keys_of(first_key, NULL);
    struct app_url_grant grant = grant_of("PUT", "/u/a%20b");
    grant.bytes_max = 1000;
    grant.content_type = "image/svg+xml";
    char expected[512], message[512];
    uint8_t digest[PXM_SHA256_BYTES], mac[PXM_SHA256_BYTES];
    char id[65], mac_hex[65];
    pxm_sha256(first_key, strlen(first_key), digest);
    pxm_hex(digest, 4, id);
    snprintf(expected, sizeof expected, "/u/a%%20b?expires=2000000000&key=%s&max=1000&type=image%%2Fsvg%%2Bxml", id);
    const char *url = sign(&keys, &grant);
    assert_memory_equal(url, expected, strlen(expected));
    snprintf(message, sizeof message, "pixmill-url-1\nPUT\n/u/a%%20b\n%s", strchr(expected, '?') + 1);
    pxm_hmac_sha256(first_key, strlen(first_key), message, strlen(message), mac);
    pxm_hex(mac, sizeof mac, mac_hex);
    /* base64url by hand, six bits at a time */
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char signature[44] = "";
    for (size_t i = 0; i < 43; i++) {
        size_t bit = 6 * i;
        unsigned pair = (unsigned)mac[bit / 8] << 8 | (bit / 8 + 1 < sizeof mac ? mac[bit / 8 + 1] : 0);
        signature[i] = digits[pair >> (10 - bit % 8) & 63];
    }
    assert_string_equal(strstr(url, "&signature=") + strlen("&signature="), signature);
}

/* A record from JSON, with ' for ". */
static pxm_value *meta_of(const char *json)
{
    char text[8192];
    pxm_value *value = NULL;
    struct pxm_error error = {0};
    assert_true(snprintf(text, sizeof text, "%s", json) < (int)sizeof text);
    for (char *c = text; *c != '\0'; c++) {
        *c = (char)(*c == '\'' ? '"' : *c);
    }
    assert_int_equal(pxm_json_parse(text, strlen(text), &value, &error), PXM_OK);
    return value;
}

static void texts_are_parameters_that_nobody_can_change(void **state)
{
    (void)state;
    struct app_url_keys keys = keys_of(first_key, NULL);
    struct app_url_grant grant = grant_of("PUT", "/x");
    char changed[APP_URL_TEXT_MAX];
    int64_t bytes_max = 0;
    pxm_value *meta = meta_of("{'name': 'K\xc3\xa4se & 50%+1=.jpg', 'tags': 'a,b', 'a b&': ''}");
    grant.meta = meta;
    grant.content_type = "image/png";
    const char *url = sign(&keys, &grant);
    assert_non_null(strstr(url, "&type=image%2Fpng&meta_name=K%C3%A4se%20%26%2050%25%2B1%3D.jpg&meta_tags=a%2Cb"
                                "&meta_a%20b%26=&signature="));
    assert_string_equal(verify(&keys, "PUT", url, "image/png", 0, &bytes_max), "");
    snprintf(changed, sizeof changed, "%s", url);
    strstr(changed, "%2Cb")[3] = 'c';
    assert_string_equal(verify(&keys, "PUT", changed, "image/png", 0, &bytes_max), "auth.invalid");
    snprintf(changed, sizeof changed, "%.*s%s", (int)(strstr(url, "&meta_tags") - url), url,
             strstr(url, "&meta_a%20b"));
    assert_string_equal(verify(&keys, "PUT", changed, "image/png", 0, &bytes_max), "auth.invalid");
    snprintf(changed, sizeof changed, "%s&meta_more=1", url);
    assert_string_equal(verify(&keys, "PUT", changed, "image/png", 0, &bytes_max), "auth.invalid");
    snprintf(changed, sizeof changed, "%s&meta_name=1", url);
    assert_string_equal(verify(&keys, "PUT", changed, "image/png", 0, &bytes_max), "auth.invalid");
    pxm_value_unref(meta);
}

static void texts_that_no_parameter_can_hold_are_not_signed(void **state)
{
    (void)state;
    static const char *const bad[] = {"{'name': 1}", "{'name': null}", "{'': 'a'}"};
    struct app_url_keys keys = keys_of(first_key, NULL);
    struct app_url_grant grant = grant_of("PUT", "/x");
    struct pxm_error error = {0};
    char url[APP_URL_TEXT_MAX], name[8];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        pxm_value *meta = meta_of(bad[i]);
        grant.meta = meta;
        assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_E_INVALID);
        assert_string_equal(error.code, "url.invalid");
        pxm_value_unref(meta);
    }
    pxm_value *many = pxm_value_record();
    grant.meta = many;
    assert_int_equal(pxm_value_set(many, "n0", pxm_value_string("a\0b", 3)), PXM_OK);
    assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_E_INVALID);
    for (int i = 0; i < APP_URL_META_MAX; i++) {
        snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(pxm_value_set(many, name, pxm_value_string("a", 1)), PXM_OK);
    }
    grant.content_type = "image/png";
    grant.bytes_max = 1;
    assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_OK);
    assert_int_equal(pxm_value_set(many, "one more", pxm_value_string("a", 1)), PXM_OK);
    assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_E_INVALID);
    pxm_value_unref(many);
}

/* Three texts of 255 bytes of which each becomes three characters, as the app signs them. */
static void three_whole_names_fit(void **state)
{
    (void)state;
    struct app_url_keys keys = keys_of(first_key, NULL);
    struct app_url_grant grant =
        grant_of("PUT", "/pictures/of/somebody/uploads/20260101T000000000-0123456789abcdef0123.jpeg");
    struct pxm_error error = {0};
    char url[APP_URL_TEXT_MAX], text[256] = "";
    int64_t bytes_max = 0;
    for (int i = 0; i < 85; i++) {
        memcpy(text + 3 * i, "\xe7\x8c\xab", 4);
    }
    pxm_value *meta = pxm_value_record();
    static const char *const names[] = {"name", "tags", "owner"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pxm_value_set(meta, names[i], pxm_value_string(text, strlen(text))), PXM_OK);
    }
    grant.meta = meta;
    grant.content_type = "image/jpeg";
    grant.bytes_max = 25 << 20;
    assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_OK);
    assert_string_equal(verify(&keys, "PUT", url, "image/jpeg", 0, &bytes_max), "");
    pxm_value_unref(meta);
}

static void what_was_signed_is_permitted_until_its_time(void **state)
{
    (void)state;
    struct app_url_keys keys = keys_of(first_key, NULL);
    struct app_url_grant grant = grant_of("GET", "/images/a.jpg");
    int64_t bytes_max = 7;
    const char *url = sign(&keys, &grant);
    assert_string_equal(verify(&keys, "GET", url, NULL, 0, &bytes_max), "");
    assert_int_equal(bytes_max, PXM_UNSET_INT);
    assert_string_equal(verify(&keys, "HEAD", url, NULL, EXPIRES - 1, &bytes_max), "");
    assert_string_equal(verify(&keys, "GET", url, NULL, EXPIRES, &bytes_max), "auth.expired");
    assert_string_equal(verify(&keys, "GET", url, NULL, INT64_MAX, &bytes_max), "auth.expired");
}

static void another_method_or_path_is_not(void **state)
{
    (void)state;
    static const char *const methods[] = {"POST", "DELETE", "get", "", "PUT\n"};
    struct app_url_keys keys = keys_of(first_key, NULL);
    struct app_url_grant grant = grant_of("GET", "/images/a.jpg");
    int64_t bytes_max = 7;
    char other[APP_URL_TEXT_MAX];
    const char *url = sign(&keys, &grant);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        assert_string_equal(verify(&keys, methods[i], url, NULL, 0, &bytes_max), "auth.invalid");
    }
    snprintf(other, sizeof other, "/images/b.jpg%s", strchr(url, '?'));
    assert_string_equal(verify(&keys, "GET", other, NULL, 0, &bytes_max), "auth.invalid");
    snprintf(other, sizeof other, "/images/%%61.jpg%s", strchr(url, '?'));
    assert_string_equal(verify(&keys, "GET", other, NULL, 0, &bytes_max), "auth.invalid");
    assert_int_equal(bytes_max, 7);
    grant.method = "PUT";
    url = sign(&keys, &grant);
    assert_string_equal(verify(&keys, "PUT", url, NULL, 0, &bytes_max), "");
    assert_string_equal(verify(&keys, "HEAD", url, NULL, 0, &bytes_max), "auth.invalid");
}

/* Every byte, changed to every other byte, left out, and doubled. */
static void no_byte_of_it_can_be_changed(void **state)
{
    (void)state;
    struct app_url_keys keys = keys_of(first_key, second_key);
    struct app_url_grant grant = grant_of("PUT", "/u/x");
    grant.content_type = "image/png";
    grant.bytes_max = 99;
    char url[APP_URL_TEXT_MAX], changed[APP_URL_TEXT_MAX];
    int64_t bytes_max = 0;
    snprintf(url, sizeof url, "%s", sign(&keys, &grant));
    assert_string_equal(verify(&keys, "PUT", url, "image/png", 0, &bytes_max), "");
    for (size_t at = 0; url[at] != '\0'; at++) {
        for (int byte = 1; byte < 256; byte++) {
            memcpy(changed, url, sizeof changed);
            changed[at] = (char)byte;
            if (changed[at] != url[at]) {
                assert_string_not_equal(verify(&keys, "PUT", changed, "image/png", 0, &bytes_max), "");
            }
        }
        memmove(changed, url, sizeof changed);
        memmove(changed + at, changed + at + 1, strlen(changed + at));
        assert_string_not_equal(verify(&keys, "PUT", changed, "image/png", 0, &bytes_max), "");
        memcpy(changed, url, at + 1);
        memcpy(changed + at + 1, url + at, strlen(url + at) + 1);
        assert_string_not_equal(verify(&keys, "PUT", changed, "image/png", 0, &bytes_max), "");
        memcpy(changed, url, at);
        changed[at] = '\0';
        assert_string_not_equal(verify(&keys, "PUT", changed, "image/png", 0, &bytes_max), "");
    }
}

static void parameters_may_come_in_any_order_but_once_each(void **state)
{
    (void)state;
    struct app_url_keys keys = keys_of(first_key, NULL);
    struct app_url_grant grant = grant_of("GET", "/x");
    char url[APP_URL_TEXT_MAX], other[2 * APP_URL_TEXT_MAX];
    int64_t bytes_max = 0;
    snprintf(url, sizeof url, "%s", sign(&keys, &grant));
    const char *signature = strstr(url, "signature="), *key = strstr(url, "key=");
    snprintf(other, sizeof other, "/x?%s&%.12s&expires=%d", signature, key, EXPIRES);
    assert_string_equal(verify(&keys, "GET", other, NULL, 0, &bytes_max), "");
    static const char *const more[] = {
        "&expires=1", "&signature=x", "&key=0",        "&",    "&a",          "&a=1", "&=", "&=1", "&&",
        "&max=5",     "&type=",       "&expires=1&a=", "&max", "&%65xpires=1"};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        snprintf(other, sizeof other, "%s%s", url, more[i]);
        assert_string_equal(verify(&keys, "GET", other, NULL, 0, &bytes_max), "auth.invalid");
        snprintf(other, sizeof other, "/x?%s&%s", more[i] + 1, strchr(url, '?') + 1);
        assert_string_equal(verify(&keys, "GET", other, NULL, 0, &bytes_max), "auth.invalid");
    }
}

static void a_url_without_a_signature_is_told_apart(void **state)
{
    (void)state;
    static const char *const urls[] = {"/x", "/x?", "/x?a=b", "/x?expires=2000000000&key=12345678", "/x?a"};
    struct app_url_keys keys = keys_of(first_key, NULL), none = {.count = 0};
    int64_t bytes_max = 0;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_string_equal(verify(&keys, "GET", urls[i], NULL, 0, &bytes_max), "auth.missing");
    }
    assert_string_equal(verify(&keys, "GET", "/x?signature=a", NULL, 0, &bytes_max), "auth.invalid");
    struct app_url_grant grant = grant_of("GET", "/x");
    assert_string_equal(verify(&none, "GET", sign(&keys, &grant), NULL, 0, &bytes_max), "auth.invalid");
}

/* The new key signs as soon as it comes first; what the old one signed is good as long as it is there. */
static void keys_are_changed_without_breaking_what_was_given_out(void **state)
{
    (void)state;
    struct app_url_keys before = keys_of(first_key, NULL), during = keys_of(second_key, first_key),
                        after = keys_of(second_key, NULL);
    struct app_url_grant grant = grant_of("GET", "/x");
    char old[APP_URL_TEXT_MAX];
    int64_t bytes_max = 0;
    snprintf(old, sizeof old, "%s", sign(&before, &grant));
    const char *new = sign(&during, &grant);
    assert_string_equal(verify(&during, "GET", old, NULL, 0, &bytes_max), "");
    assert_string_equal(verify(&during, "GET", new, NULL, 0, &bytes_max), "");
    assert_string_equal(verify(&after, "GET", new, NULL, 0, &bytes_max), "");
    assert_string_equal(verify(&after, "GET", old, NULL, 0, &bytes_max), "auth.invalid");
    assert_string_equal(verify(&before, "GET", new, NULL, 0, &bytes_max), "auth.invalid");
}

static void a_signed_type_must_be_that_of_the_request(void **state)
{
    (void)state;
    struct app_url_keys keys = keys_of(first_key, NULL);
    struct app_url_grant grant = grant_of("PUT", "/x");
    int64_t bytes_max = 0;
    grant.content_type = "image/svg+xml";
    grant.bytes_max = 0;
    const char *url = sign(&keys, &grant);
    assert_string_equal(verify(&keys, "PUT", url, "image/svg+xml", 0, &bytes_max), "");
    assert_int_equal(bytes_max, 0);
    assert_string_equal(verify(&keys, "PUT", url, " Image/SVG+XML ; charset=utf-8", 0, &bytes_max), "");
    static const char *const others[] = {"image/svg", "image/svg+xmlx", "", "image/png", "image/svg xml", ";"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_string_equal(verify(&keys, "PUT", url, others[i], 0, &bytes_max), "auth.invalid");
    }
    assert_string_equal(verify(&keys, "PUT", url, NULL, 0, &bytes_max), "auth.invalid");
}

static void keys_have_a_length_and_are_two_at_most(void **state)
{
    (void)state;
    struct app_url_keys keys = {.count = 0};
    struct pxm_error error = {0};
    uint8_t bytes[APP_URL_KEY_BYTES_MAX + 1] = {1};
    static const size_t wrong[] = {0, 1, APP_URL_KEY_BYTES_MIN - 1, APP_URL_KEY_BYTES_MAX + 1};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(app_url_keys_add(&keys, bytes, wrong[i], &error), PXM_E_INVALID);
        assert_string_equal(error.code, "url.key");
    }
    assert_int_equal(app_url_keys_add(&keys, bytes, APP_URL_KEY_BYTES_MIN, &error), PXM_OK);
    assert_int_equal(app_url_keys_add(&keys, bytes, APP_URL_KEY_BYTES_MIN, &error), PXM_E_INVALID);
    assert_int_equal(app_url_keys_add(&keys, bytes, APP_URL_KEY_BYTES_MAX, &error), PXM_OK);
    bytes[0] = 2;
    assert_int_equal(app_url_keys_add(&keys, bytes, APP_URL_KEY_BYTES_MAX, &error), PXM_E_INVALID);
    assert_int_equal(keys.count, 2);
    assert_int_equal(strlen(keys.keys[0].id), 8);
    assert_string_not_equal(keys.keys[0].id, keys.keys[1].id);
}

static void what_cannot_be_a_url_is_not_signed(void **state)
{
    (void)state;
    struct app_url_keys keys = keys_of(first_key, NULL), none = {.count = 0};
    struct pxm_error error = {0};
    char url[APP_URL_TEXT_MAX] = "before", path[APP_URL_TEXT_MAX];
    static const char *const paths[] = {"", "x", "/a?b", "/a#b", "/a b", "/a\nb", "/\xC3\xA9"};
    static const char *const types[] = {"", "image", "image/", "/png", "image/png; a=b", "image/png\n", "a/b/c"};
    struct app_url_grant grant;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        grant = grant_of("GET", paths[i]);
        assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_E_INVALID);
        assert_string_equal(error.code, "url.invalid");
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        grant = grant_of("GET", "/x");
        grant.content_type = types[i];
        assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_E_INVALID);
    }
    grant = grant_of("GET", "/x");
    assert_int_equal(app_url_sign(&none, &grant, url, &error), PXM_E_INVALID);
    assert_string_equal(error.code, "url.key");
    grant.expires_s = 0;
    assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_E_INVALID);
    grant.expires_s = INT64_MAX;
    assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_E_INVALID);
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    grant = grant_of("GET", path);
    assert_int_equal(app_url_sign(&keys, &grant, url, &error), PXM_E_LIMIT);
    assert_string_equal(error.code, "url.too_long");
    assert_string_equal(url, "before");
}

static void the_longest_url_that_is_signed_is_permitted(void **state)
{
    (void)state;
    struct app_url_keys keys = keys_of(first_key, NULL);
    struct pxm_error error = {0};
    char url[APP_URL_TEXT_MAX], path[APP_URL_TEXT_MAX];
    int64_t bytes_max = 0;
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    size_t length = sizeof path - 1;
    for (;; length--) {
        path[length] = '\0';
        struct app_url_grant grant = grant_of("DELETE", path);
        if (app_url_sign(&keys, &grant, url, &error) == PXM_OK) {
            break;
        }
    }
    assert_int_equal(strlen(url), APP_URL_TEXT_MAX - 1);
    assert_string_equal(verify(&keys, "DELETE", url, NULL, 0, &bytes_max), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canonical_form_is_as_documented),
        cmocka_unit_test(texts_are_parameters_that_nobody_can_change),
        cmocka_unit_test(texts_that_no_parameter_can_hold_are_not_signed),
        cmocka_unit_test(three_whole_names_fit),
        cmocka_unit_test(what_was_signed_is_permitted_until_its_time),
        cmocka_unit_test(another_method_or_path_is_not),
        cmocka_unit_test(no_byte_of_it_can_be_changed),
        cmocka_unit_test(parameters_may_come_in_any_order_but_once_each),
        cmocka_unit_test(a_url_without_a_signature_is_told_apart),
        cmocka_unit_test(keys_are_changed_without_breaking_what_was_given_out),
        cmocka_unit_test(a_signed_type_must_be_that_of_the_request),
        cmocka_unit_test(keys_have_a_length_and_are_two_at_most),
        cmocka_unit_test(what_cannot_be_a_url_is_not_signed),
        cmocka_unit_test(the_longest_url_that_is_signed_is_permitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
