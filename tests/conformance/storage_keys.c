/* Storage: which keys are taken, and that the others reach nothing. */
#include "conformance/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 1024, COMPONENT_MAX = 255 };

static const char *const hostile[] = {
    "",
    "/",
    "/etc/passwd",
    "//a",
    "a//b",
    "a/",
    "a/b/",
    ".",
    "..",
    "../a",
    "a/..",
    "a/../b",
    "a/../../b",
    "a/./b",
    "./a",
    "a/.",
    "..\\a",
    "a\\b",
    "\\\\server\\share",
    "a\nb",
    "a\rb",
    "a\tb",
    "\x01",
    "a\x1b[2Jb",
    "a\x7f",
    "\xff",
    "a\xc3",
    "a\xc0\xafz",           /* an overlong slash       */
    "\xc0\xae\xc0\xae/a",   /* overlong dots           */
    "\xe0\x80\xaf",         /* the same in three bytes */
    "\xed\xa0\x80",         /* a surrogate             */
    "\xf4\x90\x80\x80",     /* past U+10FFFF           */
    "\xf8\x88\x80\x80\x80", /* five bytes              */
    "a/\x80/b",
};

static const char *const unusual[] = {
    "a b/c d",
    "...",
    "a..b",
    "..a",
    "a..",
    ".hidden",
    "a/.hidden/b",
    "%2e%2e%2fa",
    "a%00b",
    "~",
    "-rf",
    "*",
    "?x=y#z",
    "a:b",
    "C:",
    "\"q\"",
    "'; drop table",
    "$HOME",
    "`id`",
    "${x}",
    "<b>",
    "caf\xc3\xa9",
    "\xc2\xa0",
    "\xef\xbb\xbf",
    "CON",
    "nul.jpg",
    "a.",
    " a ",
    "lost+found",
    "\xe5\x86\x99\xe7\x9c\x9f",
    "\xf0\x9f\x96\xbc",
    "\xe2\x80\xaegpj.exe",
};

static void assert_refused(struct fixture *fixture, const char *key)
{
    struct body_plan plan = body_plan(10, 1);
    pxm_stream *stream = NULL;
    assert_failed(fixture, store_put(fixture, key, &plan, 0), PXM_E_INVALID, "store.bad_key");
    assert_failed(fixture, store_put(fixture, key, &plan, PXM_PUT_IF_ABSENT), PXM_E_INVALID, "store.bad_key");
    assert_failed(fixture, store_get(fixture, key, 0, -1, NULL, &stream), PXM_E_INVALID, "store.bad_key");
    assert_failed(fixture, store_head(fixture, key), PXM_E_INVALID, "store.bad_key");
    assert_failed(fixture, store_remove(fixture, key), PXM_E_INVALID, "store.bad_key");
    assert_null(stream);
}

static void hostile_keys_are_refused(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        assert_refused(fixture, hostile[i]);
    }
    must_be_empty(fixture);
}

/* A key of so many bytes, of components of so many bytes. */
static char *long_key(size_t length, size_t component)
{
    char *key = malloc(length + 1);
    assert_non_null(key);
    memset(key, 'k', length);
    for (size_t at = component; at + 1 < length; at += component + 1) {
        key[at] = '/';
    }
    key[length] = '\0';
    return key;
}

static void keys_and_their_components_have_a_greatest_length(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        size_t length, component;
        bool good;
    } sizes[] = {{COMPONENT_MAX, COMPONENT_MAX, true},
                 {COMPONENT_MAX + 1, COMPONENT_MAX + 1, false},
                 {KEY_MAX, 200, true},
                 {KEY_MAX + 1, 200, false},
                 {KEY_MAX - 1, 1, true},
                 {1 << 20, 100, false}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *key = long_key(sizes[i].length, sizes[i].component);
        if (sizes[i].good) {
            must_put(fixture, key, 10, 1);
            must_have(fixture, key, 10, 1);
            assert_status(fixture, store_remove(fixture, key), PXM_OK);
            assert_true(field_bool(fixture, "removed"));
        } else {
            assert_refused(fixture, key);
        }
        free(key);
    }
    must_be_empty(fixture);
}

static void unusual_keys_are_as_good_as_others(void **state)
{
    struct fixture *fixture = *state;
    size_t count = sizeof unusual / sizeof *unusual;
    for (size_t i = 0; i < count; i++) {
        must_put(fixture, unusual[i], 100, (uint32_t)i);
        assert_true(field_bool(fixture, "created"));
        assert_string_equal(field_text(fixture, "key"), unusual[i]);
    }
    for (size_t i = 0; i < count; i++) {
        must_have(fixture, unusual[i], 100, (uint32_t)i);
    }
    assert_status(fixture, store_list(fixture, "", NULL, 1000), PXM_OK);
    assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), count);
}

static void urls_hold_no_byte_with_a_meaning(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "a b/c?d#e%f\"g<h>", 1, 1);
    const char *url = field_text(fixture, "url");
    assert_non_null(strstr(url, "a%20b/c%3Fd%23e%25f%22g%3Ch%3E"));
}

int storage_keys_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(hostile_keys_are_refused, driver),
        FIXTURE_TEST(keys_and_their_components_have_a_greatest_length, driver),
        FIXTURE_TEST(unusual_keys_are_as_good_as_others, driver),
        FIXTURE_TEST(urls_hold_no_byte_with_a_meaning, driver),
    };
    return cmocka_run_group_tests_name("storage: keys", tests, NULL, NULL);
}
