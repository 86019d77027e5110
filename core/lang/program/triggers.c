/* What starts a pipeline, and how an event becomes its inputs. */
#include "lang/program/compile.h"

#include "base/value.h"
#include <string.h>

enum { PATH_BYTES_MAX = 1024, PATH_SEGMENTS_MAX = 16 };

/* ---- option tables, one for each kind --------------------------------------------------------------------------- */

struct http_config {
    int32_t method, reserved;
    const char *path, *auth, *cache;
    int64_t status, body_max;
    const pxm_value *vary;
};
static const struct pxm_choice methods[] = {
    {.name = "GET", .value = 0, .help = "Reads."},
    {.name = "POST", .value = 1, .help = "Makes something."},
    {.name = "PUT", .value = 2, .help = "Sets something."},
    {.name = "DELETE", .value = 3, .help = "Removes something."},
    {.name = "PATCH", .value = 4, .help = "Changes something."},
    {.name = NULL},
};
static const struct pxm_option http_options[] = {
    {.name = "method",
     .type = PXM_OPT_ENUM,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct http_config, method, int32_t),
     .choices = methods,
     .help = "Method of the request; a GET route answers HEAD too."},
    {.name = "path",
     .type = PXM_OPT_STRING,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct http_config, path, const char *),
     .min = 1,
     .max = PATH_BYTES_MAX,
     .help = "Path such as /u/{owner}; {name} is one segment, {name...} at the end is all the rest."},
    {.name = "auth",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct http_config, auth, const char *),
     .min = 1,
     .max = 63,
     .help = "Who may call: an auth resource, or one of the host's own: `token`, `signed` for a signed URL, "
             "`operator`; anybody if not said."},
    {.name = "status",
     .type = PXM_OPT_INT,
     .offset = PXM_FIELD(struct http_config, status, int64_t),
     .min = 200,
     .max = 399,
     .fallback = "200",
     .help = "Status of success."},
    {.name = "cache",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct http_config, cache, const char *),
     .min = 1,
     .max = 255,
     .help = "Cache-Control of success."},
    {.name = "vary",
     .type = PXM_OPT_LIST,
     .item = PXM_TYPE_STRING,
     .offset = PXM_FIELD(struct http_config, vary, const pxm_value *),
     .max = 16,
     .help = "Request headers that the answer depends on."},
    {.name = "body_max",
     .type = PXM_OPT_SIZE,
     .offset = PXM_FIELD(struct http_config, body_max, int64_t),
     .min = 0,
     .max = 1e13,
     .help = "Most bytes of a body; the limit of the pipeline if not said."},
    {.name = NULL},
};
const struct pxm_option_table compile_http_table = {
    .options = http_options, .option_size = sizeof(struct pxm_option), .config_size = sizeof(struct http_config)};

struct object_created_config {
    const char *store, *prefix;
    const pxm_value *suffix;
};
static const struct pxm_option object_created_options[] = {
    {.name = "store",
     .type = PXM_OPT_STORE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct object_created_config, store, const char *),
     .help = "Where objects appear."},
    {.name = "prefix",
     .type = PXM_OPT_STRING,
     .offset = PXM_FIELD(struct object_created_config, prefix, const char *),
     .max = 1024,
     .fallback = "",
     .help = "What their keys start with."},
    {.name = "suffix",
     .type = PXM_OPT_LIST,
     .item = PXM_TYPE_STRING,
     .offset = PXM_FIELD(struct object_created_config, suffix, const pxm_value *),
     .min = 1,
     .max = 16,
     .help = "What their keys end with, one of these."},
    {.name = NULL},
};
const struct pxm_option_table compile_object_created_table = {.options = object_created_options,
                                                              .option_size = sizeof(struct pxm_option),
                                                              .config_size = sizeof(struct object_created_config)};

struct message_config {
    const char *queue;
};
static const struct pxm_option message_options[] = {
    {.name = "queue",
     .type = PXM_OPT_QUEUE,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct message_config, queue, const char *),
     .help = "Where messages come from."},
    {.name = NULL},
};
const struct pxm_option_table compile_message_table = {
    .options = message_options, .option_size = sizeof(struct pxm_option), .config_size = sizeof(struct message_config)};

struct schedule_config {
    int64_t every;
};
static const struct pxm_option schedule_options[] = {
    {.name = "every",
     .type = PXM_OPT_DURATION,
     .flags = PXM_OPT_REQUIRED,
     .offset = PXM_FIELD(struct schedule_config, every, int64_t),
     .min = 60000,
     .max = 366.0 * 24 * 3600 * 1000,
     .help = "Time between two runs; at least a minute."},
    {.name = NULL},
};
const struct pxm_option_table compile_schedule_table = {.options = schedule_options,
                                                        .option_size = sizeof(struct pxm_option),
                                                        .config_size = sizeof(struct schedule_config)};

/* ---- routes ----------------------------------------------------------------------------------------------------- */

