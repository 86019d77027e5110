/* How the daemon is, and loading the project anew. Health, readiness and metrics are answered by the HTTP thread,
 * whatever else goes on. */
#include "daemon/operations_private.h"

#include "base/value.h"
#include "daemon/observe.h"
#include "daemon/supervisor.h"

void operation_health(struct request *request)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "status", pxm_value_cstring("ok"));
    operation_answer_json(request, 200, value);
}

static const char *why_not_ready(struct supervisor *supervisor)
{
    int64_t free_bytes = supervisor_free_bytes(supervisor);

    if (!atomic_load(&supervisor->ready)) {
        return "loading";
    }
    if (atomic_load(&supervisor->draining)) {
        return "stopping";
    }
    if (!atomic_load(&supervisor->journal_is_sound)) {
        return "the journal cannot be written";
    }
    if (free_bytes >= 0 && free_bytes < supervisor->options->free_bytes_min) {
        return "the disk is full";
    }
    return NULL;
}

void operation_ready(struct request *request)
{
    const char *reason = why_not_ready(request->supervisor);
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "status", pxm_value_cstring(reason ? "not ready" : "ready"));
    if (reason) {
        pxm_value_set(value, "reason", pxm_value_cstring(reason));
    }
    operation_answer_json(request, reason ? 503 : 200, value);
}

void operation_metrics(struct request *request)
{
    request_answer(request, observe_answer(request->supervisor));
}

static pxm_value *workers_value(const struct edition *edition, enum crew_class which, const char *name)
{
    const struct crew_counts counts = crew_count(edition->crew, which);
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "class", pxm_value_cstring(name));
    pxm_value_set(value, "workers", pxm_value_int(counts.workers));
    pxm_value_set(value, "busy", pxm_value_int(counts.busy));
    pxm_value_set(value, "started", pxm_value_int(counts.started));
    pxm_value_set(value, "crashed", pxm_value_int(counts.crashed));
    pxm_value_set(value, "killed", pxm_value_int(counts.killed));
    pxm_value_set(value, "recycled", pxm_value_int(counts.recycled));
    return value;
}

void operation_status(struct request *request)
{
    struct supervisor *supervisor = request->supervisor;
    const struct edition *edition = supervisor->edition;
    pxm_value *value = pxm_value_record(), *workers = pxm_value_list(), *pipelines = pxm_value_list();
    int64_t now_ms = loop_now_ms(supervisor->loop);

    for (size_t i = 0; edition && i < edition->manifest->pipeline_count; i++) {
        pxm_value_append(pipelines, pxm_value_cstring(edition->manifest->pipelines[i].name));
    }
    if (edition) {
        pxm_value_append(workers, workers_value(edition, CREW_IMAGE, "image"));
        pxm_value_append(workers, workers_value(edition, CREW_LIGHT, "light"));
    }
    pxm_value_set(value, "version", pxm_value_cstring(PXM_VERSION));
    pxm_value_set(value, "uptime_s", pxm_value_int((now_ms - supervisor->started_ms) / 1000));
    pxm_value_set(value, "ready", pxm_value_bool(!why_not_ready(supervisor)));
    pxm_value_set(value, "waiting", pxm_value_int(edition ? work_waiting(edition, WORK_REQUEST) : 0));
    pxm_value_set(value, "connections", pxm_value_int(http_connections(supervisor->http)));
    pxm_value_set(value, "free_bytes", pxm_value_int(supervisor_free_bytes(supervisor)));
    pxm_value_set(value, "workers", workers);
    pxm_value_set(value, "pipelines", pipelines);
    operation_answer_json(request, 200, value);
}

void operation_reload(struct request *request)
{
    supervisor_reload(request->supervisor);
    request_answer(request, app_response_new(202));
}
