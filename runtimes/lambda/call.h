/* One event at work. */
#ifndef PXM_LAMBDA_CALL_H
#define PXM_LAMBDA_CALL_H

#include "engine/run_id.h"
#include "lambda/host.h"
#include "lambda/shape.h"

struct lambda_call { /* one thread */
    struct lambda_host *host;
    const struct lambda_invocation *invocation;
    const pxm_value *event;
};

struct lambda_run {                    /* what is to be run */
    const struct app_trigger *trigger; /* NULL: the pipeline itself, with `inputs` */
    const char *pipeline;
    const pxm_value *event;  /* of the trigger */
    const pxm_value *inputs; /* record by name; NULL: none */
    const char *id;
    int64_t attempt;
    int64_t generation; /* what its objects are to carry, see objects.c; 0: nothing */
    bool final;         /* nobody will try again */
    const pxm_error
        *failure; /* how it failed elsewhere, which its on_failure alone is to write down; NULL: it did not */
};

/* Runs a pipeline within the time that the event has left, less the margin. *ret_output is a new reference. A run that
 * does not end in its time is left behind, and the host is hung. Logs and measures it. */
pxm_status lambda_run(const struct lambda_call *call, const struct lambda_run *run, pxm_value **ret_output,
                      pxm_error *error);
/* Milliseconds that are left for runs; INT64_MAX: as many as they want. [any] */
int64_t lambda_time_left_ms(const struct lambda_call *call);
/* The id of a run that is the same whenever the same comes again: KIND and a digest of the texts, which end in NULL.
 * Code "no_memory". [any] */
pxm_status lambda_run_id_of(const char *kind, const char *const *texts, char id[PXM_RUN_ID_MAX], pxm_error *error);
/* Whether nothing went wrong with what the run does about its failure. [any] */
bool lambda_is_written_down(const pxm_error *error);
/* Whether an object or message that failed so is to come again: it may pass, or nobody has written down that it failed.
 * What is wrong with a picture is wrong with it for ever. [any] */
bool lambda_comes_again(const struct lambda_call *call, const char *pipeline, const pxm_error *error);

/* The text that objects carry which a run made of another object: how many runs there were in a row. */
#define LAMBDA_GENERATION "pixmill-generation"

/* Whether nobody tries an event or a message again after that attempt, as far as the settings tell. [any] */
bool lambda_is_last(const struct lambda_call *call, int64_t attempt);

/* ---- what is done with each shape: all fill the outcome ---- */

void lambda_http(const struct lambda_call *call, enum lambda_shape shape, struct lambda_outcome *outcome);
void lambda_objects(const struct lambda_call *call, struct lambda_outcome *outcome);
void lambda_topic(const struct lambda_call *call, struct lambda_outcome *outcome);
void lambda_messages(const struct lambda_call *call, struct lambda_outcome *outcome);
void lambda_schedule(const struct lambda_call *call, struct lambda_outcome *outcome);
void lambda_direct(const struct lambda_call *call, struct lambda_outcome *outcome);

/* objects.c: runs what waits for the objects that an event tells of; a failure is that of the first that is to come
 * again. `attempt`: 0 where nobody tells which it is. Adds to *ret_count how many were run. */
pxm_status lambda_objects_run(const struct lambda_call *call, const pxm_value *event, int64_t attempt,
                              size_t *ret_count, pxm_error *error);

/* What came of an event, whatever its shape. */
void lambda_handle(struct lambda_host *host, const struct lambda_invocation *invocation,
                   struct lambda_outcome *outcome);

#endif
