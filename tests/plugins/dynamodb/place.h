/* The dynamodb driver over the gate: an empty table for each test. */
#ifndef PXM_TEST_DYNAMODB_PLACE_H
#define PXM_TEST_DYNAMODB_PLACE_H

#include "aws-gate/gate.h"

/* The driver's five functions; one for the program. */
struct conformance_driver *place_driver(void);
/* Its config, which the next instance is made with; reset by opening a new place. */
void *place_config(void);
/* Another instance after the config was changed. */
void *place_open(void);
/* Makes the fixture use another instance, after the config was changed. */
void place_reopen(struct fixture *fixture);
/* The config as it was at first, with an instance of it. */
void place_defaults(struct fixture *fixture);
/* Takes back the faults that have not come yet. */
void place_forget(void);
/* Changes an option of the config, and makes the fixture use an instance with it. */
void place_set(struct fixture *fixture, const char *option, const char *value);
/* A failure whose text has that word, and nothing that must stay secret. */
void assert_fault(const struct fixture *fixture, pxm_status status, pxm_status expected, const char *code,
                  const char *word);
/* Calls prepare; its fields are those of the fixture then. */
pxm_status place_prepare(struct fixture *fixture);
/* How many requests came since the last reset for an operation, such as "PutItem". */
size_t place_requests(const char *operation);

#endif
