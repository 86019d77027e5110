/* The sqs driver over the gate: an empty queue for each test. */
#ifndef PXM_TEST_SQS_PLACE_H
#define PXM_TEST_SQS_PLACE_H

#include "aws-gate/gate.h"
#include "conformance/queue.h"

#define PLACE_QUEUE   "https://sqs.us-east-1.amazonaws.com/000000000000/messages"
#define PLACE_LETTERS "https://sqs.us-east-1.amazonaws.com/000000000000/letters"

/* The driver's functions; one for the program. */
struct conformance_driver *place_driver(void);
const struct queue_traits *place_traits(void);
/* Makes the fixture use another instance, after an option of its config was changed. */
void place_set(struct fixture *fixture, const char *option, const char *value);
/* The config as it was at first, with an instance of it. */
void place_defaults(struct fixture *fixture);
/* Takes back the faults that have not come yet. */
void place_forget(void);
/* A failure whose text has that word, and nothing that must stay secret. */
void assert_fault(const struct fixture *fixture, pxm_status status, pxm_status expected, const char *code,
                  const char *word);
/* How many requests came since the last reset for an operation, such as "SendMessage". */
size_t place_requests(const char *operation);

#endif
