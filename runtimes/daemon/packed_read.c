/* Reading: what another process sent is believed in nothing. */
#include "daemon/packed.h"

#include "base/blob.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/value.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct reader {
    const pxm_value *blobs;
    size_t next; /* of the blobs: the list is in the order of the walk */
    int *descriptors;
    size_t descriptor_count;
    size_t uses[PACKED_DESCRIPTORS_MAX];
    pxm_blob *shared[PACKED_DESCRIPTORS_MAX]; /* all bytes of a descriptor that several blobs are in */
    size_t depth;
    struct {
        const char *key;
        size_t index;
    } path[PXM_VALUE_DEPTH_MAX + 1];
    pxm_error *error;
};

static pxm_status invalid(const struct reader *reader, const char *what)
{
    return pxm_error_set(reader->error, PXM_E_INVALID, "ipc.invalid", "a message with %s", what);
}

/* ---- descriptors ------------------------------------------------------------------------------------------------- */

static bool is_int(const pxm_value *value)
{
    return pxm_value_type(value) == PXM_TYPE_INT;
}

/* The descriptor of an entry of the list; -1: it has none, as it is empty. */
static pxm_status descriptor_of(const struct reader *reader, const pxm_value *entry, int64_t *ret)
{
    const pxm_value *fd = pxm_value_get(entry, "fd");
    int64_t index = pxm_value_as_int(fd);

    if (!is_int(fd) || index < -1 || index >= (int64_t)reader->descriptor_count) {
        return invalid(reader, "a descriptor that it does not have");
    }
    if (index == -1 && pxm_value_as_int(pxm_value_get(entry, "length")) != 0) {
        return invalid(reader, "bytes that are nowhere");
    }
    *ret = index;
    return PXM_OK;
}

static pxm_status count_uses(struct reader *reader)
{
    size_t count = pxm_value_count(reader->blobs);

    if (pxm_value_type(reader->blobs) != PXM_TYPE_LIST || count > PACKED_BLOBS_MAX) {
        return invalid(reader, "no list of blobs");
    }
    for (size_t i = 0; i < count; i++) {
        int64_t index = 0;
        pxm_status status = descriptor_of(reader, pxm_value_at(reader->blobs, i), &index);
        if (status != PXM_OK) {
            return status;
        }
        if (index >= 0) {
            reader->uses[index]++;
        }
    }
    return PXM_OK;
}

/* ---- blobs ------------------------------------------------------------------------------------------------------- */

static pxm_status take_file(struct reader *reader, size_t index, int64_t offset, int64_t length, pxm_blob **ret)
{
    int fd = reader->descriptors[index];

    reader->descriptors[index] = -1;
    return pxm_blob_from_fd(fd, offset, length, ret, reader->error);
}

static void release_blob(void *blob)
{
    pxm_blob_unref(blob);
}

/* A file that several blobs are in is mapped once. It must be sealed, as reading the mapping of a file that was made
 * shorter ends a process. */
static pxm_status share_file(struct reader *reader, size_t index, int64_t offset, int64_t length, pxm_blob **ret)
{
    pxm_status status = PXM_OK;
    struct stat info;

    if (!reader->shared[index]) {
        int seals = fcntl(reader->descriptors[index], F_GET_SEALS);
        if (seals < 0 || (seals & (F_SEAL_SHRINK | F_SEAL_WRITE)) != (F_SEAL_SHRINK | F_SEAL_WRITE) ||
            fstat(reader->descriptors[index], &info) != 0) {
            return invalid(reader, "memory that is not sealed");
        }
        status = take_file(reader, index, 0, info.st_size, &reader->shared[index]);
    }
    if (status != PXM_OK) {
        return status;
    }
    size_t total = 0;
    const char *data = pxm_blob_data(reader->shared[index], &total);
    if (!data) {
        return pxm_error_no_memory(reader->error);
    }
    if (offset < 0 || length < 0 || (uint64_t)offset > total || (uint64_t)length > total - (uint64_t)offset) {
        return invalid(reader, "bytes beyond its memory");
    }
    *ret = pxm_blob_new(data + offset, (size_t)length, release_blob, pxm_blob_ref(reader->shared[index]));
    return *ret ? PXM_OK : pxm_error_no_memory(reader->error);
}

static bool unhex(const char *text, size_t length, uint8_t digest[PXM_SHA256_BYTES])
{
    static const char digits[] = "0123456789abcdef";

    if (length != 2 * PXM_SHA256_BYTES) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit) {
            return false;
        }
        digest[i / 2] = (uint8_t)(digest[i / 2] << 4 | (digit - digits));
    }
    return true;
}

static pxm_status describe(const struct reader *reader, const pxm_value *entry, pxm_blob *blob)
{
    uint8_t digest[PXM_SHA256_BYTES] = {0};
    size_t length = 0;
    const char *hex = pxm_value_as_string(pxm_value_get(entry, "sha256"), &length);

    pxm_blob_set_media(blob, pxm_value_as_string(pxm_value_get(entry, "media"), NULL));
    pxm_blob_set_etag(blob, pxm_value_as_string(pxm_value_get(entry, "etag"), NULL));
    if (pxm_value_get(entry, "sha256")) {
        if (!unhex(hex, length, digest)) {
            return invalid(reader, "a SHA-256 that is none");
        }
        pxm_blob_set_sha256(blob, digest);
    }
    return PXM_OK;
}

