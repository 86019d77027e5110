/* A clock that only sleepers move. */
#include "clock.h"

#include <stdatomic.h>

static _Atomic int64_t passed_ms;

static int64_t wall_ms(void *arg)
{
    (void)arg;
    return CLOCK_START_MS + atomic_load(&passed_ms);
}

static int64_t monotonic_ms(void *arg)
{
    (void)arg;
    return atomic_load(&passed_ms);
}

static void sleep_ms(void *arg, int64_t ms)
{
    (void)arg;
    if (ms > 0) {
        atomic_fetch_add(&passed_ms, ms);
    }
}

const struct pxm_clock *clock_fixed(void)
{
    static const struct pxm_clock fixed = {.wall_ms = wall_ms, .monotonic_ms = monotonic_ms, .sleep_ms = sleep_ms};

    return &fixed;
}

void clock_reset(void)
{
    atomic_store(&passed_ms, 0);
}
