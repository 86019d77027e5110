/* From the body of a put to a durable draft: taken over, shared by the file system, or copied, with its SHA-256.
 * [any] */
#include "localfs.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { CHUNK_BYTES = 256 << 10, RANGE_BYTES = 16 << 20, SHA256_BYTES = 32 };

void localfs_hex(const uint8_t *digest, char text[LOCALFS_SHA256_TEXT])
{
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    }
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);
        if (written < 0 && errno != EINTR) {
            return -errno;
        }
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

/* Reads the body to its end into `fd`; `digest` (may be NULL) sees all bytes. */
static pxm_status copy_chunks(const struct localfs *fs, pxm_job *job, const struct pxm_put *put, int fd,
                              EVP_MD_CTX *digest, char *chunk, pxm_error *error)
{
    int64_t promised = fs->host->stream_size(put->body), total = 0;
    for (;;) {
        pxm_status status = localfs_in_time(fs, job, put->key, error);
        if (status != PXM_OK) {
            return status;
        }
        int64_t length = fs->host->stream_read(put->body, chunk, CHUNK_BYTES, error);
        if (length < 0) {
            return (pxm_status)length;
        }
        if (length == 0) {
            break;
        }
        if (digest && EVP_DigestUpdate(digest, chunk, (size_t)length) != 1) {
            return localfs_fail_memory(fs, error);
        }
        int result = write_all(fd, chunk, (size_t)length);
        if (result < 0) {
            return localfs_fail(fs, error, -result, "write", put->key);
        }
        total += length;
    }
    if (promised >= 0 && promised != total) {
        return fs->host->fail(error, PXM_E_INVALID, "store.truncated",
                              "the body of \"%s\" has %" PRId64 " bytes and not the %" PRId64 " that it should have",
                              put->key, total, promised);
    }
    return PXM_OK;
}

/* `sha256` is filled in unless it is known already. */
static pxm_status copy_stream(const struct localfs *fs, pxm_job *job, const struct pxm_put *put, int fd,
                              char sha256[LOCALFS_SHA256_TEXT], pxm_error *error)
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *digest = sha256[0] ? NULL : EVP_MD_CTX_new();
    char *chunk = malloc(CHUNK_BYTES);
    pxm_status status;
    if (!chunk || (!sha256[0] && (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1))) {
        status = localfs_fail_memory(fs, error);
        goto out;
    }
    status = copy_chunks(fs, job, put, fd, digest, chunk, error);
    if (status == PXM_OK && digest) {
        if (EVP_DigestFinal_ex(digest, bytes, NULL) != 1) {
            status = localfs_fail_memory(fs, error);
            goto out;
        }
        localfs_hex(bytes, sha256);
    }
out:
    EVP_MD_CTX_free(digest);
    free(chunk);
    return status;
}

static bool cannot_copy_range(int number)
{
    return number == EXDEV || number == EINVAL || number == ENOSYS || number == EOPNOTSUPP || number == EBADF ||
           number == EPERM || number == ETXTBSY;
}

/* Lets the kernel copy the file behind a blob, without touching the bytes where the file system can share them.
 * *ret_done stays false where it cannot; then nothing was written. */
static pxm_status copy_range(const struct localfs *fs, pxm_job *job, const struct pxm_put *put, const pxm_blob *blob,
                             int fd, bool *ret_done, pxm_error *error)
{
    int64_t from = 0;
    int source = fs->host->blob_fd(blob, &from);
    size_t left = fs->host->blob_length(blob);
    for (bool first = true; source >= 0 && left > 0; first = false) {
        pxm_status status = localfs_in_time(fs, job, put->key, error);
        if (status != PXM_OK) {
            return status;
        }
        ssize_t copied = copy_file_range(source, &from, fd, NULL, left < RANGE_BYTES ? left : RANGE_BYTES, 0);
        if (copied < 0 && first && cannot_copy_range(errno)) {
            return PXM_OK;
        }
        if (copied <= 0) {
            return localfs_fail(fs, error, copied < 0 ? errno : EIO, "write", put->key);
        }
        left -= (size_t)copied;
    }
    *ret_done = source >= 0;
    return PXM_OK;
}

