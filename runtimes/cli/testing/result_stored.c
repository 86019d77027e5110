/* Holds what stores, tables and queues contain after a run against `expect`. They are read as anybody reads them,
 * through the functions of their drivers. */
#include "result.h"

#include "base/blob.h"
#include "base/job.h"
#include "base/stream.h"
#include "base/value.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 1280, PAGE_ITEMS = 1000, MESSAGES_MAX = 10 };

struct reading { /* of one resource */
    struct match_context *context;
    const struct expected_contents *expected;
    struct pxm_instance *instance;
    struct pxm_job job;
    bool *found; /* for each expected entry */
};

static struct reading reading_of(struct match_context *context, const struct result *result,
                                 enum pxm_resource_kind kind, const char *name)
{
    struct reading reading = {.context = context,
                              .instance = pxm_project_instance(result->handle, kind, name),
                              .job = {.id = "expect", .clock = clock_fixed(), .deadline_ms = INT64_MAX}};

    pxm_limits_default(&reading.job.limits);
    return reading;
}

static void tell_broken(const struct reading *reading, const char *what, const pxm_error *error)
{
    problems_add(reading->context->problems, reading->expected->node->span, "%s: cannot be read: %s", what,
                 error->text);
}

/* The expectation of a key, and notes that it is there. NULL: none; told unless others are allowed. */
static const struct expected_entry *expected_of(const struct reading *reading, const char *key)
{
    const struct expected_contents *expected = reading->expected;

    size_t i = 0;

    while (i < expected->count) {
        if (strcmp(expected->entries[i].node->text, key) == 0) {
            reading->found[i] = true;
            break;
        }
        i++;
    }
    if (i < expected->count && expected->entries[i].match->kind != MATCH_ABSENT) {
        return &expected->entries[i];
    }
    if (i < expected->count) {
        problems_add(reading->context->problems, expected->entries[i].node->span, "%s:%s is there (expected nothing)",
                     expected->name, key);
    } else if (!expected->others) {
        problems_add(reading->context->problems, expected->node->span,
                     "%s:%s is there, and was not expected; `others: allow` allows that", expected->name, key);
    }
    return NULL;
}

static void tell_missing(const struct reading *reading)
{
    const struct expected_contents *expected = reading->expected;

    for (size_t i = 0; i < expected->count; i++) {
        bool absent = expected->entries[i].match->kind == MATCH_ABSENT;
        if (!reading->found[i] && !absent) {
            problems_add(reading->context->problems, expected->entries[i].node->span, "%s:%s is not there",
                         expected->name, expected->entries[i].node->text);
        }
    }
}

/* ---- stores ---- */

static pxm_status open_object(struct reading *reading, const char *key, pxm_value *fields, pxm_blob **ret,
                              pxm_error *error)
{
    const struct pxm_get get = {.struct_size = sizeof get, .key = key, .length = -1};
    pxm_stream *stream = NULL;
    pxm_status status =
        reading->instance->ops.storage.get(reading->instance->self, &reading->job, &get, &stream, fields, error);

    if (status == PXM_OK) {
        status = pxm_stream_to_blob(stream, &reading->job, INT64_MAX, ret, error);
    }
    pxm_stream_close(stream);
    return status;
}

static void check_object(struct reading *reading, const char *key)
{
    const struct expected_entry *entry = expected_of(reading, key);
    char name[NAME_MAX_BYTES];
    struct pxm_error error = {0};
    pxm_blob *blob = NULL;
    pxm_value *fields = entry ? pxm_value_record() : NULL;

    if (!entry) {
        return;
    }
    snprintf(name, sizeof name, "%s:%s", reading->expected->name, key);
    if (open_object(reading, key, fields, &blob, &error) == PXM_OK) {
        match_check_blob(reading->context, entry->match, name, blob, fields);
    } else {
        tell_broken(reading, name, &error);
    }
    pxm_blob_unref(blob);
    pxm_value_unref(fields);
}

/* Calls `each` for the items of all pages that `page` gives. */
static void walk(struct reading *reading,
                 pxm_status (*page)(struct reading *reading, const char *cursor, pxm_value *fields, pxm_error *error),
                 void (*each)(struct reading *reading, const pxm_value *item))
{
    pxm_value *fields = NULL;
    const char *cursor = NULL;

    do {
        struct pxm_error error = {0};
        pxm_value *next = pxm_value_record();
        pxm_status status = page(reading, cursor, next, &error);
        pxm_value_unref(fields);
        fields = next;
        if (status != PXM_OK) {
            tell_broken(reading, reading->expected->name, &error);
            break;
        }
        const pxm_value *items = pxm_value_get(fields, "items");
        for (size_t i = 0; i < pxm_value_count(items); i++) {
            each(reading, pxm_value_at(items, i));
        }
        const pxm_value *more = pxm_value_get(fields, "cursor");
        cursor = pxm_value_type(more) == PXM_TYPE_STRING ? pxm_value_as_string(more, NULL) : NULL;
    } while (cursor);
    pxm_value_unref(fields);
}

