/* Triggers that fire every so often. When they last did is in the journal, so that a daemon that was down fires what it
 * missed once, and restarting one fires nothing early. [loop] */
#ifndef PXM_DAEMON_SCHEDULE_H
#define PXM_DAEMON_SCHEDULE_H

#include <pixmill/plugin.h>

struct supervisor;
struct schedule; /* opaque */

struct schedules {
    struct supervisor *supervisor;
    struct schedule *first;
};

/* Those of the supervisor's current edition, in place of what was before. */
pxm_status schedules_load(struct schedules *schedules, struct supervisor *supervisor, pxm_error *error);
void schedules_stop(struct schedules *schedules);

#endif
