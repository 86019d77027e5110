/* The daemon's journal: jobs that must be done, dead letters, idempotency keys and schedules, in one SQLite file of the
 * state folder. A thread of its own does all work on the file: whatever was submitted by the time it is free goes into
 * one transaction (group commit, synchronous=FULL), so a hundred uploads at once cost one flush. An operation is memory
 * of its owner; `done` is called on the loop's thread after the commit, with the outcome in `error`.
 *
 * A job is expected while the run that will cause it goes on: the daemon journals "an object K is about to be put"
 * before the put. When that run ends well the job becomes ready, in the same transaction that remembers its answer;
 * when it fails or the daemon dies, the job becomes ready, too, as the object may be there: a pipeline finds out and
 * stops if it is not. So nothing that is durable is ever without a job. Every row has a checksum of its content.
 *
 * An operation that cannot be done (codes journal.invalid, journal.too_large, job.not_found, journal.damaged: its row
 * is) fails alone. When the commit fails, all that would have been in it fail: PXM_E_NO_SPACE "journal.full", or
 * PXM_E_TRANSIENT "journal.unavailable". Nothing of it counts then, except that after a death of the process right
 * there it may be found done: so all operations may be repeated. The journal heals by itself with what is submitted
 * next. */
#ifndef PXM_DAEMON_JOURNAL_H
#define PXM_DAEMON_JOURNAL_H

#include "base/clock.h"
#include "base/error.h"
#include "daemon/loop.h"
#include <pixmill/plugin.h>

struct journal; /* opaque */

enum {
    JOURNAL_ID_MAX = 40,
    JOURNAL_KEY_MAX = 65,
    JOURNAL_NAME_MAX = 255, /* bytes of the name of a pipeline or trigger */
    JOURNAL_DEDUPE_MAX = 4096 /* of text that follows, in bytes */,
    JOURNAL_EVENT_MAX = 1 << 20,
    JOURNAL_CAUSE_MAX = 64 << 10,
    JOURNAL_ANSWER_MAX = 1 << 20,
    JOURNAL_TAKE_MAX = 1000,   /* jobs of one operation; a larger `limit` means this one */
    JOURNAL_DEAD_MAX = 100000, /* dead letters that are kept: beyond, the oldest go, and the log says so */
    JOURNAL_DEAD_DAYS = 90     /* after their last failure they go, too */
};

struct journal_job {
    int64_t id; /* never given twice */
    char *pipeline, *trigger;
    char *event;                                          /* JSON */
    int64_t attempts;                                     /* that failed so far */
    int64_t created_ms, first_ms, last_ms, not_before_ms; /* wall; first and last failure; 0: not yet */
    char *cause;  /* JSON {code, message, step, ...} of the last failure; NULL: none */
    char *origin; /* the run that caused it by putting an object; "": something else did */
};
void journal_job_done(struct journal_job *job);

