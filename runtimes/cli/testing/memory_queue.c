/* The queue of the plugin `memory`. Delays and leases are counted by the engine's clock, which tests may set.
 * [any] */
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BODY_BYTES_MAX = 256 << 10,
    RECEIVE_MAX = 10,
    PAGE_ITEMS_MAX = 1000,
    NUMBER_TEXT = 24,
    RECEIPT_TEXT = 2 * NUMBER_TEXT
};

struct message {
    int64_t id, attempts, sent_ms;
    int64_t lease;             /* goes up each time it is given; in the receipt */
    int64_t ready_ms;          /* not given before: delayed, or leased */
    int64_t first_ms, last_ms; /* given, the first and the last time; 0: never */
    bool leased, dead;
    pxm_value *body, *cause; /* cause may be NULL */
    char *dedupe_id;         /* may be NULL */
};

struct contents {
    int64_t sent;
    size_t count;
    struct message *messages; /* in the order they were sent */
};

struct queue_config {
    const char *place;
};

/* ---- messages ---- */

static void *contents_new(void)
{
    return calloc(1, sizeof(struct contents));
}

static void message_done(const struct pxm_host *host, struct message *message)
{
    host->value_unref(message->body);
    host->value_unref(message->cause);
    free(message->dedupe_id);
}

static void contents_free(const struct pxm_host *host, void *arg)
{
    struct contents *contents = arg;

    for (size_t i = 0; i < contents->count; i++) {
        message_done(host, &contents->messages[i]);
    }
    free(contents->messages);
    free(contents);
}

static void drop(const struct pxm_host *host, struct contents *contents, struct message *message)
{
    message_done(host, message);
    memory_shrink(contents->messages, &contents->count, sizeof *message, (size_t)(message - contents->messages));
}

static void set_number(const struct pxm_host *host, pxm_value *record, const char *key, int64_t number)
{
    char text[NUMBER_TEXT];

    snprintf(text, sizeof text, "%" PRId64, number);
    host->value_set(record, key, memory_text(host, text));
}

static int64_t later(int64_t now_ms, int64_t ms)
{
    int64_t sum = 0;

    return __builtin_add_overflow(now_ms, ms, &sum) ? INT64_MAX : sum;
}

/* ---- send ---- */

static const struct message *find_duplicate(const struct contents *contents, const char *dedupe_id)
{
    for (size_t i = 0; dedupe_id && i < contents->count; i++) {
        const struct message *message = &contents->messages[i];
        if (message->dedupe_id && strcmp(message->dedupe_id, dedupe_id) == 0) {
            return message;
        }
    }
    return NULL;
}

static pxm_status check_body(const struct pxm_host *host, const pxm_value *body, pxm_error *error)
{
    pxm_blob *json = NULL;

    if (memory_is_deeper(host, body, PXM_STORED_DEPTH_MAX)) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_message", "the message nests deeper than %d levels",
                          PXM_STORED_DEPTH_MAX);
    }
    pxm_status status = host->value_to_json(body, &json, error);

    if (status == PXM_OK && host->blob_length(json) > BODY_BYTES_MAX) {
        status = host->fail(error, PXM_E_LIMIT, "queue.too_large", "the message has %zu bytes, and %d are allowed",
                            host->blob_length(json), BODY_BYTES_MAX);
    }
    host->blob_unref(json);
    return status;
}

static const struct message *add(struct memory_driver *driver, const struct pxm_message *sent)
{
    struct contents *contents = driver->place->contents;
    const struct message *duplicate = find_duplicate(contents, sent->dedupe_id);
    char *dedupe_id = sent->dedupe_id ? strdup(sent->dedupe_id) : NULL;
    struct message *message = NULL;

    if (!duplicate && (dedupe_id || !sent->dedupe_id)) {
        message = memory_grow((void **)&contents->messages, &contents->count, sizeof *message);
    }
    if (!message) {
        free(dedupe_id);
        return duplicate;
    }
    int64_t now_ms = driver->host->now_ms(driver->host);
    *message = (struct message){.id = ++contents->sent,
                                .sent_ms = now_ms,
                                .ready_ms = later(now_ms, sent->delay_ms),
                                .body = driver->host->value_ref(sent->body),
                                .dedupe_id = dedupe_id};
    return message;
}

