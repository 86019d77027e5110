/* Buckets for tests of s3. */
#include "bucket.h"

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

void *bucket_config(void)
{
    return bucket.config;
}

struct conformance_driver *bucket_driver(void)
{
    static struct conformance_driver driver = {
        .open = open_new, .open_again = open_again, .close = close_instance, .finish = finish};
    if (!bucket.unit) {
        bucket.unit = conformance_load("s3", PXM_IFACE_STORAGE);
        bucket.config = conformance_config(bucket.unit);
        driver.unit = bucket.unit;
    }
    return &driver;
}
