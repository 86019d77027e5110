/* How much there is, and dead letters. The service cannot list a queue: its dead letters are received, hidden while
 * they are looked at, and given back. So a page is made of all there are, as far as they are not too many. */
#include "sqs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MAX = 1000, RELEASE_MAX = 10, EMPTY_MAX = 2 };

/* ---- depth ---- */

struct counts {
    int64_t ready, delayed, leased;
};

static pxm_status count(const struct sqs *sqs, pxm_job *job, const char *url, struct counts *ret, pxm_error *error)
{
    struct aws_text body;
    struct sqs_reply reply;
    sqs_begin(&body, url);
    aws_text_puts(&body, ",\"AttributeNames\":[\"ApproximateNumberOfMessages\",\"ApproximateNumberOfMessagesDelayed\","
                         "\"ApproximateNumberOfMessagesNotVisible\"]");
    bool good = sqs_call(sqs, job, "GetQueueAttributes", &body, 0, &reply);
    struct aws_json told = aws_json_get(reply.json, "Attributes");
    struct counts counts = {.ready = sqs_number(aws_json_get(told, "ApproximateNumberOfMessages")),
                            .delayed = sqs_number(aws_json_get(told, "ApproximateNumberOfMessagesDelayed")),
                            .leased = sqs_number(aws_json_get(told, "ApproximateNumberOfMessagesNotVisible"))};
    pxm_status status = PXM_OK;
    if (!good) {
        status = sqs_fail(sqs, &reply, "look at", error);
    } else if (counts.ready < 0 || counts.delayed < 0 || counts.leased < 0) {
        status = sqs_fail_reply(sqs, "it does not tell how many messages there are", error);
    } else {
        *ret = counts;
    }
    sqs_reply_done(&reply);
    return status;
}

pxm_status sqs_depth(void *self, pxm_job *job, pxm_value *fields, pxm_error *error)
{
    struct sqs *sqs = self;
    const struct pxm_host *host = sqs->host;
    struct sqs_place place;
    struct counts live = {.ready = 0}, dead = {.ready = 0};
    pxm_status status = sqs_place_find(sqs, job, &place, error);
    if (status != PXM_OK) {
        return status;
    }
    status = count(sqs, job, place.url, &live, error);
    if (status == PXM_OK) {
        status = count(sqs, job, place.dead_url, &dead, error);
    }
    sqs_place_done(&place);
    if (status == PXM_OK) {
        host->value_set(fields, "ready", host->value_int(live.ready));
        host->value_set(fields, "delayed", host->value_int(live.delayed));
        host->value_set(fields, "leased", host->value_int(live.leased));
        host->value_set(fields, "dead", host->value_int(dead.ready + dead.delayed + dead.leased));
        host->value_set(fields, "oldest_ms", host->value_null()); /* the service tells it by its metrics alone */
    }
    return status;
}

/* ---- looking at dead letters ---- */

struct letters {
    struct sqs *sqs;
    pxm_job *job;
    struct sqs_place place;
    const char *wanted; /* an id: it is enough to have found it; NULL: all are wanted */
    struct sqs_message *items;
    size_t count, bytes;
};

static const char *id_of(const struct sqs_message *message)
{
    return message->letter_id ? message->letter_id : message->id;
}

/* The place of the one that is wanted; the count: it is not there. */
static size_t find_wanted(const struct letters *letters)
{
    size_t i = 0;
    while (i < letters->count && (!letters->wanted || strcmp(id_of(&letters->items[i]), letters->wanted) != 0)) {
        i++;
    }
    return i;
}

/* The service may give one twice; the later receipt counts. */
static bool replace_same(struct letters *letters, struct sqs_message *message)
{
    for (size_t i = 0; i < letters->count; i++) {
        if (strcmp(letters->items[i].id, message->id) == 0) {
            sqs_message_done(&letters->items[i]);
            letters->items[i] = *message;
            return true;
        }
    }
    return false;
}

static pxm_status keep(struct letters *letters, struct sqs_batch *batch, pxm_error *error)
{
    struct sqs_message *grown = realloc(letters->items, (letters->count + batch->count + 1) * sizeof *letters->items);
    if (!grown) {
        return sqs_fail_memory(letters->sqs, error);
    }
    letters->items = grown;
    for (size_t i = 0; i < batch->count; i++) {
        if (!replace_same(letters, &batch->items[i])) {
            letters->bytes += strlen(batch->items[i].text);
            letters->items[letters->count++] = batch->items[i];
        }
    }
    batch->count = 0;
    return PXM_OK;
}

static bool is_enough(const struct letters *letters)
{
    return letters->count >= SQS_LETTERS_MAX || letters->bytes >= SQS_LETTER_BYTES ||
           (letters->wanted && find_wanted(letters) < letters->count);
}

/* Asks until there are no more. A short answer of the service need not be the whole truth, so where it tells of more
 * than came it is asked again, with a little patience. */
