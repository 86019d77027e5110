/* A state folder, as state.c and state_secret.c share it. */
#ifndef PXM_DAEMON_STATE_INTERNAL_H
#define PXM_DAEMON_STATE_INTERNAL_H

#include "daemon/state.h"

struct state {
    int folder, lock;
    char *path, *spool;
};

#endif
