/* Finds members of the top level in JSON text. It keeps just enough of a state for that, and judges nothing: where the
 * text is not what it expects it lets all the rest pass to the parser, which tells what is wrong. Only a string in the
 * place of a value is ever replaced, by another value, so text that is no JSON does not become JSON. */
#include "app/json_files.h"

#include "app/json_string.h"
#include "base/error.h"
#include "base/json.h"
#include "base/value.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum state {
    START,
    MEMBER, /* a key, a comma or the end of the object */
    KEY,    /* in the string */
    COLON,
    VALUE,
    STRING,
    LOOK, /* in a string that is a file if it begins with "data:" */
    SCALAR,
    NESTED,
    NESTED_STRING,
    AFTER, /* a value */
    FILE_TEXT,
    REST /* nothing that follows matters */
};

struct app_json_files {
    struct app_upload *upload;
    enum state state;
    struct pxm_buf json;           /* the text, with null for each file */
    size_t key, key_end, value;    /* where in it the key of this member begins and ends, and its value begins */
    bool is_escaped;               /* KEY, STRING, NESTED_STRING: behind a backslash */
    size_t depth;                  /* NESTED: lists and objects around, the outermost not counted */
    size_t looked;                 /* LOOK: characters of "data:" */
    struct app_json_string string; /* LOOK, FILE_TEXT */
    pxm_value *name;               /* FILE_TEXT: the key */
    struct app_file_text *text;    /* FILE_TEXT; NULL: there was no file yet */
};

static const char scheme[] = "data:";

struct app_json_files *app_json_files_new(struct app_upload *upload)
{
    struct app_json_files *json = calloc(1, sizeof *json);
    if (json != NULL) {
        json->upload = upload;
        pxm_buf_init(&json->json, APP_JSON_BYTES_MAX);
    }
    return json;
}

void app_json_files_free(struct app_json_files *json)
{
    if (json == NULL) {
        return;
    }
    pxm_buf_done(&json->json);
    pxm_value_unref(json->name);
    free(json->text);
    free(json);
}

/* The parser's errors are about what the client sent. */
static pxm_status parse(const struct app_json_files *json, size_t start, size_t end, pxm_value **ret, pxm_error *error)
{
    pxm_status status = pxm_json_parse(json->json.data + start, end - start, ret, error);
    if (status == PXM_OK || status == PXM_E_NO_MEMORY) {
        return status;
    }
    return pxm_error_set(error, PXM_E_INVALID, "request.body", "the JSON%s: %s",
                         json->text != NULL ? ", null for each file" : "", error->text);
}

/* ---- which members are files ------------------------------------------------------------------------------------ */

/* The value of the member is a file: null stands for it from now on. */
static pxm_status begin_file(struct app_json_files *json, pxm_error *error)
{
    pxm_status status = parse(json, json->key, json->key_end, &json->name, error);
    if (status != PXM_OK) {
        return status;
    }
    json->text = json->text != NULL ? json->text : malloc(sizeof *json->text);
    pxm_buf_truncate(&json->json, json->value);
    if (json->text == NULL || pxm_buf_puts(&json->json, "null") == PXM_E_NO_MEMORY) {
        return pxm_error_no_memory(error);
    }
    app_file_text_init(json->text, json->upload);
    json->string = (struct app_json_string){.byte = 0};
    json->state = FILE_TEXT;
    return app_upload_file_begin(json->upload, pxm_value_as_string(json->name, NULL), error);
}

/* Whether the trigger reads the file of this member. */
static pxm_status is_wanted(const struct app_json_files *json, bool *ret, pxm_error *error)
{
    pxm_value *name = NULL;
    pxm_status status = parse(json, json->key, json->key_end, &name, error);
    if (status == PXM_OK) {
        *ret = app_upload_wants(json->upload, pxm_value_as_string(name, NULL));
        pxm_value_unref(name);
    }
    return status;
}

/* At the opening quote of a value. */
static pxm_status begin_string(struct app_json_files *json, pxm_error *error)
{
    const struct app_trigger *trigger = json->upload->trigger;
    bool is_file = false;
    json->state = STRING;
    json->is_escaped = false;
    if (!trigger->reads_files) {
        return PXM_OK;
    }
    if (trigger->files == NULL) {
        json->state = LOOK;
        json->looked = 0;
        json->string = (struct app_json_string){.byte = 0};
        return PXM_OK;
    }
    pxm_status status = is_wanted(json, &is_file, error);
    return status == PXM_OK && is_file ? begin_file(json, error) : status;
}

