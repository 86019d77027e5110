/* dynamodb when memory runs out, at each of its allocations: an operation succeeds, or says so, and leaves nothing
 * behind. The driver and what it shares with others are linked in, so that every allocation of theirs can fail. */
#include "alloc_scene.h"
#include "aws-gate/gate.h"
#include "base/value.h"
#include "conformance/metadata.h"

#include <stdlib.h>
#include <string.h>

const struct pxm_plugin *pxm_plugin_dynamodb(void);

/* Made before memory runs out. */
static struct {
    pxm_value *indexes, *set, *other, *expect, *equal;
} given;

static const struct pxm_unit *unit(void)
{
    return pxm_plugin_dynamodb()->units[0];
}

static const struct pxm_metadata_ops *ops(void)
{
    return unit()->ops;
}

static void *config_new(void)
{
    void *config = conformance_config(unit());
    const struct {
        const char *name, *value;
    } texts[] = {{"table", "Images"},        {"key", "id"},
                 {"index", "newest"},        {"endpoint", gate_table_url()},
                 {"region", "us-east-1"},    {"access_key", GATE_KEY},
                 {"secret_key", GATE_SECRET}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        conformance_set_string(unit(), config, texts[i].name, texts[i].value);
    }
    conformance_set_list(unit(), config, "indexes", given.indexes);
    conformance_set_int(unit(), config, "shards", 2);
    return config;
}

static void sweep(const char *name, alloc_operation operation)
{
    void *config = config_new();
    alloc_scene(name, unit(), config, operation);
    free(config);
}

/* ---- operations ---- */

static pxm_status prepare(void *self, pxm_value *fields, pxm_error *error)
{
    return ops()->prepare(self, NULL, fields, error);
}

static pxm_status record(void *self, pxm_value *fields, pxm_error *error)
{
    struct pxm_record record = {.struct_size = sizeof record, .key = "k", .set = given.set, .expect = given.expect};
    return ops()->record(self, NULL, &record, fields, error);
}

static pxm_status record_other(void *self, pxm_value *fields, pxm_error *error)
{
    struct pxm_record record = {.struct_size = sizeof record, .key = "k", .set = given.other};
    pxm_status status = ops()->record(self, NULL, &record, fields, error);
    record.set = given.set;
    return status == PXM_OK ? ops()->record(self, NULL, &record, fields, error) : status;
}

static pxm_status lookup(void *self, pxm_value *fields, pxm_error *error)
{
    return ops()->lookup(self, NULL, "k", fields, error);
}

/* A page that lost an item must not pass for a whole one. */
static bool has_one_item(const pxm_value *fields)
{
    return conformance_host()->value_count(conformance_host()->value_get(fields, "items")) == 1;
}

static pxm_status query(void *self, pxm_value *fields, pxm_error *error)
{
    struct pxm_query first = {.struct_size = sizeof first, .field = "tags", .equal = given.equal, .limit = 1};
    pxm_value *page = conformance_host()->value_record();
    pxm_status status = page ? ops()->query(self, NULL, &first, page, error) : PXM_E_NO_MEMORY;
    first.cursor = conformance_host()->value_as_string(conformance_host()->value_get(page, "cursor"), NULL);
    if (status == PXM_OK && pxm_value_status(page) != PXM_OK) {
        status = PXM_E_NO_MEMORY;
    }
    if (status == PXM_OK) {
        bool had_one = has_one_item(page);
        status = ops()->query(self, NULL, &first, fields, error);
        bool is_whole = pxm_value_status(fields) != PXM_OK || (had_one && has_one_item(fields));
        status = status == PXM_OK && !is_whole ? PXM_E_INTERNAL : status;
    }
    conformance_host()->value_unref(page);
    return status;
}

static pxm_status erase(void *self, pxm_value *fields, pxm_error *error)
{
    return ops()->erase(self, NULL, "k", NULL, fields, error);
}

/* ---- tests ---- */

static int setup(void **state)
{
    (void)state;
    gate_reset();
    given.indexes = json_value("['tags', 'owner']");
    given.set = json_value("{'tags': ['a', 'b'], 'owner': 'o', 'n': 1, 'f': 0.5, 'l': [{'x': null}, true, 'e']}");
    given.other = json_value("{'tags': ['b', 'c'], 'owner': null}");
    given.expect = json_value("{'missing': null}");
    given.equal = json_value("'a'");
    return 0;
}

static int teardown(void **state)
{
    pxm_value *const values[] = {given.indexes, given.set, given.other, given.expect, given.equal};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        conformance_host()->value_unref(values[i]);
    }
    return 0;
}

static void make(const char *key)
{
    const struct pxm_host *host = conformance_host();
    void *config = config_new(), *self = NULL;
    pxm_error *error = pxm_error_new();
    pxm_value *fields = host->value_record();
    struct pxm_record record = {.struct_size = sizeof record, .key = key, .set = given.set};
    assert_int_equal(unit()->create(host, config, &self, error), PXM_OK);
    assert_int_equal(ops()->prepare(self, NULL, fields, error), PXM_OK);
    assert_int_equal(ops()->record(self, NULL, &record, fields, error), PXM_OK);
    unit()->destroy(self);
    host->value_unref(fields);
    pxm_error_free(error);
    free(config);
}

static void tables_survive_failing_allocations(void **state)
{
    (void)state;
    sweep("prepare", prepare);
}

static void items_survive_failing_allocations(void **state)
{
    (void)state;
    make("k");
    make("l");
    sweep("record", record);
    sweep("record another", record_other);
    sweep("lookup", lookup);
    sweep("query", query);
    sweep("erase", erase);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_survive_failing_allocations, setup, teardown),
        cmocka_unit_test_setup_teardown(items_survive_failing_allocations, setup, teardown),
    };
    return pxm_plugin_dynamodb()->load(conformance_host(), NULL) == PXM_OK
               ? cmocka_run_group_tests_name("dynamodb: allocations", tests, NULL, NULL)
               : 1;
}
