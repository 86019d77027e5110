/* The option is found by its name, so that any driver can be a bucket. */
#include "app/bucket.h"

const char *app_bucket_of(const struct pxm_instance *store, const char *name)
{
    const char *bucket = pxm_instance_text(store, "bucket");

    return bucket ? bucket : name;
}
