/* One run in a worker, from the message that asks for it to the one that tells its outcome. */
#include "daemon/worker_private.h"

#include "app/event.h"
#include "app/event_complete.h"
#include "base/blob.h"
#include "base/log.h"
#include "base/value.h"
#include "daemon/crew_messages.h"
#include "daemon/ipc.h"
#include "engine/bind.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STEPS_MAX = 256 };

static int64_t cpu_ms(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static int64_t now_ms(void)
{
    return pxm_clock_system.monotonic_ms(pxm_clock_system.arg);
}

/* ---- what the process holds -------------------------------------------------------------------------------------- */

int64_t worker_resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    int64_t pages = 0;

    if (!file) {
        return 0;
    }
    int found = fscanf(file, "%*d %" SCNd64, &pages);
    fclose(file);
    return found == 1 ? pages * sysconf(_SC_PAGESIZE) : 0;
}

static int64_t open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int64_t count = 0;

    while (folder && readdir(folder)) {
        count++;
    }
    if (folder) {
        closedir(folder);
    }
    return count;
}

void worker_tell_idle(const struct worker *worker)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "resident", pxm_value_int(worker_resident_bytes()));
    pxm_value_set(value, "descriptors", pxm_value_int(open_descriptors()));
    ipc_send(worker->options->socket, CREW_IDLE, value, -1, true, NULL);
    pxm_value_unref(value);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static const char *operation_of(const struct pxm_step *step)
{
    switch (step->kind) {
    case PXM_STEP_FOREACH:
        return "foreach";
    case PXM_STEP_PARALLEL:
        return "parallel";
    case PXM_STEP_OPERATION:
        break;
    }
    return step->operation->name;
}

/* On the thread of the step. */
static void keep_step(void *arg, const struct pxm_trace_step *step)
{
    static const char *const outcomes[] = {[PXM_TRACE_OK] = "ok",
                                           [PXM_TRACE_SKIPPED] = "skipped",
                                           [PXM_TRACE_FALLBACK] = "fallback",
                                           [PXM_TRACE_STOPPED] = "stopped",
                                           [PXM_TRACE_FAILED] = "failed"};
    struct worker *worker = arg;
    pxm_value *entry = pxm_value_record();

    pxm_value_set(entry, "step", pxm_value_cstring(step->step->id));
    pxm_value_set(entry, "operation", pxm_value_cstring(operation_of(step->step)));
    pxm_value_set(entry, "outcome", pxm_value_cstring(outcomes[step->outcome]));
    pxm_value_set(entry, "attempts", pxm_value_int(step->attempts));
    pxm_value_set(entry, "ms", pxm_value_int(step->ms));
    pthread_mutex_lock(&worker->lock);
    if (pxm_value_count(worker->steps) < STEPS_MAX) {
        pxm_value_append(worker->steps, entry);
    } else {
        pxm_value_unref(entry);
    }
    pthread_mutex_unlock(&worker->lock);
}

/* ---- announcements ----------------------------------------------------------------------------------------------- */

static bool is_awaited(const struct app_manifest *manifest, const char *store, const char *key)
{
    bool wanted = false;

    for (size_t i = 0; i < manifest->trigger_count && !wanted; i++) {
        wanted = app_trigger_wants(&manifest->triggers[i], store, key);
    }
    return wanted;
}

/* On the engine's thread, which waits for what the main thread hears. A supervisor that is gone takes this process
 * with it. */
static pxm_status announce_put(void *arg, const char *store, const char *key, pxm_error *error)
{
    struct worker *worker = arg;

    if (!is_awaited(worker->options->manifest, store, key)) {
        return PXM_OK;
    }
    pxm_value *value = pxm_value_record();
    pxm_value_set(value, "store", pxm_value_cstring(store));
    pxm_value_set(value, "key", pxm_value_cstring(key));
    pxm_status status = pxm_value_status(value) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
    pthread_mutex_lock(&worker->lock);
    worker->answered = false;
    pthread_mutex_unlock(&worker->lock);
    if (status == PXM_OK) {
        status = ipc_send(worker->options->socket, CREW_ANNOUNCE, value, -1, true, error);
    }
    pxm_value_unref(value);
    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&worker->lock);
    while (!worker->answered) {
        pthread_cond_wait(&worker->change, &worker->lock);
    }
    status = worker->answer.status;
    if (status != PXM_OK) {
        *error = worker->answer;
    }
    pthread_mutex_unlock(&worker->lock);
    return status;
}

