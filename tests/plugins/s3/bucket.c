/* Buckets for tests of s3. */
#include "bucket.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const struct pxm_unit *unit;
    void *config;
} bucket;

static void set_defaults(void)
{
    const struct pxm_unit *unit = bucket.unit;
    void *config = conformance_config(unit);
    memcpy(bucket.config, config, unit->config_size);
    free(config);
    conformance_set_string(unit, bucket.config, "bucket", "images");
    conformance_set_string(unit, bucket.config, "endpoint", gate_s3_url());
    conformance_set_string(unit, bucket.config, "region", "us-east-1");
    conformance_set_string(unit, bucket.config, "access_key", GATE_KEY);
    conformance_set_string(unit, bucket.config, "secret_key", GATE_SECRET);
    conformance_set_int(unit, bucket.config, "multipart_above", INT64_C(64) << 20);
    conformance_set_int(unit, bucket.config, "part_size", INT64_C(8) << 20);
}

void *bucket_open(void)
{
    void *self = NULL;
    pxm_error *error = pxm_error_new();
    if (bucket.unit->create(conformance_host(), bucket.config, &self, error) != PXM_OK) {
        fail_msg("create: %s", error->text);
    }
    pxm_error_free(error);
    return self;
}

static void *open_new(void *arg)
{
    (void)arg;
    gate_reset();
    set_defaults();
    return bucket_open();
}

static void *open_again(void *arg)
{
    (void)arg;
    return bucket_open();
}

static void close_instance(void *arg, void *self)
{
    (void)arg;
    bucket.unit->destroy(self);
}

static void finish(void *arg)
{
    const struct pxm_host *host = conformance_host();
    pxm_value *state = gate_state();
    (void)arg;
    assert_int_equal(host->value_as_int(host->value_get(state, "uploads")), 0);
    assert_int_equal(host->value_as_int(host->value_get(state, "encodings")), 0);
    host->value_unref(state);
}

void bucket_reopen(struct fixture *fixture)
{
    bucket.unit->destroy(fixture->self);
    fixture->self = bucket_open();
}

void assert_no_secret(const char *text)
{
    static const char *const secrets[] = {"gate-secret",   "gate-token", "gate-old-token", "gate-container-token",
                                          "gate-identity", "Signature=", "Credential="};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        if (strstr(text, secrets[i])) {
            fail_msg("a secret is shown: %s", text);
        }
    }
    for (const char *c = text; *c; c++) {
        if (strspn(c, "0123456789abcdef") >= 64) {
            fail_msg("what may be a signature is shown: %s", text);
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
    for (size_t i = 0; i < fixture->error->note_count; i++) {
        assert_no_secret(fixture->error->notes[i].value);
    }
}

/* Called from the threads of a test, which cmocka cannot fail. */
static void look_at_log(void *arg, const struct pxm_log_entry *entry)
{
    (void)arg;
    if (strstr(entry->text, "gate-secret") || strstr(entry->text, "Signature=") || strstr(entry->text, "gate-token")) {
        fprintf(stderr, "a secret is logged: %s\n", entry->text);
        abort();
    }
}

void *bucket_config(void)
{
    return bucket.config;
}

struct conformance_driver *bucket_driver(void)
{
    static struct conformance_driver driver = {
        .open = open_new, .open_again = open_again, .close = close_instance, .finish = finish};
    if (!bucket.unit) {
        pxm_log_set_sink(look_at_log, NULL, PXM_LOG_DEBUG);
        bucket.unit = conformance_load("s3", PXM_IFACE_STORAGE);
        bucket.config = conformance_config(bucket.unit);
        driver.unit = bucket.unit;
    }
    return &driver;
}
