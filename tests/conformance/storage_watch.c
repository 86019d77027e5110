/* Storage: objects that appear by other means than put are told until they are taken, and then never again. */
#include "conformance/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 600000, KEYS_MAX = 64, MANY = 25, PAGE = 10, BYTES = 5000, ROUNDS = 20 };

/* ---- operations ---- */

pxm_status store_watch(struct fixture *fixture, const char *prefix, int64_t limit, int64_t wait_ms,
                       const pxm_value *taken)
{
    const struct pxm_storage_ops *ops = fixture->ops;
    const struct pxm_watch watch = {
        .struct_size = sizeof watch, .prefix = prefix, .limit = limit, .wait_ms = wait_ms, .taken = taken};
    fixture_next(fixture);
    return ops->watch(fixture->self, &fixture->job, &watch, fixture->fields, fixture->error);
}

static const pxm_value *items_of(const struct fixture *fixture)
{
    const pxm_value *items = fixture->host->value_get(fixture->fields, "items");
    assert_int_equal(fixture->host->value_type(items), PXM_TYPE_LIST);
    return items;
}

static const char *text_of(const struct fixture *fixture, const pxm_value *item, const char *name)
{
    return fixture->host->value_as_string(fixture->host->value_get(item, name), NULL);
}

/* Whether `keys` has the word. */
static bool has_word(const char *keys, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = keys; (at = strstr(at, word)); at++) {
        if ((at == keys || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static size_t count_words(const char *keys)
{
    size_t count = 1;
    for (; *keys; keys++) {
        count += *keys == ' ';
    }
    return count;
}

/* One item, as it was told. */
static void assert_item(struct fixture *other, const pxm_value *item, const char *keys)
{
    const struct pxm_host *host = other->host;
    if (!has_word(keys, text_of(other, item, "key"))) {
        fail_msg("%s was told, which is not one of %s", text_of(other, item, "key"), keys);
    }
    assert_status(other, store_head(other, text_of(other, item, "key")), PXM_OK);
    assert_string_equal(field_text(other, "etag"), text_of(other, item, "etag"));
    assert_int_equal(field_int(other, "bytes"), host->value_as_int(host->value_get(item, "bytes")));
    assert_int_equal(field_int(other, "modified_at"), host->value_as_int(host->value_get(item, "modified_at")));
}

/* Objects may be told one by one, as they appear: gathers until there are as many as there should be. */
pxm_value *must_be_told(struct fixture *fixture, const char *prefix, const char *keys)
{
    const struct pxm_host *host = fixture->host;
    struct fixture *other = fixture_new(fixture->driver, fixture->self);
    pxm_value *told = host->value_list();
    size_t wanted = count_words(keys), count = 0;
    while (count < wanted) {
        assert_status(fixture, store_watch(fixture, prefix, KEYS_MAX, PATIENCE_MS, told), PXM_OK);
        const pxm_value *items = items_of(fixture);
        assert_true(host->value_count(items) > 0);
        pxm_value *more = host->value_list();
        for (size_t i = 0; i < host->value_count(told); i++) {
            host->value_append(more, host->value_ref(host->value_at(told, i)));
        }
        for (size_t i = 0; i < host->value_count(items); i++, count++) {
            assert_item(other, host->value_at(items, i), keys);
            host->value_append(more, host->value_ref(host->value_at(items, i)));
        }
        host->value_unref(told);
        told = more;
    }
    assert_int_equal(count, wanted);
    fixture_free(other);
    return told;
}

void must_take(struct fixture *fixture, const char *prefix, const char *keys)
{
    pxm_value *told = must_be_told(fixture, prefix, keys);
    assert_status(fixture, store_watch(fixture, prefix, KEYS_MAX, 0, told), PXM_OK);
    assert_int_equal(fixture->host->value_count(items_of(fixture)), 0);
    fixture->host->value_unref(told);
}

void must_not_be_told(struct fixture *fixture, const char *prefix)
{
    assert_status(fixture, store_watch(fixture, prefix, KEYS_MAX, 0, NULL), PXM_OK);
    if (fixture->host->value_count(items_of(fixture)) > 0) {
        fail_msg("%s was told", text_of(fixture, fixture->host->value_at(items_of(fixture), 0), "key"));
    }
}

static void drop(const struct fixture *fixture, const char *key, int64_t bytes, uint32_t seed)
{
    fixture->driver->drop(fixture->driver->arg, key, bytes, seed);
}

static void restart(struct fixture *fixture)
{
    fixture->driver->close(fixture->driver->arg, fixture->self);
    fixture->self = fixture->driver->open_again(fixture->driver->arg);
}

/* ---- told, taken ---- */

static void what_was_dropped_is_told_until_it_is_taken(void **state)
{
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/");
    drop(fixture, "inbox/a.jpg", BYTES, 1);
    for (int i = 0; i < 3; i++) {
        fixture->host->value_unref(must_be_told(fixture, "inbox/", "inbox/a.jpg"));
    }
    must_have(fixture, "inbox/a.jpg", BYTES, 1);
    must_take(fixture, "inbox/", "inbox/a.jpg");
    must_not_be_told(fixture, "inbox/");
}

static void what_was_there_before_anybody_watched_is_told(void **state)
{
    struct fixture *fixture = *state;
    drop(fixture, "inbox/a", BYTES, 1);
    drop(fixture, "inbox/deep/er/b", BYTES, 2);
    must_take(fixture, "inbox/", "inbox/a inbox/deep/er/b");
}

static void what_was_taken_is_not_told_after_a_restart_and_what_was_not_is(void **state)
{
    struct fixture *fixture = *state;
    drop(fixture, "inbox/a", BYTES, 1);
    must_take(fixture, "inbox/", "inbox/a");
    drop(fixture, "inbox/b", BYTES, 2);
    fixture->host->value_unref(must_be_told(fixture, "inbox/", "inbox/b"));
    restart(fixture);
    pxm_value *told = must_be_told(fixture, "inbox/", "inbox/b");
    restart(fixture);
    /* Who told it need not be who takes it. */
    assert_status(fixture, store_watch(fixture, "inbox/", 1, 0, told), PXM_OK);
    fixture->host->value_unref(told);
    must_not_be_told(fixture, "inbox/");
    restart(fixture);
    must_not_be_told(fixture, "inbox/");
}

static void what_is_put_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "inbox/before", BYTES, 1);
    must_not_be_told(fixture, "inbox/");
    must_put(fixture, "inbox/a", BYTES, 1);
    must_put(fixture, "inbox/a", BYTES, 2);
    must_put(fixture, "inbox/deep/b", BYTES, 3);
    drop(fixture, "inbox/c", BYTES, 4);
    must_take(fixture, "inbox/", "inbox/c");
    restart(fixture);
    must_not_be_told(fixture, "inbox/");
}

static void an_etag_is_the_same_before_and_after_it_is_taken(void **state)
{
    struct fixture *fixture = *state;
    drop(fixture, "inbox/a", BYTES, 1);
    pxm_value *told = must_be_told(fixture, "inbox/", "inbox/a");
    const char *etag = text_of(fixture, fixture->host->value_at(told, 0), "etag");
    assert_status(fixture, store_watch(fixture, "inbox/", 1, 0, told), PXM_OK);
    assert_status(fixture, store_head(fixture, "inbox/a"), PXM_OK);
    assert_string_equal(field_text(fixture, "etag"), etag);
    fixture->host->value_unref(told);
}

static void an_object_that_changed_is_another_one(void **state)
{
    struct fixture *fixture = *state;
    drop(fixture, "inbox/a", BYTES, 1);
    must_take(fixture, "inbox/", "inbox/a");
    drop(fixture, "inbox/a", BYTES + 1, 2);
    pxm_value *told = must_be_told(fixture, "inbox/", "inbox/a");
    drop(fixture, "inbox/a", BYTES + 2, 3);
    assert_status(fixture, store_watch(fixture, "inbox/", 1, PATIENCE_MS, told), PXM_OK);
    assert_int_equal(fixture->host->value_count(items_of(fixture)), 1);
    fixture->host->value_unref(told);
    must_take(fixture, "inbox/", "inbox/a");
    must_have(fixture, "inbox/a", BYTES + 2, 3);
}

static void an_object_that_is_gone_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    drop(fixture, "inbox/a", BYTES, 1);
    drop(fixture, "inbox/b", BYTES, 2);
    pxm_value *told = must_be_told(fixture, "inbox/", "inbox/a inbox/b");
    assert_status(fixture, store_remove(fixture, "inbox/a"), PXM_OK);
    assert_status(fixture, store_watch(fixture, "inbox/", 10, 0, told), PXM_OK);
    assert_int_equal(fixture->host->value_count(items_of(fixture)), 0);
    fixture->host->value_unref(told);
    drop(fixture, "inbox/c", BYTES, 3);
    assert_status(fixture, store_remove(fixture, "inbox/c"), PXM_OK);
    must_not_be_told(fixture, "inbox/");
}

