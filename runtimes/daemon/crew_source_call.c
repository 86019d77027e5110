/* What is asked of the process of a source, and what became of its events. */
#include "base/value.h"
#include "daemon/crew_source_private.h"

#include <string.h>

const char *crew_source_text(const pxm_value *record, const char *key)
{
    return pxm_value_as_string(pxm_value_get(record, key), NULL);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

pxm_status crew_source_send(struct crew_source *source, const char *what, int64_t number, pxm_value *value,
                            pxm_error *error)
{
    pxm_value_set(value, "what", pxm_value_cstring(what));
    pxm_value_set(value, "number", pxm_value_int(number));
    pxm_status status = pxm_value_status(value) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
    if (status == PXM_OK && !source->opened) {
        status = pxm_error_set(error, PXM_E_TRANSIENT, "worker.lost", "no process reads %s just now", source->name);
    }
    if (status == PXM_OK) {
        status = ipc_send(source->process.socket.fd, CREW_CALL, value, -1, false, error);
    }
    if (status != PXM_OK && strcmp(error->code, "ipc.closed") == 0) { /* its end has not been heard of yet */
        source->opened = false;
        pxm_error_set(error, status, "worker.lost", "the process that reads %s ended", source->name);
    }
    pxm_value_unref(value);
    return status;
}

static void settle_message(struct crew_source *source, const pxm_value *item, uint32_t outcome, int64_t delay_ms,
                           const pxm_value *cause)
{
    pxm_value *value = pxm_value_record();
    pxm_error error = {0};

    pxm_value_set(value, "receipt", pxm_value_cstring(crew_source_text(item, "receipt")));
    pxm_value_set(value, "outcome", pxm_value_int(outcome));
    pxm_value_set(value, "delay_ms", pxm_value_int(delay_ms));
    pxm_value_set(value, "cause", cause ? pxm_value_ref(cause) : pxm_value_null());
    if (crew_source_send(source, "settle", 0, pxm_value_ref(value), &error) == PXM_OK) {
        pxm_value_unref(value);
    } else if (!source->opened) {
        if (!source->later) {
            source->later = pxm_value_list();
        }
        pxm_value_append(source->later, value);
    } else {
        crew_source_warn(source, &error, "a message is not settled, and will be delivered again");
        pxm_value_unref(value);
    }
    crew_source_release(source, crew_source_text(item, "receipt"));
}

/* Nothing is asked while objects are not settled, so the list is in no message yet. One that cannot be remembered is
 * told again. */
static void take_object(struct crew_source *source, const pxm_value *item, uint32_t outcome)
{
    source->untaken -= source->untaken > 0;
    if (outcome != PXM_SETTLE_DONE) {
        return;
    }
    const char *store = crew_source_text(item, "store");
    pxm_value *taken = pxm_value_record();
    if (store[0] != '\0') { /* a queue told of it, which may be that of several */
        pxm_value_set(taken, "store", pxm_value_cstring(store));
    }
    pxm_value_set(taken, "key", pxm_value_cstring(crew_source_text(item, "key")));
    pxm_value_set(taken, "etag", pxm_value_cstring(crew_source_text(item, "etag")));
    if (!source->taken) {
        source->taken = pxm_value_list();
    }
    pxm_value_append(source->taken, taken);
}

void crew_source_settle(struct crew_source *source, const pxm_value *item, uint32_t outcome, int64_t delay_ms,
                        const pxm_value *cause)
{
    if (source->options.kind == CREW_SOURCE_QUEUE) {
        settle_message(source, item, outcome, delay_ms, cause);
    } else {
        take_object(source, item, outcome);
    }
    crew_source_pull(source);
}

void crew_source_call(struct crew_source *source, struct crew_call *call)
{
    static const char *const whats[] = {[CREW_CALL_LIST] = "list",
                                        [CREW_CALL_DEPTH] = "depth",
                                        [CREW_CALL_DEAD] = "dead",
                                        [CREW_CALL_REDRIVE] = "redrive",
                                        [CREW_CALL_DISCARD] = "discard"};
    pxm_value *value = pxm_value_record();

    call->number = ++source->next_number;
    call->next = NULL;
    call->fields = NULL;
    pxm_error_clear(&call->error);
    pxm_value_set(value, "id", pxm_value_cstring(call->id));
    pxm_value_set(value, "cursor", pxm_value_cstring(call->cursor));
    pxm_value_set(value, "limit", pxm_value_int(call->limit));
    if (crew_source_send(source, whats[call->kind], call->number, value, &call->error) != PXM_OK) {
        call->done(call);
        return;
    }
    *source->last_call = call;
    source->last_call = &call->next;
}
