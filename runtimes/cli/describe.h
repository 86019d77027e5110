/* What can be said of a plugin, operation or driver: for people, as a reference page, as JSON. Read from its tables. */
#ifndef PXM_CLI_DESCRIBE_H
#define PXM_CLI_DESCRIBE_H

#include "base/buf.h"
#include "engine/registry.h"

enum { DESCRIPTION_DRIVERS_MAX = 4 };
struct description {
    const char *name;
    const struct pxm_operation *operation; /* NULL: none of that name */
    size_t driver_count;
    const struct pxm_unit *drivers[DESCRIPTION_DRIVERS_MAX];
    bool is_plugin;
    struct pxm_plugin_info plugin;
};

void description_text(const struct description *description, struct pxm_buf *out);
void description_markdown(const struct description *description, struct pxm_buf *out);
pxm_value *description_to_value(const struct description *description); /* NULL: no memory */

#endif
