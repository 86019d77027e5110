/* URLs that permit one thing until a time:
 *
 *   PATH?expires=UNIX_SECONDS&key=ID[&max=BYTES][&type=MEDIA][&meta_NAME=TEXT...]&signature=SIGNATURE
 *
 * SIGNATURE is base64url without padding of the HMAC-SHA256 (RFC 2104), with the key ID, of
 *
 *   "pixmill-url-1" LF METHOD LF PATH LF PARAMETERS
 *
 * where METHOD is GET for a HEAD, PATH is as it stands in the request, escapes and all, and PARAMETERS are all of the
 * query but the signature, each as it stands there, in the order of their bytes, with "&" between them. A name that
 * is there twice, an empty parameter and one without "=" are refused, so a URL has one reading. Two keys may live at
 * once: keys can be changed without breaking what was given out. Comparison takes the same time whatever differs.
 * Texts are for whoever serves the request; as they were signed, nobody else has put them there.
 * [any] */
#ifndef PXM_APP_SIGNED_URL_H
#define PXM_APP_SIGNED_URL_H

#include "app/head.h"
#include <pixmill/plugin.h>
#include <stdbool.h>

enum {
    APP_URL_KEY_BYTES_MIN = 32,
    APP_URL_KEY_BYTES_MAX = 64,
    APP_URL_KEYS_MAX = 2,
    APP_URL_META_MAX = 16,               /* texts */
    APP_URL_TEXT_MAX = PXM_URL_BYTES_MAX /* bytes of path and query, with the NUL */
};

struct app_url_key {
    char id[9]; /* of its SHA-256: 8 hex digits */
    uint8_t bytes[APP_URL_KEY_BYTES_MAX];
    size_t length;
};
struct app_url_keys { /* the first signs, all verify */
    size_t count;
    struct app_url_key keys[APP_URL_KEYS_MAX];
};
/* Adds a key; fails with "url.key" where it is too short or too long, or is there, or there are two already. The id
 * tells nothing of the key. */
pxm_status app_url_keys_add(struct app_url_keys *keys, const void *bytes, size_t length, pxm_error *error);

struct app_url_grant {
    const char *method, *path; /* path as in a request, percent-encoded */
    int64_t expires_s;         /* unix time */
    const char *content_type;  /* type/subtype; NULL: any */
    int64_t bytes_max;         /* PXM_UNSET_INT: not said */
    const pxm_value *meta;     /* record of strings; NULL: none */
};
/* "PATH?..." into `buffer`; fails with "url.too_long", "url.invalid" where a part of the grant cannot be, and "url.key"
 * where there is no key. */
pxm_status app_url_sign(const struct app_url_keys *keys, const struct app_url_grant *grant,
                        char buffer[APP_URL_TEXT_MAX], pxm_error *error);
/* PXM_OK and *ret_bytes_max (PXM_UNSET_INT: not said), or PXM_E_DENIED: auth.missing, auth.invalid, auth.expired. A
 * `type` that was signed must be the Content-Type of the head, whatever its parameters and case. */
pxm_status app_url_verify(const struct app_url_keys *keys, const struct app_head *head, int64_t now_s,
                          int64_t *ret_bytes_max, pxm_error *error);

#endif
