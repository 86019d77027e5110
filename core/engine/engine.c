/* The engine's life: made before the first project, freed after the last. Calls come from the host program. */
#include "engine/engine.h"

#include "base/error.h"
#include "base/job.h"
#include "engine/report.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int64_t or_default(int64_t wanted, int64_t fallback)
{
    return wanted == 0 ? fallback : wanted;
}

static void set_limits(pxm_engine *engine, const struct pxm_engine_options *options)
{
    const struct pxm_limits *wanted = &options->limits;
    struct pxm_limits limits;

    pxm_limits_default(&limits);
    limits.bytes = or_default(wanted->bytes, limits.bytes);
    limits.pixels = or_default(wanted->pixels, limits.pixels);
    limits.side = or_default(wanted->side, limits.side);
    limits.frames = or_default(wanted->frames, limits.frames);
    limits.memory = or_default(wanted->memory, limits.memory);
    limits.scans = or_default(wanted->scans, limits.scans);
    limits.output_side = or_default(wanted->output_side, limits.output_side);
    engine->limits = limits;
    engine->time_ms = or_default(options->time_ms, PXM_TIME_MS_DEFAULT);
}

/* What an older or absent struct does not say is zero, which means the default. */
static struct pxm_engine_options widen(const struct pxm_engine_options *options)
{
    struct pxm_engine_options wide = {0};

    if (options) {
        memcpy(&wide, options, options->struct_size < sizeof wide ? options->struct_size : sizeof wide);
    }
    return wide;
}

static pxm_status take_registry(pxm_engine *engine, const struct pxm_engine_parts *parts, const char *plugin_path,
                                pxm_error *error)
{
    engine->registry = parts->registry;
    if (engine->registry) {
        return PXM_OK;
    }
    engine->owns_registry = true;
    return pxm_registry_new(plugin_path, &engine->registry, error);
}

pxm_status pxm_engine_create(const struct pxm_engine_options *options, const struct pxm_engine_parts *parts,
                             pxm_engine **ret, pxm_error *error)
{
    const struct pxm_engine_parts none = {0};
    struct pxm_engine_options wide = widen(options);
    pxm_engine *engine = calloc(1, sizeof *engine);

    if (!engine) {
        return pxm_error_no_memory(error);
    }
    pthread_mutex_init(&engine->load_lock, NULL);
    parts = parts ? parts : &none;
    engine->clock = parts->clock ? parts->clock : &pxm_clock_system;
    engine->extensions = parts->extensions;
    set_limits(engine, &wide);
    pxm_status status = take_registry(engine, parts, wide.plugin_path, error);
    if (status == PXM_OK) {
        status = pxm_pool_new(wide.workers, &engine->pool, error);
    }
    if (status != PXM_OK) {
        pxm_engine_free(engine);
        return status;
    }
    *ret = engine;
    return PXM_OK;
}

pxm_status pxm_engine_new(const struct pxm_engine_options *options, pxm_engine **ret, pxm_error **ret_error)
{
    struct pxm_error error = {0};
    pxm_status status = pxm_engine_create(options, NULL, ret, &error);

    return pxm_report(status, &error, ret_error);
}

pxm_status pxm_engine_add_builtin(pxm_engine *engine, pxm_plugin_entry_fn entry, pxm_error **ret_error)
{
    struct pxm_error error = {0};
    pxm_status status = pxm_registry_add_builtin(engine->registry, entry, &error);

    return pxm_report(status, &error, ret_error);
}

pxm_status pxm_engine_add_builtins(pxm_engine *engine, const pxm_plugin_entry_fn *entries, pxm_error **ret_error)
{
    pxm_status status = PXM_OK;

    for (size_t i = 0; entries[i] && status == PXM_OK; i++) {
        status = pxm_engine_add_builtin(engine, entries[i], ret_error);
    }
    return status;
}

void pxm_engine_free(pxm_engine *engine)
{
    if (!engine) {
        return;
    }
    assert(engine->project_count == 0);
    pxm_pool_free(engine->pool);
    for (size_t i = engine->transform_count; i > 0; i--) {
        pxm_instance_free(engine->transforms[i - 1]);
    }
    if (engine->owns_registry) {
        pxm_registry_free(engine->registry);
    }
    pthread_mutex_destroy(&engine->load_lock);
    free(engine);
}

pxm_status pxm_engine_transform(pxm_engine *engine, const struct pxm_unit *unit, struct pxm_instance **ret,
                                pxm_error *error)
{
    for (size_t i = 0; i < engine->transform_count; i++) {
        if (engine->transforms[i]->unit == unit) {
            *ret = engine->transforms[i];
            return PXM_OK;
        }
    }
    if (engine->transform_count == PXM_TRANSFORMS_MAX) {
        return pxm_error_set(error, PXM_E_LIMIT, "engine.transforms", "more than %d different operations in one engine",
                             PXM_TRANSFORMS_MAX);
    }
    const struct pxm_instance_options options = {.registry = engine->registry,
                                                 .unit = unit,
                                                 .name = unit->name,
                                                 .clock = engine->clock,
                                                 .extensions = engine->extensions};
    pxm_status status = pxm_instance_new(&options, &engine->transforms[engine->transform_count], error);
    if (status != PXM_OK) {
        return status;
    }
    *ret = engine->transforms[engine->transform_count++];
    return PXM_OK;
}
