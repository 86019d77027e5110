/* Uploads to a server on this machine, many at once, over connections that are kept. */
#ifndef PXM_BENCH_LOAD_H
#define PXM_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_file {
    char *data;
    size_t length;
};

struct load_options {
    uint16_t port;
    const struct load_file *files; /* sent in turn, each time with other last bytes: no two uploads are alike */
    int file_count;
    int connections; /* at most LOAD_CONNECTIONS_MAX; each group of 16 has an address of its own, as clients have */
    int count;       /* of uploads */
    /* 0: each connection sends its next upload when the last one was answered, and a refused one again after a pause.
     * Otherwise uploads begin at this rate whatever the answers are, and a refused one is refused; time counts from
     * when an upload was due. */
    double per_second;
    bool asks_health; /* asks for /health all the time, over a connection of its own */
};

enum { LOAD_CONNECTIONS_MAX = 256 };

struct load_times { /* milliseconds, in order after the run */
    double *ms;
    int count, max;
};

struct load_result {
    struct load_times accepted, refused, health;
    int failed;     /* neither accepted nor refused */
    double wall_ms; /* until the last answer */
};

/* False: out of memory or threads. The caller frees what is in the result with load_result_done. */
bool load_run(const struct load_options *options, struct load_result *result);
void load_result_done(struct load_result *result);
void load_times_sort(struct load_times *times);

/* The value below which `share` of the times are; 0 of none. */
double load_percentile(const struct load_times *times, double share);

/* The status that a GET is answered with; 0: none is. */
int load_get(uint16_t port, const char *path);

double load_now_ms(void);

#endif
