/* Counted immutable bytes. Memory, or a range of a file that is mapped when somebody first asks for the bytes. */
#ifndef PXM_BASE_BLOB_H
#define PXM_BASE_BLOB_H

#include <pixmill/plugin.h>

pxm_blob *pxm_blob_new(const void *data, size_t length, void (*release)(void *), void *arg);
pxm_blob *pxm_blob_copy(const void *data, size_t length);
pxm_status pxm_blob_from_fd(int fd, int64_t offset, int64_t length, pxm_blob **ret, pxm_error *error);
/* Opens a regular file read-only (O_CLOEXEC) and makes a blob of all of it; `max` bytes at most, else PXM_E_LIMIT. */
pxm_status pxm_blob_open(const char *path, int64_t max, pxm_blob **ret, pxm_error *error);
pxm_blob *pxm_blob_ref(pxm_blob *blob);
void pxm_blob_unref(pxm_blob *blob);
const void *pxm_blob_data(const pxm_blob *blob, size_t *ret_length);
size_t pxm_blob_length(const pxm_blob *blob);
int pxm_blob_fd(const pxm_blob *blob, int64_t *ret_offset);
const uint8_t *pxm_blob_sha256(pxm_blob *blob);
void pxm_blob_set_media(pxm_blob *blob, const char *media);
const char *pxm_blob_media(const pxm_blob *blob);

#endif
