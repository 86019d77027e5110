/* Types an expression: every name is resolved, every operand is of a kind its operator takes, and what may be null
 * has a default. All operands are looked at, so that one pass reports all that is wrong, but nothing that follows
 * from it. */
#include "lang/expr/expr_ast.h"

#include <string.h>

struct checker {
    const struct pxm_resolver *resolver;
    struct pxm_diags *diags;
};

enum { NULL_BIT = PXM_TYPE_NULL, NUMBER_BITS = PXM_TYPE_INT | PXM_TYPE_FLOAT };

static const struct pxm_type scalar_type = {.bits = PXM_TYPE_BOOL | PXM_TYPE_INT | PXM_TYPE_FLOAT | PXM_TYPE_STRING};

static const struct pxm_type *check(struct checker *checker, struct pxm_expr *expr);

/* ---- reports ---------------------------------------------------------------------------------------------------- */

static const struct pxm_type *no_memory(struct checker *checker)
{
    pxm_diags_no_memory(checker->diags);
    return NULL;
}

/* A literal of a kind that it has and that is wanted, for a default; NULL: there is none to write down. */
static const char *default_literal(const struct pxm_type *have, const struct pxm_type *want)
{
    uint32_t bits = have->bits & want->bits & ~(uint32_t)NULL_BIT;
    static const struct {
        uint32_t bit;
        const char *literal;
    } literals[] = {{PXM_TYPE_STRING, "''"}, {NUMBER_BITS, "0"}, {PXM_TYPE_BOOL, "false"}, {PXM_TYPE_LIST, "[]"}};
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        if ((bits ? bits : want->bits) & literals[i].bit) {
            return literals[i].literal;
        }
    }
    return NULL;
}

static void report_null(struct pxm_arena *arena, const struct pxm_expr *expr, const struct pxm_type *have,
                        const struct pxm_type *want, struct pxm_diags *diags)
{
    const char *text = expr_text(arena, expr);
    const char *subject = have->null_subject ? have->null_subject : text;
    const char *literal = default_literal(have, want);
    if (!text) {
        pxm_diags_no_memory(diags);
        return;
    }
    struct pxm_diag *diag =
        pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E205", pxm_expr_span(expr), "`%s` may be null%s%s", subject,
                     have->null_reason ? ", because " : "", have->null_reason ? have->null_reason : "");
    if (literal) {
        pxm_diag_label(diags, diag, "add a default: %s ?? %s", text, literal);
    } else {
        pxm_diag_label(diags, diag, "add a default behind `??`");
    }
}

static void report_secret(const struct pxm_expr *expr, struct pxm_diags *diags)
{
    struct pxm_diag *diag =
        pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E209", pxm_expr_span(expr), "a secret would get out here");
    pxm_diag_label(diags, diag, "only \"${secret.NAME}\" alone, and only in an option that takes a secret");
}

static void report_kind(struct pxm_arena *arena, const struct pxm_expr *expr, const struct pxm_type *have,
                        const struct pxm_type *want, const char *what, struct pxm_diags *diags)
{
    const char *text = expr_text(arena, expr);
    if (!text) {
        pxm_diags_no_memory(diags);
        return;
    }
    struct pxm_diag *diag =
        pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E206", pxm_expr_span(expr), "%s takes %s, but `%s` is %s", what,
                     pxm_type_text(arena, want), text, pxm_type_text(arena, have));
    if (have->bits == PXM_TYPE_LIST && want->bits & PXM_TYPE_STRING) {
        pxm_diag_label(diags, diag, "make text of it: join(%s, ', ')", text);
    }
}

bool expr_wants(struct pxm_arena *arena, const struct pxm_expr *expr, const struct pxm_type *have,
                const struct pxm_type *want, const char *what, struct pxm_diags *diags)
{
    if (pxm_type_may_fit(have, want)) {
        return true;
    }
    if (have->tainted && !want->tainted) {
        report_secret(expr, diags);
        return false;
    }
    const struct pxm_type *present = pxm_type_without_null(arena, have);
    if (!present) {
        pxm_diags_no_memory(diags);
    } else if (present->bits && pxm_type_may_fit(present, want)) {
        report_null(arena, expr, have, want, diags);
    } else {
        report_kind(arena, expr, present->bits ? present : have, want, what, diags);
    }
    return false;
}

static bool wants(struct checker *checker, const struct pxm_expr *expr, const struct pxm_type *have,
                  const struct pxm_type *want, const char *what)
{
    return expr_wants(checker->resolver->arena, expr, have, want, what, checker->diags);
}

/* ---- references ------------------------------------------------------------------------------------------------- */

