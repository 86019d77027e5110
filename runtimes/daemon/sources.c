/* A source belongs to an edition; what it delivered may outlive it, and then is not settled but delivered again. */
#include "daemon/sources.h"

#include "base/digest.h"
#include "base/log.h"
#include "base/value.h"
#include "daemon/conclude.h"
#include "daemon/object_event.h"
#include "daemon/observe.h"
#include "daemon/retry.h"
#include "daemon/supervisor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HELD_PER_WORKER = 2,
    WAIT_MS = 10000,
    LEASE_MS = 60000,
    EVENT_BYTES_MAX = 512 << 10,
    IDENTITY_BYTES_MAX = 16 << 10
};

struct source {
    struct supervisor *supervisor;
    struct edition *edition; /* referenced */
    struct crew_source *crew_source;
    const struct app_trigger *trigger;
    struct delivery *deliveries;
    struct source *next;
};

struct delivery {          /* of one event, until it is settled */
    struct source *source; /* NULL: it is gone */
    struct edition *edition;
    pxm_value *item, *event;
    struct delivery *next, *previous;
    /* A message. */
    struct work work;
    char run_id[PXM_RUN_ID_MAX], input[REQUEST_DIGEST_MAX];
    int64_t attempts; /* with this one */
    struct journal_op conclude;
    /* A file. */
    struct journal_op add;
    char *text, *dedupe;
};

/* ---- deliveries -------------------------------------------------------------------------------------------------- */

static void unlink_delivery(struct delivery *delivery)
{
    if (!delivery->source) {
        return;
    }
    *(delivery->previous ? &delivery->previous->next : &delivery->source->deliveries) = delivery->next;
    if (delivery->next) {
        delivery->next->previous = delivery->previous;
    }
    delivery->source = NULL;
}

static void delivery_free(struct delivery *delivery)
{
    unlink_delivery(delivery);
    work_forget_made(&delivery->work);
    edition_unref(delivery->edition);
    pxm_value_unref(delivery->item);
    pxm_value_unref(delivery->event);
    free(delivery->text);
    free(delivery->dedupe);
    free(delivery);
}

static struct delivery *delivery_new(struct source *source, const pxm_value *item)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);

    if (!delivery) {
        pxm_log(PXM_LOG_ERROR, "sources", NULL, "out of memory; what came will come again");
        return NULL;
    }
    pthread_mutex_lock(&source->supervisor->lock);
    delivery->edition = edition_ref(source->edition);
    pthread_mutex_unlock(&source->supervisor->lock);
    delivery->source = source;
    delivery->item = pxm_value_ref(item);
    delivery->next = source->deliveries;
    if (source->deliveries) {
        source->deliveries->previous = delivery;
    }
    source->deliveries = delivery;
    return delivery;
}