static pxm_status collect(struct letters *letters, pxm_error *error)
{
    const struct sqs *sqs = letters->sqs;
    struct counts counts = {.ready = 0};
    pxm_status status = count(sqs, letters->job, letters->place.dead_url, &counts, error);
    for (int empty = 0; status == PXM_OK && empty < EMPTY_MAX && !is_enough(letters);) {
        struct sqs_batch batch;
        struct sqs_reply reply;
        const struct pxm_receive receive = {.struct_size = sizeof receive,
                                            .max = SQS_RECEIVE_MAX,
                                            .wait_ms = empty > 0 ? 1000 : 0,
                                            .lease_ms = SQS_PEEK_S * 1000};
        if (!sqs_fetch(sqs, letters->job, letters->place.dead_url, &receive, &batch, &reply)) {
            status = sqs_fail(sqs, &reply, "look at dead letters of", error);
        } else if (batch.count == 0) {
            empty += (int64_t)letters->count >= counts.ready ? EMPTY_MAX : 1;
        } else {
            status = keep(letters, &batch, error);
        }
        sqs_batch_done(&batch);
        sqs_reply_done(&reply);
    }
    return status;
}

/* Gives back what was looked at, as far as it can be done: else it comes back by itself. */
static void release(const struct letters *letters)
{
    struct aws_text body;
    struct sqs_reply reply;
    for (size_t i = 0; i < letters->count; i += RELEASE_MAX) {
        sqs_begin(&body, letters->place.dead_url);
        aws_text_puts(&body, ",\"Entries\":[");
        for (size_t k = i; k < letters->count && k < i + RELEASE_MAX; k++) {
            aws_text_printf(&body, "%s{\"Id\":\"%zu\"", k > i ? "," : "", k - i);
            sqs_write_text(&body, "ReceiptHandle", letters->items[k].receipt, strlen(letters->items[k].receipt));
            aws_text_puts(&body, ",\"VisibilityTimeout\":0}");
        }
        aws_text_puts(&body, "]");
        (void)sqs_call(letters->sqs, letters->job, "ChangeMessageVisibilityBatch", &body, 0, &reply);
        sqs_reply_done(&reply);
    }
}

/* Undone by close_letters in any case. */
static pxm_status open_letters(struct letters *letters, pxm_error *error)
{
    pxm_status status = sqs_place_find(letters->sqs, letters->job, &letters->place, error);
    return status == PXM_OK ? collect(letters, error) : status;
}

static void close_letters(struct letters *letters)
{
    release(letters);
    for (size_t i = 0; i < letters->count; i++) {
        sqs_message_done(&letters->items[i]);
    }
    free(letters->items);
    sqs_place_done(&letters->place);
}

/* ---- the list ---- */

static int64_t when(const struct sqs_message *message)
{
    return message->sent_ms > 0 ? message->sent_ms : 0;
}

static int order(int64_t a_ms, const char *a_id, int64_t b_ms, const char *b_id)
{
    int by_id = strcmp(a_id, b_id);
    return a_ms < b_ms ? -1 : a_ms > b_ms ? 1 : by_id;
}

static int compare(const void *a, const void *b)
{
    const struct sqs_message *left = a, *right = b;
    return order(when(left), left->id, when(right), right->id);
}

struct mark { /* a place between two letters */
    int64_t sent_ms;
    const char *id;
};

/* Where a page ended: when its last letter was sent, and its id. */
static bool read_cursor(const char *cursor, struct mark *ret)
{
    char *end = NULL;
    if (!cursor) {
        *ret = (struct mark){.sent_ms = -1, .id = ""};
        return true;
    }
    size_t digits = strspn(cursor, "0123456789");
    if (digits == 0 || digits > 18 || cursor[digits] != '.' || strnlen(cursor, SQS_ID_MAX + 20) > SQS_ID_MAX + 19) {
        return false;
    }
    *ret = (struct mark){.sent_ms = strtoll(cursor, &end, 10)};
    ret->id = end + 1;
    return ret->id[0] != '\0';
}

static pxm_value *time_value(const struct pxm_host *host, int64_t ms)
{
    return ms >= 0 ? host->value_int(ms) : host->value_null();
}

static pxm_value *describe(const struct letters *letters, const struct sqs_message *message)
{
    static const char unknown[] =
        "{\"code\":\"queue.attempts\",\"message\":\"it was received too often; the queue moved it\"}";
    const struct sqs *sqs = letters->sqs;
    const struct pxm_host *host = sqs->host;
    bool is_ours = message->letter_id != NULL;
    const char *id = id_of(message);
    pxm_value *item = host->value_record();
    pxm_value *cause =
        is_ours && !message->cause ? host->value_null() : sqs_value(sqs, message->cause ? message->cause : unknown);
    if (!item) {
        host->value_unref(cause);
        return NULL;
    }
    bool failed = host->value_set(item, "id", host->value_string(id, strlen(id))) != PXM_OK;
    failed |= host->value_set(item, "body", sqs_value(sqs, message->text)) != PXM_OK;
    failed |= host->value_set(item, "cause", cause) != PXM_OK;
    failed |= host->value_set(item, "attempts",
                              host->value_int(is_ours ? message->attempts : letters->place.receives_max)) != PXM_OK;
    failed |= host->value_set(item, "first_at", time_value(host, is_ours ? message->first_ms : -1)) != PXM_OK;
    failed |= host->value_set(item, "last_at", time_value(host, is_ours ? message->sent_ms : -1)) != PXM_OK;
    if (failed) {
        host->value_unref(item);
        return NULL;
    }
    return item;
}

