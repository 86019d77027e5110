/* What the engine wants to know of a pipeline before it runs: how many read a result, which fields anybody reads, and
 * which calls can be announced as soon as their picture is there. */
#include "lang/program/compile.h"

#include <string.h>

/* ---- fields ----------------------------------------------------------------------------------------------------- */

static void want_field(struct pxm_step *step, const char *name)
{
    const struct pxm_signature *signature = step && step->operation ? step->operation->signature : NULL;
    size_t count = signature ? compile_field_count(signature) : 0;

    for (size_t i = 0; i < count; i++) {
        if (!name || strcmp(compile_field_name(signature, i), name) == 0) {
            step->fields_wanted |= UINT64_C(1) << i;
        }
    }
}

static void count_read(struct draft *draft, const struct pxm_read *read)
{
    struct pxm_step *from = compile_note(draft, read->from)->step;
    bool fields_only = from->kind == PXM_STEP_OPERATION && from->operation && !from->operation->signature->out;

    if (read->field || fields_only) {
        want_field(from, read->field);
        want_field(from->fallback, read->field);
        return;
    }
    from->consumers = from->consumers > 0 || read->repeated ? 2 : 1;
}

/* ---- readers of what is passed on ------------------------------------------------------------------------------- */

static struct pxm_step *wire_source(struct draft *draft, const struct pxm_step *step)
{
    for (size_t i = 0; i < draft->read_count; i++) {
        if (draft->reads[i].reader == step && draft->reads[i].wire && draft->reads[i].from) {
            return compile_note(draft, draft->reads[i].from)->step;
        }
    }
    return NULL;
}

/* When a step is skipped, whoever reads it reads what stands before it. Readers stand behind, so the last step comes
 * first. */
static void count_passed_on(struct draft *draft)
{
    for (size_t i = draft->note_count; i > 0; i--) {
        const struct pxm_step *step = draft->notes[i - 1].step;
        struct pxm_step *from = step->pass_through ? wire_source(draft, step) : NULL;
        if (from && step->consumers > 1) {
            from->consumers = 2;
        }
    }
}

/* ---- announcements ---------------------------------------------------------------------------------------------- */

/* Whether all that `reader` refers to is known when `step` has run. What stands behind `reader` itself is read by the
 * `emit` of a foreach, which nobody waits for. */
static bool knows_all(const struct draft *draft, const struct pxm_step *reader, const struct pxm_step *step)
{
    bool knows = true;

    for (size_t i = 0; knows && i < draft->read_count; i++) {
        const struct pxm_read *read = &draft->reads[i];
        knows = read->reader != reader || !read->from || read->from->order <= step->order ||
                read->from->order > reader->order;
    }
    return knows;
}

static bool can_announce(struct draft *draft, const struct pxm_step *step, const struct pxm_step *reader,
                         const struct pxm_step **ret_foreach)
{
    const struct pxm_step *inner = compile_note(draft, reader)->foreach;
    const struct pxm_step *outer = compile_note(draft, step)->foreach;

    *ret_foreach = NULL;
    if (!reader->operation || reader->operation->core != PXM_CORE_NONE || compile_note(draft, reader)->is_fallback) {
        return false;
    }
    if (inner != outer) {
        *ret_foreach = inner;
        if (!inner || compile_note(draft, inner)->foreach != outer || !knows_all(draft, inner, step)) {
            return false;
        }
    }
    return knows_all(draft, reader, step);
}

static void announce(struct draft *draft, struct pxm_step *step)
{
    struct pxm_announce *list = NULL;
    size_t capacity = 0;

    for (size_t i = 0; i < draft->read_count; i++) {
        const struct pxm_read *read = &draft->reads[i];
        const struct pxm_step *foreach;
        if (read->from != step || !read->wire || !can_announce(draft, step, read->reader, &foreach)) {
            continue;
        }
        list = compile_grow(draft->compiler, list, step->announce_count, &capacity, sizeof *list);
        if (!list) {
            return;
        }
        list[step->announce_count++] = (struct pxm_announce){.step = read->reader, .foreach = foreach};
        step->announces = list;
    }
}

void compile_plan(struct draft *draft)
{
    for (size_t i = 0; i < draft->read_count; i++) {
        if (draft->reads[i].from) {
            count_read(draft, &draft->reads[i]);
        }
    }
    count_passed_on(draft);
    for (size_t i = 0; i < draft->note_count; i++) {
        struct pxm_step *step = draft->notes[i].step;
        if (step->type && step->type->bits & PXM_TYPE_IMAGE && !draft->notes[i].is_fallback) {
            announce(draft, step);
        }
    }
}
