/* One pipeline file: its keys in the order in which they depend on each other, and those that are a line or two
 * each. */
#include "lang/program/compile.h"

#include "base/digest.h"
#include <string.h>

static const char *const keys[] = {"version",     "summary", "inputs", "triggers",   "vars",  "limits",
                                   "concurrency", "steps",   "output", "on_failure", "tests", NULL};

/* ---- limits, concurrency ---------------------------------------------------------------------------------------- */

#define LIMIT(name_, field_, type_, min_, max_, help_)                                                                 \
    {                                                                                                                  \
        .name = (name_), .type = (type_), .offset = PXM_FIELD(struct pxm_limit_set, field_, int64_t), .min = (min_),   \
        .max = (max_), .help = (help_)                                                                                 \
    }

static const struct pxm_option limit_options[] = {
    LIMIT("bytes", bytes, PXM_OPT_SIZE, 1, 1e13, "Most bytes of one encoded input."),
    LIMIT("pixels", pixels, PXM_OPT_PIXELS, 1, 1e12, "Most pixels of one picture, of all its frames together."),
    LIMIT("side", side, PXM_OPT_INT, 1, 1e9, "Most pixels of the longer side of an input."),
    LIMIT("frames", frames, PXM_OPT_INT, 1, 1e6, "Most frames of an animation that are read."),
    LIMIT("memory", memory, PXM_OPT_SIZE, 1, 1e13, "Most memory that decoding one picture may take."),
    LIMIT("scans", scans, PXM_OPT_INT, 1, 1e6, "Most scans of a progressive JPEG."),
    LIMIT("output_side", output_side, PXM_OPT_INT, 1, 1e9, "Most pixels of the longer side of a picture that is made."),
    LIMIT("time", time_ms, PXM_OPT_DURATION, 1, 1e9, "Most time of one run."),
    {.name = NULL},
};

const struct pxm_option_table compile_limits_table = {
    .options = limit_options, .option_size = sizeof(struct pxm_option), .config_size = sizeof(struct pxm_limit_set)};

static const struct pxm_limit_set no_limits = {PXM_UNSET_INT, PXM_UNSET_INT, PXM_UNSET_INT, PXM_UNSET_INT,
                                               PXM_UNSET_INT, PXM_UNSET_INT, PXM_UNSET_INT, PXM_UNSET_INT};

void compile_limits(struct compiler *compiler, const struct pxm_node *map, struct pxm_limit_set *ret)
{
    *ret = no_limits;
    map = compile_kind(compiler, map, PXM_NODE_MAP, "`limits`");
    if (map) {
        const struct pxm_limit_set *set =
            compile_literals(compiler, &compile_limits_table, map, map->span, "`limits`", NULL);
        *ret = set ? *set : no_limits;
    }
}

struct concurrency_config {
    int64_t max, queue;
    int32_t when_full, reserved;
};
static const struct pxm_choice when_full[] = {
    {.name = "reject", .value = PXM_WHEN_FULL_REJECT, .help = "HTTP 503 with Retry-After; a message is given back."},
    {.name = "wait", .value = PXM_WHEN_FULL_WAIT, .help = "The sender waits."},
    {.name = NULL},
};
static const struct pxm_option concurrency_options[] = {
    {.name = "max",
     .type = PXM_OPT_INT,
     .offset = PXM_FIELD(struct concurrency_config, max, int64_t),
     .min = 1,
     .max = 10000,
     .help = "Most runs of this pipeline at once in one daemon."},
    {.name = "queue",
     .type = PXM_OPT_INT,
     .offset = PXM_FIELD(struct concurrency_config, queue, int64_t),
     .min = 0,
     .max = 1e6,
     .help = "Most runs that wait for their turn."},
    {.name = "when_full",
     .type = PXM_OPT_ENUM,
     .offset = PXM_FIELD(struct concurrency_config, when_full, int32_t),
     .choices = when_full,
     .fallback = "reject",
     .help = "What happens to one more."},
    {.name = NULL},
};
const struct pxm_option_table compile_concurrency_table = {.options = concurrency_options,
                                                           .option_size = sizeof(struct pxm_option),
                                                           .config_size = sizeof(struct concurrency_config)};

static void read_concurrency(struct draft *draft, const struct pxm_node *map)
{
    struct pxm_program *program = draft->program;

    program->concurrency_max = program->queue_max = PXM_UNSET_INT;
    map = compile_kind(draft->compiler, map, PXM_NODE_MAP, "`concurrency`");
    if (!map) {
        return;
    }
    const struct concurrency_config *config =
        compile_literals(draft->compiler, &compile_concurrency_table, map, map->span, "`concurrency`", NULL);
    if (config) {
        program->concurrency_max = config->max;
        program->queue_max = config->queue;
        program->when_full = config->when_full == PXM_WHEN_FULL_WAIT ? PXM_WHEN_FULL_WAIT : PXM_WHEN_FULL_REJECT;
    }
}

/* ---- steps and output ------------------------------------------------------------------------------------------- */

