/* `image:` of an expectation: facts of a picture file, and what it should look like. Equal pixels are never asked
 * for, as every new version of a codec changes some. */
#include "match.h"

#include "base/blob.h"
#include "base/error.h"
#include "base/value.h"
#include "save.h"
#include "tools.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 512,
    GOLDEN_BYTES_MAX = 256 << 20,
    LOSSLESS_DE = 1, /* mean_de within which two pictures are the same for the eye */
    LOSSY_DE = 4,    /* and within which lossy formats keep */
    DHASH_MAX = 12   /* bits within which two pictures show the same */
};

static const char *const present_words[] = {"none", "present", NULL};
static const char *const picture_keys[] = {"format", "width", "height", "frames",  "has_alpha", "orientation", "icc",
                                           "exif",   "gps",   "bytes",  "average", "like",      NULL};
static const char *const like_keys[] = {"file", "mean_de", "max_de", "dhash", NULL};

/* ---- parsing ---- */

/* A fact that is there or not, and so is said in a word. */
static bool is_presence(const char *fact)
{
    return strcmp(fact, "icc") == 0 || strcmp(fact, "exif") == 0 || strcmp(fact, "gps") == 0;
}

static bool parse_number(struct reader *reader, const struct pxm_node *map, const char *key, const struct match **ret)
{
    const struct pxm_node *node = pxm_node_get(map, key);

    *ret = node ? match_parse_number(reader, node) : NULL;
    return !node || *ret;
}

static const struct match_like *parse_like(struct reader *reader, const struct pxm_node *node)
{
    struct match_like *like = reader_array(reader, 1, sizeof *like);
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`like`");
    const struct pxm_node *file = pxm_node_get(map, "file");

    reader_keys(reader, map, like_keys, "`like`");
    if (!like || !map) {
        return NULL;
    }
    if (!file) {
        reader_error(reader, "E122", node->span, "`like` has no `file`");
        return NULL;
    }
    like->node = map;
    like->path = reader_path(reader, file);
    like->shown = like->path ? file->text : NULL;
    bool sound = parse_number(reader, map, "mean_de", &like->mean_de) &&
                 parse_number(reader, map, "max_de", &like->max_de) && parse_number(reader, map, "dhash", &like->dhash);
    return sound && like->path ? like : NULL;
}

static const struct match *parse_fact(struct reader *reader, const struct pxm_entry *entry)
{
    if (is_presence(entry->key->text) && reader_word(reader, entry->value, present_words, entry->key->text) < 0) {
        return NULL;
    }
    return match_parse(reader, entry->value);
}

const struct match_picture *match_parse_picture(struct reader *reader, const struct pxm_node *node)
{
    struct match_picture *picture = reader_array(reader, 1, sizeof *picture);
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`image`");
    size_t before = reader->diags->errors;

    reader_keys(reader, map, picture_keys, "`image`");
    if (!picture || !map || reader->diags->errors > before) {
        return NULL;
    }
    picture->node = map;
    for (size_t i = 0; i < map->length; i++) {
        const struct pxm_entry *entry = &map->entries[i];
        if (strcmp(entry->key->text, "like") == 0) {
            picture->like = parse_like(reader, entry->value);
        } else if (picture->count < MATCH_FACTS_MAX) {
            picture->names[picture->count] = entry->key->text;
            picture->facts[picture->count++] = parse_fact(reader, entry);
        }
    }
    return reader->diags->errors > before ? NULL : picture;
}

/* ---- facts ---- */

static bool check_fact(struct match_context *context, const struct match *match, const char *what, const char *fact,
                       const pxm_value *facts)
{
    char name[NAME_MAX_BYTES];
    const pxm_value *value = pxm_value_get(facts, fact);
    pxm_value *word = is_presence(fact) ? pxm_value_cstring(present_words[pxm_value_as_bool(value) ? 1 : 0]) : NULL;

    snprintf(name, sizeof name, "%s %s", what, fact);
    bool holds = match_check(context, match, name, word ? word : value);
    pxm_value_unref(word);
    return holds;
}

/* ---- looks ---- */

/* Whether a format keeps what it was given. */
static bool is_lossless(const char *format)
{
    return strcmp(format, "png") == 0 || strcmp(format, "tiff") == 0 || strcmp(format, "gif") == 0;
}

static bool number_holds(const struct match *match, double fallback, double number)
{
    return match ? match_check_number(match, number) : number <= fallback;
}

static void describe_bound(const struct match *match, double fallback, char *buffer, size_t size)
{
    if (match) {
        match_describe(match, buffer, size);
    } else {
        snprintf(buffer, size, "<= %g", fallback);
    }
}

