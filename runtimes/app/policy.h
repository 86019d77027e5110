/* What goes on every answer, and who may ask: security headers, CORS, forged requests. [any] */
#ifndef PXM_APP_POLICY_H
#define PXM_APP_POLICY_H

#include "app/head.h"
#include "app/manifest.h"
#include "app/response.h"

struct app_policy {
    const char *const *origins; /* that may use the API from elsewhere, exact; NULL at the end; {"*", NULL}: any. "null"
                                   is never allowed. NULL: none */
};

/* Sets what is not set yet: nosniff, a policy that lets nothing run, no referrer, only pages of the same origin may
 * embed it, no-store; adds Vary: Origin where origins are allowed, and CORS by the head's Origin. An error is never
 * cached, whatever was set. False: no memory, and the answer lacks some of them. */
bool app_policy_apply(const struct app_policy *policy, const struct app_head *head, struct app_response *response);
/* The answer to a preflight (OPTIONS with Access-Control-Request-Method), complete; `allow`: the methods of the path.
 * Without the CORS headers where the Origin is not allowed, which a browser takes for a no. NULL: no memory. */
struct app_response *app_policy_preflight(const struct app_policy *policy, const struct app_head *head,
                                          const char *allow);
/* Whether a request that changes something (no GET, HEAD or OPTIONS) comes from a page of another site that was not
 * allowed: its Origin is neither that of the Host header nor in `origins`. A page that came over https may ask a host
 * that sees http, as behind a proxy; not the other way round. A request without an Origin is from no page. */
bool app_policy_is_foreign(const struct app_policy *policy, const struct app_head *head);

#endif