enum journal_kind {
    JOURNAL_EXPECT,   /* a job of `run`. Of the same pipeline, trigger and dedupe one run has one, but runs are no
                         duplicates of each other: the job of the one may be done before the other puts its object */
    JOURNAL_CONCLUDE, /* the run is over: its expected jobs are ready, with the events of `told`, except where one that
                         nobody took yet and that never failed is of the same pipeline, trigger and dedupe: it will see
                         the object, too. `answer`, if any, is kept for its key; without one the key may be claimed
                         anew, or, where `keep_key`, by the same run again: it may have left something behind. An answer
                         above JOURNAL_ANSWER_MAX fails the operation: conclude without it */
    JOURNAL_ADD,     /* a ready job of pipeline, trigger, event, dedupe, not before `at_ms`; if the same is expected, or
                         ready and was not taken yet, none: what is taken may have read what was there before */
    JOURNAL_TAKE,    /* up to `limit` jobs that are ready at `now_ms` and were not taken yet, oldest first, into jobs;
                         *ret_next_ms: when the next one will be (INT64_MAX: none). A job is taken until it is finished,
                         fails or is buried, or this process ends */
    JOURNAL_FINISH,  /* the job `id` was done: gone. Fine if it is already */
    JOURNAL_RETRY,   /* the job `id` failed: attempts + 1, cause, ready again at `at_ms`; PXM_E_NOT_FOUND
                         "job.not_found" */
    JOURNAL_BURY,    /* the job `id` failed for good: attempts + 1, a dead letter with its cause; the same */
    JOURNAL_DEAD,    /* up to `limit` dead letters after `cursor` (0: the first; else the id of the last one seen),
                         the job that was made last first, into jobs */
    JOURNAL_REDRIVE, /* the dead letter `id` is a ready job again, with no attempts; PXM_E_NOT_FOUND "job.not_found" */
    JOURNAL_DISCARD, /* the dead letter `id` is gone; the same */
    JOURNAL_CLAIM, /* an idempotency key is asked for by `run`: see enum journal_claimed. One that is older than keep_ms
                         and whose run does not go on is like none */
    JOURNAL_SCHEDULE, /* trigger fires at `now_ms` if `every_ms` has passed since it last did, or it never did: adds a
                         job then (as ADD), one however often it was due; *ret_next_ms: when it will be due again */
    JOURNAL_COUNT     /* fills counts, as of `now_ms` */
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
    int64_t oldest_ms; /* wall time when the oldest job that is ready was made; 0: none */
};

struct journal_told { /* of the expected jobs of a run with that dedupe: the event, which is known better by now */
    char *dedupe, *event;
};

struct journal_op { /* what its kind does not name stays zero */
    enum journal_kind kind;
    void (*done)(struct journal_op *op); /* may free it, and may submit others, but not close the journal */
    struct journal_op *next;             /* the journal's */
    pxm_error error;                     /* PXM_OK: committed */
    /* given; strings are borrowed until `done` */
    const char *run, *pipeline, *trigger, *event, *dedupe, *cause, *answer; /* dedupe NULL or "": like no other */
    const char *key;                 /* idempotency: of CLAIM and CONCLUDE; NULL or "": none */
    const char *fingerprint;         /* what the key was used for */
    bool keep_key;                   /* of CONCLUDE */
    const struct journal_told *told; /* of CONCLUDE; borrowed, as strings are */
    size_t told_count;
    bool writes; /* of COUNT: it is committed as if it had changed something, to see whether that goes */
    int64_t id, at_ms, now_ms, limit, cursor, every_ms, run_ms; /* now_ms 0: the clock's */
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
    const char *folder;            /* absolute; only one process may have the journal of a folder open, see state.h */
    struct loop *loop;             /* where `done` is called */
    int64_t keep_ms;               /* how long idempotency keys are kept */
    const struct pxm_clock *clock; /* NULL: the system's */
};
enum journal_found {
    JOURNAL_FOUND_NEW, /* there was no file */
    JOURNAL_FOUND_SOUND,
    JOURNAL_FOUND_DAMAGED /* integrity_check, a checksum or the count of what was committed failed: the file was set
                             aside under the name `aside` (with -wal and -shm where there were such) and what could be
                             read was taken over; the caller must look for work in its stores. Said again by every
                             open until a journal_close has shown that the caller lived to do so, see also
                             journal_stay_damaged */
};
struct journal_report {
    enum journal_found found;
    char aside[256];
    int64_t kept, lost; /* rows; lost: as far as it is known how many there were */
};
/* What was expected when the process died is ready now. Codes journal.denied, journal.unavailable, journal.full, and
 * journal.version: a newer program made it. */
pxm_status journal_open(const struct journal_options *options, struct journal **ret, struct journal_report *report,
                        pxm_error *error);
/* The caller was told that the journal was damaged, and will not have looked at all stores when it closes it: the next
 * open says so again. [loop] */
void journal_stay_damaged(struct journal *journal);
/* Finishes what was submitted, `done` is called for all of it (on this thread, the loop's), then closes. */
void journal_close(struct journal *journal);
void journal_submit(struct journal *journal, struct journal_op *op); /* [loop] */

#endif
