/* What a worker may do no more. A worker decodes what strangers sent, and calls plugins of others. */
#ifndef PXM_DAEMON_CONFINE_H
#define PXM_DAEMON_CONFINE_H

#include "base/error.h"
#include <stdbool.h>

/* In a process with one thread that has just been forked: dies with its parent, which must be `parent`; gains no
 * rights; leaves no core; is its own process group; cannot be looked into; has at most `memory_max` bytes of address
 * space more than now (0: as many as it likes) and a thousand descriptors. Codes: worker.lost, io.*. */
pxm_status confine_limits(int64_t parent, int64_t memory_max, pxm_error *error);

/* Denies what no plugin has a use for, by seccomp(2): other programs and processes, signals to others, debugging,
 * mounts, kernel interfaces. Files and sockets stay, as stores need them. Code confine.seccomp: the kernel cannot. */
pxm_status confine_calls(pxm_error *error);

/* Whether the kernel can do what follows. */
bool confine_can_files(void);
/* From now on this thread and those that it starts write nothing but what is below `places` (NULL at the end): folders,
 * or files, which means the folders they are in; and below those for temporary files. After confine_limits, as it needs
 * that no rights can be gained. Code confine.landlock. */
pxm_status confine_files(const char *const *places, pxm_error *error);

#endif
