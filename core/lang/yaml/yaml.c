/* The YAML subset: libyaml's events become a tree, or diagnostics. When a mistake could be mended, further passes
 * over the mended text look for more, and their trees are thrown away. Called for each file that is loaded, by one
 * thread at a time for each arena. */
#include "lang/yaml/yaml.h"
#include "lang/yaml/yaml_reader.h"
#include <stdlib.h>
#include <string.h>

enum {
    PASSES_MAX = 32,
    SCRATCH_BYTES_MAX = 256 << 20, /* of a pass that only looks for errors */
};

static void add(struct pxm_yaml_reader *reader, struct pxm_node *node)
{
    if (reader->depth == 0) {
        reader->root = node;
        return;
    }
    if (reader->stack_count == reader->stack_capacity) {
        size_t capacity = reader->stack_capacity ? 2 * reader->stack_capacity : 64;
        struct pxm_node **stack = realloc(reader->stack, capacity * sizeof *stack);

        if (!stack) {
            pxm_yaml_out_of_memory(reader);
            return;
        }
        reader->stack = stack;
        reader->stack_capacity = capacity;
    }
    reader->stack[reader->stack_count++] = node;
}

static struct pxm_node *node_new(struct pxm_yaml_reader *reader, enum pxm_node_kind kind, struct pxm_span span)
{
    struct pxm_node *node;
    struct pxm_diag *diag;

    if (++reader->nodes > PXM_YAML_NODES_MAX) {
        diag = pxm_yaml_report(reader, "E008", span, "too many values in one file");
        pxm_diag_label(reader->diags, diag, "at most %d; split the file", PXM_YAML_NODES_MAX);
        reader->done = true;
        return NULL;
    }
    node = pxm_arena_alloc(reader->arena, sizeof *node);
    if (!node) {
        pxm_yaml_out_of_memory(reader);
        return NULL;
    }
    node->kind = kind;
    node->span = span;
    node->text = "";
    return node;
}

/* ---- events
 * ----------------------------------------------------------------------------------------------------- */

/* Flow style ends a plain scalar at the brace of `${`. */
static bool is_torn_template(const struct pxm_yaml_reader *reader, const yaml_event_t *event, struct pxm_span span)
{
    const char *text = reader->text->text + span.offset;

    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && span.length > 0 && text[span.length - 1] == '$' &&
           text[span.length] == '{';
}

/* libyaml ends a block scalar behind its last line break. */
static uint32_t trimmed_length(struct pxm_span span)
{
    const char *text = span.source->text + span.offset;

    while (span.length > 0 && strchr(" \t\r\n", text[span.length - 1])) {
        span.length--;
    }
    return span.length;
}

static void take_scalar(struct pxm_yaml_reader *reader, const yaml_event_t *event)
{
    struct pxm_span span = pxm_yaml_span(reader->text, &event->start_mark, &event->end_mark);
    struct pxm_node *node;

    if (is_torn_template(reader, event, span)) {
        pxm_yaml_report_template(reader->text, span, reader->diags);
        reader->failed = reader->mended = reader->done = true;
        return;
    }
    span.length = trimmed_length(span);
    node = node_new(reader, PXM_NODE_SCALAR, span);
    if (!node) {
        return;
    }
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->length = event->data.scalar.length;
    node->text = pxm_arena_strndup(reader->arena, (const char *)event->data.scalar.value, node->length);
    if (!node->text) {
        pxm_yaml_out_of_memory(reader);
        return;
    }
    pxm_yaml_check_scalar(reader, event, node);
    if (span.length > 0) {
        reader->last_end = span.offset + span.length;
    }
    add(reader, node);
}

static void take_alias(struct pxm_yaml_reader *reader, const yaml_event_t *event)
{
    struct pxm_span span = pxm_yaml_span(reader->text, &event->start_mark, &event->end_mark);
    struct pxm_node *node = node_new(reader, PXM_NODE_SCALAR, span);

    pxm_yaml_check_alias(reader, span);
    reader->last_end = span.offset + span.length;
    if (node) {
        add(reader, node);
    }
}

static void open_collection(struct pxm_yaml_reader *reader, const yaml_event_t *event, enum pxm_node_kind kind)
{
    struct pxm_span span = pxm_yaml_span(reader->text, &event->start_mark, &event->end_mark);
    struct pxm_node *node;
    struct pxm_diag *diag;

    pxm_yaml_check_collection(reader, event, span);
    span.length = 1;
    if (reader->depth == PXM_YAML_DEPTH_MAX) {
        diag = pxm_yaml_report(reader, "E008", span, "nested too deeply");
        pxm_diag_label(reader->diags, diag, "at most %d levels", PXM_YAML_DEPTH_MAX);
        reader->done = true;
        return;
    }
    node = node_new(reader, kind, span);
    if (!node) {
        return;
    }
    reader->last_end = span.offset + span.length;
    reader->frames[reader->depth++] = (struct pxm_yaml_frame){.node = node, .base = reader->stack_count};
}

static bool fill_list(struct pxm_yaml_reader *reader, struct pxm_node *node, struct pxm_node *const *children,
                      size_t count)
{
    node->items = pxm_arena_array(reader->arena, count, sizeof(struct pxm_node *));
    if (!node->items) {
        return false;
    }
    memcpy(node->items, children, count * sizeof(struct pxm_node *));
    node->length = count;
    return true;
}

