/* Writing: a copy of the value without its blobs, and a list of them in the order in which a walk meets them. */
#include "daemon/packed.h"

#include "base/blob.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/value.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct writer {
    struct packed *packed;
    pxm_value *blobs;
    size_t depth;
    struct {
        const char *key; /* NULL: an index of a list */
        size_t index;
    } path[PXM_VALUE_DEPTH_MAX + 1];
    int64_t memory_index, memory_length;
    pxm_error *error;
};

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static pxm_status write_all(int fd, const char *data, size_t length, pxm_error *error)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);
        if (written < 0 && errno != EINTR) {
            return pxm_error_errno(error, errno, NULL, "memory for another process");
        }
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
    return PXM_OK;
}

static pxm_status open_memory(int *ret, pxm_error *error)
{
    int fd = memfd_create("pixmill", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0) {
        return pxm_error_errno(error, errno, NULL, "memory for another process");
    }
    *ret = fd;
    return PXM_OK;
}

static pxm_status seal(int fd, pxm_error *error)
{
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        return pxm_error_errno(error, errno, NULL, "sealing memory for another process");
    }
    return PXM_OK;
}

pxm_status packed_memory(const void *data, size_t length, int *ret, pxm_error *error)
{
    int fd = -1;
    pxm_status status = open_memory(&fd, error);

    if (status == PXM_OK) {
        status = write_all(fd, data, length, error);
    }
    if (status == PXM_OK) {
        status = seal(fd, error);
    }
    if (status != PXM_OK) {
        if (fd >= 0) {
            close(fd);
        }
        return status;
    }
    *ret = fd;
    return PXM_OK;
}

/* ---- blobs ------------------------------------------------------------------------------------------------------- */

static pxm_status add_descriptor(struct writer *writer, int fd, int64_t *ret)
{
    struct packed *packed = writer->packed;

    if (packed->descriptor_count == PACKED_DESCRIPTORS_MAX) {
        return pxm_error_set(writer->error, PXM_E_LIMIT, "ipc.blobs", "more than %d files in one value",
                             PACKED_DESCRIPTORS_MAX);
    }
    *ret = (int64_t)packed->descriptor_count;
    packed->descriptors[packed->descriptor_count++] = fd;
    return PXM_OK;
}

/* Where the bytes are: a descriptor and an offset. */
static pxm_status place_blob(struct writer *writer, const pxm_blob *blob, int64_t *ret_fd, int64_t *ret_offset)
{
    struct packed *packed = writer->packed;
    pxm_status status = PXM_OK;
    size_t length = 0;
    int fd = pxm_blob_fd(blob, ret_offset);

    if (fd >= 0) {
        return add_descriptor(writer, fd, ret_fd);
    }
    const void *data = pxm_blob_data(blob, &length);
    if (length == 0) {
        return PXM_OK;
    }
    if (packed->memory < 0) {
        status = open_memory(&packed->memory, writer->error);
        if (status == PXM_OK) {
            status = add_descriptor(writer, packed->memory, &writer->memory_index);
        }
    }
    if (status == PXM_OK) {
        status = write_all(packed->memory, data, length, writer->error);
    }
    *ret_fd = writer->memory_index;
    *ret_offset = writer->memory_length;
    writer->memory_length += (int64_t)length;
    return status;
}

static pxm_value *path_of(const struct writer *writer)
{
    pxm_value *path = pxm_value_list();

    for (size_t i = 0; i < writer->depth; i++) {
        pxm_value_append(path, writer->path[i].key ? pxm_value_cstring(writer->path[i].key)
                                                   : pxm_value_int((int64_t)writer->path[i].index));
    }
    return path;
}

