/* receive, extend, settle: messages on lease. [any] */
#include "sqlite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { REST_LEAST_MS = 5, REST_MOST_MS = 100 };

/* ---- receive ---- */

struct leased {
    int64_t seq, lease, attempts, sent_ms;
};

struct reception {
    const struct sqlite_queue *queue;
    const struct pxm_receive *receive;
    pxm_value *items;
    bool ready; /* there may be something to take */
};

/* Without waiting for writers, as a queue is empty most of the time. */
static pxm_status look(struct sqlite_session *session, void *arg)
{
    struct reception *reception = arg;
    sqlite3_stmt *any = sqlite_statement(session, SQL_READY_ANY);
    sqlite_bind_int(session, any, 1, reception->queue->id);
    sqlite_bind_int(session, any, 2, sqlite_queue_later(reception->queue, 0));
    return sqlite_step(session, any, &reception->ready);
}

static pxm_status release_leases(const struct sqlite_queue *queue, struct sqlite_session *session)
{
    sqlite3_stmt *release = sqlite_statement(session, SQL_LEASES_RELEASE);
    sqlite_bind_int(session, release, 1, queue->id);
    sqlite_bind_int(session, release, 2, sqlite_queue_later(queue, 0));
    return sqlite_run(session, release);
}

static pxm_status lease_ready(const struct reception *reception, struct sqlite_session *session,
                              struct leased leased[SQLITE_RECEIVE_MAX], size_t *ret_count)
{
    bool row = false;
    pxm_status status;
    sqlite3_stmt *take = sqlite_statement(session, SQL_MESSAGES_LEASE);
    sqlite_bind_int(session, take, 1, reception->queue->id);
    sqlite_bind_int(session, take, 2, sqlite_queue_later(reception->queue, 0));
    sqlite_bind_int(session, take, 3, sqlite_queue_later(reception->queue, reception->receive->lease_ms));
    sqlite_bind_int(session, take, 4, reception->receive->max);
    *ret_count = 0;
    while ((status = sqlite_step(session, take, &row)) == PXM_OK && row && *ret_count < SQLITE_RECEIVE_MAX) {
        leased[(*ret_count)++] = (struct leased){.seq = sqlite3_column_int64(take, 0),
                                                 .lease = sqlite3_column_int64(take, 1),
                                                 .attempts = sqlite3_column_int64(take, 2),
                                                 .sent_ms = sqlite3_column_int64(take, 3)};
    }
    return status;
}

/* A message that cannot be read must not stand in the way of all others. */
static pxm_status bury_damaged(struct sqlite_session *session, int64_t seq)
{
    static const char cause[] = "{\"code\":\"queue.damaged\",\"message\":\"its body in the database is not JSON\"}";
    sqlite3_stmt *bury = sqlite_statement(session, SQL_MESSAGE_BURY);
    sqlite_bind_int(session, bury, 1, seq);
    sqlite_bind_text(session, bury, 2, cause);
    return sqlite_run(session, bury);
}

static pxm_value *describe(const struct pxm_host *host, const struct leased *leased, pxm_value *body)
{
    char receipt[SQLITE_RECEIPT_TEXT];
    int length = snprintf(receipt, sizeof receipt, "%" PRId64 ".%" PRId64, leased->seq, leased->lease);
    pxm_value *item = host->value_record();
    if (!item) {
        host->value_unref(body);
        return NULL;
    }
    bool failed = host->value_set(item, "id", sqlite_queue_number(host, leased->seq)) != PXM_OK;
    failed |= host->value_set(item, "receipt", host->value_string(receipt, (size_t)length)) != PXM_OK;
    failed |= host->value_set(item, "body", body) != PXM_OK;
    failed |= host->value_set(item, "attempts", host->value_int(leased->attempts)) != PXM_OK;
    failed |= host->value_set(item, "sent_at", host->value_int(leased->sent_ms)) != PXM_OK;
    if (failed) {
        host->value_unref(item);
        return NULL;
    }
    return item;
}

