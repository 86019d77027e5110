/* Binds a YAML map to an option table: every key is an option, every value of its type and in its range, everything
 * required is there. Goes on behind an error, so that one pass reports all that is wrong. */
#include "lang/options/options_private.h"

#include "base/value.h"
#include <string.h>

struct binder {
    struct pxm_arena *arena;
    struct pxm_diags *diags;
    const struct pxm_option_table *table;
    const struct pxm_bind_rules *rules;
    struct pxm_span owner_span;
    struct pxm_bindings *bindings;
    bool sound;
};

/* An error of the map; a message that could not be made (NULL) means that memory is out. */
static struct pxm_diag *report(struct binder *binder, const char *code, struct pxm_span span, const char *message)
{
    binder->sound = false;
    if (!message) {
        pxm_diags_no_memory(binder->diags);
        return NULL;
    }
    return pxm_diag_add(binder->diags, PXM_SEVERITY_ERROR, code, span, "%s", message);
}

static void report_problem(struct binder *binder, struct pxm_span span, const struct option_problem *problem)
{
    struct pxm_diag *diag = report(binder, problem->code, span, problem->message);
    if (problem->hint[0]) {
        pxm_diag_label(binder->diags, diag, "%s", problem->hint);
    }
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* "options: width*, height, fit": the star marks those that must be there. */
static const char *option_list(struct binder *binder)
{
    enum { SHOWN_MAX = 16 };
    const char *list = NULL;
    size_t shown = 0, count = pxm_options_count(binder->table);
    for (size_t i = 0; i < count && shown <= SHOWN_MAX; i++) {
        struct pxm_option option = pxm_options_at(binder->table, i);
        if (option.flags & (PXM_OPT_ADVANCED | PXM_OPT_DEPRECATED)) {
            continue;
        }
        const char *name = shown++ < SHOWN_MAX ? option.name : "...";
        bool star = shown <= SHOWN_MAX && option.flags & PXM_OPT_REQUIRED;
        list = pxm_arena_printf(binder->arena, "%s%s%s%s", list ? list : "options: ", list ? ", " : "", name,
                                star ? "*" : "");
        if (!list) {
            return NULL;
        }
    }
    return list;
}

static const char *suggest_option(struct binder *binder, const char *word)
{
    const char *names[PXM_OPTIONS_MAX];
    size_t count = pxm_options_count(binder->table);
    for (size_t i = 0; i < count; i++) {
        names[i] = pxm_options_at(binder->table, i).name;
    }
    return pxm_suggest(word, names, count);
}

/* The one of the other words that it surely or probably is. */
static const char *suggest_also(const struct binder *binder, const char *word, bool exactly)
{
    const char *const *also = binder->rules->also;
    size_t count = 0;
    for (; also && also[count]; count++) {
        if (strcmp(also[count], word) == 0) {
            return also[count];
        }
    }
    return count && !exactly ? pxm_suggest(word, also, count) : NULL;
}

static void report_unknown(struct binder *binder, const struct pxm_node *key)
{
    const char *owner = binder->rules->owner;
    const char *close = suggest_option(binder, key->text);
    const char *also = suggest_also(binder, key->text, close != NULL);
    const char *list = option_list(binder);
    struct pxm_diag *diag = report(binder, "E102", key->span,
                                   pxm_arena_printf(binder->arena, "unknown option `%s` for %s", key->text, owner));
    if (also) {
        pxm_diag_label(binder->diags, diag, "`%s` is no option of %s; it stands beside it", also, owner);
    } else if (close) {
        pxm_diag_label(binder->diags, diag, "did you mean `%s`? (%s)", close, list ? list : close);
    } else {
        pxm_diag_label(binder->diags, diag, "%s", list ? list : "it has no options");
    }
}

static void warn(struct binder *binder, const char *code, struct pxm_span span, const char *message, const char *label)
{
    if (!message) {
        pxm_diags_no_memory(binder->diags);
        binder->sound = false;
        return;
    }
    struct pxm_diag *diag = pxm_diag_add(binder->diags, PXM_SEVERITY_WARNING, code, span, "%s", message);
    pxm_diag_label(binder->diags, diag, "%s", label);
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static void report_no_template(struct binder *binder, const struct pxm_option *option, const struct pxm_node *node)
{
    const char *list = NULL;
    size_t count = pxm_options_count(binder->table);
    for (size_t i = 0; i < count && binder->rules->resolver; i++) {
        struct pxm_option other = pxm_options_at(binder->table, i);
        if (other.flags & PXM_OPT_DYNAMIC) {
            list = pxm_arena_printf(binder->arena, "%s%s%s", list ? list : "", list ? ", " : "", other.name);
        }
    }
    struct pxm_diag *diag =
        report(binder, "E106", node->span, pxm_arena_printf(binder->arena, "`%s` takes no template", option->name));
    if (list) {
        pxm_diag_label(binder->diags, diag, "it is fixed when the pipeline is loaded; templates may stand in: %s",
                       list);
    } else {
        pxm_diag_label(binder->diags, diag, "write the value itself");
    }
}

static void report_no_secret(struct binder *binder, const struct pxm_option *option, const struct pxm_node *node)
{
    struct pxm_diag *diag =
        report(binder, "E108", node->span, pxm_arena_printf(binder->arena, "`%s` takes a secret", option->name));
    pxm_diag_label(binder->diags, diag, "declare it under `secrets` and write \"${secret.NAME}\"");
}

static void check_template(struct binder *binder, const struct pxm_option *option, const struct pxm_node *node,
                           struct pxm_template *tpl)
{
    const struct pxm_bind_rules *rules = binder->rules;
    bool secret = (option->flags & PXM_OPT_SECRET) != 0;
    binder->bindings->constant = false;
    if (!rules->resolver || !(rules->templates_everywhere || secret || option->flags & PXM_OPT_DYNAMIC)) {
        report_no_template(binder, option, node);
        return;
    }
    const struct pxm_type *want = option_want(binder->arena, option);
    const char *what = pxm_arena_printf(binder->arena, "`%s`", option->name);
    if (!want || !what) {
        report(binder, "", node->span, NULL);
        return;
    }
    const struct pxm_type *type = pxm_template_check_as(tpl, rules->resolver, want, what, binder->diags);
    if (type && secret && !type->tainted) {
        report_no_secret(binder, option, node);
    }
    binder->sound = binder->sound && type;
}

/* The literal entries of a map of ints, each reported where it stands. */
static void check_entries(struct binder *binder, const struct pxm_option *option, const struct pxm_node *map)
{
    struct option_problem problem;
    for (size_t i = 0; i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key, *item = map->entries[i].value;
        if (!option_check_key(option, key->text, &problem)) {
            report_problem(binder, key->span, &problem);
        }
        if (item->kind != PXM_NODE_SCALAR || strstr(item->text, "${")) {
            continue;
        }
        struct pxm_template *number = pxm_template_parse_as(binder->arena, item, PXM_TYPE_INT, binder->diags);
        if (number && !option_check_number(option, pxm_value_as_float(pxm_template_literal(number)), &problem)) {
            report_problem(binder, item->span, &problem);
        }
    }
}

static void check_literal(struct binder *binder, const struct pxm_option *option, const struct pxm_node *node,
                          const pxm_value *literal)
{
    struct option_problem problem;
    if (option->flags & PXM_OPT_SECRET) {
        report_no_secret(binder, option, node);
    } else if (!option_check(option, literal, &problem)) {
        report_problem(binder, node->span, &problem);
    }
}

static void bind_value(struct binder *binder, const struct pxm_option *option, const struct pxm_node *node,
                       struct pxm_binding *ret)
{
    bool entries = option->type == PXM_OPT_INT_OR_RECORD && node->kind == PXM_NODE_MAP;
    struct pxm_template *tpl = option_parse(binder->arena, option, node, binder->diags);
    if (!tpl) {
        binder->sound = false;
        return;
    }
    ret->value = tpl;
    if (entries) {
        check_entries(binder, option, node);
    }
    const pxm_value *literal = pxm_template_literal(tpl);
    if (!literal) {
        check_template(binder, option, node, tpl);
    } else if (!entries) {
        check_literal(binder, option, node, literal);
    }
}

/* ---- the map ---------------------------------------------------------------------------------------------------- */

static void bind_entry(struct binder *binder, const struct pxm_entry *entry)
{
    bool old = false;
    int index = pxm_options_find(binder->table, entry->key->text, &old);
    if (index < 0) {
        report_unknown(binder, entry->key);
        return;
    }
    struct pxm_option option = pxm_options_at(binder->table, (size_t)index);
    struct pxm_binding *binding = &binder->bindings->items[index];
    if (binding->node) {
        struct pxm_diag *diag =
            report(binder, "E107", entry->key->span,
                   pxm_arena_printf(binder->arena, "`%s` is the former name of `%s`, and both are here",
                                    option.old_name, option.name));
        pxm_diag_label(binder->diags, diag, "delete `%s`", option.old_name);
        return;
    }
    if (old) {
        warn(binder, "W310", entry->key->span,
             pxm_arena_printf(binder->arena, "`%s` is now called `%s`", option.old_name, option.name), "rename it");
    }
    if (option.flags & PXM_OPT_DEPRECATED) {
        warn(binder, "W313", entry->key->span, pxm_arena_printf(binder->arena, "`%s` is deprecated", option.name),
             option.help);
    }
    binding->node = entry->value;
    bind_value(binder, &option, entry->value, binding);
}

/* A required option under a mistyped name is not missing: that was told already. */
static bool is_mistyped(struct binder *binder, const struct pxm_node *map, const char *name)
{
    bool found = false;
    for (size_t i = 0; map && !found && i < map->length; i++) {
        const char *key = map->entries[i].key->text;
        const char *close = pxm_options_find(binder->table, key, NULL) < 0 ? suggest_option(binder, key) : NULL;
        found = close && strcmp(close, name) == 0;
    }
    return found;
}

/* All in one, because they have one place. */
static void report_missing(struct binder *binder, const struct pxm_node *map, size_t count)
{
    const char *names = NULL, *takes = NULL;
    struct pxm_arena *arena = binder->arena;
    for (size_t i = 0; i < count; i++) {
        struct pxm_option option = pxm_options_at(binder->table, i);
        if (!(option.flags & PXM_OPT_REQUIRED) || binder->bindings->items[i].node ||
            is_mistyped(binder, map, option.name)) {
            continue;
        }
        const char *phrase = option_kind(option.type)->phrase;
        names = pxm_arena_printf(arena, "%s%s`%s`", names ? names : "", names ? ", " : "", option.name);
        takes =
            pxm_arena_printf(arena, "%s%s`%s` takes %s", takes ? takes : "", takes ? ", " : "", option.name, phrase);
        if (!names || !takes) {
            report(binder, "", binder->owner_span, NULL);
            return;
        }
    }
    if (names) {
        struct pxm_diag *diag = report(binder, "E103", binder->owner_span,
                                       pxm_arena_printf(arena, "%s needs %s", binder->rules->owner, names));
        pxm_diag_label(binder->diags, diag, "%s", takes);
    }
}

static void bind_defaults(struct binder *binder, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pxm_option option = pxm_options_at(binder->table, i);
        struct pxm_binding *binding = &binder->bindings->items[i];
        if (option.fallback && !binding->node) {
            binding->value = option_parse_fallback(binder->arena, &option, binder->owner_span, binder->diags);
            binder->sound = binder->sound && binding->value;
        }
    }
}

struct pxm_bindings *pxm_options_bind(struct pxm_arena *arena, const struct pxm_option_table *table,
                                      const struct pxm_node *map, struct pxm_span owner_span,
                                      const struct pxm_bind_rules *rules, struct pxm_diags *diags)
{
    size_t count = pxm_options_count(table);
    struct pxm_bindings *bindings = pxm_arena_alloc(arena, sizeof *bindings);
    struct binder binder = {.arena = arena,
                            .diags = diags,
                            .table = table,
                            .rules = rules,
                            .owner_span = owner_span,
                            .bindings = bindings,
                            .sound = true};
    if (!bindings || !(bindings->items = pxm_arena_array(arena, count, sizeof *bindings->items))) {
        pxm_diags_no_memory(diags);
        return NULL;
    }
    bindings->table = table;
    bindings->constant = true;
    bindings->base = rules->base;
    if (map && map->kind != PXM_NODE_MAP) {
        struct pxm_diag *diag =
            report(&binder, "E104", map->span, pxm_arena_printf(arena, "%s takes a map of options", rules->owner));
        const char *list = option_list(&binder);
        pxm_diag_label(diags, diag, "%s", list ? list : "it has no options: write {}");
        return NULL;
    }
    for (size_t i = 0; map && i < map->length; i++) {
        bind_entry(&binder, &map->entries[i]);
    }
    report_missing(&binder, map, count);
    bind_defaults(&binder, count);
    return binder.sound && !diags->no_memory ? bindings : NULL;
}
