/* Objects that a store tells of through a queue, which is real, in SQLite: every event is told until it is taken, once,
 * in its latest state, and what is no event stands in nobody's way. */
#include "crew_world.h"

#include "base/json.h"
#include "daemon/crew_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EVENTS_MAX = 64, JSON_MAX = 8 << 10 };
static const int64_t HOUR_MS = 3600000;

struct collector {
    struct crew_world world;
    struct crew_source *store, *queue; /* queue: only asked, never read */
    size_t count;
    pxm_value *events[EVENTS_MAX];
};

static void collect(void *arg, struct crew_source *source, const pxm_value *item)
{
    struct collector *own = arg;
    (void)source;

    assert_true(own->count < EVENTS_MAX);
    own->events[own->count++] = pxm_value_ref(item);
    loop_stop(own->world.loop);
}

static void await_events(struct collector *own, size_t count)
{
    while (own->count < count) {
        crew_world_turn(&own->world);
    }
}

static const char *text_of(const struct collector *own, size_t event, const char *key)
{
    return pxm_value_as_string(pxm_value_get(own->events[event], key), NULL);
}

static struct crew_source *listen(struct collector *own, enum crew_source_kind kind, const char *name)
{
    const struct crew_source_options options = {.crew = own->world.crew,
                                                .kind = kind,
                                                .name = name,
                                                .held_max = 100,
                                                .wait_ms = 50,
                                                .lease_ms = HOUR_MS,
                                                .arg = own,
                                                .event = collect};
    struct crew_source *source = NULL;
    pxm_error error = {0};

    assert_int_equal(crew_source_new(&options, &source, &error), PXM_OK);
    return source;
}

/* ---- calls ---- */

struct asked {
    struct crew_call call; /* first */
    struct collector *own;
    bool done;
};

static void answered(struct crew_call *call)
{
    struct asked *asked = (struct asked *)call;

    asked->done = true;
    loop_stop(asked->own->world.loop);
}

/* How many messages there are and have died; -1: nobody knows just now. */
static int64_t depth(struct collector *own, const char *what)
{
    struct asked asked = {.call = {.kind = CREW_CALL_DEPTH, .limit = 1, .done = answered}, .own = own};

    crew_source_call(own->queue, &asked.call);
    while (!asked.done) {
        crew_world_turn(&own->world);
    }
    int64_t count = asked.call.fields ? pxm_value_as_int(pxm_value_get(asked.call.fields, what)) : -1;
    pxm_value_unref(asked.call.fields);
    return count;
}

static void await_depth(struct collector *own, int64_t leased, int64_t dead)
{
    bool as_expected;

    do { /* the process gets on meanwhile */
        as_expected = depth(own, "ready") == 0 && depth(own, "leased") == leased && depth(own, "dead") == dead;
    } while (!as_expected);
}

/* The process that is asked about the queue may be starting still; meanwhile something else is done. */
static void await_queue(struct collector *own)
{
    while (depth(own, "ready") < 0) {
        struct world_run run = {0};
        world_run_whole(&own->world, &run, "deed", world_deed("nothing"));
        world_run_done(&run);
    }
}

static void begin(struct collector *own)
{
    memset(own, 0, sizeof *own);
    crew_world_init(&own->world,
                    "{drop: {localfs: {root: drop}, events: jobs}, other: {localfs: {root: other}, events: jobs}}");
    crew_world_open(&own->world);
    crew_world_await(&own->world, CREW_IMAGE);
    own->queue = listen(own, CREW_SOURCE_QUEUE, "jobs");
    crew_source_pause(own->queue, true);
    await_queue(own);
}

static void end(struct collector *own)
{
    crew_source_free(own->store);
    crew_source_free(own->queue);
    for (size_t i = 0; i < own->count; i++) {
        pxm_value_unref(own->events[i]);
    }
    crew_world_done(&own->world);
}

