/* Static types: comparing, joining and naming them. Everything here is pure; new types are made in the caller's
 * arena. */
#include "lang/expr/type.h"

#include "base/value.h"
#include <string.h>

const struct pxm_type pxm_type_any = {.bits = PXM_TYPE_ANY, .open = true};
const struct pxm_type pxm_type_null = {.bits = PXM_TYPE_NULL};
const struct pxm_type pxm_type_bool = {.bits = PXM_TYPE_BOOL};
const struct pxm_type pxm_type_int = {.bits = PXM_TYPE_INT};
const struct pxm_type pxm_type_float = {.bits = PXM_TYPE_FLOAT};
const struct pxm_type pxm_type_string = {.bits = PXM_TYPE_STRING};
const struct pxm_type pxm_type_blob = {.bits = PXM_TYPE_BLOB};
const struct pxm_type pxm_type_image = {.bits = PXM_TYPE_IMAGE};
const struct pxm_type pxm_type_list = {.bits = PXM_TYPE_LIST};
const struct pxm_type pxm_type_record = {.bits = PXM_TYPE_RECORD, .open = true};

/* What any JSON value other than null may be: who could be all of these was declared by nobody. */
static const uint32_t json_bits =
    PXM_TYPE_BOOL | PXM_TYPE_INT | PXM_TYPE_FLOAT | PXM_TYPE_STRING | PXM_TYPE_LIST | PXM_TYPE_RECORD;

static const struct pxm_type type_never = {.bits = 0};

bool pxm_type_is_dynamic(const struct pxm_type *type)
{
    return (type->bits & json_bits) == json_bits;
}

/* ---- fitting ---------------------------------------------------------------------------------------------------- */

static bool type_fits(const struct pxm_type *from, const struct pxm_type *to, bool lenient);

static bool items_fit(const struct pxm_type *from, const struct pxm_type *to, bool lenient)
{
    if (!to->item || (lenient && !from->item)) {
        return true;
    }
    return type_fits(from->item ? from->item : &pxm_type_any, to->item, lenient);
}

