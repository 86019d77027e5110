/* Reading maps: the keys they may have, names, literals through option tables, and the growing lists of the
 * compiler. */
#include "lang/program/compile.h"

#include "base/error.h"
#include "base/value.h"
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = 63 };

void *compile_have(struct compiler *compiler, const void *memory)
{
    if (!memory) {
        pxm_diags_no_memory(compiler->diags);
    }
    return (void *)(uintptr_t)memory;
}

void *compile_grow(struct compiler *compiler, void *items, size_t count, size_t *capacity, size_t size)
{
    size_t more = *capacity ? 2 * *capacity : 16;

    if (count < *capacity) {
        return items;
    }
    void *grown = compile_have(compiler, pxm_arena_array(compiler->arena, more, size));
    if (!grown) {
        return NULL;
    }
    if (count) {
        memcpy(grown, items, count * size);
    }
    *capacity = more;
    return grown;
}

/* ---- diagnostics ------------------------------------------------------------------------------------------------ */

static struct pxm_diag *report(struct compiler *compiler, enum pxm_severity severity, const char *code,
                               struct pxm_span span, const char *format, va_list args)
    __attribute__((format(printf, 5, 0)));

static struct pxm_diag *report(struct compiler *compiler, enum pxm_severity severity, const char *code,
                               struct pxm_span span, const char *format, va_list args)
{
    char text[1024];

    if (vsnprintf(text, sizeof text, format, args) < 0) {
        pxm_diags_no_memory(compiler->diags);
        return NULL;
    }
    return pxm_diag_add(compiler->diags, severity, code, span, "%s", text);
}

struct pxm_diag *compile_error(struct compiler *compiler, const char *code, struct pxm_span span, const char *format,
                               ...)
{
    va_list args;

    va_start(args, format);
    struct pxm_diag *diag = report(compiler, PXM_SEVERITY_ERROR, code, span, format, args);
    va_end(args);
    return diag;
}

struct pxm_diag *compile_warning(struct compiler *compiler, const char *code, struct pxm_span span, const char *format,
                                 ...)
{
    va_list args;

    va_start(args, format);
    struct pxm_diag *diag = report(compiler, PXM_SEVERITY_WARNING, code, span, format, args);
    va_end(args);
    return diag;
}

const char *compile_hint(struct compiler *compiler, const char *word, const char *const *words, size_t count,
                         const char *otherwise)
{
    const char *best = pxm_suggest(word, words, count);

    return best ? compile_have(compiler, pxm_arena_printf(compiler->arena, "did you mean `%s`?", best)) : otherwise;
}

/* ---- maps ------------------------------------------------------------------------------------------------------- */

const struct pxm_node *compile_kind(struct compiler *compiler, const struct pxm_node *node, enum pxm_node_kind kind,
                                    const char *what)
{
    static const char *const names[] = {
        [PXM_NODE_SCALAR] = "a text", [PXM_NODE_LIST] = "a list", [PXM_NODE_MAP] = "a map"};
    static const char *const forms[] = {[PXM_NODE_SCALAR] = "write one value",
                                        [PXM_NODE_LIST] = "write `[...]` or lines with `- `",
                                        [PXM_NODE_MAP] = "write `{key: value}` or indented lines with `key: value`"};

    if (node && node->kind != kind) {
        struct pxm_diag *diag =
            compile_error(compiler, "E121", node->span, "%s is %s, not %s", what, names[kind], names[node->kind]);
        pxm_diag_label(compiler->diags, diag, "%s", forms[kind]);
        return NULL;
    }
    return node;
}

static bool is_one_of(const char *word, const char *const *words, size_t *ret_count)
{
    bool found = false;

    for (*ret_count = 0; words[*ret_count]; (*ret_count)++) {
        found = found || strcmp(words[*ret_count], word) == 0;
    }
    return found;
}

void compile_keys(struct compiler *compiler, const struct pxm_node *map, const char *const *known, const char *where)
{
    for (size_t i = 0; map && i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;
        size_t count;
        if (is_one_of(key->text, known, &count)) {
            continue;
        }
        struct pxm_diag *diag = compile_error(compiler, "E120", key->span, "unknown key `%s` in %s", key->text, where);
        const char *best = pxm_suggest(key->text, known, count);
        if (best) {
            pxm_diag_label(compiler->diags, diag, "did you mean `%s`?", best);
            continue;
        }
        struct pxm_buf list;
        pxm_buf_init(&list, 1024);
        for (size_t k = 0; k < count; k++) {
            pxm_buf_printf(&list, "%s%s", k ? ", " : "", known[k]);
        }
        pxm_diag_label(compiler->diags, diag, "keys: %s", list.data);
        pxm_buf_done(&list);
    }
}

