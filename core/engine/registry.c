/* Owns the list of plugins an engine has seen. One lock guards it all; loading happens under it, before jobs run.
 * Entries are never removed, so what the catalog hands out lives as long as the registry. */
#include "engine/registry.h"

#include "base/error.h"
#include "base/host.h"
#include "engine/folders.h"
#include "engine/loader.h"
#include "engine/version.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLUGINS_MAX = 256, REASON_MAX = 1024, PATH_MAX_BYTES = 4096 };

/* Where to look for an operation without a vendor's name, in this order. */
static const char *const own_plugins[] = {"resize"};

struct entry {
    char name[64];
    char *path;                  /* NULL: linked in */
    pxm_plugin_entry_fn builtin; /* NULL: a file */
    bool pending;                /* linked in, and nothing has asked for it yet */
    enum pxm_plugin_role role;
    const struct pxm_plugin *raw; /* as the plugin gave it; NULL: could not be loaded */
    struct pxm_plugin plugin;
    struct pxm_unit *units; /* widened copies */
    size_t unit_count;
    struct pxm_operation *operations; /* transforms among the units */
    struct pxm_signature *signatures; /* of the operations */
    size_t operation_count;
    char reason[REASON_MAX];
    struct entry *body;   /* once it was needed */
    bool started;         /* its load function has run */
    struct pxm_host host; /* for load */
    struct pxm_host_impl host_impl;
};

struct pxm_registry {
    pthread_mutex_t lock; /* guards everything below */
    struct pxm_folders *folders;
    struct entry *entries[PLUGINS_MAX];
    size_t count;
    const char **names; /* what *_names gave last */
};

/* ---- entries ----------------------------------------------------------------------------------------------------- */

static void entry_free(struct entry *entry)
{
    if (!entry) {
        return;
    }
    free(entry->path);
    free(entry->units);
    free(entry->operations);
    free(entry->signatures);
    free(entry);
}

static struct entry *entry_find(struct pxm_registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->count; i++) {
        if (strcmp(registry->entries[i]->name, name) == 0) {
            return registry->entries[i];
        }
    }
    return NULL;
}

static struct entry *entry_new(struct pxm_registry *registry, const char *name)
{
    if (registry->count == PLUGINS_MAX || strlen(name) >= sizeof registry->entries[0]->name) {
        return NULL;
    }
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        return NULL;
    }
    snprintf(entry->name, sizeof entry->name, "%s", name);
    registry->entries[registry->count++] = entry;
    return entry;
}

static struct entry *owner_of(struct pxm_registry *registry, const struct pxm_unit *unit)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct entry *entry = registry->entries[i];
        if (unit >= entry->units && unit < entry->units + entry->unit_count) {
            return entry;
        }
    }
    return NULL;
}

static pxm_status copy_units(struct entry *entry, pxm_error *error)
{
    size_t count = 0;

    while (entry->plugin.units[count]) {
        count++;
    }
    entry->units = calloc(count + 1, sizeof *entry->units);
    entry->operations = calloc(count + 1, sizeof *entry->operations);
    entry->signatures = calloc(count + 1, sizeof *entry->signatures);
    if (!entry->units || !entry->operations || !entry->signatures) {
        return pxm_error_no_memory(error);
    }
    entry->unit_count = count;
    for (size_t i = 0; i < count; i++) {
        struct pxm_unit *unit = &entry->units[i];
        *unit = pxm_unit_widen(entry->plugin.units[i]);
        if (entry->role == PXM_PLUGIN_BODY || strcmp(unit->iface, PXM_IFACE_TRANSFORM) != 0) {
            continue;
        }
        struct pxm_signature *signature = &entry->signatures[entry->operation_count];
        *signature = pxm_signature_widen(unit->signature);
        entry->operations[entry->operation_count++] =
            (struct pxm_operation){.name = unit->name,
                                   .summary = unit->summary,
                                   .unit = unit,
                                   .plugin = entry->name,
                                   .options = {unit->options, unit->option_size, unit->config_size},
                                   .signature = signature};
    }
    return PXM_OK;
}

