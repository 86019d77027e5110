/* The operation of a step: which of its keys it is, who offers it, and the options it is given. */
#include "lang/program/compile.h"

#include "base/value.h"
#include <string.h>

const char *const compile_step_words[] = {"id",      "in",   "when",     "retry", "on_error",     "fallback",
                                          "timeout", "undo", "foreach",  "where", "max_parallel", "tolerate",
                                          "steps",   "emit", "parallel", NULL};

static bool is_step_word(const char *word)
{
    const char *const *words = compile_step_words;

    while (*words && strcmp(*words, word) != 0) {
        words++;
    }
    return *words != NULL;
}

/* ---- finding it ------------------------------------------------------------------------------------------------- */

static const struct pxm_operation *ask(struct compiler *compiler, const char *name, struct pxm_missing *missing)
{
    const struct pxm_operation *core = pxm_core_operation(name);

    *missing = (struct pxm_missing){0};
    return core ? core : compiler->catalog->operation(compiler->catalog->arg, compiler->arena, name, missing);
}

/* The operation that an entry of a step names, also as `family: {op: NAME, ...}`; quietly, *ret_missing says why
 * not. */
static const struct pxm_operation *look_up(struct compiler *compiler, const struct pxm_entry *entry,
                                           struct pxm_missing *ret_missing, bool *ret_family)
{
    const struct pxm_operation *found = ask(compiler, entry->key->text, ret_missing);
    const struct pxm_node *op = pxm_node_get(entry->value, "op");

    *ret_family = false;
    if (found || ret_missing->broken || !op || op->kind != PXM_NODE_SCALAR) {
        return found;
    }
    *ret_family = true;
    const char *name = compile_have(compiler, pxm_arena_printf(compiler->arena, "%s.%s", entry->key->text, op->text));
    return name ? ask(compiler, name, ret_missing) : NULL;
}

/* Every word that could have been meant: operations, and keys of steps. */
static const char *const *all_words(struct compiler *compiler, size_t *ret_count)
{
    size_t core_count, known_count = 0, count = 0;
    const struct pxm_operation *core = pxm_core_operations(&core_count);
    const char *const *known = compiler->catalog->operation_names(compiler->catalog->arg, &known_count);
    const char **words =
        compile_have(compiler, pxm_arena_array(compiler->arena, core_count + known_count + 16, sizeof *words));

    for (size_t i = 0; words && i < core_count; i++) {
        words[count++] = core[i].name;
    }
    for (size_t i = 0; words && i < known_count; i++) {
        words[count++] = known[i];
    }
    for (size_t i = 0; words && compile_step_words[i]; i++) {
        words[count++] = compile_step_words[i];
    }
    *ret_count = count;
    return words;
}

/* A plugin that cannot be loaded is told once. */
static bool was_told(const struct compiler *compiler, const char *message)
{
    bool told = false;

    for (size_t i = 0; !told && i < compiler->diags->count; i++) {
        told = strcmp(compiler->diags->items[i]->message, message) == 0;
    }
    return told;
}

static void report_missing(struct compiler *compiler, const struct pxm_entry *entry, const struct pxm_missing *missing,
                           bool family)
{
    const struct pxm_node *place = family ? pxm_node_get(entry->value, "op") : entry->key;
    struct pxm_diag *diag;
    size_t count;

    if (missing->broken && was_told(compiler, missing->message)) {
        return;
    }
    if (missing->broken) {
        diag = compile_error(compiler, "E401", place->span, "%s", missing->message);
        if (missing->note) {
            pxm_diag_note(compiler->diags, diag, "%s", missing->note);
        }
        return;
    }
    const char *const *words = all_words(compiler, &count);
    const char *name = family ? pxm_arena_printf(compiler->arena, "%s.%s", entry->key->text, place->text) : place->text;
    diag = compile_error(compiler, "E402", place->span, "there is no operation `%s`", name ? name : place->text);
    if (words && name) {
        pxm_diag_label(compiler->diags, diag, "%s",
                       compile_hint(compiler, name, words, count, "`pixmill plugins list` names them all"));
    }
    if (missing->note) {
        pxm_diag_note(compiler->diags, diag, "%s", missing->note);
    }
}

static void report_several(struct compiler *compiler, const struct pxm_entry *first, const struct pxm_entry *second)
{
    struct pxm_diag *diag =
        compile_error(compiler, "E125", second->key->span, "a step does one thing, but `%s` and `%s` are two",
                      first->key->text, second->key->text);

    pxm_diag_label(compiler->diags, diag, "make it a step of its own");
}

/* Keys beside the operation that are none of a step's. */
static void report_keys(struct compiler *compiler, const struct pxm_node *map, const char *operation)
{
    const char *known[sizeof compile_step_words / sizeof compile_step_words[0] + 1] = {operation};

    memcpy(&known[1], compile_step_words, sizeof compile_step_words);
    compile_keys(compiler, map, known, "a step");
}

