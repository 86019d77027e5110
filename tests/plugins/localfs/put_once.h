/* What put_once says to who started it. */
#ifndef PXM_TEST_LOCALFS_PUT_ONCE_H
#define PXM_TEST_LOCALFS_PUT_ONCE_H

/* Exit statuses that nobody else gives: a sanitizer that gets no memory ends the process by itself, with 0 or 1. */
enum { PUT_DURABLE = 42, PUT_FAILED = 43 };

/* A path that is not there, which it looks for right before its work: what a trace has before is the loader's. */
#define PUT_STARTS "/put_once/starts"

#endif
