/* The supervisor's side of a source: it asks for events while there is room for them, keeps those that are not settled,
 * and extends the leases of messages. All that the process knows is what it was last told, so a new one can go on where
 * the last one ended. */
#include "daemon/crew_source.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/value.h"
#include "daemon/crew_source_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_MAX = 10,
    OBJECTS_MAX = 1000,
    RETRY_MS = 1000,
    RETRY_DOUBLINGS_MAX = 5,
    HELLO_MS = 5000,
    START_MS = 60000,
    END_MS = 15000 /* it ends at once; on a busy machine what is given back may take a while to be written */
};

static struct loop *loop_of(const struct crew_source *source)
{
    return source->options.crew->options.loop;
}

void crew_source_warn(const struct crew_source *source, const pxm_error *error, const char *what)
{
    pxm_log(PXM_LOG_WARN, "source", NULL, "%s: %s: %s: %s", source->name, what, error->code, error->text);
}

/* ---- asking for events ------------------------------------------------------------------------------------------- */

static int64_t room(const struct crew_source *source)
{
    if (source->options.kind == CREW_SOURCE_STORE) { /* asked again it would tell the same ones */
        return source->untaken == 0 ? source->options.held_max : 0;
    }
    int64_t left = source->options.held_max - (int64_t)source->held_count;
    return left < BATCH_MAX ? left : BATCH_MAX;
}

static void retry_later(struct crew_source *source)
{
    int64_t doublings = source->failures < RETRY_DOUBLINGS_MAX ? source->failures : RETRY_DOUBLINGS_MAX;

    source->failures++;
    loop_timer_set(loop_of(source), &source->timer, (int64_t)RETRY_MS << doublings);
}

void crew_source_pull(struct crew_source *source)
{
    int64_t most = room(source);
    pxm_error error = {0};

    if (!source->opened || source->pulling || source->paused || most <= 0 || source->timer.set) {
        return;
    }
    pxm_value *value = pxm_value_record();
    pxm_value_set(value, "max", pxm_value_int(most));
    pxm_value_set(value, "taken", source->taken ? pxm_value_ref(source->taken) : pxm_value_null());
    pxm_status status = pxm_value_status(value) == PXM_OK ? PXM_OK : pxm_error_no_memory(&error);
    if (status == PXM_OK) {
        status = ipc_send(source->process.socket.fd, CREW_PULL, value, -1, false, &error);
    }
    pxm_value_unref(value);
    if (status != PXM_OK) {
        crew_source_warn(source, &error, "cannot be asked");
        retry_later(source);
        return;
    }
    source->pulling = true;
}

/* ---- leases ------------------------------------------------------------------------------------------------------ */

static void set_lease_timer(struct crew_source *source)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < source->held_count; i++) {
        first = source->held[i].extend_ms < first ? source->held[i].extend_ms : first;
    }
    if (source->held_count > 0) {
        loop_timer_set(loop_of(source), &source->leases, first - loop_now_ms(loop_of(source)));
    } else {
        loop_timer_cancel(loop_of(source), &source->leases);
    }
}

static int64_t extend_at(const struct crew_source *source)
{
    return loop_now_ms(loop_of(source)) + source->options.lease_ms / 3;
}

static void extend_lease(struct crew_source *source, struct held *held)
{
    pxm_value *value = pxm_value_record();
    pxm_error error = {0};

    pxm_value_set(value, "receipt", pxm_value_cstring(held->receipt));
    pxm_value_set(value, "lease_ms", pxm_value_int(source->options.lease_ms));
    held->extend_ms = extend_at(source);
    if (crew_source_send(source, "extend", 0, value, &error) != PXM_OK) {
        crew_source_warn(source, &error, "a lease is not extended");
    }
}

static void leases_due(struct loop_timer *timer)
{
    struct crew_source *source = (struct crew_source *)((char *)timer - offsetof(struct crew_source, leases));
    int64_t now = loop_now_ms(loop_of(source));

    for (size_t i = 0; i < source->held_count; i++) {
        if (source->held[i].extend_ms <= now) {
            extend_lease(source, &source->held[i]);
        }
    }
    set_lease_timer(source);
}

