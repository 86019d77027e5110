/* URLs that permit one thing until a time: HMAC-SHA256 (RFC 2104) over method, path, and all other query parameters in
 * order of their bytes. Two keys may live at once, so that keys can be changed without breaking what was given out.
 *
 *   PATH?expires=UNIX_SECONDS&key=ID[&max=BYTES][&type=MEDIA]&signature=BASE64URL
 *
 * Comparison takes the same time whatever differs. [any] */
#ifndef PXM_APP_SIGNED_URL_H
#define PXM_APP_SIGNED_URL_H

#include "app/head.h"
#include <pixmill/plugin.h>
#include <stdbool.h>

enum { APP_URL_KEY_BYTES_MIN = 32, APP_URL_KEY_BYTES_MAX = 64, APP_URL_KEYS_MAX = 2, APP_URL_TEXT_MAX = 2048 };

struct app_url_key {
    char id[9]; /* of its SHA-256: 8 hex digits */
    uint8_t bytes[APP_URL_KEY_BYTES_MAX];
    size_t length;
};
struct app_url_keys { /* the first signs, all verify */
    size_t count;
    struct app_url_key keys[APP_URL_KEYS_MAX];
};
/* Adds a key; fails with "url.key" where it is too short or too long, or there are two already. */
pxm_status app_url_keys_add(struct app_url_keys *keys, const void *bytes, size_t length, pxm_error *error);

struct app_url_grant {
    const char *method, *path; /* path as in a request, percent-encoded */
    int64_t expires_s;         /* unix time */
    const char *content_type;  /* NULL: any */
    int64_t bytes_max;         /* PXM_UNSET_INT: not said */
};
/* "PATH?..." into `buffer`; fails with "url.too_long". */
pxm_status app_url_sign(const struct app_url_keys *keys, const struct app_url_grant *grant,
                        char buffer[APP_URL_TEXT_MAX], pxm_error *error);
/* PXM_OK and *ret_bytes_max (PXM_UNSET_INT: not said), or PXM_E_DENIED: auth.missing, auth.invalid, auth.expired. A
 * `type` that was signed must be the Content-Type of the head. */
pxm_status app_url_verify(const struct app_url_keys *keys, const struct app_head *head, int64_t now_s,
                          int64_t *ret_bytes_max, pxm_error *error);

#endif
