/* Where the daemon listens, and so who may reach it. [loop] */
#ifndef PXM_DAEMON_FRONT_H
#define PXM_DAEMON_FRONT_H

#include "base/error.h"
#include <stdbool.h>

struct supervisor;

/* Opens it, when the first edition is there: a socket that was handed over, else what the command line says, else the
 * project, else this machine alone. Fills in the supervisor's host, port and upload token. */
pxm_status front_open(struct supervisor *supervisor, pxm_error *error);
/* Whether the project says by now that it wants to be served elsewhere, which only a new start can do. */
bool front_is_moved(const struct supervisor *supervisor);

#endif