/* A message, of JSON with ' for ". */
static void post(struct collector *own, const char *json)
{
    char *text = strdup(json);
    struct world_run run = {0};
    pxm_value *body = NULL, *event = pxm_value_record();

    assert_non_null(text);
    for (char *c = text; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    assert_int_equal(pxm_json_parse(text, strlen(text), &body, NULL), PXM_OK);
    free(text);
    pxm_value_set(event, "json", body);
    world_run_whole(&own->world, &run, "post", event);
    assert_string_equal(run.run.error.text, "");
    world_run_done(&run);
}

static void notify(struct collector *own, const char *key, const char *etag, const char *sequencer)
{
    char json[JSON_MAX];

    snprintf(json, sizeof json,
             "{'Records':[{'eventVersion':'2.1','eventSource':'aws:s3','eventTime':'2026-11-22T13:37:00.123Z',"
             "'eventName':'ObjectCreated:Put','s3':{'bucket':{'name':'drop'},'object':{'key':'%s','size':7,'eTag':'%s',"
             "'sequencer':'%s'}}}]}",
             key, etag, sequencer);
    post(own, json);
}

/* ---- tests ---- */

static void objects_come_through_the_queue_until_they_are_taken(void **state)
{
    struct collector own;
    (void)state;

    begin(&own);
    notify(&own, "uploads/a+b.jpg", "e1", "0a");
    own.store = listen(&own, CREW_SOURCE_STORE, "drop");
    await_events(&own, 1);
    assert_string_equal(text_of(&own, 0, "key"), "uploads/a b.jpg");
    assert_string_equal(text_of(&own, 0, "etag"), "\"e1\"");
    assert_string_equal(text_of(&own, 0, "sequencer"), "0A000000000000000000000000000000");
    assert_int_equal(pxm_value_as_int(pxm_value_get(own.events[0], "bytes")), 7);
    assert_int_equal(pxm_value_as_int(pxm_value_get(own.events[0], "modified_at")), 1795354620123);
    assert_int_equal(depth(&own, "leased"), 1);
    crew_source_settle(own.store, own.events[0], PXM_SETTLE_RETRY, 0, NULL);
    await_events(&own, 2);
    assert_string_equal(text_of(&own, 1, "key"), "uploads/a b.jpg");
    crew_source_settle(own.store, own.events[1], PXM_SETTLE_DONE, 0, NULL);
    await_depth(&own, 0, 0);
    assert_int_equal(own.count, 2);
    end(&own);
}

static void what_tells_of_no_object_is_settled(void **state)
{
    struct collector own;
    (void)state;

    begin(&own);
    post(&own, "{'Service':'Amazon S3','Event':'s3:TestEvent','Bucket':'drop'}");
    post(&own, "{'Records':[{'eventSource':'aws:s3','eventName':'ObjectRemoved:Delete'}]}");
    own.store = listen(&own, CREW_SOURCE_STORE, "drop");
    notify(&own, "last", "e", "01");
    await_events(&own, 1);
    assert_string_equal(text_of(&own, 0, "key"), "last");
    crew_source_settle(own.store, own.events[0], PXM_SETTLE_DONE, 0, NULL);
    await_depth(&own, 0, 0);
    end(&own);
}

static void what_is_no_event_becomes_a_dead_letter(void **state)
{
    struct collector own;
    (void)state;

    begin(&own);
    post(&own, "{'hello': 'world'}");
    notify(&own, "..%2F..%2Fetc%2Fpasswd", "e", "01");
    notify(&own, "good", "e", "01");
    own.store = listen(&own, CREW_SOURCE_STORE, "drop");
    await_events(&own, 1);
    assert_string_equal(text_of(&own, 0, "key"), "good");
    crew_source_settle(own.store, own.events[0], PXM_SETTLE_DONE, 0, NULL);
    await_depth(&own, 0, 2);
    assert_int_equal(own.count, 1);
    end(&own);
}

static void notify_of(struct collector *own, const char *bucket)
{
    char json[JSON_MAX];

    snprintf(json, sizeof json,
             "{'Records':[{'eventSource':'aws:s3','eventName':'ObjectCreated:Put','s3':{'bucket':{'name':'%s'},"
             "'object':{'key':'same','eTag':'e','sequencer':'01'}}}]}",
             bucket);
    post(own, json);
}

static void a_queue_may_be_that_of_several_stores_and_no_others(void **state)
{
    struct collector own;
    (void)state;

    begin(&own);
    notify_of(&own, "elsewhere");
    notify_of(&own, "other");
    notify_of(&own, "drop");
    own.store = listen(&own, CREW_SOURCE_STORE, "drop");
    await_events(&own, 2);
    size_t first = strcmp(text_of(&own, 0, "store"), "other") == 0 ? 0 : 1;
    assert_string_equal(text_of(&own, first, "store"), "other");
    assert_string_equal(text_of(&own, 1 - first, "store"), "drop");
    crew_source_settle(own.store, own.events[first], PXM_SETTLE_DONE, 0, NULL);
    crew_source_settle(own.store, own.events[1 - first], PXM_SETTLE_RETRY, 0, NULL);
    await_events(&own, 3);
    assert_string_equal(text_of(&own, 2, "store"), "drop");
    crew_source_settle(own.store, own.events[2], PXM_SETTLE_DONE, 0, NULL);
    await_depth(&own, 0, 1);
    assert_int_equal(own.count, 3);
    end(&own);
}

static void of_one_key_the_latest_event_is_told(void **state)
{
    struct collector own;
    (void)state;

    begin(&own);
    notify(&own, "same", "new", "0b");
    notify(&own, "same", "old", "0a");
    notify(&own, "same", "new", "0b");
    own.store = listen(&own, CREW_SOURCE_STORE, "drop");
    await_events(&own, 1);
    assert_string_equal(text_of(&own, 0, "etag"), "\"new\"");
    crew_source_settle(own.store, own.events[0], PXM_SETTLE_DONE, 0, NULL);
    await_depth(&own, 0, 0);
    assert_int_equal(own.count, 1);
    end(&own);
}

static void a_message_of_several_objects_is_settled_when_all_are_taken(void **state)
{
    struct collector own;
    (void)state;

#define ONE(key)                                                                                                       \
    "{'eventSource':'aws:s3','eventName':'ObjectCreated:Put','s3':{'bucket':{'name':'drop'},'object':{'key':'" key     \
    "'}}}"
    begin(&own);
    post(&own, "{'Records':[" ONE("a") "," ONE("b") "]}");
    own.store = listen(&own, CREW_SOURCE_STORE, "drop");
    await_events(&own, 2);
    crew_source_settle(own.store, own.events[0], PXM_SETTLE_DONE, 0, NULL);
    crew_source_settle(own.store, own.events[1], PXM_SETTLE_RETRY, 0, NULL);
    await_events(&own, 3);
    assert_string_equal(text_of(&own, 2, "key"), "b");
    assert_int_equal(depth(&own, "leased"), 1);
    crew_source_settle(own.store, own.events[2], PXM_SETTLE_DONE, 0, NULL);
    await_depth(&own, 0, 0);
    end(&own);
}

static void eventbridge(struct collector *own, const char *key)
{
    char json[JSON_MAX];

    snprintf(
        json, sizeof json,
        "{'source':'aws.s3','detail-type':'Object Created','detail':{'bucket':{'name':'drop'},'object':{'key':'%s'}}}",
        key);
    post(own, json);
}

static void a_key_of_eventbridge_is_that_of_the_object_that_is_there(void **state)
{
    struct collector own;
    char folder[128];
    (void)state;

    begin(&own);
    snprintf(folder, sizeof folder, "%s/drop", own.world.folder);
    (void)mkdir(folder, 0700);
    crew_world_write(&own.world, "drop/a%20b", "literal");
    crew_world_write(&own.world, "drop/c d", "decoded");
    own.store = listen(&own, CREW_SOURCE_STORE, "drop");
    eventbridge(&own, "gone+away");
    eventbridge(&own, "a%20b");
    await_events(&own, 1);
    assert_string_equal(text_of(&own, 0, "key"), "a%20b");
    crew_source_settle(own.store, own.events[0], PXM_SETTLE_DONE, 0, NULL);
    eventbridge(&own, "c+d");
    await_events(&own, 2);
    assert_string_equal(text_of(&own, 1, "key"), "c d");
    crew_source_settle(own.store, own.events[1], PXM_SETTLE_DONE, 0, NULL);
    await_depth(&own, 0, 0);
    end(&own);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_come_through_the_queue_until_they_are_taken),
        cmocka_unit_test(what_tells_of_no_object_is_settled),
        cmocka_unit_test(what_is_no_event_becomes_a_dead_letter),
        cmocka_unit_test(a_queue_may_be_that_of_several_stores_and_no_others),
        cmocka_unit_test(of_one_key_the_latest_event_is_told),
        cmocka_unit_test(a_message_of_several_objects_is_settled_when_all_are_taken),
        cmocka_unit_test(a_key_of_eventbridge_is_that_of_the_object_that_is_there),
    };
    int status = 0;

    return crew_world_main(argc, argv, &status) ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