static void prefixes_are_apart(void **state)
{
    struct fixture *fixture = *state;
    must_not_be_told(fixture, "inbox/a");
    must_not_be_told(fixture, "out/");
    drop(fixture, "inbox/b", BYTES, 1);
    drop(fixture, "inbox/ab", BYTES, 1);
    drop(fixture, "inbox/abc/d", BYTES, 1);
    drop(fixture, "inbox/c/a", BYTES, 1);
    drop(fixture, "out/a", BYTES, 1);
    must_take(fixture, "inbox/a", "inbox/ab inbox/abc/d");
    must_take(fixture, "out/", "out/a");
    must_take(fixture, "", "inbox/b inbox/c/a");
    must_not_be_told(fixture, "");
}

static void a_page_has_no_more_than_it_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    char key[32];
    pxm_value *taken = NULL;
    bool told[MANY] = {false};
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "inbox/%02d", i);
        drop(fixture, key, 100, (uint32_t)i);
    }
    for (int left = MANY; left > 0;) {
        assert_status(fixture, store_watch(fixture, "inbox/", PAGE, PATIENCE_MS, taken), PXM_OK);
        host->value_unref(taken);
        taken = host->value_ref(items_of(fixture));
        assert_in_range(host->value_count(taken), 1, PAGE);
        for (size_t i = 0; i < host->value_count(taken); i++, left--) {
            long n = strtol(text_of(fixture, host->value_at(taken, i), "key") + strlen("inbox/"), NULL, 10);
            assert_in_range(n, 0, MANY - 1);
            assert_false(told[n]);
            told[n] = true;
        }
    }
    assert_status(fixture, store_watch(fixture, "inbox/", PAGE, 0, taken), PXM_OK);
    assert_int_equal(host->value_count(items_of(fixture)), 0);
    host->value_unref(taken);
}

