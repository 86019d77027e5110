/* Making what is missing of the tables or queues of a profile. On the thread of the caller. */
#include "engine/project_handle.h"

#include "base/error.h"
#include "base/job.h"
#include "base/value.h"

#include <string.h>

static bool has_text(const pxm_value *list, const char *text)
{
    for (size_t i = 0; i < pxm_value_count(list); i++) {
        if (strcmp(pxm_value_as_string(pxm_value_at(list, i), NULL), text) == 0) {
            return true;
        }
    }
    return false;
}

/* The buckets of the stores that tell of their objects through a queue. NULL: out of memory. */
static pxm_value *senders_of(const pxm_project_handle *handle, const char *queue)
{
    pxm_value *senders = pxm_value_list();

    for (size_t i = 0; i < handle->profile->resource_count; i++) {
        const struct pxm_resource *store = &handle->profile->resources[i];
        bool tells = store->kind == PXM_RESOURCE_STORE && store->events && strcmp(store->events, queue) == 0;
        const char *bucket = tells ? pxm_instance_text(handle->resources.instances[i], "bucket") : NULL;
        if (bucket && !has_text(senders, bucket)) {
            pxm_value_append(senders, pxm_value_cstring(bucket));
        }
    }
    if (pxm_value_status(senders) != PXM_OK) {
        pxm_value_unref(senders);
        return NULL;
    }
    return senders;
}

static pxm_status prepare_queue(const pxm_project_handle *handle, struct pxm_instance *instance, const char *name,
                                pxm_job *job, pxm_value *fields, pxm_error *error)
{
    pxm_value *senders = senders_of(handle, name);
    const struct pxm_prepare prepare = {.struct_size = sizeof prepare, .senders = senders};

    if (!senders) {
        return pxm_error_no_memory(error);
    }
    pxm_instance_enter(instance);
    pxm_status status = instance->ops.queue.prepare(instance->self, job, &prepare, fields, error);
    pxm_instance_leave(instance);
    pxm_value_unref(senders);
    return status;
}

static pxm_status prepare_table(struct pxm_instance *instance, pxm_job *job, pxm_value *fields, pxm_error *error)
{
    pxm_instance_enter(instance);
    pxm_status status = instance->ops.metadata.prepare(instance->self, job, fields, error);
    pxm_instance_leave(instance);
    return status;
}

static pxm_status prepare_one(pxm_project_handle *handle, const struct pxm_resource *resource, int64_t timeout_ms,
                              pxm_value *fields, pxm_error *error)
{
    const struct pxm_clock *clock = handle->engine->clock;
    struct pxm_instance *instance = pxm_project_instance(handle, resource->kind, resource->name);
    pxm_job job = {.id = "prepare",
                   .clock = clock,
                   .deadline_ms = clock->monotonic_ms(clock->arg) + timeout_ms,
                   .limits = handle->engine->limits};
    pxm_status status = PXM_OK;

    if (resource->kind == PXM_RESOURCE_TABLE && instance->ops.metadata.prepare) {
        status = prepare_table(instance, &job, fields, error);
    } else if (resource->kind == PXM_RESOURCE_QUEUE && instance->ops.queue.prepare) {
        status = prepare_queue(handle, instance, resource->name, &job, fields, error);
    }
    return status == PXM_OK && pxm_value_status(fields) != PXM_OK ? pxm_error_no_memory(error) : status;
}

size_t pxm_project_prepare(pxm_project_handle *handle, enum pxm_resource_kind kind, const char *name,
                           int64_t timeout_ms,
                           void (*each)(void *arg, const struct pxm_resource *resource, const pxm_value *fields,
                                        const pxm_error *error),
                           void *arg)
{
    size_t count = 0;

    for (size_t i = 0; i < handle->profile->resource_count; i++) {
        const struct pxm_resource *resource = &handle->profile->resources[i];
        if (resource->kind != kind || (name && strcmp(resource->name, name) != 0)) {
            continue;
        }
        pxm_error error = {0};
        pxm_value *fields = pxm_value_record();
        if (!fields) {
            pxm_error_no_memory(&error);
        } else {
            prepare_one(handle, resource, timeout_ms, fields, &error);
        }
        each(arg, resource, fields, &error);
        pxm_value_unref(fields);
        count++;
    }
    return count;
}
