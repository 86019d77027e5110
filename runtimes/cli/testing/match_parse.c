/* From nodes to expectations. What is no matcher is an error with its place, so that no misspelt one ever passes. */
#include "match.h"

#include "lang/yaml/scalar.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 24, MESSAGE_MAX = 160 };

static struct match *match_new(struct reader *reader, enum match_kind kind, const struct pxm_node *node)
{
    struct match *match = reader_array(reader, 1, sizeof *match);

    if (match) {
        match->kind = kind;
        match->node = node;
    }
    return match;
}

/* ---- scalars ---- */

/* A size, a duration (in milliseconds) or a plain number. */
static bool parse_quantity(const char *text, double *ret)
{
    int64_t whole = 0;

    if (!pxm_scalar_float(text, ret)) {
        return true;
    }
    if (!pxm_scalar_size(text, &whole) || !pxm_scalar_duration(text, &whole)) {
        *ret = (double)whole;
        return true;
    }
    return false;
}

/* NULL: it is no comparison. */
static const char *after_operator(const char *text, enum match_compare *ret)
{
    if (text[0] != '<' && text[0] != '>') {
        return NULL;
    }
    bool equal = text[1] == '=';
    *ret = text[0] == '<' ? (equal ? MATCH_AT_MOST : MATCH_LESS) : (equal ? MATCH_AT_LEAST : MATCH_MORE);
    text += equal ? 2 : 1;
    return text + strspn(text, " ");
}

static const struct match *parse_scalar(struct reader *reader, const struct pxm_node *node)
{
    enum match_compare compare = MATCH_LESS;
    const char *rest = after_operator(node->text, &compare);
    struct match *match = match_new(reader, rest ? MATCH_COMPARE : MATCH_LITERAL, node);

    if (!match) {
        return NULL;
    }
    match->text = node->text;
    match->compare = compare;
    if (rest && !parse_quantity(rest, &match->number)) {
        struct pxm_diag *diag = reader_error(reader, "E104", node->span, "there is no number behind the comparison");
        pxm_diag_label(reader->diags, diag, "write \"<= 4\" or \"<= 40KiB\"; a text itself is {equals: \"...\"}");
        return NULL;
    }
    return match;
}

const struct match *match_parse_number(struct reader *reader, const struct pxm_node *node)
{
    const struct match *match = match_parse(reader, node);
    double number = 0;

    bool fits = match && (match->kind == MATCH_COMPARE || match->kind == MATCH_NEAR ||
                          (match->kind == MATCH_LITERAL && !node->quoted && !pxm_scalar_float(node->text, &number)));
    if (match && !fits) {
        reader_error(reader, "E104", node->span,
                     "a number, a comparison such as \"<= 4\" or {near: N, by: M} is "
                     "expected");
        return NULL;
    }
    return match;
}

/* ---- lists and records ---- */

static const struct match *parse_items(struct reader *reader, const struct pxm_node *list, enum match_kind kind)
{
    struct match *match = match_new(reader, kind, list);
    bool sound = match && (match->items = reader_array(reader, list->length + 1, sizeof *match->items));

    for (size_t i = 0; sound && i < list->length; i++) {
        match->items[i] = match_parse(reader, list->items[i]);
        match->count += match->items[i] != NULL;
    }
    return sound && match->count == list->length ? match : NULL;
}

static const struct match *parse_record(struct reader *reader, const struct pxm_node *map)
{
    struct match *match = match_new(reader, MATCH_RECORD, map);
    bool sound = match && (match->items = reader_array(reader, map->length + 1, sizeof *match->items)) &&
                 (match->names = reader_array(reader, map->length + 1, sizeof *match->names));

    for (size_t i = 0; sound && i < map->length; i++) {
        match->names[i] = map->entries[i].key->text;
        match->items[i] = match_parse(reader, map->entries[i].value);
        match->count += match->items[i] != NULL;
    }
    return sound && match->count == map->length ? match : NULL;
}

const struct match *match_parse_fields(struct reader *reader, const struct pxm_node *map)
{
    map = reader_kind(reader, map, PXM_NODE_MAP, "what a record has");
    return map ? parse_record(reader, map) : NULL;
}

/* ---- matchers of one key ---- */

static const struct match *parse_one(struct reader *reader, const struct pxm_node *node, enum match_kind kind,
                                     bool number)
{
    struct match *match = match_new(reader, kind, node);
    bool sound = match && (match->items = reader_array(reader, 1, sizeof *match->items));

    if (sound) {
        match->items[0] = number ? match_parse_number(reader, node) : match_parse(reader, node);
        match->count = 1;
    }
    return sound && match->items[0] ? match : NULL;
}

static const struct match *parse_length(struct reader *reader, const struct pxm_node *node)
{
    return parse_one(reader, node, MATCH_LENGTH, true);
}

