/* The messages of the last answer are held until the next question, which says what was taken of them. */
#include "daemon/worker_events.h"

#include "app/bucket.h"
#include "app/object_event.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/job.h"
#include "base/log.h"
#include "base/value.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGES_MAX = 10, AGAIN_MS = 1000, SLICE_MS = 50 };

struct message {
    char *receipt;
    struct app_object_event event;
    const struct worker_store *stores[APP_OBJECT_EVENT_MAX]; /* of its objects */
    bool taken[APP_OBJECT_EVENT_MAX];                        /* or they need not be told */
};

struct worker_events {
    struct pxm_instance *queue;
    struct worker_store *stores;
    size_t store_count;
    int64_t lease_ms;
    struct message held[MESSAGES_MAX];
    size_t count;
};

struct worker_events *worker_events_new(struct pxm_instance *queue, struct worker_store *stores, size_t store_count,
                                        int64_t lease_ms)
{
    struct worker_events *events = calloc(1, sizeof *events);

    if (!events) {
        free(stores);
        return NULL;
    }
    events->queue = queue;
    events->stores = stores;
    events->store_count = store_count;
    events->lease_ms = lease_ms;
    return events;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void release(struct worker_events *events, size_t at)
{
    free(events->held[at].receipt);
    app_object_event_done(&events->held[at].event);
    events->held[at] = events->held[--events->count];
}

void worker_events_free(struct worker_events *events)
{
    while (events && events->count > 0) {
        release(events, 0);
    }
    free(events ? events->stores : NULL);
    free(events);
}

static void settle(const struct worker_events *events, pxm_job *job, const char *receipt, uint32_t outcome,
                   const pxm_error *cause)
{
    struct pxm_instance *queue = events->queue;
    pxm_value *value = cause ? pxm_error_to_value(cause) : NULL;
    const struct pxm_settle settle = {.struct_size = sizeof settle,
                                      .outcome = outcome,
                                      .receipt = receipt,
                                      .delay_ms = outcome == PXM_SETTLE_RETRY ? AGAIN_MS : 0,
                                      .cause = value};
    pxm_error error = {0};

    pxm_instance_enter(queue);
    pxm_status status = queue->ops.queue.settle(queue->self, job, &settle, &error);
    pxm_instance_leave(queue);
    if (status != PXM_OK) {
        pxm_log(PXM_LOG_WARN, "source", NULL, "%s: a message is not settled, and will be delivered again: %s: %s",
                queue->name, error.code, error.text);
    }
    pxm_value_unref(value);
}

static bool is_taken(const struct message *message)
{
    bool taken = true;

    for (size_t i = 0; i < message->event.count; i++) {
        taken = taken && message->taken[i];
    }
    return taken;
}

/* ---- what was taken ---------------------------------------------------------------------------------------------- */

static void mark(struct worker_events *events, const pxm_value *taken)
{
    const char *store = pxm_value_as_string(pxm_value_get(taken, "store"), NULL);
    const char *key = pxm_value_as_string(pxm_value_get(taken, "key"), NULL);
    const char *etag = pxm_value_as_string(pxm_value_get(taken, "etag"), NULL);

    for (size_t i = 0; i < events->count; i++) {
        struct message *message = &events->held[i];
        for (size_t k = 0; k < message->event.count; k++) {
            const struct app_made_object *object = &message->event.objects[k];
            if (strcmp(message->stores[k]->name, store) == 0 && strcmp(object->key, key) == 0 &&
                strcmp(object->etag ? object->etag : "", etag) == 0) {
                message->taken[k] = true;
            }
        }
    }
}

static void settle_taken(struct worker_events *events, pxm_job *job, const pxm_value *taken)
{
    for (size_t i = 0; i < pxm_value_count(taken); i++) {
        mark(events, pxm_value_at(taken, i));
    }
    for (size_t i = events->count; i-- > 0;) {
        if (is_taken(&events->held[i])) {
            settle(events, job, events->held[i].receipt, PXM_SETTLE_DONE, NULL);
            release(events, i);
        }
    }
}

/* What could not be taken is told again, after a pause, and stays held meanwhile: coming back from the queue would
 * count as another try. */
static void hold_on(struct worker_events *events, pxm_job *job)
{
    struct pxm_instance *queue = events->queue;
    const struct pxm_clock *clock = &pxm_clock_system;
    int64_t end_ms = clock->monotonic_ms(clock->arg) + AGAIN_MS;

    while (pxm_job_remaining_ms(job) > 0 && clock->monotonic_ms(clock->arg) < end_ms) {
        clock->sleep_ms(clock->arg, SLICE_MS);
    }
    for (size_t i = events->count; i-- > 0;) {
        pxm_error error = {0};
        pxm_instance_enter(queue);
        pxm_status status = queue->ops.queue.extend ? queue->ops.queue.extend(queue->self, job, events->held[i].receipt,
                                                                              events->lease_ms, &error)
                                                    : PXM_OK;
        pxm_instance_leave(queue);
        if (status != PXM_OK && !pxm_error_is_transient(&error)) { /* it comes again */
            release(events, i);
        }
    }
}

/* ---- what comes -------------------------------------------------------------------------------------------------- */

/* Which of the stores each object is in. */
static pxm_status find_stores(const struct worker_events *events, struct message *message, pxm_error *error)
{
    for (size_t i = 0; i < message->event.count; i++) {
        const char *bucket = message->event.objects[i].bucket;
        const struct worker_store *found = NULL;
        for (size_t k = 0; k < events->store_count && !found; k++) {
            const struct worker_store *store = &events->stores[k];
            found = strcmp(app_bucket_of(store->instance, store->name), bucket) == 0 ? store : NULL;
        }
        if (!found) {
            return pxm_error_set(error, PXM_E_INVALID, "event.bucket",
                                 "an event of bucket `%.64s`, which is no store that this queue tells of", bucket);
        }
        message->stores[i] = found;
    }
    return PXM_OK;
}

/* PXM_E_NOT_FOUND: there is no such object. */
static pxm_status look_for(struct pxm_instance *store, pxm_job *job, const char *key, pxm_error *error)
{
    pxm_value *fields = pxm_value_record();

    if (!fields) {
        return pxm_error_no_memory(error);
    }
    pxm_instance_enter(store);
    pxm_status status = store->ops.storage.head(store->self, job, key, fields, error);
    pxm_instance_leave(store);
    pxm_value_unref(fields);
    return status;
}

/* Of two readings of a key that which is the key of an object counts. With neither the object is gone again. */
static pxm_status decide(struct pxm_instance *store, pxm_job *job, struct app_made_object *object, bool *ret_gone,
                         pxm_error *error)
{
    pxm_status status = look_for(store, job, object->key, error);

    if (status == PXM_E_NOT_FOUND) {
        char *literal = object->key;
        object->key = object->decoded_key;
        object->decoded_key = literal;
        status = look_for(store, job, object->key, error);
    }
    *ret_gone = status == PXM_E_NOT_FOUND;
    return *ret_gone ? PXM_OK : status;
}

static pxm_status decide_all(pxm_job *job, struct message *message, pxm_error *error)
{
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < message->event.count && status == PXM_OK; i++) {
        struct app_made_object *object = &message->event.objects[i];
        struct pxm_instance *store = message->stores[i]->instance;
        if (object->decoded_key && store->ops.storage.head) {
            status = decide(store, job, object, &message->taken[i], error);
        }
    }
    return status;
}

