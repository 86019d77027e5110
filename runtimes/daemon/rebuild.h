/* After a damaged journal nobody knows which objects still want their jobs. So every object that a trigger waits for
 * becomes a job again: pipelines that follow objects change nothing when they are repeated. [loop] */
#ifndef PXM_DAEMON_REBUILD_H
#define PXM_DAEMON_REBUILD_H

#include "daemon/crew_source.h"
#include "daemon/journal.h"

struct supervisor;

enum { REBUILD_PAGE = 200 };

struct rebuild_job {
    struct journal_op op;
    struct rebuild *rebuild;
    char *event, *dedupe;
};
struct rebuild {
    struct supervisor *supervisor;
    bool going_on;
    size_t index; /* of the store's source that is being listed */
    const struct app_trigger *trigger;
    char *cursor, *next;     /* of the page that is looked at, NULL: the first; of the one after it, NULL: none */
    struct edition *edition; /* referenced while jobs of its triggers are on their way to the journal */
    bool failed, anew;       /* the page is to be looked at again; all is, as the sources are others */
    struct crew_call call;
    struct loop_timer again;
    size_t pending, added;
    struct rebuild_job jobs[REBUILD_PAGE];
};

/* Lists all stores of the current edition, page by page, and adds their jobs; does nothing while it is at it. */
void rebuild_start(struct rebuild *rebuild, struct supervisor *supervisor);
/* There are other sources: what goes on begins anew. */
void rebuild_renew(struct rebuild *rebuild);
/* What was not looked at is for the next daemon. Before the journal is closed. */
void rebuild_stop(struct rebuild *rebuild);

#endif
