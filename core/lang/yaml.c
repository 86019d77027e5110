/* The YAML subset: libyaml's events become a tree, or diagnostics. When a mistake could be mended, further passes over the
 * mended text look for more, and their trees are thrown away. Called for each file that is loaded, by one thread at a time
 * for each arena. */
#include "lang/yaml.h"
#include "base/utf8.h"
#include "lang/yaml_problem.h"
#include <stdlib.h>
#include <string.h>

enum {
    PASSES_MAX = 32,
    NAME_MAX_BYTES = 64,           /* of a key in a message */
    SCRATCH_BYTES_MAX = 256 << 20, /* of a pass that only looks for errors */
};

struct frame {
    struct pxm_node *node;
    size_t base; /* where its children start on the stack */
};

/* One pass. */
struct reader {
    struct pxm_yaml_text *text;
    struct pxm_arena *arena; /* of the nodes */
    struct pxm_diags *diags;
    struct pxm_node *root;
    struct pxm_node **stack; /* children of open lists and maps; keys and values take turns */
    size_t stack_count, stack_capacity;
    struct frame frames[PXM_YAML_DEPTH_MAX];
    size_t depth, nodes;
    uint32_t last_end; /* offset behind the last scalar or bracket */
    bool failed;       /* something was reported */
    bool done;         /* no event after this one is wanted */
    bool mended;       /* another pass may find more */
};

static struct pxm_diag *report(struct reader *reader, const char *code, struct pxm_span span, const char *message)
{
    reader->failed = true;
    return pxm_diag_add(reader->diags, PXM_SEVERITY_ERROR, code, span, "%s", message);
}

static void out_of_memory(struct reader *reader)
{
    pxm_diags_no_memory(reader->diags);
    reader->failed = true;
    reader->done = true;
}

static int clipped(const char *text, size_t length)
{
    return (int)(length > NAME_MAX_BYTES ? pxm_utf8_cut(text, NAME_MAX_BYTES) : length);
}

/* ---- where the next node stands --------------------------------------------------------------------------------- */

static const struct frame *top(const struct reader *reader)
{
    return reader->depth ? &reader->frames[reader->depth - 1] : NULL;
}

static bool wants_key(const struct reader *reader)
{
    const struct frame *frame = top(reader);

    return frame && frame->node->kind == PXM_NODE_MAP && (reader->stack_count - frame->base) % 2 == 0;
}

/* The key that the next node is the value of; NULL: it is none. */
static const struct pxm_node *pending_key(const struct reader *reader)
{
    const struct frame *frame = top(reader);

    if (!frame || frame->node->kind != PXM_NODE_MAP || wants_key(reader)) {
        return NULL;
    }
    return reader->stack[reader->stack_count - 1];
}

static void add(struct reader *reader, struct pxm_node *node)
{
    if (reader->depth == 0) {
        reader->root = node;
        return;
    }
    if (reader->stack_count == reader->stack_capacity) {
        size_t capacity = reader->stack_capacity ? 2 * reader->stack_capacity : 64;
        struct pxm_node **stack = realloc(reader->stack, capacity * sizeof *stack);

        if (!stack) {
            out_of_memory(reader);
            return;
        }
        reader->stack = stack;
        reader->stack_capacity = capacity;
    }
    reader->stack[reader->stack_count++] = node;
}

static struct pxm_node *node_new(struct reader *reader, enum pxm_node_kind kind, struct pxm_span span)
{
    struct pxm_node *node;
    struct pxm_diag *diag;

    if (++reader->nodes > PXM_YAML_NODES_MAX) {
        diag = report(reader, "E008", span, "too many values in one file");
        pxm_diag_label(reader->diags, diag, "at most %d; split the file", PXM_YAML_NODES_MAX);
        reader->done = true;
        return NULL;
    }
    node = pxm_arena_alloc(reader->arena, sizeof *node);
    if (!node) {
        out_of_memory(reader);
        return NULL;
    }
    node->kind = kind;
    node->span = span;
    node->text = "";
    return node;
}

