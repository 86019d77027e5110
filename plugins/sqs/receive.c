/* send, receive, extend, settle. */
#include "sqs.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REST_MS = 1000, PROBE_S = 30 };

static int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t sqs_seconds(int64_t ms, int64_t max)
{
    return ms <= 0 ? 0 : least((ms - 1) / 1000 + 1, max);
}

/* ---- send ---- */

pxm_status sqs_send(void *self, pxm_job *job, const struct pxm_message *message, pxm_value *fields, pxm_error *error)
{
    struct sqs *sqs = self;
    const struct pxm_host *host = sqs->host;
    struct aws_text text;
    char *url = NULL, *id = NULL;
    pxm_status status = sqs_in_time(sqs, job, error);
    if (status == PXM_OK && message->delay_ms > (int64_t)SQS_DELAY_S * 1000) {
        status = host->fail(error, PXM_E_INVALID, "queue.bad_message",
                            "the queue %s can hold a message back for 15 minutes at most", sqs->config->queue);
    }
    if (status != PXM_OK) {
        return status;
    }
    status = sqs_text(sqs, message->body, SQS_BODY_MAX, &text, error);
    if (status == PXM_OK) {
        status = sqs_place_url(sqs, job, &url, error);
    }
    if (status == PXM_OK) {
        status = sqs_put(sqs, job, url, &text, sqs_seconds(message->delay_ms, SQS_DELAY_S), NULL, &id, error);
    }
    if (status == PXM_OK) {
        host->value_set(fields, "id", host->value_string(id, strlen(id)));
    }
    aws_free_text(id);
    aws_free_text(url);
    aws_text_done(&text);
    return status;
}

/* ---- receive ---- */

struct reception {
    struct sqs *sqs;
    pxm_job *job;
    const struct pxm_receive *receive;
    struct sqs_place place;
    pxm_value *items;
};

static pxm_value *describe(const struct sqs *sqs, const struct sqs_message *message)
{
    const struct pxm_host *host = sqs->host;
    pxm_value *item = host->value_record();
    if (!item) {
        return NULL;
    }
    bool failed = host->value_set(item, "id", host->value_string(message->id, strlen(message->id))) != PXM_OK;
    failed |=
        host->value_set(item, "receipt", host->value_string(message->receipt, strlen(message->receipt))) != PXM_OK;
    failed |= host->value_set(item, "body", sqs_value(sqs, message->text)) != PXM_OK;
    failed |= host->value_set(item, "attempts", host->value_int(message->attempts)) != PXM_OK;
    failed |= host->value_set(item, "sent_at", host->value_int(message->sent_ms > 0 ? message->sent_ms : 0)) != PXM_OK;
    if (failed) {
        host->value_unref(item);
        return NULL;
    }
    return item;
}

/* Others need not wait for its lease, as far as it can be done. */
static void give_back(const struct reception *reception, const struct sqs_message *message)
{
    pxm_error *ignored = NULL;
    (void)sqs_hide(reception->sqs, reception->job, reception->place.url, message->receipt, 0, ignored);
}

/* Messages that are not what was sent are given back. */
static pxm_status take(struct reception *reception, struct sqs_batch *batch, int64_t until_ms, pxm_error *error)
{
    struct sqs *sqs = reception->sqs;
    const struct pxm_host *host = sqs->host;
    size_t damaged = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct sqs_message *message = &batch->items[i];
        if (message->is_damaged) {
            damaged++;
            give_back(reception, message);
            continue;
        }
        if (host->value_append(reception->items, describe(sqs, message)) != PXM_OK) {
            return sqs_fail_memory(sqs, error);
        }
        sqs_held_add(sqs, message, until_ms);
    }
    if (damaged > 0 && host->value_count(reception->items) == 0) {
        return sqs_fail_reply(sqs, "the text of a message does not have its checksum", error);
    }
    return PXM_OK;
}

/* One question. *ret_late: the job's time ended while it was waited for. */
static pxm_status poll_once(struct reception *reception, int64_t wait_s, bool *ret_late, pxm_error *error)
{
    struct sqs *sqs = reception->sqs;
    int64_t lease_s = sqs_seconds(reception->receive->lease_ms, SQS_VISIBILITY_S);
    const struct pxm_receive receive = {.struct_size = sizeof receive,
                                        .max = reception->receive->max,
                                        .wait_ms = wait_s * 1000,
                                        .lease_ms = lease_s * 1000};
    struct sqs_batch batch;
    struct sqs_reply reply;
    int64_t until_ms = sqs_later(sqs, receive.lease_ms);
    pxm_status status = PXM_OK;
    if (sqs_fetch(sqs, reception->job, reception->place.url, &receive, &batch, &reply)) {
        status = take(reception, &batch, until_ms, error);
    } else if (reply.reply.fault.class == AWS_FAULT_LATE && reception->receive->wait_ms > 0) {
        *ret_late = true;
    } else {
        status = sqs_fail(sqs, &reply, "receive from", error);
    }
    sqs_batch_done(&batch);
    sqs_reply_done(&reply);
    return status;
}

