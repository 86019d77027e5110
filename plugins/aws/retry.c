/* The numbers of the SDKs' standard mode, revision of 2026. [any] */
#include "aws/retry.h"

#include <sys/random.h>

enum { THROTTLED_BASE_MS = 1000, DELAY_MAX_MS = 20000, AFTER_MORE_MS = 5000, DOUBLINGS_MAX = 20 };

void aws_budget_init(struct aws_budget *budget)
{
    atomic_init(&budget->tokens, AWS_BUDGET_FULL);
}

bool aws_budget_take(struct aws_budget *budget, int cost)
{
    int tokens = atomic_load(&budget->tokens);
    while (tokens >= cost) {
        if (atomic_compare_exchange_weak(&budget->tokens, &tokens, tokens - cost)) {
            return true;
        }
    }
    return false;
}

void aws_budget_give(struct aws_budget *budget, int cost)
{
    int tokens = atomic_load(&budget->tokens);
    while (tokens < AWS_BUDGET_FULL) {
        int more = tokens + cost > AWS_BUDGET_FULL ? AWS_BUDGET_FULL : tokens + cost;
        if (atomic_compare_exchange_weak(&budget->tokens, &tokens, more)) {
            return;
        }
    }
}

int64_t aws_retry_delay_ms(int failures, bool is_throttled, int64_t base_ms, double random, int64_t retry_after_ms)
{
    int doublings = failures < 1 ? 0 : failures - 1;
    doublings = doublings > DOUBLINGS_MAX ? DOUBLINGS_MAX : doublings;
    int64_t most = (is_throttled ? THROTTLED_BASE_MS : base_ms) << doublings;
    most = most > DELAY_MAX_MS ? DELAY_MAX_MS : most;
    int64_t delay = (int64_t)(random * (double)most);
    if (retry_after_ms < 0) {
        return delay;
    }
    return retry_after_ms < delay                   ? delay
           : retry_after_ms > delay + AFTER_MORE_MS ? delay + AFTER_MORE_MS
                                                    : retry_after_ms;
}

double aws_random(void)
{
    uint32_t bits = 0;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits) {
        return 1.0 / 2;
    }
    return bits / 4294967296.0;
}
