/* What is counted and measured, for Prometheus: counters, gauges and histograms with fixed names of labels. No library
 * for C is in Debian, and the text format (0.0.4) is small. Values of labels may come from data, so a family has no
 * more than so many series; what would be one more is counted in a series whose labels all say "other". */
#ifndef PXM_DAEMON_METRICS_H
#define PXM_DAEMON_METRICS_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

struct metrics;        /* opaque */
struct metrics_family; /* opaque: all series of one name */

enum {
    METRICS_LABELS_MAX = 4,
    METRICS_BUCKETS_MAX = 24,
    METRICS_LABEL_BYTES_MAX = 64,
    METRICS_TEXT_BYTES_MAX = 4 << 20
};

enum metrics_kind { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

struct metrics_description { /* borrowed as long as the metrics live: constants */
    enum metrics_kind kind;
    const char *name;          /* "pixmill_http_requests_total" */
    const char *help;          /* one sentence */
    const char *const *labels; /* names, NULL at the end; NULL: none */
    const double *buckets;     /* HISTOGRAM: upper bounds, rising, 0 at the end; the last one, infinity, is not said */
    size_t series_max;         /* 0: 1,000 */
};

/* NULL: no memory. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);
/* Registers a family, which lives as long as the metrics. NULL: no memory; and then all that is below does nothing. Not
 * while others render. */
struct metrics_family *metrics_family(struct metrics *metrics, const struct metrics_description *description);

/* [any]. `labels`: as many values as the family has names, in their order; longer ones are cut; NULL where there are
 * none. An amount that a counter cannot take, below 0 or no number, does nothing. */
void metrics_add(struct metrics_family *family, double amount, const char *const *labels); /* COUNTER, GAUGE */
void metrics_set(struct metrics_family *family, double value, const char *const *labels);  /* GAUGE, and COUNTER of who
                                                                                               counts elsewhere */
void metrics_observe(struct metrics_family *family, double value, const char *const *labels); /* HISTOGRAM */

/* Calls `refresh` at the start of every rendering, on its thread: the time to set what is asked for rather than
 * counted. `release`, which may be NULL, is called with the argument when the metrics are freed. Up to 8; false, and
 * nothing is called: there are as many. */
bool metrics_on_render(struct metrics *metrics, void (*refresh)(void *arg), void (*release)(void *arg), void *arg);
/* The whole text; its media type is "text/plain; version=0.0.4; charset=utf-8". [any] */
pxm_status metrics_render(struct metrics *metrics, struct pxm_buf *buf);

/* Registers process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes, process_open_fds,
 * process_max_fds, process_threads and process_start_time_seconds of this process. false: no memory. */
bool metrics_add_process(struct metrics *metrics);

#endif
