/* Queues that start pipelines: how much waits in each, and its dead letters. A queue is asked through the process that
 * reads it, so there is nothing to be had while that starts anew. */
#include "daemon/operations_private.h"

#include "app/answer.h"
#include "base/value.h"
#include "daemon/supervisor.h"

#include <stdlib.h>
#include <string.h>

enum { CURSOR_BYTES_MAX = 4096 };

/* ---- all of them ------------------------------------------------------------------------------------------------- */

struct survey {
    struct request *request;
    size_t waiting, count;
    pxm_value *items;
    struct ask {
        struct crew_call call;
        pxm_value *item;
    } asks[];
};

static void survey_end(struct survey *survey)
{
    pxm_value *value = pxm_value_record();

    for (size_t i = 0; i < survey->count; i++) {
        pxm_value_append(survey->items, survey->asks[i].item);
    }
    pxm_value_set(value, "items", survey->items);
    operation_answer_json(survey->request, 200, value);
    free(survey);
}

/* What a queue does not count, and all of one that cannot be asked, is null; why it cannot is its `error`. */
static void on_depth(struct crew_call *call)
{
    static const char *const names[] = {"ready", "delayed", "leased", "dead"};
    struct ask *ask = (struct ask *)call;
    struct survey *survey = call->arg;
    int64_t age_ms = pxm_value_as_int(pxm_value_get(call->fields, "oldest_ms"));

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const pxm_value *count = pxm_value_get(call->fields, names[i]);
        pxm_value_set(ask->item, names[i], count ? pxm_value_ref(count) : pxm_value_null());
    }
    pxm_value_set(ask->item, "oldest_at",
                  operation_time(age_ms > 0 ? pxm_clock_system.wall_ms(pxm_clock_system.arg) - age_ms : 0));
    pxm_value_set(ask->item, "error",
                  call->error.status == PXM_OK ? pxm_value_null() : pxm_value_cstring(call->error.code));
    pxm_value_unref(call->fields);
    if (--survey->waiting == 0) {
        survey_end(survey);
    }
}

void operation_queues(struct request *request)
{
    const struct sources *sources = &request->supervisor->sources;
    const char *name = NULL;
    size_t count = 0;

    while (sources_queue_at(sources, count, &name)) {
        count++;
    }
    struct survey *survey = calloc(1, sizeof *survey + count * sizeof survey->asks[0]);
    if (!survey) {
        operation_answer_json(request, 200, NULL);
        return;
    }
    survey->request = request;
    survey->items = pxm_value_list();
    survey->count = count;
    survey->waiting = 1; /* this function */
    for (size_t i = 0; i < count; i++) {
        struct ask *ask = &survey->asks[i];
        struct crew_source *source = sources_queue_at(sources, i, &name);
        ask->item = pxm_value_record();
        pxm_value_set(ask->item, "name", pxm_value_cstring(name));
        ask->call = (struct crew_call){.kind = CREW_CALL_DEPTH, .done = on_depth, .arg = survey};
        survey->waiting++;
        crew_source_call(source, &ask->call);
    }
    if (--survey->waiting == 0) {
        survey_end(survey);
    }
}

/* ---- one of them ------------------------------------------------------------------------------------------------- */

struct inquiry {
    struct crew_call call; /* first, so that a call is its inquiry */
    struct request *request;
    char id[OPERATION_SEGMENT_MAX];
    struct pxm_buf cursor;
};

static void inquiry_free(struct inquiry *inquiry)
{
    pxm_value_unref(inquiry->call.fields);
    pxm_buf_done(&inquiry->cursor);
    free(inquiry);
}

/* In the words of who asked: it is a letter that is not there, not a queue that a pipeline needs. */
static void answer_failure(struct request *request, const pxm_error *error)
{
    const char *id = http_request_id(request->exchange);

    if (strcmp(error->code, "queue.not_found") == 0) {
        request_answer(request, app_answer_problem(404, error->code, id, "there is no such dead letter"));
    } else if (strcmp(error->code, "source.unsupported") == 0) {
        request_answer(request,
                       app_answer_problem(501, error->code, id, "this queue's dead letters are kept elsewhere"));
    } else {
        operation_answer_error(request, error);
    }
}

