/* Objects that are about to be put where triggers wait for them: their jobs are journaled first. What is known of an
 * object only when it is there, such as its etag, comes into the events of these jobs when the run is concluded.
 * [loop] */
#ifndef PXM_DAEMON_ANNOUNCE_H
#define PXM_DAEMON_ANNOUNCE_H

#include "daemon/crew.h"

struct work;

/* The `announce` of every run that is a struct work. The run goes on when the journal has committed. */
void work_announced(struct crew_run *run, const char *store, const char *key);
/* The `made` of every run that is a struct work. */
void work_made(struct crew_run *run, const pxm_value *object);
/* The run is concluded. */
void work_forget_made(struct work *work);
/* The run is over; what it announced last may still be on its way to the journal. */
void work_abandon_announcement(struct work *work);

#endif
