/* Plans programs when a project is opened, so that a run evaluates expressions and calls functions, and looks up
 * nothing. Called by the thread that opens the project. */
#include "engine/plan.h"

#include "base/error.h"
#include "base/value.h"
#include "engine/project_handle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct planner {
    pxm_engine *engine;
    struct pxm_arena *arena;
    struct pxm_diags *diags;
    const struct pxm_project *project;
    struct pxm_pipeline *pipelines;
    struct pxm_pipeline *pipeline;   /* the one being planned */
    struct pxm_plan_step **by_order; /* its steps */
};

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static void release_config(void *config)
{
    pxm_config_free(config);
}

static void fill_constant(struct planner *planner, struct pxm_plan_step *plan)
{
    const struct pxm_scope nothing = {0}; /* never asked: there is no reference */
    pxm_error error = {0};

    if (pxm_config_fill(plan->step->options, &nothing, &plan->constant, &error) != PXM_OK) {
        pxm_diag_add(planner->diags, PXM_SEVERITY_ERROR, "E507", plan->step->span, "options of `%s`: %s",
                     plan->step->operation->name, error.text);
    } else if (pxm_arena_defer(planner->arena, release_config, plan->constant) != 0) {
        plan->constant = NULL;
        pxm_diags_no_memory(planner->diags);
    }
}

static struct pxm_pipeline *find_callee(const struct planner *planner, const struct pxm_program *program)
{
    for (size_t i = 0; i < planner->project->program_count; i++) {
        if (planner->project->programs[i] == program) {
            return &planner->pipelines[i];
        }
    }
    return NULL;
}

static void plan_block(struct planner *planner, const struct pxm_block *block, struct pxm_plan_block *plan);

/* Recursion ends: blocks nest PXM_BLOCK_DEPTH_MAX deep, and a fallback has none. */
static void plan_step(struct planner *planner, const struct pxm_step *step, struct pxm_plan_step *plan)
{
    plan->step = step;
    plan->pipeline = planner->pipeline;
    planner->by_order[step->order] = plan;
    if (step->kind != PXM_STEP_OPERATION) {
        plan_block(planner, &step->block, &plan->block);
    } else {
        if (step->options->constant) {
            fill_constant(planner, plan);
        }
        plan->callee = step->callee ? find_callee(planner, step->callee) : NULL;
    }
    if (!step->fallback) {
        return;
    }
    plan->fallback = pxm_arena_alloc(planner->arena, sizeof *plan->fallback);
    if (!plan->fallback) {
        pxm_diags_no_memory(planner->diags);
        return;
    }
    plan_step(planner, step->fallback, plan->fallback);
}

static void plan_block(struct planner *planner, const struct pxm_block *block, struct pxm_plan_block *plan)
{
    plan->steps = pxm_arena_array(planner->arena, block->step_count, sizeof *plan->steps);
    if (!plan->steps && block->step_count > 0) {
        pxm_diags_no_memory(planner->diags);
        return;
    }
    plan->count = block->step_count;
    for (size_t i = 0; i < block->step_count; i++) {
        plan_step(planner, block->steps[i], &plan->steps[i]);
    }
}

/* ---- announcements ----------------------------------------------------------------------------------------------- */

static void resolve_announces(struct planner *planner, struct pxm_plan_step *plan)
{
    const struct pxm_step *step = plan->step;

    if (step->announce_count == 0) {
        return;
    }
    plan->announces = pxm_arena_array(planner->arena, step->announce_count, sizeof *plan->announces);
    if (!plan->announces) {
        pxm_diags_no_memory(planner->diags);
        return;
    }
    for (size_t i = 0; i < step->announce_count; i++) {
        const struct pxm_announce *announce = &step->announces[i];
        plan->announces[i].step = planner->by_order[announce->step->order];
        plan->announces[i].foreach = announce->foreach ? planner->by_order[announce->foreach->order] : NULL;
    }
}

/* ---- limits and patterns ----------------------------------------------------------------------------------------- */

static int64_t least(int64_t host, int64_t wanted)
{
    return wanted == PXM_UNSET_INT || wanted > host ? host : wanted;
}

static void set_limits(struct pxm_pipeline *pipeline, const pxm_engine *engine)
{
    const struct pxm_limit_set *set = &pipeline->program->limits;
    struct pxm_limits *limits = &pipeline->limits;

    *limits = engine->limits;
    limits->bytes = least(limits->bytes, set->bytes);
    limits->pixels = least(limits->pixels, set->pixels);
    limits->side = least(limits->side, set->side);
    limits->frames = least(limits->frames, set->frames);
    limits->memory = least(limits->memory, set->memory);
    limits->scans = least(limits->scans, set->scans);
    limits->output_side = least(limits->output_side, set->output_side);
    pipeline->time_ms = least(engine->time_ms, set->time_ms);
}

static void release_pattern(void *pattern)
{
    regfree(pattern);
    free(pattern);
}