static pxm_status look(struct app_json_files *json, char c, pxm_error *error)
{
    switch (app_json_string_take(&json->string, c)) {
    case APP_JSON_MORE:
        return PXM_OK;
    case APP_JSON_BYTE:
        json->state = strncasecmp((const char *)&json->string.byte, scheme + json->looked, 1) == 0 ? LOOK : STRING;
        json->looked++;
        break;
    case APP_JSON_END:
        json->state = AFTER;
        return PXM_OK;
    case APP_JSON_BAD:
        json->state = REST;
        return PXM_OK;
    }
    if (json->state != LOOK || json->looked < strlen(scheme)) {
        return PXM_OK;
    }
    pxm_status status = begin_file(json, error);
    return status == PXM_OK ? app_file_text_add(json->text, scheme, strlen(scheme), error) : status;
}

/* ---- the text around files -------------------------------------------------------------------------------------- */

/* Whether a string has ended, at its closing quote. */
static bool ends_string(struct app_json_files *json, char c)
{
    bool is_end = c == '"' && !json->is_escaped;
    json->is_escaped = c == '\\' && !json->is_escaped;
    return is_end;
}

static pxm_status begin_value(struct app_json_files *json, char c, pxm_error *error)
{
    json->value = json->json.length - 1;
    if (c == '"') {
        return begin_string(json, error);
    }
    json->depth = 1;
    json->state = c == '{' || c == '[' ? NESTED : SCALAR;
    return PXM_OK;
}

static enum state in_nested(struct app_json_files *json, char c)
{
    if (c == '"') {
        json->is_escaped = false;
        return NESTED_STRING;
    }
    if (c == '{' || c == '[') {
        json->depth++;
    } else if ((c == '}' || c == ']') && --json->depth == 0) {
        return AFTER;
    }
    return NESTED;
}

static enum state in_member(struct app_json_files *json, char c)
{
    if (c == '"') {
        json->key = json->json.length - 1;
        json->is_escaped = false;
        return KEY;
    }
    return c == ',' ? MEMBER : REST;
}

/* Between the tokens of the top level. */
static pxm_status take_token(struct app_json_files *json, char c, pxm_error *error)
{
    switch (json->state) {
    case START:
        json->state = c == '{' ? MEMBER : REST;
        break;
    case MEMBER:
        json->state = in_member(json, c);
        break;
    case COLON:
        json->state = c == ':' ? VALUE : REST;
        break;
    case VALUE:
        return begin_value(json, c, error);
    default: /* SCALAR, AFTER */
        if (c == ',') {
            json->state = MEMBER;
        } else if (json->state == AFTER) {
            json->state = REST;
        }
        break;
    }
    return PXM_OK;
}

/* A character that was added to the text. */
static pxm_status take(struct app_json_files *json, char c, pxm_error *error)
{
    switch (json->state) {
    case REST:
        return PXM_OK;
    case KEY:
        if (ends_string(json, c)) {
            json->key_end = json->json.length;
            json->state = COLON;
        }
        return PXM_OK;
    case STRING:
        json->state = ends_string(json, c) ? AFTER : STRING;
        return PXM_OK;
    case LOOK:
        return look(json, c, error);
    case NESTED:
        json->state = in_nested(json, c);
        return PXM_OK;
    case NESTED_STRING:
        json->state = ends_string(json, c) ? NESTED : NESTED_STRING;
        return PXM_OK;
    default:
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' ? PXM_OK : take_token(json, c, error);
    }
}