/* Whoever asks again at once after a failure must not flood a service that is in trouble, nor must it be asked without
 * a pause when it does not wait though it was told to. */
static void rest(const struct reception *reception, int64_t left_ms)
{
    (void)aws_sleep(reception->sqs->host, reception->job, least(left_ms, REST_MS));
}

static pxm_status receive_within(struct reception *reception, pxm_error *error)
{
    struct sqs *sqs = reception->sqs;
    const struct pxm_host *host = sqs->host;
    int64_t start_ms = monotonic_ms();
    for (bool late = false;;) {
        int64_t asked_ms = monotonic_ms(), left_ms = reception->receive->wait_ms - (asked_ms - start_ms);
        int64_t wait_s = left_ms > 0 ? least(left_ms / 1000, SQS_WAIT_S) : 0;
        pxm_status status = poll_once(reception, wait_s, &late, error);
        left_ms = reception->receive->wait_ms - (monotonic_ms() - start_ms);
        if (status != PXM_OK) {
            rest(reception, left_ms);
            return status;
        }
        if (host->value_count(reception->items) > 0 || late || left_ms <= 0 ||
            host->remaining_ms(reception->job) <= 0) {
            return PXM_OK;
        }
        if (wait_s == 0 || monotonic_ms() - asked_ms < wait_s * 1000 / 2) {
            rest(reception, left_ms);
        }
    }
}

pxm_status sqs_receive(void *self, pxm_job *job, const struct pxm_receive *receive, pxm_value *fields, pxm_error *error)
{
    struct sqs *sqs = self;
    const struct pxm_host *host = sqs->host;
    struct reception reception = {.sqs = sqs, .job = job, .receive = receive};
    if (receive->max < 1 || receive->max > SQS_RECEIVE_MAX || receive->lease_ms < 1) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_limit",
                          "1 to %d messages can be received at once, with a lease of 1 ms at least", SQS_RECEIVE_MAX);
    }
    pxm_status status = sqs_in_time(sqs, job, error);
    if (status == PXM_OK) {
        status = sqs_place_find(sqs, job, &reception.place, error);
    }
    if (status != PXM_OK) {
        rest(&reception, receive->wait_ms);
        return status;
    }
    reception.items = host->value_list();
    status = reception.items ? receive_within(&reception, error) : sqs_fail_memory(sqs, error);
    sqs_place_done(&reception.place);
    if (status != PXM_OK) {
        host->value_unref(reception.items);
        sqs_place_forget(sqs);
        return status;
    }
    host->value_set(fields, "items", reception.items);
    return PXM_OK;
}

/* ---- extend and settle ---- */

static pxm_status fail_lost(const struct sqs *sqs, pxm_error *error)
{
    return sqs->host->fail(error, PXM_E_NOT_FOUND, "queue.lost_lease",
                           "the message is not held by this receipt any more");
}

static bool may_be_receipt(const struct sqs *sqs, const char *receipt)
{
    size_t length = strnlen(receipt, SQS_RECEIPT_MAX + 1);
    return length > 0 && length <= SQS_RECEIPT_MAX && sqs->host->utf8_valid(receipt, length);
}

pxm_status sqs_extend(void *self, pxm_job *job, const char *receipt, int64_t lease_ms, pxm_error *error)
{
    struct sqs *sqs = self;
    struct sqs_held held;
    char *url = NULL;
    int64_t lease_s = sqs_seconds(lease_ms, SQS_VISIBILITY_S), until_ms = sqs_later(sqs, lease_s * 1000);
    bool is_lost = !may_be_receipt(sqs, receipt) || sqs_held_find(sqs, receipt, &held) == SQS_HOLD_LOST;
    if (is_lost) {
        return fail_lost(sqs, error);
    }
    sqs_held_done(&held);
    pxm_status status = sqs_place_url(sqs, job, &url, error);
    if (status == PXM_OK) {
        status = sqs_hide(sqs, job, url, receipt, lease_s, error);
    }
    if (status == PXM_OK) {
        sqs_held_extend(sqs, receipt, until_ms);
    }
    aws_free_text(url);
    return status;
}

