/* What only a process with plugins can find out of an event. */
#include "app/event_complete.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/stream.h"
#include "base/value.h"
#include "engine/bind.h"

#include <string.h>

/* The auth of a trigger that is a resource; NULL: the host itself asks who it is, or nobody does. */
static struct pxm_instance *auth_of(pxm_project_handle *project, const struct pxm_trigger *trigger)
{
    return trigger->auth ? pxm_project_instance(project, PXM_RESOURCE_AUTH, trigger->auth) : NULL;
}

static pxm_status verify(struct pxm_instance *auth, const pxm_value *event, pxm_job *job, pxm_value **ret,
                         pxm_error *error)
{
    static const char *const parts[] = {"method", "path", "headers", "query"};
    pxm_value *request = pxm_value_record(), *user = pxm_value_record();

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const pxm_value *part = pxm_value_get(event, parts[i]);
        pxm_value_set(request, parts[i], part ? pxm_value_ref(part) : pxm_value_null());
    }
    pxm_status status = pxm_value_status(request) == PXM_OK && user ? PXM_OK : pxm_error_no_memory(error);
    if (status == PXM_OK && !auth->ops.auth.verify) {
        status = pxm_error_set(error, PXM_E_INTERNAL, "plugin.contract", "%s cannot verify", auth->name);
    }
    if (status == PXM_OK) {
        pxm_instance_enter(auth);
        status = auth->ops.auth.verify(auth->self, job, request, user, error);
        pxm_instance_leave(auth);
    }
    pxm_value_unref(request);
    if (status != PXM_OK) {
        pxm_value_unref(user);
        return status;
    }
    *ret = user;
    return PXM_OK;
}

static pxm_status read_object(struct pxm_instance *store, const char *key, pxm_job *job, pxm_value *fields,
                              pxm_blob **ret, pxm_error *error)
{
    const struct pxm_get get = {.struct_size = sizeof get, .key = key, .length = -1};
    pxm_stream *stream = NULL;

    pxm_instance_enter(store);
    pxm_status status = store->ops.storage.get(store->self, job, &get, &stream, fields, error);
    if (status == PXM_OK && !stream) {
        status = pxm_error_set(error, PXM_E_INTERNAL, "plugin.contract", "%s succeeded without a body", store->name);
    }
    if (status == PXM_OK) {
        status = pxm_stream_to_blob(stream, job, job->limits.bytes, ret, error);
    }
    pxm_stream_close(stream);
    pxm_instance_leave(store);
    return status;
}

static pxm_status get_object(pxm_project_handle *project, const pxm_value *event, pxm_job *job, pxm_value **ret,
                             pxm_error *error)
{
    const char *name = pxm_value_as_string(pxm_value_get(event, "store"), NULL);
    const char *key = pxm_value_as_string(pxm_value_get(event, "key"), NULL);
    struct pxm_instance *store = pxm_project_instance(project, PXM_RESOURCE_STORE, name);
    pxm_value *fields = NULL;
    pxm_blob *blob = NULL;

    if (!store || !store->ops.storage.get) {
        return pxm_error_set(error, PXM_E_NOT_FOUND, "store.unsupported", "the store `%.64s` cannot be read", name);
    }
    fields = pxm_value_record();
    pxm_status status = fields ? read_object(store, key, job, fields, &blob, error) : pxm_error_no_memory(error);
    if (status == PXM_OK) {
        *ret = pxm_value_blob(blob);
        status = *ret ? PXM_OK : pxm_error_no_memory(error);
    }
    pxm_value_unref(fields);
    return status;
}

/* A copy of the event with one member more. */
static pxm_status with(const pxm_value *event, const char *key, pxm_value *item, pxm_value **ret, pxm_error *error)
{
    pxm_value *copy = pxm_value_record();

    for (size_t i = 0; i < pxm_value_count(event); i++) {
        pxm_value_set(copy, pxm_value_key(event, i), pxm_value_ref(pxm_value_at(event, i)));
    }
    pxm_value_set(copy, key, item);
    if (pxm_value_status(copy) != PXM_OK) {
        pxm_value_unref(copy);
        return pxm_error_no_memory(error);
    }
    *ret = copy;
    return PXM_OK;
}

pxm_status app_event_complete(pxm_project_handle *project, const struct pxm_trigger *trigger, const pxm_value *event,
                              pxm_job *job, pxm_value **ret, pxm_error *error)
{
    struct pxm_instance *auth = trigger->kind == PXM_TRIGGER_HTTP ? auth_of(project, trigger) : NULL;
    pxm_value *item = NULL;

    if (auth) {
        pxm_status status = verify(auth, event, job, &item, error);
        return status == PXM_OK ? with(event, "user", item, ret, error) : status;
    }
    if (trigger->kind == PXM_TRIGGER_OBJECT_CREATED && pxm_bind_reads(trigger, "object")) {
        pxm_status status = get_object(project, event, job, &item, error);
        return status == PXM_OK ? with(event, "object", item, ret, error) : status;
    }
    *ret = pxm_value_ref(event);
    return PXM_OK;
}
