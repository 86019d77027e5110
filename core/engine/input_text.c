/* Reads the text of inputs: from a command line, a query string, an embedding program. Nothing in it is an
 * expression. */
#include "engine/input_text.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "lang/yaml/scalar.h"
#include "lang/yaml/yaml.h"

#include <string.h>

enum { SCALAR_BYTES_MAX = 64, ARENA_BYTES_MAX = 16 << 20 };

/* ---- lists and records ------------------------------------------------------------------------------------------- */

static pxm_status parse_structure(const struct pxm_input *input, const char *text, size_t length,
                                  struct pxm_arena *arena, pxm_value **ret, pxm_error *error)
{
    struct pxm_diags diags;

    pxm_diags_init(&diags, arena);
    const struct pxm_source *source = pxm_source_of_text(arena, input->name, text, length, &diags);
    const struct pxm_node *node = source ? pxm_yaml_parse(arena, source, &diags) : NULL;
    if (diags.no_memory) {
        return pxm_error_no_memory(error);
    }
    if (!node) {
        return pxm_error_set(error, PXM_E_INVALID, "input.invalid", "input `%s`: %s", input->name,
                             diags.count > 0 ? diags.items[0]->message : "cannot be read");
    }
    *ret = pxm_node_value(node);
    return *ret ? PXM_OK : pxm_error_no_memory(error);
}

static pxm_status structure_of_text(const struct pxm_input *input, const char *text, size_t length, pxm_value **ret,
                                    pxm_error *error)
{
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);

    if (!arena) {
        return pxm_error_no_memory(error);
    }
    pxm_status status = parse_structure(input, text, length, arena, ret, error);
    pxm_arena_free(arena);
    return status;
}

/* ---- scalars ----------------------------------------------------------------------------------------------------- */

static const char *number_or_bool(uint32_t bits, const char *text, pxm_value **ret)
{
    const char *wrong = "is a blob; give bytes or a file";
    bool boolean = false;
    int64_t integer = 0;
    double number = 0;

    if ((bits & PXM_TYPE_INT) && !(wrong = pxm_scalar_int(text, &integer))) {
        *ret = pxm_value_int(integer);
    } else if ((bits & PXM_TYPE_FLOAT) && !(wrong = pxm_scalar_float(text, &number))) {
        *ret = pxm_value_float(number);
    } else if ((bits & PXM_TYPE_BOOL) && !(wrong = pxm_scalar_bool(text, &boolean))) {
        *ret = pxm_value_bool(boolean);
    }
    return wrong;
}

pxm_status pxm_input_of_text(const struct pxm_input *input, const char *text, size_t length, pxm_value **ret,
                             pxm_error *error)
{
    uint32_t bits = input->type->bits;
    pxm_value *value = NULL;
    const char *wrong = NULL;

    if (bits & PXM_TYPE_STRING) {
        value = pxm_value_string(text, length);
    } else if ((bits & PXM_TYPE_NULL) && (length == 0 || strcmp(text, "null") == 0)) {
        value = pxm_value_null();
    } else if (bits & (PXM_TYPE_LIST | PXM_TYPE_RECORD)) {
        return structure_of_text(input, text, length, ret, error);
    } else if (length > SCALAR_BYTES_MAX || strlen(text) != length) {
        wrong = "is too long, or holds a NUL";
    } else {
        wrong = number_or_bool(bits, text, &value);
    }
    if (wrong) {
        return pxm_error_set(error, PXM_E_INVALID, "input.invalid", "input `%s`: %s", input->name, wrong);
    }
    if (!value) {
        return pxm_error_no_memory(error);
    }
    *ret = value;
    return PXM_OK;
}
