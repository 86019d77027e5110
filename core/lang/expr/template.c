/* Templates: from nodes of the YAML tree to literals, expressions, text with holes, and lists and records of these.
 * What holds no expression becomes one value here, once. */
#include "lang/expr/template_tree.h"

#include "base/value.h"
#include "lang/yaml/scalar.h"
#include <string.h>

struct builder {
    struct pxm_arena *arena;
    struct pxm_diags *diags;
    uint32_t bits; /* kinds that literals may have */
};

static struct pxm_template *build(struct builder *builder, const struct pxm_node *node);

static struct pxm_template *no_memory(struct builder *builder)
{
    pxm_diags_no_memory(builder->diags);
    return NULL;
}

/* ---- literals --------------------------------------------------------------------------------------------------- */

static void value_release(void *value)
{
    pxm_value_unref(value);
}

struct pxm_template *pxm_template_of_value(struct pxm_arena *arena, pxm_value *value)
{
    struct pxm_template *tpl = value ? pxm_arena_alloc(arena, sizeof *tpl) : NULL;
    if (!tpl) {
        pxm_value_unref(value);
        return NULL;
    }
    if (pxm_arena_defer(arena, value_release, value) < 0) {
        return NULL;
    }
    tpl->kind = TEMPLATE_LITERAL;
    tpl->literal = value;
    return tpl;
}

/* Takes over the value. */
static struct pxm_template *literal(struct builder *builder, const struct pxm_node *node, pxm_value *value)
{
    struct pxm_template *tpl = pxm_template_of_value(builder->arena, value);
    if (!tpl) {
        return no_memory(builder);
    }
    tpl->node = node;
    return tpl;
}

static struct pxm_template *fail_literal(struct builder *builder, const struct pxm_node *node, const char *label)
{
    const struct pxm_type want = {.bits = builder->bits};
    struct pxm_diag *diag = pxm_diag_add(builder->diags, PXM_SEVERITY_ERROR, "E104", node->span, "expected %s",
                                         pxm_type_text(builder->arena, &want));
    if (label) {
        pxm_diag_label(builder->diags, diag, "%s", label);
    }
    return NULL;
}

/* As a float it would silently become another number. */
static struct pxm_template *fail_too_large(struct builder *builder, const struct pxm_node *node)
{
    struct pxm_diag *diag = pxm_diag_add(builder->diags, PXM_SEVERITY_ERROR, "E104", node->span,
                                         "`%s` does not fit into the 64 bits of an int", node->text);
    if (builder->bits & PXM_TYPE_STRING) {
        pxm_diag_label(builder->diags, diag, "in quotes it is text");
    }
    return NULL;
}

static bool is_whole_number(const char *text)
{
    text += *text == '-';
    return *text >= '1' && *text <= '9' && !text[strspn(text, "0123456789")];
}

/* A plain scalar is the first of null, bool, int and float that it reads as and that may be here; else it is text. */
static struct pxm_template *plain_literal(struct builder *builder, const struct pxm_node *node)
{
    const char *wrong = NULL;
    bool truth = false;
    int64_t integer = 0;
    double number = 0;
    if (builder->bits & PXM_TYPE_NULL && strcmp(node->text, "null") == 0) {
        return literal(builder, node, pxm_value_null());
    }
    if (builder->bits & PXM_TYPE_BOOL && !(wrong = pxm_scalar_bool(node->text, &truth))) {
        return literal(builder, node, pxm_value_bool(truth));
    }
    if (builder->bits & PXM_TYPE_INT && !(wrong = pxm_scalar_int(node->text, &integer))) {
        return literal(builder, node, pxm_value_int(integer));
    }
    if (builder->bits & PXM_TYPE_INT && is_whole_number(node->text)) {
        return fail_too_large(builder, node);
    }
    if (builder->bits & PXM_TYPE_FLOAT && !(wrong = pxm_scalar_float(node->text, &number))) {
        return literal(builder, node, pxm_value_float(number));
    }
    if (builder->bits & PXM_TYPE_STRING) {
        return literal(builder, node, pxm_value_string(node->text, node->length));
    }
    return fail_literal(builder, node, wrong);
}

/* ---- scalars ---------------------------------------------------------------------------------------------------- */

/* Literal text from `offset` on, up to the next "${" or the end, with "$${" as "${". *ret_next: where it stopped. */
static bool take_text(struct builder *builder, const struct pxm_node *node, size_t offset, struct template_part *part,
                      size_t *ret_next)
{
    const char *text = node->text + offset;
    const char *rest = text;
    char *copy = pxm_arena_alloc(builder->arena, node->length - offset + 1);
    if (!copy) {
        no_memory(builder);
        return false;
    }
    while (*rest && strncmp(rest, "${", 2) != 0) {
        rest += strncmp(rest, "$${", 3) == 0;
        copy[part->length++] = *rest++;
        /* Behind an escaped "$" stands its "{", which is no hole of its own. */
    }
    part->text = copy;
    *ret_next = offset + (size_t)(rest - text);
    return true;
}

