/* What the two files of a source share. [loop] */
#ifndef PXM_DAEMON_CREW_SOURCE_PRIVATE_H
#define PXM_DAEMON_CREW_SOURCE_PRIVATE_H

#include "daemon/crew_private.h"
#include "daemon/crew_source.h"

struct held {
    char *receipt;
    int64_t extend_ms; /* when its lease is to be extended, on the loop's clock */
};

struct crew_source {
    struct crew_process process; /* first, so that a process is its source */
    struct crew_source_options options;
    char *name, *prefix;
    bool opened, paused, pulling;
    int64_t failures;        /* in a row */
    struct loop_timer timer; /* starts the process, or asks again; while it starts: it takes too long */
    struct loop_timer leases;
    size_t held_count;
    struct held held[CREW_HELD_MAX];
    int64_t untaken;  /* of a store: objects told and not settled */
    pxm_value *taken; /* list; NULL: none */
    pxm_value *later; /* of a queue: list of what is to be settled when a process is there; NULL: none */
    struct crew_call *calls, **last_call;
    int64_t next_number;
    int64_t resident_first;
};

const char *crew_source_text(const pxm_value *record, const char *key);
void crew_source_warn(const struct crew_source *source, const pxm_error *error, const char *what);
/* Takes over the value. `number` 0: nobody waits for the answer. */
pxm_status crew_source_send(struct crew_source *source, const char *what, int64_t number, pxm_value *value,
                            pxm_error *error);
/* Asks for events if there is room for them. */
void crew_source_pull(struct crew_source *source);
/* Its message needs no lease any more. */
void crew_source_release(struct crew_source *source, const char *receipt);

#endif
