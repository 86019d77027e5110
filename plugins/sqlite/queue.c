/* A queue as the queue interface: the instance, send, and what its parts share. [any] */
#include "sqlite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_TEXT = 24 };

/* ---- what the parts share ---- */

int64_t sqlite_queue_later(const struct sqlite_queue *queue, int64_t ms)
{
    int64_t now_ms = queue->host->now_ms(queue->host), sum = 0;
    return __builtin_add_overflow(now_ms, ms > 0 ? ms : 0, &sum) ? INT64_MAX : sum;
}

pxm_status sqlite_queue_json(const struct sqlite_queue *queue, const pxm_value *value, pxm_blob **ret, pxm_error *error)
{
    const struct pxm_host *host = queue->host;
    pxm_blob *json = NULL;
    if (tablebase_is_deeper(host, value, PXM_STORED_DEPTH_MAX)) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_message", "a message or cause nests deeper than %d levels",
                          PXM_STORED_DEPTH_MAX);
    }
    pxm_status status = host->value_to_json(value, &json, error);
    if (status == PXM_OK && host->blob_length(json) > SQLITE_BODY_MAX) {
        status = host->fail(error, PXM_E_LIMIT, "queue.too_large",
                            "a message or cause of %zu bytes does not fit into queue %s, which takes %d",
                            host->blob_length(json), queue->config->queue, SQLITE_BODY_MAX);
    }
    if (status != PXM_OK) {
        host->blob_unref(json);
        return status;
    }
    *ret = json;
    return PXM_OK;
}

pxm_value *sqlite_queue_number(const struct pxm_host *host, int64_t number)
{
    char text[NUMBER_TEXT];
    int length = snprintf(text, sizeof text, "%" PRId64, number);
    return host->value_string(text, (size_t)length);
}

bool sqlite_queue_parse(const char *text, char end, int64_t *ret, const char **ret_rest)
{
    int64_t number = 0;
    const char *at = text;
    if (*at == '0') {
        return false;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *at - '0', &number)) {
            return false;
        }
    }
    if (number == 0 || *at != end) {
        return false;
    }
    *ret = number;
    if (ret_rest) {
        *ret_rest = at + 1;
    }
    return true;
}

pxm_status sqlite_queue_bury(const struct sqlite_queue *queue, struct sqlite_session *session)
{
    static const char cause[] = "{\"code\":\"queue.attempts\",\"message\":\"the lease of the last attempt ran out\"}";
    sqlite3_stmt *bury = sqlite_statement(session, SQL_LEASES_BURY);
    sqlite_bind_int(session, bury, 1, queue->id);
    sqlite_bind_int(session, bury, 2, queue->host->now_ms(queue->host));
    sqlite_bind_int(session, bury, 3, queue->config->max_attempts);
    sqlite_bind_text(session, bury, 4, cause);
    return sqlite_run(session, bury);
}

/* ---- send ---- */

struct sending {
    const struct sqlite_queue *queue;
    const struct pxm_message *message;
    const char *json;
    size_t length;
    int64_t seq; /* of the message, also of one that was sent before */
};

static pxm_status add_message(struct sqlite_session *session, struct sending *sending)
{
    const struct sqlite_queue *queue = sending->queue;
    sqlite3_stmt *add = sqlite_statement(session, SQL_MESSAGE_ADD);
    sqlite_bind_int(session, add, 1, queue->id);
    sqlite_bind_int(session, add, 2, sqlite_queue_later(queue, sending->message->delay_ms));
    sqlite_bind_int(session, add, 3, sqlite_queue_later(queue, 0));
    pxm_status status = sqlite_run(session, add);
    if (status != PXM_OK) {
        return status;
    }
    sending->seq = sqlite3_last_insert_rowid(session->db);
    sqlite3_stmt *body = sqlite_statement(session, SQL_BODY_ADD);
    sqlite_bind_int(session, body, 1, sending->seq);
    sqlite_bind_chars(session, body, 2, sending->json, sending->length);
    return sqlite_run(session, body);
}

