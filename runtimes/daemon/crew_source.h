/* Events that nobody sends to the daemon, but that are to be fetched: messages of queues, and objects that appear in
 * watched stores. A source is a process of its own, forked from a crew's zygote as workers are, that waits for them. A
 * message's lease is extended until it is settled. A process that dies is started again. All [loop]. */
#ifndef PXM_DAEMON_CREW_SOURCE_H
#define PXM_DAEMON_CREW_SOURCE_H

#include "daemon/crew.h"

struct crew_source; /* opaque */

enum crew_source_kind { CREW_SOURCE_QUEUE, CREW_SOURCE_STORE };
enum { CREW_HELD_MAX = 1000 };

struct crew_source_options {
    struct crew *crew; /* ready; outlives the source */
    enum crew_source_kind kind;
    const char *name;   /* of the queue or store; copied */
    const char *prefix; /* of a store's objects; copied; NULL: all */
    int64_t held_max;   /* events that are not settled, 1..CREW_HELD_MAX; no more are fetched before there is room */
    int64_t wait_ms;    /* how long the process waits for the first event at a time */
    int64_t lease_ms;   /* of a queue: a message is hidden from others for so long, and again for so long, ... */
    void *arg;
    /* An event, borrowed for the call: of a queue {id receipt body attempts sent_at}, of a store {key bytes etag
     * modified_at}. Each must be settled; for a queue also when the process has died in between. What a store has told
     * is told again when all that it told were settled, unless it was taken. A store that cannot be watched is asked
     * once, and tells nothing. */
    void (*event)(void *arg, struct crew_source *source, const pxm_value *item);
};

pxm_status crew_source_new(const struct crew_source_options *options, struct crew_source **ret, pxm_error *error);
/* Ends the process when it has given back what it fetched and settled what was to be settled, which takes 4 s at most;
 * calls that it did not answer end with worker.lost. What was told and not settled will be told again, by a queue when
 * the lease has run out. */
void crew_source_free(struct crew_source *source);

/* No further events are fetched, or they are again. Messages that are still on their way are given back; objects may
 * still be told once. */
void crew_source_pause(struct crew_source *source, bool pause);
/* `outcome` as of struct pxm_settle; a store takes what is DONE and forgets the rest. `cause` may be NULL. That it
 * cannot be done is logged: the event will be told again. */
void crew_source_settle(struct crew_source *source, const pxm_value *item, uint32_t outcome, int64_t delay_ms,
                        const pxm_value *cause);
/* No message is being fetched or held; what a store tells is there afterwards, too. */
bool crew_source_is_quiet(const struct crew_source *source);
int64_t crew_source_held(const struct crew_source *source);

/* What is asked of a queue or store. Memory of the caller until `done`. */
enum crew_call_kind {
    CREW_CALL_LIST,    /* of a store: by prefix (`id`), cursor and limit; fields: items, cursor */
    CREW_CALL_DEPTH,   /* fields: ready delayed leased dead oldest_ms */
    CREW_CALL_DEAD,    /* by cursor and limit; fields: items, cursor */
    CREW_CALL_REDRIVE, /* by id */
    CREW_CALL_DISCARD  /* by id */
};
struct crew_call {
    enum crew_call_kind kind;
    const char *id, *cursor; /* borrowed for the call of crew_source_call; cursor NULL: the start */
    int64_t limit;
    void (*done)(struct crew_call *call); /* may be called by crew_source_call itself */
    void *arg;
    /* the source's */
    struct crew_call *next;
    int64_t number;
    /* results, there when `done` is called; fields are owned: unref them */
    pxm_error error; /* PXM_OK: success; worker.lost: there is no process to ask just now */
    pxm_value *fields;
};
void crew_source_call(struct crew_source *source, struct crew_call *call);

#endif
