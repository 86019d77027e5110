/* The schemas of pipelines and of pixmill.yaml, made of the tables that check them. Every function gives a new value,
 * or NULL when memory is out; a record that takes NULL fails, so that a failure anywhere is one of the whole. */
#include "lang/program/schema.h"

#include "base/value.h"
#include "lang/options/option_docs.h"
#include "lang/program/compile.h"
#include <string.h>

enum { SCRATCH_BYTES_MAX = 1 << 20 };

/* ---- making schemas --------------------------------------------------------------------------------------------- */

/* The record if all that was put into it is there. */
static pxm_value *whole(pxm_value *record)
{
    if (record && pxm_value_status(record) != PXM_OK) {
        pxm_value_unref(record);
        return NULL;
    }
    return record;
}

static void set(pxm_value *record, const char *key, pxm_value *item)
{
    if (record) {
        pxm_value_set(record, key, item);
    } else {
        pxm_value_unref(item);
    }
}

static void set_text(pxm_value *record, const char *key, const char *text)
{
    set(record, key, pxm_value_cstring(text));
}

static pxm_value *texts(const char *const *words, size_t count)
{
    pxm_value *list = pxm_value_list();

    for (size_t i = 0; list && i < count; i++) {
        pxm_value_append(list, pxm_value_cstring(words[i]));
    }
    return whole(list);
}

static pxm_value *described(pxm_value *schema, const char *help)
{
    set_text(schema, "description", help);
    return whole(schema);
}

static pxm_value *anything(const char *help)
{
    return described(pxm_value_record(), help);
}

static pxm_value *of_type(const char *type, const char *help)
{
    pxm_value *schema = pxm_value_record();

    set_text(schema, "type", type);
    return described(schema, help);
}

static pxm_value *one_of(const char *const *words, size_t count)
{
    pxm_value *schema = pxm_value_record();

    set(schema, "enum", texts(words, count));
    return whole(schema);
}

static pxm_value *reference(const char *definition, const char *help)
{
    pxm_value *schema = pxm_value_record();

    set_text(schema, "$ref", definition);
    return described(schema, help);
}

/* A map with exactly these keys. Takes over the properties. */
static pxm_value *map_of(pxm_value *properties, const char *const *required, size_t count)
{
    pxm_value *schema = pxm_value_record();

    set_text(schema, "type", "object");
    set(schema, "properties", whole(properties));
    set(schema, "additionalProperties", pxm_value_bool(0));
    if (count > 0) {
        set(schema, "required", texts(required, count));
    }
    return whole(schema);
}

/* A map whose names are free and whose values are all alike. Takes over their schema. */
static pxm_value *names_of(pxm_value *each, const char *help)
{
    pxm_value *schema = of_type("object", help);

    set(schema, "additionalProperties", each);
    return whole(schema);
}

static pxm_value *table_of(const struct pxm_option_table *table, const char *help)
{
    return described(pxm_option_docs_schema(table, false), help);
}

static pxm_value *list_of(const char *definition)
{
    pxm_value *schema = of_type("array", "Steps, in the order in which they run.");

    set(schema, "items", reference(definition, "A step."));
    return whole(schema);
}

static pxm_value *version(void)
{
    pxm_value *schema = anything("Version of the language.");

    set(schema, "const", pxm_value_int(1));
    return whole(schema);
}

static pxm_value *document(pxm_value *map, const char *title)
{
    set_text(map, "$schema", "https://json-schema.org/draft/2020-12/schema");
    set_text(map, "title", title);
    return whole(map);
}

/* ---- names of the catalog --------------------------------------------------------------------------------------- */

/* Copies, as the catalog's array lives until the next call only. NULL: no memory. */
static const char **copy_names(struct pxm_arena *arena, const char *const *names, size_t count)
{
    const char **copies = pxm_arena_array(arena, count + 1, sizeof *copies);

    for (size_t i = 0; copies && i < count; i++) {
        copies[i] = pxm_arena_strndup(arena, names[i], strlen(names[i]));
        copies = copies[i] ? copies : NULL;
    }
    return copies;
}

/* ---- operations ------------------------------------------------------------------------------------------------- */

/* `family: {op: NAME, ...}`: which options there are depends on NAME, so all are let through. */
static pxm_value *family_of(const char *const *names, size_t count, const char *prefix, size_t length)
{
    pxm_value *op = pxm_value_record(), *properties = pxm_value_record(), *members = pxm_value_list();
    pxm_value *schema = of_type("object", "An operation of this family, with its options.");

    for (size_t i = 0; members && i < count; i++) {
        if (strncmp(names[i], prefix, length) == 0) {
            pxm_value_append(members, pxm_value_cstring(names[i] + length));
        }
    }
    set(op, "enum", whole(members));
    set(properties, "op", whole(op));
    set(schema, "properties", whole(properties));
    return whole(schema);
}

