/* The process that workers are forked from: it parses the project and maps the plugins, once, and has one thread. */
#ifndef PXM_DAEMON_ZYGOTE_H
#define PXM_DAEMON_ZYGOTE_H

#include "base/error.h"
#include "base/host.h"

struct zygote_options {
    /* What plugins in the workers may ask the host table for; `state` is the state folder, or NULL. Called once, before
     * the project is parsed; the list lives as long as the process. NULL: nothing. */
    pxm_status (*extensions)(const char *state, const struct pxm_extension **ret, pxm_error *error);
};

/* The whole of a program's main, when its first argument is the word that follows: the supervisor starts it so, with a
 * socket as CREW_SOCKET. Returns the exit status, in the zygote and in every worker. */
#define ZYGOTE_WORD "zygote"
int zygote_main(const struct zygote_options *options);

#endif
