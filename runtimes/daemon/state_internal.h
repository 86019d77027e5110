/* What state.c and state_secret.c share: small private files of a folder. */
#ifndef PXM_DAEMON_STATE_INTERNAL_H
#define PXM_DAEMON_STATE_INTERNAL_H

#include "daemon/state.h"

enum { STATE_FILE_MAX = 1024 };

struct state {
    int folder, lock;
    char *path, *spool;
};

/* Reads a file that nobody else may read, as text with a NUL; `code` of what is wrong with it. `folder` may be
 * AT_FDCWD. */
pxm_status state_file_read(int folder, const char *name, const char *code, char text[STATE_FILE_MAX + 1],
                           pxm_error *error);
/* Makes one, whole or not at all, and durable. */
pxm_status state_file_write(int folder, const char *name, const char *text, pxm_error *error);

#endif
