/* What a project takes from outside, read once when it is opened: declared environment variables, typed, and the
 * secrets of its profile. Read-only afterwards. */
#ifndef PXM_ENGINE_ENVIRONMENT_H
#define PXM_ENGINE_ENVIRONMENT_H

#include "engine/outside.h"

struct pxm_environment {
    const struct pxm_project *project;
    const struct pxm_profile *profile;
    pxm_value **envs;    /* one for each of the project; null where its profile has none */
    pxm_value **secrets; /* one for each of the profile; never shown */
};

/* Reports what is missing (E509, E510) or does not have its type (E509). `outside` NULL: the process's environment
 * and the secrets' own sources. False after an error. */
bool pxm_environment_read(struct pxm_environment *environment, const struct pxm_project *project,
                          const struct pxm_profile *profile, const struct pxm_outside *outside,
                          struct pxm_diags *diags);
void pxm_environment_done(struct pxm_environment *environment);
/* What a reference to `env` or `secret` stands for; borrowed; NULL: null. Secrets go by their names, as each profile
 * has its own. */
const pxm_value *pxm_environment_value(const struct pxm_environment *environment, const struct pxm_ref *ref);
/* Serves ${env.X} and ${secret.x} in the options of resources. */
struct pxm_scope pxm_environment_scope(const struct pxm_environment *environment);

#endif
