/* From what came of a run to an answer: bodies and their headers, conditional requests (RFC 9110 section 13), ranges
 * (section 14), problem documents (RFC 9457). [any] */
#ifndef PXM_APP_ANSWER_H
#define PXM_APP_ANSWER_H

#include "app/head.h"
#include "app/manifest.h"
#include "app/response.h"

/* The output of a run: a blob is the body itself, with its media type and its ETag (what its store said, else its
 * SHA-256); null is 204; anything else is JSON. A GET or HEAD with conditions or a range gets 304, 412, 206 or 416.
 * What is served may come from strangers, so it is inert: nosniff and a sandboxing policy on all, and attachment where
 * the type is none of the pictures that a browser shows without running anything. */
pxm_status app_answer_output(const struct app_trigger *trigger, const struct app_head *head, const pxm_value *output,
                             struct app_response **ret, pxm_error *error);

/* {type, title, status, detail, code, request}; retry_after_s > 0: with Retry-After. Never cached. A 5xx tells its code
 * and no text, which may speak of paths and hosts; a text that the caller is to see is that of a 4xx. NULL: no memory.
 * */
struct app_response *app_answer_error(const pxm_error *error, const char *request_id, int64_t retry_after_s);
/* One by status, such as 404, with a code and a text of the host's. */
struct app_response *app_answer_problem(int status, const char *code, const char *request_id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The status that an error's code and status stand for: 400 404 409 412 413 415 422 429 500 503 504 507. */
int app_status_of(const pxm_error *error);

#endif