/* Of one key the latest event counts, in whatever order they come. */
static void pass_over_earlier(struct worker_events *events, struct message *message)
{
    for (size_t i = 0; i < events->count; i++) {
        struct message *other = &events->held[i];
        for (size_t k = 0; k < other->event.count * message->event.count; k++) {
            size_t at = k / message->event.count, own = k % message->event.count;
            const struct app_made_object *a = &other->event.objects[at], *b = &message->event.objects[own];
            if (strcmp(a->key, b->key) != 0 || strcmp(a->bucket, b->bucket) != 0) {
                continue;
            }
            if (app_sequencer_compare(a->sequencer, b->sequencer) <= 0) {
                other->taken[at] = true;
            } else {
                message->taken[own] = true;
            }
        }
    }
}

static void take_message(struct worker_events *events, pxm_job *job, const pxm_value *item)
{
    const char *receipt = pxm_value_as_string(pxm_value_get(item, "receipt"), NULL);
    struct message message = {.receipt = strdup(receipt)};
    pxm_error error = {0};

    pxm_status status = message.receipt ? app_object_event_read(pxm_value_get(item, "body"), &message.event, &error)
                                        : pxm_error_no_memory(&error);
    if (status == PXM_OK) {
        status = find_stores(events, &message, &error);
    }
    if (status == PXM_OK) {
        status = decide_all(job, &message, &error);
    }
    if (status == PXM_OK && message.event.count > 0) {
        pass_over_earlier(events, &message);
        events->held[events->count++] = message;
        return;
    }
    if (status == PXM_OK) {
        settle(events, job, receipt, PXM_SETTLE_DONE, NULL);
    } else {
        bool passes = pxm_error_is_transient(&error) || status == PXM_E_TIMEOUT || status == PXM_E_CANCELLED;
        pxm_log(PXM_LOG_WARN, "source", NULL, "%s: message %s: %s: %s%s", events->queue->name,
                pxm_value_as_string(pxm_value_get(item, "id"), NULL), error.code, error.text,
                passes ? "" : "; it becomes a dead letter");
        settle(events, job, receipt, passes ? PXM_SETTLE_RETRY : PXM_SETTLE_DEAD, &error);
    }
    free(message.receipt);
    app_object_event_done(&message.event);
}

