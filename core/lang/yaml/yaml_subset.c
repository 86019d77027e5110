/* What the subset leaves out of YAML, found on one event at a time: who reads YAML elsewhere would take it in
 * silence. Called by yaml.c alone. */
#include "base/utf8.h"
#include "lang/yaml/yaml_reader.h"
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES_MAX = 64 /* of a key in a message */ };

struct pxm_diag *pxm_yaml_report(struct pxm_yaml_reader *reader, const char *code, struct pxm_span span,
                                 const char *message)
{
    reader->failed = true;
    return pxm_diag_add(reader->diags, PXM_SEVERITY_ERROR, code, span, "%s", message);
}

void pxm_yaml_out_of_memory(struct pxm_yaml_reader *reader)
{
    pxm_diags_no_memory(reader->diags);
    reader->failed = true;
    reader->done = true;
}

static int clipped(const char *text, size_t length)
{
    return (int)(length > NAME_BYTES_MAX ? pxm_utf8_cut(text, NAME_BYTES_MAX) : length);
}

static const struct pxm_yaml_frame *top(const struct pxm_yaml_reader *reader)
{
    return reader->depth ? &reader->frames[reader->depth - 1] : NULL;
}

bool pxm_yaml_wants_key(const struct pxm_yaml_reader *reader)
{
    const struct pxm_yaml_frame *frame = top(reader);

    return frame && frame->node->kind == PXM_NODE_MAP && (reader->stack_count - frame->base) % 2 == 0;
}

/* The key that the next node is the value of; NULL: it is none. */
static const struct pxm_node *pending_key(const struct pxm_yaml_reader *reader)
{
    const struct pxm_yaml_frame *frame = top(reader);

    if (!frame || frame->node->kind != PXM_NODE_MAP || pxm_yaml_wants_key(reader)) {
        return NULL;
    }
    return reader->stack[reader->stack_count - 1];
}

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
static bool means_not(const struct pxm_yaml_reader *reader, const char *tag, bool empty)
{
    const struct pxm_node *key = pending_key(reader);
    bool condition = key && (!strcmp(key->text, "when") || !strcmp(key->text, "where"));
    bool expression = tag[1] == '(' || (tag[1] >= 'a' && tag[1] <= 'z');

    return expression && (empty || condition);
}

static void report_tag(struct pxm_yaml_reader *reader, const yaml_event_t *event, struct pxm_span span)
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

static void report_anchor(struct pxm_yaml_reader *reader, struct pxm_span span)
{
    struct pxm_span anchor = property_span(span, '&');
    struct pxm_diag *diag = pxm_yaml_report(reader, "E004", anchor, "YAML anchors are not allowed");

    pxm_diag_label(reader->diags, diag, "delete it; a value that is used twice goes into `vars:`");
}

