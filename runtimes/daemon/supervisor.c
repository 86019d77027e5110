/* The life of the daemon: it opens its state, loads the project, opens the front, and, when it is told to stop, ends
 * what it has begun before it goes. */
#include "daemon/supervisor.h"

#include "base/log.h"
#include "daemon/conclude.h"
#include "daemon/daemon.h"
#include "daemon/front.h"
#include "daemon/observe.h"
#include "daemon/site.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { TICK_MS = 1000, DRAIN_TICK_MS = 20 };

static void fail(struct supervisor *supervisor, int code, const pxm_error *error)
{
    pxm_log(PXM_LOG_ERROR, "daemon", NULL, "%s", error->text);
    supervisor->exit_code = code;
    loop_stop(supervisor->loop);
}

/* ---- stopping ---------------------------------------------------------------------------------------------------- */

static bool is_busy(const struct supervisor *supervisor)
{
    for (const struct edition *edition = supervisor->editions; edition; edition = edition->next) {
        if (crew_count(edition->crew, CREW_IMAGE).busy || crew_count(edition->crew, CREW_LIGHT).busy) {
            return true;
        }
    }
    return (supervisor->http && http_exchanges(supervisor->http) > 0) || !sources_are_quiet(&supervisor->sources);
}

static void on_drain_deadline(struct loop_timer *timer)
{
    struct supervisor *supervisor = (struct supervisor *)((char *)timer - offsetof(struct supervisor, deadline));

    pxm_log(PXM_LOG_WARN, "daemon", NULL, "stops with requests that are not answered");
    loop_stop(supervisor->loop);
}

/* Told once it ends what it has begun; told twice it stops at once. */
static void stop(struct supervisor *supervisor)
{
    if (atomic_exchange(&supervisor->draining, true)) {
        loop_stop(supervisor->loop);
        return;
    }
    sd_notify(0, "STOPPING=1");
    pxm_log(PXM_LOG_INFO, "daemon", NULL, "stopping");
    schedules_stop(&supervisor->schedules);
    sources_pause(&supervisor->sources);
    if (supervisor->http) {
        http_quiesce(supervisor->http);
    }
    loop_timer_set(supervisor->loop, &supervisor->deadline, supervisor->options->drain_ms_max);
    loop_timer_set(supervisor->loop, &supervisor->tick, 0);
}

/* ---- once a second ----------------------------------------------------------------------------------------------- */

static void on_tick(struct loop_timer *timer)
{
    struct supervisor *supervisor = (struct supervisor *)((char *)timer - offsetof(struct supervisor, tick));
    bool draining = atomic_load(&supervisor->draining);

    if (draining && !is_busy(supervisor)) {
        loop_stop(supervisor->loop);
        return;
    }
    sd_notify(0, "WATCHDOG=1");
    for (struct edition *edition = supervisor->editions; edition; edition = edition->next) {
        if (edition->loads) {
            work_expire(edition, supervisor->options->queue_ms_max);
        }
    }
    request_sweep(supervisor);
    observe_tick(supervisor);
    loop_timer_set(supervisor->loop, &supervisor->tick, draining ? DRAIN_TICK_MS : TICK_MS);
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

static void start(struct supervisor *supervisor)
{
    pxm_error error = {0};

    if (front_open(supervisor, &error) != PXM_OK) {
        fail(supervisor, DAEMON_EXIT_UNAVAILABLE, &error);
        return;
    }
    const char *host = supervisor->host;
    bool six = host[0] != '[' && strchr(host, ':') != NULL;
    supervisor->started = true;
    atomic_store(&supervisor->ready, true);
    pxm_log(PXM_LOG_INFO, "daemon", NULL, "ready on http://%s%s%s:%u", six ? "[" : "", host, six ? "]" : "",
            http_port(supervisor->http));
    sd_notify(0, "READY=1");
}

static void reload_if_asked(struct supervisor *supervisor)
{
    if (supervisor->reload_again) {
        supervisor->reload_again = false;
        supervisor_reload(supervisor);
    }
}

void supervisor_loaded(struct supervisor *supervisor)
{
    pxm_error error = {0};

    if (!supervisor->started) {
        start(supervisor);
    } else {
        if (supervisor_read_url_keys(supervisor, &error) != PXM_OK) { /* the new workers sign with what is there now */
            pxm_log(PXM_LOG_ERROR, "daemon", NULL, "signed URLs: %s", error.text);
        }
        sd_notify(0, "READY=1");
        pxm_log(PXM_LOG_INFO, "daemon", NULL, "the project was loaded anew");
        if (front_is_moved(supervisor)) {
            pxm_log(PXM_LOG_WARN, "daemon", NULL, "the project listens elsewhere now; that counts from the next start");
        }
    }
    if (schedules_load(&supervisor->schedules, supervisor, &error) != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "daemon", NULL, "schedules: %s", error.text);
    }
    if (sources_load(&supervisor->sources, supervisor, &error) != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "daemon", NULL, "queues and folders: %s", error.text);
    }
    rebuild_renew(&supervisor->rebuild);
    if (supervisor->was_damaged) {
        supervisor->was_damaged = false;
        rebuild_start(&supervisor->rebuild, supervisor);
    }
    jobs_look(&supervisor->jobs);
    reload_if_asked(supervisor);
}

