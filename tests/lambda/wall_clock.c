/* Preloaded into a program, sets its wall clock, and no other of its clocks, forward by as many seconds as the file in
 * WALL_CLOCK holds, eight bytes in the order of this machine. Who writes there moves the clock of a program that
 * runs. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const _Atomic int64_t *ahead; /* seconds */
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void find(void)
{
    const char *path = getenv("WALL_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = fd >= 0 ? mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    ahead = page != MAP_FAILED ? page : NULL;
    if (fd >= 0) {
        close(fd);
    }
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = real_clock_gettime ? real_clock_gettime(clock, time) : -1;

    if (result == 0 && clock == CLOCK_REALTIME && ahead) {
        time->tv_sec += atomic_load(ahead);
    }
    return result;
}