static pxm_status queue_send(void *self, pxm_job *job, const struct pxm_message *sent, pxm_value *fields,
                             pxm_error *error)
{
    struct memory_driver *driver = self;
    pxm_status status = check_body(driver->host, sent->body, error);

    status = status == PXM_OK ? memory_in_time(driver->host, job, error) : status;
    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&driver->place->lock);
    const struct message *message = add(driver, sent);
    if (message) {
        set_number(driver->host, fields, "id", message->id);
    } else {
        status = memory_fail_memory(driver->host, error);
    }
    pthread_mutex_unlock(&driver->place->lock);
    return status;
}

/* ---- receive, extend, settle ---- */

/* A receipt is the id and which lease it is, so that one of an earlier lease is void. */
static struct message *find_leased(struct memory_driver *driver, const char *receipt)
{
    struct contents *contents = driver->place->contents;
    int64_t now_ms = driver->host->now_ms(driver->host);
    char own[RECEIPT_TEXT];

    for (size_t i = 0; i < contents->count; i++) {
        struct message *message = &contents->messages[i];
        snprintf(own, sizeof own, "%" PRId64 ".%" PRId64, message->id, message->lease);
        if (strcmp(own, receipt) == 0 && message->leased && message->ready_ms > now_ms) {
            return message;
        }
    }
    return NULL;
}

static pxm_value *give(struct memory_driver *driver, struct message *message, int64_t now_ms, int64_t lease_ms)
{
    const struct pxm_host *host = driver->host;
    pxm_value *item = host->value_record();
    char receipt[RECEIPT_TEXT];

    if (!item) {
        return NULL;
    }
    message->attempts++;
    message->lease++;
    message->leased = true;
    message->ready_ms = later(now_ms, lease_ms);
    message->first_ms = message->first_ms ? message->first_ms : now_ms;
    message->last_ms = now_ms;
    snprintf(receipt, sizeof receipt, "%" PRId64 ".%" PRId64, message->id, message->lease);
    set_number(host, item, "id", message->id);
    host->value_set(item, "receipt", memory_text(host, receipt));
    host->value_set(item, "body", host->value_ref(message->body));
    host->value_set(item, "attempts", host->value_int(message->attempts));
    host->value_set(item, "sent_at", host->value_int(message->sent_ms));
    return item;
}

static pxm_status receive_ready(struct memory_driver *driver, const struct pxm_receive *receive, pxm_value *items,
                                pxm_error *error)
{
    struct contents *contents = driver->place->contents;
    int64_t now_ms = driver->host->now_ms(driver->host);
    int64_t count = 0;

    for (size_t i = 0; i < contents->count && count < receive->max; i++) {
        struct message *message = &contents->messages[i];
        if (message->dead || message->ready_ms > now_ms) {
            continue;
        }
        if (driver->host->value_append(items, give(driver, message, now_ms, receive->lease_ms)) != PXM_OK) {
            return memory_fail_memory(driver->host, error);
        }
        count++;
    }
    return PXM_OK;
}

/* One process both sends and receives here, so waiting is a matter of looking again. */
static pxm_status queue_receive(void *self, pxm_job *job, const struct pxm_receive *receive, pxm_value *fields,
                                pxm_error *error)
{
    static const struct timespec slice = {.tv_nsec = 5000000};
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    int64_t slices = receive->wait_ms / 5;
    pxm_status status = memory_in_time(host, job, error);

    if (status != PXM_OK) {
        return status;
    }
    if (receive->max < 1 || receive->max > RECEIVE_MAX || receive->lease_ms < 1) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_limit", "a receive is for 1 to %d messages, with a lease",
                          RECEIVE_MAX);
    }
    pxm_value *items = host->value_list();
    if (!items) {
        return memory_fail_memory(host, error);
    }
    for (bool found = false; status == PXM_OK && !found;) {
        pthread_mutex_lock(&driver->place->lock);
        status = receive_ready(driver, receive, items, error);
        pthread_mutex_unlock(&driver->place->lock);
        found = host->value_count(items) > 0 || slices-- <= 0;
        if (!found) {
            nanosleep(&slice, NULL);
            found = host->remaining_ms(job) <= 0;
        }
    }
    if (status != PXM_OK) {
        host->value_unref(items);
        return status;
    }
    host->value_set(fields, "items", items);
    return PXM_OK;
}