struct pxm_span compile_key_span(const struct pxm_node *map, const char *key)
{
    for (size_t i = 0; map->kind == PXM_NODE_MAP && i < map->length; i++) {
        if (strcmp(map->entries[i].key->text, key) == 0) {
            return map->entries[i].key->span;
        }
    }
    return map->span;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(const char *text, const char *extra)
{
    size_t length = strlen(text);

    if (length == 0 || length > NAME_BYTES_MAX || !is_letter(text[0])) {
        return false;
    }
    for (size_t i = 1; i < length; i++) {
        if (!is_letter(text[i]) && !(text[i] >= '0' && text[i] <= '9') && !strchr(extra, text[i])) {
            return false;
        }
    }
    return true;
}

bool compile_is_name(const char *text)
{
    return is_word(text, "_");
}

bool compile_is_label(const char *text)
{
    return is_word(text, "_-");
}

const char *compile_name(struct compiler *compiler, const struct pxm_node *scalar, const char *what)
{
    scalar = compile_kind(compiler, scalar, PXM_NODE_SCALAR, what);
    if (!scalar || compile_is_name(scalar->text)) {
        return scalar ? scalar->text : NULL;
    }
    struct pxm_diag *diag = compile_error(compiler, "E123", scalar->span, "`%s` cannot be %s", scalar->text, what);
    pxm_diag_label(compiler->diags, diag, "a letter, then letters, digits and `_`, at most %d", NAME_BYTES_MAX);
    return NULL;
}

const char *compile_label(struct compiler *compiler, const struct pxm_node *scalar, const char *what)
{
    if (scalar && scalar->kind == PXM_NODE_SCALAR && compile_is_label(scalar->text)) {
        return scalar->text;
    }
    if (compile_kind(compiler, scalar, PXM_NODE_SCALAR, what)) {
        struct pxm_diag *diag = compile_error(compiler, "E123", scalar->span, "`%s` cannot be %s", scalar->text, what);
        pxm_diag_label(compiler->diags, diag, "a letter, then letters, digits, `_` and `-`, at most %d",
                       NAME_BYTES_MAX);
    }
    return NULL;
}

const struct pxm_node *compile_without(struct compiler *compiler, const struct pxm_node *map, const char *key)
{
    struct pxm_node *copy = compile_have(compiler, pxm_arena_alloc(compiler->arena, sizeof *copy));
    struct pxm_entry *entries = compile_have(compiler, pxm_arena_array(compiler->arena, map->length, sizeof *entries));
    size_t count = 0;

    if (!copy || !entries) {
        return map;
    }
    for (size_t i = 0; i < map->length; i++) {
        if (strcmp(map->entries[i].key->text, key) != 0) {
            entries[count++] = map->entries[i];
        }
    }
    *copy = *map;
    copy->entries = entries;
    copy->length = count;
    return copy;
}

void compile_version(struct compiler *compiler, const struct pxm_node *map)
{
    const struct pxm_node *version = pxm_node_get(map, "version");
    struct pxm_diag *diag = NULL;

    if (!version) {
        struct pxm_span start = map->length ? map->entries[0].key->span : map->span;
        diag = compile_error(compiler, "E122", start, "the file does not say its version");
    } else if (version->kind != PXM_NODE_SCALAR || strcmp(version->text, "1") != 0) {
        diag = compile_error(compiler, "E123", version->span, "this engine reads version 1 of the language");
    }
    pxm_diag_label(compiler->diags, diag, "write `version: 1`");
}

/* ---- literals --------------------------------------------------------------------------------------------------- */

static void release_config(void *config)
{
    pxm_config_free(config);
}

const void *compile_literals(struct compiler *compiler, const struct pxm_option_table *table,
                             const struct pxm_node *map, struct pxm_span span, const char *owner,
                             const struct pxm_bindings **ret_bindings)
{
    struct pxm_bind_rules rules = {.owner = owner};
    struct pxm_bindings *bindings = pxm_options_bind(compiler->arena, table, map, span, &rules, compiler->diags);
    struct pxm_config *config;
    struct pxm_error error = {0};

    if (!bindings) {
        return NULL;
    }
    if (pxm_config_fill(bindings, NULL, &config, &error) != PXM_OK) {
        pxm_diags_no_memory(compiler->diags);
        return NULL;
    }
    if (pxm_arena_defer(compiler->arena, release_config, config)) {
        pxm_diags_no_memory(compiler->diags);
        return NULL;
    }
    if (ret_bindings) {
        *ret_bindings = bindings;
    }
    return pxm_config_data(config);
}

const char *const *compile_strings(struct compiler *compiler, const pxm_value *list)
{
    size_t count = pxm_value_count(list);

    if (!list) {
        return NULL;
    }
    const char **ret = compile_have(compiler, pxm_arena_array(compiler->arena, count + 1, sizeof *ret));
    for (size_t i = 0; ret && i < count; i++) {
        ret[i] = pxm_value_as_string(pxm_value_at(list, i), NULL);
    }
    return ret;
}

void compile_validate(struct compiler *compiler, const struct pxm_unit *unit, const struct pxm_bindings *bindings,
                      struct pxm_span span, const char *owner)
{
    struct pxm_config *config;
    struct pxm_error error = {0};

    if (!unit || !unit->validate || !bindings || !bindings->constant || !compiler->catalog->validate) {
        return;
    }
    if (pxm_config_fill(bindings, NULL, &config, &error) != PXM_OK) {
        pxm_diags_no_memory(compiler->diags);
        return;
    }
    pxm_error_clear(&error);
    if (compiler->catalog->validate(compiler->catalog->arg, unit, pxm_config_data(config), &error) != PXM_OK) {
        compile_error(compiler, "E129", span, "%s: %s", owner, error.text);
    }
    pxm_config_free(config);
}

void compile_use(struct compiler *compiler, enum use_kind kind, const char *name, struct pxm_span span,
                 const char *verb)
{
    struct use *uses =
        compile_grow(compiler, compiler->uses, compiler->use_count, &compiler->use_capacity, sizeof *uses);

    if (uses) {
        compiler->uses = uses;
        uses[compiler->use_count++] = (struct use){.kind = kind, .name = name, .span = span, .verb = verb};
    }
}
