/* put, get, head, remove, presign and list: operations on stores. */
#include "lang/program/core_operations.h"

static const char under_help[] =
    "Confines the key: it must start with this text, so that a caller may choose the rest.";

static const char *const codes[] = {"store.not_found", "store.exists",      "store.denied",  "store.full",
                                    "store.bad_key",   "store.unavailable", "store.changed", NULL};

#define SIGNATURE(in_, out_, fields_)                                                                                  \
    {                                                                                                                  \
        .struct_size = sizeof(struct pxm_signature), .field_size = sizeof(struct pxm_field), .in = (in_),              \
        .out = (out_), .fields = (fields_), .codes = codes                                                             \
    }

/* ---- put -------------------------------------------------------------------------------------------------------- */

const struct pxm_option core_put_options[] = {
    {.name = "store",
     .type = PXM_OPT_STORE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_put_config, store, const char *),
     .help = "Where the object goes."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_put_config, key, const char *),
     .min = 1,
     .max = 1024,
     .help = "Its name in the store, with / between the parts."},
    {.name = "under",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct pxm_put_config, under, const char *),
     .min = 1,
     .max = 1024,
     .help = under_help},
    {.name = "content_type",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_put_config, content_type, const char *),
     .min = 1,
     .max = 255,
     .help = "Media type of the object; the one of the data if not said."},
    {.name = "cache",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_put_config, cache, const char *),
     .min = 1,
     .max = 255,
     .help = "Cache-Control that whoever serves the object sends with it."},
    {.name = "meta",
     .type = PXM_OPT_RECORD,
     .item = PXM_TYPE_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_put_config, meta, const pxm_value *),
     .help = "Texts that are kept with the object; empty ones are not."},
    {.name = "if_absent",
     .type = PXM_OPT_BOOL,
     .offset = PXM_FIELD(struct pxm_put_config, if_absent, int32_t),
     .fallback = "false",
     .help = "Leaves an object that is there already as it is; `created` is false then."},
    {.name = NULL},
};

static const struct pxm_field put_fields[] = {
    {.name = "key", .type = PXM_TYPE_STRING, .help = "Name of the object."},
    {.name = "url", .type = PXM_TYPE_STRING, .help = "Where it can be fetched, if the store is public."},
    {.name = "etag", .type = PXM_TYPE_STRING, .help = "Changes whenever the object does."},
    {.name = "bytes", .type = PXM_TYPE_INT, .help = "Its size."},
    {.name = "sha256",
     .type = PXM_TYPE_STRING | PXM_TYPE_NULL,
     .help = "Of its bytes, in hex, where the store knows it."},
    {.name = "created", .type = PXM_TYPE_BOOL, .help = "False: `if_absent` found it there."},
    {.name = NULL},
};
const struct pxm_signature core_put_signature = SIGNATURE(PXM_TYPE_BLOB, 0, put_fields);

/* ---- get -------------------------------------------------------------------------------------------------------- */

const struct pxm_option core_get_options[] = {
    {.name = "store",
     .type = PXM_OPT_STORE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_get_config, store, const char *),
     .help = "Where the object is."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_get_config, key, const char *),
     .min = 1,
     .max = 1024,
     .help = "Its name in the store."},
    {.name = "under",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct pxm_get_config, under, const char *),
     .min = 1,
     .max = 1024,
     .help = under_help},
    {.name = "if_match",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_get_config, if_match, const char *),
     .min = 1,
     .max = 255,
     .help = "The etag that the object must have, else it fails with store.changed."},
    {.name = "offset",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC | PXM_OPT_ADVANCED,
     .offset = PXM_FIELD(struct pxm_get_config, offset, int64_t),
     .fallback = "0",
     .min = 0,
     .max = 9e15,
     .help = "Bytes to leave out at the start."},
    {.name = "length",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC | PXM_OPT_ADVANCED,
     .offset = PXM_FIELD(struct pxm_get_config, length, int64_t),
     .min = 0,
     .max = 9e15,
     .help = "Bytes to read; to the end if not said."},
    {.name = NULL},
};

static const struct pxm_field object_fields[] = {
    {.name = "key", .type = PXM_TYPE_STRING, .help = "Name of the object."},
    {.name = "url", .type = PXM_TYPE_STRING, .help = "Where it can be fetched, if the store is public."},
    {.name = "etag", .type = PXM_TYPE_STRING, .help = "Changes whenever the object does."},
    {.name = "bytes", .type = PXM_TYPE_INT, .help = "Its size."},
    {.name = "content_type", .type = PXM_TYPE_STRING | PXM_TYPE_NULL, .help = "Its media type."},
    {.name = "cache_control", .type = PXM_TYPE_STRING | PXM_TYPE_NULL, .help = "As it was put."},
    {.name = "modified_at", .type = PXM_TYPE_INT | PXM_TYPE_NULL, .help = "Milliseconds since 1970-01-01 UTC."},
    {.name = "meta", .type = PXM_TYPE_RECORD | PXM_TYPE_NULL, .help = "As it was put."},
    {.name = NULL},
};
const struct pxm_signature core_get_signature = SIGNATURE(0, PXM_TYPE_BLOB, object_fields);

