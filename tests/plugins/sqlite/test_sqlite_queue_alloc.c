/* A queue on which every allocation fails in turn, those of SQLite too: each operation succeeds or fails as it should,
 * and afterwards every message is where the last success left it. The plugin is linked in. */
#include "alloc_sweep.h"
#include "conformance/queue.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct pxm_plugin *pxm_plugin_sqlite(void);

enum { UNTOUCHED = 7, HEADER_BYTES = 16 };

/* ---- SQLite on allocations that can fail ---- */

/* The size of a block stands before it. */
static void *sized_malloc(int size)
{
    char *block = malloc((size_t)size + HEADER_BYTES);
    if (!block) {
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    return block + HEADER_BYTES;
}

static int sized_size(void *memory)
{
    int size = 0;
    if (memory) {
        memcpy(&size, (char *)memory - HEADER_BYTES, sizeof size);
    }
    return size;
}

static void sized_free(void *memory)
{
    if (memory) {
        free((char *)memory - HEADER_BYTES);
    }
}

static void *sized_realloc(void *memory, int size)
{
    char *block = realloc((char *)memory - HEADER_BYTES, (size_t)size + HEADER_BYTES);
    if (!block) {
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    return block + HEADER_BYTES;
}

static int round_up(int size)
{
    return (size + 7) & ~7;
}

static int start(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

static void stop(void *arg)
{
    (void)arg;
}

static void use_own_allocator(void)
{
    static const sqlite3_mem_methods methods = {.xMalloc = sized_malloc,
                                                .xFree = sized_free,
                                                .xRealloc = sized_realloc,
                                                .xSize = sized_size,
                                                .xRoundup = round_up,
                                                .xInit = start,
                                                .xShutdown = stop};
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
}

/* ---- the queue ---- */

struct bench {
    const struct pxm_unit *unit;
    char path[64];
    void *config;
    struct conformance_driver driver;
    struct fixture *fixture; /* without an instance of its own */
    pxm_value *body;
};

static void remove_file(const struct bench *bench)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char path[80];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(path, sizeof path, "%s%s", bench->path, suffixes[i]);
        unlink(path);
    }
}

static const struct pxm_unit *queue_unit(void)
{
    const struct pxm_plugin *plugin = pxm_plugin_sqlite();
    size_t i = 0;
    while (strcmp(plugin->units[i]->iface, PXM_IFACE_QUEUE) != 0) {
        i++;
    }
    return plugin->units[i];
}

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->unit = bench->driver.unit = queue_unit();
    /* Thousands of files are made, and none has to last. */
    snprintf(bench->path, sizeof bench->path, "%spixmill-alloc-%d.db", access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : "",
             (int)getpid());
    bench->config = conformance_config(bench->unit);
    conformance_set_string(bench->unit, bench->config, "path", bench->path);
    conformance_set_string(bench->unit, bench->config, "queue", "messages");
    conformance_set_int(bench->unit, bench->config, "max_attempts", QUEUE_ATTEMPTS_MAX);
    conformance_set_int(bench->unit, bench->config, "dedupe_window", 1000);
    conformance_set_int(bench->unit, bench->config, "busy_timeout", 0);
    bench->fixture = fixture_new(&bench->driver, NULL);
    bench->body = json_value("{'photo': ['a.jpg', 1, 2.5]}");
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    remove_file(bench);
    bench->fixture->host->value_unref(bench->body);
    fixture_free(bench->fixture);
    free(bench->config);
    free(bench);
    return 0;
}

static pxm_status open_queue(struct bench *bench)
{
    pxm_error_clear(bench->fixture->error);
    return bench->unit->create(bench->fixture->host, bench->config, &bench->fixture->self, bench->fixture->error);
}

static void close_queue(struct bench *bench)
{
    bench->unit->destroy(bench->fixture->self);
    bench->fixture->self = NULL;
}

/* ---- operations whose own values may fail, too ---- */

static pxm_status send(struct bench *bench, pxm_value *fields)
{
    const struct pxm_queue_ops *ops = bench->unit->ops;
    const struct pxm_message message = {.struct_size = sizeof message, .body = bench->body, .dedupe_id = "once"};
    return ops->send(bench->fixture->self, &bench->fixture->job, &message, fields, bench->fixture->error);
}

