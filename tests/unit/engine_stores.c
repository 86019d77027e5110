/* Stores, tables, queues and auths in memory, for tests of the engine. All instances share one list that tests look
 * into. */
#include "engine_fixture.h"

#include "base/buf.h"
#include "base/json.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct thing { /* an object or an item */
    struct thing *next;
    char place[32], key[128];
    char *bytes;
    size_t length;
    pxm_value *item, *meta; /* NULL: none */
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list and the texts below */
static struct thing *things;
static char *shown;

struct config {
    const char *name, *bucket;
    int64_t fail_puts;
};
struct self {
    const struct pxm_host *host;
    const struct config *config;
    atomic_int_fast64_t failures;
};

/* ---- the list ---------------------------------------------------------------------------------------------------- */

static struct thing **find(const char *place, const char *key)
{
    struct thing **link = &things;

    while (*link && (strcmp((*link)->place, place) != 0 || strcmp((*link)->key, key) != 0)) {
        link = &(*link)->next;
    }
    return link;
}

static void drop(struct thing **link)
{
    struct thing *thing = *link;

    *link = thing->next;
    pxm_value_unref(thing->item);
    pxm_value_unref(thing->meta);
    free(thing->bytes);
    free(thing);
}

/* The thing, made if need be; NULL: no memory. */
static struct thing *have(const char *place, const char *key, bool *ret_made)
{
    struct thing **link = find(place, key);

    *ret_made = !*link;
    if (!*link) {
        struct thing *thing = calloc(1, sizeof *thing);
        if (!thing) {
            return NULL;
        }
        snprintf(thing->place, sizeof thing->place, "%s", place);
        snprintf(thing->key, sizeof thing->key, "%s", key);
        *link = thing;
    }
    return *link;
}

void fake_resources_clear(void)
{
    pthread_mutex_lock(&lock);
    while (things) {
        drop(&things);
    }
    free(shown);
    shown = NULL;
    pthread_mutex_unlock(&lock);
}

static const char *show(const char *text, size_t length)
{
    free(shown);
    shown = strndup(text, length);
    return shown;
}

const char *fake_object(const char *store, const char *key)
{
    pthread_mutex_lock(&lock);
    const struct thing *thing = *find(store, key);
    const char *text = thing && !thing->item ? show(thing->bytes, thing->length) : NULL;
    pthread_mutex_unlock(&lock);
    return text;
}

const char *fake_item(const char *table, const char *key)
{
    struct pxm_buf buf;
    const char *text = NULL;

    pxm_buf_init(&buf, 1 << 20);
    pthread_mutex_lock(&lock);
    const struct thing *thing = *find(table, key);
    if (thing && thing->item && pxm_json_write(&buf, thing->item, 0, 1, NULL) == PXM_OK) {
        text = show(buf.data, buf.length);
    }
    pthread_mutex_unlock(&lock);
    pxm_buf_done(&buf);
    return text;
}

/* ---- instances --------------------------------------------------------------------------------------------------- */

static pxm_status create(const struct pxm_host *host, const void *config, void **ret_self, pxm_error *error)
{
    struct self *self = calloc(1, sizeof *self);

    if (!self) {
        return host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
    }
    self->host = host;
    self->config = config;
    if (strcmp(self->config->name, "refused") == 0) {
        free(self);
        return host->fail(error, PXM_E_DENIED, "store.denied", "nobody may have this one");
    }
    journal_add("create %s", self->config->name);
    *ret_self = self;
    return PXM_OK;
}

static pxm_status check(void *arg, pxm_job *job, pxm_error *error)
{
    struct self *self = arg;
    (void)job;

    if (strcmp(self->config->name, "away") == 0) {
        return self->host->fail(error, PXM_E_TRANSIENT, "store.unavailable", "nobody answers");
    }
    return PXM_OK;
}

static void resumed(void *arg)
{
    const struct self *self = arg;

    journal_add("resumed %s", self->config->name);
}

static void destroy(void *arg)
{
    const struct self *self = arg;

    journal_add("destroy %s", self->config->name);
    free(arg);
}

static pxm_status no_memory(const struct self *self, pxm_error *error)
{
    return self->host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
}

/* ---- store ------------------------------------------------------------------------------------------------------- */

