/* Draws programs as Mermaid flowcharts (mermaid.js.org, "flowchart TD") and Graphviz digraphs (graphviz.org, "DOT
 * Language"). Pure: reads a checked program from any thread. */
#include "lang/program/graph.h"

#include "base/value.h"
#include <stdio.h>
#include <string.h>

struct graph {
    const struct pxm_program *program;
    enum pxm_graph_format format;
    struct pxm_buf *out;
    const struct pxm_step *effect; /* the last step that changes something outside */
};

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* Text inside double quotes. Mermaid knows entities, DOT a backslash. */
static void put_quoted(struct graph *graph, const char *text)
{
    for (; *text; text++) {
        bool special = *text == '"' || *text == '\\' || *text == '<' || *text == '>' || *text == '&' || *text == '#';
        if (special && graph->format == PXM_GRAPH_MERMAID) {
            pxm_buf_printf(graph->out, "#%d;", *text);
        } else if (*text == '"' || *text == '\\') {
            pxm_buf_printf(graph->out, "\\%c", *text);
        } else {
            pxm_buf_putc(graph->out, *text);
        }
    }
}

static void put_id(struct graph *graph, const struct pxm_step *step)
{
    pxm_buf_printf(graph->out, "s%u", step->order);
}

/* The store, table or queue that a step works on; NULL: none. */
static const char *resource_of(const struct pxm_step *step)
{
    static const char *const names[] = {"store", "table", "queue", "pipeline"};
    const struct pxm_operation *operation = step->operation;
    const char *found = NULL;

    for (size_t i = 0; operation && !operation->unit && step->options && i < sizeof names / sizeof names[0]; i++) {
        int index = pxm_options_find(&operation->options, names[i], NULL);
        const struct pxm_template *value = index < 0 ? NULL : step->options->items[index].value;
        const pxm_value *literal = value ? pxm_template_literal(value) : NULL;
        found = literal ? pxm_value_as_string(literal, NULL) : found;
    }
    return found;
}

static bool has_effect(const struct pxm_step *step)
{
    switch (step->operation ? step->operation->core : PXM_CORE_NONE) {
    case PXM_CORE_PUT:
    case PXM_CORE_REMOVE:
    case PXM_CORE_RECORD:
    case PXM_CORE_ERASE:
    case PXM_CORE_SEND:
    case PXM_CORE_CALL:
        return true;
    default:
        return false;
    }
}

/* ---- nodes and arrows ------------------------------------------------------------------------------------------- */

static void put_node(struct graph *graph, const struct pxm_step *step, bool is_fallback)
{
    const char *resource = resource_of(step);
    bool stored = resource && step->operation->core != PXM_CORE_CALL;
    bool mermaid = graph->format == PXM_GRAPH_MERMAID;

    pxm_buf_puts(graph->out, "  ");
    put_id(graph, step);
    pxm_buf_puts(graph->out, mermaid  ? (stored ? "[(\"" : "[\"")
                             : stored ? " [shape=cylinder, label=\""
                                      : " [label=\"");
    put_quoted(graph, step->id);
    if (step->named && step->operation) {
        pxm_buf_puts(graph->out, ": ");
        put_quoted(graph, step->operation->name);
    }
    if (resource) {
        pxm_buf_putc(graph->out, ' ');
        put_quoted(graph, resource);
    }
    pxm_buf_puts(graph->out, is_fallback ? " (fallback)" : "");
    pxm_buf_puts(graph->out, mermaid ? (stored ? "\")]\n" : "\"]\n") : "\"];\n");
}

static void put_arrow(struct graph *graph, const char *from, const struct pxm_step *to, const char *label, bool dashed)
{
    bool mermaid = graph->format == PXM_GRAPH_MERMAID;

    pxm_buf_printf(graph->out, "  %s %s ", from, mermaid ? (dashed ? "-.->" : "-->") : "->");
    if (mermaid && label) {
        pxm_buf_puts(graph->out, "|\"");
        put_quoted(graph, label);
        pxm_buf_puts(graph->out, "\"| ");
    }
    if (to) {
        put_id(graph, to);
    } else {
        pxm_buf_puts(graph->out, "output");
    }
    if (!mermaid && (label || dashed)) {
        pxm_buf_puts(graph->out, " [");
        if (label) {
            pxm_buf_puts(graph->out, "label=\"");
            put_quoted(graph, label);
            pxm_buf_puts(graph->out, "\"");
        }
        pxm_buf_printf(graph->out, "%s%s]", label && dashed ? ", " : "", dashed ? "style=dashed" : "");
    }
    pxm_buf_puts(graph->out, mermaid ? "\n" : ";\n");
}

static bool same_ends(const struct pxm_read *a, const struct pxm_read *b)
{
    return a->reader == b->reader && a->from == b->from && a->input == b->input;
}

