/* Finds a field of a big record by its key. Owned by the record; private to value.c. */
#ifndef PXM_BASE_VALUE_INDEX_H
#define PXM_BASE_VALUE_INDEX_H

#include <pixmill/plugin.h>

struct pxm_value_field {
    char *key;
    pxm_value *item;
};

struct pxm_value_index {
    uint32_t *slots; /* position in the fields plus 1; 0: free. NULL: nothing is indexed */
    size_t mask;     /* number of slots, a power of two, less 1 */
    uint64_t point;  /* secret of the hash, new for each index */
};

/* Makes room to index at least `count` fields, and indexes those given. On failure the index is as it was. */
pxm_status pxm_value_index_build(struct pxm_value_index *index, const struct pxm_value_field *fields, size_t used,
                                 size_t count);
/* Adds the field at `position`, for which the index was built large enough. */
void pxm_value_index_add(struct pxm_value_index *index, const struct pxm_value_field *fields, size_t position);
/* The position of the field with this key; `used` where there is none. */
size_t pxm_value_index_find(const struct pxm_value_index *index, const struct pxm_value_field *fields, size_t used,
                            const char *key);
void pxm_value_index_done(struct pxm_value_index *index);

#endif
