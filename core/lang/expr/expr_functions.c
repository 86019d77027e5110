/* The functions of the expression language, and how a scalar reads as text. All are pure; arguments come with their
 * kinds checked. What each does is defined in expr.h. */
#include "lang/expr/expr_ast.h"

#include "base/blob.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/value.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SLUG_BYTES_MAX = 80, SPLIT_PARTS_MAX = 1024 };

pxm_value *expr_value(pxm_value *value, pxm_error *error)
{
    if (!value) {
        pxm_error_no_memory(error);
    }
    return value;
}

/* The shortest text that reads as the same number, whatever the locale. */
static pxm_status render_float(struct pxm_buf *buf, const pxm_value *value)
{
    struct pxm_error unused = {.status = PXM_OK};
    double number = pxm_value_as_float(value);
    if (number == trunc(number) && fabs(number) < 0x1p53) {
        return pxm_buf_printf(buf, "%" PRId64, (int64_t)number);
    }
    return pxm_json_write(buf, value, 0, 0, &unused);
}

pxm_status expr_render(struct pxm_buf *buf, const pxm_value *value)
{
    size_t length = 0;
    const char *text;
    switch (pxm_value_type(value)) {
    case PXM_TYPE_STRING:
        text = pxm_value_as_string(value, &length);
        return pxm_buf_add(buf, text, length);
    case PXM_TYPE_BOOL:
        return pxm_buf_puts(buf, pxm_value_as_bool(value) ? "true" : "false");
    case PXM_TYPE_INT:
        return pxm_buf_printf(buf, "%" PRId64, pxm_value_as_int(value));
    case PXM_TYPE_FLOAT:
        return render_float(buf, value);
    default:
        return PXM_E_INVALID;
    }
}

pxm_status expr_buf_fail(pxm_status status, pxm_error *error)
{
    if (status == PXM_E_LIMIT) {
        return pxm_error_set(error, status, "limit.text", "a text would be longer than %d KiB",
                             PXM_TEXT_BYTES_MAX >> 10);
    }
    return pxm_error_no_memory(error);
}

/* The content of a buffer as a string; empties the buffer. */
static pxm_value *take_string(struct pxm_buf *buf, pxm_error *error)
{
    pxm_value *ret = NULL;
    if (buf->status != PXM_OK) {
        expr_buf_fail(buf->status, error);
    } else {
        ret = expr_value(pxm_value_string(buf->data, buf->length), error);
    }
    pxm_buf_done(buf);
    return ret;
}

static char lower_of(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static pxm_value *lower_string(const char *text, size_t length, pxm_error *error)
{
    struct pxm_buf buf;
    pxm_buf_init(&buf, length);
    for (size_t i = 0; i < length; i++) {
        pxm_buf_putc(&buf, lower_of(text[i]));
    }
    return take_string(&buf, error);
}

static pxm_value *call_lower(pxm_value *const *args, size_t count, pxm_error *error)
{
    size_t length = 0;
    const char *text = pxm_value_as_string(args[0], &length);
    (void)count;
    return lower_string(text, length, error);
}

static pxm_value *call_slug(pxm_value *const *args, size_t count, pxm_error *error)
{
    char slug[SLUG_BYTES_MAX];
    size_t length = 0, used = 0;
    const char *text = pxm_value_as_string(args[0], &length);
    bool gap = false;
    (void)count;
    for (size_t i = 0; i < length && used + gap < sizeof slug; i++) {
        char c = lower_of(text[i]);
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
            gap = used > 0;
            continue;
        }
        if (gap) {
            slug[used++] = '-';
            gap = false;
        }
        slug[used++] = c;
    }
    if (used == 0) {
        slug[used++] = 'x';
    }
    return expr_value(pxm_value_string(slug, used), error);
}

