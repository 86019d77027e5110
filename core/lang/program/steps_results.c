/* What a step gives: the type of its primary result and of its fields, and what is left of them when it may be
 * skipped. */
#include "lang/program/compile.h"

#include <string.h>

/* Why there may be no result; NULL: there is one whenever the run goes on. */
static const char *skip_reason(struct draft *draft, const struct pxm_step *step, const struct pxm_node *map)
{
    const char *key = NULL;

    for (size_t i = 0; i < step->rule_count; i++) {
        key = step->rules[i].action == PXM_ON_ERROR_SKIP ? "on_error" : key;
    }
    key = pxm_node_get(map, "when") ? "when" : key;
    if (!key) {
        return NULL;
    }
    return compile_have(draft->compiler, pxm_arena_printf(draft->compiler->arena, "its `%s` (line %u) can skip it", key,
                                                          compile_key_span(map, key).line));
}

static const char *subject_of(struct draft *draft, const struct pxm_step *step)
{
    return compile_have(draft->compiler, pxm_arena_printf(draft->compiler->arena, "steps.%s", step->id));
}

/* ---- fields ----------------------------------------------------------------------------------------------------- */

/* The i-th field as this build knows it, whatever the stride of the plugin's table; its name is NULL at the end. */
static struct pxm_field field_at(const struct pxm_signature *signature, size_t index)
{
    struct pxm_field field = {0};
    size_t size = signature->field_size < sizeof field ? signature->field_size : sizeof field;

    if (signature->fields) {
        memcpy(&field, (const char *)signature->fields + index * signature->field_size, size);
    }
    return field;
}

size_t compile_field_count(const struct pxm_signature *signature)
{
    size_t count = 0;

    while (count < 64 && field_at(signature, count).name) {
        count++;
    }
    return count;
}

const char *compile_field_name(const struct pxm_signature *signature, size_t index)
{
    return field_at(signature, index).name;
}

static const struct pxm_type *field_type(struct draft *draft, const struct pxm_operation *operation,
                                         const struct pxm_field *field)
{
    const struct pxm_type *exact = pxm_core_field_type(operation->core, field->name);

    return exact ? exact : compile_have(draft->compiler, pxm_type_of_bits(draft->compiler->arena, field->type));
}

/* A fallback runs instead: what it does not give is null then. */
static const char *fallback_gap(struct draft *draft, const struct pxm_step *step, const char *field)
{
    const struct pxm_signature *other =
        step->fallback && step->fallback->operation ? step->fallback->operation->signature : NULL;

    for (size_t i = 0; other && i < compile_field_count(other); i++) {
        const char *name = compile_field_name(other, i);
        if (name && strcmp(name, field) == 0) {
            return NULL;
        }
    }
    return other ? compile_have(draft->compiler,
                                pxm_arena_printf(draft->compiler->arena, "its `fallback` (line %u) does not give it",
                                                 step->fallback->span.line))
                 : NULL;
}

static const struct pxm_type *operation_fields(struct draft *draft, const struct pxm_step *step)
{
    const struct pxm_signature *signature = step->operation->signature;
    const char *skipped = compile_note(draft, step)->skip_reason;
    const char *subject = subject_of(draft, step);
    size_t count = compile_field_count(signature);
    struct pxm_type_field *fields =
        compile_have(draft->compiler, pxm_arena_array(draft->compiler->arena, count, sizeof *fields));

    for (size_t i = 0; fields && i < count; i++) {
        struct pxm_field field = field_at(signature, i);
        if (!field.name) {
            break;
        }
        const char *gap = fallback_gap(draft, step, field.name);
        const struct pxm_type *type = field_type(draft, step->operation, &field);
        const char *reason = skipped ? skipped : gap;
        const char *whose = skipped ? subject : NULL;
        if (type && reason) {
            type = compile_nullable(draft->compiler, type, whose, reason);
        }
        if (!type) {
            return NULL;
        }
        fields[i] = (struct pxm_type_field){.name = field.name, .type = type};
    }
    return fields ? compile_record_type(draft->compiler, fields, count) : NULL;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static const struct pxm_type *primary(struct draft *draft, const struct pxm_step *step)
{
    if (step->operation->core == PXM_CORE_CALL) {
        return step->callee ? step->callee->output_type : NULL;
    }
    return compile_have(draft->compiler, pxm_type_of_bits(draft->compiler->arena, step->operation->signature->out));
}

static void check_fallback(struct draft *draft, const struct pxm_step *step)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_step *fallback = step->fallback;

    if (!fallback || !fallback->type || !step->type || !step->operation->signature->out ||
        pxm_type_fits(fallback->type, step->type)) {
        return;
    }
    struct pxm_diag *diag = compile_error(compiler, "E215", fallback->span, "`%s` gives %s, but its step gives %s",
                                          fallback->operation->name, pxm_type_text(compiler->arena, fallback->type),
                                          pxm_type_text(compiler->arena, step->type));
    pxm_diag_label(compiler->diags, diag, "a fallback gives what its step gives");
}

static void operation_results(struct draft *draft, struct pxm_step *step, const struct pxm_type *in)
{
    struct step_note *note = compile_note(draft, step);
    const struct pxm_signature *signature = step->operation->signature;

    note->fields = operation_fields(draft, step);
    step->type = signature->out ? primary(draft, step) : note->fields;
    check_fallback(draft, step);
    step->pass_through = note->skip_reason && in && step->type && signature->out && in->bits == step->type->bits;
    if (note->skip_reason && !step->pass_through) {
        step->type = compile_nullable(draft->compiler, step->type, subject_of(draft, step), note->skip_reason);
    }
}

void compile_foreach_results(struct draft *draft, struct pxm_step *step, const struct pxm_type *emit)
{
    struct step_note *note = compile_note(draft, step);
    struct compiler *compiler = draft->compiler;
    const char *subject = subject_of(draft, step);
    struct pxm_type_field *fields = compile_have(compiler, pxm_arena_array(compiler->arena, 3, sizeof *fields));

    note->skip_reason = skip_reason(draft, step, note->node);
    if (!fields || !emit) {
        return;
    }
    fields[0] = (struct pxm_type_field){"items", pxm_type_list_of(compiler->arena, emit)};
    fields[1] = (struct pxm_type_field){"failed", pxm_type_list_of(compiler->arena, &pxm_type_record)};
    fields[2] = (struct pxm_type_field){"count", &pxm_type_int};
    for (size_t i = 0; i < 3; i++) {
        if (note->skip_reason) {
            fields[i].type = compile_nullable(compiler, fields[i].type, subject, note->skip_reason);
        }
        if (!compile_have(compiler, fields[i].type)) {
            return;
        }
    }
    note->fields = compile_record_type(compiler, fields, 3);
    step->type =
        note->skip_reason ? compile_nullable(compiler, note->fields, subject, note->skip_reason) : note->fields;
}

void compile_results(struct draft *draft, struct pxm_step *step, const struct pxm_type *in)
{
    struct step_note *note = compile_note(draft, step);

    note->skip_reason = skip_reason(draft, step, note->node);
    if (step->operation && step->operation->signature) {
        operation_results(draft, step, in);
    }
}