static void bad_watches_are_refused(void **state)
{
    static const char *const bad[] = {"/", "/inbox/", "a/../b/", "../", "a//b/", "\xff/"};
    struct fixture *fixture = *state;
    assert_failed(fixture, store_watch(fixture, "", 0, 0, NULL), PXM_E_INVALID, "store.bad_limit");
    assert_failed(fixture, store_watch(fixture, "", 1001, 0, NULL), PXM_E_INVALID, "store.bad_limit");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_failed(fixture, store_watch(fixture, bad[i], 1, 0, NULL), PXM_E_INVALID, "store.bad_key");
    }
    pxm_value *taken = fixture->host->value_list();
    fixture->host->value_append(taken, fixture->host->value_int(7));
    assert_failed(fixture, store_watch(fixture, "", 1, 0, taken), PXM_E_INVALID, "store.bad_key");
    fixture->host->value_unref(taken);
    must_not_be_told(fixture, "");
}

/* ---- waiting ---- */

struct pair {
    struct fixture *watcher, *other;
};

static void watch_or_drop(void *arg, int index)
{
    struct pair *pair = arg;
    if (index == 0) {
        fixture_next(pair->watcher);
        pair->watcher->host->value_unref(must_be_told(pair->watcher, "inbox/", "inbox/a"));
    } else {
        drop(pair->other, "inbox/a", BYTES, 1);
    }
}

static void a_watch_waits_for_an_object(void **state)
{
    struct fixture *fixture = *state;
    struct pair pair = {.watcher = fixture, .other = fixture_new(fixture->driver, fixture->self)};
    run_threads(2, watch_or_drop, &pair);
    fixture_free(pair.other);
}