/* As `pixmill check` shows it, to people; in one line to machines. */
static void tell_report(const struct supervisor *supervisor, const char *report)
{
    if (supervisor->options->json_log) {
        pxm_log(PXM_LOG_ERROR, "project", NULL, "%s", report);
    } else {
        fprintf(stderr, "%s", report);
    }
}

void supervisor_load_failed(struct supervisor *supervisor, const pxm_error *error, const char *report)
{
    if (report && report[0]) {
        tell_report(supervisor, report);
    }
    if (!supervisor->started) {
        fail(supervisor, DAEMON_EXIT_CONFIG, error);
        return;
    }
    sd_notify(0, "READY=1");
    pxm_log(PXM_LOG_ERROR, "daemon", NULL, "the project was not loaded anew, what ran before goes on: %s", error->text);
    reload_if_asked(supervisor);
}

void supervisor_reload(struct supervisor *supervisor)
{
    pxm_error error = {0};

    supervisor->reload_again = supervisor->coming != NULL;
    if (supervisor->coming || atomic_load(&supervisor->draining)) {
        return;
    }
    sd_notify(0, "RELOADING=1");
    if (edition_load(supervisor, &error) != PXM_OK) {
        supervisor_load_failed(supervisor, &error, NULL);
    }
}

static void on_project_changed(void *arg)
{
    supervisor_reload(arg);
}

void supervisor_note_journal(struct supervisor *supervisor, const pxm_error *error)
{
    bool sound = error->status == PXM_OK || !pxm_error_is_transient(error);

    if (atomic_exchange(&supervisor->journal_is_sound, sound) != sound) {
        pxm_log(sound ? PXM_LOG_INFO : PXM_LOG_ERROR, "daemon", NULL, "the journal %s%s",
                sound ? "is written again" : "cannot be written: ", sound ? "" : error->text);
    }
}

/* ---- signals ----------------------------------------------------------------------------------------------------- */

static void on_signals(struct loop_source *source, uint32_t events)
{
    struct supervisor *supervisor = (struct supervisor *)((char *)source - offsetof(struct supervisor, signals));
    struct signalfd_siginfo info;
    (void)events;

    while (read(source->fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            supervisor_reload(supervisor);
        } else if (info.ssi_signo == SIGUSR1) { /* `pixmill jobs` has changed the journal */
            jobs_look(&supervisor->jobs);
        } else {
            stop(supervisor);
        }
    }
}

/* Before the lock tells others whom to send them, as each would end the process. */
static void block_signals(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGINT);
    sigaddset(ret, SIGHUP);
    sigaddset(ret, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, ret, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is a full disk */
}

