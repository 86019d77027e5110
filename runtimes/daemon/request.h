/* Requests that pipelines answer: whether they are taken, and what becomes of them. A request belongs to the HTTP
 * thread until its body is whole, then to the loop until it is answered, then to the HTTP thread again, which ends it.
 * */
#ifndef PXM_DAEMON_REQUEST_H
#define PXM_DAEMON_REQUEST_H

#include "app/intake.h"
#include "app/route.h"
#include "daemon/edition.h"
#include "daemon/http.h"
#include "daemon/journal.h"
#include "daemon/metrics.h"
#include "engine/run_id.h"

enum { REQUEST_SUBJECT_MAX = 32, REQUEST_DIGEST_MAX = 65 };

struct operation; /* of the host's own routes */

struct request {
    struct supervisor *supervisor;
    struct http_exchange *exchange;
    struct edition *edition; /* referenced until it is answered; NULL: there was none yet */
    struct app_match match;
    const struct operation *operation; /* NULL: a pipeline answers */
    char subject[REQUEST_SUBJECT_MAX]; /* who asks; "": nobody said */
    bool is_page;                      /* the answer is the web page of the record that the pipeline gives */
    char route[METRICS_LABEL_BYTES_MAX], pipeline[METRICS_LABEL_BYTES_MAX]; /* for the log, when the edition is gone */
    int64_t bytes_max;                                                      /* of its body */
    bool refused;
    struct app_response *refusal; /* NULL: no memory for it */

    /* Under the supervisor's lock. */
    bool pending; /* was taken in, and is not answered */
    bool uploading;
    int64_t begun_ms, bytes;               /* monotonic; reserved for the body */
    struct request *next_open, *last_open; /* of all that are not over */

    /* The loop's. */
    struct loop_task task;
    struct app_body body;
    struct work work;
    char id[PXM_RUN_ID_MAX];
    char flight[REQUEST_DIGEST_MAX];      /* tells identical requests; "": it is like no other */
    char key[REQUEST_DIGEST_MAX];         /* idempotency; "": none */
    char fingerprint[REQUEST_DIGEST_MAX]; /* of what the key was used for */
    struct journal_op op;                 /* claim, then conclude */
    char *answer;                         /* JSON that is kept for the key */
    struct request *followers, *next_follower;
    struct request *next_flight, *last_flight;
};

struct requests {
    struct request *open;       /* under the supervisor's lock */
    struct request *flights;    /* the loop's: those that are the first of their kind and not answered */
    _Atomic int64_t service_ms; /* a moving mean of how long runs of requests take */
};

extern const struct http_handler request_handler; /* its `arg` is the supervisor (gate.c) */

/* Whether it was sent to this machine by name. A page elsewhere may have a name that leads here (DNS rebinding), so the
 * address that a request comes from does not tell who asks. [any] */
bool request_is_for_this_machine(const struct app_head *head);
/* From here on it is the loop's. [loop] */
void request_start(struct request *request);
/* Ends requests that wait for a worker and whose clients went away. Now and then. [loop] */
void request_sweep(struct supervisor *supervisor);
/* Answers those that came in when the loop had ended already; nobody hears it, but their memory is free. Once the HTTP
 * thread has ended. */
void requests_stop(struct supervisor *supervisor);
/* How long a client should wait before it tries again: from how many wait and how long each takes; 1 to 30 s. [any] */
int64_t request_retry_after_s(struct supervisor *supervisor);
/* Puts on an answer what goes on every answer. Takes it over; NULL: no memory, and it must not be sent without. [any]
 * */
struct app_response *request_dress(struct supervisor *supervisor, struct http_exchange *exchange,
                                   struct app_response *response);
/* So dressed. What the request held is free for others from then on: a slow client may take long to read. */
void request_answer(struct request *request, struct app_response *response);
/* Gives back its place, its body and its edition, if it has them. [any] */
void request_let_go(struct request *request);

#endif
