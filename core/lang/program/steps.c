/* Blocks and steps: which kind a step is, in which order its keys are read, and when others may see its result. */
#include "lang/program/compile.h"

#include <string.h>

static const char *const operation_keys[] = {"id",       "in",      "when", "retry", "on_error",
                                             "fallback", "timeout", "undo", NULL};
static const char *const foreach_keys[] = {"id",           "when",     "timeout", "on_error", "foreach", "where",
                                           "max_parallel", "tolerate", "steps",   "emit",     NULL};
static const char *const parallel_keys[] = {"id", "timeout", "parallel", NULL};
static const char *const fallback_keys[] = {"in", "retry", "timeout", NULL};

struct frame *compile_frame(struct draft *draft, const struct pxm_node *foreach)
{
    struct frame *frame = compile_have(draft->compiler, pxm_arena_alloc(draft->compiler->arena, sizeof *frame));

    if (frame) {
        frame->outer = draft->frame;
        frame->foreach = foreach;
    }
    return frame;
}

struct step_note *compile_note(struct draft *draft, const struct pxm_step *step)
{
    return &draft->notes[step->order];
}

void compile_block(struct draft *draft, const struct pxm_node *steps, struct pxm_block *ret)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_step *above = NULL;

    steps = compile_kind(compiler, steps, PXM_NODE_LIST, "a list of steps");
    if (!steps) {
        return;
    }
    if (steps->length == 0) {
        compile_error(compiler, "E122", steps->span, "there is no step in this list");
    }
    ret->steps = compile_have(compiler, pxm_arena_array(compiler->arena, steps->length, sizeof(struct pxm_step *)));
    for (size_t i = 0; ret->steps && i < steps->length; i++) {
        struct pxm_step *step = compile_step(draft, steps->items[i], above);
        if (step) {
            ret->steps[ret->step_count++] = step;
            above = step;
        }
    }
}

/* ---- one step --------------------------------------------------------------------------------------------------- */

static bool is_among(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0) {
        words++;
    }
    return *words != NULL;
}

/* Keys that belong to steps, but not to those of this kind. */
static void check_step_keys(struct draft *draft, const struct pxm_node *map, const char *const *allowed,
                            const char *kind)
{
    struct compiler *compiler = draft->compiler;

    for (size_t i = 0; i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;
        if (!is_among(key->text, allowed) && is_among(key->text, compile_step_words)) {
            struct pxm_diag *diag =
                compile_error(compiler, "E128", key->span, "`%s` cannot stand on %s", key->text, kind);
            if (!is_among(key->text, operation_keys)) {
                pxm_diag_label(compiler->diags, diag, "it belongs to `foreach`");
            } else if (allowed != operation_keys) {
                pxm_diag_label(compiler->diags, diag, "put it on the steps inside");
            }
        }
    }
}

static struct pxm_step *new_step(struct draft *draft, const struct pxm_node *map)
{
    struct pxm_step *step = compile_have(draft->compiler, pxm_arena_alloc(draft->compiler->arena, sizeof *step));

    if (!step) {
        return NULL;
    }
    step->order = (uint32_t)draft->note_count;
    step->span = map->span;
    draft->notes[draft->note_count++] = (struct step_note){.step = step,
                                                           .node = map,
                                                           .foreach = draft->foreach,
                                                           .on_failure = draft->place == PLACE_ON_FAILURE,
                                                           .conditional = draft->conditional};
    return step;
}

/* The declared name of a step; NULL: it has none, or its id is taken. */
static struct name *open_name(struct draft *draft, const struct pxm_node *map)
{
    const struct pxm_node *id = pxm_node_get(map, "id");

    for (size_t i = 0; id && i < draft->name_count; i++) {
        if (draft->names[i].node == id) {
            draft->names[i].open = true;
            return &draft->names[i];
        }
    }
    return NULL;
}

static void close_name(struct draft *draft, struct name *name, struct pxm_step *step)
{
    if (name) {
        name->open = false;
        name->step = step;
        name->frame = draft->frame;
        name->visible = draft->frame->parallel == 0;
    }
}

static void name_step(struct draft *draft, struct pxm_step *step, const struct name *name, const char *kind)
{
    const char *id = name ? name->id : pxm_arena_printf(draft->compiler->arena, "%.40s@%u", kind, step->span.line);

    step->id = compile_have(draft->compiler, id);
    step->named = name != NULL;
}

