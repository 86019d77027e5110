/* The folders that plugins are looked for in. Pure file system, no module is opened. Read-only once made: [any]. */
#ifndef PXM_ENGINE_FOLDERS_H
#define PXM_ENGINE_FOLDERS_H

#include <pixmill/plugin.h>
#include <stdbool.h>

struct pxm_folders; /* opaque */

/* In order: `path` (folders separated by ':'; may be NULL), $PIXMILL_PLUGIN_PATH, the plugin folder that belongs to
 * where the running program stands, the installed one. Relative folders are left out: what is loaded must not depend on
 * where one stands. NULL: no memory. */
struct pxm_folders *pxm_folders_new(const char *path);
void pxm_folders_free(struct pxm_folders *folders);
const char *const *pxm_folders_list(const struct pxm_folders *folders); /* NULL at the end */
/* The path of NAME.so in the first folder that has it. False: none has, or the name is not fit to be a file's. */
bool pxm_folders_find(const struct pxm_folders *folders, const char *name, char *ret_path, size_t size);
/* All names there, with those of `more` (NULL at the end), sorted, each once; names that end in "-body" are second
 * modules and left out. Free each and the array. */
pxm_status pxm_folders_names(const struct pxm_folders *folders, const char *const *more, char ***ret, size_t *ret_count,
                             pxm_error *error);

#endif
