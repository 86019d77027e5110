/* Reads `given:`: what there is before a test, and what starts it. */
#include "testfile.h"

#include "base/value.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const given_keys[] = {"input", "event", "stores", "tables", NULL};
static const char *const content_keys[] = {"file", "text", "generate", NULL};
static const char *const object_keys[] = {"file", "text", "generate", "meta", NULL};
static const char *const generate_keys[] = {"width", "height", "seed", "format", NULL};
static const char *const formats[] = {"jpeg", "png", "webp", "avif", "gif", "tiff", NULL};

enum { WORDS_MAX = 64, MESSAGE_MAX = 160, SIDE_MAX = 30000 };

/* ---- texts ---- */

/* A record of texts, whatever their scalars look like. */
static const pxm_value *parse_texts(struct reader *reader, const struct pxm_node *node, const char *what)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, what);
    struct pxm_node copy;
    struct pxm_node *values = map ? reader_array(reader, map->length + 1, sizeof *values) : NULL;
    struct pxm_entry *entries = map ? reader_array(reader, map->length + 1, sizeof *entries) : NULL;

    if (!values || !entries) {
        return NULL;
    }
    copy = *map;
    copy.entries = entries;
    for (size_t i = 0; i < map->length; i++) {
        if (!reader_kind(reader, map->entries[i].value, PXM_NODE_SCALAR, "each of these texts")) {
            return NULL;
        }
        values[i] = *map->entries[i].value;
        values[i].quoted = true;
        entries[i] = (struct pxm_entry){.key = map->entries[i].key, .value = &values[i]};
    }
    return reader_value(reader, &copy);
}

/* ---- bytes ---- */

static bool parse_generate(struct reader *reader, const struct pxm_node *node, struct tools_picture *ret)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`generate`");
    const struct pxm_node *format = pxm_node_get(map, "format");

    if (!map) {
        return false;
    }
    *ret = (struct tools_picture){.format = "jpeg"};
    reader_keys(reader, map, generate_keys, "`generate`");
    if (!pxm_node_get(map, "width") || !pxm_node_get(map, "height")) {
        reader_error(reader, "E122", map->span, "`generate` has a `width` and a `height`");
        return false;
    }
    int word = format ? reader_word(reader, format, formats, "`format`") : 0;
    if (word >= 0) {
        ret->format = formats[word];
    }
    return reader_int(reader, pxm_node_get(map, "width"), 1, SIDE_MAX, &ret->width) &&
           reader_int(reader, pxm_node_get(map, "height"), 1, SIDE_MAX, &ret->height) &&
           reader_int(reader, pxm_node_get(map, "seed"), 0, TOOLS_SEED_MAX, &ret->seed) && word >= 0;
}

static bool parse_file(struct reader *reader, const struct pxm_node *node, struct content *content)
{
    struct stat info;

    content->kind = CONTENT_FILE;
    content->path = reader_path(reader, node);
    if (!content->path) {
        return false;
    }
    if (stat(content->path, &info) != 0 || !S_ISREG(info.st_mode)) {
        struct pxm_diag *diag = reader_error(reader, "E603", node->span, "there is no file `%.128s`", node->text);
        pxm_diag_label(reader->diags, diag, "paths start at the folder of the test file");
        return false;
    }
    return true;
}

/* {file}, {text} or {generate}, beside which an object may have {meta}; NULL after a diagnostic. */
static const struct content *parse_source(struct reader *reader, const struct pxm_node *map, const char *const *keys)
{
    struct content *content = reader_array(reader, 1, sizeof *content);
    const struct pxm_entry *source = NULL;
    size_t count = 0;

    if (!content) {
        return NULL;
    }
    content->node = map;
    reader_keys(reader, map, keys, "what bytes come from");
    for (size_t i = 0; i < map->length; i++) {
        if (keys != object_keys || strcmp(map->entries[i].key->text, "meta") != 0) {
            source = &map->entries[i];
            count++;
        }
    }
    if (count != 1) {
        reader_error(reader, count ? "E125" : "E124", map->span,
                     "bytes come from one of {file: ...}, {text: ...} and {generate: ...}");
        return NULL;
    }
    const char *key = source->key->text;
    const struct pxm_node *value = source->value;
    if (strcmp(key, "file") == 0) {
        return parse_file(reader, value, content) ? content : NULL;
    }
    if (strcmp(key, "generate") == 0) {
        content->kind = CONTENT_GENERATE;
        return parse_generate(reader, value, &content->picture) ? content : NULL;
    }
    value = reader_kind(reader, value, PXM_NODE_SCALAR, "`text`");
    content->kind = CONTENT_TEXT;
    content->text = value ? value->text : NULL;
    content->length = value ? value->length : 0;
    return value && strcmp(key, "text") == 0 ? content : NULL;
}

