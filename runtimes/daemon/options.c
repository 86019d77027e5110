/* The defaults of the daemon. */
#include "daemon/options.h"

#include <sched.h>

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { LIGHT_WORKERS = 2, QUEUE_PER_WORKER = 4, WORKERS_MAX = 64, LOOPBACK = 127 };

static uint32_t processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

    return count < 1 ? 1 : count > WORKERS_MAX ? WORKERS_MAX : (uint32_t)count;
}

void serve_options_default(struct serve_options *options)
{
    *options = (struct serve_options){
        .port = -1,
        .image_workers_default = processors(),
        .light_workers = LIGHT_WORKERS,
        .run_ms_max = 60000,
        .queue_ms_max = 30000,
        .queue_max = QUEUE_PER_WORKER,
        .queue_bytes_max = 128 << 20,
        .per_address_max = 32,
        .free_bytes_min = 64 << 20,
        .drain_ms_max = 30000,
        .attempts_max = 5,
        .retry_ms = 2000,
        .retry_ms_max = 512000,
        .worker_memory_max = (int64_t)1 << 30,
        .worker_nice = 10,
        .connections_max = 1024,
        .connections_per_address_max = 64,
        .header_ms_max = 10000,
        .body_ms_max = 60000,
        .body_rate_min = 1024,
        .idle_ms_max = 15000,
        .idle_max = 256,
        .requests_per_connection_max = 1000,
        .keys_keep_ms = 24LL * 3600 * 1000,
    };
}

bool serve_is_local(const char *address)
{
    struct in_addr four;

    return strcasecmp(address, "localhost") == 0 || strcmp(address, "::1") == 0 ||
           (inet_pton(AF_INET, address, &four) == 1 && (ntohl(four.s_addr) >> 24) == LOOPBACK);
}