static bool fill_map(struct pxm_yaml_reader *reader, struct pxm_node *node, struct pxm_node *const *children,
                     size_t count)
{
    node->entries = pxm_arena_array(reader->arena, count / 2, sizeof *node->entries);
    if (!node->entries) {
        return false;
    }
    for (size_t i = 0; i + 1 < count; i += 2) {
        node->entries[i / 2] = (struct pxm_entry){.key = children[i], .value = children[i + 1]};
    }
    node->length = count / 2;
    return true;
}

static uint32_t first_line_length(const char *text, uint32_t length)
{
    uint32_t i = 0;

    while (i < length && text[i] != '\n' && text[i] != '\r') {
        i++;
    }
    return i;
}

/* Takes the innermost open list or map off the frames, with the children that it has so far. */
static void finish(struct pxm_yaml_reader *reader)
{
    struct pxm_yaml_frame *frame = &reader->frames[--reader->depth];
    struct pxm_node *node = frame->node;
    size_t count = reader->stack_count - frame->base;
    struct pxm_node *const *children = count > 0 ? reader->stack + frame->base : NULL;
    const char *text = node->span.source->text + node->span.offset;

    node->span.length = first_line_length(text, reader->last_end - node->span.offset);
    if (count > 0 && !(node->kind == PXM_NODE_LIST ? fill_list : fill_map)(reader, node, children, count)) {
        pxm_yaml_out_of_memory(reader);
        return;
    }
    reader->stack_count = frame->base;
    if (node->kind == PXM_NODE_MAP && node->length > 1) {
        pxm_yaml_check_duplicates(reader, node);
    }
    add(reader, node);
}

static void close_collection(struct pxm_yaml_reader *reader, const yaml_event_t *event)
{
    struct pxm_span end = pxm_yaml_span(reader->text, &event->start_mark, &event->end_mark);
    const struct pxm_node *node = reader->frames[reader->depth - 1].node;
    char first = node->span.source->text[node->span.offset];

    if (first == '[' || first == '{') { /* A block ends without a character of its own. */
        reader->last_end = end.offset + 1;
    }
    finish(reader);
}

static void take(struct pxm_yaml_reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        take_scalar(reader, event);
        break;
    case YAML_ALIAS_EVENT:
        take_alias(reader, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_collection(reader, event, PXM_NODE_LIST);
        break;
    case YAML_MAPPING_START_EVENT:
        open_collection(reader, event, PXM_NODE_MAP);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_collection(reader, event);
        break;
    case YAML_DOCUMENT_END_EVENT:
        pxm_yaml_check_rest(reader, event);
        reader->done = true;
        break;
    case YAML_STREAM_END_EVENT:
        pxm_yaml_report_empty_file(reader);
        reader->done = true;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_START_EVENT:
        break;
    }
}

/* The tree, or NULL with diagnostics; *ret_again: another pass may find more. */
static struct pxm_node *read_once(struct pxm_arena *arena, struct pxm_yaml_text *text, struct pxm_diags *diags,
                                  bool *ret_again)
{
    struct pxm_yaml_reader reader = {.text = text, .arena = arena, .diags = diags};
    yaml_parser_t parser;
    yaml_event_t event;

    *ret_again = false;
    text->index = text->offset = 0;
    if (!yaml_parser_initialize(&parser)) {
        pxm_diags_no_memory(diags);
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text->text, text->source->length);
    while (!reader.done) {
        if (!yaml_parser_parse(&parser, &event)) {
            reader.mended = pxm_yaml_report_problem(text, &parser, diags);
            reader.failed = true;
            break;
        }
        take(&reader, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    while (reader.depth > 0) { /* Reading stopped early; what is wrong with what was read is still told. */
        finish(&reader);
    }
    free(reader.stack);
    *ret_again = reader.mended;
    return reader.failed ? NULL : reader.root;
}

/* Reports what stands behind the mistakes that were mended; never gives a tree, as what was mended is not what was
 * meant. */
static void find_more(struct pxm_yaml_text *text, struct pxm_diags *diags)
{
    bool again = true;

    for (int pass = 1; again && pass < PASSES_MAX && !diags->overflow; pass++) {
        struct pxm_arena *scratch = pxm_arena_new(SCRATCH_BYTES_MAX);

        if (!scratch) {
            pxm_diags_no_memory(diags);
            return;
        }
        read_once(scratch, text, diags, &again);
        pxm_arena_free(scratch);
    }
}

struct pxm_node *pxm_yaml_parse(struct pxm_arena *arena, const struct pxm_source *source, struct pxm_diags *diags)
{
    struct pxm_yaml_text text = {.source = source};
    struct pxm_node *root;
    bool again;

    if (!pxm_yaml_check_directives(source, diags)) {
        return NULL;
    }
    text.text = malloc(source->length + 1);
    if (!text.text) {
        pxm_diags_no_memory(diags);
        return NULL;
    }
    memcpy(text.text, source->text, source->length + 1);
    root = read_once(arena, &text, diags, &again);
    if (again) {
        find_more(&text, diags);
    }
    free(text.text);
    return root;
}

struct pxm_node *pxm_node_get(const struct pxm_node *map, const char *key)
{
    if (!map || map->kind != PXM_NODE_MAP) {
        return NULL;
    }
    for (size_t i = 0; i < map->length; i++) {
        if (!strcmp(map->entries[i].key->text, key)) {
            return map->entries[i].value;
        }
    }
    return NULL;
}
