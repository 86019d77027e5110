/* What Prometheus wants to know of any process, from /proc. What cannot be read keeps its last value. */
#include "daemon/metrics.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const struct metrics_description descriptions[] = {
    {METRICS_COUNTER, "process_cpu_seconds_total", "User and system CPU time of the supervisor in seconds.", NULL, NULL,
     0},
    {METRICS_GAUGE, "process_resident_memory_bytes", "Resident memory of the supervisor.", NULL, NULL, 0},
    {METRICS_GAUGE, "process_virtual_memory_bytes", "Virtual memory of the supervisor.", NULL, NULL, 0},
    {METRICS_GAUGE, "process_open_fds", "Open descriptors of the supervisor.", NULL, NULL, 0},
    {METRICS_GAUGE, "process_max_fds", "Descriptors that the supervisor may open.", NULL, NULL, 0},
    {METRICS_GAUGE, "process_threads", "Threads of the supervisor.", NULL, NULL, 0},
    {METRICS_GAUGE, "process_start_time_seconds", "When the supervisor started, in seconds since 1970.", NULL, NULL, 0},
};
enum { CPU, RESIDENT, VIRTUAL, OPEN, MOST, THREADS, START, COUNT };

struct process {
    struct metrics_family *families[COUNT];
    bool has_start; /* which the clock may not change afterwards */
};

static double boot_seconds(void)
{
    struct timespec wall, since_boot;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &since_boot);
    return (double)(wall.tv_sec - since_boot.tv_sec) + (double)(wall.tv_nsec - since_boot.tv_nsec) / 1e9;
}

/* Fields of /proc/self/stat behind the name, which may hold anything but ends at the last parenthesis: proc(5). */
static void read_stat(struct process *process)
{
    enum {
        USER = 11,
        SYSTEM = 12,
        THREAD_COUNT = 17,
        STARTED = 19,
        VIRTUAL_BYTES = 20,
        RESIDENT_PAGES = 21,
        FIELDS = 22
    };
    char text[2048];
    double fields[FIELDS] = {0};
    FILE *file = fopen("/proc/self/stat", "re");
    const size_t length = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    text[length] = '\0';
    const char *at = strrchr(text, ')');
    for (size_t i = 0; i < FIELDS; i++) {
        at = at != NULL ? strchr(at + 1, ' ') : NULL;
        if (at == NULL) {
            return;
        }
        fields[i] = (double)strtoll(at, NULL, 10); /* the first is a letter, which is nothing here */
    }
    const double ticks = (double)sysconf(_SC_CLK_TCK);
    metrics_set(process->families[CPU], (fields[USER] + fields[SYSTEM]) / ticks, NULL);
    metrics_set(process->families[THREADS], fields[THREAD_COUNT], NULL);
    if (!process->has_start) {
        metrics_set(process->families[START], boot_seconds() + fields[STARTED] / ticks, NULL);
        process->has_start = true;
    }
    metrics_set(process->families[VIRTUAL], fields[VIRTUAL_BYTES], NULL);
    metrics_set(process->families[RESIDENT], fields[RESIDENT_PAGES] * (double)sysconf(_SC_PAGESIZE), NULL);
}

static void count_descriptors(const struct process *process)
{
    struct rlimit limit;
    DIR *folder = opendir("/proc/self/fd");
    if (folder != NULL) {
        int count = -3; /* ".", ".." and the folder's own */
        while (readdir(folder) != NULL) {
            count++;
        }
        (void)closedir(folder);
        metrics_set(process->families[OPEN], count, NULL);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        metrics_set(process->families[MOST], (double)limit.rlim_cur, NULL);
    }
}

static void refresh(void *arg)
{
    struct process *process = arg;
    read_stat(process);
    count_descriptors(process);
}

bool metrics_add_process(struct metrics *metrics)
{
    struct process *process = calloc(1, sizeof *process);
    if (process == NULL) {
        return false;
    }
    for (size_t i = 0; i < COUNT; i++) {
        process->families[i] = metrics_family(metrics, &descriptions[i]); /* NULL: is left out */
    }
    if (!metrics_on_render(metrics, refresh, free, process)) {
        free(process);
        return false;
    }
    return true;
}
