/* One shape lies in another: what is in a string, or in an envelope of SNS, is read in the same way. */
#include "app/object_event.h"

#include "app/url.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/value.h"
#include "engine/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WRAPS_MAX = 3, TEXT_MAX = 1024 };

struct reading {
    struct app_object_event event;
    pxm_error *error;
};

static pxm_status unknown(const struct reading *reading, const char *what)
{
    return pxm_error_set(reading->error, PXM_E_INVALID, "event.unknown", "no event of objects: %s", what);
}

static pxm_status lacks(const struct reading *reading, const char *what)
{
    return pxm_error_set(reading->error, PXM_E_INVALID, "event.invalid", "an event of an object %s", what);
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

static bool is_text(const pxm_value *value)
{
    return pxm_value_type(value) == PXM_TYPE_STRING;
}

static bool has_text(const pxm_value *record, const char *key, const char *text)
{
    const pxm_value *value = pxm_value_get(record, key);
    size_t length = 0;

    return is_text(value) && strcmp(pxm_value_as_string(value, &length), text) == 0 && length == strlen(text);
}

/* A short text without control characters, with something before and after it; NULL: there is none (PXM_OK), or no
 * memory. */
static pxm_status copy_text(const pxm_value *record, const char *key, const char *around, char **ret)
{
    const pxm_value *value = pxm_value_get(record, key);
    size_t length = 0;
    const char *text = is_text(value) ? pxm_value_as_string(value, &length) : "";

    *ret = NULL;
    if (length == 0 || length > TEXT_MAX) {
        return PXM_OK;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return PXM_OK;
        }
    }
    return asprintf(ret, "%s%s%s", around, text, around) < 0 ? PXM_E_NO_MEMORY : PXM_OK;
}

static int64_t read_int(const pxm_value *record, const char *key)
{
    const pxm_value *value = pxm_value_get(record, key);
    int64_t number = pxm_value_type(value) == PXM_TYPE_INT ? pxm_value_as_int(value) : -1;

    return number < 0 ? PXM_UNSET_INT : number;
}

