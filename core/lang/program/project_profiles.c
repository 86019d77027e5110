/* `profiles`: named sets of stores, tables, queues, auth resources and secrets. A profile is whole; nothing is
 * merged. */
#include "lang/program/compile.h"

#include <string.h>

static const char *const profile_keys[] = {"summary", "stores", "tables", "queues", "auth", "secrets", NULL};

static const struct {
    const char *key, *iface, *what, *name;
    enum use_kind use;
} kinds[] = {
    [PXM_RESOURCE_STORE] = {"stores", PXM_IFACE_STORAGE, "store", "the name of a store", USE_STORE},
    [PXM_RESOURCE_TABLE] = {"tables", PXM_IFACE_METADATA, "table", "the name of a table", USE_TABLE},
    [PXM_RESOURCE_QUEUE] = {"queues", PXM_IFACE_QUEUE, "queue", "the name of a queue", USE_QUEUE},
    [PXM_RESOURCE_AUTH] = {"auth", PXM_IFACE_AUTH, "auth", "the name of an auth resource", USE_AUTH},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* ---- secrets ---------------------------------------------------------------------------------------------------- */

static bool read_secret(struct compiler *compiler, const struct pxm_entry *entry, struct pxm_secret *ret)
{
    static const char *const sources[] = {[PXM_SECRET_ENV] = "env", [PXM_SECRET_FILE] = "file", NULL};
    const struct pxm_node *map = compile_kind(compiler, entry->value, PXM_NODE_MAP, "a secret");
    const struct pxm_node *from = NULL;

    ret->name = compile_name(compiler, entry->key, "the name of a secret");
    ret->span = entry->key->span;
    if (!ret->name || !map) {
        return ret->name != NULL;
    }
    compile_keys(compiler, map, sources, "a secret");
    for (size_t i = 0; sources[i]; i++) {
        const struct pxm_node *node = pxm_node_get(map, sources[i]);
        if (node && from) {
            compile_error(compiler, "E125", node->span, "secret `%s` comes from two places", ret->name);
        }
        if (node) {
            ret->source = (enum pxm_secret_source)i;
            from = compile_kind(compiler, node, PXM_NODE_SCALAR, "where a secret comes from");
            ret->from = from ? from->text : NULL;
        }
    }
    if (map->length == 0) {
        compile_error(compiler, "E124", map->span, "secret `%s` comes from nowhere; write {env: NAME} or {file: PATH}",
                      ret->name);
    }
    return true;
}

static void read_secrets(struct compiler *compiler, const struct pxm_node *map, struct pxm_profile *profile)
{
    map = compile_kind(compiler, map, PXM_NODE_MAP, "`secrets`");
    profile->secrets =
        map ? compile_have(compiler, pxm_arena_array(compiler->arena, map->length + 1, sizeof *profile->secrets))
            : NULL;
    for (size_t i = 0; profile->secrets && i < map->length; i++) {
        if (read_secret(compiler, &map->entries[i], &profile->secrets[profile->secret_count])) {
            profile->secret_count++;
        }
    }
}

/* ---- resources -------------------------------------------------------------------------------------------------- */

static const struct pxm_unit *find_driver(struct compiler *compiler, const struct pxm_node *key,
                                          enum pxm_resource_kind kind)
{
    const struct pxm_catalog *catalog = compiler->catalog;
    struct pxm_missing missing = {0};
    const struct pxm_unit *unit =
        catalog->driver(catalog->arg, compiler->arena, kinds[kind].iface, key->text, &missing);
    struct pxm_diag *diag;
    size_t count = 0;

    if (unit) {
        return unit;
    }
    if (missing.broken) {
        diag = compile_error(compiler, "E401", key->span, "%s", missing.message);
    } else {
        const char *const *names = catalog->driver_names(catalog->arg, kinds[kind].iface, &count);
        diag = compile_error(compiler, "E402", key->span, "there is no %s driver `%s`", kinds[kind].what, key->text);
        pxm_diag_label(compiler->diags, diag, "%s",
                       compile_hint(compiler, key->text, names, count, "`pixmill plugins list` names them all"));
    }
    if (missing.note) {
        pxm_diag_note(compiler->diags, diag, "%s", missing.note);
    }
    return NULL;
}

static void read_options(struct compiler *compiler, const struct pxm_node *options, const struct pxm_node *driver,
                         struct pxm_resource *resource)
{
    const struct pxm_unit *unit = resource->unit;
    struct pxm_resolver resolver = compile_project_resolver(compiler);
    const char *owner = compile_have(compiler, pxm_arena_printf(compiler->arena, "`%s`", unit->name));
    struct pxm_option_table *table = compile_have(compiler, pxm_arena_alloc(compiler->arena, sizeof *table));
    struct pxm_bind_rules rules = {
        .templates_everywhere = true, .resolver = &resolver, .owner = owner, .base = compiler->project->root};

    options = compile_kind(compiler, options, PXM_NODE_MAP, "what a driver is given");
    if (!options || !owner || !table) {
        return;
    }
    *table = (struct pxm_option_table){
        .options = unit->options, .option_size = unit->option_size, .config_size = unit->config_size};
    resource->options = pxm_options_bind(compiler->arena, table, options, driver->span, &rules, compiler->diags);
    compile_validate(compiler, unit, resource->options, driver->span, owner);
}

/* The one key that names a driver; a store may name its queue beside it. NULL: it was told what is wrong. */
static const struct pxm_entry *read_driver(struct compiler *compiler, const struct pxm_entry *entry,
                                           const struct pxm_node *map, struct pxm_resource *resource)
{
    const struct pxm_entry *driver = NULL;
    size_t count = 0;

    for (size_t i = 0; i < map->length; i++) {
        const struct pxm_entry *at = &map->entries[i];
        if (resource->kind == PXM_RESOURCE_STORE && strcmp(at->key->text, "events") == 0) {
            const struct pxm_node *queue = compile_kind(compiler, at->value, PXM_NODE_SCALAR, "`events`");
            resource->events = queue ? compile_label(compiler, queue, kinds[PXM_RESOURCE_QUEUE].name) : NULL;
            resource->events_span = at->value->span;
        } else {
            driver = at;
            count++;
        }
    }
    if (count == 1) {
        return driver;
    }
    struct pxm_diag *diag =
        compile_error(compiler, count > 0 ? "E125" : "E124", entry->key->span, "%s `%s` has %s",
                      kinds[resource->kind].what, resource->name, count > 0 ? "several drivers" : "no driver");
    pxm_diag_label(compiler->diags, diag, "write `%s: {DRIVER: {options}}`", resource->name);
    return NULL;
}

static bool read_resource(struct compiler *compiler, const struct pxm_entry *entry, enum pxm_resource_kind kind,
                          struct pxm_resource *ret)
{
    const struct pxm_node *map = compile_kind(compiler, entry->value, PXM_NODE_MAP, "a resource");

    *ret = (struct pxm_resource){
        .kind = kind, .name = compile_label(compiler, entry->key, kinds[kind].name), .span = entry->key->span};
    if (ret->name && kind == PXM_RESOURCE_AUTH && compile_is_host_auth(ret->name)) {
        struct pxm_diag *diag =
            compile_error(compiler, "E123", ret->span, "`%s` cannot be %s", ret->name, kinds[kind].name);
        pxm_diag_label(compiler->diags, diag, "every host has one of this name");
    }
    if (!ret->name || !map) {
        return ret->name != NULL;
    }
    const struct pxm_entry *driver = read_driver(compiler, entry, map, ret);
    ret->unit = driver ? find_driver(compiler, driver->key, kind) : NULL;
    if (ret->unit) {
        read_options(compiler, driver->value, driver->key, ret);
    }
    return true;
}

/* By a pipeline, or as the queue of a store that is. */
static bool is_used(const struct compiler *compiler, const struct pxm_profile *profile, enum use_kind kind,
                    const char *name)
{
    bool used = false;

    for (size_t i = 0; !used && i < compiler->use_count; i++) {
        used = compiler->uses[i].kind == kind && strcmp(compiler->uses[i].name, name) == 0;
    }
    for (size_t i = 0; !used && kind == USE_QUEUE && i < profile->resource_count; i++) {
        const char *events = profile->resources[i].events;
        used = events && strcmp(events, name) == 0;
    }
    return used;
}

static void read_resources(struct compiler *compiler, const struct pxm_node *map, struct pxm_profile *profile,
                           bool only_used)
{
    size_t total = 0;

    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        const struct pxm_node *all = pxm_node_get(map, kinds[kind].key);
        total += compile_kind(compiler, all, PXM_NODE_MAP, kinds[kind].key) ? all->length : 0;
    }
    profile->resources =
        compile_have(compiler, pxm_arena_array(compiler->arena, total + 1, sizeof *profile->resources));
    for (size_t kind = 0; profile->resources && kind < KIND_COUNT; kind++) {
        const struct pxm_node *all = pxm_node_get(map, kinds[kind].key);
        for (size_t i = 0; all && all->kind == PXM_NODE_MAP && i < all->length; i++) {
            struct pxm_resource *resource = &profile->resources[profile->resource_count];
            if (only_used && !is_used(compiler, profile, kinds[kind].use, all->entries[i].key->text)) {
                continue;
            }
            profile->resource_count +=
                read_resource(compiler, &all->entries[i], (enum pxm_resource_kind)kind, resource) ? 1 : 0;
        }
    }
}

