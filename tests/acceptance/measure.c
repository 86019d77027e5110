/* Runs a program within limits and writes down what it took: measure REPORT MIB COMMAND [ARGUMENT...]. REPORT gets one
 * line, the largest resident set in KiB and the processor time in ms; MIB bounds the address space (0: no bound). Gives
 * the program's exit code, or 128 and the signal that ended it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(rlim_t bytes, char **command)
{
    const struct rlimit limit = {bytes, bytes};

    if (bytes > 0 && setrlimit(RLIMIT_AS, &limit) < 0) {
        perror("measure: setrlimit");
        _exit(125);
    }
    execvp(command[0], command);
    perror(command[0]);
    _exit(errno == ENOENT ? 127 : 126);
}

static long long ms_of(struct timeval time)
{
    return (long long)time.tv_sec * 1000 + time.tv_usec / 1000;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int state = 0;

    if (argc < 4) {
        fprintf(stderr, "usage: measure REPORT MIB COMMAND [ARGUMENT...]\n");
        return 2;
    }
    pid_t child = fork();
    if (child == 0) {
        become((rlim_t)strtoul(argv[2], NULL, 10) << 20, argv + 3);
    }
    if (child < 0 || wait4(child, &state, 0, &usage) < 0) {
        perror("measure");
        return 125;
    }
    FILE *report = fopen(argv[1], "we");
    if (!report || fprintf(report, "%ld %lld\n", usage.ru_maxrss, ms_of(usage.ru_utime) + ms_of(usage.ru_stime)) < 0 ||
        fclose(report) != 0) {
        perror(argv[1]);
        return 125;
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}
