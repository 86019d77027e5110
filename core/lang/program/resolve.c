/* What names mean: finds what a reference stands for, says from where it may be read, and writes down who reads
 * what. */
#include "lang/program/compile.h"

#include <string.h>

/* ---- types of the roots that are records ------------------------------------------------------------------------ */

static const struct pxm_type_field run_fields[] = {{"id", &pxm_type_string},
                                                   {"time", &pxm_type_string},
                                                   {"unix_ms", &pxm_type_int},
                                                   {"pipeline", &pxm_type_string},
                                                   {"attempt", &pxm_type_int}};
static const struct pxm_type run_type = {.bits = PXM_TYPE_RECORD, .field_count = 5, .fields = run_fields};

static const struct pxm_type_field error_fields[] = {{"code", &pxm_type_string},
                                                     {"message", &pxm_type_string},
                                                     {"transient", &pxm_type_bool},
                                                     {"step", &pxm_type_string},
                                                     {"origin", &pxm_type_string}};
static const struct pxm_type error_type = {.bits = PXM_TYPE_RECORD, .field_count = 5, .fields = error_fields};

static const struct pxm_type secret_type = {.bits = PXM_TYPE_STRING, .tainted = true};

const struct pxm_type *compile_nullable(struct compiler *compiler, const struct pxm_type *type, const char *subject,
                                        const char *reason)
{
    struct pxm_type *ret = type ? compile_have(compiler, pxm_arena_alloc(compiler->arena, sizeof *ret)) : NULL;

    if (ret) {
        *ret = *type;
        ret->bits |= PXM_TYPE_NULL;
        ret->null_subject = subject;
        ret->null_reason = reason;
    }
    return ret;
}

const struct pxm_type *compile_record_type(struct compiler *compiler, const struct pxm_type_field *fields, size_t count)
{
    struct pxm_type *ret = compile_have(compiler, pxm_arena_alloc(compiler->arena, sizeof *ret));

    if (ret) {
        *ret = (struct pxm_type){.bits = PXM_TYPE_RECORD, .field_count = count, .fields = fields};
    }
    return ret;
}

/* ---- where a root may stand ------------------------------------------------------------------------------------- */

enum {
    IN_PROJECT = 1 << PLACE_PROJECT,
    IN_VARS = 1 << PLACE_VARS,
    IN_BIND = 1 << PLACE_BIND,
    IN_STEP = 1 << PLACE_STEP,
    IN_OUTPUT = 1 << PLACE_OUTPUT,
    IN_FAILURE = 1 << PLACE_ON_FAILURE,
    IN_RUN = IN_STEP | IN_OUTPUT | IN_FAILURE
};

static const struct {
    unsigned places;
    const char *where, *hint;
} roots[] = {
    [PXM_ROOT_INPUT] = {IN_RUN, "in steps and `output`", "an expression here is evaluated before there are inputs"},
    [PXM_ROOT_STEPS] = {IN_RUN, "in steps and `output`", "an expression here is evaluated before any step"},
    [PXM_ROOT_VARS] = {IN_RUN | IN_VARS, "in steps, `output` and later vars", NULL},
    [PXM_ROOT_RUN] = {IN_RUN, "in steps and `output`", "an expression here is evaluated before there is a run"},
    [PXM_ROOT_ITEM] = {IN_STEP | IN_FAILURE, "inside `foreach`", "`emit` brings values out"},
    [PXM_ROOT_INDEX] = {IN_STEP | IN_FAILURE, "inside `foreach`", "`emit` brings values out"},
    [PXM_ROOT_ERROR] = {IN_FAILURE, "in `on_failure`", "`on_error` tells errors apart by their codes"},
    [PXM_ROOT_EVENT] = {IN_BIND, "in `bind`", "bind it to an input and read that, so that the pipeline runs anywhere"},
    [PXM_ROOT_ENV] = {IN_PROJECT | IN_VARS, "in `vars` and in pixmill.yaml",
                      "make it a var: `vars: {x: \"${env.X}\"}`"},
    [PXM_ROOT_SECRET] = {IN_PROJECT | IN_STEP | IN_FAILURE, "in options that take a secret", NULL},
};