static pxm_status watch_signals(struct supervisor *supervisor, pxm_error *error)
{
    sigset_t set;

    block_signals(&set);
    supervisor->signals = (struct loop_source){
        .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .events = EPOLLIN, .ready = on_signals};
    if (supervisor->signals.fd < 0) {
        return pxm_error_errno(error, errno, "daemon.signals", "signals cannot be received");
    }
    return loop_watch(supervisor->loop, &supervisor->signals, error);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static pxm_status open_journal(struct supervisor *supervisor, pxm_error *error)
{
    const struct journal_options options = {
        .folder = supervisor->options->state, .loop = supervisor->loop, .keep_ms = supervisor->options->keys_keep_ms};
    struct journal_report report = {0};
    pxm_status status = journal_open(&options, &supervisor->journal, &report, error);

    if (status == PXM_OK && report.found == JOURNAL_FOUND_DAMAGED) {
        pxm_log(PXM_LOG_ERROR, "daemon", NULL,
                "the journal was damaged: %" PRId64 " rows were saved, %" PRId64 " lost; the old file is %s",
                report.kept, report.lost, report.aside);
        supervisor->was_damaged = true;
    }
    return status;
}

/* The machine may have no watch to spare; a daemon that is told of changes by SIGHUP works as well. */
static void watch_project(struct supervisor *supervisor)
{
    const char *folder = supervisor->options->project_folder;
    pxm_error error = {0};

    if (folder &&
        watch_new(supervisor->loop, folder, on_project_changed, supervisor, &supervisor->watch, &error) != PXM_OK) {
        pxm_log(PXM_LOG_WARN, "daemon", NULL, "changes of the project are not noticed, send SIGHUP: %s", error.text);
    }
}

static pxm_status open_all(struct supervisor *supervisor, pxm_error *error)
{
    pxm_status status = loop_new(&supervisor->loop, error);

    if (status == PXM_OK) {
        status = watch_signals(supervisor, error);
    }
    if (status == PXM_OK) {
        status = open_journal(supervisor, error);
    }
    if (status == PXM_OK) {
        status = observe_new(supervisor, error);
    }
    if (status == PXM_OK) {
        status = site_open(supervisor, error);
    }
    if (status == PXM_OK) {
        watch_project(supervisor);
    }
    return status == PXM_OK ? edition_load(supervisor, error) : status;
}

/* Runs end first, then what they did is journaled, then it is answered. Nothing that comes of it begins anything. */
static void close_all(struct supervisor *supervisor)
{
    atomic_store(&supervisor->draining, true);
    sources_stop(&supervisor->sources);
    rebuild_stop(&supervisor->rebuild);
    if (supervisor->was_damaged) {
        journal_stay_damaged(supervisor->journal);
    }
    editions_stop(supervisor);
    schedules_stop(&supervisor->schedules);
    journal_close(supervisor->journal);
    conclude_end(supervisor);
    jobs_stop(&supervisor->jobs);
    http_stop(supervisor->http);
    requests_stop(supervisor);
    editions_free(supervisor);
    watch_free(supervisor->watch);
    site_close(supervisor);
    observe_free(supervisor);
    if (supervisor->loop) {
        loop_unwatch(supervisor->loop, &supervisor->signals);
    }
    if (supervisor->signals.fd >= 0) {
        close(supervisor->signals.fd);
    }
    loop_free(supervisor->loop);
    if (supervisor->spool >= 0) {
        close(supervisor->spool);
    }
    state_close(supervisor->state);
}

int supervisor_run(const struct serve_options *options)
{
    struct supervisor *supervisor = calloc(1, sizeof *supervisor);
    pxm_error error = {0};

    if (!supervisor) {
        return DAEMON_EXIT_UNAVAILABLE;
    }
    supervisor->options = options;
    supervisor->policy.origins = options->origins;
    supervisor->signals.fd = -1;
    supervisor->spool = -1;
    atomic_store(&supervisor->journal_is_sound, true);
    atomic_store(&supervisor->requests.service_ms, 100);
    pthread_mutex_init(&supervisor->lock, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    block_signals(&(sigset_t){0});
    pxm_status status = supervisor_open_state(supervisor, &error);
    if (status == PXM_OK) {
        status = open_all(supervisor, &error);
    }
    if (status == PXM_OK) {
        supervisor->started_ms = loop_now_ms(supervisor->loop);
        supervisor->deadline.fire = on_drain_deadline;
        supervisor->tick.fire = on_tick;
        jobs_init(&supervisor->jobs, supervisor);
        loop_timer_set(supervisor->loop, &supervisor->tick, TICK_MS);
        loop_run(supervisor->loop);
    } else {
        pxm_log(PXM_LOG_ERROR, "daemon", NULL, "%s", error.text);
        supervisor->exit_code = DAEMON_EXIT_UNAVAILABLE;
    }
    close_all(supervisor);
    pthread_mutex_destroy(&supervisor->lock);
    int code = supervisor->exit_code;
    free(supervisor);
    return code;
}
