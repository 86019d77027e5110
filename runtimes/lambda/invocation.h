/* One event as Lambda hands it over, and what is answered to it. */
#ifndef PXM_LAMBDA_INVOCATION_H
#define PXM_LAMBDA_INVOCATION_H

#include "app/response.h"
#include "base/buf.h"
#include "base/error.h"

enum {
    LAMBDA_ID_MAX = 64, /* of a request, with the NUL */
    LAMBDA_TRACE_MAX = 512,
    LAMBDA_EVENT_BYTES_MAX = 7 << 20,          /* more than Lambda hands over */
    LAMBDA_ANSWER_BYTES_MAX = (6 << 20) + 100, /* what Lambda takes in one piece */
};

struct lambda_invocation {
    char id[LAMBDA_ID_MAX];
    char trace[LAMBDA_TRACE_MAX]; /* "": none */
    int64_t deadline_ms;          /* wall clock; INT64_MAX: not told */
    bool cold;                    /* the first that this process gets */
    struct pxm_buf event;         /* JSON */
};

/* What went wrong, for the header that Lambda knows it by: a closed list, so that alarms can be set on them. */
enum lambda_failure {
    LAMBDA_SUCCESS,
    LAMBDA_BAD_EVENT,
    LAMBDA_BAD_IMAGE,
    LAMBDA_STORAGE,
    LAMBDA_METADATA,
    LAMBDA_QUEUE,
    LAMBDA_TIMEOUT,
    LAMBDA_FAILED,
    LAMBDA_INIT_FAILED,
    LAMBDA_PLUGIN_LOAD
};

/* The name, such as "Function.Storage"; NULL of success. Static. [any] */
const char *lambda_failure_name(enum lambda_failure failure);
/* What an error of a run stands for. [any] */
enum lambda_failure lambda_failure_of(const pxm_error *error);

struct lambda_outcome {
    enum lambda_failure failure;
    pxm_error error;               /* of a failure */
    struct pxm_buf body;           /* the answer, of success: JSON */
    struct app_response *response; /* sent as a stream instead; owned; NULL: `body` */
    bool bodiless;                 /* of a stream: only its head is sent, as of a HEAD */
};

/* Caps the body. */
void lambda_outcome_init(struct lambda_outcome *outcome);
void lambda_outcome_done(struct lambda_outcome *outcome);
/* Replaces what was there by a failure. */
void lambda_outcome_fail(struct lambda_outcome *outcome, enum lambda_failure failure, const pxm_error *error);

#endif
