/* Measures how long functions take to start: plays Lambda's runtime API for one process after the other.
 *
 *   bench-lambda ROUNDS EVENT -- NAME COMMAND... [-- NAME COMMAND...]
 *
 * Each round starts every command once, in turn. EVENT `-`: until the process asks for its first event; else a file,
 * whose bytes it is then given, until it asks for the second one. It is killed then, and the system tells what it took.
 * One round prints the answer. Medians count. */
#include "api.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTENDERS_MAX = 8, ROUNDS_MAX = 200, ARGUMENTS_MAX = 64, EVENT_BYTES_MAX = 6 << 20 };

enum figure { START_MS, ANSWER_MS, CPU_MS, PEAK_MB, FIGURES };

struct contender {
    const char *name;
    char *arguments[ARGUMENTS_MAX + 1];
    double figures[FIGURES][ROUNDS_MAX];
};

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double milliseconds(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static pid_t start(char *const *arguments)
{
    pid_t child = fork();

    if (child == 0) {
        execvp(arguments[0], arguments);
        perror(arguments[0]);
        _exit(127);
    }
    return child;
}

/* One process, from its start to its end. False: it did not do what a function does. */
static bool measure(struct contender *contender, int round, const struct api_event *event, bool shows)
{
    struct api api;
    struct rusage used;
    double answered = 0;
    int status = 0;

    if (!api_open(&api)) {
        return false;
    }
    double begun = now_ms();
    pid_t child = start(contender->arguments);
    bool asked = child > 0 && api_wait_next(&api, child);
    double first = now_ms();
    if (asked && event->length > 0) {
        asked = api_give(&api, event) && api_wait_answer(&api, child);
        answered = now_ms();
        asked = asked && (!shows || fwrite(api.body, 1, api.body_length, stdout) == api.body_length);
        asked = asked && api_wait_next(&api, child);
    }
    if (child > 0) {
        kill(child, SIGKILL);
        asked = wait4(child, &status, 0, &used) == child && asked;
    }
    api_close(&api);
    if (!asked) {
        fprintf(stderr, "%s did not ask for its event, or did not answer it\n", contender->name);
        return false;
    }
    contender->figures[START_MS][round] = first - begun;
    contender->figures[ANSWER_MS][round] = event->length > 0 ? answered - begun : 0;
    contender->figures[CPU_MS][round] = milliseconds(used.ru_utime) + milliseconds(used.ru_stime);
    contender->figures[PEAK_MB][round] = (double)used.ru_maxrss / 1024;
    return true;
}

static int by_size(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static double median(double *numbers, size_t count)
{
    qsort(numbers, count, sizeof *numbers, by_size);
    return count % 2 == 1 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

static void report(struct contender *contenders, size_t count, size_t rounds)
{
    double first[FIGURES] = {0};

    printf("  %-34s %10s %10s %10s %10s\n", "", "start ms", "answer ms", "CPU ms", "peak MB");
    for (size_t i = 0; i < count; i++) {
        printf("  %-34s", contenders[i].name);
        for (int figure = 0; figure < FIGURES; figure++) {
            double value = median(contenders[i].figures[figure], rounds);
            first[figure] = i == 0 ? value : first[figure];
            printf(" %10.1f", value);
            contenders[i].figures[figure][0] = value;
        }
        printf("\n");
    }
    for (size_t i = 1; i < count; i++) {
        printf("  %-34s", contenders[i].name);
        for (int figure = 0; figure < FIGURES; figure++) {
            printf(" %9.2fx", first[figure] > 0 ? contenders[i].figures[figure][0] / first[figure] : 0);
        }
        printf("\n");
    }
}

/* "NAME COMMAND... [-- NAME COMMAND...]"; 0: that is not what stands there. */
static size_t read_contenders(char **arguments, struct contender *ret)
{
    size_t count = 0;

    while (*arguments && count < CONTENDERS_MAX) {
        struct contender *contender = &ret[count++];
        size_t length = 0;
        contender->name = *arguments++;
        while (*arguments && strcmp(*arguments, "--") != 0 && length < ARGUMENTS_MAX) {
            contender->arguments[length++] = *arguments++;
        }
        if (length == 0 || (*arguments && strcmp(*arguments, "--") != 0)) {
            return 0;
        }
        arguments += *arguments != NULL;
    }
    return *arguments ? 0 : count;
}

static bool read_event(const char *path, struct api_event *ret)
{
    FILE *file = fopen(path, "re");

    ret->bytes = malloc(EVENT_BYTES_MAX);
    if (!file || !ret->bytes) {
        perror(path);
    } else {
        ret->length = fread(ret->bytes, 1, EVENT_BYTES_MAX, file);
    }
    if (file) {
        fclose(file);
    }
    return ret->length > 0;
}

int main(int argc, char **argv)
{
    static struct contender contenders[CONTENDERS_MAX];
    struct api_event event = {0};
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    size_t count = argc > 4 && strcmp(argv[3], "--") == 0 ? read_contenders(argv + 4, contenders) : 0;
    bool sound = rounds > 0 && rounds <= ROUNDS_MAX && count > 0;

    if (!sound) {
        fprintf(stderr, "usage: bench-lambda ROUNDS EVENT -- NAME COMMAND... [-- NAME COMMAND...]\n");
        return 2;
    }
    sound = strcmp(argv[2], "-") == 0 || read_event(argv[2], &event);
    for (int round = 0; sound && round < rounds; round++) {
        for (size_t i = 0; sound && i < count; i++) {
            sound = measure(&contenders[i], round, &event, rounds == 1);
        }
    }
    if (sound && rounds > 1) {
        report(contenders, count, (size_t)rounds);
    }
    free(event.bytes);
    return sound ? 0 : 1;
}