static const struct content *parse_content(struct reader *reader, const struct pxm_node *node)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "what bytes come from");

    return map ? parse_source(reader, map, content_keys) : NULL;
}

/* ---- input ---- */

/* What the input's own type makes of a scalar is decided when it is taken, so text stays text here. */
static const pxm_value *scalar_text(struct reader *reader, const struct pxm_node *node)
{
    const pxm_value *value = reader_value(reader, node);
    struct pxm_node text = *node;

    if (!value || node->kind != PXM_NODE_SCALAR || pxm_value_type(value) == PXM_TYPE_NULL) {
        return value;
    }
    text.quoted = true;
    return reader_value(reader, &text);
}

static const struct pxm_input *find_input(struct reader *reader, const struct pxm_node *key)
{
    const struct pxm_program *program = reader->program;
    const char *names[WORDS_MAX];
    char message[MESSAGE_MAX];
    size_t count = 0;

    for (size_t i = 0; i < program->input_count; i++) {
        if (strcmp(program->inputs[i].name, key->text) == 0) {
            return &program->inputs[i];
        }
        if (count < WORDS_MAX) {
            names[count++] = program->inputs[i].name;
        }
    }
    snprintf(message, sizeof message, "pipeline `%s` has no input `%.64s`", program->name, key->text);
    reader_unknown(reader, "E211", key->span, message, key->text, names, count, NULL);
    return NULL;
}

static void parse_inputs(struct reader *reader, const struct pxm_node *node, struct given *given)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`input`");
    struct datum *inputs = map ? reader_array(reader, map->length + 1, sizeof *inputs) : NULL;

    for (size_t i = 0; inputs && i < map->length; i++) {
        const struct pxm_entry *entry = &map->entries[i];
        const struct pxm_input *input = find_input(reader, entry->key);
        struct datum *datum = &inputs[given->input_count];
        if (!input) {
            continue;
        }
        datum->name = input->name;
        if ((input->type->bits & PXM_TYPE_BLOB) && entry->value->kind == PXM_NODE_MAP) {
            datum->content = parse_content(reader, entry->value);
        } else {
            datum->value = scalar_text(reader, entry->value);
        }
        given->input_count += datum->content || datum->value;
    }
    given->inputs = inputs;
}

/* ---- event ---- */

enum field_kind { FIELD_TEXT, FIELD_WHOLE, FIELD_TEXTS, FIELD_JSON, FIELD_BYTES, FIELD_FILES };
struct field {
    const char *name; /* NULL ends the table */
    enum field_kind kind;
};
/* Of `event` by kind of trigger, see struct pxm_ref. */
static const struct field http_fields[] = {
    {"method", FIELD_TEXT},     {"path", FIELD_TEXTS},       {"query", FIELD_TEXTS}, {"headers", FIELD_TEXTS},
    {"body", FIELD_BYTES},      {"json", FIELD_JSON},        {"form", FIELD_TEXTS},  {"files", FIELD_FILES},
    {"filenames", FIELD_TEXTS}, {"remote_addr", FIELD_TEXT}, {"user", FIELD_JSON},   {NULL, FIELD_TEXT}};