/* The type of a part of what may be null: null too, for the same reason. */
static const struct pxm_type *with_null(struct checker *checker, const struct pxm_type *type, const char *subject,
                                        const char *reason)
{
    struct pxm_type *ret = pxm_arena_alloc(checker->resolver->arena, sizeof *ret);
    if (!ret || !type || !subject) {
        return no_memory(checker);
    }
    *ret = *type;
    ret->bits |= NULL_BIT;
    ret->null_subject = subject;
    ret->null_reason = reason;
    return ret;
}

static const struct pxm_type *fail_segment(struct checker *checker, const struct pxm_ref *ref, size_t index,
                                           const struct pxm_type *base)
{
    struct pxm_arena *arena = checker->resolver->arena;
    const struct pxm_segment *segment = &ref->segments[index];
    const char *text = pxm_ref_text(arena, ref, index);
    if (!text) {
        return no_memory(checker);
    }
    struct pxm_diag *diag =
        pxm_diag_add(checker->diags, PXM_SEVERITY_ERROR, "E204", pxm_part_span(segment->part),
                     "`%s` is %s and has no %s", text, pxm_type_text(arena, base), segment->name ? "fields" : "items");
    if (segment->name && (strcmp(segment->name, "length") == 0 || strcmp(segment->name, "size") == 0)) {
        pxm_diag_label(checker->diags, diag, "write `len(%s)`", text);
    }
    return NULL;
}

static const struct pxm_type *fail_field(struct checker *checker, const struct pxm_ref *ref, size_t index,
                                         const struct pxm_type *record)
{
    struct pxm_arena *arena = checker->resolver->arena;
    const struct pxm_segment *segment = &ref->segments[index];
    const char *text = pxm_ref_text(arena, ref, index);
    const char **names = pxm_arena_array(arena, record->field_count, sizeof *names);
    const char *list = "its fields: ";
    if (!text || !names) {
        return no_memory(checker);
    }
    for (size_t i = 0; i < record->field_count; i++) {
        names[i] = record->fields[i].name;
        list = list ? pxm_arena_printf(arena, "%s%s%s", list, i ? ", " : "", names[i]) : NULL;
    }
    struct pxm_diag *diag = pxm_diag_add(checker->diags, PXM_SEVERITY_ERROR, "E204", pxm_part_span(segment->part),
                                         "`%s` has no field `%s`", text, segment->name);
    const char *close = pxm_suggest(segment->name, names, record->field_count);
    if (close) {
        pxm_diag_label(checker->diags, diag, "did you mean `%s`?", close);
    } else if (list && record->field_count > 0) {
        pxm_diag_label(checker->diags, diag, "%s", list);
    }
    return NULL;
}

static bool is_declared(const struct pxm_type *record, const char *name)
{
    bool declared = false;
    for (size_t i = 0; !declared && i < record->field_count; i++) {
        declared = strcmp(record->fields[i].name, name) == 0;
    }
    return declared;
}

/* The type of one segment of what is there, that is not null. */
static const struct pxm_type *walk_segment(struct checker *checker, const struct pxm_ref *ref, size_t index,
                                           const struct pxm_type *base)
{
    const struct pxm_segment *segment = &ref->segments[index];
    const char *subject = pxm_ref_text(checker->resolver->arena, ref, index + 1);
    if (pxm_type_is_dynamic(base)) {
        return with_null(checker, &pxm_type_any, subject, "no type declares it");
    }
    if (base->bits != (segment->name ? PXM_TYPE_RECORD : PXM_TYPE_LIST)) {
        return fail_segment(checker, ref, index, base);
    }
    if (!segment->name) {
        return with_null(checker, base->item ? base->item : &pxm_type_any, subject, "the list may be shorter");
    }
    const struct pxm_type *field = pxm_type_field(base, segment->name);
    if (!field) {
        return fail_field(checker, ref, index, base);
    }
    return is_declared(base, segment->name) ? field : with_null(checker, field, subject, "no type declares it");
}

static const struct pxm_type *check_ref(struct checker *checker, struct pxm_ref *ref)
{
    const struct pxm_resolver *resolver = checker->resolver;
    const struct pxm_type *type = resolver->resolve(resolver->arg, ref, checker->diags);
    for (size_t i = ref->consumed; type && i < ref->segment_count; i++) {
        const struct pxm_type *base = pxm_type_without_null(resolver->arena, type);
        const struct pxm_type *part = base ? walk_segment(checker, ref, i, base) : no_memory(checker);
        if (part && type->bits & NULL_BIT) {
            const char *subject = type->null_subject ? type->null_subject : pxm_ref_text(resolver->arena, ref, i);
            part = with_null(checker, part, subject, type->null_reason);
        }
        type = part;
    }
    return type;
}

/* ---- operators -------------------------------------------------------------------------------------------------- */

