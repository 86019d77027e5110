/* What goes on every answer, and who may ask: security headers, CORS, forged requests. [any] */
#ifndef PXM_APP_POLICY_H
#define PXM_APP_POLICY_H

#include "app/head.h"
#include "app/manifest.h"
#include "app/response.h"

struct app_policy {
    const char *const *origins; /* that may use the API from elsewhere, exact; NULL at the end; {"*", NULL}: any */
};

/* nosniff, no Server, no-store unless cacheable, Vary: Origin, ... what is not set yet; and CORS by the head's Origin.
 * */
void app_policy_apply(const struct app_policy *policy, const struct app_head *head, struct app_response *response);
/* The answer to a preflight (OPTIONS with Access-Control-Request-Method); `allow`: the methods of the path. */
struct app_response *app_policy_preflight(const struct app_policy *policy, const struct app_head *head,
                                          const char *allow);
/* Whether a request that changes something comes from a page of another site that was not allowed: its Origin is
 * neither that of the Host header nor in `origins`. A request without an Origin is from no page. */
bool app_policy_is_foreign(const struct app_policy *policy, const struct app_head *head);

#endif