/* Runs the plugin's load function, once. */
static pxm_status entry_start(struct entry *entry, pxm_error *error)
{
    if (entry->started) {
        return PXM_OK;
    }
    entry->host_impl = (struct pxm_host_impl){.name = entry->name, .clock = &pxm_clock_system};
    pxm_host_init(&entry->host, &entry->host_impl);
    if (entry->plugin.load) {
        pxm_status status = entry->plugin.load(&entry->host, error);
        if (status != PXM_OK) {
            pxm_error_context(error, "plugin `%s` does not start", entry->name);
            return status;
        }
    }
    entry->started = true;
    return PXM_OK;
}

/* Fills an entry from its file or entry function; a failure stays in `reason`. */
static void entry_load(struct entry *entry)
{
    struct pxm_error error = {0};
    const struct pxm_plugin *plugin = NULL;
    pxm_status status = PXM_OK;

    if (entry->builtin) {
        plugin = entry->builtin();
    } else {
        status = pxm_loader_open(entry->path, &plugin, &error);
    }
    entry->pending = false;
    if (status == PXM_OK) {
        status = pxm_plugin_audit(plugin, entry->name, entry->role, &error);
    }
    if (status == PXM_OK) {
        entry->plugin = pxm_plugin_widen(plugin);
        status = copy_units(entry, &error);
    }
    if (status == PXM_OK) {
        status = entry_start(entry, &error);
    }
    if (status == PXM_OK) {
        entry->raw = plugin;
    } else {
        entry->operation_count = entry->unit_count = 0;
        snprintf(entry->reason, sizeof entry->reason, "%s", error.text);
    }
}

/* The entry of a name, loaded now if it was not yet; NULL: there is no such plugin. */
static struct entry *entry_get(struct pxm_registry *registry, const char *name, enum pxm_plugin_role role)
{
    char path[PATH_MAX_BYTES];
    struct entry *entry = entry_find(registry, name);

    if (entry) {
        if (entry->pending) {
            entry_load(entry);
        }
        return entry;
    }
    if (!pxm_folders_find(registry->folders, name, path, sizeof path)) {
        return NULL;
    }
    entry = entry_new(registry, name);
    if (!entry) {
        return NULL;
    }
    entry->role = role;
    entry->path = strdup(path);
    if (!entry->path) {
        snprintf(entry->reason, sizeof entry->reason, "out of memory");
        return entry;
    }
    entry_load(entry);
    return entry;
}

/* ---- catalog ----------------------------------------------------------------------------------------------------- */

static const struct pxm_operation *find_operation(const struct entry *entry, const char *name)
{
    for (size_t i = 0; entry && i < entry->operation_count; i++) {
        if (strcmp(entry->operations[i].name, name) == 0) {
            return &entry->operations[i];
        }
    }
    return NULL;
}

static const struct pxm_unit *find_unit(const struct entry *entry, const char *iface, const char *name)
{
    for (size_t i = 0; entry && i < entry->unit_count; i++) {
        if (strcmp(entry->units[i].name, name) == 0 && strcmp(entry->units[i].iface, iface) == 0) {
            return &entry->units[i];
        }
    }
    return NULL;
}

static void tell_broken(struct pxm_arena *arena, const struct entry *entry, struct pxm_missing *ret)
{
    ret->broken = true;
    ret->message = pxm_arena_printf(arena, "plugin `%s` cannot be loaded", entry->name);
    ret->note = pxm_arena_printf(arena, "%s", entry->reason);
}

/* Looks in the plugin `name`; tells of it when it is there but broken. */
static const struct pxm_operation *operation_in(struct pxm_registry *registry, struct pxm_arena *arena,
                                                const char *plugin, const char *name, struct pxm_missing *missing)
{
    const struct entry *entry = entry_get(registry, plugin, PXM_PLUGIN_WHOLE);

    if (entry && !entry->raw) {
        tell_broken(arena, entry, missing);
    }
    return find_operation(entry, name);
}

/* An operation `vendor.op` lives in a plugin of its whole name or of the vendor's; one without a dot in our own. What
 * is linked in may have it under any name. */