static pxm_status add_item(const struct reception *reception, struct sqlite_session *session,
                           const struct leased *leased)
{
    const struct pxm_host *host = reception->queue->host;
    bool row = false;
    pxm_value *body = NULL;
    sqlite3_stmt *find = sqlite_statement(session, SQL_BODY_FIND);
    sqlite_bind_int(session, find, 1, leased->seq);
    pxm_status status = sqlite_step(session, find, &row);
    if (status != PXM_OK) {
        return status;
    }
    const char *json = row ? (const char *)sqlite3_column_text(find, 0) : "";
    if (!json) {
        return sqlite_fail_memory(session);
    }
    status = host->value_from_json(json, row ? (size_t)sqlite3_column_bytes(find, 0) : 0, &body, session->error);
    if (status != PXM_OK) {
        return status == PXM_E_NO_MEMORY ? status : bury_damaged(session, leased->seq);
    }
    return host->value_append(reception->items, describe(host, leased, body)) == PXM_OK ? PXM_OK
                                                                                        : sqlite_fail_memory(session);
}

static pxm_status take(struct sqlite_session *session, void *arg)
{
    const struct reception *reception = arg;
    struct leased leased[SQLITE_RECEIVE_MAX];
    size_t count = 0;
    pxm_status status = sqlite_queue_bury(reception->queue, session);
    if (status == PXM_OK) {
        status = release_leases(reception->queue, session);
    }
    if (status == PXM_OK) {
        status = lease_ready(reception, session, leased, &count);
    }
    for (size_t i = 0; status == PXM_OK && i < count; i++) {
        status = add_item(reception, session, &leased[i]);
    }
    return status;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int64_t ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&rest, NULL);
}

/* Other processes send, so waiting is a matter of looking again. */
static pxm_status receive_within(struct sqlite_queue *queue, pxm_job *job, struct reception *reception,
                                 pxm_error *error)
{
    const struct pxm_host *host = queue->host;
    int64_t start_ms = monotonic_ms(), rest_ms = REST_LEAST_MS;
    for (;;) {
        pxm_status status = sqlite_transact(&queue->database, job, false, look, reception, error);
        if (status == PXM_OK && reception->ready) {
            status = sqlite_transact(&queue->database, job, true, take, reception, error);
        }
        if (status != PXM_OK || host->value_count(reception->items) > 0) {
            return status;
        }
        int64_t left_ms = reception->receive->wait_ms - (monotonic_ms() - start_ms);
        int64_t allowed_ms = host->remaining_ms(job);
        left_ms = allowed_ms < left_ms ? allowed_ms : left_ms;
        if (left_ms <= 0) {
            return PXM_OK;
        }
        sleep_ms(rest_ms < left_ms ? rest_ms : left_ms);
        rest_ms = 2 * rest_ms < REST_MOST_MS ? 2 * rest_ms : REST_MOST_MS;
        if (host->remaining_ms(job) <= 0) {
            return PXM_OK;
        }
    }
}

pxm_status sqlite_queue_receive(void *self, pxm_job *job, const struct pxm_receive *receive, pxm_value *fields,
                                pxm_error *error)
{
    struct sqlite_queue *queue = self;
    const struct pxm_host *host = queue->host;
    if (receive->max < 1 || receive->max > SQLITE_RECEIVE_MAX || receive->lease_ms < 1) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_limit",
                          "1 to %d messages can be received at once, with a lease of 1 ms at least",
                          SQLITE_RECEIVE_MAX);
    }
    struct reception reception = {.queue = queue, .receive = receive, .items = host->value_list()};
    if (!reception.items) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    pxm_status status = receive_within(queue, job, &reception, error);
    if (status != PXM_OK) {
        host->value_unref(reception.items);
        return status;
    }
    host->value_set(fields, "items", reception.items);
    return PXM_OK;
}

/* ---- extend and settle ---- */