static pxm_status fail_lost(const struct pxm_host *host, pxm_error *error)
{
    return host->fail(error, PXM_E_NOT_FOUND, "queue.lost_lease", "the message is not held by this receipt any more");
}

static pxm_status queue_extend(void *self, pxm_job *job, const char *receipt, int64_t lease_ms, pxm_error *error)
{
    struct memory_driver *driver = self;

    (void)job;
    pthread_mutex_lock(&driver->place->lock);
    struct message *message = find_leased(driver, receipt);
    if (message) {
        message->ready_ms = later(driver->host->now_ms(driver->host), lease_ms);
    }
    pthread_mutex_unlock(&driver->place->lock);
    return message ? PXM_OK : fail_lost(driver->host, error);
}

static void settle_message(struct memory_driver *driver, const struct pxm_settle *settle, struct message *message)
{
    const struct pxm_host *host = driver->host;

    if (settle->outcome == PXM_SETTLE_DONE) {
        drop(host, driver->place->contents, message);
        return;
    }
    host->value_unref(message->cause);
    message->cause = settle->cause ? host->value_ref(settle->cause) : NULL;
    message->leased = false;
    message->dead = settle->outcome == PXM_SETTLE_DEAD;
    message->ready_ms = later(host->now_ms(host), message->dead ? 0 : settle->delay_ms);
}

static pxm_status queue_settle(void *self, pxm_job *job, const struct pxm_settle *settle, pxm_error *error)
{
    struct memory_driver *driver = self;

    (void)job;
    pthread_mutex_lock(&driver->place->lock);
    struct message *message = find_leased(driver, settle->receipt);
    if (message) {
        settle_message(driver, settle, message);
    }
    pthread_mutex_unlock(&driver->place->lock);
    return message ? PXM_OK : fail_lost(driver->host, error);
}

/* ---- depth and dead letters ---- */

static pxm_status queue_depth(void *self, pxm_job *job, pxm_value *fields, pxm_error *error)
{
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    const struct contents *contents = driver->place->contents;
    int64_t ready = 0, delayed = 0, leased = 0, dead = 0, oldest_ms = 0;

    (void)job;
    (void)error;
    pthread_mutex_lock(&driver->place->lock);
    int64_t now_ms = host->now_ms(host);
    for (size_t i = 0; i < contents->count; i++) {
        const struct message *message = &contents->messages[i];
        bool waits = message->ready_ms > now_ms;
        dead += message->dead;
        ready += !message->dead && !waits;
        leased += !message->dead && waits && message->leased;
        delayed += !message->dead && waits && !message->leased;
        oldest_ms = !message->dead && now_ms - message->sent_ms > oldest_ms ? now_ms - message->sent_ms : oldest_ms;
    }
    pthread_mutex_unlock(&driver->place->lock);
    host->value_set(fields, "ready", host->value_int(ready));
    host->value_set(fields, "delayed", host->value_int(delayed));
    host->value_set(fields, "leased", host->value_int(leased));
    host->value_set(fields, "dead", host->value_int(dead));
    host->value_set(fields, "oldest_ms", host->value_int(oldest_ms));
    return PXM_OK;
}

static pxm_value *describe_dead(const struct pxm_host *host, const struct message *message)
{
    pxm_value *item = host->value_record();

    if (item) {
        set_number(host, item, "id", message->id);
        host->value_set(item, "body", host->value_ref(message->body));
        host->value_set(item, "cause", message->cause ? host->value_ref(message->cause) : host->value_null());
        host->value_set(item, "attempts", host->value_int(message->attempts));
        host->value_set(item, "first_at", host->value_int(message->first_ms));
        host->value_set(item, "last_at", host->value_int(message->last_ms));
    }
    return item;
}

