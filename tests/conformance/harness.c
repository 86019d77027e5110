/* Loads drivers, fills their config and gives tests their surroundings. */
#include "conformance/harness.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- drivers ---- */

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why ? why : "not there");
    exit(EXIT_FAILURE);
}

const struct pxm_unit *conformance_load(const char *module, const char *iface)
{
    char path[4096];
    pxm_plugin_entry_fn entry = NULL;
    snprintf(path, sizeof path, "%s/%s.so", PXM_TEST_PLUGINS, module);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = handle ? dlsym(handle, "pxm_plugin_entry") : NULL;
    if (!symbol) {
        give_up(path, dlerror());
    }
    memcpy(&entry, &symbol, sizeof entry);
    const struct pxm_plugin *plugin = entry();
    if (plugin->load && plugin->load(conformance_host(), NULL) != PXM_OK) {
        give_up(path, "cannot be started");
    }
    for (size_t i = 0; plugin->units[i]; i++) {
        if (strcmp(plugin->units[i]->iface, iface) == 0) {
            return plugin->units[i];
        }
    }
    give_up(path, "has no unit of this interface");
    return NULL;
}

static void unset(const struct pxm_option *option, char *field)
{
    static const int64_t no_int = PXM_UNSET_INT;
    static const double no_float = NAN;
    static const int32_t no_choice = -1;
    switch (option->type) {
    case PXM_OPT_INT:
    case PXM_OPT_SIZE:
    case PXM_OPT_DURATION:
        memcpy(field, &no_int, sizeof no_int);
        break;
    case PXM_OPT_FLOAT:
        memcpy(field, &no_float, sizeof no_float);
        break;
    case PXM_OPT_ENUM:
        memcpy(field, &no_choice, sizeof no_choice);
        break;
    case PXM_OPT_STRING:
        memcpy(field, &option->fallback, sizeof option->fallback);
        break;
    default:
        break;
    }
}

int conformance_rounds(const struct conformance_driver *driver, int count)
{
    return driver->thrift > 0 ? count / driver->thrift : count;
}

void *conformance_config(const struct pxm_unit *unit)
{
    char *config = calloc(1, unit->config_size);
    if (!config) {
        give_up("config", "no memory");
    }
    for (const struct pxm_option *option = unit->options; option && option->name; option++) {
        unset(option, config + option->offset);
    }
    return config;
}

static void set_field(const struct pxm_unit *unit, void *config, const char *name, const void *value, size_t size)
{
    for (const struct pxm_option *option = unit->options; option && option->name; option++) {
        if (strcmp(option->name, name) == 0) {
            memcpy((char *)config + option->offset, value, size);
            return;
        }
    }
    give_up(name, "no such option");
}

void conformance_set_string(const struct pxm_unit *unit, void *config, const char *option, const char *value)
{
    set_field(unit, config, option, &value, sizeof value);
}

void conformance_set_int(const struct pxm_unit *unit, void *config, const char *option, int64_t value)
{
    set_field(unit, config, option, &value, sizeof value);
}

void conformance_set_choice(const struct pxm_unit *unit, void *config, const char *option, int32_t value)
{
    set_field(unit, config, option, &value, sizeof value);
}

void conformance_set_list(const struct pxm_unit *unit, void *config, const char *option, const pxm_value *value)
{
    set_field(unit, config, option, &value, sizeof value);
}

static _Atomic int64_t passed_ms;

static int64_t host_wall_ms(void *arg)
{
    (void)arg;
    return pxm_clock_system.wall_ms(pxm_clock_system.arg) + atomic_load(&passed_ms);
}

static int64_t host_monotonic_ms(void *arg)
{
    (void)arg;
    return pxm_clock_system.monotonic_ms(pxm_clock_system.arg) + atomic_load(&passed_ms);
}

static void (*on_pass)(int64_t passed_ms);

void conformance_pass_ms(int64_t ms)
{
    int64_t passed = atomic_fetch_add(&passed_ms, ms) + ms;
    if (on_pass) {
        on_pass(passed);
    }
}

void conformance_on_pass(void (*passed)(int64_t passed_ms))
{
    on_pass = passed;
}

const struct pxm_host *conformance_host(void)
{
    static const struct pxm_clock clock = {.wall_ms = host_wall_ms, .monotonic_ms = host_monotonic_ms};
    static struct pxm_host_impl impl = {.name = "test", .clock = &clock};
    static struct pxm_host host;
    if (!host.impl) {
        pxm_host_init(&host, &impl);
    }
    return &host;
}

