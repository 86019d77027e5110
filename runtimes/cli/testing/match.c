/* Holds values against expectations. A scalar is read as the type of the value says, as everywhere in the language. */
#include "match.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/value.h"
#include "lang/diag/glyph.h"
#include "lang/yaml/scalar.h"
#include "tools.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 512, EXPECTED_MAX = 256, FILE_BYTES_MAX = 256 << 20 };

/* ---- describing ---- */

void match_describe_value(const pxm_value *value, char buffer[MATCH_TEXT_MAX])
{
    struct pxm_buf json;
    struct pxm_buf shown;
    const size_t most = MATCH_TEXT_MAX - 8;

    if (!value) {
        snprintf(buffer, MATCH_TEXT_MAX, "nothing");
        return;
    }
    pxm_buf_init(&json, CLI_TEXT_MAX);
    pxm_buf_init(&shown, CLI_TEXT_MAX);
    if (pxm_json_write(&json, value, 0, 1, NULL) == PXM_OK) {
        pxm_buf_visible(&shown, json.data, json.length);
    }
    size_t length = shown.length;
    while (length > most ||
           (length > 0 && length < shown.length && ((unsigned char)shown.data[length] & 0xC0) == 0x80)) {
        length--;
    }
    snprintf(buffer, MATCH_TEXT_MAX, "%.*s%s", (int)length, shown.data, length < shown.length ? "..." : "");
    pxm_buf_done(&json);
    pxm_buf_done(&shown);
}

static void describe_list(const struct match *match, char *buffer, size_t size)
{
    size_t at = (size_t)snprintf(buffer, size, "one of");

    for (size_t i = 0; i < match->count && at + 2 < size; i++) {
        buffer[at++] = i ? ',' : ' ';
        buffer[at] = '\0';
        match_describe(match->items[i], buffer + at, size - at);
        at += strlen(buffer + at);
    }
}

void match_describe(const struct match *match, char *buffer, size_t size)
{
    char inner[EXPECTED_MAX] = "";

    if (match->count == 1 && (match->kind == MATCH_LENGTH || match->kind == MATCH_CONTAINS)) {
        match_describe(match->items[0], inner, sizeof inner);
    } else if (match->value) {
        match_describe_value(match->value, inner);
    }
    switch (match->kind) {
    case MATCH_LITERAL:
        snprintf(buffer, size, match->node->quoted ? "\"%s\"" : "%s", match->text);
        break;
    case MATCH_COMPARE:
        snprintf(buffer, size, "%s", match->text);
        break;
    case MATCH_ITEMS:
        snprintf(buffer, size, "a list of %zu", match->count);
        break;
    case MATCH_RECORD:
        snprintf(buffer, size, "a record");
        break;
    case MATCH_EQUALS:
        snprintf(buffer, size, "%s", inner);
        break;
    case MATCH_LENGTH:
        snprintf(buffer, size, "a length of %s", inner);
        break;
    case MATCH_REGEX:
        snprintf(buffer, size, "a match of %s", match->text);
        break;
    case MATCH_NEAR:
        snprintf(buffer, size, "%s, give or take %g", inner, match->by);
        break;
    case MATCH_ANY:
        snprintf(buffer, size, "anything");
        break;
    case MATCH_ABSENT:
        snprintf(buffer, size, "nothing");
        break;
    case MATCH_ONE_OF:
        describe_list(match, buffer, size);
        break;
    case MATCH_CONTAINS:
        snprintf(buffer, size, "something with %s in it", inner);
        break;
    case MATCH_BLOB:
        snprintf(buffer, size, "bytes");
        break;
    }
}

static bool mismatch(struct match_context *context, const struct match *match, const char *what,
                     const pxm_value *actual)
{
    char got[MATCH_TEXT_MAX];
    char expected[EXPECTED_MAX];

    if (context->problems) {
        match_describe_value(actual, got);
        match_describe(match, expected, sizeof expected);
        problems_add(context->problems, match->node->span, "%s: %s (expected %s)", what, got, expected);
    }
    return false;
}

/* ---- scalars ---- */

static bool literal_holds(const struct match *match, const pxm_value *actual)
{
    bool boolean = false;
    int64_t integer = 0;
    double number = 0;
    size_t length = 0;
    const char *text = pxm_value_as_string(actual, &length);

    switch (pxm_value_type(actual)) {
    case PXM_TYPE_STRING:
        return strlen(match->text) == length && memcmp(text, match->text, length) == 0;
    case PXM_TYPE_NULL:
        return !match->node->quoted && strcmp(match->text, "null") == 0;
    case PXM_TYPE_BOOL:
        return !match->node->quoted && !pxm_scalar_bool(match->text, &boolean) &&
               boolean == (pxm_value_as_bool(actual) != 0);
    case PXM_TYPE_INT:
        if (!match->node->quoted && !pxm_scalar_int(match->text, &integer)) {
            return integer == pxm_value_as_int(actual);
        }
        return !match->node->quoted && !pxm_scalar_float(match->text, &number) && number == pxm_value_as_float(actual);
    case PXM_TYPE_FLOAT:
        return !match->node->quoted && !pxm_scalar_float(match->text, &number) && number == pxm_value_as_float(actual);
    default:
        return false;
    }
}

