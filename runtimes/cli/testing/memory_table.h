/* What the two files of the memory table share. */
#ifndef PXM_CLI_TESTING_MEMORY_TABLE_H
#define PXM_CLI_TESTING_MEMORY_TABLE_H

#include "memory.h"

struct memory_item {
    int64_t made; /* number of items that were made before it in this table */
    char *key;
    pxm_value *fields; /* record, without the key */
    size_t bytes;      /* of its JSON */
};
struct memory_items { /* the contents of a place; under its lock */
    int64_t made;
    size_t count;
    struct memory_item *items; /* the oldest first */
};
struct memory_table_config {
    const char *place, *key;
    const pxm_value *indexes; /* list of strings; may be NULL */
};

/* The item as readers see it: its key, then its fields. NULL: no memory. */
pxm_value *memory_table_show(const struct memory_driver *driver, const struct memory_item *item);

/* ---- memory_table_query.c ---- */

/* Fails with table.too_large where an indexed field holds more than an index takes. */
pxm_status memory_table_check_indexed(const struct memory_driver *driver, const pxm_value *fields, pxm_error *error);
pxm_status memory_table_query(void *self, pxm_job *job, const struct pxm_query *query, pxm_value *fields,
                              pxm_error *error);

#endif
