/* Jobs of the journal at work: taken as long as there is room, run, tried again after a random pause, and set aside as
 * dead letters when that does not help. [loop] */
#ifndef PXM_DAEMON_JOBS_H
#define PXM_DAEMON_JOBS_H

#include "daemon/journal.h"
#include "daemon/loop.h"

struct supervisor;
struct job; /* opaque */

struct jobs {
    struct supervisor *supervisor;
    struct journal_op take;
    bool taking, again;     /* an operation is under way; somebody asked meanwhile */
    struct loop_timer next; /* when the next job that rests is due */
    int64_t in_hand;        /* taken and not finished */
    struct job *first;      /* these */
};

void jobs_init(struct jobs *jobs, struct supervisor *supervisor);
/* Looks whether there is something to do; cheap, call it whenever there may be. */
void jobs_look(struct jobs *jobs);
/* Lets go of those that rest: the journal has them for the next daemon. Once it is closed and no run goes on. */
void jobs_stop(struct jobs *jobs);

#endif
