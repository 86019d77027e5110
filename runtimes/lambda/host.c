/* Opening what the function is: the part of the project that the settings name, then its plugins and resources. */
#include "lambda/host.h"

#include "base/arena.h"
#include "base/job.h"
#include "base/log.h"
#include "base/value.h"
#include "engine/preload.h"
#include "lang/diag/diag.h"

#include <stdlib.h>
#include <string.h>

#define LAMBDA_HOST "lambda"

enum { REPORT_BYTES_MAX = 1 << 20, MARGIN_MS = 500, CPU_MIB = 1769 /* of memory, for one processor */ };
static const int64_t time_ms_max = 900000;

struct opening {
    const struct lambda_settings *settings;
    struct lambda_host *host;
    const struct pxm_project *project;
    struct pxm_diags diags;
    struct pxm_limits limits;
    int64_t time_ms;
};

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static void replace(int64_t *number, int64_t said)
{
    *number = said != PXM_UNSET_INT ? said : *number;
}

static void heed_project(struct opening *opening)
{
    const struct pxm_host_entry *said = pxm_project_host(opening->project, LAMBDA_HOST);
    struct pxm_limits *limits = &opening->limits;

    pxm_limits_default(limits);
    opening->time_ms = time_ms_max;
    opening->host->margin_ms = MARGIN_MS;
    if (said) {
        replace(&opening->host->margin_ms, said->deadline_margin_ms);
        replace(&limits->bytes, said->limits.bytes);
        replace(&limits->pixels, said->limits.pixels);
        replace(&limits->side, said->limits.side);
        replace(&limits->frames, said->limits.frames);
        replace(&limits->memory, said->limits.memory);
        replace(&limits->scans, said->limits.scans);
        replace(&limits->output_side, said->limits.output_side);
        replace(&opening->time_ms, said->limits.time_ms);
    }
    int64_t half = opening->settings->memory_bytes / 2;
    if (opening->settings->memory_bytes != PXM_UNSET_INT && half < limits->memory) {
        limits->memory = half; /* a picture that takes more would take the process with it */
    }
}

