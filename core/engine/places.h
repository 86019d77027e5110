/* Folders that a project's own files live in. [load] */
#ifndef PXM_ENGINE_PLACES_H
#define PXM_ENGINE_PLACES_H

#include "lang/options/options.h"
#include "lang/program/program.h"

/* Makes the folders above each path option that lies below the project's folder (0700), so that a fresh checkout
 * runs as it is. Paths elsewhere are left alone: a folder missing there is more likely a mistake. `config`: what the
 * bindings filled. */
pxm_status pxm_places_make(const struct pxm_bindings *bindings, const void *config, pxm_error *error);

/* Tells every path that the resources of a profile are given, once the folders above it are made: all files of its
 * stores and tables are there, or below. What cannot be read of the environment is left out; opening the project will
 * say so. */
pxm_status pxm_places_each(const struct pxm_project *project, const struct pxm_profile *profile,
                           pxm_status (*each)(void *arg, const char *path), void *arg, pxm_error *error);

#endif
