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
/* Makes the fixture use another instance, after the config was changed. */
void bucket_reopen(struct fixture *fixture);
/* A failure whose text has that word, and nothing that must stay secret. */
void assert_fault(const struct fixture *fixture, pxm_status status, pxm_status expected, const char *code,
                  const char *word);
/* Fails if a text has a secret, a token or a signature. Every line of the log is looked at as well. */
void assert_no_secret(const char *text);

#endif
