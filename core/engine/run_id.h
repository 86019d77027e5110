/* Names of runs. */
#ifndef PXM_ENGINE_RUN_ID_H
#define PXM_ENGINE_RUN_ID_H

#include "base/clock.h"
#include <pixmill/plugin.h>

enum { PXM_RUN_ID_MAX = 40 /* with the NUL */ };

/* "20261122T133700123-0123456789abcdef0123": the time, so that ids sort by age, and 80 random bits, so that nobody can
 * guess one. Code run.random. [any] */
pxm_status pxm_run_id_make(const struct pxm_clock *clock, char id[PXM_RUN_ID_MAX], pxm_error *error);

#endif
