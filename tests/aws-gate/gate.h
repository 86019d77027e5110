/* The gate for tests in C: one process of it for the program, which ends with it. */
#ifndef PXM_TEST_AWS_GATE_H
#define PXM_TEST_AWS_GATE_H

#include "conformance/harness.h"

#define GATE_KEY    "AKIDGATE"
#define GATE_SECRET "gate-secret-of-32-characters-long"

/* Starts it at the first call, with an environment that tells of no credentials, and forgets all that came before. */
void gate_reset(void);
/* "http://127.0.0.1:PORT" */
const char *gate_s3_url(void);
const char *gate_metadata_url(void);
/* Of a DynamoDB; the program must run with NODE_PATH where dynalite is. */
const char *gate_table_url(void);
/* Of an SQS with the queues `messages` and, for its dead letters, `letters`; with NODE_PATH where fauxqs is. */
const char *gate_queue_url(void);
/* Adds faults, or changes settings, as gate.js describes them: JSON with ' for ". */
void gate_faults(const char *json);
void gate_settings(const char *json);
/* Serves the same behind TLS as well; key and certificate in PEM. The port. */
int gate_tls(const char *key, const char *certificate);
/* Does an operation on the tables without the gate; the reply is a new value. Both are JSON with ' for ". */
pxm_value *gate_table(const char *operation, const char *request);
/* Likewise, on the queues. */
pxm_value *gate_queue(const char *operation, const char *request);
/* {counts log faults uploads encodings} since the last reset; a new value. */
pxm_value *gate_state(void);
/* Requests to S3 since the last reset: of that method, where one is given. */
size_t gate_requests(const char *method);
/* How often the place of that name gave credentials: token machine container identity. */
int64_t gate_count(const char *name);
/* A request of another client: the status; the body of the reply into `reply` where that is not NULL. `type` and `body`
 * may be NULL. */
long gate_send(const char *method, const char *url, const char *type, const void *body, size_t length, char *reply,
               size_t room);
/* Likewise, with these headers, a record of strings that are not empty, and no other type. */
long gate_send_headers(const char *method, const char *url, const pxm_value *headers, const void *body, size_t length);

#endif