static pxm_status receive(struct worker_events *events, pxm_job *job, const struct pxm_watch *watch, pxm_error *error)
{
    struct pxm_instance *queue = events->queue;
    pxm_value *fields = pxm_value_record();
    const struct pxm_receive receive = {.struct_size = sizeof receive,
                                        .max = watch->limit < MESSAGES_MAX ? watch->limit : MESSAGES_MAX,
                                        .wait_ms = watch->wait_ms,
                                        .lease_ms = events->lease_ms};

    if (!fields) {
        return pxm_error_no_memory(error);
    }
    pxm_instance_enter(queue);
    pxm_status status = queue->ops.queue.receive(queue->self, job, &receive, fields, error);
    pxm_instance_leave(queue);
    if (status == PXM_OK) {
        const pxm_value *items = pxm_value_get(fields, "items");
        for (size_t i = 0; i < pxm_value_count(items) && events->count < MESSAGES_MAX; i++) {
            take_message(events, job, pxm_value_at(items, i));
        }
    }
    pxm_value_unref(fields);
    return status;
}

/* ---- telling ----------------------------------------------------------------------------------------------------- */

static pxm_value *number_or_null(int64_t number)
{
    return number == PXM_UNSET_INT ? pxm_value_null() : pxm_value_int(number);
}

static pxm_value *describe(const struct app_made_object *object, const char *store)
{
    pxm_value *item = pxm_value_record();

    pxm_value_set(item, "store", pxm_value_cstring(store));
    pxm_value_set(item, "key", pxm_value_cstring(object->key));
    pxm_value_set(item, "bytes", number_or_null(object->bytes));
    pxm_value_set(item, "etag", pxm_value_cstring(object->etag));
    pxm_value_set(item, "modified_at", number_or_null(object->time_ms));
    pxm_value_set(item, "sequencer", pxm_value_cstring(object->sequencer));
    return item;
}

static pxm_status tell(const struct worker_events *events, pxm_value *fields, pxm_error *error)
{
    pxm_value *items = pxm_value_list();

    for (size_t i = 0; i < events->count; i++) {
        const struct message *message = &events->held[i];
        for (size_t k = 0; k < message->event.count; k++) {
            if (!message->taken[k]) {
                pxm_value_append(items, describe(&message->event.objects[k], message->stores[k]->name));
            }
        }
    }
    pxm_status status = pxm_value_status(items);
    if (status != PXM_OK || pxm_value_set(fields, "items", items) != PXM_OK) {
        pxm_value_unref(status != PXM_OK ? items : NULL);
        return pxm_error_no_memory(error);
    }
    return PXM_OK;
}

pxm_status worker_events_fetch(struct worker_events *events, pxm_job *job, const struct pxm_watch *watch,
                               pxm_value *fields, pxm_error *error)
{
    pxm_status status = PXM_OK;

    settle_taken(events, job, watch->taken);
    if (events->count > 0) {
        hold_on(events, job);
    }
    if (events->count == 0) {
        status = receive(events, job, watch, error);
    }
    return status == PXM_OK ? tell(events, fields, error) : status;
}