static pxm_status list_page(struct reading *reading, const char *cursor, pxm_value *fields, pxm_error *error)
{
    const struct pxm_list list = {.struct_size = sizeof list, .prefix = "", .cursor = cursor, .limit = PAGE_ITEMS};

    return reading->instance->ops.storage.list(reading->instance->self, &reading->job, &list, fields, error);
}

static void each_object(struct reading *reading, const pxm_value *item)
{
    check_object(reading, pxm_value_as_string(pxm_value_get(item, "key"), NULL));
}

/* ---- tables ---- */

static pxm_status query_page(struct reading *reading, const char *cursor, pxm_value *fields, pxm_error *error)
{
    const struct pxm_query query = {.struct_size = sizeof query, .cursor = cursor, .limit = PAGE_ITEMS};

    return reading->instance->ops.metadata.query(reading->instance->self, &reading->job, &query, fields, error);
}

/* The first field of an item is its key. */
static void each_item(struct reading *reading, const pxm_value *item)
{
    const char *key = pxm_value_as_string(pxm_value_at(item, 0), NULL);
    const struct expected_entry *entry = expected_of(reading, key);
    char name[NAME_MAX_BYTES];

    if (entry) {
        snprintf(name, sizeof name, "%s:%s", reading->expected->name, key);
        match_check(reading->context, entry->match, name, item);
    }
}

static void check_contents(struct match_context *context, const struct result *result, enum pxm_resource_kind kind,
                           const struct expected_contents *expected)
{
    struct reading reading = reading_of(context, result, kind, expected->name);

    reading.expected = expected;
    reading.found = calloc(expected->count + 1, sizeof *reading.found);
    if (!reading.found) {
        problems_add(context->problems, expected->node->span, "%s: out of memory", expected->name);
        return;
    }
    if (kind == PXM_RESOURCE_STORE) {
        walk(&reading, list_page, each_object);
    } else {
        walk(&reading, query_page, each_item);
    }
    tell_missing(&reading);
    free(reading.found);
}

/* ---- queues ---- */

/* All messages that are to be had, however long they are delayed. */
static pxm_status receive_all(const struct reading *reading, pxm_value *bodies, pxm_error *error)
{
    const struct pxm_receive receive = {.struct_size = sizeof receive, .max = MESSAGES_MAX, .lease_ms = INT64_MAX};
    struct pxm_instance *queue = reading->instance;
    struct pxm_job job = reading->job;
    size_t got = 1;

    while (got > 0) {
        pxm_value *fields = pxm_value_record();
        pxm_status status = queue->ops.queue.receive(queue->self, &job, &receive, fields, error);
        const pxm_value *items = pxm_value_get(fields, "items");
        got = status == PXM_OK ? pxm_value_count(items) : 0;
        for (size_t i = 0; i < got; i++) {
            pxm_value_append(bodies, pxm_value_ref(pxm_value_get(pxm_value_at(items, i), "body")));
        }
        pxm_value_unref(fields);
        if (status != PXM_OK) {
            return status;
        }
    }
    return PXM_OK;
}

static void check_queue(struct match_context *context, const struct result *result,
                        const struct expected_queue *expected)
{
    const struct reading reading = reading_of(context, result, PXM_RESOURCE_QUEUE, expected->name);
    const struct pxm_clock *clock = clock_fixed();
    struct pxm_error error = {0};
    pxm_value *bodies = pxm_value_list();

    clock->sleep_ms(clock->arg, INT32_MAX); /* what is delayed is ready then */
    if (receive_all(&reading, bodies, &error) == PXM_OK) {
        match_check(context, expected->messages, expected->name, bodies);
    } else {
        problems_add(context->problems, expected->messages->node->span, "%s: cannot be read: %s", expected->name,
                     error.text);
    }
    pxm_value_unref(bodies);
}

void result_check_stored(struct match_context *context, const struct test *test, const struct result *result)
{
    const struct expect *expect = &test->expect;

    for (size_t i = 0; i < expect->store_count; i++) {
        check_contents(context, result, PXM_RESOURCE_STORE, &expect->stores[i]);
    }
    for (size_t i = 0; i < expect->table_count; i++) {
        check_contents(context, result, PXM_RESOURCE_TABLE, &expect->tables[i]);
    }
    for (size_t i = 0; i < expect->queue_count; i++) {
        check_queue(context, result, &expect->queues[i]);
    }
}
