/* Reads a manifest: nothing in it is believed before it was looked at. */
#include "app/manifest.h"
#include "app/manifest_words.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include <string.h>

enum {
    MANIFEST_BYTES_MAX = 16 << 20, /* in memory */
    NAME_BYTES_MAX = 255,
    TEXT_BYTES_MAX = 1024, /* of a prefix, the longest text a trigger may have */
    LIST_MAX = 1024,       /* as many names of files as a trigger can read */
};

const char *const app_manifest_kinds[] = {[PXM_TRIGGER_HTTP] = "http",
                                          [PXM_TRIGGER_OBJECT_CREATED] = "object_created",
                                          [PXM_TRIGGER_MESSAGE] = "message",
                                          [PXM_TRIGGER_SCHEDULE] = "schedule",
                                          NULL};

struct reader {
    struct app_manifest *manifest;
    uint32_t *counts; /* triggers of each pipeline so far */
    pxm_error *error;
    pxm_status status; /* the first failure; then all that follows does nothing */
};

/* ---- failing ----------------------------------------------------------------------------------------------------- */

static void refuse(struct reader *reader, const char *key, const char *why)
{
    if (reader->status == PXM_OK) {
        reader->status = pxm_error_set(reader->error, PXM_E_INVALID, "manifest.invalid", "`%s` %s", key, why);
    }
}

static void *have(struct reader *reader, void *memory)
{
    if (memory == NULL && reader->status == PXM_OK) {
        reader->status = pxm_error_no_memory(reader->error);
    }
    return memory;
}

/* ---- fields ------------------------------------------------------------------------------------------------------ */

/* The value of that type, which must be there; NULL: refused. */
static const pxm_value *field(struct reader *reader, const pxm_value *record, const char *key, uint32_t types)
{
    const pxm_value *value = pxm_value_get(record, key);
    if (value == NULL || !(pxm_value_type(value) & types)) {
        refuse(reader, key, value == NULL ? "is missing" : "is of another type");
        return NULL;
    }
    return value;
}

static bool is_there(const pxm_value *record, const char *key)
{
    return pxm_value_get(record, key) != NULL;
}

static void only(struct reader *reader, const pxm_value *record, const char *const *known)
{
    for (size_t i = 0; i < pxm_value_count(record); i++) {
        size_t at = 0;
        while (known[at] != NULL && strcmp(known[at], pxm_value_key(record, i)) != 0) {
            at++;
        }
        if (known[at] == NULL) {
            refuse(reader, pxm_value_key(record, i), "is not known");
        }
    }
}

static int64_t number(struct reader *reader, const pxm_value *record, const char *key, int64_t min, int64_t max)
{
    const pxm_value *value = field(reader, record, key, PXM_TYPE_INT);
    int64_t got = pxm_value_as_int(value);
    if (value != NULL && (got < min || got > max)) {
        refuse(reader, key, "is out of range");
    }
    return got;
}

static int64_t number_or_unset(struct reader *reader, const pxm_value *record, const char *key)
{
    return is_there(record, key) ? number(reader, record, key, 0, INT64_MAX) : PXM_UNSET_INT;
}

static bool truth(struct reader *reader, const pxm_value *record, const char *key)
{
    return pxm_value_as_bool(field(reader, record, key, PXM_TYPE_BOOL)) != 0;
}

/* A copy without control characters, as it may go into headers and logs; NULL: refused. */
static const char *copy_text(struct reader *reader, const pxm_value *value, const char *key, size_t min, size_t max)
{
    size_t length = 0;
    const char *text = pxm_value_as_string(value, &length);
    bool is_sound = length >= min && length <= max;
    for (size_t i = 0; is_sound && i < length; i++) {
        is_sound = (unsigned char)text[i] >= ' ' && text[i] != 0x7F;
    }
    if (!is_sound) {
        refuse(reader, key, "is no such text");
        return NULL;
    }
    return have(reader, pxm_arena_strndup(reader->manifest->arena, text, length));
}

