/* Places in files: every value of the language knows where it was written. */
#ifndef PXM_LANG_SOURCE_H
#define PXM_LANG_SOURCE_H

#include "base/arena.h"
#include <stddef.h>
#include <stdint.h>

struct pxm_source {
    const char *path; /* as people see it, relative to where they stand */
    const char *text; /* without a byte order mark; ends in NUL */
    size_t length;
};

struct pxm_span {
    const struct pxm_source *source; /* NULL: no place, such as a command line argument */
    uint32_t line, column;           /* from 1, columns count code points; 0: the file as a whole */
    uint32_t offset, length;         /* bytes in the text */
};

/* A part of a span that lies on one line: `offset` bytes in, `length` bytes long. */
struct pxm_span pxm_span_part(struct pxm_span span, uint32_t offset, uint32_t length);

#endif
