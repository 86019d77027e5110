/* Tells when files of a project change, once they have come to rest. [loop] */
#ifndef PXM_DAEMON_WATCH_H
#define PXM_DAEMON_WATCH_H

#include "daemon/loop.h"

struct watch; /* opaque */

/* Watches the YAML files of a folder and of `pipelines/` in it, whenever that is made. */
pxm_status watch_new(struct loop *loop, const char *folder, void (*changed)(void *arg), void *arg, struct watch **ret,
                     pxm_error *error);
void watch_free(struct watch *watch);

#endif
