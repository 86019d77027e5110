/* Runs a command and prints its CPU and wall time in ms: bench-aws-took COMMAND... */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double ms_of(struct timeval time)
{
    return 1e3 * (double)time.tv_sec + (double)time.tv_usec / 1e3;
}

static double wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + (double)now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: bench-aws-took COMMAND...\n");
        return 2;
    }
    double began_ms = wall_ms();
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench-aws-took: %s failed\n", argv[1]);
        return EXIT_FAILURE;
    }
    printf("%.3f %.3f\n", ms_of(usage.ru_utime) + ms_of(usage.ru_stime), wall_ms() - began_ms);
    return EXIT_SUCCESS;
}
