/* What the two files of the memory store share. */
#ifndef PXM_CLI_TESTING_MEMORY_STORE_H
#define PXM_CLI_TESTING_MEMORY_STORE_H

#include "memory.h"

enum { MEMORY_KEY_MAX = 1024, MEMORY_SHA256_TEXT = 65 };

struct memory_object {
    char *key, *content_type, *cache_control; /* the latter two may be NULL */
    pxm_blob *blob;
    pxm_value *meta; /* may be NULL */
    int64_t modified_ms;
    char sha256[MEMORY_SHA256_TEXT];
};
struct memory_objects { /* the contents of a place; under its lock */
    size_t count;
    struct memory_object *objects; /* sorted by the bytes of their keys */
};
struct memory_store_config {
    const char *place, *base_url;
};

/* ---- memory_store_list.c: keys, and all operations that read no object ---- */

/* Why the text cannot be the key of an object; NULL: it can. */
const char *memory_store_bad_key(const struct pxm_host *host, const char *key);
pxm_status memory_store_check_key(const struct memory_driver *driver, const char *key, pxm_error *error);
/* The base URL and the percent-encoded key (RFC 3986 section 2.1), slashes kept. NULL: no memory. */
pxm_value *memory_store_url(const struct memory_driver *driver, const char *key);
pxm_status memory_store_list(void *self, pxm_job *job, const struct pxm_list *list, pxm_value *fields,
                             pxm_error *error);
/* Nobody can fetch the URL; it says what it would be for. Metadata is in the headers, each as x-amz-meta-NAME. */
pxm_status memory_store_presign(void *self, pxm_job *job, const struct pxm_presign *presign, pxm_value *fields,
                                pxm_error *error);

/* ---- memory_store.c ---- */

/* PXM_OK, or store.bad_meta. */
pxm_status memory_store_check_attributes(const struct pxm_host *host, const struct pxm_put *put, pxm_error *error);

/* Index of the first object whose key is not before `key`. */
size_t memory_store_lower_bound(const struct memory_objects *contents, const char *key);
void memory_store_set_etag(const struct memory_driver *driver, const struct memory_object *object, pxm_value *fields);

#endif
