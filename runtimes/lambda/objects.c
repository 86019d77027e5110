/* Objects that were made: what S3, EventBridge and SNS tell, and what waits for them. */
#include "app/bucket.h"
#include "app/event.h"
#include "app/object_event.h"
#include "base/job.h"
#include "base/log.h"
#include "base/value.h"
#include "lambda/call.h"

#include <stdio.h>
#include <string.h>

struct delivery { /* of one event with its objects */
    const struct lambda_call *call;
    int64_t attempt;
    bool final;
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

/* Whether there is an object of that key; asked only where nobody knows how the key was written. */
static pxm_status is_there(struct pxm_instance *store, const char *key, int64_t left_ms, bool *ret, pxm_error *error)
{
    pxm_value *fields = pxm_value_record();
    int64_t now_ms = pxm_clock_system.monotonic_ms(pxm_clock_system.arg);
    pxm_job job = {.id = "object", .clock = &pxm_clock_system, .deadline_ms = INT64_MAX};

    *ret = true;
    pxm_limits_default(&job.limits);
    if (left_ms < INT64_MAX - now_ms) {
        job.deadline_ms = now_ms + left_ms;
    }
    if (!fields) {
        return pxm_error_no_memory(error);
    }
    pxm_status status = PXM_OK;
    if (store->ops.storage.head) {
        pxm_instance_enter(store);
        status = store->ops.storage.head(store->self, &job, key, fields, error);
        pxm_instance_leave(store);
    }
    pxm_value_unref(fields);
    if (status == PXM_E_NOT_FOUND) {
        *ret = false;
        pxm_error_clear(error);
        return PXM_OK;
    }
    return status;
}

/* ---- one object -------------------------------------------------------------------------------------------------- */

static pxm_status run_one(struct delivery *delivery, const struct app_trigger *trigger,
                          const struct app_made_object *made, const char *key, pxm_error *error)
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
                                       .attempt = delivery->attempt,
                                       .final = delivery->final};
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
    bool there = true;

    *ret = made->key;
    if (!made->decoded_key) {
        return PXM_OK;
    }
    pxm_status status = is_there(store, made->key, lambda_time_left_ms(delivery->call), &there, error);
    *ret = there ? made->key : made->decoded_key;
    return status;
}

/* One event starts one pipeline, so the first that wants it is the only one. An object that none waits for is left
 * alone: what a pipeline makes may be told here as well, and would go round in circles. */
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
            if (run_one(delivery, trigger, made, key, &error) != PXM_OK) {
                keep_failure(delivery, trigger->pipeline->name, &error);
            }
            return;
        }
    }
    pxm_log(PXM_LOG_INFO, "lambda", NULL, "no pipeline of this function waits for an object of bucket %.64s",
            made->bucket);
}

pxm_status lambda_objects_run(const struct lambda_call *call, const pxm_value *event, int64_t attempt, bool final,
                              size_t *ret_count, pxm_error *error)
{
    struct delivery delivery = {.call = call, .attempt = attempt, .final = final};
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
    pxm_status status = lambda_objects_run(call, call->event, 1, false, &count, &error);

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
                             ? lambda_objects_run(call, message, 1, false, &count, &failure)
                             : pxm_error_set(&failure, PXM_E_INVALID, "event.invalid", "a record without a message");
        if (one != PXM_OK && status == PXM_OK) {
            status = one;
            error = failure;
        }
    }
    finish(status, count, &error, outcome);
}
