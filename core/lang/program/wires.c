/* The primary input of a step: what `in` names or, where there is none, what stands above; and whether it is of a type
 * that the operation takes. */
#include "lang/program/compile.h"

#include <string.h>

/* "a blob", "an image". */
static const char *with_article(struct compiler *compiler, const struct pxm_type *type)
{
    const char *text = type ? pxm_type_text(compiler->arena, type) : "nothing";
    const char *article = strchr("aeiou", text[0]) ? "an" : "a";
    const char *ret = pxm_arena_printf(compiler->arena, "%s %s", article, text);

    return ret ? ret : text;
}

static const struct pxm_type *wanted(struct compiler *compiler, const struct pxm_step *step)
{
    return compile_have(compiler, pxm_type_of_bits(compiler->arena, step->operation->signature->in));
}

/* What would turn one into the other. */
static const char *bridge(const struct pxm_type *have, const struct pxm_type *want)
{
    if (have->bits & PXM_TYPE_IMAGE && want->bits & PXM_TYPE_BLOB) {
        return "put an `encode` step between them";
    }
    if (have->bits & PXM_TYPE_BLOB && want->bits & PXM_TYPE_IMAGE) {
        return "put a `decode` step between them";
    }
    return "say which with `in:`";
}

/* Null cannot be read over a wire, for there is no place for a default. */
static bool is_present(struct draft *draft, const struct pxm_type *have, struct pxm_span span, const char *name)
{
    struct compiler *compiler = draft->compiler;

    if (!(have->bits & PXM_TYPE_NULL)) {
        return true;
    }
    struct pxm_diag *diag =
        compile_error(compiler, "E205", span, "`%s` may be null%s%s", name, have->null_reason ? ", because " : "",
                      have->null_reason ? have->null_reason : "");
    pxm_diag_label(compiler->diags, diag, "give that step a `fallback`, or take another one with `in:`");
    return false;
}

/* ---- in: -------------------------------------------------------------------------------------------------------- */

static void wire_step(struct draft *draft, struct pxm_step *step, const struct pxm_step *from, uint32_t depth)
{
    step->in = (struct pxm_wire){.kind = PXM_WIRE_STEP, .depth = depth, .slot = from->slot};
    compile_read(draft, from, 0, NULL, true);
}

static void wire_input(struct draft *draft, struct pxm_step *step, const struct pxm_input *input)
{
    uint32_t slot = (uint32_t)(input - draft->program->inputs);

    step->in = (struct pxm_wire){.kind = PXM_WIRE_INPUT, .slot = slot};
    compile_read(draft, NULL, slot, NULL, true);
}

static bool has_primary(const struct pxm_step *step)
{
    return step->kind == PXM_STEP_OPERATION && (!step->operation || step->operation->signature->out);
}

static const struct pxm_type *report_no_source(struct draft *draft, const struct pxm_node *in)
{
    struct compiler *compiler = draft->compiler;
    const char **words = compile_have(compiler, pxm_arena_array(compiler->arena, draft->name_count + 1, sizeof *words));
    const char *hint = NULL;

    for (size_t i = 0; words && i < draft->name_count; i++) {
        words[i] = draft->names[i].id;
    }
    if (strncmp(in->text, "steps.", 6) == 0 && compile_is_name(in->text + 6)) {
        hint = pxm_arena_printf(compiler->arena, "write `in: %s`", in->text + 6);
    } else if (strncmp(in->text, "${", 2) == 0) {
        hint = "`in` names a step or `input.NAME`, without ${ }";
    } else if (words) {
        hint = compile_hint(compiler, in->text, words, draft->name_count, "an id, or `input.NAME`");
    }
    struct pxm_diag *diag = compile_error(compiler, "E211", in->span, "there is no step `%s`", in->text);
    pxm_diag_label(compiler->diags, diag, "%s", hint ? hint : "an id, or `input.NAME`");
    return NULL;
}

static const struct pxm_type *from_input(struct draft *draft, const struct pxm_node *in, struct pxm_step *step)
{
    const struct pxm_input *input = compile_input(draft->program, in->text + strlen("input."));

    if (!input) {
        compile_error(draft->compiler, "E211", in->span, "there is no input `%s`", in->text + strlen("input."));
        return NULL;
    }
    wire_input(draft, step, input);
    return input->type;
}

static const struct pxm_type *from_step(struct draft *draft, const struct pxm_node *in, struct pxm_step *step)
{
    const struct name *name = compile_step_name(draft, in->text);
    uint32_t depth;

    if (!name) {
        return report_no_source(draft, in);
    }
    if (!compile_visible(draft, name, in->span, &depth)) {
        return NULL;
    }
    if (!has_primary(name->step)) {
        struct pxm_diag *diag = compile_error(draft->compiler, "E214", in->span,
                                              "step `%s` gives fields only, nothing to read with `in`", name->id);
        pxm_diag_label(draft->compiler->diags, diag, "name the step that made the image or blob");
        return NULL;
    }
    wire_step(draft, step, name->step, depth);
    return name->step->type;
}

static const struct pxm_type *explicit_wire(struct draft *draft, const struct pxm_node *in, struct pxm_step *step)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_type *have =
        strncmp(in->text, "input.", 6) == 0 ? from_input(draft, in, step) : from_step(draft, in, step);
    const struct pxm_type *want = have ? wanted(compiler, step) : NULL;

    if (!want || !is_present(draft, have, in->span, in->text)) {
        return NULL;
    }
    if (!pxm_type_may_fit(have, want)) {
        struct pxm_diag *diag =
            compile_error(compiler, "E214", in->span, "`%s` takes %s, but `%s` is %s", step->operation->name,
                          with_article(compiler, want), in->text, with_article(compiler, have));
        pxm_diag_label(compiler->diags, diag, "%s", bridge(have, want));
        return NULL;
    }
    return have;
}

