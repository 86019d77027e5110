/* The daemon's journal: jobs that must be done, dead letters, idempotency keys and schedules, in one SQLite file of the
 * state folder. A thread of its own does all work on the file: whatever was submitted by the time it is free goes into
 * one transaction (group commit, synchronous=FULL), so a hundred uploads at once cost one flush. An operation is memory
 * of its owner; `done` is called on the loop's thread after the commit, with the outcome in `error`.
 *
 * A job is expected while the run that will cause it goes on: the daemon journals "an object K is about to be put"
 * before the put. When that run ends well the job becomes ready, in the same transaction that remembers its answer;
 * when it fails or the daemon dies, the job becomes ready, too, as the object may be there: a pipeline finds out and
 * stops if it is not. So nothing that is durable is ever without a job. Every row has a checksum of its content. */
#ifndef PXM_DAEMON_JOURNAL_H
#define PXM_DAEMON_JOURNAL_H

#include "base/error.h"
#include "daemon/loop.h"
#include <pixmill/plugin.h>

struct journal; /* opaque */

enum { JOURNAL_ID_MAX = 40, JOURNAL_KEY_MAX = 65 };

struct journal_job {
    int64_t id;
    char *pipeline, *trigger;
    char *event;                                          /* JSON */
    int64_t attempts;                                     /* that failed so far */
    int64_t created_ms, first_ms, last_ms, not_before_ms; /* wall; 0: not yet */
    char *cause; /* JSON {code, message, step, ...} of the last failure; NULL: none */
};
void journal_job_done(struct journal_job *job);

enum journal_kind {
    JOURNAL_EXPECT,   /* a job of `run`; if the same pipeline, trigger and dedupe is expected or ready already, none */
    JOURNAL_CONCLUDE, /* the run is over: its expected jobs are ready; `answer`, if any, is kept for its key */
    JOURNAL_ADD,      /* a ready job of pipeline, trigger, event, dedupe (as EXPECT), not before `at_ms` */
    JOURNAL_TAKE,     /* up to `limit` jobs that are ready at `now_ms` and were not taken yet, oldest first, into jobs;
                         *ret_next_ms: when the next one will be (INT64_MAX: none) */
    JOURNAL_FINISH,   /* the job `id` was done: gone */
    JOURNAL_RETRY,    /* the job `id` failed: attempts + 1, cause, ready again at `at_ms` */
    JOURNAL_BURY,     /* the job `id` failed for good: a dead letter with its cause */
    JOURNAL_DEAD,     /* up to `limit` dead letters after `cursor` (0: the first), newest first, into jobs */
    JOURNAL_REDRIVE,  /* the dead letter `id` is a ready job again, with no attempts; PXM_E_NOT_FOUND "job.not_found" */
    JOURNAL_DISCARD,  /* the dead letter `id` is gone; the same */
    JOURNAL_CLAIM,    /* an idempotency key: see struct journal_claim */
    JOURNAL_SCHEDULE, /* trigger fires at `now_ms` if `every_ms` has passed since it last did: adds a job then;
                         *ret_next_ms: when it will be due again */
    JOURNAL_COUNT     /* fills counts */
};

enum journal_claimed {
    JOURNAL_CLAIM_NEW,     /* the key is kept with `run` and `run_ms`: go on with these */
    JOURNAL_CLAIM_AGAIN,   /* it was kept by a run that never ended: run, run_ms are that run's; go on with these */
    JOURNAL_CLAIM_RUNNING, /* such a run is going on in this process right now */
    JOURNAL_CLAIM_DONE,    /* it ended: `answer` (JSON, owned by the operation) is what was answered */
    JOURNAL_CLAIM_OTHER    /* the key was used for something else (another fingerprint) */
};

struct journal_counts {
    int64_t expected, ready, delayed, taken, dead;
    int64_t oldest_ms; /* wall time of the oldest job that is ready; 0: none */
};

struct journal_op { /* what its kind does not name stays zero */
    enum journal_kind kind;
    void (*done)(struct journal_op *op);
    struct journal_op *next; /* the journal's */
    pxm_error error;         /* PXM_OK: committed */
    /* given; strings are borrowed until `done` */
    const char *run, *pipeline, *trigger, *event, *dedupe, *cause, *answer;
    const char *key;         /* idempotency: of CLAIM and CONCLUDE; "": none */
    const char *fingerprint; /* what the key was used for */
    int64_t id, at_ms, now_ms, limit, cursor, every_ms, run_ms;
    /* results */
    int64_t ret_id; /* of a job that was added; 0: there was one already */
    int64_t ret_next_ms;
    size_t job_count;
    struct journal_job *jobs; /* owned: journal_op_done */
    enum journal_claimed claimed;
    char ret_run[JOURNAL_ID_MAX];
    int64_t ret_run_ms;
    char *ret_answer;
    struct journal_counts counts;
};
void journal_op_done(struct journal_op *op); /* frees results */

struct journal_options {
    const char *folder; /* absolute */
    struct loop *loop;  /* where `done` is called */
    int64_t keep_ms;    /* how long idempotency keys are kept */
};
enum journal_found {
    JOURNAL_FOUND_NEW, /* there was no file */
    JOURNAL_FOUND_SOUND,
    JOURNAL_FOUND_DAMAGED /* quick_check or a checksum failed: the file was set aside under the name `aside` and what
                             could be read was taken over; the caller must look for work in its stores */
};
struct journal_report {
    enum journal_found found;
    char aside[256];
    int64_t kept, lost; /* rows */
};
/* What was expected when the process died is ready now. */
pxm_status journal_open(const struct journal_options *options, struct journal **ret, struct journal_report *report,
                        pxm_error *error);
/* Finishes what was submitted, `done` is called for all of it (on this thread, the loop's), then closes. */
void journal_close(struct journal *journal);
void journal_submit(struct journal *journal, struct journal_op *op); /* [loop] */

#endif
