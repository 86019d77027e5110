/* Percent-encoding (RFC 3986, section 2.1) and name=value pairs, as queries and forms have them. Strict: what readers
 * disagree on is refused. [any] */
#ifndef PXM_APP_URL_H
#define PXM_APP_URL_H

#include "base/buf.h"
#include <stdbool.h>

enum { APP_PAIRS_MAX = 256 };

/* Adds the decoded text to `ret`. Fails with "url.invalid" where a percent sign is not followed by two hex digits, or
 * what comes out has a NUL or is no UTF-8, with "url.too_long" (PXM_E_LIMIT) where it exceeds the cap of `ret`; what
 * was in `ret` stays, as does a failure of it. */
pxm_status app_url_decode(const char *text, size_t length, bool plus_is_space, struct pxm_buf *ret, pxm_error *error);

/* A record of the pairs that ampersands part (application/x-www-form-urlencoded of the URL Standard); a name without
 * "=" has the value "". Of a name that is repeated the first counts. Fails with "url.invalid", and with "url.too_many"
 * (PXM_E_LIMIT) beyond APP_PAIRS_MAX pairs. */
pxm_status app_url_pairs(const char *text, size_t length, pxm_value **ret, pxm_error *error);

#endif
