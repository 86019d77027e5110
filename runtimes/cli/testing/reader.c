/* Asks nodes of test files what they are, and tells what they should be. */
#include "reader.h"

#include "base/value.h"
#include "lang/yaml/scalar.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 512, WORDS_MAX = 512 };

/* ---- diagnostics ---- */

struct pxm_diag *reader_error(struct reader *reader, const char *code, struct pxm_span span, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return pxm_diag_add(reader->diags, PXM_SEVERITY_ERROR, code, span, "%s", message);
}

void reader_unknown(struct reader *reader, const char *code, struct pxm_span span, const char *message,
                    const char *word, const char *const *words, size_t count, const char *otherwise)
{
    struct pxm_diag *diag = reader_error(reader, code, span, "%s", message);
    const char *best = pxm_suggest(word, words, count);

    if (best) {
        pxm_diag_label(reader->diags, diag, "did you mean `%s`?", best);
    } else if (otherwise) {
        pxm_diag_label(reader->diags, diag, "%s", otherwise);
    }
}

void *reader_array(struct reader *reader, size_t count, size_t size)
{
    void *memory = pxm_arena_array(reader->arena, count, size);

    if (!memory) {
        pxm_diags_no_memory(reader->diags);
    }
    return memory;
}

/* ---- kinds and keys ---- */

const struct pxm_node *reader_kind(struct reader *reader, const struct pxm_node *node, enum pxm_node_kind kind,
                                   const char *what)
{
    static const char *const kinds[] = {
        [PXM_NODE_SCALAR] = "a text or number", [PXM_NODE_LIST] = "a list", [PXM_NODE_MAP] = "a map"};

    if (!node || node->kind == kind) {
        return node;
    }
    reader_error(reader, "E121", node->span, "%s is %s; it must be %s", what, kinds[node->kind], kinds[kind]);
    return NULL;
}

static size_t count_words(const char *const *words)
{
    size_t count = 0;

    while (words[count]) {
        count++;
    }
    return count;
}

/* "a, b, c" */
static const char *list_words(const char *const *words, char *buffer, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; words[i] && at < size; i++) {
        int written = snprintf(buffer + at, size - at, "%s%s", i ? ", " : "", words[i]);
        at += written > 0 ? (size_t)written : 0;
    }
    return buffer;
}

void reader_keys(struct reader *reader, const struct pxm_node *map, const char *const *known, const char *where)
{
    char message[MESSAGE_MAX];
    char words[MESSAGE_MAX];

    for (size_t i = 0; map && i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;
        size_t k = 0;
        while (known[k] && strcmp(known[k], key->text) != 0) {
            k++;
        }
        if (!known[k]) {
            snprintf(message, sizeof message, "unknown key `%.64s` of %s", key->text, where);
            snprintf(words, sizeof words, "it has ");
            list_words(known, words + 7, sizeof words - 7);
            reader_unknown(reader, "E120", key->span, message, key->text, known, count_words(known), words);
        }
    }
}

/* ---- scalars ---- */

bool reader_int(struct reader *reader, const struct pxm_node *node, int64_t least, int64_t most, int64_t *ret)
{
    int64_t number = 0;

    if (!node) {
        return true;
    }
    const char *wrong = node->kind != PXM_NODE_SCALAR || node->quoted ? "a whole number is expected"
                                                                      : pxm_scalar_int(node->text, &number);
    if (wrong) {
        reader_error(reader, "E104", node->span, "%s", wrong);
        return false;
    }
    if (number < least || number > most) {
        reader_error(reader, "E105", node->span, "%" PRId64 " is out of its range, %" PRId64 " to %" PRId64, number,
                     least, most);
        return false;
    }
    *ret = number;
    return true;
}

bool reader_bool(struct reader *reader, const struct pxm_node *node, bool *ret)
{
    if (!node) {
        return true;
    }
    const char *wrong =
        node->kind != PXM_NODE_SCALAR || node->quoted ? "true or false is expected" : pxm_scalar_bool(node->text, ret);
    if (wrong) {
        reader_error(reader, "E104", node->span, "%s", wrong);
    }
    return !wrong;
}

int reader_word(struct reader *reader, const struct pxm_node *node, const char *const *words, const char *what)
{
    char message[MESSAGE_MAX];
    char list[MESSAGE_MAX];

    node = reader_kind(reader, node, PXM_NODE_SCALAR, what);
    for (int i = 0; node && words[i]; i++) {
        if (strcmp(words[i], node->text) == 0) {
            return i;
        }
    }
    if (node) {
        snprintf(message, sizeof message, "`%.64s` is no value of %s", node->text, what);
        snprintf(list, sizeof list, "one of ");
        list_words(words, list + 7, sizeof list - 7);
        reader_unknown(reader, "E110", node->span, message, node->text, words, count_words(words), list);
    }
    return -1;
}

