/* Events of our own, for re-runs and smoke tests, and those of a clock. */
#include "app/event.h"
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include "lambda/call.h"

#include <stdio.h>
#include <string.h>

/* ---- direct ------------------------------------------------------------------------------------------------------ */

static void put_output(struct lambda_outcome *outcome, const char *run, const pxm_value *output)
{
    pxm_error error = {0};

    pxm_buf_puts(&outcome->body, "{\"run\":");
    pxm_buf_json_string(&outcome->body, run, strlen(run));
    pxm_buf_puts(&outcome->body, ",\"output\":");
    pxm_status status = pxm_json_write(&outcome->body, output, 0, 1, &error);
    pxm_buf_putc(&outcome->body, '}');
    if (status == PXM_OK && outcome->body.status != PXM_OK) {
        status = pxm_error_set(&error, PXM_E_LIMIT, "output.too_large", "the output is more than Lambda takes");
    }
    if (status != PXM_OK) {
        lambda_outcome_fail(outcome, LAMBDA_FAILED, &error);
    }
}

static const struct app_trigger *object_trigger(const struct lambda_call *call, const char *pipeline, const char *key)
{
    const struct app_manifest *manifest = call->host->manifest;

    for (size_t i = 0; i < manifest->trigger_count; i++) {
        const struct app_trigger *trigger = &manifest->triggers[i];
        if (strcmp(trigger->pipeline->name, pipeline) == 0 && trigger->kind == PXM_TRIGGER_OBJECT_CREATED &&
            app_trigger_wants(trigger, trigger->store, key)) {
            return trigger;
        }
    }
    return NULL;
}

/* {code, message}, as a function that failed says it. PXM_OK and no status in *ret: there is none. */
static pxm_status read_failure(const struct lambda_call *call, pxm_error *ret, pxm_error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";
    const pxm_value *failure = pxm_value_get(call->event, "failure");
    const char *code = lambda_text_at(failure, "code"), *message = lambda_text_at(failure, "message");

    if (!failure) {
        return PXM_OK;
    }
    if (!code || !message || code[0] == '\0' || strlen(code) >= PXM_ERROR_CODE_MAX ||
        strspn(code, letters) != strlen(code)) {
        return pxm_error_set(error, PXM_E_INVALID, "event.invalid", "`failure` is no {code, message}");
    }
    pxm_error_set(ret, PXM_E_INVALID, code, "%s", message);
    return PXM_OK;
}

/* Where nothing but a failure was to be written down, that it was is success. */
static pxm_status settle(const pxm_error *failure, pxm_status status, pxm_value **ret, pxm_error *error)
{
    if (!failure || status == PXM_OK || strcmp(error->code, failure->code) != 0 || !lambda_is_written_down(error)) {
        return status;
    }
    pxm_error_clear(error);
    *ret = pxm_value_null();
    return *ret ? PXM_OK : pxm_error_no_memory(error);
}

/* {pipeline, key}: as if the object had just been made. {pipeline, inputs}: the pipeline itself. With a `failure`
 * beside, which another try could not write down itself: only what the pipeline does about that. */
static pxm_status run_direct(const struct lambda_call *call, const char *pipeline, pxm_value **ret, pxm_error *error)
{
    const char *key = lambda_text_at(call->event, "key");
    const pxm_value *inputs = pxm_value_get(call->event, "inputs");
    const struct app_trigger *trigger = key ? object_trigger(call, pipeline, key) : NULL;
    pxm_value *event = NULL;
    pxm_error failure = {0};
    pxm_status status = read_failure(call, &failure, error);

    if (key && !trigger) {
        return pxm_error_set(error, PXM_E_INVALID, "event.invalid", "pipeline `%.64s` waits for no object of that key",
                             pipeline);
    }
    if (inputs && (key || pxm_value_type(inputs) != PXM_TYPE_RECORD)) {
        return pxm_error_set(error, PXM_E_INVALID, "event.invalid",
                             "`inputs` is a record, and there is no `key` beside");
    }
    if (status == PXM_OK && trigger) {
        const struct app_object object = {
            .store = trigger->store, .key = key, .bytes = PXM_UNSET_INT, .time_ms = PXM_UNSET_INT};
        status = app_event_object_created(&object, &event, error);
    }
    const struct lambda_run run = {.trigger = trigger,
                                   .pipeline = pipeline,
                                   .event = event,
                                   .inputs = inputs,
                                   .id = call->invocation->id,
                                   .attempt = 1,
                                   .generation = trigger ? 1 : 0,
                                   .final = true,
                                   .failure = failure.status != PXM_OK ? &failure : NULL};
    if (status == PXM_OK) {
        status = settle(run.failure, lambda_run(call, &run, ret, error), ret, error);
    }
    pxm_value_unref(event);
    return status;
}

void lambda_direct(const struct lambda_call *call, struct lambda_outcome *outcome)
{
    const char *pipeline = lambda_text_at(call->event, "pipeline");
    pxm_value *output = NULL;
    pxm_error error = {0};

    pxm_status status = pipeline ? run_direct(call, pipeline, &output, &error)
                                 : pxm_error_set(&error, PXM_E_INVALID, "event.invalid", "`pipeline` is no text");
    if (status == PXM_OK) {
        put_output(outcome, call->invocation->id, output);
    } else {
        lambda_outcome_fail(outcome, lambda_failure_of(&error), &error);
    }
    pxm_value_unref(output);
}

/* ---- schedules --------------------------------------------------------------------------------------------------- */

static pxm_status run_schedule(const struct lambda_call *call, const struct app_trigger *trigger, pxm_error *error)
{
    const char *event_id = lambda_text_at(call->event, "id");
    const char *const texts[] = {trigger->pipeline->name, trigger->name, event_id ? event_id : call->invocation->id,
                                 NULL};
    char id[PXM_RUN_ID_MAX];
    pxm_value *event = NULL, *output = NULL;

    pxm_status status = lambda_run_id_of("schedule", texts, id, error);
    if (status == PXM_OK) {
        status = app_event_schedule(pxm_clock_system.wall_ms(pxm_clock_system.arg), &event, error);
    }
    if (status == PXM_OK) {
        const struct lambda_run run = {
            .trigger = trigger, .pipeline = trigger->pipeline->name, .event = event, .id = id, .attempt = 1};
        status = lambda_run(call, &run, &output, error);
    }
    pxm_value_unref(event);
    pxm_value_unref(output);
    return status;
}

void lambda_schedule(const struct lambda_call *call, struct lambda_outcome *outcome)
{
    const struct app_manifest *manifest = call->host->manifest;
    pxm_status status = PXM_OK;
    pxm_error error = {0};
    size_t count = 0;

    for (size_t i = 0; i < manifest->trigger_count && status == PXM_OK; i++) {
        if (manifest->triggers[i].kind == PXM_TRIGGER_SCHEDULE) {
            count++;
            status = run_schedule(call, &manifest->triggers[i], &error);
        }
    }
    if (status == PXM_OK && count == 0) {
        status = pxm_error_set(&error, PXM_E_INVALID, "event.unknown", "no pipeline of this function has a schedule");
    }
    if (status == PXM_OK) {
        pxm_buf_printf(&outcome->body, "{\"runs\":%zu}", count);
    } else {
        lambda_outcome_fail(outcome, lambda_failure_of(&error), &error);
    }
}
