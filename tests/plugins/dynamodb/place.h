/* The dynamodb driver over the gate: an empty table for each test. */
#ifndef PXM_TEST_DYNAMODB_PLACE_H
#define PXM_TEST_DYNAMODB_PLACE_H

#include "aws-gate/place.h"

/* The driver's five functions; one for the program. */
struct conformance_driver *place_driver(void);
/* Calls prepare; its fields are those of the fixture then. */
pxm_status place_prepare(struct fixture *fixture);

#endif
