/* Conditional requests by entity tags (RFC 9110, section 13). Dates are not looked at: what is served here has no date
 * of change. Private to answers. [any] */
#ifndef PXM_APP_CONDITION_H
#define PXM_APP_CONDITION_H

#include "app/head.h"
#include <stdbool.h>

enum app_condition {
    APP_CONDITION_HOLDS,        /* or there is none */
    APP_CONDITION_NOT_MODIFIED, /* 304 */
    APP_CONDITION_FAILED        /* 412 */
};
/* What If-Match and If-None-Match say of a GET or HEAD of what has this tag (with its quotes, perhaps with W/; NULL: it
 * has none). An If-Match that cannot be read fails, an If-None-Match that cannot be read does not count. */
enum app_condition app_condition_check(const struct app_head *head, const char *etag);
/* Whether If-Range, if there is one, lets a range be served. */
bool app_condition_allows_range(const struct app_head *head, const char *etag);
/* Whether it is an entity tag (section 8.8.3). */
bool app_condition_is_etag(const char *text);

#endif
