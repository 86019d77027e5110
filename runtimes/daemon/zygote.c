/* Parses, maps, tells, then forks. A worker is forked twice, so that its parent becomes the supervisor, which collects
 * orphans (PR_SET_CHILD_SUBREAPER): it learns how each one ended and what it used. */
#include "daemon/zygote.h"

#include "app/manifest.h"
#include "base/arena.h"
#include "base/digest.h"
#include "base/job.h"
#include "base/log.h"
#include "base/value.h"
#include "daemon/confine.h"
#include "daemon/crew_messages.h"
#include "daemon/ipc.h"
#include "daemon/said.h"
#include "daemon/worker.h"
#include "engine/places.h"
#include "engine/preload.h"
#include "engine/project_handle.h"
#include "lang/diag/diag.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REPORT_BYTES_MAX = 1 << 20, BLOCK_BYTES = 128 << 10, HEAP_BYTES = 6 << 20, REPARENT_NS = 100000 };
#define OOM_SCORE "500"
enum { EXIT_FINE = 0, EXIT_LOST = 1 };

struct zygote {
    struct ipc_message start; /* CREW_PARSE; owns the strings below */
    const char *path, *profile, *state;
    struct pxm_limits limits; /* of a run, as the host allows it */
    int64_t time_ms, memory_max, nice;
    pid_t supervisor;
    struct pxm_arena *arena;
    struct pxm_registry *registry;
    const struct pxm_project *project;
    struct app_manifest *manifest;
    const struct pxm_extension *extensions;
    bool confined; /* as far as the kernel lets workers be */
    char **places; /* where they may write, NULL at the end; NULL: the kernel cannot keep them there */
    size_t place_count;
};

/* ---- what a process of ours starts with -------------------------------------------------------------------------- */

/* Pictures come as a few large blocks. One arena, and blocks of 128 KiB and more mapped by themselves, give them back
 * to the system when they are freed; what small ones of a run take is left for the next. Before anything else is
 * allocated. */
static void tune_malloc(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES);
    mallopt(M_TRIM_THRESHOLD, HEAP_BYTES);
}

/* Where memory ends for all, a worker is to go, whose run is tried again, and not the supervisor, which keeps what was
 * promised. Before the process is closed to others, as its files in /proc are then no longer its own. */
static void offer_itself(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        ssize_t written = write(fd, OOM_SCORE, sizeof OOM_SCORE - 1); /* where it may not be, all are as likely to go */
        (void)written;
        close(fd);
    }
}

/* The daemon writes the log, so that its lines are one stream in one form. */
static void send_log(void *arg, const struct pxm_log_entry *entry)
{
    pxm_value *value = pxm_value_record();
    (void)arg;

    pxm_value_set(value, "level", pxm_value_int(entry->level));
    pxm_value_set(value, "source", pxm_value_cstring(entry->source));
    pxm_value_set(value, "run", pxm_value_cstring(entry->run));
    pxm_value_set(value, "text", pxm_value_cstring(entry->text));
    if (value) {
        ipc_send(CREW_SOCKET, CREW_LOG, value, -1, true, NULL); /* nobody is left to be told when this fails */
    }
    pxm_value_unref(value);
}

/* ---- parsing ----------------------------------------------------------------------------------------------------- */

static const char *text_of(const pxm_value *record, const char *key)
{
    const pxm_value *value = pxm_value_get(record, key);

    return pxm_value_type(value) == PXM_TYPE_STRING ? pxm_value_as_string(value, NULL) : NULL;
}

static pxm_status receive_start(struct zygote *zygote, pxm_error *error)
{
    enum ipc_received received = ipc_receive(CREW_SOCKET, true, &zygote->start, error);
    const pxm_value *value = zygote->start.value;

    if (received != IPC_MESSAGE || zygote->start.type != CREW_PARSE) {
        return pxm_error_set(error, PXM_E_INTERNAL, "worker.lost", "the daemon does not say what to parse");
    }
    zygote->path = text_of(value, "project");
    zygote->profile = text_of(value, "profile");
    zygote->state = text_of(value, "state");
    zygote->time_ms = pxm_value_as_int(pxm_value_get(value, "time_ms"));
    zygote->memory_max = pxm_value_as_int(pxm_value_get(value, "memory_max"));
    zygote->nice = pxm_value_as_int(pxm_value_get(value, "nice"));
    zygote->supervisor = (pid_t)pxm_value_as_int(pxm_value_get(value, "supervisor"));
    return PXM_OK;
}