/* POSIX extended, anchored at both ends. */
static regex_t *compile(struct planner *planner, const struct pxm_input *input)
{
    const char *anchored = pxm_arena_printf(planner->arena, "^(%s)$", input->pattern);
    regex_t *pattern = malloc(sizeof *pattern);

    if (!anchored || !pattern) {
        free(pattern);
        pxm_diags_no_memory(planner->diags);
        return NULL;
    }
    int failure = regcomp(pattern, anchored, REG_EXTENDED | REG_NOSUB);
    if (failure != 0) {
        char text[128];
        regerror(failure, pattern, text, sizeof text);
        free(pattern);
        pxm_diag_add(planner->diags, PXM_SEVERITY_ERROR, "E507", input->span, "pattern of input `%s`: %s", input->name,
                     text);
        return NULL;
    }
    if (pxm_arena_defer(planner->arena, release_pattern, pattern) != 0) {
        pxm_diags_no_memory(planner->diags); /* the arena has released it */
        return NULL;
    }
    return pattern;
}

static void compile_patterns(struct planner *planner)
{
    const struct pxm_program *program = planner->pipeline->program;

    planner->pipeline->patterns = pxm_arena_array(planner->arena, program->input_count + 1, sizeof(regex_t *));
    if (!planner->pipeline->patterns) {
        pxm_diags_no_memory(planner->diags);
        return;
    }
    for (size_t i = 0; i < program->input_count; i++) {
        if (program->inputs[i].pattern) {
            planner->pipeline->patterns[i] = compile(planner, &program->inputs[i]);
        }
    }
}

/* ---- vars -------------------------------------------------------------------------------------------------------- */

/* What a var may read: environment, and vars above it. */
static pxm_value *load(void *arg, const struct pxm_ref *ref)
{
    const struct pxm_pipeline *pipeline = arg;
    const pxm_value *value = ref->root == PXM_ROOT_VARS ? pipeline->vars[ref->slot]
                                                        : pxm_environment_value(&pipeline->project->environment, ref);

    return value ? pxm_value_ref(value) : NULL;
}

static void release_value(void *value)
{
    pxm_value_unref(value);
}

static void evaluate_var(struct planner *planner, size_t index)
{
    struct pxm_pipeline *pipeline = planner->pipeline;
    const struct pxm_var *var = &pipeline->program->vars[index];
    const struct pxm_scope scope = {.load = load, .arg = pipeline};
    pxm_error error = {0};

    if (pxm_template_eval(var->value, &scope, &pipeline->vars[index], &error) != PXM_OK) {
        pxm_diag_add(planner->diags, PXM_SEVERITY_ERROR, "E507", var->span, "var `%s`: %s", var->name, error.text);
    } else if (pxm_arena_defer(planner->arena, release_value, pipeline->vars[index]) != 0) {
        pipeline->vars[index] = NULL;
        pxm_diags_no_memory(planner->diags);
    }
}

static void evaluate_vars(struct planner *planner)
{
    const struct pxm_program *program = planner->pipeline->program;

    planner->pipeline->vars = pxm_arena_array(planner->arena, program->var_count + 1, sizeof(pxm_value *));
    if (!planner->pipeline->vars) {
        pxm_diags_no_memory(planner->diags);
        return;
    }
    for (size_t i = 0; i < program->var_count; i++) {
        evaluate_var(planner, i);
    }
}

/* ---- pipelines --------------------------------------------------------------------------------------------------- */

static void plan_steps(struct planner *planner)
{
    struct pxm_pipeline *pipeline = planner->pipeline;
    const struct pxm_program *program = pipeline->program;

    planner->by_order = pxm_arena_array(planner->arena, program->step_count + 1, sizeof(struct pxm_plan_step *));
    if (!planner->by_order) {
        pxm_diags_no_memory(planner->diags);
        return;
    }
    plan_block(planner, &program->block, &pipeline->block);
    plan_block(planner, &program->on_failure, &pipeline->on_failure);
    for (size_t i = 0; i < program->step_count; i++) {
        if (planner->by_order[i]) {
            resolve_announces(planner, planner->by_order[i]);
        }
    }
}

bool pxm_plan_project(pxm_engine *engine, struct pxm_project_handle *handle, const struct pxm_project *project,
                      struct pxm_arena *arena, struct pxm_pipeline *pipelines, struct pxm_diags *diags)
{
    struct planner planner = {
        .engine = engine, .arena = arena, .diags = diags, .project = project, .pipelines = pipelines};
    size_t before = diags->errors;

    for (size_t i = 0; i < project->program_count; i++) {
        struct pxm_pipeline *pipeline = &pipelines[i];
        planner.pipeline = pipeline;
        pipeline->program = project->programs[i];
        pipeline->project = handle;
        pipeline->turns = pxm_arena_alloc(arena, sizeof *pipeline->turns);
        if (!pipeline->turns) {
            pxm_diags_no_memory(diags);
        }
        set_limits(pipeline, engine);
        compile_patterns(&planner);
        evaluate_vars(&planner);
        plan_steps(&planner);
    }
    return diags->errors == before;
}

const char *pxm_plan_place(const struct pxm_plan_step *step, char buffer[PXM_PLACE_MAX])
{
    const struct pxm_span *span = &step->step->span;

    snprintf(buffer, PXM_PLACE_MAX, "%s:%" PRIu32 ":%" PRIu32,
             span->source ? span->source->path : step->pipeline->program->path, span->line, span->column);
    return buffer;
}