/* Whether an arrow with these ends, or (`field`) such a label on it, stands before the i-th read. */
static bool is_drawn(const struct pxm_program *program, size_t index, const char *field)
{
    bool drawn = false;

    for (size_t i = 0; !drawn && i < index; i++) {
        const struct pxm_read *read = &program->reads[i];
        bool same_field = !field || (read->field && strcmp(read->field, field) == 0);
        drawn = same_field && same_ends(read, &program->reads[index]);
    }
    return drawn;
}

/* The fields that an arrow carries, each once: "width, height". */
static void collect_fields(const struct pxm_program *program, size_t index, struct pxm_buf *ret)
{
    for (size_t i = index; i < program->read_count; i++) {
        const char *field = program->reads[i].field;
        if (field && same_ends(&program->reads[i], &program->reads[index]) && !is_drawn(program, i, field)) {
            pxm_buf_printf(ret, "%s%s", ret->length ? ", " : "", field);
        }
    }
}

/* One arrow between any two, whatever is read. */
static void put_reads(struct graph *graph)
{
    const struct pxm_program *program = graph->program;
    struct pxm_buf fields;

    pxm_buf_init(&fields, 1024);
    for (size_t i = 0; i < program->read_count; i++) {
        const struct pxm_read *read = &program->reads[i];
        char from[32];
        if (is_drawn(program, i, NULL)) {
            continue;
        }
        pxm_buf_clear(&fields);
        collect_fields(program, i, &fields);
        snprintf(from, sizeof from, read->from ? "s%u" : "i%u", read->from ? read->from->order : read->input);
        put_arrow(graph, from, read->reader, fields.length ? fields.data : NULL, false);
    }
    pxm_buf_done(&fields);
}

/* ---- blocks ----------------------------------------------------------------------------------------------------- */

static void put_step(struct graph *graph, const struct pxm_step *step);

static void put_block(struct graph *graph, const struct pxm_block *block)
{
    for (size_t i = 0; i < block->step_count; i++) {
        put_step(graph, block->steps[i]);
    }
}

static void open_group(struct graph *graph, const char *id, const char *title)
{
    bool mermaid = graph->format == PXM_GRAPH_MERMAID;

    pxm_buf_printf(graph->out, mermaid ? "  subgraph g%s[\"" : "  subgraph cluster_%s {\n  label=\"", id);
    put_quoted(graph, title);
    pxm_buf_puts(graph->out, mermaid ? "\"]\n" : "\";\n");
}

static void close_group(struct graph *graph)
{
    pxm_buf_puts(graph->out, graph->format == PXM_GRAPH_MERMAID ? "  end\n" : "  }\n");
}

static void put_effect(struct graph *graph, const struct pxm_step *step)
{
    char from[32];

    if (has_effect(step) && graph->effect) {
        snprintf(from, sizeof from, "s%u", graph->effect->order);
        put_arrow(graph, from, step, NULL, true);
    }
    graph->effect = has_effect(step) ? step : graph->effect;
}

static void put_step(struct graph *graph, const struct pxm_step *step)
{
    char id[32];

    if (step->kind == PXM_STEP_OPERATION) {
        put_node(graph, step, false);
        if (step->fallback) {
            put_node(graph, step->fallback, true);
        }
        put_effect(graph, step);
        return;
    }
    snprintf(id, sizeof id, "%u", step->order);
    open_group(graph, id, step->id);
    if (step->kind == PXM_STEP_FOREACH) {
        put_node(graph, step, false);
    }
    put_block(graph, &step->block);
    close_group(graph);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void put_inputs(struct graph *graph)
{
    bool mermaid = graph->format == PXM_GRAPH_MERMAID;

    for (size_t i = 0; i < graph->program->input_count; i++) {
        pxm_buf_printf(graph->out, mermaid ? "  i%zu([\"" : "  i%zu [shape=oval, label=\"", i);
        put_quoted(graph, graph->program->inputs[i].name);
        pxm_buf_puts(graph->out, mermaid ? "\"])\n" : "\"];\n");
    }
}

void pxm_graph_write(const struct pxm_program *program, enum pxm_graph_format format, struct pxm_buf *out)
{
    struct graph graph = {.program = program, .format = format, .out = out};
    bool mermaid = format == PXM_GRAPH_MERMAID;

    if (mermaid) {
        pxm_buf_puts(out, "flowchart TD\n");
    } else {
        pxm_buf_puts(out, "digraph \"");
        put_quoted(&graph, program->name);
        pxm_buf_puts(out, "\" {\n  node [shape=box];\n");
    }
    put_inputs(&graph);
    put_block(&graph, &program->block);
    if (program->on_failure.step_count > 0) {
        graph.effect = NULL;
        open_group(&graph, "failure", "on_failure");
        put_block(&graph, &program->on_failure);
        close_group(&graph);
    }
    if (program->output) {
        pxm_buf_puts(out, mermaid ? "  output([\"output\"])\n" : "  output [shape=oval];\n");
    }
    put_reads(&graph);
    if (!mermaid) {
        pxm_buf_puts(out, "}\n");
    }
}
