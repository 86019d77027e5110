/* What the parts of the expression language share: tokens, the tree, and the functions. Private to expr_*.c and
 * template*.c. */
#ifndef PXM_LANG_EXPR_AST_H
#define PXM_LANG_EXPR_AST_H

#include "lang/expr/expr.h"

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

enum expr_token_kind {
    TOKEN_ERROR, /* was reported */
    TOKEN_END,   /* of the scalar, or the "}" of a template */
    TOKEN_NAME,  /* keywords too */
    TOKEN_STRING,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_COMPARE,
    TOKEN_DEFAULT, /* ?? */
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPEN_LIST,
    TOKEN_CLOSE_LIST
};
enum expr_compare {
    COMPARE_EQUAL,
    COMPARE_UNEQUAL,
    COMPARE_LESS,
    COMPARE_LESS_EQUAL,
    COMPARE_MORE,
    COMPARE_MORE_EQUAL
};

struct expr_lexer {
    struct pxm_arena *arena;
    struct pxm_diags *diags;
    const struct pxm_node *node;
    bool in_template; /* "}" ends it */
    size_t end;       /* of the token before this one */
    /* The token under the cursor: */
    enum expr_token_kind kind;
    size_t start, length; /* bytes of node->text */
    enum expr_compare compare;
    const char *string; /* of a TOKEN_STRING, escapes resolved */
    int64_t integer;
    double number;
};

/* Moves on to the next token. */
void expr_lex(struct expr_lexer *lexer);
/* Whether the token is this name. */
bool expr_lex_is(const struct expr_lexer *lexer, const char *name);
/* The text of the token. */
const char *expr_lex_text(const struct expr_lexer *lexer);
/* Reports a syntax error (E201) over a part of the scalar; the label says the way out and may be NULL. */
void expr_lex_fail(struct expr_lexer *lexer, size_t offset, size_t length, const char *message, const char *label);

/* Reports a name that is no root, or the name of a call that is no function (E202). */
void expr_fail_unknown(struct expr_lexer *lexer, const char *word, size_t start, bool call);

enum { EXPR_ROOT_COUNT = PXM_ROOT_SECRET + 1 };
extern const char *const expr_root_names[EXPR_ROOT_COUNT];

/* ---- the tree --------------------------------------------------------------------------------------------------- */

enum expr_kind {
    EXPR_LITERAL,
    EXPR_LIST,
    EXPR_REF,
    EXPR_CALL,
    EXPR_NOT,
    EXPR_AND,
    EXPR_OR,
    EXPR_COMPARE,
    EXPR_IN,
    EXPR_DEFAULT
};

struct pxm_expr {
    enum expr_kind kind;
    enum expr_compare compare; /* EXPR_COMPARE */
    struct pxm_part part;
    size_t count; /* of operands, arguments, list items */
    struct pxm_expr **items;
    pxm_value *literal;                   /* EXPR_LITERAL */
    struct pxm_ref *ref;                  /* EXPR_REF */
    const struct expr_function *function; /* EXPR_CALL */
};

/* Parses from `offset` to the end of the scalar, or in a template to the "}", behind which *ret_end then stands.
 * NULL with diagnostics. */
struct pxm_expr *expr_parse_part(struct pxm_arena *arena, const struct pxm_node *scalar, size_t offset,
                                 bool in_template, size_t *ret_end, struct pxm_diags *diags);
/* The expression as it was written. NULL: no memory. */
const char *expr_text(struct pxm_arena *arena, const struct pxm_expr *expr);
/* Reports why a value of type `have` cannot stand where `want` is taken by `what`; true: it can. */
bool expr_wants(struct pxm_arena *arena, const struct pxm_expr *expr, const struct pxm_type *have,
                const struct pxm_type *want, const char *what, struct pxm_diags *diags);
/* "input.invalid" about the value that an expression gave: "`steps.row.item.name` is a list; WHAT". Gives the
 * status. */
pxm_status expr_fail_kind(const struct pxm_expr *expr, const pxm_value *value, const char *what, pxm_error *error);
/* The failure of a set or append as an error: no memory, or "limit.depth". */
pxm_status expr_fail_nesting(pxm_status status, pxm_error *error);

/* ---- functions -------------------------------------------------------------------------------------------------- */

enum { EXPR_ARGS_MAX = 8 };

struct expr_function {
    const char *name, *usage;                /* "lower(string)" */
    size_t min, max;                         /* arguments */
    const struct pxm_type *args[2], *result; /* the last argument type repeats; result NULL: an int if all are ints */
    /* Of arguments whose kinds were checked; NULL with the error set. */
    pxm_value *(*call)(pxm_value *const *args, size_t count, pxm_error *error);
};

extern const struct expr_function expr_functions[];
extern const size_t expr_function_count;
const struct expr_function *expr_function_find(const char *name);

/* A value that an allocation may have failed to give: sets the error then. */
pxm_value *expr_value(pxm_value *value, pxm_error *error);
/* Appends a scalar as text: strings as they are, numbers and bools as JSON writes them. PXM_E_INVALID: it has no text,
 * or is not finite; else the buffer's status. */
struct pxm_buf;
pxm_status expr_render(struct pxm_buf *buf, const pxm_value *value);
/* The failure of a buffer as an error: no memory, or "limit.text". */
pxm_status expr_buf_fail(pxm_status status, pxm_error *error);

#endif
