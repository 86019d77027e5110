/* The tree of a template. Private to template*.c. */
#ifndef PXM_LANG_TEMPLATE_TREE_H
#define PXM_LANG_TEMPLATE_TREE_H

#include "lang/expr/expr_ast.h"

enum template_kind { TEMPLATE_LITERAL, TEMPLATE_EXPR, TEMPLATE_TEXT, TEMPLATE_LIST, TEMPLATE_RECORD };

struct template_part { /* literal text, then the value of an expression */
    const char *text;
    size_t length;
    struct pxm_expr *expr; /* NULL: the end */
};

struct pxm_template {
    enum template_kind kind;
    const struct pxm_node *node; /* NULL: made of a value */
    pxm_value *literal;          /* TEMPLATE_LITERAL; freed with the arena */
    struct pxm_expr *expr;       /* TEMPLATE_EXPR */
    size_t count;                /* of what follows */
    struct template_part *parts; /* TEMPLATE_TEXT */
    struct pxm_template **items; /* TEMPLATE_LIST, TEMPLATE_RECORD */
    const char **keys;           /* TEMPLATE_RECORD */
};

#endif
