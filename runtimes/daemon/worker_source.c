/* The child side of a source. The engine's thread waits for events; the main thread settles and answers meanwhile. Each
 * waits on the driver's gate for the other, where the driver wants to be called by one thread. */
#include "daemon/worker_private.h"

#include "base/value.h"
#include "daemon/crew_messages.h"
#include "daemon/crew_source.h"
#include "daemon/ipc.h"
#include "daemon/worker_events.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_MS_MAX = 10000 };

struct worker_source {
    struct pxm_task task; /* first, so that a task is its source */
    struct worker *worker;
    struct pxm_instance *instance; /* NULL: there is none of that name */
    struct pxm_instance *queue;    /* that it takes messages of; NULL: none */
    struct worker_events *events;  /* of the queue through which the store tells of its objects; NULL: it does not */
    enum crew_source_kind kind;
    char *prefix;
    int64_t wait_ms, lease_ms;
    atomic_bool paused; /* the question that is being asked may be answered now */
    int64_t max;        /* of it */
    pxm_value *taken;   /* of it; NULL: none */
};

static int64_t number_of(const pxm_value *message, const char *key)
{
    return pxm_value_as_int(pxm_value_get(message, key));
}

static const char *text_of(const pxm_value *message, const char *key)
{
    const pxm_value *value = pxm_value_get(message, key);

    return pxm_value_type(value) == PXM_TYPE_STRING ? pxm_value_as_string(value, NULL) : NULL;
}

static pxm_job job_for(int64_t time_ms)
{
    pxm_job job = {.id = "source", .clock = &pxm_clock_system};

    pxm_limits_default(&job.limits);
    job.deadline_ms = pxm_clock_system.monotonic_ms(pxm_clock_system.arg) + time_ms;
    return job;
}

static pxm_status cannot(const struct worker_source *source, const char *what, pxm_error *error)
{
    return pxm_error_set(error, PXM_E_INVALID, "source.unsupported", "%s cannot %s",
                         source->instance ? source->instance->name : "what does not exist", what);
}

/* What is sent back, with the number that its kind has. */
struct reply {
    uint32_t type;
    const char *number_name, *result_name;
    int64_t number;
};

static pxm_status send_reply(const struct worker_source *source, const struct reply *reply, const pxm_error *failure,
                             const pxm_value *result, pxm_error *error)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, reply->number_name, pxm_value_int(reply->number));
    pxm_value_set(value, "error", failure->status == PXM_OK ? pxm_value_null() : ipc_error_write(failure));
    pxm_value_set(value, reply->result_name, result ? pxm_value_ref(result) : pxm_value_null());
    pxm_status status = pxm_value_status(value) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
    if (status == PXM_OK) {
        status = ipc_send(source->worker->options->socket, reply->type, value, -1, true, error);
    }
    pxm_value_unref(value);
    return status;
}

/* A result that cannot be sent, such as one that is too large, is a failure; one that cannot be told, the end: the
 * supervisor would wait for it for ever. */
