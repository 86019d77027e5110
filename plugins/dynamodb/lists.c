/* The candidates of a query: keys from the index, of all shards, newest first. Shards are asked at once, so that a page
 * takes the time of one request however many there are. */
#include "dynamodb.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 8 }; /* shards that are asked */

/* One shard of the list, a page at a time. */
struct shard {
    char list[DYNAMO_LIST_TEXT];
    struct dynamo_candidate *candidates; /* of the page */
    size_t count, at;
    struct aws_text start; /* where the next page starts, as the service tells it; empty: at the beginning */
    bool is_last;          /* there is no page after this one */
};

struct dynamo_lists {
    const struct dynamo *dynamo;
    char before[DYNAMO_MADE_LENGTH + 1]; /* "": from the newest */
    int64_t page;                        /* candidates to ask a shard for */
    struct shard *peeked;
    size_t count;
    struct shard shards[];
};

struct dynamo_lists *dynamo_lists_new(const struct dynamo *dynamo, const char *hash, const char *before, int64_t limit)
{
    size_t count = (size_t)dynamo->config->shards;
    struct dynamo_lists *lists = calloc(1, sizeof *lists + count * sizeof *lists->shards);
    if (!lists) {
        return NULL;
    }
    lists->dynamo = dynamo;
    lists->page = limit + 1;
    lists->count = count;
    if (before) {
        memcpy(lists->before, before, sizeof lists->before);
    }
    for (size_t i = 0; i < count; i++) {
        dynamo_list(hash, (unsigned)i, lists->shards[i].list);
        aws_text_init(&lists->shards[i].start, DYNAMO_REQUEST_MAX);
    }
    return lists;
}

void dynamo_lists_free(struct dynamo_lists *lists)
{
    for (size_t i = 0; lists && i < lists->count; i++) {
        free(lists->shards[i].candidates);
        aws_text_done(&lists->shards[i].start);
    }
    free(lists);
}

static void write_query(const struct dynamo_lists *lists, const struct shard *shard, struct aws_text *body)
{
    const struct dynamo_config *config = lists->dynamo->config;
    const char *before = lists->before;
    dynamo_begin(lists->dynamo, body);
    aws_text_puts(body, ",\"IndexName\":");
    aws_json_write(body, config->index, strlen(config->index));
    aws_text_printf(body, ",\"ScanIndexForward\":false,\"Limit\":%" PRId64 ",\"KeyConditionExpression\":\"#l = :l%s\"",
                    lists->page, *before ? " AND #m < :m" : "");
    aws_text_printf(body, ",\"ExpressionAttributeNames\":{\"#l\":\"" DYNAMO_LIST "\"%s}",
                    *before ? ",\"#m\":\"" DYNAMO_MADE "\"" : "");
    aws_text_puts(body, ",\"ExpressionAttributeValues\":{");
    dynamo_write_text(":l", shard->list, strlen(shard->list), body);
    if (*before) {
        aws_text_puts(body, ",");
        dynamo_write_text(":m", before, strlen(before), body);
    }
    aws_text_puts(body, "}");
    if (shard->start.length > 0) {
        aws_text_puts(body, ",\"ExclusiveStartKey\":");
        aws_text_add(body, aws_text_get(&shard->start), shard->start.length);
    }
    aws_text_puts(body, "}");
}

/* Copies the text of a string attribute; "" where it does not fit, or there is none. False: out of memory. */
static bool read_short(struct aws_json item, const char *name, char *to, size_t room)
{
    struct aws_text text;
    aws_text_init(&text, room - 1);
    bool is_text = aws_json_text(aws_json_get(aws_json_get(item, name), "S"), &text);
    bool lacks_memory = text.failed && !text.is_full;
    bool good = is_text && strlen(aws_text_get(&text)) == text.length;
    snprintf(to, room, "%s", good ? aws_text_get(&text) : "");
    aws_text_done(&text);
    return !lacks_memory;
}

/* *ret_good: what others have put into the list is passed over. False: out of memory. */
static bool read_candidate(const struct dynamo *dynamo, struct aws_json item, struct dynamo_candidate *ret,
                           bool *ret_good)
{
    char row[DYNAMO_ROW_KEY_TEXT];
    if (!read_short(item, DYNAMO_MADE, ret->made, sizeof ret->made) ||
        !read_short(item, dynamo->config->key, row, sizeof row)) {
        return false;
    }
    const char *key = dynamo_row_item(row);
    size_t length = key ? strlen(key) : 0;
    *ret_good = strlen(ret->made) == DYNAMO_MADE_LENGTH && length > 0 && length <= TABLEBASE_KEY_MAX;
    if (*ret_good) {
        memcpy(ret->key, key, length + 1);
    }
    return true;
}