static bool root_is_here(struct compiler *compiler, enum place place, const struct pxm_ref *ref, bool in_loop)
{
    bool item = ref->root == PXM_ROOT_ITEM || ref->root == PXM_ROOT_INDEX;

    if ((roots[ref->root].places & 1U << place) && (!item || in_loop)) {
        return true;
    }
    struct pxm_diag *diag = compile_error(compiler, "E212", pxm_part_span(ref->part), "`%s` can be read only %s",
                                          pxm_root_name(ref->root), roots[ref->root].where);
    if (roots[ref->root].hint) {
        pxm_diag_label(compiler->diags, diag, "%s", roots[ref->root].hint);
    }
    return false;
}

/* The name behind a root that has members; NULL is reported. */
static const char *member(struct compiler *compiler, struct pxm_ref *ref)
{
    if (ref->segment_count && ref->segments[0].name) {
        ref->consumed = 1;
        return ref->segments[0].name;
    }
    struct pxm_diag *diag = compile_error(compiler, "E211", pxm_part_span(ref->part), "`%s` stands before a name only",
                                          pxm_root_name(ref->root));
    pxm_diag_label(compiler->diags, diag, "write %s.NAME", pxm_root_name(ref->root));
    return NULL;
}

/* Names of one root, for a suggestion. */
struct words {
    const char **items;
    size_t count;
};

static struct words words_new(struct compiler *compiler, size_t count)
{
    return (struct words){.items = compile_have(compiler, pxm_arena_array(compiler->arena, count, sizeof(char *)))};
}

static void words_add(struct words *words, const char *word)
{
    if (words->items) {
        words->items[words->count++] = word;
    }
}

/* `where`: text behind the name; "" where the file is meant. */
static const struct pxm_type *unknown(struct compiler *compiler, const struct pxm_ref *ref, const char *what,
                                      const char *where, const struct words *words)
{
    const char *name = ref->segments[0].name;
    struct pxm_diag *diag = compile_error(compiler, "E211", pxm_part_span(ref->segments[0].part),
                                          "there is no %s `%s`%s", what, name, where);
    const char *best = words->items ? pxm_suggest(name, words->items, words->count) : NULL;

    if (best) {
        pxm_diag_label(compiler->diags, diag, "did you mean `%s`?", best);
    } else if (words->count == 0) {
        pxm_diag_label(compiler->diags, diag, "none is declared");
    } else if (words->count <= 8) {
        const char *list = "";
        for (size_t i = 0; list && i < words->count; i++) {
            list = pxm_arena_printf(compiler->arena, "%s%s%s", list, i ? ", " : "", words->items[i]);
        }
        pxm_diag_label(compiler->diags, diag, "there are: %s", list ? list : "");
    }
    return NULL;
}

/* ---- inputs, vars, env, secrets --------------------------------------------------------------------------------- */

static const struct pxm_type *resolve_input(struct draft *draft, struct pxm_ref *ref)
{
    const struct pxm_program *program = draft->program;
    const char *name = member(draft->compiler, ref);
    const struct pxm_input *input = name ? compile_input(program, name) : NULL;

    if (name && !input) {
        struct words words = words_new(draft->compiler, program->input_count);
        for (size_t i = 0; i < program->input_count; i++) {
            words_add(&words, program->inputs[i].name);
        }
        return unknown(draft->compiler, ref, "input", "", &words);
    }
    if (!input) {
        return NULL;
    }
    ref->slot = (uint32_t)(input - program->inputs);
    compile_read(draft, NULL, ref->slot, NULL, false);
    return input->type;
}

static const struct pxm_type *resolve_var(struct draft *draft, struct pxm_ref *ref)
{
    const struct pxm_program *program = draft->program;
    const char *name = member(draft->compiler, ref);
    struct words words = words_new(draft->compiler, program->var_count);

    for (size_t i = 0; name && i < program->var_count; i++) {
        if (strcmp(program->vars[i].name, name) == 0) {
            ref->slot = (uint32_t)i;
            return program->vars[i].type;
        }
        words_add(&words, program->vars[i].name);
    }
    return name ? unknown(draft->compiler, ref, "var", draft->place == PLACE_VARS ? " above" : "", &words) : NULL;
}