static const struct pxm_operation *search_operation(struct pxm_registry *registry, struct pxm_arena *arena,
                                                    const char *name, struct pxm_missing *missing)
{
    char vendor[64];
    const char *dot = strchr(name, '.');
    const struct pxm_operation *found = NULL;

    for (size_t i = 0; i < registry->count; i++) {
        found = find_operation(registry->entries[i], name);
        if (found) {
            return found;
        }
    }
    found = operation_in(registry, arena, name, name, missing);
    if (!found && dot && (size_t)(dot - name) < sizeof vendor) {
        memcpy(vendor, name, (size_t)(dot - name));
        vendor[dot - name] = '\0';
        found = operation_in(registry, arena, vendor, name, missing);
    }
    for (size_t i = 0; !found && !dot && i < sizeof own_plugins / sizeof own_plugins[0]; i++) {
        found = operation_in(registry, arena, own_plugins[i], name, missing);
    }
    for (size_t i = 0; !found && i < registry->count; i++) {
        found = find_operation(entry_get(registry, registry->entries[i]->name, PXM_PLUGIN_WHOLE), name);
    }
    return found;
}

static const struct pxm_operation *catalog_operation(void *arg, struct pxm_arena *arena, const char *name,
                                                     struct pxm_missing *ret_missing)
{
    struct pxm_registry *registry = arg;
    const struct pxm_operation *found = pxm_core_operation(name);

    *ret_missing = (struct pxm_missing){0};
    if (found) {
        return found;
    }
    pthread_mutex_lock(&registry->lock);
    found = search_operation(registry, arena, name, ret_missing);
    pthread_mutex_unlock(&registry->lock);
    if (!found && !ret_missing->message) {
        ret_missing->message = pxm_arena_printf(arena, "there is no operation `%s`", name);
    }
    return found;
}

static const struct pxm_unit *search_driver(struct pxm_registry *registry, struct pxm_arena *arena, const char *iface,
                                            const char *name, struct pxm_missing *missing)
{
    for (size_t i = 0; i < registry->count; i++) {
        const struct pxm_unit *found = find_unit(registry->entries[i], iface, name);
        if (found) {
            return found;
        }
    }
    const struct entry *entry = entry_get(registry, name, PXM_PLUGIN_WHOLE);
    if (entry && !entry->raw) {
        tell_broken(arena, entry, missing);
    }
    const struct pxm_unit *found = find_unit(entry, iface, name);
    for (size_t i = 0; !found && i < registry->count; i++) {
        found = find_unit(entry_get(registry, registry->entries[i]->name, PXM_PLUGIN_WHOLE), iface, name);
    }
    return found;
}

static const struct pxm_unit *catalog_driver(void *arg, struct pxm_arena *arena, const char *iface, const char *name,
                                             struct pxm_missing *ret_missing)
{
    struct pxm_registry *registry = arg;

    *ret_missing = (struct pxm_missing){0};
    pthread_mutex_lock(&registry->lock);
    const struct pxm_unit *found = search_driver(registry, arena, iface, name, ret_missing);
    pthread_mutex_unlock(&registry->lock);
    if (!found && !ret_missing->message) {
        ret_missing->message = pxm_arena_printf(arena, "there is no driver `%s` for this kind of resource", name);
    }
    return found;
}

static bool catalog_require(void *arg, struct pxm_arena *arena, const char *plugin, const char *version,
                            struct pxm_missing *ret_missing)
{
    struct pxm_registry *registry = arg;
    bool valid = true;

    *ret_missing = (struct pxm_missing){0};
    pthread_mutex_lock(&registry->lock);
    const struct entry *entry = entry_get(registry, plugin, PXM_PLUGIN_WHOLE);
    pthread_mutex_unlock(&registry->lock);
    if (!entry) {
        ret_missing->message = pxm_arena_printf(arena, "there is no plugin `%s`", plugin);
        return false;
    }
    if (!entry->raw) {
        tell_broken(arena, entry, ret_missing);
        return false;
    }
    if (pxm_version_matches(entry->plugin.version, version, &valid)) {
        return true;
    }
    ret_missing->broken = valid;
    ret_missing->message = valid
                               ? pxm_arena_printf(arena, "plugin `%s` is of version %s, and %s is wanted", plugin,
                                                  entry->plugin.version, version)
                               : pxm_arena_printf(arena, "`%s` is no condition on a version; write \">=1.2\"", version);
    return false;
}

