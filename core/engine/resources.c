/* Creates and ends the resources of a profile. Called by the thread that opens or closes the project. */
#include "engine/resources.h"

#include "base/error.h"
#include "engine/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *pxm_resource_kind_name(enum pxm_resource_kind kind)
{
    switch (kind) {
    case PXM_RESOURCE_STORE:
        return "store";
    case PXM_RESOURCE_TABLE:
        return "table";
    case PXM_RESOURCE_QUEUE:
        return "queue";
    case PXM_RESOURCE_AUTH:
        return "auth";
    }
    return "resource";
}

/* ---- stand-ins --------------------------------------------------------------------------------------------------- */

/* The options that both tables have, by name and type, as they were bound. */
static void keep_options(const struct pxm_bindings *from, struct pxm_bindings *to)
{
    for (size_t i = 0; i < pxm_options_count(to->table); i++) {
        struct pxm_option option = pxm_options_at(to->table, i);
        int found = pxm_options_find(from->table, option.name, NULL);
        if (found >= 0 && pxm_options_at(from->table, (size_t)found).type == option.type) {
            to->items[i] = from->items[found];
        }
    }
    to->constant = false;
}

/* The same resource with another driver; false is reported. */
static bool stand_in(const struct pxm_unit *unit, struct pxm_resource *resource, struct pxm_diags *diags)
{
    struct pxm_option_table *table = pxm_arena_alloc(diags->arena, sizeof *table);
    const struct pxm_bind_rules rules = {.owner = unit->name};

    if (!table) {
        pxm_diags_no_memory(diags);
        return false;
    }
    *table = (struct pxm_option_table){unit->options, unit->option_size, unit->config_size};
    struct pxm_bindings *bindings = pxm_options_bind(diags->arena, table, NULL, resource->span, &rules, diags);
    if (!bindings) {
        return false;
    }
    keep_options(resource->options, bindings);
    resource->unit = unit;
    resource->options = bindings;
    return true;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static pxm_status open_one(pxm_engine *engine, const struct pxm_resource *resource, const struct pxm_scope *scope,
                           struct pxm_instance **ret, pxm_error *error)
{
    char name[128];
    struct pxm_config *config = NULL;
    pxm_status status = pxm_config_fill(resource->options, scope, &config, error);

    if (status == PXM_OK) {
        status = pxm_places_make(resource->options, pxm_config_data(config), error);
    }
    if (status != PXM_OK) {
        pxm_config_free(config);
        return status;
    }
    snprintf(name, sizeof name, "%s `%s`", pxm_resource_kind_name(resource->kind), resource->name);
    const struct pxm_instance_options options = {.registry = engine->registry,
                                                 .unit = resource->unit,
                                                 .name = name,
                                                 .clock = engine->clock,
                                                 .extensions = engine->extensions,
                                                 .config = config};
    return pxm_instance_new(&options, ret, error);
}

bool pxm_resources_open(struct pxm_resources *resources, pxm_engine *engine, const struct pxm_environment *environment,
                        const struct pxm_outside *outside, struct pxm_diags *diags, pxm_error *error)
{
    const struct pxm_profile *profile = environment->profile;
    struct pxm_scope scope = pxm_environment_scope(environment);
    size_t before = diags->errors;

    resources->profile = profile;
    resources->instances = calloc(profile->resource_count + 1, sizeof(struct pxm_instance *));
    if (!resources->instances) {
        pxm_diags_no_memory(diags);
        return false;
    }
    for (size_t i = 0; i < profile->resource_count; i++) {
        struct pxm_resource resource = profile->resources[i];
        const struct pxm_unit *other = outside ? outside->driver(outside->arg, &resource) : NULL;
        pxm_error failure = {0};
        if (other && !stand_in(other, &resource, diags)) {
            continue;
        }
        if (open_one(engine, &resource, &scope, &resources->instances[i], &failure) != PXM_OK) {
            pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E506", resource.span, "%s `%s` cannot be opened: %s",
                         pxm_resource_kind_name(resource.kind), resource.name, failure.text);
            if (error->status == PXM_OK) {
                *error = failure;
            }
        }
    }
    return diags->errors == before;
}

void pxm_resources_close(struct pxm_resources *resources)
{
    for (size_t i = resources->profile ? resources->profile->resource_count : 0; resources->instances && i > 0; i--) {
        pxm_instance_free(resources->instances[i - 1]);
    }
    free(resources->instances);
    *resources = (struct pxm_resources){0};
}

struct pxm_instance *pxm_resources_find(const struct pxm_resources *resources, enum pxm_resource_kind kind,
                                        const char *name)
{
    for (size_t i = 0; i < resources->profile->resource_count; i++) {
        const struct pxm_resource *resource = &resources->profile->resources[i];
        if (resource->kind == kind && strcmp(resource->name, name) == 0) {
            return resources->instances[i];
        }
    }
    return NULL;
}
