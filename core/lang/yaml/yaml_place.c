/* From a part of a scalar's value back to the source: the value is made again from what is written, byte by byte,
 * until the part is reached. Where the two do not agree, the whole scalar is the answer. Pure; called by whoever
 * reports something inside a text, from any thread. */
#include "base/utf8.h"
#include "lang/yaml/yaml.h"
#include <string.h>

/* A walk over a scalar as written and, in step, over its value. Offsets of both. */
struct walk {
    const char *text, *value;
    size_t text_at, text_length;
    size_t value_at, value_length;
};

/* One piece of the text and the piece of the value that it makes; the latter may be empty. */
struct piece {
    size_t text_length, value_length;
};

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A line end in a plain, quoted or folded scalar, with the blanks around it: how much of the value it became is
 * read off the value, which has one blank or some line breaks there. */
static struct piece fold(const struct walk *walk)
{
    struct piece piece = {0, 0};
    const char *text = walk->text + walk->text_at;
    const char *value = walk->value + walk->value_at;
    size_t text_left = walk->text_length - walk->text_at;
    size_t value_left = walk->value_length - walk->value_at;

    while (piece.text_length < text_left && (is_blank(text[piece.text_length]) || is_break(text[piece.text_length]))) {
        piece.text_length++;
    }
    while (piece.value_length < value_left &&
           (is_blank(value[piece.value_length]) || is_break(value[piece.value_length]))) {
        piece.value_length++;
    }
    return piece;
}

/* A line ends here, perhaps behind blanks. */
static bool at_line_end(const struct walk *walk)
{
    size_t at = walk->text_at;

    while (at < walk->text_length && is_blank(walk->text[at])) {
        at++;
    }
    return at < walk->text_length && is_break(walk->text[at]);
}

static struct piece escape(const struct walk *walk)
{
    static const char codes[] = {'x', 'u', 'U'};
    static const size_t digits[] = {2, 4, 8};
    const char *text = walk->text + walk->text_at;
    const char *code = memchr(codes, text[1], sizeof digits / sizeof *digits);
    struct piece piece = {2, 0};

    if (is_break(text[1])) { /* The line goes on, and the blanks at its start are dropped. */
        piece.text_length = 1 + strspn(text + 1, " \t\r\n");
        return piece;
    }
    if (code) {
        piece.text_length += digits[code - codes];
    }
    piece.value_length = pxm_utf8_next(walk->value + walk->value_at, walk->value_length - walk->value_at, NULL);
    return piece;
}

static bool next_piece(const struct walk *walk, char style, struct piece *ret)
{
    const char *text = walk->text + walk->text_at;

    if (walk->text_at >= walk->text_length) {
        return false;
    }
    if (style == '"' && *text == '\\') {
        *ret = escape(walk);
    } else if (style == '\'' && text[0] == '\'' && text[1] == '\'') {
        *ret = (struct piece){2, 1};
    } else if (at_line_end(walk)) {
        *ret = fold(walk);
    } else {
        *ret = (struct piece){1, 1};
        return *text == walk->value[walk->value_at];
    }
    return ret->text_length <= walk->text_length - walk->text_at &&
           ret->value_length <= walk->value_length - walk->value_at;
}

static bool is_block(char style)
{
    return style == '|' || style == '>';
}

static struct walk start(const struct pxm_node *scalar, char style)
{
    struct walk walk = {
        .text = scalar->span.source->text + scalar->span.offset,
        .text_length = scalar->span.length,
        .value = scalar->text,
        .value_length = scalar->length,
    };
    struct piece indent;

    if (is_block(style)) {
        while (walk.text_at < walk.text_length && !is_break(walk.text[walk.text_at])) {
            walk.text_at++;
        }
        indent = fold(&walk);
        walk.text_at += indent.text_length;
        walk.value_at += indent.value_length;
    } else if (style == '"' || style == '\'') {
        walk.text_at = 1;
        walk.text_length -= walk.text_length > 1;
    }
    return walk;
}

/* Moves to the piece that makes the byte `target` of the value, or to the end. False: text and value do not agree. */
static bool advance(struct walk *walk, char style, size_t target, struct piece *ret)
{
    while (next_piece(walk, style, ret)) {
        if (walk->value_at + ret->value_length > target) {
            return true;
        }
        walk->text_at += ret->text_length;
        walk->value_at += ret->value_length;
    }
    *ret = (struct piece){0, 0};
    return walk->value_at >= target || walk->text_at == walk->text_length;
}

struct pxm_span pxm_node_part(const struct pxm_node *scalar, size_t offset, size_t length)
{
    const struct pxm_span whole = scalar->span;
    struct piece piece;
    struct walk walk;
    size_t begin;
    char style;

    if (!whole.source || whole.length == 0 || scalar->kind != PXM_NODE_SCALAR || offset > scalar->length ||
        length > scalar->length - offset) {
        return whole;
    }
    style = scalar->quoted ? whole.source->text[whole.offset] : '\0';
    walk = start(scalar, style);
    if (!advance(&walk, style, offset, &piece)) {
        return whole;
    }
    begin = walk.text_at;
    if (length == 0) {
        return pxm_span_part(whole, (uint32_t)begin, 0);
    }
    if (!advance(&walk, style, offset + length - 1, &piece)) {
        return whole;
    }
    return pxm_span_part(whole, (uint32_t)begin, (uint32_t)(walk.text_at + piece.text_length - begin));
}
