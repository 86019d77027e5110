/* Events as values. */
#include "app/event.h"

#include "app/url.h"
#include "base/blob.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include <string.h>
#include <strings.h>

/* Hands a new event over, if all of it could be made. */
static pxm_status give(pxm_value *event, pxm_value **ret, pxm_error *error)
{
    if (pxm_value_status(event) != PXM_OK) {
        pxm_value_unref(event);
        return pxm_error_no_memory(error);
    }
    *ret = event;
    return PXM_OK;
}

/* ---- http ------------------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcasecmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

static bool is_secret(const char *name)
{
    static const char *const names[] = {"authorization", "proxy-authorization", "cookie", NULL};
    return is_one_of(name, names);
}

/* Headers whose lines are one list (RFC 9110, section 5.3), of those that requests have. */
static bool is_list(const char *name)
{
    static const char *const names[] = {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "expect",
        "forwarded",
        "if-match",
        "if-none-match",
        "link",
        "pragma",
        "prefer",
        "te",
        "trailer",
        "upgrade",
        "vary",
        "via",
        "want-content-digest",
        "want-repr-digest",
        "x-forwarded-for",
        NULL,
    };
    return is_one_of(name, names);
}

/* The values of all headers of the name of the one at `first`. */
static void join_values(const struct app_head *head, size_t first, struct pxm_buf *ret)
{
    pxm_buf_clear(ret);
    pxm_buf_puts(ret, head->headers[first].value);
    for (size_t i = first + 1; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, head->headers[first].name) == 0) {
            pxm_buf_puts(ret, ", ");
            pxm_buf_puts(ret, head->headers[i].value);
        }
    }
}

static void put_lower(struct pxm_buf *ret, const char *text)
{
    pxm_buf_clear(ret);
    for (; *text != '\0'; text++) {
        pxm_buf_putc(ret, (char)(*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text));
    }
}

/* Adds the header at `at`, unless an earlier one of its name is there. */
static pxm_status add_header(const struct app_head *head, size_t at, pxm_value *record, struct pxm_buf *name,
                             struct pxm_buf *value)
{
    const struct app_header *header = &head->headers[at];
    put_lower(name, header->name);
    if (is_secret(header->name) || pxm_value_get(record, name->data) != NULL) {
        return PXM_OK;
    }
    pxm_buf_clear(value);
    if (is_list(header->name)) {
        join_values(head, at, value);
    } else {
        pxm_buf_puts(value, header->value);
    }
    if (name->status != PXM_OK || value->status != PXM_OK) {
        return PXM_E_NO_MEMORY;
    }
    if (!pxm_utf8_valid(name->data, name->length) || !pxm_utf8_valid(value->data, value->length)) {
        return PXM_OK;
    }
    return pxm_value_set(record, name->data, pxm_value_string(value->data, value->length));
}

/* NULL: no memory. */
static pxm_value *headers_of(const struct app_head *head)
{
    pxm_value *record = pxm_value_record();
    pxm_status status = pxm_value_status(record);
    struct pxm_buf name, value;
    pxm_buf_init(&name, SIZE_MAX); /* the host has limited all of them */
    pxm_buf_init(&value, SIZE_MAX);
    for (size_t i = 0; i < head->header_count && status == PXM_OK; i++) {
        status = add_header(head, i, record, &name, &value);
    }
    pxm_buf_done(&name);
    pxm_buf_done(&value);
    if (status != PXM_OK) {
        pxm_value_unref(record);
        return NULL;
    }
    return record;
}

static pxm_value *blob_or_null(pxm_blob *blob)
{
    return blob != NULL ? pxm_value_blob(pxm_blob_ref(blob)) : pxm_value_null();
}

static pxm_value *value_or_null(const pxm_value *value)
{
    return value != NULL ? pxm_value_ref(value) : pxm_value_null();
}

