/* A child process: what it says, and how it ends. The two come in any order, so whoever hears of the end has been told
 * everything that was said before. */
#include "daemon/crew_private.h"

#include "base/log.h"
#include "base/value.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGES_PER_TURN = 32 };

static void close_socket(struct crew_process *process)
{
    if (process->socket.fd >= 0) {
        loop_unwatch(process->loop, &process->socket);
        close(process->socket.fd);
        process->socket.fd = -1;
    }
}

/* Up to `most` messages; what is called may close the socket. */
static void receive(struct crew_process *process, size_t most)
{
    struct ipc_message message;
    pxm_error error = {0};

    for (size_t i = 0; i < most && process->socket.fd >= 0; i++) {
        enum ipc_received received = ipc_receive(process->socket.fd, false, &message, &error);
        if (received == IPC_NOTHING) {
            return;
        }
        if (received != IPC_MESSAGE) {
            close_socket(process);
            process->closed(process, received == IPC_BROKEN ? &error : NULL);
            return;
        }
        process->received(process, &message);
        ipc_message_done(&message);
    }
}

static void socket_ready(struct loop_source *source, uint32_t events)
{
    struct crew_process *process = (struct crew_process *)((char *)source - offsetof(struct crew_process, socket));
    (void)events;

    receive(process, MESSAGES_PER_TURN);
}

static void stop_watching(struct crew_process *process)
{
    close_socket(process);
    if (process->exit.fd >= 0) {
        loop_unwatch(process->loop, &process->exit);
        close(process->exit.fd);
        process->exit.fd = -1;
    }
    process->pid = 0;
    process->pidfd = -1;
}

static void exit_ready(struct loop_source *source, uint32_t events)
{
    struct crew_process *process = (struct crew_process *)((char *)source - offsetof(struct crew_process, exit));
    struct rusage usage;
    int status = 0;
    (void)events;

    receive(process, SIZE_MAX); /* it says no more, so this ends */
    if (wait4(process->pid, &status, WNOHANG, &usage) != process->pid) {
        return;
    }
    stop_watching(process);
    process->ended(process, status, &usage);
}

void crew_process_init(struct crew_process *process, struct loop *loop)
{
    process->loop = loop;
    process->pid = 0;
    process->pidfd = -1;
    process->socket = (struct loop_source){.fd = -1, .events = EPOLLIN, .ready = socket_ready};
    process->exit = (struct loop_source){.fd = -1, .events = EPOLLIN, .ready = exit_ready};
}

pxm_status crew_process_listen(struct crew_process *process, int socket, pxm_error *error)
{
    process->socket.fd = socket;
    pxm_status status = loop_watch(process->loop, &process->socket, error);

    if (status != PXM_OK) {
        close(socket);
        process->socket.fd = -1;
    }
    return status;
}

pxm_status crew_process_watch(struct crew_process *process, pid_t pid, pxm_error *error)
{
    siginfo_t info;

    if (process->pid != 0 || pid <= 0 || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        return pxm_error_set(error, PXM_E_INTERNAL, "worker.invalid", "it says that it is another process");
    }
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0) {
        return pxm_error_errno(error, errno, NULL, "a process cannot be watched");
    }
    process->exit.fd = pidfd;
    pxm_status status = loop_watch(process->loop, &process->exit, error);
    if (status != PXM_OK) {
        close(pidfd);
        process->exit.fd = -1;
        return status;
    }
    process->pid = pid;
    process->pidfd = pidfd;
    return PXM_OK;
}

void crew_process_kill(const struct crew_process *process)
{
    if (process->pidfd >= 0) {
        pidfd_send_signal(process->pidfd, SIGKILL, NULL, 0);
    }
}

void crew_process_hang_up(struct crew_process *process)
{
    if (process->socket.fd >= 0) {
        shutdown(process->socket.fd, SHUT_WR);
    }
}

void crew_process_hear(struct crew_process *process, int wait_ms)
{
    struct pollfd source = {.fd = process->socket.fd, .events = POLLIN};

    if (source.fd >= 0 && poll(&source, 1, wait_ms) > 0) {
        receive(process, 1);
    }
}

void crew_process_end(struct crew_process *process, int wait_ms)
{
    struct pollfd source = {.fd = process->pidfd, .events = POLLIN};

    crew_process_hang_up(process);
    if (source.fd >= 0) {
        poll(&source, 1, wait_ms);
    }
    crew_process_done(process);
}

void crew_process_done(struct crew_process *process)
{
    crew_process_kill(process);
    while (process->pid > 0 && waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    stop_watching(process);
}

void crew_death_text(int status, char text[CREW_DEATH_TEXT_MAX])
{
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        snprintf(text, CREW_DEATH_TEXT_MAX, "was ended by signal %d (%s)", WTERMSIG(status), name ? name : "unknown");
    } else {
        snprintf(text, CREW_DEATH_TEXT_MAX, "exited with status %d", WEXITSTATUS(status));
    }
}

void crew_log(const pxm_value *message)
{
    int64_t level = pxm_value_as_int(pxm_value_get(message, "level"));
    const pxm_value *run = pxm_value_get(message, "run");

    level = level < PXM_LOG_DEBUG ? PXM_LOG_DEBUG : level > PXM_LOG_ERROR ? PXM_LOG_ERROR : level;
    pxm_log((int32_t)level, pxm_value_as_string(pxm_value_get(message, "source"), NULL),
            pxm_value_type(run) == PXM_TYPE_STRING ? pxm_value_as_string(run, NULL) : NULL, "%s",
            pxm_value_as_string(pxm_value_get(message, "text"), NULL));
}
