/* Reading JSON in place. A text is checked as a whole first; after that, walking only has to find where values end. */
#include "aws/json.h"

#include <stdint.h>
#include <string.h>

struct scan {
    const char *at, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The byte it stands at; NUL at the end. */
static char peek(const struct scan *scan)
{
    return scan->at < scan->end ? *scan->at : '\0';
}

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end && is_blank(*scan->at)) {
        scan->at++;
    }
}

static bool skip_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0) {
        return false;
    }
    scan->at += length;
    return true;
}

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits at `at`; -1: they are none. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

static bool skip_string(struct scan *scan)
{
    scan->at++;
    while (scan->at < scan->end) {
        unsigned char c = (unsigned char)*scan->at++;
        if (c == '"') {
            return true;
        }
        if (c < 0x20) {
            return false;
        }
        if (c != '\\') {
            continue;
        }
        char kind = peek(scan);
        if (!kind || !strchr("\"\\/bfnrtu", kind) || (kind == 'u' && hex4(scan->at + 1, scan->end) < 0)) {
            return false;
        }
        scan->at += kind == 'u' ? 5 : 1;
    }
    return false;
}

static bool skip_digits(struct scan *scan)
{
    const char *start = scan->at;
    while (is_digit(peek(scan))) {
        scan->at++;
    }
    return scan->at > start;
}

static bool skip_number(struct scan *scan)
{
    scan->at += peek(scan) == '-';
    if (peek(scan) == '0') {
        scan->at++;
    } else if (!skip_digits(scan)) {
        return false;
    }
    if (peek(scan) == '.') {
        scan->at++;
        if (!skip_digits(scan)) {
            return false;
        }
    }
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        scan->at++;
        scan->at += peek(scan) == '+' || peek(scan) == '-';
        return skip_digits(scan);
    }
    return true;
}

static bool skip_scalar(struct scan *scan)
{
    switch (peek(scan)) {
    case '"':
        return skip_string(scan);
    case 't':
        return skip_word(scan, "true");
    case 'f':
        return skip_word(scan, "false");
    case 'n':
        return skip_word(scan, "null");
    default:
        return skip_number(scan);
    }
}

/* The name of a member, and its colon. */
static bool skip_name(struct scan *scan)
{
    skip_blanks(scan);
    if (peek(scan) != '"' || !skip_string(scan)) {
        return false;
    }
    skip_blanks(scan);
    return skip_word(scan, ":");
}

/* After a value: closes what it was the last of. False: the text is wrong here. *depth above 0: another value comes. */
static bool skip_closings(struct scan *scan, const char *open, int *depth)
{
    while (*depth > 0) {
        bool is_object = open[*depth - 1] == '{';
        skip_blanks(scan);
        if (skip_word(scan, ",")) {
            return !is_object || skip_name(scan);
        }
        if (!skip_word(scan, is_object ? "}" : "]")) {
            return false;
        }
        --*depth;
    }
    return true;
}

