/* E301: pipelines that start each other for ever. An edge leads from a pipeline to each one that an object it puts, or
 * a message it sends, may start; a circle of edges is a loop. What a called pipeline does, its caller does. */
#include "lang/program/compile.h"

#include "base/value.h"
#include <string.h>

struct edge {
    const struct step_note *note; /* the put or send */
    const struct pxm_trigger *trigger;
    size_t from, to; /* drafts */
};

struct loops {
    struct compiler *compiler;
    size_t count; /* of drafts */
    bool *reach;  /* count x count: there is a way from one to the other */
    bool *told;   /* of each: it is in a circle that was reported */
    size_t edge_count, edge_capacity;
    struct edge *edges;
};

/* ---- what a key may look like ----------------------------------------------------------------------------------- */

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), tail = strlen(suffix);

    return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

static const char *literal_text(const struct pxm_binding *binding)
{
    const pxm_value *literal = binding && binding->value ? pxm_template_literal(binding->value) : NULL;

    return literal ? pxm_value_as_string(literal, NULL) : NULL;
}

/* The text behind the last hole; "" when a hole ends the key. */
static const char *key_tail(const struct pxm_binding *key)
{
    const char *close = key->node && key->node->kind == PXM_NODE_SCALAR ? strrchr(key->node->text, '}') : NULL;

    return close ? close + 1 : "";
}

static bool key_may_match(const struct pxm_binding *key, const struct pxm_binding *under,
                          const struct pxm_trigger *trigger)
{
    const char *whole = literal_text(key);
    const char *start = whole ? whole : pxm_template_prefix(key->value);
    const char *confined = literal_text(under);
    const char *tail = whole ? whole : key_tail(key);

    start = !start[0] && confined ? confined : start;
    if (!starts_with(start, trigger->prefix) && (whole || !starts_with(trigger->prefix, start))) {
        return false;
    }
    for (size_t i = 0; trigger->suffix && trigger->suffix[i]; i++) {
        if (ends_with(tail, trigger->suffix[i]) || (!whole && ends_with(trigger->suffix[i], tail))) {
            return true;
        }
    }
    return !trigger->suffix;
}

/* ---- edges ------------------------------------------------------------------------------------------------------ */

static bool starts(const struct step_note *note, const struct pxm_trigger *trigger)
{
    const struct pxm_step *step = note->step;
    enum pxm_core_op op = step->operation && step->options ? step->operation->core : PXM_CORE_NONE;

    if (op == PXM_CORE_PUT && trigger->kind == PXM_TRIGGER_OBJECT_CREATED) {
        const char *store = literal_text(compile_binding(step, "store"));
        const struct pxm_binding *key = compile_binding(step, "key");
        return store && strcmp(store, trigger->store) == 0 && key && key->value &&
               key_may_match(key, compile_binding(step, "under"), trigger);
    }
    if (op == PXM_CORE_SEND && trigger->kind == PXM_TRIGGER_MESSAGE && !note->conditional) {
        const char *queue = literal_text(compile_binding(step, "queue"));
        return queue && strcmp(queue, trigger->queue) == 0;
    }
    return false;
}

static void add_edges_of(struct loops *loops, size_t from, const struct step_note *note)
{
    for (size_t to = 0; to < loops->count; to++) {
        const struct pxm_program *program = loops->compiler->drafts[to]->program;
        for (size_t i = 0; i < program->trigger_count; i++) {
            if (!starts(note, &program->triggers[i])) {
                continue;
            }
            struct edge *edges =
                compile_grow(loops->compiler, loops->edges, loops->edge_count, &loops->edge_capacity, sizeof *edges);
            if (!edges) {
                return;
            }
            loops->edges = edges;
            edges[loops->edge_count++] =
                (struct edge){.note = note, .trigger = &program->triggers[i], .from = from, .to = to};
            loops->reach[from * loops->count + to] = true;
        }
    }
}

