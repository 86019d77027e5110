/* Bytes to a blob, through memory or a file without a name. A file is opened for reading alone before others get it, as
 * it may become an object of a store, which nobody may change. */
#include "app/spool.h"

#include "app/intake.h"
#include "base/blob.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/media.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOOK_BYTES = 1 << 10, /* of the start of a file, to name its type */
    NAME_TRIES = 100,
};

static pxm_status digest_failed(pxm_error *error)
{
    return pxm_error_set(error, PXM_E_INTERNAL, "internal", "libcrypto cannot compute a digest");
}

/* A full disk, a quota, and the limit on the size of files (RLIMIT_FSIZE) are the same to who sends a file. */
static pxm_status file_failed(int number, const char *what, pxm_error *error)
{
    if (number == ENOSPC || number == EDQUOT || number == EFBIG) {
        return pxm_error_set(error, PXM_E_NO_SPACE, "store.full", "%s: no space is left", what);
    }
    return pxm_error_errno(error, number, NULL, what);
}

pxm_status app_spool_init(struct app_spool *spool, int folder, int64_t expected, pxm_error *error)
{
    bool is_large = expected > APP_MEMORY_BYTES;
    *spool = (struct app_spool){.folder = folder, .fd = -1, .memory_max = is_large ? LOOK_BYTES : APP_MEMORY_BYTES};
    pxm_buf_init(&spool->memory, SIZE_MAX);
    spool->hash = pxm_sha256_new();
    return spool->hash != NULL ? PXM_OK : pxm_error_no_memory(error);
}

void app_spool_done(struct app_spool *spool)
{
    if (spool->hash == NULL) {
        return;
    }
    pxm_buf_done(&spool->memory);
    pxm_sha256_free(spool->hash);
    spool->hash = NULL;
    if (spool->fd >= 0) {
        close(spool->fd);
        spool->fd = -1;
    }
}

/* For file systems without O_TMPFILE: a file that has a name for a moment. -1: errno says why. */
static int open_unlinked(int folder)
{
    uint8_t random[12];
    char name[2 * sizeof random + 2] = ".";
    for (int i = 0; i < NAME_TRIES; i++) {
        if (pxm_random(random, sizeof random) != PXM_OK) {
            errno = EIO;
            return -1;
        }
        pxm_hex(random, sizeof random, name + 1);
        int fd = openat(folder, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (fd >= 0) {
            unlinkat(folder, name, 0);
            return fd;
        }
        if (errno != EEXIST) {
            return -1;
        }
    }
    return -1;
}

static pxm_status write_all(int fd, const char *data, size_t length, pxm_error *error)
{
    while (length > 0) {
        ssize_t count = write(fd, data, length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return file_failed(errno, "write a file of the spool", error);
        }
        data += count;
        length -= (size_t)count;
    }
    return PXM_OK;
}

/* From memory to a file. */
static pxm_status open_file(struct app_spool *spool, pxm_error *error)
{
    spool->media = pxm_media_type(spool->memory.data, spool->memory.length);
    spool->fd = openat(spool->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (spool->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        spool->fd = open_unlinked(spool->folder);
    }
    if (spool->fd < 0) {
        return file_failed(errno, "make a file in the spool", error);
    }
    pxm_status status = write_all(spool->fd, spool->memory.data, spool->memory.length, error);
    pxm_buf_done(&spool->memory);
    return status;
}

static pxm_status add_to_memory(struct app_spool *spool, const char *data, size_t length, pxm_error *error)
{
    return pxm_buf_add(&spool->memory, data, length) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

pxm_status app_spool_add(struct app_spool *spool, const void *data, size_t length, pxm_error *error)
{
    const char *from = data;
    if (pxm_sha256_update(spool->hash, data, length) != PXM_OK) {
        return digest_failed(error);
    }
    spool->length += (int64_t)length;
    if (spool->fd < 0 && spool->folder >= 0 && spool->length > (int64_t)spool->memory_max) {
        size_t look = spool->memory.length < LOOK_BYTES ? LOOK_BYTES - spool->memory.length : 0;
        look = look < length ? look : length;
        pxm_status status = add_to_memory(spool, from, look, error);
        if (status == PXM_OK) {
            status = open_file(spool, error);
        }
        if (status != PXM_OK) {
            return status;
        }
        from += look;
        length -= look;
    }
    return spool->fd >= 0 ? write_all(spool->fd, from, length, error) : add_to_memory(spool, from, length, error);
}

/* A descriptor of the same file that cannot write, or, where there is no /proc, the one that can. */
static int take_readable(struct app_spool *spool)
{
    char path[sizeof "/proc/self/fd/" + 11];
    int length = snprintf(path, sizeof path, "/proc/self/fd/%d", spool->fd);
    int fd = length > 0 && (size_t)length < sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        fd = spool->fd;
        spool->fd = -1;
    }
    return fd;
}

static pxm_status make_blob(struct app_spool *spool, pxm_blob **ret, pxm_error *error)
{
    if (spool->fd >= 0) {
        return pxm_blob_from_fd(take_readable(spool), 0, spool->length, ret, error);
    }
    spool->media = pxm_media_type(spool->memory.data, spool->memory.length);
    char *data = pxm_buf_take(&spool->memory);
    pxm_blob *blob = data != NULL ? pxm_blob_new(data, (size_t)spool->length, free, data) : NULL;
    if (blob == NULL) {
        return pxm_error_no_memory(error);
    }
    *ret = blob;
    return PXM_OK;
}

pxm_status app_spool_finish(struct app_spool *spool, pxm_blob **ret, pxm_error *error)
{
    uint8_t digest[PXM_SHA256_BYTES];
    pxm_blob *blob = NULL;
    if (pxm_sha256_final(spool->hash, digest) != PXM_OK) {
        return digest_failed(error);
    }
    pxm_status status = make_blob(spool, &blob, error);
    if (status != PXM_OK) {
        return status;
    }
    pxm_blob_set_sha256(blob, digest);
    pxm_blob_set_media(blob, spool->media);
    app_spool_done(spool);
    *ret = blob;
    return PXM_OK;
}
