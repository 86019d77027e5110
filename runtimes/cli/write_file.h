/* Writing results to where the user wants them. [any] */
#ifndef PXM_CLI_WRITE_FILE_H
#define PXM_CLI_WRITE_FILE_H

#include "base/error.h"

/* 0, or a negative errno. */
int write_all(int fd, const void *data, size_t length);
/* The file appears whole or not at all: it is written beside its place and renamed, for all to read. A device or pipe
 * is what it is and stays where it is; the bytes go into it. */
pxm_status write_file(const char *path, const void *data, size_t length, pxm_error *error);

#endif
