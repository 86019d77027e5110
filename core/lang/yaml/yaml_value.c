/* Nodes as values, where nobody has declared their types. */
#include "lang/yaml/yaml.h"

#include "base/value.h"
#include "lang/yaml/scalar.h"

#include <string.h>

static pxm_value *scalar_value(const struct pxm_node *node)
{
    bool boolean = false;
    int64_t integer = 0;
    double number = 0;

    if (node->quoted) {
        return pxm_value_string(node->text, node->length);
    }
    if (strcmp(node->text, "null") == 0) {
        return pxm_value_null();
    }
    if (!pxm_scalar_bool(node->text, &boolean)) {
        return pxm_value_bool(boolean);
    }
    if (!pxm_scalar_int(node->text, &integer)) {
        return pxm_value_int(integer);
    }
    if (!pxm_scalar_float(node->text, &number)) {
        return pxm_value_float(number);
    }
    return pxm_value_string(node->text, node->length);
}

/* Recursion ends: the YAML reader bounds the depth. */
pxm_value *pxm_node_value(const struct pxm_node *node)
{
    if (node->kind == PXM_NODE_SCALAR) {
        return scalar_value(node);
    }
    pxm_value *value = node->kind == PXM_NODE_LIST ? pxm_value_list() : pxm_value_record();
    pxm_status status = value ? PXM_OK : PXM_E_NO_MEMORY;
    for (size_t i = 0; i < node->length && status == PXM_OK; i++) {
        if (node->kind == PXM_NODE_LIST) {
            status = pxm_value_append(value, pxm_node_value(node->items[i]));
        } else {
            status = pxm_value_set(value, node->entries[i].key->text, pxm_node_value(node->entries[i].value));
        }
    }
    if (status != PXM_OK) {
        pxm_value_unref(value);
        return NULL;
    }
    return value;
}
