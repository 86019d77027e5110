/* One file that was dropped: is it new, is it whole, and the mark that says that it was told. [any] */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK_BYTES = 256 << 10 };

/* ---- marks ---- */

/* Attributes that somebody else wrote there, or that are damaged, are as good as none. */
static int load(const struct localfs *fs, struct localfs_object *object, const char *key, pxm_error *error)
{
    switch (localfs_object_load(fs, object, key, error)) {
    case PXM_OK:
    case PXM_E_INTERNAL:
        return 0;
    case PXM_E_NO_MEMORY:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

static bool is_untaken(const struct localfs *fs, const struct localfs_object *object)
{
    return fs->host->value_as_bool(fs->host->value_get(object->attributes, LOCALFS_UNTAKEN)) != 0;
}

/* The digest that put or a mark gave still belongs to these bytes. */
static bool is_marked(const struct localfs *fs, const struct localfs_object *object)
{
    return object->sha256[0] && !is_untaken(fs, object);
}

/* What was there, with this digest of these bytes, as JSON; NULL: no memory. */
static pxm_blob *describe(const struct localfs *fs, const struct localfs_object *object, const char *sha256,
                          bool untaken, pxm_error *error)
{
    static const char *const kept[] = {"content_type", "cache_control", "meta"};
    const struct pxm_host *host = fs->host;
    pxm_value *record = host->value_record();
    pxm_blob *json = NULL;
    if (!record) {
        return NULL;
    }
    host->value_set(record, "sha256", localfs_text(fs, sha256));
    host->value_set(record, "mtime_ns", host->value_int(localfs_object_modified_ns(object)));
    if (untaken) {
        host->value_set(record, LOCALFS_UNTAKEN, host->value_bool(1));
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const pxm_value *value = host->value_get(object->attributes, kept[i]);
        if (value) {
            host->value_set(record, kept[i], host->value_ref(value));
        }
    }
    pxm_status status = host->value_to_json(record, &json, error);
    host->value_unref(record);
    return status == PXM_OK ? json : NULL;
}

/* What a file system or a foreign owner forbids; the file is told all the same. */
static bool cannot_mark(int number)
{
    return number == EOPNOTSUPP || number == EACCES || number == EPERM || number == EROFS || number == ENOSPC ||
           number == EDQUOT || number == E2BIG || number == ERANGE;
}

/* 1: marked, 0: it cannot be, or a negative errno. */
static int mark(const struct localfs *fs, const struct localfs_object *object, const char *sha256, bool untaken,
                pxm_error *error)
{
    size_t length = 0;
    pxm_blob *json = describe(fs, object, sha256, untaken, error);
    const void *text = json ? fs->host->blob_data(json, &length) : NULL;
    if (!text) {
        fs->host->blob_unref(json);
        return -ENOMEM;
    }
    int number = fsetxattr(object->fd, LOCALFS_ATTRIBUTE, text, length, 0) == 0 ? 0 : errno;
    fs->host->blob_unref(json);
    if (number) {
        return cannot_mark(number) ? 0 : -number;
    }
    return 1;
}

static bool can_be_marked(const struct localfs_object *object)
{
    return fgetxattr(object->fd, LOCALFS_ATTRIBUTE, NULL, 0) >= 0 || errno != EOPNOTSUPP;
}

enum localfs_mark localfs_file_mark(const struct localfs *fs, int folder, const char *key, pxm_error *error)
{
    struct localfs_object object;
    if (localfs_object_open(fs, folder, key, &object) < 0) {
        return LOCALFS_MARK_MISSING;
    }
    enum localfs_mark found = can_be_marked(&object) ? LOCALFS_MARK_MISSING : LOCALFS_MARK_IMPOSSIBLE;
    if (load(fs, &object, key, error) == 0 && is_marked(fs, &object)) {
        found = LOCALFS_MARK_THERE;
    }
    localfs_object_done(fs, &object);
    return found;
}

/* ---- is it whole? ---- */

static bool was_written_lately(const struct localfs_object *object)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return now_ms - localfs_object_modified_ms(object) < LOCALFS_SETTLE_MS;
}

/* Whether the file has come to rest: somebody closed it, or it did not change for a while. A time in the future says
 * nothing, so such a file is watched for that while. */
static bool is_settled(struct localfs_seen *seen, const struct localfs_object *object)
{
    int64_t mtime_ns = localfs_object_modified_ns(object);
    bool settled = seen->closed || seen->mtime_ns == mtime_ns || !was_written_lately(object);
    seen->mtime_ns = mtime_ns;
    return settled;
}

static int hash_chunks(const struct localfs *fs, const pxm_job *job, int fd, EVP_MD_CTX *digest, char *chunk)
{
    for (off_t at = 0;;) {
        ssize_t length = pread(fd, chunk, CHUNK_BYTES, at);
        if (fs->host->remaining_ms(job) <= 0) {
            return -ETIME;
        }
        if (length < 0 && errno != EINTR) {
            return -errno;
        }
        if (length == 0) {
            return 0;
        }
        if (length > 0 && EVP_DigestUpdate(digest, chunk, (size_t)length) != 1) {
            return -ENOMEM;
        }
        at += length > 0 ? length : 0;
    }
}

static int hash(const struct localfs *fs, const pxm_job *job, int fd, char sha256[LOCALFS_SHA256_TEXT])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    char *chunk = malloc(CHUNK_BYTES);
    int result = -ENOMEM;
    if (chunk && digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1) {
        result = hash_chunks(fs, job, fd, digest, chunk);
    }
    if (result == 0 && EVP_DigestFinal_ex(digest, bytes, NULL) != 1) {
        result = -ENOMEM;
    }
    if (result == 0) {
        localfs_hex(bytes, sha256);
    }
    EVP_MD_CTX_free(digest);
    free(chunk);
    return result;
}

