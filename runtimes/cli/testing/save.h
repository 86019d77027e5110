/* Writing pictures that a test made: golden files, and those that failed. Files appear whole or not at all. Main
 * thread. */
#ifndef PXM_CLI_TESTING_SAVE_H
#define PXM_CLI_TESTING_SAVE_H

#include "tools.h"

/* Writes bytes beside the place and renames them there; folders above are made. */
pxm_status save_file(const char *path, const void *data, size_t length, pxm_error *error);
/* Writes the picture as the path's extension says: as it is where that is its format, else converted. */
pxm_status save_picture(struct tools *tools, const char *path, pxm_blob *blob, pxm_error *error);

struct save_pair {
    pxm_blob *actual, *difference; /* difference NULL: none */
};
/* Writes ROOT/.pixmill/failed/NAME.actual.png and NAME.diff.png, where NAME is the golden file's without folder and
 * extension; `stem` gets the path up to the name. */
pxm_status save_failed_picture(struct tools *tools, const char *root, const char *golden, struct save_pair pictures,
                               char *stem, size_t size, pxm_error *error);

#endif