pxm_value *json_value(const char *json)
{
    pxm_value *value = NULL;
    pxm_error *error = pxm_error_new();
    char *text = strdup(json);
    assert_non_null(text);
    for (char *at = text; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    if (conformance_host()->value_from_json(text, strlen(text), &value, error) != PXM_OK) {
        fail_msg("%s: %s", text, error->text);
    }
    free(text);
    pxm_error_free(error);
    return value;
}

/* ---- fixtures ---- */

static int64_t clock_now(void *arg)
{
    struct fixture *fixture = arg;
    return atomic_load(&fixture->now_ms);
}

struct fixture *fixture_new(struct conformance_driver *driver, void *self)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->driver = driver;
    fixture->host = conformance_host();
    fixture->ops = driver->unit->ops;
    fixture->self = self;
    fixture->error = pxm_error_new();
    fixture->fields = fixture->host->value_record();
    fixture->clock = (struct pxm_clock){.wall_ms = clock_now, .monotonic_ms = clock_now, .arg = fixture};
    fixture->job = (struct pxm_job){
        .id = "test", .clock = &fixture->clock, .deadline_ms = 60000, .cancelled = &fixture->cancelled};
    pxm_limits_default(&fixture->job.limits);
    return fixture;
}

void fixture_free(struct fixture *fixture)
{
    fixture->host->value_unref(fixture->fields);
    pxm_error_free(fixture->error);
    free(fixture);
}

void fixture_next(struct fixture *fixture)
{
    fixture->host->value_unref(fixture->fields);
    fixture->fields = fixture->host->value_record();
    pxm_error_clear(fixture->error);
}

int fixture_setup(void **state)
{
    struct conformance_driver *driver = *state;
    *state = fixture_new(driver, driver->open(driver->arg));
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    struct conformance_driver *driver = fixture->driver;
    driver->close(driver->arg, fixture->self);
    fixture_free(fixture);
    driver->finish(driver->arg);
    return 0;
}

/* ---- assertions ---- */

void assert_status(const struct fixture *fixture, pxm_status status, pxm_status expected)
{
    if (status != expected) {
        fail_msg("status %d, not %d: %s: %s", status, expected, fixture->error->code, fixture->error->text);
    }
}

void assert_failed(const struct fixture *fixture, pxm_status status, pxm_status expected, const char *code)
{
    assert_status(fixture, status, expected);
    assert_string_equal(fixture->error->code, code);
    assert_true(fixture->error->text[0] != '\0');
    assert_int_equal(fixture->host->value_count(fixture->fields), 0);
}

const char *field_text(const struct fixture *fixture, const char *name)
{
    const pxm_value *value = fixture->host->value_get(fixture->fields, name);
    assert_non_null(value);
    return fixture->host->value_type(value) == PXM_TYPE_STRING ? fixture->host->value_as_string(value, NULL) : NULL;
}

int64_t field_int(const struct fixture *fixture, const char *name)
{
    const pxm_value *value = fixture->host->value_get(fixture->fields, name);
    assert_int_equal(fixture->host->value_type(value), PXM_TYPE_INT);
    return fixture->host->value_as_int(value);
}

int field_bool(const struct fixture *fixture, const char *name)
{
    const pxm_value *value = fixture->host->value_get(fixture->fields, name);
    assert_int_equal(fixture->host->value_type(value), PXM_TYPE_BOOL);
    return fixture->host->value_as_bool(value);
}

void assert_field_null(const struct fixture *fixture, const char *name)
{
    const pxm_value *value = fixture->host->value_get(fixture->fields, name);
    assert_non_null(value);
    assert_int_equal(fixture->host->value_type(value), PXM_TYPE_NULL);
}

void assert_field_json(const struct fixture *fixture, const char *name, const char *json)
{
    const pxm_value *found = fixture->host->value_get(fixture->fields, name);
    pxm_value *expected = json_value(json);
    if (!found || !fixture->host->value_equal(found, expected)) {
        pxm_blob *text = NULL;
        fixture->host->value_to_json(found, &text, fixture->error);
        fail_msg("%s is %s, not %s", name, text ? (const char *)fixture->host->blob_data(text, NULL) : "?", json);
    }
    fixture->host->value_unref(expected);
}

/* ---- threads ---- */

struct worker {
    void (*fn)(void *arg, int index);
    void *arg;
    int index;
    pthread_t thread;
};

static void *run_worker(void *arg)
{
    struct worker *worker = arg;
    worker->fn(worker->arg, worker->index);
    return NULL;
}

void run_threads(int count, void (*fn)(void *arg, int index), void *arg)
{
    struct worker *workers = calloc((size_t)count, sizeof *workers);
    assert_non_null(workers);
    for (int i = 0; i < count; i++) {
        workers[i] = (struct worker){.fn = fn, .arg = arg, .index = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]), 0);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    free(workers);
}