/* The cause as it goes with a dead letter: what is too large, or no JSON, is left out. */
static pxm_status write_cause(const struct sqs *sqs, const pxm_value *cause, struct aws_text *to, pxm_error *error)
{
    aws_text_init(to, SQS_CAUSE_MAX);
    pxm_status status = cause ? sqs_text(sqs, cause, SQS_CAUSE_MAX, to, NULL) : PXM_OK;
    if (status == PXM_E_NO_MEMORY) {
        return sqs_fail_memory(sqs, error);
    }
    if (status != PXM_OK) {
        aws_text_clear(to);
    }
    return PXM_OK;
}

/* Makes a dead letter, and then deletes the message: one that dies in between is there twice, and never lost. */
static pxm_status bury(struct sqs *sqs, pxm_job *job, const struct sqs_place *place, struct sqs_held *held,
                       const struct pxm_settle *settle, pxm_error *error)
{
    struct aws_text cause, text = {.data = held->text, .length = strlen(held->text), .max = SQS_REQUEST_MAX};
    pxm_status status = write_cause(sqs, settle->cause, &cause, error);
    const struct sqs_letter letter = {.id = held->id,
                                      .cause = cause.length > 0 ? aws_text_get(&cause) : NULL,
                                      .attempts = held->attempts,
                                      .first_ms = held->first_ms};
    if (status == PXM_OK) {
        status = sqs_put(sqs, job, place->dead_url, &text, 0, &letter, NULL, error);
    }
    if (status == PXM_OK) {
        status = sqs_delete(sqs, job, place->url, settle->receipt, error);
    }
    aws_text_done(&cause);
    return status;
}

/* Of a receipt that this instance did not give, the service alone knows whether it holds anything. */
static pxm_status settle_unknown(struct sqs *sqs, pxm_job *job, const char *url, const struct pxm_settle *settle,
                                 pxm_error *error)
{
    bool is_done = settle->outcome == PXM_SETTLE_DONE;
    int64_t delay_s = settle->outcome == PXM_SETTLE_RETRY ? sqs_seconds(settle->delay_ms, SQS_VISIBILITY_S) : 0;
    pxm_status status = sqs_hide(sqs, job, url, settle->receipt, is_done ? PROBE_S : delay_s, error);
    return status == PXM_OK && is_done ? sqs_delete(sqs, job, url, settle->receipt, error) : status;
}

static pxm_status settle_held(struct sqs *sqs, pxm_job *job, struct sqs_held *held, const struct pxm_settle *settle,
                              pxm_error *error)
{
    struct sqs_place place;
    pxm_status status = sqs_place_find(sqs, job, &place, error);
    if (status != PXM_OK) {
        return status;
    }
    bool is_last = settle->outcome == PXM_SETTLE_DEAD ||
                   (settle->outcome == PXM_SETTLE_RETRY && held->attempts >= place.receives_max);
    if (settle->outcome == PXM_SETTLE_DONE) {
        status = sqs_delete(sqs, job, place.url, settle->receipt, error);
    } else if (is_last && held->id && held->text) {
        status = bury(sqs, job, &place, held, settle, error);
    } else {
        status = settle_unknown(sqs, job, place.url, settle, error);
    }
    sqs_place_done(&place);
    return status;
}

pxm_status sqs_settle(void *self, pxm_job *job, const struct pxm_settle *settle, pxm_error *error)
{
    struct sqs *sqs = self;
    struct sqs_held held = {.receipt = NULL};
    char *url = NULL;
    if (settle->outcome > PXM_SETTLE_DEAD) {
        return sqs->host->fail(error, PXM_E_INVALID, "queue.bad_message", "there is no such outcome");
    }
    enum sqs_hold hold =
        may_be_receipt(sqs, settle->receipt) ? sqs_held_find(sqs, settle->receipt, &held) : SQS_HOLD_LOST;
    pxm_status status = PXM_OK;
    switch (hold) {
    case SQS_HOLD_LOST:
        return fail_lost(sqs, error);
    case SQS_HOLD_GOOD:
        status = settle_held(sqs, job, &held, settle, error);
        break;
    case SQS_HOLD_UNKNOWN:
        status = sqs_place_url(sqs, job, &url, error);
        if (status == PXM_OK) {
            status = settle_unknown(sqs, job, url, settle, error);
        }
        break;
    }
    if (status == PXM_OK) {
        sqs_held_settle(sqs, settle->receipt);
    }
    sqs_held_done(&held);
    aws_free_text(url);
    return status;
}
