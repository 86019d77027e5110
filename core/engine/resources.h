/* The stores, tables, queues and auths of a project's profile, one instance each. Made when the project is opened,
 * read-only until it is closed. */
#ifndef PXM_ENGINE_RESOURCES_H
#define PXM_ENGINE_RESOURCES_H

#include "engine/engine.h"
#include "engine/environment.h"

struct pxm_resources {
    const struct pxm_profile *profile;
    struct pxm_instance **instances; /* one for each of the profile */
};

/* Fills their options, with environment and secrets, and creates them; reports what cannot be (E506) and leaves the
 * first of these failures in *error, which comes empty. `outside` NULL: with the drivers of the profile. False after
 * an error; to be ended in any case. Under the engine's load lock. */
bool pxm_resources_open(struct pxm_resources *resources, pxm_engine *engine, const struct pxm_environment *environment,
                        const struct pxm_outside *outside, struct pxm_diags *diags, pxm_error *error);
void pxm_resources_close(struct pxm_resources *resources);
/* NULL: the profile has none of that kind and name. */
struct pxm_instance *pxm_resources_find(const struct pxm_resources *resources, enum pxm_resource_kind kind,
                                        const char *name);
/* "store", "table", "queue" or "auth". */
const char *pxm_resource_kind_name(enum pxm_resource_kind kind);

#endif
