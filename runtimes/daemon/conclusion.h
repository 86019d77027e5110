/* That runs are over, where the journal could not take it at once: until it has, the jobs that they announced stay
 * expected, and their idempotency keys taken. It is told again until it is there; after a full disk, say, that may take
 * a while. [loop] */
#ifndef PXM_DAEMON_CONCLUSION_H
#define PXM_DAEMON_CONCLUSION_H

#include "daemon/journal.h"

struct supervisor;
struct conclusion; /* opaque */

struct conclusions {
    struct conclusion *first;
};

/* `op` is a JOURNAL_CONCLUDE that failed; all of it that is needed is copied. What failed for good, or for want of
 * memory here, is left to the next daemon, which finds out by itself. */
void conclusions_insist(struct supervisor *supervisor, const struct journal_op *op);
/* Gives up what is left; once the journal is closed. */
void conclusions_stop(struct supervisor *supervisor);

#endif
