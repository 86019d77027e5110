/* What a step can do, and who provides it. The language asks a catalog; the engine's registry is one. */
#ifndef PXM_LANG_OPERATION_H
#define PXM_LANG_OPERATION_H

#include "lang/options/options.h"
#include <pixmill/plugin.h>

enum pxm_core_op {
    PXM_CORE_NONE = 0, /* a transform of a plugin */
    PXM_CORE_PUT,
    PXM_CORE_GET,
    PXM_CORE_HEAD,
    PXM_CORE_REMOVE,
    PXM_CORE_PRESIGN,
    PXM_CORE_LIST,
    PXM_CORE_RECORD,
    PXM_CORE_LOOKUP,
    PXM_CORE_QUERY,
    PXM_CORE_ERASE,
    PXM_CORE_SEND,
    PXM_CORE_CALL,
    PXM_CORE_FAIL
};

struct pxm_operation { /* lives as long as the catalog */
    const char *name, *summary;
    enum pxm_core_op core;
    const struct pxm_unit *unit; /* of a transform; else NULL */
    const char *plugin;          /* whose; NULL: the core's */
    struct pxm_option_table options;
    const struct pxm_signature *signature;
};

/* Why something is not to be had; texts live in the arena that was passed. */
struct pxm_missing {
    const char *message; /* "plugin `acme` cannot be loaded" */
    const char *note;    /* what to do; may be NULL */
    bool broken;         /* it is there, but cannot be loaded (E401); else there is none of that name */
};

struct pxm_catalog {
    void *arg;
    /* An operation by the name a step uses; loads the plugin that offers it, if need be. NULL with *ret_missing
     * filled. */
    const struct pxm_operation *(*operation)(void *arg, struct pxm_arena *arena, const char *name,
                                             struct pxm_missing *ret_missing);
    /* A storage, metadata, queue or auth driver. */
    const struct pxm_unit *(*driver)(void *arg, struct pxm_arena *arena, const char *iface, const char *name,
                                     struct pxm_missing *ret_missing);
    /* Loads a plugin and compares its version with ">=1.2" (also ">=1.2 <2", "1.3.0"). */
    bool (*require)(void *arg, struct pxm_arena *arena, const char *plugin, const char *version,
                    struct pxm_missing *ret_missing);
    /* Names known so far, for suggestions; the array lives until the next call. */
    const char *const *(*operation_names)(void *arg, size_t *ret_count);
    const char *const *(*driver_names)(void *arg, const char *iface, size_t *ret_count);
    /* Asks the unit's validate() about literal options. May be NULL: nobody is asked. */
    pxm_status (*validate)(void *arg, const struct pxm_unit *unit, const void *config, pxm_error *error);
};

/* The core's own operations. */
const struct pxm_operation *pxm_core_operations(size_t *ret_count);
const struct pxm_operation *pxm_core_operation(const char *name); /* NULL: none */
/* More of the type of a field than its bits can say, such as the items of `list`; NULL: the bits say it all. */
const struct pxm_type *pxm_core_field_type(enum pxm_core_op op, const char *field);

/* Config structs that their option tables fill; the engine reads them.
 * `under` confines a key that a caller may choose: the key must start with it, and what follows holds no "..", "\\" or
 * control byte; where neither `under` nor literal text confines a key, a hole in it may not hold "/" either. */
struct pxm_put_config {
    const char *store, *key, *under, *content_type, *cache;
    const pxm_value *meta;
    int32_t if_absent, reserved;
};
struct pxm_get_config {
    const char *store, *key, *under, *if_match;
    int64_t offset, length; /* offset 0, length PXM_UNSET_INT: all of it */
};
struct pxm_key_config { /* head, remove */
    const char *store, *key, *under;
};
struct pxm_presign_config {
    const char *store, *key, *under, *content_type;
    const pxm_value *meta;
    int32_t method, reserved; /* 0 GET, 1 PUT, 2 POST */
    int64_t expires, bytes;
};
struct pxm_list_config {
    const char *store, *prefix, *cursor; /* cursor NULL or "": the first page */
    int64_t limit;
};
struct pxm_record_config {
    const char *table, *key, *newer_by;
    const pxm_value *set, *expect;
    int32_t if_absent, replace;
};
struct pxm_lookup_config {
    const char *table, *key;
};
struct pxm_query_config {
    const char *table, *field, *cursor; /* cursor NULL or "": the first page */
    const pxm_value *equal;
    int64_t limit;
};
struct pxm_erase_config {
    const char *table, *key;
    const pxm_value *expect;
};
struct pxm_send_config {
    const char *queue, *dedupe_id;
    const pxm_value *body;
    int64_t delay;
};
struct pxm_call_config {
    const char *pipeline;
    const pxm_value *with; /* record: input name -> value */
};
struct pxm_fail_config {
    const char *code, *message;
    int32_t transient, reserved;
};

#endif
