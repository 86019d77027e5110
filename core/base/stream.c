/* Readers that are pulled from, and the spool that turns one into a blob. A stream has one thread at a time. */
#include "base/stream.h"

#include "base/blob.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/job.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_BYTES = 32 << 10 };

struct pxm_stream {
    struct pxm_stream_ops ops;
    void *self;
    pxm_blob *blob;   /* what it reads from; NULL: something else */
    int64_t size;     /* -1: not known */
    int64_t position; /* bytes read since the start */
};

static int64_t read_blob(void *self, void *buffer, size_t length, pxm_error *error)
{
    pxm_stream *stream = self;
    size_t whole = 0;
    const char *data = pxm_blob_data(stream->blob, &whole);
    if (data == NULL) {
        return pxm_error_set(error, PXM_E_TRANSIENT, "io.error", "the file behind a blob cannot be mapped");
    }
    size_t left = whole - (size_t)stream->position;
    size_t count = length < left ? length : left;
    memcpy(buffer, data + stream->position, count);
    return (int64_t)count;
}

static pxm_status rewind_blob(void *self, pxm_error *error)
{
    (void)self; /* The position is the stream's own, and pxm_stream_rewind resets it. */
    (void)error;
    return PXM_OK;
}

static void close_blob(void *self)
{
    pxm_stream *stream = self;
    pxm_blob_unref(stream->blob);
}

pxm_stream *pxm_stream_new(const struct pxm_stream_ops *ops, void *self, int64_t size)
{
    struct pxm_stream_ops known = {0};
    memcpy(&known, ops, ops->struct_size < sizeof known ? ops->struct_size : sizeof known);
    pxm_stream *stream = known.read != NULL ? calloc(1, sizeof *stream) : NULL;
    if (stream == NULL) {
        if (known.close != NULL) {
            known.close(self);
        }
        return NULL;
    }
    stream->ops = known;
    stream->self = self;
    stream->size = size >= 0 ? size : -1;
    return stream;
}

pxm_stream *pxm_stream_of_blob(pxm_blob *blob)
{
    static const struct pxm_stream_ops ops = {
        .struct_size = sizeof ops, .read = read_blob, .rewind = rewind_blob, .close = close_blob};
    pxm_stream *stream = calloc(1, sizeof *stream);
    if (stream != NULL) {
        stream->ops = ops;
        stream->self = stream;
        stream->blob = pxm_blob_ref(blob);
        stream->size = (int64_t)pxm_blob_length(blob);
    }
    return stream;
}

int64_t pxm_stream_read(pxm_stream *stream, void *buffer, size_t length, pxm_error *error)
{
    if (length == 0) {
        return 0;
    }
    length = length < INT32_MAX ? length : INT32_MAX;
    int64_t count = stream->ops.read(stream->self, buffer, length, error);
    if (count > (int64_t)length || count < INT32_MIN) {
        return pxm_error_set(error, PXM_E_INTERNAL, "stream.overrun",
                             "a stream returned %" PRId64 " for a buffer of %zu bytes", count, length);
    }
    if (count > 0) {
        stream->position += count;
    }
    return count;
}

int64_t pxm_stream_size(const pxm_stream *stream)
{
    return stream->size;
}

pxm_status pxm_stream_rewind(pxm_stream *stream, pxm_error *error)
{
    if (stream->ops.rewind == NULL && stream->position == 0) {
        return PXM_OK;
    }
    if (stream->ops.rewind == NULL) {
        return pxm_error_set(error, PXM_E_INVALID, "stream.not_rewindable", "this stream can be read only once");
    }
    pxm_status status = stream->ops.rewind(stream->self, error);
    if (status == PXM_OK) {
        stream->position = 0;
    }
    return status;
}

pxm_blob *pxm_stream_peek_blob(const pxm_stream *stream)
{
    return stream->position == 0 ? stream->blob : NULL;
}

void pxm_stream_close(pxm_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    if (stream->ops.close != NULL) {
        stream->ops.close(stream->self);
    }
    free(stream);
}

/* ---- to a blob ---- */

/* What was read so far: in memory up to PXM_STREAM_SPOOL_BYTES, then all of it in a file without a name. */
struct spool {
    struct pxm_buf memory;
    int fd; /* -1: in memory */
    int64_t length;
};

static pxm_status limit_error(pxm_error *error, int64_t max_bytes)
{
    return pxm_error_set(error, PXM_E_LIMIT, "limit.bytes", "more than the %" PRId64 " bytes allowed", max_bytes);
}

/* For file systems without O_TMPFILE: a file that has a name for a moment. -1: errno says why. */
static int open_unlinked(const char *folder)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/pixmill-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    return fd;
}