/* sending.seq becomes that of the message that was sent under this id, if there was one. */
static pxm_status find_sent(struct sqlite_session *session, struct sending *sending)
{
    bool row = false;
    sqlite3_stmt *find = sqlite_statement(session, SQL_SENT_FIND);
    sqlite_bind_int(session, find, 1, sending->queue->id);
    sqlite_bind_text(session, find, 2, sending->message->dedupe_id);
    sqlite_bind_int(session, find, 3, sqlite_queue_later(sending->queue, 0));
    pxm_status status = sqlite_step(session, find, &row);
    if (status == PXM_OK && row) {
        sending->seq = sqlite3_column_int64(find, 0);
    }
    return status;
}

static pxm_status remember_sent(struct sqlite_session *session, const struct sending *sending)
{
    const struct sqlite_queue *queue = sending->queue;
    sqlite3_stmt *forget = sqlite_statement(session, SQL_SENT_FORGET);
    sqlite_bind_int(session, forget, 1, queue->id);
    sqlite_bind_int(session, forget, 2, sqlite_queue_later(queue, 0));
    pxm_status status = sqlite_run(session, forget);
    if (status != PXM_OK) {
        return status;
    }
    sqlite3_stmt *add = sqlite_statement(session, SQL_SENT_ADD);
    sqlite_bind_int(session, add, 1, queue->id);
    sqlite_bind_text(session, add, 2, sending->message->dedupe_id);
    sqlite_bind_int(session, add, 3, sending->seq);
    sqlite_bind_int(session, add, 4, sqlite_queue_later(queue, queue->config->dedupe_window));
    return sqlite_run(session, add);
}

static pxm_status send_once(struct sqlite_session *session, void *arg)
{
    struct sending *sending = arg;
    bool dedupes = sending->message->dedupe_id != NULL;
    pxm_status status = dedupes ? find_sent(session, sending) : PXM_OK;
    if (status != PXM_OK || sending->seq != 0) {
        return status;
    }
    status = add_message(session, sending);
    return status == PXM_OK && dedupes ? remember_sent(session, sending) : status;
}

static pxm_status check_dedupe_id(const struct pxm_host *host, const char *id, pxm_error *error)
{
    size_t length = id ? strnlen(id, SQLITE_DEDUPE_ID_MAX + 1) : 0;
    if (id && (length == 0 || length > SQLITE_DEDUPE_ID_MAX || !host->utf8_valid(id, length))) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_message", "dedupe_id must be 1 to %d bytes of UTF-8",
                          SQLITE_DEDUPE_ID_MAX);
    }
    return PXM_OK;
}

static pxm_status queue_send(void *self, pxm_job *job, const struct pxm_message *message, pxm_value *fields,
                             pxm_error *error)
{
    struct sqlite_queue *queue = self;
    const struct pxm_host *host = queue->host;
    struct sending sending = {.queue = queue, .message = message};
    pxm_blob *json = NULL;
    pxm_status status = check_dedupe_id(host, message->dedupe_id, error);
    if (status == PXM_OK) {
        status = sqlite_queue_json(queue, message->body, &json, error);
    }
    if (status != PXM_OK) {
        return status;
    }
    sending.json = host->blob_data(json, &sending.length);
    status = sqlite_transact(&queue->database, job, true, send_once, &sending, error);
    host->blob_unref(json);
    if (status == PXM_OK) {
        host->value_set(fields, "id", sqlite_queue_number(host, sending.seq));
    }
    return status;
}

/* ---- the instance ---- */

static pxm_status find_queue(struct sqlite_session *session, void *arg)
{
    struct sqlite_queue *queue = arg;
    bool row = false;
    sqlite3_stmt *find = sqlite_statement(session, SQL_QUEUE_FIND);
    sqlite_bind_text(session, find, 1, queue->config->queue);
    pxm_status status = sqlite_step(session, find, &row);
    if (status == PXM_OK && row) {
        queue->id = sqlite3_column_int64(find, 0);
    }
    return status;
}

