/* Deep equality of values, over the readers alone. */
#include "base/value.h"

#include <string.h>

enum { NUMBERS = PXM_TYPE_INT | PXM_TYPE_FLOAT };

/* Compared as integers, since not every int64 has a double; both bounds are exact doubles. */
static bool equals_number(int64_t integer, double number)
{
    return number >= -0x1p63 && number < 0x1p63 && (double)(int64_t)number == number && (int64_t)number == integer;
}

static bool equal_numbers(const pxm_value *a, const pxm_value *b)
{
    bool is_int_a = pxm_value_type(a) == PXM_TYPE_INT, is_int_b = pxm_value_type(b) == PXM_TYPE_INT;
    if (is_int_a && is_int_b) {
        return pxm_value_as_int(a) == pxm_value_as_int(b);
    }
    if (is_int_a) {
        return equals_number(pxm_value_as_int(a), pxm_value_as_float(b));
    }
    if (is_int_b) {
        return equals_number(pxm_value_as_int(b), pxm_value_as_float(a));
    }
    return pxm_value_as_float(a) == pxm_value_as_float(b);
}

static bool equal_strings(const pxm_value *a, const pxm_value *b)
{
    size_t length_a = 0, length_b = 0;
    const char *text_a = pxm_value_as_string(a, &length_a), *text_b = pxm_value_as_string(b, &length_b);
    return length_a == length_b && memcmp(text_a, text_b, length_a) == 0;
}

/* The order of keys in a record does not count. */
static bool equal_items(const pxm_value *a, const pxm_value *b)
{
    bool is_list = pxm_value_type(a) == PXM_TYPE_LIST;
    if (pxm_value_count(a) != pxm_value_count(b)) {
        return false;
    }
    for (size_t i = 0; i < pxm_value_count(a); i++) {
        const pxm_value *other = is_list ? pxm_value_at(b, i) : pxm_value_get(b, pxm_value_key(a, i));
        if (other == NULL || !pxm_value_equal(pxm_value_at(a, i), other)) {
            return false;
        }
    }
    return true;
}

/* Recursion through equal_items, which the depth of values bounds. */
bool pxm_value_equal(const pxm_value *a, const pxm_value *b)
{
    uint32_t type = pxm_value_type(a);
    if ((type & NUMBERS) != 0 && (pxm_value_type(b) & NUMBERS) != 0) {
        return equal_numbers(a, b);
    }
    if (type != pxm_value_type(b)) {
        return false;
    }
    switch (type) {
    case PXM_TYPE_BOOL:
        return pxm_value_as_bool(a) == pxm_value_as_bool(b);
    case PXM_TYPE_STRING:
        return equal_strings(a, b);
    case PXM_TYPE_LIST:
    case PXM_TYPE_RECORD:
        return equal_items(a, b);
    case PXM_TYPE_BLOB:
        return pxm_value_as_blob(a) == pxm_value_as_blob(b);
    case PXM_TYPE_IMAGE:
        return pxm_value_as_image(a) == pxm_value_as_image(b);
    default:
        return true;
    }
}
