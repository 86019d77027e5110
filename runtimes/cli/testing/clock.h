/* The clock of tests: it stands still at a fixed time, and whoever sleeps moves it on at once. [any] */
#ifndef PXM_CLI_TESTING_CLOCK_H
#define PXM_CLI_TESTING_CLOCK_H

#include "base/clock.h"

/* 2026-01-01T00:00:00Z */
#define CLOCK_START_MS INT64_C(1767225600000)

const struct pxm_clock *clock_fixed(void);
/* Sets it back to the start; nobody may be sleeping. */
void clock_reset(void);

#endif
