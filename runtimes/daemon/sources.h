/* What starts pipelines besides requests and the clock: messages of queues, and files that are dropped into a store. A
 * message is settled when its run has ended, so the queue itself is its journal; a dropped file becomes a job of the
 * journal, and is taken when that is committed. [loop] */
#ifndef PXM_DAEMON_SOURCES_H
#define PXM_DAEMON_SOURCES_H

#include "daemon/crew_source.h"

struct supervisor;
struct source; /* opaque */

struct sources {
    struct source *first;
};

/* Those of the supervisor's current edition, in place of what was before. */
pxm_status sources_load(struct sources *sources, struct supervisor *supervisor, pxm_error *error);
/* Fetches nothing more; what was begun goes on, and messages that were not begun are given back. */
void sources_pause(struct sources *sources);
/* Nothing is being fetched, and the runs of all messages have ended. */
bool sources_are_quiet(const struct sources *sources);
/* Messages whose runs have not ended will be delivered again when their leases run out. */
void sources_stop(struct sources *sources);
/* The source of an object_created trigger, by its place among them, and that trigger; NULL: there are no more. */
struct crew_source *sources_store(const struct sources *sources, size_t index, const struct app_trigger **ret_trigger);
/* The source of a queue, of messages or of a store's events, for what operators ask; NULL: there is none of that name.
 */
struct crew_source *sources_queue(const struct sources *sources, const char *queue);
/* By their place, each once; NULL: there are no more. The name is the source's. */
struct crew_source *sources_queue_at(const struct sources *sources, size_t index, const char **ret_name);

#endif
