/* The storage suite: what every driver of "pixmill.storage/1" does. */
#ifndef PXM_CONFORMANCE_STORAGE_H
#define PXM_CONFORMANCE_STORAGE_H

#include "conformance/harness.h"

/* Runs all groups; how many tests failed. */
int conformance_storage(struct conformance_driver *driver);

/* ---- for the files of the suite ---- */

int storage_objects_tests(struct conformance_driver *driver);
int storage_keys_tests(struct conformance_driver *driver);
int storage_list_tests(struct conformance_driver *driver);
int storage_faults_tests(struct conformance_driver *driver);
int storage_watch_tests(struct conformance_driver *driver); /* of drivers that can `drop` */

/* Each clears fixture.fields and the error first. */
pxm_status store_put(struct fixture *fixture, const char *key, const struct body_plan *plan, uint32_t flags);
pxm_status store_put_with(struct fixture *fixture, const struct pxm_put *put);
pxm_status store_get(struct fixture *fixture, const char *key, int64_t offset, int64_t length, const char *if_match,
                     pxm_stream **ret);
pxm_status store_head(struct fixture *fixture, const char *key);
pxm_status store_remove(struct fixture *fixture, const char *key);
pxm_status store_list(struct fixture *fixture, const char *prefix, const char *cursor, int64_t limit);
/* `taken` may be NULL. */
pxm_status store_watch(struct fixture *fixture, const char *prefix, int64_t limit, int64_t wait_ms,
                       const pxm_value *taken);

/* Puts bytes of that seed and asserts success. */
void must_put(struct fixture *fixture, const char *key, int64_t bytes, uint32_t seed);
/* The whole object is these bytes. */
void must_have(struct fixture *fixture, const char *key, int64_t bytes, uint32_t seed);
void must_not_have(struct fixture *fixture, const char *key);
void must_be_empty(struct fixture *fixture);
/* Waits until something below the prefix is told. Asserts that it is these keys, separated by spaces, in any order. The
 * result is what to hand back as taken; a new reference. */
pxm_value *must_be_told(struct fixture *fixture, const char *prefix, const char *keys);
/* The same, and takes them over. */
void must_take(struct fixture *fixture, const char *prefix, const char *keys);
void must_not_be_told(struct fixture *fixture, const char *prefix);

#endif
