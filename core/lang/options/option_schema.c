/* Option tables as JSON Schema (draft 2020-12), for editors. Flat properties without `oneOf`: editors then flag exactly
 * the wrong key. YAML readers take a plain 42 for a number even where text is wanted, so text may be a number here. */
#include "lang/options/option_docs.h"

#include "base/value.h"
#include "lang/options/options_private.h"
#include <stdio.h>

enum { FALLBACK_ARENA_BYTES_MAX = 1 << 20 };

static const char whole_template[] = "^\\$\\{.+\\}$";
static const char some_template[] = "\\$\\{";
static const char secret_template[] = "^\\$\\{ *secret\\..+\\}$";

/* ---- building blocks -------------------------------------------------------------------------------------------- */

static pxm_value *typed(const char *type)
{
    pxm_value *schema = pxm_value_record();
    pxm_value_set(schema, "type", pxm_value_cstring(type));
    return schema;
}

static pxm_value *pattern(const char *regex)
{
    pxm_value *schema = typed("string");
    pxm_value_set(schema, "pattern", pxm_value_cstring(regex));
    return schema;
}

static pxm_value *text_schema(void)
{
    static const char *const types[] = {"string", "number", "boolean"};
    pxm_value *schema = pxm_value_record(), *list = pxm_value_list();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        pxm_value_append(list, pxm_value_cstring(types[i]));
    }
    pxm_value_set(schema, "type", list);
    return schema;
}

/* Takes over both. */
static pxm_value *any_of(pxm_value *a, pxm_value *b)
{
    pxm_value *schema = pxm_value_record(), *list = pxm_value_list();
    pxm_value_append(list, a);
    pxm_value_append(list, b);
    pxm_value_set(schema, "anyOf", list);
    return schema;
}

static void set_range(pxm_value *schema, const struct pxm_option *option, const char *least, const char *most)
{
    if (option_has_least(option)) {
        pxm_value_set(schema, least, option_number_json(option, option->min));
    }
    if (option_has_most(option)) {
        pxm_value_set(schema, most, option_number_json(option, option->max));
    }
}

/* ---- kinds ------------------------------------------------------------------------------------------------------ */

static pxm_value *string_schema(const struct pxm_option *option)
{
    if (option->flags & PXM_OPT_SECRET) {
        return pattern(secret_template);
    }
    if (option->flags & PXM_OPT_COLOR) {
        return pattern("^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$");
    }
    pxm_value *schema = text_schema();
    set_range(schema, option, "minLength", "maxLength");
    return schema;
}

static pxm_value *choice_schema(const struct pxm_option *option)
{
    pxm_value *schema = pxm_value_record(), *names = pxm_value_list();
    for (size_t i = 0; option->choices[i].name; i++) {
        pxm_value_append(names, pxm_value_cstring(option->choices[i].name));
    }
    pxm_value_set(schema, "enum", names);
    return schema;
}

static pxm_value *item_schema(uint32_t bits, bool templates)
{
    static const struct {
        uint32_t bit;
        const char *type;
    } kinds[] = {{PXM_TYPE_NULL, "null"},    {PXM_TYPE_BOOL, "boolean"}, {PXM_TYPE_INT, "integer"},
                 {PXM_TYPE_FLOAT, "number"}, {PXM_TYPE_LIST, "array"},   {PXM_TYPE_RECORD, "object"}};
    if (bits & PXM_TYPE_STRING) {
        bits |= PXM_TYPE_BOOL | PXM_TYPE_FLOAT;
    }
    pxm_value *schema = pxm_value_record(), *types = pxm_value_list();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (bits & kinds[i].bit) {
            pxm_value_append(types, pxm_value_cstring(kinds[i].type));
        }
    }
    if (bits & PXM_TYPE_STRING) {
        pxm_value_append(types, pxm_value_cstring("string"));
    }
    pxm_value_set(schema, "type", types);
    return templates && !(bits & PXM_TYPE_STRING) ? any_of(schema, pattern(whole_template)) : schema;
}

static pxm_value *collection_schema(const struct pxm_option *option, bool templates)
{
    bool is_list = option->type == PXM_OPT_LIST;
    pxm_value *schema = typed(is_list ? "array" : "object");
    pxm_value_set(schema, is_list ? "items" : "additionalProperties", item_schema(option->item, templates));
    set_range(schema, option, is_list ? "minItems" : "minProperties", is_list ? "maxItems" : "maxProperties");
    return schema;
}

static pxm_value *integer_schema(const struct pxm_option *option)
{
    pxm_value *schema = typed("integer");
    set_range(schema, option, "minimum", "maximum");
    return schema;
}

