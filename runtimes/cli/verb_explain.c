/* pixmill explain: what a code means, or what a pipeline does and needs. */
#include "cli.h"

#include <string.h>

enum { NEEDS_MAX = 128 };

/* ---- pipelines --------------------------------------------------------------------------------------------------- */

/* Stores, tables, queues and pipelines that steps name, each once. */
struct needs {
    const char *kinds[NEEDS_MAX], *names[NEEDS_MAX];
    size_t count;
};

static void need(struct needs *needs, const char *kind, const char *name)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (strcmp(needs->kinds[i], kind) == 0 && strcmp(needs->names[i], name) == 0) {
            return;
        }
    }
    if (needs->count < NEEDS_MAX) {
        needs->kinds[needs->count] = kind;
        needs->names[needs->count++] = name;
    }
}

static const char *resource_kind(uint32_t option_type)
{
    switch (option_type) {
    case PXM_OPT_STORE:
        return "store";
    case PXM_OPT_TABLE:
        return "table";
    case PXM_OPT_QUEUE:
        return "queue";
    case PXM_OPT_PIPELINE:
        return "pipeline";
    default:
        return NULL;
    }
}

/* What a step works on ("store images"), or ""; also noted in `needs`. */
static void describe_target(const struct pxm_step *step, struct needs *needs, char *out, size_t size)
{
    *out = '\0';
    if (!step->operation) {
        return;
    }
    const struct pxm_option_table *table = &step->operation->options;
    for (size_t i = 0; i < pxm_options_count(table); i++) {
        const char *kind = resource_kind(pxm_options_at(table, i).type);
        const struct pxm_node *node = step->options ? step->options->items[i].node : NULL;
        if (kind && node && node->kind == PXM_NODE_SCALAR) {
            need(needs, kind, node->text);
            snprintf(out, size, "%s %s", kind, node->text);
        }
    }
}

static const char *source_of(const struct pxm_program *program, const struct pxm_block *block,
                             const struct pxm_block *outer, const struct pxm_wire *in)
{
    if (in->kind == PXM_WIRE_INPUT) {
        return in->slot < program->input_count ? program->inputs[in->slot].name : "";
    }
    const struct pxm_block *frame = in->depth == 0 ? block : outer;
    for (size_t i = 0; in->kind == PXM_WIRE_STEP && frame && i < frame->step_count; i++) {
        if (frame->steps[i]->slot == in->slot) {
            return frame->steps[i]->id;
        }
    }
    return "";
}

static void print_step(const struct pxm_program *program, const struct pxm_block *block, const struct pxm_block *outer,
                       const struct pxm_step *step, int depth, struct needs *needs)
{
    char target[96];
    const char *source = source_of(program, block, outer, &step->in);
    const char *name = step->operation                  ? step->operation->name
                       : step->kind == PXM_STEP_FOREACH ? "foreach"
                                                        : "parallel";

    describe_target(step, needs, target, sizeof target);
    printf("%*s%-*s %-14s", 2 + depth * 2, "", 18 - depth * 2, step->id, name);
    if (*source) {
        printf(" <- %s%s", step->in.kind == PXM_WIRE_INPUT ? "input." : "", source);
    }
    printf("%s%s", *target ? "  " : "", target);
    printf("%s", step->when ? "; perhaps" : "");
    if (step->retry.times > 0) {
        printf("; retry %lld", (long long)step->retry.times);
    }
    if (step->timeout_ms > 0) {
        printf("; timeout %lld ms", (long long)step->timeout_ms);
    }
    if (step->rule_count > 0) {
        printf("; on_error");
    }
    printf("%s", step->undo ? "; undone after a failure" : "");
    if (step->announce_count > 0) {
        printf("; one decode for %zu step%s", step->announce_count, step->announce_count == 1 ? "" : "s");
    }
    putchar('\n');
}