/* Gathers the names that `pick` takes; the array lives until the next call. */
static const char *const *gather(struct pxm_registry *registry, const char *iface, size_t *ret_count)
{
    size_t core_count = 0;
    size_t count = 0;
    const struct pxm_operation *core = pxm_core_operations(&core_count);
    bool transforms = strcmp(iface, PXM_IFACE_TRANSFORM) == 0;
    size_t most = transforms ? core_count : 0;

    for (size_t i = 0; i < registry->count; i++) {
        most += registry->entries[i]->unit_count;
    }
    free(registry->names);
    registry->names = calloc(most + 1, sizeof *registry->names);
    *ret_count = 0;
    if (!registry->names) {
        return NULL;
    }
    for (size_t i = 0; transforms && i < core_count; i++) {
        registry->names[count++] = core[i].name;
    }
    for (size_t i = 0; i < registry->count; i++) {
        for (size_t j = 0; j < registry->entries[i]->unit_count; j++) {
            if (strcmp(registry->entries[i]->units[j].iface, iface) == 0) {
                registry->names[count++] = registry->entries[i]->units[j].name;
            }
        }
    }
    *ret_count = count;
    return registry->names;
}

static const char *const *catalog_driver_names(void *arg, const char *iface, size_t *ret_count)
{
    struct pxm_registry *registry = arg;

    pthread_mutex_lock(&registry->lock);
    const char *const *names = gather(registry, iface, ret_count);
    pthread_mutex_unlock(&registry->lock);
    return names;
}

static const char *const *catalog_operation_names(void *arg, size_t *ret_count)
{
    return catalog_driver_names(arg, PXM_IFACE_TRANSFORM, ret_count);
}

static pxm_status catalog_validate(void *arg, const struct pxm_unit *unit, const void *config, pxm_error *error)
{
    struct pxm_registry *registry = arg;

    pthread_mutex_lock(&registry->lock);
    const struct entry *owner = owner_of(registry, unit);
    pthread_mutex_unlock(&registry->lock);
    return owner && unit->validate ? unit->validate(&owner->host, config, error) : PXM_OK;
}

struct pxm_catalog pxm_registry_catalog(struct pxm_registry *registry)
{
    return (struct pxm_catalog){.arg = registry,
                                .operation = catalog_operation,
                                .driver = catalog_driver,
                                .require = catalog_require,
                                .operation_names = catalog_operation_names,
                                .driver_names = catalog_driver_names,
                                .validate = catalog_validate};
}

/* ---- bodies ------------------------------------------------------------------------------------------------------ */

static pxm_status load_body(struct pxm_registry *registry, struct entry *owner, pxm_error *error)
{
    struct entry *body = entry_get(registry, owner->plugin.body, PXM_PLUGIN_BODY);

    if (!body || !body->raw) {
        return pxm_error_set(error, PXM_E_INVALID, "plugin.broken", "plugin `%s` cannot do its work: %s", owner->name,
                             body ? body->reason : "its second module is missing");
    }
    if (strcmp(body->plugin.version, owner->plugin.version) != 0) {
        return pxm_error_set(error, PXM_E_INVALID, "plugin.broken",
                             "plugin `%s` is of version %s, but its second module is of version %s; install both again",
                             owner->name, owner->plugin.version, body->plugin.version);
    }
    owner->body = body;
    return PXM_OK;
}

static pxm_status ready(struct pxm_registry *registry, const struct pxm_unit *unit, const struct pxm_unit **ret,
                        pxm_error *error)
{
    struct entry *owner = unit->ops ? NULL : owner_of(registry, unit);

    if (!owner) {
        *ret = unit;
        return PXM_OK;
    }
    if (!owner->body) {
        pxm_status status = load_body(registry, owner, error);
        if (status != PXM_OK) {
            return status;
        }
    }
    *ret = find_unit(owner->body, unit->iface, unit->name);
    if (!*ret || !(*ret)->ops) {
        return pxm_error_set(error, PXM_E_INVALID, "plugin.broken",
                             "plugin `%s` describes `%s`, but its second module does not have it", owner->name,
                             unit->name);
    }
    return PXM_OK;
}

