/* That a run is over, said again and again until the journal has it. Before that its jobs wait, and who repeats the
 * request is told that it is being answered. [loop] */
#ifndef PXM_DAEMON_CONCLUDE_H
#define PXM_DAEMON_CONCLUDE_H

#include "daemon/journal.h"

struct supervisor;

/* Of a JOURNAL_CONCLUDE that failed, whose texts are copied. Without memory for it, and when the daemon ends first, the
 * next daemon finds out by itself. */
void conclude_again(struct supervisor *supervisor, const struct journal_op *failed);
/* Frees what still waits. */
void conclude_end(struct supervisor *supervisor);

#endif
