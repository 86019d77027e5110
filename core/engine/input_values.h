/* The one door into a pipeline: whatever an input comes from, a program's text or bytes, an event or a `call`, it is
 * turned into the declared type and held against everything that is declared of it. [any] */
#ifndef PXM_ENGINE_INPUT_VALUES_H
#define PXM_ENGINE_INPUT_VALUES_H

#include "engine/plan.h"

/* A value for input `index`: text is taken for what the type says, bytes are kept. *ret is a new reference; null
 * where the program gives nothing. Does not release what `given` holds unless it became a blob, then *ret_taken is
 * set. */
pxm_status pxm_input_parse(const struct pxm_pipeline *pipeline, size_t index, const struct pxm_input_value *given,
                           pxm_value **ret, bool *ret_taken, pxm_error *error);

/* Accepts a value (NULL or null: absent, then the default applies) for input `index`. A string where something else
 * is declared is read as pxm_input_parse would. `blob_max`: bytes of a blob. *ret is a new reference. Codes:
 * input.missing, input.invalid, limit.bytes. */
pxm_status pxm_input_accept(const struct pxm_pipeline *pipeline, size_t index, const pxm_value *given, int64_t blob_max,
                            pxm_value **ret, pxm_error *error);

#endif