static bool is_listed(const char *const *names, const char *name)
{
    for (size_t i = 0; names && names[i]; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return !names;
}

/* An environment variable that only some profiles have is not there for everybody. */
static bool env_is_here(struct compiler *compiler, const struct pxm_env *env, const struct pxm_ref *ref)
{
    bool here = env->profiles == NULL || env->fallback;

    if (compiler->profile) {
        here = here || is_listed(env->profiles, compiler->profile->name);
    }
    if (!here) {
        struct pxm_diag *diag =
            compile_error(compiler, "E504", pxm_part_span(ref->part), "`env.%s` is not there in %s%s%s", env->name,
                          compiler->profile ? "profile `" : "every profile",
                          compiler->profile ? compiler->profile->name : "", compiler->profile ? "`" : "");
        pxm_diag_label(compiler->diags, diag, "give it a default, or change its `profiles`");
        pxm_diag_also(compiler->diags, diag, env->span, "declared here");
    }
    return here;
}

static const struct pxm_type *resolve_env(struct compiler *compiler, struct pxm_ref *ref)
{
    const struct pxm_project *project = compiler->project;
    const char *name = member(compiler, ref);
    struct words words = words_new(compiler, project->env_count);

    for (size_t i = 0; name && i < project->env_count; i++) {
        const struct pxm_env *env = &project->envs[i];
        if (strcmp(env->name, name) == 0) {
            ref->slot = (uint32_t)i;
            return env_is_here(compiler, env, ref) ? env->type : NULL;
        }
        words_add(&words, env->name);
    }
    return name ? unknown(compiler, ref, "variable", " in `env`", &words) : NULL;
}

/* Each profile has its own secrets, so that of a step is looked for when all profiles are known. */
static const struct pxm_type *resolve_secret(struct compiler *compiler, struct pxm_ref *ref)
{
    const struct pxm_profile *profile = compiler->profile;
    const char *name = member(compiler, ref);

    if (!name) {
        return NULL;
    }
    if (!profile) {
        compile_use(compiler, USE_SECRET, name, pxm_part_span(ref->part), NULL);
        return &secret_type;
    }
    struct words words = words_new(compiler, profile->secret_count);
    for (size_t i = 0; i < profile->secret_count; i++) {
        if (strcmp(profile->secrets[i].name, name) == 0) {
            return &secret_type;
        }
        words_add(&words, profile->secrets[i].name);
    }
    return unknown(compiler, ref, "secret", " in this profile", &words);
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

struct name *compile_step_name(const struct draft *draft, const char *id)
{
    for (size_t i = 0; i < draft->name_count; i++) {
        if (strcmp(draft->names[i].id, id) == 0) {
            return &draft->names[i];
        }
    }
    return NULL;
}

/* Inside a foreach that is not around the reader. */
static void report_hidden(struct draft *draft, const struct name *name, struct pxm_span span)
{
    const struct pxm_node *outer = pxm_node_get(name->foreach, "id");
    const char *id = outer && outer->kind == PXM_NODE_SCALAR ? outer->text : NULL;
    struct pxm_diag *diag =
        compile_error(draft->compiler, "E203", span, "step `%s` is not visible here: it runs 0..n times inside %s%s%s",
                      name->id, id ? "`foreach` step `" : "a `foreach` step", id ? id : "", id ? "`" : "");

    if (pxm_node_get(name->foreach, "emit")) {
        pxm_diag_label(draft->compiler->diags, diag, "export it with `emit:` (line %u), then use steps.%s.items",
                       compile_key_span(name->foreach, "emit").line, id ? id : "ID");
    } else {
        pxm_diag_label(draft->compiler->diags, diag, "export it with `emit:`, then use steps.%s.items", id ? id : "ID");
    }
}

static void report_later(struct draft *draft, const struct name *name, struct pxm_span span)
{
    struct compiler *compiler = draft->compiler;

    if (name->open) {
        struct pxm_diag *diag =
            compile_error(compiler, "E203", span, "step `%s` is not visible here: it has not ended yet", name->id);
        pxm_diag_label(compiler->diags, diag, "a step cannot read its own result");
        return;
    }
    struct pxm_diag *diag =
        compile_error(compiler, "E203", span, "step `%s` is not visible here: it runs later (line %u)", name->id,
                      name->node->span.line);
    pxm_diag_label(compiler->diags, diag, "move that step up; steps see only what ran before");
}

static bool is_around(const struct draft *draft, const struct pxm_node *foreach)
{
    const struct frame *frame = draft->frame;

    while (frame && frame->foreach != foreach) {
        frame = frame->outer;
    }
    return frame != NULL;
}

bool compile_visible(struct draft *draft, const struct name *name, struct pxm_span span, uint32_t *ret_depth)
{
    struct compiler *compiler = draft->compiler;
    uint32_t depth = 0;

    if (draft->place == PLACE_ON_FAILURE && !name->on_failure) {
        struct pxm_diag *diag = compile_error(
            compiler, "E203", span, "step `%s` is not visible in `on_failure`: it may not have run", name->id);
        pxm_diag_label(compiler->diags, diag, "`on_failure` reads error, input, vars and run");
        return false;
    }
    if (draft->place != PLACE_ON_FAILURE && name->on_failure) {
        compile_error(compiler, "E203", span, "step `%s` is not visible here: it runs in `on_failure`", name->id);
        return false;
    }
    if (!name->step && (name->open || is_around(draft, name->foreach))) {
        report_later(draft, name, span);
        return false;
    }
    for (const struct frame *frame = draft->frame; frame; frame = frame->outer, depth++) {
        if (frame == name->frame && name->visible) {
            *ret_depth = depth;
            return true;
        }
        if (frame == name->frame) {
            struct pxm_diag *diag = compile_error(
                compiler, "E203", span, "step `%s` is not visible here: it runs in the same `parallel`", name->id);
            pxm_diag_label(compiler->diags, diag, "put one of them before or behind the `parallel`");
            return false;
        }
    }
    report_hidden(draft, name, span);
    return false;
}

static const struct pxm_type *unknown_step(struct draft *draft, const struct pxm_ref *ref)
{
    struct words words = words_new(draft->compiler, draft->name_count);

    for (size_t i = 0; i < draft->name_count; i++) {
        words_add(&words, draft->names[i].id);
    }
    return unknown(draft->compiler, ref, "step", "", &words);
}

static const struct pxm_type *resolve_step(struct draft *draft, struct pxm_ref *ref)
{
    const char *id = member(draft->compiler, ref);
    const struct name *name = id ? compile_step_name(draft, id) : NULL;
    const char *field = ref->segment_count > 1 ? ref->segments[1].name : NULL;

    if (!name) {
        return id ? unknown_step(draft, ref) : NULL;
    }
    struct pxm_part part = ref->part;
    part.length = ref->segments[0].part.offset + ref->segments[0].part.length - part.offset;
    if (!compile_visible(draft, name, pxm_part_span(part), &ref->depth)) {
        return NULL;
    }
    ref->slot = name->step->slot;
    const struct pxm_type *fields = compile_note(draft, name->step)->fields;
    const struct pxm_type *type = field && fields ? pxm_type_field(fields, field) : NULL;
    if (type) {
        ref->consumed = 2;
        compile_read(draft, name->step, 0, field, false);
        return type;
    }
    if (field && name->step->type && !(name->step->type->bits & PXM_TYPE_RECORD) && fields &&
        !pxm_type_is_dynamic(name->step->type)) {
        return fields; /* whoever walks on tells that it has no such field */
    }
    compile_read(draft, name->step, 0, NULL, false);
    return name->step->type;
}

void compile_read(struct draft *draft, const struct pxm_step *from, uint32_t input, const char *field, bool wire)
{
    if (draft->quiet ||
        (draft->place != PLACE_STEP && draft->place != PLACE_OUTPUT && draft->place != PLACE_ON_FAILURE)) {
        return;
    }
    struct pxm_read *reads =
        compile_grow(draft->compiler, draft->reads, draft->read_count, &draft->read_capacity, sizeof *reads);
    if (reads) {
        draft->reads = reads;
        reads[draft->read_count++] =
            (struct pxm_read){.reader = draft->reader,
                              .from = from,
                              .input = input,
                              .field = field,
                              .wire = wire,
                              .repeated = from && compile_note(draft, from)->foreach != draft->foreach};
    }
}

/* ---- the resolver ----------------------------------------------------------------------------------------------- */

static const struct pxm_type *resolve(void *arg, struct pxm_ref *ref, struct pxm_diags *diags)
{
    struct draft *draft = arg;
    bool in_loop = draft->frame && draft->frame->foreach;
    (void)diags;

    ref->depth = ref->slot = ref->consumed = 0;
    if (!root_is_here(draft->compiler, draft->place, ref, in_loop)) {
        return NULL;
    }
    switch (ref->root) {
    case PXM_ROOT_INPUT:
        return resolve_input(draft, ref);
    case PXM_ROOT_STEPS:
        return resolve_step(draft, ref);
    case PXM_ROOT_VARS:
        return resolve_var(draft, ref);
    case PXM_ROOT_RUN:
        return &run_type;
    case PXM_ROOT_ITEM:
        return draft->frame->item;
    case PXM_ROOT_INDEX:
        return &pxm_type_int;
    case PXM_ROOT_ERROR:
        return &error_type;
    case PXM_ROOT_EVENT:
        return draft->event;
    case PXM_ROOT_ENV:
        return resolve_env(draft->compiler, ref);
    case PXM_ROOT_SECRET:
        return resolve_secret(draft->compiler, ref);
    }
    return NULL;
}

struct pxm_resolver compile_resolver(struct draft *draft)
{
    return (struct pxm_resolver){.resolve = resolve, .arg = draft, .arena = draft->compiler->arena};
}

static const struct pxm_type *resolve_in_project(void *arg, struct pxm_ref *ref, struct pxm_diags *diags)
{
    struct compiler *compiler = arg;
    (void)diags;

    ref->depth = ref->slot = ref->consumed = 0;
    if (!root_is_here(compiler, PLACE_PROJECT, ref, false)) {
        return NULL;
    }
    return ref->root == PXM_ROOT_ENV ? resolve_env(compiler, ref) : resolve_secret(compiler, ref);
}

struct pxm_resolver compile_project_resolver(struct compiler *compiler)
{
    return (struct pxm_resolver){.resolve = resolve_in_project, .arg = compiler, .arena = compiler->arena};
}

/* ---- null ------------------------------------------------------------------------------------------------------- */

/* What stands for "nothing" in a value of that type. */
static const char *neutral(const struct pxm_type *type)
{
    switch (type->bits & ~(uint32_t)PXM_TYPE_NULL) {
    case PXM_TYPE_STRING:
        return "''";
    case PXM_TYPE_INT:
    case PXM_TYPE_FLOAT:
    case PXM_TYPE_INT | PXM_TYPE_FLOAT:
        return "0";
    case PXM_TYPE_BOOL:
        return "false";
    default:
        return "null";
    }
}

/* A nullable whole-value template: the expression stands between "${" and "}". */
static void report_null(struct draft *draft, const struct pxm_type *type, const struct pxm_node *node)
{
    size_t length = node->length > 3 ? node->length - 3 : 0;
    struct pxm_span span = length ? pxm_node_part(node, 2, length) : node->span;
    struct pxm_diag *diag = compile_error(draft->compiler, "E205", span, "`%s` may be null, because %s",
                                          type->null_subject ? type->null_subject : "this", type->null_reason);

    pxm_diag_label(draft->compiler->diags, diag, "add a default: %.*s ?? %s", (int)length, length ? node->text + 2 : "",
                   neutral(type));
}

static bool is_skip(const struct draft *draft, const struct pxm_type *type)
{
    bool found = false;

    for (size_t i = 0; type->null_reason && !found && i < draft->note_count; i++) {
        found = draft->notes[i].skip_reason == type->null_reason;
    }
    return found;
}

void compile_nulls(struct draft *draft, const struct pxm_type *type, const struct pxm_node *node)
{
    if (!type || !node) {
        return;
    }
    if (node->kind == PXM_NODE_SCALAR && type->bits & PXM_TYPE_NULL && is_skip(draft, type)) {
        report_null(draft, type, node);
    }
    for (size_t i = 0; node->kind == PXM_NODE_MAP && i < node->length; i++) {
        compile_nulls(draft, pxm_type_field(type, node->entries[i].key->text), node->entries[i].value);
    }
}
