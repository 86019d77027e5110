/* Templates: their types before the first event, their values in each run. */
#include "lang/expr/template_tree.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

static const struct pxm_type text_type = {.bits = PXM_TYPE_BOOL | PXM_TYPE_INT | PXM_TYPE_FLOAT | PXM_TYPE_STRING};

/* ---- checking --------------------------------------------------------------------------------------------------- */

static const struct pxm_type *check_text(struct pxm_template *tpl, const struct pxm_resolver *resolver,
                                         struct pxm_diags *diags)
{
    bool sound = true;
    for (size_t i = 0; i < tpl->count; i++) {
        struct pxm_expr *expr = tpl->parts[i].expr;
        sound = (!expr || pxm_expr_check_as(expr, resolver, &text_type, "text", diags)) && sound;
    }
    return sound ? &pxm_type_string : NULL;
}

static const struct pxm_type *no_memory(struct pxm_diags *diags)
{
    pxm_diags_no_memory(diags);
    return NULL;
}

/* What a list or record of templates is checked against; `want` NULL: there is nothing to say of its items. */
struct item_rules {
    const struct pxm_resolver *resolver;
    struct pxm_diags *diags;
    const struct pxm_type *want;
    const char *what;
};

/* A secret inside a list or record would travel with it. */
static const struct pxm_type *check_item(struct pxm_template *tpl, const struct item_rules *rules)
{
    const struct pxm_type *want = rules->want ? rules->want : &pxm_type_any;
    return pxm_template_check_as(tpl, rules->resolver, want, rules->what, rules->diags);
}

static const struct pxm_type *check_list(struct pxm_template *tpl, const struct item_rules *rules)
{
    struct pxm_arena *arena = rules->resolver->arena;
    const struct pxm_type *item = pxm_type_of_bits(arena, 0);
    bool sound = true;
    for (size_t i = 0; i < tpl->count; i++) {
        const struct pxm_type *type = check_item(tpl->items[i], rules);
        sound = type && sound;
        item = sound ? pxm_type_union(arena, item, type) : item;
    }
    const struct pxm_type *ret = pxm_type_list_of(arena, item);
    return !sound ? NULL : ret ? ret : no_memory(rules->diags);
}

static const struct pxm_type *check_record(struct pxm_template *tpl, const struct item_rules *rules)
{
    struct pxm_type *ret = pxm_arena_alloc(rules->resolver->arena, sizeof *ret);
    struct pxm_type_field *fields = pxm_arena_array(rules->resolver->arena, tpl->count, sizeof *fields);
    bool sound = true;
    if (!ret || !fields) {
        return no_memory(rules->diags);
    }
    for (size_t i = 0; i < tpl->count; i++) {
        fields[i].name = tpl->keys[i];
        fields[i].type = check_item(tpl->items[i], rules);
        sound = fields[i].type && sound;
    }
    *ret = (struct pxm_type){.bits = PXM_TYPE_RECORD, .field_count = tpl->count, .fields = fields};
    return sound ? ret : NULL;
}

/* `want` NULL: anything, and a secret that stands alone too. */
static const struct pxm_type *check(struct pxm_template *tpl, const struct pxm_resolver *resolver,
                                    const struct pxm_type *want, const char *what, struct pxm_diags *diags)
{
    const struct item_rules rules = {
        .resolver = resolver, .diags = diags, .want = want ? want->item : NULL, .what = what};
    const struct pxm_type *type;
    switch (tpl->kind) {
    case TEMPLATE_LITERAL:
        type = pxm_type_of_value(resolver->arena, tpl->literal);
        return type ? type : no_memory(diags);
    case TEMPLATE_EXPR:
        return want ? pxm_expr_check_as(tpl->expr, resolver, want, what, diags)
                    : pxm_expr_check(tpl->expr, resolver, diags);
    case TEMPLATE_TEXT:
        return check_text(tpl, resolver, diags);
    case TEMPLATE_LIST:
        return check_list(tpl, &rules);
    case TEMPLATE_RECORD:
        return check_record(tpl, &rules);
    }
    __builtin_unreachable();
}