static void fill_object(const struct self *self, const struct thing *thing, pxm_value *fields)
{
    const struct pxm_host *host = self->host;

    host->value_set(fields, "key", pxm_value_cstring(thing->key));
    host->value_set(fields, "url", pxm_value_cstring("mem:"));
    host->value_set(fields, "etag", pxm_value_cstring("e"));
    host->value_set(fields, "bytes", host->value_int((int64_t)thing->length));
    host->value_set(fields, "meta", thing->meta ? host->value_ref(thing->meta) : host->value_null());
}

static void note_put(const struct pxm_put *put)
{
    struct pxm_buf meta;

    pxm_buf_init(&meta, 1 << 10);
    if (put->meta && pxm_json_write(&meta, put->meta, 0, 1, NULL) == PXM_OK) {
        journal_add("put %s with %s", put->key, meta.data);
    } else {
        journal_add("put %s", put->key);
    }
    pxm_buf_done(&meta);
}

static pxm_status keep_object(const struct self *self, const struct pxm_put *put, const void *bytes, size_t length,
                              pxm_value *fields, pxm_error *error)
{
    bool made = false;
    char *copy = malloc(length + 1);
    struct thing *thing = copy ? have(self->config->name, put->key, &made) : NULL;

    if (!thing) {
        free(copy);
        return no_memory(self, error);
    }
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    if (made || !(put->flags & PXM_PUT_IF_ABSENT)) {
        free(thing->bytes);
        thing->bytes = copy;
        thing->length = length;
        pxm_value_unref(thing->meta);
        thing->meta = put->meta ? self->host->value_ref(put->meta) : NULL;
    } else {
        free(copy);
    }
    fill_object(self, thing, fields);
    self->host->value_set(fields, "created", self->host->value_bool(made || !(put->flags & PXM_PUT_IF_ABSENT)));
    note_put(put);
    return PXM_OK;
}

static pxm_status put(void *arg, pxm_job *job, const struct pxm_put *put, pxm_value *fields, pxm_error *error)
{
    struct self *self = arg;
    pxm_blob *blob = NULL;
    size_t length = 0;

    if (atomic_fetch_add(&self->failures, 1) < self->config->fail_puts) {
        return self->host->fail(error, PXM_E_TRANSIENT, "store.unavailable", "not now");
    }
    pxm_status status = self->host->stream_to_blob(put->body, job, 1 << 20, &blob, error);
    if (status != PXM_OK) {
        return status;
    }
    const void *bytes = self->host->blob_data(blob, &length);
    pthread_mutex_lock(&lock);
    status = keep_object(self, put, bytes, length, fields, error);
    pthread_mutex_unlock(&lock);
    self->host->blob_unref(blob);
    return status;
}

static pxm_status get_locked(const struct self *self, const struct pxm_get *get, pxm_stream **ret, pxm_value *fields,
                             pxm_error *error)
{
    const struct thing *thing = *find(self->config->name, get->key);
    char *copy = thing ? malloc(thing->length + 1) : NULL;

    if (!thing) {
        return self->host->fail(error, PXM_E_NOT_FOUND, "store.not_found", "no object %s", get->key);
    }
    if (!copy) {
        return no_memory(self, error);
    }
    memcpy(copy, thing->bytes, thing->length);
    pxm_blob *blob = self->host->blob_new(copy, thing->length, free, copy);
    *ret = blob ? self->host->stream_of_blob(blob) : NULL;
    self->host->blob_unref(blob);
    fill_object(self, thing, fields);
    self->host->value_set(fields, "content_type", pxm_value_cstring("text/fake"));
    return *ret ? PXM_OK : no_memory(self, error);
}

static pxm_status get(void *arg, pxm_job *job, const struct pxm_get *get, pxm_stream **ret, pxm_value *fields,
                      pxm_error *error)
{
    (void)job;
    pthread_mutex_lock(&lock);
    pxm_status status = get_locked(arg, get, ret, fields, error);
    pthread_mutex_unlock(&lock);
    return status;
}

static pxm_status remove_object(void *arg, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    const struct self *self = arg;
    (void)job;

    if (strstr(key, "sticky")) {
        return self->host->fail(error, PXM_E_DENIED, "store.denied", "%s stays", key);
    }
    pthread_mutex_lock(&lock);
    struct thing **link = find(self->config->name, key);
    self->host->value_set(fields, "removed", self->host->value_bool(*link != NULL));
    if (*link) {
        drop(link);
    }
    pthread_mutex_unlock(&lock);
    journal_add("remove %s", key);
    return PXM_OK;
}

