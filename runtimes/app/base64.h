/* Base64 as it goes out (RFC 4648, section 4), and as it comes in (sections 4 and 5): digits of the standard and of the
 * URL-safe alphabet, padding at the end or none. What stands between digits, such as line breaks, is the caller's
 * business. [any] */
#ifndef PXM_APP_BASE64_H
#define PXM_APP_BASE64_H

#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app_base64 { /* all zero: nothing was read */
    uint32_t bits;  /* of digits that do not make three bytes yet */
    unsigned count; /* of those digits */
    unsigned padding;
};

/* Reads up to the first byte that is no digit; no digit may follow padding. Gives the number of bytes read, and in
 * *ret_count of those written to `out`, which has room for length / 4 * 3 + 3. */
size_t app_base64_decode(struct app_base64 *base64, const char *text, size_t length, uint8_t *out, size_t *ret_count);
/* Reads one "="; false: none may stand here. */
bool app_base64_pad(struct app_base64 *base64);
/* The last bytes, 2 at most; false: the text stops in the middle of a byte, lacks padding that it began with, or has
 * bits that stand for nothing. */
bool app_base64_finish(const struct app_base64 *base64, uint8_t out[2], size_t *ret_count);

/* Adds the digits of the standard alphabet, with padding. */
void app_base64_encode(const void *data, size_t length, struct pxm_buf *ret);

#endif