/* A pipeline that can `stop` gives null then. */
static const struct pxm_type *with_stop(struct draft *draft, const struct pxm_type *type)
{
    for (size_t i = 0; type && i < draft->note_count; i++) {
        const struct pxm_step *step = draft->notes[i].step;
        for (size_t k = 0; step && !draft->notes[i].on_failure && k < step->rule_count; k++) {
            if (step->rules[k].action == PXM_ON_ERROR_STOP) {
                const char *reason = pxm_arena_printf(draft->compiler->arena, "step `%s` of pipeline `%s` can stop it",
                                                      step->id, draft->program->name);
                return compile_nullable(draft->compiler, type, NULL, compile_have(draft->compiler, reason));
            }
        }
    }
    return type;
}

static void read_output(struct draft *draft, const struct pxm_node *node)
{
    struct pxm_program *program = draft->program;
    struct pxm_resolver resolver = compile_resolver(draft);
    const struct pxm_type *type = &pxm_type_null;

    draft->place = PLACE_OUTPUT;
    draft->reader = NULL;
    if (node) {
        program->output = pxm_template_parse_untyped(draft->compiler->arena, node, draft->compiler->diags);
        type = program->output ? pxm_template_check(program->output, &resolver, draft->compiler->diags) : NULL;
        compile_nulls(draft, type, node);
    }
    program->output_type = with_stop(draft, type);
}

/* The output is evaluated in the frame of the steps, so that is still open when it is read. */
static void read_steps(struct draft *draft)
{
    const struct pxm_node *steps = pxm_node_get(draft->root, "steps");
    struct frame *frame = compile_frame(draft, NULL);

    draft->place = PLACE_STEP;
    draft->frame = frame;
    if (!steps && !pxm_node_get(draft->root, "output")) {
        compile_error(draft->compiler, "E124", draft->root->span, "this pipeline has neither `steps` nor an `output`");
    }
    if (frame) {
        if (steps) {
            compile_block(draft, steps, &draft->program->block);
        }
        draft->program->block.slot_count = frame->slots;
        read_output(draft, pxm_node_get(draft->root, "output"));
    }
    draft->frame = NULL;
}

static void read_on_failure(struct draft *draft, const struct pxm_node *steps)
{
    struct frame *frame = steps ? compile_frame(draft, NULL) : NULL;

    if (frame) {
        draft->place = PLACE_ON_FAILURE;
        draft->frame = frame;
        compile_block(draft, steps, &draft->program->on_failure);
        draft->program->on_failure.slot_count = frame->slots;
        draft->frame = NULL;
    }
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

struct draft *compile_find(struct compiler *compiler, const char *name)
{
    for (size_t i = 0; i < compiler->draft_count; i++) {
        if (strcmp(compiler->drafts[i]->program->name, name) == 0) {
            return compiler->drafts[i];
        }
    }
    return compiler->part ? compile_take(compiler, name) : NULL;
}

static void read_texts(struct draft *draft)
{
    const struct pxm_node *summary =
        compile_kind(draft->compiler, pxm_node_get(draft->root, "summary"), PXM_NODE_SCALAR, "`summary`");

    draft->program->summary = summary ? summary->text : NULL;
    compile_kind(draft->compiler, pxm_node_get(draft->root, "tests"), PXM_NODE_LIST, "`tests`");
}

static void read_pipeline(struct draft *draft)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_node *root = draft->root;
    const struct pxm_node *on_failure = pxm_node_get(root, "on_failure");

    compile_keys(compiler, root, keys, "a pipeline");
    compile_version(compiler, root);
    read_texts(draft);
    compile_inputs(draft, pxm_node_get(root, "inputs"));
    compile_vars(draft, pxm_node_get(root, "vars"));
    compile_limits(compiler, pxm_node_get(root, "limits"), &draft->program->limits);
    read_concurrency(draft, pxm_node_get(root, "concurrency"));
    compile_triggers(draft, pxm_node_get(root, "triggers"));
    if (!compile_declare(draft, pxm_node_get(root, "steps"), NULL, false) ||
        !compile_declare(draft, on_failure, NULL, true)) {
        return;
    }
    draft->notes = compile_have(compiler, pxm_arena_array(compiler->arena, draft->note_limit, sizeof *draft->notes));
    if (!draft->notes) {
        return;
    }
    read_steps(draft);
    read_on_failure(draft, on_failure);
    draft->program->step_count = draft->note_count;
    draft->program->reads = draft->reads;
    draft->program->read_count = draft->read_count;
    compile_plan(draft);
}

void compile_pipeline(struct draft *draft)
{
    const struct pxm_source *source = draft->program->source;

    if (draft->state != DRAFT_UNREAD) {
        return;
    }
    draft->state = DRAFT_OPEN;
    if (source && pxm_sha256(source->text, source->length, draft->program->digest) != PXM_OK) {
        pxm_diags_no_memory(draft->compiler->diags);
    }
    draft->root = compile_kind(draft->compiler, draft->root, PXM_NODE_MAP, "a pipeline");
    if (draft->root) {
        read_pipeline(draft);
    }
    draft->state = DRAFT_DONE;
}
