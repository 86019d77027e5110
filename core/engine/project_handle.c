/* Opening a project: parse and check, then the profile's environment and resources, then the plans of all pipelines.
 * What goes wrong is a diagnostic; nothing stays behind after one. Closing waits for the runs. */
#include "engine/project_handle.h"

#include "base/error.h"
#include "base/job.h"
#include "base/value.h"
#include "engine/report.h"

#include <stdlib.h>
#include <string.h>

enum { REPORT_BYTES_MAX = 1 << 20 };

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* Tests read no environment. NULL: nobody says which. */
static const char *wanted_profile(const char *name, bool outside)
{
    const char *wanted = name || outside ? name : secure_getenv("PIXMILL_PROFILE");

    return wanted && wanted[0] != '\0' ? wanted : NULL;
}

static const struct pxm_profile *find_profile(const struct pxm_project *project, const char *wanted)
{
    if (wanted) {
        return pxm_project_profile(project, wanted);
    }
    return project->profile_count > 0 ? &project->profiles[0] : NULL;
}

const struct pxm_profile *pxm_profile_choose(const struct pxm_project *project, const char *name)
{
    return find_profile(project, wanted_profile(name, false));
}

static const struct pxm_profile *choose_profile(const struct pxm_project *project,
                                                const struct pxm_open_options *options, struct pxm_diags *diags)
{
    const char *wanted = wanted_profile(options->profile, options->outside != NULL);
    const struct pxm_profile *profile = find_profile(project, wanted);

    if (wanted && !profile) {
        const struct pxm_span nowhere = {0};
        struct pxm_diag *diag =
            pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E508", nowhere, "there is no profile `%.64s`", wanted);
        pxm_diag_note(diags, diag, "%s has %zu, the first is `%s`", project->path, project->profile_count,
                      project->profile_count > 0 ? project->profiles[0].name : "");
    }
    return profile;
}

static bool open_parts(struct pxm_project_handle *handle, const struct pxm_outside *outside, struct pxm_diags *diags,
                       pxm_error *error)
{
    const struct pxm_project *project = handle->project;

    handle->pipelines = pxm_arena_array(handle->arena, project->program_count + 1, sizeof *handle->pipelines);
    if (!handle->pipelines) {
        pxm_diags_no_memory(diags);
        return false;
    }
    return pxm_environment_read(&handle->environment, project, handle->profile, outside, diags) &&
           pxm_resources_open(&handle->resources, handle->engine, &handle->environment, outside, diags, error) &&
           pxm_plan_project(handle->engine, handle, project, handle->arena, handle->pipelines, diags);
}

/* The first error becomes the text, as "file:line:col: error[E102]: ...". A resource that could not be opened has left
 * its status and code in `error`, so that one which is merely busy can be told from a project that is wrong. */
static pxm_status refuse(const struct pxm_diags *diags, pxm_error *error)
{
    const pxm_error cause = *error;
    pxm_status status = cause.status != PXM_OK ? cause.status : PXM_E_INVALID;
    const char *code = cause.status != PXM_OK ? cause.code : "project.invalid";

    for (size_t i = 0; i < diags->count; i++) {
        const struct pxm_diag *diag = diags->items[i];
        if (diag->severity != PXM_SEVERITY_ERROR) {
            continue;
        }
        if (!diag->span.source) {
            return pxm_error_set(error, status, code, "error[%s]: %s", diag->code, diag->message);
        }
        return pxm_error_set(error, status, code, "%s:%u:%u: error[%s]: %s", diag->span.source->path, diag->span.line,
                             diag->span.column, diag->code, diag->message);
    }
    return pxm_error_no_memory(error);
}

static void handle_free(struct pxm_project_handle *handle)
{
    pxm_resources_close(&handle->resources);
    pxm_environment_done(&handle->environment);
    pxm_gatekeeper_done(&handle->gatekeeper);
    free(handle);
}

static bool open_handle(struct pxm_project_handle *handle, const struct pxm_open_options *options,
                        struct pxm_diags *diags, pxm_error *error)
{
    const struct pxm_catalog catalog = pxm_registry_catalog(handle->engine->registry);
    const struct pxm_load_options load = {.path = options->path, .text = options->text, .catalog = &catalog};

    handle->project = options->project ? options->project : pxm_project_parse(&load, diags);
    if (!handle->project || diags->errors > 0) {
        return false;
    }
    handle->profile = choose_profile(handle->project, options, diags);
    return handle->profile && open_parts(handle, options->outside, diags, error);
}