static const struct match *parse_contains(struct reader *reader, const struct pxm_node *node)
{
    return parse_one(reader, node, MATCH_CONTAINS, false);
}

static void free_regex(void *regex)
{
    regfree(regex);
}

static const struct match *parse_regex(struct reader *reader, const struct pxm_node *node)
{
    char reason[128];

    node = reader_kind(reader, node, PXM_NODE_SCALAR, "a pattern");
    struct match *match = node ? match_new(reader, MATCH_REGEX, node) : NULL;
    regex_t *regex = match ? reader_array(reader, 1, sizeof *regex) : NULL;
    int failed = regex ? regcomp(regex, node->text, REG_EXTENDED | REG_NOSUB) : 0;
    if (!regex) {
        return NULL;
    }
    if (failed) {
        regerror(failed, regex, reason, sizeof reason);
        reader_error(reader, "E123", node->span, "this pattern cannot be: %s", reason);
        return NULL;
    }
    if (pxm_arena_defer(reader->arena, free_regex, regex) != 0) {
        pxm_diags_no_memory(reader->diags);
        return NULL;
    }
    match->regex = regex;
    match->text = node->text;
    return match;
}

static const struct match *parse_true(struct reader *reader, const struct pxm_node *node, enum match_kind kind)
{
    bool yes = false;

    if (!reader_bool(reader, node, &yes)) {
        return NULL;
    }
    if (!yes) {
        reader_error(reader, "E104", node->span, "this matcher is written with `true`");
        return NULL;
    }
    return match_new(reader, kind, node);
}

static const struct match *parse_any(struct reader *reader, const struct pxm_node *node)
{
    return parse_true(reader, node, MATCH_ANY);
}

static const struct match *parse_absent(struct reader *reader, const struct pxm_node *node)
{
    return parse_true(reader, node, MATCH_ABSENT);
}

static const struct match *parse_equals(struct reader *reader, const struct pxm_node *node)
{
    struct match *match = match_new(reader, MATCH_EQUALS, node);

    if (match) {
        match->value = reader_value(reader, node);
    }
    return match && match->value ? match : NULL;
}

static const struct match *parse_one_of(struct reader *reader, const struct pxm_node *node)
{
    node = reader_kind(reader, node, PXM_NODE_LIST, "`one_of`");
    return node ? parse_items(reader, node, MATCH_ONE_OF) : NULL;
}

static const struct {
    const char *word;
    const struct match *(*parse)(struct reader *reader, const struct pxm_node *node);
} matchers[] = {
    {"record", match_parse_fields}, {"equals", parse_equals},     {"len", parse_length},
    {"matches", parse_regex},       {"any", parse_any},           {"absent", parse_absent},
    {"one_of", parse_one_of},       {"contains", parse_contains},
};

/* ---- near ---- */

static bool is_number(const struct pxm_node *node)
{
    double number = 0;

    return node->kind == PXM_NODE_SCALAR && !node->quoted && !pxm_scalar_float(node->text, &number);
}

static const struct match *parse_near(struct reader *reader, const struct pxm_node *map)
{
    const struct pxm_node *near = pxm_node_get(map, "near");
    const struct pxm_node *by = pxm_node_get(map, "by");
    struct match *match = match_new(reader, MATCH_NEAR, map);
    bool sound =
        near && by && by->kind == PXM_NODE_SCALAR && is_number(by) && (near->kind == PXM_NODE_LIST || is_number(near));

    for (size_t i = 0; sound && near->kind == PXM_NODE_LIST && i < near->length; i++) {
        sound = is_number(near->items[i]);
    }
    if (!sound) {
        struct pxm_diag *diag = reader_error(reader, "E104", map->span, "`near` and `by` are numbers");
        pxm_diag_label(reader->diags, diag, "write {near: 480, by: 1} or {near: [10, 20, 30], by: 2}");
        return NULL;
    }
    if (!match || !(match->value = reader_value(reader, near))) {
        return NULL;
    }
    return pxm_scalar_float(by->text, &match->by) ? NULL : match;
}

/* ---- blobs ---- */

static const char *const blob_words[] = {"image", "text", "file", "bytes", "content_type", NULL};
static const char *const object_words[] = {"any",   "absent",       "image",         "text", "file",
                                           "bytes", "content_type", "cache_control", "meta", NULL};

