/* Object keys at run time: what an expression has rendered is not trusted. [any] */
#ifndef PXM_ENGINE_KEY_H
#define PXM_ENGINE_KEY_H

#include <pixmill/plugin.h>

enum { PXM_KEY_BYTES_MAX = 1024 };

/* Refuses ("key.invalid") an empty or too long key, and one with `..`, a backslash, a control byte, a slash at its
 * start or two in a row; with `under` (may be NULL) also one that does not start with it, as a whole folder. */
pxm_status pxm_key_check(const char *key, const char *under, pxm_error *error);
/* The same of a prefix to list, which may be empty. */
pxm_status pxm_key_check_prefix(const char *prefix, pxm_error *error);

#endif
