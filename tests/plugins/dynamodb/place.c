/* Tables for tests of dynamodb. */
#include "place.h"

#include <stdlib.h>

static pxm_value *indexes;

static void set_options(const struct pxm_unit *unit, void *config)
{
    conformance_set_string(unit, config, "table", "Images");
    conformance_set_string(unit, config, "key", "id");
    conformance_set_list(unit, config, "indexes", indexes);
    conformance_set_int(unit, config, "shards", 4);
    conformance_set_string(unit, config, "endpoint", gate_table_url());
    conformance_set_string(unit, config, "region", "us-east-1");
}

pxm_status place_prepare(struct fixture *fixture)
{
    const struct pxm_metadata_ops *ops = fixture->ops;
    fixture_next(fixture);
    return ops->prepare(fixture->self, &fixture->job, fixture->fields, fixture->error);
}

static void prepare(void *self)
{
    struct fixture *fixture = fixture_new(place_driver(), self);
    assert_status(fixture, place_prepare(fixture), PXM_OK);
    fixture_free(fixture);
}

static void forget_indexes(void)
{
    conformance_host()->value_unref(indexes);
}

struct conformance_driver *place_driver(void)
{
    static const struct place_kind kind = {
        .module = "dynamodb", .iface = PXM_IFACE_METADATA, .set_options = set_options, .made = prepare};
    if (!indexes) {
        indexes = json_value("['owner', 'tags', 'rank']");
        atexit(forget_indexes);
    }
    return place_driver_of(&kind);
}
