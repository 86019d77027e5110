/* The operations that need no plugin: one table, looked up by name. Constant, so any thread may ask. */
#include "lang/program/core_operations.h"

#include "lang/expr/type.h"
#include <string.h>

#define OPERATION(name_, core_, summary_, options_, config_, signature_)                                               \
    {                                                                                                                  \
        .name = (name_), .summary = (summary_), .core = (core_),                                                       \
        .options = {.options = (options_), .option_size = sizeof(struct pxm_option), .config_size = sizeof(config_)},  \
        .signature = &(signature_)                                                                                     \
    }

static const struct pxm_operation operations[] = {
    OPERATION("put", PXM_CORE_PUT, "Stores a blob as an object.", core_put_options, struct pxm_put_config,
              core_put_signature),
    OPERATION("get", PXM_CORE_GET, "Reads an object.", core_get_options, struct pxm_get_config, core_get_signature),
    OPERATION("head", PXM_CORE_HEAD, "Tells about an object without reading it.", core_key_options,
              struct pxm_key_config, core_head_signature),
    OPERATION("remove", PXM_CORE_REMOVE, "Deletes an object; one that is not there is no error.", core_key_options,
              struct pxm_key_config, core_remove_signature),
    OPERATION("presign", PXM_CORE_PRESIGN, "Makes a URL that lets its holder fetch or store one object for a while.",
              core_presign_options, struct pxm_presign_config, core_presign_signature),
    OPERATION("list", PXM_CORE_LIST, "Names the objects whose keys start alike.", core_list_options,
              struct pxm_list_config, core_list_signature),
    OPERATION("record", PXM_CORE_RECORD, "Writes fields of an item of a table.", core_record_options,
              struct pxm_record_config, core_record_signature),
    OPERATION("lookup", PXM_CORE_LOOKUP, "Reads an item of a table.", core_lookup_options, struct pxm_lookup_config,
              core_lookup_signature),
    OPERATION("query", PXM_CORE_QUERY, "Lists items of a table, newest first.", core_query_options,
              struct pxm_query_config, core_query_signature),
    OPERATION("erase", PXM_CORE_ERASE, "Deletes an item of a table; one that is not there is no error.",
              core_erase_options, struct pxm_erase_config, core_erase_signature),
    OPERATION("send", PXM_CORE_SEND, "Puts a message into a queue.", core_send_options, struct pxm_send_config,
              core_send_signature),
    OPERATION("call", PXM_CORE_CALL, "Runs another pipeline as one step.", core_call_options, struct pxm_call_config,
              core_call_signature),
    OPERATION("fail", PXM_CORE_FAIL, "Ends the run with an error of one's own.", core_fail_options,
              struct pxm_fail_config, core_fail_signature),
};
enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

const struct pxm_operation *pxm_core_operations(size_t *ret_count)
{
    *ret_count = OPERATION_COUNT;
    return operations;
}

const struct pxm_operation *pxm_core_operation(const char *name)
{
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            return &operations[i];
        }
    }
    return NULL;
}

/* ---- types that bits cannot say --------------------------------------------------------------------------------- */

static const struct pxm_type string_or_null = {.bits = PXM_TYPE_STRING | PXM_TYPE_NULL};
static const struct pxm_type int_or_null = {.bits = PXM_TYPE_INT | PXM_TYPE_NULL};

static const struct pxm_type_field object_fields[] = {
    {"key", &pxm_type_string}, {"bytes", &pxm_type_int}, {"etag", &string_or_null}, {"modified_at", &int_or_null}};
static const struct pxm_type object = {.bits = PXM_TYPE_RECORD, .field_count = 4, .fields = object_fields};
static const struct pxm_type objects = {.bits = PXM_TYPE_LIST, .item = &object};
static const struct pxm_type records = {.bits = PXM_TYPE_LIST, .item = &pxm_type_record};

const struct pxm_type *pxm_core_field_type(enum pxm_core_op op, const char *field)
{
    bool items = strcmp(field, "items") == 0;

    if (items && op == PXM_CORE_LIST) {
        return &objects;
    }
    return items && op == PXM_CORE_QUERY ? &records : NULL;
}
