/* What tables have in common, wherever they keep their items: what may be written, conditions, merging, and how values
 * are compared by an index. So the same record has the same outcome in each of them. A static library, no plugin, and
 * pure: nothing here touches a store. [any] */
#ifndef TABLEBASE_H
#define TABLEBASE_H

#include <pixmill/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TABLEBASE_KEY_MAX = 1024,
    TABLEBASE_NAME_MAX = 255,       /* of fields                                       */
    TABLEBASE_ITEM_MAX = 400 << 10, /* of an item as JSON                              */
    TABLEBASE_VALUE_MAX = 1024,     /* of a string that is looked up through an index  */
    TABLEBASE_MEMBERS_MAX = 256     /* of a list in an indexed field                   */
};

struct tablebase {
    const struct pxm_host *host;
    const char *key_field; /* shows the key of an item */
};

/* Whether lists and records in the value nest deeper than `levels`. */
bool tablebase_is_deeper(const struct pxm_host *host, const pxm_value *value, int levels);
pxm_status tablebase_check_key(const struct pxm_host *host, const char *key, pxm_error *error);
/* The option `indexes`: names of fields other than the key, each once. NULL is fine. */
pxm_status tablebase_check_indexes(const struct tablebase *table, const pxm_value *indexes, pxm_error *error);
/* Names and types of the fields that a record is asked to set. */
pxm_status tablebase_check_set(const struct tablebase *table, const struct pxm_record *record, pxm_error *error);
/* PXM_OK if all of `expect` (may be NULL) holds for an item (NULL: there is none), else table.conflict. */
pxm_status tablebase_expect(const struct tablebase *table, const char *key, const pxm_value *item,
                            const pxm_value *expect, pxm_error *error);
/* *ret_newer: whether `set` may be written over the item, by its field `newer_by`. */
pxm_status tablebase_newer(const struct tablebase *table, const struct pxm_record *record, const pxm_value *item,
                           bool *ret_newer, pxm_error *error);
/* The item (NULL: none) with the fields of `set`, as it will be stored: without its key. */
pxm_status tablebase_merge(const struct tablebase *table, const struct pxm_record *record, const pxm_value *item,
                           pxm_value **ret, pxm_error *error);

/* ---- indexes ---- */

struct tablebase_value { /* a value as bytes that are equal when the values are */
    uint8_t bytes[TABLEBASE_VALUE_MAX + 1];
    size_t length; /* 0: has no order or equality worth an index: null, a list, a record */
};
pxm_status tablebase_value_of(const struct pxm_host *host, const pxm_value *value, struct tablebase_value *ret,
                              pxm_error *error);
/* Tells of a list in an indexed field that has more items than it may. */
pxm_status tablebase_check_members(const struct pxm_host *host, const char *field, const pxm_value *list,
                                   pxm_error *error);

#endif
