/* From the text of an event to what is done with its shape. */
#include "base/json.h"
#include "base/value.h"
#include "lambda/call.h"
#include "lambda/shape.h"

static void dispatch(const struct lambda_call *call, bool is_inner, struct lambda_outcome *outcome)
{
    enum lambda_shape shape = lambda_shape_of(call->event);
    struct lambda_call inner = *call;
    pxm_error error = {0};

    switch (shape) {
    case LAMBDA_HTTP_V2:
    case LAMBDA_HTTP_V1:
    case LAMBDA_HTTP_ALB:
        lambda_http(call, shape, outcome);
        return;
    case LAMBDA_OBJECTS:
        lambda_objects(call, outcome);
        return;
    case LAMBDA_TOPIC:
        lambda_topic(call, outcome);
        return;
    case LAMBDA_MESSAGES:
        lambda_messages(call, outcome);
        return;
    case LAMBDA_SCHEDULE:
        lambda_schedule(call, outcome);
        return;
    case LAMBDA_DIRECT:
        lambda_direct(call, outcome);
        return;
    case LAMBDA_DESTINATION:
        if (!is_inner) {
            inner.event = pxm_value_get(call->event, "requestPayload");
            dispatch(&inner, true, outcome);
            return;
        }
        break;
    case LAMBDA_UNKNOWN:
        break;
    }
    pxm_error_set(&error, PXM_E_INVALID, "event.unknown", "an event of a shape that this function does not know");
    lambda_outcome_fail(outcome, LAMBDA_BAD_EVENT, &error);
}

void lambda_handle(struct lambda_host *host, const struct lambda_invocation *invocation, struct lambda_outcome *outcome)
{
    pxm_value *event = NULL;
    pxm_error error = {0};
    struct lambda_call call = {.host = host, .invocation = invocation};

    pxm_status status = pxm_json_parse(invocation->event.data, invocation->event.length, &event, &error);
    if (status == PXM_OK) {
        call.event = event;
        dispatch(&call, false, outcome);
    } else if (status == PXM_E_NO_MEMORY) {
        lambda_outcome_fail(outcome, LAMBDA_FAILED, &error);
    } else {
        pxm_error_set(&error, PXM_E_INVALID, "event.invalid", "the event is no JSON that can be read");
        lambda_outcome_fail(outcome, LAMBDA_BAD_EVENT, &error);
    }
    pxm_value_unref(event);
}
