/* A checked program made ready to run: transforms bound to their instances, constant options filled, patterns compiled,
 * vars evaluated, announcements resolved. Made when a project is opened, read-only until it is closed. */
#ifndef PXM_ENGINE_PLAN_H
#define PXM_ENGINE_PLAN_H

#include "engine/admission.h"
#include "engine/engine.h"
#include "lang/program/program.h"
#include <regex.h>

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
    struct pxm_instance *transform; /* NULL: an operation of the core, or a block */
    struct pxm_config *constant;    /* options that are the same in every run; NULL: filled for each call */
    struct pxm_plan_step *fallback;
    struct pxm_plan_block block;
    const struct pxm_pipeline *callee;
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
};

/* Plans all programs of a project into `pipelines`, an array of its program_count in `arena`, which owns all that is
 * made. Reports what cannot be (E403 an operation does not start, E507 an option, var or pattern). False after an
 * error. Under the load lock, when the handle has its environment. */
bool pxm_plan_project(pxm_engine *engine, struct pxm_project_handle *handle, const struct pxm_project *project,
                      struct pxm_arena *arena, struct pxm_pipeline *pipelines, struct pxm_diags *diags);

/* "pipelines/upload.yaml:10:5" of a step, for messages. */
enum { PXM_PLACE_MAX = 256 };
const char *pxm_plan_place(const struct pxm_plan_step *step, char buffer[PXM_PLACE_MAX]);

#endif