struct held { /* what is to be done with a message on lease */
    const struct sqlite_queue *queue;
    int64_t seq, lease;
    enum sqlite_sql change;
    int64_t ready_ms, attempts_max; /* of extend and settle */
    pxm_blob *cause;                /* NULL: none */
};

static pxm_status fail_lost(const struct sqlite_queue *queue, pxm_error *error)
{
    return queue->host->fail(error, PXM_E_NOT_FOUND, "queue.lost_lease",
                             "the message is not held by this receipt any more");
}

static pxm_status drop_body(struct sqlite_session *session, int64_t seq)
{
    sqlite3_stmt *drop = sqlite_statement(session, SQL_BODY_DROP);
    sqlite_bind_int(session, drop, 1, seq);
    return sqlite_run(session, drop);
}

static pxm_status change_held(struct sqlite_session *session, void *arg)
{
    const struct held *held = arg;
    size_t length = 0;
    const char *cause = held->cause ? held->queue->host->blob_data(held->cause, &length) : NULL;
    sqlite3_stmt *change = sqlite_statement(session, held->change);
    sqlite_bind_int(session, change, 1, held->seq);
    sqlite_bind_int(session, change, 2, held->queue->id);
    sqlite_bind_int(session, change, 3, held->lease);
    sqlite_bind_int(session, change, 4, sqlite_queue_later(held->queue, 0));
    if (held->change != SQL_LEASE_DONE) {
        sqlite_bind_int(session, change, 5, held->ready_ms);
    }
    if (held->change == SQL_LEASE_SETTLE) {
        sqlite_bind_int(session, change, 6, held->attempts_max);
    }
    if (cause) {
        sqlite_bind_chars(session, change, 7, cause, length);
    }
    pxm_status status = sqlite_run(session, change);
    if (status == PXM_OK && sqlite3_changes(session->db) == 0) {
        return fail_lost(held->queue, session->error);
    }
    return status == PXM_OK && held->change == SQL_LEASE_DONE ? drop_body(session, held->seq) : status;
}

static bool parse_receipt(const char *text, struct held *held)
{
    const char *rest = NULL;
    return sqlite_queue_parse(text, '.', &held->seq, &rest) && sqlite_queue_parse(rest, '\0', &held->lease, NULL);
}

pxm_status sqlite_queue_extend(void *self, pxm_job *job, const char *receipt, int64_t lease_ms, pxm_error *error)
{
    struct sqlite_queue *queue = self;
    struct held held = {.queue = queue, .change = SQL_LEASE_EXTEND, .ready_ms = sqlite_queue_later(queue, lease_ms)};
    if (!parse_receipt(receipt, &held)) {
        return fail_lost(queue, error);
    }
    return sqlite_transact(&queue->database, job, true, change_held, &held, error);
}

pxm_status sqlite_queue_settle(void *self, pxm_job *job, const struct pxm_settle *settle, pxm_error *error)
{
    struct sqlite_queue *queue = self;
    bool retry = settle->outcome == PXM_SETTLE_RETRY;
    struct held held = {.queue = queue,
                        .change = settle->outcome == PXM_SETTLE_DONE ? SQL_LEASE_DONE : SQL_LEASE_SETTLE,
                        .ready_ms = sqlite_queue_later(queue, settle->delay_ms),
                        .attempts_max = retry ? queue->config->max_attempts : 0};
    if (settle->outcome > PXM_SETTLE_DEAD) {
        return queue->host->fail(error, PXM_E_INVALID, "queue.bad_message", "there is no such outcome");
    }
    if (!parse_receipt(settle->receipt, &held)) {
        return fail_lost(queue, error);
    }
    pxm_status status = PXM_OK;
    if (settle->outcome != PXM_SETTLE_DONE && settle->cause) {
        status = sqlite_queue_json(queue, settle->cause, &held.cause, error);
    }
    if (status == PXM_OK) {
        status = sqlite_transact(&queue->database, job, true, change_held, &held, error);
    }
    queue->host->blob_unref(held.cause);
    return status;
}
