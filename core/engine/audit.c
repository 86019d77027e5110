/* What a host demands of a plugin's description before it believes a word of it: everything here would otherwise become
 * a crash or a puzzle later. Only bytes within a struct's own struct_size are looked at. */
#include "engine/loader.h"

#include "base/arena.h"
#include "base/error.h"
#include "lang/options/options.h"

#include <stdbool.h>
#include <string.h>

enum {
    UNITS_MAX = 1024,
    FIELDS_MAX = 64,
    NAME_MAX_LENGTH = 63,
    AUDIT_BYTES_MAX = 1 << 20,
    /* What the first version of the contract had that a plugin cannot do without. */
    PLUGIN_SIZE_MIN = offsetof(struct pxm_plugin, body),
    UNIT_SIZE_MIN = offsetof(struct pxm_unit, validate),
    SIGNATURE_SIZE_MIN = offsetof(struct pxm_signature, codes),
    OPTION_SIZE_MIN = offsetof(struct pxm_option, old_name),
    FIELD_SIZE_MIN = offsetof(struct pxm_field, help)
};

static size_t at_most(uint32_t theirs, size_t ours)
{
    return theirs < ours ? theirs : ours;
}

struct pxm_plugin pxm_plugin_widen(const struct pxm_plugin *plugin)
{
    struct pxm_plugin wide = {0};

    memcpy(&wide, plugin, at_most(plugin->struct_size, sizeof wide));
    return wide;
}

struct pxm_unit pxm_unit_widen(const struct pxm_unit *unit)
{
    struct pxm_unit wide = {0};

    memcpy(&wide, unit, at_most(unit->struct_size, sizeof wide));
    return wide;
}

struct pxm_signature pxm_signature_widen(const struct pxm_signature *signature)
{
    struct pxm_signature wide = {0};

    memcpy(&wide, signature, at_most(signature->struct_size, sizeof wide));
    return wide;
}

static pxm_status refuse(pxm_error *error, const char *plugin, const char *unit, const char *why)
{
    return pxm_error_set(error, PXM_E_INVALID, "plugin.broken", "plugin `%s`%s%s%s %s", plugin, unit ? ", unit `" : "",
                         unit ? unit : "", unit ? "`:" : ":", why);
}

/* Lower-case words of letters, digits, `_` and `-`, joined by dots: safe in a path, a message and an expression. */
static bool is_name(const char *name)
{
    size_t length = name ? strnlen(name, NAME_MAX_LENGTH + 1) : 0;

    if (length == 0 || length > NAME_MAX_LENGTH || name[0] < 'a' || name[0] > 'z' || name[length - 1] == '.') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        bool word = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '_' ||
                    name[i] == '-';
        if (!word && !(name[i] == '.' && name[i - 1] != '.')) {
            return false;
        }
    }
    return true;
}

static const char *signature_fault(const struct pxm_signature *signature)
{
    if (!signature || signature->struct_size < SIGNATURE_SIZE_MIN) {
        return "a transform needs a signature";
    }
    struct pxm_signature wide = pxm_signature_widen(signature);
    if ((wide.in | wide.out) & ~(uint32_t)PXM_TYPE_ANY) {
        return "its signature has types that this engine does not know";
    }
    if (!wide.fields) {
        return NULL;
    }
    if (wide.field_size < FIELD_SIZE_MIN) {
        return "the fields of its signature have an impossible size";
    }
    const char *at = (const char *)wide.fields;
    for (size_t i = 0; i <= FIELDS_MAX; i++, at += wide.field_size) {
        struct pxm_field field = {0};
        memcpy(&field, at, at_most(wide.field_size, sizeof field));
        if (!field.name) {
            return NULL;
        }
        if (!is_name(field.name) || field.type == 0 || (field.type & ~(uint32_t)PXM_TYPE_ANY)) {
            return "a field of its signature has no proper name or type";
        }
    }
    return "its signature has more than 64 fields";
}

