/* What presign is told, by hosts of any age. [any] */
#include "storebase/storebase.h"

#include <stdbool.h>
#include <stddef.h>

const pxm_value *storebase_presign_meta(const struct pxm_host *host, const struct pxm_presign *presign)
{
    bool is_told = presign->struct_size >= offsetof(struct pxm_presign, meta) + sizeof presign->meta;
    return is_told && host->value_count(presign->meta) > 0 ? presign->meta : NULL;
}