static void settle(struct delivery *delivery, uint32_t outcome, int64_t delay_ms, const pxm_error *cause)
{
    pxm_value *value = cause ? pxm_error_to_value(cause) : NULL;

    if (delivery->source) {
        crew_source_settle(delivery->source->crew_source, delivery->item, outcome, delay_ms, value);
    }
    pxm_value_unref(value);
    delivery_free(delivery);
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void end_message(struct delivery *delivery)
{
    struct supervisor *supervisor = delivery->edition->supervisor;
    const pxm_error error = delivery->work.run.error;
    bool killed = delivery->work.run.killed_worker;

    observe_run(supervisor, &delivery->work);
    crew_run_done(&delivery->work.run);
    if (killed) {
        poison_died(&supervisor->poison, delivery->work.run.trigger->pipeline->name, delivery->input, &error,
                    loop_now_ms(supervisor->loop));
    }
    if (error.status == PXM_OK) {
        settle(delivery, PXM_SETTLE_DONE, 0, NULL);
    } else if (strcmp(error.code, "worker.lost") == 0 && atomic_load(&supervisor->draining)) {
        settle(delivery, PXM_SETTLE_RETRY, 0, &error);
    } else if (retry_delivers_again(&error, killed, delivery->attempts)) {
        settle(delivery, PXM_SETTLE_RETRY, retry_pause_ms(supervisor->options, delivery->attempts - 1), &error);
    } else {
        settle(delivery, PXM_SETTLE_DEAD, 0, &error);
    }
}

static void on_concluded(struct journal_op *op)
{
    struct delivery *delivery = (struct delivery *)((char *)op - offsetof(struct delivery, conclude));
    struct supervisor *supervisor = delivery->edition->supervisor;

    supervisor_note_journal(supervisor, &op->error);
    if (op->error.status != PXM_OK) {
        conclude_again(supervisor, op);
    }
    journal_op_done(op);
    jobs_look(&supervisor->jobs);
    end_message(delivery);
}

static void on_ended(struct work *work)
{
    struct delivery *delivery = (struct delivery *)((char *)work - offsetof(struct delivery, work));

    if (work->expected == 0) {
        end_message(delivery);
        return;
    }
    delivery->conclude = (struct journal_op){.kind = JOURNAL_CONCLUDE,
                                             .done = on_concluded,
                                             .run = delivery->run_id,
                                             .key = "",
                                             .told = work->told,
                                             .told_count = work->told_count,
                                             .now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg)};
    journal_submit(delivery->edition->supervisor->journal, &delivery->conclude);
}

/* What is the same whenever a message is delivered, and of no other one: queues count from 1, each of them, and again
 * when they are made anew. */
static pxm_status identify(struct delivery *delivery)
{
    const pxm_value *item = delivery->item;
    const struct app_trigger *trigger = delivery->source->trigger;
    uint8_t bytes[PXM_SHA256_BYTES];
    struct pxm_buf buf;

    pxm_buf_init(&buf, IDENTITY_BYTES_MAX);
    pxm_buf_printf(&buf, "%s\n%s\n%s\n%" PRId64 "\n%s", trigger->pipeline->name, trigger->name, trigger->queue,
                   pxm_value_as_int(pxm_value_get(item, "sent_at")),
                   pxm_value_as_string(pxm_value_get(item, "id"), NULL));
    pxm_status status = buf.status == PXM_OK ? pxm_sha256(buf.data, buf.length, bytes) : buf.status;
    pxm_buf_done(&buf);
    if (status == PXM_OK) {
        pxm_hex(bytes, sizeof bytes, delivery->input);
        snprintf(delivery->run_id, sizeof delivery->run_id, "message-%.24s", delivery->input);
    }
    return status;
}

