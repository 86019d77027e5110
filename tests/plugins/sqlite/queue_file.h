/* A new database file for each test, and the queue driver over it. */
#ifndef PXM_TEST_SQLITE_QUEUE_FILE_H
#define PXM_TEST_SQLITE_QUEUE_FILE_H

#include "conformance/queue.h"

/* The driver's five functions over a file that it owns; one for the program. Its queue takes QUEUE_ATTEMPTS_MAX
 * attempts. */
struct conformance_driver *queue_file_driver(void);
/* The path of the file that was opened last. */
const char *queue_file_path(const struct conformance_driver *driver);
/* Removes it with what SQLite keeps beside it; no instance is open. */
void queue_file_remove(const struct conformance_driver *driver);
/* Another instance of that file. The outcome of create; *ret_self needs close. */
pxm_status queue_file_open_as(const struct conformance_driver *driver, const char *queue, int64_t max_attempts,
                              int64_t busy_timeout_ms, struct fixture *fixture, void **ret_self);
/* Destroys the fixture's instance while others change the file, and opens it again. */
void queue_file_close_own(struct fixture *fixture);
void queue_file_open_own(struct fixture *fixture);

#endif
