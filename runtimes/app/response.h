/* An answer before any server sends it. [any], one thread at a time. */
#ifndef PXM_APP_RESPONSE_H
#define PXM_APP_RESPONSE_H

#include "app/head.h"
#include <pixmill/plugin.h>
#include <stdbool.h>

enum { APP_RESPONSE_HEADERS_MAX = 32 };

struct app_response {
    int status;
    size_t header_count;
    struct app_header headers[APP_RESPONSE_HEADERS_MAX]; /* owned copies */
    pxm_blob *body;                                      /* owned; NULL: none */
    int64_t offset, length; /* which bytes of the body are sent; of a HEAD those that a GET would get */
};

/* NULL: no memory. */
struct app_response *app_response_new(int status);
void app_response_free(struct app_response *response);
/* Replaces a header of that name. Copies; false, and nothing is changed: no memory, more than APP_RESPONSE_HEADERS_MAX,
 * a name that is no token, or a value with a control character, which could begin another header. */
bool app_response_set(struct app_response *response, const char *name, const char *value);
void app_response_unset(struct app_response *response, const char *name);            /* fine if it is not set */
const char *app_response_get(const struct app_response *response, const char *name); /* NULL: not set */
/* Takes over the body (NULL: none) in place of an earlier one, and sends all of it. */
void app_response_body(struct app_response *response, pxm_blob *body);

#endif
