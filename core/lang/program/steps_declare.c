/* The first look at the steps of a pipeline: how many there are, and which ids are taken, before any of them is
 * read. */
#include "lang/program/compile.h"

#include <string.h>

static bool declare_step(struct draft *draft, const struct pxm_node *map, const struct pxm_node *foreach,
                         bool on_failure);

static void declare_name(struct draft *draft, const struct pxm_node *node, const struct pxm_node *foreach,
                         bool on_failure)
{
    struct compiler *compiler = draft->compiler;
    const char *id = compile_name(compiler, node, "the id of a step");
    const struct name *first = id ? compile_step_name(draft, id) : NULL;

    if (first) {
        struct pxm_diag *diag = compile_error(compiler, "E126", node->span,
                                              "duplicate id `%s`; the first is at line %u", id, first->node->span.line);
        pxm_diag_label(compiler->diags, diag, "ids are unique in a file, also in inner blocks");
    }
    if (!id || first) {
        return;
    }
    struct name *names = compile_grow(compiler, draft->names, draft->name_count, &draft->name_capacity, sizeof *names);
    if (names) {
        draft->names = names;
        names[draft->name_count++] =
            (struct name){.id = id, .node = node, .foreach = foreach, .on_failure = on_failure};
    }
}

static bool declare_steps(struct draft *draft, const struct pxm_node *steps, const struct pxm_node *foreach,
                          bool on_failure)
{
    bool within = true;

    for (size_t i = 0; within && steps && steps->kind == PXM_NODE_LIST && i < steps->length; i++) {
        within = declare_step(draft, steps->items[i], foreach, on_failure);
    }
    return within;
}

static bool declare_step(struct draft *draft, const struct pxm_node *map, const struct pxm_node *foreach,
                         bool on_failure)
{
    const struct pxm_node *id = pxm_node_get(map, "id");
    const struct pxm_node *inner = pxm_node_get(map, "foreach") ? map : foreach;

    if (++draft->note_limit > PXM_STEPS_MAX) {
        compile_error(draft->compiler, "E127", map->span, "more than %d steps in one pipeline", PXM_STEPS_MAX);
        return false;
    }
    if (id) {
        declare_name(draft, id, foreach, on_failure);
    }
    draft->note_limit += pxm_node_get(map, "fallback") ? 1 : 0;
    return declare_steps(draft, pxm_node_get(map, "steps"), inner, on_failure) &&
           declare_steps(draft, pxm_node_get(map, "parallel"), foreach, on_failure);
}

bool compile_declare(struct draft *draft, const struct pxm_node *steps, const struct pxm_node *foreach, bool on_failure)
{
    return declare_steps(draft, steps, foreach, on_failure);
}