static bool has_field(const struct pxm_type *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (strcmp(record->fields[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool fields_fit(const struct pxm_type *from, const struct pxm_type *to, bool lenient)
{
    for (size_t i = 0; i < to->field_count; i++) {
        const struct pxm_type *have = pxm_type_field(from, to->fields[i].name);
        const struct pxm_type *want = to->fields[i].type;
        if (have ? !type_fits(have, want, lenient) : !(want->bits & PXM_TYPE_NULL)) {
            return false;
        }
    }
    for (size_t i = 0; i < from->field_count; i++) {
        bool declared = has_field(to, from->fields[i].name);
        if (!declared && (!to->open || (to->item && !type_fits(from->fields[i].type, to->item, lenient)))) {
            return false;
        }
    }
    return !from->open || (to->open ? items_fit(from, to, lenient) : lenient);
}

static bool type_fits(const struct pxm_type *from, const struct pxm_type *to, bool lenient)
{
    uint32_t allowed = to->bits | (to->bits & PXM_TYPE_FLOAT ? PXM_TYPE_INT : 0);
    uint32_t surplus = from->bits & ~allowed;
    if (from == to) {
        return true;
    }
    if (from->tainted && !to->tainted) {
        return false;
    }
    if (lenient && pxm_type_is_dynamic(from)) {
        return (from->bits & allowed & ~(uint32_t)PXM_TYPE_NULL) && !(surplus & PXM_TYPE_NULL);
    }
    if (surplus) {
        return false;
    }
    if (from->bits & PXM_TYPE_LIST && !items_fit(from, to, lenient)) {
        return false;
    }
    return !(from->bits & PXM_TYPE_RECORD) || fields_fit(from, to, lenient);
}

bool pxm_type_fits(const struct pxm_type *from, const struct pxm_type *to)
{
    return type_fits(from, to, false);
}

bool pxm_type_may_fit(const struct pxm_type *from, const struct pxm_type *to)
{
    return type_fits(from, to, true);
}

const struct pxm_type *pxm_type_field(const struct pxm_type *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (strcmp(record->fields[i].name, name) == 0) {
            return record->fields[i].type;
        }
    }
    return !record->open ? NULL : record->item ? record->item : &pxm_type_any;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

static struct pxm_type *type_copy(struct pxm_arena *arena, const struct pxm_type *type)
{
    struct pxm_type *copy = pxm_arena_alloc(arena, sizeof *copy);
    if (copy) {
        *copy = *type;
    }
    return copy;
}

/* A field that one of two records does not declare may be missing from their union, which reads as null. */
static bool union_field(struct pxm_arena *arena, struct pxm_type_field *ret, const struct pxm_type_field *field,
                        const struct pxm_type *other)
{
    const struct pxm_type *there = pxm_type_field(other, field->name);
    const struct pxm_type *type = there ? pxm_type_union(arena, field->type, there) : field->type;
    ret->name = field->name;
    ret->type = has_field(other, field->name) ? type : pxm_type_with_null(arena, type);
    return ret->type != NULL;
}

static bool union_fields(struct pxm_arena *arena, struct pxm_type *ret, const struct pxm_type *a,
                         const struct pxm_type *b)
{
    struct pxm_type_field *fields = pxm_arena_array(arena, a->field_count + b->field_count, sizeof *fields);
    size_t count = 0;
    if (!fields) {
        return false;
    }
    for (size_t i = 0; i < a->field_count; i++) {
        if (!union_field(arena, &fields[count++], &a->fields[i], b)) {
            return false;
        }
    }
    for (size_t i = 0; i < b->field_count; i++) {
        if (!has_field(a, b->fields[i].name) && !union_field(arena, &fields[count++], &b->fields[i], a)) {
            return false;
        }
    }
    ret->fields = fields;
    ret->field_count = count;
    ret->open = a->open || b->open;
    return true;
}

/* Whether `item` says something about it, be it that there may be anything. */
static bool has_items(const struct pxm_type *type)
{
    return type->bits & PXM_TYPE_LIST || (type->bits & PXM_TYPE_RECORD && type->open);
}

const struct pxm_type *pxm_type_union(struct pxm_arena *arena, const struct pxm_type *a, const struct pxm_type *b)
{
    if (!a || !b) {
        return NULL;
    }
    if (a == b || (b->bits == 0 && !b->tainted)) {
        return a;
    }
    if (a->bits == 0 && !a->tainted) {
        return b;
    }
    struct pxm_type *ret = type_copy(arena, a->bits & PXM_TYPE_RECORD ? a : b);
    if (!ret) {
        return NULL;
    }
    ret->bits = a->bits | b->bits;
    ret->tainted = a->tainted || b->tainted;
    const struct pxm_type *nullable = a->bits & PXM_TYPE_NULL ? a : b;
    ret->null_subject = nullable->null_subject;
    ret->null_reason = nullable->null_reason;
    if (has_items(a) && has_items(b)) {
        ret->item = a->item && b->item ? pxm_type_union(arena, a->item, b->item) : NULL;
        if (a->item && b->item && !ret->item) {
            return NULL;
        }
    } else {
        ret->item = has_items(a) ? a->item : b->item;
    }
    if ((a->bits & b->bits & PXM_TYPE_RECORD) && !union_fields(arena, ret, a, b)) {
        return NULL;
    }
    return ret;
}

const struct pxm_type *pxm_type_without_null(struct pxm_arena *arena, const struct pxm_type *type)
{
    if (!type || !(type->bits & PXM_TYPE_NULL)) {
        return type;
    }
    struct pxm_type *ret = type_copy(arena, type);
    if (ret) {
        ret->bits &= ~(uint32_t)PXM_TYPE_NULL;
        ret->null_subject = ret->null_reason = NULL;
    }
    return ret;
}

const struct pxm_type *pxm_type_with_null(struct pxm_arena *arena, const struct pxm_type *type)
{
    if (!type || type->bits & PXM_TYPE_NULL) {
        return type;
    }
    struct pxm_type *ret = type_copy(arena, type);
    if (ret) {
        ret->bits |= PXM_TYPE_NULL;
    }
    return ret;
}

const struct pxm_type *pxm_type_list_of(struct pxm_arena *arena, const struct pxm_type *item)
{
    struct pxm_type *ret = item ? type_copy(arena, &pxm_type_list) : NULL;
    if (ret) {
        ret->item = item;
    }
    return ret;
}

const struct pxm_type *pxm_type_of_bits(struct pxm_arena *arena, uint32_t bits)
{
    struct pxm_type *ret = type_copy(arena, &type_never);
    if (ret) {
        ret->bits = bits;
        ret->open = (bits & PXM_TYPE_RECORD) != 0;
    }
    return ret;
}

static const struct pxm_type *type_of_list(struct pxm_arena *arena, const pxm_value *list)
{
    const struct pxm_type *item = &type_never;
    for (size_t i = 0; i < pxm_value_count(list); i++) {
        item = pxm_type_union(arena, item, pxm_type_of_value(arena, pxm_value_at(list, i)));
    }
    return pxm_type_list_of(arena, item);
}

static const struct pxm_type *type_of_record(struct pxm_arena *arena, const pxm_value *record)
{
    size_t count = pxm_value_count(record);
    struct pxm_type *ret = type_copy(arena, &type_never);
    struct pxm_type_field *fields = pxm_arena_array(arena, count, sizeof *fields);
    if (!ret || !fields) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const char *key = pxm_value_key(record, i);
        fields[i].name = pxm_arena_strndup(arena, key, strlen(key));
        fields[i].type = pxm_type_of_value(arena, pxm_value_at(record, i));
        if (!fields[i].name || !fields[i].type) {
            return NULL;
        }
    }
    ret->bits = PXM_TYPE_RECORD;
    ret->fields = fields;
    ret->field_count = count;
    return ret;
}

const struct pxm_type *pxm_type_of_value(struct pxm_arena *arena, const pxm_value *value)
{
    switch (pxm_value_type(value)) {
    case PXM_TYPE_BOOL:
        return &pxm_type_bool;
    case PXM_TYPE_INT:
        return &pxm_type_int;
    case PXM_TYPE_FLOAT:
        return &pxm_type_float;
    case PXM_TYPE_STRING:
        return &pxm_type_string;
    case PXM_TYPE_LIST:
        return type_of_list(arena, value);
    case PXM_TYPE_RECORD:
        return type_of_record(arena, value);
    case PXM_TYPE_BLOB:
        return &pxm_type_blob;
    case PXM_TYPE_IMAGE:
        return &pxm_type_image;
    default:
        return &pxm_type_null;
    }
}

/* ---- naming ----------------------------------------------------------------------------------------------------- */

/* Kinds in the order in which they are said; null comes last. */
static const struct {
    uint32_t bit;
    const char *name;
} kinds[] = {
    {PXM_TYPE_BOOL, "bool"},     {PXM_TYPE_INT, "int"},     {PXM_TYPE_FLOAT, "float"},
    {PXM_TYPE_STRING, "string"}, {PXM_TYPE_LIST, "list"},   {PXM_TYPE_RECORD, "record"},
    {PXM_TYPE_BLOB, "blob"},     {PXM_TYPE_IMAGE, "image"}, {PXM_TYPE_NULL, "null"},
};

/* "list of string" of "list". */
static const char *items_text(struct pxm_arena *arena, const struct pxm_type *type, const char *name)
{
    const struct pxm_type *item = type->item;
    if (!item || pxm_type_is_dynamic(item)) {
        return name;
    }
    if (item->bits == 0) {
        return pxm_arena_printf(arena, "empty %s", name);
    }
    /* "list of (int or string)": who reads "list of int or string" cannot tell what the `or` joins. */
    bool several = (item->bits & (item->bits - 1)) != 0;
    return pxm_arena_printf(arena, several ? "%s of (%s)" : "%s of %s", name, pxm_type_text(arena, item));
}

const char *pxm_type_text(struct pxm_arena *arena, const struct pxm_type *type)
{
    const char *text = NULL;
    if (type->tainted) {
        return "secret";
    }
    if (pxm_type_is_dynamic(type)) {
        return type->bits & (PXM_TYPE_BLOB | PXM_TYPE_IMAGE) ? "anything" : "any JSON value";
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!(type->bits & kinds[i].bit)) {
            continue;
        }
        bool of_items = kinds[i].bit == PXM_TYPE_LIST || (kinds[i].bit == PXM_TYPE_RECORD && type->open);
        const char *name = of_items ? items_text(arena, type, kinds[i].name) : kinds[i].name;
        text = text && name ? pxm_arena_printf(arena, "%s or %s", text, name) : name;
        if (!text) {
            return "?";
        }
    }
    return text ? text : "nothing";
}
