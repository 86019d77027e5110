/* A project as it was when it was loaded: its crew and manifest, and the work that waits for it. A reload makes a new
 * edition; what the old one has begun or accepted is ended by the old one. */
#ifndef PXM_DAEMON_EDITION_H
#define PXM_DAEMON_EDITION_H

#include "daemon/crew.h"

struct supervisor;
struct edition;

enum work_kind { WORK_REQUEST, WORK_JOB };

/* A run that waits for its turn or goes on. Memory of its owner until `ended`. [loop] */
struct work {
    struct edition *edition;
    enum work_kind kind;
    struct crew_run run;
    const char *origin;               /* the run that caused it, for the log; NULL: none did, or it is not known */
    void (*ended)(struct work *work); /* run.error and run.output tell how; also of one that never began */
    int64_t queued_ms;                /* the loop's time */
    int64_t bytes;                    /* of its body */
    size_t expected;                  /* jobs that were journaled because of it */
    struct journal_told *told;        /* what is known by now of the objects in their events; owned, see announce.h */
    size_t told_count;
    struct announcing *announcing; /* an announcement that the journal has; NULL: none */
    struct work *next, *previous;  /* while it waits */
    bool waits;
};

struct work_queue {
    struct work *first, *last;
    int64_t count, bytes;
};

struct pipeline_load { /* one for each pipeline of the manifest */
    int64_t running, waiting;
};

struct edition {
    struct supervisor *supervisor;
    struct crew *crew;
    const struct app_manifest *manifest; /* the crew's; NULL: not loaded yet */
    uint32_t image_workers;              /* there with the manifest */
    int64_t refs;                        /* what may bring it work: that it is current, requests that are not answered,
                                            jobs, sources and what these delivered; under the supervisor's lock */
    bool stopped;                        /* nothing begins any more, as the daemon ends */
    struct loop_task farewell;           /* nothing does any more */
    struct edition *next;                /* of all that are not freed */
    struct work_queue queues[2][2];      /* by class and kind */
    enum work_kind last_begun[2];        /* by class: requests and jobs take turns */
    struct pipeline_load *loads;
};

/* Starts loading a project; when it is ready the supervisor uses it, else goes on with what it has, and the log says
 * why. */
pxm_status edition_load(struct supervisor *supervisor, pxm_error *error);
struct edition *edition_ref(struct edition *edition); /* under the supervisor's lock */
void edition_unref(struct edition *edition);          /* [any], without the lock */
/* The current one with a reference; NULL: none yet. [any] */
struct edition *edition_current(struct supervisor *supervisor);

/* Ends the crews of all editions: what they run, or are to run from then on, ends with worker.lost, or, if it has not
 * begun, as the server is about to stop. Then, when no exchange is left, frees them. */
void editions_stop(struct supervisor *supervisor);
void editions_free(struct supervisor *supervisor);

/* ---- work (dispatch.c) ---- */

/* When a run's worker is killed: a pipeline that ends late by itself still has time to clean up. */
int64_t trigger_deadline_ms(const struct app_trigger *trigger);
void work_add(struct work *work);
/* A work that waits is taken back without having ended; false: it has begun. */
bool work_remove(struct work *work);
/* Begins what can be begun. */
void work_turn(struct edition *edition, enum crew_class which);
/* Requests that have waited too long end with engine.busy. */
void work_expire(struct edition *edition, int64_t wait_ms_max);
/* All that wait for an edition that was stopped end. */
void work_drop(struct edition *edition);
int64_t work_waiting(const struct edition *edition, enum work_kind kind);

#endif
