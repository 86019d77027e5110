/* Which request each run belongs to that is going on, for lines of the log. [any] */
#ifndef PXM_LAMBDA_LIVE_H
#define PXM_LAMBDA_LIVE_H

#include "app/log.h"

/* Between the two the run belongs to the request; both are copied. One more than there is room for is forgotten. */
void lambda_live_add(const char *run, const char *request);
void lambda_live_remove(const char *run);
/* As struct log_options wants it. */
bool lambda_live_request(const char *run, char request[LOG_REQUEST_MAX]);

#endif