/* On the engine's thread. Only helps, so what cannot be sent is left out. */
static void tell_made(void *arg, const char *store, const char *key, const pxm_value *fields)
{
    const struct worker *worker = arg;
    const pxm_value *etag = pxm_value_get(fields, "etag"), *bytes = pxm_value_get(fields, "bytes");

    if (!is_awaited(worker->options->manifest, store, key)) {
        return;
    }
    pxm_value *value = pxm_value_record();
    pxm_value_set(value, "store", pxm_value_cstring(store));
    pxm_value_set(value, "key", pxm_value_cstring(key));
    pxm_value_set(value, "etag", etag ? pxm_value_ref(etag) : pxm_value_null());
    pxm_value_set(value, "bytes", bytes ? pxm_value_ref(bytes) : pxm_value_null());
    if (pxm_value_status(value) == PXM_OK) {
        ipc_send(worker->options->socket, CREW_MADE, value, -1, true, NULL);
    }
    pxm_value_unref(value);
}

void worker_answer(struct worker *worker, const pxm_value *answer)
{
    pthread_mutex_lock(&worker->lock);
    pxm_error_clear(&worker->answer);
    if (pxm_value_type(answer) != PXM_TYPE_NULL) {
        ipc_error_read(answer, &worker->answer);
    }
    worker->answered = true;
    pthread_cond_broadcast(&worker->change);
    pthread_mutex_unlock(&worker->lock);
}

/* ---- the outcome ------------------------------------------------------------------------------------------------- */

/* An answer without a tag from a store gets one of its hash, which is computed here and not where all answers are
 * sent. */
static void hash_blobs(const pxm_value *value)
{
    pxm_blob *blob = pxm_value_as_blob(value);

    if (blob && !pxm_blob_etag(blob)) {
        pxm_blob_sha256(blob);
    }
    for (size_t i = 0; i < pxm_value_count(value); i++) {
        hash_blobs(pxm_value_at(value, i));
    }
}

static pxm_status send_outcome(struct worker *worker, const pxm_error *failure, const pxm_value *output,
                               pxm_error *error)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "error", failure ? ipc_error_write(failure) : pxm_value_null());
    if (output) {
        pxm_value_set(value, "output", pxm_value_ref(output));
    }
    pthread_mutex_lock(&worker->lock);
    pxm_value_set(value, "steps", worker->steps ? pxm_value_ref(worker->steps) : pxm_value_list());
    pthread_mutex_unlock(&worker->lock);
    pxm_value_set(value, "cpu_ms", pxm_value_int(cpu_ms() - worker->began_cpu_ms));
    pxm_value_set(value, "ms", pxm_value_int(now_ms() - worker->began_ms));
    pxm_status status = pxm_value_status(value);
    if (status == PXM_E_LIMIT) {
        pxm_error_set(error, status, "limit.depth", "the output is nested too deeply");
    } else if (status != PXM_OK) {
        pxm_error_no_memory(error);
    } else {
        status = ipc_send(worker->options->socket, CREW_DONE, value, -1, true, error);
    }
    pxm_value_unref(value);
    return status;
}

/* An output that cannot be sent is a failure of its run. */
static void tell_outcome(struct worker *worker, const pxm_error *failure, const pxm_value *output)
{
    pxm_error error = {0};

    if (output) {
        hash_blobs(output);
    }
    if (send_outcome(worker, failure, output, &error) != PXM_OK) {
        send_outcome(worker, &error, NULL, &error);
    }
}

static void clear(struct worker *worker)
{
    pxm_run_free(worker->run);
    worker->run = NULL;
    pxm_bind_free(worker->pipeline, worker->inputs);
    worker->inputs = NULL;
    pxm_value_unref(worker->steps);
    worker->steps = NULL;
    worker_tell_idle(worker);
}

void worker_finish(struct worker *worker)
{
    uint64_t count = 0;

    if (read(worker->ended, &count, sizeof count) != sizeof count) {
        return;
    }
    tell_outcome(worker, pxm_run_error(worker->run), pxm_run_result(worker->run));
    clear(worker);
}