/* A cursor is the id of the last one given. */
static bool fill_dead(struct memory_driver *driver, int64_t after, int64_t limit, pxm_value *items, int64_t *ret_next)
{
    const struct contents *contents = driver->place->contents;
    int64_t last = 0;
    int64_t count = 0;

    for (size_t i = 0; i < contents->count; i++) {
        const struct message *message = &contents->messages[i];
        if (!message->dead || message->id <= after) {
            continue;
        }
        if (count++ == limit) {
            *ret_next = last;
            break;
        }
        if (driver->host->value_append(items, describe_dead(driver->host, message)) != PXM_OK) {
            return false;
        }
        last = message->id;
    }
    return true;
}

static pxm_status queue_dead(void *self, pxm_job *job, const char *cursor, int64_t limit, pxm_value *fields,
                             pxm_error *error)
{
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    int64_t next = 0;
    char *end = NULL;
    int64_t after = cursor ? strtoll(cursor, &end, 10) : 0;

    (void)job;
    if (cursor && (after < 1 || after == INT64_MAX || *end)) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_cursor", "the cursor is not one that a page gave");
    }
    if (limit < 1 || limit > PAGE_ITEMS_MAX) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_limit", "a page has 1 to %d dead letters", PAGE_ITEMS_MAX);
    }
    pxm_value *items = host->value_list();
    pthread_mutex_lock(&driver->place->lock);
    bool filled = items && fill_dead(driver, after, limit, items, &next);
    pthread_mutex_unlock(&driver->place->lock);
    if (!filled) {
        host->value_unref(items);
        return memory_fail_memory(host, error);
    }
    host->value_set(fields, "items", items);
    if (next > 0) {
        set_number(host, fields, "cursor", next);
    } else {
        host->value_set(fields, "cursor", host->value_null());
    }
    return PXM_OK;
}

static struct message *find_dead(const struct contents *contents, const char *id)
{
    char own[NUMBER_TEXT];

    for (size_t i = 0; i < contents->count; i++) {
        snprintf(own, sizeof own, "%" PRId64, contents->messages[i].id);
        if (contents->messages[i].dead && strcmp(own, id) == 0) {
            return &contents->messages[i];
        }
    }
    return NULL;
}

static pxm_status end_dead(struct memory_driver *driver, const char *id, bool again, pxm_error *error)
{
    struct contents *contents = driver->place->contents;

    pthread_mutex_lock(&driver->place->lock);
    struct message *message = find_dead(contents, id);
    if (message && again) {
        message->dead = false;
        message->attempts = message->first_ms = message->last_ms = 0;
        driver->host->value_unref(message->cause);
        message->cause = NULL;
    } else if (message) {
        drop(driver->host, contents, message);
    }
    pthread_mutex_unlock(&driver->place->lock);
    return message ? PXM_OK
                   : driver->host->fail(error, PXM_E_NOT_FOUND, "queue.not_found", "there is no dead letter %s", id);
}

static pxm_status queue_redrive(void *self, pxm_job *job, const char *id, pxm_error *error)
{
    (void)job;
    return end_dead(self, id, true, error);
}

static pxm_status queue_discard(void *self, pxm_job *job, const char *id, pxm_error *error)
{
    (void)job;
    return end_dead(self, id, false, error);
}

/* ---- description ---- */

static pxm_status queue_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct queue_config *settings = config;

    return memory_driver_create(host, config, &memory_queue_unit, settings->place, contents_new, contents_free,
                                ret_self, error);
}

static const struct pxm_option queue_options[] = {
    {.name = "place",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct queue_config, place, const char *),
     .fallback = "",
     .help = "Queues of one place share their messages; without a name the place is this queue's alone."},
    {.name = NULL},
};

static const struct pxm_queue_ops queue_ops = {
    .struct_size = sizeof queue_ops,
    .send = queue_send,
    .receive = queue_receive,
    .extend = queue_extend,
    .settle = queue_settle,
    .depth = queue_depth,
    .dead = queue_dead,
    .redrive = queue_redrive,
    .discard = queue_discard,
};

const struct pxm_unit memory_queue_unit = {
    .struct_size = sizeof memory_queue_unit,
    .threads = PXM_THREADS_PARALLEL,
    .config_size = sizeof(struct queue_config),
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_QUEUE,
    .name = "memory",
    .summary = "Messages in the memory of this process",
    .options = queue_options,
    .ops = &queue_ops,
    .create = queue_create,
    .destroy = memory_driver_destroy,
};