static const char *text(struct reader *reader, const pxm_value *record, const char *key, size_t min, size_t max)
{
    const pxm_value *value = field(reader, record, key, PXM_TYPE_STRING);
    return value != NULL ? copy_text(reader, value, key, min, max) : NULL;
}

static const char *text_or_null(struct reader *reader, const pxm_value *record, const char *key)
{
    return is_there(record, key) ? text(reader, record, key, 1, NAME_BYTES_MAX) : NULL;
}

static const char *const *texts_or_null(struct reader *reader, const pxm_value *list, const char *key)
{
    size_t count = pxm_value_count(list);
    if (list == NULL) {
        return NULL;
    }
    if (pxm_value_type(list) != PXM_TYPE_LIST || count > LIST_MAX) {
        refuse(reader, key, "is no such list");
        return NULL;
    }
    const char **texts = have(reader, pxm_arena_array(reader->manifest->arena, count + 1, sizeof *texts));
    for (size_t i = 0; texts != NULL && i < count; i++) {
        const pxm_value *item = pxm_value_at(list, i);
        if (pxm_value_type(item) != PXM_TYPE_STRING) {
            refuse(reader, key, "is no list of texts");
            return NULL;
        }
        texts[i] = copy_text(reader, item, key, 1, TEXT_BYTES_MAX);
    }
    return texts;
}

/* ---- pipelines --------------------------------------------------------------------------------------------------- */

static void read_pipeline(struct reader *reader, const pxm_value *record)
{
    static const char *const keys[] = {"name",      "light",           "time_ms", "concurrency_max",
                                       "queue_max", "waits_when_full", NULL};
    only(reader, record, keys);
    struct app_pipeline pipeline = {
        .name = text(reader, record, "name", 1, NAME_BYTES_MAX),
        .light = truth(reader, record, "light"),
        .time_ms = number(reader, record, "time_ms", 0, INT64_MAX),
        .concurrency_max = number_or_unset(reader, record, "concurrency_max"),
        .queue_max = number_or_unset(reader, record, "queue_max"),
        .waits_when_full = truth(reader, record, "waits_when_full"),
    };
    if (pipeline.name != NULL && app_manifest_pipeline(reader->manifest, pipeline.name) != NULL) {
        refuse(reader, pipeline.name, "is there twice");
    }
    if (reader->status == PXM_OK) {
        reader->manifest->pipelines[reader->manifest->pipeline_count++] = pipeline;
    }
}

/* ---- triggers ---------------------------------------------------------------------------------------------------- */

static const char *method(struct reader *reader, const pxm_value *record)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};
    const char *said = pxm_value_as_string(pxm_value_get(record, "method"), NULL);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(said, methods[i]) == 0) {
            return methods[i];
        }
    }
    refuse(reader, "method", "is none of a trigger");
    return NULL;
}

static void read_http(struct reader *reader, const pxm_value *record, struct app_trigger *trigger)
{
    static const char *const keys[] = {"pipeline", "name",  "index", "kind",     "method", "path",  "status",
                                       "auth",     "cache", "vary",  "body_max", "reads",  "files", NULL};
    static const char *const read_keys[] = {"body", "json", "form", "files", NULL};
    const pxm_value *reads = field(reader, record, "reads", PXM_TYPE_RECORD);
    const pxm_value *files = field(reader, record, "files", PXM_TYPE_LIST | PXM_TYPE_NULL);

    only(reader, record, keys);
    only(reader, reads, read_keys);
    trigger->method = method(reader, record);
    trigger->path = text(reader, record, "path", 1, TEXT_BYTES_MAX);
    if (trigger->path != NULL && pxm_route_problem(trigger->path) != NULL) {
        refuse(reader, "path", "is no route");
    }
    trigger->status = (int)number(reader, record, "status", 200, 399);
    trigger->auth = text_or_null(reader, record, "auth");
    trigger->cache = text_or_null(reader, record, "cache");
    trigger->vary = texts_or_null(reader, pxm_value_get(record, "vary"), "vary");
    trigger->body_max = number(reader, record, "body_max", 0, INT64_MAX);
    trigger->reads_body = truth(reader, reads, "body");
    trigger->reads_json = truth(reader, reads, "json");
    trigger->reads_form = truth(reader, reads, "form");
    trigger->reads_files = truth(reader, reads, "files");
    trigger->files = texts_or_null(reader, pxm_value_type(files) == PXM_TYPE_NULL ? NULL : files, "files");
}

