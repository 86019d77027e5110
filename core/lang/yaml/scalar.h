/* What a scalar means once an option table has said its type. Nothing is guessed from how it looks. */
#ifndef PXM_LANG_SCALAR_H
#define PXM_LANG_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns NULL, or static text that says what is wrong and what is expected. */
const char *pxm_scalar_bool(const char *text, bool *ret);           /* true, false                               */
const char *pxm_scalar_int(const char *text, int64_t *ret);         /* decimal, no leading zero, no sign but -   */
const char *pxm_scalar_float(const char *text, double *ret);        /* JSON's grammar; finite                    */
const char *pxm_scalar_size(const char *text, int64_t *ret);        /* 0B, 500KB, 25MiB, ...; a unit is required */
const char *pxm_scalar_pixels(const char *text, int64_t *ret);      /* 80MP, 500KP, 640P                         */
const char *pxm_scalar_duration(const char *text, int64_t *ret_ms); /* 200ms 15s 5m 2h 7d, and 1h30m        */

#endif
