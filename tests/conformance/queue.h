/* The queue suite: what every driver of "pixmill.queue/1" does. */
#ifndef PXM_CONFORMANCE_QUEUE_H
#define PXM_CONFORMANCE_QUEUE_H

#include "conformance/harness.h"

#include <stdbool.h>

enum { QUEUE_ATTEMPTS_MAX = 3, QUEUE_LEASE_MS = 30000, RECEIPT_BYTES_MAX = 256 };

/* What queues may do differently; zero is what the plainest one does. */
struct queue_traits {
    bool limits_attempts;     /* a message may be received QUEUE_ATTEMPTS_MAX times                                   */
    bool forgets_ids;         /* what is sent again under its id is there again                                       */
    bool rests_as_leased;     /* what is to be retried later is counted as leased                                     */
    bool hides_age;           /* nobody knows the age of the oldest                                                   */
    bool buries_on_receive;   /* the last lease that ran out makes a dead letter when somebody asks for messages      */
    int64_t delay_longest_ms; /* of what is sent; 0: any                                                             */
};
/* Runs all groups; how many tests failed. */
int conformance_queue(struct conformance_driver *driver, const struct queue_traits *traits);
/* For a driver's own tests, which use what follows. */
void queue_use_traits(const struct queue_traits *traits);

/* ---- for the files of the suite and the drivers' own tests ---- */

int queue_messages_tests(struct conformance_driver *driver);
int queue_leases_tests(struct conformance_driver *driver);
int queue_dead_tests(struct conformance_driver *driver);
int queue_attempts_tests(struct conformance_driver *driver);

/* Of the queue under test. */
const struct queue_traits *queue_traits(void);
/* Each clears fixture.fields and the error first. JSON has ' for ". */
pxm_status queue_send(struct fixture *fixture, const char *json, int64_t delay_ms, const char *dedupe_id);
pxm_status queue_send_value(struct fixture *fixture, const pxm_value *body);
pxm_status queue_receive(struct fixture *fixture, int64_t max, int64_t wait_ms, int64_t lease_ms);
pxm_status queue_extend(struct fixture *fixture, const char *receipt, int64_t lease_ms);
/* `cause` is JSON or NULL. */
pxm_status queue_settle(struct fixture *fixture, const char *receipt, uint32_t outcome, int64_t delay_ms,
                        const char *cause);
pxm_status queue_depth(struct fixture *fixture);
pxm_status queue_dead(struct fixture *fixture, const char *cursor, int64_t limit);
pxm_status queue_redrive(struct fixture *fixture, const char *id);
pxm_status queue_discard(struct fixture *fixture, const char *id);

void must_send(struct fixture *fixture, const char *json);
/* Receives one message, with a lease of QUEUE_LEASE_MS; *receipt is its receipt, the fields tell the rest. */
void must_receive(struct fixture *fixture, char receipt[RECEIPT_BYTES_MAX]);
void must_receive_nothing(struct fixture *fixture);
void must_settle(struct fixture *fixture, const char *receipt, uint32_t outcome);
void must_have_depth(struct fixture *fixture, int64_t ready, int64_t delayed, int64_t leased, int64_t dead);
/* Sends one and makes it a dead letter whose cause has that code. */
void must_make_dead(struct fixture *fixture, const char *json, const char *code);

/* Of the items that the last operation gave. */
size_t item_count(const struct fixture *fixture);
const pxm_value *item_field(const struct fixture *fixture, size_t index, const char *name);
const char *item_text(const struct fixture *fixture, size_t index, const char *name);
int64_t item_int(const struct fixture *fixture, size_t index, const char *name);
void assert_item_json(const struct fixture *fixture, size_t index, const char *name, const char *json);

#endif
