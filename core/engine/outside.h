/* What stands in for the world outside of a project where tests are run: no environment variable, no secret and no
 * driver of the profile is touched then. A host of the core only; not public. */
#ifndef PXM_ENGINE_OUTSIDE_H
#define PXM_ENGINE_OUTSIDE_H

#include "lang/program/program.h"

/* Called by the thread that opens the project. */
struct pxm_outside {
    /* The value of a variable that has no default: a new reference of its type. NULL: no memory. */
    pxm_value *(*variable)(void *arg, const struct pxm_env *env);
    /* The text of a secret: a new reference. NULL: no memory. */
    pxm_value *(*secret)(void *arg, const struct pxm_secret *secret);
    /* The driver in place of the resource's own, of the same interface; it keeps the options that both have by name
     * and type, and has its defaults for the others. */
    const struct pxm_unit *(*driver)(void *arg, const struct pxm_resource *resource);
    void *arg;
};

#endif
