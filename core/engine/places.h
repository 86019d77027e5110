/* Folders that a project's own files live in. [load] */
#ifndef PXM_ENGINE_PLACES_H
#define PXM_ENGINE_PLACES_H

#include "lang/options/options.h"

/* Makes the folders above each path option that lies below the project's folder (0700), so that a fresh checkout
 * runs as it is. Paths elsewhere are left alone: a folder missing there is more likely a mistake. `config`: what the
 * bindings filled. */
pxm_status pxm_places_make(const struct pxm_bindings *bindings, const void *config, pxm_error *error);

#endif