static const struct pxm_type *check_list(struct checker *checker, const struct pxm_expr *expr)
{
    static const struct pxm_type no_item = {.bits = 0};
    const struct pxm_type *item = &no_item;
    bool sound = true;
    for (size_t i = 0; i < expr->count; i++) {
        const struct pxm_type *type = check(checker, expr->items[i]);
        if (type && type->tainted) {
            report_secret(expr->items[i], checker->diags);
        }
        sound = sound && type && !type->tainted;
        item = sound ? pxm_type_union(checker->resolver->arena, item, type) : item;
    }
    const struct pxm_type *ret = pxm_type_list_of(checker->resolver->arena, item);
    return !sound ? NULL : ret ? ret : no_memory(checker);
}

static const struct pxm_type *check_call(struct checker *checker, const struct pxm_expr *expr)
{
    const struct expr_function *function = expr->function;
    const char *what = pxm_arena_printf(checker->resolver->arena, "`%s`", function->name);
    bool sound = what != NULL, all_int = true;
    if (!what) {
        return no_memory(checker);
    }
    for (size_t i = 0; i < expr->count; i++) {
        const struct pxm_type *type = check(checker, expr->items[i]);
        sound = type && wants(checker, expr->items[i], type, function->args[i > 0], what) && sound;
        all_int = all_int && type && type->bits == PXM_TYPE_INT;
    }
    if (!sound) {
        return NULL;
    }
    return function->result ? function->result : all_int ? &pxm_type_int : &pxm_type_float;
}

static const struct pxm_type *check_bools(struct checker *checker, const struct pxm_expr *expr)
{
    const char *what = expr->kind == EXPR_NOT ? "`not`" : expr->kind == EXPR_AND ? "`and`" : "`or`";
    bool sound = true;
    for (size_t i = 0; i < expr->count; i++) {
        const struct pxm_type *type = check(checker, expr->items[i]);
        sound = type && wants(checker, expr->items[i], type, &pxm_type_bool, what) && sound;
    }
    return sound ? &pxm_type_bool : NULL;
}

/* Kinds that compare with each other, so that int and float are one. */
static uint32_t comparable_bits(const struct pxm_type *type)
{
    uint32_t bits = type->bits & scalar_type.bits;
    return bits & NUMBER_BITS ? bits | NUMBER_BITS : bits;
}

static const struct pxm_type *report_incomparable(struct checker *checker, const struct pxm_expr *expr,
                                                  const struct pxm_type *a, const struct pxm_type *b)
{
    struct pxm_arena *arena = checker->resolver->arena;
    const char *left = expr_text(arena, expr->items[0]), *right = expr_text(arena, expr->items[1]);
    if (!left || !right) {
        return no_memory(checker);
    }
    struct pxm_diag *diag = pxm_diag_add(checker->diags, PXM_SEVERITY_ERROR, "E206", pxm_expr_span(expr),
                                         "`%s` is %s and `%s` is %s, which do not compare", left,
                                         pxm_type_text(arena, a), right, pxm_type_text(arena, b));
    pxm_diag_label(checker->diags, diag, "compare bools, numbers or strings with their like%s",
                   expr->kind == EXPR_COMPARE && expr->compare <= COMPARE_UNEQUAL ? ", or anything with null" : "");
    return NULL;
}

static void warn_never_null(struct checker *checker, const struct pxm_expr *expr, const char *consequence)
{
    const char *text = expr_text(checker->resolver->arena, expr);
    struct pxm_diag *diag = pxm_diag_add(checker->diags, PXM_SEVERITY_WARNING, "W311", pxm_expr_span(expr),
                                         "`%s` is never null", text ? text : "this");
    pxm_diag_label(checker->diags, diag, "%s", consequence);
}

/* Anything may be compared with null; else both must be scalars that have a kind in common. */
static const struct pxm_type *check_equality(struct checker *checker, const struct pxm_expr *expr,
                                             const struct pxm_type *a, const struct pxm_type *b)
{
    bool null_a = a->bits == NULL_BIT, null_b = b->bits == NULL_BIT;
    if (a->tainted || b->tainted) {
        report_secret(expr->items[!a->tainted], checker->diags);
        return NULL;
    }
    if (null_a || null_b) {
        const struct pxm_type *other = null_b ? a : b;
        if (!(other->bits & NULL_BIT)) {
            warn_never_null(checker, expr->items[!null_b], "this comparison always gives the same");
        }
        return &pxm_type_bool;
    }
    uint32_t foreign = ~(scalar_type.bits | NULL_BIT);
    if ((!pxm_type_is_dynamic(a) && a->bits & foreign) || (!pxm_type_is_dynamic(b) && b->bits & foreign) ||
        !(comparable_bits(a) & comparable_bits(b))) {
        return report_incomparable(checker, expr, a, b);
    }
    return &pxm_type_bool;
}