/* What it was asked for is in the headers. */
static pxm_status presign(void *arg, pxm_job *job, const struct pxm_presign *presign, pxm_value *fields,
                          pxm_error *error)
{
    const struct self *self = arg;
    const struct pxm_host *host = self->host;
    (void)job;
    (void)error;

    host->value_set(fields, "method", pxm_value_cstring(presign->method));
    host->value_set(fields, "url", pxm_value_cstring("mem:"));
    host->value_set(fields, "headers", presign->meta ? host->value_ref(presign->meta) : host->value_record());
    host->value_set(fields, "fields", host->value_record());
    host->value_set(fields, "expires_at", host->value_int(1));
    journal_add("presign %s", presign->key);
    return PXM_OK;
}

static const struct pxm_storage_ops storage_ops = {
    .struct_size = sizeof storage_ops, .put = put, .get = get, .remove = remove_object, .presign = presign};

/* ---- table ------------------------------------------------------------------------------------------------------- */

static pxm_status record(void *arg, pxm_job *job, const struct pxm_record *record, pxm_value *fields, pxm_error *error)
{
    const struct self *self = arg;
    bool made = false;
    (void)job;

    pthread_mutex_lock(&lock);
    struct thing *thing = have(self->config->name, record->key, &made);
    if (thing && (made || !(record->flags & PXM_RECORD_IF_ABSENT))) {
        pxm_value_unref(thing->item);
        thing->item = self->host->value_ref(record->set);
    }
    pthread_mutex_unlock(&lock);
    if (!thing) {
        return no_memory(self, error);
    }
    self->host->value_set(fields, "key", pxm_value_cstring(record->key));
    self->host->value_set(fields, "created", self->host->value_bool(made));
    self->host->value_set(fields, "applied", self->host->value_bool(1));
    journal_add("record %s", record->key);
    return PXM_OK;
}

static pxm_status lookup(void *arg, pxm_job *job, const char *key, pxm_value *fields, pxm_error *error)
{
    const struct self *self = arg;
    (void)job;

    pthread_mutex_lock(&lock);
    const struct thing *thing = *find(self->config->name, key);
    pxm_value *item = thing ? self->host->value_ref(thing->item) : NULL;
    pthread_mutex_unlock(&lock);
    if (!item) {
        return self->host->fail(error, PXM_E_NOT_FOUND, "table.not_found", "no item %s", key);
    }
    self->host->value_set(fields, "key", pxm_value_cstring(key));
    self->host->value_set(fields, "item", item);
    return PXM_OK;
}

static pxm_status erase(void *arg, pxm_job *job, const char *key, const pxm_value *expect, pxm_value *fields,
                        pxm_error *error)
{
    const struct self *self = arg;
    (void)job;
    (void)expect;
    (void)error;

    pthread_mutex_lock(&lock);
    struct thing **link = find(self->config->name, key);
    self->host->value_set(fields, "erased", self->host->value_bool(*link != NULL));
    self->host->value_set(fields, "item", *link ? self->host->value_ref((*link)->item) : self->host->value_null());
    if (*link) {
        drop(link);
    }
    pthread_mutex_unlock(&lock);
    journal_add("erase %s", key);
    return PXM_OK;
}

static pxm_status prepare_table(void *arg, pxm_job *job, pxm_value *fields, pxm_error *error)
{
    const struct self *self = arg;
    (void)job;
    (void)error;

    journal_add("prepare %s", self->config->name);
    self->host->value_set(fields, "made", self->host->value_list());
    return PXM_OK;
}

static const struct pxm_metadata_ops metadata_ops = {
    .struct_size = sizeof metadata_ops, .record = record, .lookup = lookup, .erase = erase, .prepare = prepare_table};

/* ---- queue and auth ---------------------------------------------------------------------------------------------- */

