/* How much there is, and what is to become of dead letters. [any] */
#include "sqlite.h"

#include <string.h>

enum { DEAD_LIMIT_MAX = 1000 };

/* ---- depth ---- */

enum { READY, DELAYED, LEASED, DEAD, OLDEST, COUNTS };

struct count {
    const struct sqlite_queue *queue;
    int64_t columns[COUNTS];
};

/* A message whose last lease ran out counts as dead, though nobody has marked it yet. */
static pxm_status count_messages(struct sqlite_session *session, void *arg)
{
    struct count *count = arg;
    const struct sqlite_queue *queue = count->queue;
    int64_t now_ms = queue->host->now_ms(queue->host);
    bool row = false;
    sqlite3_stmt *depth = sqlite_statement(session, SQL_DEPTH);
    sqlite_bind_int(session, depth, 1, queue->id);
    sqlite_bind_int(session, depth, 2, now_ms);
    sqlite_bind_int(session, depth, 3, queue->config->max_attempts);
    pxm_status status = sqlite_step(session, depth, &row);
    for (int i = 0; status == PXM_OK && row && i < COUNTS; i++) {
        count->columns[i] = sqlite3_column_int64(depth, i);
    }
    if (status == PXM_OK && row && sqlite3_column_type(depth, OLDEST) != SQLITE_NULL) {
        int64_t age_ms = now_ms - count->columns[OLDEST];
        count->columns[OLDEST] = age_ms > 0 ? age_ms : 0;
    }
    return status;
}

pxm_status sqlite_queue_depth(void *self, pxm_job *job, pxm_value *fields, pxm_error *error)
{
    static const char *const names[COUNTS] = {"ready", "delayed", "leased", "dead", "oldest_ms"};
    struct sqlite_queue *queue = self;
    struct count count = {.queue = queue};
    pxm_status status = sqlite_transact(&queue->database, job, false, count_messages, &count, error);
    for (int i = 0; status == PXM_OK && i < COUNTS; i++) {
        queue->host->value_set(fields, names[i], queue->host->value_int(count.columns[i]));
    }
    return status;
}

/* ---- the list of dead letters ---- */

struct page {
    const struct sqlite_queue *queue;
    int64_t after; /* seq of the one before the page; 0: the start */
    int64_t limit;
    pxm_value *items;
    bool more;
};

/* A column of JSON; null where there is none, or none that can be read. NULL: no memory. */
static pxm_value *column_json(const struct sqlite_session *session, sqlite3_stmt *row, int column)
{
    const struct pxm_host *host = session->database->host;
    pxm_value *value = NULL;
    const char *json = (const char *)sqlite3_column_text(row, column);
    if (!json) {
        return sqlite3_column_type(row, column) == SQLITE_NULL ? host->value_null() : NULL;
    }
    pxm_status status = host->value_from_json(json, (size_t)sqlite3_column_bytes(row, column), &value, session->error);
    return status == PXM_OK || status == PXM_E_NO_MEMORY ? value : host->value_null();
}

static pxm_status add_dead(const struct page *page, const struct sqlite_session *session, sqlite3_stmt *row)
{
    const struct pxm_host *host = page->queue->host;
    pxm_value *item = host->value_record();
    if (!item) {
        return sqlite_fail_memory(session);
    }
    bool failed = host->value_set(item, "id", sqlite_queue_number(host, page->after)) != PXM_OK;
    failed |= host->value_set(item, "body", column_json(session, row, 1)) != PXM_OK;
    failed |= host->value_set(item, "cause", column_json(session, row, 2)) != PXM_OK;
    failed |= host->value_set(item, "attempts", host->value_int(sqlite3_column_int64(row, 3))) != PXM_OK;
    failed |= host->value_set(item, "first_at", host->value_int(sqlite3_column_int64(row, 4))) != PXM_OK;
    failed |= host->value_set(item, "last_at", host->value_int(sqlite3_column_int64(row, 5))) != PXM_OK;
    if (failed) {
        host->value_unref(item);
        return sqlite_fail_memory(session);
    }
    return host->value_append(page->items, item) == PXM_OK ? PXM_OK : sqlite_fail_memory(session);
}