/* The file behind a blob becomes the object itself, if it is a whole file without a name on our file system, as the
 * host makes for uploads. A blob never changes, so neither does the object. */
static bool adopt(const struct localfs *fs, const struct pxm_put *put, const pxm_blob *blob, const char *sha256,
                  struct localfs_draft *draft, pxm_error *error)
{
    struct stat stat;
    int64_t offset = 0;
    size_t length;
    pxm_blob *json = NULL;
    int fd = fs->host->blob_fd(blob, &offset);
    if (fd < 0 || fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_nlink != 0 || offset != 0 ||
        stat.st_size != (off_t)fs->host->blob_length(blob) ||
        localfs_object_describe(fs, put, sha256, &stat, &json, error) != PXM_OK) {
        return false;
    }
    const void *text = fs->host->blob_data(json, &length);
    bool adopted = text && localfs_draft_adopt(fs, draft, fd, text, length) == 0;
    fs->host->blob_unref(json);
    return adopted;
}

static pxm_status set_attributes(const struct localfs *fs, const struct pxm_put *put, const char *sha256, int fd,
                                 pxm_error *error)
{
    struct stat stat;
    size_t length;
    pxm_blob *json = NULL;
    if (fstat(fd, &stat) != 0) {
        return localfs_fail(fs, error, errno, "write", put->key);
    }
    pxm_status status = localfs_object_describe(fs, put, sha256, &stat, &json, error);
    if (status != PXM_OK) {
        return status;
    }
    const void *text = fs->host->blob_data(json, &length);
    int number = fsetxattr(fd, LOCALFS_ATTRIBUTE, text, length, 0) == 0 ? 0 : errno;
    fs->host->blob_unref(json);
    if (number == EOPNOTSUPP && (put->cache_control || put->meta)) {
        return fs->host->fail(
            error, PXM_E_INVALID, "store.unsupported",
            "cannot put \"%s\": the file system of %s has no extended attributes to keep cache control "
            "or meta in",
            put->key, fs->config->root);
    }
    return number == 0 || number == EOPNOTSUPP ? PXM_OK
                                               : localfs_fail(fs, error, number, "write attributes of", put->key);
}

/* Writes the body to a new file. `blob` and its `sha256` are given where they are known. */
static pxm_status copy_body(const struct localfs *fs, pxm_job *job, const struct pxm_put *put, const pxm_blob *blob,
                            struct localfs_draft *draft, char sha256[LOCALFS_SHA256_TEXT], pxm_error *error)
{
    bool copied = false;
    pxm_status status = PXM_OK;
    int result = localfs_draft_create(fs, draft);
    if (result < 0) {
        return localfs_fail(fs, error, -result, "make a file for", put->key);
    }
    if (blob) {
        status = copy_range(fs, job, put, blob, draft->fd, &copied, error);
    }
    if (status == PXM_OK && !copied) {
        status = copy_stream(fs, job, put, draft->fd, sha256, error);
    }
    if (status == PXM_OK) {
        status = set_attributes(fs, put, sha256, draft->fd, error);
    }
    return status;
}

pxm_status localfs_body_write(const struct localfs *fs, pxm_job *job, const struct pxm_put *put,
                              struct localfs_draft *draft, char sha256[LOCALFS_SHA256_TEXT], pxm_error *error)
{
    pxm_status status = PXM_OK;
    pxm_blob *blob = fs->host->stream_peek_blob(put->body);
    const uint8_t *digest = blob ? fs->host->blob_sha256(blob) : NULL;
    if (digest) {
        localfs_hex(digest, sha256);
    }
    if (!digest || !adopt(fs, put, blob, sha256, draft, error)) {
        status = copy_body(fs, job, put, digest ? blob : NULL, draft, sha256, error);
    }
    /* A file whose flush failed is thrown away: another flush would report success for lost pages. */
    if (status == PXM_OK && fsync(draft->fd) != 0) {
        status = localfs_fail(fs, error, errno, "make durable", put->key);
    }
    return status;
}
