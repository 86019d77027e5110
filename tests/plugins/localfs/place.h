/* A new folder for each test, and the driver over it. */
#ifndef PXM_TEST_LOCALFS_PLACE_H
#define PXM_TEST_LOCALFS_PLACE_H

#include "conformance/harness.h"

struct place {
    const struct pxm_unit *unit;
    void *config;
    char root[4096];
};

/* The driver's five functions over a place that it owns; one for the program. */
struct conformance_driver *place_driver(void);
/* The folder of the place that was opened last. */
const char *place_root(const struct conformance_driver *driver);
/* Makes that folder the working directory and opens further instances there, so that it does not matter who may pass
 * the folders above it. For a child process that is going to be another user. */
void place_enter(const struct conformance_driver *driver);
/* Regular files below the root, those in the private folder included. */
int place_count_files(const struct conformance_driver *driver);
/* The same in the private folder alone. */
int place_count_private(const struct conformance_driver *driver);
/* A file of that content below the root, with the folders that lead to it: written elsewhere and moved there. */
void place_drop(void *arg, const char *key, int64_t bytes, uint32_t seed);
/* Removes a folder with all that is in it. */
void place_clear(const char *path);

#endif