pxm_status pxm_registry_ready(struct pxm_registry *registry, const struct pxm_unit *unit, const struct pxm_unit **ret,
                              pxm_error *error)
{
    pthread_mutex_lock(&registry->lock);
    pxm_status status = ready(registry, unit, ret, error);
    pthread_mutex_unlock(&registry->lock);
    return status;
}

uint32_t pxm_registry_abi(struct pxm_registry *registry, const struct pxm_unit *unit)
{
    pthread_mutex_lock(&registry->lock);
    const struct entry *owner = owner_of(registry, unit);
    pthread_mutex_unlock(&registry->lock);
    return owner ? owner->plugin.abi : PXM_ABI_CURRENT;
}

/* ---- the registry ------------------------------------------------------------------------------------------------ */

pxm_status pxm_registry_new(const char *plugin_path, struct pxm_registry **ret, pxm_error *error)
{
    struct pxm_registry *registry = calloc(1, sizeof *registry);

    if (!registry) {
        return pxm_error_no_memory(error);
    }
    registry->folders = pxm_folders_new(plugin_path);
    if (!registry->folders || pthread_mutex_init(&registry->lock, NULL) != 0) {
        pxm_folders_free(registry->folders);
        free(registry);
        return pxm_error_no_memory(error);
    }
    *ret = registry;
    return PXM_OK;
}

void pxm_registry_free(struct pxm_registry *registry)
{
    if (!registry) {
        return;
    }
    for (size_t i = 0; i < registry->count; i++) {
        entry_free(registry->entries[i]);
    }
    free(registry->names);
    pxm_folders_free(registry->folders);
    pthread_mutex_destroy(&registry->lock);
    free(registry);
}

pxm_status pxm_registry_add_builtin(struct pxm_registry *registry, pxm_plugin_entry_fn entry_fn, pxm_error *error)
{
    const struct pxm_plugin *plugin = entry_fn();
    pxm_status status = pxm_plugin_audit_head(plugin, NULL, error);

    if (status != PXM_OK) {
        return status;
    }
    pthread_mutex_lock(&registry->lock);
    struct entry *entry = NULL;
    if (entry_find(registry, plugin->name)) {
        status = pxm_error_set(error, PXM_E_EXISTS, "plugin.exists", "there is a plugin `%s` already", plugin->name);
    } else if (!(entry = entry_new(registry, plugin->name))) {
        status = pxm_error_no_memory(error);
    } else {
        entry->builtin = entry_fn;
        entry->pending = true;
        /* A body gives itself away by units that describe nothing. */
        bool body = plugin->units[0] && !plugin->units[0]->summary;
        entry->role = body ? PXM_PLUGIN_BODY : PXM_PLUGIN_WHOLE;
    }
    pthread_mutex_unlock(&registry->lock);
    return status;
}

bool pxm_registry_plugin(struct pxm_registry *registry, const char *name, struct pxm_plugin_info *ret)
{
    pthread_mutex_lock(&registry->lock);
    const struct entry *entry = entry_get(registry, name, PXM_PLUGIN_WHOLE);
    pthread_mutex_unlock(&registry->lock);
    if (!entry) {
        return false;
    }
    *ret = (struct pxm_plugin_info){.name = entry->name,
                                    .path = entry->path,
                                    .plugin = entry->raw ? &entry->plugin : NULL,
                                    .reason = entry->raw ? NULL : entry->reason,
                                    .operation_count = entry->operation_count,
                                    .operations = entry->operations,
                                    .unit_count = entry->unit_count,
                                    .units = entry->units};
    return true;
}

const char *const *pxm_registry_folders(const struct pxm_registry *registry)
{
    return pxm_folders_list(registry->folders);
}

pxm_status pxm_registry_names(struct pxm_registry *registry, char ***ret, size_t *ret_count, pxm_error *error)
{
    const char *builtins[PLUGINS_MAX + 1];
    size_t count = 0;

    pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; i < registry->count; i++) {
        if (registry->entries[i]->builtin && registry->entries[i]->role == PXM_PLUGIN_WHOLE) {
            builtins[count++] = registry->entries[i]->name;
        }
    }
    pthread_mutex_unlock(&registry->lock);
    builtins[count] = NULL;
    return pxm_folders_names(registry->folders, builtins, ret, ret_count, error);
}
