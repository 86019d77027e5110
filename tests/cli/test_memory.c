/* The memory drivers do what every store, table and queue does. */
#include "conformance/metadata.h"
#include "conformance/queue.h"
#include "conformance/storage.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- instances for the suites ---- */

struct world {
    const struct pxm_unit *unit;
    void *config; /* of the place that was opened last */
    char place[32];
    int places, instances;
    pxm_value *indexes; /* NULL: a unit without */
};

static void *open_instance(struct world *world)
{
    pxm_error *error = pxm_error_new();
    void *self = NULL;

    assert_int_equal(world->unit->create(conformance_host(), world->config, &self, error), PXM_OK);
    pxm_error_free(error);
    world->instances++;
    return self;
}

static void *open_new(void *arg)
{
    struct world *world = arg;

    snprintf(world->place, sizeof world->place, "place %d", world->places++);
    world->config = conformance_config(world->unit);
    conformance_set_string(world->unit, world->config, "place", world->place);
    if (world->indexes) {
        conformance_set_string(world->unit, world->config, "key", "id");
        conformance_set_list(world->unit, world->config, "indexes", world->indexes);
    }
    return open_instance(world);
}

static void *open_again(void *arg)
{
    return open_instance(arg);
}

static void close_instance(void *arg, void *self)
{
    struct world *world = arg;

    world->unit->destroy(self);
    world->instances--;
}

static void finish(void *arg)
{
    struct world *world = arg;

    assert_int_equal(world->instances, 0);
    free(world->config);
    world->config = NULL;
}

static struct conformance_driver driver_of(struct world *world)
{
    return (struct conformance_driver){.unit = world->unit,
                                       .open = open_new,
                                       .open_again = open_again,
                                       .close = close_instance,
                                       .finish = finish,
                                       .arg = world};
}

static int run_storage(void)
{
    struct world world = {.unit = &memory_store_unit};
    struct conformance_driver driver = driver_of(&world);

    return conformance_storage(&driver);
}

static int run_metadata(void)
{
    static const char *const fields[] = {"owner", "tags", "rank"};
    const struct pxm_host *host = conformance_host();
    struct world world = {.unit = &memory_table_unit, .indexes = host->value_list()};
    struct conformance_driver driver = driver_of(&world);

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        host->value_append(world.indexes, host->value_string(fields[i], strlen(fields[i])));
    }
    int failed = conformance_metadata(&driver);
    host->value_unref(world.indexes);
    return failed;
}

static int run_queue(void)
{
    struct world world = {.unit = &memory_queue_unit};
    struct conformance_driver driver = driver_of(&world);

    static const struct queue_traits traits = {.limits_attempts = false};
    return conformance_queue(&driver, &traits);
}

/* ---- what is the memory drivers' own ---- */

static void stores_without_a_place_share_nothing(void **state)
{
    struct world world = {.unit = &memory_store_unit, .config = conformance_config(&memory_store_unit)};
    struct conformance_driver driver = driver_of(&world);
    struct fixture *one = fixture_new(&driver, open_instance(&world));
    struct fixture *other = fixture_new(&driver, open_instance(&world));

    (void)state;
    must_put(one, "k", 10, 1);
    must_be_empty(other);
    close_instance(&world, one->self);
    close_instance(&world, other->self);
    fixture_free(one);
    fixture_free(other);
    free(world.config);
}

static pxm_status presign(struct fixture *fixture, const char *method, pxm_value *meta)
{
    const struct pxm_storage_ops *ops = fixture->ops;
    const struct pxm_presign asked = {.struct_size = sizeof asked,
                                      .method = method,
                                      .key = "k",
                                      .expires_ms = 1000,
                                      .content_type = "image/png",
                                      .bytes_max = PXM_UNSET_INT,
                                      .meta = meta};

    fixture_next(fixture);
    pxm_status status = ops->presign(fixture->self, &fixture->job, &asked, fixture->fields, fixture->error);
    fixture->host->value_unref(meta);
    return status;
}

static void what_an_upload_must_be_stored_with_is_told_in_headers(void **state)
{
    struct world world = {.unit = &memory_store_unit, .config = conformance_config(&memory_store_unit)};
    struct conformance_driver driver = driver_of(&world);
    struct fixture *fixture = fixture_new(&driver, open_instance(&world));
    char longest[2100];

    (void)state;
    assert_status(fixture, presign(fixture, "PUT", json_value("{'name': 'K\xc3\xa4se.jpg'}")), PXM_OK);
    assert_field_json(fixture, "headers", "{'content-type': 'image/png', 'x-amz-meta-name': 'K\xc3\xa4se.jpg'}");
    assert_status(fixture, presign(fixture, "GET", json_value("{}")), PXM_OK);
    assert_failed(fixture, presign(fixture, "GET", json_value("{'name': 'a'}")), PXM_E_INVALID, "store.unsupported");
    assert_failed(fixture, presign(fixture, "PUT", json_value("{'name': 1}")), PXM_E_INVALID, "store.bad_meta");
    snprintf(longest, sizeof longest, "{'name': '%02045d'}", 0);
    assert_failed(fixture, presign(fixture, "PUT", json_value(longest)), PXM_E_INVALID, "store.bad_meta");
    close_instance(&world, fixture->self);
    fixture_free(fixture);
    free(world.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stores_without_a_place_share_nothing),
                                       cmocka_unit_test(what_an_upload_must_be_stored_with_is_told_in_headers)};

    return run_storage() + run_metadata() + run_queue() + cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
