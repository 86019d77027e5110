/* Objects that are about to be put where triggers wait for them: their jobs are journaled first. [loop] */
#ifndef PXM_DAEMON_ANNOUNCE_H
#define PXM_DAEMON_ANNOUNCE_H

#include "daemon/crew.h"

struct work;

/* The `announce` of every run that is a struct work. The run goes on when the journal has committed. */
void work_announced(struct crew_run *run, const char *store, const char *key);
/* The run is over; what it announced last may still be on its way to the journal. */
void work_abandon_announcement(struct work *work);

#endif
