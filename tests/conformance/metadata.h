/* The metadata suite: what every driver of "pixmill.metadata/1" does. The driver opens tables whose key is shown as
 * "id" and that have indexes of "owner", "tags" and "rank". */
#ifndef PXM_CONFORMANCE_METADATA_H
#define PXM_CONFORMANCE_METADATA_H

#include "conformance/harness.h"

/* Runs all groups; how many tests failed. */
int conformance_metadata(struct conformance_driver *driver);

/* ---- for the files of the suite and the drivers' own tests ---- */

int metadata_items_tests(struct conformance_driver *driver);
int metadata_conditions_tests(struct conformance_driver *driver);
int metadata_query_tests(struct conformance_driver *driver);

/* Each clears fixture.fields and the error first. `set`, `expect` and `equal` are JSON with ' for ", or NULL. */
pxm_status table_record(struct fixture *fixture, const char *key, const char *set, uint32_t flags);
pxm_status table_record_if(struct fixture *fixture, const char *key, const char *set, const char *expect,
                           const char *newer_by);
pxm_status table_record_with(struct fixture *fixture, const struct pxm_record *record);
pxm_status table_lookup(struct fixture *fixture, const char *key);
pxm_status table_erase(struct fixture *fixture, const char *key, const char *expect);
pxm_status table_query(struct fixture *fixture, const char *field, const char *equal, const char *cursor,
                       int64_t limit);

void must_record(struct fixture *fixture, const char *key, const char *set);
/* The item is this JSON, "id" included. */
void must_hold(struct fixture *fixture, const char *key, const char *json);
void must_not_hold(struct fixture *fixture, const char *key);

#endif
