/* Objects that are there: opening them, their attributes, and the operations get, head and remove. [any]
 *
 * The attributes say when the file was last written. A file that somebody changed behind the store's back has another
 * time, and so loses its digest instead of lying about it. */
#include "localfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { SNIFF_BYTES = 64, ATTRIBUTES_READ_MAX = 8192 };

static int64_t modified_ns(const struct stat *stat)
{
    return (int64_t)stat->st_mtim.tv_sec * 1000000000 + stat->st_mtim.tv_nsec;
}

int64_t localfs_object_modified_ns(const struct localfs_object *object)
{
    return modified_ns(&object->stat);
}

int64_t localfs_object_modified_ms(const struct localfs_object *object)
{
    return modified_ns(&object->stat) / 1000000;
}

int localfs_object_open(const struct localfs *fs, int folder, const char *key, struct localfs_object *ret)
{
    struct localfs_object object = {.fd = -1};
    int parent = folder >= 0 ? folder : localfs_folder_open(fs, key, localfs_key_folder(key, strlen(key)));
    if (parent < 0) {
        return parent == -ENOTDIR || parent == -ELOOP ? -ENOENT : parent;
    }
    /* O_NONBLOCK: a pipe that somebody put there must not hold us up. */
    object.fd = openat(parent, localfs_key_name(key), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int number = object.fd < 0 ? errno : 0;
    if (parent != folder) {
        close(parent);
    }
    if (number) {
        return number == ELOOP || number == ENXIO ? -ENOENT : -number;
    }
    if (fstat(object.fd, &object.stat) != 0 || !S_ISREG(object.stat.st_mode)) {
        close(object.fd);
        return -ENOENT;
    }
    *ret = object;
    return 0;
}

void localfs_object_set_digest(struct localfs_object *object, const char *sha256)
{
    snprintf(object->sha256, sizeof object->sha256, "%s", sha256);
    snprintf(object->etag, sizeof object->etag, "\"%s\"", sha256);
}

/* What we ourselves wrote about these very bytes. */
static void take_digest(const struct localfs *fs, struct localfs_object *object)
{
    size_t length = 0;
    const char *sha256 = fs->host->value_as_string(fs->host->value_get(object->attributes, "sha256"), &length);
    int64_t written_ns = fs->host->value_as_int(fs->host->value_get(object->attributes, "mtime_ns"));
    if (length == LOCALFS_SHA256_TEXT - 1 && written_ns == modified_ns(&object->stat)) {
        localfs_object_set_digest(object, sha256);
    }
}

pxm_status localfs_object_load(const struct localfs *fs, struct localfs_object *object, const char *key,
                               pxm_error *error)
{
    char json[ATTRIBUTES_READ_MAX];
    snprintf(object->etag, sizeof object->etag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"",
             (uint64_t)object->stat.st_ino, (uint64_t)object->stat.st_size, (uint64_t)modified_ns(&object->stat));
    ssize_t length = fgetxattr(object->fd, LOCALFS_ATTRIBUTE, json, sizeof json);
    if (length < 0) {
        return errno == ENODATA || errno == EOPNOTSUPP ? PXM_OK
                                                       : localfs_fail(fs, error, errno, "read attributes of", key);
    }
    pxm_status status = fs->host->value_from_json(json, (size_t)length, &object->attributes, error);
    if (status == PXM_E_NO_MEMORY) {
        return status;
    }
    if (status != PXM_OK) {
        return fs->host->fail(error, PXM_E_INTERNAL, "store.damaged",
                              "the attribute " LOCALFS_ATTRIBUTE " of \"%s\" in %s is not JSON; put the object again",
                              key, fs->config->root);
    }
    take_digest(fs, object);
    return PXM_OK;
}

void localfs_object_done(const struct localfs *fs, struct localfs_object *object)
{
    fs->host->value_unref(object->attributes);
    object->attributes = NULL;
    if (object->fd >= 0) {
        close(object->fd);
        object->fd = -1;
    }
}

pxm_status localfs_object_describe(const struct localfs *fs, const struct pxm_put *put, const char *sha256,
                                   const struct stat *stat, pxm_blob **ret, pxm_error *error)
{
    const struct pxm_host *host = fs->host;
    pxm_value *record = host->value_record();
    if (!record) {
        return localfs_fail_memory(fs, error);
    }
    host->value_set(record, "sha256", localfs_text(fs, sha256));
    host->value_set(record, "mtime_ns", host->value_int(modified_ns(stat)));
    if (put->content_type) {
        host->value_set(record, "content_type", localfs_text(fs, put->content_type));
    }
    if (put->cache_control) {
        host->value_set(record, "cache_control", localfs_text(fs, put->cache_control));
    }
    if (put->meta) {
        host->value_set(record, "meta", host->value_ref(put->meta));
    }
    pxm_status status = host->value_to_json(record, ret, error);
    host->value_unref(record);
    return status;
}

static pxm_status fail_open(const struct localfs *fs, pxm_error *error, int number, const char *key)
{
    return number == ENOENT ? localfs_fail_missing(fs, error, key) : localfs_fail(fs, error, number, "open", key);
}

static pxm_value *attribute(const struct localfs *fs, const struct localfs_object *object, const char *name,
                            uint32_t type)
{
    const pxm_value *value = fs->host->value_get(object->attributes, name);
    return fs->host->value_type(value) == type ? fs->host->value_ref(value) : fs->host->value_null();
}

/* The type that was given, or the one that the first bytes show. */
static pxm_value *content_type(const struct localfs *fs, const struct localfs_object *object)
{
    unsigned char head[SNIFF_BYTES];
    pxm_value *given = attribute(fs, object, "content_type", PXM_TYPE_STRING);
    if (fs->host->value_type(given) == PXM_TYPE_STRING) {
        return given;
    }
    fs->host->value_unref(given);
    ssize_t length = pread(object->fd, head, sizeof head, 0);
    return localfs_text(fs, length > 0 ? fs->host->media_type(head, (size_t)length) : NULL);
}

static void fill_fields(const struct localfs *fs, const struct localfs_object *object, const char *key,
                        pxm_value *media, pxm_value *fields)
{
    const struct pxm_host *host = fs->host;
    host->value_set(fields, "key", localfs_text(fs, key));
    host->value_set(fields, "url", localfs_key_url(fs, key));
    host->value_set(fields, "etag", localfs_text(fs, object->etag));
    host->value_set(fields, "bytes", host->value_int(object->stat.st_size));
    host->value_set(fields, "content_type", media);
    host->value_set(fields, "cache_control", attribute(fs, object, "cache_control", PXM_TYPE_STRING));
    host->value_set(fields, "modified_at", host->value_int(localfs_object_modified_ms(object)));
    host->value_set(fields, "meta", attribute(fs, object, "meta", PXM_TYPE_RECORD));
}

/* Opens and loads; the error is set, and nothing held, on failure. */
static pxm_status open_whole(const struct localfs *fs, const char *key, struct localfs_object *ret, pxm_error *error)
{
    pxm_status status = localfs_key_check(fs, key, error);
    if (status != PXM_OK) {
        return status;
    }
    int result = localfs_object_open(fs, -1, key, ret);
    if (result < 0) {
        return fail_open(fs, error, -result, key);
    }
    status = localfs_object_load(fs, ret, key, error);
    if (status != PXM_OK) {
        localfs_object_done(fs, ret);
    }
    return status;
}

pxm_status localfs_head(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    const struct localfs *fs = self;
    struct localfs_object object;
    (void)job;
    pxm_status status = open_whole(fs, key, &object, error);
    if (status == PXM_OK) {
        fill_fields(fs, &object, key, content_type(fs, &object), fields);
        localfs_object_done(fs, &object);
    }
    return status;
}

/* A stream over the asked part of the file, which is mapped when somebody reads. Takes the descriptor over. */
static pxm_status stream_part(const struct localfs *fs, struct localfs_object *object, const struct pxm_get *get,
                              const char *media, pxm_stream **ret, pxm_error *error)
{
    int64_t size = object->stat.st_size;
    int64_t offset = get->offset < size ? get->offset : size;
    int64_t length = get->length < 0 || get->length > size - offset ? size - offset : get->length;
    pxm_blob *blob = NULL;
    int fd = object->fd;
    object->fd = -1;
    pxm_status status = fs->host->blob_from_fd(fd, offset, length, &blob, error);
    if (status != PXM_OK) {
        return status;
    }
    if (media && offset == 0 && length == size) {
        fs->host->blob_set_media(blob, media);
    }
    pxm_stream *stream = fs->host->stream_of_blob(blob);
    fs->host->blob_unref(blob);
    if (!stream) {
        return localfs_fail_memory(fs, error);
    }
    *ret = stream;
    return PXM_OK;
}

pxm_status localfs_get(void *self, pxm_job *job, const struct pxm_get *get, pxm_stream **ret, pxm_value *fields,
                       pxm_error *error)
{
    const struct localfs *fs = self;
    struct localfs_object object;
    (void)job;
    if (get->offset < 0 || get->length < -1) {
        return fs->host->fail(error, PXM_E_INVALID, "store.bad_range", "a range starts at 0 or later, not at %" PRId64,
                              get->offset);
    }
    pxm_status status = open_whole(fs, get->key, &object, error);
    if (status != PXM_OK) {
        return status;
    }
    if (get->if_match && strcmp(get->if_match, object.etag) != 0) {
        status = fs->host->fail(error, PXM_E_EXISTS, "store.changed", "the object \"%s\" is now %s, not %s", get->key,
                                object.etag, get->if_match);
        localfs_object_done(fs, &object);
        return status;
    }
    pxm_value *media = content_type(fs, &object);
    bool known = fs->host->value_type(media) == PXM_TYPE_STRING;
    status = stream_part(fs, &object, get, known ? fs->host->value_as_string(media, NULL) : NULL, ret, error);
    if (status == PXM_OK) {
        fill_fields(fs, &object, get->key, media, fields);
    } else {
        fs->host->value_unref(media);
    }
    localfs_object_done(fs, &object);
    return status;
}

/* Removes the file `key` from its open folder and makes that durable. 1: removed, 0: no object, or a negative errno. */
static int remove_file(int folder, const char *key)
{
    struct stat stat;
    const char *name = localfs_key_name(key);
    if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    if (!S_ISREG(stat.st_mode)) {
        return 0;
    }
    if (unlinkat(folder, name, 0) != 0) {
        return errno == ENOENT || errno == EISDIR ? 0 : -errno;
    }
    return fsync(folder) == 0 ? 1 : -errno;
}

pxm_status localfs_remove(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    const struct localfs *fs = self;
    (void)job;
    pxm_status status = localfs_key_check(fs, key, error);
    if (status != PXM_OK) {
        return status;
    }
    size_t above = localfs_key_folder(key, strlen(key));
    int folder = localfs_folder_open(fs, key, above);
    int removed = folder;
    if (folder >= 0) {
        removed = remove_file(folder, key);
        close(folder);
    } else if (folder == -ENOENT || folder == -ENOTDIR || folder == -ELOOP) {
        removed = 0;
    }
    if (removed < 0) {
        return localfs_fail(fs, error, -removed, "remove", key);
    }
    if (removed) {
        localfs_folder_prune(fs, key, above);
    }
    fs->host->value_set(fields, "removed", fs->host->value_bool(removed));
    return PXM_OK;
}