/* Gives a file that was not told yet its digest and mark. 1: it is as it was when it was opened, 0: it changed. */
static int mark_new(const struct localfs *fs, const pxm_job *job, struct localfs_object *object, pxm_error *error)
{
    char sha256[LOCALFS_SHA256_TEXT];
    int64_t opened_ns = localfs_object_modified_ns(object), opened_bytes = object->stat.st_size;
    int result = hash(fs, job, object->fd, sha256);
    if (result < 0) {
        return result;
    }
    if (fstat(object->fd, &object->stat) != 0) {
        return -errno;
    }
    if (opened_ns != localfs_object_modified_ns(object) || opened_bytes != object->stat.st_size) {
        return 0;
    }
    result = mark(fs, object, sha256, true, error);
    if (result == 1) {
        localfs_object_set_digest(object, sha256);
    }
    return result < 0 ? result : 1;
}

/* ---- looking at one ---- */

/* The job that it causes is durable once it is told, so the file must be. */
static int make_durable(const struct localfs *fs, const struct localfs_object *object, const char *key)
{
    int folder = localfs_folder_open(fs, key, localfs_key_folder(key, strlen(key)));
    if (folder < 0) {
        return folder;
    }
    int number = fsync(object->fd) == 0 && fsync(folder) == 0 ? 0 : errno;
    close(folder);
    return -number;
}

static pxm_value *item_of(const struct localfs *fs, const struct localfs_object *object, const char *key)
{
    const struct pxm_host *host = fs->host;
    pxm_value *item = host->value_record();
    if (item) {
        host->value_set(item, "key", localfs_text(fs, key));
        host->value_set(item, "bytes", host->value_int(object->stat.st_size));
        host->value_set(item, "etag", localfs_text(fs, object->etag));
        host->value_set(item, "modified_at", host->value_int(localfs_object_modified_ms(object)));
    }
    return item;
}

static int look_at_new(const struct localfs *fs, const pxm_job *job, const struct localfs_seen *seen,
                       struct localfs_object *object, pxm_value **ret_item, enum localfs_found *ret, pxm_error *error)
{
    bool marks = !object->sha256[0] && can_be_marked(object);
    int result = marks ? mark_new(fs, job, object, error) : 1;
    if (result == 0) {
        *ret = LOCALFS_FOUND_LATER;
        return 0;
    }
    result = result == 1 ? make_durable(fs, object, seen->key) : result;
    if (result == -ENOENT) {
        *ret = LOCALFS_FOUND_KNOWN;
        return 0;
    }
    if (result < 0) {
        return result;
    }
    *ret = LOCALFS_FOUND_NEW;
    *ret_item = item_of(fs, object, seen->key);
    return *ret_item ? 0 : -ENOMEM;
}

static int look_at_open(const struct localfs *fs, const pxm_job *job, struct localfs_seen *seen,
                        struct localfs_object *object, pxm_value **ret_item, enum localfs_found *ret, pxm_error *error)
{
    int result = load(fs, object, seen->key, error);
    if (result < 0) {
        return result;
    }
    if (is_marked(fs, object)) {
        *ret = LOCALFS_FOUND_KNOWN;
        return 0;
    }
    if (!is_settled(seen, object)) {
        *ret = LOCALFS_FOUND_LATER;
        return 0;
    }
    if (seen->taken && strcmp(seen->etag, object->etag) == 0) {
        *ret = LOCALFS_FOUND_REMEMBERED;
        return 0;
    }
    return look_at_new(fs, job, seen, object, ret_item, ret, error);
}

int localfs_file_look(const struct localfs *fs, const pxm_job *job, struct localfs_seen *seen, pxm_value **ret_item,
                      enum localfs_found *ret, pxm_error *error)
{
    struct localfs_object object;
    int result = localfs_object_open(fs, -1, seen->key, &object);
    if (result == -ENOENT) {
        *ret = LOCALFS_FOUND_KNOWN;
        return 0;
    }
    if (result < 0) {
        return result;
    }
    result = look_at_open(fs, job, seen, &object, ret_item, ret, error);
    if (result == 0 && (*ret == LOCALFS_FOUND_NEW || *ret == LOCALFS_FOUND_REMEMBERED)) {
        memcpy(seen->etag, object.etag, sizeof seen->etag);
    }
    localfs_object_done(fs, &object);
    return result;
}

/* ---- taking one ---- */

int localfs_file_take(const struct localfs *fs, const char *key, const char *etag, enum localfs_found *ret,
                      pxm_error *error)
{
    struct localfs_object object;
    *ret = LOCALFS_FOUND_KNOWN;
    int result = localfs_object_open(fs, -1, key, &object);
    if (result < 0) {
        return result == -ENOENT ? 0 : result;
    }
    result = load(fs, &object, key, error);
    if (result == 0 && strcmp(object.etag, etag) != 0) {
        *ret = LOCALFS_FOUND_LATER; /* another file than the one that was told */
    } else if (result == 0 && object.sha256[0] && is_untaken(fs, &object)) {
        result = mark(fs, &object, object.sha256, false, error);
        *ret = result == 0 ? LOCALFS_FOUND_REMEMBERED : LOCALFS_FOUND_KNOWN;
    } else if (result == 0 && !object.sha256[0]) {
        *ret = LOCALFS_FOUND_REMEMBERED;
    }
    localfs_object_done(fs, &object);
    return result < 0 ? result : 0;
}