static pxm_status add_blob(struct writer *writer, const pxm_blob *blob)
{
    char hex[2 * PXM_SHA256_BYTES + 1];
    int64_t fd = -1, offset = 0;
    const uint8_t *digest = pxm_blob_known_sha256(blob);

    if (pxm_value_count(writer->blobs) == PACKED_BLOBS_MAX) {
        return pxm_error_set(writer->error, PXM_E_LIMIT, "ipc.blobs", "more than %d blobs in one value",
                             PACKED_BLOBS_MAX);
    }
    pxm_status status = place_blob(writer, blob, &fd, &offset);
    if (status != PXM_OK) {
        return status;
    }
    pxm_value *entry = pxm_value_record();
    pxm_value_set(entry, "at", path_of(writer));
    pxm_value_set(entry, "fd", pxm_value_int(fd));
    pxm_value_set(entry, "offset", pxm_value_int(offset));
    pxm_value_set(entry, "length", pxm_value_int((int64_t)pxm_blob_length(blob)));
    pxm_value_set(entry, "media", pxm_value_cstring(pxm_blob_media(blob)));
    pxm_value_set(entry, "etag", pxm_value_cstring(pxm_blob_etag(blob)));
    if (digest) {
        pxm_hex(digest, PXM_SHA256_BYTES, hex);
        pxm_value_set(entry, "sha256", pxm_value_cstring(hex));
    }
    return pxm_value_append(writer->blobs, entry) == PXM_OK ? PXM_OK : pxm_error_no_memory(writer->error);
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static bool has_blob(const pxm_value *value)
{
    bool found = pxm_value_type(value) == PXM_TYPE_BLOB;

    for (size_t i = 0; i < pxm_value_count(value) && !found; i++) {
        found = has_blob(pxm_value_at(value, i));
    }
    return found;
}

static pxm_status strip(struct writer *writer, const pxm_value *value, pxm_value **ret);

static pxm_status strip_items(struct writer *writer, const pxm_value *value, pxm_value *copy)
{
    bool record = pxm_value_type(value) == PXM_TYPE_RECORD;
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < pxm_value_count(value) && status == PXM_OK; i++) {
        const char *key = record ? pxm_value_key(value, i) : NULL;
        pxm_value *item = NULL;
        writer->path[writer->depth].key = key;
        writer->path[writer->depth].index = i;
        writer->depth++;
        status = strip(writer, pxm_value_at(value, i), &item);
        writer->depth--;
        if (status == PXM_OK) {
            status = record ? pxm_value_set(copy, key, item) : pxm_value_append(copy, item);
            if (status != PXM_OK) {
                status = pxm_error_no_memory(writer->error);
            }
        }
    }
    return status;
}

/* *ret: a new reference of what has no blob, a copy of what has. */
static pxm_status strip(struct writer *writer, const pxm_value *value, pxm_value **ret)
{
    if (!has_blob(value)) {
        *ret = pxm_value_ref(value);
        return PXM_OK;
    }
    if (pxm_value_type(value) == PXM_TYPE_BLOB) {
        pxm_status status = add_blob(writer, pxm_value_as_blob(value));
        *ret = status == PXM_OK ? pxm_value_null() : NULL;
        return status;
    }
    pxm_value *copy = pxm_value_type(value) == PXM_TYPE_RECORD ? pxm_value_record() : pxm_value_list();
    pxm_status status = strip_items(writer, value, copy);
    if (status != PXM_OK) {
        pxm_value_unref(copy);
        return status;
    }
    *ret = copy;
    return PXM_OK;
}

/* What would be written but not be read: NUL in text, and more values than a reader makes. */
static bool is_readable(const pxm_value *value, size_t *count)
{
    size_t length = 0;
    const char *text = pxm_value_as_string(value, &length);
    bool readable = ++*count <= PXM_JSON_VALUES_MAX && !memchr(text, '\0', length);

    for (size_t i = 0; i < pxm_value_count(value) && readable; i++) {
        readable = is_readable(pxm_value_at(value, i), count);
    }
    return readable;
}

pxm_status packed_write(const pxm_value *value, struct packed *ret, pxm_error *error)
{
    struct writer writer = {.packed = ret, .blobs = pxm_value_list(), .error = error};
    pxm_value *stripped = NULL;
    size_t count = 0;

    *ret = (struct packed){.memory = -1};
    pxm_buf_init(&ret->value, PXM_JSON_BYTES_MAX);
    pxm_buf_init(&ret->blobs, PXM_JSON_BYTES_MAX);
    pxm_status status = is_readable(value, &count)
                            ? strip(&writer, value, &stripped)
                            : pxm_error_set(error, PXM_E_INVALID, "json.unsupported",
                                            "text with a NUL in it, or more than %d values", PXM_JSON_VALUES_MAX);
    if (status == PXM_OK) {
        status = pxm_json_write(&ret->value, stripped, 0, 1, error);
    }
    if (status == PXM_OK) {
        status = pxm_json_write(&ret->blobs, writer.blobs, 0, 0, error);
    }
    if (status == PXM_OK && ret->memory >= 0) {
        status = seal(ret->memory, error);
    }
    pxm_value_unref(stripped);
    pxm_value_unref(writer.blobs);
    return status;
}

void packed_done(struct packed *packed)
{
    pxm_buf_done(&packed->value);
    pxm_buf_done(&packed->blobs);
    if (packed->memory >= 0) {
        close(packed->memory);
        packed->memory = -1;
    }
}
