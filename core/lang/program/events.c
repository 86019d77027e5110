/* What `event` is, for each kind of trigger. */
#include "lang/program/compile.h"

#include <string.h>

static const struct pxm_type blob_or_null = {.bits = PXM_TYPE_BLOB | PXM_TYPE_NULL};
static const struct pxm_type string_or_null = {.bits = PXM_TYPE_STRING | PXM_TYPE_NULL};
static const struct pxm_type int_or_null = {.bits = PXM_TYPE_INT | PXM_TYPE_NULL};
/* Nobody declared what a client sends. */
static const struct pxm_type json_or_null = {.bits = PXM_TYPE_ANY, .open = true};
static const struct pxm_type_field user_fields[] = {{"subject", &pxm_type_string}};
static const struct pxm_type user = {.bits = PXM_TYPE_RECORD, .open = true, .field_count = 1, .fields = user_fields};

static const struct pxm_type_field object_fields[] = {
    {"key", &pxm_type_string},      {"store", &pxm_type_string}, {"bytes", &int_or_null},   {"etag", &string_or_null},
    {"sequencer", &string_or_null}, {"time", &pxm_type_string},  {"object", &pxm_type_blob}};
static const struct pxm_type object_created = {.bits = PXM_TYPE_RECORD, .field_count = 7, .fields = object_fields};

static const struct pxm_type_field message_fields[] = {
    {"id", &pxm_type_string}, {"json", &json_or_null}, {"attempts", &pxm_type_int}, {"sent_at", &int_or_null}};
static const struct pxm_type message = {.bits = PXM_TYPE_RECORD, .field_count = 4, .fields = message_fields};

static const struct pxm_type_field schedule_fields[] = {{"time", &pxm_type_string}};
static const struct pxm_type schedule = {.bits = PXM_TYPE_RECORD, .field_count = 1, .fields = schedule_fields};

/* The names in the holes of a route; "..." at the end of one belongs to no name. */
static const struct pxm_type *path_type(struct compiler *compiler, const char *path)
{
    struct pxm_type_field *fields =
        compile_have(compiler, pxm_arena_array(compiler->arena, strlen(path), sizeof *fields));
    size_t count = 0;

    for (const char *hole = strchr(path, '{'); fields && hole; hole = strchr(hole + 1, '{')) {
        char *name = pxm_arena_strndup(compiler->arena, hole + 1, strcspn(hole + 1, ".}"));
        fields[count++] = (struct pxm_type_field){.name = name, .type = &pxm_type_string};
        if (!compile_have(compiler, name)) {
            return NULL;
        }
    }
    return fields ? compile_record_type(compiler, fields, count) : NULL;
}

static const struct pxm_type *http_type(struct compiler *compiler, const struct pxm_trigger *trigger)
{
    const struct pxm_type_field all[] = {
        {"method", &pxm_type_string},
        {"path", path_type(compiler, trigger->path)},
        {"query", &pxm_type_record},
        {"headers", &pxm_type_record},
        {"body", &blob_or_null},
        {"json", &json_or_null},
        {"form", &pxm_type_record},
        {"files", &pxm_type_record},
        {"filenames", &pxm_type_record},
        {"remote_addr", &pxm_type_string},
        {"user", &user},
    };
    const size_t count = sizeof all / sizeof all[0] - (trigger->auth ? 0 : 1);
    struct pxm_type_field *fields = compile_have(compiler, pxm_arena_array(compiler->arena, count, sizeof *fields));

    if (!fields || !all[1].type) {
        return NULL;
    }
    memcpy(fields, all, count * sizeof *fields);
    return compile_record_type(compiler, fields, count);
}

const struct pxm_type *compile_event_type(struct compiler *compiler, const struct pxm_trigger *trigger)
{
    switch (trigger->kind) {
    case PXM_TRIGGER_HTTP:
        return http_type(compiler, trigger);
    case PXM_TRIGGER_OBJECT_CREATED:
        return &object_created;
    case PXM_TRIGGER_MESSAGE:
        return &message;
    case PXM_TRIGGER_SCHEDULE:
        return &schedule;
    }
    return NULL;
}