/* ---- what the subset leaves out --------------------------------------------------------------------------------- */

/* The word of an anchor ('&') or tag ('!') before a node that begins at `span`. */
static struct pxm_span property_span(struct pxm_span span, char sigil)
{
    const char *text = span.source->text;
    uint32_t skipped = 0;
    uint32_t length = 0;

    for (int words = 0; words < 2; words++) {
        const char *word = text + span.offset + skipped;

        length = (uint32_t)strcspn(word, " \t\r\n,[]{}");
        if (*word == sigil || length == 0) {
            break;
        }
        skipped += length;
        skipped += (uint32_t)strspn(text + span.offset + skipped, " \t\r\n");
    }
    span.length = skipped + length;
    return pxm_span_part(span, skipped, length);
}

/* "when: !ready" is a tag to YAML and "not ready" to its author. */
static bool means_not(const struct reader *reader, const char *tag, bool empty)
{
    const struct pxm_node *key = pending_key(reader);
    bool condition = key && (!strcmp(key->text, "when") || !strcmp(key->text, "where"));
    bool expression = tag[1] == '(' || (tag[1] >= 'a' && tag[1] <= 'z');

    return expression && (empty || condition);
}

static void report_tag(struct reader *reader, const yaml_event_t *event, struct pxm_span span)
{
    bool scalar = event->type == YAML_SCALAR_EVENT;
    bool empty = scalar && event->data.scalar.length == 0;
    struct pxm_span tag = property_span(span, '!');
    const char *written = tag.source->text + tag.offset;
    const struct pxm_node *key = pending_key(reader);
    uint32_t whole = span.offset + span.length - tag.offset;
    struct pxm_diag *diag;

    reader->failed = true;
    if (empty && key) {
        diag = pxm_diag_add(reader->diags, PXM_SEVERITY_ERROR, "E005", tag,
                            "`%.*s` is a YAML tag, which would leave `%.*s` empty", clipped(written, tag.length),
                            written, clipped(key->text, key->length), key->text);
    } else {
        diag = pxm_diag_add(reader->diags, PXM_SEVERITY_ERROR, "E005", tag, "`%.*s` is a YAML tag",
                            clipped(written, tag.length), written);
    }
    if (scalar && means_not(reader, written, empty) && !memchr(written, '\n', whole)) {
        pxm_diag_label(reader->diags, diag, "write `not %.*s`", clipped(written + 1, whole - 1), written + 1);
    } else {
        pxm_diag_label(reader->diags, diag, "delete it: the option says the type, and a quoted value is a string");
    }
}

static void report_anchor(struct reader *reader, struct pxm_span span)
{
    struct pxm_span anchor = property_span(span, '&');
    struct pxm_diag *diag = report(reader, "E004", anchor, "YAML anchors are not allowed");

    pxm_diag_label(reader->diags, diag, "delete it; a value that is used twice goes into `vars:`");
}

/* True: the node has an anchor or a tag, which is reported. */
static bool report_properties(struct reader *reader, const yaml_event_t *event, struct pxm_span span,
                              const void *anchor, const void *tag)
{
    if (anchor) {
        report_anchor(reader, span);
    }
    if (tag) {
        report_tag(reader, event, span);
    }
    return anchor || tag;
}

static void report_empty_key(struct reader *reader, struct pxm_span span)
{
    struct pxm_diag *diag;

    span.length = 1;
    diag = report(reader, "E007", span, "a key is missing");
    pxm_diag_label(reader->diags, diag, "write one before the `:`");
}

static void report_empty_file(struct reader *reader)
{
    report(reader, "E007", (struct pxm_span){.source = reader->text->source}, "the file is empty");
}

