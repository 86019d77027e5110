/* Opens plugin modules, over libltdl. One process-wide lock, since libltdl has none; modules are never closed, because
 * threads, thread-local destructors and GLib types of their libraries would outlive them. [any] */
#ifndef PXM_ENGINE_LOADER_H
#define PXM_ENGINE_LOADER_H

#include <pixmill/plugin.h>

/* Opens the module at an absolute path and asks it for its description, which lives for ever. Codes: plugin.not_found,
 * plugin.unsafe (somebody else may write it), plugin.broken (not a module for this machine, cut short, unresolved
 * symbols, no entry). Says nothing of the description itself: see pxm_plugin_audit. */
pxm_status pxm_loader_open(const char *path, const struct pxm_plugin **ret, pxm_error *error);

/* Whether this host can work with a description: ABI, struct sizes, names, option tables, signatures. `file` is the
 * name the plugin must bear; NULL: any. Of a body only names and operations count. Codes: plugin.abi, plugin.broken. */
enum pxm_plugin_role { PXM_PLUGIN_WHOLE, PXM_PLUGIN_BODY };
pxm_status pxm_plugin_audit(const struct pxm_plugin *plugin, const char *file, enum pxm_plugin_role role,
                            pxm_error *error);
/* The part of it that needs no look at the units: ABI, name, version. `plugin` may be NULL, which is broken. */
pxm_status pxm_plugin_audit_head(const struct pxm_plugin *plugin, const char *file, pxm_error *error);

/* Copies of the structs at this build's size; what the plugin did not have is zero. */
struct pxm_plugin pxm_plugin_widen(const struct pxm_plugin *plugin);
struct pxm_unit pxm_unit_widen(const struct pxm_unit *unit);
struct pxm_signature pxm_signature_widen(const struct pxm_signature *signature);

#endif
