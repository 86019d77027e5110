/* Messages of SQS: each for itself, so that one that fails does not take the others with it. */
#include "app/event.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/value.h"
#include "lambda/call.h"
#include "lang/yaml/scalar.h"

#include <string.h>

struct message { /* borrowed from the event */
    const char *id, *body, *source;
    size_t body_length;
    int64_t attempt;    /* with this one */
    int64_t sent_at_ms; /* PXM_UNSET_INT: not told */
};

static int64_t number_of(const pxm_value *record, const char *path, int64_t fallback)
{
    const char *text = lambda_text_at(record, path);
    int64_t number = 0;

    return text && !pxm_scalar_int(text, &number) && number > 0 ? number : fallback;
}

static bool read_message(const pxm_value *record, struct message *ret)
{
    const pxm_value *body = pxm_value_get(record, "body");

    *ret = (struct message){.id = lambda_text_at(record, "messageId"),
                            .source = lambda_text_at(record, "eventSourceARN"),
                            .attempt = number_of(record, "attributes.ApproximateReceiveCount", 1),
                            .sent_at_ms = number_of(record, "attributes.SentTimestamp", PXM_UNSET_INT)};
    if (pxm_value_type(body) == PXM_TYPE_STRING) {
        ret->body = pxm_value_as_string(body, &ret->body_length);
    }
    return ret->id && ret->body;
}

/* ---- messages of our own ----------------------------------------------------------------------------------------- */

static pxm_status make_event(const struct message *message, const pxm_value *json, pxm_value **ret, pxm_error *error)
{
    pxm_value *event = pxm_value_record();

    pxm_value_set(event, "id", pxm_value_cstring(message->id));
    pxm_value_set(event, "json", pxm_value_ref(json));
    pxm_value_set(event, "attempts", pxm_value_int(message->attempt));
    pxm_value_set(event, "sent_at",
                  message->sent_at_ms != PXM_UNSET_INT ? pxm_value_int(message->sent_at_ms) : pxm_value_null());
    if (pxm_value_status(event) != PXM_OK) {
        pxm_value_unref(event);
        return pxm_error_no_memory(error);
    }
    *ret = event;
    return PXM_OK;
}

/* The trigger of the queue that the message is of: the one whose queue is called as it is, or the only one. */
static const struct app_trigger *find_trigger(const struct lambda_call *call, const struct message *message)
{
    const struct app_manifest *manifest = call->host->manifest;
    const char *colon = message->source ? strrchr(message->source, ':') : NULL;
    const struct app_trigger *only = NULL;
    size_t count = 0;

    for (size_t i = 0; i < manifest->trigger_count; i++) {
        const struct app_trigger *trigger = &manifest->triggers[i];
        if (trigger->kind != PXM_TRIGGER_MESSAGE) {
            continue;
        }
        if (colon && strcmp(trigger->queue, colon + 1) == 0) {
            return trigger;
        }
        only = trigger;
        count++;
    }
    return count == 1 ? only : NULL;
}

static pxm_status run_message(const struct lambda_call *call, const struct app_trigger *trigger,
                              const struct message *message, const pxm_value *json, pxm_error *error)
{
    const char *const texts[] = {trigger->pipeline->name, trigger->name, message->id, NULL};
    char id[PXM_RUN_ID_MAX];
    pxm_value *event = NULL, *output = NULL;

    pxm_status status = lambda_run_id_of("message", texts, id, error);
    if (status == PXM_OK) {
        status = make_event(message, json, &event, error);
    }
    if (status == PXM_OK) {
        const struct lambda_run run = {.trigger = trigger,
                                       .pipeline = trigger->pipeline->name,
                                       .event = event,
                                       .id = id,
                                       .attempt = message->attempt,
                                       .final = lambda_is_last(call, message->attempt)};
        status = lambda_run(call, &run, &output, error);
    }
    pxm_value_unref(event);
    pxm_value_unref(output);
    return status;
}

/* ---- one message ------------------------------------------------------------------------------------------------- */

static bool waits_for_objects(const struct lambda_call *call)
{
    const struct app_manifest *manifest = call->host->manifest;
    bool found = false;

    for (size_t i = 0; i < manifest->trigger_count && !found; i++) {
        found = manifest->triggers[i].kind == PXM_TRIGGER_OBJECT_CREATED;
    }
    return found;
}

static pxm_status deliver(const struct lambda_call *call, const struct message *message, const pxm_value *json,
                          size_t *ret_count, pxm_error *error)
{
    const struct app_trigger *trigger = find_trigger(call, message);

    if (waits_for_objects(call)) {
        pxm_status status = lambda_objects_run(call, json, message->attempt, ret_count, error);
        if (!trigger || strcmp(error->code, "event.unknown") != 0) {
            return status;
        }
        pxm_error_clear(error);
    }
    if (!trigger) {
        return pxm_error_set(error, PXM_E_INVALID, "event.unknown",
                             "no pipeline of this function takes such a message");
    }
    ++*ret_count;
    return run_message(call, trigger, message, json, error);
}

static pxm_status work(const struct lambda_call *call, const struct message *message, size_t *ret_count,
                       pxm_error *error)
{
    pxm_value *json = NULL;
    pxm_status status = pxm_json_parse(message->body, message->body_length, &json, error);

    if (status != PXM_OK && status != PXM_E_NO_MEMORY) {
        status = pxm_error_set(error, PXM_E_INVALID, "event.unknown", "a message that is no JSON");
    }
    if (status == PXM_OK && (lambda_time_left_ms(call) <= 0 || atomic_load(&call->host->is_hung))) {
        status = pxm_error_set(error, PXM_E_TIMEOUT, "limit.time", "no time is left for this message");
    }
    if (status == PXM_OK) {
        status = deliver(call, message, json, ret_count, error);
    }
    pxm_value_unref(json);
    return status;
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static void add_failure(struct pxm_buf *buf, const char *id, size_t *count)
{
    pxm_buf_puts(buf, (*count)++ > 0 ? ",{\"itemIdentifier\":" : "{\"itemIdentifier\":");
    pxm_buf_json_string(buf, id, strlen(id));
    pxm_buf_putc(buf, '}');
}

void lambda_messages(const struct lambda_call *call, struct lambda_outcome *outcome)
{
    const pxm_value *records = pxm_value_get(call->event, "Records");
    size_t failed = 0, runs = 0;

    pxm_buf_puts(&outcome->body, "{\"batchItemFailures\":[");
    for (size_t i = 0; i < pxm_value_count(records); i++) {
        struct message message;
        pxm_error error = {0};
        if (!read_message(pxm_value_at(records, i), &message)) {
            pxm_error_set(&error, PXM_E_INVALID, "event.invalid", "a message without an id or a body");
            lambda_outcome_fail(outcome, LAMBDA_BAD_EVENT, &error);
            return;
        }
        if (work(call, &message, &runs, &error) != PXM_OK) {
            pxm_log(PXM_LOG_WARN, "lambda", NULL, "message %.64s comes again: %s: %s", message.id, error.code,
                    error.text);
            add_failure(&outcome->body, message.id, &failed);
        }
    }
    pxm_buf_puts(&outcome->body, "]}");
}