/* On the engine's thread. */
static void wake(void *arg, pxm_run *run)
{
    const struct worker *worker = arg;
    const uint64_t one = 1;
    (void)run;

    ssize_t written = write(worker->ended, &one, sizeof one); /* of an eventfd that is never full */
    (void)written;
}

/* ---- beginning --------------------------------------------------------------------------------------------------- */

static const char *text_of(const pxm_value *message, const char *key)
{
    return pxm_value_as_string(pxm_value_get(message, key), NULL);
}

static int64_t number_of(const pxm_value *message, const char *key)
{
    return pxm_value_as_int(pxm_value_get(message, key));
}

static const struct pxm_trigger *find_trigger(const pxm_pipeline *pipeline, const pxm_value *message)
{
    int64_t index = number_of(message, "trigger");
    const struct pxm_program *program = pipeline ? pxm_pipeline_program(pipeline) : NULL;

    return program && index >= 0 && (uint64_t)index < program->trigger_count ? &program->triggers[index] : NULL;
}

static pxm_status bind_event(struct worker *worker, const struct pxm_trigger *trigger, const pxm_value *message,
                             pxm_error *error)
{
    pxm_value *event = NULL;
    pxm_job job = {.clock = &pxm_clock_system,
                   .deadline_ms = worker->began_ms + number_of(message, "deadline_ms"),
                   .limits = worker->pipeline->limits};

    snprintf(job.id, sizeof job.id, "%s", text_of(message, "id"));
    pxm_status status =
        app_event_complete(worker->project, trigger, pxm_value_get(message, "event"), &job, &event, error);
    if (status == PXM_OK) {
        status = pxm_bind_event(worker->pipeline, trigger, event, &worker->inputs, error);
    }
    pxm_value_unref(event);
    return status;
}

static pxm_status start_run(struct worker *worker, const pxm_value *message, pxm_error *error)
{
    const struct pxm_trace trace = {.ended = keep_step, .arg = worker};
    const struct pxm_run_options options = {.struct_size = sizeof options,
                                            .id = text_of(message, "id"),
                                            .deadline_ms =
                                                number_of(message, "deadline_ms") - (now_ms() - worker->began_ms),
                                            .done = wake,
                                            .done_arg = worker};
    const pxm_value *failure = pxm_value_get(message, "failure");
    bool has_failed = failure && pxm_value_type(failure) != PXM_TYPE_NULL;
    const struct pxm_run_start start = {.options = &options,
                                        .values = (const pxm_value *const *)worker->inputs,
                                        .trace = &trace,
                                        .effects = &worker->effects,
                                        .attempt = number_of(message, "attempt"),
                                        .final = pxm_value_as_bool(pxm_value_get(message, "final")) != 0,
                                        .failure = has_failed ? &worker->failure : NULL,
                                        .time_ms = number_of(message, "time_ms")};

    if (has_failed) {
        ipc_error_read(failure, &worker->failure);
    }
    worker->effects = (struct pxm_effects){.put = announce_put, .made = tell_made, .arg = worker};
    if (options.deadline_ms <= 0) {
        return pxm_error_set(error, PXM_E_TIMEOUT, "limit.time", "the time of this run is over before it began");
    }
    return pxm_run_begin(worker->pipeline, &start, &worker->run, error);
}

void worker_begin(struct worker *worker, const pxm_value *message)
{
    pxm_error error = {0};

    worker->began_ms = now_ms();
    worker->began_cpu_ms = cpu_ms();
    worker->steps = pxm_value_list();
    worker->pipeline = pxm_project_pipeline(worker->project, text_of(message, "pipeline"));
    const struct pxm_trigger *trigger = find_trigger(worker->pipeline, message);
    pxm_status status =
        trigger ? PXM_OK
                : pxm_error_set(&error, PXM_E_NOT_FOUND, "pipeline.not_found", "there is no such pipeline or trigger");
    if (status == PXM_OK) {
        status = bind_event(worker, trigger, message, &error);
    }
    if (status == PXM_OK) {
        status = start_run(worker, message, &error);
    }
    if (status != PXM_OK) {
        tell_outcome(worker, &error, NULL);
        clear(worker);
    }
}
