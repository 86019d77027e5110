/* Objects that were made: what S3, EventBridge and SNS tell, and what waits for them. */
#include "app/bucket.h"
#include "app/event.h"
#include "app/object_event.h"
#include "base/job.h"
#include "base/log.h"
#include "base/value.h"
#include "lambda/call.h"
#include "lang/yaml/scalar.h"

#include <stdio.h>
#include <string.h>

/* How long Lambda waits after the first and the second try of an event that it took over, before the next one. */
enum { FIRST_WAIT_MS = 60000, SECOND_WAIT_MS = 120000 };
enum { GENERATIONS_MAX = 4, LOOK_MS = 3000 /* for how many there were, which is worth no more time */ };

struct delivery { /* of one event with its objects */
    const struct lambda_call *call;
    int64_t attempt; /* 0: not told */
    size_t count;    /* runs */
    pxm_error first; /* failure of something that is to come again */
};

/* ---- stores ------------------------------------------------------------------------------------------------------ */

static struct pxm_instance *store_of(const struct delivery *delivery, const struct app_trigger *trigger,
                                     const char *bucket)
{
    struct pxm_instance *store =
        pxm_project_instance(delivery->call->host->project, PXM_RESOURCE_STORE, trigger->store);

    return store && strcmp(app_bucket_of(store, trigger->store), bucket) == 0 ? store : NULL;
}

/* What the store knows of an object. *ret: a new reference; NULL: there is none, or the store cannot tell. */
static pxm_status look_at(struct pxm_instance *store, const char *key, int64_t left_ms, pxm_value **ret,
                          pxm_error *error)
{
    pxm_value *fields = pxm_value_record();
    int64_t now_ms = pxm_clock_system.monotonic_ms(pxm_clock_system.arg);
    pxm_job job = {.id = "object", .clock = &pxm_clock_system, .deadline_ms = INT64_MAX};

    pxm_limits_default(&job.limits);
    if (left_ms < INT64_MAX - now_ms) {
        job.deadline_ms = now_ms + left_ms;
    }
    if (!fields) {
        return pxm_error_no_memory(error);
    }
    pxm_status status = PXM_E_NOT_FOUND;
    if (store->ops.storage.head) {
        pxm_instance_enter(store);
        status = store->ops.storage.head(store->self, &job, key, fields, error);
        pxm_instance_leave(store);
    }
    if (status == PXM_OK) {
        *ret = fields;
        return PXM_OK;
    }
    pxm_value_unref(fields);
    if (status == PXM_E_NOT_FOUND) {
        pxm_error_clear(error);
        return PXM_OK;
    }
    return status;
}

/* How many runs in a row made the object, each of what the one before had made; 0: it came from outside. What cannot be
 * looked at counts as that: its pipeline will meet the fault as well, and has a place for it. */
static int64_t generation_of(const struct delivery *delivery, struct pxm_instance *store, const char *key)
{
    int64_t left_ms = lambda_time_left_ms(delivery->call), count = 0;
    pxm_value *fields = NULL;
    pxm_error ignored = {0};

    look_at(store, key, left_ms < LOOK_MS ? left_ms : LOOK_MS, &fields, &ignored);
    const char *text = lambda_text_at(fields, "meta." LAMBDA_GENERATION);
    if (!text || pxm_scalar_int(text, &count) || count < 0) {
        count = 0;
    }
    pxm_value_unref(fields);
    return count;
}

/* ---- one object -------------------------------------------------------------------------------------------------- */

/* Of an event that S3, SNS or EventBridge gave to Lambda nothing says how often it was tried, so its age must. One that
 * waited for another reason counts as more than it was tried: then a record may say that it failed which the next try
 * completes. The other way round it would wait for ever. */
static int64_t attempt_of(const struct delivery *delivery, const struct app_made_object *made)
{
    int64_t now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);
    int64_t age_ms = made->time_ms == PXM_UNSET_INT ? 0 : now_ms - made->time_ms;

    if (delivery->attempt > 0) {
        return delivery->attempt;
    }
    return 1 + (age_ms >= FIRST_WAIT_MS) + (age_ms >= FIRST_WAIT_MS + SECOND_WAIT_MS);
}

static pxm_status run_one(struct delivery *delivery, const struct app_trigger *trigger,
                          const struct app_made_object *made, const char *key, int64_t generation, pxm_error *error)
{
    const struct app_object object = {.store = trigger->store,
                                      .key = key,
                                      .etag = made->etag,
                                      .sequencer = made->sequencer,
                                      .bytes = made->bytes,
                                      .time_ms = made->time_ms};
    const char *const texts[] = {trigger->pipeline->name,
                                 trigger->name,
                                 made->bucket,
                                 key,
                                 made->version ? made->version : "",
                                 made->sequencer ? made->sequencer : "",
                                 made->etag ? made->etag : "",
                                 NULL};
    int64_t attempt = attempt_of(delivery, made);
    char id[PXM_RUN_ID_MAX];
    pxm_value *event = NULL, *output = NULL;

    pxm_status status = lambda_run_id_of("object", texts, id, error);
    if (status == PXM_OK) {
        status = app_event_object_created(&object, &event, error);
    }
    if (status == PXM_OK) {
        const struct lambda_run run = {.trigger = trigger,
                                       .pipeline = trigger->pipeline->name,
                                       .event = event,
                                       .id = id,
                                       .attempt = attempt,
                                       .generation = generation,
                                       .final = lambda_is_last(delivery->call, attempt)};
        delivery->count++;
        status = lambda_run(delivery->call, &run, &output, error);
    }
    pxm_value_unref(event);
    pxm_value_unref(output);
    return status;
}

