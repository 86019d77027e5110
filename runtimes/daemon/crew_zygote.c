/* The supervisor's side of the zygote. It is this program again, started afresh: small, with one thread, and with none
 * of the supervisor's descriptors. One that dies is started again, and must then find the project as it was. */
#include "daemon/crew_private.h"

#include "base/log.h"
#include "base/value.h"
#include "daemon/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARSE_MS_MAX = 60000, RESTART_MS = 1000, RESTART_MS_MAX = 60000, FAILURES_MAX = 5, END_MS = 5000 };

static struct crew *crew_of_timer(struct loop_timer *timer)
{
    return (struct crew *)((char *)timer - offsetof(struct crew, zygote_timer));
}

static struct crew *crew_of(struct crew_process *process)
{
    return (struct crew *)((char *)process - offsetof(struct crew, zygote));
}

/* ---- starting ---------------------------------------------------------------------------------------------------- */

static int spawn_with(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, pid_t *ret)
{
    static char name[] = "pixmill-zygote", word[] = ZYGOTE_WORD;
    char *const arguments[] = {name, word, NULL};
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return posix_spawn(ret, "/proc/self/exe", actions, attributes, arguments, environ);
}

static int spawn(int socket, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int result = posix_spawn_file_actions_init(&actions);

    if (result != 0) {
        return result;
    }
    result = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (result == 0) {
        result = posix_spawn_file_actions_adddup2(&actions, socket, CREW_SOCKET);
    }
    if (result == 0) {
        result = posix_spawnattr_init(&attributes);
        if (result == 0) {
            result = spawn_with(&actions, &attributes, ret);
            posix_spawnattr_destroy(&attributes);
        }
    }
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

static pxm_status send_parse(struct crew *crew, pxm_error *error)
{
    pxm_value *value = pxm_value_record();

    pxm_value_set(value, "project", pxm_value_cstring(crew->project));
    pxm_value_set(value, "profile", pxm_value_cstring(crew->profile));
    pxm_value_set(value, "state", pxm_value_cstring(crew->state));
    pxm_value_set(value, "time_ms", pxm_value_int(crew->options.time_ms));
    pxm_value_set(value, "memory_max", pxm_value_int(crew->options.memory_max));
    pxm_value_set(value, "nice", pxm_value_int(crew->options.nice));
    pxm_value_set(value, "supervisor", pxm_value_int(getpid()));
    pxm_status status = pxm_value_status(value) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
    if (status == PXM_OK) {
        status = ipc_send(crew->zygote.socket.fd, CREW_PARSE, value, -1, false, error);
    }
    pxm_value_unref(value);
    return status;
}

pxm_status crew_zygote_start(struct crew *crew, pxm_error *error)
{
    int pair[2];
    pid_t pid = 0;
    pxm_status status = ipc_pair(pair, error);

    if (status != PXM_OK) {
        return status;
    }
    int result = spawn(pair[1], &pid);
    close(pair[1]);
    if (result != 0) {
        close(pair[0]);
        return pxm_error_errno(error, result, NULL, "starting a process for the project");
    }
    status = crew_process_watch(&crew->zygote, pid, error);
    if (status == PXM_OK) {
        status = crew_process_listen(&crew->zygote, pair[0], error);
    } else {
        close(pair[0]);
    }
    if (status == PXM_OK) {
        status = send_parse(crew, error);
    }
    if (status != PXM_OK) {
        crew_process_done(&crew->zygote);
        return status;
    }
    loop_timer_set(crew->options.loop, &crew->zygote_timer, PARSE_MS_MAX);
    return PXM_OK;
}

pxm_status crew_zygote_fork(struct crew *crew, int socket, pxm_error *error)
{
    if (!crew->parsed) {
        return pxm_error_set(error, PXM_E_TRANSIENT, "worker.lost", "nothing to fork a worker from");
    }
    return ipc_send(crew->zygote.socket.fd, CREW_FORK, NULL, socket, false, error);
}

/* ---- what it says ------------------------------------------------------------------------------------------------ */

/* A project that was changed belongs to another crew. */
static pxm_status take_manifest(struct crew *crew, const pxm_value *message, pxm_error *error)
{
    const pxm_value *digest = pxm_value_get(message, "digest");

    if (!digest) {
        return pxm_error_set(error, PXM_E_INTERNAL, "worker.invalid", "a manifest without a digest");
    }
    if (crew->digest) {
        return pxm_value_equal(crew->digest, digest)
                   ? PXM_OK
                   : pxm_error_set(error, PXM_E_INVALID, "project.changed",
                                   "the project was changed, so no worker of the old one can be started; reload it");
    }
    pxm_status status = app_manifest_read(pxm_value_get(message, "manifest"), &crew->manifest, error);
    if (status == PXM_OK) {
        status = said_read(pxm_value_get(message, "said"), &crew->said, error);
    }
    if (status == PXM_OK) {
        status = crew_make_places(crew, error);
    }
    if (status == PXM_OK) {
        crew->digest = pxm_value_ref(digest);
    }
    return status;
}

static void fail_with(struct crew *crew, const pxm_error *error, const char *report)
{
    if (!crew->reported) {
        crew_fail(crew, error, report);
    } else if (!crew->retiring) {
        pxm_log(PXM_LOG_ERROR, "crew", NULL, "%s: %s", error->code, error->text);
    }
}

static void parsed(struct crew *crew, const pxm_value *message)
{
    pxm_error error = {0};

    loop_timer_cancel(crew->options.loop, &crew->zygote_timer);
    if (take_manifest(crew, message, &error) != PXM_OK) {
        fail_with(crew, &error, NULL);
        crew_process_kill(&crew->zygote);
        return;
    }
    crew->parsed = true;
    crew->zygote_failures = 0;
    for (size_t i = 0; i < CREW_CLASSES; i++) {
        crew_group_fill(&crew->groups[i]);
    }
}

static void zygote_received(struct crew_process *process, const struct ipc_message *message)
{
    struct crew *crew = crew_of(process);
    pxm_error error = {0};

    switch (message->type) {
    case CREW_PARSED:
        parsed(crew, message->value);
        break;
    case CREW_REFUSED:
        ipc_error_read(pxm_value_get(message->value, "error"), &error);
        fail_with(crew, &error, pxm_value_as_string(pxm_value_get(message->value, "report"), NULL));
        break;
    case CREW_LOG:
        crew_log(message->value);
        break;
    default:
        crew_process_kill(process);
        break;
    }
}

static void zygote_closed(struct crew_process *process, const pxm_error *error)
{
    struct crew *crew = crew_of(process);

    if (error || !crew->retiring) {
        crew_process_kill(process);
    }
}

/* ---- its end ----------------------------------------------------------------------------------------------------- */

/* While the project is read: it takes too long. Later: it is time to start another one. */
static void zygote_due(struct loop_timer *timer)
{
    struct crew *crew = crew_of_timer(timer);
    pxm_error error = {0};

    if (crew->zygote.pid != 0) {
        crew_process_kill(&crew->zygote);
    } else if (!crew->retiring && crew_zygote_start(crew, &error) != PXM_OK) {
        pxm_log(PXM_LOG_ERROR, "crew", NULL, "%s: %s", error.code, error.text);
        loop_timer_set(crew->options.loop, timer, RESTART_MS_MAX);
    }
}

static void zygote_ended(struct crew_process *process, int status, const struct rusage *usage)
{
    struct crew *crew = crew_of(process);
    char death[CREW_DEATH_TEXT_MAX];
    pxm_error error = {0};
    (void)usage;

    loop_timer_cancel(crew->options.loop, &crew->zygote_timer);
    crew->parsed = false;
    crew_death_text(status, death);
    if (!crew->retiring && crew->failure.status == PXM_OK) { /* one that refuses the project ends, too */
        pxm_error_set(&error, PXM_E_INTERNAL, "worker.crashed", "the process that reads the project %s", death);
        fail_with(crew, &error, NULL);
    }
    if (!crew->retiring && crew->failure.status == PXM_OK) {
        int64_t delay = RESTART_MS << (crew->zygote_failures < FAILURES_MAX ? crew->zygote_failures : FAILURES_MAX);
        crew->zygote_failures++;
        loop_timer_set(crew->options.loop, &crew->zygote_timer, delay);
    }
    crew_settle(crew);
}

void crew_zygote_init(struct crew *crew)
{
    crew_process_init(&crew->zygote, crew->options.loop);
    crew->zygote.received = zygote_received;
    crew->zygote.closed = zygote_closed;
    crew->zygote.ended = zygote_ended;
    crew->zygote_timer.fire = zygote_due;
}

/* One that is about to fork workers finishes that first, so that each of them is known and can be waited for. One that
 * has refused the project is about to end. */
void crew_zygote_free(struct crew *crew)
{
    loop_timer_cancel(crew->options.loop, &crew->zygote_timer);
    if (crew->parsed || crew->failure.status != PXM_OK) {
        crew_process_end(&crew->zygote, END_MS);
    }
    crew_process_done(&crew->zygote);
}
