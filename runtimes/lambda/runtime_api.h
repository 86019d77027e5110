/* The runtime API of Lambda: asks for the next event, posts what came of it. Over libcurl, one connection that is kept.
 * Nothing is repeated that Lambda does not want repeated: what was answered once stays answered. */
#ifndef PXM_LAMBDA_RUNTIME_API_H
#define PXM_LAMBDA_RUNTIME_API_H

#include "lambda/invocation.h"

struct lambda_api; /* one thread at a time */

/* Once a process, before any thread. */
pxm_status lambda_api_start(pxm_error *error);
/* `address`: "host:port". Code "api.failed". */
pxm_status lambda_api_new(const char *address, struct lambda_api **ret, pxm_error *error);
void lambda_api_free(struct lambda_api *api); /* NULL is fine */

/* Waits as long as it takes: the process may be frozen meanwhile. A connection that is lost and a server that fails are
 * tried again three times. The event's buffer is cleared first. Codes: "api.failed" (there will be no next one),
 * "api.event" (PXM_E_INVALID: no event of a function; ask again). */
pxm_status lambda_api_next(struct lambda_api *api, struct lambda_invocation *ret, pxm_error *error);
/* Posts a success or a failure of the event, in one piece. After any failure the next is asked for. Codes:
 * "api.refused" (Lambda does not take it: the event is another by now, or was answered, or the answer is too large),
 * "api.failed". */
pxm_status lambda_api_answer(struct lambda_api *api, const char *id, const struct lambda_outcome *outcome,
                             pxm_error *error);
/* Posts an answer over HTTP as a stream: its head, then `body` as it is read (NULL: none). When reading fails the
 * stream ends in trailers that say so, and this succeeds. */
pxm_status lambda_api_stream(struct lambda_api *api, const char *id, const struct pxm_buf *head, pxm_stream *body,
                             pxm_error *error);
/* The process cannot work; to be called before the first `next`. */
pxm_status lambda_api_init_error(struct lambda_api *api, enum lambda_failure failure, const pxm_error *why,
                                 pxm_error *error);

/* {"errorMessage","errorType","stackTrace":[]}. [any] */
void lambda_error_write(enum lambda_failure failure, const pxm_error *error, struct pxm_buf *ret);

#endif
