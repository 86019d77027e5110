/* What the daemon tells of itself: metrics, and the lines of its access log. */
#ifndef PXM_DAEMON_OBSERVE_H
#define PXM_DAEMON_OBSERVE_H

#include "app/response.h"
#include "daemon/edition.h"
#include "daemon/http.h"

struct supervisor;

pxm_status observe_new(struct supervisor *supervisor, pxm_error *error);
void observe_free(struct supervisor *supervisor);

/* A run ended, well or not: its time, its steps. [loop] */
void observe_run(struct supervisor *supervisor, const struct work *work);
/* What became of a job: "done", "retried", "dead". [loop] */
void observe_job(struct supervisor *supervisor, const char *outcome);
/* An exchange is over, its answer sent or not; `route` NULL: it was for no pipeline; `run` NULL: none began. [any] */
void observe_exchange(struct supervisor *supervisor, struct http_exchange *exchange, const char *route,
                      const char *pipeline, const char *run, bool sent);
/* Once a second: what changes by itself. [loop] */
void observe_tick(struct supervisor *supervisor);
/* All metrics as text for Prometheus. NULL: no memory. [any] */
struct app_response *observe_answer(struct supervisor *supervisor);

#endif