static void unref_value(void *value)
{
    pxm_value_unref(value);
}

const pxm_value *reader_value(struct reader *reader, const struct pxm_node *node)
{
    pxm_value *value = pxm_node_value(node);

    if (!value || pxm_arena_defer(reader->arena, unref_value, value) != 0) {
        pxm_diags_no_memory(reader->diags);
        return NULL;
    }
    return value;
}

const char *reader_path(struct reader *reader, const struct pxm_node *node)
{
    node = reader_kind(reader, node, PXM_NODE_SCALAR, "a file");
    if (!node) {
        return NULL;
    }
    if (node->text[0] == '/' || strcmp(reader->folder, ".") == 0) {
        return node->text;
    }
    const char *path = pxm_arena_printf(reader->arena, "%s/%s", reader->folder, node->text);
    if (!path) {
        pxm_diags_no_memory(reader->diags);
    }
    return path;
}

/* ---- names ---- */

bool reader_resource(struct reader *reader, enum pxm_resource_kind kind, const struct pxm_node *key)
{
    static const char *const kinds[] = {
        [PXM_RESOURCE_STORE] = "store", [PXM_RESOURCE_TABLE] = "table", [PXM_RESOURCE_QUEUE] = "queue"};
    const struct pxm_profile *profile = reader->profile;
    const char *names[WORDS_MAX];
    size_t count = 0;
    char message[MESSAGE_MAX];

    if (pxm_profile_resource(profile, kind, key->text)) {
        return true;
    }
    for (size_t i = 0; i < profile->resource_count && count < WORDS_MAX; i++) {
        if (profile->resources[i].kind == kind) {
            names[count++] = profile->resources[i].name;
        }
    }
    snprintf(message, sizeof message, "profile `%s` has no %s `%.64s`", profile->name, kinds[kind], key->text);
    reader_unknown(reader, "E503", key->span, message, key->text, names, count, NULL);
    return false;
}

struct search {
    const char *id;
    const struct pxm_step *found;
    const char *names[WORDS_MAX];
    size_t count;
};

static void search_block(struct search *search, const struct pxm_block *block);

static void search_step(struct search *search, const struct pxm_step *step)
{
    if (strcmp(step->id, search->id) == 0) {
        search->found = step;
    }
    if (step->named && search->count < WORDS_MAX) {
        search->names[search->count++] = step->id;
    }
    if (step->fallback) {
        search_step(search, step->fallback);
    }
    search_block(search, &step->block);
}

/* Recursion ends: blocks nest at most PXM_BLOCK_DEPTH_MAX deep, and a fallback has none. */
static void search_block(struct search *search, const struct pxm_block *block)
{
    for (size_t i = 0; i < block->step_count; i++) {
        search_step(search, block->steps[i]);
    }
}

/* Splits PIPELINE.ID where there is such a pipeline. */
static const struct pxm_program *program_of(const struct reader *reader, const char *name, const char **ret_id)
{
    const char *dot = strchr(name, '.');

    *ret_id = name;
    for (size_t i = 0; dot && i < reader->project->program_count; i++) {
        const struct pxm_program *program = reader->project->programs[i];
        if (strlen(program->name) == (size_t)(dot - name) && strncmp(program->name, name, (size_t)(dot - name)) == 0) {
            *ret_id = dot + 1;
            return program;
        }
    }
    return reader->program;
}

bool reader_step(struct reader *reader, const struct pxm_node *name, struct reader_step *ret)
{
    struct search search = {0};
    char message[MESSAGE_MAX];

    name = reader_kind(reader, name, PXM_NODE_SCALAR, "the id of a step");
    if (!name) {
        return false;
    }
    ret->program = program_of(reader, name->text, &search.id);
    search_block(&search, &ret->program->block);
    search_block(&search, &ret->program->on_failure);
    ret->step = search.found;
    if (!search.found) {
        snprintf(message, sizeof message, "pipeline `%s` has no step `%.64s`", ret->program->name, search.id);
        reader_unknown(reader, "E211", name->span, message, search.id, search.names, search.count,
                       "a step of another pipeline is written PIPELINE.ID");
    }
    return search.found != NULL;
}
