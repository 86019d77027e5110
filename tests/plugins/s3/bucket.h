/* The s3 driver over the gate: an empty bucket for each test. */
#ifndef PXM_TEST_S3_BUCKET_H
#define PXM_TEST_S3_BUCKET_H

#include "aws-gate/place.h"

/* The driver's five functions; one for the program. At the end of each test nothing half put is left. */
struct conformance_driver *bucket_driver(void);

#endif
