/* Counted typed values: what steps exchange and what a record is. The rules of sharing are those of plugin.h: changed
 * only by their maker before anyone else has them; the count is atomic. So build from the inside out: a list or record
 * that was put into another one is refused by set and append (PXM_E_INVALID). */
#ifndef PXM_BASE_VALUE_H
#define PXM_BASE_VALUE_H

#include <pixmill/plugin.h>
#include <stdbool.h>

/* Depth of nested lists and records. No value is deeper, so who walks one may recurse. */
enum { PXM_VALUE_DEPTH_MAX = 32 };

pxm_value *pxm_value_null(void);
pxm_value *pxm_value_bool(int32_t b);
pxm_value *pxm_value_int(int64_t i);
pxm_value *pxm_value_float(double f);
pxm_value *pxm_value_string(const char *text, size_t length);
pxm_value *pxm_value_cstring(const char *text); /* NULL gives null */
pxm_value *pxm_value_list(void);
pxm_value *pxm_value_record(void);
pxm_value *pxm_value_blob(pxm_blob *blob);                     /* takes over the reference */
pxm_value *pxm_value_image(pxm_image *image);                  /* takes over the reference */
pxm_status pxm_value_append(pxm_value *list, pxm_value *item); /* takes over item; see plugin.h */
pxm_status pxm_value_set(pxm_value *record, const char *key, pxm_value *item);
/* The first failure of a set or append on this very list or record: PXM_E_NO_MEMORY; PXM_E_LIMIT when it became too
 * deep; the status of an item that had failed itself. PXM_E_NO_MEMORY of NULL. */
pxm_status pxm_value_status(const pxm_value *value);
pxm_value *pxm_value_ref(const pxm_value *value);
void pxm_value_unref(pxm_value *value);

uint32_t pxm_value_type(const pxm_value *value);
int32_t pxm_value_as_bool(const pxm_value *value);
int64_t pxm_value_as_int(const pxm_value *value);
double pxm_value_as_float(const pxm_value *value);
const char *pxm_value_as_string(const pxm_value *value, size_t *ret_length);
pxm_blob *pxm_value_as_blob(const pxm_value *value);
pxm_image *pxm_value_as_image(const pxm_value *value);
size_t pxm_value_count(const pxm_value *value);
const pxm_value *pxm_value_at(const pxm_value *value, size_t index);
const char *pxm_value_key(const pxm_value *record, size_t index);
const pxm_value *pxm_value_get(const pxm_value *record, const char *key);
/* Deep equality; an int equals the float of the same number, and the order of keys does not count. Blobs and images are
 * equal when they are the same one. */
bool pxm_value_equal(const pxm_value *a, const pxm_value *b);
/* "int", "string", ... of one type bit; for several bits "int or string". Static or in the buffer. */
const char *pxm_type_name(uint32_t bits, char *buffer, size_t length);

#endif