static pxm_status list(const struct letters *letters, const struct mark *after, int64_t limit, pxm_value *fields,
                       pxm_error *error)
{
    const struct pxm_host *host = letters->sqs->host;
    const struct sqs_message *last = NULL;
    pxm_value *items = host->value_list();
    pxm_status status = items ? PXM_OK : sqs_fail_memory(letters->sqs, error);
    char cursor[SQS_ID_MAX + 32];
    bool has_more = false;
    for (size_t i = 0; status == PXM_OK && i < letters->count && !has_more; i++) {
        const struct sqs_message *message = &letters->items[i];
        if (order(when(message), message->id, after->sent_ms, after->id) <= 0) {
            continue;
        }
        has_more = (int64_t)host->value_count(items) == limit;
        if (!has_more && host->value_append(items, describe(letters, message)) != PXM_OK) {
            status = sqs_fail_memory(letters->sqs, error);
        }
        last = has_more ? last : message;
    }
    if (status != PXM_OK) {
        host->value_unref(items);
        return status;
    }
    host->value_set(fields, "items", items);
    if (has_more) {
        snprintf(cursor, sizeof cursor, "%" PRId64 ".%s", when(last), last->id);
    }
    host->value_set(fields, "cursor", has_more ? host->value_string(cursor, strlen(cursor)) : host->value_null());
    return PXM_OK;
}

pxm_status sqs_dead(void *self, pxm_job *job, const char *cursor, int64_t limit, pxm_value *fields, pxm_error *error)
{
    struct sqs *sqs = self;
    struct letters letters = {.sqs = sqs, .job = job};
    struct mark after;
    if (limit < 1 || limit > LIMIT_MAX) {
        return sqs->host->fail(error, PXM_E_INVALID, "queue.bad_limit", "a page of dead letters has 1 to %d of them",
                               LIMIT_MAX);
    }
    if (!read_cursor(cursor, &after)) {
        return sqs->host->fail(error, PXM_E_INVALID, "queue.bad_cursor", "the cursor is not one that a page gave");
    }
    pxm_status status = open_letters(&letters, error);
    if (status == PXM_OK && letters.count > 0) {
        qsort(letters.items, letters.count, sizeof *letters.items, compare);
    }
    if (status == PXM_OK) {
        status = list(&letters, &after, limit, fields, error);
    }
    close_letters(&letters);
    return status;
}

/* ---- redrive and discard ---- */

/* Sent again before it is deleted: one that breaks off in between is there twice, and never lost. */
static pxm_status end_letter(struct letters *letters, size_t at, bool again, pxm_error *error)
{
    const struct sqs *sqs = letters->sqs;
    struct sqs_message *message = &letters->items[at];
    const struct aws_text text = {.data = message->text, .length = strlen(message->text), .max = SQS_REQUEST_MAX};
    pxm_status status = PXM_OK;
    if (again) {
        status = sqs_put(sqs, letters->job, letters->place.url, &text, 0, NULL, NULL, error);
    }
    if (status == PXM_OK) {
        status = sqs_delete(sqs, letters->job, letters->place.dead_url, message->receipt, error);
    }
    if (status == PXM_OK) { /* it is not to be given back */
        sqs_message_done(message);
        *message = letters->items[--letters->count];
    }
    return status;
}

static pxm_status end_dead(struct sqs *sqs, pxm_job *job, const char *id, bool again, pxm_error *error)
{
    struct letters letters = {.sqs = sqs, .job = job, .wanted = id};
    pxm_status status = open_letters(&letters, error);
    if (status == PXM_OK) {
        size_t at = find_wanted(&letters);
        status = at < letters.count
                     ? end_letter(&letters, at, again, error)
                     : sqs->host->fail(error, PXM_E_NOT_FOUND, "queue.not_found",
                                       "there is no dead letter %.64s of the queue %s", id, sqs->config->queue);
    }
    close_letters(&letters);
    return status;
}

pxm_status sqs_redrive(void *self, pxm_job *job, const char *id, pxm_error *error)
{
    return end_dead(self, job, id, true, error);
}

pxm_status sqs_discard(void *self, pxm_job *job, const char *id, pxm_error *error)
{
    return end_dead(self, job, id, false, error);
}