/* ---- profiles --------------------------------------------------------------------------------------------------- */

static void read_profile(struct compiler *compiler, const struct pxm_entry *entry, bool only_used)
{
    const char *name = compile_label(compiler, entry->key, "the name of a profile");
    const struct pxm_node *map = compile_kind(compiler, entry->value, PXM_NODE_MAP, "a profile");
    struct pxm_profile *profile = &compiler->project->profiles[compiler->project->profile_count];

    if (!name) {
        return;
    }
    *profile = (struct pxm_profile){.name = name, .span = entry->key->span};
    compiler->project->profile_count++;
    if (!map) {
        return;
    }
    compiler->profile = profile;
    compile_keys(compiler, map, profile_keys, "a profile");
    read_secrets(compiler, pxm_node_get(map, "secrets"), profile);
    read_resources(compiler, map, profile, only_used);
    compiler->profile = NULL;
}

void compile_profiles(struct compiler *compiler, const struct pxm_node *map, bool only_used)
{
    struct pxm_project *project = compiler->project;

    map = compile_kind(compiler, map, PXM_NODE_MAP, "`profiles`");
    if (!map) {
        return;
    }
    project->profiles =
        compile_have(compiler, pxm_arena_array(compiler->arena, map->length + 1, sizeof *project->profiles));
    for (size_t i = 0; project->profiles && i < map->length; i++) {
        const char *only = compiler->part_profile;
        if (!only || strcmp(map->entries[i].key->text, only) == 0) {
            read_profile(compiler, &map->entries[i], only_used);
        }
    }
}
