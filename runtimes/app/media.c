/* Looks at the first bytes of what is served. */
#include "app/media.h"

#include "base/blob.h"
#include "base/media.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_BYTES = 1024 };

/* Reads and does not map, as a file that was cut short in the meantime would end the process. */
static size_t read_start(int fd, int64_t offset, char *buffer, size_t length)
{
    size_t got = 0;
    while (got < length) {
        ssize_t count = pread(fd, buffer + got, length - got, offset + (int64_t)got);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        got += (size_t)count;
    }
    return got;
}

const char *app_media_of_blob(const pxm_blob *blob)
{
    char start[LOOK_BYTES];
    size_t length = pxm_blob_length(blob);
    int64_t offset = 0;
    int fd = pxm_blob_fd(blob, &offset);
    const char *media = NULL;

    if (fd >= 0) {
        length = read_start(fd, offset, start, length < sizeof start ? length : sizeof start);
        media = pxm_media_type(start, length);
    } else {
        const void *data = pxm_blob_data(blob, &length);
        media = data != NULL ? pxm_media_type(data, length) : NULL;
    }
    return media != NULL ? media : "application/octet-stream";
}

bool app_media_is_inert(const char *media)
{
    static const char *const inert[] = {"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"};
    for (size_t i = 0; i < sizeof inert / sizeof inert[0]; i++) {
        if (strcmp(media, inert[i]) == 0) {
            return true;
        }
    }
    return false;
}