static bool is_hole(const char *segment, size_t length, bool last)
{
    char name[64];
    size_t dots = last && length > 5 && strncmp(segment + length - 4, "...}", 4) == 0 ? 3 : 0;

    if (length < 3 || length - 2 - dots >= sizeof name || segment[length - 1] != '}') {
        return false;
    }
    memcpy(name, segment + 1, length - 2 - dots);
    name[length - 2 - dots] = '\0';
    return compile_is_name(name);
}

const char *pxm_route_problem(const char *path)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@%";
    size_t segments = 0;

    if (path[0] != '/') {
        return "it must start with /";
    }
    if (strlen(path) > PATH_BYTES_MAX) {
        return "it has more than 1024 bytes";
    }
    for (const char *at = path; *at == '/' && path[1];) {
        size_t length = strcspn(++at, "/");
        if (++segments > PATH_SEGMENTS_MAX) {
            return "it has more than 16 segments";
        }
        if (length == 0) {
            return "a segment is empty";
        }
        if (at[0] == '{' ? !is_hole(at, length, at[length] == '\0') : strspn(at, allowed) < length) {
            return "a segment is text, {name} or, at the end, {name...}";
        }
        at += length;
    }
    return NULL;
}

static bool same_names_twice(const struct pxm_type *path)
{
    for (size_t i = 0; path && i < path->field_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(path->fields[i].name, path->fields[k].name) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* ---- kinds ------------------------------------------------------------------------------------------------------ */

static struct pxm_span option_span(const struct pxm_node *map, const char *key)
{
    const struct pxm_node *value = pxm_node_get(map, key);

    return value ? value->span : map->span;
}

bool compile_is_host_auth(const char *name)
{
    return strcmp(name, "token") == 0 || strcmp(name, "signed") == 0 || strcmp(name, "operator") == 0;
}

static bool read_http(struct compiler *compiler, const struct pxm_node *map, struct pxm_trigger *trigger)
{
    const struct http_config *config =
        compile_literals(compiler, &compile_http_table, map, trigger->span, "`http`", NULL);
    const char *problem = config ? pxm_route_problem(config->path) : NULL;

    if (problem) {
        compile_error(compiler, "E123", option_span(map, "path"), "`%s` is no path: %s", config->path, problem);
    }
    if (!config || problem) {
        return false;
    }
    trigger->method = methods[config->method].name;
    trigger->path = config->path;
    trigger->status = config->status;
    trigger->auth = config->auth;
    trigger->cache = config->cache;
    trigger->vary = compile_strings(compiler, config->vary);
    trigger->body_max = config->body_max;
    if (trigger->auth && !compile_is_host_auth(trigger->auth)) {
        compile_use(compiler, USE_AUTH, trigger->auth, option_span(map, "auth"), NULL);
    }
    return true;
}

static bool read_object_created(struct compiler *compiler, const struct pxm_node *map, struct pxm_trigger *trigger)
{
    const struct object_created_config *config =
        compile_literals(compiler, &compile_object_created_table, map, trigger->span, "`object_created`", NULL);

    if (config) {
        trigger->store = config->store;
        trigger->prefix = config->prefix;
        trigger->suffix = compile_strings(compiler, config->suffix);
        compile_use(compiler, USE_STORE, trigger->store, option_span(map, "store"), NULL);
    }
    return config != NULL;
}

static bool read_message(struct compiler *compiler, const struct pxm_node *map, struct pxm_trigger *trigger)
{
    const struct message_config *config =
        compile_literals(compiler, &compile_message_table, map, trigger->span, "`message`", NULL);

    if (config) {
        trigger->queue = config->queue;
        compile_use(compiler, USE_QUEUE, trigger->queue, option_span(map, "queue"), "receive");
    }
    return config != NULL;
}

static bool read_schedule(struct compiler *compiler, const struct pxm_node *map, struct pxm_trigger *trigger)
{
    const struct schedule_config *config =
        compile_literals(compiler, &compile_schedule_table, map, trigger->span, "`schedule`", NULL);

    trigger->every_ms = config ? config->every : 0;
    return config != NULL;
}

static const struct {
    const char *key;
    bool (*read)(struct compiler *compiler, const struct pxm_node *map, struct pxm_trigger *trigger);
} kinds[] = {
    [PXM_TRIGGER_HTTP] = {"http", read_http},
    [PXM_TRIGGER_OBJECT_CREATED] = {"object_created", read_object_created},
    [PXM_TRIGGER_MESSAGE] = {"message", read_message},
    [PXM_TRIGGER_SCHEDULE] = {"schedule", read_schedule},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };
static const char *const trigger_keys[] = {"http", "object_created", "message", "schedule", "bind", NULL};

/* ---- bind ------------------------------------------------------------------------------------------------------- */

static void add_bind(struct draft *draft, struct pxm_trigger *trigger, const struct pxm_entry *entry,
                     struct pxm_type_field *ret_field)
{
    struct compiler *compiler = draft->compiler;
    struct pxm_resolver resolver = compile_resolver(draft);
    const struct pxm_input *input = compile_input(draft->program, entry->key->text);
    struct pxm_template *value = pxm_template_parse_untyped(compiler->arena, entry->value, compiler->diags);

    ret_field->name = entry->key->text;
    ret_field->type = value && draft->event ? pxm_template_check(value, &resolver, compiler->diags) : NULL;
    if (input && ret_field->type) {
        trigger->binds[trigger->bind_count++] =
            (struct pxm_bind){.input = (uint32_t)(input - draft->program->inputs), .value = value};
    }
}

static void read_bind(struct draft *draft, const struct pxm_node *map, struct pxm_trigger *trigger)
{
    struct compiler *compiler = draft->compiler;
    size_t count = map ? map->length : 0;
    struct pxm_type_field *fields = compile_have(compiler, pxm_arena_array(compiler->arena, count + 1, sizeof *fields));
    const char *who = compile_have(compiler, pxm_arena_printf(compiler->arena, "trigger `%s`", trigger->name));

    trigger->binds = compile_have(compiler, pxm_arena_array(compiler->arena, count + 1, sizeof *trigger->binds));
    if (!fields || !who || !trigger->binds) {
        return;
    }
    draft->place = PLACE_BIND;
    for (size_t i = 0; i < count; i++) {
        add_bind(draft, trigger, &map->entries[i], &fields[i]);
    }
    struct given given = {.to = draft->program,
                          .map = map,
                          .type = compile_record_type(compiler, fields, count),
                          .span = trigger->span,
                          .who = who,
                          .from_outside = true};
    compile_given(compiler, &given);
}

/* ---- triggers --------------------------------------------------------------------------------------------------- */

/* Finds what kind it is and reads it; false: its event is not known. */
static bool read_kind(struct draft *draft, const struct pxm_node *map, struct pxm_trigger *trigger)
{
    struct compiler *compiler = draft->compiler;
    const struct pxm_node *found = NULL;
    size_t count = 0;

    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct pxm_node *value = pxm_node_get(map, kinds[i].key);
        if (value) {
            trigger->kind = (enum pxm_trigger_kind)i;
            trigger->span = compile_key_span(map, kinds[i].key);
            found = value;
            count++;
        }
    }
    if (count != 1) {
        struct pxm_diag *diag = compile_error(compiler, count ? "E125" : "E124", trigger->span, "trigger `%s` has %s",
                                              trigger->name, count ? "several kinds of events" : "no kind of event");
        pxm_diag_label(compiler->diags, diag, "give it one of http, object_created, message, schedule");
        return false;
    }
    found = compile_kind(compiler, found, PXM_NODE_MAP, "the kind of a trigger");
    return found && kinds[trigger->kind].read(compiler, found, trigger);
}

static void read_trigger(struct draft *draft, const struct pxm_entry *entry)
{
    struct compiler *compiler = draft->compiler;
    const char *name = compile_name(compiler, entry->key, "the name of a trigger");
    const struct pxm_node *map = compile_kind(compiler, entry->value, PXM_NODE_MAP, "a trigger");
    struct pxm_trigger trigger = {.name = name, .span = entry->key->span, .body_max = PXM_UNSET_INT};

    if (!name || !map) {
        return;
    }
    compile_keys(compiler, map, trigger_keys, "a trigger");
    bool sound = read_kind(draft, map, &trigger);
    draft->event = sound ? compile_event_type(compiler, &trigger) : NULL;
    const struct pxm_type *path =
        draft->event && trigger.kind == PXM_TRIGGER_HTTP ? pxm_type_field(draft->event, "path") : NULL;
    if (same_names_twice(path)) {
        compile_error(compiler, "E123", trigger.span, "`%s` has two holes of one name", trigger.path);
    }
    trigger.span = entry->key->span;
    read_bind(draft, compile_kind(compiler, pxm_node_get(map, "bind"), PXM_NODE_MAP, "`bind`"), &trigger);
    if (sound) {
        draft->program->triggers[draft->program->trigger_count++] = trigger;
    }
}

void compile_triggers(struct draft *draft, const struct pxm_node *map)
{
    struct compiler *compiler = draft->compiler;

    map = compile_kind(compiler, map, PXM_NODE_MAP, "`triggers`");
    if (!map) {
        return;
    }
    if (map->length > PXM_TRIGGERS_MAX) {
        compile_error(compiler, "E127", map->span, "more than %d triggers of one pipeline", PXM_TRIGGERS_MAX);
        return;
    }
    draft->program->triggers =
        compile_have(compiler, pxm_arena_array(compiler->arena, map->length, sizeof(struct pxm_trigger)));
    for (size_t i = 0; draft->program->triggers && i < map->length; i++) {
        read_trigger(draft, &map->entries[i]);
    }
}
