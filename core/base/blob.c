/* Counted immutable bytes. Shared by any threads: what is made late (mapping, hash) is made once under a lock. */
#include "base/blob.h"

#include "base/digest.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEDIA_MAX = 128, ETAG_MAX = 128, WINDOW_BYTES = 4 << 20 };

/* The bytes, which for a file appear when somebody asks. Apart from the blob, as that is const to who only reads. */
struct bytes {
    pthread_mutex_t lock;       /* held while mapping and hashing */
    _Atomic(const void *) data; /* NULL: not mapped yet */
    void *map;                  /* whole pages around data; NULL: none */
    size_t map_length;
    atomic_bool has_hash;
    uint8_t hash[PXM_SHA256_BYTES];
};

struct pxm_blob {
    atomic_size_t refs;
    size_t length;
    int fd; /* -1: in memory */
    int64_t offset;
    void (*release)(void *); /* of data in memory; may be NULL */
    void *arg;
    struct bytes *bytes; /* behind the blob, in the same piece of memory */
    char media[MEDIA_MAX];
    char etag[ETAG_MAX];
};

struct blob_and_bytes {
    pxm_blob blob;
    struct bytes bytes;
};

static pxm_blob *new_blob(const void *data, size_t length)
{
    struct blob_and_bytes *both = calloc(1, sizeof *both);
    if (both == NULL || pthread_mutex_init(&both->bytes.lock, NULL) != 0) {
        free(both);
        return NULL;
    }
    atomic_init(&both->blob.refs, 1);
    atomic_init(&both->bytes.data, length > 0 ? data : "");
    both->blob.length = length;
    both->blob.fd = -1;
    both->blob.bytes = &both->bytes;
    return &both->blob;
}

pxm_blob *pxm_blob_new(const void *data, size_t length, void (*release)(void *), void *arg)
{
    pxm_blob *blob = new_blob(data, length);
    if (blob == NULL) {
        if (release != NULL) {
            release(arg);
        }
        return NULL;
    }
    blob->release = release;
    blob->arg = arg;
    return blob;
}

pxm_blob *pxm_blob_copy(const void *data, size_t length)
{
    if (length == 0) {
        return new_blob(NULL, 0);
    }
    void *copy = malloc(length);
    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, data, length);
    return pxm_blob_new(copy, length, free, copy);
}

/* The range must lie inside the file, or reading the mapping would end the process. */
static pxm_status check_range(int fd, int64_t offset, int64_t length, pxm_error *error)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return pxm_error_errno(error, errno, NULL, "read the size of a file");
    }
    if (!S_ISREG(info.st_mode)) {
        return pxm_error_set(error, PXM_E_INVALID, "io.invalid", "not a regular file");
    }
    if (offset < 0 || length < 0 || offset > info.st_size || length > info.st_size - offset) {
        return pxm_error_set(error, PXM_E_INVALID, "io.invalid",
                             "%" PRId64 " bytes from %" PRId64 " on are not all in a file of %" PRId64 " bytes", length,
                             offset, (int64_t)info.st_size);
    }
    return PXM_OK;
}