/* `span` is where the value would stand. */
static void report_empty_value(struct reader *reader, struct pxm_span span)
{
    const struct pxm_node *key = pending_key(reader);
    const char *rest = span.source->text + span.offset;
    const char *comment = rest + strspn(rest, " \t");
    size_t comment_length = strcspn(comment, " \t\r\n,}]");
    struct pxm_diag *diag;

    if (!top(reader)) {
        report_empty_file(reader);
        return;
    }
    if (key) {
        reader->failed = true;
        diag = pxm_diag_add(reader->diags, PXM_SEVERITY_ERROR, "E007", key->span, "`%.*s` has no value",
                            clipped(key->text, key->length), key->text);
    } else {
        if (span.offset > 0 && rest[-1] == '-') { /* The mark stands behind the dash of the item. */
            span.offset--;
            span.column--;
        }
        span.length = 1;
        diag = report(reader, "E007", span, "an item has no value");
    }
    if (*comment == '#' && comment_length > 1 && comment > rest) {
        pxm_diag_label(reader->diags, diag, "`#` begins a comment: write \"%.*s\"", clipped(comment, comment_length),
                       comment);
    } else {
        pxm_diag_label(reader->diags, diag, "write a value: \"\" is an empty text, {} an empty map, [] an empty list");
    }
}

static void check_key(struct reader *reader, const struct pxm_node *node)
{
    struct pxm_diag *diag;

    if (!node->quoted && !strcmp(node->text, "<<")) {
        diag = report(reader, "E004", node->span, "merge keys are not allowed");
        pxm_diag_label(reader->diags, diag, "write the entries out; a value that is used twice goes into `vars:`");
    }
}

static int by_key(const void *a, const void *b)
{
    const struct pxm_node *x = (*(const struct pxm_entry *const *)a)->key;
    const struct pxm_node *y = (*(const struct pxm_entry *const *)b)->key;
    int order = strcmp(x->text, y->text);

    return order ? order : (x->span.offset > y->span.offset) - (x->span.offset < y->span.offset);
}

static void report_duplicate(struct reader *reader, const struct pxm_node *first, const struct pxm_node *again)
{
    struct pxm_diag *diag;

    reader->failed = true;
    diag = pxm_diag_add(reader->diags, PXM_SEVERITY_ERROR, "E003", again->span,
                        "duplicate key `%.*s`; the first is at line %u, and YAML readers disagree on which one wins",
                        clipped(again->text, again->length), again->text, first->span.line);
    pxm_diag_label(reader->diags, diag, "delete one");
}

static void check_duplicates(struct reader *reader, const struct pxm_node *map)
{
    const struct pxm_entry **sorted = calloc(map->length, sizeof *sorted);
    const struct pxm_node *first = NULL;
    size_t count = 0;

    if (!sorted) {
        out_of_memory(reader);
        return;
    }
    for (size_t i = 0; i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;

        if (key->kind == PXM_NODE_SCALAR && !pxm_yaml_is_mended(reader->text, key->span)) {
            sorted[count++] = &map->entries[i];
        }
    }
    qsort(sorted, count, sizeof *sorted, by_key);
    for (size_t i = 0; i < count; i++) {
        if (first && !strcmp(first->text, sorted[i]->key->text)) {
            report_duplicate(reader, first, sorted[i]->key);
        } else {
            first = sorted[i]->key;
        }
    }
    free(sorted);
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

/* libyaml ends a block scalar behind its last line break. */
static uint32_t trimmed_length(struct pxm_span span)
{
    const char *text = span.source->text + span.offset;

    while (span.length > 0 && strchr(" \t\r\n", text[span.length - 1])) {
        span.length--;
    }
    return span.length;
}

static bool is_torn_template(const struct reader *reader, const yaml_event_t *event, struct pxm_span span)
{
    const char *text = reader->text->text + span.offset;

    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && span.length > 0 && text[span.length - 1] == '$' &&
           text[span.length] == '{';
}

static void check_scalar(struct reader *reader, const yaml_event_t *event, const struct pxm_node *node)
{
    bool empty = !node->quoted && node->length == 0;
    struct pxm_diag *diag;

    if (report_properties(reader, event, node->span, event->data.scalar.anchor, event->data.scalar.tag)) {
        return;
    }
    if (empty && wants_key(reader)) {
        report_empty_key(reader, node->span);
    } else if (empty) {
        report_empty_value(reader, node->span);
    } else if (wants_key(reader)) {
        check_key(reader, node);
    }
    if (memchr(event->data.scalar.value, '\0', event->data.scalar.length)) {
        diag = report(reader, "E010", node->span, "a text cannot hold the character NUL");
        pxm_diag_label(reader->diags, diag, "delete the escape that makes it");
    }
}

static void take_scalar(struct reader *reader, const yaml_event_t *event)
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
        out_of_memory(reader);
        return;
    }
    check_scalar(reader, event, node);
    if (span.length > 0) {
        reader->last_end = span.offset + span.length;
    }
    add(reader, node);
}