/* Blocks nest at most PXM_BLOCK_DEPTH_MAX deep, by the checker. */
static void print_block(const struct pxm_program *program, const struct pxm_block *block, const struct pxm_block *outer,
                        int depth, struct needs *needs)
{
    for (size_t i = 0; i < block->step_count; i++) {
        const struct pxm_step *step = block->steps[i];
        print_step(program, block, outer, step, depth, needs);
        if (step->kind != PXM_STEP_OPERATION) {
            print_block(program, &step->block, block, depth + 1, needs);
        }
        if (step->fallback) {
            printf("%*s  else", 2 + depth * 2, "");
            print_step(program, block, outer, step->fallback, 0, needs);
        }
    }
}

static void print_inputs(const struct pxm_program *program, struct pxm_arena *arena)
{
    for (size_t i = 0; i < program->input_count; i++) {
        const struct pxm_input *input = &program->inputs[i];
        bool optional = input->fallback || (input->type->bits & PXM_TYPE_NULL);
        printf("%s %s: %s%s", i ? "," : "", input->name, pxm_type_text(arena, input->type), optional ? "" : "*");
    }
}

static void print_program(const struct pxm_program *program, struct pxm_arena *arena)
{
    static const char *const kinds[] = {"http", "object_created", "message", "schedule"};
    struct needs needs = {.count = 0};

    printf("%s%s%s\n", program->name, program->summary ? ": " : "", program->summary ? program->summary : "");
    printf("takes");
    print_inputs(program, arena);
    printf("%s\ngives %s\n", program->input_count ? "" : " nothing",
           program->output_type ? pxm_type_text(arena, program->output_type) : "nothing");
    for (size_t i = 0; i < program->trigger_count; i++) {
        const struct pxm_trigger *trigger = &program->triggers[i];
        printf("started by %s (%s", trigger->name, kinds[trigger->kind]);
        if (trigger->kind == PXM_TRIGGER_HTTP) {
            printf(" %s %s", trigger->method, trigger->path);
        } else if (trigger->store) {
            printf(" %s:%s", trigger->store, trigger->prefix ? trigger->prefix : "");
        } else if (trigger->queue) {
            printf(" %s", trigger->queue);
        }
        printf(")\n");
    }
    printf("steps\n");
    print_block(program, &program->block, NULL, 0, &needs);
    if (program->on_failure.step_count > 0) {
        printf("after a failure\n");
        print_block(program, &program->on_failure, &program->block, 0, &needs);
    }
    printf("needs");
    for (size_t i = 0; i < needs.count; i++) {
        printf("%s %s %s", i ? "," : "", needs.kinds[i], needs.names[i]);
    }
    printf("%s\n", needs.count ? "" : " nothing");
}

static int explain_pipeline(const struct cli *cli, const struct args *args, const char *name)
{
    struct cli_project project;
    int code = cli_project_load(args, NULL, NULL, &project);

    if (code == CLI_OK) {
        code = cli_project_report(cli, &project);
    }
    if (code == CLI_OK) {
        const struct pxm_program *program = cli_program(project.project, name);
        if (program) {
            print_program(program, project.arena);
        } else {
            code = CLI_USAGE;
        }
    }
    cli_project_done(&project);
    return code;
}

/* ---- codes ------------------------------------------------------------------------------------------------------- */

static bool is_code(const char *word)
{
    return (word[0] == 'E' || word[0] == 'W') && strlen(word) == 4 && strspn(word + 1, "0123456789") == 3;
}

int verb_explain(struct cli *cli, const struct args *args)
{
    const char *word = args->words[0];

    if (!is_code(word)) {
        return explain_pipeline(cli, args, word);
    }
    const char *text = pxm_diag_explain(word);
    if (!text) {
        fprintf(stderr, "pixmill explain: there is no code %s; see pixmill completion words codes\n", word);
        return CLI_USAGE;
    }
    printf("%s\n", text);
    return CLI_OK;
}