static bool is_word(const char *const *words, const char *word)
{
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* The parser of one key, into *ret; nothing where there is no such key. */
static bool parse_part(struct reader *reader, const struct pxm_node *map, const char *key, const struct match **ret)
{
    const struct pxm_node *node = pxm_node_get(map, key);

    *ret = node ? match_parse(reader, node) : NULL;
    return !node || *ret;
}

static const struct match *parse_blob(struct reader *reader, const struct pxm_node *map)
{
    struct match *match = match_new(reader, MATCH_BLOB, map);
    struct match_blob *blob = match ? reader_array(reader, 1, sizeof *blob) : NULL;
    const struct pxm_node *image = pxm_node_get(map, "image");
    const struct pxm_node *bytes = pxm_node_get(map, "bytes");

    if (!blob) {
        return NULL;
    }
    match->blob = blob;
    blob->path_node = pxm_node_get(map, "file");
    blob->path = blob->path_node ? reader_path(reader, blob->path_node) : NULL;
    blob->shown = blob->path ? blob->path_node->text : NULL;
    blob->image = image ? match_parse_picture(reader, image) : NULL;
    blob->bytes = bytes ? match_parse_number(reader, bytes) : NULL;
    bool sound =
        parse_part(reader, map, "text", &blob->text) && parse_part(reader, map, "content_type", &blob->content_type) &&
        parse_part(reader, map, "cache_control", &blob->cache_control) && parse_part(reader, map, "meta", &blob->meta);
    sound = sound && (!image || blob->image) && (!bytes || blob->bytes) && (!blob->path_node || blob->path);
    return sound ? match : NULL;
}

/* {any: true} or {absent: true} alone; NULL: it is something else. */
static const struct pxm_node *lone(const struct pxm_node *map, const char *word)
{
    return map && map->length == 1 ? pxm_node_get(map, word) : NULL;
}

const struct match *match_parse_object(struct reader *reader, const struct pxm_node *node)
{
    size_t before = reader->diags->errors;

    node = reader_kind(reader, node, PXM_NODE_MAP, "what an object is");
    reader_keys(reader, node, object_words, "an object that is expected");
    if (!node || reader->diags->errors > before) {
        return NULL;
    }
    if (lone(node, "any")) {
        return parse_any(reader, lone(node, "any"));
    }
    return lone(node, "absent") ? parse_absent(reader, lone(node, "absent")) : parse_blob(reader, node);
}

const struct match *match_parse_item(struct reader *reader, const struct pxm_node *node)
{
    const struct pxm_node *absent = node->kind == PXM_NODE_MAP ? lone(node, "absent") : NULL;

    return absent ? parse_absent(reader, absent) : match_parse_fields(reader, node);
}

/* ---- maps ---- */

static void report_unknown(struct reader *reader, const struct pxm_node *key)
{
    const char *words[WORDS_MAX] = {"near", "by"};
    size_t count = 2;
    char message[MESSAGE_MAX];

    for (size_t i = 0; i < sizeof matchers / sizeof *matchers; i++) {
        words[count++] = matchers[i].word;
    }
    for (size_t i = 0; blob_words[i]; i++) {
        words[count++] = blob_words[i];
    }
    snprintf(message, sizeof message, "there is no matcher `%.64s`", key->text);
    reader_unknown(reader, "E601", key->span, message, key->text, words, count,
                   "the fields of a record are written {record: {NAME: VALUE}}");
}

static bool is_matcher(const char *word)
{
    for (size_t i = 0; i < sizeof matchers / sizeof *matchers; i++) {
        if (strcmp(matchers[i].word, word) == 0) {
            return true;
        }
    }
    return is_word(blob_words, word) || strcmp(word, "near") == 0 || strcmp(word, "by") == 0;
}

static const struct match *parse_map(struct reader *reader, const struct pxm_node *map)
{
    size_t blobs = 0;
    size_t before = reader->diags->errors;

    for (size_t i = 0; i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;
        blobs += is_word(blob_words, key->text);
        if (!is_matcher(key->text)) {
            report_unknown(reader, key);
        }
    }
    if (reader->diags->errors > before) {
        return NULL;
    }
    if (blobs > 0 && blobs == map->length) {
        return parse_blob(reader, map);
    }
    if (pxm_node_get(map, "near") && map->length <= 2 && (map->length == 1 || pxm_node_get(map, "by"))) {
        return parse_near(reader, map);
    }
    for (size_t i = 0; map->length == 1 && i < sizeof matchers / sizeof *matchers; i++) {
        if (strcmp(matchers[i].word, map->entries[0].key->text) == 0) {
            return matchers[i].parse(reader, map->entries[0].value);
        }
    }
    reader_error(reader, map->length ? "E125" : "E124", map->span,
                 map->length ? "these matchers do not go together" : "a map without a matcher expects nothing");
    return NULL;
}

const struct match *match_parse(struct reader *reader, const struct pxm_node *node)
{
    switch (node->kind) {
    case PXM_NODE_SCALAR:
        return parse_scalar(reader, node);
    case PXM_NODE_LIST:
        return parse_items(reader, node, MATCH_ITEMS);
    case PXM_NODE_MAP:
        return parse_map(reader, node);
    }
    return NULL;
}
