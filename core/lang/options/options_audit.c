/* Looks for what is wrong in an option table itself, before anything is bound to it: a plugin with an unsound table is
 * refused, because its fields would be written where nobody expects it. */
#include "lang/options/options_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct audit {
    struct pxm_arena *arena;
    const struct pxm_option_table *table;
    size_t count;
    bool core;
};

static const char no_memory[] = "out of memory";

__attribute__((format(printf, 3, 4))) static const char *fault(const struct audit *audit,
                                                               const struct pxm_option *option, const char *format, ...)
{
    char text[OPTION_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *ret = pxm_arena_printf(audit->arena, "option `%s` %s", option->name, text);
    return ret ? ret : no_memory;
}

static bool is_name(const char *name)
{
    return *name >= 'a' && *name <= 'z' && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static const char *audit_names(const struct audit *audit, size_t index)
{
    struct pxm_option option = pxm_options_at(audit->table, index);
    if (!is_name(option.name)) {
        return fault(audit, &option, "is no name in snake_case");
    }
    if (option.old_name && (!is_name(option.old_name) || strcmp(option.old_name, option.name) == 0)) {
        return fault(audit, &option, "has an impossible former name");
    }
    if (!option.help || !*option.help) {
        return fault(audit, &option, "has no help text");
    }
    for (size_t i = 0; i < index; i++) {
        struct pxm_option other = pxm_options_at(audit->table, i);
        const char *names[] = {other.name, other.old_name};
        for (size_t k = 0; k < 2 && names[k]; k++) {
            if (strcmp(names[k], option.name) == 0 || (option.old_name && strcmp(names[k], option.old_name) == 0)) {
                return fault(audit, &option, "has a name that `%s` has too", other.name);
            }
        }
    }
    return NULL;
}

static const char *audit_field(const struct audit *audit, size_t index)
{
    struct pxm_option option = pxm_options_at(audit->table, index);
    size_t size = option_kind(option.type)->field_size, end = (size_t)option.offset + size;
    if (end > audit->table->config_size) {
        return fault(audit, &option, "has a field outside the config struct");
    }
    if (option.offset % size != 0) {
        return fault(audit, &option, "has a field that is not aligned");
    }
    for (size_t i = 0; i < index; i++) {
        struct pxm_option other = pxm_options_at(audit->table, i);
        if (option.offset < other.offset + option_kind(other.type)->field_size && other.offset < end) {
            return fault(audit, &option, "has the same field as `%s`", other.name);
        }
    }
    return NULL;
}

static const char *audit_flags(const struct audit *audit, const struct pxm_option *option)
{
    const uint32_t known = PXM_OPT_REQUIRED | PXM_OPT_SECRET | PXM_OPT_DYNAMIC | PXM_OPT_ADVANCED | PXM_OPT_DEPRECATED |
                           PXM_OPT_COLOR | PXM_OPT_PATH;
    bool handle = option->type == PXM_OPT_IMAGE || option->type == PXM_OPT_BLOB;
    if (option->flags & ~known) {
        return fault(audit, option, "has an unknown flag");
    }
    if (option->flags & (PXM_OPT_SECRET | PXM_OPT_COLOR | PXM_OPT_PATH) && option->type != PXM_OPT_STRING) {
        return fault(audit, option, "is a secret, color or path, but no string");
    }
    if (option->flags & PXM_OPT_SECRET && option->fallback) {
        return fault(audit, option, "is a secret with a default");
    }
    if (option->flags & PXM_OPT_REQUIRED && option->fallback) {
        return fault(audit, option, "is required and has a default");
    }
    if (handle && !(option->flags & PXM_OPT_DYNAMIC)) {
        return fault(audit, option, "takes an image or blob, which only a template gives, but is not dynamic");
    }
    return NULL;
}

static const char *audit_choices(const struct audit *audit, const struct pxm_option *option)
{
    bool wanted = option->type == PXM_OPT_ENUM || option->type == PXM_OPT_INT_OR_RECORD;
    size_t count = 0;
    if (!wanted) {
        return option->choices ? fault(audit, option, "has choices, but is no choice") : NULL;
    }
    for (; option->choices && option->choices[count].name; count++) {
        if (count == PXM_OPTIONS_MAX) {
            return fault(audit, option, "has too many choices, or no end of them");
        }
        if (option->choices[count].value < 0 && option->type == PXM_OPT_ENUM) {
            return fault(audit, option, "has the choice `%s` with a negative value", option->choices[count].name);
        }
        for (size_t i = 0; i < count; i++) {
            if (strcmp(option->choices[i].name, option->choices[count].name) == 0) {
                return fault(audit, option, "has the choice `%s` twice", option->choices[i].name);
            }
        }
    }
    return count ? NULL : fault(audit, option, "has no choices");
}

static const char *audit_range(const struct audit *audit, const struct pxm_option *option)
{
    bool ranged = option->min != 0 || option->max != 0;
    bool measured = option_is_number(option) || option->type == PXM_OPT_LIST || option->type == PXM_OPT_RECORD ||
                    option_kind(option->type)->literal == PXM_TYPE_STRING;
    if (isnan(option->min) || isnan(option->max) || option->min > option->max) {
        return fault(audit, option, "has an empty range");
    }
    if (ranged && (!measured || option->type == PXM_OPT_ENUM)) {
        return fault(audit, option, "has a range, but nothing to measure");
    }
    bool collection = option->type == PXM_OPT_LIST || option->type == PXM_OPT_RECORD;
    if (collection ? !option->item || option->item & ~(uint32_t)PXM_TYPE_ANY : option->item != 0) {
        return fault(audit, option,
                     collection ? "does not say what its items are" : "has items, but is no list or map");
    }
    return NULL;
}

static const char *audit_fallback(const struct audit *audit, const struct pxm_option *option)
{
    struct option_problem problem;
    struct pxm_diags diags;
    if (!option->fallback) {
        return NULL;
    }
    pxm_diags_init(&diags, audit->arena);
    struct pxm_template *tpl = option_parse_fallback(audit->arena, option, (struct pxm_span){.source = NULL}, &diags);
    if (diags.no_memory) {
        return no_memory;
    }
    if (!tpl) {
        return fault(audit, option, "has a bad default: %s", diags.count ? diags.items[0]->message : option->fallback);
    }
    if (!pxm_template_literal(tpl)) {
        return fault(audit, option, "has a template as its default");
    }
    if (!option_check(option, pxm_template_literal(tpl), &problem)) {
        return fault(audit, option, "has a bad default: %.200s", problem.message);
    }
    return NULL;
}

static const char *audit_option(const struct audit *audit, size_t index)
{
    struct pxm_option option = pxm_options_at(audit->table, index);
    const char *ret = audit_names(audit, index);
    if (!ret && (!option_kind(option.type) || (option.type >= PXM_OPT_PIXELS && !audit->core))) {
        ret = fault(audit, &option, "has an unknown type");
    }
    ret = ret ? ret : audit_field(audit, index);
    ret = ret ? ret : audit_flags(audit, &option);
    ret = ret ? ret : audit_choices(audit, &option);
    ret = ret ? ret : audit_range(audit, &option);
    return ret ? ret : audit_fallback(audit, &option);
}

static const char *audit_table(const struct audit *audit)
{
    size_t least = offsetof(struct pxm_option, help) + sizeof(char *);
    if (audit->table->options &&
        (audit->table->option_size < least || audit->table->option_size % _Alignof(struct pxm_option))) {
        return "its options have an impossible size";
    }
    if (audit->count == PXM_OPTIONS_MAX) {
        return "its options have no end, or there are too many";
    }
    for (size_t i = 0; i < audit->count; i++) {
        const char *ret = audit_option(audit, i);
        if (ret) {
            return ret;
        }
    }
    return NULL;
}

const char *pxm_options_audit(struct pxm_arena *arena, const struct pxm_option_table *table)
{
    struct audit audit = {.arena = arena, .table = table, .count = pxm_options_count(table), .core = false};
    return audit_table(&audit);
}

const char *pxm_options_audit_core(struct pxm_arena *arena, const struct pxm_option_table *table)
{
    struct audit audit = {.arena = arena, .table = table, .count = pxm_options_count(table), .core = true};
    return audit_table(&audit);
}