static bool is_number(const pxm_value *value)
{
    return (pxm_value_type(value) & (PXM_TYPE_INT | PXM_TYPE_FLOAT)) != 0;
}

bool match_check_number(const struct match *match, double number)
{
    double wanted = 0;

    if (match->kind == MATCH_LITERAL) {
        return !pxm_scalar_float(match->text, &wanted) && number == wanted;
    }
    if (match->kind == MATCH_NEAR) {
        return fabs(number - pxm_value_as_float(match->value)) <= match->by;
    }
    switch (match->compare) {
    case MATCH_LESS:
        return number < match->number;
    case MATCH_AT_MOST:
        return number <= match->number;
    case MATCH_MORE:
        return number > match->number;
    case MATCH_AT_LEAST:
        return number >= match->number;
    }
    return false;
}

static bool near_holds(const struct match *match, const pxm_value *actual)
{
    size_t count = pxm_value_count(match->value);
    bool holds = pxm_value_type(actual) == PXM_TYPE_LIST && pxm_value_count(actual) == count;

    if (pxm_value_type(match->value) != PXM_TYPE_LIST) {
        return is_number(actual) && match_check_number(match, pxm_value_as_float(actual));
    }
    for (size_t i = 0; holds && i < count; i++) {
        const pxm_value *item = pxm_value_at(actual, i);
        double wanted = pxm_value_as_float(pxm_value_at(match->value, i));
        holds = is_number(item) && fabs(pxm_value_as_float(item) - wanted) <= match->by;
    }
    return holds;
}

static bool regex_holds(const struct match *match, const pxm_value *actual)
{
    return pxm_value_type(actual) == PXM_TYPE_STRING &&
           regexec(match->regex, pxm_value_as_string(actual, NULL), 0, NULL, 0) == 0;
}

/* Characters, items or entries; -1: it has none. */
static int64_t length_of(const pxm_value *value)
{
    size_t length = 0;
    const char *text = pxm_value_as_string(value, &length);
    int64_t characters = 0;

    switch (pxm_value_type(value)) {
    case PXM_TYPE_STRING:
        for (size_t i = 0; i < length; i++) {
            characters += ((unsigned char)text[i] & 0xC0) != 0x80;
        }
        return characters;
    case PXM_TYPE_LIST:
    case PXM_TYPE_RECORD:
        return (int64_t)pxm_value_count(value);
    default:
        return -1;
    }
}

/* ---- lists and records ---- */

static bool check_items(struct match_context *context, const struct match *match, const char *what,
                        const pxm_value *actual)
{
    char name[NAME_MAX_BYTES];
    bool holds = true;

    if (pxm_value_type(actual) != PXM_TYPE_LIST || pxm_value_count(actual) != match->count) {
        return mismatch(context, match, what, actual);
    }
    for (size_t i = 0; i < match->count; i++) {
        snprintf(name, sizeof name, "%s[%zu]", what, i);
        holds = match_check(context, match->items[i], name, pxm_value_at(actual, i)) && holds;
    }
    return holds;
}

static bool check_record(struct match_context *context, const struct match *match, const char *what,
                         const pxm_value *actual)
{
    char name[NAME_MAX_BYTES];
    bool holds = true;

    if (pxm_value_type(actual) != PXM_TYPE_RECORD) {
        return mismatch(context, match, what, actual);
    }
    for (size_t i = 0; i < match->count; i++) {
        snprintf(name, sizeof name, "%s.%s", what, match->names[i]);
        holds = match_check(context, match->items[i], name, pxm_value_get(actual, match->names[i])) && holds;
    }
    return holds;
}

/* Whether any of several expectations holds, or one for any of several values; says nothing. */
static bool holds_quietly(const struct match_context *context, const struct match *match, const pxm_value *actual)
{
    struct match_context quiet = {.tools = context->tools, .root = context->root};

    return match_check(&quiet, match, "", actual);
}

static bool one_of_holds(const struct match_context *context, const struct match *match, const pxm_value *actual)
{
    for (size_t i = 0; i < match->count; i++) {
        if (holds_quietly(context, match->items[i], actual)) {
            return true;
        }
    }
    return false;
}

static bool contains_holds(const struct match_context *context, const struct match *match, const pxm_value *actual)
{
    const struct match *part = match->items[0];

    if (pxm_value_type(actual) == PXM_TYPE_STRING) {
        return part->kind == MATCH_LITERAL && strstr(pxm_value_as_string(actual, NULL), part->text);
    }
    for (size_t i = 0; pxm_value_type(actual) == PXM_TYPE_LIST && i < pxm_value_count(actual); i++) {
        if (holds_quietly(context, part, pxm_value_at(actual, i))) {
            return true;
        }
    }
    return false;
}