static pxm_status take_page(const struct dynamo_lists *lists, struct shard *shard, struct aws_json reply,
                            pxm_error *error)
{
    struct aws_json items = aws_json_get(reply, "Items"), next = aws_json_get(reply, "LastEvaluatedKey");
    struct aws_json_walk walk = aws_json_walk(items);
    struct aws_json name, item;
    size_t count = 0;
    if (aws_json_kind(items) != AWS_JSON_ARRAY) {
        return dynamo_fail_reply(lists->dynamo, "it has no list of items", error);
    }
    while (aws_json_next(&walk, &name, &item)) {
        count++;
    }
    free(shard->candidates);
    shard->count = shard->at = 0;
    shard->candidates = calloc(count + 1, sizeof *shard->candidates);
    if (!shard->candidates) {
        return dynamo_fail_memory(lists->dynamo, error);
    }
    walk = aws_json_walk(items);
    while (aws_json_next(&walk, &name, &item)) {
        bool good = false;
        if (!read_candidate(lists->dynamo, item, &shard->candidates[shard->count], &good)) {
            return dynamo_fail_memory(lists->dynamo, error);
        }
        shard->count += good;
    }
    bool same = next.length == shard->start.length && next.length > 0 &&
                memcmp(next.text, aws_text_get(&shard->start), next.length) == 0;
    shard->is_last = aws_json_kind(next) != AWS_JSON_OBJECT || same;
    aws_text_clear(&shard->start);
    aws_text_add(&shard->start, next.length > 0 ? next.text : "", next.length);
    return shard->start.failed ? dynamo_fail_memory(lists->dynamo, error) : PXM_OK;
}

/* A request for a page. Only who made it looks at it, but for its call. */
struct question {
    const struct dynamo *dynamo;
    pxm_job *job;
    struct shard *shard;
    struct aws_text body;
    struct dynamo_reply reply;
    bool answered;
    pthread_t thread;
    bool has_thread;
};

static void *ask(void *arg)
{
    struct question *question = arg;
    question->answered = dynamo_call(question->dynamo, question->job, "Query", &question->body, &question->reply);
    return NULL;
}

/* The first is asked by the thread that waits for all; so are those for which there is no other. */
static void ask_all(struct question *questions, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        questions[i].has_thread = pthread_create(&questions[i].thread, NULL, ask, &questions[i]) == 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (!questions[i].has_thread) {
            ask(&questions[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (questions[i].has_thread) {
            pthread_join(questions[i].thread, NULL);
        }
    }
}

static pxm_status take_answer(const struct dynamo_lists *lists, struct question *question, pxm_error *error)
{
    return question->answered ? take_page(lists, question->shard, question->reply.json, error)
                              : dynamo_fail(lists->dynamo, &question->reply, "query", NULL, error);
}

static size_t collect_questions(struct dynamo_lists *lists, pxm_job *job, struct question questions[AT_ONCE])
{
    size_t count = 0;
    for (size_t i = 0; i < lists->count && count < AT_ONCE; i++) {
        struct shard *shard = &lists->shards[i];
        if (shard->at == shard->count && !shard->is_last) {
            questions[count] = (struct question){.dynamo = lists->dynamo, .job = job, .shard = shard};
            write_query(lists, shard, &questions[count++].body);
        }
    }
    return count;
}

/* Fetches pages until every shard has a candidate, or no more. */
static pxm_status fill(struct dynamo_lists *lists, pxm_job *job, pxm_error *error)
{
    struct question questions[AT_ONCE];
    pxm_status status = PXM_OK;
    for (size_t count = 1; count > 0 && status == PXM_OK;) {
        count = collect_questions(lists, job, questions);
        ask_all(questions, count);
        for (size_t i = 0; i < count; i++) {
            status = status == PXM_OK ? take_answer(lists, &questions[i], error) : status;
            dynamo_reply_done(&questions[i].reply);
            aws_text_done(&questions[i].body);
        }
    }
    return status;
}

pxm_status dynamo_lists_peek(struct dynamo_lists *lists, pxm_job *job, const struct dynamo_candidate **ret,
                             pxm_error *error)
{
    struct shard *newest = NULL;
    pxm_status status = fill(lists, job, error);
    if (status != PXM_OK) {
        return status;
    }
    for (size_t i = 0; i < lists->count; i++) {
        struct shard *shard = &lists->shards[i];
        if (shard->at < shard->count &&
            (!newest || strcmp(shard->candidates[shard->at].made, newest->candidates[newest->at].made) > 0)) {
            newest = shard;
        }
    }
    lists->peeked = newest;
    *ret = newest ? &newest->candidates[newest->at] : NULL;
    return PXM_OK;
}

void dynamo_lists_pass(struct dynamo_lists *lists)
{
    if (lists->peeked) {
        lists->peeked->at++;
    }
}
