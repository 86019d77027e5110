/* query: candidates come from the index, which may lag; the items are read for themselves, so that a page shows what
 * they are now, and none that does not belong there. */
#include "dynamodb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES_MAX = 4 << 20, ROUNDS_MAX = 1000, TRIES = 8, SCOPE_TEXT = TABLEBASE_NAME_MAX + DYNAMO_HASH + 2 };

struct page {
    struct dynamo *dynamo;
    pxm_job *job;
    const char *field; /* by which it chooses; NULL: all items */
    struct tablebase_value equal;
    char hash[DYNAMO_HASH + 1]; /* "": all items */
    char scope[SCOPE_TEXT];     /* names the query */
    size_t scope_length;
    char last[DYNAMO_MADE_LENGTH + 1]; /* the last that was looked at; "": none */
    int64_t limit;
    size_t bytes;
    pxm_value *items;
    struct dynamo_lists *lists;
    struct dynamo_candidate *batch; /* DYNAMO_BATCH_GET of them */
    size_t batched;
};

/* ---- what is asked ---- */

static bool has_index(const struct dynamo *dynamo, const char *field)
{
    const struct pxm_host *host = dynamo->host;
    const pxm_value *indexes = dynamo->config->indexes;
    for (size_t i = 0; indexes && i < host->value_count(indexes); i++) {
        if (strcmp(host->value_as_string(host->value_at(indexes, i), NULL), field) == 0) {
            return true;
        }
    }
    return false;
}

static pxm_status check_query(struct page *page, const struct pxm_query *query, pxm_error *error)
{
    const struct pxm_host *host = page->dynamo->host;
    if (query->limit < 1 || query->limit > 1000) {
        return host->fail(error, PXM_E_INVALID, "table.bad_query", "a page of a query has 1 to 1000 items");
    }
    if (query->field && !has_index(page->dynamo, query->field)) {
        return host->fail(error, PXM_E_INVALID, "table.bad_query",
                          "the table %s has no index of that field; name it under indexes",
                          page->dynamo->config->table);
    }
    if (!query->field || !query->equal || host->value_type(query->equal) == PXM_TYPE_NULL) {
        return PXM_OK;
    }
    pxm_status status = tablebase_value_of(host, query->equal, &page->equal, error);
    if (status == PXM_OK && page->equal.length == 0) {
        status = host->fail(error, PXM_E_INVALID, "table.bad_query", "a field can equal a string, a number or a bool");
    }
    if (status == PXM_OK && !dynamo_hash(query->field, &page->equal, page->hash)) {
        status = dynamo_fail_memory(page->dynamo, error);
    }
    page->field = query->field;
    return status;
}

static void name_query(struct page *page)
{
    int length = snprintf(page->scope, sizeof page->scope, "%s%c%s", page->field ? page->field : "", '\0', page->hash);
    page->scope_length = (size_t)length;
}

/* ---- whether an item belongs there ---- */

static bool equals(const struct page *page, const pxm_value *value)
{
    struct tablebase_value bytes;
    return tablebase_value_of(page->dynamo->host, value, &bytes, NULL) == PXM_OK && bytes.length > 0 &&
           bytes.length == page->equal.length && memcmp(bytes.bytes, page->equal.bytes, bytes.length) == 0;
}

static bool belongs(const struct page *page, const struct dynamo_candidate *candidate, const struct dynamo_item *item)
{
    const struct pxm_host *host = page->dynamo->host;
    if (!item->made || strcmp(item->made, candidate->made) != 0) {
        return false;
    }
    const pxm_value *value = page->field ? host->value_get(item->shown, page->field) : NULL;
    if (!page->field || host->value_type(value) != PXM_TYPE_LIST) {
        return !page->field || equals(page, value);
    }
    for (size_t i = 0; i < host->value_count(value); i++) {
        if (equals(page, host->value_at(value, i))) {
            return true;
        }
    }
    return false;
}

/* ---- a batch of items ---- */