static pxm_status parse(struct zygote *zygote, struct pxm_diags *diags, pxm_error *error)
{
    const struct pxm_catalog catalog = pxm_registry_catalog(zygote->registry);
    const struct pxm_load_options load = {.path = zygote->path, .catalog = &catalog};

    zygote->project = pxm_project_parse(&load, diags);
    if (!zygote->project || diags->errors > 0) {
        return pxm_error_set(error, PXM_E_INVALID, "project.invalid", "the project has errors");
    }
    return pxm_project_preload(zygote->registry, zygote->project, error);
}

/* Of all files of the project: another zygote must have read the same. */
static pxm_status digest_project(const struct pxm_project *project, char hex[2 * PXM_SHA256_BYTES + 1],
                                 pxm_error *error)
{
    const struct pxm_source *source = project->profile_count > 0 ? project->profiles[0].span.source : NULL;
    struct pxm_sha256_stream *stream = pxm_sha256_new();
    uint8_t digest[PXM_SHA256_BYTES];
    pxm_status status = stream ? PXM_OK : PXM_E_NO_MEMORY;

    if (status == PXM_OK && source) {
        status = pxm_sha256_update(stream, source->text, source->length);
    }
    for (size_t i = 0; i < project->program_count && status == PXM_OK; i++) {
        const struct pxm_program *program = project->programs[i];
        status = pxm_sha256_update(stream, program->name, strlen(program->name) + 1);
        if (status == PXM_OK) {
            status = pxm_sha256_update(stream, program->digest, sizeof program->digest);
        }
    }
    if (status == PXM_OK) {
        status = pxm_sha256_final(stream, digest);
    }
    pxm_sha256_free(stream);
    if (status != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    pxm_hex(digest, sizeof digest, hex);
    return PXM_OK;
}

/* The command line and the environment go before what the project says. */
static void heed_project(struct zygote *zygote, const struct pxm_host_entry *host)
{
    const char *named = secure_getenv("PIXMILL_PROFILE");

    if (host && !zygote->profile && (!named || named[0] == '\0')) {
        zygote->profile = host->profile;
    }
    pxm_limits_default(&zygote->limits);
    pxm_host_limits(host, &zygote->limits, &zygote->time_ms);
    zygote->nice = host && host->nice != PXM_UNSET_INT ? host->nice : zygote->nice;
}

/* The supervisor is to answer at once however busy the workers are: what it has to do is short, and they are as many as
 * there are processors. They inherit it from here, and so do sources. */
static void give_way(const struct zygote *zygote)
{
    if (zygote->nice > getpriority(PRIO_PROCESS, 0) && setpriority(PRIO_PROCESS, 0, (int)zygote->nice) != 0) {
        pxm_log(PXM_LOG_WARN, "worker", NULL, "workers do not give way to requests: %s", strerrordesc_np(errno));
    }
}

/* Takes over the manifest. */
static pxm_status send_manifest(const struct pxm_project *project, pxm_value *manifest, pxm_error *error)
{
    char hex[2 * PXM_SHA256_BYTES + 1] = "";
    pxm_value *value = pxm_value_record();
    pxm_status status = digest_project(project, hex, error);

    pxm_value_set(value, "manifest", manifest);
    pxm_value_set(value, "said", said_write(pxm_project_host(project, SAID_HOST)));
    pxm_value_set(value, "digest", pxm_value_cstring(hex));
    if (status == PXM_OK && pxm_value_status(value) != PXM_OK) {
        status = pxm_error_no_memory(error);
    }
    if (status == PXM_OK) {
        status = ipc_send(CREW_SOCKET, CREW_PARSED, value, -1, true, error);
    }
    pxm_value_unref(value);
    return status;
}

static pxm_status tell_manifest(struct zygote *zygote, pxm_error *error)
{
    pxm_value *json = NULL;

    heed_project(zygote, pxm_project_host(zygote->project, SAID_HOST));
    const struct pxm_profile *profile = pxm_profile_choose(zygote->project, zygote->profile);
    pxm_status status = app_manifest_write(zygote->project, profile, &zygote->limits, zygote->time_ms, &json, error);
    if (status == PXM_OK) {
        status = app_manifest_read(json, &zygote->manifest, error);
    }
    if (status == PXM_OK) {
        status = send_manifest(zygote->project, pxm_value_ref(json), error);
    }
    pxm_value_unref(json);
    return status;
}

static void tell_refusal(const struct pxm_diags *diags, const pxm_error *error)
{
    pxm_value *value = pxm_value_record();
    struct pxm_buf report;

    pxm_buf_init(&report, REPORT_BYTES_MAX);
    pxm_diags_render(diags, PXM_DIAG_HUMAN, false, &report);
    pxm_value_set(value, "error", ipc_error_write(error));
    pxm_value_set(value, "report", pxm_value_string(report.data, report.length));
    ipc_send(CREW_SOCKET, CREW_REFUSED, value, -1, true, NULL);
    pxm_value_unref(value);
    pxm_buf_done(&report);
}

/* Threads of this process. */
static size_t count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    size_t count = 0;

    while (folder && readdir(folder)) {
        count++;
    }
    if (folder) {
        closedir(folder);
    }
    return count;
}

