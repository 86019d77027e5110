/* Buckets for tests of s3. */
#include "bucket.h"

static void set_options(const struct pxm_unit *unit, void *config)
{
    conformance_set_string(unit, config, "bucket", "images");
    conformance_set_string(unit, config, "endpoint", gate_s3_url());
    conformance_set_string(unit, config, "region", "us-east-1");
    conformance_set_int(unit, config, "multipart_above", INT64_C(64) << 20);
    conformance_set_int(unit, config, "part_size", INT64_C(8) << 20);
}

static void finish(void)
{
    const struct pxm_host *host = conformance_host();
    pxm_value *state = gate_state();
    assert_int_equal(host->value_as_int(host->value_get(state, "uploads")), 0);
    assert_int_equal(host->value_as_int(host->value_get(state, "encodings")), 0);
    host->value_unref(state);
}

struct conformance_driver *bucket_driver(void)
{
    static const struct place_kind kind = {
        .module = "s3", .iface = PXM_IFACE_STORAGE, .set_options = set_options, .finish = finish};
    return place_driver_of(&kind);
}
