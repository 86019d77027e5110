#include "server.h"

#include "load.h"
#include "tree.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 64, READY_MS_MAX = 60000, LOOK_EVERY_MS = 20, DEPTH_MAX = 16 };

static void fill(char *ret, size_t size, const char *word, const struct server *server, int count)
{
    const char *mark = strchr(word, '{');

    if (mark && strncmp(mark, "{port}", 6) == 0) {
        snprintf(ret, size, "%.*s%u%s", (int)(mark - word), word, server->port, mark + 6);
    } else if (mark && strncmp(mark, "{state}", 7) == 0) {
        snprintf(ret, size, "%.*s%s%s", (int)(mark - word), word, server->folder, mark + 7);
    } else if (mark && strncmp(mark, "{count}", 7) == 0) {
        snprintf(ret, size, "%.*s%d%s", (int)(mark - word), word, count, mark + 7);
    } else {
        snprintf(ret, size, "%s", word);
    }
}

/* In the child. What it says goes to a file beside its folder; it ends when we do. */
static void become(const struct server *server, const char *const *command, int count)
{
    static char words[WORDS_MAX][4096];
    char *arguments[WORDS_MAX + 1] = {0};
    char log[sizeof server->folder + 8] = "/dev/null";

    if (server->folder[0]) {
        snprintf(log, sizeof log, "%s.log", server->folder);
    }
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (int i = 0; i < WORDS_MAX && command[i]; i++) {
        fill(words[i], sizeof words[i], command[i], server, count);
        arguments[i] = words[i];
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (fd >= 0 && dup2(fd, 1) == 1 && dup2(fd, 2) == 2) {
        execvp(arguments[0], arguments);
    }
    _exit(127);
}

/* ---- servers ----------------------------------------------------------------------------------------------------- */

static uint16_t free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool fine = fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
                getsockname(fd, (struct sockaddr *)&at, &size) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return fine ? ntohs(at.sin_port) : 0;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

static bool is_ready(struct server *server, double until_ms)
{
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};

    while (load_now_ms() < until_ms) {
        if (load_get(server->port, "/ready") == 200) {
            return true;
        }
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            server->pid = -1;
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

bool server_start(struct server *server, const char *const *command)
{
    const char *base = getenv("PIXMILL_BENCH_STATE");

    *server = (struct server){.port = free_port()};
    snprintf(server->folder, sizeof server->folder, "%.40s/serve.XXXXXX", base ? base : "/tmp");
    if (server->port == 0 || !mkdtemp(server->folder)) {
        fprintf(stderr, "bench-serve: no port or no folder %s\n", server->folder);
        return false;
    }
    server->pid = fork();
    if (server->pid == 0) {
        become(server, command, 0);
    }
    if (server->pid < 0 || !is_ready(server, load_now_ms() + READY_MS_MAX)) {
        fprintf(stderr, "bench-serve: %s is not ready; see %s.log\n", command[0], server->folder);
        if (server->pid > 0) {
            kill(server->pid, SIGTERM);
            waitpid(server->pid, NULL, 0);
        }
        return false;
    }
    return true;
}

void server_stop(struct server *server)
{
    char log[sizeof server->folder + 8];

    kill(server->pid, SIGTERM);
    waitpid(server->pid, NULL, 0);
    nftw(server->folder, remove_one, DEPTH_MAX, FTW_DEPTH | FTW_PHYS);
    snprintf(log, sizeof log, "%s.log", server->folder);
    unlink(log);
}

/* ---- commands ---------------------------------------------------------------------------------------------------- */

static double ms_of(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

bool server_run(const char *const *command, int count, double *ret_cpu_ms, double *ret_wall_ms, double *ret_peak_mb)
{
    const struct server none = {0};
    struct tree_watch watch;
    struct rusage usage;
    int status = 0;
    double began_ms = load_now_ms();
    pid_t pid = fork();

    if (pid == 0) {
        become(&none, command, count);
    }
    if (pid < 0) {
        return false;
    }
    tree_watch_start(&watch, pid);
    bool fine = wait4(pid, &status, 0, &usage) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    *ret_wall_ms = load_now_ms() - began_ms;
    *ret_peak_mb = tree_watch_stop(&watch);
    *ret_cpu_ms = ms_of(usage.ru_utime) + ms_of(usage.ru_stime);
    if (!fine) {
        fprintf(stderr, "bench-serve: %s failed\n", command[0]);
    }
    return fine;
}
