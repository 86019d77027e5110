/* A worker's life: opens the project, then waits for what the supervisor says. The supervisor is the only one who is
 * believed, and its closing the socket is the end. */
#include "daemon/worker_private.h"

#include "base/arena.h"
#include "base/value.h"
#include "daemon/crew_messages.h"
#include "daemon/ipc.h"
#include "engine/engine.h"
#include "lang/diag/diag.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { REPORT_BYTES_MAX = 1 << 20 };

static void refuse(const struct worker *worker, const struct pxm_diags *diags, const pxm_error *error)
{
    pxm_value *value = pxm_value_record();
    struct pxm_buf report;

    pxm_buf_init(&report, REPORT_BYTES_MAX);
    pxm_diags_render(diags, PXM_DIAG_HUMAN, false, &report);
    pxm_value_set(value, "error", ipc_error_write(error));
    pxm_value_set(value, "report", pxm_value_string(report.data, report.length));
    ipc_send(worker->options->socket, CREW_REFUSED, value, -1, true, NULL);
    pxm_value_unref(value);
    pxm_buf_done(&report);
}

static bool open_project(struct worker *worker)
{
    const struct worker_options *given = worker->options;
    const struct pxm_engine_options options = {
        .struct_size = sizeof options, .workers = 1, .limits = given->limits, .time_ms = given->time_ms};
    const struct pxm_engine_parts parts = {.registry = given->registry, .extensions = given->extensions};
    const struct pxm_open_options open = {.profile = given->profile, .project = given->project};
    struct pxm_diags diags;
    pxm_error error = {0};

    pxm_diags_init(&diags, given->project->arena);
    worker->ended = eventfd(0, EFD_CLOEXEC);
    pxm_status status = worker->ended < 0 ? pxm_error_errno(&error, errno, NULL, "an eventfd") : PXM_OK;
    if (status == PXM_OK) {
        status = pxm_engine_create(&options, &parts, &worker->engine, &error);
    }
    if (status == PXM_OK) {
        status = pxm_project_handle_open(worker->engine, &open, &diags, &worker->project, &error);
    }
    if (status != PXM_OK) {
        refuse(worker, &diags, &error);
    }
    return status == PXM_OK;
}

/* False: the supervisor is gone, or wants no more. */
static bool receive(struct worker *worker)
{
    struct ipc_message message;
    pxm_error error = {0};
    enum ipc_received received = ipc_receive(worker->options->socket, false, &message, &error);

    if (received != IPC_MESSAGE) {
        return received == IPC_NOTHING;
    }
    switch (message.type) {
    case CREW_RUN:
        worker_begin(worker, message.value);
        break;
    case CREW_ANNOUNCED:
        worker_answer(worker, message.value);
        break;
    case CREW_CANCEL:
        if (worker->run) {
            pxm_run_cancel(worker->run);
        }
        break;
    default:
        worker_source_receive(worker, message.type, message.value);
        break;
    }
    ipc_message_done(&message);
    return true;
}

static void work(struct worker *worker)
{
    struct pollfd sources[2] = {{.fd = worker->options->socket, .events = POLLIN},
                                {.fd = worker->ended, .events = POLLIN}};
    bool more = true;

    while (more) {
        if (poll(sources, 2, -1) < 0) {
            more = errno == EINTR;
            continue;
        }
        if (sources[1].revents) {
            worker_finish(worker);
        }
        if (sources[0].revents) {
            more = receive(worker);
        }
    }
}

int worker_main(const struct worker_options *options)
{
    struct worker worker = {.options = options, .ended = -1};

    pthread_mutex_init(&worker.lock, NULL);
    pthread_cond_init(&worker.change, NULL);
    if (!open_project(&worker)) {
        return 1;
    }
    ipc_send(options->socket, CREW_OPENED, NULL, -1, true, NULL);
    worker_tell_idle(&worker);
    work(&worker);
    if (worker.run || worker.source) { /* nobody waits for it any more */
        return 1;
    }
    pxm_project_close(worker.project);
    pxm_engine_free(worker.engine);
    close(worker.ended);
    return 0;
}
