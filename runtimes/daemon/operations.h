/* The daemon's own routes: health, readiness, metrics, and what an operator asks and does. All others are pipelines. */
#ifndef PXM_DAEMON_OPERATIONS_H
#define PXM_DAEMON_OPERATIONS_H

#include "app/head.h"
#include "app/response.h"
#include "daemon/request.h"
#include <stdbool.h>

/* The operation that the head means; NULL: none. Where it may not be done *ret_refusal is the answer. HTTP thread. */
const struct operation *operation_find(struct supervisor *supervisor, const struct app_head *head,
                                       const char *request_id, struct app_response **ret_refusal);
/* Whether it touches nothing of the loop, so that the HTTP thread does it itself. [any] */
bool operation_is_quick(const struct operation *operation);
/* Does it and answers. */
void operation_start(struct request *request);

#endif
