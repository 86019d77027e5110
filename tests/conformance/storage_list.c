/* Storage: every key is listed once, in order of its bytes, page by page. */
#include "conformance/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 2500, KEY_TEXT = 64, PUTTERS = 8 };

/* What came out of a whole listing. */
struct listing {
    char **keys;
    size_t count, pages;
};

static void listing_done(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->keys[i]);
    }
    free(listing->keys);
    *listing = (struct listing){0};
}

static void take_page(struct fixture *fixture, struct listing *listing, size_t limit)
{
    const struct pxm_host *host = fixture->host;
    const pxm_value *items = host->value_get(fixture->fields, "items");
    size_t count = host->value_count(items);
    assert_true(count <= limit);
    listing->keys = realloc(listing->keys, (listing->count + count + 1) * sizeof *listing->keys);
    assert_non_null(listing->keys);
    for (size_t i = 0; i < count; i++) {
        const pxm_value *item = host->value_at(items, i);
        assert_int_equal(host->value_type(host->value_get(item, "bytes")), PXM_TYPE_INT);
        assert_int_equal(host->value_type(host->value_get(item, "etag")), PXM_TYPE_STRING);
        assert_int_equal(host->value_type(host->value_get(item, "modified_at")), PXM_TYPE_INT);
        listing->keys[listing->count] = strdup(host->value_as_string(host->value_get(item, "key"), NULL));
        assert_non_null(listing->keys[listing->count]);
        listing->count++;
    }
    listing->pages++;
}

static struct listing list_all(struct fixture *fixture, const char *prefix, int64_t limit)
{
    struct listing listing = {0};
    char *cursor = NULL;
    do {
        assert_status(fixture, store_list(fixture, prefix, cursor, limit), PXM_OK);
        take_page(fixture, &listing, (size_t)limit);
        free(cursor);
        const char *next = field_text(fixture, "cursor");
        cursor = next ? strdup(next) : NULL;
    } while (cursor);
    return listing;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keys whose folders sort differently from their bytes: '-' and '.' come before the slash, digits after it. */
static void make_key(char key[KEY_TEXT], int i)
{
    switch (i % 6) {
    case 0:
        snprintf(key, KEY_TEXT, "flat-%04d", i);
        break;
    case 1:
        snprintf(key, KEY_TEXT, "folder/%04d", i);
        break;
    case 2:
        snprintf(key, KEY_TEXT, "folder.%04d", i);
        break;
    case 3:
        snprintf(key, KEY_TEXT, "deep/%d/x/y", i);
        break;
    case 4:
        snprintf(key, KEY_TEXT, "fan/%02d/%03d/o", i % 16, i / 16);
        break;
    default:
        snprintf(key, KEY_TEXT, "folder%d", i);
        break;
    }
}

struct filling {
    struct fixture *fixtures[PUTTERS];
};

static void put_share(void *arg, int index)
{
    struct filling *filling = arg;
    int count = conformance_rounds(filling->fixtures[index]->driver, MANY);
    for (int i = index; i < count; i += PUTTERS) {
        char key[KEY_TEXT];
        make_key(key, i);
        must_put(filling->fixtures[index], key, 1, 1);
    }
}

static void put_many(struct fixture *fixture)
{
    struct filling filling;
    for (int i = 0; i < PUTTERS; i++) {
        filling.fixtures[i] = fixture_new(fixture->driver, fixture->self);
    }
    run_threads(PUTTERS, put_share, &filling);
    for (int i = 0; i < PUTTERS; i++) {
        fixture_free(filling.fixtures[i]);
    }
}

/* The keys of put_many under a prefix, sorted. */
static struct listing expected_keys(const struct fixture *fixture, const char *prefix)
{
    int count = conformance_rounds(fixture->driver, MANY);
    struct listing listing = {.keys = calloc(MANY, sizeof(char *))};
    assert_non_null(listing.keys);
    for (int i = 0; i < count; i++) {
        char key[KEY_TEXT];
        make_key(key, i);
        if (strncmp(key, prefix, strlen(prefix)) == 0) {
            listing.keys[listing.count++] = strdup(key);
        }
    }
    qsort(listing.keys, listing.count, sizeof *listing.keys, compare_keys);
    return listing;
}

static void assert_listing(struct fixture *fixture, const char *prefix, int64_t limit)
{
    struct listing expected = expected_keys(fixture, prefix), got = list_all(fixture, prefix, limit);
    assert_int_equal(got.count, expected.count);
    for (size_t i = 0; i < got.count; i++) {
        assert_string_equal(got.keys[i], expected.keys[i]);
    }
    size_t pages = expected.count ? (expected.count + (size_t)limit - 1) / (size_t)limit : 1;
    assert_int_equal(got.pages, pages);
    listing_done(&expected);
    listing_done(&got);
}

static void pages_give_every_key_once_in_order(void **state)
{
    static const char *const prefixes[] = {"",        "flat-",   "folder",   "folder/", "folder.", "f",   "fan/07",
                                           "fan/07/", "deep/12", "deep/9/x", "zzz",     "folder1", "a/b", "fan/0"};
    struct fixture *fixture = *state;
    put_many(fixture);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        assert_listing(fixture, prefixes[i], 1000);
        assert_listing(fixture, prefixes[i], 97);
    }
    assert_listing(fixture, "folder", 1);
}

