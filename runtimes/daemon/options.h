/* What `pixmill serve` was told, with its defaults. Constant while the daemon runs. */
#ifndef PXM_DAEMON_OPTIONS_H
#define PXM_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { SERVE_ORIGINS_MAX = 16 };

struct serve_options {
    const char *project, *profile; /* NULL: found; the first */
    const char *state;             /* absolute */
    const char *project_folder;    /* whose files are watched; NULL: none */
    const char *site;              /* folder of the web page; NULL: none */
    const char *host;              /* NULL: as the project says, else this machine alone */
    int32_t port;                  /* -1: as the project says, else 8080 */
    bool json_log, colored_log, trust_proxy;
    uint32_t image_workers;         /* 0: as the project says, else image_workers_default */
    uint32_t image_workers_default; /* as many as processors that this process may use */
    uint32_t light_workers;
    const char *operator_token_file, *upload_token_file; /* NULL: in the state folder */
    const char *origins[SERVE_ORIGINS_MAX + 1];          /* NULL at the end */

    int64_t run_ms_max;             /* of one run, the pipeline's own limit apart */
    int64_t queue_ms_max;           /* how long a request waits for a worker */
    int64_t queue_max;              /* requests that wait, for each worker of images */
    int64_t queue_bytes_max;        /* of their bodies together */
    int64_t per_address_max;        /* requests of one address that have a body and are not answered */
    int64_t free_bytes_min;         /* on the disk of the state folder; below it nothing is taken */
    int64_t drain_ms_max;           /* after SIGTERM */
    int64_t attempts_max;           /* of a job, before it is a dead letter */
    int64_t retry_ms, retry_ms_max; /* upper bound of the first random pause, and of all */
    int64_t worker_memory_max;
    int64_t worker_nice; /* 0 to 19, where the project does not say it; see nice(2) */
    int64_t connections_max, connections_per_address_max;
    int64_t header_ms_max, body_ms_max, body_rate_min, idle_ms_max, idle_max, requests_per_connection_max;
    int64_t keys_keep_ms; /* idempotency keys */
};

/* Fills in the defaults. */
void serve_options_default(struct serve_options *options);

/* Whether nobody but this machine can reach who listens there: then uploads need no token. */
bool serve_is_local(const char *address);

#endif