static void tell(const struct worker_source *source, const struct reply *reply, const pxm_error *failure,
                 const pxm_value *result)
{
    pxm_error error = {0};

    if (send_reply(source, reply, failure, result, &error) != PXM_OK &&
        send_reply(source, reply, &error, NULL, &error) != PXM_OK) {
        _exit(1);
    }
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static pxm_status fetch(struct worker_source *source, pxm_value *fields, pxm_error *error)
{
    struct pxm_instance *instance = source->instance;
    pxm_job job = job_for(source->wait_ms + CALL_MS_MAX);
    job.cancelled = &source->paused;
    const struct pxm_receive receive = {
        .struct_size = sizeof receive, .max = source->max, .wait_ms = source->wait_ms, .lease_ms = source->lease_ms};
    const struct pxm_watch watch = {.struct_size = sizeof watch,
                                    .prefix = source->prefix,
                                    .limit = source->max,
                                    .wait_ms = source->wait_ms,
                                    .taken = source->taken};
    pxm_status status = PXM_OK;

    if (source->events) {
        return worker_events_fetch(source->events, &job, &watch, fields, error);
    }
    if (!instance ||
        (source->kind == CREW_SOURCE_QUEUE ? !instance->ops.queue.receive : !instance->ops.storage.watch)) {
        return cannot(source, source->kind == CREW_SOURCE_QUEUE ? "receive" : "be watched", error);
    }
    pxm_instance_enter(instance);
    if (source->kind == CREW_SOURCE_QUEUE) {
        status = instance->ops.queue.receive(instance->self, &job, &receive, fields, error);
    } else {
        status = instance->ops.storage.watch(instance->self, &job, &watch, fields, error);
    }
    pxm_instance_leave(instance);
    return status;
}

/* On the engine's thread. */
static void pull(struct pxm_task *task)
{
    struct worker_source *source = (struct worker_source *)task;
    pxm_value *fields = pxm_value_record();
    pxm_error error = {0};

    pxm_status status = fields ? fetch(source, fields, &error) : pxm_error_no_memory(&error);
    if (status == PXM_E_CANCELLED) { /* nothing came until it was paused */
        pxm_error_clear(&error);
    }
    const struct reply reply = {CREW_ITEMS, "resident", "items", worker_resident_bytes()};
    pxm_value_unref(source->taken);
    source->taken = NULL;
    tell(source, &reply, &error, status == PXM_OK ? pxm_value_get(fields, "items") : NULL);
    pxm_value_unref(fields);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static pxm_status settle(struct pxm_instance *queue, pxm_job *job, const pxm_value *message, pxm_error *error)
{
    const pxm_value *cause = pxm_value_get(message, "cause");
    const struct pxm_settle settle = {.struct_size = sizeof settle,
                                      .outcome = (uint32_t)number_of(message, "outcome"),
                                      .receipt = text_of(message, "receipt"),
                                      .delay_ms = number_of(message, "delay_ms"),
                                      .cause = pxm_value_type(cause) == PXM_TYPE_NULL ? NULL : cause};

    return queue->ops.queue.settle(queue->self, job, &settle, error);
}

static pxm_status list(struct pxm_instance *store, pxm_job *job, const pxm_value *message, pxm_value *fields,
                       pxm_error *error)
{
    const char *prefix = text_of(message, "id");
    const struct pxm_list list = {.struct_size = sizeof list,
                                  .prefix = prefix ? prefix : "",
                                  .cursor = text_of(message, "cursor"),
                                  .limit = number_of(message, "limit")};

    return store->ops.storage.list(store->self, job, &list, fields, error);
}

static pxm_status call_store(const struct worker_source *source, const pxm_value *message, pxm_value *fields,
                             pxm_error *error)
{
    struct pxm_instance *store = source->instance;
    pxm_job job = job_for(CALL_MS_MAX);

    return store->ops.storage.list ? list(store, &job, message, fields, error) : cannot(source, "list", error);
}

/* Asks whether the queue has the function, then calls it. */
static pxm_status call_queue(const struct worker_source *source, const char *what, const pxm_value *message,
                             pxm_value *fields, pxm_error *error)
{
    struct pxm_instance *queue = source->queue;
    pxm_job job = job_for(CALL_MS_MAX);
    const struct pxm_queue_ops *ops = &queue->ops.queue;
    const char *id = text_of(message, "id"), *receipt = text_of(message, "receipt");

    if (strcmp(what, "settle") == 0 && ops->settle && receipt) {
        return settle(queue, &job, message, error);
    }
    if (strcmp(what, "extend") == 0 && ops->extend && receipt) {
        return ops->extend(queue->self, &job, receipt, number_of(message, "lease_ms"), error);
    }
    if (strcmp(what, "depth") == 0 && ops->depth) {
        return ops->depth(queue->self, &job, fields, error);
    }
    if (strcmp(what, "dead") == 0 && ops->dead) {
        return ops->dead(queue->self, &job, text_of(message, "cursor"), number_of(message, "limit"), fields, error);
    }
    if (strcmp(what, "redrive") == 0 && ops->redrive && id) {
        return ops->redrive(queue->self, &job, id, error);
    }
    if (strcmp(what, "discard") == 0 && ops->discard && id) {
        return ops->discard(queue->self, &job, id, error);
    }
    return cannot(source, what, error);
}

static void answer(struct worker_source *source, const pxm_value *message)
{
    const char *what = text_of(message, "what");
    const struct reply reply = {CREW_ANSWER, "number", "fields", number_of(message, "number")};
    bool is_of_store = source->kind == CREW_SOURCE_STORE && what && strcmp(what, "list") == 0;
    struct pxm_instance *asked = is_of_store ? source->instance : source->queue;
    pxm_value *fields = pxm_value_record();
    pxm_error error = {0};

    if (!fields) {
        pxm_error_no_memory(&error);
    } else if (!asked || !what) {
        cannot(source, what ? what : "do that", &error);
    } else {
        pxm_instance_enter(asked);
        if (is_of_store) {
            call_store(source, message, fields, &error);
        } else {
            call_queue(source, what, message, fields, &error);
        }
        pxm_instance_leave(asked);
    }
    tell(source, &reply, &error, fields);
    pxm_value_unref(fields);
}

/* ---- becoming one ------------------------------------------------------------------------------------------------ */

/* All stores that tell of their objects through that queue: a message may be of any of them. Owned. */
static struct worker_store *stores_of(const struct worker *worker, const char *queue, size_t *ret_count)
{
    const struct pxm_profile *profile = worker->project->profile;
    struct worker_store *stores = calloc(profile->resource_count, sizeof *stores);

    *ret_count = 0;
    for (size_t i = 0; stores && i < profile->resource_count; i++) {
        const struct pxm_resource *resource = &profile->resources[i];
        struct pxm_instance *store = resource->events && strcmp(resource->events, queue) == 0
                                         ? pxm_project_instance(worker->project, PXM_RESOURCE_STORE, resource->name)
                                         : NULL;
        if (store) {
            stores[(*ret_count)++] = (struct worker_store){.name = resource->name, .instance = store};
        }
    }
    return stores;
}

/* Of a store whose resource names a queue: that, and the events that come through it. */
static void find_events(const struct worker *worker, struct worker_source *source, const char *name)
{
    const struct pxm_resource *resource = source->kind == CREW_SOURCE_STORE && source->instance
                                              ? pxm_profile_resource(worker->project->profile, PXM_RESOURCE_STORE, name)
                                              : NULL;
    const char *events = resource ? resource->events : NULL;
    struct pxm_instance *queue = events ? pxm_project_instance(worker->project, PXM_RESOURCE_QUEUE, events) : NULL;
    size_t count = 0;

    if (!queue) {
        return;
    }
    struct worker_store *stores = stores_of(worker, events, &count);
    source->queue = queue;
    source->events = stores ? worker_events_new(queue, stores, count, source->lease_ms) : NULL;
    if (!source->events) {
        _exit(1);
    }
}

static void become_source(struct worker *worker, const pxm_value *message)
{
    struct worker_source *source = calloc(1, sizeof *source);
    const char *prefix = text_of(message, "prefix"), *name = text_of(message, "name");
    char *copy = strdup(prefix ? prefix : "");

    if (!source || !copy) {
        _exit(1);
    }
    source->task.run = pull;
    source->worker = worker;
    source->kind = number_of(message, "kind") == CREW_SOURCE_STORE ? CREW_SOURCE_STORE : CREW_SOURCE_QUEUE;
    source->prefix = copy;
    source->wait_ms = number_of(message, "wait_ms");
    source->lease_ms = number_of(message, "lease_ms");
    source->instance = pxm_project_instance(
        worker->project, source->kind == CREW_SOURCE_STORE ? PXM_RESOURCE_STORE : PXM_RESOURCE_QUEUE, name ? name : "");
    source->queue = source->kind == CREW_SOURCE_QUEUE ? source->instance : NULL;
    find_events(worker, source, name);
    worker->source = source;
}

void worker_source_receive(struct worker *worker, uint32_t type, const pxm_value *message)
{
    struct worker_source *source = worker->source;

    if (type == CREW_SOURCE && !source) {
        become_source(worker, message);
    } else if (type == CREW_PULL && source) { /* one at a time: the next comes after the answer */
        const pxm_value *taken = pxm_value_get(message, "taken");
        atomic_store(&source->paused, false);
        source->max = number_of(message, "max");
        source->taken = pxm_value_type(taken) == PXM_TYPE_LIST ? pxm_value_ref(taken) : NULL;
        pxm_pool_submit(worker->engine->pool, &source->task);
    } else if (type == CREW_CALL && source) {
        const char *what = text_of(message, "what");
        if (what && strcmp(what, "pause") == 0) {
            atomic_store(&source->paused, true);
        } else {
            answer(source, message);
        }
    }
}