static const struct pxm_type *read_fallback(struct draft *draft, const struct pxm_node *map, struct pxm_step *step)
{
    struct pxm_step *fallback = new_step(draft, map);
    struct operation_entry found;
    const struct pxm_type *in = NULL;

    if (!fallback) {
        return NULL;
    }
    check_step_keys(draft, map, fallback_keys, "a `fallback`");
    compile_note(draft, fallback)->is_fallback = true;
    fallback->id = step->id;
    fallback->named = step->named;
    fallback->slot = step->slot;
    fallback->in = step->in;
    draft->reader = fallback;
    if (compile_find_operation(draft, map, &found)) {
        fallback->span = found.entry->key->span;
        fallback->operation = found.operation;
        in = compile_fallback_wire(draft, pxm_node_get(map, "in"), fallback, step);
        compile_options(draft, &found, fallback);
    }
    compile_retry(draft, pxm_node_get(map, "retry"), fallback);
    fallback->timeout_ms = compile_timeout(draft, pxm_node_get(map, "timeout"));
    compile_results(draft, fallback, in);
    step->fallback = fallback;
    draft->reader = step;
    return in;
}

static void read_operation(struct draft *draft, const struct pxm_node *map, struct pxm_step *step,
                           const struct pxm_step *above, const struct name *name)
{
    struct operation_entry found;
    const struct pxm_node *fallback =
        compile_kind(draft->compiler, pxm_node_get(map, "fallback"), PXM_NODE_MAP, "`fallback`");
    const struct pxm_type *in = NULL;
    bool sound = compile_find_operation(draft, map, &found);

    check_step_keys(draft, map, operation_keys, "an operation");
    if (sound) {
        step->span = found.entry->key->span;
        step->operation = found.operation;
    }
    name_step(draft, step, name, sound ? found.entry->key->text : "step");
    if (sound) {
        in = compile_wire(draft, pxm_node_get(map, "in"), step, above);
        compile_options(draft, &found, step);
    }
    compile_retry(draft, pxm_node_get(map, "retry"), step);
    compile_on_error(draft, pxm_node_get(map, "on_error"), step);
    compile_undo(draft, pxm_node_get(map, "undo"), step);
    if (fallback) {
        read_fallback(draft, fallback, step);
    }
    compile_results(draft, step, in);
}

static void read_kind(struct draft *draft, const struct pxm_node *map, struct pxm_step *step,
                      const struct pxm_step *above, const struct name *name)
{
    if (pxm_node_get(map, "foreach")) {
        check_step_keys(draft, map, foreach_keys, "`foreach`");
        step->kind = PXM_STEP_FOREACH;
        step->span = compile_key_span(map, "foreach");
        name_step(draft, step, name, "foreach");
        compile_foreach(draft, map, step);
    } else if (pxm_node_get(map, "parallel")) {
        check_step_keys(draft, map, parallel_keys, "`parallel`");
        step->kind = PXM_STEP_PARALLEL;
        step->span = compile_key_span(map, "parallel");
        name_step(draft, step, name, "parallel");
        compile_parallel(draft, map, step, above);
    } else {
        read_operation(draft, map, step, above, name);
    }
}

struct pxm_step *compile_step(struct draft *draft, const struct pxm_node *map, const struct pxm_step *above)
{
    struct pxm_step *outer_reader = draft->reader;
    bool outer_conditional = draft->conditional;

    map = compile_kind(draft->compiler, map, PXM_NODE_MAP, "a step");
    struct pxm_step *step = map ? new_step(draft, map) : NULL;
    if (!step) {
        return NULL;
    }
    struct name *name = open_name(draft, map);
    const struct pxm_node *when = pxm_node_get(map, "parallel") ? NULL : pxm_node_get(map, "when");
    step->slot = draft->frame->slots++;
    step->id = "";
    draft->reader = step;
    step->when = compile_condition(draft, when, "`when`");
    draft->conditional = draft->conditional || when;
    compile_note(draft, step)->conditional = draft->conditional;
    step->timeout_ms = compile_timeout(draft, pxm_node_get(map, "timeout"));
    read_kind(draft, map, step, above, name);
    close_name(draft, name, step);
    draft->reader = outer_reader;
    draft->conditional = outer_conditional;
    return step;
}
