/* Expressions: from tokens to a tree, by recursive descent with one function for each rule of the grammar in expr.h.
 * Depth is bounded, and the first syntax error ends an expression, as what follows it would be guesswork. */
#include "lang/expr/expr_ast.h"

#include "base/value.h"
#include <string.h>

struct parser {
    struct expr_lexer lexer;
    unsigned depth;
};

struct operands {
    struct pxm_expr **items;
    size_t count, capacity;
};

static struct pxm_expr *parse_expr(struct parser *parser);

/* ---- failures --------------------------------------------------------------------------------------------------- */

static struct pxm_expr *no_memory(struct parser *parser)
{
    pxm_diags_no_memory(parser->lexer.diags);
    parser->lexer.kind = TOKEN_ERROR;
    return NULL;
}

/* At the token under the cursor; at the end of a scalar, on its last character. Says nothing behind an earlier
 * error. */
static struct pxm_expr *fail_here(struct parser *parser, const char *message, const char *label)
{
    struct expr_lexer *lexer = &parser->lexer;
    size_t start = lexer->start, length = lexer->length;
    if (lexer->kind == TOKEN_ERROR) {
        return NULL;
    }
    if (length == 0) {
        bool at_end = start >= lexer->node->length && start > 0;
        start = at_end ? lexer->node->length - 1 : start;
        length = 1;
    }
    expr_lex_fail(lexer, start, length, message, label);
    return NULL;
}

static struct pxm_expr *fail_missing_value(struct parser *parser)
{
    struct expr_lexer *lexer = &parser->lexer;
    if (lexer->kind == TOKEN_END) {
        return fail_here(parser, "a value is missing here", NULL);
    }
    return fail_here(
        parser,
        pxm_arena_printf(lexer->arena, "a value is missing before `%.*s`", (int)lexer->length, expr_lex_text(lexer)),
        NULL);
}

static bool expect(struct parser *parser, enum expr_token_kind kind, const char *message)
{
    if (parser->lexer.kind != kind) {
        fail_here(parser, message, NULL);
        return false;
    }
    expr_lex(&parser->lexer);
    return true;
}

/* Words that stand where an operator should. */
static void fail_operator(struct parser *parser)
{
    static const struct {
        const char *typed, *label;
    } habits[] = {
        {"not", "write `not (a in b)`"},
        {"is", "write `==`, or `!=` for `is not`"},
        {"eq", "write `==`"},
        {"ne", "write `!=`"},
        {"AND", "write `and`"},
        {"OR", "write `or`"},
        {"if", "there is no conditional value; write two steps with `when`"},
        {"contains", "write it the other way round: value in list"},
        {"matches", "there are no regular expressions; give the input a `pattern`"},
    };
    struct expr_lexer *lexer = &parser->lexer;
    const char *label = NULL;
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
        label = expr_lex_is(lexer, habits[i].typed) ? habits[i].label : label;
    }
    fail_here(parser,
              pxm_arena_printf(lexer->arena, "an operator is missing before `%.*s`", (int)lexer->length,
                               expr_lex_text(lexer)),
              label);
}

/* ---- nodes ------------------------------------------------------------------------------------------------------ */

static struct pxm_expr *node_new(struct parser *parser, enum expr_kind kind, size_t start)
{
    struct pxm_expr *expr = pxm_arena_alloc(parser->lexer.arena, sizeof *expr);
    if (!expr) {
        return no_memory(parser);
    }
    expr->kind = kind;
    expr->part = (struct pxm_part){parser->lexer.node, start, 0};
    return expr;
}

/* The node ends where the token before the cursor does. */
static struct pxm_expr *node_end(struct parser *parser, struct pxm_expr *expr)
{
    expr->part.length = parser->lexer.end - expr->part.offset;
    return expr;
}

