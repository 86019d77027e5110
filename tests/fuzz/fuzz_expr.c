/* Any text as an expression and as a template: a tree or diagnostics, every place within the text, and what the checker
 * lets through evaluates to a value of its type or fails for a reason that only the value can give. */
#include "../unit/expr_scope.h"
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES_MAX = 256 << 20, OUTPUT_BYTES_MAX = 64 << 20 };

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_diags(const struct pxm_diags *diags)
{
    struct pxm_buf out;
    pxm_buf_init(&out, OUTPUT_BYTES_MAX);
    pxm_diags_render(diags, PXM_DIAG_HUMAN, false, &out);
    check(out.status == PXM_OK && !diags->no_memory);
    for (size_t i = 0; i < out.length; i++) {
        check((unsigned char)out.data[i] >= ' ' || out.data[i] == '\n');
    }
    pxm_buf_done(&out);
    for (size_t i = 0; i < diags->count; i++) {
        const struct pxm_span *span = &diags->items[i]->span;
        check(pxm_diag_explain(diags->items[i]->code) != NULL);
        check(span->source && span->offset <= span->source->length &&
              span->length <= span->source->length - span->offset);
    }
}

/* Takes over the value. */
static void check_value(struct pxm_arena *arena, pxm_status status, pxm_value *value, const struct pxm_type *type,
                        const struct pxm_error *error)
{
    check((status == PXM_OK) == (value != NULL));
    if (status == PXM_OK) {
        check(pxm_type_fits(pxm_type_of_value(arena, value), type) || type->tainted);
    } else {
        check(error->status == status &&
              (strcmp(error->code, "input.invalid") == 0 || strcmp(error->code, "limit.text") == 0 ||
               strcmp(error->code, "limit.depth") == 0));
    }
    pxm_value_unref(value);
}

static void count_ref(void *arg, const struct pxm_ref *ref)
{
    size_t *count = arg;
    check(ref->consumed <= ref->segment_count);
    ++*count;
}

static void try_expr(const struct pxm_node *scalar)
{
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);
    struct pxm_error error = {0};
    struct pxm_diags diags;
    pxm_value *value = NULL;
    size_t refs = 0;
    check(arena != NULL);
    pxm_diags_init(&diags, arena);
    const struct pxm_resolver resolver = {.resolve = world_resolve, .arena = arena};
    struct pxm_expr *expr = pxm_expr_parse(arena, scalar, &diags);
    check((expr != NULL) == (diags.errors == 0));
    const struct pxm_type *type = expr ? pxm_expr_check(expr, &resolver, &diags) : NULL;
    check((type != NULL) == (diags.errors == 0));
    if (type) {
        pxm_expr_refs(expr, count_ref, &refs);
        check(pxm_expr_is_constant(expr) == (refs == 0));
        pxm_status status = pxm_expr_eval(expr, &world_scope, &value, &error);
        check_value(arena, status, value, type, &error);
    }
    check_diags(&diags);
    pxm_arena_free(arena);
}

static void try_template(const struct pxm_node *scalar)
{
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);
    struct pxm_error error = {0};
    struct pxm_diags diags;
    pxm_value *value = NULL;
    check(arena != NULL);
    pxm_diags_init(&diags, arena);
    const struct pxm_resolver resolver = {.resolve = world_resolve, .arena = arena};
    struct pxm_template *tpl = pxm_template_parse_untyped(arena, scalar, &diags);
    check((tpl != NULL) == (diags.errors == 0));
    const struct pxm_type *type = tpl ? pxm_template_check(tpl, &resolver, &diags) : NULL;
    check((type != NULL) == (diags.errors == 0));
    if (type) {
        check(strlen(pxm_template_prefix(tpl)) <= scalar->length);
        pxm_status status = pxm_template_eval(tpl, &world_scope, &value, &error);
        check_value(arena, status, value, type, &error);
    }
    check_diags(&diags);
    pxm_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pxm_arena *arena = pxm_arena_new(ARENA_BYTES_MAX);
    struct pxm_diags diags;
    check(arena != NULL);
    pxm_diags_init(&diags, arena);
    const struct pxm_source *source = pxm_source_of_text(arena, "t.yaml", (const char *)data, size, &diags);
    if (source) {
        const struct pxm_node scalar = {
            .kind = PXM_NODE_SCALAR,
            .span = {.source = source, .line = 1, .column = 1, .length = (uint32_t)source->length},
            .text = source->text,
            .length = source->length};
        try_expr(&scalar);
        try_template(&scalar);
    }
    pxm_arena_free(arena);
    return 0;
}