static const struct field object_fields[] = {{"key", FIELD_TEXT},     {"store", FIELD_TEXT},     {"bytes", FIELD_WHOLE},
                                             {"etag", FIELD_TEXT},    {"sequencer", FIELD_TEXT}, {"time", FIELD_TEXT},
                                             {"object", FIELD_BYTES}, {NULL, FIELD_TEXT}};
static const struct field message_fields[] = {
    {"id", FIELD_TEXT}, {"json", FIELD_JSON}, {"attempts", FIELD_WHOLE}, {"sent_at", FIELD_WHOLE}, {NULL, FIELD_TEXT}};
static const struct field schedule_fields[] = {{"time", FIELD_TEXT}, {NULL, FIELD_TEXT}};
static const struct field *const event_fields[] = {[PXM_TRIGGER_HTTP] = http_fields,
                                                   [PXM_TRIGGER_OBJECT_CREATED] = object_fields,
                                                   [PXM_TRIGGER_MESSAGE] = message_fields,
                                                   [PXM_TRIGGER_SCHEDULE] = schedule_fields};

static const struct field *find_field(struct reader *reader, const struct pxm_trigger *trigger,
                                      const struct pxm_node *key)
{
    const char *names[WORDS_MAX] = {"trigger"};
    size_t count = 1;
    char message[MESSAGE_MAX];

    for (const struct field *field = event_fields[trigger->kind]; field->name; field++) {
        if (strcmp(field->name, key->text) == 0) {
            return field;
        }
        names[count++] = field->name;
    }
    snprintf(message, sizeof message, "the events of trigger `%s` have no field `%.64s`", trigger->name, key->text);
    reader_unknown(reader, "E204", key->span, message, key->text, names, count, NULL);
    return NULL;
}

static void parse_files(struct reader *reader, const struct pxm_node *node, struct datum *datum)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`files`");
    struct datum *items = map ? reader_array(reader, map->length + 1, sizeof *items) : NULL;

    for (size_t i = 0; items && i < map->length; i++) {
        items[i].name = map->entries[i].key->text;
        items[i].content = parse_content(reader, map->entries[i].value);
        datum->count += items[i].content != NULL;
    }
    datum->items = items;
}

static void parse_field(struct reader *reader, const struct field *field, const struct pxm_node *node,
                        struct datum *datum)
{
    int64_t number = 0;

    datum->name = field->name;
    switch (field->kind) {
    case FIELD_TEXT:
        node = reader_kind(reader, node, PXM_NODE_SCALAR, "this field of an event");
        datum->value = node ? scalar_text(reader, node) : NULL;
        break;
    case FIELD_WHOLE:
        datum->value = reader_int(reader, node, 0, INT64_MAX, &number) ? reader_value(reader, node) : NULL;
        break;
    case FIELD_TEXTS:
        datum->value = parse_texts(reader, node, "this field of an event");
        break;
    case FIELD_JSON:
        datum->value = reader_value(reader, node);
        break;
    case FIELD_BYTES:
        datum->content = parse_content(reader, node);
        break;
    case FIELD_FILES:
        parse_files(reader, node, datum);
        break;
    }
}

static const struct pxm_trigger *find_trigger(struct reader *reader, const struct pxm_node *map)
{
    const struct pxm_node *name = reader_kind(reader, pxm_node_get(map, "trigger"), PXM_NODE_SCALAR, "`trigger`");
    const char *names[PXM_TRIGGERS_MAX];
    char message[MESSAGE_MAX];

    if (!name) {
        if (!pxm_node_get(map, "trigger")) {
            reader_error(reader, "E122", map->span, "an event names the `trigger` that it comes to");
        }
        return NULL;
    }
    for (size_t i = 0; i < reader->program->trigger_count; i++) {
        names[i] = reader->program->triggers[i].name;
        if (strcmp(names[i], name->text) == 0) {
            return &reader->program->triggers[i];
        }
    }
    snprintf(message, sizeof message, "pipeline `%s` has no trigger `%.64s`", reader->program->name, name->text);
    reader_unknown(reader, "E604", name->span, message, name->text, names, reader->program->trigger_count, NULL);
    return NULL;
}

