/* Storage: what goes in comes out, whole or in parts; replacing, conditions, removing. */
#include "conformance/storage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE_BYTES = (5 << 20) + 1, WRITERS = 8 };

/* ---- operations ---- */

static const struct pxm_storage_ops *ops_of(const struct fixture *fixture)
{
    return fixture->ops;
}

pxm_status store_put_with(struct fixture *fixture, const struct pxm_put *put)
{
    fixture_next(fixture);
    return ops_of(fixture)->put(fixture->self, &fixture->job, put, fixture->fields, fixture->error);
}

pxm_status store_put(struct fixture *fixture, const char *key, const struct body_plan *plan, uint32_t flags)
{
    pxm_stream *body = body_stream(plan);
    struct pxm_put put = {.struct_size = sizeof put, .flags = flags, .key = key, .body = body};
    pxm_status status = store_put_with(fixture, &put);
    fixture->host->stream_close(body);
    return status;
}

pxm_status store_get(struct fixture *fixture, const char *key, int64_t offset, int64_t length, const char *if_match,
                     pxm_stream **ret)
{
    struct pxm_get get = {
        .struct_size = sizeof get, .key = key, .offset = offset, .length = length, .if_match = if_match};
    fixture_next(fixture);
    return ops_of(fixture)->get(fixture->self, &fixture->job, &get, ret, fixture->fields, fixture->error);
}

pxm_status store_head(struct fixture *fixture, const char *key)
{
    fixture_next(fixture);
    return ops_of(fixture)->head(fixture->self, &fixture->job, key, fixture->fields, fixture->error);
}

pxm_status store_remove(struct fixture *fixture, const char *key)
{
    fixture_next(fixture);
    return ops_of(fixture)->remove(fixture->self, &fixture->job, key, fixture->fields, fixture->error);
}

pxm_status store_list(struct fixture *fixture, const char *prefix, const char *cursor, int64_t limit)
{
    struct pxm_list list = {.struct_size = sizeof list, .prefix = prefix, .cursor = cursor, .limit = limit};
    fixture_next(fixture);
    return ops_of(fixture)->list(fixture->self, &fixture->job, &list, fixture->fields, fixture->error);
}

void must_put(struct fixture *fixture, const char *key, int64_t bytes, uint32_t seed)
{
    struct body_plan plan = body_plan(bytes, seed);
    assert_status(fixture, store_put(fixture, key, &plan, 0), PXM_OK);
}

void must_have(struct fixture *fixture, const char *key, int64_t bytes, uint32_t seed)
{
    pxm_stream *stream = NULL;
    assert_status(fixture, store_get(fixture, key, 0, -1, NULL, &stream), PXM_OK);
    assert_int_equal(field_int(fixture, "bytes"), bytes);
    assert_body(fixture, stream, seed, 0, bytes);
}

void must_not_have(struct fixture *fixture, const char *key)
{
    assert_failed(fixture, store_head(fixture, key), PXM_E_NOT_FOUND, "store.not_found");
}

void must_be_empty(struct fixture *fixture)
{
    assert_status(fixture, store_list(fixture, "", NULL, 10), PXM_OK);
    assert_int_equal(fixture->host->value_count(fixture->host->value_get(fixture->fields, "items")), 0);
    assert_field_null(fixture, "cursor");
}

/* ---- round trips ---- */

static void put_describes_the_object(void **state)
{
    struct fixture *fixture = *state;
    char sha256[65];
    body_sha256(1, 1000, sha256);
    must_put(fixture, "a/photo one.jpg", 1000, 1);
    assert_string_equal(field_text(fixture, "key"), "a/photo one.jpg");
    assert_non_null(strstr(field_text(fixture, "url"), "a/photo%20one.jpg"));
    assert_int_equal(field_int(fixture, "bytes"), 1000);
    assert_string_equal(field_text(fixture, "sha256"), sha256);
    assert_true(field_bool(fixture, "created"));
    char *etag = strdup(field_text(fixture, "etag"));
    assert_status(fixture, store_head(fixture, "a/photo one.jpg"), PXM_OK);
    assert_string_equal(field_text(fixture, "key"), "a/photo one.jpg");
    assert_non_null(strstr(field_text(fixture, "url"), "a/photo%20one.jpg"));
    assert_string_equal(field_text(fixture, "etag"), etag);
    assert_int_equal(field_int(fixture, "bytes"), 1000);
    assert_true(field_int(fixture, "modified_at") > INT64_C(1500000000000));
    must_have(fixture, "a/photo one.jpg", 1000, 1);
    assert_string_equal(field_text(fixture, "etag"), etag);
    free(etag);
}

static void an_object_may_have_no_bytes(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "empty", 0, 1);
    assert_int_equal(field_int(fixture, "bytes"), 0);
    must_have(fixture, "empty", 0, 1);
}