static pxm_status read_dead(struct sqlite_session *session, void *arg)
{
    struct page *page = arg;
    bool row = false;
    int64_t count = 0, bytes = 0;
    pxm_status status = sqlite_queue_bury(page->queue, session);
    if (status != PXM_OK) {
        return status;
    }
    sqlite3_stmt *list = sqlite_statement(session, SQL_DEAD_LIST);
    sqlite_bind_int(session, list, 1, page->queue->id);
    sqlite_bind_int(session, list, 2, page->after);
    sqlite_bind_int(session, list, 3, page->limit + 1);
    while ((status = sqlite_step(session, list, &row)) == PXM_OK && row) {
        bytes += (int64_t)sqlite3_column_bytes(list, 1) + sqlite3_column_bytes(list, 2);
        if (count == page->limit || (count > 0 && bytes > SQLITE_PAGE_BYTES_MAX)) {
            page->more = true;
            break;
        }
        page->after = sqlite3_column_int64(list, 0);
        status = add_dead(page, session, list);
        if (status != PXM_OK) {
            break;
        }
        count++;
    }
    return status;
}

pxm_status sqlite_queue_dead(void *self, pxm_job *job, const char *cursor, int64_t limit, pxm_value *fields,
                             pxm_error *error)
{
    struct sqlite_queue *queue = self;
    const struct pxm_host *host = queue->host;
    struct page page = {.queue = queue, .limit = limit};
    if (limit < 1 || limit > DEAD_LIMIT_MAX) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_limit", "a page of dead letters has 1 to %d of them",
                          DEAD_LIMIT_MAX);
    }
    if (cursor && !sqlite_queue_parse(cursor, '\0', &page.after, NULL)) {
        return host->fail(error, PXM_E_INVALID, "queue.bad_cursor", "the cursor is not one that a page gave");
    }
    page.items = host->value_list();
    if (!page.items) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    pxm_status status = sqlite_transact(&queue->database, job, true, read_dead, &page, error);
    if (status != PXM_OK) {
        host->value_unref(page.items);
        return status;
    }
    host->value_set(fields, "items", page.items);
    host->value_set(fields, "cursor", page.more ? sqlite_queue_number(host, page.after) : host->value_null());
    return PXM_OK;
}

/* ---- redrive and discard ---- */

struct letter {
    const struct sqlite_queue *queue;
    const char *id;
    int64_t seq;
    bool again; /* redrive; else discard */
};

static pxm_status end_letter(struct sqlite_session *session, void *arg)
{
    const struct letter *letter = arg;
    const struct sqlite_queue *queue = letter->queue;
    sqlite3_stmt *change = sqlite_statement(session, letter->again ? SQL_DEAD_REDRIVE : SQL_DEAD_DROP);
    sqlite_bind_int(session, change, 1, letter->seq);
    sqlite_bind_int(session, change, 2, queue->id);
    if (letter->again) {
        sqlite_bind_int(session, change, 3, sqlite_queue_later(queue, 0));
    }
    pxm_status status = sqlite_run(session, change);
    if (status != PXM_OK) {
        return status;
    }
    if (sqlite3_changes(session->db) == 0) {
        return queue->host->fail(session->error, PXM_E_NOT_FOUND, "queue.not_found",
                                 "there is no dead letter %.32s in queue %s", letter->id, queue->config->queue);
    }
    if (letter->again) {
        return PXM_OK;
    }
    sqlite3_stmt *drop = sqlite_statement(session, SQL_BODY_DROP);
    sqlite_bind_int(session, drop, 1, letter->seq);
    return sqlite_run(session, drop);
}

static pxm_status end_dead(struct sqlite_queue *queue, pxm_job *job, const char *id, bool again, pxm_error *error)
{
    struct letter letter = {.queue = queue, .id = id, .again = again};
    if (!sqlite_queue_parse(id, '\0', &letter.seq, NULL)) {
        letter.seq = 0; /* which no message has */
    }
    return sqlite_transact(&queue->database, job, true, end_letter, &letter, error);
}

pxm_status sqlite_queue_redrive(void *self, pxm_job *job, const char *id, pxm_error *error)
{
    return end_dead(self, job, id, true, error);
}

pxm_status sqlite_queue_discard(void *self, pxm_job *job, const char *id, pxm_error *error)
{
    return end_dead(self, job, id, false, error);
}
