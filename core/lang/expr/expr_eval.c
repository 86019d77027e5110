/* Evaluates checked expressions. What the checker knew is not asked again; dynamic data is looked at where it is used.
 * Depth is bounded by the parser. Any thread. */
#include "lang/expr/expr_ast.h"

#include "base/error.h"
#include "base/value.h"
#include <string.h>

enum { SHOWN_BYTES_MAX = 80 };

struct evaluation {
    const struct pxm_scope *scope;
    pxm_error *error;
};

static pxm_value *eval(const struct evaluation *run, const struct pxm_expr *expr);

pxm_status expr_fail_kind(const struct pxm_expr *expr, const pxm_value *value, const char *what, pxm_error *error)
{
    char kind[32];
    const struct pxm_part *part = &expr->part;
    int length = (int)(part->length < SHOWN_BYTES_MAX ? part->length : SHOWN_BYTES_MAX);
    return pxm_error_set(error, PXM_E_INVALID, "input.invalid", "`%.*s` is a value of type %s here; %s", length,
                         part->node->text + part->offset, pxm_type_name(pxm_value_type(value), kind, sizeof kind),
                         what);
}

pxm_status expr_fail_nesting(pxm_status status, pxm_error *error)
{
    if (status == PXM_E_LIMIT) {
        return pxm_error_set(error, status, "limit.depth", "lists and records would be more than %d deep",
                             PXM_VALUE_DEPTH_MAX);
    }
    return pxm_error_no_memory(error);
}

static bool is_null(const pxm_value *value)
{
    return pxm_value_type(value) == PXM_TYPE_NULL;
}

/* ---- references and lists --------------------------------------------------------------------------------------- */

static pxm_value *eval_ref(const struct evaluation *run, const struct pxm_ref *ref)
{
    pxm_value *base = run->scope->load(run->scope->arg, ref);
    const pxm_value *value = base;
    for (size_t i = ref->consumed; value && i < ref->segment_count; i++) {
        const struct pxm_segment *segment = &ref->segments[i];
        if (segment->name) {
            value = pxm_value_get(value, segment->name);
        } else {
            bool there = pxm_value_type(value) == PXM_TYPE_LIST && (uint64_t)segment->index < pxm_value_count(value);
            value = there ? pxm_value_at(value, (size_t)segment->index) : NULL;
        }
    }
    pxm_value *ret = expr_value(value ? pxm_value_ref(value) : pxm_value_null(), run->error);
    pxm_value_unref(base);
    return ret;
}

static pxm_value *eval_list(const struct evaluation *run, const struct pxm_expr *expr)
{
    pxm_value *list = expr_value(pxm_value_list(), run->error);
    for (size_t i = 0; list && i < expr->count; i++) {
        pxm_value *item = eval(run, expr->items[i]);
        if (!item) {
            pxm_value_unref(list);
            return NULL;
        }
        pxm_status status = pxm_value_append(list, item);
        if (status != PXM_OK) {
            pxm_value_unref(list);
            expr_fail_nesting(status, run->error);
            return NULL;
        }
    }
    return list;
}

/* ---- operators -------------------------------------------------------------------------------------------------- */

static pxm_value *eval_call(const struct evaluation *run, const struct pxm_expr *expr)
{
    const struct expr_function *function = expr->function;
    pxm_value *args[EXPR_ARGS_MAX], *ret = NULL;
    size_t count = 0;
    for (; count < expr->count; count++) {
        args[count] = eval(run, expr->items[count]);
        if (!args[count]) {
            goto out;
        }
        uint32_t taken = function->args[count > 0]->bits;
        taken |= taken & PXM_TYPE_FLOAT ? PXM_TYPE_INT : 0;
        if (!(pxm_value_type(args[count]) & taken)) {
            expr_fail_kind(expr->items[count], args[count], function->usage, run->error);
            count++;
            goto out;
        }
    }
    ret = function->call(args, count, run->error);
out:
    while (count > 0) {
        pxm_value_unref(args[--count]);
    }
    return ret;
}

/* 1 or 0; -1 with the error set. */
static int eval_bool(const struct evaluation *run, const struct pxm_expr *expr)
{
    pxm_value *value = eval(run, expr);
    int ret = -1;
    if (value && pxm_value_type(value) == PXM_TYPE_BOOL) {
        ret = pxm_value_as_bool(value) != 0;
    } else if (value) {
        expr_fail_kind(expr, value, "conditions take bools", run->error);
    }
    pxm_value_unref(value);
    return ret;
}

/* The first operand that decides ends it. */
static pxm_value *eval_bools(const struct evaluation *run, const struct pxm_expr *expr)
{
    int ret = expr->kind == EXPR_AND;
    for (size_t i = 0; i < expr->count && ret == (expr->kind == EXPR_AND); i++) {
        ret = eval_bool(run, expr->items[i]);
        if (ret < 0) {
            return NULL;
        }
    }
    return expr_value(pxm_value_bool(ret), run->error);
}

