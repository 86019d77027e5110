/* A checked program made ready to run: constant options filled, patterns compiled, vars evaluated, announcements
 * resolved. Made when a project is opened, read-only until it is closed, but for one thing: transforms are bound to
 * their instances when the pipeline is first run. */
#ifndef PXM_ENGINE_PLAN_H
#define PXM_ENGINE_PLAN_H

#include "engine/admission.h"
#include "engine/engine.h"
#include "lang/program/program.h"
#include <regex.h>
#include <stdatomic.h>

struct pxm_plan_block {
    size_t count;
    struct pxm_plan_step *steps;
};
struct pxm_plan_announce {
    const struct pxm_plan_step *step;
    const struct pxm_plan_step *foreach; /* NULL: none around it */
};
struct pxm_plan_step {
    const struct pxm_step *step;
    const struct pxm_pipeline *pipeline;
    struct pxm_instance *transform; /* NULL: an operation of the core, a block, or not started yet */
    struct pxm_config *constant;    /* options that are the same in every run; NULL: filled for each call */
    struct pxm_plan_step *fallback;
    struct pxm_plan_block block;
    struct pxm_pipeline *callee;
    struct pxm_plan_announce *announces; /* as many as the step has */
};

/* The public handle is the plan of a program. */
struct pxm_pipeline {
    const struct pxm_program *program;
    struct pxm_project_handle *project;
    struct pxm_limits limits; /* the least of engine and program */
    int64_t time_ms;
    struct pxm_turns *turns; /* guarded by the project's gatekeeper */
    regex_t **patterns;      /* of inputs; NULL: any text */
    pxm_value **vars;        /* the same in every run, as they read environment and earlier vars only */
    struct pxm_plan_block block, on_failure;
    atomic_bool started; /* every transform of it, and of what it calls, is bound */
};

/* Plans all programs of a project into `pipelines`, an array of its program_count in `arena`, which owns all that is
 * made. Reports what cannot be (E507 an option, var or pattern). False after an error. Under the load lock, when the
 * handle has its environment. */
bool pxm_plan_project(pxm_engine *engine, struct pxm_project_handle *handle, const struct pxm_project *project,
                      struct pxm_arena *arena, struct pxm_pipeline *pipelines, struct pxm_diags *diags);

/* Creates the transforms that a pipeline and those it calls need, and so maps what they are linked with; does nothing
 * the second time. What fails is tried again by the next run. [any] */
pxm_status pxm_plan_start(struct pxm_pipeline *pipeline, pxm_error *error);

/* "pipelines/upload.yaml:10:5" of a step, for messages. */
enum { PXM_PLACE_MAX = 256 };
const char *pxm_plan_place(const struct pxm_plan_step *step, char buffer[PXM_PLACE_MAX]);

#endif
