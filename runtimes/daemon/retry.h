/* When to try again, and how a failure is kept. [any] */
#ifndef PXM_DAEMON_RETRY_H
#define PXM_DAEMON_RETRY_H

#include "base/error.h"
#include "daemon/options.h"

/* Full jitter: anything up to a bound that grows with every try; `failed`: tries before this one. */
int64_t retry_pause_ms(const struct serve_options *options, int64_t failed);
/* A queue bounds its messages itself; one that does not is bounded by this, at what sqlite's queues permit at most. */
enum { RETRY_DELIVERIES_MAX = 1000 };
/* Whether a message is delivered again, or is a dead letter; `attempts`: with the one that failed. */
bool retry_delivers_again(const pxm_error *error, bool killed_worker, int64_t attempts);
/* The cause of a failure as JSON, to be freed; NULL: no memory. */
char *retry_cause(const pxm_error *error);

#endif
