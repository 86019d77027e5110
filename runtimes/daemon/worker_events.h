/* Objects that stores tell of through a queue, as if the stores themselves were watched: a message is one event or
 * several, and is settled when all of its objects are taken. What is no event, or one of a bucket that is none of the
 * stores, becomes a dead letter of the queue. One thread. */
#ifndef PXM_DAEMON_WORKER_EVENTS_H
#define PXM_DAEMON_WORKER_EVENTS_H

#include "engine/resources.h"

struct worker_events; /* opaque */

struct worker_store { /* one that the queue tells of */
    const char *name;
    struct pxm_instance *instance;
};

/* Takes `stores` over, in any case, and borrows what is in it and the queue; of stores of one bucket the first counts.
 * A message is hidden from others for `lease_ms`, and again for so long. NULL: no memory. */
struct worker_events *worker_events_new(struct pxm_instance *queue, struct worker_store *stores, size_t store_count,
                                        int64_t lease_ms);
void worker_events_free(struct worker_events *events); /* NULL is fine; messages come again when their leases end */
/* As watch of a store. Prefixes are not looked at: whoever is told finds out for whom an object is. Items have a
 * `sequencer`, too, and the name of their `store`, as has what was taken. */
pxm_status worker_events_fetch(struct worker_events *events, pxm_job *job, const struct pxm_watch *watch,
                               pxm_value *fields, pxm_error *error);

#endif
