/* Splits an expression into tokens, in place in the scalar that holds it. What people type by habit from other
 * languages is recognised here, so that the diagnostic can say how it is written in this one. */
#include "lang/expr/expr_ast.h"

#include "base/utf8.h"
#include "lang/yaml/scalar.h"
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool expr_lex_is(const struct expr_lexer *lexer, const char *name)
{
    return lexer->kind == TOKEN_NAME && lexer->length == strlen(name) &&
           memcmp(expr_lex_text(lexer), name, lexer->length) == 0;
}

const char *expr_lex_text(const struct expr_lexer *lexer)
{
    return lexer->node->text + lexer->start;
}

void expr_lex_fail(struct expr_lexer *lexer, size_t offset, size_t length, const char *message, const char *label)
{
    struct pxm_span span = pxm_node_part(lexer->node, offset, length);
    lexer->kind = TOKEN_ERROR;
    if (!message) {
        pxm_diags_no_memory(lexer->diags);
        return;
    }
    struct pxm_diag *diag = pxm_diag_add(lexer->diags, PXM_SEVERITY_ERROR, "E201", span, "%s", message);
    if (label) {
        pxm_diag_label(lexer->diags, diag, "%s", label);
    }
}

/* ---- what is not in the language --------------------------------------------------------------------------------- */

static const char no_arithmetic[] = "there is no arithmetic in expressions";
static const char no_arithmetic_label[] = "compute it where the value is made; min() and max() can bound it";
static const char no_regex[] = "there are no regular expressions in expressions";
static const char no_regex_label[] = "compare whole values, or give the input a `pattern`";
static const char no_condition[] = "there is no `a ? b : c`";
static const char no_condition_label[] = "write `a ?? b` for a default, or two steps with `when`";
static const char quotes_label[] = "strings stand in straight quotes: 'text'";

/* Longer spellings come before their own beginnings. */
static const struct habit {
    const char *typed, *message, *label;
} habits[] = {
    {"&&", "`&&` is not an operator here", "write `and`"},
    {"&", "`&` is not an operator here", "write `and`"},
    {"||", "`||` is not an operator here", "write `or`"},
    {"|", "there are no filters in expressions", "write a call: lower(input.name)"},
    {"===", "`===` is not an operator here", "write `==`"},
    {"!==", "`!==` is not an operator here", "write `!=`"},
    {"=~", no_regex, no_regex_label},
    {"!~", no_regex, no_regex_label},
    {"~", no_regex, no_regex_label},
    {"=<", "`=<` is not an operator here", "write `<=`"},
    {"=>", "`=>` is not an operator here", "write `>=`"},
    {"<>", "`<>` is not an operator here", "write `!=`"},
    {"=", "`=` is not an operator here", "write `==`"},
    {"?.", "`?.` is not needed: a path into null is null", "write `.`"},
    {"?:", "`?:` is not an operator here", "write `??`"},
    {"?", no_condition, no_condition_label},
    {":", no_condition, no_condition_label},
    {"+", no_arithmetic, no_arithmetic_label},
    {"*", no_arithmetic, no_arithmetic_label},
    {"/", no_arithmetic, no_arithmetic_label},
    {"%", no_arithmetic, no_arithmetic_label},
    {"`", "a string cannot stand in backquotes", quotes_label},
    {"\xe2\x80\x98", "a string cannot stand in curly quotes", quotes_label},
    {"\xe2\x80\x99", "a string cannot stand in curly quotes", quotes_label},
    {"\xe2\x80\x9c", "a string cannot stand in curly quotes", quotes_label},
    {"\xe2\x80\x9d", "a string cannot stand in curly quotes", quotes_label},
    {"\\", "a backslash has a meaning in strings only", NULL},
};

/* What other languages put in front of an operand, or around it. */
static const struct wrap {
    const char *open, *close, *message, *instead, *label; /* label: where there is no operand to show */
} wraps[] = {
    {"!", "", "`!` is not an operator here", "not ", "write `not`"},
    {"${", "}", "names stand without `${ }` in an expression", "", NULL},
    {"$", "", "names stand without `$` in an expression", "", NULL},
    {"{{", "}}", "names stand without `{{ }}` in an expression", "", NULL},
};