static bool knows_iface(const char *iface)
{
    static const char *const known[] = {PXM_IFACE_TRANSFORM, PXM_IFACE_STORAGE, PXM_IFACE_METADATA, PXM_IFACE_QUEUE,
                                        PXM_IFACE_AUTH};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(iface, known[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const char *options_fault(const struct pxm_unit *unit, struct pxm_arena *arena)
{
    const struct pxm_option_table table = {unit->options, unit->option_size, unit->config_size};

    if (!unit->options) {
        return NULL;
    }
    if (unit->option_size < OPTION_SIZE_MIN) {
        return "its options have an impossible size";
    }
    return pxm_options_audit(arena, &table);
}

static pxm_status audit_unit(const struct pxm_plugin *plugin, const struct pxm_unit *unit, enum pxm_plugin_role role,
                             struct pxm_arena *arena, pxm_error *error)
{
    if (unit->struct_size < UNIT_SIZE_MIN) {
        return refuse(error, plugin->name, NULL, "a unit is smaller than any version of the contract has had");
    }
    struct pxm_unit wide = pxm_unit_widen(unit);
    if (!is_name(wide.name)) {
        return refuse(error, plugin->name, NULL, "a unit has no proper name");
    }
    if (!wide.iface || (role == PXM_PLUGIN_WHOLE && !wide.summary)) {
        return refuse(error, plugin->name, wide.name, "has no interface or summary");
    }
    if (!knows_iface(wide.iface)) {
        return PXM_OK; /* a later engine knows it; this one passes it over */
    }
    if (wide.threads > PXM_THREADS_PARALLEL) {
        return refuse(error, plugin->name, wide.name, "has a thread model that this engine does not know");
    }
    if (!wide.ops && !plugin->body) {
        return refuse(error, plugin->name, wide.name, "has no operations");
    }
    const char *fault = NULL;
    if (wide.ops && *(const uint32_t *)wide.ops < 2 * sizeof(uint32_t)) {
        fault = "its operations have an impossible size";
    }
    if (!fault && role == PXM_PLUGIN_WHOLE) { /* a body describes nothing: its units are known by name */
        fault = options_fault(&wide, arena);
        if (!fault && strcmp(wide.iface, PXM_IFACE_TRANSFORM) == 0) {
            fault = signature_fault(wide.signature);
        }
    }
    return fault ? refuse(error, plugin->name, wide.name, fault) : PXM_OK;
}

static pxm_status audit_units(const struct pxm_plugin *plugin, enum pxm_plugin_role role, pxm_error *error)
{
    struct pxm_arena *arena = pxm_arena_new(AUDIT_BYTES_MAX);
    pxm_status status = arena ? PXM_OK : pxm_error_no_memory(error);

    for (size_t i = 0; status == PXM_OK && plugin->units[i]; i++) {
        if (i == UNITS_MAX) {
            status = refuse(error, plugin->name, NULL, "it has more than 1024 units");
            break;
        }
        status = audit_unit(plugin, plugin->units[i], role, arena, error);
        for (size_t j = 0; status == PXM_OK && j < i; j++) {
            if (strcmp(plugin->units[i]->name, plugin->units[j]->name) == 0 &&
                strcmp(plugin->units[i]->iface, plugin->units[j]->iface) == 0) {
                status = refuse(error, plugin->name, plugin->units[i]->name, "stands there twice");
            }
        }
    }
    pxm_arena_free(arena);
    return status;
}

pxm_status pxm_plugin_audit_head(const struct pxm_plugin *plugin, const char *file, pxm_error *error)
{
    if (!plugin) {
        return pxm_error_set(error, PXM_E_INVALID, "plugin.broken", "its entry returns nothing");
    }
    if (plugin->struct_size < PLUGIN_SIZE_MIN) {
        return pxm_error_set(error, PXM_E_INVALID, "plugin.abi",
                             "its description is smaller than any version of the contract has had");
    }
    struct pxm_plugin wide = pxm_plugin_widen(plugin);
    if (wide.abi >> 16 != PXM_ABI_CURRENT >> 16 || wide.abi_min > PXM_ABI_CURRENT) {
        uint32_t wants = wide.abi >> 16 != PXM_ABI_CURRENT >> 16 ? wide.abi : wide.abi_min;
        return pxm_error_set(error, PXM_E_INVALID, "plugin.abi",
                             "it wants plugin ABI %u.%u, and this engine speaks %u.%u; install a version of the plugin "
                             "for this engine",
                             wants >> 16, wants & 0xffff, PXM_ABI_CURRENT >> 16, PXM_ABI_CURRENT & 0xffff);
    }
    if (!is_name(wide.name) || !wide.version || !wide.summary || !wide.units) {
        return pxm_error_set(error, PXM_E_INVALID, "plugin.broken", "it has no proper name, version, summary or units");
    }
    if (file && strcmp(file, wide.name) != 0) {
        return pxm_error_set(error, PXM_E_INVALID, "plugin.broken",
                             "it calls itself `%s`; rename the file or the plugin", wide.name);
    }
    return PXM_OK;
}

pxm_status pxm_plugin_audit(const struct pxm_plugin *plugin, const char *file, enum pxm_plugin_role role,
                            pxm_error *error)
{
    pxm_status status = pxm_plugin_audit_head(plugin, file, error);

    if (status != PXM_OK) {
        return status;
    }
    struct pxm_plugin wide = pxm_plugin_widen(plugin);
    return audit_units(&wide, role, error);
}