static pxm_value *value_or_record(const pxm_value *value)
{
    return value != NULL ? pxm_value_ref(value) : pxm_value_record();
}

static pxm_status query_of(const char *query, pxm_value **ret, pxm_error *error)
{
    pxm_status status = app_url_pairs(query, strlen(query), ret, error);
    if (status == PXM_OK || status == PXM_E_NO_MEMORY) {
        return status;
    }
    return pxm_error_set(error, PXM_E_INVALID, "request.query", "the query: %s", error->text);
}

pxm_status app_event_http(const struct app_http_event *from, pxm_value **ret, pxm_error *error)
{
    static const struct app_body no_body = {.bytes = 0};
    const struct app_body *body = from->body != NULL ? from->body : &no_body;
    pxm_value *query = NULL;
    pxm_status status = query_of(from->head->query, &query, error);
    if (status != PXM_OK) {
        return status;
    }
    pxm_value *event = pxm_value_record();
    pxm_value_set(event, "method", pxm_value_cstring(from->head->method));
    pxm_value_set(event, "path", value_or_record(from->match->path));
    pxm_value_set(event, "query", query);
    pxm_value_set(event, "headers", headers_of(from->head));
    pxm_value_set(event, "body", blob_or_null(body->body));
    pxm_value_set(event, "json", value_or_null(body->json));
    pxm_value_set(event, "form", value_or_record(body->form));
    pxm_value_set(event, "files", value_or_record(body->files));
    pxm_value_set(event, "filenames", value_or_record(body->filenames));
    pxm_value_set(event, "remote_addr", pxm_value_cstring(from->head->remote_addr));
    if (from->user != NULL) {
        pxm_value_set(event, "user", pxm_value_ref(from->user));
    }
    return give(event, ret, error);
}

/* ---- the others ------------------------------------------------------------------------------------------------- */

static pxm_value *int_or_null(int64_t number)
{
    return number != PXM_UNSET_INT ? pxm_value_int(number) : pxm_value_null();
}

static pxm_value *time_of(int64_t wall_ms)
{
    char text[PXM_TIME_TEXT_MAX];
    if (wall_ms == PXM_UNSET_INT) {
        return pxm_value_null();
    }
    pxm_time_format(wall_ms, text);
    return pxm_value_cstring(text);
}

pxm_status app_event_object_created(const struct app_object *object, pxm_value **ret, pxm_error *error)
{
    pxm_value *event = pxm_value_record();
    pxm_value_set(event, "key", pxm_value_cstring(object->key));
    pxm_value_set(event, "store", pxm_value_cstring(object->store));
    pxm_value_set(event, "bytes", int_or_null(object->bytes));
    pxm_value_set(event, "etag", pxm_value_cstring(object->etag));
    pxm_value_set(event, "sequencer", pxm_value_cstring(object->sequencer));
    pxm_value_set(event, "time", time_of(object->time_ms));
    return give(event, ret, error);
}

pxm_status app_event_schedule(int64_t time_ms, pxm_value **ret, pxm_error *error)
{
    pxm_value *event = pxm_value_record();
    pxm_value_set(event, "time", time_of(time_ms));
    return give(event, ret, error);
}

static bool ends_with_any(const char *text, const char *const *suffixes)
{
    size_t length = strlen(text);
    for (; *suffixes != NULL; suffixes++) {
        size_t count = strlen(*suffixes);
        if (length >= count && strcmp(text + length - count, *suffixes) == 0) {
            return true;
        }
    }
    return false;
}

bool app_trigger_wants(const struct app_trigger *trigger, const char *store, const char *key)
{
    const char *prefix = trigger->prefix != NULL ? trigger->prefix : "";
    return trigger->kind == PXM_TRIGGER_OBJECT_CREATED && strcmp(trigger->store, store) == 0 &&
           strncmp(key, prefix, strlen(prefix)) == 0 &&
           (trigger->suffix == NULL || ends_with_any(key, trigger->suffix));
}