static void watch_or_work(void *arg, int index)
{
    struct pair *pair = arg;
    if (index == 0) {
        pxm_status status = store_watch(pair->watcher, "inbox/", 1, PATIENCE_MS, NULL);
        assert_true(status == PXM_OK || status == PXM_E_TIMEOUT || status == PXM_E_CANCELLED);
        assert_true(status != PXM_OK || pair->watcher->host->value_count(items_of(pair->watcher)) == 0);
        return;
    }
    for (uint32_t i = 0; i < ROUNDS; i++) {
        must_put(pair->other, "inbox/k", 1000, i);
        must_have(pair->other, "inbox/k", 1000, i);
        assert_status(pair->other, store_list(pair->other, "", NULL, 10), PXM_OK);
        assert_status(pair->other, store_remove(pair->other, "inbox/k"), PXM_OK);
    }
    atomic_store(&pair->watcher->cancelled, true);
}

static void others_use_the_store_while_one_watches_until_it_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    struct pair pair = {.watcher = fixture, .other = fixture_new(fixture->driver, fixture->self)};
    run_threads(2, watch_or_work, &pair);
    fixture_free(pair.other);
    atomic_store(&fixture->cancelled, false);
    drop(fixture, "inbox/a", BYTES, 1);
    must_take(fixture, "inbox/", "inbox/a");
}

static void watch_until_cancelled(void *arg, int index)
{
    struct pair *pair = arg;
    pxm_status status;
    if (index == 0) {
        while ((status = store_watch(pair->watcher, "", 1, PATIENCE_MS, NULL)) == PXM_E_TRANSIENT) {
        }
        return;
    }
    do {
        status = store_watch(pair->other, "", 1, 0, NULL);
    } while (status == PXM_OK);
    assert_failed(pair->other, status, PXM_E_TRANSIENT, "store.unavailable");
    assert_status(pair->other, store_watch(pair->other, "else/", 1, 0, NULL), PXM_OK);
    atomic_store(&pair->watcher->cancelled, true);
}

static void one_thread_at_a_time_watches_a_prefix(void **state)
{
    struct fixture *fixture = *state;
    struct pair pair = {.watcher = fixture, .other = fixture_new(fixture->driver, fixture->self)};
    run_threads(2, watch_until_cancelled, &pair);
    fixture_free(pair.other);
}

static void a_late_job_watches_nothing(void **state)
{
    struct fixture *fixture = *state;
    drop(fixture, "inbox/a", BYTES, 1);
    atomic_store(&fixture->now_ms, fixture->job.deadline_ms);
    assert_failed(fixture, store_watch(fixture, "inbox/", 1, PATIENCE_MS, NULL), PXM_E_TIMEOUT, "limit.time");
    atomic_store(&fixture->now_ms, 0);
    must_take(fixture, "inbox/", "inbox/a");
}

int storage_watch_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(what_was_dropped_is_told_until_it_is_taken, driver),
        FIXTURE_TEST(what_was_there_before_anybody_watched_is_told, driver),
        FIXTURE_TEST(what_was_taken_is_not_told_after_a_restart_and_what_was_not_is, driver),
        FIXTURE_TEST(what_is_put_is_not_told, driver),
        FIXTURE_TEST(an_etag_is_the_same_before_and_after_it_is_taken, driver),
        FIXTURE_TEST(an_object_that_changed_is_another_one, driver),
        FIXTURE_TEST(an_object_that_is_gone_is_forgotten, driver),
        FIXTURE_TEST(prefixes_are_apart, driver),
        FIXTURE_TEST(a_page_has_no_more_than_it_was_asked_for, driver),
        FIXTURE_TEST(bad_watches_are_refused, driver),
        FIXTURE_TEST(a_watch_waits_for_an_object, driver),
        FIXTURE_TEST(others_use_the_store_while_one_watches_until_it_is_cancelled, driver),
        FIXTURE_TEST(one_thread_at_a_time_watches_a_prefix, driver),
        FIXTURE_TEST(a_late_job_watches_nothing, driver),
    };
    return cmocka_run_group_tests_name("storage: watch", tests, NULL, NULL);
}
