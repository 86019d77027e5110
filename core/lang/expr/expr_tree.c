/* Questions about a parsed expression: where it stands, how it was written, which names it reads. */
#include "lang/expr/expr_ast.h"

#include <string.h>

struct pxm_span pxm_part_span(struct pxm_part part)
{
    return part.node ? pxm_node_part(part.node, part.offset, part.length) : (struct pxm_span){.source = NULL};
}

struct pxm_span pxm_expr_span(const struct pxm_expr *expr)
{
    return pxm_part_span(expr->part);
}

const char *expr_text(struct pxm_arena *arena, const struct pxm_expr *expr)
{
    return pxm_arena_strndup(arena, expr->part.node->text + expr->part.offset, expr->part.length);
}

const char *pxm_ref_text(struct pxm_arena *arena, const struct pxm_ref *ref, size_t segment_count)
{
    const char *text = ref->part.node->text;
    size_t end = ref->part.offset + strlen(expr_root_names[ref->root]);
    if (segment_count > 0) {
        const struct pxm_segment *last = &ref->segments[segment_count - 1];
        end = last->part.offset + last->part.length;
        /* ['name'] and [3] end behind their bracket. */
        while (text[last->part.offset - 1] != '.' && end < ref->part.offset + ref->part.length &&
               text[end - 1] != ']') {
            end++;
        }
    }
    return pxm_arena_strndup(arena, text + ref->part.offset, end - ref->part.offset);
}

void pxm_expr_refs(const struct pxm_expr *expr, void (*each)(void *arg, const struct pxm_ref *ref), void *arg)
{
    if (expr->ref) {
        each(arg, expr->ref);
    }
    for (size_t i = 0; i < expr->count; i++) {
        pxm_expr_refs(expr->items[i], each, arg);
    }
}

bool pxm_expr_is_constant(const struct pxm_expr *expr)
{
    bool constant = !expr->ref;
    for (size_t i = 0; constant && i < expr->count; i++) {
        constant = pxm_expr_is_constant(expr->items[i]);
    }
    return constant;
}
