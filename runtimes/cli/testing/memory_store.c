/* The store of the plugin `memory`: objects, and putting, getting and removing them. An object is a counted blob, so
 * that readers keep what they opened whatever happens to its name. [any] */
#include "memory_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTRIBUTES_MAX = 2048, SHA256_BYTES = 32, CHUNK_BYTES = 65536 };

/* ---- objects ---- */

static void object_done(const struct pxm_host *host, struct memory_object *object)
{
    free(object->key);
    free(object->content_type);
    free(object->cache_control);
    host->blob_unref(object->blob);
    host->value_unref(object->meta);
    *object = (struct memory_object){0};
}

static void *contents_new(void)
{
    return calloc(1, sizeof(struct memory_objects));
}

static void contents_free(const struct pxm_host *host, void *arg)
{
    struct memory_objects *contents = arg;

    for (size_t i = 0; i < contents->count; i++) {
        object_done(host, &contents->objects[i]);
    }
    free(contents->objects);
    free(contents);
}

size_t memory_store_lower_bound(const struct memory_objects *contents, const char *key)
{
    size_t low = 0;
    size_t high = contents->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(contents->objects[middle].key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct memory_object *find(const struct memory_objects *contents, const char *key)
{
    size_t at = memory_store_lower_bound(contents, key);

    return at < contents->count && strcmp(contents->objects[at].key, key) == 0 ? &contents->objects[at] : NULL;
}

void memory_store_set_etag(const struct memory_driver *driver, const struct memory_object *object, pxm_value *fields)
{
    char etag[sizeof object->sha256 + 2];

    snprintf(etag, sizeof etag, "\"%s\"", object->sha256);
    driver->host->value_set(fields, "etag", memory_text(driver->host, etag));
}

static void describe(const struct memory_driver *driver, const struct memory_object *object, pxm_value *fields)
{
    const struct pxm_host *host = driver->host;

    host->value_set(fields, "key", memory_text(host, object->key));
    host->value_set(fields, "url", memory_store_url(driver, object->key));
    memory_store_set_etag(driver, object, fields);
    host->value_set(fields, "bytes", host->value_int((int64_t)host->blob_length(object->blob)));
    host->value_set(fields, "content_type", memory_text(host, object->content_type));
    host->value_set(fields, "cache_control", memory_text(host, object->cache_control));
    host->value_set(fields, "modified_at", host->value_int(object->modified_ms));
    host->value_set(fields, "meta", object->meta ? host->value_ref(object->meta) : host->value_null());
}

/* ---- put ---- */

static bool has_control(const char *text)
{
    for (; text && *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

pxm_status memory_store_check_attributes(const struct pxm_host *host, const struct pxm_put *put, pxm_error *error)
{
    size_t total =
        (put->content_type ? strlen(put->content_type) : 0) + (put->cache_control ? strlen(put->cache_control) : 0);
    const char *reason = has_control(put->content_type) || has_control(put->cache_control)
                             ? "content type or cache control has a control character"
                             : NULL;

    for (size_t i = 0; put->meta && i < host->value_count(put->meta); i++) {
        size_t length = 0;
        const pxm_value *value = host->value_at(put->meta, i);
        host->value_as_string(value, &length);
        total += length + strlen(host->value_key(put->meta, i));
        reason = host->value_type(value) == PXM_TYPE_STRING ? reason : "meta must be strings";
    }
    reason = total > ATTRIBUTES_MAX ? "content type, cache control and meta are longer than 2048 bytes" : reason;
    return reason ? host->fail(error, PXM_E_INVALID, "store.bad_meta", "cannot put \"%s\": %s", put->key, reason)
                  : PXM_OK;
}

struct body {
    char *data;
    size_t length, capacity;
};

/* Room for another chunk. */
static bool body_reserve(struct body *body)
{
    if (body->capacity - body->length >= CHUNK_BYTES) {
        return true;
    }
    size_t capacity = body->capacity * 2 + CHUNK_BYTES;
    char *more = realloc(body->data, capacity);
    if (more) {
        body->data = more;
        body->capacity = capacity;
    }
    return more != NULL;
}

static pxm_status read_stream(const struct pxm_host *host, pxm_job *job, const struct pxm_put *put, struct body *body,
                              pxm_error *error)
{
    int64_t size = host->stream_size(put->body);
    int64_t got = 1;

    while (got > 0) {
        pxm_status status = memory_in_time(host, job, error);
        if (status == PXM_OK && !body_reserve(body)) {
            status = memory_fail_memory(host, error);
        }
        if (status != PXM_OK) {
            return status;
        }
        got = host->stream_read(put->body, body->data + body->length, CHUNK_BYTES, error);
        body->length += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        return (pxm_status)got;
    }
    if (size >= 0 && (uint64_t)size != body->length) {
        return host->fail(error, PXM_E_INVALID, "store.truncated",
                          "the body of \"%s\" has %zu bytes, and %" PRId64 " were announced", put->key, body->length,
                          size);
    }
    return memory_in_time(host, job, error);
}

/* The body as a new reference to a blob. */
static pxm_status take_body(const struct pxm_host *host, pxm_job *job, const struct pxm_put *put, pxm_blob **ret,
                            pxm_error *error)
{
    struct body body = {0};
    pxm_blob *blob = host->stream_peek_blob(put->body);

    if (blob) {
        *ret = host->blob_ref(blob);
        return memory_in_time(host, job, error);
    }
    pxm_status status = read_stream(host, job, put, &body, error);
    if (status != PXM_OK) {
        free(body.data);
        return status;
    }
    *ret = host->blob_new(body.data, body.length, free, body.data);
    return *ret ? PXM_OK : memory_fail_memory(host, error);
}

static bool copy_text(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return *ret || !text;
}

static pxm_status make_object(const struct pxm_host *host, pxm_job *job, const struct pxm_put *put,
                              struct memory_object *ret, pxm_error *error)
{
    pxm_status status = take_body(host, job, put, &ret->blob, error);

    if (status != PXM_OK) {
        return status;
    }
    const uint8_t *sha256 = host->blob_sha256(ret->blob);
    if (!sha256 || !copy_text(put->key, &ret->key) || !copy_text(put->content_type, &ret->content_type) ||
        !copy_text(put->cache_control, &ret->cache_control)) {
        return memory_fail_memory(host, error);
    }
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        snprintf(ret->sha256 + 2 * i, 3, "%02x", sha256[i]);
    }
    ret->meta = put->meta ? host->value_ref(put->meta) : NULL;
    ret->modified_ms = host->now_ms(host);
    return PXM_OK;
}

/* Puts the object in its place, and takes it over; NULL: no memory. With `keep` what is there stays. */
static const struct memory_object *publish(struct memory_objects *contents, const struct pxm_host *host,
                                           struct memory_object *object, bool keep, bool *ret_created)
{
    struct memory_object *there = find(contents, object->key);

    *ret_created = !there || !keep;
    if (there && keep) {
        return there;
    }
    if (there) {
        object_done(host, there);
    } else {
        size_t at = memory_store_lower_bound(contents, object->key);
        if (!memory_grow((void **)&contents->objects, &contents->count, sizeof *object)) {
            return NULL;
        }
        there = &contents->objects[at];
        memmove(there + 1, there, (contents->count - 1 - at) * sizeof *there);
    }
    *there = *object;
    *object = (struct memory_object){0};
    return there;
}

static pxm_status store_put(void *self, pxm_job *job, const struct pxm_put *put, pxm_value *fields, pxm_error *error)
{
    struct memory_driver *driver = self;
    const struct pxm_host *host = driver->host;
    struct memory_object object = {0};
    bool created = false;
    pxm_status status = memory_store_check_key(driver, put->key, error);

    status = status == PXM_OK ? memory_store_check_attributes(host, put, error) : status;
    status = status == PXM_OK ? make_object(host, job, put, &object, error) : status;
    if (status == PXM_OK) {
        pthread_mutex_lock(&driver->place->lock);
        const struct memory_object *there =
            publish(driver->place->contents, host, &object, put->flags & PXM_PUT_IF_ABSENT, &created);
        if (there) {
            describe(driver, there, fields);
            host->value_set(fields, "sha256", memory_text(host, there->sha256));
            host->value_set(fields, "created", host->value_bool(created));
        } else {
            status = memory_fail_memory(host, error);
        }
        pthread_mutex_unlock(&driver->place->lock);
    }
    object_done(host, &object);
    return status;
}

/* ---- get, head, remove ---- */

static pxm_status fail_missing(const struct pxm_host *host, const char *key, pxm_error *error)
{
    return host->fail(error, PXM_E_NOT_FOUND, "store.not_found", "no object \"%s\"", key);
}

struct part { /* of a blob, which it holds */
    const struct pxm_host *host;
    pxm_blob *whole;
};

static void part_release(void *arg)
{
    struct part *part = arg;

    part->host->blob_unref(part->whole);
    free(part);
}

/* A new reference to the bytes asked for. NULL: no memory. */
static pxm_blob *cut(const struct pxm_host *host, pxm_blob *whole, const struct pxm_get *get)
{
    size_t length = 0;
    const char *data = host->blob_data(whole, &length);
    size_t from = (uint64_t)get->offset < length ? (size_t)get->offset : length;
    size_t most = length - from;
    size_t count = get->length >= 0 && (uint64_t)get->length < most ? (size_t)get->length : most;

    if (count == length) {
        return host->blob_ref(whole);
    }
    struct part *part = malloc(sizeof *part);
    if (!part) {
        return NULL;
    }
    *part = (struct part){.host = host, .whole = host->blob_ref(whole)};
    return host->blob_new(data + from, count, part_release, part);
}

static pxm_status open_object(const struct memory_driver *driver, const struct pxm_get *get, pxm_blob **ret,
                              pxm_value *fields, pxm_error *error)
{
    const struct memory_object *object = find(driver->place->contents, get->key);
    size_t length = get->if_match ? strlen(get->if_match) : 0;

    if (!object) {
        return fail_missing(driver->host, get->key, error);
    }
    bool same = length == strlen(object->sha256) + 2 && memcmp(get->if_match + 1, object->sha256, length - 2) == 0;
    if (get->if_match && !same) {
        return driver->host->fail(error, PXM_E_EXISTS, "store.changed", "the object \"%s\" is another by now",
                                  get->key);
    }
    *ret = cut(driver->host, object->blob, get);
    if (!*ret) {
        return memory_fail_memory(driver->host, error);
    }
    describe(driver, object, fields);
    return PXM_OK;
}

static pxm_status store_get(void *self, pxm_job *job, const struct pxm_get *get, pxm_stream **ret, pxm_value *fields,
                            pxm_error *error)
{
    struct memory_driver *driver = self;
    pxm_blob *blob = NULL;
    pxm_status status = memory_store_check_key(driver, get->key, error);

    (void)job;
    if (status == PXM_OK && (get->offset < 0 || get->length < -1)) {
        status = driver->host->fail(error, PXM_E_INVALID, "store.bad_range", "a part starts at 0 or later");
    }
    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&driver->place->lock);
    status = open_object(driver, get, &blob, fields, error);
    pthread_mutex_unlock(&driver->place->lock);
    if (status != PXM_OK) {
        return status;
    }
    *ret = driver->host->stream_of_blob(blob);
    driver->host->blob_unref(blob);
    return *ret ? PXM_OK : memory_fail_memory(driver->host, error);
}

static pxm_status store_head(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    struct memory_driver *driver = self;
    pxm_status status = memory_store_check_key(driver, key, error);

    (void)job;
    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&driver->place->lock);
    const struct memory_object *object = find(driver->place->contents, key);
    if (object) {
        describe(driver, object, fields);
    } else {
        status = fail_missing(driver->host, key, error);
    }
    pthread_mutex_unlock(&driver->place->lock);
    return status;
}

static pxm_status store_remove(void *self, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    struct memory_driver *driver = self;
    struct memory_objects *contents = driver->place->contents;
    pxm_status status = memory_store_check_key(driver, key, error);

    (void)job;
    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&driver->place->lock);
    struct memory_object *object = find(contents, key);
    if (object) {
        object_done(driver->host, object);
        memory_shrink(contents->objects, &contents->count, sizeof *object, (size_t)(object - contents->objects));
    }
    pthread_mutex_unlock(&driver->place->lock);
    driver->host->value_set(fields, "removed", driver->host->value_bool(object != NULL));
    return PXM_OK;
}