static void on_queue_changed(struct crew_call *call)
{
    struct inquiry *inquiry = (struct inquiry *)call;

    if (call->error.status == PXM_OK) {
        request_answer(inquiry->request, app_response_new(204));
    } else {
        answer_failure(inquiry->request, &call->error);
    }
    inquiry_free(inquiry);
}

static pxm_value *field(const pxm_value *record, const char *name)
{
    const pxm_value *value = pxm_value_get(record, name);

    return value ? pxm_value_ref(value) : pxm_value_null();
}

static pxm_value *letter_value(const pxm_value *item)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "id", field(item, "id"));
    pxm_value_set(value, "body", field(item, "body"));
    pxm_value_set(value, "attempts", field(item, "attempts"));
    pxm_value_set(value, "first_at", operation_time(pxm_value_as_int(pxm_value_get(item, "first_at"))));
    pxm_value_set(value, "last_at", operation_time(pxm_value_as_int(pxm_value_get(item, "last_at"))));
    pxm_value_set(value, "cause", field(item, "cause"));
    return value;
}

static void on_queue_letters(struct crew_call *call)
{
    struct inquiry *inquiry = (struct inquiry *)call;
    const pxm_value *items = pxm_value_get(call->fields, "items");

    if (call->error.status == PXM_OK) {
        pxm_value *value = pxm_value_record(), *letters = pxm_value_list();
        for (size_t i = 0; i < pxm_value_count(items); i++) {
            pxm_value_append(letters, letter_value(pxm_value_at(items, i)));
        }
        pxm_value_set(value, "items", letters);
        pxm_value_set(value, "cursor", field(call->fields, "cursor"));
        operation_answer_json(inquiry->request, 200, value);
    } else {
        answer_failure(inquiry->request, &call->error);
    }
    inquiry_free(inquiry);
}

/* NULL: it was answered. */
static struct crew_source *find_queue(struct request *request)
{
    char name[OPERATION_SEGMENT_MAX];

    if (!operation_segment(request, 0, name)) {
        return NULL;
    }
    struct crew_source *source = sources_queue(&request->supervisor->sources, name);
    if (!source) {
        request_answer(request,
                       app_answer_problem(404, "request.not_found", http_request_id(request->exchange),
                                          "no pipeline is started by what comes through a queue of that name"));
    }
    return source;
}

/* NULL: it was answered. */
static struct inquiry *inquiry_new(struct request *request)
{
    struct inquiry *inquiry = calloc(1, sizeof *inquiry);
    pxm_error error = {0};

    if (!inquiry) {
        pxm_error_no_memory(&error);
        operation_answer_error(request, &error);
        return NULL;
    }
    inquiry->request = request;
    pxm_buf_init(&inquiry->cursor, CURSOR_BYTES_MAX);
    return inquiry;
}

static void change(struct request *request, enum crew_call_kind kind)
{
    struct crew_source *source = find_queue(request);
    struct inquiry *inquiry = source ? inquiry_new(request) : NULL;

    if (!inquiry) {
        return;
    }
    if (!operation_segment(request, 1, inquiry->id)) {
        inquiry_free(inquiry);
        return;
    }
    inquiry->call = (struct crew_call){.kind = kind, .id = inquiry->id, .done = on_queue_changed};
    crew_source_call(source, &inquiry->call);
}

void operation_queue_retry(struct request *request)
{
    change(request, CREW_CALL_REDRIVE);
}

void operation_queue_discard(struct request *request)
{
    change(request, CREW_CALL_DISCARD);
}

void operation_queue_dead(struct request *request)
{
    struct crew_source *source = find_queue(request);
    struct inquiry *inquiry = source ? inquiry_new(request) : NULL;
    int64_t limit = 0;

    if (!inquiry) {
        return;
    }
    if (!operation_page(request, &limit, &inquiry->cursor)) {
        inquiry_free(inquiry);
        return;
    }
    inquiry->call = (struct crew_call){.kind = CREW_CALL_DEAD,
                                       .cursor = inquiry->cursor.length > 0 ? inquiry->cursor.data : NULL,
                                       .limit = limit,
                                       .done = on_queue_letters};
    crew_source_call(source, &inquiry->call);
}