static pxm_status declare_queue(struct sqlite_session *session, void *arg)
{
    const struct sqlite_queue *queue = arg;
    sqlite3_stmt *add = sqlite_statement(session, SQL_QUEUE_ADD);
    sqlite_bind_text(session, add, 1, queue->config->queue);
    pxm_status status = sqlite_run(session, add);
    return status == PXM_OK ? find_queue(session, arg) : status;
}

static pxm_status open_queue(struct sqlite_queue *queue, pxm_error *error)
{
    pxm_status status = sqlite_transact(&queue->database, NULL, false, find_queue, queue, error);
    if (status == PXM_OK && queue->id == 0) {
        status = sqlite_transact(&queue->database, NULL, true, declare_queue, queue, error);
    }
    return status;
}

static void queue_destroy(void *self)
{
    struct sqlite_queue *queue = self;
    sqlite_database_done(&queue->database);
    free(queue);
}

static pxm_status queue_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct sqlite_queue_config *settings = config;
    struct sqlite_queue *queue = calloc(1, sizeof *queue);
    if (!queue) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    queue->host = host;
    queue->config = settings;
    pxm_status status =
        sqlite_database_init(&queue->database, host, "queue", settings->path, settings->busy_timeout, error);
    if (status == PXM_OK) {
        status = open_queue(queue, error);
    }
    if (status != PXM_OK) {
        queue_destroy(queue);
        return status;
    }
    *ret_self = queue;
    return PXM_OK;
}

static pxm_status queue_check(void *self, pxm_job *job, pxm_error *error)
{
    struct sqlite_queue *queue = self;
    return sqlite_check(&queue->database, job, error);
}

/* ---- description ---- */

static const struct pxm_option options[] = {
    {.name = "path",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_PATH,
     .offset = PXM_FIELD(struct sqlite_queue_config, path, const char *),
     .min = 1,
     .max = 4096,
     .help = "The database file; it is made if its folder is there. Tables may be in the same one."},
    {.name = "queue",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct sqlite_queue_config, queue, const char *),
     .fallback = "messages",
     .min = 1,
     .max = SQLITE_NAME_MAX,
     .help = "Which of the queues in the file; each name is a queue of its own."},
    {.name = "max_attempts",
     .type = PXM_OPT_INT,
     .offset = PXM_FIELD(struct sqlite_queue_config, max_attempts, int64_t),
     .fallback = "5",
     .min = 1,
     .max = 1000,
     .help = "How often a message is received before it becomes a dead letter."},
    {.name = "dedupe_window",
     .type = PXM_OPT_DURATION,
     .offset = PXM_FIELD(struct sqlite_queue_config, dedupe_window, int64_t),
     .fallback = "24h",
     .min = 1000,
     .max = 30.0 * 24 * 3600 * 1000,
     .help = "How long a `dedupe_id` is remembered, so that a message that is sent again is not queued again."},
    {.name = "busy_timeout",
     .type = PXM_OPT_DURATION,
     .flags = PXM_OPT_ADVANCED,
     .offset = PXM_FIELD(struct sqlite_queue_config, busy_timeout, int64_t),
     .fallback = "5s",
     .min = 0,
     .max = 600000,
     .help = "How long an operation waits while others write, before it fails with queue.unavailable."},
    {.name = NULL},
};

static const struct pxm_queue_ops ops = {
    .struct_size = sizeof ops,
    .send = queue_send,
    .receive = sqlite_queue_receive,
    .extend = sqlite_queue_extend,
    .settle = sqlite_queue_settle,
    .depth = sqlite_queue_depth,
    .dead = sqlite_queue_dead,
    .redrive = sqlite_queue_redrive,
    .discard = sqlite_queue_discard,
};

const struct pxm_unit sqlite_queue_unit = {
    .struct_size = sizeof sqlite_queue_unit,
    .threads = PXM_THREADS_PARALLEL,
    .config_size = sizeof(struct sqlite_queue_config),
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_QUEUE,
    .name = "sqlite",
    .summary = "Messages in one SQLite file, shared by any number of processes",
    .options = options,
    .ops = &ops,
    .create = queue_create,
    .check = queue_check,
    .destroy = queue_destroy,
};