static void take_alias(struct reader *reader, const yaml_event_t *event)
{
    struct pxm_span span = pxm_yaml_span(reader->text, &event->start_mark, &event->end_mark);
    struct pxm_diag *diag = report(reader, "E004", span, "YAML aliases are not allowed");
    struct pxm_node *node = node_new(reader, PXM_NODE_SCALAR, span);

    pxm_diag_label(reader->diags, diag, "write the value out, or put it into `vars:`; if a text is meant, quote it");
    reader->last_end = span.offset + span.length;
    if (node) {
        add(reader, node);
    }
}

static void open_collection(struct reader *reader, const yaml_event_t *event, enum pxm_node_kind kind,
                            const void *anchor, const void *tag)
{
    struct pxm_span span = pxm_yaml_span(reader->text, &event->start_mark, &event->end_mark);
    struct pxm_node *node;
    struct pxm_diag *diag;

    report_properties(reader, event, span, anchor, tag);
    span.length = 1;
    if (wants_key(reader)) {
        diag = report(reader, "E011", span, "a key must be a word, not a list or a map");
        pxm_diag_label(reader->diags, diag, "put quotes around it if a text is meant");
    }
    if (reader->depth == PXM_YAML_DEPTH_MAX) {
        diag = report(reader, "E008", span, "nested too deeply");
        pxm_diag_label(reader->diags, diag, "at most %d levels", PXM_YAML_DEPTH_MAX);
        reader->done = true;
        return;
    }
    node = node_new(reader, kind, span);
    if (!node) {
        return;
    }
    reader->last_end = span.offset + span.length;
    reader->frames[reader->depth++] = (struct frame){.node = node, .base = reader->stack_count};
}

static bool fill_list(struct reader *reader, struct pxm_node *node, struct pxm_node *const *children, size_t count)
{
    node->items = pxm_arena_array(reader->arena, count, sizeof(struct pxm_node *));
    if (!node->items) {
        return false;
    }
    memcpy(node->items, children, count * sizeof(struct pxm_node *));
    node->length = count;
    return true;
}

static bool fill_map(struct reader *reader, struct pxm_node *node, struct pxm_node *const *children, size_t count)
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

static void close_collection(struct reader *reader, const yaml_event_t *event)
{
    struct pxm_span end = pxm_yaml_span(reader->text, &event->start_mark, &event->end_mark);
    struct frame *frame = &reader->frames[--reader->depth];
    struct pxm_node *node = frame->node;
    struct pxm_node *const *children = reader->stack + frame->base;
    size_t count = reader->stack_count - frame->base;
    const char *text = node->span.source->text + node->span.offset;

    if (*text == '[' || *text == '{') { /* A block ends without a character of its own. */
        reader->last_end = end.offset + 1;
    }
    node->span.length = first_line_length(text, reader->last_end - node->span.offset);
    if (count > 0 && !(node->kind == PXM_NODE_LIST ? fill_list : fill_map)(reader, node, children, count)) {
        out_of_memory(reader);
        return;
    }
    reader->stack_count = frame->base;
    if (node->kind == PXM_NODE_MAP && node->length > 1) {
        check_duplicates(reader, node);
    }
    add(reader, node);
}

