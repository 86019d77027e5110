/* Items as they are stored, shown. [any] */
#include "sqlite.h"

#include <string.h>

pxm_status sqlite_item_show(const struct sqlite_table *table, const char *key, const char *json, size_t length,
                            pxm_value **ret, pxm_error *error)
{
    const struct pxm_host *host = table->host;
    pxm_value *stored = NULL, *shown = NULL;
    pxm_status status = host->value_from_json(json, length, &stored, error);
    if (status != PXM_OK || host->value_type(stored) != PXM_TYPE_RECORD) {
        status = host->fail(error, PXM_E_INTERNAL, "table.damaged", "the item \"%s\" in %s is not a JSON record", key,
                            table->config->path);
        goto out;
    }
    shown = host->value_record();
    bool failed = !shown || host->value_set(shown, table->config->key, host->value_string(key, strlen(key))) != PXM_OK;
    for (size_t i = 0; !failed && i < host->value_count(stored); i++) {
        const char *name = host->value_key(stored, i);
        failed = strcmp(name, table->config->key) != 0 &&
                 host->value_set(shown, name, host->value_ref(host->value_at(stored, i))) != PXM_OK;
    }
    if (failed) {
        status = host->fail(error, PXM_E_NO_MEMORY, "no_memory", "out of memory");
        goto out;
    }
    *ret = shown;
    shown = NULL;
out:
    host->value_unref(shown);
    host->value_unref(stored);
    return status;
}
