/* How often and how soon a request is sent again: a budget that all requests of a client share, so that a service in
 * trouble is not flooded, and delays with full jitter. [any] */
#ifndef AWS_RETRY_H
#define AWS_RETRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { AWS_BUDGET_FULL = 500, AWS_RETRY_COST = 14, AWS_THROTTLE_COST = 5 };

struct aws_budget {
    atomic_int tokens;
};
void aws_budget_init(struct aws_budget *budget);
/* Whether there is as much; then it is gone. */
bool aws_budget_take(struct aws_budget *budget, int cost);
/* After a success: what its last retry had cost, or 1 where it had none. */
void aws_budget_give(struct aws_budget *budget, int cost);

/* Milliseconds to wait after `failures` failed attempts (1 and up); `random` is evenly spread over [0, 1).
 * `retry_after_ms`: what the service asks for, which holds within [t, t + 5 s]; -1: nothing. */
int64_t aws_retry_delay_ms(int failures, bool is_throttled, int64_t base_ms, double random, int64_t retry_after_ms);
/* Evenly spread over [0, 1). */
double aws_random(void);

#endif
