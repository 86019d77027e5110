/* Storage: what fails leaves nothing, and nobody ever sees half of anything. */
#include "conformance/storage.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 2 << 20, RACE_BYTES = 300000, ROUNDS = 60, READERS = 4 };

static void pass_deadline(void *arg)
{
    struct fixture *fixture = arg;
    atomic_store(&fixture->now_ms, fixture->job.deadline_ms);
}

static void cancel(void *arg)
{
    struct fixture *fixture = arg;
    atomic_store(&fixture->cancelled, true);
}

static void recover(struct fixture *fixture)
{
    atomic_store(&fixture->now_ms, 0);
    atomic_store(&fixture->cancelled, false);
}

/* The put fails; afterwards nothing is there, or what was there before. */
static void assert_put_leaves_all_as_it_was(struct fixture *fixture, const struct body_plan *plan, pxm_status expected)
{
    assert_status(fixture, store_put(fixture, "new/k", plan, 0), expected);
    assert_int_equal(fixture->host->value_count(fixture->fields), 0);
    recover(fixture);
    assert_status(fixture, store_put(fixture, "new/k", plan, PXM_PUT_IF_ABSENT), expected);
    recover(fixture);
    must_be_empty(fixture);
    must_put(fixture, "k", 100, 9);
    assert_status(fixture, store_put(fixture, "k", plan, 0), expected);
    recover(fixture);
    must_have(fixture, "k", 100, 9);
}

static void a_deadline_within_the_body_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    plan.stop_at = BODY_BYTES / 2;
    plan.stop = pass_deadline;
    plan.arg = fixture;
    assert_put_leaves_all_as_it_was(fixture, &plan, PXM_E_TIMEOUT);
}

static void a_cancel_within_the_body_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    plan.stop_at = BODY_BYTES / 2;
    plan.stop = cancel;
    plan.arg = fixture;
    pxm_stream *body = body_stream(&plan);
    struct pxm_put put = {.struct_size = sizeof put, .key = "k", .body = body};
    pxm_status status = store_put_with(fixture, &put);
    fixture->host->stream_close(body);
    assert_true(status == PXM_E_CANCELLED || status == PXM_E_TIMEOUT);
    recover(fixture);
    must_be_empty(fixture);
}

static void a_body_that_fails_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    plan.fail_at = BODY_BYTES - 1;
    assert_put_leaves_all_as_it_was(fixture, &plan, PXM_E_TRANSIENT);
    assert_status(fixture, store_put(fixture, "other", &plan, 0), PXM_E_TRANSIENT);
    assert_string_equal(fixture->error->code, "test.reset");
    plan.fail_at = 0;
    assert_status(fixture, store_put(fixture, "other", &plan, 0), PXM_E_TRANSIENT);
    must_not_have(fixture, "other");
}

static void a_body_of_another_size_than_announced_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(BODY_BYTES, 1);
    plan.announced = BODY_BYTES + 1;
    assert_put_leaves_all_as_it_was(fixture, &plan, PXM_E_INVALID);
    plan.announced = BODY_BYTES - 1;
    assert_failed(fixture, store_put(fixture, "other", &plan, 0), PXM_E_INVALID, "store.truncated");
    must_not_have(fixture, "other");
}

/* ---- readers while writers replace ---- */

struct traffic {
    struct fixture *fixtures[READERS + 1];
    atomic_bool done;
    atomic_int reads;
};

/* Contents differ in every byte and in length, so a mix shows; the first byte tells which it is. */
static void assert_whole(struct fixture *fixture, pxm_stream *stream)
{
    int64_t bytes = field_int(fixture, "bytes");
    uint32_t seed = (uint32_t)(bytes - RACE_BYTES);
    assert_true(seed < ROUNDS);
    assert_body(fixture, stream, seed, 0, bytes);
}