static pxm_status receive(struct bench *bench, pxm_value *fields, char receipt[RECEIPT_BYTES_MAX])
{
    const struct pxm_queue_ops *ops = bench->unit->ops;
    const struct pxm_host *host = bench->fixture->host;
    const struct pxm_receive asked = {.struct_size = sizeof asked, .max = 1, .lease_ms = QUEUE_LEASE_MS};
    pxm_status status = ops->receive(bench->fixture->self, &bench->fixture->job, &asked, fields, bench->fixture->error);
    const pxm_value *item = host->value_at(host->value_get(fields, "items"), 0);
    snprintf(receipt, RECEIPT_BYTES_MAX, "%s", host->value_as_string(host->value_get(item, "receipt"), NULL));
    return status;
}

static pxm_status settle(struct bench *bench, const char *receipt, uint32_t outcome)
{
    const struct pxm_queue_ops *ops = bench->unit->ops;
    const struct pxm_settle settled = {
        .struct_size = sizeof settled, .outcome = outcome, .receipt = receipt, .cause = bench->body};
    return ops->settle(bench->fixture->self, &bench->fixture->job, &settled, bench->fixture->error);
}

/* From sent to settled, by way of being a dead letter. *ret_done: how far it came. */
static pxm_status live_a_life(struct bench *bench, pxm_value *fields, int *ret_done)
{
    const struct pxm_queue_ops *ops = bench->unit->ops;
    struct fixture *fixture = bench->fixture;
    char receipt[RECEIPT_BYTES_MAX] = "";
    pxm_status status = PXM_OK;
    for (*ret_done = 0; status == PXM_OK && *ret_done < UNTOUCHED; *ret_done += status == PXM_OK) {
        switch (*ret_done) {
        case 0:
            status = send(bench, fields);
            break;
        case 1:
        case 5:
            status = receive(bench, fields, receipt);
            break;
        case 2:
            status = settle(bench, receipt, PXM_SETTLE_DEAD);
            break;
        case 3:
            status = ops->dead(fixture->self, &fixture->job, NULL, 10, fields, fixture->error);
            break;
        case 4:
            status = ops->redrive(fixture->self, &fixture->job, "1", fixture->error);
            break;
        default:
            status = settle(bench, receipt, PXM_SETTLE_DONE);
            break;
        }
    }
    return status;
}

/* Whether the file holds what `done` successful operations and a failed one leave: of the one that failed it is done or
 * not at all, as an answer can get lost on the way. No allocation fails meanwhile. */
static bool holds(struct bench *bench, int done)
{
    alloc_pause(true);
    struct fixture *own = fixture_new(&bench->driver, NULL);
    assert_status(own, bench->unit->create(own->host, bench->config, &own->self, own->error), PXM_OK);
    assert_status(own, queue_depth(own), PXM_OK);
    int64_t dead = field_int(own, "dead"), all = field_int(own, "ready") + field_int(own, "leased") + dead;
    bool before = all == (done == 0 || done == UNTOUCHED ? 0 : 1);
    bool after = all == (done == UNTOUCHED - 1 ? 0 : 1);
    bench->unit->destroy(own->self);
    fixture_free(own);
    alloc_pause(false);
    return (before || after) && (done != 3 || dead == 1);
}

static int live_on_a_new_file(void *arg)
{
    struct bench *bench = arg;
    pxm_value *fields = bench->fixture->host->value_record();
    int done = 0;
    remove_file(bench);
    if (!fields) {
        return ALLOC_FAILURE;
    }
    pxm_status status = open_queue(bench);
    bool opened = status == PXM_OK;
    if (opened) {
        status = live_a_life(bench, fields, &done);
        close_queue(bench);
    }
    bench->fixture->host->value_unref(fields);
    if (opened && !holds(bench, done)) {
        fprintf(stderr, "after %d operations the file does not hold what it should\n", done);
        return ALLOC_FALSE;
    }
    if (status == PXM_OK) {
        return ALLOC_SUCCESS;
    }
    return bench->fixture->error->code[0] ? ALLOC_FAILURE : ALLOC_FALSE;
}

static void every_allocation_fails_once(void **state)
{
    alloc_sweep("a message's life", live_on_a_new_file, *state);
}

int main(void)
{
    use_own_allocator();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_fails_once, setup, teardown),
    };
    return cmocka_run_group_tests_name("sqlite queue: allocations", tests, NULL, NULL);
}