static void add_families(pxm_value *properties, struct pxm_arena *arena, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *dot = strchr(names[i], '.');
        size_t length = dot ? (size_t)(dot - names[i]) : 0;
        const char *family = dot ? pxm_arena_strndup(arena, names[i], length) : NULL;
        if (!dot || (family && pxm_value_get(properties, family))) {
            continue;
        }
        set(properties, family ? family : "", family ? family_of(names, count, names[i], length + 1) : NULL);
    }
}

static void add_operations(pxm_value *properties, const struct pxm_catalog *catalog, struct pxm_arena *arena)
{
    size_t core_count, count = 0;
    const struct pxm_operation *core = pxm_core_operations(&core_count);
    const char *const *known = catalog->operation_names(catalog->arg, &count);
    const char **names = copy_names(arena, known, count);
    struct pxm_missing missing;

    for (size_t i = 0; i < core_count; i++) {
        set(properties, core[i].name, table_of(&core[i].options, core[i].summary));
    }
    for (size_t i = 0; names && i < count; i++) {
        const struct pxm_operation *op =
            pxm_core_operation(names[i]) ? NULL : catalog->operation(catalog->arg, arena, names[i], &missing);
        if (op) {
            set(properties, op->name, table_of(&op->options, op->summary));
        }
    }
    if (names) {
        add_families(properties, arena, names, count);
    } else {
        set(properties, "", NULL);
    }
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

static pxm_value *step(const struct pxm_catalog *catalog, struct pxm_arena *arena)
{
    static const char *const actions[] = {"fail", "skip", "stop", "fallback"};
    static const char steps[] = "#/$defs/steps", one[] = "#/$defs/step";
    pxm_value *keys = pxm_value_record();

    if (!keys) {
        return NULL;
    }
    set(keys, "id", of_type("string", "Its name, for `in` and ${steps.NAME}."));
    set(keys, "in",
        of_type("string", "Where its input comes from: an id, or input.NAME; else the step directly above."));
    set(keys, "when", anything("It is skipped unless this expression holds."));
    set(keys, "retry", table_of(&compile_retry_table, "Transient errors are tried again."));
    set(keys, "on_error",
        names_of(one_of(actions, 4), "What is done about errors: by code, first part of one, or \"*\"."));
    set(keys, "fallback", reference(one, "What is done instead."));
    set(keys, "timeout", of_type("string", "Most time of one try, such as 5s."));
    set(keys, "undo", of_type("boolean", "What it made is removed when a later step fails the run."));
    set(keys, "foreach", anything("A list; `steps` run for each of its items."));
    set(keys, "where", anything("Only for items for which this expression holds."));
    set(keys, "max_parallel", of_type("integer", "How many items at once."));
    set(keys, "tolerate", of_type("integer", "How many items may fail."));
    set(keys, "steps", reference(steps, "What is done for each item."));
    set(keys, "emit", anything("What is seen of an item outside."));
    set(keys, "parallel", reference(steps, "Steps that run side by side."));
    add_operations(keys, catalog, arena);
    return map_of(keys, NULL, 0);
}

static pxm_value *definitions(const struct pxm_catalog *catalog, struct pxm_arena *arena)
{
    pxm_value *defs = pxm_value_record();

    set(defs, "steps", list_of("#/$defs/step"));
    set(defs, "step", step(catalog, arena));
    return whole(defs);
}

/* ---- pipelines -------------------------------------------------------------------------------------------------- */

static pxm_value *triggers(void)
{
    pxm_value *keys = pxm_value_record();

    set(keys, "http", table_of(&compile_http_table, "A request."));
    set(keys, "object_created", table_of(&compile_object_created_table, "An object that appeared in a store."));
    set(keys, "message", table_of(&compile_message_table, "A message of a queue."));
    set(keys, "schedule", table_of(&compile_schedule_table, "The passing of time."));
    set(keys, "bind", of_type("object", "What the inputs are made of; only here is `event` known."));
    return names_of(map_of(keys, NULL, 0), "What starts the pipeline.");
}

static pxm_value *pipeline(void)
{
    static const char *const required[] = {"version"};
    static const char steps[] = "#/$defs/steps";
    pxm_value *keys = pxm_value_record();

    set(keys, "version", version());
    set(keys, "summary", of_type("string", "What it is for."));
    set(keys, "inputs", names_of(table_of(&compile_input_table, "An input."), "What it takes."));
    set(keys, "triggers", triggers());
    set(keys, "vars", of_type("object", "Values that are the same in every run."));
    set(keys, "limits", table_of(&compile_limits_table, "What it may use; the least of host and pipeline counts."));
    set(keys, "concurrency", table_of(&compile_concurrency_table, "How many runs at once."));
    set(keys, "steps", reference(steps, "What is done, in this order."));
    set(keys, "output", anything("What it gives."));
    set(keys, "on_failure", reference(steps, "What is done once after a failure."));
    set(keys, "tests", of_type("array", "Its tests."));
    return map_of(keys, required, 1);
}

pxm_value *pxm_schema_pipeline(const struct pxm_catalog *catalog)
{
    struct pxm_arena *arena = pxm_arena_new(SCRATCH_BYTES_MAX);
    pxm_value *schema = arena ? pipeline() : NULL;

    if (schema) {
        set(schema, "$defs", definitions(catalog, arena));
    }
    pxm_arena_free(arena);
    return document(schema, "pixmill pipeline");
}

/* ---- projects --------------------------------------------------------------------------------------------------- */

static pxm_value *resources(const struct pxm_catalog *catalog, struct pxm_arena *arena, const char *iface,
                            const char *help)
{
    size_t count = 0;
    const char *const *known = catalog->driver_names(catalog->arg, iface, &count);
    const char **names = copy_names(arena, known, count);
    pxm_value *drivers = names ? pxm_value_record() : NULL;
    struct pxm_missing missing;

    for (size_t i = 0; drivers && i < count; i++) {
        const struct pxm_unit *unit = catalog->driver(catalog->arg, arena, iface, names[i], &missing);
        if (unit) {
            struct pxm_option_table table = {
                .options = unit->options, .option_size = unit->option_size, .config_size = unit->config_size};
            set(drivers, unit->name, described(pxm_option_docs_schema(&table, true), unit->summary));
        }
    }
    if (strcmp(iface, PXM_IFACE_STORAGE) == 0) {
        set(drivers, "events", of_type("string", "The queue through which the store tells of objects that appear."));
    }
    return names_of(map_of(drivers, NULL, 0), help);
}

static pxm_value *secrets(void)
{
    pxm_value *keys = pxm_value_record();

    set(keys, "env", of_type("string", "A variable of the environment."));
    set(keys, "file", of_type("string", "A file that holds nothing else."));
    return names_of(map_of(keys, NULL, 0), "Where secrets come from.");
}

static pxm_value *profiles(const struct pxm_catalog *catalog, struct pxm_arena *arena)
{
    pxm_value *keys = pxm_value_record();

    set(keys, "summary", of_type("string", "What it is for."));
    set(keys, "stores", resources(catalog, arena, PXM_IFACE_STORAGE, "Where objects are."));
    set(keys, "tables", resources(catalog, arena, PXM_IFACE_METADATA, "Where records are."));
    set(keys, "queues", resources(catalog, arena, PXM_IFACE_QUEUE, "Where messages are."));
    set(keys, "auth", resources(catalog, arena, PXM_IFACE_AUTH, "Who may call."));
    set(keys, "secrets", secrets());
    return names_of(map_of(keys, NULL, 0), "Sets of resources; a run uses one of them, whole.");
}

static pxm_value *plugins(void)
{
    pxm_value *keys = pxm_value_record();

    set(keys, "require",
        names_of(of_type("string", "Versions, such as \">=1.2\"."), "Plugins that must be installed."));
    return described(map_of(keys, NULL, 0), "What must be installed.");
}

/* The options of a host, and its limits. */
static pxm_value *hosts(void)
{
    pxm_value *options = pxm_option_docs_schema(&compile_host_table, false);
    const pxm_value *properties = pxm_value_get(options, "properties");
    pxm_value *keys = options ? pxm_value_record() : NULL;

    for (size_t i = 0; keys && i < pxm_value_count(properties); i++) {
        set(keys, pxm_value_key(properties, i), pxm_value_ref(pxm_value_at(properties, i)));
    }
    set(keys, "limits", table_of(&compile_limits_table, "The most that any pipeline may use on it."));
    set(keys, "functions",
        names_of(of_type("array", "Names of pipelines."), "Parts of the project that the host runs by themselves."));
    pxm_value_unref(options);
    return names_of(map_of(keys, NULL, 0), "What each host uses.");
}

pxm_value *pxm_schema_project(const struct pxm_catalog *catalog)
{
    static const char *const required[] = {"version", "profiles"};
    struct pxm_arena *arena = pxm_arena_new(SCRATCH_BYTES_MAX);
    pxm_value *keys = arena ? pxm_value_record() : NULL;

    if (keys) {
        set(keys, "version", version());
        set(keys, "summary", of_type("string", "What it is for."));
        set(keys, "plugins", plugins());
        set(keys, "env", names_of(table_of(&compile_env_table, "A variable."), "All variables that may be read."));
        set(keys, "profiles", profiles(catalog, arena));
        set(keys, "hosts", hosts());
    }
    pxm_arena_free(arena);
    return document(map_of(keys, required, 2), "pixmill project");
}