/* ---- what stands above ------------------------------------------------------------------------------------------ */

/* The first step of a pipeline reads the only input of a type it takes. */
static const struct pxm_type *only_input(struct draft *draft, struct pxm_step *step, const struct pxm_type *want)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_program *program = draft->program;
    const struct pxm_input *found = NULL;
    bool unknown = false, several = false;

    for (size_t i = 0; !draft->frame->outer && i < program->input_count; i++) {
        const struct pxm_type *type = program->inputs[i].type;
        unknown = unknown || !type;
        if (type && pxm_type_may_fit(type, want)) {
            several = found != NULL;
            found = &program->inputs[i];
        }
    }
    if (found && !several) {
        wire_input(draft, step, found);
        return found->type;
    }
    if (!unknown) {
        struct pxm_diag *diag = compile_error(
            compiler, "E210", step->span, "`%s` takes %s, but nothing stands above it%s", step->operation->name,
            with_article(compiler, want), draft->frame->outer ? " in this block" : "");
        pxm_diag_label(compiler->diags, diag,
                       several ? "several inputs fit: say which with `in: input.NAME`"
                               : "say what it reads with `in:`");
    }
    return NULL;
}

static const struct pxm_type *report_above(struct draft *draft, const struct pxm_step *step,
                                           const struct pxm_step *above, const struct pxm_type *want)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_type *have = has_primary(above) ? above->type : NULL;
    struct pxm_diag *diag =
        compile_error(compiler, "E210", step->span, "`%s` takes %s, but the step directly above gives %s",
                      step->operation->name, with_article(compiler, want),
                      have                               ? with_article(compiler, have)
                      : above->kind == PXM_STEP_PARALLEL ? "several results"
                                                         : "fields only");

    if (have) {
        pxm_diag_label(compiler->diags, diag, "no `in:`, so it takes `%s` (%s, line %u); %s", above->id,
                       pxm_type_text(compiler->arena, have), above->span.line, bridge(have, want));
    } else {
        pxm_diag_label(compiler->diags, diag, "no `in:`, so it takes `%s` (line %u); say which with `in:`", above->id,
                       above->span.line);
    }
    return NULL;
}

static const struct pxm_type *wire_above(struct draft *draft, struct pxm_step *step, const struct pxm_step *above)
{
    const struct pxm_type *want = wanted(draft->compiler, step);

    if (!want) {
        return NULL;
    }
    if (!above) {
        return only_input(draft, step, want);
    }
    if (!has_primary(above)) {
        return report_above(draft, step, above, want);
    }
    if (!above->type) {
        return NULL;
    }
    const struct pxm_type *present = pxm_type_without_null(draft->compiler->arena, above->type);
    if (present && !pxm_type_may_fit(present, want)) {
        return report_above(draft, step, above, want);
    }
    if (!is_present(draft, above->type, step->span, above->id)) {
        return NULL;
    }
    wire_step(draft, step, above, 0);
    return above->type;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

static const struct pxm_node *usable_in(struct draft *draft, const struct pxm_node *in, const struct pxm_step *step)
{
    in = compile_kind(draft->compiler, in, PXM_NODE_SCALAR, "`in`");
    if (in && !step->operation->signature->in) {
        compile_error(draft->compiler, "E214", in->span, "`%s` takes no input", step->operation->name);
        return NULL;
    }
    return in;
}

const struct pxm_type *compile_wire(struct draft *draft, const struct pxm_node *in, struct pxm_step *step,
                                    const struct pxm_step *above)
{
    if (!step->operation) {
        return NULL;
    }
    const struct pxm_node *named = usable_in(draft, in, step);
    const struct pxm_type *type = NULL;
    if (named) {
        type = explicit_wire(draft, named, step);
    } else if (!in && step->operation->signature->in) {
        type = wire_above(draft, step, above);
    }
    compile_note(draft, step)->in = type;
    return type;
}

/* A fallback reads what its step reads, so there is one reader more. */
static void copy_wire(struct draft *draft, const struct pxm_step *step)
{
    for (size_t i = draft->read_count; i > 0; i--) {
        struct pxm_read read = draft->reads[i - 1];
        if (read.reader == step && read.wire) {
            compile_read(draft, read.from, read.input, NULL, true);
            return;
        }
    }
}

const struct pxm_type *compile_fallback_wire(struct draft *draft, const struct pxm_node *in, struct pxm_step *fallback,
                                             const struct pxm_step *step)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_type *have = compile_note(draft, step)->in;

    if (!fallback->operation) {
        return NULL;
    }
    const struct pxm_node *named = usable_in(draft, in, fallback);
    if (!fallback->operation->signature->in) {
        fallback->in = (struct pxm_wire){.kind = PXM_WIRE_NONE};
        return NULL;
    }
    if (named) {
        return explicit_wire(draft, named, fallback);
    }
    if (step->in.kind == PXM_WIRE_NONE) {
        if (step->operation && !step->operation->signature->in) {
            compile_error(compiler, "E210", fallback->span, "`%s` takes %s, but its step reads nothing",
                          fallback->operation->name, with_article(compiler, wanted(compiler, fallback)));
        }
        return NULL;
    }
    const struct pxm_type *want = have ? wanted(compiler, fallback) : NULL;
    if (want && !pxm_type_may_fit(have, want)) {
        struct pxm_diag *diag =
            compile_error(compiler, "E210", fallback->span, "`%s` takes %s, but its step reads %s",
                          fallback->operation->name, with_article(compiler, want), with_article(compiler, have));
        pxm_diag_label(compiler->diags, diag, "say what it reads with `in:`");
        return NULL;
    }
    copy_wire(draft, step);
    return have;
}
