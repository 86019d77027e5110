/* What this instance has received, by receipt. [any] */
#include "sqs.h"

#include <stdlib.h>
#include <string.h>

int64_t sqs_later(const struct sqs *sqs, int64_t ms)
{
    int64_t now_ms = sqs->host->now_ms(sqs->host), sum = 0;
    return __builtin_add_overflow(now_ms, ms > 0 ? ms : 0, &sum) ? INT64_MAX : sum;
}

void sqs_held_done(struct sqs_held *held)
{
    aws_free_text(held->receipt);
    aws_free_text(held->id);
    aws_free_text(held->text);
    *held = (struct sqs_held){.receipt = NULL};
}

static void drop_text(struct sqs *sqs, struct sqs_held *held)
{
    sqs->held_bytes -= held->text ? strlen(held->text) : 0;
    aws_free_text(held->text);
    held->text = NULL;
}

void sqs_held_drop_all(struct sqs *sqs)
{
    for (size_t i = 0; i < SQS_HELD_MAX; i++) {
        drop_text(sqs, &sqs->held[i]);
        sqs_held_done(&sqs->held[i]);
    }
}

void sqs_held_add(struct sqs *sqs, struct sqs_message *message, int64_t until_ms)
{
    struct sqs_held held = {.receipt = aws_copy_text(message->receipt),
                            .id = aws_copy_text(message->id),
                            .attempts = message->attempts,
                            .first_ms = message->first_ms,
                            .until_ms = until_ms};
    if (!held.receipt || !held.id) { /* then it is one that is not known */
        sqs_held_done(&held);
        return;
    }
    pthread_mutex_lock(&sqs->lock);
    struct sqs_held *slot = &sqs->held[sqs->held_next++ % SQS_HELD_MAX];
    drop_text(sqs, slot);
    sqs_held_done(slot);
    size_t length = strlen(message->text);
    if (sqs->held_bytes + length <= SQS_HELD_BYTES) {
        held.text = message->text;
        message->text = NULL;
        sqs->held_bytes += length;
    }
    *slot = held;
    pthread_mutex_unlock(&sqs->lock);
}

/* Under the lock; the newest of that receipt. NULL: none. */
static struct sqs_held *look_up(struct sqs *sqs, const char *receipt)
{
    for (size_t i = 1; i <= SQS_HELD_MAX; i++) {
        struct sqs_held *held = &sqs->held[(sqs->held_next - i) % SQS_HELD_MAX];
        if (held->receipt && strcmp(held->receipt, receipt) == 0) {
            return held;
        }
    }
    return NULL;
}

enum sqs_hold sqs_held_find(struct sqs *sqs, const char *receipt, struct sqs_held *ret)
{
    enum sqs_hold hold = SQS_HOLD_UNKNOWN;
    *ret = (struct sqs_held){.receipt = NULL};
    int64_t now_ms = sqs_later(sqs, 0);
    pthread_mutex_lock(&sqs->lock);
    const struct sqs_held *held = look_up(sqs, receipt);
    if (held && (held->is_settled || held->until_ms <= now_ms)) {
        hold = SQS_HOLD_LOST;
    } else if (held) {
        hold = SQS_HOLD_GOOD;
        ret->id = aws_copy_text(held->id);
        ret->text = aws_copy_text(held->text);
        ret->attempts = held->attempts;
        ret->first_ms = held->first_ms;
    }
    pthread_mutex_unlock(&sqs->lock);
    return hold;
}

void sqs_held_extend(struct sqs *sqs, const char *receipt, int64_t until_ms)
{
    pthread_mutex_lock(&sqs->lock);
    struct sqs_held *held = look_up(sqs, receipt);
    if (held) {
        held->until_ms = until_ms;
    }
    pthread_mutex_unlock(&sqs->lock);
}

void sqs_held_settle(struct sqs *sqs, const char *receipt)
{
    pthread_mutex_lock(&sqs->lock);
    struct sqs_held *held = look_up(sqs, receipt);
    if (held) {
        drop_text(sqs, held);
        held->is_settled = true;
    }
    pthread_mutex_unlock(&sqs->lock);
}