static bool check_value_blob(struct match_context *context, const struct match *match, const char *what,
                             const pxm_value *actual)
{
    pxm_blob *blob = pxm_value_as_blob(actual);
    pxm_value *attributes = blob ? pxm_value_record() : NULL;

    if (!blob) {
        return mismatch(context, match, what, actual);
    }
    pxm_value_set(attributes, "content_type", pxm_value_cstring(pxm_blob_media(blob)));
    bool holds = match_check_blob(context, match, what, blob, attributes);
    pxm_value_unref(attributes);
    return holds;
}

static bool holds_simply(const struct match_context *context, const struct match *match, const pxm_value *actual)
{
    bool null = pxm_value_type(actual) == PXM_TYPE_NULL;

    switch (match->kind) {
    case MATCH_LITERAL:
        return literal_holds(match, actual);
    case MATCH_COMPARE:
        return is_number(actual) && match_check_number(match, pxm_value_as_float(actual));
    case MATCH_EQUALS:
        return actual ? pxm_value_equal(match->value, actual) : pxm_value_type(match->value) == PXM_TYPE_NULL;
    case MATCH_LENGTH:
        return length_of(actual) >= 0 && match_check_number(match->items[0], (double)length_of(actual));
    case MATCH_REGEX:
        return regex_holds(match, actual);
    case MATCH_NEAR:
        return near_holds(match, actual);
    case MATCH_ANY:
        return !null;
    case MATCH_ABSENT:
        return null;
    case MATCH_ONE_OF:
        return one_of_holds(context, match, actual);
    case MATCH_CONTAINS:
        return contains_holds(context, match, actual);
    case MATCH_ITEMS:
    case MATCH_RECORD:
    case MATCH_BLOB:
        break;
    }
    return false;
}

bool match_check(struct match_context *context, const struct match *match, const char *what, const pxm_value *actual)
{
    switch (match->kind) {
    case MATCH_ITEMS:
        return check_items(context, match, what, actual);
    case MATCH_RECORD:
        return check_record(context, match, what, actual);
    case MATCH_BLOB:
        return check_value_blob(context, match, what, actual);
    default:
        return holds_simply(context, match, actual) || mismatch(context, match, what, actual);
    }
}

/* ---- blobs ---- */

static bool check_file(struct match_context *context, const struct match_blob *expected, const char *what,
                       const pxm_blob *blob)
{
    struct pxm_error error = {0};
    pxm_blob *file = NULL;
    size_t length = 0;
    size_t wanted = 0;

    if (pxm_blob_open(expected->path, FILE_BYTES_MAX, &file, &error) != PXM_OK) {
        problems_add(context->problems, expected->path_node->span, "%s", error.text);
        return false;
    }
    const void *data = pxm_blob_data(blob, &length);
    const void *other = pxm_blob_data(file, &wanted);
    bool same = length == wanted && (length == 0 || (data && other && memcmp(data, other, length) == 0));
    if (!same) {
        problems_add(context->problems, expected->path_node->span, "%s: %zu bytes, not those of %s, which has %zu",
                     what, length, expected->shown, wanted);
    }
    pxm_blob_unref(file);
    return same;
}

static bool check_text(struct match_context *context, const struct match *match, const char *what, const pxm_blob *blob)
{
    char name[NAME_MAX_BYTES];
    size_t length = 0;
    const char *text = pxm_blob_data(blob, &length);
    bool is_text = text && pxm_utf8_valid(text, length);
    pxm_value *value = is_text ? pxm_value_string(text, length) : pxm_value_null();

    snprintf(name, sizeof name, "%s text", what);
    bool holds = match_check(context, match, name, value);
    pxm_value_unref(value);
    return holds;
}

static bool check_bytes(struct match_context *context, const struct match *match, const char *what,
                        const pxm_blob *blob)
{
    char name[NAME_MAX_BYTES];
    pxm_value *value = pxm_value_int((int64_t)pxm_blob_length(blob));

    snprintf(name, sizeof name, "%s bytes", what);
    bool holds = match_check(context, match, name, value);
    pxm_value_unref(value);
    return holds;
}

static bool check_attribute(struct match_context *context, const struct match *match, const char *what,
                            const char *attribute, const pxm_value *attributes)
{
    char name[NAME_MAX_BYTES];

    snprintf(name, sizeof name, "%s %s", what, attribute);
    return !match || match_check(context, match, name, pxm_value_get(attributes, attribute));
}

bool match_check_blob(struct match_context *context, const struct match *match, const char *what, pxm_blob *blob,
                      const pxm_value *attributes)
{
    const struct match_blob *expected = match->blob;

    if (!expected) {
        return true; /* {any: true} */
    }
    bool holds = !expected->image || match_check_picture(context, expected->image, what, blob);
    holds = (!expected->path || check_file(context, expected, what, blob)) && holds;
    holds = (!expected->text || check_text(context, expected->text, what, blob)) && holds;
    holds = (!expected->bytes || check_bytes(context, expected->bytes, what, blob)) && holds;
    holds = check_attribute(context, expected->content_type, what, "content_type", attributes) && holds;
    holds = check_attribute(context, expected->cache_control, what, "cache_control", attributes) && holds;
    return check_attribute(context, expected->meta, what, "meta", attributes) && holds;
}
