/* A server that is measured: started on a fresh folder, waited for, stopped by its process id. */
#ifndef PXM_BENCH_SERVER_H
#define PXM_BENCH_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
    pid_t pid;
    uint16_t port;
    char folder[64];
};

/* In the words of `command` {port} and {state} stand for a free port and an empty folder. It is ready when GET /ready
 * is answered 200. False, after saying why. */
bool server_start(struct server *server, const char *const *command);
/* SIGTERM, and waits; removes the folder. */
void server_stop(struct server *server);

/* Runs a command to its end, with `count` for {count}. Its CPU and wall time in ms, and peak memory. False, after
 * saying why. */
bool server_run(const char *const *command, int count, double *ret_cpu_ms, double *ret_wall_ms, double *ret_peak_mb);

#endif
