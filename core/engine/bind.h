/* From an event to the inputs of a pipeline, as a trigger's `bind` says. Whoever has events uses it: hosts and
 * tests. [any] */
#ifndef PXM_ENGINE_BIND_H
#define PXM_ENGINE_BIND_H

#include "engine/plan.h"

/* The values for struct pxm_run_start: one for each input of the program, null where nothing is bound. `event` is a
 * record as struct pxm_ref describes it for this kind of trigger, and may lack what no bind reads. That they have
 * the declared types, and that none is missing, is seen when the run starts: text is read as the type of its input,
 * null is the default. Codes: input.invalid, limit.text, limit.depth. Free with pxm_bind_free. */
pxm_status pxm_bind_event(const pxm_pipeline *pipeline, const struct pxm_trigger *trigger, const pxm_value *event,
                          pxm_value ***ret, pxm_error *error);
void pxm_bind_free(const pxm_pipeline *pipeline, pxm_value **values);

/* Whether any bind of the trigger reads event.FIELD, so that a host need not fetch what nobody wants. */
bool pxm_bind_reads(const struct pxm_trigger *trigger, const char *field);

#endif