static void large_bodies_come_back_whole(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "large", LARGE_BYTES, 2);
    must_have(fixture, "large", LARGE_BYTES, 2);
}

static void the_size_of_a_body_need_not_be_known(void **state)
{
    struct fixture *fixture = *state;
    char sha256[65];
    struct body_plan plan = body_plan(LARGE_BYTES, 3);
    plan.announced = -1;
    body_sha256(3, LARGE_BYTES, sha256);
    assert_status(fixture, store_put(fixture, "unknown", &plan, 0), PXM_OK);
    assert_int_equal(field_int(fixture, "bytes"), LARGE_BYTES);
    assert_string_equal(field_text(fixture, "sha256"), sha256);
    must_have(fixture, "unknown", LARGE_BYTES, 3);
}

static void put_blob(struct fixture *fixture, const char *key, pxm_blob *blob)
{
    pxm_stream *body = fixture->host->stream_of_blob(blob);
    struct pxm_put put = {.struct_size = sizeof put, .key = key, .body = body};
    assert_status(fixture, store_put_with(fixture, &put), PXM_OK);
    fixture->host->stream_close(body);
}

static void a_body_may_be_a_blob_in_memory(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *bytes = malloc(LARGE_BYTES);
    assert_non_null(bytes);
    body_fill(bytes, 4, 0, LARGE_BYTES);
    pxm_blob *blob = fixture->host->blob_new(bytes, LARGE_BYTES, free, bytes);
    put_blob(fixture, "blob", blob);
    put_blob(fixture, "again", blob);
    fixture->host->blob_unref(blob);
    must_have(fixture, "blob", LARGE_BYTES, 4);
    must_have(fixture, "again", LARGE_BYTES, 4);
}

/* A blob over a part of an unlinked file. */
static pxm_blob *file_blob(struct fixture *fixture, int64_t bytes, int64_t offset, int64_t length, uint32_t seed)
{
    char path[] = "conformance-XXXXXX";
    uint8_t *content = malloc((size_t)bytes);
    int fd = mkstemp(path);
    pxm_blob *blob = NULL;
    assert_non_null(content);
    assert_true(fd >= 0);
    unlink(path);
    body_fill(content, seed, 0, (size_t)bytes);
    assert_int_equal(write(fd, content, (size_t)bytes), bytes);
    free(content);
    assert_status(fixture, fixture->host->blob_from_fd(fd, offset, length, &blob, fixture->error), PXM_OK);
    return blob;
}

static void a_body_may_be_a_blob_over_a_file(void **state)
{
    struct fixture *fixture = *state;
    pxm_blob *whole = file_blob(fixture, LARGE_BYTES, 0, LARGE_BYTES, 5);
    put_blob(fixture, "whole", whole);
    put_blob(fixture, "again", whole);
    fixture->host->blob_unref(whole);
    must_have(fixture, "whole", LARGE_BYTES, 5);
    must_have(fixture, "again", LARGE_BYTES, 5);
    pxm_blob *part = file_blob(fixture, 100000, 0, 4096, 6);
    put_blob(fixture, "part", part);
    fixture->host->blob_unref(part);
    must_have(fixture, "part", 4096, 6);
}

static void attributes_come_back(void **state)
{
    struct fixture *fixture = *state;
    const struct pxm_host *host = fixture->host;
    struct body_plan plan = body_plan(10, 7);
    pxm_stream *body = body_stream(&plan);
    pxm_value *meta = host->value_record();
    host->value_set(meta, "origin", host->value_string("camera 7", 8));
    host->value_set(meta, "owner", host->value_string("someone", 7));
    struct pxm_put put = {.struct_size = sizeof put,
                          .key = "described",
                          .content_type = "image/webp",
                          .cache_control = "public, max-age=60",
                          .meta = meta,
                          .body = body};
    pxm_status status = store_put_with(fixture, &put);
    host->stream_close(body);
    host->value_unref(meta);
    if (status != PXM_OK) { /* a store that cannot keep them says so, and stores nothing */
        assert_failed(fixture, status, PXM_E_INVALID, "store.unsupported");
        must_be_empty(fixture);
        return;
    }
    assert_status(fixture, store_head(fixture, "described"), PXM_OK);
    assert_string_equal(field_text(fixture, "content_type"), "image/webp");
    assert_string_equal(field_text(fixture, "cache_control"), "public, max-age=60");
    const pxm_value *kept = host->value_get(fixture->fields, "meta");
    assert_int_equal(host->value_count(kept), 2);
    assert_string_equal(host->value_as_string(host->value_get(kept, "origin"), NULL), "camera 7");
    assert_string_equal(host->value_as_string(host->value_get(kept, "owner"), NULL), "someone");
}

