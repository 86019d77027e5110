/* The driver over the gate, its config, and what it must not show. */
#include "aws-gate/place.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const struct place_kind *kind;
    const struct pxm_unit *unit;
    void *config;
} place;

/* ---- its instances ---- */

static void set_defaults(void)
{
    void *config = conformance_config(place.unit);
    memcpy(place.config, config, place.unit->config_size);
    free(config);
    place.kind->set_options(place.unit, place.config);
    conformance_set_string(place.unit, place.config, "access_key", GATE_KEY);
    conformance_set_string(place.unit, place.config, "secret_key", GATE_SECRET);
}

void *place_open(void)
{
    void *self = NULL;
    pxm_error *error = pxm_error_new();
    if (place.unit->create(conformance_host(), place.config, &self, error) != PXM_OK) {
        fail_msg("create: %s", error->text);
    }
    pxm_error_free(error);
    return self;
}

static void *open_new(void *arg)
{
    (void)arg;
    gate_reset();
    if (place.kind->begin) {
        place.kind->begin();
    }
    set_defaults();
    void *self = place_open();
    if (place.kind->made) {
        place.kind->made(self);
    }
    return self;
}

static void *open_again(void *arg)
{
    (void)arg;
    return place_open();
}

static void close_instance(void *arg, void *self)
{
    (void)arg;
    place.unit->destroy(self);
}

static void finish(void *arg)
{
    (void)arg;
    if (place.kind->finish) {
        place.kind->finish();
    }
}

void *place_config(void)
{
    return place.config;
}

void place_reopen(struct fixture *fixture)
{
    place.unit->destroy(fixture->self);
    fixture->self = place_open();
}

void place_set(struct fixture *fixture, const char *option, const char *value)
{
    conformance_set_string(place.unit, place.config, option, value);
    place_reopen(fixture);
}

void place_defaults(struct fixture *fixture)
{
    set_defaults();
    place_reopen(fixture);
}

/* ---- what the gate saw ---- */

void place_forget(void)
{
    gate_settings("{'forget_faults':true}");
}

size_t place_requests(const char *operation)
{
    const struct pxm_host *host = conformance_host();
    pxm_value *state = gate_state();
    const pxm_value *log = host->value_get(state, "log");
    size_t count = 0;
    for (size_t i = 0; i < host->value_count(log); i++) {
        const pxm_value *headers = host->value_get(host->value_at(log, i), "headers");
        const char *target = host->value_as_string(host->value_get(headers, "x-amz-target"), NULL);
        const char *dot = strchr(target, '.');
        count += dot && strcmp(dot + 1, operation) == 0;
    }
    host->value_unref(state);
    return count;
}

/* ---- secrets ---- */

static bool has_secret(const char *text)
{
    static const char *const secrets[] = {"gate-secret",   "gate-token", "gate-old-token", "gate-container-token",
                                          "gate-identity", "Signature=", "Credential="};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        if (strstr(text, secrets[i])) {
            return true;
        }
    }
    return false;
}

void assert_no_secret(const char *text)
{
    if (has_secret(text)) {
        fail_msg("a secret is shown: %s", text);
    }
}

void assert_fault(const struct fixture *fixture, pxm_status status, pxm_status expected, const char *code,
                  const char *word)
{
    assert_failed(fixture, status, expected, code);
    assert_no_secret(fixture->error->text);
    if (!strstr(fixture->error->text, word)) {
        fail_msg("\"%s\" does not say \"%s\"", fixture->error->text, word);
    }
    for (size_t i = 0; i < fixture->error->note_count; i++) {
        assert_no_secret(fixture->error->notes[i].value);
    }
}

/* Called from the threads of a test, which cmocka cannot fail. */
static void look_at_log(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    if (has_secret(entry->text)) {
        fprintf(stderr, "a secret is logged: %s\n", entry->text);
        abort();
    }
}

/* ---- the driver ---- */

static void forget_config(void)
{
    free(place.config);
}

struct conformance_driver *place_driver_of(const struct place_kind *kind)
{
    static struct conformance_driver driver = {
        .open = open_new, .open_again = open_again, .close = close_instance, .finish = finish};
    if (!place.kind) {
        pxm_log_set_sink(look_at_log, NULL, PXM_LOG_DEBUG);
        place.kind = kind;
        place.unit = conformance_load(kind->module, kind->iface);
        place.config = conformance_config(place.unit);
        driver.unit = place.unit;
        atexit(forget_config);
    }
    return &driver;
}