static pxm_value *int_or_record_schema(const struct pxm_option *option, bool templates)
{
    pxm_value *schema = typed("object"), *properties = pxm_value_record();
    for (size_t i = 0; option->choices[i].name; i++) {
        pxm_value *number = integer_schema(option);
        number = templates ? any_of(number, pattern(whole_template)) : number;
        pxm_value_set(properties, option->choices[i].name, number);
    }
    pxm_value_set(schema, "properties", properties);
    pxm_value_set(schema, "additionalProperties", pxm_value_bool(0));
    return any_of(integer_schema(option), schema);
}

static pxm_value *number_schema(const struct pxm_option *option)
{
    pxm_value *schema = typed("number");
    set_range(schema, option, "minimum", "maximum");
    return schema;
}

static pxm_value *literal_schema(const struct pxm_option *option, bool templates)
{
    switch (option->type) {
    case PXM_OPT_BOOL:
        return typed("boolean");
    case PXM_OPT_INT:
        return integer_schema(option);
    case PXM_OPT_FLOAT:
        return number_schema(option);
    case PXM_OPT_SIZE:
        return pattern("^(0|[1-9][0-9]*)([KMGT]i?)?B$");
    case PXM_OPT_DURATION:
        return pattern("^((0|[1-9][0-9]*)(d|h|m|s|ms))+$");
    case PXM_OPT_PIXELS:
        return pattern("^(0|[1-9][0-9]*)[KM]?P$");
    case PXM_OPT_ENUM:
        return choice_schema(option);
    case PXM_OPT_LIST:
    case PXM_OPT_RECORD:
        return collection_schema(option, templates);
    case PXM_OPT_INT_OR_RECORD:
        return int_or_record_schema(option, templates);
    case PXM_OPT_IMAGE:
    case PXM_OPT_BLOB:
        return pattern(whole_template);
    case PXM_OPT_VALUE:
        return pxm_value_record();
    default:
        return string_schema(option);
    }
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

/* The default as an editor would insert it. */
static pxm_value *default_json(const struct pxm_option *option)
{
    struct pxm_diags diags;
    if (option_kind(option->type)->accepts & PXM_TYPE_STRING && option->type != PXM_OPT_VALUE) {
        return pxm_value_cstring(option->fallback);
    }
    struct pxm_arena *arena = pxm_arena_new(FALLBACK_ARENA_BYTES_MAX);
    if (!arena) {
        return NULL;
    }
    pxm_diags_init(&diags, arena);
    struct pxm_template *tpl = option_parse_fallback(arena, option, (struct pxm_span){.source = NULL}, &diags);
    pxm_value *value = tpl ? pxm_value_ref(pxm_template_literal(tpl)) : NULL;
    pxm_arena_free(arena);
    return value;
}

static pxm_value *option_schema(const struct pxm_option *option, bool templates)
{
    bool whole = option->type == PXM_OPT_IMAGE || option->type == PXM_OPT_BLOB || option->type == PXM_OPT_VALUE;
    bool is_text = option_kind(option->type)->literal == PXM_TYPE_STRING;
    pxm_value *schema = literal_schema(option, templates);
    if (templates && !whole && !(option->flags & PXM_OPT_SECRET)) {
        schema = any_of(schema, pattern(is_text ? some_template : whole_template));
    }
    pxm_value_set(schema, "description", pxm_value_cstring(option->help));
    if (option->fallback) {
        pxm_value_set(schema, "default", default_json(option));
    }
    if (option->flags & PXM_OPT_DEPRECATED) {
        pxm_value_set(schema, "deprecated", pxm_value_bool(1));
    }
    return schema;
}

static void set_old_name(pxm_value *properties, const struct pxm_option *option, bool templates)
{
    struct pxm_option former = *option;
    char help[OPTION_TEXT_MAX];
    snprintf(help, sizeof help, "Now called `%.100s`.", option->name);
    former.help = help;
    former.flags |= PXM_OPT_DEPRECATED;
    pxm_value_set(properties, option->old_name, option_schema(&former, templates));
}

pxm_value *pxm_option_docs_schema(const struct pxm_option_table *table, bool templates_everywhere)
{
    pxm_value *schema = typed("object"), *properties = pxm_value_record(), *required = pxm_value_list();
    for (size_t i = 0; i < pxm_options_count(table); i++) {
        struct pxm_option option = pxm_options_at(table, i);
        bool templates = templates_everywhere || option.flags & PXM_OPT_DYNAMIC;
        pxm_value_set(properties, option.name, option_schema(&option, templates));
        if (option.old_name) {
            set_old_name(properties, &option, templates);
        }
        if (option.flags & PXM_OPT_REQUIRED && !option.old_name) {
            pxm_value_append(required, pxm_value_cstring(option.name));
        }
    }
    pxm_value_set(schema, "properties", properties);
    pxm_value_set(schema, "required", required);
    pxm_value_set(schema, "additionalProperties", pxm_value_bool(0));
    return option_json_done(schema);
}
