/* Makes what a test gives. Events get what every event of their kind has, where the test says nothing. */
#include "fill.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/job.h"
#include "base/media.h"
#include "base/stream.h"
#include "base/value.h"
#include "clock.h"
#include "engine/bind.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 30 };

const char fill_code[] = "test.given";

static struct pxm_job fill_job(void)
{
    struct pxm_job job = {.id = "given", .clock = clock_fixed(), .deadline_ms = INT64_MAX};

    pxm_limits_default(&job.limits);
    return job;
}

/* ---- bytes ---- */

pxm_status fill_content(struct tools *tools, const struct content *content, pxm_blob **ret, pxm_error *error)
{
    switch (content->kind) {
    case CONTENT_FILE:
        return pxm_blob_open(content->path, FILE_BYTES_MAX, ret, error);
    case CONTENT_TEXT:
        *ret = pxm_blob_copy(content->text, content->length);
        return *ret ? PXM_OK : pxm_error_no_memory(error);
    case CONTENT_GENERATE:
        return tools_generate(tools, &content->picture, ret, error);
    }
    return PXM_E_INTERNAL;
}

/* ---- stores and tables ---- */

static pxm_status put_blob(struct pxm_instance *store, const struct given_object *object, pxm_blob *blob,
                           pxm_error *error)
{
    struct pxm_job job = fill_job();
    size_t length = 0;
    const void *data = pxm_blob_data(blob, &length);
    pxm_stream *body = pxm_stream_of_blob(blob);
    pxm_value *fields = pxm_value_record();
    const struct pxm_put put = {.struct_size = sizeof put,
                                .key = object->key,
                                .content_type = data ? pxm_media_type(data, length) : NULL,
                                .meta = object->meta,
                                .body = body};

    pxm_status status =
        body && fields ? store->ops.storage.put(store->self, &job, &put, fields, error) : pxm_error_no_memory(error);
    pxm_value_unref(fields);
    pxm_stream_close(body);
    return status;
}

static pxm_status put_object(struct tools *tools, pxm_project_handle *handle, const struct given_object *object,
                             pxm_error *error)
{
    pxm_blob *blob = NULL;
    pxm_status status = fill_content(tools, object->content, &blob, error);

    if (status == PXM_OK) {
        status = put_blob(pxm_project_instance(handle, PXM_RESOURCE_STORE, object->store), object, blob, error);
    }
    pxm_blob_unref(blob);
    if (status != PXM_OK) {
        pxm_error_context(error, "given %s:%s", object->store, object->key);
    }
    return status;
}

static pxm_status put_item(pxm_project_handle *handle, const struct given_item *item, pxm_error *error)
{
    struct pxm_instance *table = pxm_project_instance(handle, PXM_RESOURCE_TABLE, item->table);
    struct pxm_job job = fill_job();
    pxm_value *fields = pxm_value_record();
    const struct pxm_record record = {.struct_size = sizeof record, .key = item->key, .set = item->value};

    pxm_status status =
        fields ? table->ops.metadata.record(table->self, &job, &record, fields, error) : pxm_error_no_memory(error);
    pxm_value_unref(fields);
    if (status != PXM_OK) {
        pxm_error_context(error, "given %s:%s", item->table, item->key);
    }
    return status;
}

pxm_status fill_resources(struct tools *tools, pxm_project_handle *handle, const struct given *given, pxm_error *error)
{
    pxm_status status = PXM_OK;

    for (size_t i = 0; i < given->object_count && status == PXM_OK; i++) {
        status = put_object(tools, handle, &given->objects[i], error);
    }
    for (size_t i = 0; i < given->item_count && status == PXM_OK; i++) {
        status = put_item(handle, &given->items[i], error);
    }
    return status;
}

/* ---- data ---- */

/* A new reference; NULL with the error set. Recursion ends: files have no files. */
static pxm_value *datum_value(struct tools *tools, const struct datum *datum, pxm_error *error)
{
    pxm_blob *blob = NULL;

    if (datum->value) {
        return pxm_value_ref(datum->value);
    }
    if (datum->content) {
        if (fill_content(tools, datum->content, &blob, error) == PXM_OK) {
            return pxm_value_blob(blob);
        }
        pxm_error_set(error, PXM_E_INVALID, fill_code, "given `%s`: %s", datum->name, error->text);
        return NULL;
    }
    pxm_value *record = pxm_value_record();
    for (size_t i = 0; record && i < datum->count; i++) {
        pxm_value *item = datum_value(tools, &datum->items[i], error);
        if (!item || pxm_value_set(record, datum->items[i].name, item) != PXM_OK) {
            pxm_value_unref(record);
            record = NULL;
        }
    }
    return record;
}

static pxm_status no_value(pxm_error *error)
{
    return error->status == PXM_OK ? pxm_error_no_memory(error) : error->status;
}

/* ---- events ---- */

static void set_http_defaults(const struct pxm_trigger *trigger, pxm_value *event)
{
    static const char *const records[] = {"path", "query", "headers", "form", "files", "filenames"};

    pxm_value_set(event, "method", pxm_value_cstring(trigger->method));
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        pxm_value_set(event, records[i], pxm_value_record());
    }
    pxm_value_set(event, "remote_addr", pxm_value_cstring("127.0.0.1"));
    if (trigger->auth) {
        pxm_value *user = pxm_value_record();
        pxm_value_set(user, "subject", pxm_value_cstring("test"));
        pxm_value_set(event, "user", user);
    }
}

