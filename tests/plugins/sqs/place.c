/* Queues for tests of sqs. */
#include "place.h"

#include <inttypes.h>
#include <stdio.h>

static int64_t later_ms; /* than the clock of this machine, for both sides */

static void set_options(const struct pxm_unit *unit, void *config)
{
    conformance_set_string(unit, config, "queue", PLACE_QUEUE);
    conformance_set_string(unit, config, "endpoint", gate_queue_url());
    conformance_set_int(unit, config, "max_receives", 5);
    conformance_set_int(unit, config, "visibility", 30000);
    conformance_set_int(unit, config, "retention", 345600000);
}

/* The service's clock goes with ours. */
static void set_later(int64_t passed_ms)
{
    char json[64];
    later_ms = passed_ms;
    snprintf(json, sizeof json, "{'gate':{'later_ms':%" PRId64 "}}", passed_ms);
    gate_settings(json);
}

static void set_later_again(void)
{
    set_later(later_ms);
}

void place_set_int(struct fixture *fixture, const char *option, int64_t value)
{
    conformance_set_int(fixture->driver->unit, place_config(), option, value);
    place_reopen(fixture);
}

pxm_status place_prepare(struct fixture *fixture, const char *senders)
{
    const struct pxm_queue_ops *ops = fixture->ops;
    pxm_value *list = json_value(senders);
    const struct pxm_prepare prepare = {.struct_size = sizeof prepare, .senders = list};
    fixture_next(fixture);
    pxm_status status = ops->prepare(fixture->self, &fixture->job, &prepare, fixture->fields, fixture->error);
    fixture->host->value_unref(list);
    return status;
}

struct conformance_driver *place_driver(void)
{
    static const struct place_kind kind = {
        .module = "sqs", .iface = PXM_IFACE_QUEUE, .set_options = set_options, .begin = set_later_again};
    conformance_on_pass(set_later);
    return place_driver_of(&kind);
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
