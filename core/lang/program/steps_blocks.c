/* foreach and parallel: blocks of steps inside a step, and what may be seen through their walls. */
#include "lang/program/compile.h"

static bool enter(struct draft *draft, const struct pxm_step *step)
{
    if (draft->block_depth == PXM_BLOCK_DEPTH_MAX) {
        struct pxm_diag *diag = compile_error(draft->compiler, "E127", step->span,
                                              "more than %d blocks inside each other", PXM_BLOCK_DEPTH_MAX);
        pxm_diag_label(draft->compiler->diags, diag, "make the inner one a pipeline of its own, and `call` it");
        return false;
    }
    draft->block_depth++;
    return true;
}

/* ---- foreach ---------------------------------------------------------------------------------------------------- */

/* The type of an item; NULL: not known. */
static const struct pxm_type *read_list(struct draft *draft, const struct pxm_node *node, struct pxm_step *step)
{
    struct compiler *compiler = draft->compiler;
    struct pxm_resolver resolver = compile_resolver(draft);
    const struct pxm_node *form = node;

    if (form->kind == PXM_NODE_SCALAR && (form->length < 2 || form->text[0] != '$')) {
        struct pxm_diag *diag = compile_error(compiler, "E206", node->span, "`foreach` takes a list, not a text");
        pxm_diag_label(compiler->diags, diag, "write \"${...}\" or a list");
        return NULL;
    }
    step->list = pxm_template_parse_untyped(compiler->arena, node, compiler->diags);
    if (!step->list) {
        return NULL;
    }
    const struct pxm_type *type =
        pxm_template_check_as(step->list, &resolver, &pxm_type_list, "`foreach`", compiler->diags);
    if (!type) {
        return NULL;
    }
    return type->item ? type->item : &pxm_type_any;
}

static const struct pxm_type *read_emit(struct draft *draft, const struct pxm_node *node, struct pxm_step *step)
{
    struct compiler *compiler = draft->compiler;
    struct pxm_resolver resolver = compile_resolver(draft);

    if (!node) {
        return &pxm_type_null;
    }
    step->emit = pxm_template_parse_untyped(compiler->arena, node, compiler->diags);
    const struct pxm_type *type = step->emit ? pxm_template_check(step->emit, &resolver, compiler->diags) : NULL;
    compile_nulls(draft, type, node);
    return type;
}

static const struct pxm_type *read_body(struct draft *draft, const struct pxm_node *map, struct pxm_step *step)
{
    const struct pxm_node *steps = pxm_node_get(map, "steps");
    const struct pxm_type *emit;

    step->where = compile_condition(draft, pxm_node_get(map, "where"), "`where`");
    if (!steps) {
        compile_error(draft->compiler, "E122", step->span, "`foreach` has `steps`");
    }
    compile_block(draft, steps, &step->block);
    draft->reader = step;
    emit = read_emit(draft, pxm_node_get(map, "emit"), step);
    return emit;
}

void compile_foreach(struct draft *draft, const struct pxm_node *map, struct pxm_step *step)
{
    const struct pxm_step *outer_foreach = draft->foreach;
    struct frame *outer = draft->frame;
    struct frame *frame = compile_frame(draft, map);

    step->max_parallel =
        compile_count(draft, pxm_node_get(map, "max_parallel"), "`max_parallel`", 1, PXM_PARALLEL_MAX, 1);
    step->tolerate = compile_count(draft, pxm_node_get(map, "tolerate"), "`tolerate`", 0, PXM_FOREACH_MAX, 0);
    compile_on_error(draft, pxm_node_get(map, "on_error"), step);
    if (!frame || !enter(draft, step)) {
        return;
    }
    frame->item = read_list(draft, pxm_node_get(map, "foreach"), step);
    draft->frame = frame;
    draft->foreach = step;
    const struct pxm_type *emit = read_body(draft, map, step);
    step->block.slot_count = frame->slots;
    draft->frame = outer;
    draft->foreach = outer_foreach;
    draft->block_depth--;
    compile_foreach_results(draft, step, emit);
}

/* ---- parallel --------------------------------------------------------------------------------------------------- */

/* What ran side by side may be read from now on. */
static void reveal(struct draft *draft)
{
    for (size_t i = 0; i < draft->name_count; i++) {
        if (draft->names[i].frame == draft->frame) {
            draft->names[i].visible = true;
        }
    }
}

void compile_parallel(struct draft *draft, const struct pxm_node *map, struct pxm_step *step,
                      const struct pxm_step *above)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_node *list = compile_kind(compiler, pxm_node_get(map, "parallel"), PXM_NODE_LIST, "`parallel`");

    if (!list || !enter(draft, step)) {
        return;
    }
    if (list->length > PXM_PARALLEL_MAX) {
        compile_error(compiler, "E127", step->span, "more than %d steps in one `parallel`", PXM_PARALLEL_MAX);
    }
    if (list->length == 0) {
        compile_error(compiler, "E122", list->span, "there is no step in this list");
    }
    step->block.steps =
        compile_have(compiler, pxm_arena_array(compiler->arena, list->length, sizeof(struct pxm_step *)));
    draft->frame->parallel++;
    for (size_t i = 0; step->block.steps && i < list->length; i++) {
        struct pxm_step *inner = compile_step(draft, list->items[i], above);
        if (inner) {
            step->block.steps[step->block.step_count++] = inner;
        }
    }
    draft->frame->parallel--;
    draft->block_depth--;
    if (draft->frame->parallel == 0) {
        reveal(draft);
    }
}