static void fail_wrapped(struct expr_lexer *lexer, const struct wrap *wrap)
{
    const char *text = expr_lex_text(lexer);
    size_t from = strlen(wrap->open), end, close;
    while (is_space(text[from])) {
        from++;
    }
    for (end = from; is_word(text[end]) || text[end] == '.'; end++) {
    }
    if (end == from) {
        expr_lex_fail(lexer, lexer->start, strlen(wrap->open), wrap->message, wrap->label);
        return;
    }
    for (close = end; is_space(text[close]); close++) {
    }
    bool closed = *wrap->close && strncmp(text + close, wrap->close, strlen(wrap->close)) == 0;
    expr_lex_fail(lexer, lexer->start, closed ? close + strlen(wrap->close) : end, wrap->message,
                  pxm_arena_printf(lexer->arena, "write `%s%.*s`", wrap->instead, (int)(end - from), text + from));
}

/* `a-b` without spaces is a name from a language that has such names; anything else with `-` is a subtraction. */
static void fail_hyphen(struct expr_lexer *lexer)
{
    const char *text = lexer->node->text;
    size_t from = lexer->start, end = lexer->start + 1;
    while (from > 0 && is_word(text[from - 1])) {
        from--;
    }
    while (is_word(text[end]) || (text[end] == '-' && is_word(text[end + 1]))) {
        end++;
    }
    if (from == lexer->start || !is_letter(text[from]) || !is_letter(text[lexer->start + 1])) {
        expr_lex_fail(lexer, lexer->start, 1, no_arithmetic, no_arithmetic_label);
        return;
    }
    int length = (int)(end - from);
    expr_lex_fail(lexer, from, end - from,
                  pxm_arena_printf(lexer->arena, "names have no hyphens: `%.*s`", length, text + from),
                  pxm_arena_printf(lexer->arena, "write ['%.*s'] for a field; an id takes `_`", length, text + from));
}

static void lex_unknown(struct expr_lexer *lexer)
{
    const char *text = expr_lex_text(lexer);
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
        size_t length = strlen(habits[i].typed);
        if (strncmp(text, habits[i].typed, length) == 0) {
            expr_lex_fail(lexer, lexer->start, length, habits[i].message, habits[i].label);
            return;
        }
    }
    for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
        if (strncmp(text, wraps[i].open, strlen(wraps[i].open)) == 0) {
            fail_wrapped(lexer, &wraps[i]);
            return;
        }
    }
    if (*text == '-') {
        fail_hyphen(lexer);
    } else if (*text == '{') {
        expr_lex_fail(lexer, lexer->start, 1, "there are no records in expressions", "a map of templates makes one");
    } else {
        size_t length = pxm_utf8_next(text, lexer->node->length - lexer->start, NULL);
        length = length ? length : 1;
        expr_lex_fail(lexer, lexer->start, length,
                      pxm_arena_printf(lexer->arena, "`%.*s` means nothing in an expression", (int)length, text), NULL);
    }
}

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

static void lex_string(struct expr_lexer *lexer)
{
    const char *text = expr_lex_text(lexer);
    char quote = text[0];
    size_t end = 1, length = 0;
    while (text[end] && text[end] != quote) {
        end += text[end] == '\\' && text[end + 1] ? 2 : 1;
    }
    if (!text[end]) {
        expr_lex_fail(lexer, lexer->start, 1, "this string is never closed",
                      quote == '\'' ? "its end needs a '" : "its end needs a \"");
        return;
    }
    char *string = pxm_arena_alloc(lexer->arena, end);
    if (!string) {
        expr_lex_fail(lexer, lexer->start, 1, NULL, NULL);
        return;
    }
    for (size_t i = 1; i < end; i++) {
        if (text[i] == '\\' && !strchr("\\'\"", text[++i])) {
            expr_lex_fail(lexer, lexer->start + i - 1, 2, "unknown escape in a string",
                          "\\\\, \\' and \\\" are the only ones");
            return;
        }
        string[length++] = text[i];
    }
    lexer->kind = TOKEN_STRING;
    lexer->length = end + 1;
    lexer->string = string;
}

static size_t digits(const char *text)
{
    size_t count = 0;
    while (is_digit(text[count])) {
        count++;
    }
    return count;
}