pxm_status pxm_blob_from_fd(int fd, int64_t offset, int64_t length, pxm_blob **ret, pxm_error *error)
{
    pxm_status status = check_range(fd, offset, length, error);
    if (status != PXM_OK) {
        goto out;
    }
    pxm_blob *blob = new_blob(NULL, (size_t)length);
    if (blob == NULL) {
        status = pxm_error_no_memory(error);
        goto out;
    }
    blob->fd = fd;
    blob->offset = offset;
    *ret = blob;
    return PXM_OK;
out:
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

pxm_status pxm_blob_open(const char *path, int64_t max, pxm_blob **ret, pxm_error *error)
{
    /* Not blocking, as opening a FIFO would otherwise wait for its writer before we can refuse it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return pxm_error_errno(error, errno, NULL, path);
    }
    struct stat info;
    pxm_status status = PXM_OK;
    if (fstat(fd, &info) != 0) {
        status = pxm_error_errno(error, errno, NULL, path);
    } else if (!S_ISREG(info.st_mode)) {
        status = pxm_error_set(error, PXM_E_INVALID, "io.invalid", "%s: not a regular file", path);
    } else if (info.st_size > max) {
        status = pxm_error_set(error, PXM_E_LIMIT, "limit.bytes",
                               "%s: %" PRId64 " bytes are more than the %" PRId64 " allowed", path,
                               (int64_t)info.st_size, max);
    }
    if (status != PXM_OK) {
        close(fd);
        return status;
    }
    return pxm_blob_from_fd(fd, 0, info.st_size, ret, error);
}

pxm_blob *pxm_blob_ref(pxm_blob *blob)
{
    if (blob != NULL) {
        atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
    }
    return blob;
}

void pxm_blob_unref(pxm_blob *blob)
{
    if (blob == NULL || atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (blob->bytes->map != NULL) {
        munmap(blob->bytes->map, blob->bytes->map_length);
    }
    if (blob->fd >= 0) {
        close(blob->fd);
    }
    if (blob->release != NULL) {
        blob->release(blob->arg);
    }
    pthread_mutex_destroy(&blob->bytes->lock);
    free(blob);
}

/* Maps the pages around the range; under the lock. */
static const void *map_bytes(const pxm_blob *blob)
{
    int64_t page = sysconf(_SC_PAGESIZE);
    size_t lead = (size_t)(blob->offset % page), total = 0;
    if (__builtin_add_overflow(blob->length, lead, &total)) {
        return NULL;
    }
    void *map = mmap(NULL, total, PROT_READ, MAP_PRIVATE, blob->fd, blob->offset - (int64_t)lead);
    if (map == MAP_FAILED) {
        return NULL;
    }
    blob->bytes->map = map;
    blob->bytes->map_length = total;
    return (const char *)map + lead;
}

const void *pxm_blob_data(const pxm_blob *blob, size_t *ret_length)
{
    struct bytes *bytes = blob->bytes;
    const void *data = atomic_load_explicit(&bytes->data, memory_order_acquire);
    if (data == NULL && blob->fd >= 0) {
        pthread_mutex_lock(&bytes->lock);
        data = atomic_load_explicit(&bytes->data, memory_order_relaxed);
        if (data == NULL) {
            data = map_bytes(blob);
            atomic_store_explicit(&bytes->data, data, memory_order_release);
        }
        pthread_mutex_unlock(&bytes->lock);
    }
    if (data != NULL && ret_length != NULL) {
        *ret_length = blob->length;
    }
    return data;
}

size_t pxm_blob_length(const pxm_blob *blob)
{
    return blob->length;
}

int pxm_blob_fd(const pxm_blob *blob, int64_t *ret_offset)
{
    if (blob->fd >= 0 && ret_offset != NULL) {
        *ret_offset = blob->offset;
    }
    return blob->fd;
}

/* Of a file, in windows: all of a large one would fill the memory. */
static pxm_status hash_file(const pxm_blob *blob, uint8_t hash[PXM_SHA256_BYTES])
{
    int64_t page = sysconf(_SC_PAGESIZE), end = blob->offset + (int64_t)blob->length;
    struct pxm_sha256_stream *stream = pxm_sha256_new();
    pxm_status status = stream != NULL ? PXM_OK : PXM_E_NO_MEMORY;
    for (int64_t at = blob->offset; status == PXM_OK && at < end; at += WINDOW_BYTES) {
        size_t lead = (size_t)(at % page), left = (size_t)(end - at);
        size_t length = left < WINDOW_BYTES ? left : WINDOW_BYTES;
        char *map = mmap(NULL, lead + length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, blob->fd, at - (int64_t)lead);
        if (map == MAP_FAILED) {
            status = PXM_E_TRANSIENT;
        } else {
            status = pxm_sha256_update(stream, map + lead, length);
            munmap(map, lead + length);
        }
    }
    status = status == PXM_OK ? pxm_sha256_final(stream, hash) : status;
    pxm_sha256_free(stream);
    return status;
}

const uint8_t *pxm_blob_sha256(pxm_blob *blob)
{
    struct bytes *bytes = blob->bytes;
    if (atomic_load_explicit(&bytes->has_hash, memory_order_acquire)) {
        return bytes->hash;
    }
    bool is_file = blob->fd >= 0 && blob->length > WINDOW_BYTES;
    const void *data = is_file ? NULL : pxm_blob_data(blob, NULL);
    if (!is_file && data == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&bytes->lock);
    bool has_hash = atomic_load_explicit(&bytes->has_hash, memory_order_relaxed);
    if (!has_hash) {
        has_hash = (is_file ? hash_file(blob, bytes->hash) : pxm_sha256(data, blob->length, bytes->hash)) == PXM_OK;
        atomic_store_explicit(&bytes->has_hash, has_hash, memory_order_release);
    }
    pthread_mutex_unlock(&bytes->lock);
    return has_hash ? bytes->hash : NULL;
}

void pxm_blob_set_sha256(pxm_blob *blob, const uint8_t digest[PXM_SHA256_BYTES])
{
    memcpy(blob->bytes->hash, digest, PXM_SHA256_BYTES);
    atomic_store_explicit(&blob->bytes->has_hash, true, memory_order_release);
}

const uint8_t *pxm_blob_known_sha256(const pxm_blob *blob)
{
    return atomic_load_explicit(&blob->bytes->has_hash, memory_order_acquire) ? blob->bytes->hash : NULL;
}

/* What is too long is left out: a part of it would say something else. */
static void set_text(char *to, size_t size, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    if (length >= size) {
        length = 0;
    }
    if (length > 0) {
        memcpy(to, text, length);
    }
    to[length] = '\0';
}

void pxm_blob_set_media(pxm_blob *blob, const char *media)
{
    set_text(blob->media, sizeof blob->media, media);
}

const char *pxm_blob_media(const pxm_blob *blob)
{
    return blob->media[0] != '\0' ? blob->media : NULL;
}

void pxm_blob_set_etag(pxm_blob *blob, const char *etag)
{
    set_text(blob->etag, sizeof blob->etag, etag);
}

const char *pxm_blob_etag(const pxm_blob *blob)
{
    return blob->etag[0] != '\0' ? blob->etag : NULL;
}

static void release_blob(void *blob)
{
    pxm_blob_unref(blob);
}

/* The range has been checked when the first blob was made. */
static pxm_blob *another(pxm_blob *blob)
{
    if (blob->fd < 0) {
        return pxm_blob_new(pxm_blob_data(blob, NULL), blob->length, release_blob, blob);
    }
    int fd = fcntl(blob->fd, F_DUPFD_CLOEXEC, 0);
    pxm_blob *copy = fd >= 0 ? new_blob(NULL, blob->length) : NULL;
    if (copy != NULL) {
        copy->fd = fd;
        copy->offset = blob->offset;
    } else if (fd >= 0) {
        close(fd);
    }
    pxm_blob_unref(blob);
    return copy;
}

pxm_blob *pxm_blob_own(pxm_blob *blob)
{
    if (atomic_load_explicit(&blob->refs, memory_order_acquire) == 1) {
        return blob;
    }
    pxm_blob *copy = another(pxm_blob_ref(blob));
    if (copy != NULL) {
        memcpy(copy->media, blob->media, sizeof copy->media);
        memcpy(copy->etag, blob->etag, sizeof copy->etag);
        if (atomic_load_explicit(&blob->bytes->has_hash, memory_order_acquire)) {
            pxm_blob_set_sha256(copy, blob->bytes->hash);
        }
    }
    pxm_blob_unref(blob);
    return copy;
}
