/* What the supervisor calls, and when it is called back. The crew may be freed within `ready` and `ended` only, so
 * these are called by a timer, with nothing of the crew left to be done behind them. */
#include "daemon/crew.h"

#include "base/value.h"
#include "daemon/crew_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* ---- telling ----------------------------------------------------------------------------------------------------- */

static void tell(struct crew *crew)
{
    loop_timer_set(crew->options.loop, &crew->notice, 0);
}

static bool has_ended(const struct crew *crew)
{
    bool empty = crew->zygote.pid == 0;

    for (size_t i = 0; i < CREW_CLASSES; i++) {
        empty = empty && crew_group_is_empty(&crew->groups[i]);
    }
    return crew->retiring && empty;
}

static void notice_due(struct loop_timer *timer)
{
    struct crew *crew = (struct crew *)((char *)timer - offsetof(struct crew, notice));
    const struct crew_options *options = &crew->options;

    if (has_ended(crew)) {
        options->ended(options->arg, crew);
    } else if (!crew->retiring) {
        options->ready(options->arg, crew, crew->failure.status == PXM_OK ? NULL : &crew->failure,
                       crew->report ? crew->report : "");
    }
}

void crew_fail(struct crew *crew, const pxm_error *error, const char *report)
{
    if (crew->reported) {
        return;
    }
    crew->reported = true;
    crew->failure = *error;
    crew->report = report ? strdup(report) : NULL; /* without memory for it the error alone must do */
    tell(crew);
}

void crew_group_ready(struct crew_group *group)
{
    struct crew *crew = group->crew;
    bool all = true;

    group->was_idle = true;
    for (size_t i = 0; i < CREW_CLASSES; i++) {
        all = all && (crew->groups[i].size == 0 || crew->groups[i].was_idle);
    }
    if (all && !crew->reported) {
        crew->reported = true;
        tell(crew);
    }
}

void crew_settle(struct crew *crew)
{
    if (has_ended(crew)) {
        tell(crew);
    }
}

/* ---- the crew ---------------------------------------------------------------------------------------------------- */

static bool copy_text(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return !text || *ret;
}

static pxm_status prepare(struct crew *crew, pxm_error *error)
{
    const struct crew_options *options = &crew->options;

    if (!copy_text(options->project, &crew->project) || !copy_text(options->profile, &crew->profile) ||
        !copy_text(options->state, &crew->state)) {
        return pxm_error_no_memory(error);
    }
    /* Workers of the same user could otherwise reach into this process through /proc. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0) {
        return pxm_error_errno(error, errno, NULL, "preparing for workers");
    }
    return crew_zygote_start(crew, error);
}

pxm_status crew_make_places(struct crew *crew, pxm_error *error)
{
    const struct crew_options *options = &crew->options;
    uint32_t workers = options->image_workers;

    if (workers == 0) {
        workers = crew->said.workers != PXM_UNSET_INT ? (uint32_t)crew->said.workers : options->image_workers_default;
    }
    pxm_status status = crew_group_make(&crew->groups[CREW_IMAGE], workers, error);
    return status == PXM_OK ? crew_group_make(&crew->groups[CREW_LIGHT], options->light_workers, error) : status;
}

pxm_status crew_new(const struct crew_options *options, struct crew **ret, pxm_error *error)
{
    struct crew *crew = calloc(1, sizeof *crew);

    if (!crew) {
        return pxm_error_no_memory(error);
    }
    crew->options = *options;
    crew->notice.fire = notice_due;
    crew_zygote_init(crew);
    crew_group_init(&crew->groups[CREW_IMAGE], crew, CREW_IMAGE);
    crew_group_init(&crew->groups[CREW_LIGHT], crew, CREW_LIGHT);
    pxm_status status = prepare(crew, error);
    if (status != PXM_OK) {
        crew_free(crew);
        return status;
    }
    *ret = crew;
    return PXM_OK;
}

void crew_retire(struct crew *crew)
{
    if (crew->retiring) {
        return;
    }
    crew->retiring = true;
    for (size_t i = 0; i < CREW_CLASSES; i++) {
        crew_group_retire(&crew->groups[i]);
    }
    loop_timer_cancel(crew->options.loop, &crew->zygote_timer);
    if (crew->parsed) {
        crew_process_hang_up(&crew->zygote);
    } else {
        crew_process_kill(&crew->zygote); /* nobody knows how long it would read */
    }
    crew_settle(crew);
}

void crew_stop(struct crew *crew)
{
    if (crew->stopped) {
        return;
    }
    crew->retiring = crew->stopped = true;
    crew_zygote_free(crew);
    for (size_t i = 0; i < CREW_CLASSES; i++) {
        crew_group_stop(&crew->groups[i]);
    }
    loop_timer_cancel(crew->options.loop, &crew->notice);
}

void crew_free(struct crew *crew)
{
    if (!crew) {
        return;
    }
    crew_stop(crew);
    for (size_t i = 0; i < CREW_CLASSES; i++) {
        free(crew->groups[i].workers);
    }
    app_manifest_free(crew->manifest);
    pxm_value_unref(crew->digest);
    free(crew->report);
    free(crew->project);
    free(crew->profile);
    free(crew->state);
    free(crew);
}

const struct app_manifest *crew_manifest(const struct crew *crew)
{
    return crew->manifest;
}

const struct said *crew_said(const struct crew *crew)
{
    return &crew->said;
}

uint32_t crew_size(const struct crew *crew, enum crew_class which)
{
    return crew->groups[which].size;
}

/* ---- runs -------------------------------------------------------------------------------------------------------- */

static struct crew_worker *idle_worker(const struct crew *crew, enum crew_class which)
{
    const struct crew_group *group = &crew->groups[which];

    for (uint32_t i = 0; i < group->size; i++) {
        if (group->workers[i].state == WORKER_IDLE) {
            return &group->workers[i];
        }
    }
    return NULL;
}

bool crew_is_idle(const struct crew *crew, enum crew_class which)
{
    return idle_worker(crew, which) != NULL;
}

void crew_begin(struct crew *crew, enum crew_class which, struct crew_run *run)
{
    crew_worker_run(idle_worker(crew, which), run);
}

/* What cannot be sent is not told: the worker then ends by its deadline, or is gone already. */
void crew_announced(struct crew *crew, struct crew_run *run, const pxm_error *error)
{
    struct crew_worker *worker = run->worker;
    pxm_value *value = error ? ipc_error_write(error) : NULL;
    (void)crew;

    if (worker && (!error || pxm_value_status(value) == PXM_OK)) {
        ipc_send(worker->process.socket.fd, CREW_ANNOUNCED, value, -1, false, NULL);
    }
    pxm_value_unref(value);
}

void crew_cancel(struct crew *crew, struct crew_run *run)
{
    const struct crew_worker *worker = run->worker;
    (void)crew;

    if (worker) {
        ipc_send(worker->process.socket.fd, CREW_CANCEL, NULL, -1, false, NULL);
    }
}

void crew_run_done(struct crew_run *run)
{
    pxm_value_unref(run->output);
    pxm_value_unref(run->steps);
    run->output = run->steps = NULL;
}

struct crew_counts crew_count(const struct crew *crew, enum crew_class which)
{
    const struct crew_group *group = &crew->groups[which];
    struct crew_counts counts = group->counts;

    for (uint32_t i = 0; i < group->size; i++) {
        enum crew_worker_state state = group->workers[i].state;
        counts.workers += state != WORKER_NONE;
        counts.busy += state == WORKER_BUSY || state == WORKER_TIDYING;
    }
    return counts;
}
