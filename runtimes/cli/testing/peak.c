/* Reads the process's own memory figures. */
#include "peak.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_BYTES_MAX = 16 << 10 };

/* The figure behind `name`, in bytes; -1: not there. */
static int64_t read_status(const char *name)
{
    char text[STATUS_BYTES_MAX];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

    if (fd >= 0) {
        close(fd);
    }
    text[length > 0 ? length : 0] = '\0';
    const char *line = strstr(text, name);
    return line ? strtoll(line + strlen(name), NULL, 10) * 1024 : -1;
}

bool peak_start(struct peak *peak)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    bool reset = fd >= 0 && write(fd, "5", 1) == 1; /* sets VmHWM to VmRSS */

    if (fd >= 0) {
        close(fd);
    }
    peak->before = read_status("VmRSS:");
    return reset && peak->before >= 0;
}

int64_t peak_growth(const struct peak *peak)
{
    int64_t most = read_status("VmHWM:");

    if (most < 0) {
        return -1;
    }
    return most > peak->before ? most - peak->before : 0;
}
