/* A daemon as a child process, that is started, asked for, and killed. One thread, but for what says otherwise. */
#ifndef PXM_TEST_FAULTS_HOST_H
#define PXM_TEST_FAULTS_HOST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct host {
    const char *program, *project, *state; /* the daemon, its project, its state folder */
    const char *log;                       /* file that gets what it says; made anew with each start */
    pid_t pid;                             /* 0: it does not run */
    _Atomic uint32_t port;                 /* [any] 0: nobody listens */
    int64_t ready_ms;                      /* how long the last start took until it was ready */
};

/* Starts it and waits until it is ready; false: it ended before, or there is no end to it. */
bool host_start(struct host *host);
/* Sends a signal and waits for the end; the wait status. */
int host_stop(struct host *host, int signal);
/* Kills a worker, or, if `zygote`, what starts the workers; false: there is none right now. */
bool host_kill_part(const struct host *host, bool zygote, unsigned random);

#endif