static pxm_status send(void *arg, pxm_job *job, const struct pxm_message *message, pxm_value *fields, pxm_error *error)
{
    const struct self *self = arg;
    struct pxm_buf buf;
    (void)job;

    pxm_buf_init(&buf, 1 << 16);
    pxm_status status = pxm_json_write(&buf, message->body, 0, 0, error);
    journal_add("send %s after %d", buf.data, (int)message->delay_ms);
    pxm_buf_done(&buf);
    self->host->value_set(fields, "id", pxm_value_cstring("m1"));
    return status;
}

/* Nobody asks, but a queue through which stores tell must have them. */
static pxm_status receive(void *arg, pxm_job *job, const struct pxm_receive *receive, pxm_value *fields,
                          pxm_error *error)
{
    const struct self *self = arg;
    (void)job;
    (void)receive;

    self->host->value_set(fields, "items", self->host->value_list());
    return error->status;
}

static pxm_status settle(void *arg, pxm_job *job, const struct pxm_settle *settle, pxm_error *error)
{
    const struct self *self = arg;
    (void)job;
    (void)settle;

    return self->host->fail(error, PXM_E_NOT_FOUND, "queue.lost_lease", "nothing was received");
}

static pxm_status prepare_queue(void *arg, pxm_job *job, const struct pxm_prepare *prepare, pxm_value *fields,
                                pxm_error *error)
{
    const struct self *self = arg;
    struct pxm_buf buf;
    (void)job;

    if (strcmp(self->config->name, "denied") == 0) {
        return self->host->fail(error, PXM_E_DENIED, "queue.denied", "nobody may make this one");
    }
    pxm_buf_init(&buf, 1 << 16);
    pxm_status status = pxm_json_write(&buf, prepare->senders, 0, 0, error);
    journal_add("prepare %s for %s", self->config->name, buf.data);
    pxm_buf_done(&buf);
    self->host->value_set(fields, "made", self->host->value_list());
    return status;
}
static const struct pxm_queue_ops queue_ops = {
    .struct_size = sizeof queue_ops, .send = send, .receive = receive, .settle = settle, .prepare = prepare_queue};

static pxm_status verify(void *arg, pxm_job *job, const pxm_value *request, pxm_value *fields, pxm_error *error)
{
    const struct self *self = arg;
    (void)job;
    (void)request;

    self->host->value_set(fields, "subject", pxm_value_cstring(self->config->name));
    return error->status;
}
static const struct pxm_auth_ops auth_ops = {.struct_size = sizeof auth_ops, .verify = verify};

/* ---- units ------------------------------------------------------------------------------------------------------- */

static const struct pxm_option options[] = {
    {.name = "name",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct config, name, const char *),
     .fallback = "objects",
     .help = "By which tests find its things."},
    {.name = "bucket",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct config, bucket, const char *),
     .help = "What it is called where objects are told of."},
    {.name = "fail_puts",
     .type = PXM_OPT_INT,
     .offset = PXM_FIELD(struct config, fail_puts, int64_t),
     .fallback = "0",
     .help = "So many calls fail before one succeeds."},
    {.name = NULL},
};
static const struct pxm_option secret_options[] = {
    {.name = "key",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_SECRET | PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct config, name, const char *),
     .help = "What only those may know who may come in."},
    {.name = NULL},
};

#define UNIT(unit_name, unit_iface, unit_ops, unit_options)                                                            \
    {                                                                                                                  \
        .struct_size = sizeof(struct pxm_unit), .threads = PXM_THREADS_PARALLEL, .config_size = sizeof(struct config), \
        .option_size = sizeof(struct pxm_option), .iface = (unit_iface), .name = (unit_name),                          \
        .summary = "In memory, for tests.", .options = (unit_options), .ops = &(unit_ops), .create = create,           \
        .check = check, .resumed = resumed, .destroy = destroy                                                         \
    }
static const struct pxm_unit mem = UNIT("mem", PXM_IFACE_STORAGE, storage_ops, options);
static const struct pxm_unit memtable = UNIT("memtable", PXM_IFACE_METADATA, metadata_ops, options);
static const struct pxm_unit memqueue = UNIT("memqueue", PXM_IFACE_QUEUE, queue_ops, options);
static const struct pxm_unit memauth = UNIT("memauth", PXM_IFACE_AUTH, auth_ops, secret_options);

const struct pxm_unit *const fake_resource_units[] = {&mem, &memtable, &memqueue, &memauth, NULL};