/* ---- head, remove ----------------------------------------------------------------------------------------------- */

const struct pxm_option core_key_options[] = {
    {.name = "store",
     .type = PXM_OPT_STORE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_key_config, store, const char *),
     .help = "Where the object is."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_key_config, key, const char *),
     .min = 1,
     .max = 1024,
     .help = "Its name in the store."},
    {.name = "under",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct pxm_key_config, under, const char *),
     .min = 1,
     .max = 1024,
     .help = under_help},
    {.name = NULL},
};

static const struct pxm_field remove_fields[] = {
    {.name = "removed", .type = PXM_TYPE_BOOL, .help = "False: it was not there."},
    {.name = NULL},
};
const struct pxm_signature core_head_signature = SIGNATURE(0, 0, object_fields);
const struct pxm_signature core_remove_signature = SIGNATURE(0, 0, remove_fields);

/* ---- presign ---------------------------------------------------------------------------------------------------- */

static const struct pxm_choice methods[] = {
    {.name = "GET", .value = 0, .help = "Fetches the object."},
    {.name = "PUT", .value = 1, .help = "Stores it with one request."},
    {.name = "POST", .value = 2, .help = "Stores it from an HTML form, with a limit of its size."},
    {.name = NULL},
};

const struct pxm_option core_presign_options[] = {
    {.name = "store",
     .type = PXM_OPT_STORE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_presign_config, store, const char *),
     .help = "Where the object is or will be."},
    {.name = "key",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED | PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_presign_config, key, const char *),
     .min = 1,
     .max = 1024,
     .help = "Its name in the store."},
    {.name = "under",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct pxm_presign_config, under, const char *),
     .min = 1,
     .max = 1024,
     .help = under_help},
    {.name = "method",
     .type = PXM_OPT_ENUM,
     .offset = PXM_FIELD(struct pxm_presign_config, method, int32_t),
     .choices = methods,
     .fallback = "GET",
     .help = "What the URL permits."},
    {.name = "expires",
     .type = PXM_OPT_DURATION,
     .offset = PXM_FIELD(struct pxm_presign_config, expires, int64_t),
     .fallback = "15m",
     .min = 1000,
     .max = 7.0 * 24 * 3600 * 1000,
     .help = "How long the URL works; at most 7 days."},
    {.name = "content_type",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_presign_config, content_type, const char *),
     .min = 1,
     .max = 255,
     .help = "Media type that an upload must have."},
    {.name = "bytes",
     .type = PXM_OPT_SIZE,
     .offset = PXM_FIELD(struct pxm_presign_config, bytes, int64_t),
     .min = 1,
     .max = 5e12,
     .help = "Most that an upload may have; a store may be able to hold to it with POST alone."},
    {.name = "meta",
     .type = PXM_OPT_RECORD,
     .item = PXM_TYPE_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_presign_config, meta, const pxm_value *),
     .help = "Texts that an upload is kept with; the client cannot change them. Empty ones are left out."},
    {.name = NULL},
};

static const struct pxm_field presign_fields[] = {
    {.name = "method", .type = PXM_TYPE_STRING, .help = "GET, PUT or POST."},
    {.name = "url", .type = PXM_TYPE_STRING, .help = "Where the request goes."},
    {.name = "headers", .type = PXM_TYPE_RECORD, .help = "Headers that it must have."},
    {.name = "fields", .type = PXM_TYPE_RECORD, .help = "Form fields of a POST, before the file."},
    {.name = "expires_at", .type = PXM_TYPE_INT, .help = "Milliseconds since 1970-01-01 UTC."},
    {.name = NULL},
};
const struct pxm_signature core_presign_signature = SIGNATURE(0, 0, presign_fields);

/* ---- list ------------------------------------------------------------------------------------------------------- */

const struct pxm_option core_list_options[] = {
    {.name = "store",
     .type = PXM_OPT_STORE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct pxm_list_config, store, const char *),
     .help = "Where the objects are."},
    {.name = "prefix",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_list_config, prefix, const char *),
     .fallback = "",
     .max = 1024,
     .help = "What their keys start with."},
    {.name = "cursor",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_list_config, cursor, const char *),
     .max = 4096,
     .help = "From the page before; the first page if empty."},
    {.name = "limit",
     .type = PXM_OPT_INT,
     .flags = PXM_OPT_DYNAMIC,
     .offset = PXM_FIELD(struct pxm_list_config, limit, int64_t),
     .fallback = "100",
     .min = 1,
     .max = 1000,
     .help = "Most objects of a page."},
    {.name = NULL},
};

static const struct pxm_field list_fields[] = {
    {.name = "items",
     .type = PXM_TYPE_LIST,
     .help = "Records {key, bytes, etag, modified_at}, in order of their keys."},
    {.name = "cursor", .type = PXM_TYPE_STRING | PXM_TYPE_NULL, .help = "For the next page; null on the last."},
    {.name = NULL},
};
const struct pxm_signature core_list_signature = SIGNATURE(0, 0, list_fields);
