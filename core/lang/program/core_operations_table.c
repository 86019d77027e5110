/* record, lookup, query and erase: operations on tables. */
#include "lang/program/core_operations.h"

static const char *const codes[] = {"table.not_found",  "table.exists",      "table.conflict",
                                    "table.too_large",  "table.unavailable", "table.bad_record",
                                    "table.bad_cursor", "table.bad_query",   NULL};

#define SIGNATURE(fields_)                                                                                             \
    {                                                                                                                  \
        .struct_size = sizeof(struct pxm_signature), .field_size = sizeof(struct pxm_field), .fields = (fields_),      \
        .codes = codes                                                                                                 \
    }

static const char expect_help[] =
    "Fields that must be equal, or absent where null is said; else it fails with table.conflict.";

/* ---- record ----------------------------------------------------------------------------------------------------- */

const struct pxm_option core_record_options[] = {
    {.name = "table",
     .type = PXM_OPT_TABLE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_record_config, table, const char *),
     .help = "Where the item is kept."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_record_config, key, const char *),
     .min = 1,
     .max = 1024,
     .help = "Its name in the table."},
    {.name = "set",
     .type = PXM_OPT_RECORD,
     .item = CORE_JSON,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_record_config, set, const pxm_value *),
     .help = "Fields to write; null removes one."},
    {.name = "expect",
     .type = PXM_OPT_RECORD,
     .item = CORE_JSON,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_record_config, expect, const pxm_value *),
     .help = expect_help},
    {.name = "newer_by",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct pxm_record_config, newer_by, const char *),
     .min = 1,
     .max = 255,
     .help = "A field of `set`: written only where the item has none or a lesser one, so that late events do no harm."},
    {.name = "if_absent",
     .type = PXM_OPT_BOOL,
     .offset = PXM_FIELD(struct pxm_record_config, if_absent, int32_t),
     .fallback = "false",
     .help = "Fails with table.exists when the item is there already."},
    {.name = "replace",
     .type = PXM_OPT_BOOL,
     .offset = PXM_FIELD(struct pxm_record_config, replace, int32_t),
     .fallback = "false",
     .help = "Drops all fields that are not in `set`; else they stay."},
    {.name = NULL},
};

static const struct pxm_field record_fields[] = {
    {.name = "key", .type = PXM_TYPE_STRING, .help = "Name of the item."},
    {.name = "created", .type = PXM_TYPE_BOOL, .help = "It was not there before."},
    {.name = "applied", .type = PXM_TYPE_BOOL, .help = "False: `newer_by` found a newer one."},
    {.name = NULL},
};
const struct pxm_signature core_record_signature = SIGNATURE(record_fields);

/* ---- lookup ----------------------------------------------------------------------------------------------------- */

const struct pxm_option core_lookup_options[] = {
    {.name = "table",
     .type = PXM_OPT_TABLE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_lookup_config, table, const char *),
     .help = "Where the item is kept."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_lookup_config, key, const char *),
     .min = 1,
     .max = 1024,
     .help = "Its name in the table."},
    {.name = NULL},
};

static const struct pxm_field lookup_fields[] = {
    {.name = "key", .type = PXM_TYPE_STRING, .help = "Name of the item."},
    {.name = "item", .type = PXM_TYPE_RECORD, .help = "All of its fields."},
    {.name = NULL},
};
const struct pxm_signature core_lookup_signature = SIGNATURE(lookup_fields);

/* ---- query ------------------------------------------------------------------------------------------------------ */

const struct pxm_option core_query_options[] = {
    {.name = "table",
     .type = PXM_OPT_TABLE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_query_config, table, const char *),
     .help = "Where the items are kept."},
    {.name = "field",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct pxm_query_config, field, const char *),
     .min = 1,
     .max = 255,
     .help = "A field that the table has an index of; all items if not said."},
    {.name = "equal",
     .type = PXM_OPT_VALUE,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_query_config, equal, const pxm_value *),
     .help = "What the field equals, or what the list in it contains; all items if null."},
    {.name = "cursor",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_query_config, cursor, const char *),
     .max = 4096,
     .help = "From the page before; the newest items if empty."},
    {.name = "limit",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_query_config, limit, int64_t),
     .fallback = "100",
     .min = 1,
     .max = 1000,
     .help = "Most items of a page."},
    {.name = NULL},
};

static const struct pxm_field query_fields[] = {
    {.name = "items", .type = PXM_TYPE_LIST, .help = "Records, newest first."},
    {.name = "cursor", .type = PXM_TYPE_STRING | PXM_TYPE_NULL, .help = "For the next page; null on the last."},
    {.name = NULL},
};
const struct pxm_signature core_query_signature = SIGNATURE(query_fields);

/* ---- erase ------------------------------------------------------------------------------------------------------ */

const struct pxm_option core_erase_options[] = {
    {.name = "table",
     .type = PXM_OPT_TABLE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_erase_config, table, const char *),
     .help = "Where the item is kept."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_erase_config, key, const char *),
     .min = 1,
     .max = 1024,
     .help = "Its name in the table."},
    {.name = "expect",
     .type = PXM_OPT_RECORD,
     .item = CORE_JSON,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_erase_config, expect, const pxm_value *),
     .help = expect_help},
    {.name = NULL},
};

static const struct pxm_field erase_fields[] = {
    {.name = "erased", .type = PXM_TYPE_BOOL, .help = "False: it was not there."},
    {.name = "item", .type = PXM_TYPE_RECORD | PXM_TYPE_NULL, .help = "What it was; null if it was not there."},
    {.name = NULL},
};
const struct pxm_signature core_erase_signature = SIGNATURE(erase_fields);
