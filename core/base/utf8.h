/* UTF-8 (RFC 3629): the one place that knows its byte patterns. [any] */
#ifndef PXM_BASE_UTF8_H
#define PXM_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character at the start of text (1 to 4), its code point in *ret where ret is not NULL;
 * 0 where there is none: overlong forms, surrogates, above U+10FFFF, cut off, or nothing left. */
size_t pxm_utf8_next(const char *text, size_t length, uint32_t *ret);
/* Whether all of it is well-formed. */
bool pxm_utf8_valid(const char *text, size_t length);
/* Writes a code point that is no surrogate and at most U+10FFFF; gives the number of bytes. */
size_t pxm_utf8_put(uint32_t code, char out[4]);
/* `length`, less a character at the end of text that was cut in two. */
size_t pxm_utf8_cut(const char *text, size_t length);
/* Copies text into a buffer of `size` (at least 1) bytes with a NUL; what does not fit is cut at a character. */
void pxm_utf8_copy(char *buffer, size_t size, const char *text);

#endif
