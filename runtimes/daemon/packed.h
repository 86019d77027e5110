/* Values with blobs in them as JSON and descriptors, the way one process hands them to another. What users sent stands
 * in a JSON text of its own with null in the place of each blob; a second one lists the blobs, so no data can imitate
 * one:
 *
 *   {"files":{"image":null}}
 *   [{"at":["files","image"],"fd":0,"offset":0,"length":9,"media":"image/png","etag":"\"e\"","sha256":"..."}]
 *
 * A blob in a file goes as its descriptor. Those in memory are copied, all of them into one sealed file of memory (see
 * memfd_create(2)), so that nobody can change or shorten it while the other side has it mapped. [any] */
#ifndef PXM_DAEMON_PACKED_H
#define PXM_DAEMON_PACKED_H

#include "base/buf.h"
#include "base/error.h"

enum { PACKED_DESCRIPTORS_MAX = 70, PACKED_BLOBS_MAX = 4096 };

struct packed {
    struct pxm_buf value, blobs; /* JSON */
    size_t descriptor_count;
    int descriptors[PACKED_DESCRIPTORS_MAX]; /* of the value's blobs, borrowed, but for `memory` */
    int memory;                              /* -1: no blob was in memory */
};

/* `ret` is to be ended in any case, and before the value. Pictures appear as what they are, {"image":{...}}. Codes:
 * json.*, ipc.blobs (too many), io.*. */
pxm_status packed_write(const pxm_value *value, struct packed *ret, pxm_error *error);
void packed_done(struct packed *packed);

/* Descriptors that were used become -1, the others stay the caller's. Code ipc.invalid, whatever is wrong; io.* where
 * a range is none of its file. */
pxm_status packed_read(const char *value, size_t value_length, const char *blobs, size_t blobs_length, int *descriptors,
                       size_t descriptor_count, pxm_value **ret, pxm_error *error);

/* A sealed file of memory that holds the bytes. Codes: io.*. */
pxm_status packed_memory(const void *data, size_t length, int *ret, pxm_error *error);

#endif
