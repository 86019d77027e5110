/* The values of options as they are written: a node of the YAML tree, or the default of a table, becomes a template
 * whose literals have the option's type. */
#include "lang/options/options_private.h"

#include "base/value.h"
#include "lang/yaml/scalar.h"
#include <string.h>

static struct pxm_template *fail(const struct pxm_option *option, const struct pxm_node *node, const char *label,
                                 struct pxm_diags *diags)
{
    const char *phrase = option_kind(option->type)->phrase;
    struct pxm_diag *diag;
    if (node->kind == PXM_NODE_SCALAR) {
        diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E104", node->span, "`%s` takes %s, not `%s`", option->name,
                            phrase, node->text);
    } else {
        diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E104", node->span, "`%s` takes %s, not a %s", option->name,
                            phrase, node->kind == PXM_NODE_LIST ? "list" : "map");
    }
    if (label) {
        pxm_diag_label(diags, diag, "%s", label);
    }
    return NULL;
}

static struct pxm_template *no_memory(struct pxm_diags *diags)
{
    pxm_diags_no_memory(diags);
    return NULL;
}

/* The number or bool that text reads as in this option: NULL with *ret_value set, or why not. */
static const char *read_literal(const struct pxm_option *option, const char *text, pxm_value **ret_value)
{
    bool truth = false;
    int64_t integer = 0;
    double number = 0;
    const char *wrong;
    const struct option_kind *kind = option_kind(option->type);
    if (option->type == PXM_OPT_BOOL) {
        wrong = pxm_scalar_bool(text, &truth);
        *ret_value = wrong ? NULL : pxm_value_bool(truth);
    } else if (option->type == PXM_OPT_FLOAT) {
        wrong = pxm_scalar_float(text, &number);
        *ret_value = wrong ? NULL : pxm_value_float(number);
    } else {
        wrong = (kind->read ? kind->read : pxm_scalar_int)(text, &integer);
        *ret_value = wrong ? NULL : pxm_value_int(integer);
    }
    return wrong;
}

static struct pxm_template *parse_number(struct pxm_arena *arena, const struct pxm_option *option,
                                         const struct pxm_node *node, struct pxm_diags *diags)
{
    pxm_value *value = NULL;
    const char *wrong = read_literal(option, node->text, &value);
    if (wrong) {
        return fail(option, node, wrong, diags);
    }
    if (node->quoted) {
        pxm_value_unref(value);
        return fail(option, node, "quotes make it a string; write it without them", diags);
    }
    struct pxm_template *tpl = pxm_template_of_value(arena, value);
    return tpl ? tpl : no_memory(diags);
}

static struct pxm_template *parse_scalar(struct pxm_arena *arena, const struct pxm_option *option,
                                         const struct pxm_node *node, struct pxm_diags *diags)
{
    static const char image_label[] = "write the step that gives it: \"${steps.ID}\"";
    uint32_t literal = option_kind(option->type)->literal;
    if (strstr(node->text, "${") || literal == PXM_TYPE_STRING) {
        return pxm_template_parse(arena, node, diags);
    }
    if (literal & (PXM_TYPE_IMAGE | PXM_TYPE_BLOB)) {
        return fail(option, node, image_label, diags);
    }
    if (literal == PXM_TYPE_LIST || literal == PXM_TYPE_RECORD) {
        return fail(option, node,
                    literal == PXM_TYPE_LIST ? "write it in brackets: [a, b]" : "write it in braces: {a: b}", diags);
    }
    return parse_number(arena, option, node, diags);
}

struct pxm_template *option_parse(struct pxm_arena *arena, const struct pxm_option *option, const struct pxm_node *node,
                                  struct pxm_diags *diags)
{
    uint32_t literal = option_kind(option->type)->literal;
    if (option->type == PXM_OPT_VALUE) {
        return pxm_template_parse_untyped(arena, node, diags);
    }
    if (node->kind == PXM_NODE_SCALAR) {
        return parse_scalar(arena, option, node, diags);
    }
    if (!(literal & (node->kind == PXM_NODE_LIST ? PXM_TYPE_LIST : PXM_TYPE_RECORD))) {
        return fail(option, node, NULL, diags);
    }
    uint32_t item = option->type == PXM_OPT_INT_OR_RECORD ? (uint32_t)PXM_TYPE_INT : option->item;
    return pxm_template_parse_items(arena, node, item, diags);
}

struct pxm_template *option_parse_fallback(struct pxm_arena *arena, const struct pxm_option *option,
                                           struct pxm_span span, struct pxm_diags *diags)
{
    size_t length = strlen(option->fallback);
    struct pxm_node plain = {.kind = PXM_NODE_SCALAR, .span = span, .text = option->fallback, .length = length};
    const struct pxm_node *node = NULL;
    if (option_kind(option->type)->literal & (PXM_TYPE_LIST | PXM_TYPE_RECORD) && strchr("[{", option->fallback[0])) {
        const struct pxm_source *source = pxm_source_of_text(arena, "default", option->fallback, length, diags);
        node = source ? pxm_yaml_parse(arena, source, diags) : NULL;
        return node ? option_parse(arena, option, node, diags) : NULL;
    }
    struct pxm_node *copy = pxm_arena_alloc(arena, sizeof *copy);
    if (!copy) {
        return no_memory(diags);
    }
    *copy = plain;
    return option_parse(arena, option, copy, diags);
}

const struct pxm_type *option_want(struct pxm_arena *arena, const struct pxm_option *option)
{
    struct pxm_type *want = pxm_arena_alloc(arena, sizeof *want);
    if (!want) {
        return NULL;
    }
    want->bits = option_kind(option->type)->accepts;
    want->open = true;
    want->tainted = (option->flags & PXM_OPT_SECRET) != 0;
    if (option->type == PXM_OPT_INT_OR_RECORD) {
        want->item = &pxm_type_int;
    } else if (option->type == PXM_OPT_LIST || option->type == PXM_OPT_RECORD) {
        want->item = pxm_type_of_bits(arena, option->item);
        want = want->item ? want : NULL;
    }
    return want;
}