static const struct pxm_type *check_order(struct checker *checker, const struct pxm_expr *expr,
                                          const struct pxm_type *a, const struct pxm_type *b)
{
    static const char *const names[] = {
        [COMPARE_LESS] = "`<`", [COMPARE_LESS_EQUAL] = "`<=`", [COMPARE_MORE] = "`>`", [COMPARE_MORE_EQUAL] = "`>=`"};
    static const struct pxm_type ordered = {.bits = NUMBER_BITS | PXM_TYPE_STRING};
    bool left = wants(checker, expr->items[0], a, &ordered, names[expr->compare]);
    bool right = wants(checker, expr->items[1], b, &ordered, names[expr->compare]);
    if (!left || !right) {
        return NULL;
    }
    bool numbers = pxm_type_may_fit(a, &pxm_type_float) && pxm_type_may_fit(b, &pxm_type_float);
    bool strings = pxm_type_may_fit(a, &pxm_type_string) && pxm_type_may_fit(b, &pxm_type_string);
    return numbers || strings ? &pxm_type_bool : report_incomparable(checker, expr, a, b);
}

static const struct pxm_type *check_in(struct checker *checker, const struct pxm_expr *expr, const struct pxm_type *a,
                                       const struct pxm_type *b)
{
    bool scalar = comparable_bits(a) || a->bits == NULL_BIT || a->tainted;
    bool left = scalar ? wants(checker, expr->items[0], a, &scalar_type, "`in`")
                       : report_incomparable(checker, expr, a, b) != NULL;
    bool right = wants(checker, expr->items[1], b, &pxm_type_list, "`in`");
    if (!left || !right) {
        return NULL;
    }
    const struct pxm_type *item = pxm_type_is_dynamic(b) || !b->item ? &pxm_type_any : b->item;
    if (item->bits && !(comparable_bits(a) & comparable_bits(item))) {
        return report_incomparable(checker, expr, a, b);
    }
    return &pxm_type_bool;
}

static const struct pxm_type *check_pair(struct checker *checker, const struct pxm_expr *expr)
{
    const struct pxm_type *a = check(checker, expr->items[0]);
    const struct pxm_type *b = check(checker, expr->items[1]);
    if (!a || !b) {
        return NULL;
    }
    if (expr->kind == EXPR_IN) {
        return check_in(checker, expr, a, b);
    }
    return expr->compare <= COMPARE_UNEQUAL ? check_equality(checker, expr, a, b) : check_order(checker, expr, a, b);
}

static const struct pxm_type *check_default(struct checker *checker, const struct pxm_expr *expr)
{
    struct pxm_arena *arena = checker->resolver->arena;
    const struct pxm_type *ret = NULL;
    bool sound = true;
    for (size_t i = 0; i < expr->count; i++) {
        const struct pxm_type *type = check(checker, expr->items[i]);
        if (type && type->tainted) {
            report_secret(expr->items[i], checker->diags);
        }
        sound = sound && type && !type->tainted;
        if (!sound) {
            continue;
        }
        bool last = i + 1 == expr->count;
        if (!last && !(type->bits & NULL_BIT)) {
            warn_never_null(checker, expr->items[i], "the default behind `??` is never used");
        }
        type = last ? type : pxm_type_without_null(arena, type);
        ret = i == 0 ? type : pxm_type_union(arena, ret, type);
        if (!ret) {
            return no_memory(checker);
        }
    }
    return sound ? ret : NULL;
}

static const struct pxm_type *check(struct checker *checker, struct pxm_expr *expr)
{
    const struct pxm_type *type;
    switch (expr->kind) {
    case EXPR_LITERAL:
        type = pxm_type_of_value(checker->resolver->arena, expr->literal);
        return type ? type : no_memory(checker);
    case EXPR_REF:
        return check_ref(checker, expr->ref);
    case EXPR_LIST:
        return check_list(checker, expr);
    case EXPR_CALL:
        return check_call(checker, expr);
    case EXPR_NOT:
    case EXPR_AND:
    case EXPR_OR:
        return check_bools(checker, expr);
    case EXPR_COMPARE:
    case EXPR_IN:
        return check_pair(checker, expr);
    case EXPR_DEFAULT:
        return check_default(checker, expr);
    }
    __builtin_unreachable();
}

const struct pxm_type *pxm_expr_check(struct pxm_expr *expr, const struct pxm_resolver *resolver,
                                      struct pxm_diags *diags)
{
    struct checker checker = {.resolver = resolver, .diags = diags};
    return check(&checker, expr);
}

const struct pxm_type *pxm_expr_check_as(struct pxm_expr *expr, const struct pxm_resolver *resolver,
                                         const struct pxm_type *want, const char *what, struct pxm_diags *diags)
{
    const struct pxm_type *type = pxm_expr_check(expr, resolver, diags);
    return type && expr_wants(resolver->arena, expr, type, want, what, diags) ? type : NULL;
}
