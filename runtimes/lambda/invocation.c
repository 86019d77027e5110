/* Failures and their names. */
#include "lambda/invocation.h"

#include <string.h>

const char *lambda_failure_name(enum lambda_failure failure)
{
    static const char *const names[] = {
        [LAMBDA_SUCCESS] = NULL,
        [LAMBDA_BAD_EVENT] = "Function.BadEvent",
        [LAMBDA_BAD_IMAGE] = "Function.CorruptImage",
        [LAMBDA_STORAGE] = "Function.Storage",
        [LAMBDA_METADATA] = "Function.Metadata",
        [LAMBDA_QUEUE] = "Function.Queue",
        [LAMBDA_TIMEOUT] = "Function.Timeout",
        [LAMBDA_FAILED] = "Function.Failed",
        [LAMBDA_INIT_FAILED] = "Runtime.InitFailed",
        [LAMBDA_PLUGIN_LOAD] = "Runtime.PluginLoad",
    };
    return names[failure];
}

enum lambda_failure lambda_failure_of(const pxm_error *error)
{
    static const struct {
        const char *family;
        enum lambda_failure failure;
    } families[] = {
        {"event.", LAMBDA_BAD_EVENT}, {"store.", LAMBDA_STORAGE},        {"table.", LAMBDA_METADATA},
        {"queue.", LAMBDA_QUEUE},     {"decode.", LAMBDA_BAD_IMAGE},     {"limit.time", LAMBDA_TIMEOUT},
        {"limit.", LAMBDA_BAD_IMAGE}, {"run.cancelled", LAMBDA_TIMEOUT},
    };

    if (error->status == PXM_E_TIMEOUT) {
        return LAMBDA_TIMEOUT;
    }
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (strncmp(error->code, families[i].family, strlen(families[i].family)) == 0) {
            return families[i].failure;
        }
    }
    return error->status == PXM_E_BAD_IMAGE ? LAMBDA_BAD_IMAGE : LAMBDA_FAILED;
}

void lambda_outcome_init(struct lambda_outcome *outcome)
{
    *outcome = (struct lambda_outcome){.failure = LAMBDA_SUCCESS};
    pxm_buf_init(&outcome->body, LAMBDA_ANSWER_BYTES_MAX);
}

void lambda_outcome_done(struct lambda_outcome *outcome)
{
    pxm_buf_done(&outcome->body);
    app_response_free(outcome->response);
    outcome->response = NULL;
}

void lambda_outcome_fail(struct lambda_outcome *outcome, enum lambda_failure failure, const pxm_error *error)
{
    pxm_buf_clear(&outcome->body);
    app_response_free(outcome->response);
    outcome->response = NULL;
    outcome->failure = failure;
    outcome->error = *error;
}
