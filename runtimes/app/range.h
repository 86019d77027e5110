/* One range of bytes (RFC 9110, section 14). Private to answers. [any] */
#ifndef PXM_APP_RANGE_H
#define PXM_APP_RANGE_H

#include <stdint.h>

enum app_range {
    APP_RANGE_WHOLE, /* not a range that is served: another unit, several ranges, or none that can be read */
    APP_RANGE_PART,
    APP_RANGE_BEYOND /* 416 */
};
/* What a Range header asks for of `length` bytes; PART: at least one byte from *ret_offset on. */
enum app_range app_range_read(const char *value, int64_t length, int64_t *ret_offset, int64_t *ret_length);

#endif
