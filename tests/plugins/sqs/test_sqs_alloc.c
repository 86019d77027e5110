/* sqs when memory runs out, at each of its allocations: an operation succeeds, or says so, and leaves nothing behind.
 * The driver and what it shares with others are linked in, so that every allocation of theirs can fail. */
#include "alloc_scene.h"
#include "aws-gate/gate.h"
#include "base/value.h"
#include "conformance/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct pxm_plugin *pxm_plugin_sqs(void);

enum { MESSAGES = 1600, BATCH = 10 };

/* Made before memory runs out. */
static struct {
    pxm_value *body, *cause, *senders;
} given;

static const struct pxm_unit *unit(void)
{
    return pxm_plugin_sqs()->units[0];
}

static const struct pxm_queue_ops *ops(void)
{
    return unit()->ops;
}

static void *config_new(const char *queue)
{
    void *config = conformance_config(unit());
    const struct {
        const char *name, *value;
    } texts[] = {{"queue", queue},
                 {"endpoint", gate_queue_url()},
                 {"region", "us-east-1"},
                 {"access_key", GATE_KEY},
                 {"secret_key", GATE_SECRET}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        conformance_set_string(unit(), config, texts[i].name, texts[i].value);
    }
    conformance_set_int(unit(), config, "max_receives", 5);
    conformance_set_int(unit(), config, "visibility", 30000);
    conformance_set_int(unit(), config, "retention", 345600000);
    return config;
}

static void sweep_queue(const char *name, const char *queue, alloc_operation operation)
{
    void *config = config_new(queue);
    alloc_scene(name, unit(), config, operation);
    free(config);
}

static void sweep(const char *name, alloc_operation operation)
{
    sweep_queue(name, "https://sqs.us-east-1.amazonaws.com/0/messages", operation);
}

/* ---- operations ---- */

static pxm_status send_one(void *self, pxm_value *fields, pxm_error *error)
{
    const struct pxm_message message = {.struct_size = sizeof message, .body = given.body};
    return ops()->send(self, NULL, &message, fields, error);
}

static pxm_status receive_one(void *self, pxm_value *fields, pxm_error *error)
{
    const struct pxm_receive receive = {.struct_size = sizeof receive, .max = 1, .lease_ms = 60000};
    return ops()->receive(self, NULL, &receive, fields, error);
}

static pxm_status receive(void *self, pxm_value *fields, pxm_error *error)
{
    pxm_status status = receive_one(self, fields, error);
    bool is_whole = pxm_value_status(fields) != PXM_OK ||
                    conformance_host()->value_count(conformance_host()->value_get(fields, "items")) == 1;
    return status == PXM_OK && !is_whole ? PXM_E_INTERNAL : status;
}

static pxm_status settle_dead(void *self, pxm_value *ignored, pxm_error *error)
{
    const struct pxm_host *host = conformance_host();
    pxm_value *fields = host->value_record();
    (void)ignored;
    pxm_status status = fields ? receive_one(self, fields, error) : PXM_E_NO_MEMORY;
    const pxm_value *item = host->value_at(host->value_get(fields, "items"), 0);
    const struct pxm_settle settle = {.struct_size = sizeof settle,
                                      .outcome = PXM_SETTLE_DEAD,
                                      .receipt = host->value_as_string(host->value_get(item, "receipt"), NULL),
                                      .cause = given.cause};
    if (status == PXM_OK) {
        status = pxm_value_status(fields) == PXM_OK ? ops()->settle(self, NULL, &settle, error) : PXM_E_NO_MEMORY;
    }
    host->value_unref(fields);
    return status;
}

static pxm_status depth(void *self, pxm_value *fields, pxm_error *error)
{
    return ops()->depth(self, NULL, fields, error);
}

static pxm_status dead(void *self, pxm_value *fields, pxm_error *error)
{
    return ops()->dead(self, NULL, NULL, 10, fields, error);
}

/* What earlier runs have made is there; nobody knows how far they came. */
static pxm_status prepare(void *self, pxm_value *fields, pxm_error *error)
{
    const struct pxm_prepare prepare = {.struct_size = sizeof prepare, .senders = given.senders};
    return ops()->prepare(self, NULL, &prepare, fields, error);
}

/* ---- tests ---- */

/* As many messages as there are runs that take one. */
static void fill(void)
{
    char request[1024];
    int at = snprintf(request, sizeof request, "{'QueueUrl':'https://sqs.gate/0/messages','Entries':[");
    for (int i = 0; i < BATCH; i++) {
        at += snprintf(request + at, sizeof request - (size_t)at, "%s{'Id':'%d','MessageBody':'[1]'}", i > 0 ? "," : "",
                       i);
    }
    snprintf(request + at, sizeof request - (size_t)at, "]}");
    for (int i = 0; i < MESSAGES; i += BATCH) {
        conformance_host()->value_unref(gate_queue("SendMessageBatch", request));
    }
}

static int setup(void **state)
{
    (void)state;
    gate_reset();
    given.body = json_value("{'tags': ['a', 'b'], 'n': 1, 'camera': '\xf0\x9f\x93\xb7'}");
    given.cause = json_value("{'code': 'test.failed'}");
    given.senders = json_value("['images']");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    conformance_host()->value_unref(given.body);
    conformance_host()->value_unref(given.cause);
    conformance_host()->value_unref(given.senders);
    return 0;
}

static void queues_survive_failing_allocations(void **state)
{
    (void)state;
    fill();
    sweep("send", send_one);
    sweep("depth", depth);
    sweep("receive", receive);
}

static void dead_letters_survive_failing_allocations(void **state)
{
    (void)state;
    fill();
    sweep("bury", settle_dead);
    conformance_host()->value_unref(gate_queue("PurgeQueue", "{'QueueUrl':'https://sqs.gate/0/letters'}"));
    conformance_host()->value_unref(
        gate_queue("SendMessage", "{'QueueUrl':'https://sqs.gate/0/letters','MessageBody':'[1]'}"));
    sweep("dead", dead);
}

static void making_queues_survives_failing_allocations(void **state)
{
    (void)state;
    sweep_queue("make", "made", prepare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(queues_survive_failing_allocations, setup, teardown),
        cmocka_unit_test_setup_teardown(making_queues_survives_failing_allocations, setup, teardown),
        cmocka_unit_test_setup_teardown(dead_letters_survive_failing_allocations, setup, teardown),
    };
    return pxm_plugin_sqs()->load(conformance_host(), NULL) == PXM_OK
               ? cmocka_run_group_tests_name("sqs: allocations", tests, NULL, NULL)
               : 1;
}