static bool hold(struct crew_source *source, const char *receipt)
{
    char *copy = source->held_count < CREW_HELD_MAX ? strdup(receipt) : NULL;

    if (!copy) {
        return false;
    }
    source->held[source->held_count++] = (struct held){.receipt = copy, .extend_ms = extend_at(source)};
    set_lease_timer(source);
    return true;
}

void crew_source_release(struct crew_source *source, const char *receipt)
{
    size_t i = 0;

    while (i < source->held_count && strcmp(source->held[i].receipt, receipt) != 0) {
        i++;
    }
    if (i < source->held_count) {
        free(source->held[i].receipt);
        source->held[i] = source->held[--source->held_count];
        set_lease_timer(source);
    }
}

/* ---- what it says ------------------------------------------------------------------------------------------------ */

static void tell_event(struct crew_source *source, const pxm_value *item)
{
    if (source->options.kind == CREW_SOURCE_QUEUE) {
        const char *receipt = crew_source_text(item, "receipt");
        if (source->paused && receipt[0] != '\0') {
            crew_source_settle(source, item, PXM_SETTLE_RETRY, 0, NULL); /* others need not wait for its lease */
            return;
        }
        if (receipt[0] == '\0' || !hold(source, receipt)) {
            return; /* its lease runs out */
        }
    } else {
        source->untaken++;
    }
    source->options.event(source->options.arg, source, item);
}

static void take_items(struct crew_source *source, const pxm_value *message)
{
    const pxm_value *failure = pxm_value_get(message, "error"), *items = pxm_value_get(message, "items");
    int64_t resident = pxm_value_as_int(pxm_value_get(message, "resident"));
    int64_t growth_max = source->options.crew->options.growth_max;
    pxm_error error = {0};

    source->pulling = false;
    if (pxm_value_type(failure) != PXM_TYPE_NULL) {
        ipc_error_read(failure, &error);
        if (source->options.kind == CREW_SOURCE_STORE && strcmp(error.code, "source.unsupported") == 0) {
            source->paused = true; /* it tells of its objects in another way, if at all */
            return;
        }
        crew_source_warn(source, &error, "cannot be read");
        retry_later(source);
        return;
    }
    source->failures = 0;
    pxm_value_unref(source->taken); /* they were told with this question */
    source->taken = NULL;
    for (size_t i = 0; i < pxm_value_count(items) && i < OBJECTS_MAX; i++) {
        tell_event(source, pxm_value_at(items, i));
    }
    source->resident_first = source->resident_first > 0 ? source->resident_first : resident;
    if (growth_max > 0 && resident - source->resident_first > growth_max && !source->calls) {
        source->opened = false;
        crew_process_kill(&source->process); /* it is started again, and nothing is lost */
        return;
    }
    crew_source_pull(source);
}

static void take_answer(struct crew_source *source, const pxm_value *message)
{
    int64_t number = pxm_value_as_int(pxm_value_get(message, "number"));
    const pxm_value *failure = pxm_value_get(message, "error"), *fields = pxm_value_get(message, "fields");
    struct crew_call **link = &source->calls, *call;
    pxm_error error = {0};

    if (pxm_value_type(failure) != PXM_TYPE_NULL) {
        ipc_error_read(failure, &error);
    }
    while ((call = *link) && call->number != number) {
        link = &call->next;
    }
    if (!call) {
        if (error.status != PXM_OK) {
            crew_source_warn(source, &error, "a message is not settled or extended");
        }
        return;
    }
    *link = call->next;
    if (!*link) {
        source->last_call = link;
    }
    call->error = error;
    call->fields = error.status == PXM_OK && fields ? pxm_value_ref(fields) : NULL;
    call->done(call);
}

/* A value that was put into another one is not to be changed any more. */
static pxm_value *copy_record(const pxm_value *record)
{
    pxm_value *copy = pxm_value_record();

    for (size_t i = 0; i < pxm_value_count(record); i++) {
        pxm_value_set(copy, pxm_value_key(record, i), pxm_value_ref(pxm_value_at(record, i)));
    }
    return copy;
}

