/* The bytes of one file as they come in: in memory while they are few, then in a file without a name; hashed on the
 * way. One thread at a time. */
#ifndef PXM_APP_SPOOL_H
#define PXM_APP_SPOOL_H

#include "base/buf.h"
#include <pixmill/plugin.h>

struct app_spool {
    int folder; /* borrowed; -1: memory only */
    int fd;     /* -1: in memory */
    struct pxm_buf memory;
    size_t memory_max;
    struct pxm_sha256_stream *hash; /* NULL: there is nothing to free */
    int64_t length;
    const char *media; /* by the first bytes; known once there is a file; NULL: none that we know */
};

/* `expected`: bytes that will come, if that is known, else -1: what is sure to become a file becomes one at once. The
 * spool is to be freed with app_spool_done, also after a failure (PXM_E_NO_MEMORY). */
pxm_status app_spool_init(struct app_spool *spool, int folder, int64_t expected, pxm_error *error);
/* Fails with "store.full" where there is no space in the folder, or with "io...." by its errno. The caller limits the
 * length. */
pxm_status app_spool_add(struct app_spool *spool, const void *data, size_t length, pxm_error *error);
/* A blob of all bytes that knows its digest and its media type. Empties the spool. */
pxm_status app_spool_finish(struct app_spool *spool, pxm_blob **ret, pxm_error *error);
void app_spool_done(struct app_spool *spool); /* also of one that is all zero */

#endif
