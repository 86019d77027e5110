/* The world as tests see it: nothing outside of the project is touched. */
#ifndef PXM_CLI_TESTING_WORLD_H
#define PXM_CLI_TESTING_WORLD_H

#include "engine/outside.h"

/* Every store, table, queue and auth is one of the plugin `memory`, every secret is "test-NAME", and every variable
 * without a default is "test", 1 (or the least that is allowed) or false. [any] */
const struct pxm_outside *world_outside(void);

#endif
