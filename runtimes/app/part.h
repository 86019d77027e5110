/* The headers of one part of multipart/form-data (RFC 7578, section 4). [any] */
#ifndef PXM_APP_PART_H
#define PXM_APP_PART_H

#include <pixmill/plugin.h>
#include <stdbool.h>

struct app_part {
    char *name;     /* owned */
    char *filename; /* owned; as the client called it, perhaps ""; NULL: not said */
    bool is_file;   /* it has a filename, in whatever way */
};

/* Reads a block of header lines, each with its CRLF, which ends in NUL and has none before. A quote in a name may come
 * as %22, as browsers send it, or behind a backslash. A filename* says that there is a file, but not its name: RFC 7578
 * forbids it. Code "request.body". */
pxm_status app_part_read(const char *headers, struct app_part *ret, pxm_error *error);
void app_part_done(struct app_part *part);

#endif