/* True: the node has an anchor or a tag, which is reported. */
static bool report_properties(struct pxm_yaml_reader *reader, const yaml_event_t *event, struct pxm_span span,
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

static void report_empty_key(struct pxm_yaml_reader *reader, struct pxm_span span)
{
    struct pxm_diag *diag;

    span.length = 1;
    diag = pxm_yaml_report(reader, "E007", span, "a key is missing");
    pxm_diag_label(reader->diags, diag, "write one before the `:`");
}

void pxm_yaml_report_empty_file(struct pxm_yaml_reader *reader)
{
    pxm_yaml_report(reader, "E007", (struct pxm_span){.source = reader->text->source}, "the file is empty");
}

/* `span` is where the value would stand. */
static void report_empty_value(struct pxm_yaml_reader *reader, struct pxm_span span)
{
    const struct pxm_node *key = pending_key(reader);
    const char *rest = span.source->text + span.offset;
    const char *comment = rest + strspn(rest, " \t");
    size_t comment_length = strcspn(comment, " \t\r\n,}]");
    struct pxm_diag *diag;

    if (!top(reader)) {
        pxm_yaml_report_empty_file(reader);
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
        diag = pxm_yaml_report(reader, "E007", span, "an item has no value");
    }
    if (*comment == '#' && comment_length > 1 && comment > rest) {
        pxm_diag_label(reader->diags, diag, "`#` begins a comment: write \"%.*s\"", clipped(comment, comment_length),
                       comment);
    } else {
        pxm_diag_label(reader->diags, diag, "write a value: \"\" is an empty text, {} an empty map, [] an empty list");
    }
}

static void check_key(struct pxm_yaml_reader *reader, const struct pxm_node *node)
{
    struct pxm_diag *diag;

    if (!node->quoted && !strcmp(node->text, "<<")) {
        diag = pxm_yaml_report(reader, "E004", node->span, "merge keys are not allowed");
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

static void report_duplicate(struct pxm_yaml_reader *reader, const struct pxm_node *first, const struct pxm_node *again)
{
    struct pxm_diag *diag;

    reader->failed = true;
    diag = pxm_diag_add(reader->diags, PXM_SEVERITY_ERROR, "E003", again->span,
                        "duplicate key `%.*s`; the first is at line %u, and YAML readers disagree on which one wins",
                        clipped(again->text, again->length), again->text, first->span.line);
    pxm_diag_label(reader->diags, diag, "delete one");
}

void pxm_yaml_check_duplicates(struct pxm_yaml_reader *reader, const struct pxm_node *map)
{
    const struct pxm_entry **sorted = calloc(map->length, sizeof *sorted);
    const struct pxm_node *first = NULL;
    size_t count = 0;

    if (!sorted) {
        pxm_yaml_out_of_memory(reader);
        return;
    }
    for (size_t i = 0; i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;

        bool given = key->length > 0 || key->quoted;

        if (given && key->kind == PXM_NODE_SCALAR && !pxm_yaml_is_mended(reader->text, key->span)) {
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

void pxm_yaml_check_scalar(struct pxm_yaml_reader *reader, const yaml_event_t *event, const struct pxm_node *node)
{
    bool empty = !node->quoted && node->length == 0;
    struct pxm_diag *diag;

    if (report_properties(reader, event, node->span, event->data.scalar.anchor, event->data.scalar.tag)) {
        return;
    }
    if (empty && pxm_yaml_wants_key(reader)) {
        report_empty_key(reader, node->span);
    } else if (empty) {
        report_empty_value(reader, node->span);
    } else if (pxm_yaml_wants_key(reader)) {
        check_key(reader, node);
    }
    if (memchr(event->data.scalar.value, '\0', event->data.scalar.length)) {
        diag = pxm_yaml_report(reader, "E010", node->span, "a text cannot hold the character NUL");
        pxm_diag_label(reader->diags, diag, "delete the escape that makes it");
    }
}

void pxm_yaml_check_alias(struct pxm_yaml_reader *reader, struct pxm_span span)
{
    struct pxm_diag *diag = pxm_yaml_report(reader, "E004", span, "YAML aliases are not allowed");

    pxm_diag_label(reader->diags, diag, "write the value out, or put it into `vars:`; if a text is meant, quote it");
}

void pxm_yaml_check_collection(struct pxm_yaml_reader *reader, const yaml_event_t *event, struct pxm_span span)
{
    struct pxm_diag *diag;

    if (event->type == YAML_MAPPING_START_EVENT) {
        report_properties(reader, event, span, event->data.mapping_start.anchor, event->data.mapping_start.tag);
    } else {
        report_properties(reader, event, span, event->data.sequence_start.anchor, event->data.sequence_start.tag);
    }
    if (pxm_yaml_wants_key(reader)) {
        span.length = 1;
        diag = pxm_yaml_report(reader, "E011", span, "a key must be a word, not a list or a map");
        pxm_diag_label(reader->diags, diag, "put quotes around it if a text is meant");
    }
}

/* Whether anything but comments and document marks follows the first document. */
void pxm_yaml_check_rest(struct pxm_yaml_reader *reader, const yaml_event_t *event)
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
    if (!strncmp(text + offset, "---", 3)) {
        diag = pxm_yaml_report(reader, "E009", place, "a second YAML document in one file, which readers pass over");
        pxm_diag_label(reader->diags, diag, "put it into a file of its own");
    } else {
        diag = pxm_yaml_report(reader, "E002", place, "the document has ended before this");
        pxm_diag_label(reader->diags, diag, "make it part of the map or list above by its indentation, or delete it");
    }
}

/* Directives come before everything else. libyaml would compare each with all others. */
bool pxm_yaml_check_directives(const struct pxm_source *source, struct pxm_diags *diags)
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
