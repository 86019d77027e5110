/* The supervisor: what its parts share. The loop's thread owns everything but what says otherwise. It takes requests,
 * keeps the journal and the schedule, and hands work to the crew; it decodes nothing and loads no plugin. */
#ifndef PXM_DAEMON_SUPERVISOR_H
#define PXM_DAEMON_SUPERVISOR_H

#include "app/policy.h"
#include "app/signed_url.h"
#include "daemon/announce.h"
#include "daemon/crew.h"
#include "daemon/edition.h"
#include "daemon/http.h"
#include "daemon/jobs.h"
#include "daemon/journal.h"
#include "daemon/loop.h"
#include "daemon/options.h"
#include "daemon/poison.h"
#include "daemon/rebuild.h"
#include "daemon/request.h"
#include "daemon/schedule.h"
#include "daemon/sources.h"
#include "daemon/state.h"
#include "daemon/watch.h"

#include <pthread.h>
#include <stdatomic.h>

struct supervisor {
    const struct serve_options *options;
    struct state *state;
    struct app_policy policy;
    struct app_url_keys url_keys; /* under the lock */
    char operator_token[STATE_TOKEN_MAX + 1];
    char upload_token[STATE_TOKEN_MAX +
                      1];        /* "": none is needed, as only this machine can ask. Before the front opens */
    char host[SAID_ADDRESS_MAX]; /* it listens there, since the front is open */
    uint16_t port;               /* as it was wanted */
    int spool;                   /* folder of bodies that come in */
    int64_t started_ms;          /* monotonic */

    struct loop *loop;
    struct journal *journal;
    struct http_server *http;
    struct jobs jobs;
    struct conclusion *conclusions; /* that the journal refused, see conclude.h */
    struct schedules schedules;
    struct sources sources;
    struct rebuild rebuild;
    struct poison poison;

    pthread_mutex_t lock;    /* guards `edition` and `requests`, which the HTTP thread reads, too */
    struct edition *edition; /* new requests and jobs go here; NULL: not loaded yet */
    struct requests requests;

    struct edition *coming;       /* is being loaded; NULL: none */
    bool reload_again;            /* the project may have changed since that began */
    struct edition *editions;     /* all there are */
    atomic_bool ready, draining;  /* [any] */
    atomic_bool journal_is_sound; /* [any] false after a commit that failed, until one succeeds */
    bool was_damaged;             /* the journal was: stores are to be looked at again */
    bool started;                 /* the first edition is there, and the front is open */
    int exit_code;
    struct loop_source signals;
    struct loop_timer tick, deadline; /* once a second; of draining */
    struct observer *observer;
    struct static_site *site; /* NULL: there is no page */
    struct watch *watch;      /* of the project's files */
};

/* Runs the daemon until it is told to stop; an exit code. The caller has one thread, and nothing blocked. */
int supervisor_run(const struct serve_options *options);

/* ---- for its parts. [loop] ---- */

/* Locks and reads the state folder (supervisor_state.c). */
pxm_status supervisor_open_state(struct supervisor *supervisor, pxm_error *error);
/* The keys of signed URLs as they are in the folder now. */
pxm_status supervisor_read_url_keys(struct supervisor *supervisor, pxm_error *error);
/* Who may upload, when it is known who can reach `host`. */
pxm_status supervisor_read_upload_token(struct supervisor *supervisor, pxm_error *error);
/* Bytes that are free on its file system; -1: nobody knows. [any] */
int64_t supervisor_free_bytes(const struct supervisor *supervisor);
/* A new edition is the current one. */
void supervisor_loaded(struct supervisor *supervisor);
/* It could not be loaded; `report` has all diagnostics, or is NULL. */
void supervisor_load_failed(struct supervisor *supervisor, const pxm_error *error, const char *report);
/* Loads the project anew; if that is going on already, once more when it is done. */
void supervisor_reload(struct supervisor *supervisor);
/* How the last write to the journal ended: while it fails the daemon says that it is not ready. */
void supervisor_note_journal(struct supervisor *supervisor, const pxm_error *error);

#endif