/* Of several keys that are no step keys, those that name no operation are mistyped. */
static bool choose(struct draft *draft, const struct pxm_node *map, struct operation_entry *ret)
{
    struct compiler *compiler = draft->compiler;
    struct pxm_missing missing, first_missing = {0};
    const struct pxm_entry *first = NULL;
    bool family, first_family = false;

    for (size_t i = 0; i < map->length; i++) {
        const struct pxm_entry *entry = &map->entries[i];
        if (is_step_word(entry->key->text)) {
            continue;
        }
        const struct pxm_operation *operation = look_up(compiler, entry, &missing, &family);
        if (operation && ret->operation) {
            report_several(compiler, ret->entry, entry);
            return true;
        }
        if (operation) {
            *ret = (struct operation_entry){.entry = entry,
                                            .operation = operation,
                                            .options =
                                                family ? compile_without(compiler, entry->value, "op") : entry->value};
        } else if (!first) {
            first = entry;
            first_missing = missing;
            first_family = family;
        }
    }
    if (first && ret->operation) {
        report_keys(compiler, map, ret->entry->key->text);
    } else if (first) {
        ret->entry = first;
        ret->options = first->value;
        report_missing(compiler, first, &first_missing, first_family);
    }
    return ret->entry != NULL;
}

bool compile_find_operation(struct draft *draft, const struct pxm_node *map, struct operation_entry *ret)
{
    *ret = (struct operation_entry){0};
    if (choose(draft, map, ret)) {
        return true;
    }
    struct pxm_diag *diag = compile_error(draft->compiler, "E124", map->span, "this step does nothing");
    pxm_diag_label(draft->compiler->diags, diag, "give it an operation such as `put`, or `foreach` or `parallel`");
    return false;
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

/* What an option that names a resource needs of it. */
static void use_resource(struct draft *draft, const struct pxm_operation *operation, uint32_t type,
                         const struct pxm_binding *binding)
{
    const pxm_value *literal = binding->value ? pxm_template_literal(binding->value) : NULL;
    enum use_kind kind = type == PXM_OPT_STORE ? USE_STORE : type == PXM_OPT_TABLE ? USE_TABLE : USE_QUEUE;

    if (literal && binding->node && (type == PXM_OPT_STORE || type == PXM_OPT_TABLE || type == PXM_OPT_QUEUE)) {
        compile_use(draft->compiler, kind, pxm_value_as_string(literal, NULL), binding->node->span, operation->name);
    }
}

/* Records and values have no type of their own to be checked against, so null is looked for here. The references in
 * them were counted when they were bound. */
static void check_nulls(struct draft *draft, const struct pxm_option *option, const struct pxm_binding *binding)
{
    struct pxm_resolver resolver = compile_resolver(draft);

    if (!binding->value || !binding->node || (option->type != PXM_OPT_RECORD && option->type != PXM_OPT_VALUE)) {
        return;
    }
    draft->quiet = true;
    compile_nulls(draft, pxm_template_check(binding->value, &resolver, draft->compiler->diags), binding->node);
    draft->quiet = false;
}

/* What is stored with an object is for whoever stores it. */
static void check_presign(struct draft *draft, const struct pxm_step *step)
{
    const struct pxm_binding *meta = compile_binding(step, "meta"), *method = compile_binding(step, "method");
    const pxm_value *literal = method && method->value ? pxm_template_literal(method->value) : NULL;

    if (meta && meta->node && literal && strcmp(pxm_value_as_string(literal, NULL), "GET") == 0) {
        struct pxm_diag *diag =
            compile_error(draft->compiler, "E129", meta->node->span, "`presign`: a URL for GET has no `meta`");
        pxm_diag_label(draft->compiler->diags, diag, "add `method: PUT`, or delete this");
    }
}

void compile_options(struct draft *draft, const struct operation_entry *found, struct pxm_step *step)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_operation *operation = found->operation;
    struct pxm_resolver resolver = compile_resolver(draft);

    if (!operation) {
        return;
    }
    const char *owner = compile_have(compiler, pxm_arena_printf(compiler->arena, "`%s`", operation->name));
    const struct pxm_node *map = compile_kind(compiler, found->options, PXM_NODE_MAP, "what an operation is given");
    struct pxm_bind_rules rules = {.resolver = &resolver, .owner = owner, .also = compile_step_words};
    if (!owner || !map) {
        return;
    }
    step->options =
        pxm_options_bind(compiler->arena, &operation->options, map, found->entry->key->span, &rules, compiler->diags);
    for (size_t i = 0; step->options && i < pxm_options_count(&operation->options); i++) {
        struct pxm_option option = pxm_options_at(&operation->options, i);
        use_resource(draft, operation, option.type, &step->options->items[i]);
        check_nulls(draft, &option, &step->options->items[i]);
    }
    compile_validate(compiler, operation->unit, step->options, found->entry->key->span, owner);
    if (operation->core == PXM_CORE_CALL && step->options) {
        compile_call(draft, step);
    }
    if (operation->core == PXM_CORE_PRESIGN && step->options) {
        check_presign(draft, step);
    }
}
