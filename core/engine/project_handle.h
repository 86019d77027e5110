/* An opened project from the inside: what was parsed, the profile that was chosen, its resources and planned
 * pipelines. The runtimes use it beside the public API. */
#ifndef PXM_ENGINE_PROJECT_HANDLE_H
#define PXM_ENGINE_PROJECT_HANDLE_H

#include "engine/admission.h"
#include "engine/engine.h"
#include "engine/environment.h"
#include "engine/plan.h"
#include "engine/resources.h"

struct pxm_project_handle {
    pxm_engine *engine;
    struct pxm_arena *arena; /* of the parsed project, its diagnostics and the plans */
    const struct pxm_project *project;
    const struct pxm_profile *profile;
    struct pxm_environment environment;
    struct pxm_resources resources;
    struct pxm_pipeline *pipelines; /* one for each program, in the same order */
    struct pxm_gatekeeper gatekeeper;
};

/* As pxm_project_open, but every diagnostic goes to `diags`, whose arena the project takes over on success (free it
 * after a failure). `text`: see struct pxm_load_options; may be NULL. The error, which comes empty, has the code
 * "project.invalid", or status and code of the first resource that could not be opened. */
struct pxm_open_options {
    const char *path, *profile, *text;
    const struct pxm_project *project; /* parsed before, without an error and with the engine's registry, and opened by
                                          nobody else; its arena is that of `diags`. NULL: parsed now from the path */
    const struct pxm_outside *outside; /* for tests, which read no PIXMILL_PROFILE either; NULL: the world itself */
};
/* The profile of that name, or of the environment, or the first. NULL: there is none. [any] */
const struct pxm_profile *pxm_profile_choose(const struct pxm_project *project, const char *name);
pxm_status pxm_project_handle_open(pxm_engine *engine, const struct pxm_open_options *options, struct pxm_diags *diags,
                                   pxm_project_handle **ret, pxm_error *error);

/* Asks every resource whether it is there and permitted, without effects. Tells of each; gives the number of
 * failures. */
size_t pxm_project_connect(pxm_project_handle *handle, int64_t timeout_ms,
                           void (*each)(void *arg, const struct pxm_resource *resource, pxm_status status,
                                        const pxm_error *error),
                           void *arg);
/* Makes what is missing of the profile's tables, or queues: of all, or of the one of that name. Tells of each in turn:
 * `fields` are those of its driver's prepare, and empty where that has nothing to make; both are borrowed. Gives how
 * many there are. */
size_t pxm_project_prepare(pxm_project_handle *handle, enum pxm_resource_kind kind, const char *name,
                           int64_t timeout_ms,
                           void (*each)(void *arg, const struct pxm_resource *resource, const pxm_value *fields,
                                        const pxm_error *error),
                           void *arg);
/* The process was frozen and runs again: tells all resources and transforms. No run may be going on. */
void pxm_project_resumed(pxm_project_handle *handle);

const struct pxm_program *pxm_pipeline_program(const pxm_pipeline *pipeline);
/* Of the profile; NULL: none of that name. For what is no step: events from queues, tokens, media from stores. */
struct pxm_instance *pxm_project_instance(pxm_project_handle *handle, enum pxm_resource_kind kind, const char *name);

#endif
