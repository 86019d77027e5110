/* JSON to values, strictly by RFC 8259. A parser of our own, since the usual ones give each number as a double and so
 * lose integers beyond 2^53. It refuses what readers disagree on: duplicate keys, NUL in strings, lone surrogates,
 * bytes that are no UTF-8, and integers beyond 64 bits. */
#include "base/json.h"

#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    const char *text;
    size_t length, at;
    struct pxm_buf scratch; /* the string or number that is being read */
    size_t values_left;
    locale_t plain;    /* the C locale: numbers have a point */
    pxm_status status; /* the failure, once there is one */
    pxm_error *error;
};

static pxm_value *parse_value(struct parser *parser, uint32_t depth);

/* Reports what is wrong at `at`; always false. */
static bool refuse_at(struct parser *parser, size_t at, const char *what)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i < at; i++) {
        if (parser->text[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    parser->status = pxm_error_set(parser->error, PXM_E_INVALID, "json.invalid", "line %zu, byte %zu: %s", line,
                                   at - start + 1, what);
    return false;
}

static bool refuse(struct parser *parser, const char *what)
{
    return refuse_at(parser, parser->at, what);
}

static bool no_memory(struct parser *parser)
{
    parser->status = pxm_error_no_memory(parser->error);
    return false;
}

/* A new value as it is, with "no memory" said where there is none. */
static pxm_value *checked(struct parser *parser, pxm_value *value)
{
    if (value == NULL) {
        no_memory(parser);
    }
    return value;
}

/* The next byte; NUL at the end, and a NUL in the text fits nowhere either. */
static char peek(const struct parser *parser)
{
    if (parser->at == parser->length) {
        return '\0';
    }
    return parser->text[parser->at];
}

static void skip_space(struct parser *parser)
{
    while (peek(parser) == ' ' || peek(parser) == '\t' || peek(parser) == '\n' || peek(parser) == '\r') {
        parser->at++;
    }
}

static bool take(struct parser *parser, char c)
{
    if (peek(parser) != c) {
        return false;
    }
    parser->at++;
    return true;
}

/* Four hex digits. */
static bool take_hex(struct parser *parser, uint32_t *ret)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(parser);
        const char *found = c != '\0' ? strchr(digits, c) : NULL;
        if (found == NULL) {
            return false;
        }
        uint32_t digit = (uint32_t)(found - digits);
        code = code << 4 | (digit < 16 ? digit : digit - 6);
        parser->at++;
    }
    *ret = code;
    return true;
}

/* Behind "\u". A pair of surrogates is one character (RFC 8259, section 7). */
static bool take_unicode(struct parser *parser)
{
    uint32_t code = 0, low = 0;
    if (!take_hex(parser, &code)) {
        return refuse(parser, "four hex digits must follow \\u");
    }
    if (code == 0) {
        return refuse(parser, "\\u0000 is not allowed in a string");
    }
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (!take(parser, '\\') || !take(parser, 'u') || !take_hex(parser, &low) || low < 0xDC00 || low > 0xDFFF) {
            return refuse(parser, "the second half of a surrogate pair is missing");
        }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
        return refuse(parser, "the first half of a surrogate pair is missing");
    }
    char bytes[4];
    pxm_buf_add(&parser->scratch, bytes, pxm_utf8_put(code, bytes));
    return true;
}

/* Behind a backslash. */
static bool take_escape(struct parser *parser)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = peek(parser);
    if (c == 'u') {
        parser->at++;
        return take_unicode(parser);
    }
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    if (found == NULL) {
        return refuse(parser, "no such escape in JSON");
    }
    parser->at++;
    pxm_buf_putc(&parser->scratch, to[found - from]);
    return true;
}

/* The characters up to the next quote or backslash. */
static bool take_plain(struct parser *parser)
{
    size_t start = parser->at;
    while (peek(parser) != '"' && peek(parser) != '\\') {
        const char *rest = parser->text + parser->at;
        size_t step = pxm_utf8_next(rest, parser->length - parser->at, NULL);
        if (step == 0) {
            return refuse(parser, parser->at == parser->length ? "the string does not end" : "not UTF-8");
        }
        if ((unsigned char)*rest < 0x20) {
            return refuse(parser, "a control character must be escaped");
        }
        parser->at += step;
    }
    pxm_buf_add(&parser->scratch, parser->text + start, parser->at - start);
    return true;
}

/* Reads a string with its quotes into the scratch buffer. */
static bool take_string(struct parser *parser)
{
    pxm_buf_clear(&parser->scratch);
    if (!take(parser, '"')) {
        return refuse(parser, "a string is expected");
    }
    while (!take(parser, '"')) {
        if (!(take(parser, '\\') ? take_escape : take_plain)(parser)) {
            return false;
        }
    }
    return parser->scratch.status == PXM_OK || no_memory(parser);
}

static size_t take_digits(struct parser *parser)
{
    size_t start = parser->at;
    while (peek(parser) >= '0' && peek(parser) <= '9') {
        parser->at++;
    }
    return parser->at - start;
}

/* The grammar of RFC 8259, section 6. */
static bool take_number(struct parser *parser, bool *ret_is_int)
{
    take(parser, '-');
    if (!take(parser, '0') && take_digits(parser) == 0) {
        return false;
    }
    *ret_is_int = true;
    if (take(parser, '.')) {
        *ret_is_int = false;
        if (take_digits(parser) == 0) {
            return false;
        }
    }
    if (take(parser, 'e') || take(parser, 'E')) {
        *ret_is_int = false;
        if (!take(parser, '+')) {
            take(parser, '-');
        }
        return take_digits(parser) > 0;
    }
    return true;
}