static void report_unlike(const struct match_context *context, const struct match_like *like, const char *what,
                          const pxm_value *seen, double de_max)
{
    char mean[64];
    char hash[64];
    char most[80] = "";
    char turned[96] = "";
    int64_t angle = pxm_value_as_int(pxm_value_get(seen, "turned"));

    describe_bound(like->mean_de, de_max, mean, sizeof mean);
    describe_bound(like->dhash, DHASH_MAX, hash, sizeof hash);
    if (like->max_de) {
        char bound[32];
        match_describe(like->max_de, bound, sizeof bound);
        snprintf(most, sizeof most, ", max_de %.1f (expected %s)", pxm_value_as_float(pxm_value_get(seen, "max_de")),
                 bound);
    }
    if (angle != 0) {
        snprintf(turned, sizeof turned, "; it looks turned by %d degrees: was the EXIF orientation applied?",
                 360 - (int)angle);
    } else if (!pxm_value_as_bool(pxm_value_get(seen, "same_size"))) {
        snprintf(turned, sizeof turned, "; it has another size");
    }
    problems_add(context->problems, like->node->span,
                 "%s like %s: mean_de %.1f (expected %s)%s, dhash %d (expected %s)%s", what, like->shown,
                 pxm_value_as_float(pxm_value_get(seen, "mean_de")), mean, most,
                 (int)pxm_value_as_int(pxm_value_get(seen, "dhash")), hash, turned);
}

static bool looks_alike(const struct match_like *like, const pxm_value *seen, double de_max)
{
    return pxm_value_as_bool(pxm_value_get(seen, "same_size")) &&
           number_holds(like->mean_de, de_max, pxm_value_as_float(pxm_value_get(seen, "mean_de"))) &&
           (!like->max_de || match_check_number(like->max_de, pxm_value_as_float(pxm_value_get(seen, "max_de")))) &&
           number_holds(like->dhash, DHASH_MAX, (double)pxm_value_as_int(pxm_value_get(seen, "dhash")));
}

/* A golden file is the picture itself where the name says its format, else a PNG of it. */
static bool bless(struct match_context *context, const struct match_like *like, const char *what, pxm_blob *blob)
{
    struct pxm_error error = {0};

    if (save_picture(context->tools, like->path, blob, &error) != PXM_OK) {
        problems_add(context->problems, like->node->span, "%s: %s cannot be written: %s", what, like->shown,
                     error.text);
        return false;
    }
    problems_note(context->problems, "wrote %s", like->path);
    context->blessed++;
    return true;
}

static void save_failed(const struct match_context *context, const struct match_like *like, pxm_blob *blob,
                        const pxm_value *seen)
{
    struct pxm_error error = {0};
    char stem[NAME_MAX_BYTES];

    if (!context->problems) {
        return;
    }
    pxm_status status = save_failed_picture(context->tools, context->root, like->shown,
                                            (struct save_pair){blob, pxm_value_as_blob(pxm_value_get(seen, "picture"))},
                                            stem, sizeof stem, &error);
    if (status != PXM_OK) {
        problems_note(context->problems, "the picture cannot be saved: %s", error.text);
    } else if (seen) {
        problems_note(context->problems, "saved %s.{actual,diff}.png; accept it with --bless", stem);
    } else {
        problems_note(context->problems, "saved %s.actual.png; accept it with --bless", stem);
    }
}

/* `seen` NULL: there is no golden file to compare with. */
static bool fail_like(struct match_context *context, const struct match_like *like, const char *what, pxm_blob *blob,
                      const pxm_value *seen, double de_max)
{
    if (context->bless && context->problems) {
        return bless(context, like, what, blob);
    }
    if (seen) {
        report_unlike(context, like, what, seen, de_max);
    } else {
        problems_add(context->problems, like->node->span, "%s: there is no %s to compare with", what, like->shown);
    }
    save_failed(context, like, blob, seen);
    return false;
}

static bool check_like(struct match_context *context, const struct match_like *like, const char *what, pxm_blob *blob,
                       const char *format)
{
    struct pxm_error error = {0};
    pxm_blob *golden = NULL;
    pxm_value *seen = NULL;
    double de_max = is_lossless(format) ? LOSSLESS_DE : LOSSY_DE;
    pxm_status status = pxm_blob_open(like->path, GOLDEN_BYTES_MAX, &golden, &error);

    if (status == PXM_E_NOT_FOUND) {
        return fail_like(context, like, what, blob, NULL, de_max);
    }
    if (status == PXM_OK) {
        status = tools_compare(context->tools, blob, golden, &seen, &error);
    }
    pxm_blob_unref(golden);
    if (status != PXM_OK) {
        problems_add(context->problems, like->node->span, "%s like %s: %s", what, like->shown, error.text);
        return false;
    }
    bool holds = looks_alike(like, seen, de_max) || fail_like(context, like, what, blob, seen, de_max);
    pxm_value_unref(seen);
    return holds;
}

/* ---- all of it ---- */

bool match_check_picture(struct match_context *context, const struct match_picture *picture, const char *what,
                         pxm_blob *blob)
{
    struct pxm_error error = {0};
    pxm_value *facts = NULL;
    bool holds = true;

    if (tools_inspect(context->tools, blob, &facts, &error) != PXM_OK) {
        problems_add(context->problems, picture->node->span, "%s: no picture that can be read: %s", what, error.text);
        return false;
    }
    for (size_t i = 0; i < picture->count; i++) {
        holds = check_fact(context, picture->facts[i], what, picture->names[i], facts) && holds;
    }
    if (picture->like) {
        const char *format = pxm_value_as_string(pxm_value_get(facts, "format"), NULL);
        holds = check_like(context, picture->like, what, blob, format) && holds;
    }
    pxm_value_unref(facts);
    return holds;
}
