/* The sqs driver over the gate: an empty queue for each test. */
#ifndef PXM_TEST_SQS_PLACE_H
#define PXM_TEST_SQS_PLACE_H

#include "aws-gate/place.h"
#include "conformance/queue.h"

#define PLACE_QUEUE   "https://sqs.us-east-1.amazonaws.com/000000000000/messages"
#define PLACE_LETTERS "https://sqs.us-east-1.amazonaws.com/000000000000/letters"

/* The driver's functions; one for the program. */
struct conformance_driver *place_driver(void);
const struct queue_traits *place_traits(void);
void place_set_int(struct fixture *fixture, const char *option, int64_t value);
/* Makes what is missing; `senders` is a list in JSON with ' for ". */
pxm_status place_prepare(struct fixture *fixture, const char *senders);

#endif
