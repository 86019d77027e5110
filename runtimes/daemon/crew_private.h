/* A crew from the inside: its zygote, and two groups of places that workers take. All [loop]. */
#ifndef PXM_DAEMON_CREW_PRIVATE_H
#define PXM_DAEMON_CREW_PRIVATE_H

#include "daemon/crew.h"
#include "daemon/crew_messages.h"
#include "daemon/ipc.h"
#include <sys/resource.h>
#include <sys/types.h>

enum { CREW_CLASSES = 2, CREW_WORKERS_MAX = 256 };

/* A process and the socket to it. */
struct crew_process {
    struct loop *loop;
    pid_t pid;                       /* 0: none, or not known yet */
    int pidfd;                       /* -1: none */
    struct loop_source socket, exit; /* fd -1: none */
    void (*received)(struct crew_process *process, const struct ipc_message *message);
    void (*closed)(struct crew_process *process, const pxm_error *error); /* error NULL: the other side closed it */
    void (*ended)(struct crew_process *process, int status, const struct rusage *usage);
};

/* crew_process.c */
void crew_process_init(struct crew_process *process, struct loop *loop);
/* Takes over the socket, also on failure. */
pxm_status crew_process_listen(struct crew_process *process, int socket, pxm_error *error);
/* `pid` must be a child of this process. Code worker.invalid. */
pxm_status crew_process_watch(struct crew_process *process, pid_t pid, pxm_error *error);
void crew_process_kill(const struct crew_process *process);
/* The other side reads the end. */
void crew_process_hang_up(struct crew_process *process);
/* Waits so long for one message, if any is to come. */
void crew_process_hear(struct crew_process *process, int wait_ms);
/* Hangs up, waits so long for it to end by itself, then as below. */
void crew_process_end(struct crew_process *process, int wait_ms);
/* Kills and waits; calls nothing. */
void crew_process_done(struct crew_process *process);
/* "was ended by signal 11 (SEGV)", "exited with status 3" */
enum { CREW_DEATH_TEXT_MAX = 96 };
void crew_death_text(int status, char text[CREW_DEATH_TEXT_MAX]);

enum crew_worker_state {
    WORKER_NONE,
    WORKER_STARTING, /* until it is idle for the first time */
    WORKER_IDLE,
    WORKER_BUSY,
    WORKER_TIDYING, /* its run is over, but it has not said yet that it is free */
    WORKER_ENDING   /* it was told to end, or killed, or hung up */
};
enum crew_kill { KILL_NONE, KILL_DEADLINE, KILL_BROKEN, KILL_CLOSED, KILL_STARTING };

struct crew_group;
struct crew_worker {
    struct crew_process process; /* first, so that a process is its worker */
    struct crew_group *group;
    enum crew_worker_state state;
    enum crew_kill killed;
    bool opened, closed;                 /* the project; its socket */
    struct loop_timer timer;             /* of the state */
    struct crew_run *run;                /* NULL: none */
    pxm_error refusal;                   /* why its run could not be sent */
    pxm_error cause;                     /* KILL_BROKEN: what was wrong with what it said */
    int64_t jobs, resident, descriptors; /* after its first run; -1: there was none yet */
    int64_t resident_first;              /* when it had opened the project */
    int64_t log_lines;                   /* of this run */
};

struct crew_group {
    struct crew *crew;
    enum crew_class which;
    uint32_t size;
    struct crew_worker *workers;
    struct crew_counts counts;
    bool was_idle;    /* a worker was ready once */
    int64_t failures; /* starts in a row that came to nothing */
    int64_t second_ms, second_starts;
    struct loop_timer restart;
};

struct crew {
    struct crew_options options;
    char *project, *profile, *state;
    struct crew_process zygote; /* see crew_zygote.c */
    struct loop_timer zygote_timer;
    int64_t zygote_failures;
    bool parsed;       /* the zygote can fork */
    pxm_value *digest; /* of the project's files, as the first zygote read them; NULL: not yet */
    struct app_manifest *manifest;
    struct said said; /* there with the manifest */
    struct crew_group groups[CREW_CLASSES];
    bool retiring, stopped;
    bool reported;            /* `ready` was called, or will be */
    struct loop_timer notice; /* calls `ready` or `ended`, from where the crew may be freed */
    pxm_error failure;        /* of the crew; PXM_OK: none */
    char *report;
};

/* crew.c */
/* The crew cannot be used; only before it could. */
void crew_fail(struct crew *crew, const pxm_error *error, const char *report);
/* A worker is idle for the first time. */
void crew_group_ready(struct crew_group *group);
/* Something ended. */
void crew_settle(struct crew *crew);

/* The manifest is there: makes places for as many workers as are wanted now. */
pxm_status crew_make_places(struct crew *crew, pxm_error *error);

/* crew_zygote.c */
void crew_zygote_init(struct crew *crew);
pxm_status crew_zygote_start(struct crew *crew, pxm_error *error);
void crew_zygote_free(struct crew *crew);
/* Takes over nothing: `socket` is the worker's end. */
pxm_status crew_zygote_fork(struct crew *crew, int socket, pxm_error *error);

/* crew_group.c: places, filled and refilled */
void crew_group_init(struct crew_group *group, struct crew *crew, enum crew_class which);
pxm_status crew_group_make(struct crew_group *group, uint32_t size, pxm_error *error); /* once */
void crew_group_fill(struct crew_group *group); /* starts what is missing, now or when it may */
void crew_group_retire(struct crew_group *group);
bool crew_group_is_empty(const struct crew_group *group);
void crew_group_stop(struct crew_group *group); /* its workers are gone, their places are not */
/* A start came to nothing; `report` NULL: none. */
void crew_group_failed(struct crew_group *group, const pxm_error *error, const char *report);

/* crew_worker.c */
void crew_worker_init(struct crew_worker *worker, struct crew_group *group);
void crew_worker_start(struct crew_worker *worker);
void crew_worker_run(struct crew_worker *worker, struct crew_run *run);
void crew_worker_stop(struct crew_worker *worker); /* an idle one */
void crew_worker_free(struct crew_worker *worker);

/* What both kinds of process may say. */
void crew_log(const pxm_value *message);

#endif
