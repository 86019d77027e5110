/* The plugins of an engine: found by name in its folders, loaded when a project first names them, kept with the reason
 * when they cannot be. The registry is the catalog that the language asks. [any]: it locks itself. */
#ifndef PXM_ENGINE_REGISTRY_H
#define PXM_ENGINE_REGISTRY_H

#include "lang/program/operation.h"
#include <pixmill/plugin.h>

struct pxm_registry; /* opaque */

/* `plugin_path`: folders separated by ':'; NULL: none. Then come $PIXMILL_PLUGIN_PATH, the folder beside the program,
 * and the installed one. */
pxm_status pxm_registry_new(const char *plugin_path, struct pxm_registry **ret, pxm_error *error);
void pxm_registry_free(struct pxm_registry *registry); /* modules stay mapped */
/* A plugin that is linked in. Only its name is read now: it is audited and started when something asks for it, as a
 * file is. Codes: plugin.abi, plugin.broken, plugin.exists. */
pxm_status pxm_registry_add_builtin(struct pxm_registry *registry, pxm_plugin_entry_fn entry, pxm_error *error);

struct pxm_catalog pxm_registry_catalog(struct pxm_registry *registry);

/* The unit with its functions: `unit` itself, or, where its plugin has a body, that of the body, which is loaded and
 * started now. To be called before the first create; what it gives lives as long as the registry. */
pxm_status pxm_registry_ready(struct pxm_registry *registry, const struct pxm_unit *unit, const struct pxm_unit **ret,
                              pxm_error *error);
/* The ABI that the functions of a unit were compiled against: of what pxm_registry_ready gives, the body's. A unit of
 * nobody's is as old as this host. */
uint32_t pxm_registry_abi(struct pxm_registry *registry, const struct pxm_unit *unit);

/* For `pixmill plugins`: one plugin, loaded if need be. */
struct pxm_plugin_info {
    const char *name, *path;         /* path NULL: linked in */
    const struct pxm_plugin *plugin; /* NULL: could not be loaded */
    const char *reason;              /* why not */
    size_t operation_count;
    const struct pxm_operation *operations; /* its transforms */
    size_t unit_count;
    const struct pxm_unit *units; /* all of its units */
};
/* False: there is no plugin of that name. Pointers live as long as the registry. */
bool pxm_registry_plugin(struct pxm_registry *registry, const char *name, struct pxm_plugin_info *ret);
/* Names of all modules in the folders and of those linked in, sorted, bodies left out; loads none. Free each and the
 * array. */
pxm_status pxm_registry_names(struct pxm_registry *registry, char ***ret, size_t *ret_count, pxm_error *error);
/* The folders in order, NULL at the end. */
const char *const *pxm_registry_folders(const struct pxm_registry *registry);

#endif
