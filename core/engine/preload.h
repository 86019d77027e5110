/* Mapping ahead of time what a project's pipelines will call, for a host that forks its workers: what is mapped before
 * the fork costs each worker nothing. */
#ifndef PXM_ENGINE_PRELOAD_H
#define PXM_ENGINE_PRELOAD_H

#include "engine/registry.h"
#include "lang/program/program.h"

/* Loads and starts the bodies of all transforms in a project that was parsed without an error. Creates no instance and
 * no thread. [load] */
pxm_status pxm_project_preload(struct pxm_registry *registry, const struct pxm_project *project, pxm_error *error);

#endif