pxm_status pxm_project_handle_open(pxm_engine *engine, const struct pxm_open_options *options, struct pxm_diags *diags,
                                   pxm_project_handle **ret, pxm_error *error)
{
    struct pxm_project_handle *handle = calloc(1, sizeof *handle);

    if (!handle) {
        return pxm_error_no_memory(error);
    }
    handle->engine = engine;
    handle->arena = diags->arena;
    pxm_gatekeeper_init(&handle->gatekeeper);
    pthread_mutex_lock(&engine->load_lock);
    bool open = open_handle(handle, options, diags, error);
    engine->project_count += open;
    if (!open) {
        handle_free(handle);
    }
    pthread_mutex_unlock(&engine->load_lock);
    if (!open) {
        return refuse(diags, error);
    }
    *ret = handle;
    return PXM_OK;
}

/* ---- the public functions ---------------------------------------------------------------------------------------- */

static char *report_of(const struct pxm_diags *diags)
{
    struct pxm_buf buf;

    pxm_buf_init(&buf, REPORT_BYTES_MAX);
    pxm_diags_render(diags, PXM_DIAG_HUMAN, false, &buf);
    char *text = pxm_buf_take(&buf);
    pxm_buf_done(&buf);
    return text;
}

pxm_status pxm_project_open(pxm_engine *engine, const struct pxm_project_options *options, pxm_project_handle **ret,
                            char **ret_report, pxm_error **ret_error)
{
    struct pxm_project_options wide = {0};
    struct pxm_arena *arena = pxm_arena_new(PXM_PROJECT_BYTES_MAX);
    struct pxm_diags diags;
    pxm_error error = {0};

    if (!arena) {
        return pxm_report(pxm_error_no_memory(&error), &error, ret_error);
    }
    if (options) {
        memcpy(&wide, options, options->struct_size < sizeof wide ? options->struct_size : sizeof wide);
    }
    const struct pxm_open_options open = {.path = wide.path, .profile = wide.profile};
    pxm_diags_init(&diags, arena);
    pxm_status status = pxm_project_handle_open(engine, &open, &diags, ret, &error);
    if (ret_report) {
        *ret_report = report_of(&diags);
    }
    if (status != PXM_OK) {
        pxm_arena_free(arena);
    }
    return pxm_report(status, &error, ret_error);
}

void pxm_project_close(pxm_project_handle *handle)
{
    if (!handle) {
        return;
    }
    pxm_gatekeeper_wait(&handle->gatekeeper);

    pxm_engine *engine = handle->engine;
    struct pxm_arena *arena = handle->arena;
    pthread_mutex_lock(&engine->load_lock);
    handle_free(handle);
    pxm_arena_free(arena);
    engine->project_count--;
    pthread_mutex_unlock(&engine->load_lock);
}

pxm_pipeline *pxm_project_pipeline(pxm_project_handle *handle, const char *name)
{
    for (size_t i = 0; i < handle->project->program_count; i++) {
        if (strcmp(handle->project->programs[i]->name, name) == 0) {
            return &handle->pipelines[i];
        }
    }
    return NULL;
}

void pxm_text_free(char *text)
{
    free(text);
}

/* ---- for the runtimes -------------------------------------------------------------------------------------------- */

const struct pxm_program *pxm_pipeline_program(const pxm_pipeline *pipeline)
{
    return pipeline->program;
}

struct pxm_instance *pxm_project_instance(pxm_project_handle *handle, enum pxm_resource_kind kind, const char *name)
{
    return pxm_resources_find(&handle->resources, kind, name);
}

size_t pxm_project_connect(pxm_project_handle *handle, int64_t timeout_ms,
                           void (*each)(void *arg, const struct pxm_resource *resource, pxm_status status,
                                        const pxm_error *error),
                           void *arg)
{
    const struct pxm_clock *clock = handle->engine->clock;
    size_t failures = 0;

    for (size_t i = 0; i < handle->profile->resource_count; i++) {
        pxm_error error = {0};
        pxm_job job = {.id = "connect",
                       .clock = clock,
                       .deadline_ms = clock->monotonic_ms(clock->arg) + timeout_ms,
                       .limits = handle->engine->limits};
        pxm_status status = pxm_instance_check(handle->resources.instances[i], &job, &error);
        failures += status != PXM_OK;
        each(arg, &handle->profile->resources[i], status, &error);
    }
    return failures;
}

void pxm_project_resumed(pxm_project_handle *handle)
{
    pxm_engine *engine = handle->engine;

    pthread_mutex_lock(&engine->load_lock);
    for (size_t i = 0; i < handle->profile->resource_count; i++) {
        pxm_instance_resumed(handle->resources.instances[i]);
    }
    for (size_t i = 0; i < engine->transform_count; i++) {
        pxm_instance_resumed(engine->transforms[i]);
    }
    pthread_mutex_unlock(&engine->load_lock);
}