static pxm_status add_item(struct page *page, const struct dynamo_candidate *candidate, struct aws_json attributes,
                           pxm_error *error)
{
    const struct pxm_host *host = page->dynamo->host;
    struct dynamo_item item = {.is_there = false};
    pxm_status status = dynamo_item_take(page->dynamo, attributes, &item, error);
    if (status == PXM_OK && item.is_there && belongs(page, candidate, &item)) {
        page->bytes += attributes.length;
        if (host->value_append(page->items, host->value_ref(item.shown)) != PXM_OK) {
            status = dynamo_fail_memory(page->dynamo, error);
        }
    }
    dynamo_item_done(page->dynamo, &item);
    return status;
}

static bool is_asked(const struct page *page, size_t before, const char *key)
{
    for (size_t i = 0; i < before; i++) {
        if (strcmp(page->batch[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

static void write_batch(const struct page *page, struct aws_text *body)
{
    const struct dynamo_config *config = page->dynamo->config;
    aws_text_init(body, DYNAMO_REQUEST_MAX);
    aws_text_puts(body, "{\"RequestItems\":{");
    aws_json_write(body, config->table, strlen(config->table));
    aws_text_puts(body, ":{\"ConsistentRead\":true,\"Keys\":[");
    for (size_t i = 0; i < page->batched; i++) {
        const char *key = page->batch[i].key;
        if (!is_asked(page, i, key)) {
            aws_text_puts(body, i > 0 ? ",{" : "{");
            dynamo_write_text(config->key, key, strlen(key), body);
            aws_text_puts(body, "}");
        }
    }
    aws_text_puts(body, "]}}}");
}

/* The items of a batch, as they came in one reply or several. */
struct found {
    struct dynamo_reply replies[TRIES];
    int count;
    struct aws_json items[DYNAMO_BATCH_GET]; /* of the candidates of the batch, in their order; empty: it is gone */
};

/* False: out of memory. */
static bool sort_in(const struct page *page, struct found *found, struct aws_json item)
{
    struct aws_text key;
    aws_text_init(&key, TABLEBASE_KEY_MAX);
    bool is_text = aws_json_text(aws_json_get(aws_json_get(item, page->dynamo->config->key), "S"), &key);
    bool lacks_memory = key.failed && !key.is_full;
    for (size_t i = 0; is_text && i < page->batched; i++) {
        if (strcmp(page->batch[i].key, aws_text_get(&key)) == 0) {
            found->items[i] = item;
        }
    }
    aws_text_done(&key);
    return !lacks_memory;
}

/* A reply has its items in any order. Each is walked over once, whatever their number. */
static pxm_status sort_all_in(const struct page *page, struct found *found, pxm_error *error)
{
    for (int i = 0; i < found->count; i++) {
        struct aws_json responses = aws_json_get(found->replies[i].json, "Responses");
        struct aws_json_walk walk = aws_json_walk(aws_json_get(responses, page->dynamo->config->table));
        struct aws_json name, item;
        while (aws_json_next(&walk, &name, &item)) {
            if (!sort_in(page, found, item)) {
                return dynamo_fail_memory(page->dynamo, error);
            }
        }
    }
    return PXM_OK;
}

/* Asks until nothing is left unasked. */
static pxm_status fetch(const struct page *page, struct found *found, pxm_error *error)
{
    const struct dynamo *dynamo = page->dynamo;
    struct aws_text body;
    pxm_status status = PXM_OK;
    bool more = true;
    write_batch(page, &body);
    while (status == PXM_OK && more) {
        struct dynamo_reply *reply = &found->replies[found->count++];
        if (!dynamo_call(dynamo, page->job, "BatchGetItem", &body, reply)) {
            status = dynamo_fail(dynamo, reply, "query", NULL, error);
            break;
        }
        struct aws_json left = aws_json_get(reply->json, "UnprocessedKeys");
        more = left.length > 2; /* {} */
        aws_text_clear(&body);
        aws_text_puts(&body, "{\"RequestItems\":");
        aws_text_add(&body, left.length > 0 ? left.text : "", left.length);
        aws_text_puts(&body, "}");
        if (more && (found->count == TRIES || !dynamo_pause(dynamo, page->job, found->count))) {
            status = dynamo->host->fail(error, PXM_E_THROTTLED, "table.unavailable",
                                        "cannot query the table %s: it is too busy; raise its throughput, or let it be "
                                        "on demand",
                                        dynamo->config->table);
        }
    }
    aws_text_done(&body);
    return status;
}

static bool is_full(const struct page *page)
{
    size_t count = page->dynamo->host->value_count(page->items);
    return (int64_t)count >= page->limit || (count > 0 && page->bytes > PAGE_BYTES_MAX);
}

/* Adds those items of the batch that belong there, as far as the page has room. */
static pxm_status take_batch(struct page *page, pxm_error *error)
{
    struct found found = {.count = 0};
    pxm_status status = fetch(page, &found, error);
    if (status == PXM_OK) {
        status = sort_all_in(page, &found, error);
    }
    for (size_t i = 0; status == PXM_OK && i < page->batched && !is_full(page); i++) {
        const struct dynamo_candidate *candidate = &page->batch[i];
        memcpy(page->last, candidate->made, sizeof page->last);
        status = add_item(page, candidate, found.items[i], error);
    }
    for (int i = 0; i < found.count; i++) {
        dynamo_reply_done(&found.replies[i]);
    }
    return status;
}

/* Fills the batch with as many candidates as the page has room for. */
static pxm_status fill_batch(struct page *page, pxm_error *error)
{
    const struct dynamo_candidate *next = NULL;
    int64_t room = page->limit - (int64_t)page->dynamo->host->value_count(page->items);
    pxm_status status = PXM_OK;
    page->batched = 0;
    while (page->batched < DYNAMO_BATCH_GET && (int64_t)page->batched < room) {
        status = dynamo_lists_peek(page->lists, page->job, &next, error);
        if (status != PXM_OK || !next) {
            break;
        }
        /* The same again is a row that was left over. */
        const char *before = page->batched > 0 ? page->batch[page->batched - 1].made : page->last;
        if (strcmp(next->made, before) != 0) {
            page->batch[page->batched++] = *next;
        }
        dynamo_lists_pass(page->lists);
    }
    return status;
}

/* *ret_more: there may be further pages. */
static pxm_status fill_page(struct page *page, bool *ret_more, pxm_error *error)
{
    const struct dynamo_candidate *next = NULL;
    pxm_status status = PXM_OK;
    for (int round = 0; status == PXM_OK && !is_full(page) && round < ROUNDS_MAX; round++) {
        status = fill_batch(page, error);
        if (status != PXM_OK || page->batched == 0) {
            return status;
        }
        status = take_batch(page, error);
    }
    for (size_t i = 0; status == PXM_OK && i < page->batched; i++) {
        if (strcmp(page->batch[i].made, page->last) < 0) { /* the page was full before */
            *ret_more = true;
            return PXM_OK;
        }
    }
    if (status == PXM_OK) {
        status = dynamo_lists_peek(page->lists, page->job, &next, error);
        *ret_more = next != NULL;
    }
    return status;
}

pxm_status dynamo_query(void *self, pxm_job *job, const struct pxm_query *query, pxm_value *fields, pxm_error *error)
{
    struct dynamo *dynamo = self;
    const struct pxm_host *host = dynamo->host;
    struct page page = {.dynamo = dynamo, .job = job, .limit = query->limit};
    pxm_value *cursor = NULL;
    bool more = false;
    pxm_status status = check_query(&page, query, error);
    if (status == PXM_OK) {
        status = dynamo_in_time(dynamo, job, error);
    }
    name_query(&page);
    if (status == PXM_OK && query->cursor) {
        status = dynamo_cursor_read(dynamo, job, page.scope, page.scope_length, query->cursor, page.last, error);
    }
    if (status != PXM_OK) {
        return status;
    }
    page.items = host->value_list();
    page.batch = calloc(DYNAMO_BATCH_GET, sizeof *page.batch);
    page.lists = dynamo_lists_new(dynamo, page.hash[0] ? page.hash : NULL, page.last[0] ? page.last : NULL, page.limit);
    status =
        page.items && page.batch && page.lists ? fill_page(&page, &more, error) : dynamo_fail_memory(dynamo, error);
    if (status == PXM_OK && more) {
        status = dynamo_cursor_write(dynamo, job, page.scope, page.scope_length, page.last, &cursor, error);
    }
    dynamo_lists_free(page.lists);
    free(page.batch);
    if (status != PXM_OK) {
        host->value_unref(page.items);
        return status;
    }
    host->value_set(fields, "items", page.items);
    host->value_set(fields, "cursor", more ? cursor : host->value_null());
    return PXM_OK;
}