/* "{{ input.x }}" is text here, and never what somebody meant. */
static void warn_braces(struct builder *builder, const struct pxm_node *node)
{
    for (const char *at = strstr(node->text, "{{"); at; at = strstr(at + 2, "{{")) {
        const char *word = at + 2 + strspn(at + 2, " ");
        const char *close = strstr(word, "}}");
        size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz");
        for (size_t i = 0; close && i < EXPR_ROOT_COUNT; i++) {
            if (strlen(expr_root_names[i]) == length && memcmp(word, expr_root_names[i], length) == 0 &&
                strchr(". }[", word[length])) {
                struct pxm_span span = pxm_node_part(node, (size_t)(at - node->text), (size_t)(close + 2 - at));
                struct pxm_diag *diag =
                    pxm_diag_add(builder->diags, PXM_SEVERITY_WARNING, "W312", span, "`{{ }}` is plain text here");
                while (close > word && close[-1] == ' ') {
                    close--;
                }
                pxm_diag_label(builder->diags, diag, "write ${%.*s}", (int)(close - word), word);
            }
        }
    }
}

static bool add_part(struct builder *builder, struct pxm_template *tpl, size_t *capacity,
                     const struct template_part *part)
{
    if (tpl->count == *capacity) {
        size_t larger = *capacity ? 2 * *capacity : 2;
        struct template_part *parts = pxm_arena_array(builder->arena, larger, sizeof *parts);
        if (!parts) {
            no_memory(builder);
            return false;
        }
        if (tpl->count) {
            memcpy(parts, tpl->parts, tpl->count * sizeof *parts);
        }
        tpl->parts = parts;
        *capacity = larger;
    }
    tpl->parts[tpl->count++] = *part;
    return true;
}

/* Splits a scalar into text and expressions. A broken expression does not hide the next one, when its end can be
 * told. */
static bool split(struct builder *builder, const struct pxm_node *node, struct pxm_template *tpl)
{
    size_t offset = 0, capacity = 0;
    bool sound = true;
    do {
        struct template_part part = {.text = NULL};
        if (!take_text(builder, node, offset, &part, &offset)) {
            return false;
        }
        if (node->text[offset]) {
            size_t start = offset + 2;
            part.expr = expr_parse_part(builder->arena, node, start, true, &offset, builder->diags);
            if (!part.expr) {
                const char *close = strchr(node->text + start, '}');
                sound = false;
                offset = close ? (size_t)(close + 1 - node->text) : node->length;
            }
        }
        if (!add_part(builder, tpl, &capacity, &part)) {
            return false;
        }
    } while (offset < node->length);
    return sound;
}

static struct pxm_template *build_scalar(struct builder *builder, const struct pxm_node *node)
{
    warn_braces(builder, node);
    if (!strstr(node->text, "${") && !node->quoted) {
        return plain_literal(builder, node);
    }
    struct pxm_template *tpl = pxm_arena_alloc(builder->arena, sizeof *tpl);
    if (!tpl) {
        return no_memory(builder);
    }
    tpl->node = node;
    if (!split(builder, node, tpl)) {
        return NULL;
    }
    const struct template_part *first = &tpl->parts[0];
    if (tpl->count == 1 && !first->expr) {
        if (!(builder->bits & PXM_TYPE_STRING)) {
            return fail_literal(builder, node, "quotes make it a string");
        }
        return literal(builder, node, pxm_value_string(first->text, first->length));
    }
    bool whole = tpl->count == 1 && first->length == 0;
    tpl->kind = whole ? TEMPLATE_EXPR : TEMPLATE_TEXT;
    tpl->expr = whole ? first->expr : NULL;
    return tpl;
}

/* ---- lists and maps --------------------------------------------------------------------------------------------- */

/* Of items that are all literals, the list or record they make; NULL: no memory. */
static pxm_value *fold(const struct pxm_template *tpl)
{
    pxm_value *value = tpl->kind == TEMPLATE_LIST ? pxm_value_list() : pxm_value_record();
    for (size_t i = 0; value && i < tpl->count; i++) {
        pxm_value *item = pxm_value_ref(tpl->items[i]->literal);
        if (tpl->kind == TEMPLATE_LIST) {
            pxm_value_append(value, item);
        } else {
            pxm_value_set(value, tpl->keys[i], item);
        }
    }
    if (value && pxm_value_status(value) != PXM_OK) {
        pxm_value_unref(value);
        value = NULL;
    }
    return value;
}