/* {id, json, attempts, sent_at}. */
static pxm_status read_message(struct delivery *delivery, pxm_error *error)
{
    const pxm_value *item = delivery->item, *body = pxm_value_get(item, "body"), *sent = pxm_value_get(item, "sent_at");
    const char *id = pxm_value_as_string(pxm_value_get(item, "id"), NULL);

    if (identify(delivery) != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    delivery->attempts = pxm_value_as_int(pxm_value_get(item, "attempts"));
    delivery->event = pxm_value_record();
    pxm_value_set(delivery->event, "id", pxm_value_cstring(id));
    pxm_value_set(delivery->event, "json", body ? pxm_value_ref(body) : pxm_value_null());
    pxm_value_set(delivery->event, "attempts", pxm_value_int(delivery->attempts));
    pxm_value_set(delivery->event, "sent_at", sent ? pxm_value_ref(sent) : pxm_value_null());
    return pxm_value_status(delivery->event) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

static void on_message(void *arg, struct crew_source *crew_source, const pxm_value *item)
{
    struct source *source = arg;
    struct supervisor *supervisor = source->supervisor;
    struct delivery *delivery = delivery_new(source, item);
    int64_t wait_ms = 0;
    pxm_error error = {0};
    (void)crew_source;

    if (!delivery) {
        return;
    }
    if (read_message(delivery, &error) != PXM_OK) {
        settle(delivery, PXM_SETTLE_RETRY, supervisor->options->retry_ms, &error);
        return;
    }
    if (poison_check(&supervisor->poison, source->trigger->pipeline->name, delivery->input,
                     loop_now_ms(supervisor->loop), &wait_ms, &error) != PXM_OK) {
        bool rests = retry_delivers_again(&error, false, delivery->attempts);
        settle(delivery, rests ? PXM_SETTLE_RETRY : PXM_SETTLE_DEAD, wait_ms, &error);
        return;
    }
    delivery->work = (struct work){.edition = source->edition,
                                   .kind = WORK_JOB,
                                   .ended = on_ended,
                                   .run = {.id = delivery->run_id,
                                           .trigger = source->trigger,
                                           .event = delivery->event,
                                           .attempt = delivery->attempts,
                                           .final = delivery->attempts >= supervisor->options->attempts_max,
                                           .deadline_ms = trigger_deadline_ms(source->trigger)}};
    work_add(&delivery->work);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void on_added(struct journal_op *op)
{
    struct delivery *delivery = (struct delivery *)((char *)op - offsetof(struct delivery, add));
    struct supervisor *supervisor = delivery->edition->supervisor;
    const pxm_error error = op->error;

    supervisor_note_journal(supervisor, &error);
    journal_op_done(op);
    jobs_look(&supervisor->jobs);
    settle(delivery, error.status == PXM_OK ? PXM_SETTLE_DONE : PXM_SETTLE_RETRY, 0, NULL);
}

/* The one that waits for the object; NULL: none. A store may tell of it through a queue that several triggers share,
 * those of other stores, too, and then the source of any of them hears of it. */
static const struct app_trigger *trigger_of(const struct delivery *delivery, const char *key)
{
    const struct app_manifest *manifest = delivery->edition->manifest;
    const pxm_value *told = pxm_value_get(delivery->item, "store");
    const char *store = told ? pxm_value_as_string(told, NULL) : delivery->source->trigger->store;
    const struct app_trigger *found = NULL;

    for (size_t i = 0; i < manifest->trigger_count && !found; i++) {
        bool wants = app_trigger_wants(&manifest->triggers[i], store, key);
        found = wants ? &manifest->triggers[i] : NULL;
    }
    return found;
}

static void on_file(void *arg, struct crew_source *crew_source, const pxm_value *item)
{
    struct source *source = arg;
    struct delivery *delivery = delivery_new(source, item);
    const char *key = pxm_value_as_string(pxm_value_get(item, "key"), NULL);
    int64_t now_ms = pxm_clock_system.wall_ms(pxm_clock_system.arg);
    pxm_error error = {0};
    (void)crew_source;

    if (!delivery) {
        return;
    }
    const struct app_trigger *trigger = trigger_of(delivery, key);
    if (!trigger) { /* not with this suffix */
        settle(delivery, PXM_SETTLE_DONE, 0, NULL);
        return;
    }
    const struct app_object object = object_event_of(trigger->store, item);
    if (object_event_write(&object, &delivery->text, &delivery->dedupe, &error) != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "sources", NULL, "%s: %s", key, error.text);
        settle(delivery, PXM_SETTLE_RETRY, 0, NULL);
        return;
    }
    delivery->add = (struct journal_op){.kind = JOURNAL_ADD,
                                        .done = on_added,
                                        .pipeline = trigger->pipeline->name,
                                        .trigger = trigger->name,
                                        .event = delivery->text,
                                        .dedupe = delivery->dedupe,
                                        .at_ms = now_ms,
                                        .now_ms = now_ms};
    journal_submit(source->supervisor->journal, &delivery->add);
}

/* ---- sources ----------------------------------------------------------------------------------------------------- */

static pxm_status add(struct sources *sources, struct supervisor *supervisor, const struct app_trigger *trigger,
                      pxm_error *error)
{
    bool is_queue = trigger->kind == PXM_TRIGGER_MESSAGE;
    struct source *source = calloc(1, sizeof *source);

    if (!source) {
        return pxm_error_no_memory(error);
    }
    source->supervisor = supervisor;
    source->edition = edition_current(supervisor);
    source->trigger = trigger;
    const struct crew_source_options options = {
        .crew = source->edition->crew,
        .kind = is_queue ? CREW_SOURCE_QUEUE : CREW_SOURCE_STORE,
        .name = is_queue ? trigger->queue : trigger->store,
        .prefix = trigger->prefix,
        .held_max = (int64_t)HELD_PER_WORKER * (source->edition->image_workers + supervisor->options->light_workers),
        .wait_ms = WAIT_MS,
        .lease_ms = LEASE_MS,
        .arg = source,
        .event = is_queue ? on_message : on_file};
    pxm_status status = crew_source_new(&options, &source->crew_source, error);
    if (status != PXM_OK) {
        edition_unref(source->edition);
        free(source);
        return status;
    }
    source->next = sources->first;
    sources->first = source;
    return PXM_OK;
}

pxm_status sources_load(struct sources *sources, struct supervisor *supervisor, pxm_error *error)
{
    const struct app_manifest *manifest = supervisor->edition->manifest;
    pxm_status status = PXM_OK;

    sources_stop(sources);
    for (size_t i = 0; i < manifest->trigger_count && status == PXM_OK; i++) {
        const struct app_trigger *trigger = &manifest->triggers[i];
        if (trigger->kind == PXM_TRIGGER_MESSAGE || trigger->kind == PXM_TRIGGER_OBJECT_CREATED) {
            status = add(sources, supervisor, trigger, error);
        }
    }
    return status;
}

/* Messages that wait for a worker, which none will take any more: whoever reads the queue next need not wait for their
 * leases. */
static void give_back(struct source *source)
{
    for (struct delivery *delivery = source->deliveries, *next; delivery; delivery = next) {
        next = delivery->next;
        if (work_remove(&delivery->work)) {
            settle(delivery, PXM_SETTLE_RETRY, 0, NULL);
        }
    }
}

void sources_pause(struct sources *sources)
{
    for (struct source *source = sources->first; source; source = source->next) {
        crew_source_pause(source->crew_source, true);
        give_back(source);
    }
}

bool sources_are_quiet(const struct sources *sources)
{
    bool quiet = true;

    for (const struct source *source = sources->first; source && quiet; source = source->next) {
        quiet = crew_source_is_quiet(source->crew_source);
    }
    return quiet;
}

void sources_stop(struct sources *sources)
{
    sources_pause(sources); /* all of them at once, so that they end at the same time */
    while (sources->first) {
        struct source *source = sources->first;
        sources->first = source->next;
        while (source->deliveries) {
            unlink_delivery(source->deliveries);
        }
        crew_source_free(source->crew_source);
        edition_unref(source->edition);
        free(source);
    }
}

struct crew_source *sources_store(const struct sources *sources, size_t index, const struct app_trigger **ret_trigger)
{
    for (const struct source *source = sources->first; source; source = source->next) {
        if (source->trigger->kind == PXM_TRIGGER_OBJECT_CREATED && index-- == 0) {
            *ret_trigger = source->trigger;
            return source->crew_source;
        }
    }
    return NULL;
}

struct crew_source *sources_queue(const struct sources *sources, const char *queue)
{
    for (const struct source *source = sources->first; source; source = source->next) {
        if (source->trigger->queue && strcmp(source->trigger->queue, queue) == 0) {
            return source->crew_source;
        }
    }
    return NULL;
}

struct crew_source *sources_queue_at(const struct sources *sources, size_t index, const char **ret_name)
{
    for (const struct source *source = sources->first; source; source = source->next) {
        /* More than one pipeline may be started by the same queue. */
        bool counts = source->trigger->queue && sources_queue(sources, source->trigger->queue) == source->crew_source;
        if (counts && index-- == 0) {
            *ret_name = source->trigger->queue;
            return source->crew_source;
        }
    }
    return NULL;
}