static pxm_value *parse_number(struct parser *parser)
{
    size_t start = parser->at;
    bool is_int = false;
    if (!take_number(parser, &is_int)) {
        refuse(parser, "a digit is expected");
        return NULL;
    }
    pxm_buf_clear(&parser->scratch);
    if (pxm_buf_add(&parser->scratch, parser->text + start, parser->at - start) != PXM_OK) {
        return checked(parser, NULL);
    }
    errno = 0;
    long long integer = is_int ? strtoll(parser->scratch.data, NULL, 10) : 0;
    if (errno == ERANGE) {
        refuse_at(parser, start, "the integer does not fit into 64 bits");
        return NULL;
    }
    if (is_int) {
        return checked(parser, pxm_value_int(integer));
    }
    double number = strtod_l(parser->scratch.data, NULL, parser->plain);
    if (!isfinite(number)) {
        refuse_at(parser, start, "the number is too large");
        return NULL;
    }
    return checked(parser, pxm_value_float(number));
}

/* Behind the key: the value of the member. */
static bool parse_member_value(struct parser *parser, pxm_value *record, const char *key, uint32_t depth)
{
    skip_space(parser);
    if (!take(parser, ':')) {
        return refuse(parser, "':' is expected behind a key");
    }
    pxm_value *item = parse_value(parser, depth);
    return item != NULL && (pxm_value_set(record, key, item) == PXM_OK || no_memory(parser));
}

static bool parse_member(struct parser *parser, pxm_value *record, uint32_t depth)
{
    size_t start = parser->at;
    if (!take_string(parser)) {
        return false;
    }
    char *key = pxm_buf_take(&parser->scratch);
    if (key == NULL) {
        return no_memory(parser);
    }
    bool is_done = pxm_value_get(record, key) == NULL ? parse_member_value(parser, record, key, depth)
                                                      : refuse_at(parser, start, "the same key is there twice");
    free(key);
    return is_done;
}

static bool parse_element(struct parser *parser, pxm_value *list, uint32_t depth)
{
    pxm_value *item = parse_value(parser, depth);
    return item != NULL && (pxm_value_append(list, item) == PXM_OK || no_memory(parser));
}

/* The items of a list or record, behind the opening bracket. */
static bool parse_items(struct parser *parser, pxm_value *parent, char close, uint32_t depth)
{
    skip_space(parser);
    if (take(parser, close)) {
        return true;
    }
    do {
        skip_space(parser);
        if (!(close == '}' ? parse_member : parse_element)(parser, parent, depth)) {
            return false;
        }
        skip_space(parser);
    } while (take(parser, ','));
    return take(parser, close) || refuse(parser, close == '}' ? "',' or '}' is expected" : "',' or ']' is expected");
}

static pxm_value *parse_nested(struct parser *parser, uint32_t depth)
{
    if (depth == PXM_VALUE_DEPTH_MAX) {
        parser->status = pxm_error_set(parser->error, PXM_E_LIMIT, "json.too_deep", "nested more than %d levels deep",
                                       PXM_VALUE_DEPTH_MAX);
        return NULL;
    }
    char open = peek(parser);
    parser->at++;
    pxm_value *value = checked(parser, open == '{' ? pxm_value_record() : pxm_value_list());
    if (value != NULL && !parse_items(parser, value, open == '{' ? '}' : ']', depth + 1)) {
        pxm_value_unref(value);
        return NULL;
    }
    return value;
}

static pxm_value *parse_word(struct parser *parser)
{
    static const char *const words[] = {"null", "false", "true"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);
        if (parser->length - parser->at >= length && memcmp(parser->text + parser->at, words[i], length) == 0) {
            parser->at += length;
            return checked(parser, i == 0 ? pxm_value_null() : pxm_value_bool(i == 2));
        }
    }
    refuse(parser, parser->at == parser->length ? "the text ends too early" : "a value is expected");
    return NULL;
}

/* Recursion through parse_nested, which bounds it. */
static pxm_value *parse_value(struct parser *parser, uint32_t depth)
{
    if (parser->values_left == 0) {
        parser->status =
            pxm_error_set(parser->error, PXM_E_LIMIT, "json.too_large", "more than %d values", PXM_JSON_VALUES_MAX);
        return NULL;
    }
    parser->values_left--;
    skip_space(parser);
    char c = peek(parser);
    if (c == '{' || c == '[') {
        return parse_nested(parser, depth);
    }
    if (c == '"') {
        return take_string(parser) ? checked(parser, pxm_value_string(parser->scratch.data, parser->scratch.length))
                                   : NULL;
    }
    return c == '-' || (c >= '0' && c <= '9') ? parse_number(parser) : parse_word(parser);
}

pxm_status pxm_json_parse(const char *text, size_t length, pxm_value **ret, pxm_error *error)
{
    if (length > PXM_JSON_BYTES_MAX) {
        return pxm_error_set(error, PXM_E_LIMIT, "json.too_large", "%zu bytes of JSON are more than the %d allowed",
                             length, PXM_JSON_BYTES_MAX);
    }
    struct parser parser = {.text = text,
                            .length = length,
                            .values_left = PXM_JSON_VALUES_MAX,
                            .plain = newlocale(LC_ALL_MASK, "C", (locale_t)0),
                            .error = error};
    if (parser.plain == (locale_t)0) {
        return pxm_error_no_memory(error);
    }
    pxm_buf_init(&parser.scratch, length);
    pxm_value *value = parse_value(&parser, 0);
    skip_space(&parser);
    if (value != NULL && parser.at < length) {
        refuse(&parser, "nothing may follow the value");
        pxm_value_unref(value);
        value = NULL;
    }
    pxm_buf_done(&parser.scratch);
    freelocale(parser.plain);
    if (value == NULL) {
        return parser.status;
    }
    *ret = value;
    return PXM_OK;
}