static bool check_key(struct builder *builder, const struct pxm_node *key)
{
    if (!strstr(key->text, "${")) {
        return true;
    }
    struct pxm_diag *diag =
        pxm_diag_add(builder->diags, PXM_SEVERITY_ERROR, "E208", key->span, "a key cannot hold a template");
    pxm_diag_label(builder->diags, diag, "templates stand in values only");
    return false;
}

static struct pxm_template *build_collection(struct builder *builder, const struct pxm_node *node)
{
    bool is_map = node->kind == PXM_NODE_MAP, sound = true, folds = true;
    struct pxm_template *tpl = pxm_arena_alloc(builder->arena, sizeof *tpl);
    if (!tpl || !(tpl->items = pxm_arena_array(builder->arena, node->length, sizeof(struct pxm_template *))) ||
        !(tpl->keys = pxm_arena_array(builder->arena, node->length, sizeof(char *)))) {
        return no_memory(builder);
    }
    tpl->kind = is_map ? TEMPLATE_RECORD : TEMPLATE_LIST;
    tpl->node = node;
    tpl->count = node->length;
    for (size_t i = 0; i < node->length; i++) {
        tpl->keys[i] = is_map ? node->entries[i].key->text : NULL;
        tpl->items[i] = build(builder, is_map ? node->entries[i].value : node->items[i]);
        sound = tpl->items[i] && (!is_map || check_key(builder, node->entries[i].key)) && sound;
        folds = folds && sound && tpl->items[i]->kind == TEMPLATE_LITERAL;
    }
    if (!sound) {
        return NULL;
    }
    return folds ? literal(builder, node, fold(tpl)) : tpl;
}

static struct pxm_template *build(struct builder *builder, const struct pxm_node *node)
{
    if (node->kind == PXM_NODE_SCALAR) {
        return build_scalar(builder, node);
    }
    bool allowed = builder->bits & (node->kind == PXM_NODE_MAP ? PXM_TYPE_RECORD : PXM_TYPE_LIST);
    return allowed ? build_collection(builder, node) : fail_literal(builder, node, NULL);
}

struct pxm_template *pxm_template_parse_as(struct pxm_arena *arena, const struct pxm_node *node, uint32_t bits,
                                           struct pxm_diags *diags)
{
    struct builder builder = {.arena = arena, .diags = diags, .bits = bits};
    return build(&builder, node);
}

struct pxm_template *pxm_template_parse_items(struct pxm_arena *arena, const struct pxm_node *node, uint32_t bits,
                                              struct pxm_diags *diags)
{
    struct builder builder = {.arena = arena, .diags = diags, .bits = bits};
    return build_collection(&builder, node);
}

struct pxm_template *pxm_template_parse(struct pxm_arena *arena, const struct pxm_node *node, struct pxm_diags *diags)
{
    return pxm_template_parse_as(arena, node, PXM_TYPE_STRING | PXM_TYPE_LIST | PXM_TYPE_RECORD, diags);
}

struct pxm_template *pxm_template_parse_untyped(struct pxm_arena *arena, const struct pxm_node *node,
                                                struct pxm_diags *diags)
{
    return pxm_template_parse_as(arena, node, PXM_TYPE_ANY, diags);
}

/* ---- questions -------------------------------------------------------------------------------------------------- */

const pxm_value *pxm_template_literal(const struct pxm_template *tpl)
{
    return tpl->literal;
}

const char *pxm_template_prefix(const struct pxm_template *tpl)
{
    if (tpl->kind == TEMPLATE_TEXT) {
        return tpl->parts[0].text;
    }
    const char *text = tpl->literal ? pxm_value_as_string(tpl->literal, NULL) : NULL;
    return text ? text : "";
}

void pxm_template_refs(const struct pxm_template *tpl, void (*each)(void *arg, const struct pxm_ref *ref), void *arg)
{
    if (tpl->expr) {
        pxm_expr_refs(tpl->expr, each, arg);
    }
    for (size_t i = 0; i < tpl->count; i++) {
        if (tpl->items) {
            pxm_template_refs(tpl->items[i], each, arg);
        } else if (tpl->kind == TEMPLATE_TEXT && tpl->parts[i].expr) {
            pxm_expr_refs(tpl->parts[i].expr, each, arg);
        }
    }
}

struct pxm_span pxm_template_span(const struct pxm_template *tpl)
{
    return tpl->node ? tpl->node->span : (struct pxm_span){.source = NULL};
}