static void parse_event(struct reader *reader, const struct pxm_node *node, struct given *given)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`event`");
    struct datum *fields = map ? reader_array(reader, map->length + 1, sizeof *fields) : NULL;

    given->trigger = fields ? find_trigger(reader, map) : NULL;
    for (size_t i = 0; given->trigger && i < map->length; i++) {
        const struct pxm_entry *entry = &map->entries[i];
        const struct field *field =
            strcmp(entry->key->text, "trigger") != 0 ? find_field(reader, given->trigger, entry->key) : NULL;
        if (field) {
            parse_field(reader, field, entry->value, &fields[given->field_count++]);
        }
    }
    given->fields = fields;
}

/* ---- stores and tables ---- */

/* All entries of all maps of a map. */
static size_t count_entries(const struct pxm_node *map)
{
    size_t count = 0;

    for (size_t i = 0; map && i < map->length; i++) {
        count += map->entries[i].value->kind == PXM_NODE_MAP ? map->entries[i].value->length : 0;
    }
    return count;
}

static struct given_object parse_object(struct reader *reader, const char *store, const struct pxm_entry *entry)
{
    struct given_object object = {.store = store, .key = entry->key->text};
    const struct pxm_node *map = reader_kind(reader, entry->value, PXM_NODE_MAP, "what bytes come from");
    const struct pxm_node *meta = pxm_node_get(map, "meta");

    object.content = map ? parse_source(reader, map, object_keys) : NULL;
    object.meta = meta ? parse_texts(reader, meta, "`meta`") : NULL;
    return object;
}

static void parse_stores(struct reader *reader, const struct pxm_node *node, struct given *given)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`stores`");
    struct given_object *objects = reader_array(reader, count_entries(map) + 1, sizeof *objects);

    for (size_t i = 0; objects && map && i < map->length; i++) {
        const struct pxm_node *name = map->entries[i].key;
        const struct pxm_node *inner = reader_kind(reader, map->entries[i].value, PXM_NODE_MAP, "what a store holds");
        if (!reader_resource(reader, PXM_RESOURCE_STORE, name)) {
            continue;
        }
        for (size_t k = 0; inner && k < inner->length; k++) {
            objects[given->object_count++] = parse_object(reader, name->text, &inner->entries[k]);
        }
    }
    given->objects = objects;
}

static void parse_tables(struct reader *reader, const struct pxm_node *node, struct given *given)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`tables`");
    struct given_item *items = reader_array(reader, count_entries(map) + 1, sizeof *items);

    for (size_t i = 0; items && map && i < map->length; i++) {
        const struct pxm_node *name = map->entries[i].key;
        const struct pxm_node *inner = reader_kind(reader, map->entries[i].value, PXM_NODE_MAP, "what a table holds");
        if (!reader_resource(reader, PXM_RESOURCE_TABLE, name)) {
            continue;
        }
        for (size_t k = 0; inner && k < inner->length; k++) {
            const struct pxm_node *record = reader_kind(reader, inner->entries[k].value, PXM_NODE_MAP, "a record");
            items[given->item_count++] = (struct given_item){.table = name->text,
                                                             .key = inner->entries[k].key->text,
                                                             .node = inner->entries[k].key,
                                                             .value = record ? reader_value(reader, record) : NULL};
        }
    }
    given->items = items;
}

void given_parse(struct reader *reader, const struct pxm_node *node, struct given *ret)
{
    const struct pxm_node *map = reader_kind(reader, node, PXM_NODE_MAP, "`given`");
    const struct pxm_node *input = pxm_node_get(map, "input");
    const struct pxm_node *event = pxm_node_get(map, "event");

    *ret = (struct given){0};
    reader_keys(reader, map, given_keys, "`given`");
    if (input && event) {
        reader_error(reader, "E125", map->span, "a test starts with `input` or with `event`, not with both");
    }
    parse_inputs(reader, input, ret);
    if (event) {
        parse_event(reader, event, ret);
    }
    parse_stores(reader, pxm_node_get(map, "stores"), ret);
    parse_tables(reader, pxm_node_get(map, "tables"), ret);
}
