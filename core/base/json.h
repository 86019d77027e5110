/* JSON text to values and back (RFC 8259), over cJSON for the parsing. */
#ifndef PXM_BASE_JSON_H
#define PXM_BASE_JSON_H

#include "base/buf.h"
#include <pixmill/plugin.h>

enum { PXM_JSON_BYTES_MAX = 16 << 20 };

pxm_status pxm_json_parse(const char *text, size_t length, pxm_value **ret, pxm_error *error); /* code "json.invalid" */
/* Writes compact JSON; `indent` > 0 puts each item on its own line. Blobs and images appear as
 * {"blob":{"bytes":N,"media":M}} and {"image":{"width":W,"height":H}} where `describe`, and fail otherwise. */
pxm_status pxm_json_write(struct pxm_buf *buf, const pxm_value *value, int indent, int describe, pxm_error *error);

#endif
