/* How functions of the embedding API hand an error to the host. [any] */
#ifndef PXM_ENGINE_REPORT_H
#define PXM_ENGINE_REPORT_H

#include "base/error.h"

/* Gives `status`; after a failure *ret_error, if wanted, becomes a copy on the heap. */
pxm_status pxm_report(pxm_status status, const pxm_error *error, pxm_error **ret_error);

#endif
