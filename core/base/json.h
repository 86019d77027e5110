/* JSON text to values and back (RFC 8259). Integers of 64 bits are kept exactly. [any] */
#ifndef PXM_BASE_JSON_H
#define PXM_BASE_JSON_H

#include "base/buf.h"
#include <pixmill/plugin.h>

/* A value takes more memory than its text, hence a bound on their number too. */
enum { PXM_JSON_BYTES_MAX = 16 << 20, PXM_JSON_VALUES_MAX = 1 << 20 };

/* Codes "json.invalid" with line and byte, "json.too_large", "json.too_deep" (PXM_VALUE_DEPTH_MAX). */
pxm_status pxm_json_parse(const char *text, size_t length, pxm_value **ret, pxm_error *error);
/* Writes compact JSON; `indent` > 0 puts each item on its own line. Blobs and images appear as
 * {"blob":{"bytes":N,"media":M}} and {"image":{"width":W,"height":H}} where `describe`, and fail
 * otherwise with "json.unsupported", as NaN and infinity always do. A list or record in which a set or append failed is
 * not whole, so it fails: "no_memory", "json.too_deep". On failure buf holds what it held before. */
pxm_status pxm_json_write(struct pxm_buf *buf, const pxm_value *value, int indent, int describe, pxm_error *error);

#endif
