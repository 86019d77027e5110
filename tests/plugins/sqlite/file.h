/* A new database file for each test, and the driver over it. */
#ifndef PXM_TEST_SQLITE_FILE_H
#define PXM_TEST_SQLITE_FILE_H

#include "conformance/harness.h"

/* The driver's five functions over a file that it owns; one for the program. */
struct conformance_driver *file_driver(void);
/* The path of the file that was opened last. */
const char *file_path(const struct conformance_driver *driver);
/* Removes it with what SQLite keeps beside it; no instance is open. */
void file_remove(const struct conformance_driver *driver);
/* Another instance of that file; `indexes` is a JSON list with ' for ". The outcome of create; *ret_self needs
 * close. */
pxm_status file_open_as(const struct conformance_driver *driver, const char *table, const char *indexes,
                        int64_t busy_timeout_ms, struct fixture *fixture, void **ret_self);

#endif
