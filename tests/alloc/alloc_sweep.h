/* Runs code with each of its allocations failing in turn. For tests that link with -Wl,--wrap of the allocating
 * functions. */
#ifndef PXM_TESTS_ALLOC_SWEEP_H
#define PXM_TESTS_ALLOC_SWEEP_H

#include <stdbool.h>

enum {
    ALLOC_SUCCESS = 0, /* all was done, and the scenario looked that it is right */
    ALLOC_FAILURE = 1, /* a failure was reported, and nothing half-done is left */
    ALLOC_FALSE = 2    /* success that is none, or a failure nobody can see */
};

/* Calls the scenario with the Nth allocation failing, for N = 1, 2, ... until it makes fewer than N; then again with
 * the Nth and all later ones failing, of which the leak sanitizer sees each seventh. Fails the cmocka test when a run
 * gives ALLOC_FALSE, when the run without a failing allocation is no success, and, under the leak sanitizer, when
 * something leaked. Allocations of all threads count, but only those of code that is linked statically. */
void alloc_sweep(const char *name, int (*scenario)(void *arg), void *arg);

/* Lets every allocation fail, or none. */
void alloc_fail_all(bool fail);
/* While it pauses, allocations neither fail nor count, so that a scenario can look what became of things. */
void alloc_pause(bool pause);

#endif
