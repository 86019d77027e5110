/* Files that appear whole or not at all, and bytes for devices and pipes. */
#include "write_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t length)
{
    const char *at = data;

    while (length > 0) {
        ssize_t written = write(fd, at, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return written < 0 ? -errno : -EIO;
        }
        at += written;
        length -= (size_t)written;
    }
    return 0;
}

/* Closes the descriptor; the first failure counts. */
static int end_writing(int fd, int result)
{
    int closed = close(fd) == 0 ? 0 : -errno;

    return result < 0 ? result : closed;
}

static int write_into(const char *path, const void *data, size_t length)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    return fd < 0 ? -errno : end_writing(fd, write_all(fd, data, length));
}

/* `draft` is a template for mkostemp. */
static int write_beside(const char *path, char *draft, const void *data, size_t length)
{
    int fd = mkostemp(draft, O_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    int result = write_all(fd, data, length);
    if (result == 0 && fchmod(fd, 0644) != 0) {
        result = -errno;
    }
    result = end_writing(fd, result);
    if (result == 0 && rename(draft, path) != 0) {
        result = -errno;
    }
    if (result < 0) {
        unlink(draft);
    }
    return result;
}

pxm_status write_file(const char *path, const void *data, size_t length, pxm_error *error)
{
    char *draft = NULL;
    struct stat st;
    int result = 0;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        result = write_into(path, data, length);
    } else if (asprintf(&draft, "%s.XXXXXX", path) < 0) {
        return pxm_error_no_memory(error);
    } else {
        result = write_beside(path, draft, data, length);
        free(draft);
    }
    return result < 0 ? pxm_error_errno(error, -result, NULL, path) : PXM_OK;
}
