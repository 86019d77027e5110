/* Makes, guards and ends instances of units. The engine keeps those of transforms, a project those of its resources. */
#include "engine/instance.h"

#include "base/error.h"
#include "engine/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t ops_size(const char *iface)
{
    static const struct {
        const char *iface;
        size_t size;
    } known[] = {{PXM_IFACE_TRANSFORM, sizeof(struct pxm_transform_ops)},
                 {PXM_IFACE_STORAGE, sizeof(struct pxm_storage_ops)},
                 {PXM_IFACE_METADATA, sizeof(struct pxm_metadata_ops)},
                 {PXM_IFACE_QUEUE, sizeof(struct pxm_queue_ops)},
                 {PXM_IFACE_AUTH, sizeof(struct pxm_auth_ops)}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(iface, known[i].iface) == 0) {
            return known[i].size;
        }
    }
    return 0;
}

static void copy_ops(struct pxm_instance *instance)
{
    uint32_t theirs = 0;
    size_t ours = ops_size(instance->unit->iface);

    memcpy(&theirs, instance->ready->ops, sizeof theirs); /* every ops struct starts with its size */
    memcpy(&instance->ops, instance->ready->ops, theirs < ours ? theirs : ours);
}

/* The thread model is that of the unit as described; a body repeats nothing of it. */
static pxm_status acquire_gate(struct pxm_instance *instance, pxm_error *error)
{
    if (instance->unit->threads == PXM_THREADS_PARALLEL) {
        return PXM_OK;
    }
    bool alone = instance->unit->threads == PXM_THREADS_PER_INSTANCE;
    instance->gate = pxm_gate_acquire(alone ? NULL : instance->ready->ops);
    return instance->gate ? PXM_OK : pxm_error_no_memory(error);
}

static pxm_status create(struct pxm_instance *instance, struct pxm_registry *registry, pxm_error *error)
{
    pxm_status status = pxm_registry_ready(registry, instance->unit, &instance->ready, error);

    if (status != PXM_OK) {
        return status;
    }
    if (!instance->ready->ops) {
        return pxm_error_set(error, PXM_E_INTERNAL, "plugin.contract", "%s has no functions", instance->name);
    }
    instance->abi = pxm_registry_abi(registry, instance->ready);
    copy_ops(instance);
    status = acquire_gate(instance, error);
    if (status != PXM_OK) {
        return status;
    }
    const void *config = instance->config ? pxm_config_data(instance->config) : NULL;
    pxm_instance_enter(instance);
    if (config && instance->unit->validate) {
        status = instance->unit->validate(&instance->host, config, error);
    }
    if (status == PXM_OK && instance->ready->create) {
        status = instance->ready->create(&instance->host, config, &instance->self, error);
    }
    pxm_instance_leave(instance);
    return status;
}

pxm_status pxm_instance_new(const struct pxm_instance_options *options, struct pxm_instance **ret, pxm_error *error)
{
    struct pxm_instance *instance = calloc(1, sizeof *instance);

    if (!instance) {
        pxm_config_free(options->config);
        return pxm_error_no_memory(error);
    }
    instance->unit = options->unit;
    instance->config = options->config;
    snprintf(instance->name, sizeof instance->name, "%s", options->name);
    instance->impl =
        (struct pxm_host_impl){.name = instance->name, .clock = options->clock, .extensions = options->extensions};
    pxm_host_init(&instance->host, &instance->impl);
    pxm_status status = create(instance, options->registry, error);
    if (status != PXM_OK) {
        instance->ready = NULL; /* never created, so never to be destroyed */
        pxm_instance_free(instance);
        return status;
    }
    *ret = instance;
    return PXM_OK;
}

void pxm_instance_free(struct pxm_instance *instance)
{
    if (!instance) {
        return;
    }
    if (instance->ready && instance->ready->destroy) {
        pxm_instance_enter(instance);
        instance->ready->destroy(instance->self);
        pxm_instance_leave(instance);
    }
    pxm_gate_release(instance->gate);
    pxm_config_free(instance->config);
    free(instance);
}

void pxm_instance_enter(struct pxm_instance *instance)
{
    if (instance->gate) {
        pxm_gate_enter(instance->gate);
    }
}

void pxm_instance_leave(struct pxm_instance *instance)
{
    if (instance->gate) {
        pxm_gate_leave(instance->gate);
    }
}

pxm_status pxm_instance_check(struct pxm_instance *instance, pxm_job *job, pxm_error *error)
{
    if (!instance->ready->check) {
        return PXM_OK;
    }
    pxm_instance_enter(instance);
    pxm_status status = instance->ready->check(instance->self, job, error);
    pxm_instance_leave(instance);
    return status;
}

const char *pxm_instance_text(const struct pxm_instance *instance, const char *option)
{
    const struct pxm_unit *unit = instance->unit;
    const struct pxm_option_table table = {unit->options, unit->option_size, unit->config_size};
    int found = instance->config ? pxm_options_find(&table, option, NULL) : -1;
    const char *text = NULL;

    if (found < 0 || pxm_options_at(&table, (size_t)found).type != PXM_OPT_STRING) {
        return NULL;
    }
    const char *config = pxm_config_data(instance->config);
    memcpy(&text, config + pxm_options_at(&table, (size_t)found).offset, sizeof text);
    return text;
}

void pxm_instance_resumed(struct pxm_instance *instance)
{
    if (instance->ready->resumed) {
        pxm_instance_enter(instance);
        instance->ready->resumed(instance->self);
        pxm_instance_leave(instance);
    }
}