static void read_or_write(void *arg, int index)
{
    struct traffic *traffic = arg;
    struct fixture *fixture = traffic->fixtures[index];
    uint32_t rounds = (uint32_t)conformance_rounds(fixture->driver, ROUNDS);
    if (index == READERS) {
        for (uint32_t round = 1; round < rounds; round++) {
            must_put(fixture, "k", RACE_BYTES + round, round);
        }
        atomic_store(&traffic->done, true);
        return;
    }
    do {
        pxm_stream *stream = NULL;
        assert_status(fixture, store_get(fixture, "k", 0, -1, NULL, &stream), PXM_OK);
        assert_whole(fixture, stream);
        atomic_fetch_add(&traffic->reads, 1);
    } while (!atomic_load(&traffic->done));
}

static void readers_see_the_old_or_the_new_object_never_a_mix(void **state)
{
    struct fixture *fixture = *state;
    struct traffic traffic = {0};
    must_put(fixture, "k", RACE_BYTES, 0);
    for (int i = 0; i <= READERS; i++) {
        traffic.fixtures[i] = fixture_new(fixture->driver, fixture->self);
    }
    run_threads(READERS + 1, read_or_write, &traffic);
    for (int i = 0; i <= READERS; i++) {
        fixture_free(traffic.fixtures[i]);
    }
    assert_true(atomic_load(&traffic.reads) >= READERS);
    uint32_t last = (uint32_t)conformance_rounds(fixture->driver, ROUNDS) - 1;
    must_have(fixture, "k", RACE_BYTES + last, last);
}

/* ---- puts and removes in one folder ---- */

static void put_and_remove(void *arg, int index)
{
    struct traffic *traffic = arg;
    struct fixture *fixture = traffic->fixtures[index];
    char key[] = "shared/folder/k0";
    key[sizeof key - 2] = (char)('0' + index);
    uint32_t rounds = (uint32_t)conformance_rounds(fixture->driver, ROUNDS);
    for (uint32_t round = 0; round < rounds; round++) {
        must_put(fixture, key, 100, round);
        must_have(fixture, key, 100, round);
        assert_status(fixture, store_remove(fixture, key), PXM_OK);
        assert_true(field_bool(fixture, "removed"));
        must_not_have(fixture, key);
    }
}

static void removing_one_object_never_loses_its_neighbour(void **state)
{
    struct fixture *fixture = *state;
    struct traffic traffic = {0};
    for (int i = 0; i < READERS; i++) {
        traffic.fixtures[i] = fixture_new(fixture->driver, fixture->self);
    }
    run_threads(READERS, put_and_remove, &traffic);
    for (int i = 0; i < READERS; i++) {
        fixture_free(traffic.fixtures[i]);
    }
    must_be_empty(fixture);
}

/* ---- several instances ---- */

static void another_instance_sees_the_same_objects(void **state)
{
    struct fixture *fixture = *state;
    struct conformance_driver *driver = fixture->driver;
    must_put(fixture, "a/k", 1000, 1);
    char *etag = strdup(field_text(fixture, "etag"));
    struct fixture *other = fixture_new(driver, driver->open_again(driver->arg));
    must_have(other, "a/k", 1000, 1);
    assert_string_equal(field_text(other, "etag"), etag);
    must_put(other, "a/k", 2000, 2);
    must_have(fixture, "a/k", 2000, 2);
    driver->close(driver->arg, other->self);
    fixture_free(other);
    free(etag);
}

int storage_faults_tests(struct conformance_driver *driver)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_deadline_within_the_body_leaves_nothing, driver),
        FIXTURE_TEST(a_cancel_within_the_body_leaves_nothing, driver),
        FIXTURE_TEST(a_body_that_fails_leaves_nothing, driver),
        FIXTURE_TEST(a_body_of_another_size_than_announced_leaves_nothing, driver),
        FIXTURE_TEST(readers_see_the_old_or_the_new_object_never_a_mix, driver),
        FIXTURE_TEST(removing_one_object_never_loses_its_neighbour, driver),
        FIXTURE_TEST(another_instance_sees_the_same_objects, driver),
    };
    return cmocka_run_group_tests_name("storage: faults", tests, NULL, NULL);
}