static void set_defaults(const struct pxm_trigger *trigger, pxm_value *event)
{
    char time[PXM_TIME_TEXT_MAX];

    pxm_time_format(CLOCK_START_MS, time);
    switch (trigger->kind) {
    case PXM_TRIGGER_HTTP:
        set_http_defaults(trigger, event);
        break;
    case PXM_TRIGGER_OBJECT_CREATED:
        pxm_value_set(event, "store", pxm_value_cstring(trigger->store));
        pxm_value_set(event, "time", pxm_value_cstring(time));
        break;
    case PXM_TRIGGER_MESSAGE:
        pxm_value_set(event, "id", pxm_value_cstring("1"));
        pxm_value_set(event, "attempts", pxm_value_int(1));
        pxm_value_set(event, "sent_at", pxm_value_int(CLOCK_START_MS));
        break;
    case PXM_TRIGGER_SCHEDULE:
        pxm_value_set(event, "time", pxm_value_cstring(time));
        break;
    }
}

/* What the test does not say. */
static void add_known(pxm_value *event, const pxm_value *fields, const char *name)
{
    if (!pxm_value_get(event, name)) {
        pxm_value_set(event, name, pxm_value_ref(pxm_value_get(fields, name)));
    }
}

/* What a host knows of the object that an event names, and its bytes where the trigger wants them. */
static pxm_status add_object(const pxm_pipeline *pipeline, const struct pxm_trigger *trigger, pxm_value *event,
                             pxm_error *error)
{
    struct pxm_instance *store = pxm_project_instance(pipeline->project, PXM_RESOURCE_STORE, trigger->store);
    struct pxm_job job = fill_job();
    const struct pxm_get get = {
        .struct_size = sizeof get, .key = pxm_value_as_string(pxm_value_get(event, "key"), NULL), .length = -1};
    bool wanted = pxm_bind_reads(trigger, "object") && !pxm_value_get(event, "object");
    pxm_stream *stream = NULL;
    pxm_blob *blob = NULL;
    pxm_value *fields = pxm_value_record();

    pxm_status status =
        fields ? store->ops.storage.get(store->self, &job, &get, &stream, fields, error) : pxm_error_no_memory(error);
    if (status == PXM_OK) {
        status = pxm_stream_to_blob(stream, &job, FILE_BYTES_MAX, &blob, error);
    }
    pxm_stream_close(stream);
    if (status == PXM_OK) {
        add_known(event, fields, "bytes");
        add_known(event, fields, "etag");
        if (wanted) {
            pxm_value_set(event, "object", pxm_value_blob(blob));
        } else {
            pxm_blob_unref(blob);
        }
    } else if (status == PXM_E_NOT_FOUND && !wanted) {
        pxm_error_clear(error); /* it was removed since, and the pipeline will see that */
        status = PXM_OK;
    }
    pxm_value_unref(fields);
    return status;
}

static pxm_status make_event(struct tools *tools, const pxm_pipeline *pipeline, const struct given *given,
                             pxm_value *event, pxm_error *error)
{
    bool keyed = false;

    set_defaults(given->trigger, event);
    for (size_t i = 0; i < given->field_count; i++) {
        pxm_value *value = datum_value(tools, &given->fields[i], error);
        if (!value || pxm_value_set(event, given->fields[i].name, value) != PXM_OK) {
            return no_value(error);
        }
        keyed = keyed || strcmp(given->fields[i].name, "key") == 0;
    }
    return given->trigger->kind == PXM_TRIGGER_OBJECT_CREATED && keyed
               ? add_object(pipeline, given->trigger, event, error)
               : PXM_OK;
}

static pxm_status bind_event(struct tools *tools, const pxm_pipeline *pipeline, const struct given *given,
                             pxm_value ***ret, pxm_error *error)
{
    pxm_value *event = pxm_value_record();
    pxm_status status = event ? make_event(tools, pipeline, given, event, error) : pxm_error_no_memory(error);

    if (status == PXM_OK) {
        status = pxm_bind_event(pipeline, given->trigger, event, ret, error);
    }
    pxm_value_unref(event);
    return status;
}

/* ---- inputs ---- */

static size_t index_of(const struct pxm_program *program, const char *name)
{
    size_t i = 0;

    while (i + 1 < program->input_count && strcmp(program->inputs[i].name, name) != 0) {
        i++;
    }
    return i;
}

pxm_status fill_inputs(struct tools *tools, pxm_pipeline *pipeline, const struct given *given, pxm_value ***ret,
                       pxm_error *error)
{
    if (given->trigger) {
        return bind_event(tools, pipeline, given, ret, error);
    }
    pxm_value **values = calloc(pipeline->program->input_count + 1, sizeof(pxm_value *));
    pxm_status status = values ? PXM_OK : pxm_error_no_memory(error);
    for (size_t i = 0; i < given->input_count && status == PXM_OK; i++) {
        pxm_value **slot = &values[index_of(pipeline->program, given->inputs[i].name)];
        *slot = datum_value(tools, &given->inputs[i], error);
        status = *slot ? PXM_OK : no_value(error);
    }
    if (status != PXM_OK) {
        pxm_bind_free(pipeline, values);
        return status;
    }
    *ret = values;
    return PXM_OK;
}