static pxm_status read_blob(struct reader *reader, const pxm_value *entry, pxm_blob **ret)
{
    const pxm_value *offset = pxm_value_get(entry, "offset"), *length = pxm_value_get(entry, "length");
    int64_t from = pxm_value_as_int(offset), bytes = pxm_value_as_int(length), index = 0;
    pxm_blob *blob = NULL;
    pxm_status status = descriptor_of(reader, entry, &index);

    if (status == PXM_OK && (!is_int(offset) || !is_int(length))) {
        status = invalid(reader, "a blob without a place");
    }
    if (status != PXM_OK) {
        return status;
    }
    if (index < 0) {
        blob = pxm_blob_copy(NULL, 0);
        status = blob ? PXM_OK : pxm_error_no_memory(reader->error);
    } else if (reader->uses[index] == 1) {
        status = take_file(reader, (size_t)index, from, bytes, &blob);
    } else {
        status = share_file(reader, (size_t)index, from, bytes, &blob);
    }
    if (status == PXM_OK) {
        status = describe(reader, entry, blob);
    }
    if (status != PXM_OK) {
        pxm_blob_unref(blob);
        return status;
    }
    *ret = blob;
    return PXM_OK;
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

/* Whether the next blob is at or below where the walk is; *ret_here: it is this very value. */
static bool leads_to_blob(const struct reader *reader, bool *ret_here)
{
    if (reader->next == pxm_value_count(reader->blobs)) {
        return false;
    }
    const pxm_value *path = pxm_value_get(pxm_value_at(reader->blobs, reader->next), "at");
    size_t count = pxm_value_count(path);
    if (pxm_value_type(path) != PXM_TYPE_LIST || count < reader->depth) {
        return false;
    }
    for (size_t i = 0; i < reader->depth; i++) {
        const pxm_value *part = pxm_value_at(path, i);
        const char *key = reader->path[i].key;
        bool equal = key ? pxm_value_type(part) == PXM_TYPE_STRING && strcmp(pxm_value_as_string(part, NULL), key) == 0
                         : is_int(part) && pxm_value_as_int(part) == (int64_t)reader->path[i].index;
        if (!equal) {
            return false;
        }
    }
    *ret_here = count == reader->depth;
    return true;
}

static pxm_status fill(struct reader *reader, const pxm_value *value, pxm_value **ret);

static pxm_status fill_items(struct reader *reader, const pxm_value *value, pxm_value *copy)
{
    bool record = pxm_value_type(value) == PXM_TYPE_RECORD;
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < pxm_value_count(value) && status == PXM_OK; i++) {
        const char *key = record ? pxm_value_key(value, i) : NULL;
        pxm_value *item = NULL;
        reader->path[reader->depth].key = key;
        reader->path[reader->depth].index = i;
        reader->depth++;
        status = fill(reader, pxm_value_at(value, i), &item);
        reader->depth--;
        if (status == PXM_OK && (record ? pxm_value_set(copy, key, item) : pxm_value_append(copy, item)) != PXM_OK) {
            status = pxm_error_no_memory(reader->error);
        }
    }
    return status;
}

static pxm_status fill_blob(struct reader *reader, const pxm_value *value, pxm_value **ret)
{
    pxm_blob *blob = NULL;

    if (pxm_value_type(value) != PXM_TYPE_NULL) {
        return invalid(reader, "a blob where there is something else");
    }
    pxm_status status = read_blob(reader, pxm_value_at(reader->blobs, reader->next++), &blob);
    if (status != PXM_OK) {
        return status;
    }
    *ret = pxm_value_blob(blob);
    return *ret ? PXM_OK : pxm_error_no_memory(reader->error);
}

static pxm_status fill(struct reader *reader, const pxm_value *value, pxm_value **ret)
{
    uint32_t type = pxm_value_type(value);
    bool here = false;

    if (!leads_to_blob(reader, &here)) {
        *ret = pxm_value_ref(value);
        return PXM_OK;
    }
    if (here) {
        return fill_blob(reader, value, ret);
    }
    if (type != PXM_TYPE_RECORD && type != PXM_TYPE_LIST) {
        return invalid(reader, "a blob in what is no list or record");
    }
    pxm_value *copy = type == PXM_TYPE_RECORD ? pxm_value_record() : pxm_value_list();
    pxm_status status = fill_items(reader, value, copy);
    if (status != PXM_OK) {
        pxm_value_unref(copy);
        return status;
    }
    *ret = copy;
    return PXM_OK;
}

static pxm_status read_all(struct reader *reader, const pxm_value *value, pxm_value **ret)
{
    pxm_value *filled = NULL;
    pxm_status status = count_uses(reader);

    if (status == PXM_OK) {
        status = fill(reader, value, &filled);
    }
    if (status == PXM_OK && reader->next != pxm_value_count(reader->blobs)) {
        status = invalid(reader, "a blob that is nowhere in it");
    }
    for (size_t i = 0; i < PACKED_DESCRIPTORS_MAX; i++) {
        pxm_blob_unref(reader->shared[i]);
    }
    if (status != PXM_OK) {
        pxm_value_unref(filled);
        return status;
    }
    *ret = filled;
    return PXM_OK;
}

pxm_status packed_read(const char *value, size_t value_length, const char *blobs, size_t blobs_length, int *descriptors,
                       size_t descriptor_count, pxm_value **ret, pxm_error *error)
{
    struct reader reader = {.descriptors = descriptors, .descriptor_count = descriptor_count, .error = error};
    pxm_value *parsed = NULL, *list = NULL;

    if (descriptor_count > PACKED_DESCRIPTORS_MAX || pxm_json_parse(value, value_length, &parsed, error) != PXM_OK ||
        pxm_json_parse(blobs, blobs_length, &list, error) != PXM_OK) {
        pxm_value_unref(parsed);
        return invalid(&reader, "what is no JSON");
    }
    reader.blobs = list;
    pxm_status status = read_all(&reader, parsed, ret);
    pxm_value_unref(parsed);
    pxm_value_unref(list);
    return status;
}
