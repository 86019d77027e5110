/* The worker processes, as the supervisor sees them. A zygote (this program, started afresh) parses the project and
 * maps the plugins; every worker is forked from it, has an engine, and does one run at a time. A worker that crashes,
 * hangs or exceeds what it may use costs its run one try, and is replaced. All [loop].
 *
 * Reloading means a second crew: when it is ready the first is retired and ends when its runs have. */
#ifndef PXM_DAEMON_CREW_H
#define PXM_DAEMON_CREW_H

#include "app/manifest.h"
#include "base/error.h"
#include "daemon/loop.h"
#include "daemon/said.h"

struct crew; /* opaque */

enum crew_class { CREW_IMAGE, CREW_LIGHT }; /* pipelines that handle pixels, and those that do not */

/* One run. Memory of the caller until `done`. */
struct crew_run {
    /* given; borrowed until `done` */
    const char *id; /* of the run */
    const struct app_trigger *trigger;
    const pxm_value *event; /* blobs in it go over as descriptors */
    int64_t attempt;        /* 1: the first */
    int64_t time_ms;        /* wall time that the pipeline sees as run.time; 0: now */
    int64_t deadline_ms;    /* from now; after it the worker is killed */
    bool final;             /* nobody will try again */
    /* An earlier try took its worker with it: only on_failure is run, for this error. NULL: all is run. */
    const pxm_error *failure;
    /* An object is about to be put where a trigger waits for objects: the run goes on when crew_announced is called. */
    void (*announce)(struct crew_run *run, const char *store, const char *key);
    /* Such an object is there: {store, key, etag, bytes}, where store and key are strings, borrowed. NULL: nobody wants
     * to know. */
    void (*made)(struct crew_run *run, const pxm_value *object);
    /* The last call. */
    void (*done)(struct crew_run *run);
    /* the crew's */
    void *worker;
    /* results, there when `done` is called; owned: crew_run_done */
    pxm_error error;    /* PXM_OK: the run succeeded. Codes of the crew's own: worker.crashed, worker.memory,
                            limit.time, worker.lost */
    bool killed_worker; /* the run took its worker with it */
    pxm_value *output;  /* of success; its blobs are descriptors or mapped memory, without a copy */
    pxm_value *steps;   /* list of {step, operation, outcome, attempts, ms} */
    int64_t cpu_ms, ms;
};
void crew_run_done(struct crew_run *run);

struct crew_options {
    struct loop *loop;
    const char *project, *profile;  /* as of pxm_open_options; NULL: found, the first */
    const char *state;              /* absolute folder */
    uint32_t image_workers;         /* 0: as many as the project says, else image_workers_default */
    uint32_t image_workers_default; /* not 0 where image_workers is */
    uint32_t light_workers;
    int64_t time_ms;    /* the host's limit of one run, where the project says no other */
    int64_t nice;       /* 0 to 19: how much workers give way to other processes, where the project does not say it */
    int64_t memory_max; /* bytes of address space of a worker beyond what it has when it starts; 0: none */
    int64_t jobs_max, growth_max, descriptors_max; /* a worker is replaced after so many runs, so many more bytes
                                                      resident or so many more descriptors than after its first run */
    void *arg;                                     /* of what follows */
    /* Once. `error` NULL: the first workers are ready, and crew_manifest is there; else the crew cannot be used and
     * `report` tells all diagnostics. */
    void (*ready)(void *arg, struct crew *crew, const pxm_error *error, const char *report);
    void (*idle)(void *arg, struct crew *crew, enum crew_class which); /* a worker has become free */
    void (*ended)(void *arg, struct crew *crew);                       /* after crew_retire: free it now */
};
pxm_status crew_new(const struct crew_options *options, struct crew **ret, pxm_error *error);
/* What follows is there when the crew is ready, and does not change. */
const struct app_manifest *crew_manifest(const struct crew *crew);
const struct said *crew_said(const struct crew *crew);
uint32_t crew_size(const struct crew *crew, enum crew_class which); /* workers that there should be */
bool crew_is_idle(const struct crew *crew, enum crew_class which);
/* Where crew_is_idle. */
void crew_begin(struct crew *crew, enum crew_class which, struct crew_run *run);
void crew_announced(struct crew *crew, struct crew_run *run, const pxm_error *error); /* NULL: go on */
/* The caller of the run went away: the run is told to end soon. */
void crew_cancel(struct crew *crew, struct crew_run *run);
void crew_retire(struct crew *crew); /* no further run begins; `ended` when the last is over */
/* Kills what is left; `done` of its runs is called with worker.lost. No worker is idle from then on. The manifest
 * stays, as what ran may need it for its answer. */
void crew_stop(struct crew *crew);
void crew_free(struct crew *crew); /* stops it, too */

struct crew_counts {
    int64_t workers, busy, started, crashed, killed, recycled;
};
struct crew_counts crew_count(const struct crew *crew, enum crew_class which);

#endif