static void odd_prefixes_have_no_keys(void **state)
{
    static const char *const prefixes[] = {"/", "//", "../", "..", "a/../", "a//", "./", "\xff", "a/\x01/"};
    struct fixture *fixture = *state;
    must_put(fixture, "a/b", 1, 1);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        assert_status(fixture, store_list(fixture, prefixes[i], NULL, 10), PXM_OK);
        assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), 0);
        assert_field_null(fixture, "cursor");
    }
}

static void keys_put_or_removed_between_pages_disturb_no_others(void **state)
{
    struct fixture *fixture = *state;
    char key[KEY_TEXT];
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "k%02d/o", i);
        must_put(fixture, key, 1, 1);
    }
    assert_status(fixture, store_list(fixture, "k", NULL, 10), PXM_OK);
    char *cursor = strdup(field_text(fixture, "cursor"));
    assert_status(fixture, store_remove(fixture, "k09/o"), PXM_OK); /* where the cursor stands */
    assert_status(fixture, store_remove(fixture, "k15/o"), PXM_OK);
    must_put(fixture, "k00/before", 1, 1);
    must_put(fixture, "k16/after", 1, 1);
    assert_status(fixture, store_list(fixture, "k", cursor, 1000), PXM_OK);
    free(cursor);
    struct listing rest = {0};
    take_page(fixture, &rest, 1000);
    static const char *const expected[] = {"k10/o",     "k11/o", "k12/o", "k13/o", "k14/o",
                                           "k16/after", "k16/o", "k17/o", "k18/o", "k19/o"};
    assert_int_equal(rest.count, 10);
    for (size_t i = 0; i < rest.count; i++) {
        assert_string_equal(rest.keys[i], expected[i]);
    }
    listing_done(&rest);
}

static void what_is_no_cursor_or_limit_is_refused(void **state)
{
    static const char *const cursors[] = {"", "x", "0", "2e2e2f61", "ZZ", "%00"};
    struct fixture *fixture = *state;
    must_put(fixture, "k", 1, 1);
    for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
        assert_failed(fixture, store_list(fixture, "", cursors[i], 10), PXM_E_INVALID, "store.bad_cursor");
    }
    assert_failed(fixture, store_list(fixture, "", NULL, 0), PXM_E_INVALID, "store.bad_limit");
    assert_failed(fixture, store_list(fixture, "", NULL, 1001), PXM_E_INVALID, "store.bad_limit");
    assert_failed(fixture, store_list(fixture, "", NULL, -1), PXM_E_INVALID, "store.bad_limit");
}

int storage_list_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(pages_give_every_key_once_in_order, driver),
        FIXTURE_TEST(odd_prefixes_have_no_keys, driver),
        FIXTURE_TEST(keys_put_or_removed_between_pages_disturb_no_others, driver),
        FIXTURE_TEST(what_is_no_cursor_or_limit_is_refused, driver),
    };
    return cmocka_run_group_tests_name("storage: list", tests, NULL, NULL);
}
