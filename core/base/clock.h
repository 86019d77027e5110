/* Time. Deadlines run on the monotonic clock, records carry wall time. Tests set their own. */
#ifndef PXM_BASE_CLOCK_H
#define PXM_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct pxm_clock {
    int64_t (*wall_ms)(void *arg);
    int64_t (*monotonic_ms)(void *arg);
    void (*sleep_ms)(void *arg, int64_t ms);
    void *arg;
};
extern const struct pxm_clock pxm_clock_system;

enum { PXM_TIME_TEXT_MAX = 32 };
/* "2026-11-22T13:37:00.123Z" (RFC 3339) into a buffer of PXM_TIME_TEXT_MAX; years outside 0 to 9999 become the
 * nearest. */
void pxm_time_format(int64_t wall_ms, char *buffer);
/* "30d", "1h30m", "1.5s", "12ms" for people: from a minute on the two largest units, rounded down. */
void pxm_duration_format(int64_t ms, char *buffer, size_t length);

#endif
