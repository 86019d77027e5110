/* What a process and all its descendants use, as the kernel tells it. */
#ifndef PXM_BENCH_TREE_H
#define PXM_BENCH_TREE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

/* User and system time in milliseconds, including that of descendants that ended and were waited for. */
double tree_cpu_ms(pid_t root);
/* Proportional set size in MB: what is shared counts once. */
double tree_memory_mb(pid_t root);

/* Watches the memory of a tree until it is told to stop. */
struct tree_watch {
    pid_t root;
    pthread_t thread;
    atomic_bool over;
    double peak_mb;
};

void tree_watch_start(struct tree_watch *watch, pid_t root);
double tree_watch_stop(struct tree_watch *watch); /* the peak */

#endif
