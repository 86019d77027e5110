/* Sources over a real queue, in SQLite, and a watched store: what is told, what becomes of it, and that nothing is lost
 * with the process. */
#include "crew_world.h"

#include "daemon/crew_source.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS_MAX = 64 };
static const int64_t HOUR_MS = 3600000;

struct collector {
    struct crew_world world;
    struct crew_source *source;
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

static int64_t number_of(const struct collector *own, size_t event)
{
    return pxm_value_as_int(pxm_value_get(pxm_value_get(own->events[event], "body"), "n"));
}

static int64_t attempts_of(const struct collector *own, size_t event)
{
    return pxm_value_as_int(pxm_value_get(own->events[event], "attempts"));
}

static void send(struct collector *own, const char *pipeline, int64_t n)
{
    pxm_value *json = pxm_value_record(), *event = pxm_value_record();
    struct world_run run = {0};

    pxm_value_set(json, "n", pxm_value_int(n));
    pxm_value_set(event, "json", json);
    world_run_whole(&own->world, &run, pipeline, event);
    assert_string_equal(run.run.error.text, "");
    world_run_done(&run);
}

static void begin(struct collector *own, const char *stores)
{
    memset(own, 0, sizeof *own);
    crew_world_init(&own->world, stores);
    crew_world_open(&own->world);
}

static void listen(struct collector *own, enum crew_source_kind kind, const char *name, int64_t held_max,
                   int64_t lease_ms)
{
    const struct crew_source_options options = {.crew = own->world.crew,
                                                .kind = kind,
                                                .name = name,
                                                .held_max = held_max,
                                                .wait_ms = 50,
                                                .lease_ms = lease_ms,
                                                .arg = own,
                                                .event = collect};
    pxm_error error = {0};

    assert_int_equal(crew_source_new(&options, &own->source, &error), PXM_OK);
}

static void end(struct collector *own)
{
    crew_source_free(own->source);
    for (size_t i = 0; i < own->count; i++) {
        pxm_value_unref(own->events[i]);
    }
    crew_world_done(&own->world);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

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

/* The fields, to be unref'd; NULL after a failure. */
static pxm_value *ask(struct collector *own, enum crew_call_kind kind, const char *id, const char *code)
{
    struct asked asked = {.call = {.kind = kind, .id = id, .limit = 10, .done = answered}, .own = own};

    crew_source_call(own->source, &asked.call);
    while (!asked.done) {
        crew_world_turn(&own->world);
    }
    assert_string_equal(asked.call.error.code, code);
    return asked.call.fields;
}

static void expect_depth(struct collector *own, int64_t ready, int64_t leased, int64_t dead)
{
    pxm_value *fields = ask(own, CREW_CALL_DEPTH, NULL, "");

    assert_int_equal(pxm_value_as_int(pxm_value_get(fields, "ready")), ready);
    assert_int_equal(pxm_value_as_int(pxm_value_get(fields, "leased")), leased);
    assert_int_equal(pxm_value_as_int(pxm_value_get(fields, "dead")), dead);
    pxm_value_unref(fields);
}

/* ---- queues ------------------------------------------------------------------------------------------------------ */

static void messages_are_told_once_and_settled(void **state)
{
    struct collector own;
    (void)state;

    begin(&own, NULL);
    for (int64_t n = 0; n < 3; n++) {
        send(&own, "send", n);
    }
    listen(&own, CREW_SOURCE_QUEUE, "jobs", 10, HOUR_MS);
    await_events(&own, 3);
    assert_int_equal(number_of(&own, 0) + number_of(&own, 1) + number_of(&own, 2), 3);
    assert_int_equal(crew_source_held(own.source), 3);
    expect_depth(&own, 0, 3, 0);
    for (size_t i = 0; i < 3; i++) {
        crew_source_settle(own.source, own.events[i], PXM_SETTLE_DONE, 0, NULL);
    }
    assert_int_equal(crew_source_held(own.source), 0);
    expect_depth(&own, 0, 0, 0);
    send(&own, "send", 7);
    await_events(&own, 4);
    assert_int_equal(number_of(&own, 3), 7);
    end(&own);
}

static void no_more_is_fetched_than_there_is_room_for(void **state)
{
    struct collector own;
    (void)state;

    begin(&own, NULL);
    for (int64_t n = 0; n < 3; n++) {
        send(&own, "send", n);
    }
    listen(&own, CREW_SOURCE_QUEUE, "jobs", 1, HOUR_MS);
    for (size_t i = 0; i < 3; i++) {
        await_events(&own, i + 1);
        expect_depth(&own, (int64_t)(2 - i), 1, 0);
        assert_int_equal(own.count, i + 1);
        crew_source_settle(own.source, own.events[i], PXM_SETTLE_DONE, 0, NULL);
    }
    end(&own);
}

static void a_message_that_is_to_be_retried_is_told_again(void **state)
{
    struct collector own;
    (void)state;

    begin(&own, NULL);
    send(&own, "send", 5);
    listen(&own, CREW_SOURCE_QUEUE, "jobs", 10, HOUR_MS);
    await_events(&own, 1);
    crew_source_settle(own.source, own.events[0], PXM_SETTLE_RETRY, 0, NULL);
    await_events(&own, 2);
    assert_int_equal(number_of(&own, 1), 5);
    assert_int_equal(attempts_of(&own, 1), attempts_of(&own, 0) + 1);
    end(&own);
}

static void dead_letters_are_shown_redriven_and_discarded(void **state)
{
    struct collector own;
    pxm_value *cause = pxm_value_record();
    char id[64];
    (void)state;

    begin(&own, NULL);
    send(&own, "send", 5);
    listen(&own, CREW_SOURCE_QUEUE, "jobs", 10, HOUR_MS);
    pxm_value_set(cause, "code", pxm_value_cstring("decode.corrupt"));
    for (size_t i = 0; i < 2; i++) {
        await_events(&own, i + 1);
        crew_source_settle(own.source, own.events[i], PXM_SETTLE_DEAD, 0, cause);
        pxm_value *dead = ask(&own, CREW_CALL_DEAD, NULL, "");
        const pxm_value *letter = pxm_value_at(pxm_value_get(dead, "items"), 0);
        assert_string_equal(pxm_value_as_string(pxm_value_get(pxm_value_get(letter, "cause"), "code"), NULL),
                            "decode.corrupt");
        snprintf(id, sizeof id, "%s", pxm_value_as_string(pxm_value_get(letter, "id"), NULL));
        pxm_value_unref(dead);
        pxm_value_unref(ask(&own, i == 0 ? CREW_CALL_REDRIVE : CREW_CALL_DISCARD, id, ""));
    }
    expect_depth(&own, 0, 0, 0);
    pxm_value_unref(ask(&own, CREW_CALL_DISCARD, id, "queue.not_found"));
    pxm_value_unref(cause);
    end(&own);
}

static void a_paused_source_fetches_nothing(void **state)
{
    struct collector own;
    (void)state;

    begin(&own, NULL);
    listen(&own, CREW_SOURCE_QUEUE, "jobs", 10, HOUR_MS);
    crew_source_pause(own.source, true);
    send(&own, "send", 5);
    struct asked early = {.call = {.kind = CREW_CALL_DEPTH, .done = answered}, .own = &own};
    do { /* until a process is there to be asked */
        early.done = false;
        pxm_value_unref(early.call.fields);
        crew_source_call(own.source, &early.call);
        while (!early.done) {
            crew_world_turn(&own.world);
        }
        send(&own, "send", 6);
    } while (early.call.error.status != PXM_OK);
    pxm_value_unref(early.call.fields);
    assert_int_equal(own.count, 0);
    crew_source_pause(own.source, false);
    await_events(&own, 2);
    end(&own);
}

/* The second message is there when the lease of the first would have run out. */
static void a_lease_is_kept_until_the_message_is_settled(void **state)
{
    struct collector own;
    (void)state;

    begin(&own, NULL);
    send(&own, "send", 1);
    listen(&own, CREW_SOURCE_QUEUE, "jobs", 10, 3000);
    await_events(&own, 1);
    send(&own, "send_later", 2);
    await_events(&own, 2);
    assert_int_equal(number_of(&own, 1), 2);
    expect_depth(&own, 0, 2, 0);
    end(&own);
}

/* ---- processes that die ------------------------------------------------------------------------------------------ */

/* The child that is in the second list and not in the first. */
static pid_t newcomer(const pid_t *before, size_t before_count, const pid_t *after, size_t after_count)
{
    for (size_t i = 0; i < after_count; i++) {
        bool known = false;
        for (size_t j = 0; j < before_count; j++) {
            known = known || before[j] == after[i];
        }
        if (!known) {
            return after[i];
        }
    }
    return 0;
}

static void what_was_told_is_settled_by_the_next_process(void **state)
{
    struct collector own;
    pid_t before[WORLD_CHILDREN_MAX], after[WORLD_CHILDREN_MAX];
    (void)state;

    begin(&own, NULL);
    send(&own, "send", 1);
    send(&own, "send", 2);
    crew_world_await(&own.world, CREW_LIGHT);
    while (crew_count(own.world.crew, CREW_IMAGE).started < 2) {
        crew_world_turn(&own.world);
    }
    size_t before_count = crew_world_children(before);
    listen(&own, CREW_SOURCE_QUEUE, "jobs", 10, HOUR_MS);
    await_events(&own, 2);
    size_t after_count = crew_world_children(after);
    pid_t source = newcomer(before, before_count, after, after_count);
    assert_true(source > 0);
    assert_int_equal(kill(source, SIGKILL), 0);
    struct asked asked = {.call = {.kind = CREW_CALL_DEPTH, .done = answered}, .own = &own};
    crew_source_call(own.source, &asked.call); /* unanswered, or not even asked */
    while (!asked.done) {
        crew_world_turn(&own.world);
    }
    assert_string_equal(asked.call.error.code, "worker.lost");
    crew_source_settle(own.source, own.events[0], PXM_SETTLE_DONE, 0, NULL);
    crew_source_settle(own.source, own.events[1], PXM_SETTLE_RETRY, 0, NULL);
    await_events(&own, 3);
    assert_int_equal(number_of(&own, 2), number_of(&own, 1));
    expect_depth(&own, 0, 1, 0);
    end(&own);
}

static void a_source_of_nothing_is_an_error_and_no_end(void **state)
{
    struct collector own;
    (void)state;

    begin(&own, NULL);
    listen(&own, CREW_SOURCE_QUEUE, "nowhere", 10, HOUR_MS);
    while (!crew_world_logged(&own.world,
                              "-: nowhere: cannot be read: source.unsupported: what does not exist cannot receive")) {
        crew_world_turn(&own.world);
    }
    pxm_value_unref(ask(&own, CREW_CALL_DEPTH, NULL, "source.unsupported"));
    end(&own);
}

/* ---- stores ------------------------------------------------------------------------------------------------------ */

static const char *key_of(const struct collector *own, size_t event)
{
    return pxm_value_as_string(pxm_value_get(own->events[event], "key"), NULL);
}

static void objects_are_told_until_they_are_taken(void **state)
{
    struct collector own;
    (void)state;

    begin(&own, "{drop: {evil: {}}}");
    listen(&own, CREW_SOURCE_STORE, "drop", 100, 0);
    await_events(&own, 2);
    assert_string_equal(key_of(&own, 0), "a");
    assert_string_equal(key_of(&own, 1), "b");
    assert_int_equal(crew_source_held(own.source), 2);
    crew_source_settle(own.source, own.events[0], PXM_SETTLE_DONE, 0, NULL);
    crew_source_settle(own.source, own.events[1], PXM_SETTLE_RETRY, 0, NULL);
    await_events(&own, 3);
    assert_string_equal(key_of(&own, 2), "b");
    assert_true(crew_world_logged(&own.world, "-: taken: a"));
    assert_false(crew_world_logged(&own.world, "-: taken: b"));
    crew_source_settle(own.source, own.events[2], PXM_SETTLE_DONE, 0, NULL);
    while (!crew_world_logged(&own.world, "-: taken: b")) {
        crew_world_turn(&own.world);
    }
    assert_int_equal(own.count, 3);
    end(&own);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_told_once_and_settled),
        cmocka_unit_test(no_more_is_fetched_than_there_is_room_for),
        cmocka_unit_test(a_message_that_is_to_be_retried_is_told_again),
        cmocka_unit_test(dead_letters_are_shown_redriven_and_discarded),
        cmocka_unit_test(a_paused_source_fetches_nothing),
        cmocka_unit_test(a_lease_is_kept_until_the_message_is_settled),
        cmocka_unit_test(what_was_told_is_settled_by_the_next_process),
        cmocka_unit_test(a_source_of_nothing_is_an_error_and_no_end),
        cmocka_unit_test(objects_are_told_until_they_are_taken),
    };
    int status = 0;

    return crew_world_main(argc, argv, &status) ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
