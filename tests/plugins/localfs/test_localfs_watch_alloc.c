/* Watching while every allocation fails in turn: a dropped file is told by the next call that can, and taken only by
 * one that said so. The plugin is linked in. */
#include "alloc_sweep.h"
#include "conformance/storage.h"
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct pxm_plugin *pxm_plugin_localfs(void);

enum { BYTES = 1000, FILES = 2 };

struct bench {
    struct place place; /* its unit is the one that is linked in */
    struct conformance_driver driver;
    struct fixture *fixture;
};

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    char folder[] = "localfs-XXXXXX";
    assert_non_null(bench);
    assert_non_null(mkdtemp(folder));
    bench->place.unit = bench->driver.unit = pxm_plugin_localfs()->units[0];
    snprintf(bench->place.root, sizeof bench->place.root, "%s", folder);
    bench->place.config = conformance_config(bench->place.unit);
    conformance_set_string(bench->place.unit, bench->place.config, "root", bench->place.root);
    bench->fixture = fixture_new(&bench->driver, NULL);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    place_clear(bench->place.root);
    fixture_free(bench->fixture);
    free(bench->place.config);
    free(bench);
    return 0;
}

static pxm_status watch(const struct bench *bench, void *self, const pxm_value *taken, pxm_value *fields)
{
    const struct pxm_storage_ops *ops = bench->place.unit->ops;
    const struct pxm_watch asked = {
        .struct_size = sizeof asked, .prefix = "inbox/", .limit = FILES, .wait_ms = 0, .taken = taken};
    return ops->watch(self, &bench->fixture->job, &asked, fields, bench->fixture->error);
}

static size_t count_items(const struct bench *bench, const pxm_value *fields)
{
    return bench->fixture->host->value_count(bench->fixture->host->value_get(fields, "items"));
}

/* How many files a fresh instance still tells. */
static size_t count_left(struct bench *bench)
{
    const struct pxm_host *host = bench->fixture->host;
    void *self = NULL;
    pxm_value *fields = host->value_record();
    assert_int_equal(bench->place.unit->create(host, bench->place.config, &self, bench->fixture->error), PXM_OK);
    assert_int_equal(watch(bench, self, NULL, fields), PXM_OK);
    size_t left = count_items(bench, fields);
    bench->place.unit->destroy(self);
    host->value_unref(fields);
    return left;
}

static void drop_new_files(struct bench *bench)
{
    char key[32];
    for (uint32_t i = 0; i < FILES; i++) {
        snprintf(key, sizeof key, "inbox/%s%u", i ? "deep/" : "", i);
        place_drop(&bench->place, key, BYTES, i);
    }
}

/* Tells and takes all; *ret_taken: the call that took them said so. */
static pxm_status tell_and_take(struct bench *bench, void *self, pxm_value *told, pxm_value *after, bool *ret_taken)
{
    pxm_status status = watch(bench, self, NULL, told);
    if (status == PXM_OK) {
        status = watch(bench, self, bench->fixture->host->value_get(told, "items"), after);
        *ret_taken = status == PXM_OK && count_items(bench, told) == FILES;
    }
    return status;
}

static int drop_tell_and_take(void *arg)
{
    struct bench *bench = arg;
    const struct pxm_host *host = bench->fixture->host;
    void *self = NULL;
    bool taken = false;
    alloc_pause(true);
    drop_new_files(bench);
    alloc_pause(false);
    pxm_error_clear(bench->fixture->error);
    pxm_value *told = host->value_record(), *after = host->value_record();
    pxm_status status = PXM_E_NO_MEMORY;
    bool asked = told && after;
    if (asked) {
        status = bench->place.unit->create(host, bench->place.config, &self, bench->fixture->error);
    }
    if (status == PXM_OK) {
        status = tell_and_take(bench, self, told, after, &taken);
        bench->place.unit->destroy(self);
    }
    alloc_pause(true);
    size_t left = count_left(bench);
    bool told_error = !asked || bench->fixture->error->code[0] != '\0';
    host->value_unref(told);
    host->value_unref(after);
    alloc_pause(false);
    if (taken ? left != 0 : status == PXM_OK && left == 0) {
        return ALLOC_FALSE;
    }
    return taken ? ALLOC_SUCCESS : status == PXM_OK || told_error ? ALLOC_FAILURE : ALLOC_FALSE;
}

static void every_allocation_fails_once(void **state)
{
    alloc_sweep("told and taken", drop_tell_and_take, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_fails_once, setup, teardown),
    };
    return cmocka_run_group_tests_name("localfs: watch and allocations", tests, NULL, NULL);
}
