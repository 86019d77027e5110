/* When to try again, and how a failure is kept. [any] */
#ifndef PXM_DAEMON_RETRY_H
#define PXM_DAEMON_RETRY_H

#include "base/error.h"
#include "daemon/options.h"

/* Full jitter: anything up to a bound that grows with every try; `failed`: tries before this one. */
int64_t retry_pause_ms(const struct serve_options *options, int64_t failed);
/* The cause of a failure as JSON, to be freed; NULL: no memory. */
char *retry_cause(const pxm_error *error);

#endif
