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
/* The entity tag of the object that the bytes are all of, with its quotes; copied, one of 128 bytes or more is
 * forgotten. NULL: not known. Setting only before the blob is shared. */
void pxm_blob_set_etag(pxm_blob *blob, const char *etag);
const char *pxm_blob_etag(const pxm_blob *blob);
/* The digest is known already, so nobody needs to compute it; it must be that of the bytes. Before it is shared. */
void pxm_blob_set_sha256(pxm_blob *blob, const uint8_t digest[32]);
/* The digest if somebody has computed or set it, else NULL. [any] */
const uint8_t *pxm_blob_known_sha256(const pxm_blob *blob);
/* A blob of the same bytes of which nobody else has a reference, so that it may still be described: `blob` itself where
 * that is so. Takes over `blob`, also on failure (NULL: no memory, or no descriptor left). */
pxm_blob *pxm_blob_own(pxm_blob *blob);

#endif