/* What was settled while no process was there. */
static void settle_later(struct crew_source *source)
{
    pxm_error error = {0};

    for (size_t i = 0; i < pxm_value_count(source->later); i++) {
        pxm_value *value = copy_record(pxm_value_at(source->later, i));
        if (crew_source_send(source, "settle", 0, value, &error) != PXM_OK) {
            crew_source_warn(source, &error, "a message is not settled, and will be delivered again");
        }
    }
    pxm_value_unref(source->later);
    source->later = NULL;
}

static void opened(struct crew_source *source)
{
    pxm_value *value = pxm_value_record();
    pxm_error error = {0};

    loop_timer_cancel(loop_of(source), &source->timer);
    pxm_value_set(value, "kind", pxm_value_int(source->options.kind));
    pxm_value_set(value, "name", pxm_value_cstring(source->name));
    pxm_value_set(value, "prefix", pxm_value_cstring(source->prefix));
    pxm_value_set(value, "wait_ms", pxm_value_int(source->options.wait_ms));
    pxm_value_set(value, "lease_ms", pxm_value_int(source->options.lease_ms));
    pxm_status status = pxm_value_status(value) == PXM_OK ? PXM_OK : pxm_error_no_memory(&error);
    if (status == PXM_OK) {
        status = ipc_send(source->process.socket.fd, CREW_SOURCE, value, -1, false, &error);
    }
    pxm_value_unref(value);
    if (status != PXM_OK) {
        crew_process_kill(&source->process);
        return;
    }
    source->opened = true;
    settle_later(source);
    crew_source_pull(source);
}

static void source_received(struct crew_process *process, const struct ipc_message *message)
{
    struct crew_source *source = (struct crew_source *)process;
    int64_t pid = pxm_value_as_int(pxm_value_get(message->value, "pid"));
    pxm_error error = {0};

    switch (message->type) {
    case CREW_HELLO:
        if (pid <= 0 || pid > INT32_MAX || crew_process_watch(process, (pid_t)pid, &error) != PXM_OK) {
            crew_process_hang_up(process);
        }
        break;
    case CREW_IDLE: /* the project is open */
        if (!source->opened) {
            opened(source);
        }
        break;
    case CREW_REFUSED:
        ipc_error_read(pxm_value_get(message->value, "error"), &error);
        crew_source_warn(source, &error, "cannot be opened");
        break;
    case CREW_ITEMS:
        take_items(source, message->value);
        break;
    case CREW_ANSWER:
        take_answer(source, message->value);
        break;
    case CREW_LOG:
        crew_log(message->value);
        break;
    case CREW_OPENED:
        break;
    default:
        crew_process_kill(process);
        break;
    }
}

/* ---- its life ---------------------------------------------------------------------------------------------------- */

static void fail_calls(struct crew_source *source)
{
    while (source->calls) {
        struct crew_call *call = source->calls;
        source->calls = call->next;
        if (!source->calls) {
            source->last_call = &source->calls;
        }
        pxm_error_set(&call->error, PXM_E_TRANSIENT, "worker.lost", "the process that reads %s ended", source->name);
        call->fields = NULL;
        call->done(call);
    }
}

static pxm_status start(struct crew_source *source, pxm_error *error)
{
    int pair[2];
    pxm_status status = ipc_pair(pair, error);

    if (status != PXM_OK) {
        return status;
    }
    status = crew_process_listen(&source->process, pair[0], error);
    if (status == PXM_OK) {
        status = crew_zygote_fork(source->options.crew, pair[1], error);
        if (status != PXM_OK) {
            crew_process_done(&source->process);
        }
    }
    close(pair[1]);
    return status;
}

/* Starts the process, asks again, or ends one that does not become ready. */
static void source_due(struct loop_timer *timer)
{
    struct crew_source *source = (struct crew_source *)((char *)timer - offsetof(struct crew_source, timer));
    pxm_error error = {0};

    if (source->opened) {
        crew_source_pull(source);
    } else if (source->process.socket.fd >= 0) {
        crew_process_kill(&source->process);
        crew_process_hang_up(&source->process);
    } else if (start(source, &error) == PXM_OK) {
        loop_timer_set(loop_of(source), timer, START_MS);
    } else {
        crew_source_warn(source, &error, "cannot be read");
        retry_later(source);
    }
}

