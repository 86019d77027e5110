/* Who asks: what the gateway in front has found out, or who bears a token of the host. [any] */
#ifndef PXM_LAMBDA_CALLER_H
#define PXM_LAMBDA_CALLER_H

#include "app/head.h"
#include "app/manifest.h"
#include "lambda/settings.h"

/* `user` of the event, a new reference: {subject, and what else a token says that the gateway vouches for}; NULL where
 * the trigger has no auth, or one that is a resource, which is asked later. PXM_E_DENIED: auth.missing,
 * auth.invalid. */
pxm_status lambda_caller_find(const struct lambda_settings *settings, const struct app_trigger *trigger,
                              const struct app_head *head, const pxm_value *event, pxm_value **ret, pxm_error *error);

#endif
