/* Runs commands in turn, round after round, and prints each one's CPU, wall time and peak memory, and their ratios to
 * the first one's. A ratio is the median of the ratios of the rounds, so that a machine that gets slower or faster in
 * the meantime changes none.
 *
 *   bench-compare ROUNDS LABEL COMMAND... -- LABEL COMMAND... [-- ...] */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTENDERS_MAX = 8, ROUNDS_MAX = 100, FIGURES = 3 };
enum { CPU_MS, WALL_MS, PEAK_MB };

struct contender {
    const char *label;
    char **command;
    double figures[FIGURES][ROUNDS_MAX];
};

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(const double *values, int count)
{
    double sorted[ROUNDS_MAX];

    memcpy(sorted, values, (size_t)count * sizeof *values);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static bool run(struct contender *contender, int round)
{
    struct timespec start;
    struct timespec end;
    struct rusage usage;
    int status = 0;

    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout)) {
            _exit(127);
        }
        execvp(contender->command[0], contender->command);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "%s failed\n", contender->label);
        return false;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    contender->figures[CPU_MS][round] = 1000 * (seconds(usage.ru_utime) + seconds(usage.ru_stime));
    contender->figures[WALL_MS][round] =
        1000 * ((double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
    contender->figures[PEAK_MB][round] = (double)usage.ru_maxrss / 1024;
    return true;
}

static void print(const struct contender *all, int count, int rounds)
{
    printf("  %-34s %9s %9s %8s   %6s %6s %6s\n", "", "CPU ms", "wall ms", "peak MB", "CPU", "wall", "peak");
    for (int i = 0; i < count; i++) {
        double ratios[FIGURES];
        for (int f = 0; f < FIGURES; f++) {
            double each[ROUNDS_MAX];
            for (int r = 0; r < rounds; r++) {
                each[r] = all[i].figures[f][r] / all[0].figures[f][r];
            }
            ratios[f] = median(each, rounds);
        }
        printf("  %-34s %9.0f %9.0f %8.1f   %6.3f %6.3f %6.3f\n", all[i].label, median(all[i].figures[CPU_MS], rounds),
               median(all[i].figures[WALL_MS], rounds), median(all[i].figures[PEAK_MB], rounds), ratios[CPU_MS],
               ratios[WALL_MS], ratios[PEAK_MB]);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct contender all[CONTENDERS_MAX];
    int count = 0;
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;

    for (int i = 2; i + 1 < argc && count < CONTENDERS_MAX; i++) {
        all[count].label = argv[i++];
        all[count++].command = &argv[i];
        while (i < argc && strcmp(argv[i], "--") != 0) {
            i++;
        }
        if (i < argc) {
            argv[i] = NULL;
        }
    }
    if (rounds < 1 || rounds > ROUNDS_MAX || count == 0) {
        fprintf(stderr, "usage: bench-compare ROUNDS LABEL COMMAND... [-- LABEL COMMAND...]\n");
        return 2;
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < count; i++) {
            int turn = round % 2 ? count - 1 - i : i; /* nobody is always first */
            if (!run(&all[turn], round)) {
                return 1;
            }
        }
    }
    print(all, count, rounds);
    return 0;
}