static void lost(struct crew_source *source)
{
    source->opened = source->pulling = false;
    source->resident_first = 0;
    loop_timer_cancel(loop_of(source), &source->timer);
    if (!source->options.crew->retiring) {
        retry_later(source);
    }
    fail_calls(source);
}

static void source_closed(struct crew_process *process, const pxm_error *error)
{
    struct crew_source *source = (struct crew_source *)process;
    (void)error;

    if (process->pid == 0) {
        lost(source);
    } else {
        crew_process_kill(process);
    }
}

static void source_ended(struct crew_process *process, int status, const struct rusage *usage)
{
    struct crew_source *source = (struct crew_source *)process;
    char death[CREW_DEATH_TEXT_MAX];
    (void)usage;

    crew_death_text(status, death);
    pxm_log(PXM_LOG_WARN, "source", NULL, "%s: the process that reads it %s", source->name, death);
    lost(source);
}

pxm_status crew_source_new(const struct crew_source_options *options, struct crew_source **ret, pxm_error *error)
{
    struct crew_source *source = NULL;

    if (options->held_max < 1 || options->held_max > CREW_HELD_MAX) {
        return pxm_error_set(error, PXM_E_INVALID, "crew.held", "a source holds 1 to %d events", CREW_HELD_MAX);
    }
    source = calloc(1, sizeof *source);
    char *name = strdup(options->name), *prefix = strdup(options->prefix ? options->prefix : "");
    if (!source || !name || !prefix) {
        free(source);
        free(name);
        free(prefix);
        return pxm_error_no_memory(error);
    }
    source->options = *options;
    source->name = name;
    source->prefix = prefix;
    source->last_call = &source->calls;
    source->timer.fire = source_due;
    source->leases.fire = leases_due;
    crew_process_init(&source->process, loop_of(source));
    source->process.received = source_received;
    source->process.closed = source_closed;
    source->process.ended = source_ended;
    loop_timer_set(loop_of(source), &source->timer, 0);
    *ret = source;
    return PXM_OK;
}

/* Messages that have been asked for are given back. */
static void hear_the_last(struct crew_source *source)
{
    const struct pxm_clock *clock = &pxm_clock_system; /* the loop's stands still here */
    int64_t end_ms = clock->monotonic_ms(clock->arg) + END_MS, left_ms = END_MS;

    while (source->options.kind == CREW_SOURCE_QUEUE && source->process.socket.fd >= 0 && source->pulling &&
           left_ms > 0) {
        crew_process_hear(&source->process, (int)left_ms);
        left_ms = end_ms - clock->monotonic_ms(clock->arg);
    }
}

void crew_source_free(struct crew_source *source)
{
    if (!source) {
        return;
    }
    crew_source_pause(source, true);
    if (source->process.pid == 0) {
        crew_process_hear(&source->process, HELLO_MS);
    }
    hear_the_last(source);
    crew_process_end(&source->process, END_MS);
    source->opened = false;
    fail_calls(source);
    loop_timer_cancel(loop_of(source), &source->timer);
    loop_timer_cancel(loop_of(source), &source->leases);
    for (size_t i = 0; i < source->held_count; i++) {
        free(source->held[i].receipt);
    }
    pxm_value_unref(source->taken);
    pxm_value_unref(source->later);
    free(source->name);
    free(source->prefix);
    free(source);
}

void crew_source_pause(struct crew_source *source, bool pause)
{
    pxm_error error = {0};

    source->paused = pause;
    if (!pause) {
        crew_source_pull(source);
    } else if (source->pulling && crew_source_send(source, "pause", 0, pxm_value_record(), &error) != PXM_OK) {
        crew_source_warn(source, &error, "waits for events a while longer");
    }
}

bool crew_source_is_quiet(const struct crew_source *source)
{
    return source->options.kind == CREW_SOURCE_STORE || (!source->pulling && source->held_count == 0);
}

int64_t crew_source_held(const struct crew_source *source)
{
    return source->options.kind == CREW_SOURCE_STORE ? source->untaken : (int64_t)source->held_count;
}