/* The last component of a path; *length becomes its length. */
static const char *last_component(const char *path, size_t *length)
{
    size_t end = *length;
    while (end > 0 && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    *length = end - start;
    return path + start;
}

/* Where the extension's dot is in a last component; its length when there is none. */
static size_t extension_dot(const char *name, size_t length)
{
    for (size_t i = length; i > 1; i--) {
        if (name[i - 1] == '.') {
            return i - 1;
        }
    }
    return length;
}

static pxm_value *call_basename(pxm_value *const *args, size_t count, pxm_error *error)
{
    size_t length = 0;
    const char *path = pxm_value_as_string(args[0], &length);
    const char *name = last_component(path, &length);
    (void)count;
    return expr_value(pxm_value_string(name, length), error);
}

static pxm_value *call_stem(pxm_value *const *args, size_t count, pxm_error *error)
{
    size_t length = 0;
    const char *path = pxm_value_as_string(args[0], &length);
    const char *name = last_component(path, &length);
    (void)count;
    return expr_value(pxm_value_string(name, extension_dot(name, length)), error);
}

static pxm_value *call_ext(pxm_value *const *args, size_t count, pxm_error *error)
{
    size_t length = 0;
    const char *path = pxm_value_as_string(args[0], &length);
    const char *name = last_component(path, &length);
    size_t dot = extension_dot(name, length);
    (void)count;
    size_t start = dot < length ? dot + 1 : length;
    return lower_string(name + start, length - start, error);
}

static int64_t character_count(const char *text, size_t length)
{
    int64_t count = 0;
    for (size_t i = 0; i < length; count++) {
        size_t step = pxm_utf8_next(text + i, length - i, NULL);
        i += step ? step : 1;
    }
    return count;
}

static pxm_value *call_len(pxm_value *const *args, size_t count, pxm_error *error)
{
    size_t length = 0;
    const char *text;
    (void)count;
    switch (pxm_value_type(args[0])) {
    case PXM_TYPE_STRING:
        text = pxm_value_as_string(args[0], &length);
        return expr_value(pxm_value_int(character_count(text, length)), error);
    case PXM_TYPE_BLOB:
        return expr_value(pxm_value_int((int64_t)pxm_blob_length(pxm_value_as_blob(args[0]))), error);
    default:
        return expr_value(pxm_value_int((int64_t)pxm_value_count(args[0])), error);
    }
}

static pxm_value *call_join(pxm_value *const *args, size_t count, pxm_error *error)
{
    struct pxm_buf buf;
    size_t length = 0;
    const char *between = pxm_value_as_string(args[1], &length);
    (void)count;
    pxm_buf_init(&buf, PXM_TEXT_BYTES_MAX);
    for (size_t i = 0; i < pxm_value_count(args[0]); i++) {
        const pxm_value *item = pxm_value_at(args[0], i);
        if (!(pxm_value_type(item) & (PXM_TYPE_STRING | PXM_TYPE_INT))) {
            pxm_error_set(error, PXM_E_INVALID, "input.invalid",
                          "join() takes a list of strings or ints, but item %zu is neither", i);
            pxm_buf_done(&buf);
            return NULL;
        }
        if (i > 0) {
            pxm_buf_add(&buf, between, length);
        }
        expr_render(&buf, item);
    }
    return take_string(&buf, error);
}

static pxm_value *fail_split(pxm_value *list, pxm_error *error)
{
    pxm_error_set(error, PXM_E_LIMIT, "limit.list", "split() gives at most %d parts", SPLIT_PARTS_MAX);
    pxm_value_unref(list);
    return NULL;
}

static pxm_value *call_split(pxm_value *const *args, size_t count, pxm_error *error)
{
    size_t length = 0, between_length = 0;
    const char *text = pxm_value_as_string(args[0], &length);
    const char *between = pxm_value_as_string(args[1], &between_length);
    const char *end = text + length;
    (void)count;
    if (between_length == 0) {
        pxm_error_set(error, PXM_E_INVALID, "input.invalid", "split() takes a separator that is not empty");
        return NULL;
    }
    pxm_value *list = expr_value(pxm_value_list(), error);
    bool more = length > 0;
    while (list && more) {
        const char *found = memmem(text, (size_t)(end - text), between, between_length);
        const char *stop = found ? found : end;
        if (pxm_value_count(list) == SPLIT_PARTS_MAX) {
            return fail_split(list, error);
        }
        if (pxm_value_append(list, pxm_value_string(text, (size_t)(stop - text))) != PXM_OK) {
            pxm_value_unref(list);
            return expr_value(NULL, error);
        }
        more = found != NULL;
        text = more ? found + between_length : end;
    }
    return list;
}

static pxm_value *call_cut(pxm_value *const *args, size_t count, pxm_error *error)
{
    size_t length = 0, kept = 0;
    const char *text = pxm_value_as_string(args[0], &length);
    int64_t most = pxm_value_as_int(args[1]);
    (void)count;
    while (kept < length) {
        size_t step = pxm_utf8_next(text + kept, length - kept, NULL);
        step = step ? step : 1;
        if ((int64_t)(kept + step) > most) {
            break;
        }
        kept += step;
    }
    return expr_value(pxm_value_string(text, kept), error);
}

static bool is_less(const pxm_value *a, const pxm_value *b)
{
    if (pxm_value_type(a) == PXM_TYPE_INT && pxm_value_type(b) == PXM_TYPE_INT) {
        return pxm_value_as_int(a) < pxm_value_as_int(b);
    }
    return pxm_value_as_float(a) < pxm_value_as_float(b);
}

/* A float when any argument is one, so that the kind of the result follows from those of the arguments alone. */
static pxm_value *extreme(pxm_value *const *args, size_t count, bool least, pxm_error *error)
{
    const pxm_value *best = args[0];
    bool has_float = pxm_value_type(args[0]) == PXM_TYPE_FLOAT;
    for (size_t i = 1; i < count; i++) {
        has_float = has_float || pxm_value_type(args[i]) == PXM_TYPE_FLOAT;
        if (least ? is_less(args[i], best) : is_less(best, args[i])) {
            best = args[i];
        }
    }
    return expr_value(has_float ? pxm_value_float(pxm_value_as_float(best)) : pxm_value_ref(best), error);
}

static pxm_value *call_min(pxm_value *const *args, size_t count, pxm_error *error)
{
    return extreme(args, count, true, error);
}

static pxm_value *call_max(pxm_value *const *args, size_t count, pxm_error *error)
{
    return extreme(args, count, false, error);
}

static const struct pxm_type text_or_int = {.bits = PXM_TYPE_STRING | PXM_TYPE_INT};
static const struct pxm_type texts_or_ints = {.bits = PXM_TYPE_LIST, .item = &text_or_int};
static const struct pxm_type texts = {.bits = PXM_TYPE_LIST, .item = &pxm_type_string};
static const struct pxm_type countable = {.bits = PXM_TYPE_STRING | PXM_TYPE_LIST | PXM_TYPE_RECORD | PXM_TYPE_BLOB,
                                          .open = true};

const struct expr_function expr_functions[] = {
    {"lower", "lower(string)", 1, 1, {&pxm_type_string}, &pxm_type_string, call_lower},
    {"slug", "slug(string)", 1, 1, {&pxm_type_string}, &pxm_type_string, call_slug},
    {"stem", "stem(string)", 1, 1, {&pxm_type_string}, &pxm_type_string, call_stem},
    {"basename", "basename(string)", 1, 1, {&pxm_type_string}, &pxm_type_string, call_basename},
    {"ext", "ext(string)", 1, 1, {&pxm_type_string}, &pxm_type_string, call_ext},
    {"len", "len(string, list, record or blob)", 1, 1, {&countable}, &pxm_type_int, call_len},
    {"join",
     "join(list of strings or ints, string)",
     2,
     2,
     {&texts_or_ints, &pxm_type_string},
     &pxm_type_string,
     call_join},
    {"split", "split(string, string)", 2, 2, {&pxm_type_string, &pxm_type_string}, &texts, call_split},
    {"cut", "cut(string, int)", 2, 2, {&pxm_type_string, &pxm_type_int}, &pxm_type_string, call_cut},
    {"min", "min(number, number, ...)", 2, EXPR_ARGS_MAX, {&pxm_type_float, &pxm_type_float}, NULL, call_min},
    {"max", "max(number, number, ...)", 2, EXPR_ARGS_MAX, {&pxm_type_float, &pxm_type_float}, NULL, call_max},
};
const size_t expr_function_count = sizeof expr_functions / sizeof *expr_functions;

const struct expr_function *expr_function_find(const char *name)
{
    for (size_t i = 0; i < expr_function_count; i++) {
        if (strcmp(name, expr_functions[i].name) == 0) {
            return &expr_functions[i];
        }
    }
    return NULL;
}
