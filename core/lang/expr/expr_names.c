/* Names in expressions: the roots of references, and what is said about a name that is neither a root nor a
 * function. */
#include "lang/expr/expr_ast.h"

#include <string.h>

const char *const expr_root_names[EXPR_ROOT_COUNT] = {
    [PXM_ROOT_INPUT] = "input", [PXM_ROOT_STEPS] = "steps",   [PXM_ROOT_VARS] = "vars",   [PXM_ROOT_RUN] = "run",
    [PXM_ROOT_ITEM] = "item",   [PXM_ROOT_INDEX] = "index",   [PXM_ROOT_ERROR] = "error", [PXM_ROOT_EVENT] = "event",
    [PXM_ROOT_ENV] = "env",     [PXM_ROOT_SECRET] = "secret",
};

const char *pxm_root_name(enum pxm_root root)
{
    return expr_root_names[root];
}

static const char *function_list(struct pxm_arena *arena)
{
    const char *list = "functions: ";
    for (size_t i = 0; list && i < expr_function_count; i++) {
        list = pxm_arena_printf(arena, "%s%s%s", list, i ? ", " : "", expr_functions[i].name);
    }
    return list;
}

static const char *suggest_function(const char *word)
{
    const char *names[16];
    size_t count = 0;
    for (; count < expr_function_count && count < sizeof names / sizeof *names; count++) {
        names[count] = expr_functions[count].name;
    }
    return pxm_suggest(word, names, count);
}

/* A name that is no root: a function, a constant of another language, or a string without quotes. */
static const char *unknown_label(struct pxm_arena *arena, const char *word, bool call)
{
    static const char *const constants[][2] = {
        {"True", "true"}, {"TRUE", "true"}, {"False", "false"},    {"FALSE", "false"}, {"None", "null"},
        {"nil", "null"},  {"NULL", "null"}, {"undefined", "null"}, {"NOT", "not"},     {"Null", "null"},
    };
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        if (strcmp(word, constants[i][0]) == 0) {
            return pxm_arena_printf(arena, "write `%s`", constants[i][1]);
        }
    }
    const char *close = call ? suggest_function(word) : pxm_suggest(word, expr_root_names, EXPR_ROOT_COUNT);
    if (close) {
        return pxm_arena_printf(arena, "did you mean `%s`?", close);
    }
    if (call) {
        return function_list(arena);
    }
    if (expr_function_find(word)) {
        return pxm_arena_printf(arena, "it is a function: %s", expr_function_find(word)->usage);
    }
    return pxm_arena_printf(arena, "text stands in quotes: '%s'; a reference starts with input, steps, vars, ...",
                            word);
}

void expr_fail_unknown(struct expr_lexer *lexer, const char *word, size_t start, bool call)
{
    const char *label = unknown_label(lexer->arena, word, call);
    struct pxm_diag *diag =
        pxm_diag_add(lexer->diags, PXM_SEVERITY_ERROR, "E202", pxm_node_part(lexer->node, start, strlen(word)),
                     "unknown %s `%s`", call ? "function" : "name", word);
    if (label) {
        pxm_diag_label(lexer->diags, diag, "%s", label);
    }
    lexer->kind = TOKEN_ERROR;
}
