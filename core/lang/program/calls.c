/* What is handed to the inputs of a pipeline, by a `call` or by the `bind` of a trigger; and who calls whom. */
#include "lang/program/compile.h"

#include "base/value.h"
#include <string.h>

/* ---- inputs and what is given to them --------------------------------------------------------------------------- */

static const struct pxm_input *known_input(struct compiler *compiler, const struct pxm_program *to,
                                           const struct pxm_node *key)
{
    const struct pxm_input *input = compile_input(to, key->text);
    const char **words;

    if (input) {
        return input;
    }
    struct pxm_diag *diag =
        compile_error(compiler, "E211", key->span, "pipeline `%s` has no input `%s`", to->name, key->text);
    words = compile_have(compiler, pxm_arena_array(compiler->arena, to->input_count + 1, sizeof *words));
    for (size_t i = 0; words && i < to->input_count; i++) {
        words[i] = to->inputs[i].name;
    }
    const char *hint = words ? compile_hint(compiler, key->text, words, to->input_count, NULL) : NULL;
    if (hint) {
        pxm_diag_label(compiler->diags, diag, "%s", hint);
    }
    return NULL;
}

/* Null is taken for "nothing given". What comes from outside may be a number as text. */
static bool fits(const struct pxm_type *have, const struct pxm_type *want, bool from_outside)
{
    struct pxm_type present = *have, taken = *want;

    present.bits &= ~(uint32_t)PXM_TYPE_NULL;
    if (from_outside && want->bits & (PXM_TYPE_BOOL | PXM_TYPE_INT | PXM_TYPE_FLOAT)) {
        taken.bits |= PXM_TYPE_STRING;
    }
    return pxm_type_may_fit(&present, &taken);
}

static void check_value(struct compiler *compiler, const struct given *given, const struct pxm_entry *entry,
                        const struct pxm_input *input)
{
    const struct pxm_type *have = given->type ? pxm_type_field(given->type, entry->key->text) : NULL;

    if (have && input->type && !fits(have, input->type, given->from_outside)) {
        struct pxm_diag *diag =
            compile_error(compiler, "E216", entry->value->span, "input `%s` is %s, but this is %s", input->name,
                          pxm_type_text(compiler->arena, input->type), pxm_type_text(compiler->arena, have));
        pxm_diag_also(compiler->diags, diag, input->span, "declared here");
    }
}

void compile_given(struct compiler *compiler, const struct given *given)
{
    for (size_t i = 0; given->map && i < given->map->length; i++) {
        const struct pxm_input *input = known_input(compiler, given->to, given->map->entries[i].key);
        if (input) {
            check_value(compiler, given, &given->map->entries[i], input);
        }
    }
    for (size_t i = 0; i < given->to->input_count; i++) {
        const struct pxm_input *input = &given->to->inputs[i];
        bool optional = !input->type || input->type->bits & PXM_TYPE_NULL || input->fallback;
        if (optional || (given->map && pxm_node_get(given->map, input->name))) {
            continue;
        }
        struct pxm_diag *diag =
            compile_error(compiler, "E213", given->span, "%s gives nothing to input `%s`, which has no default",
                          given->who, input->name);
        pxm_diag_also(compiler->diags, diag, input->span, "declared here");
    }
}

/* ---- calls ------------------------------------------------------------------------------------------------------ */

const struct pxm_binding *compile_binding(const struct pxm_step *step, const char *name)
{
    bool old;
    int index = step->options ? pxm_options_find(&step->operation->options, name, &old) : -1;

    return index < 0 ? NULL : &step->options->items[index];
}

static void report_circle(struct draft *draft, const struct draft *callee, struct pxm_span span)
{
    struct compiler *compiler = draft->compiler;
    const char *path = callee->program->name;
    struct pxm_diag *diag =
        compile_error(compiler, "E303", span, "pipeline `%s` ends up calling itself", callee->program->name);

    for (const struct draft *d = draft; path && d; d = d == callee ? NULL : d->caller) {
        path = pxm_arena_printf(compiler->arena, "%s -> %s", d->program->name, path);
    }
    pxm_diag_label(compiler->diags, diag, "%s", path ? path : "a circle of calls");
}

static struct draft *find_callee(struct draft *draft, const struct pxm_binding *pipeline)
{
    struct compiler *compiler = draft->compiler;
    const pxm_value *literal = pipeline && pipeline->value ? pxm_template_literal(pipeline->value) : NULL;
    const char *name = pxm_value_as_string(literal, NULL);
    struct draft *callee = literal ? compile_find(compiler, name) : NULL;

    if (callee || !literal) {
        return callee;
    }
    const char **words =
        compile_have(compiler, pxm_arena_array(compiler->arena, compiler->draft_count + 1, sizeof *words));
    for (size_t i = 0; words && i < compiler->draft_count; i++) {
        words[i] = compiler->drafts[i]->program->name;
    }
    struct pxm_diag *diag = compile_error(compiler, "E503", pipeline->node->span, "there is no pipeline `%s`", name);
    pxm_diag_label(
        compiler->diags, diag, "%s",
        words ? compile_hint(compiler, name, words, compiler->draft_count, "pipelines are named as their files") : "");
    return NULL;
}

/* What it gives must be known, so the callee is read first; so deep as calls may nest. */
static bool read_callee(struct draft *draft, struct draft *callee, struct pxm_span span)
{
    struct compiler *compiler = draft->compiler;

    if (callee->state == DRAFT_OPEN) {
        report_circle(draft, callee, span);
        return false;
    }
    if (callee->state == DRAFT_UNREAD && compiler->call_depth < PXM_CALL_DEPTH_MAX) {
        callee->caller = draft;
        compiler->call_depth++;
        compile_pipeline(callee);
        compiler->call_depth--;
        callee->caller = NULL;
    }
    uint32_t height = callee->program->call_height + 1;
    if (callee->state == DRAFT_UNREAD || height > PXM_CALL_DEPTH_MAX) {
        compile_error(compiler, "E303", span, "pipelines call each other more than %d deep", PXM_CALL_DEPTH_MAX);
        return false;
    }
    draft->program->call_height = height > draft->program->call_height ? height : draft->program->call_height;
    return callee->root != NULL;
}

void compile_call(struct draft *draft, struct pxm_step *step)
{
    struct pxm_resolver resolver = compile_resolver(draft);
    const struct pxm_binding *pipeline = compile_binding(step, "pipeline"), *with = compile_binding(step, "with");
    struct draft *callee = find_callee(draft, pipeline);

    if (!callee || !read_callee(draft, callee, pipeline->node->span)) {
        return;
    }
    step->callee = callee->program;
    struct given given = {.to = callee->program, .span = step->span, .who = "this call"};
    if (with && with->value && with->node && with->node->kind == PXM_NODE_MAP) {
        draft->quiet = true;
        given.type = pxm_template_check(with->value, &resolver, draft->compiler->diags);
        draft->quiet = false;
        given.map = with->node;
    }
    compile_given(draft->compiler, &given);
}