static void keep_failure(struct delivery *delivery, const char *pipeline, const pxm_error *error)
{
    if (delivery->first.status == PXM_OK && lambda_comes_again(delivery->call, pipeline, error)) {
        delivery->first = *error;
    }
}

/* Which of the two keys is meant. */
static pxm_status choose_key(const struct delivery *delivery, struct pxm_instance *store,
                             const struct app_made_object *made, const char **ret, pxm_error *error)
{
    pxm_value *fields = NULL;

    *ret = made->key;
    if (!made->decoded_key || !store->ops.storage.head) {
        return PXM_OK;
    }
    pxm_status status = look_at(store, made->key, lambda_time_left_ms(delivery->call), &fields, error);
    *ret = fields ? made->key : made->decoded_key;
    pxm_value_unref(fields);
    return status;
}

/* What a pipeline makes of an object may be told here as well, where somebody changed a prefix, or another function
 * waits for it. Such a chain may be meant, but not one without an end: each turn would be paid for. */
static void start(struct delivery *delivery, const struct app_trigger *trigger, struct pxm_instance *store,
                  const struct app_made_object *made, const char *key)
{
    pxm_error error = {0};
    int64_t generation = generation_of(delivery, store, key);

    if (generation >= GENERATIONS_MAX) {
        pxm_log(PXM_LOG_ERROR, "lambda", NULL,
                "object %.256s was made by %d runs in a row, each of what the one before had made: pipeline `%s` is "
                "not started once more",
                key, GENERATIONS_MAX, trigger->pipeline->name);
    } else if (run_one(delivery, trigger, made, key, generation + 1, &error) != PXM_OK) {
        keep_failure(delivery, trigger->pipeline->name, &error);
    }
}

/* One event starts one pipeline, so the first that wants it is the only one. An object that none waits for is left
 * alone. */
static void deliver(struct delivery *delivery, const struct app_made_object *made)
{
    const struct app_manifest *manifest = delivery->call->host->manifest;
    const char *key = NULL;
    pxm_error error = {0};

    for (size_t i = 0; i < manifest->trigger_count; i++) {
        const struct app_trigger *trigger = &manifest->triggers[i];
        struct pxm_instance *store =
            trigger->kind == PXM_TRIGGER_OBJECT_CREATED ? store_of(delivery, trigger, made->bucket) : NULL;
        if (!store) {
            continue;
        }
        if (choose_key(delivery, store, made, &key, &error) != PXM_OK) {
            keep_failure(delivery, trigger->pipeline->name, &error);
            return;
        }
        if (app_trigger_wants(trigger, trigger->store, key)) {
            start(delivery, trigger, store, made, key);
            return;
        }
    }
    pxm_log(PXM_LOG_INFO, "lambda", NULL, "no pipeline of this function waits for an object of bucket %.64s",
            made->bucket);
}

pxm_status lambda_objects_run(const struct lambda_call *call, const pxm_value *event, int64_t attempt,
                              size_t *ret_count, pxm_error *error)
{
    struct delivery delivery = {.call = call, .attempt = attempt};
    struct app_object_event objects = {0};

    pxm_status status = app_object_event_read(event, &objects, error);
    if (status != PXM_OK) {
        return status;
    }
    for (size_t i = 0; i < objects.count && !atomic_load(&call->host->is_hung); i++) {
        deliver(&delivery, &objects.objects[i]);
    }
    app_object_event_done(&objects);
    *ret_count += delivery.count;
    if (delivery.first.status != PXM_OK) {
        *error = delivery.first;
    }
    return delivery.first.status;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static void finish(pxm_status status, size_t count, const pxm_error *error, struct lambda_outcome *outcome)
{
    if (status != PXM_OK) {
        lambda_outcome_fail(outcome, lambda_failure_of(error), error);
    } else {
        pxm_buf_printf(&outcome->body, "{\"runs\":%zu}", count);
    }
}

void lambda_objects(const struct lambda_call *call, struct lambda_outcome *outcome)
{
    pxm_error error = {0};
    size_t count = 0;
    pxm_status status = lambda_objects_run(call, call->event, 0, &count, &error);

    finish(status, count, &error, outcome);
}

void lambda_topic(const struct lambda_call *call, struct lambda_outcome *outcome)
{
    const pxm_value *records = pxm_value_get(call->event, "Records");
    pxm_error error = {0};
    pxm_status status = PXM_OK;
    size_t count = 0;

    for (size_t i = 0; i < pxm_value_count(records); i++) {
        const pxm_value *message = lambda_at(pxm_value_at(records, i), "Sns.Message");
        pxm_error failure = {0};
        pxm_status one = pxm_value_type(message) == PXM_TYPE_STRING
                             ? lambda_objects_run(call, message, 0, &count, &failure)
                             : pxm_error_set(&failure, PXM_E_INVALID, "event.invalid", "a record without a message");
        if (one != PXM_OK && status == PXM_OK) {
            status = one;
            error = failure;
        }
    }
    finish(status, count, &error, outcome);
}