/* A file that is gone with its descriptor. */
static pxm_status open_temporary(int *ret_fd, pxm_error *error)
{
    const char *folder = secure_getenv("TMPDIR");
    folder = folder != NULL && folder[0] == '/' ? folder : "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        fd = open_unlinked(folder);
    }
    if (fd < 0) {
        int number = errno;
        char what[PXM_ERROR_TEXT_MAX];
        snprintf(what, sizeof what, "make a temporary file in %.512s", folder);
        return pxm_error_errno(error, number, NULL, what);
    }
    *ret_fd = fd;
    return PXM_OK;
}

static pxm_status write_all(int fd, const char *data, size_t length, pxm_error *error)
{
    while (length > 0) {
        ssize_t count = write(fd, data, length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return pxm_error_errno(error, errno, NULL, "write a temporary file");
        }
        data += count;
        length -= (size_t)count;
    }
    return PXM_OK;
}

static pxm_status spool_to_file(struct spool *spool, pxm_error *error)
{
    pxm_status status = open_temporary(&spool->fd, error);
    if (status != PXM_OK) {
        return status;
    }
    status = write_all(spool->fd, spool->memory.data, spool->memory.length, error);
    pxm_buf_done(&spool->memory);
    return status;
}

static pxm_status spool_add(struct spool *spool, const char *data, size_t length, pxm_error *error)
{
    spool->length += (int64_t)length;
    if (spool->fd < 0 && spool->length > PXM_STREAM_SPOOL_BYTES) {
        pxm_status status = spool_to_file(spool, error);
        if (status != PXM_OK) {
            return status;
        }
    }
    if (spool->fd >= 0) {
        return write_all(spool->fd, data, length, error);
    }
    return pxm_buf_add(&spool->memory, data, length) == PXM_OK ? PXM_OK : pxm_error_no_memory(error);
}

static pxm_status spool_finish(struct spool *spool, pxm_blob **ret, pxm_error *error)
{
    if (spool->fd >= 0) {
        int fd = spool->fd;
        spool->fd = -1;
        return pxm_blob_from_fd(fd, 0, spool->length, ret, error);
    }
    char *data = pxm_buf_take(&spool->memory);
    pxm_blob *blob = data != NULL ? pxm_blob_new(data, (size_t)spool->length, free, data) : NULL;
    if (blob == NULL) {
        return pxm_error_no_memory(error);
    }
    *ret = blob;
    return PXM_OK;
}

/* Reads all that is left into the spool. */
static pxm_status spool_fill(struct spool *spool, pxm_stream *stream, pxm_job *job, int64_t max_bytes, pxm_error *error)
{
    char chunk[CHUNK_BYTES];
    for (;;) {
        pxm_status status = pxm_job_check(job, error);
        if (status != PXM_OK) {
            return status;
        }
        int64_t count = pxm_stream_read(stream, chunk, sizeof chunk, error);
        if (count <= 0) {
            return (pxm_status)count;
        }
        if (count > max_bytes - spool->length) {
            return limit_error(error, max_bytes);
        }
        status = spool_add(spool, chunk, (size_t)count, error);
        if (status != PXM_OK) {
            return status;
        }
    }
}

static void unref_blob(void *blob)
{
    pxm_blob_unref(blob);
}

/* The rest of a blob: itself, or a part that keeps it alive. */
static pxm_status rest_of_blob(pxm_stream *stream, pxm_blob **ret, pxm_error *error)
{
    pxm_blob *rest = NULL;
    if (stream->position == 0) {
        rest = pxm_blob_ref(stream->blob);
    } else {
        size_t length = 0;
        const char *data = pxm_blob_data(stream->blob, &length);
        if (data == NULL) {
            return pxm_error_set(error, PXM_E_TRANSIENT, "io.error", "the file behind a blob cannot be mapped");
        }
        rest = pxm_blob_new(data + stream->position, length - (size_t)stream->position, unref_blob,
                            pxm_blob_ref(stream->blob));
    }
    if (rest == NULL) {
        return pxm_error_no_memory(error);
    }
    stream->position = stream->size;
    *ret = rest;
    return PXM_OK;
}

pxm_status pxm_stream_to_blob(pxm_stream *stream, pxm_job *job, int64_t max_bytes, pxm_blob **ret, pxm_error *error)
{
    int64_t expected = stream->size >= 0 ? stream->size - stream->position : -1;
    if (expected > max_bytes) {
        return limit_error(error, max_bytes);
    }
    if (stream->blob != NULL) {
        return rest_of_blob(stream, ret, error);
    }
    struct spool spool = {.fd = -1};
    pxm_buf_init(&spool.memory, PXM_STREAM_SPOOL_BYTES);
    pxm_status status = spool_fill(&spool, stream, job, max_bytes, error);
    if (status == PXM_OK && expected >= 0 && spool.length != expected) {
        status = pxm_error_set(error, PXM_E_INVALID, "stream.size",
                               "the stream ended after %" PRId64 " of the %" PRId64 " bytes it announced", spool.length,
                               expected);
    }
    if (status == PXM_OK) {
        status = spool_finish(&spool, ret, error);
    }
    if (spool.fd >= 0) {
        close(spool.fd);
    }
    pxm_buf_done(&spool.memory);
    return status;
}