static void add_calls(struct loops *loops, size_t from, const struct pxm_step *step)
{
    for (size_t to = 0; step->callee && to < loops->count; to++) {
        if (loops->compiler->drafts[to]->program == step->callee) {
            loops->reach[from * loops->count + to] = true;
        }
    }
}

/* Transitive closure (Warshall). */
static void close_reach(struct loops *loops)
{
    size_t n = loops->count;

    for (size_t via = 0; via < n; via++) {
        for (size_t from = 0; from < n; from++) {
            for (size_t to = 0; loops->reach[from * n + via] && to < n; to++) {
                loops->reach[from * n + to] = loops->reach[from * n + to] || loops->reach[via * n + to];
            }
        }
    }
}

/* ---- reports ---------------------------------------------------------------------------------------------------- */

/* A circle of several pipelines is told once. */
static bool is_news(struct loops *loops, const struct edge *edge)
{
    bool told = loops->told[edge->from] && edge->from != edge->to;

    for (size_t i = 0; edge->from != edge->to && i < loops->count; i++) {
        bool same_circle = loops->reach[i * loops->count + edge->from] && loops->reach[edge->from * loops->count + i];
        loops->told[i] = loops->told[i] || same_circle;
    }
    return !told;
}

static void report(struct loops *loops, const struct edge *edge)
{
    struct compiler *compiler = loops->compiler;
    bool put = edge->note->step->operation->core == PXM_CORE_PUT;
    const struct pxm_binding *key = compile_binding(edge->note->step, put ? "key" : "queue");
    const char *prefix = put && key ? pxm_template_prefix(key->value) : "";
    struct pxm_span span = edge->note->step->span;
    struct pxm_diag *diag;

    if (key && key->node) {
        span = prefix[0] ? pxm_node_part(key->node, 0, strlen(prefix)) : key->node->span;
    }

    if (edge->from == edge->to) {
        diag = compile_error(compiler, "E301", span, "this pipeline triggers itself for ever");
    } else {
        diag = compile_error(compiler, "E301", span, "pipelines `%s` and `%s` trigger each other for ever",
                             compiler->drafts[edge->from]->program->name, compiler->drafts[edge->to]->program->name);
    }
    if (put) {
        pxm_diag_label(
            compiler->diags, diag,
            "written under the prefix that starts it; use another store or prefix (on Lambda this loop bills)");
        pxm_diag_also(compiler->diags, diag, edge->trigger->span, "trigger `%s` fires for every object here",
                      edge->trigger->name);
    } else {
        pxm_diag_label(compiler->diags, diag,
                       "sent to the queue that starts it; put a `when` on it, or use another queue");
        pxm_diag_also(compiler->diags, diag, edge->trigger->span, "trigger `%s` fires for every message here",
                      edge->trigger->name);
    }
}

void check_loops(struct compiler *compiler)
{
    struct loops loops = {.compiler = compiler, .count = compiler->draft_count};

    loops.reach = compile_have(compiler, pxm_arena_array(compiler->arena, loops.count * loops.count + 1, sizeof(bool)));
    loops.told = compile_have(compiler, pxm_arena_array(compiler->arena, loops.count + 1, sizeof(bool)));
    if (!loops.reach || !loops.told) {
        return;
    }
    for (size_t i = 0; i < loops.count; i++) {
        struct draft *draft = compiler->drafts[i];
        for (size_t k = 0; k < draft->note_count; k++) {
            add_edges_of(&loops, i, &draft->notes[k]);
            add_calls(&loops, i, draft->notes[k].step);
        }
    }
    close_reach(&loops);
    for (size_t i = 0; i < loops.edge_count; i++) {
        const struct edge *edge = &loops.edges[i];
        bool circle = edge->from == edge->to || loops.reach[edge->to * loops.count + edge->from];
        if (circle && is_news(&loops, edge)) {
            report(&loops, edge);
        }
    }
}
