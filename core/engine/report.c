/* The edge between errors inside the engine, which live on stacks and in runs, and those that a host frees. */
#include "engine/report.h"

pxm_status pxm_report(pxm_status status, const pxm_error *error, pxm_error **ret_error)
{
    if (status == PXM_OK || !ret_error) {
        return status;
    }
    pxm_error *copy = pxm_error_new();
    pxm_error_set(copy, status, error->code, "%s", error->text);
    pxm_error_set_step(copy, error->step);
    pxm_error_blame(copy, error->origin);
    for (size_t i = 0; i < error->note_count; i++) {
        pxm_error_note(copy, error->notes[i].key, error->notes[i].value);
    }
    *ret_error = copy;
    return status;
}