static void read_object_created(struct reader *reader, const pxm_value *record, struct app_trigger *trigger)
{
    static const char *const keys[] = {"pipeline", "name", "index", "kind", "store", "prefix", "suffix", "queue", NULL};
    only(reader, record, keys);
    trigger->store = text(reader, record, "store", 1, NAME_BYTES_MAX);
    trigger->prefix = text(reader, record, "prefix", 0, TEXT_BYTES_MAX);
    trigger->suffix = texts_or_null(reader, pxm_value_get(record, "suffix"), "suffix");
    trigger->queue = text_or_null(reader, record, "queue");
}

static void read_message(struct reader *reader, const pxm_value *record, struct app_trigger *trigger)
{
    static const char *const keys[] = {"pipeline", "name", "index", "kind", "queue", NULL};
    only(reader, record, keys);
    trigger->queue = text(reader, record, "queue", 1, NAME_BYTES_MAX);
}

static void read_schedule(struct reader *reader, const pxm_value *record, struct app_trigger *trigger)
{
    static const char *const keys[] = {"pipeline", "name", "index", "kind", "every_ms", NULL};
    only(reader, record, keys);
    trigger->every_ms = number(reader, record, "every_ms", 1, INT64_MAX);
}

static void read_kind(struct reader *reader, const pxm_value *record, struct app_trigger *trigger)
{
    static void (*const readers[])(struct reader *, const pxm_value *, struct app_trigger *) = {
        [PXM_TRIGGER_HTTP] = read_http,
        [PXM_TRIGGER_OBJECT_CREATED] = read_object_created,
        [PXM_TRIGGER_MESSAGE] = read_message,
        [PXM_TRIGGER_SCHEDULE] = read_schedule,
    };
    const char *kind = pxm_value_as_string(pxm_value_get(record, "kind"), NULL);
    for (size_t i = 0; app_manifest_kinds[i] != NULL; i++) {
        if (strcmp(kind, app_manifest_kinds[i]) == 0) {
            trigger->kind = (enum pxm_trigger_kind)i;
            readers[i](reader, record, trigger);
            return;
        }
    }
    refuse(reader, "kind", "is none of a trigger");
}