const struct pxm_type *pxm_template_check(struct pxm_template *tpl, const struct pxm_resolver *resolver,
                                          struct pxm_diags *diags)
{
    return check(tpl, resolver, NULL, "this", diags);
}

const struct pxm_type *pxm_template_check_as(struct pxm_template *tpl, const struct pxm_resolver *resolver,
                                             const struct pxm_type *want, const char *what, struct pxm_diags *diags)
{
    const struct pxm_type *type = check(tpl, resolver, want, what, diags);
    if (type && !tpl->expr && !pxm_type_may_fit(type, want)) {
        pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E206", pxm_template_span(tpl), "%s takes %s, but this is %s", what,
                     pxm_type_text(resolver->arena, want), pxm_type_text(resolver->arena, type));
        return NULL;
    }
    return type;
}

/* ---- evaluating ------------------------------------------------------------------------------------------------- */

static pxm_value *eval(const struct pxm_template *tpl, const struct pxm_scope *scope, pxm_error *error);

/* Adds what an expression gives to the text. */
static bool eval_hole(const struct pxm_expr *expr, const struct pxm_scope *scope, struct pxm_buf *buf, pxm_error *error)
{
    pxm_value *value = NULL;
    if (pxm_expr_eval(expr, scope, &value, error) != PXM_OK) {
        return false;
    }
    pxm_status status = expr_render(buf, value);
    if (status == PXM_E_INVALID) {
        expr_fail_kind(expr, value, "only strings, numbers and bools can stand in text", error);
    }
    pxm_value_unref(value);
    return status != PXM_E_INVALID;
}

static pxm_value *eval_text(const struct pxm_template *tpl, const struct pxm_scope *scope, pxm_error *error)
{
    struct pxm_buf buf;
    pxm_value *ret = NULL;
    pxm_buf_init(&buf, PXM_TEXT_BYTES_MAX);
    for (size_t i = 0; i < tpl->count; i++) {
        pxm_buf_add(&buf, tpl->parts[i].text, tpl->parts[i].length);
        if (tpl->parts[i].expr && !eval_hole(tpl->parts[i].expr, scope, &buf, error)) {
            goto out;
        }
    }
    if (buf.status != PXM_OK) {
        expr_buf_fail(buf.status, error);
        goto out;
    }
    ret = expr_value(pxm_value_string(buf.data, buf.length), error);
out:
    pxm_buf_done(&buf);
    return ret;
}

static pxm_value *eval_collection(const struct pxm_template *tpl, const struct pxm_scope *scope, pxm_error *error)
{
    bool is_list = tpl->kind == TEMPLATE_LIST;
    pxm_value *ret = expr_value(is_list ? pxm_value_list() : pxm_value_record(), error);
    for (size_t i = 0; ret && i < tpl->count; i++) {
        pxm_value *item = eval(tpl->items[i], scope, error);
        if (!item) {
            pxm_value_unref(ret);
            return NULL;
        }
        pxm_status status = is_list ? pxm_value_append(ret, item) : pxm_value_set(ret, tpl->keys[i], item);
        if (status != PXM_OK) {
            pxm_value_unref(ret);
            expr_fail_nesting(status, error);
            return NULL;
        }
    }
    return ret;
}

static pxm_value *eval(const struct pxm_template *tpl, const struct pxm_scope *scope, pxm_error *error)
{
    pxm_value *value = NULL;
    switch (tpl->kind) {
    case TEMPLATE_LITERAL:
        return pxm_value_ref(tpl->literal);
    case TEMPLATE_EXPR:
        return pxm_expr_eval(tpl->expr, scope, &value, error) == PXM_OK ? value : NULL;
    case TEMPLATE_TEXT:
        return eval_text(tpl, scope, error);
    case TEMPLATE_LIST:
    case TEMPLATE_RECORD:
        return eval_collection(tpl, scope, error);
    }
    __builtin_unreachable();
}

pxm_status pxm_template_eval(const struct pxm_template *tpl, const struct pxm_scope *scope, pxm_value **ret,
                             pxm_error *error)
{
    pxm_value *value = eval(tpl, scope, error);
    if (!value) {
        return error->status;
    }
    *ret = value;
    return PXM_OK;
}
