/* Headers by name. */
#include "app/head.h"

#include <strings.h>

const char *app_head_get(const struct app_head *head, const char *name)
{
    for (size_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, name) == 0) {
            return head->headers[i].value;
        }
    }
    return NULL;
}
