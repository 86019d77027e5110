/* Takes an ability of the kernel away from this process and its children, as an older kernel, a poorer file system or a
 * container's filter would. */
#ifndef PXM_TEST_LOCALFS_WITHOUT_H
#define PXM_TEST_LOCALFS_WITHOUT_H

enum without { WITHOUT_NOTHING, WITHOUT_OPENAT2, WITHOUT_TMPFILE, WITHOUT_XATTR, WITHOUT_RANGE_COPY };

/* 0, or -1 where filters are not permitted. There is no way back. */
int without(enum without what);

#endif
