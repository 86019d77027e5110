/* The memory drivers do what every store and table does; and the memory queue, what the interface says of queues. */
#include "conformance/metadata.h"
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

/* ---- queues ---- */

struct queue { /* an instance whose clock the test turns */
    struct fixture *fixture;
    struct conformance_driver driver;
    struct world world;
    struct pxm_host_impl impl;
    struct pxm_host host;
    void *config;
};

static const struct pxm_queue_ops *queue_ops(const struct queue *queue)
{
    return queue->fixture->ops;
}

static int queue_setup(void **state)
{
    struct queue *queue = calloc(1, sizeof *queue);
    pxm_error *error = pxm_error_new();
    void *self = NULL;

    assert_non_null(queue);
    queue->world.unit = &memory_queue_unit;
    queue->driver = driver_of(&queue->world);
    queue->config = conformance_config(&memory_queue_unit);
    queue->fixture = fixture_new(&queue->driver, NULL);
    queue->impl = (struct pxm_host_impl){.name = "queue", .clock = &queue->fixture->clock};
    pxm_host_init(&queue->host, &queue->impl);
    assert_int_equal(memory_queue_unit.create(&queue->host, queue->config, &self, error), PXM_OK);
    queue->fixture->self = self;
    pxm_error_free(error);
    *state = queue;
    return 0;
}

static int queue_teardown(void **state)
{
    struct queue *queue = *state;

    memory_queue_unit.destroy(queue->fixture->self);
    fixture_free(queue->fixture);
    free(queue->config);
    free(queue);
    return 0;
}

static pxm_status send(struct queue *queue, const char *body, int64_t delay_ms, const char *dedupe_id)
{
    pxm_value *value = json_value(body);
    const struct pxm_message message = {
        .struct_size = sizeof message, .body = value, .delay_ms = delay_ms, .dedupe_id = dedupe_id};

    fixture_next(queue->fixture);
    pxm_status status = queue_ops(queue)->send(queue->fixture->self, &queue->fixture->job, &message,
                                               queue->fixture->fields, queue->fixture->error);
    queue->host.value_unref(value);
    return status;
}

/* How many came; the receipt of the first is kept. */
static size_t receive(struct queue *queue, int64_t max, char receipt[64])
{
    const struct pxm_receive wanted = {.struct_size = sizeof wanted, .max = max, .lease_ms = 1000};
    struct fixture *fixture = queue->fixture;

    fixture_next(fixture);
    assert_status(fixture,
                  queue_ops(queue)->receive(fixture->self, &fixture->job, &wanted, fixture->fields, fixture->error),
                  PXM_OK);
    const pxm_value *items = queue->host.value_get(fixture->fields, "items");
    const pxm_value *first = queue->host.value_at(items, 0);
    snprintf(receipt, 64, "%s",
             first ? queue->host.value_as_string(queue->host.value_get(first, "receipt"), NULL) : "");
    return queue->host.value_count(items);
}

static pxm_status settle(struct queue *queue, const char *receipt, uint32_t outcome, int64_t delay_ms)
{
    const struct pxm_settle settled = {
        .struct_size = sizeof settled, .outcome = outcome, .receipt = receipt, .delay_ms = delay_ms};

    fixture_next(queue->fixture);
    return queue_ops(queue)->settle(queue->fixture->self, &queue->fixture->job, &settled, queue->fixture->error);
}

static void assert_depth(struct queue *queue, int64_t ready, int64_t delayed, int64_t leased, int64_t dead)
{
    struct fixture *fixture = queue->fixture;

    fixture_next(fixture);
    assert_status(fixture, queue_ops(queue)->depth(fixture->self, &fixture->job, fixture->fields, fixture->error),
                  PXM_OK);
    assert_int_equal(field_int(fixture, "ready"), ready);
    assert_int_equal(field_int(fixture, "delayed"), delayed);
    assert_int_equal(field_int(fixture, "leased"), leased);
    assert_int_equal(field_int(fixture, "dead"), dead);
}

static void pass(struct queue *queue, int64_t ms)
{
    atomic_fetch_add(&queue->fixture->now_ms, ms);
}

static void what_is_settled_is_gone(void **state)
{
    struct queue *queue = *state;
    char receipt[64];

    assert_status(queue->fixture, send(queue, "{'n': 1}", 0, NULL), PXM_OK);
    assert_int_equal(receive(queue, 10, receipt), 1);
    assert_field_json(queue->fixture, "items",
                      "[{'id': '1', 'receipt': '1.1', 'body': {'n': 1}, 'attempts': 1, 'sent_at': 0}]");
    assert_depth(queue, 0, 0, 1, 0);
    assert_status(queue->fixture, settle(queue, receipt, PXM_SETTLE_DONE, 0), PXM_OK);
    assert_depth(queue, 0, 0, 0, 0);
    assert_status(queue->fixture, settle(queue, receipt, PXM_SETTLE_DONE, 0), PXM_E_NOT_FOUND);
    assert_string_equal(queue->fixture->error->code, "queue.lost_lease");
}

