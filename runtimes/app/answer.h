/* From what came of a run to an answer: bodies and their headers, conditional requests (RFC 9110 section 13), ranges
 * (section 14), problem documents (RFC 9457). docs/http.md tells the whole of it. [any] */
#ifndef PXM_APP_ANSWER_H
#define PXM_APP_ANSWER_H

#include "app/head.h"
#include "app/manifest.h"
#include "app/response.h"
#include "app/route.h"

/* The output of a run: a blob is the body itself, with the media type that its first bytes show and its ETag (what its
 * store said, else its SHA-256; of a file whose hash nobody knows, none); null is 204 where the trigger says 200, else
 * no body; text is where a redirect (301 302 303 307 308) leads; anything else is JSON. A GET or HEAD with conditions
 * gets 304 or 412, a GET with a range 206 or 416. What is served may come from strangers, so it is inert: nosniff and a
 * sandboxing policy on all blobs, and attachment where the type is none of the pictures that a browser shows without
 * running anything. Codes: json.unsupported, json.too_large, output.location, no_memory. */
pxm_status app_answer_output(const struct app_trigger *trigger, const struct app_head *head, const pxm_value *output,
                             struct app_response **ret, pxm_error *error);

/* {type, title, status, detail, code, request}. Never cached. With Retry-After where retry_after_s > 0; 429 and 503
 * always have one, of 1 s if not said; 401 has WWW-Authenticate. A 5xx tells its code and no text, and neither do
 * stores, tables and queues, as their texts speak of paths and hosts; any other text is told without the steps that it
 * came through. `request_id` may be NULL. NULL: no memory. */
struct app_response *app_answer_error(const pxm_error *error, const char *request_id, int64_t retry_after_s);
/* One by status, such as 404, with a code and a text of the host's, which is told as it is; NULL: no text. */
struct app_response *app_answer_problem(int status, const char *code, const char *request_id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What is said where no pipeline is found: 400 of no path, 404, or 405 with Allow. NULL: one was found, or no
 * memory. */
struct app_response *app_answer_no_route(const struct app_match *match, const char *request_id);
/* The status that an error's code and status stand for: 400 401 403 404 405 408 409 412 413 415 422 429 500 503 504
 * 507. */
int app_status_of(const pxm_error *error);

#endif