/* ---- description ---- */

static pxm_status store_create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    const struct memory_store_config *settings = config;

    return memory_driver_create(host, config, &memory_store_unit, settings->place, contents_new, contents_free,
                                ret_self, error);
}

static const struct pxm_option options[] = {
    {.name = "place",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct memory_store_config, place, const char *),
     .fallback = "",
     .help = "Stores of one place share their objects; without a name the place is this store's alone."},
    {.name = "base_url",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct memory_store_config, base_url, const char *),
     .fallback = "memory:",
     .help = "What comes before the key in the URL of an object."},
    {.name = NULL},
};

static const struct pxm_storage_ops ops = {
    .struct_size = sizeof ops,
    .put = store_put,
    .get = store_get,
    .head = store_head,
    .remove = store_remove,
    .list = memory_store_list,
    .presign = memory_store_presign,
};

const struct pxm_unit memory_store_unit = {
    .struct_size = sizeof memory_store_unit,
    .threads = PXM_THREADS_PARALLEL,
    .config_size = sizeof(struct memory_store_config),
    .option_size = sizeof(struct pxm_option),
    .iface = PXM_IFACE_STORAGE,
    .name = "memory",
    .summary = "Objects in the memory of this process",
    .options = options,
    .ops = &ops,
    .create = store_create,
    .destroy = memory_driver_destroy,
};