/* A processor for each 1,769 MB, and a thread for each event that is worked on. */
static uint32_t worker_count(const struct lambda_settings *settings)
{
    int64_t memory = settings->memory_bytes == PXM_UNSET_INT ? 0 : settings->memory_bytes >> 20;
    int64_t processors = (memory + CPU_MIB - 1) / CPU_MIB;
    int64_t count = processors > settings->loops ? processors : settings->loops;

    return (uint32_t)(count > 0 ? count : 1);
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static pxm_status make_registry(struct lambda_host *host, const pxm_plugin_entry_fn *builtins, pxm_error *error)
{
    pxm_status status = pxm_registry_new(NULL, &host->registry, error);

    for (size_t i = 0; builtins && builtins[i] && status == PXM_OK; i++) {
        status = pxm_registry_add_builtin(host->registry, builtins[i], error);
    }
    return status;
}

static pxm_status parse(struct opening *opening, pxm_error *error)
{
    const struct pxm_catalog catalog = pxm_registry_catalog(opening->host->registry);
    const struct pxm_load_part part = {
        .host = LAMBDA_HOST, .function = opening->settings->handler, .profile = opening->settings->profile};
    const struct pxm_load_options load = {
        .path = opening->settings->project, .catalog = &catalog, .part = opening->settings->handler ? &part : NULL};

    opening->project = pxm_project_parse(&load, &opening->diags);
    if (!opening->project || opening->diags.errors > 0) {
        return pxm_error_set(error, PXM_E_INVALID, "project.invalid", "the project has errors");
    }
    return PXM_OK;
}

static pxm_status make_manifest(struct opening *opening, pxm_error *error)
{
    pxm_value *json = NULL;

    pxm_status status = app_manifest_write(opening->project, NULL, &opening->limits, opening->time_ms, &json, error);
    if (status == PXM_OK) {
        status = app_manifest_read(json, &opening->host->manifest, error);
    }
    pxm_value_unref(json);
    return status;
}

static pxm_status open_project(struct opening *opening, pxm_error *error)
{
    struct lambda_host *host = opening->host;
    const struct lambda_settings *settings = opening->settings;
    const struct pxm_engine_options options = {.struct_size = sizeof options,
                                               .workers = worker_count(settings),
                                               .limits = opening->limits,
                                               .time_ms = opening->time_ms};
    const struct pxm_engine_parts parts = {.registry = host->registry};
    const struct pxm_host_entry *said = pxm_project_host(opening->project, LAMBDA_HOST);
    const char *profile = settings->handler && opening->project->profile_count > 0 ? opening->project->profiles[0].name
                                                                                   : settings->profile;
    const struct pxm_open_options open = {.profile = profile ? profile : (said ? said->profile : NULL),
                                          .project = opening->project};

    pxm_status status = pxm_engine_create(&options, &parts, &host->engine, error);
    return status == PXM_OK ? pxm_project_handle_open(host->engine, &open, &opening->diags, &host->project, error)
                            : status;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static pxm_status open_all(struct opening *opening, const pxm_plugin_entry_fn *builtins, pxm_error *error)
{
    pxm_status status = make_registry(opening->host, builtins, error);

    if (status == PXM_OK) {
        status = parse(opening, error);
    }
    if (status == PXM_OK) {
        heed_project(opening);
        status = pxm_project_preload(opening->host->registry, opening->project, error);
    }
    if (status == PXM_OK) {
        status = make_manifest(opening, error);
    }
    return status == PXM_OK ? open_project(opening, error) : status;
}

/* All diagnostics take the place of the error's text, as far as they fit. */
static void tell_diags(const struct pxm_diags *diags, enum lambda_failure *ret_failure, pxm_error *error)
{
    struct pxm_buf report;

    if (diags->errors == 0) {
        *ret_failure =
            strncmp(error->code, "plugin.", strlen("plugin.")) == 0 ? LAMBDA_PLUGIN_LOAD : LAMBDA_INIT_FAILED;
        return;
    }
    *ret_failure = LAMBDA_INIT_FAILED;
    for (size_t i = 0; i < diags->count; i++) {
        bool of_plugin = strncmp(diags->items[i]->code, "E4", 2) == 0;
        if (of_plugin && diags->items[i]->severity == PXM_SEVERITY_ERROR) {
            *ret_failure = LAMBDA_PLUGIN_LOAD;
        }
    }
    pxm_buf_init(&report, REPORT_BYTES_MAX);
    pxm_diags_render(diags, PXM_DIAG_SHORT, false, &report);
    if (report.status == PXM_OK) {
        pxm_error_set(error, error->status, error->code, "%s", report.data);
    }
    pxm_buf_done(&report);
}

pxm_status lambda_host_open(const struct lambda_settings *settings, const pxm_plugin_entry_fn *builtins,
                            struct lambda_host **ret, enum lambda_failure *ret_failure, pxm_error *error)
{
    struct lambda_host *host = calloc(1, sizeof *host);
    struct pxm_arena *arena = pxm_arena_new(PXM_PROJECT_BYTES_MAX);
    struct opening opening = {.settings = settings, .host = host};

    *ret_failure = LAMBDA_INIT_FAILED;
    if (!host || !arena) {
        free(host);
        pxm_arena_free(arena);
        return pxm_error_no_memory(error);
    }
    host->settings = settings;
    host->policy.origins = settings->origins;
    pxm_diags_init(&opening.diags, arena);
    pxm_status status = open_all(&opening, builtins, error);
    if (status != PXM_OK) {
        tell_diags(&opening.diags, ret_failure, error);
        pxm_arena_free(arena);
        lambda_host_close(host);
        return status;
    }
    *ret = host;
    return PXM_OK;
}

void lambda_host_close(struct lambda_host *host)
{
    if (host) {
        pxm_project_close(host->project);
        pxm_engine_free(host->engine);
        app_manifest_free(host->manifest);
        pxm_registry_free(host->registry);
        free(host);
    }
}
