/* Readers that are pulled from. One thread at a time. */
#ifndef PXM_BASE_STREAM_H
#define PXM_BASE_STREAM_H

#include <pixmill/plugin.h>

pxm_stream *pxm_stream_new(const struct pxm_stream_ops *ops, void *self, int64_t size);
pxm_stream *pxm_stream_of_blob(pxm_blob *blob);
int64_t pxm_stream_read(pxm_stream *stream, void *buffer, size_t length, pxm_error *error);
int64_t pxm_stream_size(const pxm_stream *stream);
pxm_status pxm_stream_rewind(pxm_stream *stream, pxm_error *error);
pxm_blob *pxm_stream_peek_blob(const pxm_stream *stream);
/* Above PXM_STREAM_SPOOL_BYTES a body of unknown kind goes to an unlinked temporary file, and the blob maps that. */
enum { PXM_STREAM_SPOOL_BYTES = 8 << 20 };
pxm_status pxm_stream_to_blob(pxm_stream *stream, pxm_job *job, int64_t max_bytes, pxm_blob **ret, pxm_error *error);
void pxm_stream_close(pxm_stream *stream);

#endif