static void lex_number(struct expr_lexer *lexer)
{
    const char *text = expr_lex_text(lexer);
    size_t length = text[0] == '-';
    lexer->kind = TOKEN_INT;
    length += digits(text + length);
    if (text[length] == '.' && is_digit(text[length + 1])) {
        lexer->kind = TOKEN_FLOAT;
        length += 1 + digits(text + length + 1);
    }
    if (text[length] == 'e' || text[length] == 'E') {
        size_t sign = text[length + 1] == '-' || text[length + 1] == '+';
        size_t exponent = digits(text + length + 1 + sign);
        lexer->kind = TOKEN_FLOAT;
        length += exponent ? 1 + sign + exponent : 0;
    }
    lexer->length = length;
    if (is_word(text[length])) {
        while (is_word(text[length])) {
            length++;
        }
        expr_lex_fail(lexer, lexer->start, length,
                      pxm_arena_printf(lexer->arena, "`%.*s` is not a number", (int)length, text),
                      "numbers have no unit in an expression; text stands in quotes");
        return;
    }
    const char *copy = pxm_arena_strndup(lexer->arena, text, length);
    if (!copy) {
        expr_lex_fail(lexer, lexer->start, length, NULL, NULL);
        return;
    }
    const char *wrong =
        lexer->kind == TOKEN_INT ? pxm_scalar_int(copy, &lexer->integer) : pxm_scalar_float(copy, &lexer->number);
    if (wrong) {
        expr_lex_fail(lexer, lexer->start, length, pxm_arena_printf(lexer->arena, "`%s` is not a number", copy), wrong);
    }
}

static const struct symbol {
    char text[3];
    enum expr_token_kind kind;
    enum expr_compare compare;
} symbols[] = {
    {"==", TOKEN_COMPARE, COMPARE_EQUAL},      {"!=", TOKEN_COMPARE, COMPARE_UNEQUAL},
    {"<=", TOKEN_COMPARE, COMPARE_LESS_EQUAL}, {">=", TOKEN_COMPARE, COMPARE_MORE_EQUAL},
    {"??", TOKEN_DEFAULT, COMPARE_EQUAL},      {"<", TOKEN_COMPARE, COMPARE_LESS},
    {">", TOKEN_COMPARE, COMPARE_MORE},        {".", TOKEN_DOT, COMPARE_EQUAL},
    {",", TOKEN_COMMA, COMPARE_EQUAL},         {"(", TOKEN_OPEN, COMPARE_EQUAL},
    {")", TOKEN_CLOSE, COMPARE_EQUAL},         {"[", TOKEN_OPEN_LIST, COMPARE_EQUAL},
    {"]", TOKEN_CLOSE_LIST, COMPARE_EQUAL},
};

static bool lex_symbol(struct expr_lexer *lexer)
{
    /* These begin with a symbol of the language and are none. */
    static const char *const lookalikes[] = {"===", "!==", "<>"};
    const char *text = expr_lex_text(lexer);
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++) {
        if (strncmp(text, lookalikes[i], strlen(lookalikes[i])) == 0) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        size_t length = strlen(symbols[i].text);
        if (strncmp(text, symbols[i].text, length) == 0) {
            lexer->kind = symbols[i].kind;
            lexer->compare = symbols[i].compare;
            lexer->length = length;
            return true;
        }
    }
    return false;
}

/* Behind an operand, `-` cannot begin a number: it is somebody's subtraction. */
static bool ends_operand(enum expr_token_kind kind)
{
    return kind == TOKEN_NAME || kind == TOKEN_STRING || kind == TOKEN_INT || kind == TOKEN_FLOAT ||
           kind == TOKEN_CLOSE || kind == TOKEN_CLOSE_LIST;
}

void expr_lex(struct expr_lexer *lexer)
{
    const char *text = lexer->node->text;
    bool after_operand = ends_operand(lexer->kind) && !expr_lex_is(lexer, "and") && !expr_lex_is(lexer, "or") &&
                         !expr_lex_is(lexer, "not") && !expr_lex_is(lexer, "in");
    if (lexer->kind == TOKEN_ERROR) {
        return;
    }
    lexer->end = lexer->start + lexer->length;
    for (lexer->start = lexer->end; is_space(text[lexer->start]); lexer->start++) {
    }
    lexer->length = 0;
    text += lexer->start;
    if (!*text || (lexer->in_template && *text == '}')) {
        lexer->kind = TOKEN_END;
    } else if (*text == '\'' || *text == '"') {
        lex_string(lexer);
    } else if (is_digit(*text) || (*text == '-' && is_digit(text[1]) && !after_operand)) {
        lex_number(lexer);
    } else if (is_letter(*text)) {
        for (lexer->length = 1; is_word(text[lexer->length]); lexer->length++) {
        }
        lexer->kind = TOKEN_NAME;
    } else if (!lex_symbol(lexer)) {
        lex_unknown(lexer);
    }
}