/* A fork copies one thread, and whatever the others have locked stays locked in it. */
static pxm_status check_threads(size_t before, pxm_error *error)
{
    return count_threads() <= before
               ? PXM_OK
               : pxm_error_set(error, PXM_E_INVALID, "plugin.contract",
                               "a plugin started a thread when it was loaded, so no worker can be forked");
}

static bool load_project(struct zygote *zygote, const struct zygote_options *options)
{
    struct pxm_diags diags;
    pxm_error error = {0};
    pxm_status status = PXM_OK;
    size_t threads = count_threads();

    zygote->arena = pxm_arena_new(PXM_PROJECT_BYTES_MAX);
    if (!zygote->arena) {
        return false;
    }
    pxm_diags_init(&diags, zygote->arena);
    if (options->extensions) {
        status = options->extensions(zygote->state, &zygote->extensions, &error);
    }
    if (status == PXM_OK) {
        status = pxm_registry_new(NULL, &zygote->registry, &error);
    }
    if (status == PXM_OK) {
        status = parse(zygote, &diags, &error);
    }
    if (status == PXM_OK) {
        status = check_threads(threads, &error);
    }
    if (status == PXM_OK) {
        status = tell_manifest(zygote, &error);
    }
    if (status != PXM_OK) {
        tell_refusal(&diags, &error);
    }
    return status == PXM_OK;
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

static pxm_status add_place(void *arg, const char *path)
{
    struct zygote *zygote = arg;
    char **more = realloc(zygote->places, (zygote->place_count + 2) * sizeof *more);

    if (!more) {
        return PXM_E_NO_MEMORY;
    }
    zygote->places = more;
    more[zygote->place_count] = strdup(path);
    if (!more[zygote->place_count]) {
        return PXM_E_NO_MEMORY;
    }
    more[++zygote->place_count] = NULL;
    return PXM_OK;
}

static void forget_places(struct zygote *zygote)
{
    for (size_t i = 0; i < zygote->place_count; i++) {
        free(zygote->places[i]);
    }
    free(zygote->places);
    zygote->places = NULL;
    zygote->place_count = 0;
}

/* What the profile's resources are given as paths, and the state folder, where they may be without saying so. */
static bool find_places(struct zygote *zygote)
{
    const struct pxm_profile *profile = pxm_profile_choose(zygote->project, zygote->profile);
    pxm_error error = {0};

    if (!confine_can_files()) {
        pxm_log(PXM_LOG_WARN, "worker", NULL, "workers may write everywhere: the kernel has no Landlock");
        return true;
    }
    pxm_status status = add_place(zygote, zygote->state ? zygote->state : zygote->project->root);
    if (status == PXM_OK && profile) {
        status = pxm_places_each(zygote->project, profile, add_place, zygote, &error);
    }
    return status == PXM_OK;
}

/* ---- forking ----------------------------------------------------------------------------------------------------- */

static void tell_pid(void)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "pid", pxm_value_int(getpid()));
    ipc_send(CREW_SOCKET, CREW_HELLO, value, -1, true, NULL);
    pxm_value_unref(value);
}

