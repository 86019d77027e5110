/* Reads `expect:`: what must hold after a test. */
#include "testfile.h"

#include <string.h>

const char *const outcome_words[] = {"ok", "failed", "stopped", NULL};
const char *const step_outcome_words[] = {"ok", "skipped", "failed", "fallback", "stopped", NULL};

static const char *const expect_keys[] = {"outcome", "error",  "output", "steps",       "attempts",
                                          "stores",  "tables", "queues", "peak_memory", NULL};
static const char *const error_keys[] = {"step", "origin", "code", "message", "transient", NULL};

/* ---- steps ---- */

static void parse_counts(struct reader *reader, const struct pxm_node *map, struct expected_step *step)
{
    reader_keys(reader, map, step_outcome_words, "how often a step ended how");
    for (size_t i = 0; i < STEP_OUTCOMES; i++) {
        const struct pxm_node *count = pxm_node_get(map, step_outcome_words[i]);
        step->counts[i] = count ? match_parse_number(reader, count) : NULL;
    }
}

static bool start_step(struct reader *reader, const struct pxm_node *key, struct expected_step *step)
{
    struct reader_step found;

    if (!reader_step(reader, key, &found)) {
        return false;
    }
    *step = (struct expected_step){
        .node = key, .program = found.program->name, .step = found.step->id, .name = key->text, .outcome = -1};
    return true;
}

static void parse_steps(struct reader *reader, const struct pxm_node *map, struct expected_step *steps, size_t *count)
{
    map = reader_kind(reader, map, PXM_NODE_MAP, "`steps`");
    for (size_t i = 0; map && i < map->length; i++) {
        struct expected_step *step = &steps[*count];
        const struct pxm_node *value = map->entries[i].value;
        if (!start_step(reader, map->entries[i].key, step)) {
            continue;
        }
        if (value->kind == PXM_NODE_MAP) {
            parse_counts(reader, value, step);
        } else {
            step->outcome = reader_word(reader, value, step_outcome_words, "how a step ended");
        }
        (*count)++;
    }
}

static void parse_attempts(struct reader *reader, const struct pxm_node *map, struct expected_step *steps,
                           size_t *count)
{
    map = reader_kind(reader, map, PXM_NODE_MAP, "`attempts`");
    for (size_t i = 0; map && i < map->length; i++) {
        struct expected_step *step = &steps[*count];
        if (start_step(reader, map->entries[i].key, step)) {
            step->attempts = match_parse_number(reader, map->entries[i].value);
            (*count)++;
        }
    }
}

static size_t length_of(const struct pxm_node *node)
{
    return node && node->kind == PXM_NODE_MAP ? node->length : 0;
}

static void parse_all_steps(struct reader *reader, const struct pxm_node *map, struct expect *ret)
{
    const struct pxm_node *steps = pxm_node_get(map, "steps");
    const struct pxm_node *attempts = pxm_node_get(map, "attempts");
    struct expected_step *all = reader_array(reader, length_of(steps) + length_of(attempts) + 1, sizeof *all);

    if (all) {
        parse_steps(reader, steps, all, &ret->step_count);
        parse_attempts(reader, attempts, all, &ret->step_count);
    }
    ret->steps = all;
}

/* ---- stores, tables, queues ---- */

/* `others: allow` among the entries. */
static bool is_others(struct reader *reader, const struct pxm_entry *entry)
{
    static const char *const allow[] = {"allow", NULL};

    if (strcmp(entry->key->text, "others") != 0 || entry->value->kind != PXM_NODE_SCALAR) {
        return false;
    }
    reader_word(reader, entry->value, allow, "`others`");
    return true;
}

typedef const struct match *parse_entry_fn(struct reader *reader, const struct pxm_node *node);

static void parse_contents(struct reader *reader, const struct pxm_node *map, parse_entry_fn *parse,
                           struct expected_contents *contents)
{
    struct expected_entry *entries = map ? reader_array(reader, map->length + 1, sizeof *entries) : NULL;

    for (size_t i = 0; entries && i < map->length; i++) {
        const struct pxm_entry *entry = &map->entries[i];
        if (is_others(reader, entry)) {
            contents->others = true;
            continue;
        }
        entries[contents->count].node = entry->key;
        entries[contents->count++].match = parse(reader, entry->value);
    }
    contents->entries = entries;
}