/* Whether anything but comments and document marks follows the first document. */
static void check_rest(struct reader *reader, const yaml_event_t *event)
{
    struct pxm_span place = pxm_yaml_span(reader->text, &event->end_mark, &event->end_mark);
    const char *text = place.source->text;
    uint32_t offset = place.offset;
    struct pxm_diag *diag;

    for (;;) {
        offset += (uint32_t)strspn(text + offset, " \t\r\n");
        if (!strncmp(text + offset, "...", 3)) {
            offset += 3;
        } else if (text[offset] == '#') {
            offset += (uint32_t)strcspn(text + offset, "\r\n");
        } else {
            break;
        }
    }
    if (text[offset] == '\0') {
        return;
    }
    place.length = offset - place.offset;
    place = pxm_span_part(place, place.length, 0);
    place.length = (uint32_t)strcspn(text + offset, "\r\n");
    diag = report(reader, "E009", place, "a second YAML document in one file, which readers pass over");
    pxm_diag_label(reader->diags, diag, "put it into a file of its own");
}

static void take(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        take_scalar(reader, event);
        break;
    case YAML_ALIAS_EVENT:
        take_alias(reader, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_collection(reader, event, PXM_NODE_LIST, event->data.sequence_start.anchor,
                        event->data.sequence_start.tag);
        break;
    case YAML_MAPPING_START_EVENT:
        open_collection(reader, event, PXM_NODE_MAP, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_collection(reader, event);
        break;
    case YAML_DOCUMENT_END_EVENT:
        check_rest(reader, event);
        reader->done = true;
        break;
    case YAML_STREAM_END_EVENT:
        report_empty_file(reader);
        reader->done = true;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_START_EVENT:
        break;
    }
}

/* Directives come before everything else. libyaml would compare each with all others. */
static bool check_directives(const struct pxm_source *source, struct pxm_diags *diags)
{
    struct pxm_span start = {.source = source, .line = 1, .column = 1, .length = (uint32_t)source->length};
    struct pxm_span line;
    struct pxm_diag *diag;
    uint32_t offset = 0;

    for (;;) {
        size_t blank = strspn(source->text + offset, " \t\r\n");

        offset += (uint32_t)blank;
        if (source->text[offset] != '#') {
            break;
        }
        offset += (uint32_t)strcspn(source->text + offset, "\r\n");
    }
    if (source->text[offset] != '%') {
        return true;
    }
    line = pxm_span_part(start, offset, (uint32_t)strcspn(source->text + offset, "\r\n"));
    diag = pxm_diag_add(diags, PXM_SEVERITY_ERROR, "E005", line, "YAML directives are not allowed");
    pxm_diag_label(diags, diag, "delete the line");
    return false;
}

/* The tree, or NULL with diagnostics; *ret_again: another pass may find more. */
static struct pxm_node *read_once(struct pxm_arena *arena, struct pxm_yaml_text *text, struct pxm_diags *diags,
                                  bool *ret_again)
{
    struct reader reader = {.text = text, .arena = arena, .diags = diags};
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
    free(reader.stack);
    *ret_again = reader.mended;
    return reader.failed ? NULL : reader.root;
}

/* Reports what stands behind the mistakes that were mended; never gives a tree, as what was mended is not what was meant. */
static void find_more(struct pxm_yaml_text *text, struct pxm_diags *diags)
{
    bool again = true;

    for (int pass = 1; again && pass < PASSES_MAX; pass++) {
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

    if (!check_directives(source, diags)) {
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
