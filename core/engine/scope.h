/* Where the expressions of steps get their values: inputs, results, vars, run, item, index, error and secrets of a
 * running pipeline. Gives references that exist already, so a lookup never fails for lack of memory. */
#ifndef PXM_ENGINE_SCOPE_H
#define PXM_ENGINE_SCOPE_H

#include "engine/run.h"

struct pxm_view { /* lives as long as the scope */
    const struct pxm_activation *activation;
    const struct pxm_frame *frame;
};
struct pxm_scope pxm_view_scope(const struct pxm_view *view);

/* What is wired to a step's primary input; borrowed; NULL: null or nothing. */
const pxm_value *pxm_view_wire(const struct pxm_view *view, const struct pxm_wire *wire);

#endif
