/* The option is found by its name, so that any driver can be a bucket. */
#include "app/bucket.h"

#include "lang/options/options.h"

#include <string.h>

const char *app_bucket_of(const struct pxm_instance *store, const char *name)
{
    const struct pxm_unit *unit = store->unit;
    const struct pxm_option_table table = {unit->options, unit->option_size, unit->config_size};
    int found = store->config ? pxm_options_find(&table, "bucket", NULL) : -1;
    const char *bucket = NULL;

    if (found < 0 || pxm_options_at(&table, (size_t)found).type != PXM_OPT_STRING) {
        return name;
    }
    const char *config = pxm_config_data(store->config);
    memcpy(&bucket, config + pxm_options_at(&table, (size_t)found).offset, sizeof bucket);
    return bucket ? bucket : name;
}
