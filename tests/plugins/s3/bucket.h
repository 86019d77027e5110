/* The s3 driver over the gate: an empty bucket for each test. */
#ifndef PXM_TEST_S3_BUCKET_H
#define PXM_TEST_S3_BUCKET_H

#include "aws-gate/gate.h"

/* The driver's five functions; one for the program. At the end of each test nothing half put is left. */
struct conformance_driver *bucket_driver(void);
/* Its config, which the next instance is made with; reset by opening a new place. */
void *bucket_config(void);
/* Another instance after the config was changed. */
void *bucket_open(void);

#endif