static bool skip_value(struct scan *scan)
{
    char open[AWS_JSON_DEPTH_MAX];
    int depth = 0;
    do {
        skip_blanks(scan);
        char c = peek(scan);
        if (c != '{' && c != '[') {
            if (!skip_scalar(scan)) {
                return false;
            }
        } else if (depth == AWS_JSON_DEPTH_MAX) {
            return false;
        } else {
            open[depth++] = c;
            scan->at++;
            skip_blanks(scan);
            if (!skip_word(scan, c == '{' ? "}" : "]")) {
                if (c == '{' && !skip_name(scan)) {
                    return false;
                }
                continue;
            }
            depth--;
        }
        if (!skip_closings(scan, open, &depth)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

bool aws_json_read(const char *text, size_t length, struct aws_json *ret)
{
    struct scan scan = {.at = text, .end = text + length};
    skip_blanks(&scan);
    const char *start = scan.at;
    if (!skip_value(&scan)) {
        return false;
    }
    *ret = (struct aws_json){.text = start, .length = (size_t)(scan.at - start)};
    skip_blanks(&scan);
    return scan.at == scan.end;
}

/* ---- values ---- */

enum aws_json_kind aws_json_kind(struct aws_json value)
{
    if (value.length == 0) {
        return AWS_JSON_NONE;
    }
    switch (value.text[0]) {
    case '"':
        return AWS_JSON_STRING;
    case '{':
        return AWS_JSON_OBJECT;
    case '[':
        return AWS_JSON_ARRAY;
    case 'n':
        return AWS_JSON_NULL;
    case 't':
    case 'f':
        return AWS_JSON_BOOL;
    default:
        return AWS_JSON_NUMBER;
    }
}

bool aws_json_is_true(struct aws_json value)
{
    return value.length > 0 && value.text[0] == 't';
}

/* Writes a character as UTF-8; how many bytes. */
static size_t write_character(uint32_t c, char bytes[4])
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; c >>= 6) {
        bytes[i] = (char)(0x80 | (c & 0x3f));
    }
    bytes[0] = (char)(leads[length] | c);
    return length;
}

/* What the escape at *at, behind its backslash, stands for; moves past it. How many bytes; 0: it is half of a
 * character. */
static size_t read_escape(const char **at, const char *end, char bytes[4])
{
    static const char kinds[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *text = *at;
    if (*text != 'u') {
        bytes[0] = meanings[strchr(kinds, *text) - kinds];
        *at = text + 1;
        return 1;
    }
    int32_t c = hex4(text + 1, end), low = -1;
    text += 5;
    if (c >= 0xd800 && c < 0xe000) {
        if (c < 0xdc00 && end - text >= 6 && text[0] == '\\' && text[1] == 'u') {
            low = hex4(text + 2, end);
        }
        if (low < 0xdc00 || low >= 0xe000) {
            return 0;
        }
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        text += 6;
    }
    *at = text;
    return write_character((uint32_t)c, bytes);
}

bool aws_json_text(struct aws_json string, struct aws_text *to)
{
    if (aws_json_kind(string) != AWS_JSON_STRING) {
        return false;
    }
    const char *at = string.text + 1, *end = string.text + string.length - 1;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        const char *stop = escape ? escape : end;
        aws_text_add(to, at, (size_t)(stop - at));
        at = stop;
        if (escape) {
            char bytes[4];
            at++;
            size_t length = read_escape(&at, end, bytes);
            if (length == 0) {
                return false;
            }
            aws_text_add(to, bytes, length);
        }
    }
    return !to->failed;
}

bool aws_json_equals(struct aws_json string, const char *text)
{
    if (aws_json_kind(string) != AWS_JSON_STRING) {
        return false;
    }
    const char *at = string.text + 1, *end = string.text + string.length - 1;
    size_t left = strlen(text);
    while (at < end) {
        char bytes[4] = {*at};
        size_t length = 1;
        at++;
        if (bytes[0] == '\\') {
            length = read_escape(&at, end, bytes);
        }
        if (length == 0 || length > left || memcmp(bytes, text, length) != 0) {
            return false;
        }
        text += length;
        left -= length;
    }
    return left == 0;
}

/* ---- walking ---- */

struct aws_json_walk aws_json_walk(struct aws_json container)
{
    enum aws_json_kind kind = aws_json_kind(container);
    struct aws_json_walk walk = {.at = container.text, .end = container.text};
    if (kind == AWS_JSON_ARRAY || kind == AWS_JSON_OBJECT) {
        walk.at = container.text + 1;
        walk.end = container.text + container.length - 1;
    }
    return walk;
}

bool aws_json_next(struct aws_json_walk *walk, struct aws_json *ret_name, struct aws_json *ret_value)
{
    struct scan scan = {.at = walk->at, .end = walk->end};
    struct aws_json name = {0};
    skip_blanks(&scan);
    if (scan.at >= scan.end) {
        return false;
    }
    const char *start = scan.at;
    if (!skip_value(&scan)) {
        return false;
    }
    size_t length = (size_t)(scan.at - start);
    skip_blanks(&scan);
    if (skip_word(&scan, ":")) {
        name = (struct aws_json){.text = start, .length = length};
        skip_blanks(&scan);
        start = scan.at;
        if (!skip_value(&scan)) {
            return false;
        }
        length = (size_t)(scan.at - start);
        skip_blanks(&scan);
    }
    (void)skip_word(&scan, ",");
    walk->at = scan.at;
    *ret_name = name;
    *ret_value = (struct aws_json){.text = start, .length = length};
    return true;
}

struct aws_json aws_json_get(struct aws_json object, const char *name)
{
    struct aws_json_walk walk = aws_json_walk(object);
    struct aws_json found, value;
    while (aws_json_next(&walk, &found, &value)) {
        if (aws_json_equals(found, name)) {
            return value;
        }
    }
    return (struct aws_json){0};
}

/* ---- writing ---- */

void aws_json_write(struct aws_text *to, const char *text, size_t length)
{
    const char *end = text + length;
    aws_text_add(to, "\"", 1);
    for (const char *at = text; at < end; at++) {
        const char *start = at;
        while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\') {
            at++;
        }
        aws_text_add(to, start, (size_t)(at - start));
        if (at == end) {
            break;
        }
        if (*at == '"' || *at == '\\') {
            const char escape[] = {'\\', *at};
            aws_text_add(to, escape, sizeof escape);
        } else {
            aws_text_printf(to, "\\u%04x", (unsigned)(unsigned char)*at);
        }
    }
    aws_text_add(to, "\"", 1);
}
