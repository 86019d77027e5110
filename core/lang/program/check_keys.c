/* E304: a caller must not choose an object key wholly, or one client reads and overwrites what belongs to another. A
 * key is safe when it starts with literal text or with something the server made, or when `under` confines it. */
#include "lang/program/compile.h"

#include "base/value.h"
#include <string.h>

struct search {
    struct draft *draft;
    const struct step_note *note; /* whose key it is */
    bool first_only;              /* look at the first hole only */
    size_t hole_end;              /* offset in the scalar; 0: no reference was seen yet */
    const struct pxm_ref *found;  /* the first that a caller chose */
};

static bool is_number(const struct pxm_type *type)
{
    return type && !(type->bits & ~(uint32_t)(PXM_TYPE_NULL | PXM_TYPE_BOOL | PXM_TYPE_INT | PXM_TYPE_FLOAT));
}

static bool list_is_from_caller(struct draft *draft, const struct pxm_step *foreach);

/* Whether the results of a step repeat what a caller sent. A store's own names for things do not. */
static bool step_is_from_caller(struct draft *draft, const struct name *name, const struct pxm_ref *ref)
{
    const struct pxm_step *step = name->step;
    const char *field = ref->consumed > 1 ? ref->segments[1].name : NULL;
    const struct pxm_type *fields = compile_note(draft, step)->fields;
    const struct pxm_type *type = field && fields ? pxm_type_field(fields, field) : step->type;

    if (is_number(type) || (field && (strcmp(field, "sha256") == 0 || strcmp(field, "etag") == 0))) {
        return false;
    }
    if (step->kind != PXM_STEP_OPERATION || !step->operation) {
        return true;
    }
    switch (step->operation->core) {
    case PXM_CORE_PUT:
    case PXM_CORE_LIST:
    case PXM_CORE_PRESIGN:
    case PXM_CORE_SEND:
        return false;
    case PXM_CORE_NONE: /* what a plugin found: a word is its own, anything deeper may be text of the file */
        return !type || (type->bits & ~(uint32_t)PXM_TYPE_NULL) != PXM_TYPE_STRING;
    default:
        return true;
    }
}

static bool is_from_caller(struct draft *draft, const struct step_note *note, const struct pxm_ref *ref)
{
    const struct name *name;

    switch (ref->root) {
    case PXM_ROOT_INPUT:
        return !is_number(draft->program->inputs[ref->slot].type);
    case PXM_ROOT_STEPS:
        name = compile_step_name(draft, ref->segments[0].name);
        return name && name->step && step_is_from_caller(draft, name, ref);
    case PXM_ROOT_ITEM:
        return note->foreach && list_is_from_caller(draft, note->foreach);
    case PXM_ROOT_ERROR:
        return ref->segment_count == 0 || !ref->segments[0].name || strcmp(ref->segments[0].name, "message") == 0;
    case PXM_ROOT_EVENT:
        return true;
    default:
        return false;
    }
}

/* Behind the "}" of the hole that a reference stands in; quotes may hold one too. */
static size_t hole_end(const struct pxm_part *part)
{
    const char *text = part->node->text;
    char quote = '\0';

    for (size_t at = part->offset + part->length; at < part->node->length; at++) {
        if (quote) {
            at += text[at] == '\\' ? 1 : 0;
            quote = text[at] == quote ? '\0' : quote;
        } else if (text[at] == '\'' || text[at] == '"') {
            quote = text[at];
        } else if (text[at] == '}') {
            return at + 1;
        }
    }
    return part->node->length;
}

static void look(void *arg, const struct pxm_ref *ref)
{
    struct search *search = arg;

    if (search->first_only && search->hole_end == 0 && ref->part.node) {
        search->hole_end = hole_end(&ref->part);
    }
    bool inside = !search->first_only || ref->part.offset < search->hole_end;
    if (inside && !search->found && is_from_caller(search->draft, search->note, ref)) {
        search->found = ref;
    }
}

static bool list_is_from_caller(struct draft *draft, const struct pxm_step *foreach)
{
    struct search search = {.draft = draft, .note = compile_note(draft, foreach)};

    if (foreach->list) {
        pxm_template_refs(foreach->list, look, &search);
    }
    return search.found != NULL;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static const char *key_option(enum pxm_core_op op)
{
    switch (op) {
    case PXM_CORE_PUT:
    case PXM_CORE_GET:
    case PXM_CORE_HEAD:
    case PXM_CORE_REMOVE:
    case PXM_CORE_PRESIGN:
        return "key";
    case PXM_CORE_LIST:
        return "prefix";
    default:
        return NULL;
    }
}

static struct pxm_span hole_span(const struct pxm_part *part)
{
    size_t start = part->offset;

    while (start > 0 && (part->node->text[start - 1] != '{' || start < 2 || part->node->text[start - 2] != '$')) {
        start--;
    }
    start = start >= 2 ? start - 2 : 0;
    return pxm_node_part(part->node, start, hole_end(part) - start);
}

static void check_step(struct draft *draft, const struct step_note *note)
{
    const struct pxm_step *step = note->step;
    const char *option = step->operation ? key_option(step->operation->core) : NULL;
    const struct pxm_binding *key = option ? compile_binding(step, option) : NULL;
    const struct pxm_binding *under = key ? compile_binding(step, "under") : NULL;
    struct search search = {.draft = draft, .note = note, .first_only = true};

    if (!key || !key->value || pxm_template_prefix(key->value)[0] || (under && under->node)) {
        return;
    }
    pxm_template_refs(key->value, look, &search);
    if (search.found && search.found->part.node) {
        bool list = strcmp(option, "prefix") == 0;
        struct pxm_diag *diag =
            compile_error(draft->compiler, "E304", hole_span(&search.found->part),
                          "%s must not be chosen wholly by the caller", list ? "what is listed" : "an object key");
        pxm_diag_label(draft->compiler->diags, diag, "give it a literal prefix%s",
                       list ? "" : ", or confine it with `under: PREFIX/`");
    }
}

void check_keys(struct draft *draft)
{
    for (size_t i = 0; i < draft->note_count; i++) {
        check_step(draft, &draft->notes[i]);
    }
}