static bool operands_add(struct parser *parser, struct operands *list, struct pxm_expr *item)
{
    if (!item) {
        return false;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 2;
        struct pxm_expr **items = pxm_arena_array(parser->lexer.arena, capacity, sizeof(struct pxm_expr *));
        if (!items) {
            no_memory(parser);
            return false;
        }
        if (list->count) {
            memcpy(items, list->items, list->count * sizeof(struct pxm_expr *));
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return true;
}

static struct pxm_expr *node_of(struct parser *parser, enum expr_kind kind, size_t start, const struct operands *list)
{
    struct pxm_expr *expr = node_new(parser, kind, start);
    if (!expr) {
        return NULL;
    }
    expr->items = list->items;
    expr->count = list->count;
    return node_end(parser, expr);
}

static void value_release(void *value)
{
    pxm_value_unref(value);
}

/* Takes over the value, moves behind the token. */
static struct pxm_expr *parse_literal(struct parser *parser, pxm_value *value)
{
    struct pxm_expr *expr = node_new(parser, EXPR_LITERAL, parser->lexer.start);
    if (!expr || !value) {
        pxm_value_unref(value);
        return no_memory(parser);
    }
    if (pxm_arena_defer(parser->lexer.arena, value_release, value) < 0) {
        return no_memory(parser);
    }
    expr->literal = value;
    expr_lex(&parser->lexer);
    return node_end(parser, expr);
}

/* ---- references ------------------------------------------------------------------------------------------------- */

static bool parse_name_segment(struct parser *parser, struct pxm_segment *segment)
{
    struct expr_lexer *lexer = &parser->lexer;
    if (lexer->kind == TOKEN_INT) {
        fail_here(parser, "a name must follow the dot",
                  pxm_arena_printf(lexer->arena, "an index stands in brackets: [%.*s]", (int)lexer->length,
                                   expr_lex_text(lexer)));
        return false;
    }
    if (lexer->kind != TOKEN_NAME) {
        fail_here(parser, "a name must follow the dot", NULL);
        return false;
    }
    segment->name = pxm_arena_strndup(lexer->arena, expr_lex_text(lexer), lexer->length);
    segment->part = (struct pxm_part){lexer->node, lexer->start, lexer->length};
    if (!segment->name) {
        no_memory(parser);
        return false;
    }
    expr_lex(lexer);
    return true;
}

static bool parse_index_segment(struct parser *parser, struct pxm_segment *segment)
{
    struct expr_lexer *lexer = &parser->lexer;
    segment->part = (struct pxm_part){lexer->node, lexer->start, lexer->length};
    if (lexer->kind == TOKEN_STRING) {
        segment->name = lexer->string;
    } else if (lexer->kind == TOKEN_INT && lexer->integer >= 0) {
        segment->index = lexer->integer;
    } else {
        fail_here(parser, "only a number from 0 on or a quoted name can stand in these brackets", NULL);
        return false;
    }
    expr_lex(lexer);
    return expect(parser, TOKEN_CLOSE_LIST, "a `]` is missing");
}

static bool ref_add(struct parser *parser, struct pxm_ref *ref, const struct pxm_segment *segment, size_t *capacity)
{
    if (ref->segment_count == *capacity) {
        size_t larger = *capacity ? 2 * *capacity : 4;
        struct pxm_segment *segments = pxm_arena_array(parser->lexer.arena, larger, sizeof *segments);
        if (!segments) {
            no_memory(parser);
            return false;
        }
        if (ref->segment_count) {
            memcpy(segments, ref->segments, ref->segment_count * sizeof *segments);
        }
        ref->segments = segments;
        *capacity = larger;
    }
    ref->segments[ref->segment_count++] = *segment;
    return true;
}

static struct pxm_expr *parse_ref(struct parser *parser, enum pxm_root root)
{
    struct expr_lexer *lexer = &parser->lexer;
    struct pxm_expr *expr = node_new(parser, EXPR_REF, lexer->start);
    struct pxm_ref *ref = pxm_arena_alloc(lexer->arena, sizeof *ref);
    size_t capacity = 0;
    if (!expr || !ref) {
        return no_memory(parser);
    }
    expr->ref = ref;
    ref->root = root;
    expr_lex(lexer);
    while (lexer->kind == TOKEN_DOT || lexer->kind == TOKEN_OPEN_LIST) {
        bool named = lexer->kind == TOKEN_DOT;
        struct pxm_segment segment = {.name = NULL};
        expr_lex(lexer);
        if (!(named ? parse_name_segment(parser, &segment) : parse_index_segment(parser, &segment)) ||
            !ref_add(parser, ref, &segment, &capacity)) {
            return NULL;
        }
    }
    node_end(parser, expr);
    ref->part = expr->part;
    return expr;
}

/* ---- names and calls -------------------------------------------------------------------------------------------- */

/* Says nothing behind an earlier error. */
static struct pxm_expr *fail_name(struct parser *parser, const char *name, size_t start, bool call)
{
    if (parser->lexer.kind != TOKEN_ERROR) {
        expr_fail_unknown(&parser->lexer, name, start, call);
    }
    return NULL;
}

/* expr {"," expr} and the closing bracket. */
static bool parse_items(struct parser *parser, struct operands *list, enum expr_token_kind close, const char *missing)
{
    while (operands_add(parser, list, parse_expr(parser))) {
        if (parser->lexer.kind != TOKEN_COMMA) {
            return expect(parser, close, missing);
        }
        expr_lex(&parser->lexer);
    }
    return false;
}

static struct pxm_expr *fail_arity(struct parser *parser, const struct pxm_expr *call)
{
    struct expr_lexer *lexer = &parser->lexer;
    const struct expr_function *function = call->function;
    const char *takes = function->min == function->max
                            ? pxm_arena_printf(lexer->arena, "%zu", function->min)
                            : pxm_arena_printf(lexer->arena, "%zu to %zu", function->min, function->max);
    struct pxm_diag *diag = pxm_diag_add(lexer->diags, PXM_SEVERITY_ERROR, "E207", pxm_part_span(call->part),
                                         "`%s` takes %s argument%s, not %zu", function->name, takes ? takes : "other",
                                         function->max == 1 ? "" : "s", call->count);
    pxm_diag_label(lexer->diags, diag, "%s", function->usage);
    lexer->kind = TOKEN_ERROR;
    return NULL;
}

static struct pxm_expr *parse_call(struct parser *parser, const char *name, size_t start)
{
    const struct expr_function *function = expr_function_find(name);
    struct operands list = {.items = NULL};
    if (!function) {
        return fail_name(parser, name, start, true);
    }
    expr_lex(&parser->lexer);
    if (!parse_items(parser, &list, TOKEN_CLOSE, "a `)` is missing")) {
        return NULL;
    }
    struct pxm_expr *expr = node_of(parser, EXPR_CALL, start, &list);
    if (!expr) {
        return NULL;
    }
    expr->function = function;
    return list.count < function->min || list.count > function->max ? fail_arity(parser, expr) : expr;
}

static struct pxm_expr *parse_name(struct parser *parser)
{
    struct expr_lexer *lexer = &parser->lexer;
    size_t start = lexer->start;
    if (expr_lex_is(lexer, "true") || expr_lex_is(lexer, "false")) {
        return parse_literal(parser, pxm_value_bool(expr_lex_is(lexer, "true")));
    }
    if (expr_lex_is(lexer, "null")) {
        return parse_literal(parser, pxm_value_null());
    }
    if (expr_lex_is(lexer, "and") || expr_lex_is(lexer, "or") || expr_lex_is(lexer, "in")) {
        return fail_missing_value(parser);
    }
    if (expr_lex_is(lexer, "not")) {
        return fail_here(parser, "`not` cannot stand behind an operator", "put it in brackets: (not a)");
    }
    for (size_t root = 0; root < EXPR_ROOT_COUNT; root++) {
        if (expr_lex_is(lexer, expr_root_names[root])) {
            return parse_ref(parser, (enum pxm_root)root);
        }
    }
    const char *name = pxm_arena_strndup(lexer->arena, expr_lex_text(lexer), lexer->length);
    if (!name) {
        return no_memory(parser);
    }
    expr_lex(lexer);
    return lexer->kind == TOKEN_OPEN ? parse_call(parser, name, start) : fail_name(parser, name, start, false);
}

/* ---- the grammar ------------------------------------------------------------------------------------------------ */

static struct pxm_expr *parse_group(struct parser *parser)
{
    size_t start = parser->lexer.start;
    expr_lex(&parser->lexer);
    struct pxm_expr *expr = parse_expr(parser);
    if (!expr || !expect(parser, TOKEN_CLOSE, "a `)` is missing")) {
        return NULL;
    }
    expr->part.offset = start;
    return node_end(parser, expr);
}

static struct pxm_expr *parse_list(struct parser *parser)
{
    size_t start = parser->lexer.start;
    struct operands list = {.items = NULL};
    expr_lex(&parser->lexer);
    if (parser->lexer.kind == TOKEN_CLOSE_LIST) {
        expr_lex(&parser->lexer);
        return node_of(parser, EXPR_LIST, start, &list);
    }
    return parse_items(parser, &list, TOKEN_CLOSE_LIST, "a `]` is missing") ? node_of(parser, EXPR_LIST, start, &list)
                                                                            : NULL;
}

static struct pxm_expr *parse_atom(struct parser *parser)
{
    struct expr_lexer *lexer = &parser->lexer;
    switch (lexer->kind) {
    case TOKEN_NAME:
        return parse_name(parser);
    case TOKEN_STRING:
        return parse_literal(parser, pxm_value_cstring(lexer->string));
    case TOKEN_INT:
        return parse_literal(parser, pxm_value_int(lexer->integer));
    case TOKEN_FLOAT:
        return parse_literal(parser, pxm_value_float(lexer->number));
    case TOKEN_OPEN:
        return parse_group(parser);
    case TOKEN_OPEN_LIST:
        return parse_list(parser);
    default:
        return fail_missing_value(parser);
    }
}

static struct pxm_expr *parse_default(struct parser *parser)
{
    size_t start = parser->lexer.start;
    struct operands list = {.items = NULL};
    if (!operands_add(parser, &list, parse_atom(parser))) {
        return NULL;
    }
    while (parser->lexer.kind == TOKEN_DEFAULT) {
        expr_lex(&parser->lexer);
        if (!operands_add(parser, &list, parse_atom(parser))) {
            return NULL;
        }
    }
    return list.count == 1 ? list.items[0] : node_of(parser, EXPR_DEFAULT, start, &list);
}

static struct pxm_expr *parse_compare(struct parser *parser)
{
    struct expr_lexer *lexer = &parser->lexer;
    size_t start = lexer->start;
    struct operands list = {.items = NULL};
    if (!operands_add(parser, &list, parse_default(parser))) {
        return NULL;
    }
    enum expr_compare compare = lexer->compare;
    bool in = expr_lex_is(lexer, "in");
    if (lexer->kind != TOKEN_COMPARE && !in) {
        return list.items[0];
    }
    expr_lex(lexer);
    if (!operands_add(parser, &list, parse_default(parser))) {
        return NULL;
    }
    if (lexer->kind == TOKEN_COMPARE || expr_lex_is(lexer, "in")) {
        return fail_here(parser, "comparisons do not chain", "write `a < b and b < c`");
    }
    struct pxm_expr *expr = node_of(parser, in ? EXPR_IN : EXPR_COMPARE, start, &list);
    if (expr) {
        expr->compare = compare;
    }
    return expr;
}

static bool enter(struct parser *parser)
{
    if (++parser->depth <= PXM_EXPR_DEPTH_MAX) {
        return true;
    }
    fail_here(parser, "this is nested too deeply", "at most 32 levels");
    return false;
}

static struct pxm_expr *parse_not(struct parser *parser)
{
    size_t start = parser->lexer.start;
    struct operands list = {.items = NULL};
    if (!expr_lex_is(&parser->lexer, "not")) {
        return parse_compare(parser);
    }
    if (!enter(parser)) {
        return NULL;
    }
    expr_lex(&parser->lexer);
    if (!operands_add(parser, &list, parse_not(parser))) {
        return NULL;
    }
    parser->depth--;
    return node_of(parser, EXPR_NOT, start, &list);
}

/* operand {WORD operand}, for the two words that join bools. */
static struct pxm_expr *parse_joined(struct parser *parser, const char *word, enum expr_kind kind,
                                     struct pxm_expr *(*operand)(struct parser *))
{
    size_t start = parser->lexer.start;
    struct operands list = {.items = NULL};
    if (!operands_add(parser, &list, operand(parser))) {
        return NULL;
    }
    while (expr_lex_is(&parser->lexer, word)) {
        expr_lex(&parser->lexer);
        if (!operands_add(parser, &list, operand(parser))) {
            return NULL;
        }
    }
    return list.count == 1 ? list.items[0] : node_of(parser, kind, start, &list);
}

static struct pxm_expr *parse_and(struct parser *parser)
{
    return parse_joined(parser, "and", EXPR_AND, parse_not);
}

static struct pxm_expr *parse_expr(struct parser *parser)
{
    if (!enter(parser)) {
        return NULL;
    }
    struct pxm_expr *expr = parse_joined(parser, "or", EXPR_OR, parse_and);
    parser->depth--;
    return expr;
}

/* ---- entry ------------------------------------------------------------------------------------------------------ */

static void fail_open(struct expr_lexer *lexer, size_t offset)
{
    expr_lex_fail(lexer, offset - 2, 2, "this `${` is never closed", "add the `}`; write $${ for a literal ${");
}

/* Something stands behind a complete expression. */
static void fail_trailing(struct parser *parser)
{
    if (parser->lexer.kind == TOKEN_CLOSE || parser->lexer.kind == TOKEN_CLOSE_LIST) {
        fail_here(parser, "this bracket was never opened", NULL);
    } else if (parser->lexer.kind == TOKEN_COMMA) {
        fail_here(parser, "a comma stands in lists and calls only", NULL);
    } else {
        fail_operator(parser);
    }
}

struct pxm_expr *expr_parse_part(struct pxm_arena *arena, const struct pxm_node *scalar, size_t offset,
                                 bool in_template, size_t *ret_end, struct pxm_diags *diags)
{
    struct parser parser = {.lexer = {.arena = arena, .diags = diags, .node = scalar, .in_template = in_template}};
    struct expr_lexer *lexer = &parser.lexer;
    lexer->kind = TOKEN_COMMA; /* anything behind which an operand may begin */
    lexer->start = offset;
    if (in_template && !strchr(scalar->text + offset, '}')) {
        fail_open(lexer, offset);
        return NULL;
    }
    expr_lex(lexer);
    struct pxm_expr *expr = parse_expr(&parser);
    if (expr && lexer->kind != TOKEN_END) {
        fail_trailing(&parser);
    } else if (expr && in_template && scalar->text[lexer->start] != '}') {
        fail_open(lexer, offset);
    }
    if (!expr || lexer->kind == TOKEN_ERROR) {
        return NULL;
    }
    *ret_end = lexer->start + in_template;
    return expr;
}

struct pxm_expr *pxm_expr_parse(struct pxm_arena *arena, const struct pxm_node *scalar, struct pxm_diags *diags)
{
    size_t end = 0;
    if (scalar->kind != PXM_NODE_SCALAR) {
        pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E201", scalar->span, "expected an expression, not a %s",
                     scalar->kind == PXM_NODE_LIST ? "list" : "map");
        return NULL;
    }
    const char *text = scalar->text;
    if (strncmp(text, "${", 2) == 0 && text[scalar->length - 1] == '}' && !strstr(text + 2, "${")) {
        struct pxm_expr *expr = expr_parse_part(arena, scalar, 2, true, &end, diags);
        if (expr && end != scalar->length) {
            struct pxm_span span = pxm_node_part(scalar, end, scalar->length - end);
            pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E201", span, "this stands behind the end of the expression");
            return NULL;
        }
        return expr;
    }
    return expr_parse_part(arena, scalar, 0, false, &end, diags);
}
