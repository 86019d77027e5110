/* Values as they are compared by an index. */
#include "tablebase/tablebase.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_float(double value, struct tablebase_value *entry)
{
    /* A float that is an int equals that int, as everywhere. */
    bool whole = value >= -9223372036854775808.0 && value < 9223372036854775808.0 && value == (double)(int64_t)value;
    int length = whole ? snprintf((char *)entry->bytes, sizeof entry->bytes, "n%" PRId64, (int64_t)value)
                       : snprintf((char *)entry->bytes, sizeof entry->bytes, "n%.17g", value);
    entry->length = (size_t)length;
}

pxm_status tablebase_value_of(const struct pxm_host *host, const pxm_value *value, struct tablebase_value *ret,
                              pxm_error *error)
{
    size_t length = 0;
    const char *text = host->value_as_string(value, &length);
    ret->length = 0;
    switch (host->value_type(value)) {
    case PXM_TYPE_STRING:
        if (length > TABLEBASE_VALUE_MAX) {
            return host->fail(error, PXM_E_LIMIT, "table.too_large",
                              "a value in an indexed field may have %d bytes, not %zu", TABLEBASE_VALUE_MAX, length);
        }
        ret->bytes[0] = 's';
        memcpy(ret->bytes + 1, text, length);
        ret->length = length + 1;
        break;
    case PXM_TYPE_BOOL:
        memcpy(ret->bytes, host->value_as_bool(value) ? "b1" : "b0", 2);
        ret->length = 2;
        break;
    case PXM_TYPE_INT:
        ret->length = (size_t)snprintf((char *)ret->bytes, sizeof ret->bytes, "n%" PRId64, host->value_as_int(value));
        break;
    case PXM_TYPE_FLOAT:
        write_float(host->value_as_float(value), ret);
        break;
    default:
        break;
    }
    return PXM_OK;
}

pxm_status tablebase_check_members(const struct pxm_host *host, const char *field, const pxm_value *list,
                                   pxm_error *error)
{
    size_t count = host->value_count(list);
    if (count <= TABLEBASE_MEMBERS_MAX) {
        return PXM_OK;
    }
    return host->fail(error, PXM_E_LIMIT, "table.too_large",
                      "the list in the indexed field %s may have %d items, not %zu", field, TABLEBASE_MEMBERS_MAX,
                      count);
}