static int run_worker(struct zygote *zygote, pid_t between)
{
    const struct timespec pause = {.tv_nsec = REPARENT_NS};
    pxm_error error = {0};

    while (getppid() == between) {
        nanosleep(&pause, NULL);
    }
    tell_pid(); /* before anything can fail, as an orphan that nobody knows is never waited for */
    if (confine_limits(zygote->supervisor, zygote->memory_max, &error) != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "worker", NULL, "%s", error.text);
        return EXIT_LOST;
    }
    if (zygote->places && confine_files((const char *const *)zygote->places, &error) != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "worker", NULL, "%s", error.text);
        return EXIT_LOST;
    }
    if (zygote->confined) {
        confine_calls(NULL);
    }
    const struct worker_options options = {.socket = CREW_SOCKET,
                                           .registry = zygote->registry,
                                           .project = zygote->project,
                                           .manifest = zygote->manifest,
                                           .profile = zygote->profile,
                                           .extensions = zygote->extensions,
                                           .limits = zygote->limits,
                                           .time_ms = zygote->time_ms};
    return worker_main(&options);
}

/* In the process between: its child is the worker, it itself goes away at once. No exit handler and no check for leaks
 * runs in what shares all memory with another process. */
static void become_worker(struct zygote *zygote, int socket)
{
    pid_t between = getpid();
    pid_t child = fork();

    if (child != 0) {
        _exit(child < 0 ? EXIT_LOST : EXIT_FINE);
    }
    if (dup3(socket, CREW_SOCKET, O_CLOEXEC) < 0) {
        _exit(EXIT_LOST);
    }
    closefrom(CREW_SOCKET + 1);
    _exit(run_worker(zygote, between));
}

/* The supervisor sees the worker's socket closed when the fork fails. */
static void fork_worker(struct zygote *zygote, struct ipc_message *message)
{
    pid_t between = fork();

    if (between == 0) {
        become_worker(zygote, message->handle);
    }
    if (between < 0) {
        pxm_log(PXM_LOG_ERROR, "worker", NULL, "no worker can be forked: error %d", errno);
    }
    while (between > 0 && waitpid(between, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void serve(struct zygote *zygote)
{
    struct ipc_message message;
    pxm_error error = {0};

    while (ipc_receive(CREW_SOCKET, true, &message, &error) == IPC_MESSAGE) {
        if (message.type == CREW_FORK && message.handle >= 0) {
            fork_worker(zygote, &message);
        }
        ipc_message_done(&message);
    }
}

/* Asked once, in a process that is thrown away, so that each worker need not tell that its kernel cannot. */
static bool can_confine(void)
{
    int status = 0;
    pid_t probe = fork();

    if (probe == 0) {
        _exit(confine_calls(NULL) == PXM_OK ? EXIT_FINE : EXIT_LOST);
    }
    while (probe > 0 && waitpid(probe, &status, 0) < 0 && errno == EINTR) {
    }
    if (probe > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FINE) {
        return true;
    }
    pxm_log(PXM_LOG_WARN, "worker", NULL, "workers are not confined: the kernel takes no seccomp filter");
    return false;
}

int zygote_main(const struct zygote_options *options)
{
    struct zygote zygote = {0};
    pxm_error error = {0};

    tune_malloc();
    offer_itself();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
        fcntl(CREW_SOCKET, F_SETFD, FD_CLOEXEC) != 0) {
        return EXIT_LOST;
    }
    pxm_log_set_sink(send_log, NULL, PXM_LOG_INFO);
    if (receive_start(&zygote, &error) != PXM_OK || getppid() != zygote.supervisor) {
        return EXIT_LOST;
    }
    zygote.confined = can_confine();
    bool loaded = load_project(&zygote, options) && find_places(&zygote);
    if (loaded) {
        give_way(&zygote);
        serve(&zygote);
    }
    forget_places(&zygote);
    app_manifest_free(zygote.manifest);
    pxm_arena_free(zygote.arena);
    pxm_registry_free(zygote.registry);
    ipc_message_done(&zygote.start);
    return loaded ? EXIT_FINE : EXIT_LOST;
}