static const struct expected_contents *parse_resources(struct reader *reader, const struct pxm_node *map,
                                                       enum pxm_resource_kind kind, parse_entry_fn *parse,
                                                       size_t *ret_count)
{
    const char *what = kind == PXM_RESOURCE_STORE ? "`stores`" : "`tables`";
    map = reader_kind(reader, map, PXM_NODE_MAP, what);
    struct expected_contents *all = map ? reader_array(reader, map->length + 1, sizeof *all) : NULL;

    for (size_t i = 0; all && i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;
        if (reader_resource(reader, kind, key)) {
            struct expected_contents *contents = &all[(*ret_count)++];
            contents->name = key->text;
            contents->node = key;
            parse_contents(reader, reader_kind(reader, map->entries[i].value, PXM_NODE_MAP, what), parse, contents);
        }
    }
    return all;
}

static void parse_queues(struct reader *reader, const struct pxm_node *map, struct expect *ret)
{
    map = reader_kind(reader, map, PXM_NODE_MAP, "`queues`");
    struct expected_queue *queues = map ? reader_array(reader, map->length + 1, sizeof *queues) : NULL;

    for (size_t i = 0; queues && i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;
        if (reader_resource(reader, PXM_RESOURCE_QUEUE, key)) {
            queues[ret->queue_count].name = key->text;
            queues[ret->queue_count++].messages = match_parse(reader, map->entries[i].value);
        }
    }
    ret->queues = queues;
}

/* ---- all of it ---- */

/* Reports keys that the output surely does not have; the number of those it may have. */
static size_t count_fields(struct reader *reader, const struct pxm_node *map, const struct pxm_type *type, bool report)
{
    size_t count = 0;

    for (size_t i = 0; i < map->length; i++) {
        const struct pxm_node *key = map->entries[i].key;
        bool has = pxm_type_field(type, key->text) != NULL;
        count += has;
        if (!has && report) {
            reader_error(reader, "E204", key->span, "the output of pipeline `%s` has no field `%.64s`",
                         reader->program->name, key->text);
        }
    }
    return count;
}

/* Where the output is a record, its fields need no {record: ...} around them. */
static const struct match *parse_output(struct reader *reader, const struct pxm_node *node)
{
    const struct pxm_type *type = reader->program->output_type;
    bool fields = node && node->kind == PXM_NODE_MAP && type && (type->bits & PXM_TYPE_RECORD) &&
                  count_fields(reader, node, type, false) > 0;

    if (fields) {
        count_fields(reader, node, type, true);
        return match_parse_fields(reader, node);
    }
    return node ? match_parse(reader, node) : NULL;
}

static void parse_outcome(struct reader *reader, const struct pxm_node *map, struct expect *ret)
{
    const struct pxm_node *outcome = pxm_node_get(map, "outcome");
    const struct pxm_node *error = reader_kind(reader, pxm_node_get(map, "error"), PXM_NODE_MAP, "`error`");
    int word = outcome ? reader_word(reader, outcome, outcome_words, "`outcome`") : -1;

    ret->outcome_node = outcome;
    ret->outcome = word >= 0 ? (enum outcome)word : OUTCOME_OK;
    ret->error_node = error;
    if (error) {
        reader_keys(reader, error, error_keys, "`error`");
        ret->error = match_parse_fields(reader, error);
        if (outcome && word != OUTCOME_FAILED) {
            reader_error(reader, "E125", error->span, "only a run that failed has an `error`");
        }
    }
}

void expect_parse(struct reader *reader, const struct pxm_node *node, struct expect *ret)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`expect`");
    const struct pxm_node *peak = pxm_node_get(map, "peak_memory");

    *ret = (struct expect){.node = map};
    if (!map) {
        return;
    }
    reader_keys(reader, map, expect_keys, "`expect`");
    if (map->length == 0) {
        reader_error(reader, "E124", map->span, "a test that expects nothing cannot fail");
    }
    parse_outcome(reader, map, ret);
    ret->output = parse_output(reader, pxm_node_get(map, "output"));
    parse_all_steps(reader, map, ret);
    ret->stores =
        parse_resources(reader, pxm_node_get(map, "stores"), PXM_RESOURCE_STORE, match_parse_object, &ret->store_count);
    ret->tables =
        parse_resources(reader, pxm_node_get(map, "tables"), PXM_RESOURCE_TABLE, match_parse_item, &ret->table_count);
    parse_queues(reader, pxm_node_get(map, "queues"), ret);
    ret->peak_memory = peak ? match_parse_number(reader, peak) : NULL;
}
