#include "host.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_TRIES = 60000, PARTS_MAX = 64, LOG_BYTES = 64 << 10 };

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- starting ---------------------------------------------------------------------------------------------------- */

static void become_daemon(const struct host *host)
{
    char project[4096], state[4096];
    int log = open(host->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    snprintf(project, sizeof project, "--project=%s", host->project);
    snprintf(state, sizeof state, "--state=%s", host->state);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive its test */
    if (log >= 0 && dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0) {
        execl(host->program, "daemon", "serve", project, state, "--port=0", (char *)NULL);
    }
    _exit(127);
}

/* The port that the log names; 0: none yet. */
static uint32_t read_port(const struct host *host)
{
    static const char words[] = "ready on http://127.0.0.1:";
    char text[LOG_BYTES];
    uint32_t port = 0;
    FILE *file = fopen(host->log, "re");

    while (file && port == 0 && fgets(text, sizeof text, file)) {
        const char *at = strstr(text, words);
        port = at && strchr(at, '\n') ? (uint32_t)strtoul(at + sizeof words - 1, NULL, 10) : 0;
    }
    if (file) {
        fclose(file);
    }
    return port;
}

bool host_start(struct host *host)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t began_ms = now_ms();

    unlink(host->log);
    host->pid = fork();
    if (host->pid == 0) {
        become_daemon(host);
    }
    for (int i = 0; host->pid > 0 && i < READY_TRIES; i++) {
        uint32_t port = read_port(host);
        if (port != 0) {
            host->ready_ms = now_ms() - began_ms;
            atomic_store(&host->port, port);
            return true;
        }
        if (waitpid(host->pid, NULL, WNOHANG) == host->pid) {
            host->pid = 0;
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

int host_stop(struct host *host, int signal)
{
    int status = 0;

    atomic_store(&host->port, 0);
    if (host->pid > 0) {
        kill(host->pid, signal);
        waitpid(host->pid, &status, 0);
        host->pid = 0;
    }
    return status;
}

/* ---- its parts --------------------------------------------------------------------------------------------------- */

/* Workers have threads; what they are forked from has none. */
static size_t count_threads(pid_t pid)
{
    char path[64];
    size_t count = 0;

    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;
    while (folder && (entry = readdir(folder))) {
        count += entry->d_name[0] != '.';
    }
    if (folder) {
        closedir(folder);
    }
    return count;
}

bool host_kill_part(const struct host *host, bool zygote, unsigned random)
{
    char path[64];
    pid_t parts[PARTS_MAX];
    size_t count = 0;
    long pid = 0;

    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)host->pid, (long)host->pid);
    FILE *file = fopen(path, "re");
    while (file && count < PARTS_MAX && fscanf(file, "%ld", &pid) == 1) {
        if ((count_threads((pid_t)pid) == 1) == zygote) {
            parts[count++] = (pid_t)pid;
        }
    }
    if (file) {
        fclose(file);
    }
    return count > 0 && kill(parts[random % count], SIGKILL) == 0;
}
