/* Versions of plugins: numbers joined by dots, compared number by number. */
#ifndef PXM_ENGINE_VERSION_H
#define PXM_ENGINE_VERSION_H

#include <stdbool.h>

/* < 0, 0, > 0. What follows the numbers ("-beta") does not count. */
int pxm_version_compare(const char *a, const char *b);
/* Whether `version` meets every part of a condition such as ">=1.2 <2" or "1.3.0". False with *ret_valid false: the
 * condition itself is malformed. */
bool pxm_version_matches(const char *version, const char *condition, bool *ret_valid);

#endif
