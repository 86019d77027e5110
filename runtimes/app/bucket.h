/* Which bucket a store is, for whoever hears of objects by the names of buckets. [any] */
#ifndef PXM_APP_BUCKET_H
#define PXM_APP_BUCKET_H

#include "engine/instance.h"

/* What the store's option `bucket` says; a store that has none goes by `name`, its own. Borrowed from both. */
const char *app_bucket_of(const struct pxm_instance *store, const char *name);

#endif
