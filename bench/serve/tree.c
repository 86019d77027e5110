#include "tree.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH_MAX = 8, EVERY_MS = 40 };

typedef double read_figure(pid_t pid);

/* Milliseconds, from the fields utime, stime, cutime and cstime of proc(5). The name before them may hold anything. */
static double cpu_ms(pid_t pid)
{
    char path[64], text[1024];
    uint64_t ticks[4] = {0};

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file) {
        return 0;
    }
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *at = strrchr(text, ')');
    if (!at || sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
                      &ticks[0], &ticks[1], &ticks[2], &ticks[3]) != 4) {
        return 0;
    }
    return 1e3 * (double)(ticks[0] + ticks[1] + ticks[2] + ticks[3]) / (double)sysconf(_SC_CLK_TCK);
}

static double memory_mb(pid_t pid)
{
    char path[64], line[256];
    uint64_t kb = 0;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file) && sscanf(line, "Pss: %" SCNu64, &kb) != 1) {
    }
    if (file) {
        fclose(file);
    }
    return (double)kb / 1024;
}

static double sum(pid_t root, read_figure *of, int depth);

/* Of the children that one thread has made. */
static double sum_children(pid_t pid, const char *thread, read_figure *of, int depth)
{
    char path[64];
    double total = 0;
    int child = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", pid, thread);
    FILE *file = fopen(path, "re");
    while (file && fscanf(file, "%d", &child) == 1) {
        total += sum(child, of, depth + 1);
    }
    if (file) {
        fclose(file);
    }
    return total;
}

static double sum(pid_t root, read_figure *of, int depth)
{
    char path[64];
    const struct dirent *entry = NULL;
    double total = of(root);

    if (depth == DEPTH_MAX) {
        return total;
    }
    snprintf(path, sizeof path, "/proc/%d/task", root);
    DIR *threads = opendir(path);
    while (threads && (entry = readdir(threads))) {
        if (entry->d_name[0] != '.') {
            total += sum_children(root, entry->d_name, of, depth);
        }
    }
    if (threads) {
        closedir(threads);
    }
    return total;
}

double tree_cpu_ms(pid_t root)
{
    return sum(root, cpu_ms, 0);
}

double tree_memory_mb(pid_t root)
{
    return sum(root, memory_mb, 0);
}

static void *watch_memory(void *arg)
{
    struct tree_watch *watch = arg;
    const struct timespec time = {.tv_nsec = EVERY_MS * 1000000L};

    while (!atomic_load(&watch->over)) {
        double now_mb = tree_memory_mb(watch->root);
        watch->peak_mb = now_mb > watch->peak_mb ? now_mb : watch->peak_mb;
        nanosleep(&time, NULL);
    }
    return NULL;
}

void tree_watch_start(struct tree_watch *watch, pid_t root)
{
    *watch = (struct tree_watch){.root = root};
    if (pthread_create(&watch->thread, NULL, watch_memory, watch) != 0) {
        fprintf(stderr, "bench-serve: out of threads\n");
        exit(1);
    }
}

double tree_watch_stop(struct tree_watch *watch)
{
    atomic_store(&watch->over, true);
    pthread_join(watch->thread, NULL);
    return watch->peak_mb;
}