/* "2026-11-22T13:37:00.123Z"; a fraction may have any number of digits, or be missing. */
static int64_t read_time(const pxm_value *record, const char *key)
{
    const pxm_value *value = pxm_value_get(record, key);
    struct tm tm = {0};
    int64_t fraction_ms = 0;
    const char *rest = is_text(value) ? strptime(pxm_value_as_string(value, NULL), "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

    if (rest && *rest == '.') {
        size_t digits = strspn(++rest, "0123456789");
        for (size_t i = 0; i < 3; i++) {
            fraction_ms = fraction_ms * 10 + (i < digits ? rest[i] - '0' : 0);
        }
        rest += digits;
    }
    if (!rest || strcmp(rest, "Z") != 0) {
        return PXM_UNSET_INT;
    }
    return (int64_t)timegm(&tm) * 1000 + fraction_ms;
}

/* ---- sequencers -------------------------------------------------------------------------------------------------- */

int app_sequencer_read(const char *text, char ret[APP_SEQUENCER_LENGTH + 1])
{
    size_t length = strlen(text);

    if (length == 0 || length > APP_SEQUENCER_LENGTH || strspn(text, "0123456789abcdefABCDEF") != length) {
        return false;
    }
    for (size_t i = 0; i < APP_SEQUENCER_LENGTH; i++) {
        char c = i < length ? text[i] : '0';
        ret[i] = (char)(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
    }
    ret[APP_SEQUENCER_LENGTH] = '\0';
    return true;
}

int app_sequencer_compare(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static pxm_status copy_sequencer(const pxm_value *object, char **ret)
{
    const pxm_value *value = pxm_value_get(object, "sequencer");
    char text[APP_SEQUENCER_LENGTH + 1];

    if (!is_text(value) || !app_sequencer_read(pxm_value_as_string(value, NULL), text)) {
        return PXM_OK;
    }
    *ret = strdup(text);
    return *ret ? PXM_OK : PXM_E_NO_MEMORY;
}

/* ---- keys -------------------------------------------------------------------------------------------------------- */

static pxm_status refuse_key(const struct reading *reading, const char *why)
{
    return pxm_error_set(reading->error, PXM_E_INVALID, "event.key", "an event of an object whose key cannot be: %s",
                         why);
}

static pxm_status check_key(const struct reading *reading, const char *key, size_t length)
{
    pxm_error error = {0};

    if (strlen(key) != length) {
        return refuse_key(reading, "it has a NUL in it");
    }
    if (!pxm_utf8_valid(key, length)) {
        return refuse_key(reading, "it is no UTF-8");
    }
    return pxm_key_check(key, NULL, &error) == PXM_OK ? PXM_OK : refuse_key(reading, error.text);
}

/* *ret: malloc'd. */
static pxm_status decode_key(const struct reading *reading, const char *text, size_t length, char **ret)
{
    struct pxm_buf buf;
    pxm_error error = {0};

    pxm_buf_init(&buf, PXM_KEY_BYTES_MAX);
    pxm_status status = app_url_decode(text, length, true, &buf, &error);
    if (status == PXM_E_NO_MEMORY) {
        pxm_buf_done(&buf);
        return pxm_error_no_memory(reading->error);
    }
    status = status == PXM_OK ? check_key(reading, buf.data, buf.length) : refuse_key(reading, error.text);
    if (status == PXM_OK && !(*ret = pxm_buf_take(&buf))) {
        status = pxm_error_no_memory(reading->error);
    }
    pxm_buf_done(&buf);
    return status;
}

/* A key that is certainly encoded. */
static pxm_status read_encoded(const struct reading *reading, const pxm_value *key, struct app_made_object *object)
{
    size_t length = 0;
    const char *text = pxm_value_as_string(key, &length);

    return decode_key(reading, text, length, &object->key);
}

/* One of which nobody knows. If only one of the two readings can be a key, it is that one. */
static pxm_status read_doubtful(const struct reading *reading, const pxm_value *key, struct app_made_object *object)
{
    size_t length = 0;
    const char *text = pxm_value_as_string(key, &length);
    pxm_error ignored = {0};
    const struct reading trial = {.error = &ignored};
    char *decoded = NULL;
    pxm_status status = check_key(reading, text, length);
    bool is_doubtful = strlen(text) == length && strpbrk(text, "%+");

    if (is_doubtful && decode_key(&trial, text, length, &decoded) == PXM_E_NO_MEMORY) {
        return pxm_error_no_memory(reading->error);
    }
    if (status != PXM_OK && !decoded) {
        return status;
    }
    pxm_error_clear(reading->error);
    char *literal = status == PXM_OK ? strdup(text) : NULL;
    if (status == PXM_OK && !literal) {
        free(decoded);
        return pxm_error_no_memory(reading->error);
    }
    object->key = literal ? literal : decoded;
    object->decoded_key = literal ? decoded : NULL;
    return PXM_OK;
}

/* ---- objects ----------------------------------------------------------------------------------------------------- */

static void object_done(struct app_made_object *object)
{
    free(object->key);
    free(object->decoded_key);
    free(object->bucket);
    free(object->etag);
    free(object->version);
    free(object->sequencer);
}

void app_object_event_done(struct app_object_event *event)
{
    for (size_t i = 0; i < event->count; i++) {
        object_done(&event->objects[i]);
    }
    free(event->objects);
    *event = (struct app_object_event){.count = 0};
}

/* The one of the same key in the same bucket; NULL: there is none. */
static struct app_made_object *find_same(const struct app_object_event *event, const struct app_made_object *object)
{
    for (size_t i = 0; i < event->count; i++) {
        if (strcmp(event->objects[i].key, object->key) == 0 && strcmp(event->objects[i].bucket, object->bucket) == 0) {
            return &event->objects[i];
        }
    }
    return NULL;
}

/* Takes over what is in `object`. */
static pxm_status keep(struct reading *reading, struct app_made_object *object)
{
    struct app_object_event *event = &reading->event;
    struct app_made_object *same = find_same(event, object);

    if (same) {
        bool is_later = app_sequencer_compare(same->sequencer, object->sequencer) <= 0;
        struct app_made_object earlier = is_later ? *same : *object;
        *same = is_later ? *object : *same;
        object_done(&earlier);
        return PXM_OK;
    }
    struct app_made_object *grown = realloc(event->objects, (event->count + 1) * sizeof *grown);
    if (!grown) {
        object_done(object);
        return pxm_error_no_memory(reading->error);
    }
    event->objects = grown;
    event->objects[event->count++] = *object;
    return PXM_OK;
}

/* Where the members of an object lie, and what they are called. */
struct shape {
    const pxm_value *bucket, *object;
    const char *etag, *version;
    bool is_encoded; /* the key is, certainly */
    int64_t time_ms;
};

static pxm_status read_members(const struct reading *reading, const struct shape *shape, struct app_made_object *object)
{
    const pxm_value *etag = pxm_value_get(shape->object, shape->etag), *key = pxm_value_get(shape->object, "key");
    const char *quote = is_text(etag) && pxm_value_as_string(etag, NULL)[0] == '"' ? "" : "\"";
    bool failed = copy_text(shape->bucket, "name", "", &object->bucket) != PXM_OK;

    failed |= copy_text(shape->object, shape->etag, quote, &object->etag) != PXM_OK;
    failed |= copy_text(shape->object, shape->version, "", &object->version) != PXM_OK;
    failed |= copy_sequencer(shape->object, &object->sequencer) != PXM_OK;
    object->bytes = read_int(shape->object, "size");
    object->time_ms = shape->time_ms;
    if (failed) {
        return pxm_error_no_memory(reading->error);
    }
    if (!object->bucket) {
        return lacks(reading, "tells no bucket");
    }
    if (!is_text(key)) {
        return lacks(reading, "tells no key");
    }
    return shape->is_encoded ? read_encoded(reading, key, object) : read_doubtful(reading, key, object);
}

/* An object that stands for a folder is none. */
static bool is_folder(const struct app_made_object *object)
{
    return object->bytes == 0 && object->key[strlen(object->key) - 1] == '/';
}

static pxm_status read_object(struct reading *reading, const struct shape *shape)
{
    struct app_made_object object = {0};
    pxm_status status = read_members(reading, shape, &object);

    if (status != PXM_OK || is_folder(&object)) {
        object_done(&object);
        return status;
    }
    return keep(reading, &object);
}

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

/* "aws:s3", "minio:s3", ... */
static bool is_of_s3(const pxm_value *record)
{
    const pxm_value *source = pxm_value_get(record, "eventSource");
    const char *colon = is_text(source) ? strrchr(pxm_value_as_string(source, NULL), ':') : NULL;

    return colon && strcmp(colon, ":s3") == 0;
}

static pxm_status read_record(struct reading *reading, const pxm_value *record)
{
    static const char made[] = "ObjectCreated:", before[] = "s3:";
    const pxm_value *name = pxm_value_get(record, "eventName"), *version = pxm_value_get(record, "eventVersion");
    const pxm_value *s3 = pxm_value_get(record, "s3");
    const char *what = is_text(name) ? pxm_value_as_string(name, NULL) : "";

    if (!is_of_s3(record)) {
        return unknown(reading, "one of its records is not of S3");
    }
    if (version && (!is_text(version) || strncmp(pxm_value_as_string(version, NULL), "2.", 2) != 0)) {
        return lacks(reading, "has a version that is not known; 2 is");
    }
    what += strncmp(what, before, strlen(before)) == 0 ? strlen(before) : 0;
    if (*what == '\0') {
        return lacks(reading, "does not say what happened");
    }
    if (strncmp(what, made, strlen(made)) != 0) {
        return PXM_OK;
    }
    const struct shape shape = {.bucket = pxm_value_get(s3, "bucket"),
                                .object = pxm_value_get(s3, "object"),
                                .etag = "eTag",
                                .version = "versionId",
                                .is_encoded = true,
                                .time_ms = read_time(record, "eventTime")};
    return read_object(reading, &shape);
}

static pxm_status read_records(struct reading *reading, const pxm_value *records)
{
    pxm_status status = PXM_OK;

    if (pxm_value_count(records) == 0) {
        return unknown(reading, "it has no records");
    }
    if (pxm_value_count(records) > APP_OBJECT_EVENT_MAX) {
        return pxm_error_set(reading->error, PXM_E_LIMIT, "event.too_many", "an event of more than %d objects",
                             APP_OBJECT_EVENT_MAX);
    }
    for (size_t i = 0; i < pxm_value_count(records) && status == PXM_OK; i++) {
        status = read_record(reading, pxm_value_at(records, i));
    }
    return status;
}

static pxm_status read_eventbridge(struct reading *reading, const pxm_value *event)
{
    const pxm_value *detail = pxm_value_get(event, "detail");

    if (!has_text(event, "detail-type", "Object Created")) {
        return PXM_OK;
    }
    const struct shape shape = {.bucket = pxm_value_get(detail, "bucket"),
                                .object = pxm_value_get(detail, "object"),
                                .etag = "etag",
                                .version = "version-id",
                                .time_ms = read_time(event, "time")};
    return read_object(reading, &shape);
}

static pxm_status read_wrapped(struct reading *reading, const pxm_value *value, int wraps);

static pxm_status read_text(struct reading *reading, const pxm_value *text, int wraps)
{
    size_t length = 0;
    const char *json = pxm_value_as_string(text, &length);
    pxm_value *value = NULL;
    pxm_error error = {0};

    if (wraps >= WRAPS_MAX) {
        return unknown(reading, "it is wrapped too often");
    }
    pxm_status status = pxm_json_parse(json, length, &value, &error);
    if (status == PXM_E_NO_MEMORY) {
        return pxm_error_no_memory(reading->error);
    }
    if (status != PXM_OK) {
        return unknown(reading, "it is no JSON");
    }
    status = read_wrapped(reading, value, wraps + 1);
    pxm_value_unref(value);
    return status;
}

static pxm_status read_wrapped(struct reading *reading, const pxm_value *value, int wraps)
{
    const pxm_value *records = pxm_value_get(value, "Records"), *message = pxm_value_get(value, "Message");

    if (is_text(value)) {
        return read_text(reading, value, wraps);
    }
    if (pxm_value_type(records) == PXM_TYPE_LIST) {
        return read_records(reading, records);
    }
    if (has_text(value, "Type", "Notification") && is_text(message)) {
        return read_text(reading, message, wraps);
    }
    if (has_text(value, "source", "aws.s3")) {
        return read_eventbridge(reading, value);
    }
    if (has_text(value, "Event", "s3:TestEvent")) { /* sent when the notification was set up */
        return PXM_OK;
    }
    return unknown(reading, "it is neither a notification of S3, nor one through SNS, nor an event of EventBridge");
}

pxm_status app_object_event_read(const pxm_value *event, struct app_object_event *ret, pxm_error *error)
{
    struct reading reading = {.error = error};
    pxm_status status = read_wrapped(&reading, event, 0);

    if (status != PXM_OK) {
        app_object_event_done(&reading.event);
        return status;
    }
    *ret = reading.event;
    return PXM_OK;
}