/* The triggers of a pipeline come in their order, so none is there twice. */
static void read_trigger(struct reader *reader, const pxm_value *record)
{
    struct app_manifest *manifest = reader->manifest;
    const char *pipeline = text(reader, record, "pipeline", 1, NAME_BYTES_MAX);
    struct app_trigger trigger = {
        .pipeline = pipeline != NULL ? app_manifest_pipeline(manifest, pipeline) : NULL,
        .name = text(reader, record, "name", 1, NAME_BYTES_MAX),
        .index = (uint32_t)number(reader, record, "index", 0, PXM_TRIGGERS_MAX - 1),
        .body_max = 0,
    };
    if (trigger.pipeline == NULL) {
        refuse(reader, "pipeline", "is not there");
        return;
    }
    read_kind(reader, record, &trigger);
    if (trigger.name != NULL && app_manifest_trigger(manifest, pipeline, trigger.name) != NULL) {
        refuse(reader, "name", "is there twice");
    }
    if (trigger.index != reader->counts[trigger.pipeline - manifest->pipelines]++) {
        refuse(reader, "index", "is not that of the next trigger");
    }
    if (reader->status == PXM_OK) {
        manifest->triggers[manifest->trigger_count++] = trigger;
    }
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void each(struct reader *reader, const pxm_value *list, void (*read)(struct reader *, const pxm_value *))
{
    for (size_t i = 0; reader->status == PXM_OK && i < pxm_value_count(list); i++) {
        const pxm_value *item = pxm_value_at(list, i);
        if (pxm_value_type(item) != PXM_TYPE_RECORD) {
            refuse(reader, "manifest", "has an entry that is no record");
            return;
        }
        read(reader, item);
    }
}

static void read_all(struct reader *reader, const pxm_value *json)
{
    static const char *const keys[] = {"version", "pipelines", "triggers", NULL};
    struct app_manifest *manifest = reader->manifest;

    only(reader, json, keys);
    number(reader, json, "version", APP_MANIFEST_VERSION, APP_MANIFEST_VERSION);
    const pxm_value *pipelines = field(reader, json, "pipelines", PXM_TYPE_LIST);
    const pxm_value *triggers = field(reader, json, "triggers", PXM_TYPE_LIST);
    size_t pipeline_count = pxm_value_count(pipelines), trigger_count = pxm_value_count(triggers);
    if (pipeline_count > PXM_PIPELINES_MAX || trigger_count > (size_t)PXM_PIPELINES_MAX * PXM_TRIGGERS_MAX) {
        refuse(reader, "manifest", "is too long");
    }
    if (reader->status != PXM_OK) {
        return;
    }
    manifest->pipelines =
        have(reader, pxm_arena_array(manifest->arena, pipeline_count + 1, sizeof *manifest->pipelines));
    manifest->triggers = have(reader, pxm_arena_array(manifest->arena, trigger_count + 1, sizeof *manifest->triggers));
    reader->counts = have(reader, pxm_arena_array(manifest->arena, pipeline_count + 1, sizeof *reader->counts));
    each(reader, pipelines, read_pipeline);
    each(reader, triggers, read_trigger);
}

pxm_status app_manifest_read(const pxm_value *json, struct app_manifest **ret, pxm_error *error)
{
    struct pxm_arena *arena = pxm_arena_new(MANIFEST_BYTES_MAX);
    struct reader reader = {.error = error};

    reader.manifest = arena != NULL ? pxm_arena_alloc(arena, sizeof *reader.manifest) : NULL;
    if (reader.manifest == NULL) {
        pxm_arena_free(arena);
        return pxm_error_no_memory(error);
    }
    reader.manifest->arena = arena;
    if (pxm_value_type(json) == PXM_TYPE_RECORD) {
        read_all(&reader, json);
    } else {
        refuse(&reader, "manifest", "is no record");
    }
    if (reader.status != PXM_OK) {
        pxm_arena_free(arena);
        return reader.status;
    }
    *ret = reader.manifest;
    return PXM_OK;
}

void app_manifest_free(struct app_manifest *manifest)
{
    if (manifest != NULL) {
        pxm_arena_free(manifest->arena); /* the manifest lies in it */
    }
}

/* ---- looking up -------------------------------------------------------------------------------------------------- */

const struct app_pipeline *app_manifest_pipeline(const struct app_manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->pipeline_count; i++) {
        if (strcmp(manifest->pipelines[i].name, name) == 0) {
            return &manifest->pipelines[i];
        }
    }
    return NULL;
}

const struct app_trigger *app_manifest_trigger(const struct app_manifest *manifest, const char *pipeline,
                                               const char *trigger)
{
    for (size_t i = 0; i < manifest->trigger_count; i++) {
        if (strcmp(manifest->triggers[i].name, trigger) == 0 &&
            strcmp(manifest->triggers[i].pipeline->name, pipeline) == 0) {
            return &manifest->triggers[i];
        }
    }
    return NULL;
}
