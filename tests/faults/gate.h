/* What only the gate can tell of a queue, or do to it. One thread. */
#ifndef PXM_TEST_FAULTS_GATE_H
#define PXM_TEST_FAULTS_GATE_H

#include <stdbool.h>
#include <stdint.h>

/* How many messages a queue has, with those that somebody works on; -1: there is no answer. `port` is that of the
 * gate's control. */
int64_t gate_messages(uint16_t port, const char *queue);
/* All leases end. */
bool gate_end_leases(uint16_t port);
/* Waits until a queue is empty; false: there is no end to it. */
bool gate_await_empty(uint16_t port, const char *queue);

#endif