static void attributes_that_would_break_a_header_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 7);
    pxm_stream *body = body_stream(&plan);
    struct pxm_put put = {
        .struct_size = sizeof put, .key = "bad", .content_type = "image/png\r\nX-Evil: 1", .body = body};
    assert_failed(fixture, store_put_with(fixture, &put), PXM_E_INVALID, "store.bad_meta");
    put.content_type = NULL;
    put.cache_control = "no-store\n";
    assert_failed(fixture, store_put_with(fixture, &put), PXM_E_INVALID, "store.bad_meta");
    fixture->host->stream_close(body);
    must_be_empty(fixture);
}

/* ---- replacing and conditions ---- */

static void put_replaces_the_whole_object(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "k", 5000, 1);
    char *etag = strdup(field_text(fixture, "etag"));
    must_put(fixture, "k", 10, 2);
    assert_true(field_bool(fixture, "created"));
    assert_string_not_equal(field_text(fixture, "etag"), etag);
    must_have(fixture, "k", 10, 2);
    free(etag);
}

static void put_if_absent_leaves_the_first_object(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan first = body_plan(300, 1), second = body_plan(20, 2);
    assert_status(fixture, store_put(fixture, "k", &first, PXM_PUT_IF_ABSENT), PXM_OK);
    assert_true(field_bool(fixture, "created"));
    char *etag = strdup(field_text(fixture, "etag"));
    assert_status(fixture, store_put(fixture, "k", &second, PXM_PUT_IF_ABSENT), PXM_OK);
    assert_false(field_bool(fixture, "created"));
    assert_int_equal(field_int(fixture, "bytes"), 300);
    assert_string_equal(field_text(fixture, "etag"), etag);
    assert_string_equal(field_text(fixture, "key"), "k");
    must_have(fixture, "k", 300, 1);
    free(etag);
}

struct race {
    struct fixture *fixtures[WRITERS];
    uint32_t flags;
    int created[WRITERS];
};

static void put_in_race(void *arg, int index)
{
    struct race *race = arg;
    struct fixture *fixture = race->fixtures[index];
    struct body_plan plan = body_plan(70000, (uint32_t)index);
    assert_status(fixture, store_put(fixture, "race/k", &plan, race->flags), PXM_OK);
    race->created[index] = field_bool(fixture, "created");
}

static int run_race(struct fixture *fixture, uint32_t flags, int *ret_last)
{
    struct race race = {.flags = flags};
    int created = 0;
    for (int i = 0; i < WRITERS; i++) {
        race.fixtures[i] = fixture_new(fixture->driver, fixture->self);
    }
    run_threads(WRITERS, put_in_race, &race);
    for (int i = 0; i < WRITERS; i++) {
        created += race.created[i];
        *ret_last = race.created[i] ? i : *ret_last;
        fixture_free(race.fixtures[i]);
    }
    return created;
}

/* That it is whole, and of one of those who put it. */
static void must_be_of_any_writer(struct fixture *fixture)
{
    pxm_stream *stream = NULL;
    uint8_t first = 0;
    uint32_t seed = 0;
    assert_status(fixture, store_get(fixture, "race/k", 0, 1, NULL, &stream), PXM_OK);
    assert_int_equal(fixture->host->stream_read(stream, &first, 1, NULL), 1);
    fixture->host->stream_close(stream);
    while (seed < WRITERS && body_byte(seed, 0) != first) {
        seed++;
    }
    must_have(fixture, "race/k", 70000, seed);
}

static void of_many_put_if_absent_exactly_one_creates(void **state)
{
    struct fixture *fixture = *state;
    bool is_exclusive = !(fixture->driver->lacks & CONFORMANCE_EXCLUSIVE_PUT);
    for (int round = 0; round < 8; round++) {
        int winner = -1, created = run_race(fixture, PXM_PUT_IF_ABSENT, &winner);
        if (is_exclusive) {
            assert_int_equal(created, 1);
            must_have(fixture, "race/k", 70000, (uint32_t)winner);
        } else {
            assert_true(created >= 1);
            must_be_of_any_writer(fixture);
        }
        assert_status(fixture, store_remove(fixture, "race/k"), PXM_OK);
    }
}

static void get_if_match_wants_the_same_object(void **state)
{
    struct fixture *fixture = *state;
    pxm_stream *stream = NULL;
    must_put(fixture, "k", 100, 1);
    char *etag = strdup(field_text(fixture, "etag"));
    assert_status(fixture, store_get(fixture, "k", 0, -1, etag, &stream), PXM_OK);
    assert_body(fixture, stream, 1, 0, 100);
    must_put(fixture, "k", 100, 2);
    stream = NULL;
    assert_failed(fixture, store_get(fixture, "k", 0, -1, etag, &stream), PXM_E_EXISTS, "store.changed");
    assert_null(stream);
    free(etag);
}

/* ---- parts ---- */

