/* Queues for tests of sqs. */
#include "place.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const struct pxm_unit *unit;
    void *config;
    int64_t passed_ms;
} place;

static void set_defaults(void)
{
    const struct pxm_unit *unit = place.unit;
    void *config = conformance_config(unit);
    memcpy(place.config, config, unit->config_size);
    free(config);
    conformance_set_string(unit, place.config, "queue", PLACE_QUEUE);
    conformance_set_string(unit, place.config, "endpoint", gate_queue_url());
    conformance_set_string(unit, place.config, "access_key", GATE_KEY);
    conformance_set_string(unit, place.config, "secret_key", GATE_SECRET);
}

static void *create(void)
{
    void *self = NULL;
    pxm_error *error = pxm_error_new();
    if (place.unit->create(conformance_host(), place.config, &self, error) != PXM_OK) {
        fail_msg("create: %s", error->text);
    }
    pxm_error_free(error);
    return self;
}

/* The service's clock goes with ours. */
static void set_later(int64_t passed_ms)
{
    char json[64];
    place.passed_ms = passed_ms;
    snprintf(json, sizeof json, "{'gate':{'later_ms':%" PRId64 "}}", passed_ms);
    gate_settings(json);
}

static void *open_new(void *arg)
{
    (void)arg;
    gate_reset();
    set_later(place.passed_ms);
    set_defaults();
    return create();
}

static void *open_again(void *arg)
{
    (void)arg;
    return create();
}

static void close_instance(void *arg, void *self)
{
    (void)arg;
    place.unit->destroy(self);
}

static void finish(void *arg)
{
    (void)arg;
}

static void reopen(struct fixture *fixture)
{
    place.unit->destroy(fixture->self);
    fixture->self = create();
}

void place_set(struct fixture *fixture, const char *option, const char *value)
{
    conformance_set_string(place.unit, place.config, option, value);
    reopen(fixture);
}

void place_defaults(struct fixture *fixture)
{
    set_defaults();
    reopen(fixture);
}

void place_forget(void)
{
    gate_settings("{'forget_faults':true}");
}

static void assert_no_secret(const char *text)
{
    static const char *const secrets[] = {"gate-secret", "gate-old-token", "Signature=", "Credential="};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        if (strstr(text, secrets[i])) {
            fail_msg("a secret is shown: %s", text);
        }
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

/* Called from the threads of a test, which cmocka cannot fail. */
static void look_at_log(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    if (strstr(entry->text, "gate-secret") || strstr(entry->text, "Signature=") || strstr(entry->text, "gate-old")) {
        fprintf(stderr, "a secret is logged: %s\n", entry->text);
        abort();
    }
}

static void forget(void)
{
    free(place.config);
}

struct conformance_driver *place_driver(void)
{
    static struct conformance_driver driver = {
        .open = open_new, .open_again = open_again, .close = close_instance, .finish = finish};
    if (!place.unit) {
        pxm_log_set_sink(look_at_log, NULL, PXM_LOG_DEBUG);
        place.unit = conformance_load("sqs", PXM_IFACE_QUEUE);
        place.config = conformance_config(place.unit);
        driver.unit = place.unit;
        conformance_on_pass(set_later);
        atexit(forget);
    }
    return &driver;
}

const struct queue_traits *place_traits(void)
{
    static const struct queue_traits traits = {.limits_attempts = true,
                                               .forgets_ids = true,
                                               .rests_as_leased = true,
                                               .hides_age = true,
                                               .buries_on_receive = true,
                                               .delay_longest_ms = 900000};
    return &traits;
}