static pxm_value *eval_not(const struct evaluation *run, const struct pxm_expr *expr)
{
    int operand = eval_bool(run, expr->items[0]);
    return operand < 0 ? NULL : expr_value(pxm_value_bool(!operand), run->error);
}

static bool is_number(const pxm_value *value)
{
    return (pxm_value_type(value) & (PXM_TYPE_INT | PXM_TYPE_FLOAT)) != 0;
}

/* Below, at or above zero. Ints compare exactly, beyond what a float can tell apart. */
static int order_numbers(const pxm_value *a, const pxm_value *b)
{
    if (pxm_value_type(a) == PXM_TYPE_INT && pxm_value_type(b) == PXM_TYPE_INT) {
        int64_t x = pxm_value_as_int(a), y = pxm_value_as_int(b);
        return (x > y) - (x < y);
    }
    double x = pxm_value_as_float(a), y = pxm_value_as_float(b);
    return (x > y) - (x < y);
}

static int order_strings(const pxm_value *a, const pxm_value *b)
{
    size_t x = 0, y = 0;
    const char *left = pxm_value_as_string(a, &x), *right = pxm_value_as_string(b, &y);
    int order = memcmp(left, right, x < y ? x : y);
    return order ? order : (x > y) - (x < y);
}

static bool holds(enum expr_compare compare, int order)
{
    switch (compare) {
    case COMPARE_LESS:
        return order < 0;
    case COMPARE_LESS_EQUAL:
        return order <= 0;
    case COMPARE_MORE:
        return order > 0;
    default:
        return order >= 0;
    }
}

static pxm_value *compare(const struct evaluation *run, const struct pxm_expr *expr, const pxm_value *a,
                          const pxm_value *b)
{
    bool ret;
    if (expr->kind == EXPR_COMPARE && expr->compare <= COMPARE_UNEQUAL) {
        ret = pxm_value_equal(a, b) == (expr->compare == COMPARE_EQUAL);
    } else if (expr->kind == EXPR_IN && pxm_value_type(b) == PXM_TYPE_LIST) {
        ret = false;
        for (size_t i = 0; !ret && i < pxm_value_count(b); i++) {
            ret = pxm_value_equal(a, pxm_value_at(b, i));
        }
    } else if (expr->kind == EXPR_IN) {
        expr_fail_kind(expr->items[1], b, "`in` takes a list", run->error);
        return NULL;
    } else if (is_number(a) && is_number(b)) {
        ret = holds(expr->compare, order_numbers(a, b));
    } else if (pxm_value_type(a) == PXM_TYPE_STRING && pxm_value_type(b) == PXM_TYPE_STRING) {
        ret = holds(expr->compare, order_strings(a, b));
    } else {
        expr_fail_kind(expr->items[is_number(a)], is_number(a) ? b : a, "only numbers and strings have an order",
                       run->error);
        return NULL;
    }
    return expr_value(pxm_value_bool(ret), run->error);
}

static pxm_value *eval_pair(const struct evaluation *run, const struct pxm_expr *expr)
{
    pxm_value *a = eval(run, expr->items[0]);
    pxm_value *b = a ? eval(run, expr->items[1]) : NULL;
    pxm_value *ret = b ? compare(run, expr, a, b) : NULL;
    pxm_value_unref(b);
    pxm_value_unref(a);
    return ret;
}

static pxm_value *eval_default(const struct evaluation *run, const struct pxm_expr *expr)
{
    pxm_value *value = NULL;
    for (size_t i = 0; i < expr->count; i++) {
        pxm_value_unref(value);
        value = eval(run, expr->items[i]);
        if (!value || !is_null(value)) {
            break;
        }
    }
    return value;
}

static pxm_value *eval(const struct evaluation *run, const struct pxm_expr *expr)
{
    switch (expr->kind) {
    case EXPR_LITERAL:
        return pxm_value_ref(expr->literal);
    case EXPR_LIST:
        return eval_list(run, expr);
    case EXPR_REF:
        return eval_ref(run, expr->ref);
    case EXPR_CALL:
        return eval_call(run, expr);
    case EXPR_NOT:
        return eval_not(run, expr);
    case EXPR_AND:
    case EXPR_OR:
        return eval_bools(run, expr);
    case EXPR_COMPARE:
    case EXPR_IN:
        return eval_pair(run, expr);
    case EXPR_DEFAULT:
        return eval_default(run, expr);
    }
    __builtin_unreachable();
}

pxm_status pxm_expr_eval(const struct pxm_expr *expr, const struct pxm_scope *scope, pxm_value **ret, pxm_error *error)
{
    const struct evaluation run = {.scope = scope, .error = error};
    pxm_value *value = eval(&run, expr);
    if (!value) {
        return error->status;
    }
    *ret = value;
    return PXM_OK;
}