static pxm_status take_text(struct app_json_files *json, const char *data, size_t length, size_t *ret_step,
                            pxm_error *error)
{
    size_t step = json->state == REST ? length : 1;
    pxm_status status = pxm_buf_add(&json->json, data, step);
    if (status == PXM_E_LIMIT) {
        return pxm_error_set(error, PXM_E_LIMIT, "limit.bytes", "the JSON%s is more than the %d bytes allowed",
                             json->text != NULL ? " without its files" : "", APP_JSON_BYTES_MAX);
    }
    if (status != PXM_OK) {
        return pxm_error_no_memory(error);
    }
    *ret_step = step;
    return take(json, *data, error);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static pxm_status end_file(struct app_json_files *json, pxm_error *error)
{
    pxm_status status = app_file_text_finish(json->text, error);
    if (status == PXM_OK) {
        status = app_upload_file_end(json->upload, pxm_value_as_string(json->name, NULL), NULL, error);
    }
    json->state = AFTER;
    return status;
}

/* How many characters stand for themselves. */
static size_t plain_length(const char *data, size_t length)
{
    size_t at = 0;
    while (at < length && (unsigned char)data[at] >= 0x20 && data[at] != '"' && data[at] != '\\') {
        at++;
    }
    return at;
}

/* Characters that stand for themselves; *ret_step: how many there are. */
static pxm_status take_plain(struct app_json_files *json, const char *data, size_t length, size_t *ret_step,
                             pxm_error *error)
{
    size_t step = 0;
    if (json->string.part == APP_JSON_PLAIN) {
        pxm_status status = app_file_text_digits(json->text, data, length, &step, error);
        if (status != PXM_OK || step > 0) {
            *ret_step = step;
            return status;
        }
        step = plain_length(data, length);
    }
    *ret_step = step;
    return app_file_text_add(json->text, data, step, error);
}

static pxm_status take_file_text(struct app_json_files *json, const char *data, size_t length, size_t *ret_step,
                                 pxm_error *error)
{
    pxm_status status = take_plain(json, data, length, ret_step, error);
    if (status != PXM_OK || *ret_step > 0) {
        return status;
    }
    *ret_step = 1;
    switch (app_json_string_take(&json->string, *data)) {
    case APP_JSON_MORE:
        break;
    case APP_JSON_BYTE:
        return app_file_text_add(json->text, (const char *)&json->string.byte, 1, error);
    case APP_JSON_END:
        return end_file(json, error);
    case APP_JSON_BAD:
        return pxm_error_set(error, PXM_E_INVALID, "request.body", "this is no JSON string");
    }
    return PXM_OK;
}

/* Says which member an error is about. */
static void add_context(const struct app_json_files *json, pxm_error *error)
{
    char name[APP_NAME_TEXT_MAX];
    if (json->name != NULL) {
        pxm_error_context(error, "member %s", app_upload_name_text(pxm_value_as_string(json->name, NULL), name));
    }
}

static pxm_status take_file(struct app_json_files *json, const char *data, size_t length, size_t *ret_step,
                            pxm_error *error)
{
    pxm_status status = take_file_text(json, data, length, ret_step, error);
    if (status != PXM_OK) {
        add_context(json, error);
    }
    if (json->state != FILE_TEXT) {
        pxm_value_unref(json->name);
        json->name = NULL;
    }
    return status;
}

pxm_status app_json_files_feed(struct app_json_files *json, const void *data, size_t length, pxm_error *error)
{
    const char *from = data;
    for (size_t at = 0, step = 0; at < length; at += step) {
        pxm_status status = json->state == FILE_TEXT ? take_file(json, from + at, length - at, &step, error)
                                                     : take_text(json, from + at, length - at, &step, error);
        if (status != PXM_OK) {
            return status;
        }
    }
    return PXM_OK;
}

/* The members that are no files. */
static pxm_status without_files(const struct app_json_files *json, const pxm_value *whole, pxm_value **ret,
                                pxm_error *error)
{
    pxm_value *rest = pxm_value_record();
    for (size_t i = 0; i < pxm_value_count(whole); i++) {
        const char *key = pxm_value_key(whole, i);
        if (pxm_value_get(json->upload->files, key) == NULL) {
            pxm_value_set(rest, key, pxm_value_ref(pxm_value_at(whole, i)));
        }
    }
    if (pxm_value_status(rest) != PXM_OK) {
        pxm_value_unref(rest);
        return pxm_error_no_memory(error);
    }
    *ret = rest;
    return PXM_OK;
}

/* Whether lists and records are in each other beyond so many levels. Recursion that `levels` bounds. */
static bool is_deeper(const pxm_value *value, int levels)
{
    if ((pxm_value_type(value) & (PXM_TYPE_LIST | PXM_TYPE_RECORD)) == 0) {
        return false;
    }
    bool is_too_deep = levels == 0;
    for (size_t i = 0; i < pxm_value_count(value) && !is_too_deep; i++) {
        is_too_deep = is_deeper(pxm_value_at(value, i), levels - 1);
    }
    return is_too_deep;
}

pxm_status app_json_files_finish(struct app_json_files *json, pxm_value **ret, pxm_error *error)
{
    pxm_value *whole = NULL;
    if (json->state == FILE_TEXT) {
        pxm_error_set(error, PXM_E_INVALID, "request.body", "the string does not end");
        add_context(json, error);
        return PXM_E_INVALID;
    }
    pxm_status status = parse(json, 0, json->json.length, &whole, error);
    if (status != PXM_OK) {
        return status;
    }
    if (is_deeper(whole, APP_JSON_DEPTH_MAX)) {
        pxm_value_unref(whole);
        return pxm_error_set(error, PXM_E_INVALID, "request.body", "the JSON is nested more than %d levels deep",
                             APP_JSON_DEPTH_MAX);
    }
    if (json->upload->files == NULL) {
        *ret = whole;
        return PXM_OK;
    }
    status = without_files(json, whole, ret, error);
    pxm_value_unref(whole);
    return status;
}