static void a_message_whose_lease_ends_comes_again(void **state)
{
    struct queue *queue = *state;
    char first[64];
    char second[64];

    assert_status(queue->fixture, send(queue, "1", 0, NULL), PXM_OK);
    assert_int_equal(receive(queue, 10, first), 1);
    pass(queue, 900);
    assert_int_equal(receive(queue, 10, second), 0);
    fixture_next(queue->fixture);
    assert_status(
        queue->fixture,
        queue_ops(queue)->extend(queue->fixture->self, &queue->fixture->job, first, 1000, queue->fixture->error),
        PXM_OK);
    pass(queue, 900);
    assert_int_equal(receive(queue, 10, second), 0);
    pass(queue, 200);
    assert_int_equal(receive(queue, 10, second), 1);
    assert_string_not_equal(first, second);
    assert_status(queue->fixture, settle(queue, first, PXM_SETTLE_DONE, 0), PXM_E_NOT_FOUND);
    assert_status(queue->fixture, settle(queue, second, PXM_SETTLE_DONE, 0), PXM_OK);
}

static void delayed_messages_wait_for_their_time(void **state)
{
    struct queue *queue = *state;
    char receipt[64];

    assert_status(queue->fixture, send(queue, "1", 5000, NULL), PXM_OK);
    assert_depth(queue, 0, 1, 0, 0);
    assert_int_equal(receive(queue, 10, receipt), 0);
    pass(queue, 5000);
    assert_int_equal(receive(queue, 10, receipt), 1);
    assert_status(queue->fixture, settle(queue, receipt, PXM_SETTLE_RETRY, 3000), PXM_OK);
    assert_depth(queue, 0, 1, 0, 0);
    pass(queue, 3000);
    assert_int_equal(receive(queue, 10, receipt), 1);
    assert_string_equal(receipt, "1.2");
}

static void what_was_sent_once_is_not_sent_again(void **state)
{
    struct queue *queue = *state;

    assert_status(queue->fixture, send(queue, "1", 0, "same"), PXM_OK);
    assert_string_equal(field_text(queue->fixture, "id"), "1");
    assert_status(queue->fixture, send(queue, "2", 0, "same"), PXM_OK);
    assert_string_equal(field_text(queue->fixture, "id"), "1");
    assert_status(queue->fixture, send(queue, "2", 0, "other"), PXM_OK);
    assert_depth(queue, 2, 0, 0, 0);
}

static void dead_letters_are_listed_sent_again_or_discarded(void **state)
{
    struct queue *queue = *state;
    struct fixture *fixture = queue->fixture;
    const struct pxm_queue_ops *ops = queue_ops(queue);
    char receipt[64];

    for (int i = 0; i < 3; i++) {
        assert_status(fixture, send(queue, "{'n': 1}", 0, NULL), PXM_OK);
        assert_int_equal(receive(queue, 1, receipt), 1);
        assert_status(fixture, settle(queue, receipt, PXM_SETTLE_DEAD, 0), PXM_OK);
    }
    assert_depth(queue, 0, 0, 0, 3);
    fixture_next(fixture);
    assert_status(fixture, ops->dead(fixture->self, &fixture->job, NULL, 2, fixture->fields, fixture->error), PXM_OK);
    assert_int_equal(queue->host.value_count(queue->host.value_get(fixture->fields, "items")), 2);
    assert_string_equal(field_text(fixture, "cursor"), "2");
    fixture_next(fixture);
    assert_status(fixture, ops->dead(fixture->self, &fixture->job, "2", 2, fixture->fields, fixture->error), PXM_OK);
    assert_int_equal(queue->host.value_count(queue->host.value_get(fixture->fields, "items")), 1);
    assert_field_null(fixture, "cursor");
    assert_status(fixture, ops->redrive(fixture->self, &fixture->job, "2", fixture->error), PXM_OK);
    assert_status(fixture, ops->discard(fixture->self, &fixture->job, "3", fixture->error), PXM_OK);
    assert_status(fixture, ops->discard(fixture->self, &fixture->job, "3", fixture->error), PXM_E_NOT_FOUND);
    assert_depth(queue, 1, 0, 0, 1);
}

static void bodies_have_a_greatest_size(void **state)
{
    struct queue *queue = *state;
    size_t length = (256 << 10) + 8;
    char *body = malloc(length + 1);

    assert_non_null(body);
    memset(body, 'x', length);
    body[0] = body[length - 1] = '\'';
    body[length] = '\0';
    assert_failed(queue->fixture, send(queue, body, 0, NULL), PXM_E_LIMIT, "queue.too_large");
    free(body);
}

#define QUEUE_TEST(function) cmocka_unit_test_setup_teardown(function, queue_setup, queue_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_without_a_place_share_nothing),
        QUEUE_TEST(what_is_settled_is_gone),
        QUEUE_TEST(a_message_whose_lease_ends_comes_again),
        QUEUE_TEST(delayed_messages_wait_for_their_time),
        QUEUE_TEST(what_was_sent_once_is_not_sent_again),
        QUEUE_TEST(dead_letters_are_listed_sent_again_or_discarded),
        QUEUE_TEST(bodies_have_a_greatest_size),
    };

    return run_storage() + run_metadata() + cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
