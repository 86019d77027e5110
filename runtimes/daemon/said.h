/* What a project says of the daemon that serves it: `hosts: daemon:` of pixmill.yaml, as far as the supervisor has to
 * know it. The zygote reads and tells it. The command line goes before it, the daemon's defaults behind it. */
#ifndef PXM_DAEMON_SAID_H
#define PXM_DAEMON_SAID_H

#include "base/error.h"
#include "lang/program/program.h"

#define SAID_HOST "daemon" /* its name among `hosts:` */
enum { SAID_ADDRESS_MAX = 256 };

struct said {
    char address[SAID_ADDRESS_MAX]; /* to listen on; "": not said */
    int64_t port, workers;          /* PXM_UNSET_INT: not said */
};

/* `host` NULL: nothing is said. NULL is returned when there is no memory. [any] */
pxm_value *said_write(const struct pxm_host_entry *host);
/* Strict, as it comes from another process. Code "worker.invalid". [any] */
pxm_status said_read(const pxm_value *value, struct said *ret, pxm_error *error);

#endif