static void ranges_give_that_part(void **state)
{
    static const struct {
        int64_t offset, length, expected;
    } ranges[] = {{0, -1, 10000},
                  {0, 1, 1},
                  {1, 1, 1},
                  {4095, 4098, 4098},
                  {9999, 1, 1},
                  {9999, -1, 1},
                  {9000, 5000, 1000},
                  {0, 0, 0},
                  {10000, -1, 0},
                  {10000, 5, 0},
                  {20000, -1, 0},
                  {20000, 5, 0},
                  {0, INT64_MAX, 10000},
                  {5000, INT64_MAX, 5000},
                  {INT64_MAX, 1, 0}};
    struct fixture *fixture = *state;
    must_put(fixture, "k", 10000, 1);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        pxm_stream *stream = NULL;
        pxm_status status = store_get(fixture, "k", ranges[i].offset, ranges[i].length, NULL, &stream);
        assert_status(fixture, status, PXM_OK);
        assert_int_equal(field_int(fixture, "bytes"), 10000);
        assert_body(fixture, stream, 1, ranges[i].offset, ranges[i].expected);
    }
}

static void ranges_cannot_start_before_the_object(void **state)
{
    struct fixture *fixture = *state;
    pxm_stream *stream = NULL;
    must_put(fixture, "k", 10, 1);
    assert_failed(fixture, store_get(fixture, "k", -1, -1, NULL, &stream), PXM_E_INVALID, "store.bad_range");
    assert_failed(fixture, store_get(fixture, "k", 0, -2, NULL, &stream), PXM_E_INVALID, "store.bad_range");
    assert_null(stream);
}

/* ---- absence ---- */

static void what_is_not_there_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    pxm_stream *stream = NULL;
    must_put(fixture, "there/k", 10, 1);
    static const char *const missing[] = {"k", "there/other", "other/k", "there", "there/k/below"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        must_not_have(fixture, missing[i]);
        assert_failed(fixture, store_get(fixture, missing[i], 0, -1, NULL, &stream), PXM_E_NOT_FOUND,
                      "store.not_found");
        assert_null(stream);
        assert_status(fixture, store_remove(fixture, missing[i]), PXM_OK);
        assert_false(field_bool(fixture, "removed"));
    }
    must_have(fixture, "there/k", 10, 1);
}

static void removed_objects_are_gone(void **state)
{
    struct fixture *fixture = *state;
    must_put(fixture, "a/b/c", 10, 1);
    assert_status(fixture, store_remove(fixture, "a/b/c"), PXM_OK);
    assert_true(field_bool(fixture, "removed"));
    must_not_have(fixture, "a/b/c");
    must_be_empty(fixture);
    must_put(fixture, "a/b/c", 20, 2);
    must_have(fixture, "a/b/c", 20, 2);
}

static void a_stream_outlives_the_object(void **state)
{
    struct fixture *fixture = *state;
    pxm_stream *stream = NULL;
    must_put(fixture, "k", 300000, 1);
    assert_status(fixture, store_get(fixture, "k", 0, -1, NULL, &stream), PXM_OK);
    must_put(fixture, "k", 10, 2);
    assert_status(fixture, store_remove(fixture, "k"), PXM_OK);
    assert_body(fixture, stream, 1, 0, 300000);
}

int storage_objects_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(put_describes_the_object, driver),
        FIXTURE_TEST(an_object_may_have_no_bytes, driver),
        FIXTURE_TEST(large_bodies_come_back_whole, driver),
        FIXTURE_TEST(the_size_of_a_body_need_not_be_known, driver),
        FIXTURE_TEST(a_body_may_be_a_blob_in_memory, driver),
        FIXTURE_TEST(a_body_may_be_a_blob_over_a_file, driver),
        FIXTURE_TEST(attributes_come_back, driver),
        FIXTURE_TEST(attributes_that_would_break_a_header_are_refused, driver),
        FIXTURE_TEST(put_replaces_the_whole_object, driver),
        FIXTURE_TEST(put_if_absent_leaves_the_first_object, driver),
        FIXTURE_TEST(of_many_put_if_absent_exactly_one_creates, driver),
        FIXTURE_TEST(get_if_match_wants_the_same_object, driver),
        FIXTURE_TEST(ranges_give_that_part, driver),
        FIXTURE_TEST(ranges_cannot_start_before_the_object, driver),
        FIXTURE_TEST(what_is_not_there_is_not_found, driver),
        FIXTURE_TEST(removed_objects_are_gone, driver),
        FIXTURE_TEST(a_stream_outlives_the_object, driver),
    };
    return cmocka_run_group_tests_name("storage: objects", tests, NULL, NULL);
}

int conformance_storage(struct conformance_driver *driver)
{
    return storage_objects_tests(driver) + storage_keys_tests(driver) + storage_list_tests(driver) +
           storage_faults_tests(driver);
}
